//! Plane polygons: triangulation by ear clipping, and the tests it rests on.
//!
//! An ear is a convex corner whose triangle holds no other corner. Every simple polygon has two (Meisters 1975), so
//! cutting ears one by one triangulates it, convex or not, with no new vertex. Of all ears the best shaped is cut.

/// Twice the signed area of the triangle a, b, c; positive counter-clockwise.
pub(crate) fn cross(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> f64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

/// Whether a point lies in a polygon, by counting the edges that a ray crosses.
pub(crate) fn holds(polygon: &[[f64; 2]], [x, y]: [f64; 2]) -> bool {
    let mut inside = false;
    for (i, &[ax, ay]) in polygon.iter().enumerate() {
        let [bx, by] = polygon[(i + 1) % polygon.len()];
        if (ay > y) != (by > y) && x < ax + (y - ay) / (by - ay) * (bx - ax) {
            inside = !inside;
        }
    }
    inside
}

/// Where segment a-b meets segment c-d, as the fraction along a-b; `None` where they miss or are parallel.
pub(crate) fn meeting(a: [f64; 2], b: [f64; 2], c: [f64; 2], d: [f64; 2]) -> Option<f64> {
    let (above, below) = (cross(c, d, a), cross(c, d, b));
    let (left, right) = (cross(a, b, c), cross(a, b, d));
    let apart = above * below >= 0.0 || left * right > 0.0 || (left == 0.0 && right == 0.0);
    if apart { None } else { Some(above / (above - below)) }
}

/// Whether no two edges of the polygon cross.
pub(crate) fn is_simple(polygon: &[[f64; 2]]) -> bool {
    let n = polygon.len();
    let edge = |i: usize| (polygon[i], polygon[(i + 1) % n]);
    let crossing = |i: usize, j: usize| {
        let ((a, b), (c, d)) = (edge(i), edge(j));
        let overlap = |k: usize| a[k].min(b[k]) <= c[k].max(d[k]) && c[k].min(d[k]) <= a[k].max(b[k]);
        overlap(0) && overlap(1) && meeting(a, b, c, d).is_some()
    };
    (0..n).all(|i| (i + 2..n).filter(|&j| (j + 1) % n != i).all(|j| !crossing(i, j)))
}

/// Triangles, by index, that fill a simple counter-clockwise polygon. `taken(i, j)` says that a diagonal between two
/// corners must not be used. Always `n - 2` triangles that use every edge once: where the polygon is not simple, or
/// every diagonal is taken, they overlap.
pub(crate) fn triangulate(polygon: &[[f64; 2]], taken: impl Fn(usize, usize) -> bool) -> Vec<[usize; 3]> {
    let n = polygon.len();
    let mut rest = Rest { polygon, next: (1..=n).map(|i| i % n).collect(), before: vec![0; n], left: n };
    for i in 0..n {
        rest.before[(i + 1) % n] = i;
    }
    let mut triangles = Vec::with_capacity(n.saturating_sub(2));
    let mut worth: Vec<f64> = (0..n).map(|i| rest.worth(i, &taken)).collect();
    let mut some = 0;
    while rest.left > 2 {
        let mut ear = rest.best(some, &worth);
        if worth[ear] <= 0.0 || rest.left == 4 {
            for i in rest.corners(some) {
                worth[i] = rest.worth(i, &taken);
            }
            ear = rest.best(some, &worth);
        }
        if worth[ear] <= 0.0 {
            let shape = |&i: &usize| rest.shape(rest.before[i], i, rest.next[i]);
            ear = rest.corners(some).max_by(|a, b| shape(a).total_cmp(&shape(b))).unwrap_or(ear);
        }
        let (before, next) = (rest.before[ear], rest.next[ear]);
        triangles.push([before, ear, next]);
        rest.cut(ear);
        (worth[before], worth[next]) = (rest.worth(before, &taken), rest.worth(next, &taken));
        some = next;
    }
    triangles
}

/// What ear clipping has left: a ring of corners.
struct Rest<'a> {
    polygon: &'a [[f64; 2]],
    next: Vec<usize>,
    before: Vec<usize>,
    left: usize,
}

