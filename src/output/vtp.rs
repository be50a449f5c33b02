//! A triangle surface with arrays on its vertices and triangles (`.vtp`).

use std::path::Path;

use super::block::{Compression, Rows};
use super::file::OutputError;
use super::xml::{Document, Header};
use crate::geometry::surface::Surface;

/// The values of an array, components of a vertex (or triangle) together.
#[derive(Clone, Copy, Debug)]
pub enum Values<'a> {
    /// Single precision.
    F32(&'a [f32]),
    /// Double precision.
    F64(&'a [f64]),
    /// Integers: patch numbers, identifiers.
    I32(&'a [i32]),
    /// Bytes: masks.
    U8(&'a [u8]),
}

impl Values<'_> {
    fn kind_and_len(&self) -> (&'static str, usize) {
        match self {
            Values::F32(v) => ("Float32", v.len()),
            Values::F64(v) => ("Float64", v.len()),
            Values::I32(v) => ("Int32", v.len()),
            Values::U8(v) => ("UInt8", v.len()),
        }
    }
}

/// An array on the vertices or triangles.
#[derive(Clone, Copy, Debug)]
pub struct Array<'a> {
    /// Name, as in the list of result arrays (`pressure`, `wss`).
    pub name: &'a str,
    /// Unit for the field-data array `units`; may be empty.
    pub unit: &'a str,
    /// Components: 1 for a scalar, 3 for a vector, 6 for a symmetric tensor.
    pub components: usize,
    /// The values, `components` times the number of vertices or triangles.
    pub values: Values<'a>,
}

impl Array<'_> {
    fn header(&self) -> Header<'_> {
        Header { name: self.name, kind: self.values.kind_and_len().0, components: self.components }
    }

    fn check(&self, path: &Path, count: usize, of: &str) -> Result<(), OutputError> {
        let (len, expected) = (self.values.kind_and_len().1, count * self.components);
        if len == expected {
            return Ok(());
        }
        let reason = format!("array {} has {len} values, but {count} {of} need {expected}", self.name);
        Err(OutputError::Shape { path: path.to_owned(), reason })
    }

    fn write(&self, document: &mut Document) -> Result<(), OutputError> {
        match self.values {
            Values::F32(v) => document.slice(v),
            Values::F64(v) => document.slice(v),
            Values::I32(v) => document.slice(v),
            Values::U8(v) => document.slice(v),
        }
    }
}

/// Writes the surface in its own unit; `time` in seconds. Returns the size of the file in bytes.
///
/// # Errors
/// The system's reason; or an array whose length does not fit the surface.
pub fn write(
    path: &Path,
    surface: &Surface,
    on_vertices: &[Array<'_>],
    on_triangles: &[Array<'_>],
    time: Option<f64>,
    compression: Compression,
) -> Result<u64, OutputError> {
    let (vertices, triangles) = (surface.vertices.len(), surface.triangles.len());
    on_vertices.iter().try_for_each(|a| a.check(path, vertices, "vertices"))?;
    on_triangles.iter().try_for_each(|a| a.check(path, triangles, "triangles"))?;
    let mut document = Document::create(path, "PolyData", compression)?;
    document.text("<PolyData>\n")?;
    let units: Vec<_> = on_vertices.iter().chain(on_triangles).map(|a| (a.name, a.unit)).collect();
    document.field_data(time, &units)?;
    document.text(&format!(
        "<Piece NumberOfPoints=\"{vertices}\" NumberOfVerts=\"0\" NumberOfLines=\"0\" NumberOfStrips=\"0\" \
         NumberOfPolys=\"{triangles}\">\n"
    ))?;
    document.open_data("PointData", &on_vertices.iter().map(Array::header).collect::<Vec<_>>())?;
    document.open_data("CellData", &on_triangles.iter().map(Array::header).collect::<Vec<_>>())?;
    let header = |name, kind, components| Header { name, kind, components };
    document.text("<Points>\n")?;
    document.array(&header("Points", "Float64", 3))?;
    document.text("</Points>\n<Polys>\n")?;
    document.array(&header("connectivity", "Int64", 1))?;
    document.array(&header("offsets", "Int64", 1))?;
    document.text("</Polys>\n</Piece>\n</PolyData>\n")?;
    on_vertices.iter().chain(on_triangles).try_for_each(|array| array.write(&mut document))?;
    geometry(&mut document, surface)?;
    document.finish()
}

/// Points, connectivity and offsets, converted block by block.
fn geometry(document: &mut Document, surface: &Surface) -> Result<(), OutputError> {
    let scale = 1.0 / surface.unit;
    let row = |count, bytes| Rows { count, bytes };
    document.data(row(surface.vertices.len(), 24), &|range, out| {
        let out: &mut [[f64; 3]] = bytemuck::cast_slice_mut(out);
        for (place, vertex) in out.iter_mut().zip(&surface.vertices[range]) {
            *place = vertex.map(|c| c * scale);
        }
    })?;
    document.data(row(surface.triangles.len(), 24), &|range, out| {
        let out: &mut [[i64; 3]] = bytemuck::cast_slice_mut(out);
        for (place, triangle) in out.iter_mut().zip(&surface.triangles[range]) {
            *place = triangle.map(i64::from);
        }
    })?;
    document.data(row(surface.triangles.len(), 8), &|range, out| {
        let out: &mut [i64] = bytemuck::cast_slice_mut(out);
        for (place, triangle) in out.iter_mut().zip(range) {
            *place = 3 * (triangle as i64 + 1);
        }
    })
}
