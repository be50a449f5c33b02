//! Means and integrals over a cross-section, from the sites around it.
//!
//! The section is filled with points in rows, each with its share of the area. Between sites values are trilinear. Beside
//! the wall some of the eight sites around a point lie outside: the pressure is then the mean of the others by their
//! weights, and the velocity their mean times the point's distance from the section's edge over theirs, so that it falls
//! linearly to nought at the wall.

use nalgebra::Vector3;

use super::Fields;
use crate::geometry::centreline::Point;
use crate::geometry::lattice::{Index, Lattice};
use crate::geometry::tube::frame;

/// Rows of points across a section.
const ROWS: usize = 32;

/// What a section sees of the flow.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Seen {
    /// Flow along the tangent, m^3/s.
    pub flow: f64,
    /// Mean pressure, Pa; none where no site is near.
    pub pressure: Option<f64>,
}

/// A section in its own plane.
struct Plane<'a> {
    origin: Vector3<f64>,
    axes: [Vector3<f64>; 2],
    rim: Vec<[f64; 2]>,
    lattice: &'a Lattice,
}

impl Plane<'_> {
    fn flat(&self, place: Vector3<f64>) -> [f64; 2] {
        self.axes.map(|axis| (place - self.origin).dot(&axis))
    }

    /// Distance of a point of the plane from the section's edge, m.
    fn depth(&self, [x, y]: [f64; 2]) -> f64 {
        let sides = self.rim.iter().zip(self.rim.iter().cycle().skip(1));
        let square = |(a, b): (&[f64; 2], &[f64; 2])| {
            let (to, from) = ([b[0] - a[0], b[1] - a[1]], [x - a[0], y - a[1]]);
            let length = to[0] * to[0] + to[1] * to[1];
            let part = if length > 0.0 { ((to[0] * from[0] + to[1] * from[1]) / length).clamp(0.0, 1.0) } else { 0.0 };
            (from[0] - part * to[0]).powi(2) + (from[1] - part * to[1]).powi(2)
        };
        sides.map(square).fold(f64::INFINITY, f64::min).sqrt()
    }

    /// Points that fill the section, each with its share of the area (m^2).
    fn points(&self) -> Vec<([f64; 2], f64)> {
        let bound = |f: fn(f64, f64) -> f64, start: f64| self.rim.iter().map(|p| p[1]).fold(start, f);
        let (low, high) = (bound(f64::min, f64::INFINITY), bound(f64::max, f64::NEG_INFINITY));
        let height = (high - low) / ROWS as f64;
        let mut points = Vec::new();
        for row in 0..ROWS {
            let y = low + (row as f64 + 0.5) * height;
            let sides = self.rim.iter().zip(self.rim.iter().cycle().skip(1));
            let crossed = sides.filter(|(a, b)| (a[1] > y) != (b[1] > y));
            let mut at: Vec<f64> = crossed.map(|(a, b)| a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0])).collect();
            at.sort_by(f64::total_cmp);
            for span in at.chunks_exact(2) {
                let count = ((span[1] - span[0]) / height).ceil().clamp(1.0, 8.0 * ROWS as f64) as usize;
                let width = (span[1] - span[0]) / count as f64;
                points.extend((0..count).map(|k| ([span[0] + (k as f64 + 0.5) * width, y], width * height)));
            }
        }
        points
    }

    /// The fluid sites around a place with their trilinear weights, and the sum of these.
    fn sites(&self, index: &Index, place: Vector3<f64>) -> ([(usize, f64); 8], usize, f64) {
        let grid = &self.lattice.grid;
        let at: [f64; 3] = std::array::from_fn(|a| (place[a] - grid.origin[a]) / grid.spacing);
        let (mut found, mut count, mut sum) = ([(0, 0.0); 8], 0, 0.0);
        for k in 0..8usize {
            let site: [i64; 3] = std::array::from_fn(|a| at[a].floor() as i64 + (k >> a & 1) as i64);
            let weight: f64 = (0..3).map(|a| 1.0 - (at[a] - site[a] as f64).abs()).product();
            if let Some(site) = index.fluid_site(self.lattice, site).filter(|_| weight > 0.0) {
                found[count] = (site, weight);
                (count, sum) = (count + 1, sum + weight);
            }
        }
        (found, count, sum)
    }
}

/// What the section of a point sees.
pub(super) fn see(point: &Point, fields: &Fields, index: &Index) -> Seen {
    let tangent = Vector3::from(point.tangent);
    let (e1, e2) = frame(point.tangent);
    // The section of an opening's own point lies just inside of it.
    let origin = point.section.first().map_or(point.place, |rim| rim.place).into();
    let mut plane = Plane { origin, axes: [e1.into(), e2.into()], rim: Vec::new(), lattice: fields.lattice };
    plane.rim = point.section.iter().map(|rim| plane.flat(rim.place.into())).collect();
    let (mut flow, mut pressure, mut seen) = (0.0, 0.0, 0.0);
    for (flat, area) in plane.points() {
        let place = plane.origin + plane.axes[0] * flat[0] + plane.axes[1] * flat[1];
        let (sites, count, sum) = plane.sites(index, place);
        if sum <= 0.0 {
            continue;
        }
        let sites = &sites[..count];
        let mut speed: f64 = sites.iter().map(|&(site, w)| w * Vector3::from((fields.velocity)(site)).dot(&tangent)).sum();
        if count < 8 {
            let theirs = |&(site, w): &(usize, f64)| w * plane.depth(plane.flat(fields.lattice.position(site).into()));
            let depth: f64 = sites.iter().map(theirs).sum();
            speed *= if depth > 0.0 { plane.depth(flat) / depth } else { 0.0 };
        }
        flow += area * speed;
        pressure += area * sites.iter().map(|&(site, w)| w * (fields.pressure)(site)).sum::<f64>() / sum;
        seen += area;
    }
    Seen { flow, pressure: (seen > 0.0).then(|| pressure / seen) }
}

/// Mean and largest of a number at the wall's vertices along the edge of a point's section; noughts without an edge.
pub(super) fn along_rim(point: &Point, values: &[f64]) -> [f64; 2] {
    let value = |v: u32| values.get(v as usize).copied().unwrap_or(0.0);
    // On a lid there is no wall.
    let on_wall = |k: usize| point.section[k].vertices[0] != point.section[k].vertices[1];
    let at = |k: usize| {
        let rim = &point.section[k];
        value(rim.vertices[0]) + rim.part * (value(rim.vertices[1]) - value(rim.vertices[0]))
    };
    let (mut sum, mut length, mut most) = (0.0, 0.0, 0.0f64);
    for k in 0..point.section.len() {
        let next = (k + 1) % point.section.len();
        if on_wall(k) && on_wall(next) {
            let [a, b] = [k, next].map(|k| Vector3::from(point.section[k].place));
            sum += 0.5 * (at(k) + at(next)) * (b - a).norm();
            length += (b - a).norm();
            most = most.max(at(k)).max(at(next));
        }
    }
    if length > 0.0 { [sum / length, most] } else { [0.0; 2] }
}
