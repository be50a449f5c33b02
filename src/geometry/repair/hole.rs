//! Filling a hole: the triangulation of its rim that has the least area.
//!
//! Over a closed loop of n vertices the triangulation of least area is found by dynamic programming in O(n^3) (Barequet
//! and Sharir, Computer Aided Geometric Design 12, 207, 1995): the best patch over vertices i to j is the best choice
//! of a third vertex between them. Edges that the surface has already are not used a second time. Longer loops are
//! filled by ear clipping in their mean plane. A vertex is added only where every triangulation would use a taken edge:
//! in the middle, with a fan around it.

use std::collections::{BTreeMap, HashMap, HashSet};

use nalgebra::Vector3;

use crate::geometry::polygon::triangulate;
use crate::geometry::rim::Rim;
use crate::geometry::surface::Surface;

/// Longest loop that is filled by least area.
const LONGEST: usize = 160;

/// Joins the directed steps of the rims of a surface to simple loops. Where several holes touch in a vertex, the step
/// that leaves it beside the same hole is the first one met when turning from the step that comes in, about the normal
/// there, through the hole.
pub(super) fn separate(surface: &Surface, steps: &[[u32; 2]]) -> Vec<Vec<u32>> {
    let mut at: BTreeMap<u32, [Vec<usize>; 2]> = BTreeMap::new();
    for (k, [from, to]) in steps.iter().enumerate() {
        at.entry(*to).or_default()[0].push(k);
        at.entry(*from).or_default()[1].push(k);
    }
    let mut normals: HashMap<u32, Vector3<f64>> =
        at.iter().filter(|(_, ends)| ends[0].len() > 1).map(|(&v, _)| (v, Vector3::zeros())).collect();
    for (t, corner) in surface.triangles.iter().enumerate().flat_map(|(t, corners)| corners.map(|v| (t, v))) {
        normals.entry(corner).and_modify(|normal| *normal += surface.area_vector(t));
    }
    let mut next = vec![None; steps.len()];
    for (&vertex, [coming, leaving]) in &at {
        let normal = normals.get(&vertex).map_or_else(Vector3::z, |n| n.normalize());
        let away = |other: u32| (surface.point(other) - surface.point(vertex)).normalize();
        let pairs = coming.iter().flat_map(|&i| leaving.iter().map(move |&j| (i, j)));
        let mut pairs: Vec<(f64, usize, usize)> =
            pairs.map(|(i, j)| (turn(away(steps[i][0]), away(steps[j][1]), normal), i, j)).collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        let mut left: HashSet<usize> = leaving.iter().copied().collect();
        for (_, i, j) in pairs {
            if next[i].is_none() && left.remove(&j) {
                next[i] = Some(j);
            }
        }
    }
    walk(steps, &next)
}

/// Clockwise angle about `normal` from one direction to another; the tip of a tear, which has almost none, may be a
/// little negative.
fn turn(from: Vector3<f64>, to: Vector3<f64>, normal: Vector3<f64>) -> f64 {
    let angle = to.cross(&from).dot(&normal).atan2(from.dot(&to));
    if angle < -0.1 { angle + std::f64::consts::TAU } else { angle.abs() }
}

/// The simple loops along steps each of which has a next one.
fn walk(steps: &[[u32; 2]], next: &[Option<usize>]) -> Vec<Vec<u32>> {
    let mut seen = vec![false; steps.len()];
    let mut found = Vec::new();
    for start in 0..steps.len() {
        let (mut path, mut here): (Vec<u32>, _) = (Vec::new(), Some(start));
        while let Some(step) = here.filter(|&step| !seen[step]) {
            seen[step] = true;
            if let Some(before) = path.iter().position(|&v| v == steps[step][0]) {
                found.push(path.split_off(before));
            }
            path.push(steps[step][0]);
            here = next[step];
        }
        found.push(path);
    }
    found.retain(|vertices| vertices.len() > 2);
    found
}

