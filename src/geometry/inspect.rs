//! What is known of a surface before any opening is named: size, soundness, and its ends.

use std::ops::RangeInclusive;

use super::build::unsound;
use super::cap::{caps, covers, take_loose_caps};
use super::check::{Hole, PHYSIOLOGICAL, PHYSIOLOGICAL_BOX, VesselError, fitting_units};
use super::edges::{Edges, components};
use super::orient::{orient, volume};
use super::repair::{Limits, RepairError, Report, pieces_cross, repair};
use super::rim::{Rim, rims};
use super::surface::Surface;
use super::vessel::{Opening, Selector};
use super::weld::{WeldReport, weld};

/// What an end is likely to be in an artery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Blood enters: the patch's name says so or, where no name does, it is the widest end.
    Inlet,
    /// Blood leaves.
    Outlet,
}

/// An end of a surface.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundEnd {
    /// The end as geometry; the rim indexes [`Inspection::surface`].
    pub opening: Opening,
    /// What selects it in a case.
    pub selector: Selector,
    /// Whether the surface is closed there by a cap.
    pub capped: bool,
    /// What it is likely to be.
    pub role: Role,
}

/// The result of [`inspect`].
#[derive(Clone, Debug, PartialEq)]
pub struct Inspection {
    /// The surface welded and oriented, loose caps taken off.
    pub surface: Surface,
    /// What welding did.
    pub weld: WeldReport,
    /// Triangles that were turned to face outward.
    pub flipped: usize,
    /// Caps that lay over a free rim without being joined to it.
    pub loose_caps: usize,
    /// Connected pieces.
    pub components: usize,
    /// Least and greatest coordinates, m.
    pub bounds: [[f64; 3]; 2],
    /// Enclosed volume, free rims closed, m^3.
    pub volume: f64,
    /// Edges of one triangle.
    pub free_edges: usize,
    /// What keeps it from having an inside.
    pub problems: Vec<VesselError>,
    /// The ends, the widest first.
    pub ends: Vec<FoundEnd>,
    /// Pinholes and tears.
    pub flaws: Vec<Hole>,
    /// What was mended before, where the surface was not usable as it was.
    pub mended: Option<Report>,
    /// Why it was not, where that was tried.
    pub unmended: Option<RepairError>,
}

impl Inspection {
    /// What the unit is judged by: the widest end's equivalent diameter or, without an end, the diagonal of the box,
    /// m; and the range that is physiological for it.
    #[must_use]
    pub fn size(&self) -> (f64, RangeInclusive<f64>) {
        let [low, high] = self.bounds;
        let diagonal = || (0..3).map(|k| (high[k] - low[k]).powi(2)).sum::<f64>().sqrt();
        self.ends
            .first()
            .map_or_else(|| (diagonal(), PHYSIOLOGICAL_BOX), |end| (end.opening.equivalent_diameter(), PHYSIOLOGICAL))
    }

    /// Whether the surface has a physiological size in the unit assumed.
    #[must_use]
    pub fn unit_is_plausible(&self) -> bool {
        let (size, physiological) = self.size();
        physiological.contains(&size)
    }

    /// Units with which the surface would have a physiological size.
    #[must_use]
    pub fn fitting_units(&self) -> Vec<&'static str> {
        let (size, physiological) = self.size();
        fitting_units(size / self.surface.unit, &physiological)
    }

    /// Why the surface is not usable as it is, if it is not.
    #[must_use]
    pub fn error(&self) -> Option<VesselError> {
        let flaws = Some(self.flaws.clone()).filter(|flaws| !flaws.is_empty());
        let mut problems = self.problems.clone();
        problems.extend(flaws.map(|holes| VesselError::Unclaimed { holes }));
        VesselError::from_problems(problems)
    }
}

/// The ends of a surface: free rims, patches that look like caps, and flat caps; the largest area first.
#[must_use]
pub fn find_openings(surface: &Surface) -> Vec<Opening> {
    inspect(surface).ends.into_iter().map(|end| end.opening).collect()
}

