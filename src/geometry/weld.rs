//! Welding: one vertex a place.
//!
//! Files store the same corner many times (STL: once a triangle; several files: once a file), sometimes rounded
//! differently. First, vertices of identical coordinates are merged. Then a vertex on a free edge is merged with
//! another such vertex within [`TOLERANCE`] of the shortest edge at either, or within the rounding of 32-bit floats:
//! far too little to close a real gap or to collapse an edge. Vertices that are not on a free edge are not touched, so
//! a sound surface passes unchanged. Triangles that collapsed or occur twice are dropped.

use std::collections::HashMap;

use super::edges::{Edges, Sets, half_edges};
use super::surface::Surface;

/// Greatest distance of two vertices that are welded, relative to the shortest edge at either.
pub const TOLERANCE: f64 = 0.01;
/// The same, relative to the largest coordinate: twice the rounding of a 32-bit float.
const ROUNDING: f64 = 1.2e-7;

/// What welding did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WeldReport {
    /// Vertices merged into another of identical coordinates.
    pub exact: usize,
    /// Vertices merged into another within the tolerance.
    pub near: usize,
    /// Triangles dropped because two of their corners are one vertex.
    pub degenerate: usize,
    /// Triangles dropped because another has the same three corners (all of them where they are a fold).
    pub duplicate: usize,
}

/// The surface with one vertex a place, without collapsed, repeated or unused parts.
#[must_use]
pub fn weld(surface: &Surface) -> (Surface, WeldReport) {
    let mut report = WeldReport::default();
    let mut to = identical(&surface.vertices);
    report.exact = count_moved(&to);
    let mut welded = surface.clone();
    renumber(&mut welded.triangles, &to);
    report.degenerate += drop_degenerate(&mut welded);
    to = close_by(&welded);
    report.near = count_moved(&to);
    renumber(&mut welded.triangles, &to);
    report.degenerate += drop_degenerate(&mut welded);
    report.duplicate = drop_duplicates(&mut welded);
    compact(&mut welded);
    (welded, report)
}

fn count_moved(to: &[u32]) -> usize {
    (0u32..).zip(to).filter(|&(from, &to)| from != to).count()
}

fn renumber(triangles: &mut [[u32; 3]], to: &[u32]) {
    for corner in triangles.iter_mut().flatten() {
        *corner = to[*corner as usize];
    }
}

/// For each vertex the first one with the same coordinates.
fn identical(vertices: &[[f64; 3]]) -> Vec<u32> {
    let mut first = HashMap::with_capacity(vertices.len());
    // Adding 0.0 makes -0.0 and 0.0 one place.
    (0u32..).zip(vertices).map(|(i, v)| *first.entry(v.map(|x| (x + 0.0).to_bits())).or_insert(i)).collect()
}

/// For each vertex the one that it is welded to: itself unless it lies on a free edge and near another such vertex.
fn close_by(surface: &Surface) -> Vec<u32> {
    let reach = reach(surface);
    let cell = reach.iter().flatten().fold(0.0, |a: f64, &b| a.max(b));
    let mut sets = Sets::new(surface.vertices.len());
    let key = |v: [f64; 3]| v.map(|x| (x / cell).floor() as i64);
    let mut grid: HashMap<[i64; 3], Vec<u32>> = HashMap::new();
    for (i, limit) in (0u32..).zip(&reach) {
        let Some(limit) = *limit else { continue };
        let here = surface.vertices[i as usize];
        let base = key(here);
        for shift in 0..27 {
            let near = [base[0] + shift % 3 - 1, base[1] + shift / 3 % 3 - 1, base[2] + shift / 9 - 1];
            for &other in grid.get(&near).into_iter().flatten() {
                let limit = reach[other as usize].map_or(0.0, |r| r.min(limit));
                if distance(here, surface.vertices[other as usize]) <= limit {
                    sets.join(i, other);
                }
            }
        }
        grid.entry(base).or_default().push(i);
    }
    (0..surface.vertices.len() as u32).map(|i| sets.find(i)).collect()
}

/// How far each vertex may be welded, m; `None` for vertices that are not on a free edge.
fn reach(surface: &Surface) -> Vec<Option<f64>> {
    let edges = Edges::new(&surface.triangles);
    let mut reach = vec![None; surface.vertices.len()];
    for end in edges.free().flat_map(|edge| edges.ends(edge)) {
        reach[end as usize] = Some(f64::INFINITY);
    }
    for (_, [a, b]) in half_edges(&surface.triangles) {
        let length = TOLERANCE * distance(surface.vertices[a as usize], surface.vertices[b as usize]);
        for end in [a, b] {
            reach[end as usize] = reach[end as usize].map(|r: f64| r.min(length));
        }
    }
    let largest = surface.vertices.iter().flatten().fold(0.0, |a: f64, b| a.max(b.abs()));
    reach.iter().map(|r| r.map(|r| r.max(ROUNDING * largest))).collect()
}

fn distance(a: [f64; 3], b: [f64; 3]) -> f64 {
    (0..3).map(|k| (a[k] - b[k]).powi(2)).sum::<f64>().sqrt()
}

fn drop_degenerate(surface: &mut Surface) -> usize {
    retain(surface, |_, [a, b, c]| a != b && b != c && c != a)
}

