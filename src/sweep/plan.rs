//! From points to runs: a case for each, named by what decides its result; what is wrong with any of them, before the
//! first one runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::SweepError;
use super::file::{SweepFile, lines};
use super::mesh::{Workshop, check_name};
use super::sample::{self, Points};
use super::setting::Setting;
use crate::backend::Flow;
use crate::backend::gpu::device::Opened;
use crate::case::{Case, CaseError, Gate, Spanned, suggestion};
use crate::output::{OutputError, create_folder, write_file};
use crate::run::fit::Room;
use crate::run::plan::{Plan, PlanError};
use crate::run::shelf::Shelf;
use crate::run::{gates, identity};

/// Digits of a run's name.
const DIGITS: usize = 16;

/// Values of a key that are tried alone before the key itself is held to be wrong.
const TRIED: usize = 16;

/// Runs that are planned to estimate what all of them take.
const SAMPLED: usize = 5;

/// Steps that a speed is measured over.
const TRIAL_STEPS: usize = 20;

/// One run of a sweep.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name: the first digits of the hash of everything that decides its result.
    pub name: String,
    /// Values of the sweep's keys.
    pub settings: Vec<Setting>,
    /// Overrides that make its case.
    sets: Vec<String>,
    /// Why it cannot be run, where it cannot.
    pub wrong: Option<String>,
}

/// A folder that is removed when it is dropped.
#[derive(Debug)]
struct Passing(PathBuf);

