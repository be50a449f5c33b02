//! Sacs: parts of the wall that lie far outside the healthy tube.
//!
//! The healthy tube runs along the centrelines with the reference diameter of each branch ([`super::references`]).
//! Where a sac draws the centreline toward itself (cross-section or inscribed sphere a quarter wider than healthy), the
//! axis of the tube is bridged by a cubic curve between the healthy places before and behind. With `q` the distance of
//! a vertex of the wall from the nearest branch's axis over that branch's radius, a sac is a connected part of the wall
//! with `q > 1.2` that holds an area of at least half a healthy cross-section with `q > 1.6`. Its edge is the neck: one
//! loop about a sac on the side of the vessel, two where the vessel itself is widened all round (fusiform).
//!
//! The volume is that between the sac and a fan over its neck's loop; of a fusiform aneurysm that between its two loops
//! less the healthy tube's. Low shear is a time-averaged wall shear below 0.4 Pa, where endothelium takes on the
//! phenotype prone to disease (Malek, Alper and Izumo, JAMA 282, 2035, 1999).

use std::f64::consts::PI;

use nalgebra::Vector3;
use rayon::prelude::*;

use super::reference::{Reference, own};
use super::sac::{Part, parts, widest};
use crate::analysis::profile::BranchProfile;
use crate::geometry::surface::Surface;

/// Wall shear below which the wall of a sac is called low-shear, Pa.
pub const LOW_SHEAR: f64 = 0.4;

/// Distance from the axis, in healthy radii, beyond which the wall is that of a sac.
const SEED: f64 = 1.6;

/// Distance down to which a sac spreads: its neck.
const NECK: f64 = 1.2;

/// Width over the healthy one beyond which the centreline is not that of the healthy vessel.
const DRAWN: f64 = 1.25;

/// The wall that sacs are looked for on.
#[derive(Clone, Copy, Debug)]
pub struct Wall<'a> {
    /// The wall, open at the vessel's ends.
    pub surface: &'a Surface,
    /// Size of the (time-averaged) wall shear at its vertices, Pa; none before a run.
    pub shear: Option<&'a [f64]>,
}

/// A sac, or a widening all round.
#[derive(Clone, Debug, PartialEq)]
pub struct Aneurysm {
    /// The branch that it sits on, by its position among the profiles.
    pub branch: usize,
    /// Length of the way from the inlet to the place on the branch nearest to the neck's middle, m.
    pub arc: f64,
    /// The neck's middle; of a fusiform aneurysm that between its two ends, m.
    pub place: [f64; 3],
    /// Whether the vessel is widened all round.
    pub fusiform: bool,
    /// Diameter of the circle with the neck's area; of a fusiform aneurysm its length between the ends, m.
    pub neck: f64,
    /// Largest distance between two places of the sac; of a fusiform aneurysm the largest diameter of a circle with a
    /// cross-section's area, m.
    pub max_diameter: f64,
    /// Healthy diameter of the branch there, m.
    pub reference_diameter: f64,
    /// Volume beyond the healthy vessel, m^3.
    pub volume: f64,
    /// Area of the sac's wall with a shear below [`LOW_SHEAR`], m^2; none before a run.
    pub low_shear_area: Option<f64>,
    /// Area of the sac's wall, m^2.
    pub area: f64,
}

/// The sacs of a vessel, the largest first. `references` are those of [`super::references`]. Runs on
/// all threads.
#[must_use]
pub fn aneurysms(branches: &[BranchProfile], references: &[Reference], wall: &Wall) -> Vec<Aneurysm> {
    let tube = Tube::new(branches, references);
    if tube.pieces.is_empty() {
        return Vec::new();
    }
    let surface = wall.surface;
    let near: Vec<Near> = surface.vertices.par_iter().map(|v| tube.near(Vector3::from(*v))).collect();
    let beyond = |limit: f64| near.iter().map(|near| near.part > limit).collect::<Vec<_>>();
    let (seed, reach) = (beyond(SEED), beyond(NECK));
    let mut found: Vec<Aneurysm> = parts(surface, &seed, &reach)
        .iter()
        .filter_map(|part| {
            let place = part.loops.first()?.centre;
            let at = tube.near(place);
            let out = part.area(surface, |corners| corners.iter().all(|&v| seed[v as usize]));
            let large = out >= 0.5 * PI * at.radius * at.radius;
            large.then(|| measure(branches, references, wall, (part, &tube)))
        })
        .collect();
    found.sort_by(|a, b| b.volume.total_cmp(&a.volume));
    found
}

fn measure(
    branches: &[BranchProfile],
    references: &[Reference],
    wall: &Wall,
    (part, tube): (&Part, &Tube),
) -> Aneurysm {
    let surface = wall.surface;
    let (first, second) = (&part.loops[0], part.loops.get(1));
    // Two loops of like length about one branch are its ends; a short one beside a long one is a ripple of the edge.
    let other = second.filter(|second| second.perimeter > 0.5 * first.perimeter);
    let place = other.map_or(first.centre, |other| 0.5 * (first.centre + other.centre));
    let at = tube.near(place);
    let low = |shear: &[f64]| {
        part.area(surface, |corners| corners.iter().map(|&v| shear[v as usize]).sum::<f64>() < 3.0 * LOW_SHEAR)
    };
    let whole = part.volume(surface);
    let (neck, max_diameter, volume) = match other {
        None => (2.0 * (first.area.norm() / PI).sqrt(), widest(&part.places(surface)), whole),
        Some(other) => {
            let ends = [first, other].map(|l| tube.near(l.centre).arc);
            let length = (ends[0] - ends[1]).abs();
            let profile = &branches[at.branch];
            let between = |k: &usize| (profile.arc[*k] - ends[0]) * (profile.arc[*k] - ends[1]) <= 0.0;
            let widest = (0..profile.len()).filter(between).map(|k| profile.diameter(k)).fold(0.0, f64::max);
            (length, widest, whole - PI * at.radius * at.radius * length)
        }
    };
    Aneurysm {
        branch: at.branch,
        arc: at.arc,
        place: place.into(),
        fusiform: other.is_some(),
        neck,
        max_diameter,
        reference_diameter: references[at.branch].diameter(at.arc),
        volume,
        low_shear_area: wall.shear.filter(|shear| shear.len() == surface.vertices.len()).map(low),
        area: part.area(surface, |_| true),
    }
}

