//! Repair as a user meets it: what `check` and `inspect` say of surfaces that are mended, the limits, and `repair =
//! false`.

use std::fs;
use std::time::Instant;

#[path = "support/refusal.rs"]
mod refusal;
mod support;

use refusal::{assert_says, perfuse, refusal, tube};
use serde_json::Value;

const CPU: [&str; 2] = ["--device", "cpu"];

/// A folder with the tube, a triangle of its wall taken out and an internal wall hung in.
fn broken() -> tempfile::TempDir {
    let folder = tube();
    let text = fs::read_to_string(folder.path().join("tube.obj")).unwrap_or_else(|e| panic!("{e}"));
    let faces: Vec<&str> = text.lines().filter(|line| line.starts_with("f ")).collect();
    let count = text.lines().filter(|line| line.starts_with("v ")).count();
    let corners: Vec<&str> = faces[900].split_whitespace().collect();
    let pierced = text.replacen(&format!("{}\n", faces[2000]), "", 1);
    let fin = format!("v 9 0 0\ng wall\nf {} {} {}\n", corners[1], corners[2], count + 1);
    fs::write(folder.path().join("tube.obj"), pierced + &fin).unwrap_or_else(|e| panic!("{e}"));
    folder
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn what_is_mended_is_told_and_limits_hold() {
    let folder = broken();
    let checked = perfuse(folder.path(), &[&["check", "tube.toml"], &CPU[..]].concat());
    assert_eq!(checked.status.code(), Some(0), "{}", text(&checked.stderr));
    let words =
        ["1 pinhole or tear filled at (", "1 fin that encloses nothing dropped at (", ") mm; the largest 0.", "volume"];
    assert_says(&text(&checked.stdout), &words, "mended");
    let set = |value: &str| {
        let set = format!("geometry.repair={value}");
        refusal(folder.path(), "tube.toml", &[&CPU[..], &["--set", &set]].concat())
    };
    assert_says(&set("false"), &["1 non-manifold edge", "2 holes", "a pinhole or tear"], "off");
    let small = set("{ max_hole = \"0.01 mm\" }");
    assert_says(&small, &["a pinhole or tear", "not mended: the hole at (", "(0.01", "max_hole"], "too wide");
    assert_says(&set("{ max_hole = \"0 mm\" }"), &["out of range", "above 0 mm up to 20 mm"], "no hole");
    assert_says(&set("{ max_volume_change = \"30 %\" }"), &["out of range", "above 0 % up to 20 %"], "too much");
    assert_says(&set("{ max_volume_change = 1 }"), &["max_volume_change"], "no unit");
    assert_says(&set("\"yes\""), &["true, false, or { max_volume_change"], "a word");
}

#[test]
fn inspect_mends_and_writes_the_surface() {
    let folder = broken();
    let output = perfuse(folder.path(), &["inspect", "tube.obj", "--json", "--save", "whole.vtp"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let first: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}"));
    let kinds: Vec<&str> = first["surface_repairs"]["repairs"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|mend| mend["kind"].as_str())
        .collect();
    assert_eq!(kinds, ["fins_dropped", "holes_filled"]);
    let output = perfuse(folder.path(), &["inspect", "whole.vtp", "--json", "--no-repair"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let again: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((&again["watertight"], &again["surface_repairs"]), (&true.into(), &Value::Null));
    let volume = |json: &Value| json["volume_ml"].as_f64().unwrap_or(f64::NAN);
    assert!((volume(&again) / volume(&first) - 1.0).abs() < 1e-9);
    let output = perfuse(folder.path(), &["inspect", "tube.obj", "--no-repair"]);
    assert_eq!(output.status.code(), Some(2));
}

/// Surfaces from elsewhere: mended, and the case that `inspect` prints for them is accepted by `check`.
#[test]
fn broken_surfaces_run_once_mended() {
    let Some(data) = support::data() else { return };
    let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    for (file, unit, ends) in [("pinholes_and_nonmanifold.stl", "m", 5), ("nonmanifold_edges.vtp", "cm", 2)] {
        let path = data.join("broken").join(file).canonicalize().unwrap_or_else(|e| panic!("{e}"));
        let path = path.to_string_lossy().into_owned();
        let clock = Instant::now();
        let output = perfuse(folder.path(), &["inspect", &path, "--unit", unit, "--case"]);
        println!("{file}: {:.2} s", clock.elapsed().as_secs_f64());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert!(clock.elapsed().as_secs_f64() < 10.0);
        let case = text(&output.stdout);
        assert_eq!(case.matches("[[opening]]").count(), ends, "{case}");
        fs::write(folder.path().join("mended.toml"), case).unwrap_or_else(|e| panic!("{e}"));
        let coarse = ["--set", "resolution.across=6"];
        let checked = perfuse(folder.path(), &[&["check", "mended.toml"], &CPU[..], &coarse[..]].concat());
        assert_eq!(checked.status.code(), Some(0), "{}", text(&checked.stderr));
        assert!(text(&checked.stdout).contains("repaired"), "{file}");
    }
}
