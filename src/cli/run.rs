//! `perfuse run`: a case from surface to files.

use std::cell::RefCell;
use std::path::Path;
use std::time::Instant;

use clap::Args;
use serde_json::Value;

use super::progress::Reporter;
use super::{Common, Failure, print, print_json, stop};
use crate::backend::Flow;
use crate::backend::gpu::device;
use crate::backend::native::Native;
use crate::case::Storage;
use crate::run::checkpoint::{Checkpoint, Keeper};
use crate::run::fit::Room;
use crate::run::lock::Lock;
use crate::run::plan::Plan;
use crate::run::pulse::Beat;
use crate::run::pulse::files::Writer;
use crate::run::pulse::kept::Kept;
use crate::run::pulse::{self, Snapshot, Watcher};
use crate::run::steady::{self, Status};
use crate::run::summary::{self, Answer, DeviceName, Seconds};
use crate::run::tuning;
use crate::run::wall::plan::WallPlan;
use crate::run::wall::{WallLoad, WallProgress, compute};
use crate::run::{RunError, results};

/// Arguments of `perfuse run`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  perfuse run cases/stenosis.toml
  perfuse run cases/stenosis.toml --set resolution.across=32 --out results/fine
  perfuse run cases/stenosis.toml --set opening.inlet.flow=\"4 ml/s\" --device cpu --json -q

Results: summary.json, manifest.json, fluid.pvd, surface.pvd (open both in ParaView), probes.csv; where the case has a
[wall] also wall.vtu, wall_inner.vtp, wall_outer.vtp.
Ctrl-C or SIGTERM ends the run and keeps what was reached; a second one ends it at once.
Checkpoints: every [output] checkpoint (\"10 min\"; \"off\" for none), where the run is stopped, and as soon as there is a
file checkpoint/request in the folder of the results. `run CASE --resume` goes on from the newest one, with the same
results as a run that was never stopped; they are removed when the run has ended.")]
pub struct RunArgs {
    #[command(flatten)]
    common: Common,
    /// Start at rest on the finest lattice instead of on a coarser one
    #[arg(long)]
    no_coarse: bool,
    /// Go on from the newest checkpoint in the folder of the results
    #[arg(long)]
    resume: bool,
}

/// Runs the case and writes its results.
///
/// # Errors
/// [`Failure`]: the case cannot be used, the run failed, a gate failed, or the user stopped it.
pub fn run(args: &RunArgs) -> Result<(), Failure> {
    let clock = Instant::now();
    let case = args.common.load()?;
    let folder = args.common.out_dir(&case);
    let reporter = Reporter::new(args.common.quiet);
    reporter.phase("reading the surface and cutting the lattice");
    let opened = device::open(args.common.device)?;
    let mut plan = Plan::new(case, &Room::of(opened.clone()))?;
    if args.no_coarse {
        plan.spacings.drain(..plan.spacings.len() - 1);
    }
    let geometry = clock.elapsed().as_secs_f64();
    plan.repairs.lines().iter().for_each(|line| reporter.say(&format!("surface repaired: {line}")));
    if args.common.verbose {
        reporter.say(&super::check::text(&plan));
    }
    if plan.case.storage == Storage::F16 {
        let warning = super::check::noise(&plan, &plan.finest());
        warning.iter().for_each(|warning| reporter.say(&format!("warning: {warning}")));
    }
    let device = device_name(opened.as_ref());
    reporter.say(&format!("{} sites on {} ({})", plan.lattice.sites, device.name, device.backend));
    let say = |text: &str| reporter.say(text);
    let mut keeper = Keeper::new(&plan, &folder, &say);
    let from = if args.resume { Some(keeper.resume().map_err(RunError::from)?) } else { None };
    let _lock = Lock::take(&folder)?;
    stop::listen();
    let mut open = |level: &crate::run::level::Level| {
        let (lattice, physics) = (level.lattice.clone(), level.physics(plan.mu));
        let flow = Flow::open(
            opened.clone(),
            lattice,
            level.iolets.clone(),
            level.coefficients.clone(),
            physics,
            level.storage,
        );
        flow.map_err(RunError::from)
    };
    let mut control = |progress: &steady::Progress| {
        reporter.step(progress);
        stop::flow()
    };
    let mut job = Job { plan: &plan, folder: &folder, device, clock, geometry, reporter: &reporter };
    let done = job.all(&mut open, &mut control, (&mut keeper, from), opened.as_ref());
    let Reached { summary, end, .. } = done.map_err(|error| keeper.explain(error))?;
    if end.is_none() {
        keeper.finish();
    }
    reporter.finish();
    if args.common.json {
        print_json(&summary)?;
    } else {
        print(&format!("{}results       {}\n", summary::lines(&summary), folder.display()))?;
    }
    match end {
        Some(failure) => Err(failure),
        None => {
            let failed = summary::failed_gates(&summary, &plan.case.expect);
            if failed.is_empty() { Ok(()) } else { Err(Failure::Gates(failed)) }
        }
    }
}

/// What the flow came to: its numbers, what it loads the wall with, and why it did not succeed, if it did not.
struct Reached {
    summary: Value,
    loads: Vec<WallLoad>,
    end: Option<Failure>,
}

type Open<'o> = dyn FnMut(&crate::run::level::Level) -> Result<Flow, RunError> + 'o;

/// A run and where its results go.
struct Job<'a> {
    plan: &'a Plan,
    folder: &'a Path,
    device: DeviceName,
    clock: Instant,
    geometry: f64,
    reporter: &'a Reporter,
}

