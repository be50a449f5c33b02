//! Waveform files: `waveform = "beat.csv"` in a case, and the samples that it names.
//!
//! A wave is one period of one quantity. Its first sample is at time 0, its last one period later, with the value of
//! the first. Measured waves seldom close: a jump of up to 1 % of the range is taken out without asking, a larger one
//! on request (`close = true`), both in the same way: over the last tenth of the period a straight line is added, from
//! 0 to what is missing at the end. So nothing changes before that tenth, where a beat that begins with its systole is
//! nearly at rest, and the slope stays finite.

mod error;
mod read;

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use super::ranges;
use super::values::Finite;
use crate::units::Dimension;

pub use error::{At, WaveformFileError};

/// Largest jump between end and begin, in parts of the range, that is taken out without asking.
const JUMP: f64 = 0.01;

/// The part of the period, at its end, over which a wave is bent to close.
const BENT: f64 = 0.1;

/// Largest relative difference between the wave's period and the case's.
const PERIOD: f64 = 1e-3;

/// What a wave is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Volume flow, m^3/s; into the vessel is positive.
    Flow,
    /// Mean velocity over the section, m/s; into the vessel is positive.
    Velocity,
    /// Pressure, Pa.
    Pressure,
}

impl Signal {
    /// Its kind of quantity.
    #[must_use]
    pub fn dimension(self) -> Dimension {
        match self {
            Self::Flow => Dimension::Flow,
            Self::Velocity => Dimension::Velocity,
            Self::Pressure => Dimension::Pressure,
        }
    }
}

/// A waveform as a case names it: a file, or `{ file = ..., columns = [...], close = true, scale = 1.2 }`.
#[derive(Clone, Debug, PartialEq)]
pub struct WaveformSpec {
    /// The file as written in the case.
    pub file: String,
    /// The columns with their units, instead of the file's header.
    pub columns: Option<Vec<String>>,
    /// Whether a wave that does not close is bent until it does.
    pub close: bool,
    /// Factor of all values.
    pub scale: f64,
}

/// The table form of a waveform.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WaveformTable {
    /// CSV file of one period, with columns such as `time [s], flow [ml/s]`; relative to the case file, else to the
    /// folder named by the environment variable PERFUSE_DATA.
    file: String,
    /// What the columns are, where the file's header does not say: ["time [s]", "velocity [m/s]"].
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    columns: Option<Vec<String>>,
    /// Whether the last tenth of the period is bent so that the wave ends where it begins.
    #[serde(default)]
    close: bool,
    /// Factor of all values; 1 by default.
    #[serde(default)]
    #[schemars(with = "f64")]
    scale: Option<Finite>,
}

impl<'de> Deserialize<'de> for WaveformSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FileOrTable;
        impl<'de> Visitor<'de> for FileOrTable {
            type Value = WaveformSpec;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a waveform file, or a table such as { file = \"beat.csv\", close = true }")
            }
            fn visit_str<E: de::Error>(self, file: &str) -> Result<WaveformSpec, E> {
                Ok(WaveformSpec { file: file.to_owned(), columns: None, close: false, scale: 1.0 })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WaveformSpec, A::Error> {
                let WaveformTable { file, columns, close, scale } =
                    WaveformTable::deserialize(MapAccessDeserializer::new(map))?;
                Ok(WaveformSpec { file, columns, close, scale: scale.map_or(1.0, |Finite(scale)| scale) })
            }
        }
        deserializer.deserialize_any(FileOrTable)
    }
}

impl JsonSchema for WaveformSpec {
    fn schema_name() -> Cow<'static, str> {
        "Waveform".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<WaveformTable>();
        json_schema!({ "anyOf": [{ "type": "string" }, table] })
    }
}

impl WaveformSpec {
    /// Its file: beside the case file, else in the folder `data`.
    ///
    /// # Errors
    /// [`WaveformFileError::Missing`] if it is in neither.
    pub fn find(&self, beside: &Path, data: Option<&Path>) -> Result<PathBuf, WaveformFileError> {
        let looked: Vec<_> = [Some(beside), data].into_iter().flatten().map(|folder| folder.join(&self.file)).collect();
        let found = looked.iter().find(|place| place.is_file()).cloned();
        found.ok_or_else(|| WaveformFileError::Missing { file: self.file.clone(), looked })
    }
}

/// A wave that closes.
#[derive(Clone, Debug, PartialEq)]
pub struct Wave {
    /// What it is of.
    pub signal: Signal,
    /// Time (s, the first 0) and value (SI); the last value is the first.
    pub samples: Vec<[f64; 2]>,
    /// The file it was read from.
    pub path: PathBuf,
}

