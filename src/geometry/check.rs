//! What can be wrong with a vessel, in words for the author of the case file.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use thiserror::Error;

use super::edges::Sets;
use super::rim::Rim;
use super::vessel::Vessel;

/// Equivalent diameters of vessel ends that are taken for physiological, m: the widest end must lie in this range.
pub const PHYSIOLOGICAL: RangeInclusive<f64> = 0.5e-3..=40e-3;

/// Diagonals of the box around a surface that are taken for physiological, m; for surfaces without an end.
pub const PHYSIOLOGICAL_BOX: RangeInclusive<f64> = 3e-3..=1.5;

/// Units of length that surfaces come in, with their length in metres.
pub const UNITS: [(&str, f64); 4] = [("mm", 1e-3), ("cm", 1e-2), ("m", 1.0), ("um", 1e-6)];

/// Why a surface is not a vessel that can be computed.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum VesselError {
    /// Nothing left after welding.
    #[error("the surface holds no triangle with three different corners: export it again from the segmentation")]
    Empty,
    /// Edges shared by more than two triangles.
    #[error("the surface has {count} non-manifold {} (shared by more than two triangles): {}; there the inside is not \
             defined: separate or remesh the surface at these places (MeshLab: \"Repair non Manifold Edges\")",
            plural(*count, "edge"), some_places(places, *count))]
    NonManifold {
        /// Number of such edges.
        count: usize,
        /// Middles of the first ones, m.
        places: Vec<[f64; 3]>,
    },
    /// The surface has only one side.
    #[error("the surface is one-sided (like a Moebius strip) at {}: it has no inside; remesh it there", mm(place))]
    OneSided {
        /// Middle of an edge where the contradiction shows, m.
        place: [f64; 3],
    },
    /// An opening names a patch that is not there.
    #[error("opening `{opening}`: the surface has no patch `{patch}`{}; its patches are: {}",
            similar.as_ref().map_or(String::new(), |s| format!(" (did you mean `{s}`?)")), known.join(", "))]
    UnknownPatch {
        /// The opening.
        opening: String,
        /// The name asked for.
        patch: String,
        /// The most similar name, if any is similar.
        similar: Option<String>,
        /// All names.
        known: Vec<String>,
    },
    /// Two openings name the same patch.
    #[error("openings `{first}` and `{second}` both name patch `{patch}`: every opening needs an end of its own")]
    PatchTwice {
        /// The patch.
        patch: String,
        /// The first opening.
        first: String,
        /// The second opening.
        second: String,
    },
    /// A patch bounds several ends.
    #[error("opening `{opening}`: patch `{patch}` bounds {} ends ({}): an opening is one end; split the patch, or leave \
             it out of the surface and select each end by `near`", places.len(), some_places(places, places.len()))]
    PatchOfSeveralEnds {
        /// The opening.
        opening: String,
        /// The patch.
        patch: String,
        /// Centres of the ends, m.
        places: Vec<[f64; 3]>,
    },
    /// Removing a patch leaves no rim at its place.
    #[error(
        "opening `{opening}`: patch `{patch}` at {} touches no end of the wall: does it belong to this surface, and \
             in this unit?",
        mm(place)
    )]
    PatchWithoutEnd {
        /// The opening.
        opening: String,
        /// The patch.
        patch: String,
        /// Middle of the patch, m.
        place: [f64; 3],
    },
    /// No end of the surface is at the place asked for.
    #[error("opening `{opening}`: the surface has no end within one diameter of {}; {}", mm(place), nearest.as_ref()
            .map_or("it has no end at all, neither an open rim of a vessel's size nor a flat cap".to_owned(), |end| format!(
                "the nearest is {} away at {}, diameter {}: near = {}",
                in_mm(end.distance), mm(&end.place), in_mm(end.diameter), array(&end.near))))]
    NothingNear {
        /// The opening.
        opening: String,
        /// The place asked for, m.
        place: [f64; 3],
        /// The nearest end.
        nearest: Option<NearestEnd>,
    },
    /// Two openings are the same end.
    #[error("openings `{first}` and `{second}` are both the end at {}, diameter {}: every opening needs an end of its \
             own", mm(place), in_mm(*diameter))]
    EndTwice {
        /// The first opening.
        first: String,
        /// The second opening.
        second: String,
        /// Centre of the end, m.
        place: [f64; 3],
        /// Its equivalent diameter, m.
        diameter: f64,
    },
    /// Holes that no opening claims.
    #[error("{} {} of the surface {} to no opening:{}", holes.len(), plural(holes.len(), "hole"),
            if holes.len() == 1 { "belongs" } else { "belong" }, hole_list(holes))]
    Unclaimed {
        /// The holes, the largest first.
        holes: Vec<Hole>,
    },
    /// No opening at all.
    #[error("no opening is given: a vessel needs at least an inlet and an outlet (`perfuse inspect` lists the ends)")]
    NoOpening,
    /// Diameters that no vessel has.
    #[error("the widest opening (`{opening}`) is {} across with unit = \"{unit}\"; vessels have 0.5 to 40 mm: {}",
            in_mm(*diameter), suggestion(suggested))]
    Unit {
        /// The widest opening.
        opening: String,
        /// Its equivalent diameter, m.
        diameter: f64,
        /// The unit in use.
        unit: String,
        /// Units with which the diameter would be physiological.
        suggested: Vec<&'static str>,
    },
    /// Closing a vessel did not make it watertight.
    #[error(
        "the closed surface is not watertight: {free} free and {non_manifold} non-manifold edges, the first at {}: \
             the end there is too ragged to be closed; cut it plane",
        mm(place)
    )]
    NotClosed {
        /// Edges of one triangle.
        free: usize,
        /// Edges of more than two triangles, or of two that are not oriented alike.
        non_manifold: usize,
        /// Middle of the first, m.
        place: [f64; 3],
    },
    /// More than one of the above.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Several(Vec<VesselError>),
}

