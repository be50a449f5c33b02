//! Fields at the points of a surface file: wall thickness or stiffness, say.
//!
//! A field stays on the points of its own file, so that it serves a vessel that was welded, opened and oriented since,
//! or another surface of the same vessel: [`crate::geometry::nearest::Carry`] takes it over by the nearest point.

use std::path::{Path, PathBuf};

use super::poly::Fields;
use super::soup::Soup;
use super::{FormatError, Place, Problem, vtk, vtp};
use crate::geometry::surface::Surface;

/// One number at each vertex of a surface.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The surface as its file has it: nothing merged.
    pub surface: Surface,
    /// The value at each vertex, in the unit of the file.
    pub values: Vec<f64>,
}

/// Reads the point array `name`, of one component, from surface files (`.vtp`, `.vtk`). Of several files, those that
/// lack it are left out, so long as one has it. `unit` is the length of one unit of their coordinates, m.
///
/// # Errors
/// [`FormatError`]: a file that cannot be read; no file with that field (the message lists the fields that there are,
/// with their ranges); a value that is not a finite number.
pub fn read_field(paths: &[PathBuf], unit: f64, name: &str) -> Result<Field, FormatError> {
    let Some(first) = paths.first() else {
        return Err(FormatError { path: "surface".into(), problem: Problem::NoFile });
    };
    let (mut all, mut values, mut known) = (Soup::default(), Vec::new(), Vec::new());
    for path in paths {
        let at = |problem| FormatError { path: path.clone(), problem };
        let (soup, fields) = parse(path).map_err(at)?;
        known.extend(fields.iter().filter(|(other, _)| other != name).map(|(name, values)| ranged(name, values)));
        let Some((_, own)) = fields.into_iter().find(|(other, _)| other == name) else { continue };
        check(name, &own, soup.vertices.len()).map_err(at)?;
        all.join(soup).map_err(at)?;
        values.extend(own);
    }
    if values.is_empty() {
        known.dedup();
        let problem = Problem::NoField { name: name.to_owned(), known };
        return Err(FormatError { path: first.clone(), problem });
    }
    let vertices = all.vertices.iter().map(|v| v.map(|x| x * unit)).collect();
    let (triangles, patch_of, patches) = (all.triangles, all.patch_of, all.patches);
    Ok(Field { surface: Surface { vertices, triangles, patch_of, patches, unit }, values })
}

/// The triangles and the fields of a file.
fn parse(path: &Path) -> Result<(Soup, Fields), Problem> {
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    match extension.as_str() {
        "vtp" => vtp::parse_fields(&super::bytes_of(path)?),
        "vtk" => vtk::parse_fields(&super::bytes_of(path)?),
        _ => super::parse(path).map(|soup| (soup, Fields::new())),
    }
}

fn check(name: &str, values: &[f64], vertices: usize) -> Result<(), Problem> {
    let place = || Place::Array(name.to_owned());
    if values.len() != vertices {
        return Err(Problem::truncated(place(), "values, one for each point", vertices, values.len()));
    }
    match values.iter().position(|value| !value.is_finite()) {
        Some(point) => {
            let what = format!("the value at point {point} is {}, not a finite number; mend the field", values[point]);
            Err(Problem::syntax(place(), what))
        }
        None => Ok(()),
    }
}

/// A field's name with its range.
fn ranged(name: &str, values: &[f64]) -> String {
    let finite = values.iter().filter(|value| value.is_finite());
    let [low, high] = finite.fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], &x| [a.min(x), b.max(x)]);
    format!("`{name}` ({low} to {high})")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn legacy_files_have_fields_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wall.vtk");
        let text = "# vtk DataFile Version 3.0\nt\nASCII\nDATASET POLYDATA\nPOINTS 3 float\n0 0 0 1 0 0 0 1 0\n\
                    POLYGONS 1 4\n3 0 1 2\nCELL_DATA 1\nSCALARS part float\nLOOKUP_TABLE default\n7\nPOINT_DATA 3\n\
                    SCALARS h float\nLOOKUP_TABLE default\n1 2 3\nFIELD f 1\nE 1 3 double\n4 5 6\n";
        std::fs::write(&path, text).unwrap();
        let read = |name: &str| read_field(std::slice::from_ref(&path), 1e-3, name);
        let field = read("h").unwrap();
        assert_eq!((field.values, field.surface.vertices[1]), (vec![1.0, 2.0, 3.0], [1e-3, 0.0, 0.0]));
        assert_eq!(read("E").unwrap().values, [4.0, 5.0, 6.0]);
        let said = read("part").unwrap_err().to_string();
        assert!(said.ends_with("it has `h` (1 to 3), `E` (4 to 6)"), "{said}");
        std::fs::write(&path, text.replace("1 2 3", "1 nan 3")).unwrap();
        assert!(read("h").unwrap_err().to_string().contains("point 1 is NaN"));
    }
}