/// Triangles over a rim, oriented as the surface around it; `taken` are the edges (lower vertex first) that exist. A
/// vertex may be added to `places`.
pub(super) fn fill(places: &mut Vec<[f64; 3]>, rim: &Rim, taken: &HashSet<[u32; 2]>) -> Vec<[u32; 3]> {
    let loop_ = &rim.vertices;
    let is_taken = |i: usize, j: usize| taken.contains(&[loop_[i].min(loop_[j]), loop_[i].max(loop_[j])]);
    if loop_.len() <= LONGEST {
        return least_area(places, loop_, is_taken).unwrap_or_else(|| fan(places, loop_));
    }
    let normal = Vector3::from(rim.normal);
    let x = Vector3::ith(normal.iamin(), 1.0).cross(&normal).normalize();
    let y = normal.cross(&x);
    let flat: Vec<[f64; 2]> = loop_
        .iter()
        .map(|&v| {
            let p = Vector3::from(places[v as usize]);
            [p.dot(&x), p.dot(&y)]
        })
        .collect();
    triangulate(&flat, is_taken).into_iter().map(|corners| corners.map(|i| loop_[i])).collect()
}

/// Triangles from a new vertex in the middle to every edge of the loop.
fn fan(places: &mut Vec<[f64; 3]>, rim: &[u32]) -> Vec<[u32; 3]> {
    let sum: Vector3<f64> = rim.iter().map(|&v| Vector3::from(places[v as usize])).sum();
    let middle = places.len() as u32;
    places.push((sum / rim.len() as f64).into());
    rim.iter().zip(rim.iter().cycle().skip(1)).map(|(&a, &b)| [a, b, middle]).collect()
}

/// The triangulation of least area; `None` where every one needs a diagonal that is taken.
fn least_area(places: &[[f64; 3]], rim: &[u32], taken: impl Fn(usize, usize) -> bool) -> Option<Vec<[u32; 3]>> {
    let n = rim.len();
    let at: Vec<Vector3<f64>> = rim.iter().map(|&v| places[v as usize].into()).collect();
    let area = |i: usize, k: usize, j: usize| 0.5 * (at[k] - at[i]).cross(&(at[j] - at[i])).norm();
    let (mut cost, mut choice) = (vec![0.0; n * n], vec![0; n * n]);
    for span in 2..n {
        for i in 0..n - span {
            let j = i + span;
            let (mut best, mut by) = (f64::INFINITY, i + 1);
            if span == n - 1 || !taken(i, j) {
                for k in i + 1..j {
                    let sum = cost[i * n + k] + cost[k * n + j] + area(i, k, j);
                    if sum < best {
                        (best, by) = (sum, k);
                    }
                }
            }
            (cost[i * n + j], choice[i * n + j]) = (best, by);
        }
    }
    if !cost[n - 1].is_finite() {
        return None;
    }
    let mut triangles = Vec::with_capacity(n - 2);
    let mut open = vec![(0, n - 1)];
    while let Some((i, j)) = open.pop() {
        if j - i >= 2 {
            let k = choice[i * n + j];
            triangles.push([rim[i], rim[k], rim[j]]);
            open.extend([(i, k), (k, j)]);
        }
    }
    Some(triangles)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plane_hole_is_filled_with_its_own_area_and_avoids_taken_edges() {
        let mut places: Vec<[f64; 3]> =
            (0..9).map(|i| (f64::from(i) * 0.698).sin_cos()).map(|(s, c)| [c, s, 0.5]).collect();
        let rim = Rim::new(&places, (0..9).collect());
        for taken in [[0, 2], [3, 7]] {
            let patch = fill(&mut places, &rim, &HashSet::from([taken]));
            assert_eq!(patch.len(), 7);
            let area = |t: &[u32; 3]| {
                let [a, b, c] = t.map(|v| Vector3::from(places[v as usize]));
                0.5 * (b - a).cross(&(c - a)).z
            };
            let sum: f64 = patch.iter().map(area).sum();
            assert!((sum - rim.area).abs() < 1e-12 && patch.iter().all(|t| area(t) > 0.0));
            assert!(!patch.iter().any(|t| t.contains(&taken[0]) && t.contains(&taken[1])));
        }
        let square = Rim::new(&places, vec![0, 2, 4, 6]);
        let patch = fill(&mut places, &square, &HashSet::from([[0, 4], [2, 6]]));
        assert_eq!((patch.len(), places.len()), (4, 10));
    }
}
