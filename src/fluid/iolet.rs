//! Openings: what comes in through a lid.
//!
//! A flow or velocity is imposed like a wall that moves with the fluid: the interpolated bounce-back of
//! [`super::link`] with the profile's velocity at the point where the link meets the lid. A pressure is imposed as the
//! equilibrium of that pressure and of the site's own velocity, projected on the normal; where fluid would come back in
//! through an outlet its velocity is taken as nought, which keeps vortices that leave the vessel from feeding on
//! themselves.

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
}

/// Velocity coefficient of a link: the term `2 w rho 3 c_opp.u` of a mean velocity of 1 into the vessel, without w.
#[must_use]
pub fn coefficient(link: &IoletLink, normal: [f32; 3], profile: f32) -> f32 {
    let c = C[link.direction as usize];
    6.0 * profile * (0..3).map(|a| c[a] as f32 * normal[a]).sum::<f32>()
}

/// The population over its weight that comes in along the opposite of the link. `own` and `behind` are the states of
/// the link's two sites before the step.
#[must_use]
pub fn incoming(link: &IoletLink, iolet: &Iolet, coefficient: f32, own: &Moments, behind: Option<&Moments>) -> f32 {
    let q = link.direction as usize;
    let back = opposite(q);
    match iolet.kind {
        Kind::Velocity => {
            let term = coefficient * iolet.value;
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
                speed = speed.max(0.0);
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
