//! Result arrays of a cycle: indices on the wall, time averages in the volume.

use crate::analysis::indices::{Indices, Means};
use crate::analysis::wall_shear::WallSampler;

/// An array on the vertices of the wall's surface.
#[derive(Clone, Debug, PartialEq)]
pub struct VertexArray {
    /// Name in the files.
    pub name: &'static str,
    /// Unit; empty for a pure number.
    pub unit: &'static str,
    /// Numbers a vertex.
    pub components: usize,
    /// The values, components of a vertex together.
    pub values: Vec<f32>,
}

/// An array on the sites of the lattice.
#[derive(Clone, Debug, PartialEq)]
pub struct SiteArray<'a> {
    /// Name in the files.
    pub name: &'static str,
    /// Unit.
    pub unit: &'static str,
    /// Of each component, a padded site array.
    pub components: Vec<&'a [f32]>,
}

/// The indices on a surface whose first `vertices` vertices are the wall's. Vertices that no triangle uses have the
/// reference pressure, and nought of everything else. `trans_wss` is missing after a first cycle.
#[must_use]
pub fn surface_arrays(indices: &Indices, sampler: &WallSampler, vertices: usize) -> Vec<VertexArray> {
    let scalar = |name, unit, own: &[f32], other: f32| {
        let mut values = vec![other; vertices];
        sampler.vertices().iter().zip(own).for_each(|(&vertex, &value)| values[vertex as usize] = value);
        VertexArray { name, unit, components: 1, values }
    };
    let mut arrays = vec![
        scalar("tawss", "Pa", &indices.tawss, 0.0),
        scalar("osi", "", &indices.osi, 0.0),
        scalar("rrt", "1/Pa", &indices.rrt, 0.0),
        scalar("ecap", "1/Pa", &indices.ecap, 0.0),
    ];
    arrays.extend(indices.trans_wss.iter().map(|values| scalar("trans_wss", "Pa", values, 0.0)));
    arrays.push(scalar("mean_pressure", "Pa", &indices.pressure, indices.reference));
    arrays
}

/// The time averages in the volume.
#[must_use]
pub fn volume_arrays(means: &Means) -> [SiteArray<'_>; 2] {
    let velocity = means.velocity.iter().map(Vec::as_slice).collect();
    [
        SiteArray { name: "mean_velocity", unit: "m/s", components: velocity },
        SiteArray { name: "mean_pressure", unit: "Pa", components: vec![&means.pressure] },
    ]
}
