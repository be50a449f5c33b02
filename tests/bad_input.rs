//! Input that cannot be used, at the command line: each kind has its own message with value, range or place, and remedy;
//! exit code 2 from `check` and `run` alike; and nothing is written.

use std::fs;
use std::process::Command;

#[path = "support/refusal.rs"]
mod refusal;
mod support;

use refusal::{CASE, assert_says, lacking, perfuse, refusal, tube};

/// What is set, and words of the message.
const SETTINGS: [(&str, &[&str]); 30] = [
    ("geometry.surface=\"none.obj\"", &["`none.obj` not found", "relative to the case file"]),
    ("geometry.surface=\"empty.stl\"", &["empty.stl: is empty (0 bytes)", "export"]),
    ("geometry.surface=\"nan.obj\"", &["line ", "vertex 1 ", "not a finite number", "remove the vertex"]),
    ("geometry.surface=\"cut.obj\"", &["line 3", "a vertex needs 3 numbers"]),
    ("geometry.surface=\"notes.txt\"", &["`.txt` is not supported", ".obj .stl .vtp .vtk"]),
    ("geometry.surface=\"pinhole.obj\"", &["1 hole", "mm, diameter 0.", "a pinhole or tear", "Close Holes"]),
    ("geometry.surface=\"fin.obj\"", &["1 non-manifold edge", "at (", ") mm", "remesh"]),
    ("geometry.surface=\"open.obj\"", &["no patch `outlet`", "its patches are: ", "wall"]),
    ("opening.inlet.patch=\"inlett\"", &["no patch `inlett`", "did you mean `inlet`?"]),
    ("opening.outlet.patch=\"inlet\"", &["`inlet` and `outlet` are at the same place", "exactly one"]),
    ("geometry.unit=\"cm\"", &["`outlet`", "59.966 mm across", "0.5 to 40 mm", "unit = \"mm\""]),
    ("geometry.unit=\"m\"", &["`outlet`", "5996.579 mm across", "0.5 to 40 mm", "unit = \"mm\""]),
    ("geometry.unit=\"um\"", &["`outlet`", "0.0059966 mm across", "0.5 to 40 mm", "unit = \"mm\""]),
    (
        "geometry.surface=\"tenth.obj\"",
        &["through a diameter of 0.6", "m/s on average", "up to 5 m/s", "geometry.unit"],
    ),
    ("opening.outlet.flow=\"-2 ml/s\"", &["no opening has a pressure", "as everywhere", "pressure = \"90 mmHg\""]),
    ("opening.inlet.flow=\"-2 ml/s\"", &["all prescribed flow leaves", "above 0"]),
    ("opening.inlet.flow=\"0 ml/s\"", &["nothing drives a flow", "above 0"]),
    ("opening.inlet.flow=\"2 l/s\"", &["`opening.inlet.flow` is 2000 ml/s", "50 l/min", "unit"]),
    ("opening.inlet.flow=\"nan ml/s\"", &["opening.inlet.flow", "nan"]),
    ("opening.outlet.pressure=\"90 kPa\"", &["is 675.055 mmHg", "-400 mmHg to 400 mmHg", "60 to 200 mmHg"]),
    ("opening.outlet.pressure=\"90\"", &["has no unit", "mmHg"]),
    ("blood.density=\"1.06 kg/m^3\"", &["`blood.density` is 1.06 kg/m^3", "500 kg/m^3 to 2000 kg/m^3", "1060"]),
    ("blood.viscosity=\"4 Pa s\"", &["`blood.viscosity` is 4000 mPa s", "0.1 mPa s to 100 mPa s", "3.5 mPa s"]),
    ("resolution.across=5", &["5 sites", "6 to 2000 sites"]),
    ("resolution.across=2000", &["0.0030 mm", "one lattice can number", "use across = ", "a spacing of at least"]),
    (
        "resolution.spacing=\"1.5 mm\"",
        &["4.0 sites across opening `", "mm wide, at", "less than 6", "at most 0.9994 mm"],
    ),
    ("resolution.spacing=\"0.1 um\"", &["0.001 mm to 10 mm", "twentieth"]),
    ("time.tolerance=0.5", &["`time.tolerance` is 0.5", "at most 0.1"]),
    (
        "expect.\"pressure_drop_mmHg.outlt\".max=1",
        &["no number `pressure_drop_mmHg.outlt`", "`pressure_drop_mmHg.outlet`"],
    ),
    ("blood.viscosty=\"4 mPa s\"", &["viscosty", "did you mean `viscosity`?"]),
];

