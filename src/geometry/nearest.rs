//! The point of a triangle surface nearest to a place, and values carried over from the surface's vertices to it.
//!
//! A binary tree of boxes over the triangles, halved at the median of their centres along the longest side of their box,
//! so that the tree is complete and its shape needs no storing: node k has the children 2 k + 1 and 2 k + 2, each with
//! half of the node's triangles, and all leaves lie at one depth. A search goes down the nearer child first and leaves
//! out boxes that lie farther than what is found.

use nalgebra::Vector3;
use rayon::prelude::*;

use super::surface::Surface;

/// Triangles in a leaf at most.
const LEAF: usize = 4;

/// Triangles below which a subtree is built by one thread.
const SERIAL: usize = 4096;

/// An axis-aligned box: low and high corner.
type Bounds = [Vector3<f64>; 2];

/// A triangle by its corners, with its number among those that were given.
#[derive(Clone, Copy, Debug)]
struct Triangle {
    corners: [Vector3<f64>; 3],
    number: u32,
}

/// Triangles in a tree of boxes.
#[derive(Clone, Debug)]
pub struct Nearest {
    triangles: Vec<Triangle>,
    bounds: Vec<Bounds>,
    depth: u32,
}

/// A point of a surface: which triangle it lies on, and where.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// The point.
    pub place: Vector3<f64>,
    /// Number of the triangle.
    pub triangle: u32,
    /// Weights of the triangle's corners (barycentric coordinates), none negative, 1 in sum.
    pub weights: [f64; 3],
}

impl Nearest {
    /// A tree over triangles given by their corners, in any unit of length.
    #[must_use]
    pub fn new(corners: Vec<[Vector3<f64>; 3]>) -> Self {
        let depth = corners.len().div_ceil(LEAF).next_power_of_two().trailing_zeros();
        let mut triangles: Vec<Triangle> =
            corners.into_iter().zip(0u32..).map(|(corners, number)| Triangle { corners, number }).collect();
        sort(&mut triangles, depth);
        let mut tree = Self { bounds: vec![empty(); (2 << depth) - 1], triangles, depth };
        tree.enclose(0, 0, 0, tree.triangles.len());
        tree
    }

    /// A tree over all triangles of a surface, m.
    #[must_use]
    pub fn over(surface: &Surface) -> Self {
        Self::new(surface.triangles.iter().map(|corners| corners.map(|v| surface.point(v))).collect())
    }

    /// Boxes from the leaves up.
    fn enclose(&mut self, node: usize, level: u32, first: usize, end: usize) -> Bounds {
        let bounds = if level == self.depth {
            let corners = self.triangles[first..end].iter().flat_map(|t| &t.corners);
            corners.fold(empty(), |b, c| [b[0].inf(c), b[1].sup(c)])
        } else {
            let middle = first.midpoint(end);
            let low = self.enclose(2 * node + 1, level + 1, first, middle);
            let high = self.enclose(2 * node + 2, level + 1, middle, end);
            [low[0].inf(&high[0]), low[1].sup(&high[1])]
        };
        self.bounds[node] = bounds;
        bounds
    }

    /// The point of the surface nearest to `place`, if one is nearer than the distance `within`.
    #[must_use]
    pub fn find(&self, place: Vector3<f64>, within: f64) -> Option<Vector3<f64>> {
        self.search(place, within, &|_| true).map(|(point, _)| point)
    }

    /// The point of the surface nearest to `place` among the triangles that `accept` (by number), if one is nearer than
    /// the distance `within`.
    #[must_use]
    pub fn hit(&self, place: Vector3<f64>, within: f64, accept: impl Fn(u32) -> bool) -> Option<Hit> {
        let (point, slot) = self.search(place, within, &accept)?;
        let triangle = &self.triangles[slot];
        Some(Hit { place: point, triangle: triangle.number, weights: weights(point, &triangle.corners) })
    }

