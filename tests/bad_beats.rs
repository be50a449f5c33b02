//! Pulsating cases that cannot be used, at the command line, as in `bad_input.rs`: beats, loads, patients, probes and the
//! files of waveforms; and some that look alike and can be used.

use std::fs;

#[path = "support/refusal.rs"]
mod refusal;

use refusal::{assert_says, lacking, perfuse, refusal, tube};

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
const PULSATING: [(&[&str], &[&str]); 24] = [
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
    (&["output.phases=[0.2, 1.0]"], &["`output.phases` is 1", "0 to below 1", "a quarter of the cycle"]),
    (&["output.snapshots=5", "output.phases=[0.2]"], &["both `snapshots` and `phases`", "remove one"]),
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

/// A folder with the tube and a beat.
fn beaten() -> tempfile::TempDir {
    let folder = tube();
    for (name, text) in [("beat.toml", BEAT), ("beat.csv", WAVE)] {
        fs::write(folder.path().join(name), text).unwrap_or_else(|e| panic!("{e}"));
    }
    folder
}

/// The beat, loads and probes.
#[test]
fn every_bad_beat_has_its_own_message() {
    let folder = beaten();
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
    let folder = beaten();
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
    let folder = beaten();
    let pressure = WAVE.replace(", ", ", 9").replace("9flow [ml/s]", "pressure [mmHg]");
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
