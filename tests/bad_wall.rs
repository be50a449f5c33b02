//! Walls that cannot be computed, at the command line: each kind has its own message with value, range or place, and
//! remedy; exit code 2 from `check` and `run` alike; and nothing is written.

use std::fs;
use std::path::Path;
use std::process::Command;

#[path = "support/refusal.rs"]
mod refusal;
mod support;

use refusal::{CASE, assert_says, lacking, perfuse, refusal, tube};

/// The wall of the tube.
const WALL: &str = "[wall]\nthickness = \"0.6 mm\"\nyoung = \"1.2 MPa\"\npoisson = 0.45\n";

/// What is set, and words of the message.
const SETTINGS: [(&str, &[&str]); 32] = [
    ("wall.thickness=\"0 mm\"", &["`wall.thickness` is 0 mm", "above 0 mm, at most 20 mm", "a tenth of the diameter"]),
    ("wall.thickness=\"-0.5 mm\"", &["`wall.thickness` is -0.5 mm", "above 0 mm"]),
    ("wall.thickness=\"0.6 m\"", &["`wall.thickness` is 600 mm", "at most 20 mm"]),
    ("wall.thickness=\"0.6 kPa\"", &["`wall.thickness`", "a unit of pressure, but a length is needed"]),
    ("wall.thickness=0.6", &["`wall.thickness`", "a length with its unit", "of_radius = 0.1"]),
    ("wall.thickness={ of_radius = 1.5 }", &["`wall.thickness.of_radius` is 1.5", "0.01 to 1"]),
    ("wall.thickness={ field = \"t\" }", &["the array `t` has no unit", "add unit = \"mm\""]),
    ("wall.thickness={ field = \"t\", unit = \"kPa\" }", &["`kPa` is a unit of pressure", "a length is needed"]),
    ("wall.thickness={ feld = \"t\" }", &["unknown key `feld` in [wall.thickness]", "did you mean `field`?"]),
    ("wall.young=\"0 MPa\"", &["`wall.young` is 0 MPa", "0.001 MPa to 1000 MPa", "0.3 to 3 MPa"]),
    ("wall.young=\"-1 MPa\"", &["`wall.young` is -1 MPa", "0.001 MPa to 1000 MPa"]),
    ("wall.young=\"1.2 Pa\"", &["`wall.young` is 1.2e-6 MPa", "look at the unit"]),
    ("wall.young=\"1.2\"", &["`wall.young`", "has no unit", "MPa, kPa, Pa"]),
    ("wall.poisson=0.5", &["`wall.poisson` is 0.5", "0 to below 0.5", "take 0.49, or up to 0.499"]),
    ("wall.poisson=0.6", &["`wall.poisson` is 0.6", "take 0.49, or up to 0.499"]),
    ("wall.poisson=-0.1", &["`wall.poisson` is -0.1", "0 to below 0.5", "0.45 to 0.499"]),
    ("wall.poisson=\"high\"", &["`wall.poisson`", "a number, or { field = \"nu\" }"]),
    ("wall.poisson={ feld = \"nu\" }", &["unknown key `feld` in [wall.poisson]", "did you mean `field`?"]),
    ("wall.poisson={ field = \"nu\" }", &["no field `nu`"]),
    ("wall.poisson=nan", &["`wall.poisson`", "NaN", "a finite number"]),
    ("wall.layers=0", &["`wall.layers`", "a whole number, 1 or more"]),
    ("wall.layers=40", &["`wall.layers` is 40", "1 to 32"]),
    ("wall.spacing=\"0 mm\"", &["`wall.spacing` is 0 mm", "0.01 mm to 20 mm"]),
    ("wall.ends=\"fix\"", &["`wall.ends` cannot be `fix`", "did you mean `fixed`?", "radial, sliding, fixed"]),
    ("wall.ends={ spring = \"-1 kPa/mm\" }", &["`wall.ends.spring` is -1 kPa/mm", "above 0 kPa/mm"]),
    ("wall.outer_spring=\"0 kPa/mm\"", &["`wall.outer_spring` is 0 kPa/mm", "above 0 kPa/mm", "leave it out"]),
    ("wall.outer_spring=\"10 kPa\"", &["`kPa` is a unit of pressure", "a stiffness per area is needed", "kPa/mm"]),
    ("wall.reference_pressure=\"80 kPa\"", &["`wall.reference_pressure` is 600.049 mmHg", "-400 mmHg to 400 mmHg"]),
    ("wall.loads=systole", &["`wall.loads` names moments of a cycle, but the flow is steady", "remove it"]),
    ("wall.ends=sliding", &["nothing holds the wall", "can move along", "`fixed` or `radial`", "springs"]),
    ("wall.yung=\"1 MPa\"", &["unknown key `yung` in [wall]", "did you mean `young`?"]),
    (
        "expect.\"wall.displacement_mm.most\".max=1",
        &["no number `wall.displacement_mm.most`", "wall.displacement_mm.max"],
    ),
];