impl Drop for Passing {
    fn drop(&mut self) {
        // Nobody is left to tell that it could not be.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A sweep that can be run.
#[derive(Debug)]
pub struct SweepPlan {
    /// The sweep file.
    pub file: SweepFile,
    /// The keys that vary.
    pub keys: Vec<String>,
    /// The runs, in the order of the points.
    pub runs: Vec<Entry>,
    text: String,
    /// Where its vessels are, and that folder's end where it is not the sweep's own.
    made: PathBuf,
    passing: Option<Passing>,
}

impl SweepPlan {
    /// Plans a sweep with more overrides of the case, for a kind of device (`cpu` or the adapter's interface). Nothing is
    /// written but vessels in a temporary folder.
    ///
    /// # Errors
    /// [`SweepError`] for what is wrong with the sweep or its case as a whole; what is wrong with single runs is told by
    /// them.
    pub fn new(file: SweepFile, sets: &[String], backend: &str) -> Result<Self, SweepError> {
        let text = std::fs::read_to_string(&file.case)
            .map_err(|source| CaseError::Read { path: file.case.clone(), source })?;
        let shared = [file.sets.as_slice(), sets].concat();
        Case::parse(&file.case, &text, &shared)?;
        let Points { keys, rows } = sample::points(&file)?;
        let made = std::env::temp_dir().join(format!("perfuse-{}-{:x}", std::process::id(), unique()));
        let mut workshop = Workshop::new(&made);
        let passing = Some(Passing(made.clone()));
        let mut plan = Self { file, keys, runs: Vec::new(), text, made, passing };
        let column = |k: usize| rows.iter().map(move |row| &row[k]);
        for k in 0..plan.keys.len() {
            plan.check_key(k, column(k), &shared)?;
        }
        for settings in rows {
            let entry = plan.entry(settings, &shared, backend, &mut workshop);
            plan.runs.push(entry);
        }
        plan.check_gates()?;
        Ok(plan)
    }

    /// Keeps the plan's vessels in a folder of its own.
    ///
    /// # Errors
    /// [`OutputError`] with the system's reason.
    pub fn keep(&mut self, folder: &Path) -> Result<(), OutputError> {
        for entry in std::fs::read_dir(&self.made).into_iter().flatten().flatten() {
            let (from, to) = (entry.path(), folder.join(entry.file_name()));
            if !to.is_file() {
                create_folder(folder)?;
                let bytes = std::fs::read(&from).map_err(|source| OutputError::io(&from, source))?;
                write_file(&to, &bytes)?;
            }
        }
        self.made = folder.to_owned();
        self.passing = None;
        Ok(())
    }

    /// The case of a run.
    ///
    /// # Errors
    /// [`CaseError`] if it is wrong.
    pub fn case(&self, run: usize) -> Result<Case, CaseError> {
        self.parse(&self.runs[run].sets)
    }

    /// What sets a run apart, for a person.
    #[must_use]
    pub fn label(&self, run: usize) -> String {
        let pairs = self.keys.iter().zip(&self.runs[run].settings);
        pairs.map(|(key, value)| format!("{key} = {value}")).collect::<Vec<_>>().join(", ")
    }

    fn parse(&self, sets: &[String]) -> Result<Case, CaseError> {
        let mut case = Case::parse(&self.file.case, &self.text, sets)?;
        case.made = Some(self.made.clone());
        Ok(case)
    }

    /// Refuses a key none of whose values the case takes: then the key is wrong, not a value.
    fn check_key<'v>(
        &self,
        k: usize,
        values: impl Iterator<Item = &'v Setting>,
        shared: &[String],
    ) -> Result<(), SweepError> {
        let key = &self.keys[k];
        if let Some(name) = key.strip_prefix("mesh.") {
            let Some((_, mesh)) = &self.file.mesh else {
                return Err(self.wrong_key(
                    k,
                    format!("`{key}` varies, but there is no [mesh]"),
                    "add [mesh] with kind",
                ));
            };
            return check_name(mesh.get("kind"), name).map_err(|message| self.wrong_key(k, message, ""));
        }
        let mut first = None;
        for value in values.take(TRIED) {
            let sets = [shared, &[set(key, value)]].concat();
            match self.parse(&sets) {
                Ok(_) => return Ok(()),
                Err(error) => first = first.or(Some(error)),
            }
        }
        let Some(error) = first else { return Ok(()) };
        let help = error.diagnostics().first().and_then(|found| found.help.clone()).unwrap_or_default();
        Err(self.wrong_key(k, lines(&error), &help))
    }

    fn wrong_key(&self, k: usize, message: String, help: &str) -> SweepError {
        match (&self.file.table, self.file.axes.get(k)) {
            (Some(path), _) => {
                let help = if help.is_empty() { String::new() } else { format!("; {help}") };
                SweepError::Table { path: path.clone(), reason: format!("column `{}`: {message}{help}", self.keys[k]) }
            }
            (None, Some(axis)) => self.file.error(&axis.span, message, "this key", help).into(),
            (None, None) => SweepError::Usage(message),
        }
    }

    fn entry(&self, settings: Vec<Setting>, shared: &[String], backend: &str, workshop: &mut Workshop) -> Entry {
        let mut sets = shared.to_vec();
        let found = self.name(&settings, &mut sets, backend, workshop);
        let (name, wrong) = match found {
            Ok(name) => (name, None),
            // What cannot be run is named by what was asked for.
            Err(wrong) => {
                let asked = settings.iter().map(Setting::toml).collect::<Vec<_>>().join("\n");
                (identity::hex(&<sha2::Sha256 as sha2::Digest>::digest(asked.as_bytes())), Some(wrong))
            }
        };
        Entry { name: name[..DIGITS].to_owned(), settings, sets, wrong }
    }

    fn name(
        &self,
        settings: &[Setting],
        sets: &mut Vec<String>,
        backend: &str,
        workshop: &mut Workshop,
    ) -> Result<String, String> {
        let mut vessel = self.file.mesh.as_ref().map(|(_, mesh)| mesh.clone());
        for (key, value) in self.keys.iter().zip(settings) {
            match (key.strip_prefix("mesh."), &mut vessel) {
                (Some(name), Some(vessel)) => drop(vessel.insert(name.to_owned(), value.clone())),
                _ => sets.push(set(key, value)),
            }
        }
        if let Some(vessel) = vessel {
            let made = workshop.vessel(&vessel).map_err(|error| error.to_string())?;
            sets.extend([format!("geometry.surface=\"{made}\""), "geometry.unit=\"mm\"".to_owned()]);
        }
        let case = self.parse(sets).and_then(|case| case.validate().map(|()| case)).map_err(|e| lines(&e))?;
        gates::check(&case).map_err(|e| lines(&e))?;
        let warm = if self.file.warm_start { ["warm"].as_slice() } else { &[] };
        identity::of(&case, backend, warm).map_err(|error| match error {
            identity::IdentityError::Case(error) => lines(&error),
            other => other.to_string(),
        })
    }

    /// Refuses a gate of the sweep on a number that no run's summary has.
    fn check_gates(&self) -> Result<(), SweepError> {
        let Some(sound) = self.runs.iter().position(|run| run.wrong.is_none()) else { return Ok(()) };
        let known = gates::keys(&self.case(sound)?);
        for (key, min, max) in &self.file.expect {
            if !known.contains(key) {
                let words: Vec<&str> = known.iter().map(String::as_str).collect();
                let hint = suggestion(key, &words).map_or(String::new(), |word| format!("; did you mean `{word}`?"));
                return Err(SweepError::Usage(format!("[expect]: `{key}` is not a number of the summary{hint}")));
            }
            if min.is_none() && max.is_none() || matches!((min, max), (Some(min), Some(max)) if min > max) {
                return Err(SweepError::Usage(format!("[expect]: the gate on `{key}` never decides; give min or max")));
            }
        }
        Ok(())
    }

    /// The gates of a run: those of its case and those of the sweep.
    #[must_use]
    pub fn gates(&self, case: &Case) -> Vec<Gate> {
        let own = |(key, min, max): &(String, Option<f64>, Option<f64>)| Gate {
            key: Spanned::new(0..0, key.clone()),
            min: *min,
            max: *max,
        };
        case.expect.iter().cloned().chain(self.file.expect.iter().map(own)).collect()
    }

    /// The numbers that gates are on, each once.
    #[must_use]
    pub fn gate_keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = self.file.expect.iter().map(|(key, ..)| key.clone()).collect();
        if let Some(Ok(case)) = self.runs.iter().position(|run| run.wrong.is_none()).map(|run| self.case(run)) {
            keys.extend(case.expect.iter().map(|gate| gate.key.get_ref().clone()));
        }
        keys
    }

