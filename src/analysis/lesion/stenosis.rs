//! Narrowings: where a branch falls below its reference, how far, and what that costs.
//!
//! A lesion begins where the diameter falls 25 % below the reference (less is called minimal: CAD-RADS 2.0, Cury et
//! al., J. Cardiovasc. Comput. Tomogr. 16, 536, 2022) and spreads both ways to where it is 10 % below, so that one that
//! wavers about a threshold is found once. One section alone is no lesion: each counts with the median of itself and
//! its neighbours. Sections where branches join are left out; a lesion may reach up to them, and is then called ostial
//! at the beginning of a branch. A narrowing that goes on to an end of the vessel without widening again by half of its
//! depth is a narrow vessel and no focal lesion.
//!
//! Where a lesion reaches the end of a branch, one of its two references is missing. If the branch is wider there than
//! at the narrowest place by more than a lesion needs, that widest section is taken for the missing one: the reference
//! is then the straight line between it and the healthy part on the other side. A coarctation behind a narrow arch and
//! before a widened descending aorta is so graded by both, as a reader would do. Narrowest place and grade are those of
//! the parabola through the narrowest section and its neighbours.

use std::f64::consts::PI;

use super::reference::{Reference, own};
use crate::analysis::profile::BranchProfile;

/// Diameter reduction from which a narrowing is a lesion.
const BEGINS: f64 = 0.25;

/// Diameter reduction to which a lesion spreads.
const SPREADS: f64 = 0.10;

/// Most that the parabola may add to the narrowest section's reduction: where a step and no curve ends, it says
/// nothing.
const DEEPER: f64 = 0.01;

/// Reference diameters behind a lesion over which its jet's pressure recovers.
const RECOVERY: f64 = 10.0;

/// A narrowing of a branch.
#[derive(Clone, Debug, PartialEq)]
pub struct Stenosis {
    /// The branch, by its position among the profiles.
    pub branch: usize,
    /// Length of the way from the inlet to the narrowest place, m.
    pub arc: f64,
    /// The narrowest place, on the centreline, m.
    pub place: [f64; 3],
    /// Length over which the diameter is more than 10 % below the reference, m.
    pub length: f64,
    /// Where that begins and ends, as lengths of the way from the inlet, m.
    pub extent: [f64; 2],
    /// Diameter of the circle with the area of the narrowest cross-section, m. This is the one that is graded.
    pub diameter: f64,
    /// Diameter of the largest sphere that passes, m.
    pub inscribed_diameter: f64,
    /// Healthy diameter at the narrowest place, m.
    pub reference_diameter: f64,
    /// Whether it begins where the branch leaves its parent.
    pub ostial: bool,
    /// What the flow loses there; none where the profile holds no flow.
    pub across: Option<Across>,
}

/// The flow through a narrowing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Across {
    /// Flow, m^3/s.
    pub flow: f64,
    /// Mean pressure before the lesion less that recovered behind it, Pa.
    pub drop: f64,
    /// Mean pressure recovered behind the lesion over that at the inlet.
    pub ratio: f64,
    /// Length of the way from the inlet to where it has recovered, m.
    pub recovered: f64,
    /// Reynolds number of mean velocity and diameter at the narrowest place.
    pub reynolds: f64,
}

impl Stenosis {
    /// Diameter reduction as a fraction of the healthy diameter.
    #[must_use]
    pub fn diameter_reduction(&self) -> f64 {
        1.0 - self.diameter / self.reference_diameter
    }

    /// Area reduction as a fraction of the healthy area.
    #[must_use]
    pub fn area_reduction(&self) -> f64 {
        1.0 - (self.diameter / self.reference_diameter).powi(2)
    }
}

/// The narrowings of all branches, branch by branch and downstream within each. `references` are those of
/// [`super::references`], `nu` is the kinematic viscosity, m^2/s.
#[must_use]
pub fn stenoses(branches: &[BranchProfile], references: &[Reference], nu: f64) -> Vec<Stenosis> {
    let mut found = Vec::new();
    for (k, reference) in references.iter().enumerate().filter(|(_, reference)| reference.grades()) {
        let branch = &branches[k];
        let ends = branches.iter().all(|other| other.parent != Some(k));
        let mut lumen = Lumen::new(branch, reference, ends);
        lumen.complete();
        let regions = lumen.regions();
        for (at, region) in regions.iter().enumerate() {
            let next = regions.get(at + 1).map_or(branch.len() - 1, |next| next.first);
            found.push(lumen.lesion(k, region, next, nu));
        }
    }
    found
}