/// A folder with the tube, and a case with a wall.
fn folder() -> tempfile::TempDir {
    let folder = tube();
    write(folder.path(), "wall.toml", &format!("{CASE}{WALL}"));
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).unwrap_or_else(|e| panic!("{e}"));
}

#[test]
fn every_bad_wall_has_its_own_message() {
    let folder = folder();
    let (mut said, mut wrong) = (Vec::new(), String::new());
    for (set, words) in SETTINGS {
        let message = refusal(folder.path(), "wall.toml", &["--device", "cpu", "--set", set]);
        wrong += &lacking(&message, words, set);
        said.push(message);
    }
    for key in ["thickness", "young", "poisson"] {
        let lines = WALL.lines().filter(|line| !line.starts_with(key)).map(|line| format!("{line}\n"));
        write(folder.path(), "changed.toml", &format!("{CASE}{}", lines.collect::<String>()));
        let message = refusal(folder.path(), "changed.toml", &["--device", "cpu"]);
        wrong += &lacking(&message, &[&format!("[wall] has no `{key}`")], key);
    }
    assert!(wrong.is_empty(), "{wrong}");
    said.sort();
    said.dedup();
    assert_eq!(said.len(), SETTINGS.len(), "two kinds of bad walls have the same message");
    let set = ["--device", "cpu", "--set", "opening.inlet.support=fixed"];
    let message = refusal(folder.path(), "tube.toml", &set);
    assert_says(&message, &["`opening.inlet.support` holds no wall", "add [wall]"], "a support without a wall");
}

/// Moments of a cycle that cannot be known, or are not in it.
#[test]
fn moments_that_do_not_exist_are_refused() {
    let folder = folder();
    let rows: String =
        (0..=20).map(|k| format!("{:.6}, {}\n", f64::from(k) * 0.02, 2 - (k - 10i32).abs() / 10)).collect();
    write(folder.path(), "beat.csv", &format!("time [s], flow [ml/s]\n{rows}"));
    let case = format!("{CASE}{WALL}").replacen("flow = \"2 ml/s\"", "waveform = \"beat.csv\"", 1);
    write(folder.path(), "beat.toml", &case);
    let refused: [(&[&str], &[&str]); 6] = [
        (&["time.cycles=1"], &["loaded by the systole of a single cycle", "run 2 cycles or more", "\"mean\""]),
        (&["time.cycles=1", "wall.loads=[\"mean\", \"diastole\"]"], &["the diastole of a single cycle"]),
        (&["wall.loads=\"0.4 s\""], &["names the time 0.4 s", "below the period of 0.4 s"]),
        (&["wall.loads=\"-0.1 s\""], &["`wall.loads` is -0.1 s", "0 s to below the period"]),
        (&["wall.loads=[\"mean\", \"mean\"]"], &["names mean twice"]),
        (&["wall.loads=\"sistole\""], &["`sistole` is not a moment", "\"systole\", \"diastole\", or a time"]),
    ];
    for (sets, words) in refused {
        let sets: Vec<&str> = sets.iter().flat_map(|set| ["--set", set]).chain(["--device", "cpu"]).collect();
        let message = refusal(folder.path(), "beat.toml", &sets);
        assert_says(&message, words, &sets.join(" "));
    }
}

/// Arrays of a patient's surface: those that there are, in units that can be; and one that is right.
#[test]
fn fields_of_the_surface_are_checked() {
    let Some(data) = support::data() else { return };
    let data = data.canonicalize().unwrap_or_else(|e| panic!("{e}"));
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/patients/pulmonary_wall.toml");
    let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let wall = |set: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_perfuse"))
            .env("PERFUSE_DATA", &data)
            .current_dir(folder.path())
            .arg("wall")
            .arg(&case)
            .args(["--pressure", "14 mmHg", "--device", "cpu", "--json", "-q", "--out", "out", "--set", set])
            .output();
        output.unwrap_or_else(|e| panic!("{e}"))
    };
    let refused: [(&str, &[&str]); 5] = [
        ("wall.thickness.field=thick", &["no field `thick`", "`thickness` (0.02 to 0.1)", "pulmonary_wall.toml:"]),
        ("wall.thickness.unit=mm", &["unit is wrong", "likely: unit = \"cm\"", "pulmonary_wall.toml:"]),
        ("wall.young.unit=MPa", &["Young's modulus", "unit is wrong", "dyn/cm^2", "pulmonary_wall.toml:"]),
        ("wall.poisson={ field = \"nu\" }", &["no field `nu`", "`thickness` (0.02 to 0.1)", "--set:1:"]),
        (
            "wall.poisson={ field = \"Young_Mod\" }",
            &["Poisson's ratio is 2", " mm); it must be at least 0 and less than 0.5", "in the array `Young_Mod`"],
        ),
    ];
    for (set, words) in refused {
        let output = wall(set);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{set}\n{message}");
        assert!(!folder.path().join("out").exists(), "{set}: something was written");
        assert_says(&message, words, set);
    }
    // Numbers from 0.02 to 0.1 are ratios too.
    let output = wall("wall.poisson={ field = \"thickness\" }");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let output = wall("wall.layers=1");
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{message}");
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}"));
    println!("{}", summary["wall"]);
    let number = |key: &str| summary["wall"].pointer(key).and_then(serde_json::Value::as_f64).unwrap_or(f64::NAN);
    assert!((0.5..0.8).contains(&number("/thickness_mm/mean")) && number("/scaled_jacobian_min") > 0.2);
    assert!(number("/residual") <= 1e-8 && number("/thinned_share") < 0.02 && number("/strain/p99") < 0.25);
}

