//! The `inspect` command as a user meets it: report, JSON, a case file that the case reader accepts, exit codes.

#![allow(clippy::unwrap_used, reason = "in a test, that is the failure")]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use perfuse::case::Case;

/// Writes a tube of 6 units width and 30 units length as OBJ with the groups `wall`, `inlet`, `outlet`; without its
/// caps when `open`, and with a triangle missing when `pierced`.
fn tube(path: &Path, open: bool, pierced: bool) {
    const N: usize = 24;
    let mut text = String::new();
    for ring in 0..=10 {
        for i in 0..N {
            let (s, c) = (i as f64 * std::f64::consts::TAU / N as f64).sin_cos();
            writeln!(text, "v {} {} {}", 3.0 * c, 3.0 * s, 3 * ring).unwrap();
        }
    }
    text.push_str("g wall\n");
    for (ring, i) in (0..10).flat_map(|ring| (0..N).map(move |i| (ring, i))) {
        let (a, b) = (ring * N + i + 1, ring * N + (i + 1) % N + 1);
        writeln!(text, "f {a} {b} {}", b + N).unwrap();
        if !(pierced && ring == 5 && i == 5) {
            writeln!(text, "f {a} {} {}", b + N, a + N).unwrap();
        }
    }
    if !open {
        text.push_str("g inlet\nf");
        (1..=N).rev().for_each(|i| write!(text, " {i}").unwrap());
        text.push_str("\ng outlet\nf");
        (1..=N).for_each(|i| write!(text, " {}", 10 * N + i).unwrap());
        text.push('\n');
    }
    std::fs::write(path, text).unwrap();
}

fn perfuse(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_perfuse")).current_dir(folder).args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn the_report_names_size_unit_soundness_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    tube(&folder.path().join("tube.obj"), false, false);
    let output = perfuse(folder.path(), &["inspect", "tube.obj"]);
    let text = stdout(&output);
    println!("{text}");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    for part in ["1 piece", "(6.000, 6.000, 30.000) mm", "watertight", "mm: plausible", "patch inlet: inlet"] {
        assert!(text.contains(part), "`{part}` is missing");
    }
    let output = perfuse(folder.path(), &["inspect", "tube.obj", "--unit", "m"]);
    assert!(stdout(&output).contains("m: NOT plausible") && stdout(&output).contains("try --unit mm"));
    let json: serde_json::Value =
        serde_json::from_slice(&perfuse(folder.path(), &["inspect", "tube.obj", "--json"]).stdout).unwrap();
    assert_eq!((&json["usable"], &json["watertight"]), (&true.into(), &true.into()));
    // The polygon of 24 sides that stands for the circle.
    let area = 12.0 * 9.0 * (std::f64::consts::TAU / 24.0).sin();
    assert!((json["openings"][0]["area_mm2"].as_f64().unwrap() / area - 1.0).abs() < 1e-5);
    assert!((json["volume_ml"].as_f64().unwrap() / (area * 0.03) - 1.0).abs() < 1e-5);
}

#[test]
fn the_case_it_prints_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    for (name, open) in [("capped.obj", false), ("open \"odd\" name.obj", true)] {
        tube(&folder.path().join(name), open, false);
        let output = perfuse(folder.path(), &["inspect", name, "--case"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let text = stdout(&output);
        println!("{text}");
        let case = Case::parse(&folder.path().join("made.toml"), &text, &[]).unwrap();
        case.validate().unwrap();
        assert_eq!(text.contains("patch = \"outlet\""), !open);
        assert_eq!(text.contains("near = [0.0000, 0.0000, 30.0000]"), open);
    }
}

#[test]
fn what_cannot_be_used_ends_with_exit_code_two_and_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| -> PathBuf { folder.path().join(name) };
    tube(&at("pierced.obj"), true, true);
    tube(&at("tube.obj"), true, false);
    std::fs::write(at("empty.stl"), "").unwrap();
    let cases: [(&[&str], &str); 6] = [
        (&["inspect", "pierced.obj"], "3 edges: a pinhole or tear"),
        (&["inspect", "pierced.obj", "--case"], "fill pinholes and tears"),
        (&["inspect", "tube.obj", "--unit", "m", "--case"], "give --unit mm"),
        (&["inspect", "tube.obj", "--unit", "inch"], "possible values: mm, cm, m, um"),
        (&["inspect", "missing.stl"], "missing.stl"),
        (&["inspect", "empty.stl"], "empty.stl"),
    ];
    for (arguments, reason) in cases {
        let output = perfuse(folder.path(), arguments);
        println!("{}", stderr(&output));
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(reason), "{arguments:?}");
    }
    assert!(stdout(&perfuse(folder.path(), &["inspect", "pierced.obj"])).contains("NOT usable as it is"));
}
