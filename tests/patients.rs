//! Patient surfaces from the file to the converged flow. Coarser than the case files, so that the suite stays short; what
//! the case files themselves give stands in docs/verification.md.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

mod support;

fn run(name: &str, across: u32) -> Option<Value> {
    let data = support::data()?.canonicalize().unwrap_or_else(|e| panic!("{e}"));
    let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/patients").join(name).with_extension("toml");
    let output = Command::new(env!("CARGO_BIN_EXE_perfuse"))
        .env("PERFUSE_DATA", data)
        // Vessels side by side, each in a thread of its own, take less than one after the other in all.
        .env("RAYON_NUM_THREADS", "1")
        .arg("run")
        .arg(case)
        .args(["--device", "cpu", "--json", "-q", "--set", &format!("resolution.across={across}")])
        .args(["--set", "time.tolerance=0.02", "--out"])
        .arg(folder.path().join("out"))
        .output()
        .unwrap_or_else(|e| panic!("{e}"));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{name}: {errors}");
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{name}: {e}"));
    println!("{name}: {}", serde_json::to_string(&summary).unwrap_or_default());
    Some(summary)
}

/// Asserts convergence, balance, and that every opening but the inlet lets fluid out at the pressure asked for.
fn assert_sound(name: &str, summary: &Value, inflow: f64) {
    let number = |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_f64).unwrap_or(f64::NAN);
    assert_eq!(summary["status"], "converged", "{name}");
    assert!(number(summary, "/mass_imbalance").abs() <= 5e-3, "{name}: {}", summary["mass_imbalance"]);
    let openings = summary["openings"].as_array().unwrap_or_else(|| panic!("{name}"));
    assert!((number(&openings[0], "/flow_ml_s/mean") / inflow - 1.0).abs() <= 5e-3, "{name}: {}", openings[0]);
    for outlet in &openings[1..] {
        assert!(number(outlet, "/flow_ml_s/mean") < 0.0, "{name}: {outlet}");
        assert!((number(outlet, "/pressure_mmHg/mean") - 90.0).abs() < 0.2, "{name}: {outlet}");
    }
    let (mean, max) = (number(summary, "/wss_pa/mean"), number(summary, "/wss_pa/max"));
    assert!(mean > 0.0 && max < 200.0 && mean < max, "{name}: {}", summary["wss_pa"]);
}

#[test]
fn abdominal_aorta_with_open_ends() {
    let Some(summary) = run("aorta_arch", 10) else { return };
    assert_sound("aorta_arch", &summary, 16.6667);
}

#[test]
fn carotid_aneurysm_from_vtp() {
    let Some(summary) = run("ica_aneurysm", 6) else { return };
    assert_sound("ica_aneurysm", &summary, 4.0);
}

#[test]
fn coarctation_from_six_files() {
    let Some(summary) = run("aorta_coarctation", 6) else { return };
    assert_sound("aorta_coarctation", &summary, 55.13);
}
