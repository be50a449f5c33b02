//! Carrying a flow from one lattice or time step to another.
//!
//! Velocity and pressure carry over in SI. The part of the second moment that is not equilibrium is proportional to the
//! strain rate (`-2/(3 omega) S` before collision), which carries over too. Where the viscosity depends on the shear it
//! cannot be read off a state after collision, which holds no stress at all where omega is 1: there the strain rate comes
//! from differences of the velocity.

use rayon::prelude::*;

use crate::analysis::strain;
use crate::fluid::collision::omega;
use crate::fluid::moments::{FIELDS, Macro, Moments};
use crate::fluid::rheology::Rheology;
use crate::geometry::lattice::{LANES, Lattice};
use crate::units::Scale;

/// Blocks that are interpolated at a time: their states are held twice.
const PIECE: usize = 1 << 14;

/// A scale with the fluid that relaxes in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// The scale.
    pub scale: Scale,
    /// The fluid's law of viscosity.
    pub rheology: Rheology,
}

impl Frame {
    /// Inverse relaxation time at a shear rate in lattice units.
    fn omega(&self, shear_rate: f64) -> f64 {
        omega(self.rheology.nu(shear_rate, &self.scale))
    }
}

/// A site's state in another frame. The stress is right for a Newtonian fluid; [`restress`] sees to others.
#[must_use]
pub fn convert(m: &Macro, from: &Frame, to: &Frame) -> Macro {
    let velocity = (from.scale.dx / from.scale.dt) / (to.scale.dx / to.scale.dt);
    let pressure = velocity * velocity;
    let kept = |frame: &Frame| (1.0 - frame.omega(0.0)) / frame.omega(0.0);
    let rate = to.scale.dt / from.scale.dt;
    let stress = if kept(from).abs() > 1e-9 { rate * kept(to) / kept(from) } else { 0.0 };
    let j = m.j.map(|x| x * velocity as f32);
    let (old, new) = (Macro::equilibrium(0.0, m.j).a, Macro::equilibrium(0.0, j).a);
    let a = std::array::from_fn(|k| new[k] + (m.a[k] - old[k]) * stress as f32);
    Macro { drho: m.drho * pressure as f32, j, a }
}

/// The state of a lattice with a flow `factor` times as strong: velocity, strain rate and pressure grow alike.
#[must_use]
pub fn scaled(lattice: &Lattice, state: &[Vec<f32>; FIELDS], factor: f32) -> Vec<Vec<f32>> {
    let mut fields = vec![vec![0.0; lattice.padded_len()]; FIELDS];
    for site in lattice.fluid_sites() {
        let m = Macro::read(&std::array::from_fn(|k| state[k][site]));
        let j = m.j.map(|x| factor * x);
        let (old, new) = (Macro::equilibrium(0.0, m.j).a, Macro::equilibrium(0.0, j).a);
        let a = std::array::from_fn(|k| new[k] + factor * (m.a[k] - old[k]));
        let moments = Macro { drho: factor * m.drho, j, a }.write();
        fields.iter_mut().zip(moments).for_each(|(field, value)| field[site] = value);
    }
    fields
}

/// The state of `fine`'s sites interpolated from `coarse`: trilinear over the fluid corners of the coarse cell, as
/// padded fields.
#[must_use]
pub fn refine(coarse: &Lattice, state: &[&[f32]; FIELDS], from: &Frame, fine: &Lattice, to: &Frame) -> Vec<Vec<f32>> {
    let index = coarse.index();
    let of_block = |block: usize| -> [Moments; LANES] {
        std::array::from_fn(|lane| {
            if fine.fluid[block] >> lane & 1 == 0 {
                return [0.0; FIELDS];
            }
            let position = fine.position(Lattice::base(block) + lane);
            let at = |a: usize| (position[a] - coarse.grid.origin[a]) / coarse.grid.spacing;
            convert(&interpolate(&index, coarse, state, [at(0), at(1), at(2)]), from, to).write()
        })
    };
    let mut fields = vec![vec![0.0; fine.padded_len()]; FIELDS];
    let blocks = fine.origins.len();
    for first in (0..blocks).step_by(PIECE) {
        let piece = first..blocks.min(first + PIECE);
        let found: Vec<_> = piece.clone().into_par_iter().with_min_len(64).map(of_block).collect();
        for (block, lanes) in piece.zip(found) {
            for (lane, moments) in lanes.iter().enumerate() {
                for (field, value) in fields.iter_mut().zip(moments) {
                    field[Lattice::base(block) + lane] = *value;
                }
            }
        }
    }
    restress(fine, &mut fields, to);
    fields
}

