//! A closed straight tube with two lids: the simplest vessel, for verification.

use super::vessel::{Closed, End, Tag};

/// A closed tube of `sides` flat sides from `start` along the unit vector `axis`; its first lid is opening 0.
/// Lengths in metres.
#[must_use]
pub fn closed(start: [f64; 3], axis: [f64; 3], radius: f64, length: f64, sides: usize) -> Closed {
    let (u, v) = frame(axis);
    let rings = (length / (2.0 * std::f64::consts::PI * radius / sides as f64)).ceil().max(1.0) as usize;
    let at = |s: f64, r: f64, angle: f64| {
        let (sin, cos) = angle.sin_cos();
        std::array::from_fn(|a| start[a] + s * axis[a] + r * (cos * u[a] + sin * v[a]))
    };
    let mut surface = Closed::default();
    for ring in 0..=rings {
        let s = length * ring as f64 / rings as f64;
        let angle = |k: usize| 2.0 * std::f64::consts::PI * k as f64 / sides as f64;
        surface.vertices.extend((0..sides).map(|k| at(s, radius, angle(k))));
    }
    let n = sides as u32;
    for ring in 0..rings as u32 {
        for k in 0..n {
            let (a, b) = (ring * n + k, ring * n + (k + 1) % n);
            surface.triangles.extend([[a, b, b + n], [a, b + n, a + n]]);
        }
    }
    surface.tags = vec![Tag::Wall; surface.triangles.len()];
    let last = rings as u32 * n;
    for (lid, first) in [(0u16, 0), (1, last)] {
        let centre = surface.vertices.len() as u32;
        surface.vertices.push(at(if lid == 0 { 0.0 } else { length }, 0.0, 0.0));
        for k in 0..n {
            let (a, b) = (first + k, first + (k + 1) % n);
            surface.triangles.push(if lid == 0 { [centre, b, a] } else { [centre, a, b] });
            surface.tags.push(Tag::Lid(lid));
        }
    }
    let end = |s: f64, sign: f64| End { centre: at(s, 0.0, 0.0), normal: axis.map(|x| sign * x), extension: 0.0 };
    surface.ends = vec![end(0.0, -1.0), end(length, 1.0)];
    surface
}

/// Two unit vectors that make a right-handed frame with the unit vector `axis` as third.
#[must_use]
pub fn frame(axis: [f64; 3]) -> ([f64; 3], [f64; 3]) {
    let w = nalgebra::Vector3::from(axis);
    let helper = if w.x.abs() < 0.6 { nalgebra::Vector3::x() } else { nalgebra::Vector3::y() };
    let u = helper.cross(&w).normalize();
    (u.into(), w.cross(&u).into())
}
