//! All runs of a sweep read back: parameters and numbers, a row a run.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::SweepError;
use super::folder::{Folder, RunStatus};
use super::gates::{Verdict, judge};
use super::plan::{SweepPlan, parameters};
use super::setting::Setting;
use super::table::Table;
use crate::output::write_file;

/// A run of a sweep with what it came to.
#[derive(Clone, Debug)]
pub struct Row {
    /// Name of the run.
    pub name: String,
    /// Values of the keys that vary.
    pub settings: Vec<Setting>,
    /// How it ended.
    pub status: RunStatus,
    /// Why it is not done.
    pub message: Option<String>,
    /// Seconds that it took.
    pub seconds: Option<f64>,
    /// Name of the run that it started from.
    pub started_from: Option<String>,
    /// Its `summary.json`.
    pub summary: Option<Value>,
    /// Its numbers by dotted key, in order.
    pub numbers: Vec<(String, f64)>,
    /// What its gates say.
    pub verdict: Verdict,
}

impl Row {
    /// The number of this key.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<f64> {
        let at = self.numbers.binary_search_by(|(name, _)| name.as_str().cmp(key)).ok()?;
        Some(self.numbers[at].1)
    }
}

/// All runs of a sweep.
#[derive(Clone, Debug)]
pub struct Collected {
    /// Name of the sweep.
    pub sweep: String,
    /// Name of the case.
    pub case: String,
    /// A line about the sweep.
    pub title: Option<String>,
    /// The keys that vary.
    pub keys: Vec<String>,
    /// The runs, in the order of the points.
    pub rows: Vec<Row>,
}

impl Collected {
    /// Reads the runs of a plan from its folder; what is not there is missing.
    #[must_use]
    pub fn read(plan: &SweepPlan, folder: &Folder) -> Self {
        let stem = |path: &Path| path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        Self {
            sweep: plan.file.name(),
            case: stem(&plan.file.case),
            title: plan.file.title.clone(),
            keys: plan.keys.clone(),
            rows: (0..plan.runs.len()).map(|run| row(plan, folder, run)).collect(),
        }
    }

    /// How many runs have this status.
    #[must_use]
    pub fn count(&self, status: RunStatus) -> usize {
        self.rows.iter().filter(|row| row.status == status).count()
    }

    /// Gates that fail, in words, each with its run.
    #[must_use]
    pub fn failed_gates(&self) -> Vec<String> {
        let of =
            |row: &Row| row.verdict.failed.iter().map(|gate| format!("run {}: {gate}", row.name)).collect::<Vec<_>>();
        self.rows.iter().flat_map(of).collect()
    }

    /// Keys of all numbers that any run has, in order.
    #[must_use]
    pub fn numbers(&self) -> Vec<String> {
        let all: BTreeSet<&str> =
            self.rows.iter().flat_map(|row| row.numbers.iter().map(|(key, _)| key.as_str())).collect();
        all.into_iter().map(str::to_owned).collect()
    }

    /// Title of the column of a key that varies: with the unit where all values have the same one.
    #[must_use]
    pub fn title_of(&self, k: usize) -> String {
        match self.unit(k) {
            Some("") | None => self.keys[k].clone(),
            Some(unit) => format!("{} [{unit}]", self.keys[k]),
        }
    }

    /// The unit that all values of a key have; none where they differ or are no numbers.
    fn unit(&self, k: usize) -> Option<&str> {
        let first = self.rows.first()?.settings[k].unit();
        let alike = |row: &Row| row.settings[k].number().is_some() && row.settings[k].unit() == first;
        self.rows.iter().all(alike).then_some(first)
    }

    pub(super) fn own_table(&self) -> Table {
        let numbers = self.numbers();
        let titles = (0..self.keys.len()).map(|k| self.title_of(k));
        let mut header = vec!["run".to_owned(), "status".to_owned()];
        header.extend(titles);
        header.extend(numbers.iter().cloned());
        header.extend(["gates".to_owned(), "seconds".to_owned(), "message".to_owned()]);
        let units: Vec<bool> = (0..self.keys.len()).map(|k| self.unit(k).is_some()).collect();
        let cells = |row: &Row| {
            let own = row.settings.iter().zip(&units).map(|(setting, plain)| match setting.number() {
                Some(number) if *plain => number.to_string(),
                _ => setting.to_string(),
            });
            let mut cells = vec![row.name.clone(), row.status.word().to_owned()];
            cells.extend(own);
            cells.extend(numbers.iter().map(|key| row.number(key).map_or(String::new(), |x| format!("{x:?}"))));
            let gates = if row.verdict.checked == 0 {
                ""
            } else if row.verdict.failed.is_empty() {
                "pass"
            } else {
                "fail"
            };
            cells.push(gates.to_owned());
            cells.push(row.seconds.map_or(String::new(), |seconds| format!("{seconds:.3}")));
            cells.push(row.message.clone().unwrap_or_default());
            cells
        };
        Table { header, rows: self.rows.iter().map(cells).collect() }
    }