impl Job<'_> {
    fn seconds(&self, flow: f64) -> Seconds {
        let total = self.clock.elapsed().as_secs_f64();
        Seconds { geometry: self.geometry, flow, output: total - flow - self.geometry, total }
    }

    fn flow_seconds(&self) -> f64 {
        self.clock.elapsed().as_secs_f64() - self.geometry
    }

    /// Flow, wall, and all files.
    fn all(
        &mut self,
        open: &mut Open,
        control: &mut steady::Control,
        kept: (&mut Keeper, Option<Checkpoint>),
        opened: Option<&device::Opened>,
    ) -> Result<Reached, RunError> {
        let mut reached = match &self.plan.beat {
            None => self.steady(open, control, kept)?,
            Some(beat) => self.pulsating(beat, open, control, kept)?,
        };
        if let Some(wall) = &self.plan.wall {
            self.wall(wall, opened, &mut reached)?;
        }
        for file in self.plan.inputs.changed() {
            self.reporter.say(&format!(
                "warning: {file} has changed during the run; the results are of what it held before, whose hash is in \
                 manifest.json"
            ));
        }
        results::json_file(&self.folder.join("summary.json"), &reached.summary)?;
        results::manifest(self.plan, &reached.summary, self.folder)?;
        Ok(reached)
    }

    fn steady(
        &mut self,
        open: &mut Open,
        control: &mut steady::Control,
        (keeper, from): (&mut Keeper, Option<Checkpoint>),
    ) -> Result<Reached, RunError> {
        let mut finished = steady::run_kept(self.plan, open, control, keeper, from)?;
        let flow = self.flow_seconds();
        self.reporter.phase("writing results");
        let written = results::write(self.plan, &mut finished, self.folder)?;
        let answer = Answer::steady(self.plan, &finished);
        let summary = summary::summary(self.plan, &answer, &self.device, written.shear, self.seconds(flow));
        Ok(Reached { summary, loads: written.loads, end: ending(self.plan, &answer) })
    }

    fn pulsating(
        &mut self,
        beat: &Beat,
        open: &mut Open,
        control: &mut steady::Control,
        (keeper, from): (&mut Keeper, Option<Checkpoint>),
    ) -> Result<Reached, RunError> {
        for (name, text) in tuning::paste(&self.plan.iolets) {
            self.reporter.say(&format!("{name}: {text}"));
        }
        let writer = RefCell::new(Writer::new(self.plan, self.folder)?);
        let mut snapshot = |shot: &mut Snapshot| writer.borrow_mut().snapshot(shot);
        let (shots, take) = (|| writer.borrow().shots().clone(), |shots| writer.borrow_mut().take(shots));
        let kept = Kept { keeper, from, shots: &shots, take: &take };
        let finished = pulse::run_kept(self.plan, beat, open, &mut Watcher { control, snapshot: &mut snapshot }, kept)?;
        let flow = self.flow_seconds();
        self.reporter.phase("writing results");
        let (written, indices) = writer.into_inner().finish(beat, &finished)?;
        let answer = pulse::summary::answer(beat, &finished);
        let mut summary = summary::summary(self.plan, &answer, &self.device, written.shear, self.seconds(flow));
        summary["cycle"] = pulse::summary::cycle(self.plan, beat, &finished, &indices);
        Ok(Reached { summary, loads: written.loads, end: ending(self.plan, &answer) })
    }

    /// The wall under every load that the flow has given, which is added to the summary. A flow that was broken off loads
    /// no wall.
    fn wall(&self, wall: &WallPlan, opened: Option<&device::Opened>, reached: &mut Reached) -> Result<(), RunError> {
        if matches!(reached.end, Some(Failure::Interrupted(_))) {
            return Ok(());
        }
        let mut control = |progress: &WallProgress| {
            self.reporter.wall(progress);
            stop::flow()
        };
        self.reporter.phase("assembling the wall");
        let done = compute::run(wall, (&reached.loads, self.folder), opened, &mut control)?;
        done.warnings.iter().for_each(|warning| self.reporter.say(&format!("warning: {warning}")));
        let summary = &mut reached.summary;
        let seconds = &mut summary["performance"]["seconds"];
        seconds["wall"] = done.seconds.into();
        seconds["output"] = (seconds["output"].as_f64().unwrap_or(0.0) + done.writing).into();
        seconds["total"] = self.clock.elapsed().as_secs_f64().into();
        summary["performance"]["peak_memory_mb"] = summary::peak_memory_mb().into();
        summary["wall"] = done.numbers;
        if done.interrupted {
            reached.end = Some(Failure::Interrupted(REACHED.into()));
        }
        Ok(())
    }
}

