//! Files that can be read, and what is said about those that cannot.

use super::*;

const GOOD: &str = "time [s], flow [ml/s]\n0, 1\n0.2, 5\n0.4, 2\n0.8, 1\n";

fn spec(file: &str) -> WaveformSpec {
    WaveformSpec { file: file.to_owned(), columns: None, close: false, scale: 1.0 }
}

fn parse(text: &str) -> Result<Wave, WaveformFileError> {
    Wave::parse(&spec("beat.csv"), Path::new("beat.csv"), text, None)
}

fn good(text: &str) -> Wave {
    parse(text).unwrap_or_else(|e| panic!("{e}"))
}

fn error(text: &str) -> String {
    parse(text).map_or_else(|e| e.to_string(), |wave| panic!("{wave:?}"))
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * b.abs().max(1e-12)
}

#[test]
fn columns_units_separators_and_comments() {
    let wave = good(GOOD);
    assert_eq!((wave.signal, wave.samples.len(), wave.period()), (Signal::Flow, 4, 0.8));
    assert!(near(wave.samples[1][1], 5e-6));
    let others = [
        "# a beat\n\ntime [ms];flow [l/min]\n0;0.06\n200;0.3\n# a peak\n400;0.12\n800;0.06\n",
        "\u{feff}flow [ml/s]\ttime [s]\r\n1\t0\r\n5\t0.2\r\n2\t.4\r\n1\t8e-1\r\n",
        "\"time [s]\", \"flow [mm^3/s]\"\n0, \"1000\"\n0.2, 5e3\n0.4, 2000\n0.8, 1000",
    ];
    for text in others {
        let other = good(text);
        for (a, b) in other.samples.iter().zip(&wave.samples) {
            assert!(near(a[0], b[0]) && near(a[1], b[1]), "{text}: {a:?} {b:?}");
        }
    }
    assert_eq!(good(&GOOD.replace("flow [ml/s]", "velocity [cm/s]")).signal, Signal::Velocity);
    let pressure = good(&GOOD.replace("flow [ml/s]", "pressure [mmHg]"));
    assert!(pressure.signal == Signal::Pressure && near(pressure.samples[0][1], 133.322387415));
}

#[test]
fn columns_and_scale_of_the_case() {
    let columns = Some(vec!["time [s]".to_owned(), "velocity [m/s]".to_owned()]);
    let spec = WaveformSpec { columns, scale: -2.0, ..spec("v.csv") };
    for text in ["time,velocity\n0,1\n0.2,5\n0.4,2\n0.8,1\n", "0,1\n0.2,5\n0.4,2\n0.8,1\n"] {
        let wave = Wave::parse(&spec, Path::new("v.csv"), text, Some(0.8)).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(wave.samples, [[0.0, -2.0], [0.2, -10.0], [0.4, -4.0], [0.8, -2.0]]);
    }
    let bad = Wave::parse(&spec, Path::new("v.csv"), "0,x\n0.2,5\n", None).err().map(|e| e.to_string());
    assert_eq!(bad.as_deref(), Some("v.csv:1: `x` in column `velocity [m/s]` is not a finite number"));
    let three = Wave::parse(&spec, Path::new("v.csv"), "a,b,c\n", None).err().map(|e| e.to_string());
    assert_eq!(three.as_deref(), Some("v.csv:1: the case names 2 columns, but the file has 3; name each column once"));
}

#[test]
fn what_is_wrong_is_said_with_line_and_remedy() {
    let with = |from: &str, to: &str| error(&GOOD.replace(from, to));
    for (said, expected) in [
        (error(""), "`beat.csv` is empty: a waveform needs a header such as `time [s], flow [ml/s]`"),
        (error("# only this\n\n"), "`beat.csv` is empty"),
        (error("0, 1\n0.2, 5\n0.4, 2\n0.8, 1\n"), "beat.csv:1: the first row is `0, 1`, but a header"),
        (
            with("time [s]", "time"),
            "beat.csv:1: column `time` has no unit: write `time [s]` in the file, or give columns",
        ),
        (with("flow [ml/s]", "flow"), "beat.csv:1: column `flow` has no unit: write `flow [ml/s]`"),
        (with("flow [ml/s]", "flow []"), "beat.csv:1: column `flow` has no unit"),
        (
            with("[ml/s]", "[mmHg]"),
            "beat.csv:1: column `flow [mmHg]`: `mmHg` is a unit of pressure, but a flow is needed",
        ),
        (with("[ml/s]", "[gallon/h]"), "beat.csv:1: column `flow [gallon/h]`: unknown unit `gallon`"),
        (
            with("flow [ml/s]", "Q [ml/s]"),
            "beat.csv:1: unknown column `Q [ml/s]`: a waveform has `time [s]` and one of",
        ),
        (
            with("flow [ml/s]", "time [s]"),
            "beat.csv:1: the columns are `time [s]`, `time [s]`, but a waveform has exactly",
        ),
        (error("time [s]\n0\n"), "beat.csv:1: the columns are `time [s]`, but a waveform has exactly two"),
        (with("0.2, 5", "0.2, five"), "beat.csv:3: `five` in column `flow [ml/s]` is not a finite number"),
        (with("0.2, 5", "0.2, NaN"), "beat.csv:3: `NaN` in column `flow [ml/s]` is not a finite number"),
        (with("0.2, 5", "inf, 5"), "beat.csv:3: `inf` in column `time [s]` is not a finite number"),
        (with("0.2, 5", "0.2"), "beat.csv:3: 1 cells, but the header has 2"),
        (with("0.2, 5", "0.2, 5, 7"), "beat.csv:3: 3 cells, but the header has 2"),
        (
            error("time [s];flow [ml/s]\n0,5;1\n"),
            "beat.csv:2: `0,5` in column `time [s]` is not a finite number: write a decimal",
        ),
        (with("0.4, 2", "0.2, 2"), "beat.csv:4: time 0.2 s is not after 0.2 s in the row before"),
        (with("0, 1", "-0.1, 1"), "beat.csv:2: time begins at -0.1 s, but a period begins at 0"),
        (with("0.4, 2\n", ""), "beat.csv:4: the waveform ends after 3 samples; 4 or more are needed"),
        (
            with("0.8, 1", "0.8, 2"),
            "beat.csv:5: the wave does not close: it begins at 1 ml/s and ends at 2 ml/s, a jump of \
          1.0000 ml/s or 25.0 % of its range, allowed is 1 %",
        ),
        (with("0.8, 1", "0.8, 2"), "close = true }"),
    ] {
        assert!(said.contains(expected), "expected: {expected}\nsaid: {said}");
    }
    let period = |period| Wave::parse(&spec("beat.csv"), Path::new("beat.csv"), GOOD, Some(period));
    let said = period(0.9).err().map(|e| e.to_string()).unwrap_or_default();
    assert!(said.contains("beat.csv:5: the wave ends at 0.8 s, but the case has period = \"0.9 s\""), "{said}");
    assert!(period(0.8005).is_ok() && period(0.801).is_err() && period(f64::NAN).is_err());
}