/// What is replaced in the case by what, and words of the message.
const CHANGES: [(&str, &str, &[&str]); 9] = [
    ("pressure = \"90 mmHg\"\n", "", &["opening `outlet` has no condition", "exactly one of flow = "]),
    ("pressure = \"90 mmHg\"", "flow = \"-2 ml/s\"", &["no opening has a pressure", "pressure = \"90 mmHg\""]),
    ("patch = \"outlet\"\n", "", &["opening `outlet` has no place", "near = "]),
    (
        "patch = \"outlet\"",
        "near = [0.0, 0.0, 90.0]",
        &["no end within one diameter of (0.000, 0.000, 90.000) mm", "the nearest is", "near = ["],
    ),
    ("patch = \"outlet\"", "near = [0.1, 0.0, 0.0]", &["`inlet` and `outlet` are both the end at (", "own"]),
    (
        "[[opening]]\nname = \"outlet\"\npatch = \"outlet\"\npressure = \"90 mmHg\"\n",
        "",
        &["1 [[opening]]", "at least 2"],
    ),
    ("\"2 ml/s\"", "2", &["opening.inlet.flow", "no unit"]),
    ("across = 12", "", &["[resolution] has no value", "across = 24"]),
    ("[geometry]", "[geometry", &["not valid TOML"]),
];

/// A folder with the tube and what may be wrong with its surface.
fn folder() -> tempfile::TempDir {
    let folder = tube();
    let tube = fs::read_to_string(folder.path().join("tube.obj")).unwrap_or_else(|e| panic!("{e}"));
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap_or_else(|e| panic!("{e}"));
    let vertices: Vec<&str> = tube.lines().filter(|line| line.starts_with("v ")).collect();
    let wall = tube.lines().filter(|line| line.starts_with("f ")).nth(2000).unwrap_or_else(|| panic!("a wall"));
    let first = tube.lines().find(|line| line.starts_with("f ")).unwrap_or_else(|| panic!("a face"));
    write("empty.stl", "");
    write("notes.txt", "nothing");
    write("nan.obj", &tube.replacen(vertices[0], "v nan 0 0", 1));
    write("cut.obj", &tube.replacen(vertices[0], "v 1.0", 1));
    write("pinhole.obj", &tube.replacen(&format!("{wall}\n"), "", 1));
    let mut corners = first.split_whitespace().skip(1);
    let (a, b) = (corners.next().unwrap_or(""), corners.next().unwrap_or(""));
    write("fin.obj", &format!("{tube}v 20 20 20\ng wall\nf {a} {b} {}\n", vertices.len() + 1));
    write("open.obj", &tube.replace("g outlet", "g wall"));
    let tenth = |line: &str| match line.strip_prefix("v ") {
        Some(place) => {
            let numbers = place.split_whitespace().map(|x| 0.1 * x.parse::<f64>().unwrap_or(f64::NAN));
            format!("v {}\n", numbers.map(|x| x.to_string()).collect::<Vec<_>>().join(" "))
        }
        None => format!("{line}\n"),
    };
    write("tenth.obj", &tube.lines().map(tenth).collect::<String>());
    folder
}

#[test]
fn every_bad_input_has_its_own_message() {
    let folder = folder();
    let (mut said, mut wrong) = (Vec::new(), String::new());
    for (set, words) in SETTINGS {
        // Flaws are mended unless the case says otherwise (tests/repair.rs).
        let strict = ["--set", "geometry.repair=false"];
        let message = refusal(folder.path(), "tube.toml", &[&["--device", "cpu", "--set", set], &strict[..]].concat());
        wrong += &lacking(&message, words, set);
        said.push(message);
    }
    for (old, new, words) in CHANGES {
        assert!(CASE.contains(old), "{old}");
        fs::write(folder.path().join("changed.toml"), CASE.replacen(old, new, 1)).unwrap_or_else(|e| panic!("{e}"));
        let message = refusal(folder.path(), "changed.toml", &["--device", "cpu"]);
        wrong += &lacking(&message, words, new);
        said.push(message);
    }
    assert!(wrong.is_empty(), "{wrong}");
    let message = refusal(folder.path(), "nothing.toml", &["--device", "cpu"]);
    assert_says(&message, &["cannot read the case file `nothing.toml`", "because: "], "no case file");
    fs::write(folder.path().join("empty.toml"), "").unwrap_or_else(|e| panic!("{e}"));
    let message = refusal(folder.path(), "empty.toml", &["--device", "cpu"]);
    assert_says(&message, &["the case has no [geometry]", "the case has no [blood]"], "an empty case file");
    said.sort();
    said.dedup();
    assert_eq!(said.len(), SETTINGS.len() + CHANGES.len(), "two kinds of bad input have the same message");
}

