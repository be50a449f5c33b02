//! `perfuse run`: a case from surface to files.

use std::time::Instant;

use clap::Args;

use super::inspect::labels::LISTED;
use super::progress::Reporter;
use super::{Common, Failure, print, print_json, stop};
use crate::backend::gpu::device;
use crate::case::Storage;
use crate::run::RunError;
use crate::run::fit::Room;
use crate::run::job::{self, Checkpoints, Ending, Outcome, Setup};
use crate::run::plan::Plan;
use crate::run::summary;

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
    plan.repairs.made.iter().flat_map(|made| made.lines(LISTED)).for_each(|line| reporter.say(&line));
    plan.repairs.lines().iter().for_each(|line| reporter.say(&format!("surface repaired: {line}")));
    if args.common.verbose {
        reporter.say(&super::check::text(&plan));
    }
    if plan.case.storage == Storage::F16 {
        let warning = super::check::noise(&plan, &plan.finest());
        warning.iter().for_each(|warning| reporter.say(&format!("warning: {warning}")));
    }
    let device = job::device_name(opened.as_ref());
    reporter.say(&format!("{} sites on {} ({})", plan.lattice.sites, device.name, device.backend));
    stop::listen();
    let checkpoints = if args.resume { Checkpoints::Resume } else { Checkpoints::Keep };
    let opened = opened.as_ref();
    let setup = Setup { folder: &folder, opened, clock, geometry, start: None, keep: false, checkpoints };
    let Outcome { summary, ending, reported, .. } = job::run(&plan, &setup, &reporter)?;
    reporter.finish();
    if args.common.json {
        print_json(&summary)?;
    } else {
        print(&format!("{}results       {}\n", summary::lines(&summary), folder.display()))?;
    }
    if ending != Ending::Done {
        reported.as_ref().map_err(|error| reporter.say(&format!("error: {error}"))).ok();
    }
    match ending {
        Ending::Interrupted => Err(Failure::Interrupted(REACHED.into())),
        Ending::Unsettled(why) => Err(Failure::Run(why.into())),
        Ending::Done => {
            reported.map_err(RunError::from)?;
            let failed = summary::failed_gates(&summary, &plan.case.expect);
            if failed.is_empty() { Ok(()) } else { Err(Failure::Gates(failed)) }
        }
    }
}

/// What is left of a run that the user stopped.
const REACHED: &str = "the results hold what was reached; --resume goes on from there, unless checkpoints are off";