impl Rest<'_> {
    fn corners(&self, start: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(Some(start), |&i| Some(self.next[i])).take(self.left)
    }

    fn best(&self, start: usize, worth: &[f64]) -> usize {
        self.corners(start).max_by(|&a, &b| worth[a].total_cmp(&worth[b])).unwrap_or(start)
    }

    fn cut(&mut self, ear: usize) {
        let (before, next) = (self.before[ear], self.next[ear]);
        self.next[before] = next;
        self.before[next] = before;
        self.left -= 1;
    }

    /// Shape of a triangle: 1 equilateral, 0 degenerate, negative when it runs clockwise.
    fn shape(&self, a: usize, b: usize, c: usize) -> f64 {
        let [a, b, c] = [a, b, c].map(|i| self.polygon[i]);
        let square = |a: [f64; 2], b: [f64; 2]| (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2);
        2.0 * 3f64.sqrt() * cross(a, b, c) / (square(a, b) + square(b, c) + square(c, a))
    }

    /// Shape of the ear at a corner, or -1 where there is none.
    fn worth(&self, corner: usize, taken: &impl Fn(usize, usize) -> bool) -> f64 {
        let (before, next) = (self.before[corner], self.next[corner]);
        let mut shape = self.shape(before, corner, next);
        if self.left == 4 {
            shape = shape.min(self.shape(before, next, self.next[next]));
        }
        // The rounding of coordinates makes collinear corners slightly convex: these are no ears.
        if shape < 1e-9 || (self.left > 3 && taken(before, next)) {
            return -1.0;
        }
        let [a, b, c] = [before, corner, next].map(|i| self.polygon[i]);
        let inside = |p: [f64; 2]| cross(a, b, p) >= 0.0 && cross(b, c, p) >= 0.0 && cross(c, a, p) >= 0.0;
        let others = self.corners(self.next[next]).take(self.left - 3);
        if others.into_iter().any(|i| inside(self.polygon[i])) { -1.0 } else { shape }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(polygon: &[[f64; 2]], triangles: &[[usize; 3]]) -> (f64, f64) {
        let parts: Vec<f64> =
            triangles.iter().map(|t| 0.5 * cross(polygon[t[0]], polygon[t[1]], polygon[t[2]])).collect();
        (parts.iter().sum(), parts.iter().fold(f64::INFINITY, |a, &b| a.min(b)))
    }

    #[test]
    fn convex_non_convex_and_collinear_polygons_are_filled_exactly() {
        let comb: Vec<[f64; 2]> = (0..20)
            .flat_map(|i| [[f64::from(i), 5.0 - f64::from(i % 2) * 4.5]])
            .rev()
            .chain([[0.0, 0.0], [19.0, 0.0]])
            .collect();
        let square: Vec<[f64; 2]> = (0..40)
            .map(|i| {
                let s = f64::from(i % 10) / 10.0;
                [[s, 0.0], [1.0, s], [1.0 - s, 1.0], [0.0, 1.0 - s]][i as usize / 10]
            })
            .collect();
        let circle: Vec<[f64; 2]> =
            (0..269).map(|i| (f64::from(i) * std::f64::consts::TAU / 269.0).sin_cos().into()).rev().collect();
        for polygon in [comb, square, circle] {
            assert!(is_simple(&polygon));
            let exact: f64 =
                (0..polygon.len()).map(|i| 0.5 * cross([0.0; 2], polygon[i], polygon[(i + 1) % polygon.len()])).sum();
            let triangles = triangulate(&polygon, |_, _| false);
            let (sum, least) = area(&polygon, &triangles);
            assert_eq!(triangles.len(), polygon.len() - 2);
            assert!((sum - exact).abs() < 1e-9 * exact && least > 0.0, "{sum} {exact} {least}");
        }
    }

    #[test]
    fn a_taken_diagonal_is_avoided() {
        let square = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
        for taken in [[0, 2], [1, 3]] {
            let triangles = triangulate(&square, |i, j| taken == [i.min(j), i.max(j)]);
            assert!(triangles.iter().all(|t| !(t.contains(&taken[0]) && t.contains(&taken[1]))));
        }
    }

    #[test]
    fn a_bow_tie_is_not_simple_and_still_ends() {
        let tie = [[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0]];
        assert!(!is_simple(&tie));
        assert_eq!(triangulate(&tie, |_, _| false).len(), 2);
    }
}
