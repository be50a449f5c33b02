//! Nodal arrays of the surface file as properties of the wall.

use crate::case::Case;
use crate::case::wall::{NodalField, Wall};
use crate::geometry::vessel::Vessel;
use crate::run::plan::PlanError;

pub(super) fn thickness(_: &Case, _: &Wall, _: &NodalField, _: &Vessel) -> Result<Vec<f64>, PlanError> {
    Ok(Vec::new())
}

pub(super) fn young(_: &Case, _: &Wall, _: &NodalField, _: &Vessel) -> Result<Vec<f64>, PlanError> {
    Ok(Vec::new())
}
