//! The report: from the files of a results folder to one page, pictures and a model, seen by a browser.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use perfuse::geometry::surface::Surface;
use perfuse::output::report::number;
use perfuse::output::vtp::{self, Array, Values};
use perfuse::output::{Compression, create_folder};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

#[path = "support/browser.rs"]
mod browser;
mod support;

/// Length of the tube and its radius, mm; where it is half as wide.
const LENGTH: f64 = 60.0;
const RADIUS: f64 = 3.0;
const THROAT: f64 = 25.0;

fn radius(x: f64) -> f64 {
    RADIUS * (1.0 - 0.5 * (-((x - THROAT) / 4.0).powi(2)).exp())
}

/// A tube along x with a narrowing, m.
fn tube(around: u32, along: u32) -> Surface {
    let place = |i: u32, j: u32| {
        let (x, angle) =
            (LENGTH * f64::from(i) / f64::from(along), std::f64::consts::TAU * f64::from(j) / f64::from(around));
        [x, radius(x) * angle.cos(), radius(x) * angle.sin()].map(|c| c * 1e-3)
    };
    let vertices = (0..=along).flat_map(|i| (0..around).map(move |j| place(i, j))).collect();
    let at = |i: u32, j: u32| i * around + j % around;
    let cell = |(i, j)| [[at(i, j), at(i + 1, j), at(i + 1, j + 1)], [at(i, j), at(i + 1, j + 1), at(i, j + 1)]];
    let triangles: Vec<[u32; 3]> = (0..along).flat_map(|i| (0..around).map(move |j| (i, j))).flat_map(cell).collect();
    Surface { vertices, patch_of: vec![0; triangles.len()], triangles, patches: vec!["wall".into()], unit: 1e-3 }
}

fn summary() -> Value {
    json!({
        "case": "made", "title": "<script>alert(1)</script> & \"50 %\"", "status": "converged",
        "device": { "name": "CPU, AVX2", "backend": "cpu" },
        "lattice": { "spacing_mm": 0.25, "time_step_us": 32.7, "sites": 123_530, "tau": 0.5179, "mach_max": 0.14, "steps": 28_800 },
        "convergence": { "change": 0.0012, "tolerance": 0.002, "fluctuation": 0.0 },
        "performance": { "mlups": 39.5, "seconds": { "geometry": 2.2, "flow": 94.2, "wall": 0.9, "output": 0.8, "total": 98.3 }, "peak_memory_mb": 94.0 },
        "reynolds": 1329.53, "velocity_max_m_s": 1.129, "mass_imbalance": -6.38e-5, "wall_correction": 0.0157,
        "openings": [
            { "name": "inlet", "area_mm2": 28.23, "flow_ml_s": { "mean": 3.0, "min": 3.0, "max": 3.0 }, "pressure_mmHg": { "mean": 93.1, "min": 93.0, "max": 93.2 } },
            { "name": "outlet", "area_mm2": 28.23, "flow_ml_s": { "mean": -3.0, "min": -3.0, "max": -3.0 }, "pressure_mmHg": { "mean": 90.0, "min": 90.0, "max": 90.0 } },
        ],
        "pressure_drop_mmHg": { "outlet": 3.125 }, "wss_pa": { "mean": 2.41, "p50": 2.3, "p95": 5.37, "p99": 6.68, "max": 8.17 },
        "branches": [{ "name": "outlet", "parent": null, "length_mm": 60.0, "min_diameter_mm": 3.0, "mean_diameter_mm": 5.6, "flow_ml_s": 3.0, "pressure_ratio": 0.966 }],
        "stenoses": [{ "branch": "outlet", "at_mm": 25.0, "place_mm": [25.0, 0.0, 0.0], "length_mm": 12.5, "min_diameter_mm": 3.01, "reference_diameter_mm": 6.02, "diameter_reduction_percent": 49.9, "area_reduction_percent": 74.9, "pressure_drop_mmHg": 2.31, "pressure_ratio": 0.975, "jet_re": 361.0 }],
        "aneurysms": [],
        "gates": [{ "key": "mass_imbalance", "min": -0.01, "max": 0.01, "value": -6.38e-5, "passed": true }],
    })
}

