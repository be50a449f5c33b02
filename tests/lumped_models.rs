//! Lumped circuits without a vessel: against the published results of svZeroDSolver, and tuned to a patient's blood
//! pressure under the patient's own beat.
//!
//! svZeroDSolver's results are those of a generalised-alpha integration with 200 steps a cycle until periodic; ours is
//! the periodic solution itself.

use std::path::{Path, PathBuf};

use perfuse::case::waveform::{Signal, Wave, WaveformSpec};
use perfuse::fluid::waveform::Waveform;
use perfuse::fluid::windkessel::{Branch, Load, PROXIMAL_FRACTION, STEPS, Target, network_periodic, tune};
use perfuse::units::MMHG;
use serde_json::Value;

/// A folder of the data; none (and a line that says so) where it is absent.
fn data(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("PERFUSE_DATA").map_or(beside, PathBuf::from).join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    let required = std::env::var("PERFUSE_REQUIRE").is_ok_and(|list| list.contains("data"));
    assert!(!required, "PERFUSE_REQUIRE names data, but {} is not there", folder.display());
    println!("SKIPPED: no data at {}", folder.display());
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
    let Some(folder) = data("lumped_models") else { return };
    let [inlet, outlet] = difference(&folder, "pulsatileFlow_R_RCR");
    println!("R-RCR, largest difference of the largest pressure: inlet {inlet:.1e}, outlet {outlet:.1e}");
    assert!(inlet < 1e-3 && outlet < 1e-3);
}

#[test]
fn resistance_and_coronary_bed() {
    let Some(folder) = data("lumped_models") else { return };
    let [inlet, outlet] = difference(&folder, "pulsatileFlow_R_coronary");
    println!("R-coronary, largest difference of the largest pressure: inlet {inlet:.1e}, outlet {outlet:.1e}");
    assert!(inlet < 1e-3 && outlet < 1e-3);
}

/// The child's aorta: a beat that does not close, into four outlets of 120/80 mmHg.
#[test]
fn the_coarctation_has_its_blood_pressure() {
    let Some(folder) = data("aorta_coarctation") else { return };
    let columns = Some(vec!["time [s]".to_owned(), "velocity [m/s]".to_owned()]);
    let spec = WaveformSpec { file: "BPM75.csv".into(), columns, close: false, scale: 1.0 };
    let open = Wave::load(&spec, &folder, None, None).err().map(|e| e.to_string()).unwrap_or_default();
    assert!(open.contains("begins at 0.15966 m/s and ends at") && open.contains("close = true"), "{open}");
    let wave = Wave::load(&WaveformSpec { close: true, ..spec }, &folder, None, Some(0.8));
    let wave = wave.unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((wave.signal, wave.samples.len()), (Signal::Velocity, 81));
    let area = std::f64::consts::PI * (14.105e-3_f64 / 2.0).powi(2);
    let flow = Waveform::from_samples(&wave.samples).unwrap_or_else(|e| panic!("{e}")).scaled(area);
    let target = Target {
        systolic: 120.0 * MMHG,
        diastolic: 80.0 * MMHG,
        distal: 0.0,
        exponent: 3.0,
        fraction: PROXIMAL_FRACTION,
    };
    let tuned = tune(&flow, &[8.660, 7.293, 4.561, 3.649], &target).unwrap_or_else(|e| panic!("{e}"));
    let branches: Vec<_> = tuned.loads.iter().map(|load| Branch { load: load.clone(), series: 0.0 }).collect();
    let solution = network_periodic(&flow, &branches);
    let max = solution.pressure.iter().copied().fold(f64::NEG_INFINITY, f64::max) / MMHG;
    let min = solution.pressure.iter().copied().fold(f64::INFINITY, f64::min) / MMHG;
    println!(
        "mean flow {:.2} ml/s ({:.2} to {:.2}), R {:.4} mmHg s/ml, C {:.4} ml/mmHg, proximal {:.4}, shares {:.3?}, \
         {max:.4}/{min:.4} mmHg, slowest {:.2} s: {} cycles from rest to 1 %",
        flow.mean() * 1e6,
        flow.min() * 1e6,
        flow.max() * 1e6,
        tuned.resistance * 1e-6 / MMHG,
        tuned.compliance * 1e6 * MMHG,
        tuned.fraction,
        tuned.shares,
        solution.slowest,
        solution.cycles_from_rest(0.01)
    );
    assert!((max - 120.0).abs() < 0.01 && (min - 80.0).abs() < 0.01);
}
