//! The vessel of a case: its surface, mended where it has to be, with the openings that the case names.

use serde_json::{Value, json};

use super::plan::PlanError;
use super::surface::surface;
use crate::case::repair::Repair;
use crate::case::{Case, Place};
use crate::geometry::build::Repairs;
use crate::geometry::check::check_unit;
use crate::geometry::repair::{Limits, Report, Unmendable};
use crate::geometry::vessel::{Selector, Vessel};

/// The vessel of a case, and what was repaired on the way.
pub(super) fn read(case: &Case) -> Result<(Vessel, Repairs), PlanError> {
    let (surface, made) = surface(case)?;
    let selectors: Vec<_> = case.openings.iter().map(selector).collect();
    let limits = limits(case);
    let found = Vessel::build_mended(&surface, &selectors, limits.as_ref());
    let (vessel, repairs) = found.map_err(|error| unusable(*error))?;
    check_unit(&vessel)?;
    Ok((vessel, Repairs { made, ..repairs }))
}

/// How far the case lets its surface be mended, if at all.
fn limits(case: &Case) -> Option<Limits> {
    let Repair::Within(limits) = case.geometry.repair else { return None };
    let usual = Limits::default();
    Some(Limits {
        max_volume_change: limits.max_volume_change.map_or(usual.max_volume_change, |part| part.0),
        max_hole: limits.max_hole.map_or(usual.max_hole, |length| length.si()),
    })
}

fn selector(opening: &crate::case::Opening) -> (String, Selector) {
    let selector = match &opening.place {
        Place::Patch(name) => Selector::Patch(name.get_ref().clone()),
        Place::Near(point) => Selector::Near(*point.get_ref()),
    };
    (opening.name.get_ref().clone(), selector)
}

/// What a surface cannot be used for, mended or not.
fn unusable(error: Unmendable) -> PlanError {
    match error {
        Unmendable { error: Some(error), why: None } => PlanError::Vessel(error),
        tried => PlanError::Unmendable(Box::new(tried)),
    }
}

/// Repairs for `manifest.json` and programs: each with kind, place, size and change of the volume; lengths in mm.
#[must_use]
pub fn repairs_json(report: &Report) -> Value {
    let mends = report.mends.iter().map(|mend| {
        json!({
            "kind": mend.kind.name(), "place_mm": mend.place.map(|x| 1e3 * x), "size_mm": 1e3 * mend.size,
            "volume_change_mm3": 1e9 * mend.volume,
        })
    });
    json!({
        "repairs": mends.collect::<Vec<_>>(), "volume_ml": 1e6 * report.volume,
        "volume_change_percent": 100.0 * report.volume_change(),
    })
}
