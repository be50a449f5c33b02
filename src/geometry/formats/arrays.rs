//! Arrays on the points of a result file (`.vtp`), beside its triangles.

use std::path::Path;

use super::{FormatError, Place, Problem, bytes_of, vtp};
use crate::geometry::surface::Surface;

/// Values on the points of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct PointArray {
    /// Name in the file.
    pub name: String,
    /// Numbers a point.
    pub components: usize,
    /// The values in the unit of the file, components of a point together, all finite.
    pub values: Vec<f64>,
}

/// A file's triangles with arrays on its points.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrays {
    /// The points as the file has them (none merged, none dropped), m; polygons in triangles.
    pub surface: Surface,
    /// The arrays, in the order of the file.
    pub arrays: Vec<PointArray>,
}

impl Arrays {
    /// The array of this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&PointArray> {
        self.arrays.iter().find(|array| array.name == name)
    }
}

/// Reads a VTK XML file with those of the named point arrays that it has. `unit` is the length of one unit of its
/// coordinates, m.
///
/// # Errors
/// [`FormatError`]: a file that cannot be read; an array whose length does not fit the points; a value that is not a
/// finite number.
pub fn read_arrays(path: &Path, unit: f64, names: &[&str]) -> Result<Arrays, FormatError> {
    let read = || {
        let (soup, fields) = vtp::parse_arrays(&bytes_of(path)?, names)?;
        let points = soup.vertices.len();
        let arrays = fields.into_iter().map(|(name, values)| array(name, values, points)).collect::<Result<_, _>>()?;
        let vertices = soup.vertices.iter().map(|v| v.map(|x| x * unit)).collect();
        let (triangles, patch_of, patches) = (soup.triangles, soup.patch_of, soup.patches);
        Ok(Arrays { surface: Surface { vertices, triangles, patch_of, patches, unit }, arrays })
    };
    read().map_err(|problem| FormatError { path: path.to_owned(), problem })
}

fn array(name: String, values: Vec<f64>, points: usize) -> Result<PointArray, Problem> {
    let components = values.len() / points.max(1);
    if components == 0 || components * points != values.len() {
        let promised = points * components.max(1);
        return Err(Problem::truncated(Place::Array(name), "values, as many for each point", promised, values.len()));
    }
    match values.iter().position(|value| !value.is_finite()) {
        Some(at) => {
            let what = format!("the value at point {} is {}, not a finite number", at / components, values[at]);
            Err(Problem::syntax(Place::Array(name), what))
        }
        None => Ok(PointArray { name, components, values }),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn vectors_and_scalars_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.vtp");
        let text = "<VTKFile type=\"PolyData\" byte_order=\"LittleEndian\"><PolyData><Piece NumberOfPoints=\"4\" \
                    NumberOfPolys=\"1\"><PointData><DataArray type=\"Float32\" Name=\"wss\" NumberOfComponents=\"3\" \
                    format=\"ascii\">1 2 3 4 5 6 7 8 9 0 1 2</DataArray><DataArray type=\"Float32\" Name=\"p\" \
                    format=\"ascii\">1 2 3 4</DataArray></PointData><Points><DataArray type=\"Float64\" \
                    NumberOfComponents=\"3\" format=\"ascii\">0 0 0 1 0 0 1 1 0 0 1 0</DataArray></Points><Polys>\
                    <DataArray type=\"Int64\" Name=\"connectivity\" format=\"ascii\">0 1 2 3</DataArray>\
                    <DataArray type=\"Int64\" Name=\"offsets\" format=\"ascii\">4</DataArray></Polys></Piece></PolyData>\
                    </VTKFile>";
        std::fs::write(&path, text).unwrap();
        let read = read_arrays(&path, 1e-3, &["wss", "other"]).unwrap();
        assert_eq!((read.surface.vertices[2], read.surface.triangles.len()), ([1e-3, 1e-3, 0.0], 2));
        let wss = read.named("wss").unwrap();
        assert_eq!((wss.components, wss.values.len(), read.arrays.len()), (3, 12, 1));
        std::fs::write(&path, text.replace("8 9 0 1 2", "8 9 0 nan 2")).unwrap();
        let said = read_arrays(&path, 1e-3, &["wss"]).unwrap_err().to_string();
        assert!(said.contains("s.vtp: array `wss`: the value at point 3 is NaN"), "{said}");
        std::fs::write(&path, text.replace("8 9 0 1 2", "8 9 0 1")).unwrap();
        let said = read_arrays(&path, 1e-3, &["wss"]).unwrap_err().to_string();
        assert!(said.contains("array `wss`") && said.contains("11"), "{said}");
    }
}