/// What is left of a run that the user stopped.
const REACHED: &str = "the results hold what was reached; --resume goes on from there, unless checkpoints are off";

/// Why a run that wrote its results did not succeed: an interruption, or a flow that is not steady or periodic.
fn ending(plan: &Plan, answer: &Answer) -> Option<Failure> {
    let (change, tolerance) = (answer.change, answer.tolerance);
    match answer.status {
        Status::Converged => None,
        Status::Interrupted => Some(Failure::Interrupted(REACHED.into())),
        Status::NotConverged if plan.beat.is_some() => Some(Failure::Run(
            format!(
                "cycles still differ by {change:.1e} (tolerance {tolerance:.1e}); the results of the last one were written. \
                 Go on with --resume and a larger time.max_cycles; or raise time.tolerance, or ask for a number of cycles: \
                 time.cycles"
            )
            .into(),
        )),
        Status::NotConverged => Some(Failure::Run(
            format!(
                "the flow still changes by {change:.1e} (tolerance {tolerance:.1e}) after {} steps; its results were \
                 written. Go on with --resume and a larger time.max_steps, or raise time.tolerance; a flow with a Reynolds number of {:.0} may have no \
                 steady state",
                answer.spent[answer.spent.len() - 1].steps,
                plan.reynolds()
            )
            .into(),
        )),
    }
}

pub(super) fn device_name(opened: Option<&device::Opened>) -> DeviceName {
    match opened {
        Some(opened) => DeviceName { name: opened.info.name.clone(), backend: opened.info.backend.to_owned() },
        None => {
            let native = Native::detect();
            let plural = if native.threads == 1 { "" } else { "s" };
            DeviceName {
                name: format!("CPU, {}, {} thread{plural}", native.simd, native.threads),
                backend: "cpu".into(),
            }
        }
    }
}