impl Wave {
    /// Length of the period, s.
    #[must_use]
    pub fn period(&self) -> f64 {
        self.samples.last().map_or(0.0, |sample| sample[0])
    }

    /// Reads the wave that a case names, from beside the case file, else from the folder `data`; `period` is the case's
    /// own, in s, where it has one.
    ///
    /// # Errors
    /// [`WaveformFileError`], which names file, line and remedy, if there is no such file or it is not one closed
    /// period.
    pub fn load(
        spec: &WaveformSpec,
        beside: &Path,
        data: Option<&Path>,
        period: Option<f64>,
    ) -> Result<Self, WaveformFileError> {
        let path = spec.find(beside, data)?;
        let path = &path;
        let bytes = std::fs::read(path).map_err(|source| WaveformFileError::Read { path: path.clone(), source })?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
            WaveformFileError::NotText(At { path: path.clone(), line })
        })?;
        Self::parse(spec, path, &text, period)
    }

    /// The same from the text of the file `path`.
    fn parse(spec: &WaveformSpec, path: &Path, text: &str, period: Option<f64>) -> Result<Self, WaveformFileError> {
        let mut table = read::table(path, text, spec.columns.as_deref())?;
        check_times(&table, path, period)?;
        close(&mut table, path, spec)?;
        let [time, value] = table.factors;
        let samples: Vec<_> = table.rows.iter().map(|row| [row[0] * time, row[1] * value * spec.scale]).collect();
        check_values(&table, path, &samples)?;
        Ok(Self { signal: table.signal, samples, path: path.to_owned() })
    }
}

/// Time begins at 0, grows, and ends after one beat, which is the case's period.
fn check_times(table: &read::Table, path: &Path, period: Option<f64>) -> Result<(), WaveformFileError> {
    let at = |row: usize| At { path: path.to_owned(), line: table.lines[row] };
    let unit = table.units[0].clone();
    let (first, last) = (table.rows[0][0], table.rows.len() - 1);
    for (k, pair) in table.rows.windows(2).enumerate() {
        let (before, time) = (pair[0][0], pair[1][0]);
        if time <= before {
            return Err(WaveformFileError::NotAscending { at: at(k + 1), time, before, unit });
        }
    }
    if first != 0.0 {
        return Err(WaveformFileError::NotFromZero { at: at(0), time: first, unit });
    }
    let wave = table.rows[last][0] * table.factors[0];
    let [least, most] = ranges::PERIODS;
    if !(least..=most).contains(&wave) {
        return Err(WaveformFileError::Length { at: at(last), wave, least, most });
    }
    let agrees = |period: f64| (wave / period - 1.0).abs() <= PERIOD;
    match period {
        Some(period) if !agrees(period) => Err(WaveformFileError::Period { at: at(last), wave, period }),
        _ => Ok(()),
    }
}

/// Values are in the range that constants have.
fn check_values(table: &read::Table, path: &Path, samples: &[[f64; 2]]) -> Result<(), WaveformFileError> {
    let range = ranges::of(table.signal);
    let Some(row) = samples.iter().position(|[_, value]| value.abs() > range.most) else { return Ok(()) };
    Err(WaveformFileError::Value {
        at: At { path: path.to_owned(), line: table.lines[row] },
        value: ranges::Shown(table.signal, samples[row][1]).to_string(),
        allowed: range.allowed,
        help: range.help,
    })
}

/// Bends the end of the wave to its begin, if it is near or the case asks for it.
fn close(table: &mut read::Table, path: &Path, spec: &WaveformSpec) -> Result<(), WaveformFileError> {
    let last = table.rows.len() - 1;
    let ([_, begin], [period, end]) = (table.rows[0], table.rows[last]);
    let values = || table.rows.iter().map(|row| row[1]);
    let range = values().fold(f64::NEG_INFINITY, f64::max) - values().fold(f64::INFINITY, f64::min);
    let jump = begin - end;
    if jump.abs() > JUMP * range && !spec.close {
        return Err(WaveformFileError::Open {
            at: At { path: path.to_owned(), line: table.lines[last] },
            file: spec.file.clone(),
            first: begin,
            last: end,
            jump: jump.abs(),
            percent: 100.0 * jump.abs() / range,
            unit: table.units[1].clone(),
        });
    }
    for row in &mut table.rows {
        row[1] += jump * (1.0 - (period - row[0]) / (BENT * period)).max(0.0);
    }
    table.rows[last][1] = begin;
    Ok(())
}

#[cfg(test)]
mod tests;