    fn json(&self, more: Value) -> Value {
        let run = |row: &Row| {
            json!({
                "run": row.name, "status": row.status, "message": row.message, "seconds": row.seconds,
                "started_from": row.started_from, "parameters": parameters(&self.keys, &row.settings),
                "gates": { "checked": row.verdict.checked, "failed": row.verdict.failed },
                "summary": row.summary,
            })
        };
        let mut all = json!({
            "sweep": self.sweep, "case": self.case, "title": self.title, "perfuse": env!("CARGO_PKG_VERSION"),
            "runs": self.rows.iter().map(run).collect::<Vec<_>>(),
        });
        if let (Value::Object(all), Value::Object(more)) = (&mut all, more) {
            all.extend(more);
        }
        all
    }

    /// Writes `results.csv` and, with what else is known of the sweep, `results.json`.
    ///
    /// # Errors
    /// [`SweepError`] with the system's reason.
    pub fn write(&self, folder: &Path, more: Value) -> Result<(), SweepError> {
        self.own_table().write(&folder.join("results.csv"))?;
        write_file(&folder.join("results.json"), format!("{:#}\n", self.json(more)).as_bytes())?;
        Ok(())
    }
}

fn row(plan: &SweepPlan, folder: &Folder, run: usize) -> Row {
    let entry = &plan.runs[run];
    let (name, settings) = (entry.name.clone(), entry.settings.clone());
    let mut row = Row {
        name,
        settings,
        status: RunStatus::Missing,
        message: None,
        seconds: None,
        started_from: None,
        summary: None,
        numbers: Vec::new(),
        verdict: Verdict::default(),
    };
    if let Some(wrong) = &entry.wrong {
        (row.status, row.message) = (RunStatus::Failed, Some(wrong.clone()));
        return row;
    }
    let Some(record) = folder.record(&entry.name) else { return row };
    (row.status, row.message) = (record.status, record.message);
    (row.seconds, row.started_from) = (Some(record.seconds), record.started_from);
    row.summary = folder.summary(&entry.name);
    if let Some(summary) = &row.summary {
        flatten(summary, String::new(), &mut row.numbers);
        row.numbers.sort_by(|a, b| a.0.cmp(&b.0));
        if let Ok(case) = plan.case(run) {
            row.verdict = judge(summary, &plan.gates(&case));
        }
    }
    row
}

/// Dotted keys and values of all numbers of a summary, members of a list by their names, else by their places.
pub(super) fn flatten(value: &Value, key: String, found: &mut Vec<(String, f64)>) {
    let below = |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
    match value {
        Value::Number(number) => found.extend(number.as_f64().map(|number| (key, number))),
        Value::Object(map) => map.iter().for_each(|(name, inner)| flatten(inner, below(name), found)),
        Value::Array(list) => list.iter().enumerate().for_each(|(k, inner)| {
            let name = inner["name"].as_str().map_or_else(|| k.to_string(), str::to_owned);
            flatten(inner, below(&name), found);
        }),
        _ => {}
    }
}

/// Whether a number tells of the vessel and its flow, and not of how it was computed.
#[must_use]
pub fn is_physical(key: &str) -> bool {
    const COMPUTING: [&str; 8] = [
        "performance.",
        "lattice.",
        "levels.",
        "convergence.",
        "mass_imbalance",
        "wall_correction",
        "wall.iterations",
        "wall.residual",
    ];
    !COMPUTING.iter().any(|start| key.starts_with(start))
        && !["seconds", "iterations", "residual", "nodes", "elements", "unknowns"]
            .contains(&key.rsplit('.').next().unwrap_or(key))
}

/// An object of the numbers of a map.
pub(super) fn object(pairs: impl Iterator<Item = (String, Value)>) -> Value {
    Value::Object(pairs.collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_and_sorted_out() {
        let summary =
            json!({ "openings": [{ "name": "inlet", "flow": { "mean": 2.0 } }], "levels": [{ "sites": 3 }], "a": "b" });
        let mut found = Vec::new();
        flatten(&summary, String::new(), &mut found);
        assert_eq!(found, [("levels.0.sites".to_owned(), 3.0), ("openings.inlet.flow.mean".to_owned(), 2.0)]);
        assert!(is_physical("wss_pa.max") && is_physical("wall.von_mises_kpa.max"));
        assert!(!is_physical("performance.mlups") && !is_physical("levels.0.sites") && !is_physical("wall.nodes"));
    }
}
