//! From triangles to a vessel: weld, take the caps off, orient, and give every free rim its opening.
//!
//! The order matters: caps go before orientation, because a cap that meets the wall imperfectly would make its edges
//! non-manifold, and they are not wanted anyway.

use std::collections::HashSet;

use nalgebra::Vector3;

use super::cap::{Cap, caps, covers, take_loose_caps};
use super::check::{Hole, NearestEnd, VesselError};
use super::edges::{Edges, components};
use super::labels;
use super::orient::{Orientation, orient};
use super::repair::Report;
use super::rim::{Rim, rims};
use super::surface::Surface;
use super::vessel::{Opening, Selector, Vessel};
use super::weld::{WeldReport, compact, retain, weld};
use super::winding::winding;

/// What was changed on the way from a file's triangles to a vessel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Repairs {
    /// Vertices and triangles merged or dropped.
    pub weld: WeldReport,
    /// Triangles that were turned to face outward.
    pub flipped: usize,
    /// Caps dropped because they lay over a free rim without being joined to it.
    pub loose_caps: usize,
    /// Closed pieces outside the vessel, dropped.
    pub debris: usize,
    /// Closed pieces inside the vessel, kept as obstacles.
    pub obstacles: usize,
    /// Ends that stay closed because no opening claims their cap (patch or flat piece).
    pub closed_ends: Vec<Rim>,
    /// What was made of a label map, where the surface comes from one.
    pub made: Option<labels::Report>,
    /// What was mended before, where the surface was not usable as it was.
    pub mended: Option<Report>,
}

impl Repairs {
    /// What was changed, one kind a line, with its number.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let weld = &self.weld;
        let counts = [
            (weld.near, "vertices welded within rounding"),
            (weld.degenerate, "collapsed triangles dropped"),
            (weld.duplicate, "repeated or folded triangles dropped"),
            (self.flipped, "triangles turned to face outward"),
            (self.loose_caps, "loose caps taken off"),
            (self.debris, "closed pieces outside the vessel dropped"),
            (self.obstacles, "closed pieces inside the vessel kept as obstacles"),
        ];
        let counted = counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
        counted.chain(self.mended.iter().flat_map(Report::lines)).collect()
    }
}

impl Vessel {
    /// Builds the vessel of `surface` whose openings are selected by `selectors` (name, selector), in that order.
    ///
    /// # Errors
    /// [`VesselError`]: every problem found, with its place.
    pub fn build(surface: Surface, selectors: &[(String, Selector)]) -> Result<Vessel, VesselError> {
        Self::build_reported(surface, selectors).map(|(vessel, _)| vessel)
    }

    /// The same, with what was repaired.
    ///
    /// # Errors
    /// As [`Vessel::build`].
    pub fn build_reported(
        surface: Surface,
        selectors: &[(String, Selector)],
    ) -> Result<(Vessel, Repairs), VesselError> {
        let (mut surface, weld) = weld(&surface);
        let mut repairs = Repairs { weld, ..Repairs::default() };
        if surface.triangles.is_empty() {
            return Err(VesselError::Empty);
        }
        let lids = take_patches(&mut surface, selectors)?;
        repairs.loose_caps = take_loose_caps(&mut surface).len();
        let orientation = orient(&mut surface);
        repairs.flipped = orientation.flipped;
        let edges = Edges::new(&surface.triangles);
        let mut problems = unsound(&surface, &edges, &orientation);
        let ends = Ends { rims: rims(&surface.vertices, &surface.triangles, &edges), caps: caps(&surface, &edges) };
        let claims = ends.claim(&surface, selectors, &lids, &mut problems);
        if let Some(error) = VesselError::from_problems(problems) {
            return Err(error);
        }
        repairs.closed_ends = ends.closed(&claims);
        let rims = ends.open(&mut surface, &claims);
        (repairs.debris, repairs.obstacles) = sort_pieces(&mut surface, &rims);
        let number = compact(&mut surface);
        let openings = selectors.iter().zip(rims).map(|((name, _), rim)| rim.named(name, &number)).collect();
        Ok((Vessel { wall: surface, openings }, repairs))
    }
}