/// A straight piece of the healthy tube's axis.
struct Piece {
    branch: usize,
    from: Vector3<f64>,
    along: Vector3<f64>,
    arc: [f64; 2],
    radius: [f64; 2],
}

/// The healthy vessel.
struct Tube {
    pieces: Vec<Piece>,
    groups: Vec<Group>,
}

/// Pieces that follow each other, in a ball: most of them are too far from a place to look at one by one.
struct Group {
    centre: Vector3<f64>,
    reach: f64,
    widest: f64,
    pieces: std::ops::Range<usize>,
}

/// Pieces in a group.
const TOGETHER: usize = 16;

impl Group {
    fn new(pieces: &[Piece], first: usize) -> Self {
        let ends = || pieces.iter().flat_map(|piece| [piece.from, piece.from + piece.along]);
        let centre = ends().sum::<Vector3<f64>>() / (2 * pieces.len()) as f64;
        let reach = ends().map(|end| (end - centre).norm()).fold(0.0, f64::max);
        let widest = pieces.iter().flat_map(|piece| piece.radius).fold(1e-12, f64::max);
        Self { centre, reach, widest, pieces: first..first + pieces.len() }
    }
}

/// Where a place lies beside the tube.
struct Near {
    /// Distance from the axis over the radius there.
    part: f64,
    branch: usize,
    arc: f64,
    radius: f64,
}

impl Tube {
    fn new(branches: &[BranchProfile], references: &[Reference]) -> Self {
        let mut pieces = Vec::new();
        for (k, (branch, reference)) in branches.iter().zip(references).enumerate() {
            let axis = axis(branch, reference);
            let radius = |i: usize| 0.5 * reference.diameter(branch.arc[i]).max(0.0);
            pieces.extend((1..branch.len()).map(|i| Piece {
                branch: k,
                from: axis[i - 1],
                along: axis[i] - axis[i - 1],
                arc: [branch.arc[i - 1], branch.arc[i]],
                radius: [radius(i - 1), radius(i)],
            }));
        }
        let groups = pieces.chunks(TOGETHER).enumerate().map(|(k, group)| Group::new(group, k * TOGETHER)).collect();
        Self { pieces, groups }
    }

    fn near(&self, place: Vector3<f64>) -> Near {
        let mut best = Near { part: f64::INFINITY, branch: 0, arc: 0.0, radius: 0.0 };
        let near = |group: &Group, best: f64| (place - group.centre).norm() - group.reach < best * group.widest;
        for group in &self.groups {
            if near(group, best.part) {
                self.nearest_of(group, place, &mut best);
            }
        }
        best
    }

    fn nearest_of(&self, group: &Group, place: Vector3<f64>, best: &mut Near) {
        for piece in &self.pieces[group.pieces.clone()] {
            let off = place - piece.from;
            let t = (off.dot(&piece.along) / piece.along.norm_squared().max(1e-30)).clamp(0.0, 1.0);
            let radius = piece.radius[0] + t * (piece.radius[1] - piece.radius[0]);
            let part = (off - piece.along * t).norm() / radius.max(1e-12);
            if part < best.part {
                let arc = piece.arc[0] + t * (piece.arc[1] - piece.arc[0]);
                *best = Near { part, branch: piece.branch, arc, radius };
            }
        }
    }
}

/// The centreline with bridges over what a sac has drawn out of place.
fn axis(branch: &BranchProfile, reference: &Reference) -> Vec<Vector3<f64>> {
    let own = own(branch);
    let wide = |k: usize| {
        let healthy = reference.diameter(branch.arc[k]);
        own[k] && (branch.diameter(k) > DRAWN * healthy || 2.0 * branch.radius[k] > DRAWN * healthy)
    };
    let mut axis: Vec<Vector3<f64>> = branch.places.iter().map(|place| Vector3::from(*place)).collect();
    let mut k = 0;
    while k < axis.len() {
        let run = (k..axis.len()).take_while(|&other| wide(other)).count();
        // One more place on either side, where the way already bends toward the sac.
        let (before, after) = (k.saturating_sub(2), k + run + 1);
        if run > 0 && k >= 3 && after + 1 < axis.len() {
            bridge(&mut axis, &branch.arc, before, after);
        }
        k += run.max(1);
    }
    axis
}

/// Replaces the places between two by the cubic curve that goes on with their directions.
fn bridge(axis: &mut [Vector3<f64>], arc: &[f64], before: usize, after: usize) {
    let span = arc[after] - arc[before];
    let slope = |k: usize, other: usize| (axis[other] - axis[k]) / (arc[other] - arc[k]);
    let (from, to) = (axis[before], axis[after]);
    let (out, into) = (slope(before - 1, before) * span, slope(after, after + 1) * span);
    let inner = before + 1..after;
    for (place, arc_here) in axis[inner.clone()].iter_mut().zip(&arc[inner]) {
        let t = (arc_here - arc[before]) / span;
        let (a, b) = (t * t * (3.0 - 2.0 * t), t * (1.0 - t));
        *place = from * (1.0 - a) + to * a + out * (b * (1.0 - t)) - into * (b * t);
    }
}