    /// Hands over the numbers of all triangles that the plane through `point` across `normal` may cut.
    pub(crate) fn cut(&self, point: Vector3<f64>, normal: Vector3<f64>, take: &mut impl FnMut(u32)) {
        let mut open = vec![([0, 0, self.triangles.len()], 0)];
        while let Some(([node, first, end], level)) = open.pop() {
            let [low, high] = self.bounds[node];
            let (centre, half) = (0.5 * (low + high), 0.5 * (high - low));
            let room = half.dot(&normal.abs()) * (1.0 + 1e-9) + 1e-12 * (centre - point).norm();
            let off = (centre - point).dot(&normal).abs();
            // The box of nothing has no centre.
            if off > room || off.is_nan() {
                continue;
            }
            if level == self.depth {
                self.triangles[first..end].iter().for_each(|triangle| take(triangle.number));
            } else {
                let middle = first.midpoint(end);
                open.push(([2 * node + 1, first, middle], level + 1));
                open.push(([2 * node + 2, middle, end], level + 1));
            }
        }
    }

    /// Shows the numbers of all triangles whose leaf meets a box, given by its low and high corner.
    pub(crate) fn in_box(&self, low: Vector3<f64>, high: Vector3<f64>, see: &mut impl FnMut(u32)) {
        let mut open = vec![([0, 0, self.triangles.len()], 0)];
        while let Some(([node, first, end], level)) = open.pop() {
            let [a, b] = &self.bounds[node];
            if (0..3).any(|k| high[k] < a[k] || low[k] > b[k]) {
                continue;
            }
            if level == self.depth {
                self.triangles[first..end].iter().for_each(|triangle| see(triangle.number));
                continue;
            }
            let middle = first.midpoint(end);
            open.push(([2 * node + 1, first, middle], level + 1));
            open.push(([2 * node + 2, middle, end], level + 1));
        }
    }

    /// The nearest point and the slot of its triangle.
    fn search(&self, place: Vector3<f64>, within: f64, accept: &impl Fn(u32) -> bool) -> Option<(Vector3<f64>, usize)> {
        let mut best = (within * within, None);
        self.descend(place, [0, 0, self.triangles.len()], 0, accept, &mut best);
        best.1
    }

    /// Looks through a node, given by its number, first triangle and end.
    fn descend(
        &self,
        p: Vector3<f64>,
        [node, first, end]: [usize; 3],
        level: u32,
        accept: &impl Fn(u32) -> bool,
        best: &mut (f64, Option<(Vector3<f64>, usize)>),
    ) {
        if level == self.depth {
            for slot in first..end {
                let triangle = &self.triangles[slot];
                let point = on_triangle(p, &triangle.corners);
                let square = (point - p).norm_squared();
                if square < best.0 && accept(triangle.number) {
                    *best = (square, Some((point, slot)));
                }
            }
            return;
        }
        let middle = first.midpoint(end);
        let mut children = [[2 * node + 1, first, middle], [2 * node + 2, middle, end]]
            .map(|child| (square_to(p, &self.bounds[child[0]]), child));
        if children[1].0 < children[0].0 {
            children.swap(0, 1);
        }
        for (square, child) in children {
            if square < best.0 {
                self.descend(p, child, level + 1, accept, best);
            }
        }
    }
}

/// Where places lie on a surface: by which weights of which vertices its fields are carried over to them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Carry {
    /// Of each place, the vertices of the triangle nearest to it and their weights.
    from: Vec<([u32; 3], [f64; 3])>,
    /// Distance of each place from the surface, m.
    pub distance: Vec<f64>,
}

impl Carry {
    /// For fields at the vertices of `surface`, carried to `places` (m). Without any triangle all values become 0.
    #[must_use]
    pub fn new(surface: &Surface, places: &[[f64; 3]]) -> Self {
        let tree = Nearest::over(surface);
        let found = places.par_iter().map(|&place| {
            let place = Vector3::from(place);
            tree.hit(place, f64::INFINITY, |_| true).map_or(([0; 3], [0.0; 3], f64::INFINITY), |hit| {
                (surface.triangles[hit.triangle as usize], hit.weights, (hit.place - place).norm())
            })
        });
        let found: Vec<_> = found.collect();
        Self {
            from: found.iter().map(|&(corners, weights, _)| (corners, weights)).collect(),
            distance: found.iter().map(|&(_, _, distance)| distance).collect(),
        }
    }

