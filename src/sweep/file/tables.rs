//! The sweep file as serde sees it; the schema and the check for unknown keys come from here.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use super::Method;

/// A sweep: many runs of a case with some of its keys varied.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SweepTable {
    /// A line about the sweep, for its report.
    #[serde(default)]
    #[schemars(with = "String")]
    pub title: Option<String>,
    /// The case file, relative to this file.
    #[schemars(with = "String")]
    pub case: Spanned<String>,
    /// Overrides that all runs share, as for --set: ["resolution.across=12"].
    #[serde(default)]
    pub set: Vec<String>,
    /// Starts each steady run from the finished one that is most like it, where there is one.
    #[serde(default)]
    pub warm_start: bool,
    /// How points are chosen.
    #[serde(default)]
    pub sample: SampleTable,
    /// A vessel made by `perfuse mesh` in place of the case's surface: `kind` and the options of that kind, whose names
    /// can be varied as `mesh.severity` and so on.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Value>")]
    pub mesh: Option<Spanned<BTreeMap<Spanned<String>, toml::Value>>>,
    /// What varies: one key of the case file a table.
    #[serde(default)]
    #[schemars(with = "Vec<VaryTable>")]
    pub vary: Vec<Spanned<VaryTable>>,
    /// Gates on every run's summary, beside those of the case.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, GateTable>")]
    pub expect: BTreeMap<Spanned<String>, GateTable>,
}

/// How points are chosen.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SampleTable {
    /// "grid": every combination (the default); "list": the first values, the second values, ...; "table": the rows of a
    /// CSV file; "latin-hypercube" or "sobol": points spread over the ranges; "saltelli": those from which Sobol' indices
    /// follow, points x (keys + 2) runs.
    #[serde(default)]
    #[schemars(with = "Method")]
    pub method: Option<Spanned<Method>>,
    /// Number of points, 1 to 65536, of latin-hypercube, sobol and saltelli.
    #[serde(default)]
    #[schemars(with = "u64")]
    pub points: Option<Spanned<i64>>,
    /// Number that the points' randomness comes from; the same points for the same number. 1 by default.
    #[serde(default)]
    pub seed: Option<u32>,
    /// The CSV file of "table", relative to this file: a column a key, a row a run.
    #[serde(default)]
    #[schemars(with = "String")]
    pub file: Option<Spanned<String>>,
}

/// A key of the case file and its values: `values`, or `from`, `to` and `steps`, or a distribution.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VaryTable {
    /// Dotted key as for --set: opening.inlet.flow, opening.inlet.waveform.scale, mesh.severity.
    #[schemars(with = "String")]
    pub key: Spanned<String>,
    /// The values, one by one.
    #[serde(default)]
    #[schemars(with = "Vec<Value>")]
    pub values: Option<Spanned<Vec<toml::Value>>>,
    /// First value of a range, with its unit.
    #[serde(default)]
    #[schemars(with = "Value")]
    pub from: Option<Spanned<toml::Value>>,
    /// Last value of a range, in the same unit.
    #[serde(default)]
    #[schemars(with = "Value")]
    pub to: Option<Spanned<toml::Value>>,
    /// Number of values of a range in a grid or a list, 2 or more.
    #[serde(default)]
    #[schemars(with = "u64")]
    pub steps: Option<Spanned<i64>>,
    /// Evenly spread: { min = ..., max = ... }.
    #[serde(default)]
    #[schemars(with = "Bounds")]
    pub uniform: Option<Spanned<Bounds>>,
    /// Normally spread: { mean = ..., sd = ..., min = ..., max = ... }; the bounds may be left out.
    #[serde(default)]
    #[schemars(with = "Normal")]
    pub normal: Option<Spanned<Normal>>,
    /// With a normal logarithm: { median = ..., sigma = 0.2, min = ..., max = ... }; sigma is that of the natural
    /// logarithm, the bounds may be left out.
    #[serde(default)]
    #[schemars(with = "Lognormal")]
    pub lognormal: Option<Spanned<Lognormal>>,
}

/// Smallest and largest value.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Bounds {
    /// Smallest value, with its unit.
    #[schemars(with = "Value")]
    pub min: toml::Value,
    /// Largest value, in the same unit.
    #[schemars(with = "Value")]
    pub max: toml::Value,
}

/// A normal distribution.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Normal {
    /// Mean, with its unit.
    #[schemars(with = "Value")]
    pub mean: toml::Value,
    /// Standard deviation, in the same unit.
    #[schemars(with = "Value")]
    pub sd: toml::Value,
    /// Smallest value, in the same unit.
    #[serde(default)]
    #[schemars(with = "Value")]
    pub min: Option<toml::Value>,
    /// Largest value, in the same unit.
    #[serde(default)]
    #[schemars(with = "Value")]
    pub max: Option<toml::Value>,
}

/// A lognormal distribution.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Lognormal {
    /// Median, with its unit.
    #[schemars(with = "Value")]
    pub median: toml::Value,
    /// Standard deviation of the natural logarithm.
    pub sigma: f64,
    /// Smallest value, in the same unit.
    #[serde(default)]
    #[schemars(with = "Value")]
    pub min: Option<toml::Value>,
    /// Largest value, in the same unit.
    #[serde(default)]
    #[schemars(with = "Value")]
    pub max: Option<toml::Value>,
}

/// The range that one number of the summary must lie in; at least one bound.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GateTable {
    /// Smallest value that passes.
    #[serde(default)]
    pub min: Option<f64>,
    /// Largest value that passes.
    #[serde(default)]
    pub max: Option<f64>,
}
