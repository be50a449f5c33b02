//! Lines with arrays on their points (`.vtp`).

use std::path::Path;

use super::block::Compression;
use super::file::OutputError;
use super::vtp::{Array, Places, points};
use super::xml::{Document, Header};

/// Lines through places, one after the other in `places`.
#[derive(Clone, Copy, Debug)]
pub struct Lines<'a> {
    /// Places and the unit of the file.
    pub places: Places<'a>,
    /// Number of places of each line.
    pub lengths: &'a [usize],
    /// Name of each line: the field-data array `names`.
    pub names: &'a [String],
}

/// Writes lines with arrays on their points. Returns the size of the file in bytes.
///
/// # Errors
/// The system's reason; or arrays, lengths or names that do not fit.
pub fn write(
    path: &Path,
    lines: &Lines<'_>,
    on_points: &[Array<'_>],
    compression: Compression,
) -> Result<u64, OutputError> {
    let (count, sum) = (lines.places.places.len(), lines.lengths.iter().sum::<usize>());
    if sum != count || lines.names.len() != lines.lengths.len() {
        let reason = format!("{} lines of {sum} points in all with {} names, but {count} places", lines.lengths.len(), lines.names.len());
        return Err(OutputError::Shape { path: path.to_owned(), reason });
    }
    on_points.iter().try_for_each(|a| a.check(path, count, "points"))?;
    let mut document = Document::create(path, "PolyData", compression)?;
    document.text("<PolyData>\n")?;
    let units: Vec<_> = on_points.iter().map(|a| (a.name, a.unit)).collect();
    document.texts(None, &units, &[("names", lines.names)])?;
    document.text(&format!(
        "<Piece NumberOfPoints=\"{count}\" NumberOfVerts=\"0\" NumberOfLines=\"{}\" NumberOfStrips=\"0\" \
         NumberOfPolys=\"0\">\n",
        lines.lengths.len()
    ))?;
    document.open_data("PointData", &on_points.iter().map(Array::header).collect::<Vec<_>>())?;
    let header = |name, kind, components| Header { name, kind, components };
    document.text("<Points>\n")?;
    document.array(&header("Points", "Float64", 3))?;
    document.text("</Points>\n<Lines>\n")?;
    document.array(&header("connectivity", "Int64", 1))?;
    document.array(&header("offsets", "Int64", 1))?;
    document.text("</Lines>\n</Piece>\n</PolyData>\n")?;
    on_points.iter().try_for_each(|array| array.write(&mut document))?;
    points(&mut document, lines.places)?;
    let numbers: Vec<i64> = (0..count as i64).collect();
    let ends = lines.lengths.iter().scan(0i64, |end, &length| {
        *end += length as i64;
        Some(*end)
    });
    document.slice(&numbers)?;
    document.slice(&ends.collect::<Vec<_>>())?;
    document.finish()
}
