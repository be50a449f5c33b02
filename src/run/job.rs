//! One whole run: a plan, through flow and wall, to the files of its folder. Whoever runs a case runs this.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use serde_json::Value;

use super::centreline::Along;
use super::checkpoint::{Checkpoint, Keeper};
use super::level::Level;
use super::lock::Lock;
use super::plan::Plan;
use super::postmortem::{Diverged, FILE};
use super::pulse::files::Writer;
use super::pulse::kept::Kept;
use super::pulse::{self, Beat, Snapshot, Watcher};
use super::start::Start;
use super::steady::{self, Progress, Status};
use super::summary::{self, Answer, DeviceName, Seconds};
use super::wall::plan::WallPlan;
use super::wall::{WallLoad, WallProgress, compute};
use super::{RunError, report, results, tuning};
use crate::backend::Flow;
use crate::backend::gpu::device::Opened;
use crate::backend::native::Native;
use crate::output::OutputError;

/// Who is told how a run goes, and decides whether it goes on.
pub trait Sink {
    /// Something worth a line of its own.
    fn say(&self, text: &str);
    /// A new phase.
    fn phase(&self, name: &str);
    /// How far the flow is; `Break` ends the run with what was reached.
    fn step(&self, progress: &Progress) -> ControlFlow<()>;
    /// How far the wall is; `Break` ends the run with what was reached.
    fn wall(&self, progress: &WallProgress) -> ControlFlow<()>;
}

/// What a run needs beside its plan.
pub struct Setup<'a> {
    /// Where its files go; made where it is not there.
    pub folder: &'a Path,
    /// The adapter, or none for the processor.
    pub opened: Option<&'a Opened>,
    /// When planning began, and how many seconds it took.
    pub clock: Instant,
    /// See `clock`.
    pub geometry: f64,
    /// The flow to start from, in place of rest on a coarse lattice; pulsating runs start by themselves.
    pub start: Option<&'a Start>,
    /// Whether the flow that was reached is kept for others to start from.
    pub keep: bool,
    /// Whether the run keeps checkpoints.
    pub checkpoints: Checkpoints,
}

/// Whether a run keeps checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checkpoints {
    /// None: the run is short, and made again where it was broken off.
    None,
    /// As the case says.
    Keep,
    /// The same, and it goes on from the newest one.
    Resume,
}

/// How a run ended whose results are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// As asked.
    Done,
    /// The user stopped it.
    Interrupted,
    /// It is not steady or not periodic: why, and what to change.
    Unsettled(String),
}

/// What a run came to.
pub struct Outcome {
    /// The content of `summary.json`.
    pub summary: Value,
    /// How it ended.
    pub ending: Ending,
    /// Whether the report on the results could be written.
    pub reported: Result<(), OutputError>,
    /// The flow that was reached, where it is kept.
    pub reached: Option<Start>,
}

/// Runs a plan and writes all its results.
///
/// # Errors
/// [`RunError`] when the flow diverges, the device fails, the wall cannot be solved or a file cannot be written.
pub fn run(plan: &Plan, setup: &Setup, sink: &dyn Sink) -> Result<Outcome, RunError> {
    let say = |text: &str| sink.say(text);
    let mut keeper = match setup.checkpoints {
        Checkpoints::None => Keeper::none(),
        _ => Keeper::new(plan, setup.folder, &say),
    };
    let from = if setup.checkpoints == Checkpoints::Resume { Some(keeper.resume()?) } else { None };
    let _lock = Lock::take(setup.folder)?;
    let job = Job { plan, setup, device: device_name(setup.opened), sink };
    let outcome = job.all((&mut keeper, from)).map_err(|error| {
        if let RunError::Diverged(diverged) = &error {
            job.post_mortem(diverged);
        }
        keeper.explain(error)
    })?;
    if outcome.ending == Ending::Done {
        keeper.finish();
    }
    Ok(outcome)
}

