//! `inspect`: what a surface or a label map is, whether it is sound, where its ends are, and a case file to start from.

pub(super) mod labels;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use thiserror::Error;

use super::starter::{case_file, named};
use super::{Failure, print, print_json};
use crate::analysis::lesion::Wall;
use crate::geometry::build::Repairs;
use crate::geometry::centreline::{Branch, CentrelineError, Tree};
use crate::geometry::check::{UNITS, in_mm, mm, unit_name};
use crate::geometry::formats::{FormatError, read_counted};
use crate::geometry::inspect::{FoundEnd, Inspection, Role, inspect, inspect_mended};
use crate::geometry::labels::{LabelError, is_label_map};
use crate::geometry::repair::{Limits, Unmendable};
use crate::geometry::surface::Surface;
use crate::geometry::vessel::{Selector, Vessel};
use crate::output::{Compression, OutputError, vtp};
use crate::run::RunError;
use crate::run::centreline::{branch_diameters, write_tree};
use crate::run::lesions::{self, Lesions};
use crate::run::vessel::repairs_json;

/// Look a vessel surface or a label map over: size, soundness, unit, and every opening.
#[derive(Args, Clone, Debug)]
#[command(
    after_help = "Examples:\n  perfuse inspect aorta.stl\n  perfuse inspect wall.stl inlet.stl outlet.stl --unit cm\n  \
                        perfuse inspect aorta.stl --case > aorta.toml && perfuse check aorta.toml\n  \
                        perfuse inspect aorta.stl --centreline centreline.vtp\n  \
                        perfuse inspect seg.nii.gz --label 2 --save vessel.vtp"
)]
pub struct InspectArgs {
    /// Surface files (.obj .stl .vtp .vtk) that together make one vessel, or a label map (.nii .nii.gz .mha .mhd)
    #[arg(id = "files", required = true, value_name = "SURFACE")]
    pub surface: Vec<PathBuf>,
    /// Label of the vessel in a label map [default: the only one, else 1]
    #[arg(long, allow_hyphen_values = true)]
    pub label: Option<i64>,
    /// Take branches of a label map off that are thinner than this many voxels [default: 3]
    #[arg(long, value_name = "VOXELS")]
    pub prune: Option<f64>,
    /// A place in the piece of the label that is meant, in the unit: X,Y,Z
    #[arg(long, value_name = "X,Y,Z", value_delimiter = ',', allow_hyphen_values = true)]
    pub near: Vec<f64>,
    /// Unit of the files
    #[arg(long, default_value = "mm", value_parser = UNITS.map(|(name, _)| name))]
    pub unit: String,
    /// Print a case file that is ready to run
    #[arg(long, conflicts_with = "json")]
    pub case: bool,
    /// Write the surface as it would be used (of a label map, or welded, oriented, repaired) to this file (.vtp), in the
    /// unit of the input; the cell array ModelFaceID numbers its patches from 1
    #[arg(long, value_name = "OUT.vtp")]
    pub save: Option<PathBuf>,
    /// Tell flaws instead of repairing them
    #[arg(long)]
    pub no_repair: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
    /// Write the tree of centrelines as lines (.vtp)
    #[arg(long, value_name = "FILE", conflicts_with = "case")]
    pub centreline: Option<PathBuf>,
}