    /// Seconds that these runs are expected to take one after the other on a device, from plans of a few of them.
    ///
    /// # Errors
    /// Never for single runs that cannot be planned, which are left out; [`PlanError`] if none of those tried can.
    pub fn estimate(
        &self,
        runs: &[usize],
        opened: Option<&Opened>,
        room: &Room,
        shelf: &Arc<Shelf>,
    ) -> Result<f64, PlanError> {
        let sound: Vec<usize> = runs.iter().copied().filter(|run| self.runs[*run].wrong.is_none()).collect();
        let chosen = SAMPLED.min(sound.len());
        let (mut seconds, mut planned, mut rate, mut failed) = (0.0, 0.0, None, None);
        for k in 0..chosen {
            let run = sound[k * (sound.len() - 1) / (chosen - 1).max(1)];
            let clock = Instant::now();
            let plan = match self.case(run).map_err(PlanError::from).and_then(|case| Plan::shared(case, room, shelf)) {
                Ok(plan) => plan,
                Err(error) => {
                    failed = Some(error);
                    continue;
                }
            };
            let geometry = clock.elapsed().as_secs_f64();
            let level = plan.finest();
            let sites = level.lattice.sites as f64;
            let rate = *rate.get_or_insert_with(|| speed(&plan, opened).unwrap_or(5e6));
            seconds += geometry + plan.expected_work(&level) * sites / rate;
            planned += 1.0;
        }
        match failed {
            Some(error) if planned == 0.0 => Err(error),
            _ => Ok(seconds / f64::max(planned, 1.0) * sound.len() as f64),
        }
    }
}

/// Site updates a second of the finest lattice of a plan.
fn speed(plan: &Plan, opened: Option<&Opened>) -> Option<f64> {
    let level = plan.finest();
    let (lattice, iolets, coefficients) = (level.lattice.clone(), level.iolets.clone(), level.coefficients.clone());
    let physics = level.physics(plan.mu);
    let mut flow = Flow::open(opened.cloned(), lattice, iolets, coefficients, physics, level.storage).ok()?;
    flow.advance(2).and_then(|()| flow.finish()).ok()?;
    let clock = Instant::now();
    flow.advance(TRIAL_STEPS).and_then(|()| flow.finish()).ok()?;
    Some((TRIAL_STEPS * level.lattice.sites) as f64 / clock.elapsed().as_secs_f64().max(1e-9))
}

/// A number that no other plan of this process has.
fn unique() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn set(key: &str, value: &Setting) -> String {
    format!("{key}={}", value.toml())
}

/// Values of a run by key.
#[must_use]
pub fn parameters(keys: &[String], settings: &[Setting]) -> BTreeMap<String, String> {
    keys.iter().cloned().zip(settings.iter().map(Setting::to_string)).collect()
}
