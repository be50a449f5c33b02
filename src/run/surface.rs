//! The surface of a case: its files, or what is made of its label map.

use super::plan::PlanError;
use crate::case::Case;
use crate::case::labels::{Labels, Tips as Asked};
use crate::geometry::formats;
use crate::geometry::labels::{Cut, LabelMap, Options, PRUNE, Report, Tips};
use crate::geometry::surface::Surface;

/// The surface, and what was made of the label map where the case has one.
///
/// # Errors
/// [`PlanError`]: a file that is missing or damaged; the label, its pieces, its openings.
pub(super) fn surface(case: &Case) -> Result<(Surface, Option<Report>), PlanError> {
    let paths = case.surface_paths()?;
    let unit = case.geometry.unit.get_ref().metres();
    match (&case.geometry.labels, paths.first()) {
        (Some(labels), Some(path)) => {
            let (surface, report) = LabelMap::read(path, unit)?.surface(&options(labels, unit))?;
            Ok((surface, Some(report)))
        }
        _ => Ok((formats::read_all(&paths, unit)?, None)),
    }
}

/// What the case asks of a label map; `unit` in metres.
fn options(labels: &Labels, unit: f64) -> Options {
    let cuts = labels.cuts.iter().map(|cut| Cut {
        name: cut.name.as_ref().map(|name| name.get_ref().clone()),
        point: *cut.point.get_ref(),
        normal: *cut.normal.get_ref(),
    });
    Options {
        label: labels.label,
        near: labels.near,
        prune: labels.prune.as_ref().map_or(PRUNE, |prune| *prune.get_ref()),
        tips: match labels.tips {
            None => Tips::AsNeeded,
            Some(Asked::Auto) => Tips::Auto,
            Some(Asked::None) => Tips::None,
        },
        cuts: cuts.collect(),
        unit,
    }
}
