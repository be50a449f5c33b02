//! `inspect`: what a surface is, whether it is sound, where its ends are, and a case file to start from.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use thiserror::Error;

use super::starter::case_file;
use super::{Failure, print, print_json};
use crate::geometry::build::Repairs;
use crate::geometry::check::{UNITS, in_mm, mm, unit_name};
use crate::geometry::formats::{FormatError, read_counted};
use crate::geometry::inspect::{FoundEnd, Inspection, Role, inspect, inspect_mended};
use crate::geometry::repair::{Limits, Unmendable};
use crate::geometry::vessel::Selector;
use crate::output::{Compression, OutputError, vtp};
use crate::run::vessel::repairs_json;

/// Look a vessel surface over: size, soundness, unit, and every opening.
#[derive(Args, Clone, Debug)]
#[command(
    after_help = "Examples:\n  perfuse inspect aorta.stl\n  perfuse inspect wall.stl inlet.stl outlet.stl --unit cm\n  \
                        perfuse inspect aorta.stl --case > aorta.toml && perfuse check aorta.toml"
)]
pub struct InspectArgs {
    /// Surface files (.obj .stl .vtp .vtk) that together make one vessel
    #[arg(required = true, value_name = "SURFACE")]
    pub surface: Vec<PathBuf>,
    /// Unit of the files
    #[arg(long, default_value = "mm", value_parser = UNITS.map(|(name, _)| name))]
    pub unit: String,
    /// Print a case file that is ready to run
    #[arg(long, conflicts_with = "json")]
    pub case: bool,
    /// Write the surface as it would be used (welded, oriented, repaired) to this file (.vtp), in the unit of the input
    #[arg(long, value_name = "OUT.vtp")]
    pub save: Option<PathBuf>,
    /// Tell flaws instead of repairing them
    #[arg(long)]
    pub no_repair: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// Why a surface could not be looked over, or is not usable.
#[derive(Debug, Error)]
pub enum InspectError {
    /// A file could not be read.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The surface is no vessel yet, and could not be mended.
    #[error(transparent)]
    Vessel(#[from] Box<Unmendable>),
    /// The surface could not be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// A case needs ends to put conditions on.
    #[error(
        "the surface has {0} where a vessel has at least two: no case can be written for it; open or mark its ends \
             (free rims, flat caps, or a named patch each)"
    )]
    TooFewEnds(String),
    /// A case in this unit would be refused.
    #[error("with unit = \"{unit}\" the widest end is {} across; vessels have 0.5 to 40 mm: give --unit {}",
            in_mm(*diameter), if fitting.is_empty() { "that fits".to_owned() } else { fitting.join(" or --unit ") })]
    Unit {
        /// The unit given.
        unit: String,
        /// Equivalent diameter of the widest end, m.
        diameter: f64,
        /// Units that would fit.
        fitting: Vec<&'static str>,
    },
}

impl From<InspectError> for Failure {
    fn from(error: InspectError) -> Self {
        Self::Input(error.into())
    }
}

/// Runs the command; results go to stdout.
///
/// # Errors
/// [`Failure::Input`] with an [`InspectError`]. The report of an unusable surface is printed all the same.
pub fn run(args: &InspectArgs) -> Result<(), Failure> {
    let unit = UNITS.iter().find(|(name, _)| *name == args.unit).map_or(1e-3, |(_, length)| *length);
    let (surface, collapsed) = read_counted(&args.surface, unit).map_err(InspectError::from)?;
    let mut found = if args.no_repair { inspect(&surface) } else { inspect_mended(&surface, &Limits::default()) };
    found.weld.degenerate += collapsed;
    if let Some(path) = &args.save {
        save(&found, path)?;
    }
    if args.case {
        usable(&found)?;
        return print(&case_file(&args.surface, &found));
    }
    if args.json {
        print_json(&as_json(&found))?;
    } else {
        print(&as_text(&found))?;
    }
    check(&found).map_err(Failure::from)
}

/// Refuses a surface that is no vessel, mended or not.
fn check(found: &Inspection) -> Result<(), InspectError> {
    let (error, why) = (found.error(), found.unmended.clone());
    if error.is_none() && why.is_none() { Ok(()) } else { Err(Box::new(Unmendable { error, why }).into()) }
}

/// Writes the surface with the number of each triangle's patch.
fn save(found: &Inspection, path: &Path) -> Result<(), InspectError> {
    let patches: Vec<i32> = found.surface.patch_of.iter().map(|&patch| patch.into()).collect();
    let patch = vtp::Array { name: "ModelFaceID", unit: "", components: 1, values: vtp::Values::I32(&patches) };
    vtp::write(path, &found.surface, &[], &[patch], None, Compression::Zlib)?;
    Ok(())
}

/// Checks that a case can be written.
fn usable(found: &Inspection) -> Result<(), InspectError> {
    check(found)?;
    if found.ends.len() < 2 {
        let count = if found.ends.is_empty() { "no end" } else { "one end" };
        return Err(InspectError::TooFewEnds(count.to_owned()));
    }
    if !found.unit_is_plausible() {
        let diameter = found.ends[0].opening.equivalent_diameter();
        let (unit, fitting) = (unit_name(found.surface.unit), found.fitting_units());
        return Err(InspectError::Unit { unit, diameter, fitting });
    }
    Ok(())
}

