//! Strain and stress at the nodes.
//!
//! Of an element they are taken at its Gauss points and carried on to its nodes as trilinear functions (Hinton and
//! Campbell, Int. J. Numer. Methods Eng. 8, 461, 1974); a node has the mean of its elements, weighted by the volume that
//! each has at the node.
//!
//! In an element the stress across a layer hardly varies through it, so at the surfaces it would be that of the middle of
//! the layer; in a nearly incompressible wall this shifts all three normal stresses. But there the traction is known: the
//! strain keeps its components in the surface, which the displacements give well, and gets those across that balance the
//! load, `strain += (n (x) d + d (x) n) / 2` with `((lambda + mu) n (x) n + mu I) d = traction - stress n`.

#![allow(clippy::needless_range_loop, reason = "the indices are those of the formulas")]

use nalgebra::Vector3;
use rayon::prelude::*;

use super::batch::{Batch, Group, batches};
use super::element::{hooke, shape, strains};
use super::error::WallError;
use super::face;
use super::lanes::{self, Kernel, LANES, Lanes};
use super::material::Material;
use super::reference::{CORNERS, NODES, POINTS};
use super::tensor::matrix;
use crate::geometry::shell::Shell;

/// Strain and stress by node: xx, yy, zz, xy, yz, xz (components of the tensors, VTK's order).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recovered {
    /// Strain; the shear components are half the engineering shear.
    pub strain: Vec<[f64; 6]>,
    /// Stress, Pa.
    pub stress: Vec<[f64; 6]>,
}

/// Sums at a node: strain, stress, weight.
type Sums = [f64; 13];

/// What is known to act on the surfaces.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Surfaces<'a> {
    /// Pressure on the inner surface, Pa, one value a column; or empty for none.
    pub pressure: &'a [f64],
    /// Traction on the inner surface beside the pressure, Pa, one vector a column; or empty for none.
    pub traction: &'a [[f64; 3]],
    /// Stiffness of the springs on the outer surface, Pa/m.
    pub spring: f64,
}

/// Strain and stress of nodal displacements, m; with `surfaces`, those at the surfaces balance what acts there.
///
/// # Errors
/// What [`Material::check`] finds.
pub fn recover(
    shell: &Shell,
    material: &Material,
    u: &[[f64; 3]],
    surfaces: Option<Surfaces<'_>>,
) -> Result<Recovered, WallError> {
    material.check(shell)?;
    let mut out = average(shell, material, u);
    if let Some(surfaces) = surfaces {
        for (level, inner) in [(0, true), (shell.layers, false)] {
            for (column, normal) in face::normals(shell, level).into_iter().enumerate() {
                let node = shell.node(column as u32, level);
                let pressure = surfaces.pressure.get(column).unwrap_or(&0.0);
                let shear = Vector3::from(*surfaces.traction.get(column).unwrap_or(&[0.0; 3]));
                let spring = Vector3::from(u[node]) * -surfaces.spring;
                // The outward normal of the wall's inner surface points into the vessel.
                let (normal, traction) = if inner { (-normal, normal * *pressure + shear) } else { (normal, spring) };
                let lame = material.lame(&[column as u32; 4]);
                balance(&mut out.strain[node], &mut out.stress[node], lame, normal, traction);
            }
        }
    }
    Ok(out)
}

/// Gives strain and stress the components across a surface with this normal (out of the wall) that balance a traction, Pa.
fn balance(strain: &mut [f64; 6], stress: &mut [f64; 6], lame: [f64; 2], n: Vector3<f64>, traction: Vector3<f64>) {
    let [lambda, mu] = lame;
    let rest = traction - matrix(stress) * n;
    let d = (rest - n * (n.dot(&rest) * (lambda + mu) / (lambda + 2.0 * mu))) / mu;
    let mean = lambda * n.dot(&d);
    for (k, (i, j)) in [(0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (0, 2)].into_iter().enumerate() {
        let change = 0.5 * (n[i] * d[j] + n[j] * d[i]);
        strain[k] += change;
        stress[k] += 2.0 * mu * change + if i == j { mean } else { 0.0 };
    }
}

/// Strain and stress of the elements around each node.
fn average(shell: &Shell, material: &Material, u: &[[f64; 3]]) -> Recovered {
    let batches = batches(shell);
    let mut sums: Vec<Sums> = vec![[0.0; 13]; shell.nodes.len()];
    let groups = batches.iter().map(Batch::groups).max().unwrap_or(0);
    let mut local = vec![[[[0.0; LANES]; 13]; NODES]; groups];
    let levels = shell.levels();
    for batch in &batches {
        let kernel = |group: Group<'_>, out: &mut _| lanes::run(Extrapolate { group, material, u, out });
        batch.compute(shell, &mut local, kernel);
        batch.collect(
            &mut sums,
            |column| column as usize * levels,
            |sums, visit| {
                for layer in 0..shell.layers {
                    let (group, lane) = batch.place(visit.quad, layer);
                    for up in 0..2 {
                        let values = &local[group][visit.corner as usize + 4 * up];
                        sums[layer + up].iter_mut().zip(values).for_each(|(sum, value)| *sum += value[lane]);
                    }
                }
            },
        );
    }
    let mean = |sums: &Sums, from: usize| std::array::from_fn(|k| sums[from + k] / sums[12]);
    let (strain, stress) = sums.par_iter().map(|sums| (mean(sums, 0), mean(sums, 6))).unzip();
    Recovered { strain, stress }
}

/// Weight of the value at a Gauss point in that at a node, by the number of coordinates in which the point lies on the
/// node's other side.
const WEIGHTS: [f64; 4] = {
    const ROOT: f64 = 1.732_050_807_568_877_2;
    const NEAR: f64 = 0.5 * (1.0 + ROOT);
    const FAR: f64 = 0.5 * (1.0 - ROOT);
    [NEAR * NEAR * NEAR, NEAR * NEAR * FAR, NEAR * FAR * FAR, FAR * FAR * FAR]
};

/// Number of coordinates in which two corners differ.
const fn apart(a: usize, b: usize) -> usize {
    let (mut count, mut k) = (0, 0);
    while k < 3 {
        if CORNERS[a][k] != CORNERS[b][k] {
            count += 1;
        }
        k += 1;
    }
    count
}

/// Strain, stress and weight at the nodes of a group of elements.
struct Extrapolate<'a> {
    group: Group<'a>,
    material: &'a Material,
    u: &'a [[f64; 3]],
    out: &'a mut [[[f64; LANES]; 13]; NODES],
}

impl Kernel for Extrapolate<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let shape = shape::<V>(&self.group.places());
        let lame = self.group.lame(self.material);
        let strain = strains(&shape, &lame, &self.group.values(self.u));
        let mut at_points = [[V::splat(0.0); 12]; POINTS];
        for g in 0..POINTS {
            at_points[g][..6].copy_from_slice(&strain[g]);
            at_points[g][6..].copy_from_slice(&hooke(&lame, &strain[g]));
        }
        for a in 0..NODES {
            for k in 0..12 {
                let mut sum = V::splat(0.0);
                for g in 0..POINTS {
                    sum = at_points[g][k].mul_add(V::splat(WEIGHTS[apart(a, g)]), sum);
                }
                // Gauss point `a` is the one near node `a`.
                self.out[a][k] = (sum * shape.volumes[a]).store();
            }
            self.out[a][12] = shape.volumes[a].store();
        }
    }
}
