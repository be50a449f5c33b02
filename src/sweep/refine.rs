//! One case at three resolutions: what the finest is worth.
//!
//! The finest resolution is that of the case, so that its run is the one that `perfuse run` makes; where that is there
//! already, it is not done again. The two coarser ones stand in `refine/` beside it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Map, Value, json};

use super::SweepError;
use super::collect::{flatten, is_physical};
use super::gci::{Estimate, estimate};
use super::table::Table;
use crate::backend::gpu::device::Opened;
use crate::case::Case;
use crate::output::create_folder;
use crate::run::fit::Room;
use crate::run::job::{self, Checkpoints, Ending, Setup, Sink};
use crate::run::plan::{FEWEST_ACROSS, Plan, PlanError};
use crate::run::shelf::Shelf;
use crate::run::{RunError, identity, results};

/// A resolution with its run.
#[derive(Debug)]
pub struct Level {
    /// Distance between sites, m.
    pub spacing: f64,
    /// Its case.
    case: Case,
    /// Where its results are or will be.
    pub folder: PathBuf,
    /// What decides its result.
    identity: String,
}

/// A case at three resolutions, the finest first.
#[derive(Debug)]
pub struct Refinement {
    /// The resolutions.
    pub levels: [Level; 3],
}

/// What a refinement came to.
#[derive(Debug)]
pub struct Refined {
    /// `summary.json` of the finest run, with the object `uncertainty`.
    pub summary: Value,
    /// Numbers with their estimates, by dotted key.
    pub numbers: Vec<(String, Estimate)>,
    /// How many runs were there already.
    pub reused: usize,
}

