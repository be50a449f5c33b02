//! `perfuse run`: a case from surface to files.

use std::path::Path;
use std::time::Instant;

use clap::Args;
use serde_json::Value;

use super::inspect::labels::LISTED;
use super::progress::Reporter;
use super::{Common, Failure, print, print_json, stop};
use crate::backend::Flow;
use crate::backend::gpu::device;
use crate::backend::native::Native;
use crate::case::Storage;
use crate::output::create_folder;
use crate::run::centreline::Along;
use crate::run::fit::Room;
use crate::run::plan::Plan;
use crate::run::pulse::Beat;
use crate::run::pulse::files::Writer;
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

Results: report.html (open it in a browser), summary.json, manifest.json, fluid.pvd, surface.pvd (open both in ParaView),
probes.csv, centreline.vtp, profiles.csv, report.glb, pictures/; where the case has a [wall] also wall.vtu,
wall_inner.vtp, wall_outer.vtp.
Ctrl-C ends the run and keeps what was reached; a second Ctrl-C ends it at once.")]
pub struct RunArgs {
    #[command(flatten)]
    common: Common,
    /// Start at rest on the finest lattice instead of on a coarser one
    #[arg(long)]
    no_coarse: bool,
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
    plan.repairs.made.iter().flat_map(|made| made.lines(LISTED)).for_each(|line| reporter.say(&line));
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
    create_folder(&folder).map_err(RunError::from)?;
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
    let Reached { mut summary, loads, mut end } = match &plan.beat {
        None => job.steady(&mut open, &mut control)?,
        Some(beat) => job.pulsating(beat, &mut open, &mut control)?,
    };
    if let Some(wall) = &plan.wall {
        end = job.wall(wall, (&loads, opened.as_ref()), &mut summary, end)?;
    }
    summary["gates"] = summary::judged(&summary, &plan.case.expect);
    results::json_file(&folder.join("summary.json"), &summary).map_err(RunError::from)?;
    results::manifest(&plan, &summary, &folder).map_err(RunError::from)?;
    let reported = super::report::after(&plan.case, &folder, &reporter);
    reporter.finish();
    if args.common.json {
        print_json(&summary)?;
    } else {
        print(&format!("{}results       {}\n", summary::lines(&summary), folder.display()))?;
    }
    match end {
        Some(failure) => {
            reported.inspect_err(Failure::print).ok();
            Err(failure)
        }
        None => {
            reported?;
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

    /// Adds the branches to the summary, or says why there are none.
    fn along(&self, along: &Along, summary: &mut Value) {
        along.missing.iter().for_each(|why| self.reporter.say(&format!("warning: {why}")));
        along.extend(summary);
    }

    fn steady(&mut self, open: &mut Open, control: &mut steady::Control) -> Result<Reached, Failure> {
        let mut finished = steady::run(self.plan, open, control)?;
        let flow = self.flow_seconds();
        self.reporter.phase("writing results");
        let written = results::write(self.plan, &mut finished, self.folder)?;
        let answer = Answer::steady(self.plan, &finished);
        let mut summary = summary::summary(self.plan, &answer, &self.device, written.shear, self.seconds(flow));
        self.along(&written.along, &mut summary);
        Ok(Reached { summary, loads: written.loads, end: ending(self.plan, &answer) })
    }

    fn pulsating(&mut self, beat: &Beat, open: &mut Open, control: &mut steady::Control) -> Result<Reached, Failure> {
        for (name, text) in tuning::paste(&self.plan.iolets) {
            self.reporter.say(&format!("{name}: {text}"));
        }
        let mut writer = Writer::new(self.plan, self.folder).map_err(RunError::from)?;
        let mut snapshot = |shot: &mut Snapshot| writer.snapshot(shot);
        let finished = pulse::run(self.plan, beat, open, &mut Watcher { control, snapshot: &mut snapshot })?;
        let flow = self.flow_seconds();
        self.reporter.phase("writing results");
        let (written, indices) = writer.finish(beat, &finished).map_err(RunError::from)?;
        let answer = pulse::summary::answer(beat, &finished);
        let mut summary = summary::summary(self.plan, &answer, &self.device, written.shear, self.seconds(flow));
        self.along(&written.along, &mut summary);
        summary["cycle"] = pulse::summary::cycle(self.plan, beat, &finished, &indices);
        Ok(Reached { summary, loads: written.loads, end: ending(self.plan, &answer) })
    }

    /// The wall under every load that the flow has given, which is added to the summary; why the run did not succeed, if
    /// it did not. A flow that was broken off loads no wall.
    fn wall(
        &self,
        wall: &WallPlan,
        (loads, opened): (&[WallLoad], Option<&device::Opened>),
        summary: &mut Value,
        end: Option<Failure>,
    ) -> Result<Option<Failure>, Failure> {
        if matches!(end, Some(Failure::Interrupted(_))) {
            return Ok(end);
        }
        let mut control = |progress: &WallProgress| {
            self.reporter.wall(progress);
            stop::flow()
        };
        self.reporter.phase("assembling the wall");
        let done = compute::run(wall, (loads, self.folder), opened, &mut control)?;
        done.warnings.iter().for_each(|warning| self.reporter.say(&format!("warning: {warning}")));
        let seconds = &mut summary["performance"]["seconds"];
        seconds["wall"] = done.seconds.into();
        seconds["output"] = (seconds["output"].as_f64().unwrap_or(0.0) + done.writing).into();
        seconds["total"] = self.clock.elapsed().as_secs_f64().into();
        summary["performance"]["peak_memory_mb"] = summary::peak_memory_mb().into();
        summary["wall"] = done.numbers;
        Ok(if done.interrupted { Some(Failure::Interrupted("the results hold what was reached".into())) } else { end })
    }
}

/// Why a run that wrote its results did not succeed: an interruption, or a flow that is not steady or periodic.
fn ending(plan: &Plan, answer: &Answer) -> Option<Failure> {
    let (change, tolerance) = (answer.change, answer.tolerance);
    match answer.status {
        Status::Converged => None,
        Status::Interrupted => Some(Failure::Interrupted("the results hold what was reached".into())),
        Status::NotConverged if plan.beat.is_some() => Some(Failure::Run(
            format!(
                "cycles still differ by {change:.1e} (tolerance {tolerance:.1e}); the results of the last one were written. \
                 Raise time.max_cycles or time.tolerance, or ask for a number of cycles: time.cycles"
            )
            .into(),
        )),
        Status::NotConverged => Some(Failure::Run(
            format!(
                "the flow still changes by {change:.1e} (tolerance {tolerance:.1e}) after {} steps; its results were \
                 written. Raise time.max_steps or time.tolerance; a flow with a Reynolds number of {:.0} may have no \
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