/// A wall so thick that it would meet itself on the inside of a bend.
#[test]
fn a_wall_without_room_is_refused() {
    let folder = folder();
    let made = ["mesh", "bend", "--diameter", "6mm", "--bend-radius", "6mm", "--out", "tube.obj"];
    let made = perfuse(folder.path(), &made);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let set = ["--device", "cpu", "--set", "wall.thickness=\"12 mm\""];
    let message = refusal(folder.path(), "wall.toml", &set);
    assert_says(&message, &["wall.thickness", "too thick", "12.00", " mm", "allowed"], "12 mm");
}

/// The wall alone: a pressure that is none, a case without a wall.
#[test]
fn the_command_wall_refuses_alike() {
    let folder = folder();
    let said = |case: &str, more: &[&str]| {
        let output = perfuse(folder.path(), &[&["wall", case, "--out", "out", "-q", "--device", "cpu"], more].concat());
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{more:?}\n{message}");
        assert!(!folder.path().join("out").exists(), "{more:?}: something was written");
        message
    };
    let mmhg = ["--pressure", "120 mmHg"];
    assert_says(&said("wall.toml", &[]), &["--pressure <PRESSURE>"], "no pressure");
    assert_says(&said("wall.toml", &["--pressure", "120"]), &["`120` has no unit", "mmHg, Pa, kPa"], "no unit");
    assert_says(&said("wall.toml", &["--pressure", "120 kPa"]), &["900.074 mmHg", "-400 mmHg to 400 mmHg"], "kPa");
    assert_says(&said("tube.toml", &mmhg), &["needs a case with a [wall]", "add [wall]"], "no wall");
    let set = ["--set", "wall.reference_pressure=\"120 mmHg\""];
    assert_says(&said("wall.toml", &[mmhg, set].concat()), &["nothing loads the wall"], "no load");
    let set = ["--set", "wall.poisson=0.5"];
    assert_says(&said("wall.toml", &[mmhg, set].concat()), &["take 0.49"], "0.5");
}

/// A wall whose matrix is larger than what the adapter takes in one array.
#[test]
fn a_wall_too_large_for_the_adapter_is_refused() {
    let Some(adapter) = support::adapter() else { return };
    let largest = perfuse::backend::gpu::admit::largest_array(&adapter.info) as f64;
    // Three nodes a column, each with 972 bytes of the matrix; the tube has pi 6 x 18 mm^2.
    let columns = 1.3 * largest / 972.0 / 3.0;
    let spacing = (std::f64::consts::PI * 6.0 * 18.0 / columns).sqrt();
    if spacing < 0.011 {
        return println!("SKIPPED: this adapter takes whatever the shortest spacing needs");
    }
    let folder = folder();
    let set = format!("wall.spacing=\"{spacing:.5} mm\"");
    let message = refusal(folder.path(), "wall.toml", &["--device", "gpu", "--set", &set]);
    assert_says(&message, &[&adapter.info.name, "holds at most", "use wall.spacing = ", "`--device cpu`"], &set);
}

/// With 1 GB of address space a fine wall does not fit; what is suggested does.
#[cfg(target_os = "linux")]
#[test]
fn a_wall_too_large_for_the_memory_is_refused() {
    let folder = folder();
    let limited = |spacing: &str| {
        let program = env!("CARGO_BIN_EXE_perfuse");
        let command = format!(
            "ulimit -v 1000000; exec '{program}' check wall.toml --device cpu --set 'wall.spacing=\"{spacing} mm\"'"
        );
        let output =
            Command::new("sh").current_dir(folder.path()).env("RAYON_NUM_THREADS", "2").args(["-c", &command]).output();
        let output = output.unwrap_or_else(|e| panic!("{e}"));
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, message) = limited("0.02");
    println!("{message}");
    assert_eq!(code, Some(2), "{message}");
    assert_says(&message, &["0.0200 mm", "unknowns", "GB are available", "use wall.spacing = "], "0.02 mm");
    let suggested = message.split("use wall.spacing = \"").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or("");
    let (code, message) = limited(suggested);
    assert_eq!(code, Some(0), "{suggested} mm: {message}");
}
