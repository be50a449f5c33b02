//! Tables of text: CSV in and out.

use std::path::Path;

use super::SweepError;
use crate::output::write_file;

/// Largest table that is read, bytes.
const MOST: u64 = 1 << 28;

/// A header and its rows, all of the header's length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Reads a CSV file with a header; lines that begin with `#` are comments.
    pub(super) fn read(path: &Path) -> Result<Self, SweepError> {
        let wrong = |reason: String| SweepError::Table { path: path.to_owned(), reason };
        let size = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
        if size > MOST {
            return Err(wrong(format!("the table has {size} bytes, at most {MOST} are read")));
        }
        let mut reader = csv::ReaderBuilder::new()
            .comment(Some(b'#'))
            .trim(csv::Trim::All)
            .from_path(path)
            .map_err(|error| wrong(error.to_string()))?;
        let header: Vec<String> =
            reader.headers().map_err(|error| wrong(error.to_string()))?.iter().map(str::to_owned).collect();
        let mut rows = Vec::new();
        for row in reader.records() {
            let row = row.map_err(|error| wrong(error.to_string()))?;
            rows.push(row.iter().map(str::to_owned).collect());
        }
        if header.iter().all(String::is_empty) {
            return Err(wrong("the table is empty; its first line names the columns".into()));
        }
        Ok(Self { header, rows })
    }

    /// The column of this name.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|title| title == name)
    }

    /// Writes it.
    pub(super) fn write(&self, path: &Path) -> Result<(), SweepError> {
        let wrong = |reason: String| SweepError::Table { path: path.to_owned(), reason };
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in std::iter::once(&self.header).chain(&self.rows) {
            writer.write_record(row).map_err(|error| wrong(error.to_string()))?;
        }
        let bytes = writer.into_inner().map_err(|error| wrong(error.to_string()))?;
        Ok(write_file(path, &bytes)?)
    }
}
