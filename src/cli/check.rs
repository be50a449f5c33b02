//! `perfuse check`: everything `run` would check, and the plan.

use std::fmt::Write as _;

use clap::Args;
use serde_json::{Value, json};

use super::inspect::labels::{LISTED, made_json};
use super::{Common, Failure, print, print_json};
use crate::backend::Flow;
use crate::backend::gpu::device;
use crate::run::RunError;
use crate::run::fit::Room;
use crate::run::level::Level;
use crate::run::plan::Plan;
use crate::run::tuning;

/// Relaxation time below which a flow of this size is likely to need a finer lattice.
const THIN_TAU: f64 = 0.5005;

/// Fluctuation of a diameter's pressure drop from which on 16 bits are warned of.
const LOUD: f64 = 0.01;

/// Steps timed for the estimate.
const TRIAL_STEPS: usize = 10;

/// Arguments of `perfuse check`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  perfuse check cases/stenosis.toml
  perfuse check cases/stenosis.toml --set resolution.across=48 --json")]
pub struct CheckArgs {
    #[command(flatten)]
    common: Common,
}

/// Checks the case and prints the plan.
///
/// # Errors
/// [`Failure`]: what `run` would refuse.
pub fn run(args: &CheckArgs) -> Result<(), Failure> {
    let case = args.common.load()?;
    let opened = device::open(args.common.device)?;
    let plan = Plan::new(case, &Room::of(opened.clone()))?;
    let level = plan.finest();
    let seconds = estimate(&plan, &level, opened)?;
    if args.common.json {
        print_json(&as_json(&plan, &level, seconds))
    } else {
        print(&format!("{}estimated time  about {seconds:.0} s on this device\n", text(&plan)))
    }
}

/// Seconds that the run is expected to take, from a few steps on the finest lattice.
fn estimate(plan: &Plan, level: &Level, opened: Option<device::Opened>) -> Result<f64, Failure> {
    let (lattice, physics) = (level.lattice.clone(), level.physics(plan.mu));
    let mut flow =
        Flow::open(opened, lattice, level.iolets.clone(), level.coefficients.clone(), physics, level.storage)
            .map_err(RunError::from)?;
    flow.set_rheology(level.table(&plan.rheology)).map_err(RunError::from)?;
    let mut advance = |steps: usize| -> Result<f64, Failure> {
        let clock = std::time::Instant::now();
        flow.advance(steps).map_err(RunError::from)?;
        flow.influx().map_err(RunError::from)?;
        Ok(clock.elapsed().as_secs_f64())
    };
    advance(2)?;
    let step = advance(TRIAL_STEPS)? / TRIAL_STEPS as f64;
    Ok(plan.expected_work(level) * step)
}

/// Steps that the finest lattice is expected to need.
fn steps(plan: &Plan, level: &Level) -> u64 {
    plan.expected_steps(level, plan.spacings.len() == 1)
}

/// The plan in numbers.
fn as_json(plan: &Plan, level: &Level, seconds: f64) -> Value {
    let scale = level.scale;
    let openings: Vec<Value> = plan
        .iolets
        .iter()
        .zip(&plan.closed.ends)
        .map(|(i, end)| {
            json!({ "name": i.name, "diameter_mm": i.diameter * 1e3, "area_mm2": i.area * 1e6,
                    "extension_mm": end.extension * 1e3, "sites_across": i.diameter / scale.dx })
        })
        .collect();
    json!({
        "case": plan.case.name(),
        "spacing_mm": scale.dx * 1e3, "time_step_us": scale.dt * 1e6, "tau": scale.viscosity_to_tau(plan.mu),
        "mach": scale.velocity_to_lattice(plan.peak) * 3f64.sqrt(), "velocity_max_m_s": plan.peak,
        "reynolds": plan.reynolds(), "womersley": plan.womersley(),
        "sites": level.lattice.sites, "bytes": level.bytes(), "storage": level.storage.to_string(),
        "bytes_per_site": bytes_per_site(level), "steps": steps(plan, level),
        "seconds": seconds, "spacings_mm": plan.spacings.iter().map(|s| s * 1e3).collect::<Vec<_>>(),
        "wall": plan.wall.as_ref().map(|wall| wall.as_json()),
        "openings": openings, "labels": plan.repairs.made.as_ref().map(made_json),
        "repaired": plan.repairs.lines(), "closed_ends": plan.repairs.closed_ends.len(), "warnings": warnings(plan, level),
    })
}