/// Sets the stress of every site from differences of the velocity, by the viscosity of the shear rate there; leaves a
/// Newtonian fluid as it is.
pub fn restress(lattice: &Lattice, fields: &mut [Vec<f32>], frame: &Frame) {
    if frame.rheology.is_newtonian() {
        return;
    }
    let sites: Vec<usize> = lattice.fluid_sites().collect();
    let state = &*fields;
    let stressed = |&site: &usize| {
        let velocity = |site: usize| [1, 2, 3].map(|k: usize| f64::from(state[k][site]) / 3.0);
        let strain = strain::rate(lattice, &velocity, site);
        let omega = frame.omega(strain::shear_rate(&strain));
        let old = Macro::read(&std::array::from_fn(|k| state[k][site]));
        let mut new = Macro::equilibrium(old.drho, old.j);
        for (a, s) in new.a.iter_mut().zip(strain) {
            *a -= (2.0 / 3.0 * (1.0 - omega) / omega * s) as f32;
        }
        new.write()
    };
    let moments: Vec<Moments> = sites.par_iter().with_min_len(1024).map(stressed).collect();
    for (&site, moments) in sites.iter().zip(&moments) {
        for (field, value) in fields.iter_mut().zip(moments) {
            field[site] = *value;
        }
    }
}

fn interpolate(
    index: &crate::geometry::lattice::Index,
    lattice: &Lattice,
    state: &[&[f32]; FIELDS],
    at: [f64; 3],
) -> Macro {
    let low = at.map(|x| x.floor() as i64);
    let mut sum = Macro::default();
    let mut total = 0.0f32;
    for corner in 0..8 {
        let step = [corner & 1, corner >> 1 & 1, corner >> 2 & 1];
        let site = std::array::from_fn(|a| low[a] + step[a]);
        let Some(padded) = index.fluid_site(lattice, site) else { continue };
        let weight: f64 = (0..3).map(|a| 1.0 - (at[a] - site[a] as f64).abs()).product();
        let weight = weight.max(1e-6) as f32;
        let m = Macro::read(&state.map(|field| field[padded]));
        total += weight;
        sum.drho += weight * m.drho;
        for a in 0..3 {
            sum.j[a] += weight * m.j[a];
        }
        for k in 0..6 {
            sum.a[k] += weight * m.a[k];
        }
    }
    if total > 0.0 {
        sum.drho /= total;
        sum.j = sum.j.map(|x| x / total);
        sum.a = sum.a.map(|x| x / total);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converting_there_and_back_changes_nothing() {
        let m = Macro { drho: 0.01, j: [0.03, -0.02, 0.05], a: [0.002, 0.001, 0.003, -0.001, 0.0005, 0.0007] };
        let frame = |dx, dt, omega: f64| {
            let scale = Scale { dx, dt, rho: 1060.0 };
            Frame { scale, rheology: Rheology::Newtonian { viscosity: scale.tau_to_viscosity(1.0 / omega) } }
        };
        let (from, to) = (frame(1e-3, 1e-4, 1.8), frame(5e-4, 3e-5, 1.6));
        let back = convert(&convert(&m, &from, &to), &to, &from);
        assert!((back.drho - m.drho).abs() < 1e-7);
        for k in 0..6 {
            assert!((back.a[k] - m.a[k]).abs() < 1e-7);
        }
        let velocity = |m: &Macro, f: &Frame| f64::from(m.j[0]) * f.scale.dx / f.scale.dt;
        assert!((velocity(&convert(&m, &from, &to), &to) - velocity(&m, &from)).abs() < 1e-6);
    }

    /// Flow along x that grows with the height: `S_xy` is half the shear rate, and the stress is that of its viscosity.
    #[test]
    fn stress_follows_from_the_velocity_by_the_local_viscosity() {
        use crate::fluid::rheology::CARREAU_YASUDA;
        use crate::geometry::tube;
        let lattice = Lattice::build(&tube::closed([0.0; 3], [1.0, 0.0, 0.0], 1.0, 2.0, 64), 0.1).expect("a lattice");
        let frame = Frame { scale: Scale { dx: 0.2e-3, dt: 1e-4, rho: 1060.0 }, rheology: CARREAU_YASUDA };
        let mut fields = vec![vec![0.0f32; lattice.padded_len()]; FIELDS];
        let rate = 2e-3;
        for site in lattice.fluid_sites() {
            let u = (rate * lattice.position(site)[1] / 0.1) as f32;
            let state = Macro::equilibrium(0.01, [u, 0.0, 0.0]).write();
            fields.iter_mut().zip(state).for_each(|(field, value)| field[site] = value);
        }
        let index = lattice.index();
        let middle = index.fluid_site(&lattice, [10, 10, 10]).expect("a site on the axis");
        let before = Macro::read(&std::array::from_fn(|k| fields[k][middle]));
        restress(&lattice, &mut fields, &frame);
        let after = Macro::read(&std::array::from_fn(|k| fields[k][middle]));
        // 20 1/s: between the limits of 56 and 3.45 mPa s.
        let omega = 1.0 / frame.scale.viscosity_to_tau(CARREAU_YASUDA.viscosity(rate / frame.scale.dt));
        let expected = -(1.0 - omega) / (3.0 * omega) * rate;
        assert!((f64::from(after.a[3] - before.a[3]) / expected - 1.0).abs() < 1e-3, "{after:?}, {expected}");
        assert!((after.drho - before.drho).abs() < 1e-8 && after.j == before.j, "{after:?}");
    }
}