#[test]
fn closing_leaves_the_systole_alone() {
    let text = "time [s], velocity [m/s]\n0, 0.2\n0.1, 1\n0.4, 0.1\n0.7, 0.1\n0.76, 0.1\n0.8, 0.1\n";
    assert!(parse(text).is_err());
    let spec = WaveformSpec { close: true, ..spec("v.csv") };
    let wave = Wave::parse(&spec, Path::new("v.csv"), text, None).unwrap_or_else(|e| panic!("{e}"));
    let values: Vec<f64> = wave.samples.iter().map(|sample| sample[1]).collect();
    assert_eq!(values[..4], [0.2, 1.0, 0.1, 0.1]);
    assert!((values[4] - 0.15).abs() < 1e-12 && values[5] == 0.2, "{values:?}");
    let small = good(&GOOD.replace("0.8, 1", "0.8, 1.03"));
    assert_eq!(small.samples[3][1], small.samples[0][1]);
}

#[test]
fn files_are_looked_for_beside_the_case_then_in_the_data_folder() {
    let folder = || tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let write = |path: PathBuf, bytes: &[u8]| std::fs::write(path, bytes).unwrap_or_else(|e| panic!("{e}"));
    let (beside, data) = (folder(), folder());
    let load = || Wave::load(&spec("beat.csv"), beside.path(), Some(data.path()), None);
    let missing = load().err().map(|e| e.to_string()).unwrap_or_default();
    assert!(missing.starts_with("waveform file `beat.csv` not found: there is no file `"), "{missing}");
    assert!(missing.contains(&format!("` or `{}", data.path().display())), "{missing}");
    write(data.path().join("beat.csv"), GOOD.as_bytes());
    assert_eq!(load().map(|wave| wave.path).ok(), Some(data.path().join("beat.csv")));
    write(beside.path().join("beat.csv"), b"time [s]\n\xff\n");
    let not_text = load().err().map(|e| e.to_string()).unwrap_or_default();
    assert!(not_text.ends_with("beat.csv:2: not UTF-8 text; save the waveform as CSV"), "{not_text}");
}

#[test]
fn in_a_case() {
    #[derive(Deserialize)]
    struct Opening {
        waveform: toml::Spanned<WaveformSpec>,
    }
    let read = |text: &str| toml::from_str::<Opening>(text).map(|opening| opening.waveform.into_inner());
    assert_eq!(read("waveform = \"beat.csv\"").ok(), Some(spec("beat.csv")));
    let whole = "waveform = { file = \"b.csv\", columns = [\"time [s]\", \"flow [ml/s]\"], close = true, scale = 2 }";
    let columns = Some(vec!["time [s]".to_owned(), "flow [ml/s]".to_owned()]);
    assert_eq!(read(whole).ok(), Some(WaveformSpec { file: "b.csv".into(), columns, close: true, scale: 2.0 }));
    for (text, expected, place) in [
        ("waveform = 3", "a waveform file, or a table such as", "3"),
        ("waveform = { close = true }", "missing field `file`", "{ close = true }"),
        ("waveform = { file = \"a\", scale = nan }", "a finite number", "nan"),
        ("waveform = { file = \"a\", clos = true }", "unknown field `clos`", "clos"),
    ] {
        let error = read(text).err().unwrap_or_else(|| panic!("{text}"));
        assert!(error.message().contains(expected), "{text}: {error}");
        assert_eq!(error.span().map(|span| &text[span]), Some(place), "{text}");
    }
}
