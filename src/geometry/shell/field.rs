//! Small fields on the vertices of a graph: smoothing, limiting the slope.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use nalgebra::Vector3;

/// Vertices joined to each vertex.
pub(super) type Graph = Vec<Vec<u32>>;

/// The graph of triangles or quadrilaterals: each corner is joined to the next.
pub(super) fn graph<const N: usize>(faces: &[[u32; N]], vertices: usize) -> Graph {
    let mut graph: Graph = vec![Vec::new(); vertices];
    for face in faces {
        for k in 0..N {
            let (a, b) = (face[k], face[(k + 1) % N]);
            for (from, to) in [(a, b), (b, a)] {
                if !graph[from as usize].contains(&to) {
                    graph[from as usize].push(to);
                }
            }
        }
    }
    graph
}

/// Median of a vertex and its neighbours, everywhere.
pub(super) fn median(graph: &Graph, values: &[f64]) -> Vec<f64> {
    let middle = |(near, &own): (&Vec<u32>, &f64)| {
        let mut all: Vec<f64> = near.iter().map(|&v| values[v as usize]).chain([own]).collect();
        let half = all.len() / 2;
        *all.select_nth_unstable_by(half, f64::total_cmp).1
    };
    graph.iter().zip(values).map(middle).collect()
}

/// Goes half the way to the mean of the neighbours, `times` times.
pub(super) fn smooth(graph: &Graph, values: &mut Vec<f64>, times: usize) {
    for _ in 0..times {
        let mean = |(near, &own): (&Vec<u32>, &f64)| {
            let sum: f64 = near.iter().map(|&v| values[v as usize]).sum();
            if near.is_empty() { own } else { 0.5 * (own + sum / near.len() as f64) }
        };
        *values = graph.iter().zip(values.iter()).map(mean).collect();
    }
}

/// A value on its way through [`limit_slope`], the least first.
#[derive(PartialEq)]
struct Step(f64, u32);

impl Eq for Step {}

impl PartialOrd for Step {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Step {
    fn cmp(&self, other: &Self) -> Ordering {
        other.0.total_cmp(&self.0).then(self.1.cmp(&other.1))
    }
}

/// Lowers values until none is above another one by more than `slope` times the way between them along the edges.
pub(super) fn limit_slope(graph: &Graph, at: &[Vector3<f64>], values: &mut [f64], slope: f64) {
    let mut open: BinaryHeap<Step> = values.iter().zip(0u32..).map(|(&value, v)| Step(value, v)).collect();
    while let Some(Step(value, v)) = open.pop() {
        if value > values[v as usize] {
            continue;
        }
        for &u in &graph[v as usize] {
            let limit = value + slope * (at[u as usize] - at[v as usize]).norm();
            if values[u as usize] > limit {
                values[u as usize] = limit;
                open.push(Step(limit, u));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_limited_both_ways() {
        let at: Vec<_> = (0..5).map(|k| Vector3::new(f64::from(k), 0.0, 0.0)).collect();
        let graph: Graph =
            (0..5u32).map(|k| [k.wrapping_sub(1), k + 1].into_iter().filter(|&v| v < 5).collect()).collect();
        let mut values = vec![9.0, 3.0, 0.0, 9.0, 0.5];
        limit_slope(&graph, &at, &mut values, 1.0);
        assert_eq!(values, [2.0, 1.0, 0.0, 1.0, 0.5]);
        assert_eq!(median(&graph, &values), [2.0, 1.0, 1.0, 0.5, 1.0]);
    }
}