impl VesselError {
    /// Whether part of this is a flaw of the surface itself, which may be mended.
    #[must_use]
    pub fn is_flaw(&self) -> bool {
        match self {
            Self::NonManifold { .. } | Self::OneSided { .. } => true,
            Self::Unclaimed { holes } => holes.iter().any(|hole| hole.flaw),
            Self::Several(problems) => problems.iter().any(Self::is_flaw),
            _ => false,
        }
    }

    /// One error of several problems; `None` without a problem.
    #[must_use]
    pub fn from_problems(mut problems: Vec<VesselError>) -> Option<VesselError> {
        match problems.len() {
            0 | 1 => problems.pop(),
            _ => Some(VesselError::Several(problems)),
        }
    }
}

/// The end of a surface that is nearest to a place.
#[derive(Clone, Debug, PartialEq)]
pub struct NearestEnd {
    /// Distance from the place asked for, m.
    pub distance: f64,
    /// Centre, m.
    pub place: [f64; 3],
    /// Centre in the unit of the file, as `near` takes it.
    pub near: [f64; 3],
    /// Equivalent diameter, m.
    pub diameter: f64,
}

/// A free rim that no opening claims, or several that touch.
#[derive(Clone, Debug, PartialEq)]
pub struct Hole {
    /// Centre of the largest rim, m.
    pub place: [f64; 3],
    /// The same in the unit of the file, as `near` takes it.
    pub near: [f64; 3],
    /// Equivalent diameter of the largest rim, m.
    pub diameter: f64,
    /// Number of edges of all.
    pub edges: usize,
    /// Whether it looks like a flaw of the surface rather than an end.
    pub flaw: bool,
}

impl Hole {
    /// The holes bounded by `rims` (the largest first), those that touch taken together, in a surface whose unit is
    /// `unit` (m) and whose widest rim is `widest` (m) across.
    #[must_use]
    pub fn group(rims: &[&Rim], unit: f64, widest: f64) -> Vec<Self> {
        let mut sets = Sets::new(rims.len());
        let mut owner = HashMap::new();
        for (k, vertex) in (0u32..).zip(rims).flat_map(|(k, rim)| rim.vertices.iter().map(move |&v| (k, v))) {
            sets.join(k, *owner.entry(vertex).or_insert(k));
        }
        let mut holes: Vec<Option<Self>> = vec![None; rims.len()];
        for (k, rim) in (0u32..).zip(rims) {
            let hole = holes[sets.find(k) as usize].get_or_insert_with(|| Self {
                place: rim.centre,
                near: rim.centre.map(|x| x / unit),
                diameter: rim.equivalent_diameter(),
                edges: 0,
                flaw: rim.is_flaw(widest),
            });
            hole.edges += rim.vertices.len();
        }
        holes.into_iter().flatten().collect()
    }
}

