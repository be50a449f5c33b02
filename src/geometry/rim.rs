//! Rims: the closed loops of free edges where a surface ends.
//!
//! The plane of a rim is found by Newell's sum: half the sum of p_i x p_(i+1) is the area vector of any surface that
//! the rim bounds, whatever its shape. Its length is the area projected on the mean plane, its direction the normal.

use std::collections::HashMap;

use nalgebra::Vector3;

use super::edges::{Edges, half_edge};

/// A closed loop of vertices and its plane.
#[derive(Clone, Debug, PartialEq)]
pub struct Rim {
    /// Vertex indices, counter-clockwise seen from outside the surface that ends here.
    pub vertices: Vec<u32>,
    /// Area centroid, in the mean plane, m.
    pub centre: [f64; 3],
    /// Unit normal out of the surface; any direction where the area is 0.
    pub normal: [f64; 3],
    /// Area projected on the mean plane, m^2.
    pub area: f64,
    /// Length of the loop, m.
    pub perimeter: f64,
    /// Largest distance of a vertex from the mean plane, m.
    pub unevenness: f64,
    /// How far the surface beside the rim lies in its plane: 0 upright, as at the end of a vessel, 1 level, as around a
    /// hole in its wall. 0 where only the loop is known.
    pub flush: f64,
}

impl Rim {
    /// Measures the loop through `vertices` (at least three of them), which lie at `places` (m).
    #[must_use]
    pub fn new(places: &[[f64; 3]], vertices: Vec<u32>) -> Self {
        let points: Vec<Vector3<f64>> = vertices.iter().map(|&v| places[v as usize].into()).collect();
        let sides = || points.iter().zip(points.iter().cycle().skip(1));
        let perimeter: f64 = sides().map(|(p, q)| (q - p).norm()).sum();
        // The plane's height is a mean by length, so that it does not depend on how densely the rim is sampled.
        let origin: Vector3<f64> = sides().map(|(p, q)| (q - p).norm() / perimeter * 0.5 * (p + q)).sum();
        let twice: Vec<Vector3<f64>> = sides().map(|(p, q)| (p - origin).cross(&(q - origin))).collect();
        let area_vector = 0.5 * twice.iter().sum::<Vector3<f64>>();
        let area = area_vector.norm();
        let spans = area > 1e-12 * perimeter * perimeter;
        let normal = if spans { area_vector / area } else { Vector3::z() };
        let moments = sides().zip(&twice).map(|((p, q), twice)| twice.dot(&normal) / 6.0 * (p + q - 2.0 * origin));
        let mut centre = if spans { moments.sum::<Vector3<f64>>() / area } else { Vector3::zeros() };
        centre -= normal * centre.dot(&normal);
        let unevenness = points.iter().map(|p| (p - origin).dot(&normal).abs()).fold(0.0, f64::max);
        let centre = (origin + centre).into();
        Self { vertices, centre, normal: normal.into(), area, perimeter, unevenness, flush: 0.0 }
    }

    /// Diameter of the circle of equal area, m.
    #[must_use]
    pub fn equivalent_diameter(&self) -> f64 {
        (4.0 * self.area / std::f64::consts::PI).sqrt()
    }

    /// Whether this looks like a flaw of the surface rather than an end of a vessel, beside a widest rim of the given
    /// equivalent diameter (m): one or two triangles wide, far smaller than the others, a hole in the wall, or neither
    /// round nor plane.
    #[must_use]
    pub fn is_flaw(&self, widest: f64) -> bool {
        let diameter = self.equivalent_diameter();
        let roundness = 4.0 * std::f64::consts::PI * self.area / (self.perimeter * self.perimeter);
        let small = self.vertices.len() < 5 || diameter < 0.05 * widest;
        small || self.flush > 0.8 || roundness < 0.3 || self.unevenness > 0.35 * diameter
    }

    /// Length-weighted mean of |cos| between the rim's normal and the normals of the triangles beside it.
    fn flushness(&self, places: &[[f64; 3]], triangles: &[[u32; 3]], beside: &HashMap<[u32; 2], u32>) -> f64 {
        let at = |v: u32| Vector3::from(places[v as usize]);
        let mut sum = 0.0;
        for (&a, &b) in self.vertices.iter().zip(self.vertices.iter().cycle().skip(1)) {
            let Some(&t) = beside.get(&[a, b]) else { continue };
            let [p, q, r] = triangles[t as usize].map(at);
            let across = (q - p).cross(&(r - p)).dot(&Vector3::from(self.normal)).abs();
            sum += (at(b) - at(a)).norm() * across / (q - p).cross(&(r - p)).norm().max(f64::MIN_POSITIVE);
        }
        sum / self.perimeter
    }
}