impl Rim {
    /// The opening that this rim bounds; `number` gives the new number of each vertex.
    fn named(self, name: &str, number: &[u32]) -> Opening {
        Opening {
            name: name.to_owned(),
            rim: self.vertices.iter().map(|&v| number[v as usize]).collect(),
            centre: self.centre,
            normal: self.normal,
            area: self.area,
            unevenness: self.unevenness,
        }
    }
}

/// A patch that was taken off because an opening names it.
struct Lid {
    vertices: HashSet<u32>,
    centre: [f64; 3],
    area: f64,
}

/// Removes the patches that openings name; one entry a selector.
fn take_patches(surface: &mut Surface, selectors: &[(String, Selector)]) -> Result<Vec<Option<Lid>>, VesselError> {
    let mut owner: Vec<Option<usize>> = vec![None; surface.patches.len()];
    for (k, (opening, selector)) in selectors.iter().enumerate() {
        let Selector::Patch(patch) = selector else { continue };
        let index = patch_index(surface, opening, patch)?;
        if let Some(first) = owner[index].replace(k) {
            let (first, second) = (selectors[first].0.clone(), opening.clone());
            return Err(VesselError::PatchTwice { patch: patch.clone(), first, second });
        }
    }
    let mut lids: Vec<Option<Lid>> = selectors.iter().map(|_| None).collect();
    for (patch, owner) in (0u16..).zip(&owner) {
        if let &Some(k) = owner {
            lids[k] = Some(Lid::new(surface, patch));
        }
    }
    retain_patches(surface, &owner);
    Ok(lids)
}

fn retain_patches(surface: &mut Surface, owner: &[Option<usize>]) {
    let patch_of = surface.patch_of.clone();
    retain(surface, |t, _| owner[patch_of[t] as usize].is_none());
}

fn patch_index(surface: &Surface, opening: &str, patch: &str) -> Result<usize, VesselError> {
    let used: HashSet<u16> = surface.patch_of.iter().copied().collect();
    let found = surface.patches.iter().position(|name| name == patch).filter(|&p| used.contains(&(p as u16)));
    found.ok_or_else(|| {
        let known: Vec<String> = surface
            .patches
            .iter()
            .zip(0u16..)
            .filter(|(_, p)| used.contains(p))
            .map(|(name, _)| name.clone())
            .collect();
        let likeness = |name: &&String| strsim::jaro_winkler(&name.to_lowercase(), &patch.to_lowercase());
        let best = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        let similar = best.filter(|name| likeness(name) > 0.75).cloned();
        VesselError::UnknownPatch { opening: opening.to_owned(), patch: patch.to_owned(), similar, known }
    })
}

impl Lid {
    fn new(surface: &Surface, patch: u16) -> Self {
        let mut lid = Self { vertices: HashSet::new(), centre: [0.0; 3], area: 0.0 };
        let mut moment = Vector3::zeros();
        for t in (0..surface.triangles.len()).filter(|&t| surface.patch_of[t] == patch) {
            let area = surface.area_vector(t).norm();
            lid.area += area;
            for v in surface.triangles[t] {
                lid.vertices.insert(v);
                moment += area / 3.0 * surface.point(v);
            }
        }
        let any = lid.vertices.iter().next().map_or_else(Vector3::zeros, |&v| surface.point(v));
        lid.centre = if lid.area > 0.0 { moment / lid.area } else { any }.into();
        lid
    }
}

/// Non-manifold edges and one-sidedness.
pub(crate) fn unsound(surface: &Surface, edges: &Edges, orientation: &Orientation) -> Vec<VesselError> {
    let mut problems = Vec::new();
    let places: Vec<[f64; 3]> = edges.non_manifold().map(|edge| middle(surface, edges.ends(edge))).collect();
    if !places.is_empty() {
        problems.push(VesselError::NonManifold { count: places.len(), places: places.into_iter().take(5).collect() });
    }
    problems.extend(orientation.one_sided.map(|place| VesselError::OneSided { place }));
    problems
}

