//! The Poisson equation on the nodes within a rim: cut distances, difference equations, relaxation.

use super::edges_of;

/// Closest that the rim comes to a node, in grid steps: below, the node's own value is zero to that accuracy.
const CLOSEST: f64 = 1e-6;
/// A node closer to the rim than this, in grid steps, is as good as on it.
const NEAR: f64 = 0.1;
/// Relaxation ends when no value changes by more than this part of the largest.
const TOLERANCE: f64 = 1e-8;
/// Sweeps at most; a well-shaped section needs about 300.
const SWEEPS: usize = 20_000;

/// The difference equation of a node: value = (1 + sum of weight times neighbour) / diagonal.
#[derive(Debug)]
pub(super) struct Equation {
    pub node: usize,
    /// Whether the neighbour at -x, +x, -y, +y is there; else the rim is, at `distance` (grid steps).
    pub open: [bool; 4],
    distance: [f64; 4],
    /// Weights of the neighbours; zero for those that are not there.
    pub weight: [f64; 4],
    pub diagonal: f64,
    inverse_diagonal: f64,
}

impl Equation {
    /// `gap` is the distance to the rim along -x, +x, -y, +y, in grid steps.
    pub fn new(node: usize, open: [bool; 4], gap: [f64; 4]) -> Self {
        let distance: [f64; 4] = std::array::from_fn(|k| if open[k] { 1.0 } else { gap[k].clamp(CLOSEST, 1.0) });
        let weight = |k: usize| 2.0 / (distance[k] * (distance[k] + distance[k ^ 1]));
        let diagonal: f64 = (0..4).map(weight).sum();
        let weight = std::array::from_fn(|k| if open[k] { weight(k) } else { 0.0 });
        Self { node, open, distance, weight, diagonal, inverse_diagonal: 1.0 / diagonal }
    }

    /// The value one step in direction `k`, beyond the rim.
    pub fn beyond(&self, k: usize, offsets: [isize; 4], values: &[f64]) -> f64 {
        let (d, e) = (self.distance[k], self.distance[k ^ 1]);
        let back = if self.open[k ^ 1] { values[self.node.wrapping_add_signed(offsets[k ^ 1])] } else { 0.0 };
        if d < NEAR {
            // The node's own value would only bring in noise.
            return -back * (1.0 - d) / (e + d);
        }
        (1.0 - d) * (back / (e * (e + d)) - values[self.node] * (1.0 + e) / (e * d))
    }
}

/// Successive over-relaxation; `values` outside stay zero. The outermost nodes of a grid are never inside a rim, so that
/// every neighbour is in the grid.
pub(super) fn relax(equations: &[Equation], offsets: [isize; 4], factor: f64, values: &mut [f64]) {
    for _ in 0..SWEEPS {
        let (mut change, mut largest) = (0.0f64, 0.0f64);
        for equation in equations {
            let mut sum = 1.0;
            for (weight, offset) in equation.weight.iter().zip(offsets) {
                sum += weight * values[equation.node.wrapping_add_signed(offset)];
            }
            let value = &mut values[equation.node];
            let step = factor * (sum * equation.inverse_diagonal - *value);
            *value += step;
            change = change.max(step.abs());
            largest = largest.max(value.abs());
        }
        if change <= TOLERANCE * largest {
            return;
        }
    }
}

/// Where the rim crosses the grid lines 0, 1, ... that run along `axes[0]`: sorted coordinates along that axis.
pub(super) fn crossings(rim: &[[f64; 2]], lines: usize, axes: [usize; 2]) -> Vec<Vec<f64>> {
    let mut found = vec![Vec::new(); lines];
    for (a, b) in edges_of(rim) {
        let (low, high) = (a[axes[1]].min(b[axes[1]]), a[axes[1]].max(b[axes[1]]));
        let (first, last) = (low.max(0.0).ceil() as usize, high.max(0.0).floor() as usize);
        for (line, places) in found.iter_mut().enumerate().take(last + 1).skip(first) {
            places.extend(crosses(a, b, line as f64, axes));
        }
    }
    found.iter_mut().for_each(|places| places.sort_by(f64::total_cmp));
    found
}

/// Where an edge crosses the line `axes[1]` = `level`; an end on the line counts as below it.
pub(super) fn crosses(a: [f64; 2], b: [f64; 2], level: f64, axes: [usize; 2]) -> Option<f64> {
    let [x, y] = axes;
    ((a[y] <= level) != (b[y] <= level)).then(|| a[x] + (level - a[y]) / (b[y] - a[y]) * (b[x] - a[x]))
}

/// Distances from `at` to the nearest of sorted `places` below and above.
pub(super) fn gaps(places: &[f64], at: f64) -> [f64; 2] {
    let above = places.partition_point(|&p| p <= at);
    let below = above.checked_sub(1).map_or(f64::INFINITY, |k| at - places[k]);
    [below, places.get(above).map_or(f64::INFINITY, |p| p - at)]
}