/// All rims of triangles that are oriented alike, the largest area first; `places` are the vertices (m), `edges` the
/// edges of the triangles. Loops that touch in a vertex are separated there.
#[must_use]
pub fn rims(places: &[[f64; 3]], triangles: &[[u32; 3]], edges: &Edges) -> Vec<Rim> {
    rims_by(places, triangles, edges, |steps| loops(steps.iter().copied()))
}

/// The same with another way to join the directed steps of the rims to loops.
pub(crate) fn rims_by(
    places: &[[f64; 3]],
    triangles: &[[u32; 3]],
    edges: &Edges,
    join: impl FnOnce(&[[u32; 2]]) -> Vec<Vec<u32>>,
) -> Vec<Rim> {
    let halves = edges.free().map(|edge| edges.uses(edge)[0]);
    // Against the half-edges of the wall: that is counter-clockwise seen from outside.
    let steps: Vec<([u32; 2], u32)> =
        halves.map(|half| (half_edge(triangles, half), half / 3)).map(|([from, to], t)| ([to, from], t)).collect();
    let beside: HashMap<[u32; 2], u32> = steps.iter().copied().collect();
    let steps: Vec<[u32; 2]> = steps.into_iter().map(|(step, _)| step).collect();
    let mut found: Vec<Rim> = join(&steps).into_iter().map(|vertices| Rim::new(places, vertices)).collect();
    for rim in &mut found {
        rim.flush = rim.flushness(places, triangles, &beside);
    }
    found.sort_by(|a, b| b.area.total_cmp(&a.area));
    found
}

/// Joins directed steps to simple closed loops. Steps that lead nowhere (only where triangles are not oriented alike,
/// or beside non-manifold edges) make a loop of what was walked.
pub(crate) fn loops(steps: impl Iterator<Item = [u32; 2]>) -> Vec<Vec<u32>> {
    let mut starts = Vec::new();
    let mut leaving: HashMap<u32, Vec<u32>> = HashMap::new();
    for [from, to] in steps {
        starts.push(from);
        leaving.entry(from).or_default().push(to);
    }
    let mut found = Vec::new();
    for start in starts {
        let mut path: Vec<u32> = vec![start];
        let mut place = HashMap::from([(start, 0)]);
        while let Some(next) = path.last().and_then(|last| leaving.get_mut(last)).and_then(Vec::pop) {
            if let Some(&at) = place.get(&next) {
                let closed = path.split_off(at);
                for vertex in &closed {
                    place.remove(vertex);
                }
                found.push(closed);
            }
            place.insert(next, path.len());
            path.push(next);
        }
        found.push(path);
    }
    found.retain(|vertices| vertices.len() > 2);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_that_touch_are_separated() {
        let steps = [[0, 1], [1, 2], [2, 0], [0, 3], [3, 4], [4, 0], [7, 8], [8, 9], [9, 7]];
        let mut found = loops(steps.into_iter());
        for vertices in &mut found {
            vertices.sort_unstable();
        }
        found.sort();
        assert_eq!(found, [[0, 1, 2], [0, 3, 4], [7, 8, 9]]);
    }

    #[test]
    fn an_l_shaped_rim_has_its_area_centroid_and_normal() {
        let corners = [[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [1.0, 1.0], [1.0, 2.0], [0.0, 2.0]];
        let rim = Rim::new(&corners.map(|[x, y]| [x, 5.0, -y]), (0..6).collect());
        assert!((rim.area - 3.0).abs() < 1e-12 && (rim.perimeter - 8.0).abs() < 1e-12);
        assert!(rim.unevenness < 1e-12);
        for (got, want) in rim.centre.iter().zip([5.0 / 6.0, 5.0, -5.0 / 6.0]) {
            assert!((got - want).abs() < 1e-12);
        }
        assert!((rim.normal[1] - 1.0).abs() < 1e-12);
    }
}