/// Middle of an edge, m.
fn middle(surface: &Surface, [a, b]: [u32; 2]) -> [f64; 3] {
    (0.5 * (surface.point(a) + surface.point(b))).into()
}

/// Everything that may be an opening: free rims, and caps that still are part of the surface.
struct Ends {
    rims: Vec<Rim>,
    caps: Vec<Cap>,
}

/// Which end an opening took.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Claim {
    Rim(usize),
    Cap(usize),
}

impl Ends {
    fn rim(&self, claim: Claim) -> &Rim {
        match claim {
            Claim::Rim(k) => &self.rims[k],
            Claim::Cap(k) => &self.caps[k].rim,
        }
    }

    fn widest(&self) -> f64 {
        self.rims.iter().map(Rim::equivalent_diameter).fold(0.0, f64::max)
    }

    /// Gives each selector its end, and adds to `problems` whatever does not fit one to one.
    fn claim(
        &self,
        surface: &Surface,
        selectors: &[(String, Selector)],
        lids: &[Option<Lid>],
        problems: &mut Vec<VesselError>,
    ) -> Vec<Claim> {
        let mut claims: Vec<(Claim, &str)> = Vec::new();
        for ((name, selector), lid) in selectors.iter().zip(lids) {
            let found = match (selector, lid) {
                (Selector::Near(place), _) => self.near(name, *place, surface.unit),
                (Selector::Patch(patch), Some(lid)) => self.under(name, patch, lid),
                (Selector::Patch(_), None) => continue,
            };
            match found {
                Err(problem) => problems.push(problem),
                Ok(claim) => {
                    if let Some((_, first)) = claims.iter().find(|(other, _)| *other == claim) {
                        let (first, second) = ((*first).to_owned(), name.clone());
                        let (place, diameter) = (self.rim(claim).centre, self.rim(claim).equivalent_diameter());
                        problems.push(VesselError::EndTwice { first, second, place, diameter });
                    }
                    claims.push((claim, name));
                }
            }
        }
        let claims: Vec<Claim> = claims.into_iter().map(|(claim, _)| claim).collect();
        let unclaimed = self.rims.iter().enumerate().filter(|(k, _)| !claims.contains(&Claim::Rim(*k)));
        let unclaimed: Vec<&Rim> = unclaimed.map(|(_, rim)| rim).collect();
        let holes = Hole::group(&unclaimed, surface.unit, self.widest());
        let split = problems.iter().any(|problem| matches!(problem, VesselError::PatchOfSeveralEnds { .. }));
        if !holes.is_empty() && !split {
            problems.push(VesselError::Unclaimed { holes });
        } else if selectors.is_empty() && holes.is_empty() {
            problems.push(VesselError::NoOpening);
        }
        claims
    }

    /// The free rim at a place; where there is none within one diameter, the cap there.
    fn near(&self, opening: &str, place: [f64; 3], unit: f64) -> Result<Claim, VesselError> {
        let distance = |claim: Claim| (Vector3::from(self.rim(claim).centre) - Vector3::from(place)).norm();
        let nearest = |ends: &mut dyn Iterator<Item = Claim>| ends.min_by(|&a, &b| distance(a).total_cmp(&distance(b)));
        let widest = self.widest();
        let sound = nearest(&mut (0..self.rims.len()).filter(|&k| !self.rims[k].is_flaw(widest)).map(Claim::Rim));
        let any = nearest(&mut (0..self.rims.len()).map(Claim::Rim));
        let cap = nearest(&mut (0..self.caps.len()).map(Claim::Cap));
        let fits = |claim: &Claim| distance(*claim) <= self.rim(*claim).equivalent_diameter();
        if let Some(claim) = [sound, any, cap].into_iter().flatten().find(fits) {
            return Ok(claim);
        }
        let nearest = nearest(&mut [sound, cap].into_iter().flatten()).map(|claim| {
            let rim = self.rim(claim);
            let (place, near) = (rim.centre, rim.centre.map(|x| x / unit));
            NearestEnd { distance: distance(claim), place, near, diameter: rim.equivalent_diameter() }
        });
        Err(VesselError::NothingNear { opening: opening.to_owned(), place, nearest })
    }

