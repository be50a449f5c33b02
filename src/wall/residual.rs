//! What is left of the load, in double precision and without a stored matrix: `f - K u` with the supports.
//!
//! Strains, enhanced modes included, give stresses, and those the forces on the nodes; that costs less than an element's
//! stiffness, and its rounding is that of the strains.

use nalgebra::Vector3;
use rayon::prelude::*;

use super::batch::{Batch, Group, batches};
use super::constraint::Supports;
use super::element::{forces, shape, strains};
use super::error::WallError;
use super::lanes::{self, Kernel, LANES, Lanes};
use super::material::Material;
use super::reference::NODES;
use crate::geometry::shell::Shell;

/// Residuals of a wall.
#[derive(Clone, Debug)]
pub struct Residual<'a> {
    shell: &'a Shell,
    material: &'a Material,
    supports: &'a Supports,
    batches: Vec<Batch>,
}

impl<'a> Residual<'a> {
    /// Prepares residuals of a wall.
    ///
    /// # Errors
    /// What [`Material::check`] finds.
    pub fn new(shell: &'a Shell, material: &'a Material, supports: &'a Supports) -> Result<Self, WallError> {
        material.check(shell)?;
        Ok(Self { shell, material, supports, batches: batches(shell) })
    }

    /// `P (load - K u - S u)` by node, N: `load` in N, `u` in m, which must not move in held directions. Does not depend on
    /// the number of threads.
    #[must_use]
    pub fn of(&self, load: &[[f64; 3]], u: &[[f64; 3]]) -> Vec<[f64; 3]> {
        let mut out = load.to_vec();
        let groups = self.batches.iter().map(Batch::groups).max().unwrap_or(0);
        let mut local = vec![[[[0.0; LANES]; 3]; NODES]; groups];
        let levels = self.shell.levels();
        for batch in &self.batches {
            let kernel = |group: Group<'_>, out: &mut _| lanes::run(Hold { group, material: self.material, u, out });
            batch.compute(self.shell, &mut local, kernel);
            batch.collect(
                &mut out,
                |column| column as usize * levels,
                |out, visit| {
                    for layer in 0..self.shell.layers {
                        let (group, lane) = batch.place(visit.quad, layer);
                        for up in 0..2 {
                            let force = &local[group][visit.corner as usize + 4 * up];
                            (0..3).for_each(|i| out[layer + up][i] -= force[i][lane]);
                        }
                    }
                },
            );
        }
        for (node, spring) in &self.supports.springs {
            let force = spring * Vector3::from(u[*node as usize]);
            (0..3).for_each(|i| out[*node as usize][i] -= force[i]);
        }
        self.supports.project(&mut out);
        out
    }

    /// The load without what falls on held directions, N.
    #[must_use]
    pub fn projected(&self, load: &[[f64; 3]]) -> Vec<[f64; 3]> {
        let mut out = load.to_vec();
        self.supports.project(&mut out);
        out
    }
}

/// Length of a nodal field taken as one vector; the same whatever the number of threads.
#[must_use]
pub fn norm(field: &[[f64; 3]]) -> f64 {
    let parts: Vec<f64> =
        (field.par_chunks(4096)).map(|part| part.iter().flatten().map(|value| value * value).sum::<f64>()).collect();
    parts.iter().sum::<f64>().sqrt()
}

/// Forces that hold a group of elements.
struct Hold<'a> {
    group: Group<'a>,
    material: &'a Material,
    u: &'a [[f64; 3]],
    out: &'a mut [[[f64; LANES]; 3]; NODES],
}

impl Kernel for Hold<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let shape = shape::<V>(&self.group.places());
        let lame = self.group.lame(self.material);
        let strain = strains(&shape, &lame, &self.group.values(self.u));
        for (out, force) in self.out.iter_mut().zip(forces(&shape, &lame, &strain)) {
            for i in 0..3 {
                out[i] = force[i].store();
            }
        }
    }
}