/// Why there is no estimate.
#[derive(Debug, thiserror::Error)]
pub enum RefineError {
    /// A resolution cannot be planned.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The case has no identity.
    #[error(transparent)]
    Identity(#[from] identity::IdentityError),
    /// A run failed.
    #[error("the run at a spacing of {spacing_mm:.4} mm failed")]
    Run {
        /// Its spacing, mm.
        spacing_mm: f64,
        /// Why.
        source: Box<RunError>,
    },
    /// A run has no steady or periodic result.
    #[error("the run at a spacing of {spacing_mm:.4} mm has no result to compare: {why}")]
    Unsettled {
        /// Its spacing, mm.
        spacing_mm: f64,
        /// Why.
        why: String,
    },
    /// The user stopped it.
    #[error("interrupted")]
    Interrupted,
    /// The resolutions cannot be used.
    #[error("{0}")]
    Usage(String),
    /// A result cannot be written.
    #[error(transparent)]
    Output(#[from] SweepError),
}

impl Refinement {
    /// Plans three resolutions of a case, each coarser than the one before by `ratio`, with results in `folder`; `read`
    /// reads the case with one more override.
    ///
    /// # Errors
    /// [`RefineError`] if the coarsest does not resolve the narrowest opening, or the case cannot be planned.
    pub fn new(
        read: &dyn Fn(Option<String>) -> Result<Case, crate::case::CaseError>,
        (ratio, folder): (f64, &Path),
        (opened, room): (Option<&Opened>, &Room),
        shelf: &Arc<Shelf>,
    ) -> Result<Self, RefineError> {
        let case = read(None).map_err(PlanError::from)?;
        let plan = Plan::shared(case.clone(), room, shelf)?;
        let finest = plan.finest().scale.dx;
        let narrowest = plan.iolets.iter().map(|iolet| iolet.diameter).fold(f64::INFINITY, f64::min);
        let coarsest = narrowest / (finest * ratio * ratio);
        if coarsest < FEWEST_ACROSS {
            return Err(RefineError::Usage(format!(
                "the coarsest of the three lattices would have {coarsest:.1} sites across the narrowest opening, at least \
                 {FEWEST_ACROSS} are needed; give the case a finer resolution (--set resolution.across={:.0}) or a smaller \
                 --ratio",
                (FEWEST_ACROSS * ratio * ratio).ceil()
            )));
        }
        let backend = opened.map_or("cpu", |opened| opened.info.backend);
        let level = |k: i32| -> Result<Level, RefineError> {
            let spacing = finest * ratio.powi(k);
            let set = (k > 0).then(|| format!("resolution.spacing=\"{:.9} mm\"", 1e3 * spacing));
            let case = read(set).map_err(PlanError::from)?;
            let identity = identity::of(&case, backend, &[])?;
            let folder = if k == 0 { folder.to_owned() } else { folder.join("refine").join(format!("coarser_{k}")) };
            Ok(Level { spacing, case, folder, identity })
        };
        Ok(Self { levels: [level(0)?, level(1)?, level(2)?] })
    }

    /// Runs what is not there yet, the coarsest first, and writes the estimates.
    ///
    /// # Errors
    /// [`RefineError`]: the first run that has no result.
    pub fn run(
        &self,
        (opened, room): (Option<&Opened>, &Room),
        shelf: &Arc<Shelf>,
        sink: &dyn Sink,
    ) -> Result<Refined, RefineError> {
        let mut reused = 0;
        let mut summaries = Vec::new();
        for level in self.levels.iter().rev() {
            let found = level.there();
            reused += usize::from(found.is_some());
            let summary = match found {
                Some(summary) => summary,
                None => level.run((opened, room), shelf, sink)?,
            };
            summaries.insert(0, summary);
        }
        let spacings = [0, 1, 2].map(|k: usize| self.levels[k].spacing);
        let numbers = numbers(&summaries, spacings);
        let mut summary = summaries.swap_remove(0);
        summary["uncertainty"] = as_json(&numbers, spacings);
        let folder = &self.levels[0].folder;
        results::json_file(&folder.join("summary.json"), &summary).map_err(SweepError::from)?;
        table(&numbers).write(&folder.join("uncertainty.csv"))?;
        Ok(Refined { summary, numbers, reused })
    }
}

impl Level {
    /// Its summary, where its run is there and complete: the manifest is the last file that a run writes.
    #[must_use]
    pub fn there(&self) -> Option<Value> {
        let read = |name: &str| -> Option<Value> {
            serde_json::from_str(&std::fs::read_to_string(self.folder.join(name)).ok()?).ok()
        };
        let same = read("manifest.json")?["identity"].as_str() == Some(&self.identity);
        let summary = read("summary.json").filter(|summary| summary["status"] == "converged")?;
        same.then_some(summary)
    }

    fn run(
        &self,
        (opened, room): (Option<&Opened>, &Room),
        shelf: &Arc<Shelf>,
        sink: &dyn Sink,
    ) -> Result<Value, RefineError> {
        let (clock, spacing_mm) = (Instant::now(), 1e3 * self.spacing);
        sink.say(&format!("a spacing of {spacing_mm:.4} mm"));
        let plan = Plan::shared(self.case.clone(), room, shelf)?;
        create_folder(&self.folder).map_err(SweepError::from)?;
        let geometry = clock.elapsed().as_secs_f64();
        let setup = Setup {
            folder: &self.folder,
            opened,
            clock,
            geometry,
            start: None,
            keep: false,
            checkpoints: Checkpoints::None,
        };
        let outcome = job::run(&plan, &setup, sink);
        let outcome = outcome.map_err(|error| RefineError::Run { spacing_mm, source: Box::new(error) })?;
        outcome.reported.map_err(SweepError::from)?;
        match outcome.ending {
            Ending::Done => Ok(outcome.summary),
            Ending::Interrupted => Err(RefineError::Interrupted),
            Ending::Unsettled(why) => Err(RefineError::Unsettled { spacing_mm, why }),
        }
    }
}

/// Estimates of all numbers of the flow that three summaries have.
fn numbers(summaries: &[Value], spacings: [f64; 3]) -> Vec<(String, Estimate)> {
    let flat = |summary: &Value| {
        let mut found = Vec::new();
        flatten(summary, String::new(), &mut found);
        found.into_iter().filter(|(key, _)| is_physical(key) && !key.starts_with("uncertainty.")).collect()
    };
    let all: Vec<std::collections::BTreeMap<String, f64>> = summaries.iter().map(flat).collect();
    let [fine, middle, coarse] = all.as_slice() else { return Vec::new() };
    let of = |(key, value): (&String, &f64)| {
        let values = [*value, *middle.get(key)?, *coarse.get(key)?];
        Some((key.clone(), estimate(values, spacings)))
    };
    fine.iter().filter_map(of).collect()
}

fn as_json(numbers: &[(String, Estimate)], spacings: [f64; 3]) -> Value {
    let of = |(key, found): &(String, Estimate)| (key.clone(), json!(found));
    json!({ "spacings_mm": spacings.map(|h| 1e3 * h), "numbers": numbers.iter().map(of).collect::<Map<_, _>>() })
}

fn table(numbers: &[(String, Estimate)]) -> Table {
    let header = ["number", "value", "uncertainty", "percent", "order", "limit", "coarser", "coarsest"];
    let or_empty = |number: Option<f64>| number.map_or(String::new(), |number| format!("{number:?}"));
    let row = |(key, found): &(String, Estimate)| {
        let [_, middle, coarse] = found.values;
        let cells = [Some(found.value), Some(found.uncertainty), found.percent, found.order, found.limit];
        let rest = [Some(middle), Some(coarse)];
        std::iter::once(key.clone()).chain(cells.into_iter().chain(rest).map(or_empty)).collect()
    };
    Table { header: header.map(str::to_owned).into(), rows: numbers.iter().map(row).collect() }
}
