//! The main job as a user meets it: a surface and a case file in, files and numbers out.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use perfuse::case::Case;
use perfuse::run::gates::keys;
use serde_json::Value;

/// Runs use every core: one at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn perfuse(args: &[&str]) -> Output {
    let command = Command::new(env!("CARGO_BIN_EXE_perfuse")).args(args).output();
    command.unwrap_or_else(|e| panic!("{e}"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A straight tube of 4 mm by 24 mm with the given flow and more lines for the case, in a folder of its own.
fn tube(folder: &Path, flow: &str, more: &str) -> PathBuf {
    let mesh = folder.join("tube.obj");
    let made = perfuse(&[
        "mesh",
        "straight",
        "--diameter",
        "4mm",
        "--length",
        "24mm",
        "--axis",
        "0.48,0.6,0.64",
        "--out",
        &mesh.display().to_string(),
    ]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let case = folder.join("tube.toml");
    let content = format!(
        "[geometry]\nsurface = \"tube.obj\"\nunit = \"mm\"\n\
         [[opening]]\nname = \"inlet\"\npatch = \"inlet\"\nflow = \"{flow}\"\n\
         [[opening]]\nname = \"outlet\"\npatch = \"outlet\"\npressure = \"90 mmHg\"\n\
         [blood]\ndensity = \"1060 kg/m^3\"\nviscosity = \"4 mPa s\"\n[resolution]\nacross = 16\n{more}"
    );
    std::fs::write(&case, content).unwrap_or_else(|e| panic!("{e}"));
    case
}

fn summary(folder: &Path) -> Value {
    let bytes = std::fs::read(folder.join("summary.json")).unwrap_or_else(|e| panic!("{e}"));
    serde_json::from_slice(&bytes).unwrap_or_else(|e| panic!("{e}"))
}

fn run(case: &Path, out: &Path, more: &[&str]) -> Output {
    let (case, out) = (case.display().to_string(), out.display().to_string());
    perfuse(&[&["run", &case, "--out", &out, "--device", "cpu"], more].concat())
}

/// Poiseuille flow of 1 ml/s: the drop is 128 mu L Q / (pi d^4), the wall shear 32 mu Q / (pi d^3).
#[test]
fn poiseuille_in_a_tube_from_a_file() {
    let _alone = ALONE.lock();
    let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let case = tube(folder.path(), "1 ml/s", "[expect]\nmass_imbalance = { min = -0.005, max = 0.005 }\n");
    let out = folder.path().join("out");
    let output = run(&case, &out, &["--json", "-q"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}"));
    let summary = summary(&out);
    assert_eq!(printed, summary, "--json prints summary.json");
    assert_eq!(summary["status"], "converged");
    let number = |pointer: &str| summary.pointer(pointer).and_then(Value::as_f64).unwrap_or(f64::NAN);
    let drop = 128.0 * 4e-3 * 24e-3 * 1e-6 / (std::f64::consts::PI * 4e-3f64.powi(4)) / 133.322;
    let shear = 32.0 * 4e-3 * 1e-6 / (std::f64::consts::PI * 4e-3f64.powi(3));
    let (got_drop, got_shear) = (number("/pressure_drop_mmHg/outlet"), number("/wss_pa/mean"));
    println!("pressure drop {got_drop:.5} mmHg of {drop:.5}, mean wall shear {got_shear:.4} Pa of {shear:.4}");
    assert_gates_know(&case, &summary);
    assert!((got_drop / drop - 1.0).abs() < 0.04, "pressure drop {got_drop} mmHg, closed form {drop}");
    assert!((got_shear / shear - 1.0).abs() < 0.04, "mean wall shear {got_shear} Pa, closed form {shear}");
    assert!((number("/openings/0/flow_ml_s/mean") - 1.0).abs() < 2e-3, "{summary:#}");
    assert!((number("/openings/1/pressure_mmHg/mean") - 90.0).abs() < 1e-2, "{summary:#}");
    for file in
        ["manifest.json", "fluid.pvd", "surface.pvd", "probes.csv", "fluid/fluid_0000.vti", "surface/surface_0000.vtp"]
    {
        assert!(out.join(file).is_file(), "{file} is missing");
    }
    let manifest = std::fs::read_to_string(out.join("manifest.json")).unwrap_or_else(|e| panic!("{e}"));
    assert!(!manifest.contains(&*folder.path().to_string_lossy()), "no path of this machine in the manifest");
    let probes = std::fs::read_to_string(out.join("probes.csv")).unwrap_or_else(|e| panic!("{e}"));
    assert!(probes.starts_with("time [s],spacing [mm],flow_inlet [ml/s],pressure_inlet [mmHg]"), "{probes:.80}");
}

/// Every number of a summary can have a gate, and gates on nothing else are accepted.
fn assert_gates_know(case: &Path, summary: &Value) {
    let case = Case::load(case, &[]).unwrap_or_else(|e| panic!("{e}"));
    let (mut known, mut found) = (keys(&case), Vec::new());
    numbers(summary, String::new(), &mut found);
    found.retain(|key| !key.starts_with("levels.") || key.starts_with("levels.0."));
    // How many lesions there are shows after the run; references are told, not judged, and gates have none of their own.
    found.retain(|key| !["stenoses.", "aneurysms.", "references.", "gates."].iter().any(|list| key.starts_with(list)));
    known.sort();
    found.sort();
    assert_eq!(known, found);
}

/// Dotted keys of all numbers below a value, members of a list by their names.
fn numbers(value: &Value, key: String, found: &mut Vec<String>) {
    let below = |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
    match value {
        Value::Number(_) => found.push(key),
        Value::Object(map) => map.iter().for_each(|(name, inner)| numbers(inner, below(name), found)),
        Value::Array(list) => list.iter().enumerate().for_each(|(k, inner)| {
            let name = inner["name"].as_str().map_or_else(|| k.to_string(), str::to_owned);
            numbers(inner, below(&name), found);
        }),
        _ => {}
    }
}

/// The mean of the wave goes in, and the numbers of the cycle are those that can have gates.
#[test]
fn a_beat_in_a_tube_from_a_file() {
    let _alone = ALONE.lock();
    let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let more = "[time]\ncycles = 2\n[output]\nrows = 50\nsnapshots = 1\n\
                [expect]\n\"cycle.osi.max\" = { min = 0.0, max = 0.5 }\n\"cycle.cycles\" = { min = 2 }\n";
    let case = tube(folder.path(), "1 ml/s", more);
    let text_of = |path: &Path| std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{e}"));
    let beat = text_of(&case).replacen("flow = \"1 ml/s\"", "waveform = \"beat.csv\"", 1);
    let beat = beat.replacen("across = 16", "across = 8", 1);
    std::fs::write(&case, beat).unwrap_or_else(|e| panic!("{e}"));
    let sample = |k: i32| (f64::from(k) * 0.02, 1.0 + 0.5 * (std::f64::consts::TAU * f64::from(k) / 20.0).sin());
    let rows: String = (0..=20).map(sample).map(|(t, q)| format!("{t:.6}, {q:.9}\n")).collect();
    let wave = format!("time [s], flow [ml/s]\n{rows}");
    std::fs::write(folder.path().join("beat.csv"), wave).unwrap_or_else(|e| panic!("{e}"));
    let out = folder.path().join("out");
    let output = run(&case, &out, &["-q"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let summary = summary(&out);
    assert_gates_know(&case, &summary);
    let number = |pointer: &str| summary.pointer(pointer).and_then(Value::as_f64).unwrap_or(f64::NAN);
    let flow = ["mean", "min", "max"].map(|part| number(&format!("/openings/0/flow_ml_s/{part}")));
    println!("inflow {flow:?} ml/s of 1.0, 0.5, 1.5");
    for (got, asked) in flow.iter().zip([1.0, 0.5, 1.5]) {
        assert!((got - asked).abs() < 0.02, "{summary:#}");
    }
    assert!((number("/cycle/period_s") - 0.4).abs() < 1e-9, "{summary:#}");
    for file in ["fluid_cycle.vti", "surface_cycle.vtp", "fluid/fluid_0000.vti", "probes.csv"] {
        assert!(out.join(file).is_file(), "{file} is missing");
    }
}

#[test]
fn a_gate_that_fails_is_exit_code_3_after_the_results() {
    let _alone = ALONE.lock();
    let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let case = tube(folder.path(), "1 ml/s", "[expect]\n\"pressure_drop_mmHg.outlet\" = { max = 0.01 }\n");
    let out = folder.path().join("out");
    let output = run(&case, &out, &["--set", "resolution.across=8", "-q"]);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("pressure_drop_mmHg.outlet"), "{}", text(&output.stderr));
    assert_eq!(summary(&out)["status"], "converged");
}

#[test]
fn what_run_refuses_check_refuses_alike_and_nothing_is_written() {
    let _alone = ALONE.lock();
    let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let case = tube(folder.path(), "1 ml/s", "");
    let out = folder.path().join("out");
    let bad = [
        ("geometry.unit=\"m\"", "unit = \"mm\""),
        ("geometry.unit=\"um\"", "um"),
        ("opening.inlet.patch=\"inflow\"", "inflow"),
        ("opening.outlet.patch=\"inlet\"", "inlet"),
        ("resolution.across=3", "across"),
        ("resolution.spacing=\"1.5 mm\"", "sites across"),
        ("resolution.spacing=\"0.4 um\"", "spacing"),
        ("opening.outlet.flow=\"-1 ml/s\"", "pressure"),
        ("blood.viscosity=\"4 Pa s\"", "viscosity"),
        ("geometry.surface=\"none.obj\"", "none.obj"),
    ];
    for (set, word) in bad {
        let checked = perfuse(&["check", &case.display().to_string(), "--device", "cpu", "--set", set]);
        let ran = run(&case, &out, &["--set", set]);
        assert_eq!((checked.status.code(), ran.status.code()), (Some(2), Some(2)), "{set}: {}", text(&ran.stderr));
        let (a, b) = (text(&checked.stderr), text(&ran.stderr));
        assert!(b.ends_with(&a), "{set}: check says\n{a}\nrun says\n{b}");
        assert!(a.contains(word), "{set}: {a}");
        assert!(!out.exists(), "{set}: something was written");
    }
}

#[test]
fn check_tells_the_plan() {
    let _alone = ALONE.lock();
    let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let case = tube(folder.path(), "1 ml/s", "");
    let output = perfuse(&["check", &case.display().to_string(), "--device", "cpu", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let plan: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}"));
    let number = |key: &str| plan[key].as_f64().unwrap_or(f64::NAN);
    assert!((number("reynolds") - 84.35).abs() < 0.5, "{plan:#}");
    // Poiseuille: 0.159 m/s on the axis. The estimate errs on the fast side.
    assert!((0.95..1.5).contains(&(number("velocity_max_m_s") / 0.159)), "{plan:#}");
    assert!((number("spacing_mm") - 0.25).abs() < 2e-3, "{plan:#}");
    for key in ["time_step_us", "tau", "mach", "sites", "bytes", "steps", "seconds"] {
        assert!(number(key) > 0.0, "{key}: {plan:#}");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_was_reached() {
    let _alone = ALONE.lock();
    let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let case = tube(folder.path(), "1 ml/s", "[time]\ntolerance = 1e-9\n");
    let out = folder.path().join("out");
    let mut child = Command::new(env!("CARGO_BIN_EXE_perfuse"))
        .args(["run", &case.display().to_string(), "--out", &out.display().to_string(), "--device", "cpu", "-q"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{e}"));
    while !out.exists() {
        std::thread::sleep(Duration::from_millis(50));
        assert!(child.try_wait().unwrap_or_else(|e| panic!("{e}")).is_none(), "it ended by itself");
    }
    std::thread::sleep(Duration::from_millis(700));
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(killed.is_ok_and(|status| status.success()));
    let output = child.wait_with_output().unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    assert_eq!(summary(&out)["status"], "interrupted");
    assert!(out.join("fluid/fluid_0000.vti").is_file());
}
