//! A small case in a folder of its own, runs of it, and their results.

#![allow(dead_code, reason = "every test file is a program of its own and uses a part of this")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

pub fn perfuse(threads: &str, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_perfuse"));
    command.args(args).env("RAYON_NUM_THREADS", threads);
    command
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub fn write(path: &Path, content: &str) {
    fs::write(path, content).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
}

/// A case beside its mesh, in a folder of its own that lives as long as the test.
pub struct Setting {
    pub folder: tempfile::TempDir,
    pub case: PathBuf,
}

impl Setting {
    pub fn new(mesh: &[&str], openings: &str, rest: &str) -> Self {
        let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
        let path = folder.path().join("vessel.obj").display().to_string();
        let made = perfuse("1", &[&["mesh"], mesh, &["--out", &path]].concat()).output();
        let made = made.unwrap_or_else(|e| panic!("{e}"));
        assert!(made.status.success(), "{}", text(&made.stderr));
        let case = folder.path().join("vessel.toml");
        let blood = "[blood]\ndensity = \"1060 kg/m^3\"\nviscosity = \"4 mPa s\"\n";
        write(&case, &format!("[geometry]\nsurface = \"vessel.obj\"\nunit = \"mm\"\n{openings}{blood}{rest}"));
        Self { folder, case }
    }

    pub fn steady(rest: &str) -> Self {
        let mesh = ["straight", "--diameter", "4mm", "--length", "8mm", "--axis", "0.48,0.6,0.64"];
        let openings = "[[opening]]\nname = \"inlet\"\npatch = \"inlet\"\nflow = \"1 ml/s\"\n\
                        [[opening]]\nname = \"outlet\"\npatch = \"outlet\"\npressure = \"90 mmHg\"\nextension = \"2 mm\"\n";
        Self::new(&mesh, openings, &format!("[resolution]\nacross = 12\n{rest}"))
    }

    /// Two Windkessels and a wall.
    pub fn pulsating(rest: &str) -> Self {
        let openings = "[[opening]]\nname = \"inlet\"\npatch = \"inlet\"\nwaveform = \"beat.csv\"\nprofile = \"womersley\"\n\
             [[opening]]\nname = \"left\"\npatch = \"outlet_left\"\nextension = \"1 mm\"\n\
             windkessel = { proximal = \"2 mmHg s/ml\", compliance = \"0.03 ml/mmHg\", distal = \"30 mmHg s/ml\" }\n\
             [[opening]]\nname = \"right\"\npatch = \"outlet_right\"\nextension = \"1 mm\"\n\
             windkessel = { proximal = \"4 mmHg s/ml\", compliance = \"0.015 ml/mmHg\", distal = \"60 mmHg s/ml\" }\n";
        let setting = Self::new(
            &["bifurcation", "--diameter", "4mm", "--length", "5mm", "--branch-length", "5mm"],
            openings,
            rest,
        );
        let sample = |k: i32| (f64::from(k) * 0.02, 2.0 + (std::f64::consts::TAU * f64::from(k) / 20.0).sin());
        let rows: String = (0..=20).map(sample).map(|(t, q)| format!("{t:.6}, {q:.9}\n")).collect();
        write(&setting.folder.path().join("beat.csv"), &format!("time [s], flow [ml/s]\n{rows}"));
        setting
    }

    pub fn out(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn command(&self, out: &Path, threads: &str, more: &[&str]) -> Command {
        let (case, out) = (self.case.display().to_string(), out.display().to_string());
        let mut command = perfuse(threads, &[&["run", &case, "--out", &out], more].concat());
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    pub fn run(&self, out: &Path, more: &[&str]) -> Output {
        let more = if more.contains(&"--device") { more.to_vec() } else { [&["--device", "cpu"], more].concat() };
        self.command(out, "1", &more).output().unwrap_or_else(|e| panic!("{e}"))
    }
}

/// All files of a folder but those that hold times; of the summary what is no time, no memory and no name of a device.
pub fn results(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for below in ["", "fluid", "surface", "wall"] {
        for entry in fs::read_dir(folder.join(below)).into_iter().flatten() {
            let path = entry.unwrap_or_else(|e| panic!("{e}")).path();
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            if path.is_dir() || ["manifest.json", "report.html", ".lock"].contains(&&*name) {
                continue;
            }
            let mut bytes = fs::read(&path).unwrap_or_else(|e| panic!("{e}"));
            if name == "summary.json" {
                let mut summary: Value = serde_json::from_slice(&bytes).unwrap_or_else(|e| panic!("{e}"));
                summary["performance"] = Value::Null;
                summary["device"] = Value::Null;
                timeless(&mut summary);
                bytes = format!("{summary:#}").into_bytes();
            }
            found.insert(format!("{below}/{name}"), bytes);
        }
    }
    found
}

/// Takes out what was measured in seconds.
fn timeless(value: &mut Value) {
    match value {
        Value::Object(keys) => {
            keys.remove("seconds");
            keys.values_mut().for_each(timeless);
        }
        Value::Array(list) => list.iter_mut().for_each(timeless),
        _ => {}
    }
}

pub fn assert_same(unbroken: &Path, other: &Path) {
    let (a, b) = (results(unbroken), results(other));
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    assert!(a.len() >= 6, "{:?}", a.keys());
    for (name, bytes) in &a {
        let same = *bytes == b[name];
        let shown = |bytes: &[u8]| text(&bytes[..bytes.len().min(3000)]);
        assert!(same, "{name} differs:\n{}\n{}", shown(bytes), shown(&b[name]));
    }
    assert!(!other.join("checkpoint").exists(), "a run that has ended leaves no checkpoint");
}

pub fn checkpoints(out: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(out.join("checkpoint")).into_iter().flatten().filter_map(Result::ok);
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    found.retain(|path| path.extension().is_some_and(|extension| extension == "checkpoint"));
    found.sort();
    found
}

/// Waits until there are so many checkpoints, or the run has ended.
pub fn wait_for(child: &mut Child, out: &Path, count: usize) {
    let clock = Instant::now();
    while checkpoints(out).len() < count && child.try_wait().is_ok_and(|ended| ended.is_none()) {
        std::thread::sleep(Duration::from_millis(5));
        assert!(clock.elapsed() < Duration::from_secs(300), "no checkpoint in five minutes");
    }
}
