//! Triangles that cross, and edges split where they do.

use std::collections::{BTreeMap, BTreeSet};

use nalgebra::Vector3;
use rayon::prelude::*;

use crate::geometry::nearest::Nearest;
use crate::geometry::surface::Surface;

/// A crossing counts from this part of the size of the triangles on: less is rounding, and moves nothing.
const DEPTH: f64 = 1e-6;

/// Pairs of triangles that cross, the lower number first; of those only that `matter` (a pair of numbers). Neighbours
/// with a common edge are left out.
pub(super) fn crossings(surface: &Surface, matter: impl Fn(u32, u32) -> bool + Sync) -> Vec<[u32; 2]> {
    let tree = Nearest::over(surface);
    let corners = |t: u32| surface.triangles[t as usize].map(|v| surface.point(v));
    let found = (0..surface.triangles.len() as u32).into_par_iter().with_min_len(256).flat_map_iter(|t| {
        let own = corners(t);
        let (low, high) = (own[0].inf(&own[1]).inf(&own[2]), own[0].sup(&own[1]).sup(&own[2]));
        let mut pairs = Vec::new();
        tree.in_box(low, high, &mut |other| {
            if other > t && matter(t, other) && cross(surface, t, other) {
                pairs.push([t, other]);
            }
        });
        pairs
    });
    let mut found: Vec<[u32; 2]> = found.collect();
    found.sort_unstable();
    found
}

/// Whether an edge of one of two triangles runs through the other.
fn cross(surface: &Surface, s: u32, t: u32) -> bool {
    let (a, b) = (surface.triangles[s as usize], surface.triangles[t as usize]);
    if a.iter().filter(|v| b.contains(v)).count() > 1 {
        return false;
    }
    let through = |edges: [u32; 3], face: [u32; 3]| {
        (0..3).map(|k| [edges[k], edges[(k + 1) % 3]]).any(|ends| {
            !ends.iter().any(|v| face.contains(v))
                && pierces(ends.map(|v| surface.point(v)), face.map(|v| surface.point(v)))
        })
    };
    through(a, b) || through(b, a)
}

/// Whether a segment runs through the inside of a triangle.
fn pierces([p, q]: [Vector3<f64>; 2], [a, b, c]: [Vector3<f64>; 3]) -> bool {
    let normal = (b - a).cross(&(c - a));
    let size = normal.norm();
    if size == 0.0 {
        return false;
    }
    let (above, below) = ((p - a).dot(&normal) / size, (q - a).dot(&normal) / size);
    let least = DEPTH * size.sqrt();
    if above.abs() < least || below.abs() < least || (above > 0.0) == (below > 0.0) {
        return false;
    }
    let place = p + (q - p) * (above / (above - below));
    let part = |u: Vector3<f64>, v: Vector3<f64>| (u - place).cross(&(v - place)).dot(&normal) / (size * size);
    part(a, b).min(part(b, c)).min(part(c, a)) > DEPTH
}

/// Splits the longest edge of the given triangles, where it is longer than `length`, and with it every triangle that
/// has this edge; returns whether any was split. Vertices are added at the end.
pub(super) fn split(surface: &mut Surface, triangles: &BTreeSet<u32>, length: f64) -> bool {
    let ends = |corners: [u32; 3], k: usize| {
        let (a, b) = (corners[k], corners[(k + 1) % 3]);
        [a.min(b), a.max(b)]
    };
    let mut middle: BTreeMap<[u32; 2], u32> = BTreeMap::new();
    for &t in triangles {
        let corners = surface.triangles[t as usize];
        let long = |k: &usize| (surface.point(corners[*k]) - surface.point(corners[(k + 1) % 3])).norm();
        let Some(k) = (0..3).max_by(|a, b| long(a).total_cmp(&long(b))) else { continue };
        if long(&k) > length {
            middle.insert(ends(corners, k), 0);
        }
    }
    for (&[a, b], vertex) in &mut middle {
        *vertex = surface.vertices.len() as u32;
        surface.vertices.push((0.5 * (surface.point(a) + surface.point(b))).into());
    }
    for t in 0..surface.triangles.len() {
        let corners = surface.triangles[t];
        let parts = parts(corners, [0, 1, 2].map(|k| middle.get(&ends(corners, k)).copied()));
        surface.triangles[t] = parts[0];
        let patch = surface.patch_of[t];
        surface.patch_of.extend(parts.iter().skip(1).map(|_| patch));
        surface.triangles.extend(parts.into_iter().skip(1));
    }
    !middle.is_empty()
}

/// A triangle cut at the middles of some of its edges; edge k runs from corner k to the next.
fn parts(corners: [u32; 3], middles: [Option<u32>; 3]) -> Vec<[u32; 3]> {
    let Some(k) = (0..3).find(|&k| middles[k].is_some()) else { return vec![corners] };
    let [a, b, c] = [0, 1, 2].map(|i| corners[(k + i) % 3]);
    match [0, 1, 2].map(|i| middles[(k + i) % 3]) {
        [Some(m), None, None] => vec![[a, m, c], [m, b, c]],
        [Some(m), Some(n), None] => vec![[a, m, c], [m, b, n], [m, n, c]],
        [Some(m), None, Some(o)] => vec![[a, m, o], [m, b, c], [m, c, o]],
        [Some(m), Some(n), Some(o)] => vec![[a, m, o], [m, b, n], [o, n, c], [m, n, o]],
        [None, ..] => vec![corners],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two(second: [[f64; 3]; 3]) -> Surface {
        let first = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
        Surface {
            vertices: [first, second].concat(),
            triangles: vec![[0, 1, 2], [3, 4, 5]],
            patch_of: vec![0; 2],
            patches: vec!["wall".into()],
            unit: 1.0,
        }
    }

    #[test]
    fn crossing_triangles_are_found_and_touching_ones_are_not() {
        let count = |second| crossings(&two(second), |_, _| true).len();
        assert_eq!(count([[0.2, 0.2, -1.0], [0.2, 0.2, 1.0], [3.0, 3.0, 0.5]]), 1);
        assert_eq!(count([[0.2, 0.2, 0.0], [0.2, 0.2, 1.0], [3.0, 3.0, 0.5]]), 0);
        assert_eq!(count([[0.9, 0.9, -1.0], [0.9, 0.9, 1.0], [3.0, 3.0, 0.5]]), 0);
        assert_eq!(count([[0.1, 0.1, 0.0], [0.9, 0.0, 0.0], [0.0, 0.9, 0.0]]), 0);
    }

    #[test]
    fn splitting_keeps_area_and_fits_neighbours() {
        let mut pair = two([[1.0, 1.0, 0.0]; 3]);
        pair.triangles[1] = [1, 3, 2];
        let all = BTreeSet::from([0]);
        assert!(split(&mut pair, &all, 0.5) && !split(&mut pair, &all, 2.0));
        let area: f64 = (0..pair.triangles.len()).map(|t| pair.area_vector(t).z).sum();
        assert!((area - 1.0).abs() < 1e-15 && pair.triangles.len() == 4);
        assert_eq!(crate::geometry::edges::Edges::new(&pair.triangles).free().count(), 4);
    }
}