    /// The free rim that a patch left behind or, where it shares no vertex with the wall, lies over.
    fn under(&self, opening: &str, patch: &str, lid: &Lid) -> Result<Claim, VesselError> {
        let shared = |rim: &Rim| rim.vertices.iter().filter(|v| lid.vertices.contains(v)).count();
        let left: Vec<usize> =
            (0..self.rims.len()).filter(|&k| 2 * shared(&self.rims[k]) > self.rims[k].vertices.len()).collect();
        let (opening, patch) = (opening.to_owned(), patch.to_owned());
        match left.as_slice() {
            &[k] => Ok(Claim::Rim(k)),
            [] => {
                let apart = |rim: &Rim| (Vector3::from(rim.centre) - Vector3::from(lid.centre)).norm();
                let nearest =
                    (0..self.rims.len()).min_by(|&a, &b| apart(&self.rims[a]).total_cmp(&apart(&self.rims[b])));
                let own = |&k: &usize| {
                    let rim = &self.rims[k];
                    covers(&Rim { centre: lid.centre, area: lid.area, ..rim.clone() }, rim)
                };
                let problem = VesselError::PatchWithoutEnd { opening, patch, place: lid.centre };
                nearest.filter(own).map(Claim::Rim).ok_or(problem)
            }
            several => {
                let places = several.iter().map(|&k| self.rims[k].centre).collect();
                Err(VesselError::PatchOfSeveralEnds { opening, patch, places })
            }
        }
    }

    /// Rims of the caps that nobody claims.
    fn closed(&self, claims: &[Claim]) -> Vec<Rim> {
        let unclaimed = self.caps.iter().enumerate().filter(|(k, _)| !claims.contains(&Claim::Cap(*k)));
        unclaimed.map(|(_, cap)| cap.rim.clone()).collect()
    }

    /// Takes the claimed caps off; returns the rim of each claim.
    fn open(&self, surface: &mut Surface, claims: &[Claim]) -> Vec<Rim> {
        let mut gone = HashSet::new();
        for claim in claims {
            if let Claim::Cap(k) = claim {
                gone.extend(self.caps[*k].triangles.iter().copied());
            }
        }
        retain(surface, |t, _| !gone.contains(&(t as u32)));
        claims.iter().map(|&claim| self.rim(claim).clone()).collect()
    }
}

/// Drops closed pieces outside the vessel and turns those inside it, whose outside is the vessel's inside; returns
/// how many of each.
fn sort_pieces(surface: &mut Surface, ends: &[Rim]) -> (usize, usize) {
    let (piece_of, pieces) = components(&surface.triangles, surface.vertices.len());
    let rim_vertices: HashSet<u32> = ends.iter().flat_map(|rim| rim.vertices.iter().copied()).collect();
    let mut is_vessel = vec![false; pieces];
    for (corners, &piece) in surface.triangles.iter().zip(&piece_of) {
        is_vessel[piece as usize] |= corners.iter().any(|v| rim_vertices.contains(v));
    }
    if is_vessel.iter().all(|&yes| yes) {
        return (0, 0);
    }
    let mut inside = vec![false; pieces];
    let mut probed = is_vessel.clone();
    for t in 0..piece_of.len() {
        let piece = piece_of[t] as usize;
        if !probed[piece] {
            probed[piece] = true;
            let probe = surface.point(surface.triangles[t][0]);
            inside[piece] = winding(surface, ends, |t| is_vessel[piece_of[t] as usize], probe).abs() > 0.5;
        }
    }
    for (corners, &piece) in surface.triangles.iter_mut().zip(&piece_of) {
        if inside[piece as usize] {
            corners.swap(1, 2);
        }
    }
    retain(surface, |t, _| is_vessel[piece_of[t] as usize] || inside[piece_of[t] as usize]);
    let obstacles = inside.iter().filter(|&&inside| inside).count();
    (is_vessel.iter().filter(|&&vessel| !vessel).count() - obstacles, obstacles)
}