/// What the flow came to: its numbers, what it loads the wall with, how it ended, and itself where it is kept.
struct Reached {
    summary: Value,
    loads: Vec<WallLoad>,
    ending: Ending,
    flow: Option<Start>,
}

type Open<'o> = dyn FnMut(&Level) -> Result<Flow, RunError> + 'o;

/// A run and where its results go.
struct Job<'a> {
    plan: &'a Plan,
    setup: &'a Setup<'a>,
    device: DeviceName,
    sink: &'a dyn Sink,
}

impl Job<'_> {
    fn seconds(&self, flow: f64) -> Seconds {
        let (geometry, total) = (self.setup.geometry, self.setup.clock.elapsed().as_secs_f64());
        Seconds { geometry, flow, output: total - flow - geometry, total }
    }

    fn flow_seconds(&self) -> f64 {
        self.setup.clock.elapsed().as_secs_f64() - self.setup.geometry
    }

    /// Adds the branches to the summary, or says why there are none.
    fn along(&self, along: &Along, summary: &mut Value) {
        along.missing.iter().for_each(|why| self.sink.say(&format!("warning: {why}")));
        along.extend(summary);
    }

    /// Writes the state around the first bad site.
    fn post_mortem(&self, diverged: &Diverged) {
        match diverged.around.write(self.setup.folder) {
            Ok(()) => self.sink.say(&format!("the state around it is in {}", self.setup.folder.join(FILE).display())),
            Err(error) => self.sink.say(&format!("warning: {error}")),
        }
    }

    /// Flow, wall, and all files.
    fn all(&self, kept: (&mut Keeper, Option<Checkpoint>)) -> Result<Outcome, RunError> {
        let mut open = |level: &Level| {
            let (lattice, physics) = (level.lattice.clone(), level.physics(self.plan.mu));
            let (iolets, coefficients) = (level.iolets.clone(), level.coefficients.clone());
            Flow::open(self.setup.opened.cloned(), lattice, iolets, coefficients, physics, level.storage)
                .map_err(RunError::from)
        };
        let mut control = |progress: &Progress| self.sink.step(progress);
        let mut reached = match &self.plan.beat {
            None => self.steady(&mut open, &mut control, kept)?,
            Some(beat) => self.pulsating(beat, &mut open, &mut control, kept)?,
        };
        if let Some(wall) = &self.plan.wall {
            self.wall(wall, &mut reached)?;
        }
        for file in self.plan.inputs.changed() {
            self.sink.say(&format!(
                "warning: {file} has changed during the run; the results are of what it held before, whose hash is in \
                 manifest.json"
            ));
        }
        let Reached { mut summary, ending, flow, .. } = reached;
        summary["gates"] = summary::judged(&summary, &self.plan.case.expect);
        results::json_file(&self.setup.folder.join("summary.json"), &summary)?;
        results::manifest(self.plan, &summary, self.setup.folder)?;
        let reported = report::after(&self.plan.case, self.setup.folder, self.sink);
        Ok(Outcome { summary, ending, reported, reached: flow })
    }

    fn steady(
        &self,
        open: &mut Open,
        control: &mut steady::Control,
        kept: (&mut Keeper, Option<Checkpoint>),
    ) -> Result<Reached, RunError> {
        let mut finished = steady::run_kept(self.plan, self.setup.start, open, control, kept)?;
        let flow = self.flow_seconds();
        self.sink.phase("writing results");
        let written = results::write(self.plan, &mut finished, self.setup.folder)?;
        let answer = Answer::steady(self.plan, &finished);
        let mut summary = summary::summary(self.plan, &answer, &self.device, written.shear, self.seconds(flow));
        self.along(&written.along, &mut summary);
        let ending = ending(self.plan, &answer);
        let kept = self.setup.keep && ending == Ending::Done;
        let flow = if kept { Some(Start::of(self.plan, &mut finished)?) } else { None };
        Ok(Reached { summary, loads: written.loads, ending, flow })
    }

    fn pulsating(
        &self,
        beat: &Beat,
        open: &mut Open,
        control: &mut steady::Control,
        (keeper, from): (&mut Keeper, Option<Checkpoint>),
    ) -> Result<Reached, RunError> {
        for (name, text) in tuning::paste(&self.plan.iolets) {
            self.sink.say(&format!("{name}: {text}"));
        }
        let writer = RefCell::new(Writer::new(self.plan, self.setup.folder)?);
        let mut snapshot = |shot: &mut Snapshot| writer.borrow_mut().snapshot(shot);
        let (shots, take) = (|| writer.borrow().shots().clone(), |shots| writer.borrow_mut().take(shots));
        let kept = Kept { keeper, from, shots: &shots, take: &take };
        let finished = pulse::run_kept(self.plan, beat, open, &mut Watcher { control, snapshot: &mut snapshot }, kept)?;
        let flow = self.flow_seconds();
        self.sink.phase("writing results");
        let (written, indices) = writer.into_inner().finish(beat, &finished)?;
        let answer = pulse::summary::answer(beat, &finished);
        let mut summary = summary::summary(self.plan, &answer, &self.device, written.shear, self.seconds(flow));
        self.along(&written.along, &mut summary);
        summary["cycle"] = pulse::summary::cycle(self.plan, beat, &finished, &indices);
        Ok(Reached { summary, loads: written.loads, ending: ending(self.plan, &answer), flow: None })
    }

    /// The wall under every load that the flow has given, which is added to the summary. A flow that was broken off loads
    /// no wall.
    fn wall(&self, wall: &WallPlan, reached: &mut Reached) -> Result<(), RunError> {
        if reached.ending == Ending::Interrupted {
            return Ok(());
        }
        let mut control = |progress: &WallProgress| self.sink.wall(progress);
        self.sink.phase("assembling the wall");
        let done = compute::run(wall, (&reached.loads, self.setup.folder), self.setup.opened, &mut control)?;
        done.warnings.iter().for_each(|warning| self.sink.say(&format!("warning: {warning}")));
        let summary = &mut reached.summary;
        let seconds = &mut summary["performance"]["seconds"];
        seconds["wall"] = done.seconds.into();
        seconds["output"] = (seconds["output"].as_f64().unwrap_or(0.0) + done.writing).into();
        seconds["total"] = self.setup.clock.elapsed().as_secs_f64().into();
        summary["performance"]["peak_memory_mb"] = summary::peak_memory_mb().into();
        summary["wall"] = done.numbers;
        if done.interrupted {
            reached.ending = Ending::Interrupted;
        }
        Ok(())
    }
}