/// A run of sections.
#[derive(Clone, Copy, Debug)]
struct Region {
    first: usize,
    last: usize,
}

/// A branch beside its reference.
struct Lumen<'a> {
    branch: &'a BranchProfile,
    own: Vec<bool>,
    /// Healthy diameter, m.
    healthy: Vec<f64>,
    /// Diameter over the reference.
    part: Vec<f64>,
    /// Whether the branch ends at an end of the vessel.
    ends: bool,
}

impl<'a> Lumen<'a> {
    fn new(branch: &'a BranchProfile, reference: &'a Reference, ends: bool) -> Self {
        let healthy: Vec<f64> = branch.arc.iter().map(|&arc| reference.diameter(arc)).collect();
        let part = (0..branch.len()).map(|k| branch.diameter(k) / healthy[k]).collect();
        Self { branch, own: own(branch), healthy, part, ends }
    }

    /// Gives lesions that reach an end of the branch the reference that is missing there.
    fn complete(&mut self) {
        let (Some(first), Some(last)) = (self.own.iter().position(|own| *own), self.own.iter().rposition(|own| *own))
        else {
            return;
        };
        for region in self.regions() {
            let at = self.narrowest(&region);
            if region.first == first && region.last < last {
                self.lean(at, (region.first..=at).rev().collect(), region.last + 1);
            } else if region.last == last && region.first > first {
                self.lean(at, (at..=region.last).collect(), region.first - 1);
            }
        }
    }

    /// Draws the reference from the widest of the sections that lead from the narrowest one to the end of the branch to
    /// the healthy one on the other side, if it is wide enough.
    fn lean(&mut self, at: usize, toward: Vec<usize>, healthy: usize) {
        let by_size = |a: &&usize, b: &&usize| self.branch.diameter(**a).total_cmp(&self.branch.diameter(**b));
        let Some(&widest) = toward.iter().max_by(by_size) else { return };
        let (from, to) = (self.branch.diameter(widest), self.healthy[healthy]);
        if self.branch.diameter(at) >= (1.0 - BEGINS) * from {
            return;
        }
        let [start, end] = [widest, healthy].map(|k| self.branch.arc[k]);
        for k in toward.into_iter().chain(at.min(healthy)..=at.max(healthy)) {
            let along = ((self.branch.arc[k] - start) / (end - start)).clamp(0.0, 1.0);
            self.healthy[k] = from + along * (to - from);
            self.part[k] = self.branch.diameter(k) / self.healthy[k];
        }
    }

    /// Median of a section and its neighbours.
    fn smooth(&self, k: usize) -> f64 {
        let near = |other: usize| if self.own.get(other) == Some(&true) { self.part[other] } else { self.part[k] };
        let mut three = [near(k.wrapping_sub(1)), self.part[k], near(k + 1)];
        three.sort_by(f64::total_cmp);
        three[1]
    }

    fn regions(&self) -> Vec<Region> {
        let mut found = Vec::new();
        let mut k = 0;
        while k < self.part.len() {
            if !self.below(k, BEGINS) {
                k += 1;
                continue;
            }
            let first = (0..k).rev().take_while(|&other| self.below(other, SPREADS)).last().unwrap_or(k);
            let last = (k..self.part.len()).take_while(|&other| self.below(other, SPREADS)).last().unwrap_or(k);
            found.extend(Some(Region { first, last }).filter(|region| self.is_focal(region)));
            k = last + 1;
        }
        found
    }

    fn below(&self, k: usize, reduction: f64) -> bool {
        self.own[k] && self.smooth(k) < 1.0 - reduction
    }

    fn narrowest(&self, region: &Region) -> usize {
        let by_part = |a: &usize, b: &usize| self.part[*a].total_cmp(&self.part[*b]);
        (region.first..=region.last).min_by(by_part).unwrap_or(region.first)
    }

