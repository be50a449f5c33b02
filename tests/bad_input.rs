//! Input that cannot be used, at the command line: each kind has its own message with value, range or place, and remedy;
//! exit code 2 from `check` and `run` alike; and nothing is written.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

mod support;

/// A case of a tube, 6 mm by 18 mm along x.
const CASE: &str = "[geometry]\nsurface = \"tube.obj\"\nunit = \"mm\"\n\
                    [[opening]]\nname = \"inlet\"\npatch = \"inlet\"\nflow = \"2 ml/s\"\n\
                    [[opening]]\nname = \"outlet\"\npatch = \"outlet\"\npressure = \"90 mmHg\"\n\
                    [blood]\ndensity = \"1060 kg/m^3\"\nviscosity = \"4 mPa s\"\n[resolution]\nacross = 12\n";

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

/// A case of the same tube under a beat.
const BEAT: &str = "[geometry]\nsurface = \"tube.obj\"\nunit = \"mm\"\n\
                    [[opening]]\nname = \"inlet\"\npatch = \"inlet\"\nwaveform = \"beat.csv\"\n\
                    [[opening]]\nname = \"outlet\"\npatch = \"outlet\"\npressure = \"90 mmHg\"\n\
                    [blood]\ndensity = \"1060 kg/m^3\"\nviscosity = \"4 mPa s\"\n[resolution]\nacross = 8\n\
                    [[probe]]\nname = \"middle\"\nat = [9.0, 0.0, 0.0]\n";

/// One beat of 0.8 s.
const WAVE: &str = "time [s], flow [ml/s]\n0, 1\n0.2, 5\n0.4, 2\n0.8, 1\n";

/// What is set in the steady case and concerns beats, loads and probes; and words of the message.
const STEADY: [(&[&str], &[&str]); 11] = [
    (
        &["opening.outlet.flow_fraction=0.4"],
        &["no opening has a pressure", "all ends (`inlet`, `outlet`) prescribe their flow", "pressure = \"90 mmHg\""],
    ),
    (
        &["opening.inlet.pressure=\"90 mmHg\"", "opening.outlet.flow_fraction=0.4"],
        &["`opening.outlet.flow_fraction` is a part of nothing", "a flow above 0"],
    ),
    (
        &["opening.inlet.resistance=\"1 mmHg s/ml\"", "opening.outlet.resistance=\"2 mmHg s/ml\""],
        &["a resistance at every end (`inlet`, `outlet`) is ill-posed", "in place of its load"],
    ),
    (
        &[
            "opening.inlet.pressure=\"5 mmHg\"",
            "opening.outlet.resistance={value=\"2 mmHg s/ml\", distal_pressure=\"5 mmHg\"}",
        ],
        &["nothing drives a flow", "all pressures are equal"],
    ),
    (
        &["opening.inlet.profile=\"womersley\""],
        &["`opening.inlet.profile` is \"womersley\"", "does not pulsate", "parabolic"],
    ),
    (
        &["opening.outlet.resistance=\"2 mmHg s/ml\"", "opening.outlet.profile=\"plug\""],
        &["`opening.outlet.profile` has no meaning at an opening with a load", "remove `profile`"],
    ),
    (&["opening.outlet.resistance=\"0 mmHg s/ml\""], &["0 mmHg s/ml is out of range", "a resistance is above 0"]),
    (
        &["opening.outlet.windkessel={proximal=\"1 mmHg s/ml\", compliance=\"-1 ml/mmHg\", distal=\"1 mmHg s/ml\"}"],
        &["-1 ml/mmHg is out of range", "a compliance is above 0"],
    ),
    (&["time.until=\"periodic\""], &["cycles of which length?", "add `period` to [time]"]),
    (
        &["time.until=\"steady\"", "probe=[{name=\"a\", at=[9.0, 0.0, 0.0]}]"],
        &["probe `a` records nothing", "the flow is steady"],
    ),
    (&["opening.outlet.flow_fraction=1.5"], &["1.5 is out of range", "above 0 and below 1"]),
];