/// A results folder with every file that a report reads.
fn results(folder: &Path, (around, along): (u32, u32)) {
    let surface = tube(around, along);
    let x: Vec<f64> = surface.vertices.iter().map(|v| v[0] * 1e3).collect();
    let pressure: Vec<f32> = x.iter().map(|x| (12_000.0 - 6.0 * x) as f32).collect();
    let wss: Vec<f32> = x.iter().flat_map(|x| [(0.5 * (RADIUS / radius(*x)).powi(3)) as f32, 0.0, 0.0]).collect();
    let arrays = [
        Array { name: "pressure", unit: "Pa", components: 1, values: Values::F32(&pressure) },
        Array { name: "wss", unit: "Pa", components: 3, values: Values::F32(&wss) },
    ];
    create_folder(&folder.join("surface")).unwrap_or_else(|e| panic!("{e}"));
    let write = |name: &str, arrays: &[Array]| {
        vtp::write(&folder.join(name), &surface, arrays, &[], None, Compression::default())
            .unwrap_or_else(|e| panic!("{e}"));
    };
    write("surface/surface_0000.vtp", &arrays);
    let stress: Vec<f32> = x.iter().map(|x| (1e4 * radius(*x)) as f32).collect();
    write("wall_inner.vtp", &[Array { name: "von_mises", unit: "Pa", components: 1, values: Values::F32(&stress) }]);
    let put = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap_or_else(|e| panic!("{e}"));
    put("summary.json", summary().to_string());
    let manifest = json!({
        "perfuse": "0.1.0", "case": { "name": "made", "sha256": "82577b15", "sets": ["geometry.surface=/home/jane/doe.stl"] },
        "geometry": { "unit": "mm" }, "surfaces": [{ "file": "doe_jane.stl", "sha256": "a9f0c3b2" }],
        "plan": { "density_kg_m3": 1060.0, "rheology": "newtonian, 4 mPa s", "openings": [{ "name": "inlet", "diameter_mm": 6.0 }] },
    });
    put("manifest.json", manifest.to_string());
    let rows = (0..200).map(|k| f64::from(k) * 0.01).map(|t| format!("{t},0.25,3,{},-3,90\n", 93.1 - (-5.0 * t).exp()));
    let header =
        "time [s],spacing [mm],flow_inlet [ml/s],pressure_inlet [mmHg],flow_outlet [ml/s],pressure_outlet [mmHg]\n";
    put("probes.csv", header.to_owned() + &rows.collect::<String>());
    let rows = (0..=120).map(|k| 0.5 * f64::from(k)).map(|x| {
        let r = radius(x);
        format!(
            "outlet,{x},{x},0,0,{r},{},{},3,{},{},{},{}\n",
            std::f64::consts::PI * r * r,
            2.0 * r,
            93.1 - 0.05 * x,
            1.0 - 5e-4 * x,
            1.0 / r,
            2.0 / r
        )
    });
    let header = "branch,arc [mm],x [mm],y [mm],z [mm],radius [mm],area [mm^2],diameter [mm],flow [ml/s],pressure [mmHg],pressure_ratio [-],wss_mean [Pa],wss_max [Pa]\n";
    put("profiles.csv", header.to_owned() + &rows.collect::<String>());
}

fn temporary() -> tempfile::TempDir {
    tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"))
}

