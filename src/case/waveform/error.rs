//! What is wrong with a waveform file, and where.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::units::UnitError;

/// A line of a file; shown as `beat.csv:12`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// The file.
    pub path: PathBuf,
    /// The line, counted from 1.
    pub line: usize,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path.display(), self.line)
    }
}

/// Why a waveform file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WaveformFileError {
    /// It is nowhere.
    #[error(
        "waveform file `{file}` not found: there is no file {}; give a path relative to the case file, or to the \
         folder that the environment variable PERFUSE_DATA names",
        list(looked)
    )]
    Missing {
        /// The name in the case.
        file: String,
        /// The places looked at.
        looked: Vec<PathBuf>,
    },
    /// It cannot be read.
    #[error("cannot read the waveform file `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// It is not text.
    #[error("{0}: not UTF-8 text; save the waveform as CSV")]
    NotText(At),
    /// It holds no row at all.
    #[error(
        "`{}` is empty: a waveform needs a header such as `time [s], flow [ml/s]` and 4 samples or more", .0.display()
    )]
    Empty(PathBuf),
    /// The first row holds numbers.
    #[error(
        "{at}: the first row is `{row}`, but a header that names the columns with their units must come first: write \
         `time [s], flow [ml/s]`, or give columns = [\"time [s]\", \"flow [ml/s]\"] in the case"
    )]
    NoHeader {
        /// The row.
        at: At,
        /// Its text.
        row: String,
    },
    /// A column is not `name [unit]`.
    #[error(
        "{at}: column `{column}` has no unit: write `{column} [{unit}]` in the file, or give columns = [\"time [s]\", \
         \"velocity [m/s]\"] in the case"
    )]
    NoUnit {
        /// The header.
        at: At,
        /// The column's name.
        column: String,
        /// A unit that fits.
        unit: &'static str,
    },
    /// The unit of a column does not fit.
    #[error("{at}: column `{column}`: {source}")]
    Unit {
        /// The header.
        at: At,
        /// The column as it is named.
        column: String,
        /// What is wrong with the unit.
        source: UnitError,
    },
    /// A column that is not known.
    #[error(
        "{at}: unknown column `{column}`: a waveform has `time [s]` and one of `flow [ml/s]`, `velocity [m/s]`, \
         `pressure [mmHg]`"
    )]
    UnknownColumn {
        /// The header.
        at: At,
        /// The column as it is named.
        column: String,
    },
    /// Not one time and one signal.
    #[error(
        "{at}: the columns are {found}, but a waveform has exactly two: `time [s]` and one of `flow [ml/s]`, \
         `velocity [m/s]`, `pressure [mmHg]`; remove the others"
    )]
    Columns {
        /// The header.
        at: At,
        /// Their names.
        found: String,
    },
    /// The case names another number of columns.
    #[error("{at}: the case names {named} columns, but the file has {found}; name each column once")]
    ColumnCount {
        /// The first row.
        at: At,
        /// Columns named in the case.
        named: usize,
        /// Columns in the file.
        found: usize,
    },
    /// A row with too few or too many cells.
    #[error(
        "{at}: {found} cells, but the header has {expected}; separate cells by a comma, semicolon or tab, one kind \
         in a file"
    )]
    Cells {
        /// The row.
        at: At,
        /// Cells in the row.
        found: usize,
        /// Cells in the header.
        expected: usize,
    },
    /// A cell that is not a finite number.
    #[error("{at}: `{cell}` in column `{column}` is not a finite number{}", comma(cell))]
    NotNumber {
        /// The row.
        at: At,
        /// The cell's text.
        cell: String,
        /// The column as it is named.
        column: String,
    },
    /// Time that does not grow.
    #[error(
        "{at}: time {time} {unit} is not after {before} {unit} in the row before; put the rows in order of \
         time, each time once"
    )]
    NotAscending {
        /// The row.
        at: At,
        /// Its time.
        time: f64,
        /// The time before.
        before: f64,
        /// Unit of both.
        unit: String,
    },
    /// Time that does not begin at 0.
    #[error("{at}: time begins at {time} {unit}, but a period begins at 0; subtract {time} from all times")]
    NotFromZero {
        /// The first row of numbers.
        at: At,
        /// Its time.
        time: f64,
        /// Its unit.
        unit: String,
    },
    /// Too few rows.
    #[error("{at}: the waveform ends after {found} samples; 4 or more are needed, of which the last closes the period")]
    TooFew {
        /// The last row.
        at: At,
        /// Rows of numbers.
        found: usize,
    },
    /// The end is not the begin.
    #[error(
        "{at}: the wave does not close: it begins at {first} {unit} and ends at {last} {unit}, a jump of {jump:.4} \
         {unit} or {percent:.1} % of its range, allowed is 1 %; end the file with the first value, or let the last \
         tenth of the period be bent to it: waveform = {{ file = \"{file}\", close = true }}"
    )]
    Open {
        /// The last row.
        at: At,
        /// Name of the file in the case.
        file: String,
        /// First value.
        first: f64,
        /// Last value.
        last: f64,
        /// What is missing.
        jump: f64,
        /// The same in percent of the range.
        percent: f64,
        /// Unit of all.
        unit: String,
    },
    /// A value outside its range.
    #[error("{at}: {value} (with the case's `scale`) is out of range, allowed is {allowed}; {help}")]
    Value {
        /// The row.
        at: At,
        /// The value with its unit, scaled.
        value: String,
        /// The range.
        allowed: &'static str,
        /// The remedy.
        help: &'static str,
    },
    /// No heart beats like this.
    #[error(
        "{at}: the wave ends at {wave} s, allowed is a period of {least} s to {most} s; look at the unit of the time \
         column"
    )]
    Length {
        /// The last row.
        at: At,
        /// Period of the wave, s.
        wave: f64,
        /// Shortest period, s.
        least: f64,
        /// Longest period, s.
        most: f64,
    },
    /// The case has another period.
    #[error(
        "{at}: the wave ends at {wave} s, but the case has period = \"{period} s\"; the last sample must be one period \
         after the first, to 0.1 %: remove `period` from the case, or stretch the times"
    )]
    Period {
        /// The last row.
        at: At,
        /// Period of the wave, s.
        wave: f64,
        /// Period of the case, s.
        period: f64,
    },
}

fn list(places: &[PathBuf]) -> String {
    let mut places: Vec<_> = places.iter().map(|place: &PathBuf| format!("`{}`", Path::display(place))).collect();
    places.dedup();
    places.join(" or ")
}

fn comma(cell: &str) -> &'static str {
    let digits = |c: char| c.is_ascii_digit();
    if cell.contains(',') && cell.contains(digits) { ": write a decimal point, not a comma" } else { "" }
}