/// What is set in the pulsating case, and words of the message.
const PULSATING: [(&[&str], &[&str]); 22] = [
    (
        &["opening.outlet.flow=\"-2 ml/s\""],
        &["no opening has a pressure", "all ends (`inlet`, `outlet`) prescribe their flow", "pressure = \"90 mmHg\""],
    ),
    (
        &["time.until=\"steady\""],
        &["`inlet` has a waveform", "cannot become steady", "until = \"periodic\"", "its mean"],
    ),
    (&["time.period=\"0 s\""], &["`time.period` is 0 s", "0.05 s to 20 s", "look at the unit"]),
    (&["time.period=\"0.8 ms\""], &["`time.period` is 0.0008 s", "0.05 s to 20 s"]),
    (&["time.period=\"0.9 s\""], &["beat.csv:5: the wave ends at 0.8 s", "period = \"0.9 s\"", "remove `period`"]),
    (&["time.cycles=1001"], &["`time.cycles` is 1001", "1 to 1000"]),
    (&["time.max_cycles=5000"], &["`time.max_cycles` is 5000", "1 to 1000"]),
    (&["output.rows=20"], &["`output.rows` is 20", "50 to 5000"]),
    (&["output.snapshots=201"], &["`output.snapshots` is 201", "0 to 200", "output.rows"]),
    (&["opening.outlet.windkessel=\"auto\""], &["the Windkessel of `outlet`", "add [patient]", "120/80 mmHg"]),
    (
        &["patient={pressure=\"120/80 mmHg\", murray_exponent=5.0}"],
        &["`patient.murray_exponent` is 5", "1 to 4", "Murray's law has 3"],
    ),
    (
        &["patient={pressure=\"120/80 mmHg\", proximal_fraction=1.0}"],
        &["`patient.proximal_fraction` is 1", "above 0 and below 1"],
    ),
    (
        &["patient={pressure=\"120/80 mmHg\", distal_pressure=\"80 mmHg\"}"],
        &["`patient.distal_pressure` is 80 mmHg", "below the diastolic 80 mmHg"],
    ),
    (&["patient.pressure=\"80/120 mmHg\""], &["`80/120 mmHg` is out of range", "the larger one first"]),
    (&["probe=[{name=\"a b\", at=[9.0, 0.0, 0.0]}]"], &["`a b` cannot be the name of a probe", "letters, digits"]),
    (
        &["probe=[{name=\"inlet\", at=[9.0, 0.0, 0.0]}]"],
        &["the probe `inlet` has the name of an opening", "probes.csv"],
    ),
    (
        &["probe=[{name=\"a\", at=[9.0, 0.0, 0.0]}, {name=\"a\", at=[8.0, 0.0, 0.0]}]"],
        &["two probes are named `a`", "its own name"],
    ),
    (
        &["probe=[{name=\"a\", at=[9.0, 0.0, 0.0]}, {name=\"b\", at=[9.0, 0.0, 0.0]}]"],
        &["probes `a` and `b` are at the same place", "remove one"],
    ),
    (
        &["probe=[{name=\"a\", at=[9.0, 0.0, 0.0], normal=[0.0, 0.0, 0.0]}]"],
        &["the normal of probe `a` has no direction", "normal = [0.0, 0.0, 1.0]"],
    ),
    (
        &["probe=[{name=\"a\", at=[9.0, 7.0, 0.0]}]"],
        &["probe `a` at (9.000, 7.000, 0.000) mm lies outside the vessel, 4.0", "mm from its wall"],
    ),
    (
        &["probe=[{name=\"a\", at=[20.0, 0.0, 0.0]}]"],
        &["probe `a` at (20.000, 0.000, 0.000) mm lies in the flow extension of opening `outlet`, 2.000 mm beyond"],
    ),
    (&["expect.\"cycle.osi.man\".max=1"], &["no number `cycle.osi.man`", "`cycle.osi.mean`"]),
];