    /// A field of numbers, one a vertex, at the places.
    #[must_use]
    pub fn scalars(&self, values: &[f64]) -> Vec<f64> {
        let at = |v: u32| values.get(v as usize).copied().unwrap_or_default();
        self.from.iter().map(|(corners, weights)| (0..3).map(|k| weights[k] * at(corners[k])).sum()).collect()
    }

    /// A field of vectors, one a vertex, at the places.
    #[must_use]
    pub fn vectors(&self, values: &[[f64; 3]]) -> Vec<[f64; 3]> {
        let at = |v: u32, a: usize| values.get(v as usize).map_or(0.0, |value| value[a]);
        let value = |(corners, weights): &([u32; 3], [f64; 3])| {
            std::array::from_fn(|a| (0..3).map(|k| weights[k] * at(corners[k], a)).sum())
        };
        self.from.iter().map(value).collect()
    }
}

/// The box of nothing.
fn empty() -> Bounds {
    [Vector3::repeat(f64::INFINITY), Vector3::repeat(f64::NEG_INFINITY)]
}

/// Orders triangles so that each half of each half ... lies together.
fn sort(triangles: &mut [Triangle], depth: u32) {
    if depth == 0 || triangles.len() < 2 {
        return;
    }
    let sum = |t: &Triangle| t.corners[0] + t.corners[1] + t.corners[2];
    let bounds = triangles.iter().map(sum).fold(empty(), |b, c| [b[0].inf(&c), b[1].sup(&c)]);
    let axis = (bounds[1] - bounds[0]).imax();
    let middle = triangles.len() / 2;
    let key = |t: &Triangle| t.corners[0][axis] + t.corners[1][axis] + t.corners[2][axis];
    triangles.select_nth_unstable_by(middle, |a, b| key(a).total_cmp(&key(b)));
    let (low, high) = triangles.split_at_mut(middle);
    if low.len() < SERIAL {
        sort(low, depth - 1);
        sort(high, depth - 1);
    } else {
        rayon::join(|| sort(low, depth - 1), || sort(high, depth - 1));
    }
}

/// Square of the distance from a point to a box; infinite to the box of nothing.
fn square_to(p: Vector3<f64>, [low, high]: &Bounds) -> f64 {
    (low - p).sup(&(p - high)).sup(&Vector3::zeros()).norm_squared()
}

/// The point of a triangle nearest to `p`: the corner, edge or face in whose Voronoi region `p` lies (Ericson, Real-Time
/// Collision Detection, 2005, section 5.1.5).
fn on_triangle(p: Vector3<f64>, [a, b, c]: &[Vector3<f64>; 3]) -> Vector3<f64> {
    let (ab, ac) = (b - a, c - a);
    let (ap, bp, cp) = (p - a, p - b, p - c);
    let (d1, d2) = (ab.dot(&ap), ac.dot(&ap));
    let (d3, d4) = (ab.dot(&bp), ac.dot(&bp));
    let (d5, d6) = (ab.dot(&cp), ac.dot(&cp));
    if d1 <= 0.0 && d2 <= 0.0 {
        return *a;
    }
    if d3 >= 0.0 && d4 <= d3 {
        return *b;
    }
    if d6 >= 0.0 && d5 <= d6 {
        return *c;
    }
    let (va, vb, vc) = (d3 * d6 - d5 * d4, d5 * d2 - d1 * d6, d1 * d4 - d3 * d2);
    if vc <= 0.0 && d1 >= 0.0 && d3 <= 0.0 {
        return a + ab * (d1 / (d1 - d3));
    }
    if vb <= 0.0 && d2 >= 0.0 && d6 <= 0.0 {
        return a + ac * (d2 / (d2 - d6));
    }
    if va <= 0.0 && d4 >= d3 && d5 >= d6 {
        return b + (c - b) * ((d4 - d3) / ((d4 - d3) + (d5 - d6)));
    }
    let total = va + vb + vc;
    a + ab * (vb / total) + ac * (vc / total)
}

