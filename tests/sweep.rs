//! Sweeps as a user meets them: resumed, killed, divided, judged. Runs are small, on one core.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Columns of results.csv that differ from run to run of the same case.
const TIMED: [&str; 3] = ["performance.", "seconds", "levels."];

fn perfuse(folder: &Path, args: &[&str]) -> Output {
    let command = Command::new(env!("CARGO_BIN_EXE_perfuse"))
        .current_dir(folder)
        .env("RAYON_NUM_THREADS", "1")
        .env_remove("SLURM_ARRAY_TASK_ID")
        .args(args)
        .output();
    command.unwrap_or_else(|e| panic!("{e}"))
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

const CASE: &str = "[geometry]\nsurface = \"tube.obj\"\nunit = \"mm\"\n\
    [[opening]]\nname = \"inlet\"\npatch = \"inlet\"\nflow = \"1 ml/s\"\n\
    [[opening]]\nname = \"outlet\"\npatch = \"outlet\"\npressure = \"90 mmHg\"\n\
    [blood]\ndensity = \"1060 kg/m^3\"\nviscosity = \"4 mPa s\"\n[resolution]\nacross = 6\n[time]\ntolerance = 0.02\n";

/// A tube of 4 mm by 8 mm and its case, with a sweep of this text.
fn folder(sweep: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let mesh = ["mesh", "straight", "--diameter", "4mm", "--length", "8mm", "--edge", "0.5mm", "--out", "tube.obj"];
    let made = perfuse(folder.path(), &mesh);
    assert!(made.status.success(), "{}", said(&made));
    write(folder.path(), "tube.toml", CASE);
    write(folder.path(), "flow.toml", sweep);
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).unwrap_or_else(|e| panic!("{name}: {e}"));
}

fn flows(values: &str) -> String {
    format!("case = \"tube.toml\"\n[[vary]]\nkey = \"opening.inlet.flow\"\nvalues = [{values}]\n")
}

fn sweep(folder: &Path, more: &[&str]) -> Output {
    perfuse(folder, &[&["sweep", "flow.toml", "--device", "cpu"], more].concat())
}

/// Rows of a results.csv without what is timed: cells by column.
fn results(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let header = reader.headers().unwrap_or_else(|e| panic!("{e}")).clone();
    let row = |row: csv::StringRecord| {
        let cells = header.iter().zip(row.iter()).filter(|(title, _)| !TIMED.iter().any(|t| title.starts_with(t)));
        cells.map(|(title, cell)| (title.to_owned(), cell.to_owned())).collect()
    };
    reader.records().map(|record| row(record.unwrap_or_else(|e| panic!("{e}")))).collect()
}

/// Names of the folders of finished runs, and whether each is whole.
fn finished(out: &Path) -> Vec<String> {
    let entries = fs::read_dir(out.join("runs")).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
    for name in &names {
        let run = out.join("runs").join(name);
        for file in ["run.json", "summary.json", "manifest.json"] {
            let text = fs::read_to_string(run.join(file)).unwrap_or_else(|e| panic!("{name}/{file}: {e}"));
            let json: Result<Value, _> = serde_json::from_str(&text);
            assert!(json.is_ok(), "{name}/{file} is half-written");
        }
    }
    names.sort();
    names
}

