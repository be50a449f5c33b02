//! What a branch would be without its lesions: the healthy diameter along it.
//!
//! The reference is a straight line in the length along the branch, `D(s) = a + b s`, through the equivalent diameters
//! of its cross-sections. Left out are sections where branches join and one radius next to them, and half a radius at
//! the vessel's ends. Of all lines through pairs of sections (and the level ones) that one is taken which most sections
//! lie near: a section within 12 % counts by Tukey's biweight, one farther above counts against the line, one farther
//! below not at all. It is then refined by least squares with Tukey's weights (Beaton and Tukey, Technometrics 16, 147,
//! 1974), at last with a width of 4.685 standard deviations of the healthy sections, at least 2 %. So it is a
//! regression over the healthy parts before and behind a lesion, which may take up to about half of the branch. Where
//! the healthy parts cover less than half of the branch's length the line is level, and nowhere does it leave the range
//! of the healthy diameters. Clinical practice interpolates between a proximal and a distal reference in the same way
//! (Reiber et al., Circulation 71, 280, 1985: the reference diameter function).

use super::line::Line;
use crate::analysis::profile::BranchProfile;

/// Shortest branch, in reference diameters without junctions, that tells what is healthy in it.
const SHORTEST: f64 = 1.5;

/// Least share of a branch's sections near its reference.
const LEAST_SHARE: f64 = 0.25;

/// Murray's sum of the branches behind a junction, over their parent, below which all of them are called narrow.
const NARROW: f64 = 0.8;

/// What a reference rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// A regression over the branch's own healthy sections.
    Healthy,
    /// The branch has less than 1.5 diameters of length outside its junctions: the reference is the median diameter of
    /// its inscribed spheres, and it is not graded.
    TooShort,
    /// The diameters vary so much that no line is near a quarter of them; not graded.
    Irregular,
}

/// The healthy diameter along a branch.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// What it rests on.
    pub basis: Basis,
    /// Share of the branch's sections that lie within 12 % of it.
    pub healthy_share: f64,
    /// By Murray's law, the diameter that this branch and its siblings together stand for at their junction over that
    /// of their parent: `(d1^3 + d2^3 + ...)^(1/3) / d0`; about 1 in healthy vessels. None for the first branch, and
    /// where one of them has no reference.
    pub murray: Option<f64>,
    line: Line,
    span: [f64; 2],
}

impl Reference {
    /// Healthy diameter at this length from the inlet, m.
    #[must_use]
    pub fn diameter(&self, arc: f64) -> f64 {
        self.line.at(arc)
    }

    /// Healthy diameter at the branch's two ends, m.
    #[must_use]
    pub fn ends(&self) -> [f64; 2] {
        self.span.map(|arc| self.diameter(arc))
    }

    /// Whether lesions of this branch can be graded.
    #[must_use]
    pub fn grades(&self) -> bool {
        self.basis == Basis::Healthy
    }

    /// Whether the branch is narrow all along beside its parent: that is no focal lesion, but may be a diffuse one.
    #[must_use]
    pub fn narrow_throughout(&self) -> bool {
        self.murray.is_some_and(|ratio| ratio < NARROW)
    }
}

/// The references of all branches, in their order.
#[must_use]
pub fn references(branches: &[BranchProfile]) -> Vec<Reference> {
    let mut found: Vec<Reference> = (0..branches.len()).map(|k| reference(branches, k)).collect();
    let ratios: Vec<Option<f64>> = (0..branches.len()).map(|k| murray(branches, &found, k)).collect();
    found.iter_mut().zip(ratios).for_each(|(reference, ratio)| reference.murray = ratio);
    found
}

/// Sections of a branch that are of its own lumen: not shared with others, and of a size.
pub(super) fn own(branch: &BranchProfile) -> Vec<bool> {
    let sound = |k: usize| branch.area[k].is_finite() && branch.area[k] > 0.0;
    (0..branch.len()).map(|k| !branch.shared.get(k).copied().unwrap_or(false) && sound(k)).collect()
}

fn reference(branches: &[BranchProfile], k: usize) -> Reference {
    let branch = &branches[k];
    // How many radii the ends keep away: a junction shapes more of the branch than an opening.
    let at_end = |joins: bool| if joins { 1.0 } else { 0.5 };
    let goes_on = branches.iter().any(|other| other.parent == Some(k));
    let keep = [at_end(branch.parent.is_some()), at_end(goes_on)];
    let own = own(branch);
    let point = |k: usize| (branch.arc[k], branch.diameter(k));
    let clear: Vec<(f64, f64)> =
        (0..branch.len()).filter(|&k| own[k] && is_clear(branch, &own, keep, k)).map(point).collect();
    let any: Vec<(f64, f64)> = (0..branch.len()).filter(|&k| own[k]).map(point).collect();
    let points = [clear, any].into_iter().find(|points| points.len() >= 3).unwrap_or_default();
    // A branch that is all junction still needs a size for the tube that sacs are told from.
    let inscribed = Line::level(2.0 * median(&branch.radius));
    let (line, healthy_share) = Line::through_most(&points).unwrap_or((inscribed, 0.0));
    let middle = branch.arc.get(branch.len() / 2).copied().unwrap_or(0.0);
    let length = own_length(branch, &own);
    let basis = if length < SHORTEST * line.at(middle) {
        Basis::TooShort
    } else if healthy_share < LEAST_SHARE {
        Basis::Irregular
    } else {
        Basis::Healthy
    };
    let line = if basis == Basis::TooShort { inscribed } else { line };
    let span = [branch.arc.first(), branch.arc.last()].map(|arc| arc.copied().unwrap_or(0.0));
    Reference { basis, healthy_share, murray: None, line, span }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

/// Length of the sections that are the branch's own, m.
fn own_length(branch: &BranchProfile, own: &[bool]) -> f64 {
    (1..branch.len()).filter(|&k| own[k] && own[k - 1]).map(|k| branch.arc[k] - branch.arc[k - 1]).sum()
}

/// Whether a section is one radius away from shared sections, and as many as asked for from the branch's ends.
fn is_clear(branch: &BranchProfile, own: &[bool], keep: [f64; 2], k: usize) -> bool {
    let far = |other: usize, radii: f64| (branch.arc[other] - branch.arc[k]).abs() >= radii * branch.radius[k];
    let ends = far(0, keep[0]) && far(branch.len() - 1, keep[1]);
    ends && (0..branch.len()).all(|other| own[other] || far(other, 1.0))
}

/// Murray's sum at the junction where branch `k` begins, over the diameter of its parent.
fn murray(branches: &[BranchProfile], references: &[Reference], k: usize) -> Option<f64> {
    let parent = branches[k].parent?;
    let siblings = (0..branches.len()).filter(|&other| branches[other].parent == Some(parent));
    let mut sum = 0.0;
    for child in siblings {
        let start = branches[child].arc.first()?;
        sum += Some(&references[child]).filter(|r| r.grades())?.diameter(*start).powi(3);
    }
    let end = branches.get(parent)?.arc.last()?;
    let own = Some(&references[parent]).filter(|r| r.grades())?.diameter(*end);
    Some(sum.cbrt() / own)
}