/// The report for people.
#[must_use]
pub fn as_text(found: &Inspection) -> String {
    let mut text = String::new();
    let pieces = if found.components == 1 { "1 piece".to_owned() } else { format!("{} pieces", found.components) };
    let (triangles, vertices) = (found.surface.triangles.len(), found.surface.vertices.len());
    let _ = writeln!(text, "triangles   {triangles}, {vertices} vertices, {pieces}");
    let [low, high] = found.bounds;
    let size = mm(&[0, 1, 2].map(|k| high[k] - low[k]));
    let _ = writeln!(text, "box         {size}, from {} to {}", mm(&low), mm(&high));
    let _ = writeln!(text, "volume      {:.4} ml", 1e6 * found.volume);
    let _ = writeln!(text, "unit        {}", unit_verdict(found));
    let _ = writeln!(text, "soundness   {}", soundness(found));
    for line in repairs(found) {
        let _ = writeln!(text, "repaired    {line}");
    }
    let _ = writeln!(text, "ends        {}", found.ends.len());
    for (k, end) in found.ends.iter().enumerate() {
        text.push_str(&end_line(k, end));
    }
    text
}

fn unit_verdict(found: &Inspection) -> String {
    let unit = unit_name(found.surface.unit);
    let size = in_mm(found.size().0);
    let what = if found.ends.is_empty() { "the diagonal of its box is" } else { "the widest end is" };
    let across = if found.ends.is_empty() { "" } else { " across" };
    if found.unit_is_plausible() {
        return format!("{unit}: plausible, {what} {size}{across}");
    }
    let remedy = match found.fitting_units().join(" or --unit ") {
        none if none.is_empty() => "no usual unit fits".to_owned(),
        units => format!("try --unit {units}"),
    };
    format!("{unit}: NOT plausible, {what} {size}{across}; {remedy}")
}

fn soundness(found: &Inspection) -> String {
    let edges = found.free_edges;
    match (check(found).err(), edges) {
        (Some(_), _) => "NOT usable as it is: see below".to_owned(),
        (None, 0) if found.mended.is_some() => "watertight once repaired (`repair = false` refuses it)".to_owned(),
        (None, _) if found.mended.is_some() => {
            format!("sound once repaired; open at its ends only ({edges} free edges)")
        }
        (None, 0) => "watertight".to_owned(),
        (None, _) => format!("sound; open at its ends only ({edges} free edges)"),
    }
}

fn repairs(found: &Inspection) -> Vec<String> {
    let (weld, flipped, loose_caps) = (found.weld, found.flipped, found.loose_caps);
    Repairs { weld, flipped, loose_caps, mended: found.mended.clone(), ..Repairs::default() }.lines()
}

fn end_line(k: usize, end: &FoundEnd) -> String {
    let opening = &end.opening;
    let [a, b, c] = opening.normal;
    let how = match (&end.selector, end.capped) {
        (Selector::Patch(patch), _) => format!("patch {patch}"),
        (Selector::Near(_), true) => "flat cap".to_owned(),
        (Selector::Near(_), false) => "free rim".to_owned(),
    };
    format!(
        "  {k:2}  {:>10} across, {:9.4} mm^2, centre {}, normal ({a:.3}, {b:.3}, {c:.3}), {how}: {}\n",
        in_mm(opening.equivalent_diameter()),
        1e6 * opening.area,
        mm(&opening.centre),
        role_name(end.role)
    )
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Inlet => "inlet",
        Role::Outlet => "outlet",
    }
}

/// The report for programs; lengths in mm, areas in mm^2, volumes in ml.
#[must_use]
pub fn as_json(found: &Inspection) -> serde_json::Value {
    let mm = |place: [f64; 3]| place.map(|x| 1e3 * x);
    let openings: Vec<_> = found
        .ends
        .iter()
        .enumerate()
        .map(|(id, end)| {
            let o = &end.opening;
            let (patch, near) = match &end.selector {
                Selector::Patch(patch) => (Some(patch), None),
                Selector::Near(place) => (None, Some(place.map(|x| x / found.surface.unit))),
            };
            json!({
                "id": id, "role": role_name(end.role), "patch": patch, "near": near, "capped": end.capped,
                "centre_mm": mm(o.centre), "normal": o.normal, "area_mm2": 1e6 * o.area,
                "diameter_mm": 1e3 * o.equivalent_diameter(), "unevenness_mm": 1e3 * o.unevenness,
                "rim_edges": o.rim.len(),
            })
        })
        .collect();
    let flaws: Vec<_> = found
        .flaws
        .iter()
        .map(|hole| json!({"place_mm": mm(hole.place), "diameter_mm": 1e3 * hole.diameter, "edges": hole.edges}))
        .collect();
    json!({
        "triangles": found.surface.triangles.len(), "vertices": found.surface.vertices.len(),
        "components": found.components, "box_mm": found.bounds.map(mm), "volume_ml": 1e6 * found.volume,
        "unit": {"assumed": unit_name(found.surface.unit), "plausible": found.unit_is_plausible(),
                 "fitting": found.fitting_units()},
        "watertight": found.free_edges == 0 && found.problems.is_empty(), "free_edges": found.free_edges,
        "usable": check(found).is_ok(), "error": check(found).err().map(|error| error.to_string()),
        "repaired": {"vertices_welded": found.weld.near, "triangles_collapsed": found.weld.degenerate,
                     "triangles_repeated": found.weld.duplicate, "triangles_turned": found.flipped,
                     "loose_caps": found.loose_caps},
        "surface_repairs": found.mended.as_ref().map(repairs_json),
        "openings": openings, "flaws": flaws,
    })
}
