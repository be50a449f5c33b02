//! Layered hexahedra with arrays on their nodes and elements (`.vtu`), streamed: no array beyond the caller's is built.

use std::path::Path;

use super::block::{Compression, Rows};
use super::file::OutputError;
use super::vtp::{Array, Places, offsets, points};
use super::xml::{Document, Header};
use crate::geometry::shell::Shell;

/// VTK's number of the 8-node hexahedron.
const HEXAHEDRON: u8 = 12;

/// Corners of a hexahedron.
const CORNERS: usize = 8;

/// Writes the elements of a shell, those of a quad together from inside out, with coordinates in units of `unit` metres;
/// `time` in seconds. Returns the size of the file in bytes.
///
/// # Errors
/// The system's reason; or an array whose length does not fit the shell.
pub fn write(
    path: &Path,
    (shell, unit): (&Shell, f64),
    on_nodes: &[Array<'_>],
    on_elements: &[Array<'_>],
    time: Option<f64>,
    compression: Compression,
) -> Result<u64, OutputError> {
    let (nodes, elements) = (shell.nodes.len(), shell.elements());
    on_nodes.iter().try_for_each(|a| a.check(path, nodes, "nodes"))?;
    on_elements.iter().try_for_each(|a| a.check(path, elements, "elements"))?;
    let mut document = Document::create(path, "UnstructuredGrid", compression)?;
    document.text("<UnstructuredGrid>\n")?;
    let units: Vec<_> = on_nodes.iter().chain(on_elements).map(|a| (a.name, a.unit)).collect();
    document.field_data(time, &units)?;
    document.text(&format!("<Piece NumberOfPoints=\"{nodes}\" NumberOfCells=\"{elements}\">\n"))?;
    document.open_data("PointData", &on_nodes.iter().map(Array::header).collect::<Vec<_>>())?;
    document.open_data("CellData", &on_elements.iter().map(Array::header).collect::<Vec<_>>())?;
    let header = |name, kind, components| Header { name, kind, components };
    document.text("<Points>\n")?;
    document.array(&header("Points", "Float64", 3))?;
    document.text("</Points>\n<Cells>\n")?;
    document.array(&header("connectivity", "Int64", 1))?;
    document.array(&header("offsets", "Int64", 1))?;
    document.array(&header("types", "UInt8", 1))?;
    document.text("</Cells>\n</Piece>\n</UnstructuredGrid>\n")?;
    on_nodes.iter().chain(on_elements).try_for_each(|array| array.write(&mut document))?;
    points(&mut document, Places { places: &shell.nodes, unit })?;
    document.data(Rows { count: elements, bytes: 8 * CORNERS }, &|range, out| {
        let out: &mut [[i64; CORNERS]] = bytemuck::cast_slice_mut(out);
        for (corners, element) in out.iter_mut().zip(range) {
            *corners = shell.hexahedron(element / shell.layers, element % shell.layers).map(|node| node as i64);
        }
    })?;
    offsets(&mut document, elements, CORNERS)?;
    document.data(Rows { count: elements, bytes: 1 }, &|_, out| out.fill(HEXAHEDRON))?;
    document.finish()
}
