//! Lumped circuits against the published results of svZeroDSolver, by the loads alone, without a vessel.
//!
//! Its results are those of a generalised-alpha integration with 200 steps a cycle until periodic; ours is the periodic
//! solution itself.

use std::path::{Path, PathBuf};

use perfuse::fluid::waveform::Waveform;
use perfuse::fluid::windkessel::{Branch, Load, STEPS, network_periodic};
use serde_json::Value;

/// The folder of circuits; none (and a line that says so) where it is absent.
fn models() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("PERFUSE_DATA").map_or(beside, PathBuf::from).join("lumped_models");
    if folder.is_dir() {
        return Some(folder);
    }
    let required = std::env::var("PERFUSE_REQUIRE").is_ok_and(|list| list.contains("data"));
    assert!(!required, "PERFUSE_REQUIRE names data, but {} is not there", folder.display());
    println!("SKIPPED: lumped models not found at {}", folder.display());
    None
}

fn json(path: PathBuf) -> Value {
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn numbers(list: &Value) -> Vec<f64> {
    match list {
        Value::Array(items) => items.iter().filter_map(Value::as_f64).collect(),
        Value::Object(items) => {
            let mut rows: Vec<(usize, f64)> =
                items.iter().filter_map(|(k, value)| Some((k.parse().ok()?, value.as_f64()?))).collect();
            rows.sort_by_key(|row| row.0);
            rows.into_iter().map(|row| row.1).collect()
        }
        _ => panic!("{list} is not a list"),
    }
}

fn waveform(times: &Value, values: &Value) -> Waveform {
    let (times, mut values) = (numbers(times), numbers(values));
    let last = values.len() - 1;
    values[last] = values[0];
    let samples: Vec<_> = times.into_iter().zip(values).map(|(t, v)| [t, v]).collect();
    if samples.len() < 3 {
        return Waveform::constant(samples[0][1], samples[last][0]);
    }
    Waveform::from_samples(&samples).unwrap_or_else(|e| panic!("{e}"))
}

/// Largest difference, relative to the largest value, of inlet and outlet pressure of a model over its last cycle.
fn difference(folder: &Path, name: &str) -> [f64; 2] {
    let model = json(folder.join(format!("{name}.json")));
    let result = json(folder.join(format!("result_{name}.json")));
    let [inflow, outlet] = [0, 1].map(|k| &model["boundary_conditions"][k]["bc_values"]);
    let number = |key: &str| outlet[key].as_f64().unwrap_or_else(|| panic!("no {key}"));
    let load = match model["boundary_conditions"][1]["bc_type"].as_str() {
        Some("RCR") => Load::Windkessel {
            proximal: number("Rp"),
            compliance: number("C"),
            distal: number("Rd"),
            distal_pressure: number("Pd"),
        },
        Some("CORONARY") => Load::Coronary {
            arterial: number("Ra1"),
            arterial_compliance: number("Ca"),
            micro: number("Ra2"),
            micro_compliance: number("Cc"),
            venous: number("Rv1"),
            intramyocardial: waveform(&outlet["t"], &outlet["Pim"]),
            venous_pressure: number("P_v"),
        },
        other => panic!("{other:?}"),
    };
    let series = model["vessels"][0]["zero_d_element_values"]["R_poiseuille"].as_f64().expect("a resistance");
    let solution = network_periodic(&waveform(&inflow["t"], &inflow["Q"]), &[Branch { load, series }]);
    let ours = [&solution.pressure, &solution.branches[0].pressure];
    let theirs = ["pressure_in", "pressure_out"].map(|key| numbers(&result[key]));
    [0, 1].map(|k| {
        let cycle = &theirs[k][theirs[k].len() - 201..];
        let largest = cycle.iter().fold(0.0_f64, |m, p| m.max(p.abs()));
        let at = |i: usize| ours[k][i * STEPS / 200 % STEPS];
        cycle.iter().enumerate().map(|(i, p)| (p - at(i)).abs() / largest).fold(0.0, f64::max)
    })
}

#[test]
fn resistance_and_windkessel() {
    let Some(folder) = models() else { return };
    let [inlet, outlet] = difference(&folder, "pulsatileFlow_R_RCR");
    println!("R-RCR, largest difference of the largest pressure: inlet {inlet:.1e}, outlet {outlet:.1e}");
    assert!(inlet < 1e-3 && outlet < 1e-3);
}

#[test]
fn resistance_and_coronary_bed() {
    let Some(folder) = models() else { return };
    let [inlet, outlet] = difference(&folder, "pulsatileFlow_R_coronary");
    println!("R-coronary, largest difference of the largest pressure: inlet {inlet:.1e}, outlet {outlet:.1e}");
    assert!(inlet < 1e-3 && outlet < 1e-3);
}