    /// Whether the branch widens again on both sides; a junction counts as wide.
    fn is_focal(&self, region: &Region) -> bool {
        let at = self.narrowest(region);
        let wide = 0.5 * (1.0 + self.part[at]);
        let widens =
            |mut sections: std::ops::RangeInclusive<usize>| sections.any(|k| self.own[k] && self.part[k] >= wide);
        let begins = self.branch.parent.is_some() || widens(0..=at);
        begins && (!self.ends || widens(at..=self.part.len() - 1))
    }

    fn lesion(&self, branch: usize, region: &Region, next: usize, nu: f64) -> Stenosis {
        let at = self.narrowest(region);
        let (shift, part) = self.parabola(at);
        let arc = self.at(&self.branch.arc, at, shift);
        let place = [0, 1, 2].map(|axis| {
            let along: Vec<f64> = self.branch.places.iter().map(|place| place[axis]).collect();
            self.at(&along, at, shift)
        });
        let reference_diameter = self.at(&self.healthy, at, shift);
        let diameter = part * reference_diameter;
        let radius = (region.first..=region.last).map(|k| self.branch.radius[k]).fold(f64::INFINITY, f64::min);
        let extent = self.extent(region);
        Stenosis {
            branch,
            arc,
            place,
            length: extent[1] - extent[0],
            extent,
            diameter,
            inscribed_diameter: 2.0 * radius,
            reference_diameter,
            ostial: self.branch.parent.is_some() && !(0..region.first).any(|k| self.own[k]),
            across: self.across(region, (at, diameter), next, nu),
        }
    }

    /// Where the parabola through a section and its neighbours has its least value (in steps from the section), and
    /// that value.
    fn parabola(&self, at: usize) -> (f64, f64) {
        let inside = at > 0 && at + 1 < self.part.len() && self.own[at - 1] && self.own[at + 1];
        if !inside {
            return (0.0, self.part[at]);
        }
        let [before, here, after] = [at - 1, at, at + 1].map(|k| self.part[k]);
        let bend = before - 2.0 * here + after;
        if bend <= 0.0 {
            return (0.0, here);
        }
        let shift = (0.5 * (before - after) / bend).clamp(-0.5, 0.5);
        let deeper = -0.5 * shift * (after - before) - 0.5 * shift * shift * bend;
        (shift, here - deeper.clamp(0.0, DEEPER))
    }

    /// A value `shift` steps from section `at`.
    fn at(&self, values: &[f64], at: usize, shift: f64) -> f64 {
        let other = if shift < 0.0 { at.saturating_sub(1) } else { (at + 1).min(values.len() - 1) };
        values[at] + shift.abs() * (values[other] - values[at])
    }

    /// Where a lesion begins and ends: between the last section outside and the first inside, where the line between
    /// their diameters crosses the threshold.
    fn extent(&self, region: &Region) -> [f64; 2] {
        let crossing = |inside: usize, outside: Option<usize>| {
            let here = self.branch.arc[inside];
            let Some(outside) = outside.filter(|k| self.own.get(*k) == Some(&true)) else { return here };
            let (from, to) = (self.part[inside], self.part[outside]);
            let part = if to > from { ((1.0 - SPREADS - from) / (to - from)).clamp(0.0, 1.0) } else { 0.0 };
            here + part * (self.branch.arc[outside] - here)
        };
        [crossing(region.first, region.first.checked_sub(1)), crossing(region.last, Some(region.last + 1))]
    }

    fn across(&self, region: &Region, (at, diameter): (usize, f64), next: usize, nu: f64) -> Option<Across> {
        let branch = self.branch;
        if branch.pressure.len() != branch.len() || branch.flow.len() != branch.len() {
            return None;
        }
        let before = region.first.saturating_sub(1);
        let far = branch.arc[region.last] + RECOVERY * self.healthy[region.last];
        let behind = (region.last..=next.max(region.last)).filter(|&k| k == region.last || branch.arc[k] <= far);
        let highest = behind.max_by(|&a, &b| branch.pressure[a].total_cmp(&branch.pressure[b]))?;
        let flow = branch.flow[at];
        Some(Across {
            flow,
            drop: branch.pressure[before] - branch.pressure[highest],
            ratio: branch.pressure_ratio.get(highest).copied().unwrap_or(f64::NAN),
            recovered: branch.arc[highest],
            reynolds: 4.0 * flow.abs() / (PI * nu * diameter),
        })
    }
}
