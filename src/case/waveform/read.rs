//! The table in a waveform file: a header of columns with units, then rows of numbers.
//!
//! Cells stand between commas, semicolons or tabs (the header shows which), numbers have decimal points, lines that
//! begin with `#` are comments.

use std::path::Path;

use super::Signal;
use super::error::{At, WaveformFileError};
use crate::units::{Dimension, UnitError, parse_quantity};

/// Smallest number of samples.
const FEWEST: usize = 4;

/// A table as it stands in the file.
pub(super) struct Table {
    /// What the wave is of.
    pub signal: Signal,
    /// Time and value in the units of the file.
    pub rows: Vec<[f64; 2]>,
    /// Line of each row.
    pub lines: Vec<usize>,
    /// Units of time and value.
    pub units: [String; 2],
    /// Those units in SI.
    pub factors: [f64; 2],
}

/// One column: where it stands, what it holds, in which unit.
struct Column {
    index: usize,
    name: String,
    unit: String,
    factor: f64,
}

/// Reads the text of a waveform file; `names` are the columns where the case gives them.
pub(super) fn table(path: &Path, text: &str, names: Option<&[String]>) -> Result<Table, WaveformFileError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let filled = |(_, line): &(usize, &str)| !line.is_empty() && !line.starts_with('#');
    let mut lines = text.lines().map(str::trim).enumerate().map(|(k, line)| (k + 1, line)).filter(filled).peekable();
    let Some(&(line, first)) = lines.peek() else { return Err(WaveformFileError::Empty(path.to_owned())) };
    let at = |line: usize| At { path: path.to_owned(), line };
    let separator = [';', '\t'].into_iter().find(|c| first.contains(*c)).unwrap_or(',');
    let cells = |line| str::split(line, separator).map(|cell| cell.trim().trim_matches('"').trim()).collect::<Vec<_>>();
    let header = cells(first);
    let has_names = header.iter().all(|cell| cell.parse::<f64>().is_err());
    let named = named(&header, names, has_names, &at(line))?;
    let (signal, columns) = columns(&named, &at(line))?;
    if has_names {
        lines.next();
    }
    let (mut rows, mut places) = (Vec::new(), Vec::new());
    for (line, text) in lines {
        let cells = cells(text);
        if cells.len() != named.len() {
            let (found, expected) = (cells.len(), named.len());
            return Err(WaveformFileError::Cells { at: at(line), found, expected });
        }
        let [time, value] = &columns;
        rows.push([number(&cells, time, || at(line))?, number(&cells, value, || at(line))?]);
        places.push(line);
    }
    if rows.len() < FEWEST {
        let at = at(places.last().copied().unwrap_or(line));
        return Err(WaveformFileError::TooFew { at, found: rows.len() });
    }
    let factors = [columns[0].factor, columns[1].factor];
    Ok(Table { signal, rows, lines: places, units: columns.map(|column| column.unit), factors })
}

/// The columns' names: those of the case, else the cells of the first row if that is a header.
fn named<'a>(
    row: &[&'a str],
    names: Option<&'a [String]>,
    is_header: bool,
    at: &At,
) -> Result<Vec<&'a str>, WaveformFileError> {
    match names {
        None if !is_header => Err(WaveformFileError::NoHeader { at: at.clone(), row: row.join(", ") }),
        None => Ok(row.to_vec()),
        Some(names) if names.len() != row.len() => {
            Err(WaveformFileError::ColumnCount { at: at.clone(), named: names.len(), found: row.len() })
        }
        Some(names) => Ok(names.iter().map(String::as_str).collect()),
    }
}

fn number(cells: &[&str], column: &Column, at: impl Fn() -> At) -> Result<f64, WaveformFileError> {
    let cell = cells[column.index];
    match cell.parse::<f64>() {
        Ok(number) if (number * column.factor).is_finite() => Ok(number),
        _ => Err(WaveformFileError::NotNumber { at: at(), cell: cell.to_owned(), column: column.name.clone() }),
    }
}

/// The column of the time and that of the signal.
fn columns(named: &[&str], at: &At) -> Result<(Signal, [Column; 2]), WaveformFileError> {
    let (mut time, mut signals) = (Vec::new(), Vec::new());
    for (index, whole) in named.iter().enumerate() {
        let (name, unit) = match whole.split_once('[') {
            Some((name, rest)) => (name.trim(), rest.strip_suffix(']').map(str::trim)),
            None => (*whole, None),
        };
        let signal = match name {
            "time" => None,
            "flow" => Some(Signal::Flow),
            "velocity" => Some(Signal::Velocity),
            "pressure" => Some(Signal::Pressure),
            _ => return Err(WaveformFileError::UnknownColumn { at: at.clone(), column: (*whole).to_owned() }),
        };
        let dimension = signal.map_or(Dimension::Time, Signal::dimension);
        let Some(unit) = unit.filter(|unit| !unit.is_empty()) else {
            let unit = dimension.units()[0];
            return Err(WaveformFileError::NoUnit { at: at.clone(), column: name.to_owned(), unit });
        };
        let wrong = |source: UnitError| {
            let column = (*whole).to_owned();
            WaveformFileError::Unit { at: at.clone(), column, source }
        };
        let factor = parse_quantity(&format!("1 {unit}"), dimension).map_err(wrong)?;
        let column = Column { index, name: (*whole).to_owned(), unit: unit.to_owned(), factor };
        match signal {
            None => time.push(column),
            Some(signal) => signals.push((signal, column)),
        }
    }
    match (time.pop(), signals.pop(), time.len() + signals.len()) {
        (Some(time), Some((signal, value)), 0) => Ok((signal, [time, value])),
        _ => {
            let found = named.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            Err(WaveformFileError::Columns { at: at.clone(), found })
        }
    }
}
