//! `perfuse run`: a case from surface to files.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use clap::Args;
use serde_json::Value;

use super::progress::Reporter;
use super::{Common, Failure, print, print_json};
use crate::backend::Flow;
use crate::backend::gpu::device;
use crate::backend::native::Native;
use crate::output::create_folder;
use crate::run::fit::Room;
use crate::run::plan::Plan;
use crate::run::steady::{self, Finished, Status};
use crate::run::summary::{self, DeviceName, Seconds};
use crate::run::{RunError, results};

/// Arguments of `perfuse run`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  perfuse run cases/stenosis.toml
  perfuse run cases/stenosis.toml --set resolution.across=32 --out results/fine
  perfuse run cases/stenosis.toml --set opening.inlet.flow=\"4 ml/s\" --device cpu --json -q

Results: summary.json, manifest.json, fluid.pvd, surface.pvd (open both in ParaView), probes.csv.
Ctrl-C ends the run and keeps what was reached; a second Ctrl-C ends it at once.")]
pub struct RunArgs {
    #[command(flatten)]
    common: Common,
    /// Start at rest on the finest lattice instead of on a coarser one
    #[arg(long)]
    no_coarse: bool,
}

/// Set by Ctrl-C.
static STOP: AtomicBool = AtomicBool::new(false);

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
    let device = device_name(opened.as_ref());
    reporter.say(&format!("{} sites on {} ({})", plan.lattice.sites, device.name, device.backend));
    create_folder(&folder).map_err(RunError::from)?;
    // Without a handler Ctrl-C ends the process, as it would without this line.
    let _ = ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
    });
    let mut open = |level: &crate::run::level::Level| {
        let (lattice, physics) = (level.lattice.clone(), level.physics(plan.mu));
        let flow = Flow::open(opened.clone(), lattice, level.iolets.clone(), level.coefficients.clone(), physics);
        flow.map_err(RunError::from)
    };
    let mut control = |progress: &steady::Progress| {
        reporter.step(progress);
        if STOP.load(Ordering::SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let mut finished = steady::run(&plan, &mut open, &mut control)?;
    let flow = clock.elapsed().as_secs_f64() - geometry;
    reporter.phase("writing results");
    let written = Instant::now();
    let shear = results::write(&plan, &mut finished, &folder)?;
    let output = written.elapsed().as_secs_f64();
    let total = clock.elapsed().as_secs_f64();
    let summary = summary::summary(&plan, &finished, &device, shear, Seconds { geometry, flow, output, total });
    results::json_file(&folder.join("summary.json"), &summary).map_err(RunError::from)?;
    results::manifest(&plan, &summary, &folder).map_err(RunError::from)?;
    reporter.finish();
    if args.common.json {
        print_json(&summary)?;
    } else {
        print(&format!("{}results       {}\n", summary::lines(&summary), folder.display()))?;
    }
    ending(&plan, &finished, &summary)
}

/// The exit code's reason: a gate, an interruption, or a flow that is not steady.
fn ending(plan: &Plan, finished: &Finished, summary: &Value) -> Result<(), Failure> {
    match finished.status {
        Status::Interrupted => Err(Failure::Interrupted("the results hold what was reached".into())),
        Status::NotConverged => Err(Failure::Run(
            format!(
                "the flow still changes by {:.1e} (tolerance {:.1e}) after {} steps; its results were written. Raise \
                 time.max_steps or time.tolerance; a flow with a Reynolds number of {:.0} may have no steady state",
                finished.change,
                plan.tolerance,
                finished.spent[finished.spent.len() - 1].steps,
                plan.reynolds()
            )
            .into(),
        )),
        Status::Converged => {
            let failed = summary::failed_gates(summary, &plan.case.expect);
            if failed.is_empty() { Ok(()) } else { Err(Failure::Gates(failed)) }
        }
    }
}

fn device_name(opened: Option<&device::Opened>) -> DeviceName {
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
