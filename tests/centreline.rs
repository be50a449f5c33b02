//! Centrelines at the command line: branches that `inspect` finds, and what `run` writes along them.

#![allow(clippy::unwrap_used, reason = "in a test, that is the failure")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

mod support;

fn perfuse(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_perfuse"))
        .current_dir(folder)
        .env("RAYON_NUM_THREADS", "1")
        .args(arguments)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn names(branches: &[Value]) -> Vec<&str> {
    branches.iter().map(|branch| branch["name"].as_str().unwrap()).collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

#[test]
fn inspect_lists_the_branches_of_a_bifurcation() {
    let folder = tempfile::tempdir().unwrap();
    perfuse(folder.path(), &["mesh", "bifurcation", "--ratio", "0.7", "--out", "fork.obj"]);
    let text = perfuse(folder.path(), &["inspect", "fork.obj"]);
    assert!(text.contains("branches    3") && text.contains("outlet_right"), "{text}");
    let text = perfuse(folder.path(), &["inspect", "fork.obj", "--json", "--centreline", "tree.vtp"]);
    let report: Value = serde_json::from_str(&text).unwrap();
    let branches = report["branches"].as_array().unwrap();
    assert_eq!(names(branches), ["trunk", "outlet_left", "outlet_right"]);
    assert!(report["centreline_error"].is_null());
    // By Murray's law: 6^3 = d^3 (1 + 0.7^3).
    let left = 6.0 / (1.0f64 + 0.343).cbrt();
    for (branch, diameter) in branches.iter().zip([6.0, left, 0.7 * left]) {
        assert!((number(&branch["mean_diameter_mm"]) / diameter - 1.0).abs() < 0.02, "{branch}");
        assert!((number(&branch["min_diameter_mm"]) / diameter - 1.0).abs() < 0.02, "{branch}");
    }
    assert_eq!((&branches[0]["parent"], &branches[2]["parent"]), (&Value::Null, &Value::from("trunk")));
    let file = std::fs::read(folder.path().join("tree.vtp")).unwrap();
    let head = String::from_utf8_lossy(&file[..4000.min(file.len())]).into_owned();
    for part in ["NumberOfLines=\"3\"", "Name=\"radius\"", "Name=\"branch\"", "Name=\"names\"", "radius: m"] {
        let codes = part.bytes().map(|b| b.to_string()).collect::<Vec<_>>().join(" ");
        assert!(head.contains(part) || head.contains(&codes), "{part}: {head}");
    }
}

#[test]
fn a_run_tells_the_flow_along_the_branches() {
    let folder = tempfile::tempdir().unwrap();
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/bifurcation.toml");
    let case = case.to_str().unwrap();
    let coarse = ["--set", "resolution.across=12", "--set", "time.tolerance=0.01", "--device", "cpu", "--json", "-q"];
    let arguments = [&["run", case, "--out", "out"][..], &coarse[..]].concat();
    let summary: Value = serde_json::from_str(&perfuse(folder.path(), &arguments)).unwrap();
    let branches = summary["branches"].as_array().unwrap();
    assert_eq!(names(branches), ["trunk", "outlet_left", "outlet_right"]);
    assert!(number(&summary["performance"]["seconds"]["centreline"]) > 0.0);
    for (branch, flow) in branches.iter().zip([4.67, 2.335, 2.335]) {
        println!("{branch}");
        let (sum, integral) = (number(&branch["flow_ml_s"]), number(&branch["flow_integrated_ml_s"]));
        assert!((sum / flow - 1.0).abs() < 0.01, "{branch}");
        // Between sites a parabola is read as its chords: (2/3) (spacing/radius)^2 too little, 3 % of 9.5 sites across.
        assert!((integral / sum - 1.0).abs() < 0.03, "{branch}");
    }
    let text = std::fs::read_to_string(folder.path().join("out/profiles.csv")).unwrap();
    let mut rows = text.lines();
    let header = "branch,arc [mm],x [mm],y [mm],z [mm],radius [mm],area [mm^2],diameter [mm],flow [ml/s],pressure [mmHg],\
                  pressure_ratio [-],wss_mean [Pa],wss_max [Pa]";
    assert_eq!(rows.next(), Some(header));
    let rows: Vec<(String, Vec<f64>)> = rows
        .map(|row| {
            let (name, rest) = row.split_once(',').unwrap();
            (name.to_owned(), rest.split(',').map(|cell| cell.parse().unwrap()).collect())
        })
        .collect();
    assert_eq!(rows.iter().map(|(name, _)| name.as_str()).collect::<BTreeSet<_>>().len(), 3);
    assert!(rows.iter().all(|(_, row)| row.len() == 12 && row.iter().all(|x| x.is_finite())));
    let inlet = number(&summary["openings"][0]["pressure_mmHg"]["mean"]);
    let (first, last) = (&rows[0].1, &rows[rows.len() - 1].1);
    assert!((first[8] / inlet - 1.0).abs() < 1e-3 && (first[9] - first[8] / inlet).abs() < 1e-9, "{first:?} {inlet}");
    assert!((last[8] - 90.0).abs() < 0.05, "{last:?}");
    // Fully developed shear, 0.77 Pa, in the parent half way down.
    let trunk: Vec<_> = rows.iter().filter(|(name, _)| name == "trunk").collect();
    let middle = &trunk[trunk.len() / 2].1;
    assert!((middle[10] / 0.77 - 1.0).abs() < 0.1 && middle[11] >= middle[10], "{middle:?}");
    let file = std::fs::read(folder.path().join("out/centreline.vtp")).unwrap();
    let head = String::from_utf8_lossy(&file).into_owned();
    for part in ["flow", "pressure", "pressure_ratio", "wss_mean", "wss_max", "area", "diameter", "arc"] {
        assert!(head.contains(&format!("Name=\"{part}\"")), "{part}");
    }
}

/// Every opening is reached; without places where more than two branches begin there are 2 ends - 3 branches.
#[test]
fn patients_have_a_branch_to_every_opening() {
    let Some(data) = support::data() else { return };
    let coarctation = ["inlet", "outlet1", "outlet2", "outlet3", "outlet4", "wall_aorta"];
    let coarctation: Vec<String> = coarctation.iter().map(|name| format!("aorta_coarctation/{name}.stl")).collect();
    let patients = [
        (vec!["aorta_arch/aorta-surface-open-ends.stl".to_owned()], 3, 3),
        // Two branches of the arch leave it so close together that they may count as one junction.
        (coarctation, 5, 6),
        (vec!["coronary_left/m1_fluid.stl".to_owned()], 7, 11),
        (vec!["ica_aneurysm/id1_model.vtp".to_owned()], 4, 5),
    ];
    let data = data.canonicalize().unwrap();
    for (files, ends, least) in patients {
        let mut arguments = vec!["inspect", "--json"];
        arguments.extend(files.iter().map(String::as_str));
        let report: Value = serde_json::from_str(&perfuse(&data, &arguments)).unwrap();
        let branches = report["branches"].as_array().unwrap();
        println!("{}: {:?}, {}", files[0], names(branches), report["centreline_error"]);
        assert_eq!(report["openings"].as_array().unwrap().len(), ends);
        assert!((least..=2 * ends - 3).contains(&branches.len()), "{branches:?}");
        let parents: BTreeSet<&str> = branches.iter().filter_map(|b| b["parent"].as_str()).collect();
        assert_eq!(branches.len() - parents.len(), ends - 1, "{branches:?}");
        let ending = names(branches).into_iter().filter(|name| *name != "trunk" && !name.starts_with('j'));
        assert_eq!(ending.count(), ends - 1, "{branches:?}");
        for branch in branches {
            let [length, least, mean] =
                ["length_mm", "min_diameter_mm", "mean_diameter_mm"].map(|key| number(&branch[key]));
            assert!(length > 0.5 && least > 0.4 && mean >= least && mean < 25.0, "{branch}");
        }
    }
}
