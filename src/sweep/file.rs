//! The sweep file: a case, what varies, how it is sampled.

mod read;
mod tables;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use read::Reader;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::Deserialize;
use serde_json::Value;
use tables::SweepTable;
use toml::de::{DeTable, Deserializer};

use super::distribution::Spread;
use super::setting::Setting;
use crate::case::{CaseError, Diagnostic, Source, Span, keys};

/// How points are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Every combination.
    #[default]
    Grid,
    /// The k-th values of all keys together.
    List,
    /// Rows of a CSV file.
    Table,
    /// One point in each of as many equal parts of every range.
    LatinHypercube,
    /// A low-discrepancy sequence.
    Sobol,
    /// The design of Sobol' indices.
    Saltelli,
}

impl Method {
    /// Whether points are spread over ranges.
    #[must_use]
    pub fn spreads(self) -> bool {
        matches!(self, Self::LatinHypercube | Self::Sobol | Self::Saltelli)
    }
}

/// What a key is given.
#[derive(Clone, Debug)]
pub(super) enum Values {
    /// These.
    Listed(Vec<Setting>),
    /// A range: two ends, and the number of steps where the file has one.
    Range([Setting; 2], Option<usize>),
    /// A distribution, and a value that shows unit and kind.
    Spread(Spread, Setting),
}

/// A key that varies.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub key: String,
    pub span: Span,
    pub values: Values,
}

/// A gate: key, smallest and largest value.
pub(super) type Bound = (String, Option<f64>, Option<f64>);

/// A sweep file, read.
#[derive(Clone, Debug)]
pub struct SweepFile {
    /// The text, to point at.
    pub source: Source,
    /// A line about the sweep.
    pub title: Option<String>,
    /// The case file.
    pub case: PathBuf,
    /// Overrides that all runs share.
    pub sets: Vec<String>,
    /// Whether runs start from alike ones.
    pub warm_start: bool,
    /// How points are chosen.
    pub method: Method,
    /// Number of points of a method that spreads them.
    pub points: usize,
    /// What randomness comes from.
    pub seed: u32,
    pub(super) table: Option<PathBuf>,
    pub(super) mesh: Option<(Span, BTreeMap<String, Setting>)>,
    pub(super) axes: Vec<Axis>,
    pub(super) expect: Vec<Bound>,
}

impl SweepFile {
    /// Reads a sweep file.
    ///
    /// # Errors
    /// [`CaseError`] that points at the line: not TOML, unknown keys, empty ranges, mixed units.
    pub fn load(path: &Path) -> Result<Self, CaseError> {
        let text = std::fs::read(path).map_err(|source| CaseError::Read { path: path.to_owned(), source })?;
        let text = String::from_utf8(text).map_err(|_| CaseError::NotText { path: path.to_owned(), line: 1 })?;
        Self::parse(path, &text)
    }

    /// The same from a text; `path` stands for the file in messages and anchors relative paths.
    ///
    /// # Errors
    /// As [`SweepFile::load`].
    pub fn parse(path: &Path, text: &str) -> Result<Self, CaseError> {
        let source = Source::new(path, text);
        let say = |span: Span, message: String, help: &str| one(&source, &span, message, "", help);
        let document = DeTable::parse(text).map_err(|error| {
            let help = "a sweep file names a case and has [[vary]] tables";
            say(error.span().unwrap_or(0..0), format!("not valid TOML: {}", error.message()), help)
        })?;
        let wrong = keys::check(document.get_ref(), &schema(), &source);
        if !wrong.is_empty() {
            return Err(CaseError::Invalid(wrong));
        }
        let table = SweepTable::deserialize(Deserializer::from(document)).map_err(|error| {
            let help = "`perfuse schema --sweep` lists the keys and what they take";
            say(error.span().unwrap_or(0..0), error.message().to_owned(), help)
        })?;
        Reader { source: &source }.read(table)
    }

    /// The name of the sweep: the stem of its file.
    #[must_use]
    pub fn name(&self) -> String {
        self.source.path().file_stem().map_or_else(|| "sweep".into(), |stem| stem.to_string_lossy().into_owned())
    }

    /// An error at a place of the file.
    pub(super) fn error(&self, span: &Span, message: String, label: &str, help: &str) -> CaseError {
        one(&self.source, span, message, label, help)
    }
}

fn one(source: &Source, span: &Span, message: String, label: &str, help: &str) -> CaseError {
    let help = Some(help.to_owned()).filter(|help| !help.is_empty());
    CaseError::Invalid(vec![source.diagnostic(span, message, label.to_owned(), help)])
}

/// The JSON schema (draft 2020-12) of a sweep file.
#[must_use]
pub fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|s| s.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<SweepTable>();
    schema.insert("title".into(), "Perfuse sweep file".into());
    schema.to_value()
}

/// All findings of an error, as lines.
pub(super) fn lines(error: &CaseError) -> String {
    match error {
        CaseError::Invalid(found) => found.iter().map(short).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    }
}

fn short(diagnostic: &Diagnostic) -> String {
    let label = if diagnostic.label.is_empty() { String::new() } else { format!(" ({})", diagnostic.label) };
    format!("{}{label}", diagnostic.message)
}
