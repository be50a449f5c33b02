//! `inspect` of a label map.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{InspectArgs, InspectError, as_json, as_text, check, save, usable};
use crate::cli::starter::{case_for, quoted};
use crate::cli::{Failure, print, print_json};
use crate::geometry::check::{array, mm};
use crate::geometry::inspect::inspect;
use crate::geometry::labels::{LabelMap, Options, PRUNE, Report};
use crate::geometry::vessel::Selector;

/// Branches taken off that commands other than `inspect` list.
pub(in crate::cli) const LISTED: usize = 5;

/// Runs the command on a label map; `unit` in metres.
pub(super) fn run(args: &InspectArgs, unit: f64) -> Result<(), Failure> {
    let wrong = |message: &str| Failure::from(InspectError::Option(message.to_owned()));
    let [path] = args.surface.as_slice() else {
        return Err(wrong("a label map stands alone: name one file"));
    };
    let near = match args.near.as_slice() {
        [] => None,
        &[x, y, z] if x.is_finite() && y.is_finite() && z.is_finite() => Some([x, y, z].map(|c| c * unit)),
        _ => return Err(wrong("--near takes three numbers with commas: --near 1.5,-20,3")),
    };
    let prune = args.prune.unwrap_or(PRUNE);
    if !(0.0..=100.0).contains(&prune) {
        return Err(wrong(&format!("--prune is {prune} voxels, allowed is 0 to 100 voxels")));
    }
    let map = LabelMap::read(path, unit).map_err(InspectError::from)?;
    let quiet = args.case || args.json;
    if !quiet {
        print(&about(&map))?;
    }
    let options = Options { label: args.label, near, prune, unit, ..Options::default() };
    let (surface, report) = map.surface(&options).map_err(InspectError::from)?;
    if let Some(path) = &args.save {
        save(&surface, path)?;
    }
    let mut found = inspect(&surface);
    // Flat spots of the wall are stumps of branches that were taken off.
    found.ends.retain(|end| matches!(end.selector, Selector::Patch(_)));
    if args.case {
        usable(&found)?;
        return print(&case_for(&args.surface, &lines(args, &map, &report), &found));
    }
    if args.json {
        let mut value = as_json(&found);
        value["labels"] = made_json(&report);
        value["image"] = json!({
            "size": map.size, "voxel_mm": map.frame.axes.map(|axis| 1e3 * axis.norm()),
            "labels": map.labels.iter().map(|&(label, voxels)| json!({"label": label, "voxels": voxels})).collect::<Vec<_>>(),
        });
        print_json(&value)?;
    } else {
        let made: String = report.lines(usize::MAX).iter().map(|line| format!("made        {line}\n")).collect();
        print(&(made + &as_text(&found)))?;
    }
    check(&found).map_err(Failure::from)
}

/// Size, voxel and labels of the image.
fn about(map: &LabelMap) -> String {
    let mut text = String::new();
    let [x, y, z] = map.size;
    let voxel = mm(&map.frame.axes.map(|axis| axis.norm()));
    let _ =
        writeln!(text, "image       {x} x {y} x {z} voxels of {voxel}, the first at {}", mm(&map.frame.origin.into()));
    for &(label, voxels) in map.labels.iter().take(50) {
        let volume = 1e6 * voxels as f64 * map.frame.volume().abs();
        let _ = writeln!(text, "label       {label}: {voxels} voxels, {volume:.4} ml");
    }
    text
}

/// The lines of `[geometry]`.
fn lines(args: &InspectArgs, map: &LabelMap, report: &Report) -> String {
    let mut text = format!("labels = {}\n", quoted(&args.surface[0].to_string_lossy()));
    if args.label.is_some() || map.labels.len() > 1 {
        let _ = writeln!(text, "label = {}", report.label);
    }
    if let &[x, y, z] = args.near.as_slice() {
        let _ = writeln!(text, "near = {}", array(&[x, y, z]));
    }
    let prune = args.prune.unwrap_or(PRUNE);
    let _ = writeln!(
        text,
        "prune = {prune:?}  # voxels across: thinner branches are taken off, so that a larger one makes the lattice smaller"
    );
    let _ = writeln!(text, "unit = {}", quoted(&args.unit));
    text
}

/// What was made of a label map, for programs; lengths in mm, volumes in ml.
pub(in crate::cli) fn made_json(report: &Report) -> Value {
    let mm = |place: [f64; 3]| place.map(|x| 1e3 * x);
    let pruned = report.pruned.iter().map(|thin| {
        json!({"place_mm": mm(thin.place), "diameter_mm": 1e3 * thin.diameter, "length_mm": 1e3 * thin.length,
               "volume_ml": 1e6 * thin.volume})
    });
    json!({
        "label": report.label, "voxels": report.voxels, "volume_ml": 1e6 * report.voxels as f64 * report.voxel,
        "smoothed_ml": 1e6 * report.smooth_volume, "volume_change": report.volume_change(),
        "between_openings_ml": 1e6 * report.volume, "islands": report.islands.0, "island_voxels": report.islands.1,
        "filled_voxels": report.filled, "parted_voxels": report.parted, "pruned": pruned.collect::<Vec<_>>(),
        "closed_tips": report.closed_tips,
    })
}
