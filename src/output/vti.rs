//! A volume on a regular grid (`.vti`), streamed.
//!
//! The fluid lies in a small part of its bounding box, so the box is never built: each array is asked for a few rows of
//! points at a time, by all threads at once, and blocks without fluid cost a copy of one compressed block of zeros.
//!
//! Outside the fluid the arrays are zero. VTK would mix those zeros into whatever it interpolates beside the wall, so
//! cells with a corner outside are marked hidden: a slice, a threshold, a probe or the drawn surface then shows fluid
//! only (VTK 9.x; contour filters look at points alone: threshold `fluid` first).

use std::ops::Range;
use std::path::Path;

use super::block::{Compression, Rows};
use super::file::OutputError;
use super::xml::{Document, Header};

/// A regular grid of points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    /// First point, in the unit of the input.
    pub origin: [f64; 3],
    /// Distance between neighbouring points, in the unit of the input.
    pub spacing: [f64; 3],
    /// Number of points along x, y and z, each at least 1.
    pub points: [usize; 3],
}

impl Grid {
    /// Number of rows of points along x: row `r` has `y = r % points[1]` and `z = r / points[1]`.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.points[1] * self.points[2]
    }
}

/// Fills rows of an array. The buffer holds `rows.len() * points[0] * components` numbers, x fastest (components of a
/// point together), and comes zeroed: only what is not zero need be written. Called by several threads at once, in no
/// set order.
#[derive(Clone, Copy)]
pub enum Fill<'a> {
    /// Single precision.
    F32(&'a (dyn Fn(Range<usize>, &mut [f32]) + Sync)),
    /// Double precision.
    F64(&'a (dyn Fn(Range<usize>, &mut [f64]) + Sync)),
    /// Bytes: masks.
    U8(&'a (dyn Fn(Range<usize>, &mut [u8]) + Sync)),
}

/// A point array.
#[derive(Clone, Copy)]
pub struct Array<'a> {
    /// Name, as in the list of result arrays (`pressure`, `velocity`).
    pub name: &'a str,
    /// Unit for the field-data array `units`; empty for a mask.
    pub unit: &'a str,
    /// Components: 1 for a scalar, 3 for a vector.
    pub components: usize,
    /// Source of the values.
    pub fill: Fill<'a>,
}

impl Array<'_> {
    fn header(&self) -> Header<'_> {
        let kind = match self.fill {
            Fill::F32(_) => "Float32",
            Fill::F64(_) => "Float64",
            Fill::U8(_) => "UInt8",
        };
        Header { name: self.name, kind, components: self.components }
    }

    /// Bytes of one point.
    fn bytes(&self) -> usize {
        self.components
            * match self.fill {
                Fill::F32(_) => 4,
                Fill::F64(_) => 8,
                Fill::U8(_) => 1,
            }
    }
}

/// The fluid mask: fills rows of points like [`Fill::U8`], 1 where there is fluid.
pub type Mask<'a> = dyn Fn(Range<usize>, &mut [u8]) + Sync + 'a;

/// A volume to be written.
#[derive(Clone, Copy)]
pub struct Volume<'a> {
    /// Where the points are.
    pub grid: Grid,
    /// Arrays on the points.
    pub arrays: &'a [Array<'a>],
    /// Where there is fluid. Written as the point array `fluid` and, for the cells that have a corner outside it, as
    /// VTK's hidden-cell flag in `vtkGhostType`, so that surfaces, slices, thresholds and probes show fluid only.
    pub fluid: &'a Mask<'a>,
    /// Physical time, s.
    pub time: Option<f64>,
}

