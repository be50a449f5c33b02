//! `[output]`: which files a run writes, and how often it keeps a checkpoint.

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::checkpoint::Checkpoint;
use super::values::{Count, Field, Finite};

/// What is written.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OutputTable {
    /// Fields to write: pressure, velocity, wss, viscosity; all of them by default.
    #[serde(default)]
    #[schemars(with = "Vec<Field>")]
    pub fields: Option<Vec<Field>>,
    /// Snapshots of the last cycle, at equal intervals, 0 to `rows`; 10 by default.
    #[serde(default)]
    #[schemars(with = "u64")]
    pub snapshots: Option<Spanned<u64>>,
    /// Snapshots of the last cycle at these parts of it, from 0 to below 1, in place of a number of them: [0.1, 0.35].
    #[serde(default)]
    #[schemars(with = "Vec<f64>")]
    pub phases: Option<Spanned<Vec<Finite>>>,
    /// Rows of probes.csv a cycle, and samples of the cycle's indices, 50 to 5000; 200 by default.
    #[serde(default)]
    #[schemars(with = "Count")]
    pub rows: Option<Spanned<Count>>,
    /// Whether the run writes report.html, report.glb and pictures/ at its end; true by default.
    #[serde(default)]
    #[schemars(with = "bool")]
    pub report: Option<bool>,
    /// Time between two checkpoints, 1 ms to 1440 min, or "off"; "10 min" by default.
    #[serde(default)]
    #[schemars(with = "Checkpoint")]
    pub checkpoint: Option<Spanned<Checkpoint>>,
}
