//! Nodal arrays of the surface file as properties of the wall.

use crate::case::wall::{NodalField, Wall};
use crate::case::{Case, Span};
use crate::geometry::formats::read_field;
use crate::geometry::shell::ShellError;
use crate::geometry::shell::plausible::{check_young, field_on_wall};
use crate::geometry::vessel::Vessel;
use crate::run::plan::PlanError;
use crate::wall::error::WallError;

/// Thickness at every vertex of the vessel's wall, m.
///
/// # Errors
/// [`PlanError`] that points at the key: no such array, or one of another vessel. Whether the unit is plausible shows
/// only beside the radius, where the mesh is made.
pub(super) fn thickness(case: &Case, wall: &Wall, named: &NodalField, vessel: &Vessel) -> Result<Vec<f64>, PlanError> {
    read(case, wall.thickness.span(), (&named.name, named.si), vessel)
}

/// Young's modulus at every vertex of the vessel's wall, Pa.
///
/// # Errors
/// As [`thickness`]; and values that are none of a vessel in this unit.
pub(super) fn young(case: &Case, wall: &Wall, named: &NodalField, vessel: &Vessel) -> Result<Vec<f64>, PlanError> {
    let values = read(case, wall.young.span(), (&named.name, named.si), vessel)?;
    check_young(&values, named.si).map_err(|error| at(case, wall.young.span(), &error))?;
    Ok(values)
}

/// Poisson's ratio at every vertex of the vessel's wall.
///
/// # Errors
/// As [`thickness`]; and a value outside 0 to below 0.5, with its place.
pub(super) fn poisson(case: &Case, wall: &Wall, name: &str, vessel: &Vessel) -> Result<Vec<f64>, PlanError> {
    let values = read(case, wall.poisson.span(), (name, 1.0), vessel)?;
    match values.iter().position(|value| !(0.0..0.5).contains(value)) {
        Some(v) => {
            let error = WallError::Poisson { value: values[v], at: vessel.wall.vertices[v] };
            Err(case.error(wall.poisson.span(), error.to_string(), format!("in the array `{name}`"), "").into())
        }
        None => Ok(values),
    }
}

/// The array of a name, whose unit is so much in SI, at every vertex of the vessel's wall.
fn read(case: &Case, span: Span, (name, si): (&str, f64), vessel: &Vessel) -> Result<Vec<f64>, PlanError> {
    if case.geometry.labels.is_some() {
        let message = format!("a label map has no field `{name}`");
        return Err(case
            .error(span, message, "asked for here", "give one value with its unit, or { of_radius = 0.1 }")
            .into());
    }
    let unit = case.geometry.unit.get_ref().metres();
    let field = read_field(&case.surface_paths()?, unit, name)
        .map_err(|error| case.error(span.clone(), error.to_string(), "asked for here", ""))?;
    let mut values = field_on_wall(vessel, &field).map_err(|error| at(case, span, &error))?;
    values.iter_mut().for_each(|value| *value *= si);
    Ok(values)
}

fn at(case: &Case, span: Span, error: &ShellError) -> PlanError {
    case.error(span, error.to_string(), "", "").into()
}
