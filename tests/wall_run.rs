//! The wall at the command line: flow and wall together, and the wall alone, of a tube that Lame's solution is known for.

use std::path::Path;

use perfuse::case::Case;
use perfuse::run::gates::keys;
use serde_json::Value;

#[path = "support/refusal.rs"]
mod refusal;

use refusal::{CASE, perfuse, tube};

const MMHG: f64 = 133.322_387_415;

/// Young's modulus (Pa), Poisson's ratio, thickness (m).
const WALL: [f64; 3] = [1.2e6, 0.45, 0.6e-3];

/// A folder with the tube and a case with its wall.
fn folder(more: &str) -> tempfile::TempDir {
    let folder = tube();
    let wall = "[wall]\nthickness = \"0.6 mm\"\nyoung = \"1.2 MPa\"\npoisson = 0.45\nspacing = \"0.6 mm\"\n";
    let case = format!("{}{wall}{more}", CASE.replacen("across = 12", "across = 8", 1));
    std::fs::write(folder.path().join("wall.toml"), case).unwrap_or_else(|e| panic!("{e}"));
    folder
}

/// Runs a command on the case; the summary, which is also what is printed.
fn summary(folder: &Path, args: &[&str]) -> Value {
    let output = perfuse(folder, &[args, &["--out", "out", "--device", "cpu", "--json", "-q"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let bytes = std::fs::read(folder.join("out/summary.json")).unwrap_or_else(|e| panic!("{e}"));
    let summary: Value = serde_json::from_slice(&bytes).unwrap_or_else(|e| panic!("{e}"));
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(printed, summary, "--json prints summary.json");
    summary
}

fn number(value: &Value, pointer: &str) -> f64 {
    value.pointer(pointer).and_then(Value::as_f64).unwrap_or(f64::NAN)
}

/// Radial displacement (mm) and hoop stress (kPa) at the inside of a thick tube, 6 mm wide inside, that keeps its length,
/// under a pressure in Pa: Lame's solution in plane strain.
fn lame(pressure: f64) -> [f64; 2] {
    let [young, poisson, thickness] = WALL;
    let (a, b) = (3e-3, 3e-3 + thickness);
    let moved = pressure * a * (1.0 + poisson) / young / (b * b - a * a) * ((1.0 - 2.0 * poisson) * a * a + b * b);
    [1e3 * moved, 1e-3 * pressure * (a * a + b * b) / (b * b - a * a)]
}

/// Asserts displacement and hoop stress within 2 % of Lame's solution at this pressure (mmHg): the tube has 28 flat sides.
fn assert_lame(wall: &Value, pressure: f64) {
    let [moved, hoop] = lame(pressure * MMHG);
    let got = [number(wall, "/displacement_mm/max"), number(wall, "/hoop_kpa/max")];
    println!("{pressure} mmHg: moves {} mm of {moved:.5}, hoop stress {} kPa of {hoop:.3}", got[0], got[1]);
    assert!((got[0] / moved - 1.0).abs() < 0.02, "moves {} mm, closed form {moved}", got[0]);
    assert!((got[1] / hoop - 1.0).abs() < 0.05, "hoop stress {} kPa, closed form {hoop}", got[1]);
    assert!(number(wall, "/residual") <= 1e-8 && number(wall, "/scaled_jacobian_min") > 0.2, "{wall:#}");
}

#[test]
fn the_wall_alone_under_a_pressure() {
    let folder = folder("[expect]\n\"wall.displacement_mm.max\" = { min = 0.05 }\nmass_imbalance = { max = -1.0 }\n");
    let summary = summary(folder.path(), &["wall", "wall.toml", "--pressure", "120 mmHg"]);
    assert_lame(&summary["wall"], 120.0);
    assert_eq!((&summary["status"], &summary["wall"]["load"]), (&"converged".into(), &"pressure".into()));
    for file in ["manifest.json", "wall.vtu", "wall_inner.vtp", "wall_outer.vtp"] {
        assert!(folder.path().join("out").join(file).is_file(), "{file} is missing");
    }
    let manifest = std::fs::read_to_string(folder.path().join("out/manifest.json")).unwrap_or_else(|e| panic!("{e}"));
    assert!(!manifest.contains(&*folder.path().to_string_lossy()) && manifest.contains("pressure_pa"), "{manifest}");
    let gate = ["--set", "expect.\"wall.displacement_mm.max\".min=1"];
    let failed = perfuse(
        folder.path(),
        &[&["wall", "wall.toml", "--pressure", "120 mmHg", "--out", "out", "-q", "--device", "cpu"], &gate[..]]
            .concat(),
    );
    let said = String::from_utf8_lossy(&failed.stderr).into_owned();
    assert!(failed.status.code() == Some(3) && said.contains("wall.displacement_mm.max = "), "{said}");
}

/// The flow's pressure is what the outlet has and a little more; 90 - 60 mmHg of it load the wall.
#[test]
fn flow_and_wall_in_one_run() {
    let folder = folder("reference_pressure = \"60 mmHg\"\n");
    let summary = summary(folder.path(), &["run", "wall.toml"]);
    assert_lame(&summary["wall"], number(&summary, "/wall/pressure_mmHg/mean"));
    assert!((number(&summary, "/wall/pressure_mmHg/mean") - 30.0).abs() < 0.5, "{summary:#}");
    assert_eq!(summary["wall"]["load"], "steady");
    assert!(number(&summary, "/performance/seconds/wall") > 0.0, "{summary:#}");
    let case = Case::load(&folder.path().join("wall.toml"), &[]).unwrap_or_else(|e| panic!("{e}"));
    let mut found = Vec::new();
    numbers(&summary["wall"], "wall".into(), &mut found);
    assert_gates(&case, found);
    assert!(folder.path().join("out/wall.vtu").is_file() && !folder.path().join("out/wall.pvd").exists());
}

/// Each moment has its own files and numbers, the first of them those of the only one.
#[test]
fn loads_of_a_beat() {
    let folder = folder("loads = [\"systole\", \"diastole\", \"mean\", \"0.1 s\"]\nreference_pressure = \"60 mmHg\"\n");
    let path = folder.path().join("wall.toml");
    let case = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{e}"));
    let case = case.replacen("pressure = \"90 mmHg\"", "waveform = \"beat.csv\"", 1);
    std::fs::write(&path, format!("{case}[time]\ncycles = 2\n[output]\nrows = 50\nsnapshots = 1\n"))
        .unwrap_or_else(|e| panic!("{e}"));
    // Highest a quarter of the period after its start.
    let sample = |k: i32| (f64::from(k) * 0.02, 90.0 + 20.0 * (std::f64::consts::TAU * f64::from(k) / 20.0).sin());
    let rows: String = (0..=20).map(sample).map(|(t, p)| format!("{t:.6}, {p:.9}\n")).collect();
    std::fs::write(folder.path().join("beat.csv"), format!("time [s], pressure [mmHg]\n{rows}"))
        .unwrap_or_else(|e| panic!("{e}"));
    let summary = summary(folder.path(), &["run", "wall.toml"]);
    for (name, time, pressure) in
        [("systole", 0.1, 50.0), ("diastole", 0.3, 10.0), ("mean", 0.0, 30.0), ("100ms", 0.1, 50.0)]
    {
        let load = &summary["wall"]["loads"][name];
        println!("{name}: {load}");
        assert!((number(load, "/time_s") - time).abs() < 0.011, "{name}: {load:#}");
        assert!((number(load, "/pressure_mmHg/mean") - pressure).abs() < 1.0, "{name}: {load:#}");
        let [moved, _] = lame(number(load, "/pressure_mmHg/mean") * MMHG);
        assert!((number(load, "/displacement_mm/max") / moved - 1.0).abs() < 0.03, "{name}: {load:#}");
    }
    assert_eq!(summary["wall"]["load"], "systole");
    let case = Case::load(&path, &[]).unwrap_or_else(|e| panic!("{e}"));
    let mut found = Vec::new();
    numbers(&summary["wall"], "wall".into(), &mut found);
    assert_gates(&case, found);
    for file in ["wall.pvd", "wall.vtu", "wall_inner.vtp", "wall/diastole.vtu", "wall/mean_outer.vtp", "wall/100ms.vtu"]
    {
        assert!(folder.path().join("out").join(file).is_file(), "{file} is missing");
    }
}

/// Every number of the wall can have a gate, and no other.
fn assert_gates(case: &Case, mut found: Vec<String>) {
    let mut known: Vec<String> = keys(case).into_iter().filter(|key| key.starts_with("wall.")).collect();
    known.sort();
    found.sort();
    assert_eq!(known, found);
}

/// Dotted keys of all numbers below a value.
fn numbers(value: &Value, key: String, found: &mut Vec<String>) {
    match value {
        Value::Number(_) => found.push(key),
        Value::Object(map) => map.iter().for_each(|(name, inner)| numbers(inner, format!("{key}.{name}"), found)),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(k, inner)| numbers(inner, format!("{key}.{k}"), found));
        }
        _ => {}
    }
}

#[test]
fn check_tells_the_wall() {
    let folder = folder("ends = \"fixed\"\nouter_spring = \"5 kPa/mm\"\n");
    let output = perfuse(folder.path(), &["check", "wall.toml", "--device", "cpu", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let plan: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}"));
    let wall = &plan["wall"];
    for key in ["quads", "nodes", "elements", "unknowns", "layers", "bytes", "scaled_jacobian_min", "volume_mm3"] {
        assert!(number(wall, &format!("/{key}")) > 0.0, "{key}: {wall:#}");
    }
    assert!(
        (number(wall, "/thickness_mm/mean") - 0.6).abs() < 1e-3 && number(wall, "/limited_share") == 0.0,
        "{wall:#}"
    );
    assert_eq!(wall["supports"]["inlet"], "fixed");
    assert_eq!(wall["supports"]["outside"], "springs of 5 kPa/mm");
    let told = perfuse(folder.path(), &["check", "wall.toml", "--device", "cpu"]);
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    for word in ["unknowns", "least scaled Jacobian", "support         inlet", "wall loads      steady"] {
        assert!(told.contains(word), "`{word}` is not in\n{told}");
    }
}
