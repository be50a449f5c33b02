//! The monitor: looks over the whole lattice now and then for what a flow must not do.
//!
//! A look reads the state once, about half of what a step moves; every [`EVERY`] steps at the latest on the processor,
//! which costs less than 1 % (docs/verification.md).

use rayon::prelude::*;

use crate::fluid::moments::{FIELDS, density};
use crate::geometry::lattice::{LANES, Lattice};

/// Lattice velocity above which a step is taken to be too large, and made smaller: a Mach number of 0.3.
pub const FAST: f64 = 0.17;

/// Fastest lattice velocity below which the steps are taken to be too small, and made larger.
pub const SLOW: f64 = 0.05;

/// Lattice velocity that no run survives: above the speed of sound.
pub const RUNAWAY: f64 = 0.6;

/// Steps between two looks at most, where the state lies in the processor's memory.
pub const EVERY: usize = 200;

/// What is wrong with a site.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// A number is not finite.
    NotFinite,
    /// The lattice velocity is that of sound, or above what the case allows.
    Fast(f64),
    /// There is no density left.
    Empty,
}

/// What the monitor saw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sight {
    /// All is well; the fastest lattice velocity, and its site.
    Peak(f64, usize),
    /// A site whose numbers are not physical.
    Bad(usize, Fault),
}

/// Looks at every fluid site; `fastest` is the lattice velocity that is allowed.
#[must_use]
pub fn look(lattice: &Lattice, fields: &[&[f32]; FIELDS], fastest: f64) -> Sight {
    let block_peak = |block: usize| {
        let base = Lattice::base(block);
        let (mut worst, mut at) = (0.0f32, base);
        for lane in (0..LANES).filter(|lane| lattice.fluid[block] >> lane & 1 == 1) {
            let site = base + lane;
            let rank = rank(fields, site);
            if rank > worst {
                (worst, at) = (rank, site);
            }
        }
        (worst, at)
    };
    let (worst, at) = (0..lattice.origins.len())
        .into_par_iter()
        .with_min_len(512)
        .map(block_peak)
        .reduce(|| (0.0, usize::MAX), |a, b| if b.0 > a.0 || (b.0 == a.0 && b.1 < a.1) { b } else { a });
    let speed = f64::from(worst.sqrt());
    if speed <= fastest {
        return Sight::Peak(speed, at);
    }
    Sight::Bad(at, fault(fields, at, speed))
}

/// Square of the lattice velocity of a site; infinity where its numbers are not physical.
#[inline(always)]
fn rank(fields: &[&[f32]; FIELDS], site: usize) -> f32 {
    let j = [fields[1][site], fields[2][site], fields[3][site]];
    let square = (j[0] * j[0] + j[1] * j[1] + j[2] * j[2]) / 9.0;
    // A sum is finite only if every number in it is.
    let sound = fields.iter().map(|field| field[site]).sum::<f32>().is_finite() && drho(fields, site) > -1.0;
    if sound && square.is_finite() { square } else { f32::INFINITY }
}

fn drho(fields: &[&[f32]; FIELDS], site: usize) -> f32 {
    density(fields[0][site], [fields[4][site], fields[5][site], fields[6][site]])
}

fn fault(fields: &[&[f32]; FIELDS], site: usize, speed: f64) -> Fault {
    let finite = fields.iter().map(|field| field[site]).sum::<f32>().is_finite();
    match (finite, speed.is_finite()) {
        (true, true) => Fault::Fast(speed),
        (true, false) if drho(fields, site) <= -1.0 => Fault::Empty,
        _ => Fault::NotFinite,
    }
}
