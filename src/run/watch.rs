//! The monitor: looks over the whole lattice now and then for what a flow must not do.

use rayon::prelude::*;

use crate::fluid::moments::FIELDS;
use crate::geometry::lattice::{LANES, Lattice};
use crate::units::Scale;

/// Lattice velocity above which a step is taken to be too large, and made smaller.
pub const FAST: f64 = 0.17;

/// Fastest lattice velocity below which the steps are taken to be too small, and made larger.
pub const SLOW: f64 = 0.05;

/// Lattice velocity that no run survives.
const RUNAWAY: f32 = 0.6;

/// The flow became unphysical.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error(
    "the flow became unphysical after {step} steps ({time:.5} s) at {:.2} {:.2} {:.2} mm, {near}: {what}. \
     tau is {tau:.5}; {remedy}",
    place[0], place[1], place[2]
)]
pub struct Diverged {
    /// Step on this lattice.
    pub step: u64,
    /// Time on this lattice, s.
    pub time: f64,
    /// Position of the first bad site, mm.
    pub place: [f64; 3],
    /// The nearest opening and its distance.
    pub near: String,
    /// What is wrong there.
    pub what: String,
    /// Relaxation time.
    pub tau: f64,
    /// What to change.
    pub remedy: String,
}

/// What the monitor saw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sight {
    /// All is well; the fastest lattice velocity, and its site.
    Peak(f64, usize),
    /// A site whose numbers are not physical, and its lattice velocity (which may be NaN).
    Bad(usize, f64),
}

/// Looks at every fluid site.
#[must_use]
pub fn look(lattice: &Lattice, fields: &[&[f32]; FIELDS]) -> Sight {
    let block_peak = |block: usize| {
        let base = Lattice::base(block);
        let (mut worst, mut at) = (0.0f32, base);
        for lane in (0..LANES).filter(|lane| lattice.fluid[block] >> lane & 1 == 1) {
            let site = base + lane;
            let j = [fields[1][site], fields[2][site], fields[3][site]];
            let square = (j[0] * j[0] + j[1] * j[1] + j[2] * j[2]) / 9.0;
            // A sum is finite only if every number in it is.
            let sound = fields.iter().map(|field| field[site]).sum::<f32>().is_finite();
            let rank = if sound && square.is_finite() { square } else { f32::INFINITY };
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
    let speed = worst.sqrt();
    if speed > RUNAWAY { Sight::Bad(at, f64::from(speed)) } else { Sight::Peak(f64::from(speed), at) }
}

/// The message about a bad site.
#[must_use]
pub fn diverged(
    lattice: &Lattice,
    openings: &[(String, [f64; 3])],
    scale: &Scale,
    tau: f64,
    step: u64,
    bad: (usize, f64),
) -> Diverged {
    let (site, speed) = bad;
    let p = lattice.position(site);
    let distance = |c: &[f64; 3]| (0..3).map(|a| (c[a] - p[a]).powi(2)).sum::<f64>().sqrt();
    let nearest = openings.iter().min_by(|a, b| distance(&a.1).total_cmp(&distance(&b.1)));
    let near = nearest.map_or(String::new(), |(name, c)| format!("{:.1} mm from opening `{name}`", distance(c) * 1e3));
    let what = if speed.is_finite() {
        format!("velocity {:.2} m/s (Mach {:.2}, allowed below 1)", scale.velocity_to_si(speed), speed * 3f64.sqrt())
    } else {
        "a value is not finite".to_owned()
    };
    let remedy = format!(
        "use a finer lattice (a spacing of {:.4} mm instead of {:.4} mm), a smaller flow, or check the opening's condition",
        0.7e3 * lattice.grid.spacing,
        1e3 * lattice.grid.spacing
    );
    let time = scale.time_to_si(step as f64);
    Diverged { step, time, place: p.map(|x| x * 1e3), near, what, tau, remedy }
}
