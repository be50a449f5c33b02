//! `perfuse bench` at the command line: every number is there, and bytes are counted from the lattice's own tables. No
//! timing is asserted.

use std::process::Command;

use perfuse::fluid::moments::FIELDS;
use perfuse::geometry::lattice::directions::Q;
use perfuse::geometry::lattice::{IoletLink, IoletRow, LANES, Lattice, Span, WallRow};
use perfuse::geometry::tube;
use serde_json::Value;

mod support;

fn perfuse(args: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_perfuse")).args(args).output().unwrap_or_else(|e| panic!("{e}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn report(args: &[&str]) -> Value {
    let (code, stdout, stderr) = perfuse(args);
    assert_eq!(code, Some(0), "{stderr}");
    serde_json::from_str(&stdout).unwrap_or_else(|e| panic!("{e} in {stdout}"))
}

fn number(value: &Value) -> f64 {
    let number = value.as_f64().unwrap_or_else(|| panic!("{value} is no number"));
    assert!(number.is_finite());
    number
}

/// Bytes an update of a lattice: state, tables.
fn counted(lattice: &Lattice) -> [f64; 2] {
    let blocks = lattice.origins.len();
    let walled = lattice.wall_spans.iter().filter(|span| span.directions != 0).count();
    let tables = blocks * (size_of::<u16>() + size_of::<[u32; 8]>() + 2 * size_of::<Span>())
        + walled * 2 * (Q - 1)
        + lattice.wall_rows.len() * size_of::<WallRow>()
        + lattice.iolet_rows.len() * size_of::<IoletRow>()
        + lattice.iolet_links.len() * (size_of::<IoletLink>() + 8);
    [(blocks * LANES * 2 * FIELDS * 4) as f64, tables as f64].map(|bytes| bytes / lattice.sites as f64)
}

fn assert_complete(vessel: &Value, variants: &[&str], adapter: bool) {
    for key in ["sites", "blocks", "wall_rows", "table_bytes"] {
        assert!(number(&vessel["lattice"][key]) > 0.0, "{key} of {vessel}");
    }
    assert!(number(&vessel["build_seconds"]) >= 0.0 && number(&vessel["bytes_per_site"]) > 80.0);
    let speeds = vessel["speeds"].as_array().unwrap_or_else(|| panic!("{vessel}"));
    let found: Vec<_> = speeds.iter().filter_map(|speed| speed["variant"].as_str()).collect();
    assert_eq!(found, variants);
    for speed in speeds {
        for key in ["mlups", "gb_s", "of_bandwidth"] {
            assert!(number(&speed[key]) > 0.0, "{key} of {speed}");
        }
        assert!(number(&speed["spread"]) >= 0.0);
        assert_eq!(speed["threads"].is_u64(), !adapter, "{speed}");
    }
    assert!(number(&vessel["ratios"]["carreau_yasuda_over_newtonian"]) > 0.0);
    assert!(["memory", "cache", "arithmetic"].contains(&vessel["limit"]["by"].as_str().unwrap_or_default()));
    assert!(vessel["limit"]["why"].as_str().is_some_and(|why| why.contains("of the bandwidth")));
}

fn assert_bytes(vessel: &Value, lattice: &Lattice) {
    let [state, tables] = counted(lattice);
    let bytes = &vessel["bytes_per_update"];
    for (key, expected) in [("state", state), ("tables", tables), ("total", state + tables)] {
        assert!((number(&bytes[key]) - expected).abs() < 1e-9 * expected, "{key}: {bytes}, {expected}");
    }
    assert_eq!(number(&vessel["lattice"]["table_bytes"]), lattice.table_bytes() as f64);
    assert_eq!(number(&vessel["lattice"]["sites"]), lattice.sites as f64);
}

#[test]
fn a_smoke_run_has_every_number() {
    let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let file = folder.path().join("device.md");
    let file = file.to_string_lossy();
    let json = report(&["bench", "--quick", "--json", "-q", "--device", "cpu", "--across", "20", "--out", &file]);
    assert_eq!((json["quick"].as_bool(), json["device"]["backend"].as_str()), (Some(true), Some("cpu")));
    assert!(json["device"]["simd"].is_string() && json["device"]["name"].is_string());
    let threads = number(&json["device"]["threads"]);
    assert!(threads >= 1.0 && number(&json["device"]["cores"]) >= 1.0);
    if cfg!(unix) {
        assert!(number(&json["load"]["before"]) >= 0.0 && number(&json["load"]["after"]) >= 0.0);
    }
    let bandwidths = json["bandwidth"].as_array().unwrap_or_else(|| panic!("{json}"));
    assert_eq!(bandwidths.len(), if threads > 1.0 { 2 } else { 1 });
    for bandwidth in bandwidths {
        for key in ["threads", "bytes", "copy_gb_s", "fields_gb_s"] {
            assert!(number(&bandwidth[key]) > 0.0, "{key} of {bandwidth}");
        }
        assert!(number(&bandwidth["spread"]) >= 0.0);
    }
    let one = ["one_thread"];
    let one = if threads > 1.0 { &one[..] } else { &[] };
    let vessels = json["vessels"].as_array().unwrap_or_else(|| panic!("{json}"));
    let names: Vec<_> = vessels.iter().filter_map(|vessel| vessel["name"].as_str()).collect();
    assert_eq!(names, ["periodic box 32", "pipe 20 across, 2 D long", "bifurcation 12 across"]);
    assert_complete(&vessels[0], &[&["newtonian", "carreau_yasuda"], one].concat(), false);
    for vessel in &vessels[1..] {
        let plain = ["newtonian", "carreau_yasuda", "halfway", "indices"];
        assert_complete(vessel, &[&plain, one].concat(), false);
        assert!(number(&vessel["ratios"]["interpolated_over_halfway"]) > 0.0);
        assert!(number(&vessel["ratios"]["indices_over_none"]) <= 1.0);
    }
    assert_bytes(&vessels[0], &Lattice::periodic([32; 3], 1.0));
    let pipe = tube::closed([0.0; 3], [0.48, 0.6, 0.64], 3e-3, 12e-3, 62);
    assert_bytes(&vessels[1], &Lattice::build(&pipe, 6e-3 / 20.0).unwrap_or_else(|e| panic!("{e}")));
    let text = std::fs::read_to_string(&*file).unwrap_or_else(|e| panic!("{e}"));
    let lines = text.lines().filter(|line| line.starts_with("| ")).count();
    assert!(text.starts_with("# ") && lines == 1 + vessels.len() && text.contains("ten arrays"), "{text}");
}

#[test]
fn an_adapter_and_a_case_are_measured_too() {
    if support::adapter().is_none() {
        return;
    }
    let case = concat!(env!("CARGO_MANIFEST_DIR"), "/cases/bend.toml");
    let args = ["bench", case, "--set", "resolution.across=8", "--quick", "--json", "-q", "--device", "gpu"];
    let json = report(&args);
    assert!(json["device"]["driver"].is_string() && json["device"]["simd"].is_null(), "{json}");
    assert!(number(&json["bandwidth"][0]["fields_gb_s"]) > 0.0 && json["bandwidth"][0]["threads"].is_null());
    let vessels = json["vessels"].as_array().unwrap_or_else(|| panic!("{json}"));
    assert_eq!((vessels.len(), vessels[0]["name"].as_str()), (1, Some("bend")));
    assert_complete(&vessels[0], &["newtonian", "carreau_yasuda", "halfway", "indices"], true);
}

#[test]
fn bad_usage_is_refused() {
    for args in [
        &["bench", "--across", "3"][..],
        &["bench", "--across", "x"],
        &["bench", "--device", "tpu"],
        &["bench", "--set", "resolution.across=8"],
        &["bench", "none.toml", "--quick"],
    ] {
        let (code, stdout, stderr) = perfuse(args);
        assert_eq!(code, Some(2), "{args:?}: {stderr}");
        assert!(stdout.is_empty() && !stderr.is_empty(), "{args:?}");
    }
    let (code, help, _) = perfuse(&["bench", "--help"]);
    assert!(code == Some(0) && help.contains("Examples:"), "{help}");
}
