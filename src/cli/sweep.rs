//! `perfuse sweep`: many runs of a case, resumable, with gates.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_json::{Value, json};

use super::progress::Reporter;
use super::{Failure, print, print_json, stop};
use crate::backend::gpu::device::{self, Choice, Opened};
use crate::backend::host;
use crate::run::fit::Room;
use crate::run::shelf::Shelf;
use crate::sweep::baseline::{self, Comparison};
use crate::sweep::collect::Collected;
use crate::sweep::execute::{Setting, Watch, execute};
use crate::sweep::file::{Method, SweepFile};
use crate::sweep::folder::{Folder, RunStatus};
use crate::sweep::plan::SweepPlan;
use crate::sweep::shard::Shard;
use crate::sweep::{SweepError, gates, report, sobol};

/// Runs, and hours that they are expected to take, beyond which a sweep asks to be confirmed.
const MANY_RUNS: usize = 200;
const MANY_HOURS: f64 = 12.0;

/// Parts of the memory that is free which lattices and flows may take that runs share.
const SHARED: u64 = 8;

/// Arguments of `perfuse sweep`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  perfuse sweep severity.toml --dry-run        what would run, and how long it would take
  perfuse sweep severity.toml --jobs 2
  perfuse sweep severity.toml --shard 1/4      the first of four parts; all four may share one folder
  perfuse sweep severity.toml --collect        merge the parts: results.csv, results.json, junit.xml, sweep-report.html
  perfuse sweep severity.toml --baseline old/results.csv --tolerance 2%

A sweep file:
  case = \"stenosis.toml\"
  [[vary]]
  key = \"opening.inlet.flow\"                   # any key of the case file, as for --set
  values = [\"1 ml/s\", \"2 ml/s\", \"4 ml/s\"]      # or from, to, steps; or uniform, normal, lognormal
  [[vary]]
  key = \"mesh.severity\"                        # a vessel of `perfuse mesh` in place of the case's surface
  values = [0.3, 0.5, 0.7]
  [mesh]
  kind = \"stenosis\"

The same command goes on with a sweep that was stopped or killed; runs that are done are not done again. In a Slurm array
--shard is found from SLURM_ARRAY_TASK_ID. Exit codes: 0 done; 1 a run failed or is missing; 2 bad usage or sweep; 3 a
gate failed or a number differs from the baseline; 130 interrupted.")]
pub struct SweepArgs {
    /// The sweep file (TOML)
    sweep: PathBuf,
    /// Folder for the results [default: results/ and the name of the sweep]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Device: the best hardware GPU, else the native CPU (auto); any GPU adapter (gpu); the native CPU (cpu)
    #[arg(long, default_value = "auto", value_parser = PossibleValuesParser::new(Choice::NAMES).try_map(|s| s.parse::<Choice>()))]
    device: Choice,
    /// Override a key of the case file for all runs; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// Print the runs and the estimated time, and run nothing
    #[arg(long)]
    dry_run: bool,
    /// Runs at a time; on the CPU each takes its part of the cores
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: u16,
    /// Run the i-th of n parts only, and do not collect: 1/4 to 4/4
    #[arg(long, value_name = "I/N", conflicts_with = "collect")]
    shard: Option<Shard>,
    /// Run nothing: write the tables and reports of the runs that are there
    #[arg(long)]
    collect: bool,
    /// End at the first run that fails
    #[arg(long)]
    fail_fast: bool,
    /// Do failed runs again
    #[arg(long)]
    retry_failed: bool,
    /// Compare with the results.csv of an earlier sweep
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// How much a number may differ from the baseline
    #[arg(long, default_value = "2%", value_name = "PART", value_parser = baseline::tolerance, requires = "baseline")]
    tolerance: f64,
    /// Run also what is a lot: more than 200 runs, or 12 hours
    #[arg(long)]
    yes: bool,
    /// Print the results as JSON on stdout
    #[arg(long)]
    json: bool,
    /// No progress on stderr
    #[arg(short, long)]
    quiet: bool,
}

/// Plans, runs and collects.
///
/// # Errors
/// [`Failure`]: the sweep cannot be used, a run failed or is missing, a gate failed, or the user stopped it.
pub fn run(args: &SweepArgs) -> Result<(), Failure> {
    let file = SweepFile::load(&args.sweep)?;
    let root = args.out.clone().unwrap_or_else(|| Path::new("results").join(file.name()));
    let case = file.case.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    Folder::check(&root, &file.name(), &case)?;
    let opened = device::open(args.device)?;
    let backend = opened.as_ref().map_or("cpu", |opened| opened.info.backend);
    let plan = SweepPlan::new(file, &args.sets, backend)?;
    let shard = args.shard.map_or_else(Shard::of_slurm, |shard| Ok(Some(shard))).map_err(SweepError::Usage)?;
    let shard = shard.filter(|_| !args.collect);
    let reporter = Reporter::new(args.quiet);
    let mut sweep = Sweep { args, plan, opened, shelf: Arc::new(Shelf::new(share())), reporter };
    if args.collect {
        return sweep.collect(&Folder::open(&root, &sweep.plan.file.name(), &case)?);
    }
    let runs = shard.unwrap_or_default().runs(sweep.plan.runs.len());
    if args.dry_run {
        return sweep.show(&runs);
    }
    sweep.ask(&runs)?;
    sweep.tell_wrong(&runs)?;
    let folder = Folder::open(&root, &sweep.plan.file.name(), &case)?;
    sweep.plan.keep(&root.join("meshes")).map_err(SweepError::from)?;
    stop::listen();
    sweep.go(&runs, &folder)?;
    match shard {
        Some(shard) => sweep.shard_done(&runs, &folder, shard),
        None => sweep.collect(&folder),
    }
}

/// Bytes for what runs share.
fn share() -> usize {
    host::available().map_or(1 << 28, |free| (free / SHARED) as usize)
}

struct Sweep<'a> {
    args: &'a SweepArgs,
    plan: SweepPlan,
    opened: Option<Opened>,
    shelf: Arc<Shelf>,
    reporter: Reporter,
}

