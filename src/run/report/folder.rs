//! The files of a results folder.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{ReportError, tables};
use crate::output::report::{Branch, Series, number};

/// What there is in a results folder, but for the surfaces.
pub(super) struct Folder {
    pub path: PathBuf,
    pub summary: Value,
    pub manifest: Option<Value>,
    pub series: Option<Series>,
    pub branches: Vec<Branch>,
    /// Length of one unit of the surfaces' coordinates, m.
    pub unit: f64,
    /// What the reader should know.
    pub notes: Vec<String>,
}

impl Folder {
    /// Reads everything but the surfaces.
    pub fn read(path: &Path) -> Result<Self, ReportError> {
        if !path.is_dir() {
            return Err(ReportError::NoFolder(path.to_owned()));
        }
        let Some(summary) = json(&path.join("summary.json"))? else {
            return Err(ReportError::NoResults(path.to_owned()));
        };
        let manifest = json(&path.join("manifest.json"))?;
        let series = text(&path.join("probes.csv"))?.map(|text| tables::series(&path.join("probes.csv"), &text));
        let profiles = path.join("profiles.csv");
        let branches = text(&profiles)?.map(|text| tables::branches(&profiles, &text));
        let mut notes = Vec::new();
        let unit = manifest.as_ref().and_then(|m| m.pointer("/geometry/unit")).and_then(Value::as_str).and_then(metres);
        if manifest.is_none() {
            notes.push(
                "There is no manifest.json beside the results: nothing is known about where they come from.".into(),
            );
        }
        if unit.is_none() {
            notes.push(
                "The manifest does not tell the unit of the surface: the scale bars take it to be millimetres.".into(),
            );
        }
        Ok(Self {
            path: path.to_owned(),
            summary,
            manifest,
            series: series.transpose()?,
            branches: branches.transpose()?.unwrap_or_default(),
            unit: unit.unwrap_or(1e-3),
            notes,
        })
    }

    /// Stenoses by their numbers and aneurysms by A and theirs, with their places, m.
    pub fn marks(&self) -> Vec<(String, [f64; 3])> {
        let of = |key: &str, letter: &str| {
            let count = self.summary.get(key).and_then(Value::as_array).map_or(0, Vec::len);
            let mark = |k: usize| {
                let at = |a: usize| number(&self.summary, &format!("{key}.{k}.place_mm.{a}")).map(|x| x * 1e-3);
                Some((format!("{letter}{}", k + 1), [at(0)?, at(1)?, at(2)?]))
            };
            (0..count).filter_map(mark).collect::<Vec<_>>()
        };
        [of("stenoses", ""), of("aneurysms", "A")].concat()
    }
}

/// Length in metres of a unit by its name.
fn metres(unit: &str) -> Option<f64> {
    match unit {
        "um" => Some(1e-6),
        "mm" => Some(1e-3),
        "cm" => Some(1e-2),
        "m" => Some(1.0),
        _ => None,
    }
}

/// The bytes of a file; none where there is no such file.
fn bytes(path: &Path) -> Result<Option<Vec<u8>>, ReportError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ReportError::Read { path: path.to_owned(), source }),
    }
}

fn json(path: &Path) -> Result<Option<Value>, ReportError> {
    let Some(bytes) = bytes(path)? else { return Ok(None) };
    let damaged = |reason: String| ReportError::Damaged { path: path.to_owned(), reason };
    let value: Value = serde_json::from_slice(&bytes).map_err(|error| damaged(format!("not JSON: {error}")))?;
    if value.is_object() { Ok(Some(value)) } else { Err(damaged("not a JSON object".into())) }
}

fn text(path: &Path) -> Result<Option<String>, ReportError> {
    let Some(bytes) = bytes(path)? else { return Ok(None) };
    let damaged = |_| ReportError::Damaged { path: path.to_owned(), reason: "not UTF-8 text".into() };
    String::from_utf8(bytes).map(Some).map_err(damaged)
}
