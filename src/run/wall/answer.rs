//! What the wall does under a load: displacement, and stress in every form that is written.

use nalgebra::Vector3;
use rayon::prelude::*;

use crate::analysis::vessel_frame::VesselFrame;
use crate::wall::stress::Recovered;
use crate::wall::tensor;

/// The stress at a node, seen in several ways.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AtNode {
    /// Von Mises stress, Pa.
    pub von_mises: f64,
    /// Principal stresses, Pa, the largest first.
    pub principal: [f64; 3],
    /// Their directions, of unit length.
    pub directions: [[f64; 3]; 3],
    /// Hoop, axial and radial stress, Pa.
    pub parts: [f64; 3],
    /// Largest principal strain.
    pub strain: f64,
}

/// The answer to a load. Nodal arrays are in the order of the shell's nodes, strains and stresses with the components
/// xx, yy, zz, xy, yz, xz.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Name of the load.
    pub name: String,
    /// Its time, s.
    pub time: f64,
    /// Pressure above the reference on every column of the inner surface, Pa.
    pub pressure: Vec<f64>,
    /// Wall shear on every column of the inner surface, Pa; nought where it does not load the wall.
    pub shear: Vec<[f64; 3]>,
    /// Displacement, m.
    pub displacement: Vec<[f64; 3]>,
    /// Strain (tensor components).
    pub strain: Vec<[f64; 6]>,
    /// Stress, Pa.
    pub stress: Vec<[f64; 6]>,
    /// The stress seen in other ways.
    pub nodes: Vec<AtNode>,
    /// Iterations of the inner solver.
    pub iterations: usize,
    /// What is left of the load, relative to it.
    pub residual: f64,
    /// Seconds that the load took.
    pub seconds: f64,
}

/// The stress at every node seen in other ways; `frames` are the directions of the columns, each of `levels` nodes.
#[must_use]
pub fn seen(recovered: &Recovered, frames: &[VesselFrame], levels: usize) -> Vec<AtNode> {
    let at = |(node, (stress, strain)): (usize, (&[f64; 6], &[f64; 6]))| {
        let principal = tensor::principal(stress);
        AtNode {
            von_mises: tensor::von_mises(stress),
            principal: principal.values,
            directions: principal.directions,
            parts: frames[node / levels].normal_parts(stress),
            // Of an isotropic material strain and stress have the same principal directions.
            strain: tensor::along(strain, &Vector3::from(principal.directions[0])),
        }
    };
    let pairs = recovered.stress.par_iter().zip(&recovered.strain).with_min_len(256);
    pairs.enumerate().map(at).collect()
}