/// Surfaces from elsewhere that are broken: the exact places, in the unit of each.
#[test]
fn broken_surfaces_are_diagnosed() {
    let Some(data) = support::data() else { return };
    let folder = folder();
    let broken: [(&str, &str, &str, &[&str]); 2] = [
        (
            "pinholes_and_nonmanifold.stl",
            "m",
            "near = [0.0, 0.0, 0.0]",
            &["2 non-manifold edges", "at (-17.353, 35.104, 18.324)", ") mm", "19 holes", "a pinhole or tear"],
        ),
        (
            "nonmanifold_edges.vtp",
            "mm",
            "near = [4.0744, -5.1100, -16.4444]",
            &["(`inlet`) is 0.21593 mm across", "0.5 to 40 mm", "unit = \"cm\""],
        ),
    ];
    for (file, unit, inlet, words) in broken {
        let path = data.join("broken").join(file).canonicalize().unwrap_or_else(|e| panic!("{e}"));
        let case =
            CASE.replacen("tube.obj", &path.display().to_string(), 1).replacen("\"mm\"", &format!("\"{unit}\""), 1);
        let case = case.replacen("patch = \"inlet\"", inlet, 1);
        let case = case.replacen("patch = \"outlet\"", "near = [5.3461, -5.1100, -15.6023]", 1);
        fs::write(folder.path().join("broken.toml"), case).unwrap_or_else(|e| panic!("{e}"));
        let strict = ["--device", "cpu", "--set", "geometry.repair=false"];
        let message = refusal(folder.path(), "broken.toml", &strict);
        assert_says(&message, words, file);
    }
    // In its own unit the folds of the second one are repaired, and that is said.
    let set = ["--set", "geometry.unit=\"cm\"", "--set", "opening.inlet.flow=\"0.5 ml/s\"", "--device", "cpu"];
    let checked =
        perfuse(folder.path(), &[&["check", "broken.toml", "--set", "resolution.across=6"], &set[..]].concat());
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert_eq!(checked.status.code(), Some(0), "{}", String::from_utf8_lossy(&checked.stderr));
    assert_says(&said, &["repaired        252 repeated or folded triangles dropped"], "folds");
}

/// A lattice whose site arrays are larger than the adapter takes.
#[test]
fn a_lattice_too_large_for_the_adapter_is_refused() {
    let Some(adapter) = support::adapter() else { return };
    let largest = perfuse::backend::gpu::admit::largest_array(&adapter.info) as f64;
    // Sites of 4 bytes each: pi/4 across^2 3 across of them.
    let across = (1.3 * largest / 4.0 / (0.75 * std::f64::consts::PI)).cbrt();
    if across > 1200.0 {
        return println!("SKIPPED: this adapter takes whatever 32 bits can number");
    }
    let folder = folder();
    let set = format!("resolution.across={across:.0}");
    let message = refusal(folder.path(), "tube.toml", &["--device", "gpu", "--set", &set]);
    assert_says(
        &message,
        &[&adapter.info.name, "holds at most", "use across = ", "`--device cpu`", &set.replace('=', " = ")],
        &set,
    );
}

/// With 2 GB of address space, 130 sites across do not fit, by the volume alone; what is suggested does.
#[cfg(target_os = "linux")]
#[test]
fn a_lattice_too_large_for_the_memory_is_refused() {
    let folder = folder();
    let limited = |across: &str| {
        let program = env!("CARGO_BIN_EXE_perfuse");
        let command = format!(
            "ulimit -v 2000000; exec '{program}' check tube.toml --device cpu --set resolution.across={across}"
        );
        let output =
            Command::new("sh").current_dir(folder.path()).env("RAYON_NUM_THREADS", "2").args(["-c", &command]).output();
        let output = output.unwrap_or_else(|e| panic!("{e}"));
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, message) = limited("250");
    assert_eq!(code, Some(2), "{message}");
    println!("{message}");
    assert_says(&message, &["0.0240 mm", "GB of memory", "GB are available", "use across = "], "250 across");
    let suggested = message.split("use across = ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or("");
    let (code, message) = limited(suggested);
    assert_eq!(code, Some(0), "{suggested} across: {message}");
}
