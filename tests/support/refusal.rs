//! A tube and its case, and what the command line says about a case that it refuses.

#![allow(dead_code, reason = "every test file is a program of its own and uses a part of this")]

use std::path::Path;
use std::process::{Command, Output};

/// A case of a tube, 6 mm by 18 mm along x.
pub const CASE: &str = "[geometry]\nsurface = \"tube.obj\"\nunit = \"mm\"\n\
                    [[opening]]\nname = \"inlet\"\npatch = \"inlet\"\nflow = \"2 ml/s\"\n\
                    [[opening]]\nname = \"outlet\"\npatch = \"outlet\"\npressure = \"90 mmHg\"\n\
                    [blood]\ndensity = \"1060 kg/m^3\"\nviscosity = \"4 mPa s\"\n[resolution]\nacross = 12\n";

/// The program, run in a folder.
pub fn perfuse(folder: &Path, args: &[&str]) -> Output {
    let command = Command::new(env!("CARGO_BIN_EXE_perfuse")).current_dir(folder).args(args).output();
    command.unwrap_or_else(|e| panic!("{e}"))
}

/// The message of `check` and of `run`, alike, with exit code 2 and no results.
pub fn refusal(folder: &Path, case: &str, more: &[&str]) -> String {
    let checked = perfuse(folder, &[&["check", case], more].concat());
    let ran = perfuse(folder, &[&["run", case, "--out", "out", "-q"], more].concat());
    let [said, again] = [&checked, &ran].map(|output| String::from_utf8_lossy(&output.stderr).into_owned());
    println!("{more:?}\n{said}");
    assert_eq!((checked.status.code(), ran.status.code()), (Some(2), Some(2)), "{more:?}\n{said}\n{again}");
    assert!(checked.stdout.is_empty() && ran.stdout.is_empty(), "{more:?}: something on stdout");
    assert_eq!(said, again, "check and run");
    assert!(!folder.join("out").exists(), "{more:?}: something was written");
    said
}

/// The words that a message lacks.
pub fn lacking(message: &str, words: &[&str], what: &str) -> String {
    let lacking = words.iter().filter(|word| !message.contains(**word));
    lacking.map(|word| format!("{what}: `{word}` is not in\n{message}")).collect()
}

/// Asserts that a message has all words.
pub fn assert_says(message: &str, words: &[&str], what: &str) {
    let wrong = lacking(message, words, what);
    assert!(wrong.is_empty(), "{wrong}");
}

/// A folder with the tube and its case.
pub fn tube() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let made =
        perfuse(folder.path(), &["mesh", "straight", "--diameter", "6mm", "--length", "18mm", "--out", "tube.obj"]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    std::fs::write(folder.path().join("tube.toml"), CASE).unwrap_or_else(|e| panic!("{e}"));
    folder
}
