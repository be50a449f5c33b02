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

/// How much shorter edges become in sharp hollows.
const SHARPEST: f64 = 2.5;

/// Places on a surface with their neighbours and the unit normals out of the vessel.
pub(super) struct Sites<'a> {
    pub at: &'a [Vector3<f64>],
    pub normals: &'a [Vector3<f64>],
    pub graph: &'a Graph,
    /// A length less than any radius, m: about the edge length.
    pub edge: f64,
}

/// Local radius at each site, m: that of the largest ball inside the vessel that touches there, at most `most`; noise is
/// taken out by medians, and what is under an eighth or over eight times the median of all is cut.
pub(super) fn radii(surface: &Nearest, sites: &Sites<'_>, most: f64) -> Vec<f64> {
    let stride = sites.at.len().div_ceil(SAMPLES).max(1);
    let sampled: Vec<f64> = (0..sites.at.len())
        .into_par_iter()
        .step_by(stride)
        .map(|v| {
            let nearest = |place, within| surface.find(place, within);
            ball::radius(nearest, sites.at[v], -sites.normals[v], [sites.edge, most])
        })
        .collect();
    let mut radii = vec![f64::NAN; sites.at.len()];
    sampled.iter().enumerate().for_each(|(k, &radius)| radii[k * stride] = radius);
    let mut sorted = sampled;
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.get(sorted.len() / 2).copied().unwrap_or(most);
    spread(sites.graph, &mut radii, middle);
    for _ in 0..2 {
        radii = median(sites.graph, &radii);
    }
    radii.iter_mut().for_each(|radius| *radius = radius.clamp(0.125 * middle, 8.0 * middle));
    smooth(sites.graph, &mut radii, 4);
    radii
}

/// Fills values that are not known (NaN) from neighbours that are, ring by ring; with `other` where none is.
fn spread(graph: &Graph, values: &mut [f64], other: f64) {
    let mut open: Vec<u32> = (0u32..).zip(values.iter()).filter(|(_, x)| x.is_nan()).map(|(v, _)| v).collect();
    while !open.is_empty() {
        let mean = |&v: &u32| {
            let known = graph[v as usize].iter().map(|&u| values[u as usize]).filter(|x| !x.is_nan());
            let (count, sum) = known.fold((0.0, 0.0), |(n, sum), x| (n + 1.0, sum + x));
            (v, sum / count)
        };
        let found: Vec<(u32, f64)> = open.iter().map(mean).filter(|(_, x)| !x.is_nan()).collect();
        if found.is_empty() {
            open.iter().for_each(|&v| values[v as usize] = other);
            return;
        }
        found.iter().for_each(|&(v, x)| values[v as usize] = x);
        open.retain(|&v| values[v as usize].is_nan());
    }
}

/// Radius of the largest ball outside the vessel that touches at each site, m, at most `most`: small where the wall is
/// sharply hollow, as in the crotch of a branching.
pub(super) fn hollows(surface: &Nearest, sites: &Sites<'_>, most: f64) -> Vec<f64> {
    let nearest = |place, within| surface.find(place, within);
    let all = (0..sites.at.len()).into_par_iter();
    let mut radii: Vec<f64> =
        all.map(|v| ball::radius(nearest, sites.at[v], sites.normals[v], [0.25 * most, most])).collect();
    for _ in 0..2 {
        radii = median(sites.graph, &radii);
    }
    radii
}

/// Edge length of the triangles wanted at each site, m: `edge`, less where the radius would not have `sides` of them
/// around or where a hollow is sharper than the edge, but there a [`SHARPEST`] of it at least; it changes slowly along
/// the surface.
pub(super) fn sizes(sites: &Sites<'_>, radii: &[f64], hollows: &[f64], edge: f64, sides: f64) -> Vec<f64> {
    let size = |(radius, hollow): (&f64, &f64)| {
        let around = edge.min(std::f64::consts::TAU * radius / sides);
        hollow.clamp(around / SHARPEST, around)
    };
    let mut sizes: Vec<f64> = radii.iter().zip(hollows).map(size).collect();
    limit_slope(sites.graph, sites.at, &mut sizes, GROWTH);
    sizes
}