/// How a run ended that was not broken off by an error: an interruption, or a flow that is not steady or periodic.
fn ending(plan: &Plan, answer: &Answer) -> Ending {
    let tolerance = answer.tolerance;
    let still = |changes: &str, few: &str| {
        if answer.change.is_finite() { format!("{changes} by {:.1e}", answer.change) } else { few.to_owned() }
    };
    match answer.status {
        Status::Converged => Ending::Done,
        Status::Interrupted => Ending::Interrupted,
        Status::NotConverged if plan.beat.is_some() => Ending::Unsettled(format!(
            "{} (tolerance {tolerance:.1e}); the results of the last one were written. Go on with --resume and a larger \
             time.max_cycles; or raise time.tolerance, or ask for a number of cycles: time.cycles",
            still("cycles still differ", "the cycles were too few to be compared")
        )),
        Status::NotConverged => Ending::Unsettled(format!(
            "{} (tolerance {tolerance:.1e}) after {} steps; its results were written. Go on with --resume and a larger \
             time.max_steps, or raise time.tolerance; a flow with a Reynolds number of {:.0} may have no steady state",
            still("the flow still changes", "the steps were too few to tell how the flow changes"),
            answer.spent[answer.spent.len() - 1].steps,
            plan.reynolds()
        )),
    }
}

/// What a run's device is called.
#[must_use]
pub fn device_name(opened: Option<&Opened>) -> DeviceName {
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