/// Looks a surface over.
#[must_use]
pub fn inspect(surface: &Surface) -> Inspection {
    let (mut surface, weld) = weld(surface);
    let loose = take_loose_caps(&mut surface);
    let orientation = orient(&mut surface);
    let edges = Edges::new(&surface.triangles);
    let mut problems = unsound(&surface, &edges, &orientation);
    problems.extend(Some(VesselError::Empty).filter(|_| surface.triangles.is_empty()));
    let rims = rims(&surface.vertices, &surface.triangles, &edges);
    let widest = rims.iter().map(Rim::equivalent_diameter).fold(0.0, f64::max);
    let (flaws, sound): (Vec<&Rim>, Vec<&Rim>) = rims.iter().partition(|rim| rim.is_flaw(widest));
    let named = |patch: Option<u16>| patch.map(|patch| surface.patches[patch as usize].clone());
    let mut ends: Vec<(Rim, Option<String>, bool)> = Vec::new();
    for rim in sound {
        let cap = loose.iter().find(|cap| covers(&cap.rim, rim));
        ends.push((rim.clone(), cap.and_then(|cap| named(cap.patch)), false));
    }
    ends.extend(caps(&surface, &edges).into_iter().map(|cap| (cap.rim, named(cap.patch), true)));
    ends.sort_by(|a, b| b.0.area.total_cmp(&a.0.area));
    let flaws = Hole::group(&flaws, surface.unit, widest);
    Inspection {
        weld,
        flipped: orientation.flipped,
        loose_caps: loose.len(),
        components: components(&surface.triangles, surface.vertices.len()).1,
        bounds: bounds(&surface),
        volume: volume(&surface.vertices, &surface.triangles),
        free_edges: edges.free().count(),
        problems,
        ends: found(ends),
        flaws,
        mended: None,
        unmended: None,
        surface,
    }
}

/// Looks a surface over; where it has flaws that keep it from being a vessel, mended within `limits` first.
#[must_use]
pub fn inspect_mended(surface: &Surface, limits: &Limits) -> Inspection {
    let found = inspect(surface);
    if !found.error().is_some_and(|error| error.is_flaw()) && !pieces_cross(&found.surface) {
        return found;
    }
    match repair(surface, limits) {
        Err(why) => Inspection { unmended: Some(why), ..found },
        Ok((mended, report)) => {
            let (weld, flipped, loose_caps) = (report.weld, report.flipped, found.loose_caps);
            Inspection { weld, flipped, loose_caps, mended: Some(report), ..inspect(&mended) }
        }
    }
}

/// Names, selectors and roles of ends (rim, patch, whether capped), the widest first.
fn found(ends: Vec<(Rim, Option<String>, bool)>) -> Vec<FoundEnd> {
    let says_inlet = |patch: &Option<String>| {
        patch.as_ref().is_some_and(|name| ["inlet", "inflow"].iter().any(|word| name.to_lowercase().contains(word)))
    };
    let inlet = ends.iter().position(|(_, patch, _)| says_inlet(patch)).unwrap_or(0);
    ends.into_iter()
        .enumerate()
        .map(|(k, (rim, patch, capped))| FoundEnd {
            role: if k == inlet { Role::Inlet } else { Role::Outlet },
            selector: patch.map_or(Selector::Near(rim.centre), Selector::Patch),
            capped,
            opening: Opening {
                name: format!("opening_{k}"),
                rim: rim.vertices,
                centre: rim.centre,
                normal: rim.normal,
                area: rim.area,
                unevenness: rim.unevenness,
            },
        })
        .collect()
}

fn bounds(surface: &Surface) -> [[f64; 3]; 2] {
    let mut bounds = [[f64::INFINITY; 3], [f64::NEG_INFINITY; 3]];
    for v in &surface.vertices {
        for k in 0..3 {
            bounds[0][k] = bounds[0][k].min(v[k]);
            bounds[1][k] = bounds[1][k].max(v[k]);
        }
    }
    bounds
}
