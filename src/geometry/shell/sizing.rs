//! The local radius of a vessel, and the edge length that it asks for.

use nalgebra::Vector3;
use rayon::prelude::*;

use super::ball;
use super::field::{Graph, limit_slope, median, smooth};
use crate::geometry::nearest::Nearest;

/// Places at which a radius is sought, at most: between them it is spread along the edges.
const SAMPLES: usize = 8000;

/// Growth of the edge length per length along the surface.
const GROWTH: f64 = 0.25;

/// Places on a surface with their neighbours and the unit normals out of the vessel.
pub(super) struct Sites<'a> {
    pub at: &'a [Vector3<f64>],
    pub normals: &'a [Vector3<f64>],
    pub graph: &'a Graph,
}

/// Local radius at each site, m: that of the largest ball inside the vessel that touches there, at most `most`; noise is
/// taken out by medians, and what is under an eighth or over eight times the median of all is cut.
pub(super) fn radii(surface: &Nearest, sites: &Sites<'_>, most: f64) -> Vec<f64> {
    let stride = sites.at.len().div_ceil(SAMPLES).max(1);
    let sampled: Vec<f64> = (0..sites.at.len())
        .into_par_iter()
        .step_by(stride)
        .map(|v| ball::radius(surface, sites.at[v], -sites.normals[v], most))
        .collect();
    let mut radii = vec![f64::NAN; sites.at.len()];
    sampled.iter().enumerate().for_each(|(k, &radius)| radii[k * stride] = radius);
    spread(sites.graph, &mut radii);
    for _ in 0..2 {
        radii = median(sites.graph, &radii);
    }
    let mut sorted = sampled;
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.get(sorted.len() / 2).copied().unwrap_or(most);
    radii.iter_mut().for_each(|radius| *radius = radius.clamp(0.125 * middle, 8.0 * middle));
    smooth(sites.graph, &mut radii, 4);
    radii
}

/// Fills values that are not known (NaN) from neighbours that are, ring by ring.
fn spread(graph: &Graph, values: &mut [f64]) {
    let mut open: Vec<u32> = (0u32..).zip(values.iter()).filter(|(_, x)| x.is_nan()).map(|(v, _)| v).collect();
    while !open.is_empty() {
        let mean = |&v: &u32| {
            let known = graph[v as usize].iter().map(|&u| values[u as usize]).filter(|x| !x.is_nan());
            let (count, sum) = known.fold((0.0, 0.0), |(n, sum), x| (n + 1.0, sum + x));
            (v, sum / count)
        };
        let found: Vec<(u32, f64)> = open.iter().map(mean).filter(|(_, x)| !x.is_nan()).collect();
        if found.is_empty() {
            return;
        }
        found.iter().for_each(|&(v, x)| values[v as usize] = x);
        open.retain(|&v| values[v as usize].is_nan());
    }
}

/// Edge length of the triangles wanted at each site, m: `edge`, less where the radius would not have `sides` of them
/// around, changing slowly along the surface.
pub(super) fn sizes(sites: &Sites<'_>, radii: &[f64], edge: f64, sides: f64) -> Vec<f64> {
    let mut sizes: Vec<f64> = radii.iter().map(|radius| edge.min(std::f64::consts::TAU * radius / sides)).collect();
    limit_slope(sites.graph, sites.at, &mut sizes, GROWTH);
    sizes
}