#[test]
fn a_sweep_is_done_once_and_told_in_tables() {
    let gate = "[expect]\n\"pressure_drop_mmHg.outlet\" = { max = 0.12 }\n";
    let folder = folder(&format!("{}{gate}", flows("\"1 ml/s\", \"2 ml/s\", \"4 ml/s\"")));
    let path = folder.path();
    let dry = sweep(path, &["--dry-run"]);
    assert!(dry.status.success() && said(&dry).contains("opening.inlet.flow = 2 ml/s"), "{}", said(&dry));
    assert!(said(&dry).contains("3 runs, about ") && !path.join("results").exists(), "{}", said(&dry));
    let first = sweep(path, &[]);
    assert_eq!(first.status.code(), Some(3), "a gate fails at 4 ml/s: {}", said(&first));
    let out = path.join("results/flow");
    let rows = results(&out.join("results.csv"));
    assert_eq!(rows.len(), 3);
    let gates: Vec<&str> = rows.iter().map(|row| row["gates"].as_str()).collect();
    assert_eq!(gates, ["pass", "pass", "fail"], "{rows:#?}");
    let drop = |k: usize| rows[k]["pressure_drop_mmHg.outlet"].parse::<f64>().unwrap_or(f64::NAN);
    // Poiseuille: 128 mu L Q / (pi d^4) is 0.0382 mmHg at 1 ml/s; at this resolution within a quarter.
    assert!((drop(0) / 0.0382 - 1.0).abs() < 0.25 && drop(2) > 3.9 * drop(0), "{} {}", drop(0), drop(2));
    let junit = fs::read_to_string(out.join("junit.xml")).unwrap_or_default();
    assert!(junit.contains("tests=\"3\" failures=\"1\" errors=\"0\"") && junit.contains("is above 0.12"), "{junit}");
    let json: Value = serde_json::from_str(&fs::read_to_string(out.join("results.json")).unwrap_or_default())
        .unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(json["runs"][1]["parameters"]["opening.inlet.flow"], "2 ml/s");
    assert!(json["runs"][1]["summary"]["wss_pa"]["mean"].is_f64());
    let page = fs::read_to_string(out.join("sweep-report.html")).unwrap_or_default();
    assert!(page.contains("pressure_drop_mmHg.outlet") && page.contains("runs/"), "{page:.300}");
    // Again: nothing is run.
    let before = fs::metadata(out.join("runs").join(&rows[0]["run"])).and_then(|m| m.modified()).ok();
    let again = sweep(path, &["-q"]);
    assert_eq!(again.status.code(), Some(3));
    assert_eq!(fs::metadata(out.join("runs").join(&rows[0]["run"])).and_then(|m| m.modified()).ok(), before);
    assert_eq!(results(&out.join("results.csv")), rows);
    // The same table as a baseline: equal; with a number changed: not.
    let text = fs::read_to_string(out.join("results.csv")).unwrap_or_default();
    write(path, "same.csv", &text);
    write(path, "flow.toml", &flows("\"1 ml/s\", \"2 ml/s\", \"4 ml/s\""));
    let same = sweep(path, &["--collect", "--baseline", "same.csv", "--tolerance", "0.1%"]);
    assert_eq!(same.status.code(), Some(0), "{}", said(&same));
    assert!(said(&same).contains("numbers of 3 runs compared"), "{}", said(&same));
    write(path, "other.csv", &text.replace(&rows[0]["wss_pa.mean"], "9.75"));
    let other = sweep(path, &["--collect", "--baseline", "other.csv"]);
    assert_eq!(other.status.code(), Some(3), "{}", said(&other));
    assert!(said(&other).contains("wss_pa.mean = ") && said(&other).contains("baseline 9.75"), "{}", said(&other));
}

