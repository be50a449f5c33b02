//! The sweep file: a case, what varies, how it is sampled.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, Deserializer};

use super::distribution::Spread;
use super::setting::Setting;
use crate::case::{CaseError, Diagnostic, Source, Span, keys};

/// A sweep: many runs of a case with some of its keys varied.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SweepTable {
    /// A line about the sweep, for its report.
    #[serde(default)]
    #[schemars(with = "String")]
    title: Option<String>,
    /// The case file, relative to this file.
    #[schemars(with = "String")]
    case: Spanned<String>,
    /// Overrides that all runs share, as for --set: ["resolution.across=12"].
    #[serde(default)]
    set: Vec<String>,
    /// Starts each steady run from the finished one that is most like it, where there is one.
    #[serde(default)]
    warm_start: bool,
    /// How points are chosen.
    #[serde(default)]
    sample: SampleTable,
    /// A vessel made by `perfuse mesh` in place of the case's surface: `kind` and the options of that kind, whose names
    /// can be varied as `mesh.severity` and so on.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Value>")]
    mesh: Option<Spanned<BTreeMap<Spanned<String>, toml::Value>>>,
    /// What varies: one key of the case file a table.
    #[serde(default)]
    #[schemars(with = "Vec<VaryTable>")]
    vary: Vec<Spanned<VaryTable>>,
    /// Gates on every run's summary, beside those of the case.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, GateTable>")]
    expect: BTreeMap<Spanned<String>, GateTable>,
}

/// How points are chosen.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SampleTable {
    /// "grid": every combination (the default); "list": the first values, the second values, ...; "table": the rows of a
    /// CSV file; "latin-hypercube" or "sobol": points spread over the ranges; "saltelli": those from which Sobol' indices
    /// follow, points x (keys + 2) runs.
    #[serde(default)]
    #[schemars(with = "Method")]
    method: Option<Spanned<Method>>,
    /// Number of points, 1 to 65536, of latin-hypercube, sobol and saltelli.
    #[serde(default)]
    #[schemars(with = "u64")]
    points: Option<Spanned<i64>>,
    /// Number that the points' randomness comes from; the same points for the same number. 1 by default.
    #[serde(default)]
    seed: Option<u32>,
    /// The CSV file of "table", relative to this file: a column a key, a row a run.
    #[serde(default)]
    #[schemars(with = "String")]
    file: Option<Spanned<String>>,
}

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

/// A key of the case file and its values: `values`, or `from`, `to` and `steps`, or a distribution.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct VaryTable {
    /// Dotted key as for --set: opening.inlet.flow, opening.inlet.waveform.scale, mesh.severity.
    #[schemars(with = "String")]
    key: Spanned<String>,
    /// The values, one by one.
    #[serde(default)]
    #[schemars(with = "Vec<Value>")]
    values: Option<Spanned<Vec<toml::Value>>>,
    /// First value of a range, with its unit.
    #[serde(default)]
    #[schemars(with = "Value")]
    from: Option<Spanned<toml::Value>>,
    /// Last value of a range, in the same unit.
    #[serde(default)]
    #[schemars(with = "Value")]
    to: Option<Spanned<toml::Value>>,
    /// Number of values of a range in a grid or a list, 2 or more.
    #[serde(default)]
    #[schemars(with = "u64")]
    steps: Option<Spanned<i64>>,
    /// Evenly spread: { min = ..., max = ... }.
    #[serde(default)]
    #[schemars(with = "Bounds")]
    uniform: Option<Spanned<Bounds>>,
    /// Normally spread: { mean = ..., sd = ..., min = ..., max = ... }; the bounds may be left out.
    #[serde(default)]
    #[schemars(with = "Normal")]
    normal: Option<Spanned<Normal>>,
    /// With a normal logarithm: { median = ..., sigma = 0.2, min = ..., max = ... }; sigma is that of the natural
    /// logarithm, the bounds may be left out.
    #[serde(default)]
    #[schemars(with = "Lognormal")]
    lognormal: Option<Spanned<Lognormal>>,
}

/// Smallest and largest value.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Bounds {
    /// Smallest value, with its unit.
    #[schemars(with = "Value")]
    min: toml::Value,
    /// Largest value, in the same unit.
    #[schemars(with = "Value")]
    max: toml::Value,
}

/// A normal distribution.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Normal {
    /// Mean, with its unit.
    #[schemars(with = "Value")]
    mean: toml::Value,
    /// Standard deviation, in the same unit.
    #[schemars(with = "Value")]
    sd: toml::Value,
    /// Smallest value, in the same unit.
    #[serde(default)]
    #[schemars(with = "Value")]
    min: Option<toml::Value>,
    /// Largest value, in the same unit.
    #[serde(default)]
    #[schemars(with = "Value")]
    max: Option<toml::Value>,
}

/// A lognormal distribution.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Lognormal {
    /// Median, with its unit.
    #[schemars(with = "Value")]
    median: toml::Value,
    /// Standard deviation of the natural logarithm.
    sigma: f64,
    /// Smallest value, in the same unit.
    #[serde(default)]
    #[schemars(with = "Value")]
    min: Option<toml::Value>,
    /// Largest value, in the same unit.
    #[serde(default)]
    #[schemars(with = "Value")]
    max: Option<toml::Value>,
}

