//! The surface of a case whose vessel is a label map.

use std::path::PathBuf;

use crate::case::labels::{Labels, Tips as Asked};
use crate::geometry::labels::{Cut, LabelError, LabelMap, Options, PRUNE, Report, Tips};
use crate::geometry::surface::Surface;

/// The surface, and what was made of the label map; `paths` holds its one path, `unit` (m) is that of the case.
///
/// # Errors
/// [`LabelError`]: the file, the label, its pieces, its openings.
pub(super) fn surface(paths: &[PathBuf], labels: &Labels, unit: f64) -> Result<(Surface, Report), LabelError> {
    let path = paths.first().cloned().unwrap_or_default();
    let cuts = labels.cuts.iter().map(|cut| Cut {
        name: cut.name.as_ref().map(|name| name.get_ref().clone()),
        point: *cut.point.get_ref(),
        normal: *cut.normal.get_ref(),
    });
    let options = Options {
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
    };
    LabelMap::read(&path, unit)?.surface(&options)
}