/// What takes the place of the wave's file, and words of the message.
const WAVES: [(&str, &[&str]); 15] = [
    (
        "time [s], flow [ml/s]\n0, 1\n0.4, 5\n0.2, 2\n0.8, 1\n",
        &["beat.csv:4: time 0.2 s is not after 0.4 s", "in order"],
    ),
    (
        "time [s], flow [ml/s]\n0, 1\n0.2, 5\n0.2, 2\n0.8, 1\n",
        &["beat.csv:4: time 0.2 s is not after 0.2 s", "each time once"],
    ),
    ("time [s], flow\n0, 1\n0.2, 5\n0.4, 2\n0.8, 1\n", &["beat.csv:1: column `flow` has no unit", "`flow [ml/s]`"]),
    (
        "time [s], flow [mmHg]\n0, 1\n0.2, 5\n0.4, 2\n0.8, 1\n",
        &["beat.csv:1: column `flow [mmHg]`", "a unit of pressure"],
    ),
    (
        "time [s], flow [ml/s]\n0, 1\n0.2, 5\n0.4, 2\n0.8, 2\n",
        &[
            "beat.csv:5: the wave does not close",
            "a jump of 1.0000 ml/s or 25.0 % of its range",
            "allowed is 1 %",
            "close = true",
        ],
    ),
    (
        "time [s], flow [ml/s]\n0, 1\n0.2, nan\n0.4, 2\n0.8, 1\n",
        &["beat.csv:3: `nan` in column `flow [ml/s]`", "finite"],
    ),
    (
        "time [s], flux [ml/s]\n0, 1\n0.2, 5\n0.4, 2\n0.8, 1\n",
        &["beat.csv:1: unknown column `flux [ml/s]`", "`flow [ml/s]`"],
    ),
    ("", &["`beat.csv` is empty", "a header such as"]),
    ("time [s], flow [ml/s]\n0, 1\n0.8, 1\n", &["beat.csv:3: the waveform ends after 2 samples", "4 or more"]),
    ("time [s], flow [ml/s]\n0, 1\n0.2; 5\n0.4, 2\n0.8, 1\n", &["beat.csv:3: 1 cells, but the header has 2"]),
    ("0, 1\n0.2, 5\n0.4, 2\n0.8, 1\n", &["beat.csv:1: the first row is `0, 1`", "a header"]),
    (
        "time [s], flow [l/s]\n0, 1\n0.2, 5\n0.4, 2\n0.8, 1\n",
        &["beat.csv:2: 1000 ml/s", "50 l/min", "look at the unit"],
    ),
    ("time [s], pressure [kPa]\n0, 90\n0.2, 95\n0.4, 92\n0.8, 90\n", &["beat.csv:2: 675.055 mmHg", "400 mmHg"]),
    (
        "time [s], flow [ml/s]\n0, 1\n200, 5\n400, 2\n800, 1\n",
        &["beat.csv:5: the wave ends at 800 s", "0.05 s to 20 s", "unit"],
    ),
    (
        "time [s], pressure [mmHg]\n0, 90\n0.2, 90\n0.4, 90\n0.8, 90\n",
        &["nothing drives a flow", "all pressures are equal"],
    ),
];

fn perfuse(folder: &Path, args: &[&str]) -> Output {
    let command = Command::new(env!("CARGO_BIN_EXE_perfuse")).current_dir(folder).args(args).output();
    command.unwrap_or_else(|e| panic!("{e}"))
}