fn perfuse(args: &[&str], folder: &Path) -> Output {
    let command = Command::new(env!("CARGO_BIN_EXE_perfuse")).args(args).arg(folder).output();
    command.unwrap_or_else(|e| panic!("{e}"))
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn page(folder: &Path) -> String {
    String::from_utf8_lossy(&read(&folder.join("report.html"))).into_owned()
}

/// Every number of the page is that of the summary, the answer and the escaped title are there, and nothing asks the
/// network or tells who or where somebody is. The same folder gives the same bytes.
#[test]
fn a_page_from_the_files_alone() {
    let folder = temporary();
    results(folder.path(), (48, 120));
    let output = perfuse(&["report"], folder.path());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = page(folder.path());
    let summary = summary();
    let mut numbers = 0;
    for part in text.split("data-key=\"").skip(1) {
        let (key, rest) = part.split_once("\" data-value=\"").unwrap_or_else(|| panic!("{part}"));
        let value: f64 = rest.split('"').next().and_then(|v| v.parse().ok()).unwrap_or_else(|| panic!("{part}"));
        assert_eq!(number(&summary, key), Some(value), "{key}");
        numbers += 1;
    }
    assert!(numbers > 50, "{numbers} numbers");
    for part in [
        "49.9</span> % of the diameter",
        "2.31</span> mmHg",
        "0.975</span>",
        "&lt;script&gt;alert(1)",
        "Along the branches",
        "gate passed",
    ] {
        assert!(text.contains(part), "`{part}` is missing");
    }
    for part in ["<script>alert", "src=\"http", "href=\"http", "url(", "@import", "doe_jane", "/home/jane"] {
        assert!(!text.contains(part), "`{part}` is in the page");
    }
    assert!(!text.contains(&folder.path().display().to_string()));
    let files = ["report.html", "report.glb", "pictures/pressure.png", "pictures/wss.png", "pictures/von_mises.png"];
    let before = files.map(|name| read(&folder.path().join(name)));
    assert!(before[1].starts_with(b"glTF") && before[2..].iter().all(|png| png.starts_with(b"\x89PNG")));
    assert_eq!(perfuse(&["report"], folder.path()).status.code(), Some(0));
    assert!(before == files.map(|name| read(&folder.path().join(name))), "not the same bytes");
}

/// A large surface is reduced for the model; page and time stay small.
#[test]
fn a_large_surface_makes_a_small_page() {
    let folder = temporary();
    results(folder.path(), (400, 600));
    let clock = std::time::Instant::now();
    assert_eq!(perfuse(&["report"], folder.path()).status.code(), Some(0));
    println!("480,000 triangles twice: {:.2} s", clock.elapsed().as_secs_f64());
    let text = page(folder.path());
    assert!(text.contains("reduced from 480000 to ") && text.len() < 15_000_000, "{} bytes", text.len());
}

#[test]
fn every_file_but_the_summary_may_be_missing() {
    let folder = temporary();
    results(folder.path(), (24, 60));
    for name in ["profiles.csv", "probes.csv", "manifest.json", "wall_inner.vtp", "surface/surface_0000.vtp"] {
        std::fs::remove_file(folder.path().join(name)).unwrap_or_else(|e| panic!("{e}"));
        let output = perfuse(&["report"], folder.path());
        assert_eq!(output.status.code(), Some(0), "without {name}: {}", stderr(&output));
    }
    assert!(!page(folder.path()).contains("<canvas"));
    let only = temporary();
    results(only.path(), (24, 60));
    assert_eq!(perfuse(&["report", "--pictures-only"], only.path()).status.code(), Some(0));
    assert!(only.path().join("pictures/wss.png").is_file() && !only.path().join("report.html").exists());
}

#[test]
fn what_is_no_results_folder_is_refused() {
    let folder = temporary();
    let said = |path: &Path| {
        let output = perfuse(&["report"], path);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{}", stderr(&output));
        stderr(&output)
    };
    let missing = folder.path().join("none");
    assert_eq!(said(&missing), format!("error: there is no folder {}\n", missing.display()));
    let at = folder.path().display().to_string();
    let text = "holds no results: there is no summary.json in it; give the folder that `perfuse run --out` wrote";
    assert_eq!(said(folder.path()), format!("error: {at} {text}\n"));
    results(folder.path(), (24, 60));
    let damage = [
        ("summary.json", "{ \"case\": ", "summary.json: not JSON: EOF while parsing a value at line 1 column 10"),
        ("manifest.json", "[1]", "manifest.json: not a JSON object"),
        ("probes.csv", "time [s],flow_a [ml/s]\n0,one\n", "probes.csv: line 2: `flow_a` is `one`, expected a number"),
        ("profiles.csv", "branch,x\n", "profiles.csv: there is no column `arc [mm]`"),
        ("wall_inner.vtp", "<VTKFile type=\"PolyData\"><Piece", "wall_inner.vtp: line 1: not well-formed XML"),
        ("surface/surface_0000.vtp", "", "surface_0000.vtp: is empty (0 bytes)"),
    ];
    for (name, text, part) in damage {
        let path = folder.path().join(name);
        let sound = read(&path);
        std::fs::write(&path, text).unwrap_or_else(|e| panic!("{e}"));
        let message = said(folder.path());
        assert!(message.contains(part) && message.contains("run the case again"), "{message}");
        assert!(!folder.path().join("report.html").exists());
        std::fs::write(&path, sound).unwrap_or_else(|e| panic!("{e}"));
    }
}

/// A run ends with its report unless it is told not to; one that cannot be written leaves the results.
#[test]
fn a_run_writes_its_report() {
    let case = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("cases/bend.toml");
    let run = |out: &Path, set: &str| {
        let args = [
            "run",
            "-q",
            "--device",
            "cpu",
            "--set",
            "resolution.across=8",
            "--set",
            "time.max_steps=300",
            "--set",
            set,
        ];
        let mut command = Command::new(env!("CARGO_BIN_EXE_perfuse"));
        command.args(args).arg(&case).arg("--out").arg(out).output().unwrap_or_else(|e| panic!("{e}"))
    };
    let folder = temporary();
    let [with, without, refused] = ["with", "without", "refused"].map(|name| folder.path().join(name));
    assert_eq!(run(&with, "output.report=true").status.code(), Some(1), "300 steps are too few");
    let text = page(&with);
    assert!(text.contains("This run did not converge.") && text.contains("NOT CONVERGED"));
    assert!(with.join("report.glb").is_file() && with.join("pictures/wss.png").is_file());
    run(&without, "output.report=false");
    assert!(without.join("summary.json").is_file() && !without.join("report.html").exists());
    std::fs::create_dir_all(refused.join("report.html/x")).unwrap_or_else(|e| panic!("{e}"));
    let output = run(&refused, "output.report=true");
    assert_eq!(output.status.code(), Some(1));
    assert!(refused.join("summary.json").is_file() && refused.join("manifest.json").is_file());
}

#[test]
fn the_library_is_the_one_that_is_written_down() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/output/report/assets");
    let bytes = read(&folder.join("three.min.js"));
    let hash: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
    let readme = String::from_utf8_lossy(&read(&folder.join("README.md"))).into_owned();
    assert!(readme.contains(&hash), "{hash} is not in README.md");
}

