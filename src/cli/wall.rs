//! `perfuse wall`: the vessel wall alone, under a pressure.

use std::time::Instant;

use clap::Args;
use serde_json::{Value, json};

use super::progress::Reporter;
use super::{Common, Failure, print, print_json, stop};
use crate::backend::gpu::device;
use crate::case::Case;
use crate::output::create_folder;
use crate::run::fit::Room;
use crate::run::summary::{failed_gates, peak_memory_mb};
use crate::run::wall::plan::Alone;
use crate::run::wall::{WallLoad, WallProgress, compute, numbers};
use crate::run::{RunError, results};
use crate::units::{MMHG, Pressure};

/// Largest pressure, Pa.
const MOST: f64 = 400.0 * MMHG;

/// Arguments of `perfuse wall`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  perfuse wall aorta.toml --pressure \"120 mmHg\"
  perfuse wall aorta.toml --pressure \"16 kPa\" --set wall.young=\"0.8 MPa\" --set wall.layers=4 --out results/soft

The pressure is the same everywhere; what exceeds wall.reference_pressure loads the wall.

Results: summary.json, manifest.json, wall.vtu (open it in ParaView), wall_inner.vtp, wall_outer.vtp.")]
pub struct WallArgs {
    #[command(flatten)]
    common: Common,
    /// Pressure in the vessel, such as "120 mmHg"
    #[arg(long, value_name = "PRESSURE", allow_hyphen_values = true)]
    pressure: Pressure,
}

/// Computes the wall and writes its results.
///
/// # Errors
/// [`Failure`]: the case cannot be used, the run failed, a gate on the wall failed, or the user stopped it.
pub fn run(args: &WallArgs) -> Result<(), Failure> {
    let clock = Instant::now();
    let case = args.common.load()?;
    let folder = args.common.out_dir(&case);
    let pressure = pressure(&case, args.pressure)?;
    let reporter = Reporter::new(args.common.quiet);
    reporter.phase("reading the surface and meshing the wall");
    let opened = device::open(args.common.device)?;
    let alone = Alone::new(case, &Room::of(opened.clone()))?;
    let plan = &alone.plan;
    let geometry = clock.elapsed().as_secs_f64();
    alone.repairs.lines().iter().for_each(|line| reporter.say(&format!("surface repaired: {line}")));
    plan.warnings().iter().for_each(|line| reporter.say(&format!("warning: {line}")));
    if args.common.verbose {
        reporter.say(&plan.text());
    }
    let device = crate::run::job::device_name(opened.as_ref());
    reporter.say(&format!("{} unknowns on {} ({})", plan.unknowns(), device.name, device.backend));
    create_folder(&folder).map_err(RunError::from)?;
    stop::listen();
    let mut control = |progress: &WallProgress| {
        reporter.wall(progress);
        stop::flow()
    };
    let loads = [WallLoad::uniform(pressure, alone.vertices)];
    let done = compute::run(plan, (&loads, &folder), opened.as_ref(), &mut control)?;
    done.warnings.iter().for_each(|warning| reporter.say(&format!("warning: {warning}")));
    let summary = json!({
        "case": alone.case.name(),
        "title": alone.case.title,
        "status": if done.interrupted { "interrupted" } else { "converged" },
        "device": device,
        "performance": {
            "seconds": {
                "geometry": geometry, "wall": done.seconds, "output": done.writing,
                "total": clock.elapsed().as_secs_f64(),
            },
            "peak_memory_mb": peak_memory_mb(),
        },
        "wall": done.numbers,
    });
    results::json_file(&folder.join("summary.json"), &summary).map_err(RunError::from)?;
    results::wall_manifest((&alone.case, plan), pressure, &summary, &folder).map_err(RunError::from)?;
    reporter.finish();
    if args.common.json {
        print_json(&summary)?;
    } else {
        print(&format!("{}results       {}\n", numbers::lines(&summary), folder.display()))?;
    }
    if done.interrupted {
        return Err(Failure::Interrupted("the wall was not solved".into()));
    }
    judge(&alone.case, &summary)
}

/// The pressure in Pa, if it loads the wall of the case.
fn pressure(case: &Case, pressure: Pressure) -> Result<f64, Failure> {
    let Some(wall) = &case.wall else {
        let help = "add [wall] with thickness, young and poisson";
        return Err(case.error(0..0, "`perfuse wall` needs a case with a [wall]", "it has none", help).into());
    };
    if pressure.si().abs() > MOST {
        let [least, most] = [-MOST, MOST].map(Pressure::from_si);
        let text = format!("--pressure is {pressure}, allowed is {least} to {most}: look at the unit");
        return Err(Failure::Input(text.into()));
    }
    let reference = wall.reference_pressure.as_ref().map_or(0.0, |reference| reference.get_ref().si());
    if pressure.si() == reference {
        let text = format!(
            "--pressure is {pressure}, the pressure of the imaged shape (wall.reference_pressure), so nothing loads the \
             wall: give another pressure"
        );
        return Err(Failure::Input(text.into()));
    }
    Ok(pressure.si())
}

/// Gates on the wall; those on the flow are not judged.
fn judge(case: &Case, summary: &Value) -> Result<(), Failure> {
    let of_wall = |gate: &&crate::case::Gate| {
        let key = gate.key.get_ref();
        key.starts_with("wall.") && !key.starts_with("wall.loads.")
    };
    let gates: Vec<_> = case.expect.iter().filter(of_wall).cloned().collect();
    let failed = failed_gates(summary, &gates);
    if failed.is_empty() { Ok(()) } else { Err(Failure::Gates(failed)) }
}