/// Checks that the widest opening has a physiological size, which fails when the unit is wrong.
///
/// # Errors
/// [`VesselError::Unit`] with the units that would fit.
pub fn check_unit(vessel: &Vessel) -> Result<(), VesselError> {
    let widest = vessel.openings.iter().max_by(|a, b| a.area.total_cmp(&b.area));
    let Some(widest) = widest else { return Ok(()) };
    let diameter = widest.equivalent_diameter();
    if PHYSIOLOGICAL.contains(&diameter) {
        return Ok(());
    }
    let unit = vessel.wall.unit;
    let suggested = fitting_units(diameter / unit, &PHYSIOLOGICAL);
    Err(VesselError::Unit { opening: widest.name.clone(), diameter, unit: unit_name(unit), suggested })
}

/// Units in which a `size` in file units lies in a `physiological` range (m), the likeliest first.
#[must_use]
pub fn fitting_units(size: f64, physiological: &RangeInclusive<f64>) -> Vec<&'static str> {
    UNITS.iter().filter(|(_, unit)| physiological.contains(&(size * unit))).map(|&(name, _)| name).collect()
}

/// Name of a unit given in metres; a number of metres where it has none.
#[must_use]
pub fn unit_name(unit: f64) -> String {
    let known = UNITS.iter().find(|(_, length)| (unit / length - 1.0).abs() < 1e-9);
    known.map_or_else(|| format!("{unit} m"), |(name, _)| (*name).to_owned())
}

/// A place (m) in mm, for messages: to a micrometre or, where all is smaller than that needs, to five digits.
pub(crate) fn mm(place: &[f64; 3]) -> String {
    let size = place.iter().fold(0.0, |a: f64, b| a.max(1e3 * b.abs()));
    let [x, y, z] = place.map(|x| fixed(1e3 * x, decimals(size)));
    format!("({x}, {y}, {z}) mm")
}

/// A length (m) in mm, likewise.
pub(crate) fn in_mm(length: f64) -> String {
    format!("{} mm", fixed(1e3 * length, decimals(1e3 * length.abs())))
}

fn decimals(size: f64) -> usize {
    if (1e-6..0.5).contains(&size) { (4 - size.log10().floor() as i32).min(7) as usize } else { 3 }
}

/// Three numbers as a TOML array, the largest to six digits.
pub(crate) fn array(values: &[f64; 3]) -> String {
    let size = values.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
    let decimals = if size < 1e-8 { 1 } else { (5 - size.log10().floor() as i32).clamp(1, 12) as usize };
    let texts = values.map(|x| fixed(x, decimals));
    format!("[{}]", texts.join(", "))
}

/// A number with fixed decimals, without "-0.000".
fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    if text.bytes().all(|byte| matches!(byte, b'-' | b'0' | b'.')) { text.replace('-', "") } else { text }
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { noun.to_owned() } else { format!("{noun}s") }
}

fn some_places(places: &[[f64; 3]], count: usize) -> String {
    let mut text = places.iter().take(5).map(mm).collect::<Vec<_>>().join(", ");
    if count > places.len().min(5) {
        text.push_str(&format!(" and {} more", count - places.len().min(5)));
    }
    format!("at {text}")
}

fn hole_list(holes: &[Hole]) -> String {
    let mut text = String::new();
    for hole in holes.iter().take(20) {
        let (place, diameter, edges) = (mm(&hole.place), in_mm(hole.diameter), hole.edges);
        text.push_str(&format!("\n  at {place}, diameter {diameter}, {edges} edges: "));
        text.push_str(&if hole.flaw {
            "a pinhole or tear".to_owned()
        } else {
            format!("an end: add an [[opening]] with near = {}", array(&hole.near))
        });
    }
    if holes.len() > 20 {
        text.push_str(&format!("\n  and {} more", holes.len() - 20));
    }
    if holes.iter().any(|hole| hole.flaw) {
        text.push_str("\n  fill pinholes and tears (few edges, tiny, or ragged) before use (MeshLab: \"Close Holes\")");
    }
    text
}

fn suggestion(units: &[&'static str]) -> String {
    let quoted: Vec<String> = units.iter().map(|unit| format!("unit = \"{unit}\"")).collect();
    match quoted.as_slice() {
        [] => "no usual unit fits (um, mm, cm, m); check the file".to_owned(),
        _ => format!("{} would fit", quoted.join(" or ")),
    }
}
