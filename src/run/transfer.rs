//! Carrying a flow from one lattice or time step to another.
//!
//! Velocity and pressure carry over in SI. The part of the second moment that is not equilibrium is proportional to the
//! strain rate (`-2/(3 omega) S` before collision), which carries over too.

use rayon::prelude::*;

use crate::fluid::moments::{FIELDS, Macro, Moments};
use crate::geometry::lattice::{LANES, Lattice};
use crate::units::Scale;

/// Blocks that are interpolated at a time: their states are held twice.
const PIECE: usize = 1 << 14;

/// A scale with the relaxation that goes with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// The scale.
    pub scale: Scale,
    /// Inverse relaxation time of the shear stress.
    pub omega: f64,
}

/// A site's state in another frame.
#[must_use]
pub fn convert(m: &Macro, from: &Frame, to: &Frame) -> Macro {
    let velocity = (from.scale.dx / from.scale.dt) / (to.scale.dx / to.scale.dt);
    let pressure = velocity * velocity;
    let kept = |omega: f64| (1.0 - omega) / omega;
    let rate = to.scale.dt / from.scale.dt;
    let stress = if kept(from.omega).abs() > 1e-9 { rate * kept(to.omega) / kept(from.omega) } else { 0.0 };
    let j = m.j.map(|x| x * velocity as f32);
    let (old, new) = (Macro::equilibrium(0.0, m.j).a, Macro::equilibrium(0.0, j).a);
    let a = std::array::from_fn(|k| new[k] + (m.a[k] - old[k]) * stress as f32);
    Macro { drho: m.drho * pressure as f32, j, a }
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
    fields
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
        let from = Frame { scale: Scale { dx: 1e-3, dt: 1e-4, rho: 1060.0 }, omega: 1.8 };
        let to = Frame { scale: Scale { dx: 5e-4, dt: 3e-5, rho: 1060.0 }, omega: 1.6 };
        let back = convert(&convert(&m, &from, &to), &to, &from);
        assert!((back.drho - m.drho).abs() < 1e-7);
        for k in 0..6 {
            assert!((back.a[k] - m.a[k]).abs() < 1e-7);
        }
        let velocity = |m: &Macro, f: &Frame| f64::from(m.j[0]) * f.scale.dx / f.scale.dt;
        assert!((velocity(&convert(&m, &from, &to), &to) - velocity(&m, &from)).abs() < 1e-6);
    }
}