/// Writes the volume. Returns the size of the file in bytes.
///
/// Beyond the caller's own fields this needs about two megabytes a thread.
///
/// # Errors
/// The system's reason; or a grid without cells.
pub fn write(path: &Path, volume: &Volume<'_>, compression: Compression) -> Result<u64, OutputError> {
    let grid = &volume.grid;
    if grid.points.iter().any(|&n| n < 2) {
        let reason = format!("the grid has {:?} points, at least two are needed in each direction", grid.points);
        return Err(OutputError::Shape { path: path.to_owned(), reason });
    }
    let fluid = Array { name: "fluid", unit: "", components: 1, fill: Fill::U8(&volume.fluid) };
    let arrays: Vec<_> = volume.arrays.iter().copied().chain([fluid]).collect();
    let mut document = Document::create(path, "ImageData", compression)?;
    head(&mut document, grid, &arrays, volume.time)?;
    for array in &arrays {
        let rows = Rows { count: grid.rows(), bytes: grid.points[0] * array.bytes() };
        match array.fill {
            Fill::F32(fill) => document.data(rows, &|range, out| fill(range, bytemuck::cast_slice_mut(out)))?,
            Fill::F64(fill) => document.data(rows, &|range, out| fill(range, bytemuck::cast_slice_mut(out)))?,
            Fill::U8(fill) => document.data(rows, &|range, out| fill(range, out))?,
        }
    }
    let [x, y, z] = grid.points.map(|n| n - 1);
    document.data(Rows { count: y * z, bytes: x }, &|range, out| hidden_cells(grid, volume.fluid, range, out))?;
    document.finish()
}

/// Everything before the data.
fn head(document: &mut Document, grid: &Grid, arrays: &[Array<'_>], time: Option<f64>) -> Result<(), OutputError> {
    let list = |v: [f64; 3]| format!("{:?} {:?} {:?}", v[0], v[1], v[2]);
    let [x, y, z] = grid.points.map(|n| n - 1);
    let extent = format!("0 {x} 0 {y} 0 {z}");
    let (origin, spacing) = (list(grid.origin), list(grid.spacing));
    document.text(&format!("<ImageData WholeExtent=\"{extent}\" Origin=\"{origin}\" Spacing=\"{spacing}\">\n"))?;
    let units: Vec<_> = arrays.iter().map(|array| (array.name, array.unit)).collect();
    document.field_data(time, &units)?;
    document.text(&format!("<Piece Extent=\"{extent}\">\n"))?;
    document.open_data("PointData", &arrays.iter().map(Array::header).collect::<Vec<_>>())?;
    document.open_data("CellData", &[Header { name: "vtkGhostType", kind: "UInt8", components: 1 }])?;
    document.text("</Piece>\n</ImageData>\n")
}

/// VTK's flag of a cell that is not to be shown.
const HIDDEN_CELL: u8 = 32;

/// Fills rows of cells: hidden unless all eight corners are fluid.
fn hidden_cells(grid: &Grid, fluid: &Mask<'_>, rows: Range<usize>, out: &mut [u8]) {
    let [nx, ny, _] = grid.points;
    let (cells_x, cells_y) = (nx - 1, ny - 1);
    let mut masks = [Vec::new(), Vec::new()];
    let mut row = rows.start;
    let mut out = out.chunks_exact_mut(cells_x);
    while row < rows.end {
        // Cells of one layer need one more row of points than there are rows of cells, in two layers.
        let (y, z) = (row % cells_y, row / cells_y);
        let count = (cells_y - y).min(rows.end - row);
        for (k, mask) in masks.iter_mut().enumerate() {
            let first = (z + k) * ny + y;
            mask.clear();
            mask.resize((count + 1) * nx, 0);
            fluid(first..first + count + 1, mask);
        }
        let columns = |i: usize| masks[0][i] & masks[1][i] & masks[0][i + nx] & masks[1][i + nx];
        for (k, cells) in out.by_ref().take(count).enumerate() {
            for (x, cell) in cells.iter_mut().enumerate() {
                let visible = columns(k * nx + x) & columns(k * nx + x + 1) != 0;
                *cell = if visible { 0 } else { HIDDEN_CELL };
            }
        }
        row += count;
    }
}