/// The range that one number of the summary must lie in; at least one bound.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GateTable {
    /// Smallest value that passes.
    #[serde(default)]
    min: Option<f64>,
    /// Largest value that passes.
    #[serde(default)]
    max: Option<f64>,
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

/// Most points of a method that spreads them: as many as the Sobol' sequence has.
const MOST_POINTS: i64 = 1 << 16;

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

struct Reader<'s> {
    source: &'s Source,
}

impl Reader<'_> {
    fn say(&self, span: &Span, message: String, label: &str, help: &str) -> CaseError {
        one(self.source, span, message, label, help)
    }

    fn read(&self, table: SweepTable) -> Result<SweepFile, CaseError> {
        let beside = self.source.path().parent().unwrap_or(Path::new(""));
        let sample = table.sample;
        let method = sample.method.as_ref().map_or_else(Method::default, |method| *method.get_ref());
        let whole = || sample.method.as_ref().map_or(0..0, Spanned::span);
        let points = match &sample.points {
            Some(points) if !(1..=MOST_POINTS).contains(points.get_ref()) => {
                let message = format!("`sample.points` is {}, allowed is 1 to {MOST_POINTS}", points.get_ref());
                return Err(self.say(&points.span(), message, "out of range", "a power of two spreads best"));
            }
            Some(points) => *points.get_ref() as usize,
            None if method.spreads() => {
                let message = "this method needs a number of points".to_owned();
                return Err(self.say(&whole(), message, "", "add points = 64 to [sample]"));
            }
            None => 0,
        };
        if (method == Method::Table) != sample.file.is_some() {
            let message = "method \"table\" and the key `file` of [sample] go together".to_owned();
            return Err(self.say(&whole(), message, "", "write method = \"table\" and file = \"points.csv\""));
        }
        let mut axes: Vec<Axis> = Vec::new();
        for vary in table.vary {
            let axis = self.axis(vary)?;
            if axes.iter().any(|other| other.key == axis.key) {
                let message = format!("`{}` varies twice", axis.key);
                return Err(self.say(&axis.span, message, "the second time", "give each key one [[vary]]"));
            }
            axes.push(axis);
        }
        if axes.is_empty() == (method != Method::Table) {
            let (message, help) = match method {
                Method::Table => ("the table's columns are what varies, and there is a [[vary]] too", "remove either"),
                _ => ("nothing varies", "add [[vary]] with key and values"),
            };
            return Err(self.say(&axes.first().map_or(0..0, |axis| axis.span.clone()), message.to_owned(), "", help));
        }
        Ok(SweepFile {
            case: beside.join(table.case.get_ref()),
            source: self.source.clone(),
            title: table.title,
            sets: table.set,
            warm_start: table.warm_start,
            method,
            points,
            seed: sample.seed.unwrap_or(1),
            table: sample.file.map(|file| beside.join(file.get_ref())),
            mesh: table.mesh.map(|mesh| {
                let pairs = mesh.get_ref().iter().map(|(key, value)| (key.get_ref().clone(), Setting::of(value)));
                (mesh.span(), pairs.collect())
            }),
            axes,
            expect: table.expect.into_iter().map(|(key, gate)| (key.into_inner(), gate.min, gate.max)).collect(),
        })
    }

    fn axis(&self, vary: Spanned<VaryTable>) -> Result<Axis, CaseError> {
        let header = vary.span();
        let vary = vary.into_inner();
        let (key, span) = (vary.key.get_ref().clone(), vary.key.span());
        let ways = [
            vary.values.is_some(),
            vary.from.is_some() || vary.to.is_some(),
            vary.uniform.is_some(),
            vary.normal.is_some(),
            vary.lognormal.is_some(),
        ];
        if ways.iter().filter(|given| **given).count() != 1 {
            let message = format!("`{key}` needs exactly one of values, from and to, uniform, normal, lognormal");
            let help = "write values = [...], or from = ..., to = ..., steps = ..., or a distribution";
            return Err(self.say(&header, message, "here", help));
        }
        let values = if let Some(values) = vary.values {
            let listed: Vec<Setting> = values.get_ref().iter().map(Setting::of).collect();
            if listed.is_empty() {
                let message = format!("`{key}` has an empty list of values");
                return Err(self.say(&values.span(), message, "empty", "give at least one value"));
            }
            Values::Listed(listed)
        } else if let (Some(from), Some(to)) = (&vary.from, &vary.to) {
            self.range(&key, (from, to), vary.steps.as_ref())?
        } else {
            self.spread(&key, &header, &vary)?
        };
        Ok(Axis { key, span, values })
    }

    fn range(
        &self,
        key: &str,
        (from, to): (&Spanned<toml::Value>, &Spanned<toml::Value>),
        steps: Option<&Spanned<i64>>,
    ) -> Result<Values, CaseError> {
        let ends = self.alike(key, &to.span(), [("from", from.get_ref()), ("to", to.get_ref())])?;
        let [low, high] = [&ends[0], &ends[1]].map(|end| end.number().unwrap_or(f64::NAN));
        if low == high {
            let message = format!("the range of `{key}` is empty: from {} to {}", ends[0], ends[1]);
            return Err(self.say(&to.span(), message, "the same", "give two different ends, or values = [...]"));
        }
        let steps = match steps {
            Some(steps) if !(2..=MOST_POINTS).contains(steps.get_ref()) => {
                let message = format!("`steps` of `{key}` is {}, allowed is 2 to {MOST_POINTS}", steps.get_ref());
                return Err(self.say(&steps.span(), message, "out of range", "both ends are among the steps"));
            }
            steps => steps.map(|steps| *steps.get_ref() as usize),
        };
        let [a, b]: [Setting; 2] = ends.try_into().unwrap_or([Setting::Whole(0), Setting::Whole(0)]);
        Ok(Values::Range([a, b], steps))
    }

    fn spread(&self, key: &str, header: &Span, vary: &VaryTable) -> Result<Values, CaseError> {
        let number = |setting: &Setting| setting.number().unwrap_or(f64::NAN);
        let (spread, kind, span) = if let Some(given) = &vary.uniform {
            let Bounds { min, max } = given.get_ref();
            let found = self.alike(key, &given.span(), [("min", min), ("max", max)])?;
            (Spread::Uniform { min: number(&found[0]), max: number(&found[1]) }, found[0].clone(), given.span())
        } else if let Some(given) = &vary.normal {
            let Normal { mean, sd, min, max } = given.get_ref();
            let bounds = [("min", min.as_ref().unwrap_or(mean)), ("max", max.as_ref().unwrap_or(mean))];
            let found = self.alike(key, &given.span(), [("mean", mean), ("sd", sd), bounds[0], bounds[1]])?;
            let low = if min.is_some() { number(&found[2]) } else { f64::NEG_INFINITY };
            let high = if max.is_some() { number(&found[3]) } else { f64::INFINITY };
            let spread = Spread::Normal { mean: number(&found[0]), sd: number(&found[1]), bounds: [low, high] };
            (spread, found[0].clone(), given.span())
        } else if let Some(given) = &vary.lognormal {
            let Lognormal { median, sigma, min, max } = given.get_ref();
            let bounds = [("min", min.as_ref().unwrap_or(median)), ("max", max.as_ref().unwrap_or(median))];
            let found = self.alike(key, &given.span(), [("median", median), bounds[0], bounds[1]])?;
            let low = if min.is_some() { number(&found[1]) } else { 0.0 };
            let high = if max.is_some() { number(&found[2]) } else { f64::INFINITY };
            (Spread::Lognormal { median: number(&found[0]), sigma: *sigma, bounds: [low, high] }, found[0].clone(), given.span())
        } else {
            let message = format!("the range of `{key}` has one end only");
            return Err(self.say(header, message, "here", "give both from and to"));
        };
        match empty(&spread) {
            None => Ok(Values::Spread(spread, kind)),
            Some(why) => Err(self.say(&span, format!("the range of `{key}` is empty: {why}"), "empty", "")),
        }
    }

    /// Numbers in one unit.
    fn alike<const N: usize>(
        &self,
        key: &str,
        span: &Span,
        values: [(&str, &toml::Value); N],
    ) -> Result<Vec<Setting>, CaseError> {
        let found = values.map(|(name, value)| (name, Setting::of(value)));
        for (name, setting) in &found {
            if setting.number().is_none_or(|number| !number.is_finite()) {
                let message = format!("`{name}` of `{key}` is `{setting}`, not a number with or without a unit");
                return Err(self.say(span, message, "here", "write 3.5, or \"3.5 mPa s\""));
            }
            if setting.unit() != found[0].1.unit() {
                let message =
                    format!("`{key}` mixes units: {} is `{}`, {name} is `{setting}`", found[0].0, found[0].1);
                return Err(self.say(span, message, "two units", "give all numbers of a range in one unit"));
            }
        }
        Ok(found.map(|(_, setting)| setting).into())
    }
}

/// Why a distribution has no values, if it has none.
fn empty(spread: &Spread) -> Option<String> {
    let wrong = |name: &str, value: f64| (value.is_nan() || value <= 0.0).then(|| format!("{name} is {value}, must be above 0"));
    let order = |[low, high]: [f64; 2]| (low.is_nan() || low >= high).then(|| format!("min {low} is not below max {high}"));
    match *spread {
        Spread::Uniform { min, max } => order([min, max]),
        Spread::Normal { sd, bounds, .. } => wrong("sd", sd).or_else(|| order(bounds)),
        Spread::Lognormal { median, sigma, bounds } => {
            let negative = (bounds[0] < 0.0).then(|| format!("min {} is negative", bounds[0]));
            wrong("median", median).or_else(|| wrong("sigma", sigma)).or(negative).or_else(|| order(bounds))
        }
    }
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