/// A browser without a network, as wide as a screen and as a phone: no error, no request, the canvas has drawn more than
/// its ground, every field of it differs, and the page is no wider than the window.
#[test]
fn a_browser_shows_the_page() {
    let folder = temporary();
    results(folder.path(), (48, 120));
    assert_eq!(perfuse(&["report"], folder.path()).status.code(), Some(0));
    for width in [1200, 390] {
        let Some(seen) = browser::look(folder.path(), width) else { return };
        assert_eq!(seen["errors"], json!([]), "{width}: {seen}");
        assert_eq!(seen["requests"], json!([]), "{width}: {seen}");
        assert_eq!(seen["width"], json!(width), "{seen}");
        assert!(seen["scroll"].as_u64().is_some_and(|scroll| scroll <= width), "{width}: {seen}");
        let fields = seen["fields"].as_array().cloned().unwrap_or_default();
        assert_eq!(fields.len(), 3, "{seen}");
        assert!(fields.iter().all(|f| f["colours"].as_u64().is_some_and(|n| n > 200)), "{seen}");
        assert!(fields[0]["sum"] != fields[1]["sum"] && fields[1]["sum"] != fields[2]["sum"], "{seen}");
        assert_eq!(seen["pressed"], json!([false, false, true]), "{seen}");
    }
}