/// Drops repeated triangles: all but one of each, or all (a fold that encloses nothing), whichever leaves fewer edges
/// that are not shared by two; decided for each connected group of repeated triangles. A group on its own keeps one of
/// each: the same file was given twice.
fn drop_duplicates(surface: &mut Surface) -> usize {
    let mut copies: HashMap<[u32; 3], u32> = HashMap::with_capacity(surface.triangles.len());
    for &corners in &surface.triangles {
        *copies.entry(sorted(corners)).or_default() += 1;
    }
    copies.retain(|_, count| *count > 1);
    if copies.is_empty() {
        return 0;
    }
    let edges = Edges::new(&surface.triangles);
    let mut group = Sets::new(edges.len());
    let repeated: Vec<u32> = (0..surface.triangles.len() as u32)
        .filter(|&t| copies.contains_key(&sorted(surface.triangles[t as usize])))
        .collect();
    // Uses of each edge by repeated triangles, and by one of each.
    let mut uses: HashMap<u32, (u32, f64)> = HashMap::new();
    for &t in &repeated {
        let [a, b, c] = [0, 1, 2].map(|c| edges.of(3 * t + c) as u32);
        group.join(a, b);
        group.join(b, c);
        let share = 1.0 / f64::from(copies[&sorted(surface.triangles[t as usize])]);
        for edge in [a, b, c] {
            let (all, once) = uses.entry(edge).or_default();
            (*all, *once) = (*all + 1, *once + share);
        }
    }
    let mut gain: HashMap<u32, (i32, u32)> = HashMap::new();
    for (&edge, &(all, once)) in &uses {
        let others = edges.uses(edge as usize).len() as u32 - all;
        let bad = |count: u32| i32::from(count != 0 && count != 2);
        let (gain, attached) = gain.entry(group.find(edge)).or_default();
        *gain += bad(others + once.round() as u32) - bad(others);
        *attached += others;
    }
    retain(surface, |t, corners| {
        let Some(left) = copies.get_mut(&sorted(corners)) else { return true };
        let (gain, attached) = gain[&group.find(edges.of(3 * t as u32) as u32)];
        std::mem::take(left) > 0 && (gain <= 0 || attached == 0)
    })
}

fn sorted(mut corners: [u32; 3]) -> [u32; 3] {
    corners.sort_unstable();
    corners
}

/// Keeps the triangles that `keep` (number, corners) accepts; returns how many went.
pub(crate) fn retain(surface: &mut Surface, mut keep: impl FnMut(usize, [u32; 3]) -> bool) -> usize {
    let before = surface.triangles.len();
    let mut kept = 0;
    for t in 0..before {
        if keep(t, surface.triangles[t]) {
            surface.triangles[kept] = surface.triangles[t];
            surface.patch_of[kept] = surface.patch_of[t];
            kept += 1;
        }
    }
    surface.triangles.truncate(kept);
    surface.patch_of.truncate(kept);
    before - kept
}

/// Drops vertices that no triangle uses; returns the new number of each old vertex (`u32::MAX` where dropped).
pub(crate) fn compact(surface: &mut Surface) -> Vec<u32> {
    let mut number = vec![u32::MAX; surface.vertices.len()];
    for &corner in surface.triangles.iter().flatten() {
        number[corner as usize] = 0;
    }
    let mut kept = 0;
    for (old, slot) in number.iter_mut().enumerate().filter(|(_, slot)| **slot == 0) {
        *slot = kept;
        surface.vertices[kept as usize] = surface.vertices[old];
        kept += 1;
    }
    surface.vertices.truncate(kept as usize);
    renumber(&mut surface.triangles, &number);
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soup(corners: &[[[f64; 3]; 3]]) -> Surface {
        Surface {
            vertices: corners.iter().flatten().copied().collect(),
            triangles: (0..corners.len() as u32).map(|t| [3 * t, 3 * t + 1, 3 * t + 2]).collect(),
            patch_of: vec![0; corners.len()],
            patches: vec!["wall".to_owned()],
            unit: 1.0,
        }
    }

    #[test]
    fn identical_and_nearly_identical_corners_become_one() {
        let (a, b, c, d) = ([0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 1.0, 0.0]);
        let (welded, report) = weld(&soup(&[[a, b, c], [[1.0, 0.004, 0.0], d, c]]));
        assert_eq!(report, WeldReport { exact: 1, near: 1, degenerate: 0, duplicate: 0 });
        assert_eq!((welded.vertices.len(), Edges::new(&welded.triangles).free().count()), (4, 4));
        let (apart, report) = weld(&soup(&[[a, b, c], [[1.0, 0.02, 0.0], d, c]]));
        assert_eq!((apart.vertices.len(), report.near), (5, 0));
    }

    #[test]
    fn collapsed_and_repeated_triangles_are_dropped_and_counted() {
        let (a, b, c) = ([0.0, 0.0, -0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]);
        let (welded, report) = weld(&soup(&[[a, b, c], [a, a, c], [c, [0.0; 3], b]]));
        assert_eq!((report.degenerate, report.duplicate), (1, 1));
        assert_eq!((welded.triangles.len(), welded.vertices.len()), (1, 3));
    }

    #[test]
    fn a_fold_is_removed_but_one_of_two_identical_caps_stays() {
        let corner = |i: usize| [(i & 1) as f64, (i >> 1 & 1) as f64, (i >> 2) as f64];
        let triangle = |corners: [usize; 3]| corners.map(corner);
        let body = [[0, 2, 1], [0, 1, 4], [1, 2, 4], [2, 0, 4]].map(triangle);
        let twice = [body.as_slice(), &body[..1]].concat();
        let (closed, report) = weld(&soup(&twice));
        assert_eq!((closed.triangles.len(), report.duplicate), (4, 1));
        let fold = [body.as_slice(), &[[0, 1, 7], [1, 0, 7]].map(triangle)].concat();
        let (closed, report) = weld(&soup(&fold));
        assert_eq!((closed.triangles.len(), report.duplicate), (4, 2));
        let (open, report) = weld(&soup(&[&body[1..], &body[1..]].concat()));
        assert_eq!((open.triangles.len(), report.duplicate), (3, 3));
    }
}