/// The message of `check` and of `run`, alike, with exit code 2 and no results.
fn refusal(folder: &Path, case: &str, more: &[&str]) -> String {
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
fn lacking(message: &str, words: &[&str], what: &str) -> String {
    let lacking = words.iter().filter(|word| !message.contains(**word));
    lacking.map(|word| format!("{what}: `{word}` is not in\n{message}")).collect()
}

fn assert_says(message: &str, words: &[&str], what: &str) {
    let wrong = lacking(message, words, what);
    assert!(wrong.is_empty(), "{wrong}");
}

/// A folder with the tube and what may be wrong with its surface.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let made =
        perfuse(folder.path(), &["mesh", "straight", "--diameter", "6mm", "--length", "18mm", "--out", "tube.obj"]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let tube = fs::read_to_string(folder.path().join("tube.obj")).unwrap_or_else(|e| panic!("{e}"));
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap_or_else(|e| panic!("{e}"));
    let vertices: Vec<&str> = tube.lines().filter(|line| line.starts_with("v ")).collect();
    let wall = tube.lines().filter(|line| line.starts_with("f ")).nth(2000).unwrap_or_else(|| panic!("a wall"));
    let first = tube.lines().find(|line| line.starts_with("f ")).unwrap_or_else(|| panic!("a face"));
    write("tube.toml", CASE);
    write("beat.toml", BEAT);
    write("beat.csv", WAVE);
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
        let message = refusal(folder.path(), "tube.toml", &["--device", "cpu", "--set", set]);
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

/// The beat, loads and probes.
#[test]
fn every_bad_beat_has_its_own_message() {
    let folder = folder();
    let (mut said, mut wrong) = (Vec::new(), String::new());
    let steady = STEADY.iter().map(|setting| ("tube.toml", setting));
    for (case, (sets, words)) in steady.chain(PULSATING.iter().map(|setting| ("beat.toml", setting))) {
        let mut more = vec!["--device", "cpu"];
        sets.iter().for_each(|set| more.extend(["--set", set]));
        let message = refusal(folder.path(), case, &more);
        wrong += &lacking(&message, words, &format!("{sets:?}"));
        said.push(message);
    }
    let beat = folder.path().join("beat.csv");
    for (wave, words) in WAVES {
        fs::write(&beat, wave).unwrap_or_else(|e| panic!("{e}"));
        let message = refusal(folder.path(), "beat.toml", &["--device", "cpu"]);
        wrong += &lacking(&message, words, wave);
        said.push(message);
    }
    fs::remove_file(&beat).unwrap_or_else(|e| panic!("{e}"));
    let message = refusal(folder.path(), "beat.toml", &["--device", "cpu"]);
    wrong += &lacking(
        &message,
        &["waveform file `beat.csv` not found", "relative to the case file", "beat.toml:7:"],
        "missing",
    );
    assert!(wrong.is_empty(), "{wrong}");
    said.sort();
    said.dedup();
    assert_eq!(
        said.len(),
        STEADY.len() + PULSATING.len() + WAVES.len(),
        "two kinds of bad input have the same message"
    );
}

/// Mistakes that need more than a `--set`.
#[test]
fn every_bad_beat_in_the_file_has_its_own_message() {
    let folder = folder();
    let pressure = "time [s], pressure [mmHg]\n0, 90\n0.2, 95\n0.4, 92\n0.8, 90\n";
    let fractions = "flow = \"2 ml/s\"\n[[opening]]\nname = \"left\"\nnear = [0.0, 0.0, 9.0]\nflow_fraction = 0.3\n\
                     [[opening]]\nname = \"right\"\nnear = [0.0, 9.0, 9.0]\nflow_fraction = 0.7";
    let changes: [(&str, &str, &str, &[&str]); 4] = [
        (
            "[[probe]]",
            "[time]\nuntil = \"periodic\"\ncycles = 3\n[[probe]]",
            WAVE,
            &["[time] has both `until` and `cycles`", "beat.toml:19:", "remove `until`"],
        ),
        (
            "waveform = \"beat.csv\"",
            fractions,
            WAVE,
            &["the flow fractions of `left`, `right` sum to 1, allowed is below 1", "a pressure or a load"],
        ),
        (
            "waveform = \"beat.csv\"",
            "waveform = \"beat.csv\"\nprofile = \"plug\"",
            pressure,
            &["`inlet` has a pressure waveform and a profile", "remove `profile`"],
        ),
        (
            "waveform = \"beat.csv\"",
            "flow_fraction = 0.5\n[[opening]]\nname = \"third\"\npatch = \"third\"\nflow = \"-1 ml/s\"",
            WAVE,
            &["`opening.inlet.flow_fraction` is a part of nothing"],
        ),
    ];
    for (old, new, wave, words) in changes {
        assert!(BEAT.contains(old), "{old}");
        fs::write(folder.path().join("beat.toml"), BEAT.replacen(old, new, 1)).unwrap_or_else(|e| panic!("{e}"));
        fs::write(folder.path().join("beat.csv"), wave).unwrap_or_else(|e| panic!("{e}"));
        assert_says(&refusal(folder.path(), "beat.toml", &["--device", "cpu"]), words, new);
    }
}

/// Overrides of a beat, and what stands in its place.
#[test]
fn good_beats_and_overrides_are_accepted() {
    let folder = folder();
    let pressure = WAVE.replace("flow [ml/s]", "pressure [mmHg]").replace(", ", ", 9");
    fs::write(folder.path().join("pressure.csv"), pressure).unwrap_or_else(|e| panic!("{e}"));
    let good: [(&[&str], &[&str]); 6] = [
        (&[], &["cycle           0.8 s, 200 rows"]),
        (&["opening.inlet.waveform.scale=1.2", "opening.inlet.profile=\"womersley\""], &["cycle           0.8 s"]),
        (&["opening.inlet.waveform={file=\"beat.csv\", scale=2.0}", "opening.inlet.waveform.scale=0.5"], &["0.8 s"]),
        (&["time.cycles=2", "time.until=\"periodic\"", "time.cycles=3", "output.snapshots=0"], &["0.8 s"]),
        (
            &["opening.outlet.resistance=\"1 mmHg s/ml\"", "opening.outlet.resistance.distal_pressure=\"5 mmHg\""],
            &["0.8 s"],
        ),
        // The drop to an outlet under a pressure waveform can have a gate.
        (&["opening.outlet.waveform=\"pressure.csv\"", "expect.\"pressure_drop_mmHg.outlet\".max=9"], &["0.8 s"]),
    ];
    for (sets, words) in good {
        let mut args = vec!["check", "beat.toml", "--device", "cpu"];
        sets.iter().for_each(|set| args.extend(["--set", set]));
        let output = perfuse(folder.path(), &args);
        assert_eq!(output.status.code(), Some(0), "{sets:?}\n{}", String::from_utf8_lossy(&output.stderr));
        assert_says(&String::from_utf8_lossy(&output.stdout), words, &format!("{sets:?}"));
    }
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
        let message = refusal(folder.path(), "broken.toml", &["--device", "cpu"]);
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
    let largest = perfuse::backend::gpu::flow::largest_array(&adapter.info) as f64;
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