/// What is allowed but likely to disappoint.
fn warnings(plan: &Plan, level: &Level) -> Vec<String> {
    let mut found = Vec::new();
    let tau = level.scale.viscosity_to_tau(plan.mu);
    if tau < THIN_TAU {
        found.push(format!(
            "tau = {tau:.5} is below {THIN_TAU}: the jet is under-resolved and the run may diverge; a spacing of {:.4} mm \
             would lift it to {THIN_TAU}",
            level.scale.dx * 1e3 * (tau - 0.5) / (THIN_TAU - 0.5)
        ));
    }
    found.extend(noise(plan, level));
    for end in &plan.repairs.closed_ends {
        let c = end.centre.map(|x| x * 1e3);
        found.push(format!("the end at {:.2} {:.2} {:.2} mm has no opening and stays closed", c[0], c[1], c[2]));
    }
    for (iolet, end) in plan.iolets.iter().zip(&plan.closed.ends) {
        let asked_pressure = crate::run::plan::pressure(iolet.asked).is_some();
        if asked_pressure && end.extension < 0.5 * iolet.diameter {
            found.push(format!(
                "opening `{}` has room for a flow extension of {:.2} mm only: its outlet condition acts close to the vessel",
                iolet.name,
                end.extension * 1e3
            ));
        }
    }
    found.extend(plan.wall.iter().flat_map(|wall| wall.warnings()));
    found
}

/// What 16 bits cost this flow, where that is much.
pub(super) fn noise(plan: &Plan, level: &Level) -> Option<String> {
    let noise = level.noise(plan.mu);
    (noise > LOUD).then(|| {
        format!(
            "resolution.storage = \"f16\" lets pressures fluctuate by about {:.1} % of what a straight vessel loses along a \
             diameter, and averages over time by less; \"f32\" does not",
            100.0 * noise
        )
    })
}

fn bytes_per_site(level: &Level) -> f64 {
    level.bytes() as f64 / level.lattice.sites.max(1) as f64
}

/// The plan for a person.
#[must_use]
pub fn text(plan: &Plan) -> String {
    let level = plan.finest();
    let scale = level.scale;
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "case            {}", plan.case.name());
    for (iolet, end) in plan.iolets.iter().zip(&plan.closed.ends) {
        let _ = writeln!(
            text,
            "opening         {:<14} diameter {:.3} mm, {:.1} sites across, extension {:.2} mm",
            iolet.name,
            iolet.diameter * 1e3,
            iolet.diameter / scale.dx,
            end.extension * 1e3
        );
    }
    for (name, load) in tuning::paste(&plan.iolets) {
        let _ = writeln!(text, "load            {name:<14} {load}");
    }
    if let Some(beat) = &plan.beat {
        let _ = writeln!(
            text,
            "cycle           {} s, {} rows; loads started from rest would take about {} cycles",
            beat.period, beat.rows, beat.cycles_from_rest
        );
    }
    let _ = writeln!(text, "blood           {}", plan.rheology);
    let _ = writeln!(text, "spacing         dx = {:.5} mm", scale.dx * 1e3);
    let _ =
        writeln!(text, "time step       dt = {:.3} us, tau = {:.5}", scale.dt * 1e6, scale.viscosity_to_tau(plan.mu));
    let _ = writeln!(
        text,
        "flow            Re = {:.0}, fastest about {:.3} m/s (Ma = {:.3}), Wo = {:.2}{}",
        plan.reynolds(),
        plan.peak,
        scale.velocity_to_lattice(plan.peak) * 3f64.sqrt(),
        plan.womersley(),
        if plan.beat.is_some() { "" } else { " (steady)" }
    );
    let _ = writeln!(
        text,
        "lattice         {} sites in {}, {:.1} MB, {:.0} B a site",
        level.lattice.sites,
        level.storage,
        level.bytes() as f64 / 1e6,
        bytes_per_site(&level)
    );
    let _ = writeln!(
        text,
        "steps           about {} on the finest of {} lattices",
        steps(plan, &level),
        plan.spacings.len()
    );
    text.extend(plan.wall.iter().map(|wall| wall.text()));
    for line in plan.repairs.made.iter().flat_map(|made| made.lines(LISTED)) {
        let _ = writeln!(text, "label map       {line}");
    }
    for line in plan.repairs.lines() {
        let _ = writeln!(text, "repaired        {line}");
    }
    for warning in warnings(plan, &level) {
        let _ = writeln!(text, "warning         {warning}");
    }
    text
}
