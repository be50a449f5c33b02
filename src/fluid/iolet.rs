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

use super::lanes::Lanes;
use crate::geometry::lattice::IoletLink;
use crate::geometry::lattice::directions::C;

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
    /// What the modes of an opening add to the term of link `k`, one of its links, for their amplitudes.
    #[inline]
    #[must_use]
    pub fn term(&self, k: usize, iolet: usize, amplitudes: &[f32]) -> f32 {
        let Some(&(first, count)) = self.spans.get(iolet) else { return 0.0 };
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

/// What comes back through a lid with a velocity, over its weight: `sum` is the population that leaves the site and its
/// opposite, `onward` the population of the site behind along the link, all before the step; `term` is `2 rho 3 c_opp.u`
/// of the velocity where the link meets the lid. Without a site behind it is the population that leaves plus the term.
#[inline(always)]
pub fn moving<L: Lanes>(delta: L, sum: L, onward: L, term: L) -> L {
    let one = L::splat(1.0);
    let back = delta.mul(sum).add(one.sub(delta).mul(onward));
    back.add(term).mul(one.add(delta).reciprocal())
}

/// What comes in along `back` through a lid with a pressure, over its weight: `momentum` is the site's as it is stored,
/// three times the velocity.
#[inline(always)]
pub fn open<L: Lanes>(iolet: &Iolet, back: usize, momentum: [L; 3]) -> L {
    let ([x, y, z], n, c) = (momentum, iolet.normal, C[back]);
    let along = x.mul(L::splat(n[0])).add(y.mul(L::splat(n[1]))).add(z.mul(L::splat(n[2])));
    let mut speed = along.mul(L::splat(1.0 / 3.0));
    if iolet.kind == Kind::Outlet {
        speed = speed.max(L::splat(iolet.floor));
    }
    let cn = c[0] as f32 * n[0] + c[1] as f32 * n[1] + c[2] as f32 * n[2];
    let cj = speed.mul(L::splat(cn));
    let linear = L::splat(iolet.value).add(cj.mul(L::splat(3.0)));
    linear.add(cj.mul(L::splat(4.5)).mul(cj)).sub(speed.mul(L::splat(1.5)).mul(speed))
}
