//! Nodal arrays of the surface file as properties of the wall.

use crate::case::wall::{NodalField, Wall};
use crate::case::{Case, Span};
use crate::geometry::vessel::Vessel;
use crate::run::plan::PlanError;

/// Thickness at every vertex of the vessel's wall, m.
///
/// # Errors
/// [`PlanError`] that points at the key: no such array, or values that are no thickness in this unit.
pub(super) fn thickness(case: &Case, wall: &Wall, named: &NodalField, vessel: &Vessel) -> Result<Vec<f64>, PlanError> {
    read(case, wall.thickness.span(), named, vessel)
}

/// Young's modulus at every vertex of the vessel's wall, Pa.
///
/// # Errors
/// As [`thickness`].
pub(super) fn young(case: &Case, wall: &Wall, named: &NodalField, vessel: &Vessel) -> Result<Vec<f64>, PlanError> {
    read(case, wall.young.span(), named, vessel)
}

/// The array in SI at every vertex of the vessel's wall.
fn read(case: &Case, span: Span, named: &NodalField, vessel: &Vessel) -> Result<Vec<f64>, PlanError> {
    let vertices = vessel.wall.vertices.len();
    let message = format!("the surface file has no array `{}` for its {vertices} vertices", named.name);
    let help = "nodal arrays are read from .vtp and .vtk: give one value for all instead";
    Err(case.error(span, message, "missing", help).into())
}
