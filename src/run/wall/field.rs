//! Nodal arrays of the surface file as properties of the wall.

use crate::case::wall::{NodalField, Wall};
use crate::case::{Case, Span};
use crate::geometry::formats::read_field;
use crate::geometry::shell::ShellError;
use crate::geometry::shell::plausible::{check_young, field_on_wall};
use crate::geometry::vessel::Vessel;
use crate::run::plan::PlanError;

/// Thickness at every vertex of the vessel's wall, m.
///
/// # Errors
/// [`PlanError`] that points at the key: no such array, or one of another vessel. Whether the unit is plausible shows
/// only beside the radius, where the mesh is made.
pub(super) fn thickness(case: &Case, wall: &Wall, named: &NodalField, vessel: &Vessel) -> Result<Vec<f64>, PlanError> {
    read(case, wall.thickness.span(), named, vessel)
}

/// Young's modulus at every vertex of the vessel's wall, Pa.
///
/// # Errors
/// As [`thickness`]; and values that are none of a vessel in this unit.
pub(super) fn young(case: &Case, wall: &Wall, named: &NodalField, vessel: &Vessel) -> Result<Vec<f64>, PlanError> {
    let values = read(case, wall.young.span(), named, vessel)?;
    check_young(&values, named.si).map_err(|error| at(case, wall.young.span(), &error))?;
    Ok(values)
}

/// The array in SI at every vertex of the vessel's wall.
fn read(case: &Case, span: Span, named: &NodalField, vessel: &Vessel) -> Result<Vec<f64>, PlanError> {
    if case.geometry.labels.is_some() {
        let message = format!("a label map has no field `{}`", named.name);
        return Err(case
            .error(span, message, "asked for here", "give one value with its unit, or { of_radius = 0.1 }")
            .into());
    }
    let unit = case.geometry.unit.get_ref().metres();
    let field = read_field(&case.surface_paths()?, unit, &named.name)
        .map_err(|error| case.error(span.clone(), error.to_string(), "asked for here", ""))?;
    let mut values = field_on_wall(vessel, &field).map_err(|error| at(case, span, &error))?;
    values.iter_mut().for_each(|value| *value *= named.si);
    Ok(values)
}

fn at(case: &Case, span: Span, error: &ShellError) -> PlanError {
    case.error(span, error.to_string(), "", "").into()
}