/// A reporter that workers share: lines only.
struct Lines {
    quiet: bool,
}

impl Watch for Lines {
    fn say(&self, text: &str) {
        if !self.quiet {
            eprintln!("{text}");
        }
    }

    fn go_on(&self) -> ControlFlow<()> {
        stop::flow()
    }
}

impl Sweep<'_> {
    fn estimate(&self, runs: &[usize]) -> Result<f64, Failure> {
        let room = Room::of(self.opened.clone());
        Ok(self.plan.estimate(runs, self.opened.as_ref(), &room, &self.shelf)?)
    }

    /// Refuses what is a lot, unless it was confirmed.
    fn ask(&self, runs: &[usize]) -> Result<(), Failure> {
        if self.args.yes {
            return Ok(());
        }
        let limit = format!("more than {MANY_RUNS} runs or {MANY_HOURS} hours need --yes (--dry-run prints the runs)");
        let many = runs.len() > MANY_RUNS;
        // Where the number is too large already, nothing is planned for the sake of the message.
        let hours = if many { 0.0 } else { self.estimate(runs)? / 3600.0 / f64::from(self.args.jobs) };
        if many {
            return Err(SweepError::TooMuch { reason: format!("the sweep has {} runs; {limit}", runs.len()) }.into());
        }
        if hours > MANY_HOURS {
            let reason = format!("the sweep has {} runs that take about {hours:.0} hours; {limit}", runs.len());
            return Err(SweepError::TooMuch { reason }.into());
        }
        self.reporter.say(&format!("{} runs, about {}", runs.len(), time(3600.0 * hours)));
        Ok(())
    }

    /// Tells of the runs that cannot be run, before any is run.
    fn tell_wrong(&self, runs: &[usize]) -> Result<(), Failure> {
        let wrong: Vec<String> = runs
            .iter()
            .filter_map(|&run| {
                let entry = &self.plan.runs[run];
                let why = entry.wrong.as_ref()?;
                Some(format!("run {} ({}) cannot be run: {why}", entry.name, self.plan.label(run)))
            })
            .collect();
        if !wrong.is_empty() && (self.args.fail_fast || wrong.len() == runs.len()) {
            return Err(SweepError::Usage(wrong.join("\n")).into());
        }
        wrong.iter().for_each(|line| self.reporter.say(line));
        Ok(())
    }

    fn show(&self, runs: &[usize]) -> Result<(), Failure> {
        let seconds = self.estimate(runs)?;
        if self.args.json {
            let run = |&run: &usize| {
                let entry = &self.plan.runs[run];
                let parameters = crate::sweep::plan::parameters(&self.plan.keys, &entry.settings);
                json!({ "run": entry.name, "parameters": parameters, "wrong": entry.wrong })
            };
            return print_json(&json!({ "runs": runs.iter().map(run).collect::<Vec<Value>>(), "seconds": seconds }));
        }
        let mut text = String::new();
        for &run in runs {
            let entry = &self.plan.runs[run];
            let wrong = entry.wrong.as_ref().map_or(String::new(), |why| format!("  CANNOT BE RUN: {why}"));
            text.push_str(&format!("{}  {}{wrong}\n", entry.name, self.plan.label(run)));
        }
        let jobs = self.args.jobs;
        text.push_str(&format!(
            "{} runs, about {} one after the other ({jobs} at a time)\n",
            runs.len(),
            time(seconds)
        ));
        print(&text)
    }

    fn go(&self, runs: &[usize], folder: &Folder) -> Result<(), Failure> {
        if self.args.retry_failed {
            for &run in runs {
                let name = &self.plan.runs[run].name;
                if folder.record(name).is_some_and(|record| record.status != RunStatus::Done) {
                    folder.forget(name).map_err(SweepError::from)?;
                }
            }
        }
        let setting = Setting {
            opened: self.opened.as_ref(),
            jobs: usize::from(self.args.jobs),
            fail_fast: self.args.fail_fast,
            shelf: &self.shelf,
            flows: share(),
        };
        let tally = execute(&self.plan, runs, folder, &setting, &Lines { quiet: self.args.quiet })?;
        if tally.interrupted {
            let reached = format!("{} runs are done; the same command goes on", tally.done + tally.found);
            return Err(Failure::Interrupted(reached));
        }
        Ok(())
    }

    fn shard_done(&self, runs: &[usize], folder: &Folder, shard: Shard) -> Result<(), Failure> {
        let there = |run: &&usize| folder.record(&self.plan.runs[**run].name).is_some();
        let (done, all) = (runs.iter().filter(there).count(), runs.len());
        print(&format!("shard {shard}: {done} of {all} runs are there; --collect merges the shards\n"))?;
        let good = |run: &usize| {
            folder.record(&self.plan.runs[*run].name).is_some_and(|record| record.status == RunStatus::Done)
        };
        let bad = runs.iter().filter(|run| !good(run)).count();
        if bad > 0 { Err(Failure::Run(format!("{bad} runs of the shard failed").into())) } else { Ok(()) }
    }

    /// Reads all runs back, judges them, and writes tables and reports.
    fn collect(&self, folder: &Folder) -> Result<(), Failure> {
        let all = Collected::read(&self.plan, folder);
        let indices = match self.plan.file.method {
            Method::Saltelli => sobol::of_runs(&all, u64::from(self.plan.file.seed)),
            _ => Vec::new(),
        };
        let compared = match &self.args.baseline {
            Some(path) => baseline::compare(&all, path, self.args.tolerance)?,
            None => Comparison::default(),
        };
        let more = json!({ "sobol": sobol::as_json(&all, &indices), "differences": compared.differences });
        all.write(folder.root(), more)?;
        gates::junit(&all, &compared.differences, folder.root())?;
        report::write(&all, &indices, &self.plan.gate_keys(), folder.root())?;
        self.tell(&all, &compared, folder)?;
        let (failed, missing) =
            (all.count(RunStatus::Failed) + all.count(RunStatus::Unsettled), all.count(RunStatus::Missing));
        if failed + missing > 0 {
            let of = all.rows.len();
            return Err(Failure::Run(format!("{failed} of {of} runs failed, {missing} are missing").into()));
        }
        let differences = compared.differences.iter().map(|(run, message)| format!("run {run}: {message}"));
        let wrong: Vec<String> = all.failed_gates().into_iter().chain(differences).collect();
        if wrong.is_empty() { Ok(()) } else { Err(Failure::Gates(wrong)) }
    }

    fn tell(&self, all: &Collected, compared: &Comparison, folder: &Folder) -> Result<(), Failure> {
        if self.args.json {
            let text = std::fs::read_to_string(folder.root().join("results.json")).map_err(Failure::Stdout)?;
            return print(&text);
        }
        for (run, row) in all.rows.iter().enumerate() {
            if let (RunStatus::Failed | RunStatus::Unsettled, Some(message)) = (row.status, &row.message) {
                self.reporter.say(&format!("run {} ({}): {message}", row.name, self.plan.label(run)));
            }
        }
        let mut text = format!("{} of {} runs are done\n", all.count(RunStatus::Done), all.rows.len());
        if self.args.baseline.is_some() {
            let Comparison { runs, numbers, .. } = compared;
            text.push_str(&format!("{numbers} numbers of {runs} runs compared with the baseline\n"));
        }
        print(&format!("{text}results       {}\n", folder.root().display()))
    }
}

/// Seconds for a person.
fn time(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}