/// Barycentric coordinates of a point of a triangle. On a triangle without area: of the nearest corner.
fn weights(p: Vector3<f64>, corners: &[Vector3<f64>; 3]) -> [f64; 3] {
    let [a, b, c] = corners;
    let normal = (b - a).cross(&(c - a));
    let square = normal.norm_squared();
    let longest = (b - a).norm_squared().max((c - a).norm_squared()).max((c - b).norm_squared());
    if square <= 1e-24 * longest * longest {
        let distances = corners.map(|corner| (corner - p).norm_squared());
        let nearest = (0..3).min_by(|&i, &j| distances[i].total_cmp(&distances[j])).unwrap_or(0);
        return std::array::from_fn(|k| f64::from(u8::from(k == nearest)));
    }
    let part = |u: &Vector3<f64>, v: &Vector3<f64>| ((u - p).cross(&(v - p)).dot(&normal) / square).max(0.0);
    let parts = [part(b, c), part(c, a), part(a, b)];
    let sum: f64 = parts.iter().sum();
    parts.map(|part| part / sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::tube;

    /// Nearest point over all triangles by dense sampling would be weak; instead every tree answer is compared with the
    /// plain loop over the triangles, and that loop's primitive with points whose answer is known.
    #[test]
    fn tree_agrees_with_the_plain_loop() {
        let surface = tube::closed([0.1, -0.2, 0.3], [0.48, 0.6, 0.64], 1.0, 4.0, 17);
        let corners: Vec<_> =
            surface.triangles.iter().map(|t| t.map(|v| Vector3::from(surface.vertices[v as usize]))).collect();
        let tree = Nearest::new(corners.clone());
        let mut state = 1u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / (1u64 << 31) as f64 * 6.0 - 2.0
        };
        for _ in 0..2000 {
            let p = Vector3::new(random(), random(), random());
            let plain = corners.iter().map(|t| (on_triangle(p, t) - p).norm()).fold(f64::INFINITY, f64::min);
            let found = tree.find(p, f64::INFINITY).expect("a point");
            assert!(((found - p).norm() - plain).abs() < 1e-12);
            assert_eq!(tree.find(p, 0.999 * plain), None);
            let hit = tree.hit(p, f64::INFINITY, |_| true).expect("a point");
            let corners = corners[hit.triangle as usize];
            let again: Vector3<f64> = (0..3).map(|k| corners[k] * hit.weights[k]).sum();
            assert!((again - hit.place).norm() < 1e-12 && hit.place == found);
            let other = tree.hit(p, f64::INFINITY, |t| t != hit.triangle).expect("a point");
            assert!(other.triangle != hit.triangle && (other.place - p).norm() >= plain - 1e-12);
        }
    }

    #[test]
    fn regions_of_a_triangle() {
        let t = [Vector3::zeros(), Vector3::new(2.0, 0.0, 0.0), Vector3::new(0.0, 2.0, 0.0)];
        let near = |x: f64, y: f64| on_triangle(Vector3::new(x, y, 3.0), &t);
        for (place, nearest) in [
            ([0.5, 0.5], [0.5, 0.5]),
            ([-1.0, -1.0], [0.0, 0.0]),
            ([3.0, -1.0], [2.0, 0.0]),
            ([-1.0, 4.0], [0.0, 2.0]),
            ([1.0, -1.0], [1.0, 0.0]),
            ([-1.0, 0.5], [0.0, 0.5]),
            ([2.0, 2.0], [1.0, 1.0]),
        ] {
            let expected = Vector3::new(nearest[0], nearest[1], 0.0);
            assert!((near(place[0], place[1]) - expected).norm() < 1e-14, "{place:?}");
        }
    }

    #[test]
    fn nothing_is_near_an_empty_surface() {
        assert_eq!(Nearest::new(Vec::new()).find(Vector3::zeros(), 1.0), None);
    }
}
