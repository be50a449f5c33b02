//! Openings: what comes in through a lid.
//!
//! A flow or velocity is imposed like a wall that moves with the fluid: the interpolated bounce-back of
//! [`super::link`] with the profile's velocity at the point where the link meets the lid. A pressure is imposed as the
//! equilibrium of that pressure and of the site's own velocity, projected on the normal; where fluid would come back in
//! through an outlet, it does so no faster than the mean over the opening, and in a steady flow not at all, which keeps
//! vortices that leave the vessel from feeding on themselves.
//!
//! A velocity is the profile's value times the opening's mean, and, where it changes in time with a profile that changes
//! too, a sum of further modes with amplitudes of their own ([`Modes`]).

use super::moments::{Moments, population};
use crate::geometry::lattice::directions::{C, opposite, weight};
use crate::geometry::lattice::{IoletLink, NOWHERE};

/// What an opening imposes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Velocity of the profile's mean.
    Velocity,
    /// Density deviation; fluid may leave only.
    Outlet,
    /// Density deviation; fluid may pass both ways.
    Reservoir,
}

/// An opening's condition in lattice units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Iolet {
    /// What `value` means.
    pub kind: Kind,
    /// Mean velocity into the vessel, or density deviation.
    pub value: f32,
    /// Unit normal out of the vessel.
    pub normal: [f32; 3],
    /// The least velocity out of the vessel that an outlet lets pass; 0 or less.
    pub floor: f32,
}

/// Velocity modes beside the opening's profile.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Modes {
    /// Of each opening, the first of its amplitudes and their number.
    pub spans: Vec<(u32, u32)>,
    /// Of each opening link, where its coefficients begin.
    pub first: Vec<u32>,
    /// Velocity coefficients ([`coefficient`]), one a mode of the link's opening.
    pub coefficients: Vec<f32>,
}

impl Modes {
    /// The term of a link that its opening's modes add, for their amplitudes.
    #[must_use]
    pub fn term(&self, k: usize, link: &IoletLink, amplitudes: &[f32]) -> f32 {
        let Some(&(first, count)) = self.spans.get(link.iolet as usize) else { return 0.0 };
        let mut term = 0.0;
        for m in 0..count {
            term += self.coefficients[(self.first[k] + m) as usize] * amplitudes[(first + m) as usize];
        }
        term
    }

    /// Number of amplitudes.
    #[must_use]
    pub fn amplitudes(&self) -> usize {
        self.spans.iter().map(|(_, count)| *count as usize).sum()
    }
}

/// Velocity coefficient of a link: the term `2 w rho 3 c_opp.u` of a mean velocity of 1 into the vessel, without w.
#[must_use]
pub fn coefficient(link: &IoletLink, normal: [f32; 3], profile: f32) -> f32 {
    let c = C[link.direction as usize];
    6.0 * profile * (0..3).map(|a| c[a] as f32 * normal[a]).sum::<f32>()
}

/// The population over its weight that comes in along the opposite of the link. `term` is `2 rho 3 c_opp.u` of the
/// velocity where the link meets the lid, `own` and `behind` are the states of the link's two sites before the step.
#[must_use]
pub fn incoming(link: &IoletLink, iolet: &Iolet, term: f32, own: &Moments, behind: Option<&Moments>) -> f32 {
    let q = link.direction as usize;
    let back = opposite(q);
    match iolet.kind {
        Kind::Velocity => {
            let out = population(own, q);
            match behind {
                None => out + term,
                Some(behind) => {
                    let sum = out + population(own, back);
                    let onward = population(behind, q);
                    (link.delta * sum + (1.0 - link.delta) * onward + term) / (1.0 + link.delta)
                }
            }
        }
        Kind::Outlet | Kind::Reservoir => {
            let n = iolet.normal;
            let mut speed = (own[1] * n[0] + own[2] * n[1] + own[3] * n[2]) / 3.0;
            if iolet.kind == Kind::Outlet {
                speed = speed.max(iolet.floor);
            }
            let c = C[back];
            let cn = c[0] as f32 * n[0] + c[1] as f32 * n[1] + c[2] as f32 * n[2];
            let cj = cn * speed;
            iolet.value + 3.0 * cj + 4.5 * cj * cj - 1.5 * speed * speed
        }
    }
}

/// The link's site behind as an option.
#[must_use]
pub fn behind(link: &IoletLink) -> Option<usize> {
    (link.behind != NOWHERE).then_some(link.behind as usize)
}

/// Mass that a link carries into the vessel in a step, lattice units.
#[must_use]
pub fn influx(link: &IoletLink, incoming: f32, own: &Moments) -> f64 {
    let q = link.direction as usize;
    f64::from(weight(q)) * (f64::from(incoming) - f64::from(population(own, q)))
}