/// Killed at a random moment again and again, then left alone: the same numbers as a sweep in one go; what was finished
/// stays as it is, and nothing half-written ever has a final name.
#[cfg(unix)]
#[test]
fn killed_sweeps_go_on() {
    let kills: usize = std::env::var("PERFUSE_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(5);
    let folder = folder(&flows("\"1 ml/s\", \"1.5 ml/s\", \"2 ml/s\", \"2.5 ml/s\", \"3 ml/s\", \"3.5 ml/s\""));
    let path = folder.path();
    let clock = Instant::now();
    let whole = sweep(path, &["--out", "whole", "-q"]);
    assert!(whole.status.success(), "{}", said(&whole));
    let took = clock.elapsed();
    let (out, mut random, mut known) = (path.join("killed"), 12345u64, BTreeMap::new());
    for _ in 0..kills {
        let mut child = Command::new(env!("CARGO_BIN_EXE_perfuse"))
            .current_dir(path)
            .env("RAYON_NUM_THREADS", "1")
            .args(["sweep", "flow.toml", "--device", "cpu", "--out", "killed", "-q"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|e| panic!("{e}"));
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let part = (random >> 40) as f64 / (1u64 << 24) as f64;
        std::thread::sleep(Duration::from_secs_f64(part * 0.6 * took.as_secs_f64()));
        child.kill().and_then(|()| child.wait()).unwrap_or_else(|e| panic!("{e}"));
        for name in finished(&out) {
            let summary = fs::read(out.join("runs").join(&name).join("summary.json")).unwrap_or_default();
            let before = known.entry(name.clone()).or_insert_with(|| summary.clone());
            assert_eq!(*before, summary, "run {name} was done again");
        }
    }
    println!("{} of 6 runs were done when it was killed for the last time", known.len());
    let last = sweep(path, &["--out", "killed", "-q"]);
    assert!(last.status.success(), "{}", said(&last));
    for (name, before) in &known {
        let now = fs::read(out.join("runs").join(name).join("summary.json")).unwrap_or_default();
        assert_eq!(*before, now, "run {name} was done again");
    }
    assert_eq!(results(&out.join("results.csv")), results(&path.join("whole/results.csv")));
    assert_eq!(finished(&out), finished(&path.join("whole")));
}

/// Two shards at once, and two whole sweeps at once, on one folder: as one.
#[test]
fn processes_share_a_folder() {
    let folder = folder(&flows("\"1 ml/s\", \"2 ml/s\", \"3 ml/s\", \"4 ml/s\""));
    let path = folder.path();
    assert!(sweep(path, &["--out", "one", "-q"]).status.success());
    let both = |out: &str, more: [&[&str]; 2]| {
        let spawn = |more: &[&str]| {
            Command::new(env!("CARGO_BIN_EXE_perfuse"))
                .current_dir(path)
                .env("RAYON_NUM_THREADS", "1")
                .args([&["sweep", "flow.toml", "--device", "cpu", "--out", out], more].concat())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap_or_else(|e| panic!("{e}"))
        };
        let children = more.map(spawn);
        children.map(|child| child.wait_with_output().unwrap_or_else(|e| panic!("{e}")))
    };
    for output in both("shards", [&["--shard", "1/2"], &["--shard", "2/2"]]) {
        assert!(output.status.success() && said(&output).contains("2 of 2 runs are there"), "{}", said(&output));
    }
    assert!(!path.join("shards/results.csv").exists(), "shards do not collect");
    let collected = sweep(path, &["--out", "shards", "--collect"]);
    assert!(collected.status.success(), "{}", said(&collected));
    assert_eq!(results(&path.join("shards/results.csv")), results(&path.join("one/results.csv")));
    let outputs = both("twice", [&[], &[]]);
    let done: usize = outputs.iter().map(|output| said(output).matches(": done in").count()).sum();
    assert!(outputs.iter().all(|output| output.status.success()), "{}{}", said(&outputs[0]), said(&outputs[1]));
    assert_eq!(done, 4, "none twice: {}{}", said(&outputs[0]), said(&outputs[1]));
    assert_eq!(results(&path.join("twice/results.csv")), results(&path.join("one/results.csv")));
}

/// Warm starts and shared lattices come to the same numbers as runs of their own, within the tolerance of the case.
#[test]
fn warm_starts_come_to_the_same_numbers() {
    let folder = folder(&flows("\"1 ml/s\", \"1.5 ml/s\", \"2 ml/s\""));
    let path = folder.path();
    let tight = ["--set", "time.tolerance=0.002", "-q"];
    assert!(sweep(path, &[&["--out", "cold"], tight.as_slice()].concat()).status.success());
    write(path, "flow.toml", &format!("warm_start = true\n{}", flows("\"1 ml/s\", \"1.5 ml/s\", \"2 ml/s\"")));
    let warm = sweep(path, &[&["--out", "warm"], tight.as_slice()].concat());
    assert!(warm.status.success(), "{}", said(&warm));
    let (cold, warm) = (results(&path.join("cold/results.csv")), results(&path.join("warm/results.csv")));
    for (cold, warm) in cold.iter().zip(&warm) {
        assert_ne!(cold["run"], warm["run"], "a warm start is part of what decides a result");
        for key in ["pressure_drop_mmHg.outlet", "wss_pa.mean", "velocity_max_m_s"] {
            let [a, b] = [cold, warm].map(|row| row[key].parse::<f64>().unwrap_or(f64::NAN));
            println!("{key}: {a} cold, {b} warm");
            assert!((a / b - 1.0).abs() < 0.005, "{key}: {a} cold, {b} warm");
        }
    }
    let json: Value = serde_json::from_str(&fs::read_to_string(path.join("warm/results.json")).unwrap_or_default())
        .unwrap_or_default();
    assert_eq!(json["runs"][2]["started_from"], json["runs"][1]["run"]);
    let lattices = |k: usize| json["runs"][k]["summary"]["levels"].as_array().map_or(0, Vec::len);
    assert_eq!(lattices(2), 1, "a warm start needs no coarse lattice");
}

/// An invalid combination in the middle: told before anything runs, recorded as that run's failure; the rest go on.
#[test]
fn a_wrong_combination_is_that_run_s_failure() {
    let folder = folder(
        "case = \"tube.toml\"\n[mesh]\nkind = \"stenosis\"\ndiameter = \"4 mm\"\nupstream = \"4 mm\"\ndownstream = \"4 mm\"\n\
         length = \"4 mm\"\nedge = \"0.5 mm\"\n[[vary]]\nkey = \"mesh.severity\"\nvalues = [0.2, 0.95, \"30 %\"]\n",
    );
    let path = folder.path();
    let output = sweep(path, &[]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let wrong =
        text.find("mesh.severity = 0.95) cannot be run: mesh: severity is 95 %, but must lie between 0 and 90 %");
    assert!(wrong.is_some_and(|at| text.find(": done in").is_some_and(|done| at < done)), "{text}");
    assert!(text.contains("1 of 3 runs failed, 0 are missing"), "{text}");
    let rows = results(&path.join("results/flow/results.csv"));
    let words: Vec<&str> = rows.iter().map(|row| row["status"].as_str()).collect();
    assert_eq!(words, ["done", "failed", "done"]);
    let fast = sweep(path, &["--fail-fast", "--out", "fast"]);
    assert_eq!(fast.status.code(), Some(2), "{}", said(&fast));
    assert!(!path.join("fast").exists());
    let manifest = fs::read_to_string(path.join("results/flow/runs").join(&rows[0]["run"]).join("manifest.json"));
    assert!(manifest.is_ok_and(|text| !text.contains(&*path.to_string_lossy())), "no path of this machine");
}

#[test]
fn what_cannot_be_a_sweep_is_refused() {
    let folder = folder("");
    let path = folder.path();
    let refused = |text: &str, more: &[&str], words: &[&str]| {
        write(path, "flow.toml", text);
        let output = sweep(path, more);
        let shown = said(&output);
        assert_eq!(output.status.code(), Some(2), "{text}\n{shown}");
        words.iter().for_each(|word| assert!(shown.contains(word), "`{word}` is not in\n{shown}"));
        assert!(!path.join("results").exists(), "something was written: {text}");
    };
    let key = |key: &str| format!("case = \"tube.toml\"\n[[vary]]\nkey = \"{key}\"\nvalues = [1, 2]\n");
    refused(&key("opening.inlet.flw"), &[], &["flow.toml:3:", "unknown key `flw`", "did you mean `flow`?"]);
    refused(&key("opening.inlt.flow"), &[], &["no opening is named `inlt`", "did you mean `inlet`?"]);
    refused(&key("mesh.severity"), &[], &["`mesh.severity` varies, but there is no [mesh]"]);
    let mesh = format!("{}[mesh]\nkind = \"stenosis\"\n", key("mesh.severty"));
    refused(&mesh, &[], &["flow.toml:3:", "unknown parameter `severty` of a stenosis, did you mean `severity`?"]);
    refused("case = \"tube.toml\"\n", &[], &["nothing varies", "add [[vary]]"]);
    refused(&key("x").replace("[1, 2]", "[]"), &[], &["flow.toml:4:", "`x` has an empty list of values"]);
    refused(
        "case = \"none.toml\"\n[[vary]]\nkey = \"a\"\nvalues = [1]\n",
        &[],
        &["cannot read the case file", "none.toml"],
    );
    let gate = format!("{}[expect]\n\"wss_pa.men\" = {{ max = 1.0 }}\n", flows("\"1 ml/s\""));
    refused(&gate, &[], &["`wss_pa.men` is not a number of the summary; did you mean `wss_pa.mean`?"]);
    let many = "case = \"tube.toml\"\n[[vary]]\nkey = \"opening.inlet.flow\"\nfrom = \"1 ml/s\"\nto = \"2 ml/s\"\nsteps = 1000\n";
    let limit = "the sweep has 1000 runs; more than 200 runs or 12 hours need --yes (--dry-run prints the runs)";
    refused(many, &[], &[limit]);
    refused(&flows("\"1 ml/s\""), &["--shard", "3/2"], &["write i/n with i from 1 to n, as in 1/4"]);
    refused(
        &flows("\"1 ml/s\""),
        &["--baseline", "none.csv", "--collect", "--tolerance", "300%"],
        &["not a part between 0 and 1"],
    );
    write(path, "points.csv", "opening.inlet.flow,blood.viscosty\n1 ml/s,4 mPa s\n");
    let table = "case = \"tube.toml\"\n[sample]\nmethod = \"table\"\nfile = \"points.csv\"\n";
    refused(table, &[], &["points.csv: column `blood.viscosty`", "did you mean `viscosity`?"]);
}

#[test]
fn folders_of_other_sweeps_are_refused() {
    let folder = folder(&flows("\"1 ml/s\""));
    let path = folder.path();
    assert!(sweep(path, &["--out", "out", "-q"]).status.success());
    write(path, "other.toml", &flows("\"1 ml/s\""));
    let output = perfuse(path, &["sweep", "other.toml", "--device", "cpu", "--out", "out"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let expected = "error: out holds the results of the sweep `flow` (case `tube`), and this is the sweep `other` (case \
                    `tube`); choose another folder with --out\n";
    assert_eq!(said(&output), expected);
}
