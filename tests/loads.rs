//! Lumped loads at the end of a vessel: their equations hold for the flow that the run delivers, whatever their
//! time constants, and a published circuit comes out as published.

mod support;
#[path = "support/tube.rs"]
mod tube;

use std::f64::consts::TAU;

use perfuse::fluid::waveform::Waveform;
use perfuse::fluid::windkessel::{BranchSolution, Load, STEPS};
use perfuse::run::pulse::Finished;
use serde_json::Value;
use tube::{Tube, run};

/// A tube of 8 mm, 16 mm long, in which a beat of 1 s needs few steps.
const TUBE: Tube = Tube { diameter: 8e-3, length: 2.0, across: 10 };

/// Pressure of `load` under the outflow of the last cycle, at the run's rows, Pa.
fn fed(load: &Load, finished: &Finished, period: f64) -> Vec<f64> {
    let rows = &finished.last.rows;
    let sample = |k: usize| [period * k as f64 / rows.len() as f64, -rows[k % rows.len()].flows[1]];
    let flow = Waveform::from_samples(&(0..=rows.len()).map(sample).collect::<Vec<_>>()).expect("a wave");
    let BranchSolution { pressure, .. } = load.periodic(&flow);
    (0..rows.len()).map(|k| pressure[k * STEPS / rows.len()]).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Root mean square of the differences over that of `b`.
fn apart(a: &[f64], b: &[f64]) -> f64 {
    let square: f64 = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum();
    (square / b.iter().map(|b| b * b).sum::<f64>()).sqrt()
}

fn beat() -> Vec<[f64; 2]> {
    let flow = |t: f64| 4.0 + 3.0 * (TAU * t).sin() + 2.0 * (2.0 * TAU * t).sin();
    (0..=200).map(|k| f64::from(k) / 200.0).map(|t| [t, flow(t)]).collect()
}

/// The run's pressure is that of the equations fed with the run's own outflow.
fn equations_hold(what: &str, [proximal, compliance, distal]: [f64; 3], cycles: &str) {
    let load = Load::Windkessel { proximal, compliance, distal, distal_pressure: 0.0 };
    let outlet = format!(
        "windkessel = {{ proximal = \"{proximal:e} Pa s/m^3\", compliance = \"{compliance:e} m^3/Pa\", \
         distal = \"{distal:e} Pa s/m^3\" }}"
    );
    let (plan, finished) = run(&TUBE, &beat(), &outlet, cycles);
    let rows = &finished.last.rows;
    let pressure: Vec<f64> = rows.iter().map(|row| row.pressures[1]).collect();
    let flow = mean(&rows.iter().map(|row| -row.flows[1]).collect::<Vec<_>>());
    let expected = fed(&load, &finished, plan.beat.as_ref().map_or(0.0, |beat| beat.period));
    // A load that takes longer than the run to settle keeps the mean that it started from.
    let settles = (proximal + distal) * compliance < 100.0;
    let kept = if settles { 0.0 } else { mean(&expected) - mean(&pressure) };
    let off = apart(&pressure.iter().map(|p| p + kept).collect::<Vec<_>>(), &expected);
    let off_mean = if settles { mean(&pressure) / (flow * (proximal + distal)) - 1.0 } else { 0.0 };
    let steps = plan.beat.as_ref().map_or(0.0, |beat| beat.period) / finished.level.scale.dt;
    println!(
        "{what}: L2 {:.3} %, mean {:+.3} %, {} cycles of {steps:.0} steps",
        100.0 * off,
        100.0 * off_mean,
        finished.cycles
    );
    // Below this pressure the half per cent is less than 0.1 mmHg can tell.
    let weak = mean(&expected) < 2e3;
    let pascal = |part: f64| part * (mean(&expected.iter().map(|p| p * p).collect::<Vec<_>>())).sqrt();
    assert!(off <= 0.005 || weak && pascal(off) < 10.0, "{what}: {:.3} %, {:.2} Pa off", 100.0 * off, pascal(off));
    assert!(off_mean.abs() <= 0.003 || weak, "{what}: the mean pressure is {:+.3} % off", 100.0 * off_mean);
    let inflow = mean(&rows.iter().map(|row| row.flows[0]).collect::<Vec<_>>());
    assert!((inflow / 4e-6 - 1.0).abs() < 0.002, "{what}: {inflow} m^3/s in of 4e-6");
    assert!((flow / inflow - 1.0).abs() < 0.005, "{what}: {flow} m^3/s out of {inflow}");
}

#[test]
fn an_aortic_windkessel() {
    equations_hold("aortic", [1.5e8, 8e-9, 2.8e9], "until = \"periodic\"");
}

/// Time constants far below a step and far beyond a cycle.
#[test]
fn any_time_constant_is_stable() {
    equations_hold("no compliance", [1e7, 1e-18, 3e9], "cycles = 2");
    equations_hold("huge compliance", [1e8, 1e-4, 3e9], "cycles = 2");
    equations_hold("hardly any resistance", [1e4, 1e-9, 1e5], "cycles = 2");
    equations_hold("huge resistance", [3e11, 1e-12, 1e12], "cycles = 2");
}

/// A start from loads without pressure needs as many cycles as their time constants say; the periodic start does not.
#[test]
fn the_periodic_start_saves_cycles() {
    let outlet =
        "windkessel = { proximal = \"1.5e8 Pa s/m^3\", compliance = \"5e-10 m^3/Pa\", distal = \"2.8e9 Pa s/m^3\" }";
    let (_, quick) = run(&TUBE, &beat(), outlet, "until = \"periodic\"");
    let (_, slow) = run(&TUBE, &beat(), outlet, "until = \"periodic\"\nstart = \"rest\"");
    println!(
        "{} cycles from the periodic start, {} from rest; {} by the time constants",
        quick.cycles, slow.cycles, slow.cycles_from_rest
    );
    assert!(quick.cycles <= 3, "{} cycles", quick.cycles);
    assert!(slow.cycles >= quick.cycles + 2, "{} and {} cycles", slow.cycles, quick.cycles);
    let last = |run: &Finished| mean(&run.last.rows.iter().map(|row| row.pressures[1]).collect::<Vec<_>>());
    assert!((last(&slow) / last(&quick) - 1.0).abs() < 0.01, "both come to the same pressure");
}

/// svZeroDSolver's circuit of a resistance and a Windkessel: its outlet is ours, and its inlet lies behind the resistance
/// that it has in place of a vessel.
#[test]
fn the_published_circuit() {
    let Some(data) = support::data() else { return };
    let json = |name: &str| -> Value {
        let text =
            std::fs::read_to_string(data.join("lumped_models").join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"))
    };
    let (model, result) = (json("pulsatileFlow_R_RCR.json"), json("result_pulsatileFlow_R_RCR.json"));
    let list =
        |value: &Value| -> Vec<f64> { value.as_array().into_iter().flatten().filter_map(Value::as_f64).collect() };
    let inflow = &model["boundary_conditions"][0]["bc_values"];
    let wave: Vec<[f64; 2]> = list(&inflow["t"]).into_iter().zip(list(&inflow["Q"])).map(|(t, q)| [t, q]).collect();
    let number =
        |key: &str| model["boundary_conditions"][1]["bc_values"][key].as_f64().unwrap_or_else(|| panic!("no {key}"));
    let outlet = format!(
        "windkessel = {{ proximal = \"{} dyn s/cm^5\", compliance = \"{:e} cm^5/dyn\", distal = \"{} dyn s/cm^5\" }}",
        number("Rp"),
        number("C"),
        number("Rd")
    );
    let (_, finished) = run(&TUBE, &wave, &outlet, "until = \"periodic\"\ntolerance = 0.002");
    let at = |name: &str| -> Vec<f64> {
        let mut rows: Vec<(usize, f64)> = result[name]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(k, v)| Some((k.parse().ok()?, v.as_f64()?)))
            .collect();
        rows.sort_by_key(|row| row.0);
        // The last of ten cycles of 200 steps.
        let values: Vec<f64> = rows.into_iter().map(|row| row.1).collect();
        values[values.len() - 201..values.len() - 1].to_vec()
    };
    let rows = &finished.last.rows;
    let vessel =
        list(&Value::from(vec![model["vessels"][0]["zero_d_element_values"]["R_poiseuille"].clone()]))[0] * 1e5;
    let ours = |k: usize| -> Vec<f64> { rows.iter().map(|row| 10.0 * row.pressures[k]).collect() };
    // What our own tube opposes to the flow, its inertia included, is taken off; the circuit's resistance is put in.
    let inlet: Vec<f64> = rows.iter().map(|row| 10.0 * (row.pressures[1] - vessel * row.flows[1])).collect();
    let (outlet_off, inlet_off) = (apart(&ours(1), &at("pressure_out")), apart(&inlet, &at("pressure_in")));
    println!(
        "published circuit: outlet {:.3} %, inlet {:.3} % (L2), {} cycles",
        100.0 * outlet_off,
        100.0 * inlet_off,
        finished.cycles
    );
    assert!(outlet_off <= 0.01 && inlet_off <= 0.01, "outlet {outlet_off:.4}, inlet {inlet_off:.4}");
}

/// On an adapter the openings are advanced by the device: the host waits for it less than once in a hundred steps, with
/// records of every row, and comes to what the processor comes to.
#[test]
fn an_adapter_is_not_stalled() {
    let Some(opened) = support::adapter() else { return };
    let small = Tube { diameter: 8e-3, length: 1.0, across: 8 };
    let outlet =
        "windkessel = { proximal = \"1.5e8 Pa s/m^3\", compliance = \"8e-9 m^3/Pa\", distal = \"2.8e9 Pa s/m^3\" }";
    let plan = tube::plan(&small, &beat(), "", outlet, "[time]\ncycles = 1\n[output]\nsnapshots = 0\n");
    let [native, shaders] = [None, Some(&opened)].map(|gpu| tube::beat(&plan, gpu, &mut |_| Ok(())));
    let steps: u64 = shaders.spent.iter().map(|spent| spent.steps).sum();
    println!("{} round trips in {steps} steps on {}", shaders.round_trips, opened.info.name);
    assert!(shaders.round_trips * 100 <= steps, "{} round trips in {steps} steps", shaders.round_trips);
    assert_eq!(shaders.rows.len(), native.rows.len(), "rows");
    for (a, b) in shaders.rows.iter().zip(&native.rows) {
        assert!((a.flows[1] - b.flows[1]).abs() < 1e-4 * 9e-6, "{} and {} m^3/s", a.flows[1], b.flows[1]);
        assert!((a.pressures[1] / b.pressures[1] - 1.0).abs() < 1e-4, "{} and {} Pa", a.pressures[1], b.pressures[1]);
    }
}
