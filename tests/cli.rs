//! The command line as a user or a script meets it: results on stdout, the rest on stderr, exit codes.

use std::process::{Command, Output, Stdio};

mod support;

fn perfuse(args: &[&str]) -> Output {
    let command = Command::new(env!("CARGO_BIN_EXE_perfuse")).args(args).output();
    command.unwrap_or_else(|e| panic!("{e}"))
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn devices_says_what_auto_takes_and_why() {
    let output = perfuse(&["devices"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.starts_with("--device auto takes: ") && text.contains("because: "), "{text}");
    assert!(text.contains("native CPU (--device cpu)") && text.contains("vector instructions"), "{text}");
}

/// Looking for adapters looks for no window system, which Mesa would complain about.
#[cfg(target_os = "linux")]
#[test]
fn devices_says_nothing_on_stderr_without_a_display() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_perfuse"));
    for variable in ["XDG_RUNTIME_DIR", "WAYLAND_DISPLAY", "DISPLAY"] {
        command.env_remove(variable);
    }
    let output = command.arg("devices").output().unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
}

#[test]
fn devices_as_json() {
    let output = perfuse(&["devices", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}"));
    assert!(json["native_cpu"]["threads"].as_u64().is_some_and(|threads| threads > 0), "{json}");
    let adapters = json["adapters"].as_array().unwrap_or_else(|| panic!("{json}"));
    assert!(adapters.iter().all(|a| a["max_storage_buffer_binding_size"].is_u64()), "{json}");
    let hardware = adapters.iter().any(|adapter| adapter["kind"] != "software");
    assert_eq!(json["auto"]["backend"] != "cpu", hardware, "{json}");
    if adapters.is_empty() {
        support::skip("gpu", "no adapter to look at");
    }
}

#[test]
fn schema_is_json_with_every_table() {
    let output = perfuse(&["schema"]);
    assert_eq!(output.status.code(), Some(0));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}"));
    for table in ["geometry", "opening", "blood", "resolution", "time", "output", "expect"] {
        assert!(json["properties"][table]["description"].is_string(), "{table}");
    }
}

#[test]
fn completions_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = perfuse(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{shell}");
        assert!(stdout(&output).contains("devices"), "{shell}");
    }
}

#[test]
fn help_has_examples_and_bad_usage_is_code_2() {
    for args in [
        &["--help"][..],
        &["devices", "--help"],
        &["schema", "--help"],
        &["sweep", "--help"],
        &["refine", "--help"],
        &["completions", "--help"],
    ] {
        let output = perfuse(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert!(stdout(&output).contains("Example"), "{args:?}");
    }
    assert!(stdout(&perfuse(&["--version"])).starts_with("perfuse "));
    for args in [&[][..], &["devces"], &["completions", "tcsh"], &["devices", "--jso"]] {
        let output = perfuse(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{args:?}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    for args in [&["schema"][..], &["completions", "bash"], &["devices"]] {
        let child = Command::new(env!("CARGO_BIN_EXE_perfuse"))
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = child.unwrap_or_else(|e| panic!("{e}"));
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert!(!stderr(&output).contains("panicked"), "{}", stderr(&output));
    }
}