/// Why a surface could not be looked over, or is not usable.
#[derive(Debug, Error)]
pub enum InspectError {
    /// A label map could not be read, or made a surface of.
    #[error(transparent)]
    Labels(#[from] LabelError),
    /// An option that does not fit.
    #[error("{0}")]
    Option(String),
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
    /// There are no centrelines to write.
    #[error(transparent)]
    Centreline(#[from] CentrelineError),
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
    if args.surface.iter().any(|path| is_label_map(path)) {
        return labels::run(args, unit);
    }
    for (key, given) in
        [("label", args.label.is_some()), ("prune", args.prune.is_some()), ("near", !args.near.is_empty())]
    {
        if given {
            let message =
                format!("--{key} has no meaning for a surface: it belongs to a label map (.nii .nii.gz .mha .mhd)");
            return Err(InspectError::Option(message).into());
        }
    }
    let (surface, collapsed) = read_counted(&args.surface, unit).map_err(InspectError::from)?;
    let mut found = if args.no_repair { inspect(&surface) } else { inspect_mended(&surface, &Limits::default()) };
    found.weld.degenerate += collapsed;
    if let Some(path) = &args.save {
        save(&found.surface, path)?;
    }
    if args.case {
        usable(&found)?;
        return print(&case_file(&args.surface, &found));
    }
    let (tree, lesions) =
        tree(&surface, &found).map_or_else(|error| (Err(error), None), |(tree, lesions)| (Ok(tree), lesions));
    let lesions = serde_json::Value::Object(lesions.as_ref().map(Lesions::as_json).unwrap_or_default());
    if args.json {
        let mut report = as_json(&found);
        report["branches"] = branches_json(&tree);
        for (key, value) in lesions.as_object().into_iter().flatten() {
            report[key] = value.clone();
        }
        report["centreline_error"] = tree.as_ref().err().map(ToString::to_string).into();
        print_json(&report)?;
    } else {
        print(&(as_text(&found) + &branches_text(&tree) + &lesions::lines(&lesions)))?;
    }
    check(&found)?;
    args.centreline.as_ref().map_or(Ok(()), |path| {
        let tree = tree.map_err(InspectError::from)?;
        Ok(write_tree(&tree, found.surface.unit, path).map_err(RunError::from)?)
    })
}

/// The centrelines from the inlet with the lesions along them, the ends named as in a case made from this surface; nothing
/// where there is no vessel.
fn tree(surface: &Surface, found: &Inspection) -> Result<(Tree, Option<Lesions>), CentrelineError> {
    if check(found).is_err() {
        return Ok((Tree::default(), None));
    }
    let ends = named(found).into_iter().map(|(name, end)| (name, end.selector.clone()));
    let whole = if found.mended.is_some() { &found.surface } else { surface };
    let vessel = Vessel::build(whole.clone(), &ends.collect::<Vec<_>>())?;
    let tree = Tree::new(&vessel, 0)?;
    let wall = Wall { surface: &vessel.wall, shear: None };
    // Without a flow there is no viscosity to speak of.
    let lesions = lesions::find(&lesions::geometry(&tree), &wall, 0.0);
    Ok((tree, Some(lesions)))
}

/// The branches for people: name, length, diameters.
fn branches_text(tree: &Result<Tree, CentrelineError>) -> String {
    let tree = match tree {
        Ok(tree) if tree.branches.is_empty() => return String::new(),
        Ok(tree) => tree,
        Err(error) => return format!("branches    none: {error}\n"),
    };
    let mut text = format!("branches    {}\n", tree.branches.len());
    let width = tree.branches.iter().map(|branch| branch.name.chars().count()).max().unwrap_or(0);
    for branch in &tree.branches {
        let [least, mean] = branch_diameters(branch).map(in_mm);
        let (name, length) = (&branch.name, in_mm(branch.length()));
        let from = branch.parent.map_or_else(String::new, |k| format!(", from {}", tree.branches[k].name));
        let _ = writeln!(
            text,
            "      {name:<width$}  {length:>10} long, across {mean:>9} on average and {least:>9} at least{from}"
        );
    }
    text
}

/// The branches for programs, lengths in mm.
fn branches_json(tree: &Result<Tree, CentrelineError>) -> serde_json::Value {
    let Ok(tree) = tree else { return json!([]) };
    let branch = |branch: &Branch| {
        let [least, mean] = branch_diameters(branch);
        json!({
            "name": branch.name, "parent": branch.parent.map(|k| tree.branches[k].name.clone()),
            "length_mm": 1e3 * branch.length(), "min_diameter_mm": 1e3 * least, "mean_diameter_mm": 1e3 * mean,
        })
    };
    tree.branches.iter().map(branch).collect()
}

/// Refuses a surface that is no vessel, mended or not.
fn check(found: &Inspection) -> Result<(), InspectError> {
    let (error, why) = (found.error(), found.unmended.clone());
    if error.is_none() && why.is_none() { Ok(()) } else { Err(Box::new(Unmendable { error, why }).into()) }
}

/// Writes the surface with the number of each triangle's patch, from 1.
fn save(surface: &Surface, path: &Path) -> Result<(), InspectError> {
    if path.extension().is_none_or(|e| !e.eq_ignore_ascii_case("vtp")) {
        return Err(InspectError::Option(format!("--save writes .vtp files, `{}` is none", path.display())));
    }
    let patches: Vec<i32> = surface.patch_of.iter().map(|&patch| i32::from(patch) + 1).collect();
    let patch = vtp::Array { name: "ModelFaceID", unit: "", components: 1, values: vtp::Values::I32(&patches) };
    vtp::write(path, surface, &[], &[patch], None, Compression::Zlib)?;
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
