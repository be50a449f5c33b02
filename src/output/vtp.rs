//! A surface of triangles or quadrilaterals with arrays on its vertices and faces (`.vtp`).

use std::path::Path;

use super::block::{Compression, Rows};
use super::file::OutputError;
use super::xml::{Document, Header};
use crate::geometry::surface::Surface;

/// The values of an array, components of a vertex (or face, node, element) together.
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

/// An array on vertices or faces, on nodes or elements.
#[derive(Clone, Copy, Debug)]
pub struct Array<'a> {
    /// Name, as in the list of result arrays (`pressure`, `wss`).
    pub name: &'a str,
    /// Unit for the field-data array `units`; may be empty.
    pub unit: &'a str,
    /// Components: 1 for a scalar, 3 for a vector, 6 for a symmetric tensor.
    pub components: usize,
    /// The values, `components` times the number of vertices or faces, nodes or elements.
    pub values: Values<'a>,
}

impl Array<'_> {
    pub(super) fn header(&self) -> Header<'_> {
        Header { name: self.name, kind: self.values.kind_and_len().0, components: self.components }
    }

    pub(super) fn check(&self, path: &Path, count: usize, of: &str) -> Result<(), OutputError> {
        let (len, expected) = (self.values.kind_and_len().1, count * self.components);
        if len == expected {
            return Ok(());
        }
        let reason = format!("array {} has {len} values, but {count} {of} need {expected}", self.name);
        Err(OutputError::Shape { path: path.to_owned(), reason })
    }

    pub(super) fn write(&self, document: &mut Document) -> Result<(), OutputError> {
        match self.values {
            Values::F32(v) => document.slice(v),
            Values::F64(v) => document.slice(v),
            Values::I32(v) => document.slice(v),
            Values::U8(v) => document.slice(v),
        }
    }
}

/// The faces of a surface, by the numbers of their vertices.
#[derive(Clone, Copy, Debug)]
enum Faces<'a> {
    Triangles(&'a [[u32; 3]]),
    Quads(&'a [[u32; 4]]),
}

impl Faces<'_> {
    fn count(&self) -> usize {
        match self {
            Self::Triangles(faces) => faces.len(),
            Self::Quads(faces) => faces.len(),
        }
    }
}

/// Where the vertices are, m, and the length of the unit that they are written in, m.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    /// Places, m.
    pub places: &'a [[f64; 3]],
    /// Length of one unit of the file, m.
    pub unit: f64,
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
    let places = Places { places: &surface.vertices, unit: surface.unit };
    faces(path, (places, Faces::Triangles(&surface.triangles)), [on_vertices, on_triangles], time, compression)
}

/// Writes a surface of quadrilaterals, each by the numbers of its corners in order; `time` in seconds. Returns the size of
/// the file in bytes.
///
/// # Errors
/// The system's reason; or an array whose length does not fit the surface.
pub fn write_quads(
    path: &Path,
    places: Places<'_>,
    quads: &[[u32; 4]],
    on_vertices: &[Array<'_>],
    time: Option<f64>,
    compression: Compression,
) -> Result<u64, OutputError> {
    faces(path, (places, Faces::Quads(quads)), [on_vertices, &[]], time, compression)
}

fn faces(
    path: &Path,
    (places, faces): (Places<'_>, Faces<'_>),
    [on_vertices, on_faces]: [&[Array<'_>]; 2],
    time: Option<f64>,
    compression: Compression,
) -> Result<u64, OutputError> {
    let (vertices, count) = (places.places.len(), faces.count());
    on_vertices.iter().try_for_each(|a| a.check(path, vertices, "vertices"))?;
    on_faces.iter().try_for_each(|a| a.check(path, count, "faces"))?;
    let mut document = Document::create(path, "PolyData", compression)?;
    document.text("<PolyData>\n")?;
    let units: Vec<_> = on_vertices.iter().chain(on_faces).map(|a| (a.name, a.unit)).collect();
    document.field_data(time, &units)?;
    document.text(&format!(
        "<Piece NumberOfPoints=\"{vertices}\" NumberOfVerts=\"0\" NumberOfLines=\"0\" NumberOfStrips=\"0\" \
         NumberOfPolys=\"{count}\">\n"
    ))?;
    document.open_data("PointData", &on_vertices.iter().map(Array::header).collect::<Vec<_>>())?;
    document.open_data("CellData", &on_faces.iter().map(Array::header).collect::<Vec<_>>())?;
    let header = |name, kind, components| Header { name, kind, components };
    document.text("<Points>\n")?;
    document.array(&header("Points", "Float64", 3))?;
    document.text("</Points>\n<Polys>\n")?;
    document.array(&header("connectivity", "Int64", 1))?;
    document.array(&header("offsets", "Int64", 1))?;
    document.text("</Polys>\n</Piece>\n</PolyData>\n")?;
    on_vertices.iter().chain(on_faces).try_for_each(|array| array.write(&mut document))?;
    points(&mut document, places)?;
    match faces {
        Faces::Triangles(faces) => polygons(&mut document, faces)?,
        Faces::Quads(faces) => polygons(&mut document, faces)?,
    }
    document.finish()
}

/// Places in the unit of the file, converted block by block.
pub(super) fn points(document: &mut Document, places: Places<'_>) -> Result<(), OutputError> {
    let scale = 1.0 / places.unit;
    document.data(Rows { count: places.places.len(), bytes: 24 }, &|range, out| {
        let out: &mut [[f64; 3]] = bytemuck::cast_slice_mut(out);
        for (place, vertex) in out.iter_mut().zip(&places.places[range]) {
            *place = vertex.map(|c| c * scale);
        }
    })
}

/// Connectivity and offsets of faces with `N` corners.
fn polygons<const N: usize>(document: &mut Document, faces: &[[u32; N]]) -> Result<(), OutputError> {
    document.data(Rows { count: faces.len(), bytes: 8 * N }, &|range, out| {
        let out: &mut [i64] = bytemuck::cast_slice_mut(out);
        for (place, corner) in out.iter_mut().zip(faces[range].iter().flatten()) {
            *place = i64::from(*corner);
        }
    })?;
    offsets(document, faces.len(), N)
}

/// Where each of `count` cells with as many `corners` ends in the connectivity.
pub(super) fn offsets(document: &mut Document, count: usize, corners: usize) -> Result<(), OutputError> {
    document.data(Rows { count, bytes: 8 }, &|range, out| {
        let out: &mut [i64] = bytemuck::cast_slice_mut(out);
        for (place, cell) in out.iter_mut().zip(range) {
            *place = (corners * (cell + 1)) as i64;
        }
    })
}
