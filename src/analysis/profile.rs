//! What the flow is like along the branches of a vessel: flow, pressure and wall shear of every cross-section.
//!
//! The flow of a branch is what leaves through the openings downstream of it: blood is incompressible, so in a steady flow,
//! or the mean over a cycle, nothing else can be, and the openings' flows are those that the lattice counts exactly. The
//! integral of the velocity over the section agrees with it but for the rounding of the section to the lattice, and is
//! given beside it as a check.
//!
//! The pressure ratio is the mean pressure of a section over that of the inlet, both as absolute as the case states them:
//! with the flow of hyperaemia it is the computed counterpart of the fractional flow reserve (Pijls et al., N. Engl. J.
//! Med. 334, 1703, 1996). At rest, or at any other flow, it is not.

mod sample;

use rayon::prelude::*;

use crate::geometry::centreline::{Branch, Point, Tree};
use crate::geometry::lattice::Lattice;

/// A flow, steady or averaged over a cycle, SI.
pub struct Fields<'a> {
    /// The lattice that the sites belong to.
    pub lattice: &'a Lattice,
    /// Velocity (m/s) at a fluid site, by its padded index.
    pub velocity: &'a (dyn Fn(usize) -> [f64; 3] + Sync),
    /// Pressure (Pa) at a fluid site.
    pub pressure: &'a (dyn Fn(usize) -> f64 + Sync),
    /// Size of the wall shear (Pa) at every vertex of the vessel's wall.
    pub wss: &'a [f64],
    /// Flow into the vessel through every opening, m^3/s.
    pub flows: &'a [f64],
    /// Mean pressure over the inlet, Pa.
    pub inlet_pressure: f64,
}

/// The flow along one branch of a [`crate::geometry::centreline::Tree`]; all lists are as long as the branch has points,
/// from upstream to downstream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BranchProfile {
    /// Name of the branch.
    pub name: String,
    /// The branch upstream, by its position among the profiles of the tree; none for the first.
    pub parent: Option<usize>,
    /// Length of the way from the inlet, m.
    pub arc: Vec<f64>,
    /// Places on the centreline, m.
    pub places: Vec<[f64; 3]>,
    /// Radius of the largest inscribed sphere, m.
    pub radius: Vec<f64>,
    /// Area of the cross-section, m^2.
    pub area: Vec<f64>,
    /// Whether the cross-section belongs to several branches, because it lies where they join: its area is then not that
    /// of this branch's lumen.
    pub shared: Vec<bool>,
    /// Flow downstream, m^3/s.
    pub flow: Vec<f64>,
    /// Mean pressure over the cross-section, Pa.
    pub pressure: Vec<f64>,
    /// Mean pressure over that of the inlet.
    pub pressure_ratio: Vec<f64>,
    /// Mean size of the wall shear along the cross-section's edge, Pa.
    pub wss_mean: Vec<f64>,
    /// Largest size of the wall shear on the cross-section's edge, Pa.
    pub wss_max: Vec<f64>,
}

impl BranchProfile {
    /// Number of points.
    #[must_use]
    pub fn len(&self) -> usize {
        self.arc.len()
    }

    /// Whether the branch has no point.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.arc.is_empty()
    }

    /// Diameter of the circle with the area of cross-section `k`, m.
    #[must_use]
    pub fn diameter(&self, k: usize) -> f64 {
        2.0 * (self.area[k] / std::f64::consts::PI).sqrt()
    }
}

/// The profiles of all branches of a tree, in their order; and of each branch the flow (m^3/s) by the integral of the
/// velocity over every section, nought where there is none. Where no site lies near a section its pressure is that of the
/// section before it.
#[must_use]
pub fn profiles(tree: &Tree, fields: &Fields) -> (Vec<BranchProfile>, Vec<Vec<f64>>) {
    let mut found: Vec<BranchProfile> = Vec::with_capacity(tree.branches.len());
    let mut integrals = Vec::with_capacity(tree.branches.len());
    for (k, branch) in tree.branches.iter().enumerate() {
        let leaving = |&opening: &usize| -fields.flows.get(opening).copied().unwrap_or(0.0);
        let flow: f64 = tree.downstream(k).iter().map(leaving).sum();
        let upstream = branch.parent.and_then(|parent| found[parent].pressure.last().copied());
        let (profile, integral) = profile(branch, fields, flow, upstream.unwrap_or(fields.inlet_pressure));
        found.push(profile);
        integrals.push(integral);
    }
    (found, integrals)
}

/// The profile of a branch with this flow, below a section of pressure `upstream` (Pa), and the flow by the integral.
fn profile(branch: &Branch, fields: &Fields, flow: f64, upstream: f64) -> (BranchProfile, Vec<f64>) {
    let index = fields.lattice.index();
    let seen = |point: &Point| (sample::see(point, fields, &index), sample::along_rim(point, fields.wss));
    let seen: Vec<_> = branch.points.par_iter().with_min_len(4).map(seen).collect();
    let of = |value: fn(&Point) -> f64| branch.points.iter().map(value).collect::<Vec<f64>>();
    let mut last = upstream;
    let mut pressure = Vec::with_capacity(seen.len());
    for (found, _) in &seen {
        last = found.pressure.unwrap_or(last);
        pressure.push(last);
    }
    let profile = BranchProfile {
        name: branch.name.clone(),
        parent: branch.parent,
        arc: of(|point| point.arc),
        places: branch.points.iter().map(|point| point.place).collect(),
        radius: of(|point| point.radius),
        area: of(|point| point.area),
        shared: branch.points.iter().map(|point| point.shared).collect(),
        flow: vec![flow; branch.points.len()],
        pressure_ratio: pressure.iter().map(|p| ratio(*p, fields.inlet_pressure)).collect(),
        pressure,
        wss_mean: seen.iter().map(|(_, [mean, _])| *mean).collect(),
        wss_max: seen.iter().map(|(_, [_, most])| *most).collect(),
    };
    (profile, seen.iter().map(|(found, _)| found.flow).collect())
}

/// A pressure over that of the inlet; not a number where the inlet has none.
fn ratio(pressure: f64, inlet: f64) -> f64 {
    if inlet == 0.0 { f64::NAN } else { pressure / inlet }
}

#[cfg(test)]
mod tests;
