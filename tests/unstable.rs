//! Flows that fail: where and when is told, and what is advised mends them.

#[path = "support/setting.rs"]
mod setting;

use setting::{Setting, text};

/// Numbers between two marks of a message.
fn numbers(message: &str, from: &str, to: &str) -> Vec<f64> {
    let part = message.split(from).nth(1).and_then(|rest| rest.split(to).next()).unwrap_or_default();
    part.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

/// Runs a case that must fail, and once more with the advice of its message. Returns the place of the failure, mm, and
/// the message.
fn failing(setting: &Setting, set: &[&str]) -> ([f64; 3], String) {
    let out = setting.out("out");
    let sets: Vec<&str> = set.iter().flat_map(|set| ["--set", set]).collect();
    let output = setting.run(&out, &[&["-q"], &sets[..]].concat());
    let message = text(&output.stderr);
    println!("{message}");
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("became unphysical after"), "{message}");
    assert!(out.join("postmortem.vti").is_file() && !out.join("summary.json").exists());
    let place = numbers(&message, " at ", " mm (site");
    let &[x, y, z] = place.as_slice() else { panic!("a place: {message}") };
    let advice = message.split("--set ").nth(1).map(|rest| rest.split([',', '\n']).next().unwrap_or_default());
    let advice = advice.unwrap_or_default().trim();
    let output = setting.run(&setting.out("mended"), &[&["-q"], &sets[..], &["--set", advice]].concat());
    assert_eq!(output.status.code(), Some(0), "with {advice}: {}", text(&output.stderr));
    ([x, y, z], message)
}

const STEADY: &str = "[time]\ntolerance = 0.05\n";

/// Distance from the axis and place along it of a point, mm.
fn on(axis: [f64; 3], place: [f64; 3]) -> [f64; 2] {
    let along = axis.iter().zip(place).map(|(a, p)| a * p).sum::<f64>();
    [(place.iter().map(|p| p * p).sum::<f64>() - along * along).max(0.0).sqrt(), along]
}

const TUBE: [f64; 3] = [0.48, 0.6, 0.64];

/// Three times as long as the longest step that is borne.
#[test]
fn a_long_time_step_in_a_tube() {
    for storage in ["f32", "f16"] {
        let setting = Setting::steady(STEADY);
        let storage = format!("resolution.storage=\"{storage}\"");
        let (place, message) = failing(&setting, &["time.step=\"800 us\"", "resolution.across=8", &storage]);
        let [off, along] = on(TUBE, place);
        assert!(off < 2.0 && (-0.5..10.5).contains(&along), "{place:?} is in the tube: {message}");
        assert!(message.contains("time.step=") && message.contains("from opening `inlet`"), "{message}");
    }
}

/// The same of blood that is thicker where it is sheared less.
#[test]
fn a_long_time_step_with_a_rheology() {
    let setting = Setting::steady(STEADY);
    let sets = ["time.step=\"800 us\"", "resolution.across=8", "blood.rheology=\"carreau-yasuda\""];
    let (place, message) = failing(&setting, &sets);
    let [off, along] = on(TUBE, place);
    assert!(off < 2.0 && (-0.5..10.5).contains(&along), "{place:?} is in the tube: {message}");
}

/// The throat is the first to be too fast.
#[test]
fn a_long_time_step_in_a_stenosis() {
    let mesh = ["stenosis", "--diameter", "4mm", "--severity", "50%", "--upstream", "4mm", "--downstream", "6mm"];
    let openings = "[[opening]]\nname = \"inlet\"\npatch = \"inlet\"\nflow = \"1 ml/s\"\n\
                    [[opening]]\nname = \"outlet\"\npatch = \"outlet\"\npressure = \"90 mmHg\"\nextension = \"2 mm\"\n";
    let setting = Setting::new(&mesh, openings, &format!("[resolution]\nacross = 12\n{STEADY}"));
    let (place, message) = failing(&setting, &["time.step=\"150 us\"", "blood.viscosity=\"8 mPa s\""]);
    assert!((3.0..9.5).contains(&place[0]) && place[1].hypot(place[2]) < 1.5, "{place:?} is in the throat: {message}");
    assert!(message.contains("of the wall") || message.contains("from opening"), "{message}");
}

/// A beat with two Windkessels, too fast at its peak.
#[test]
fn a_long_time_step_at_the_peak_of_a_beat() {
    let setting = Setting::pulsating("[resolution]\nacross = 6\n[time]\ncycles = 2\n[output]\nrows = 50\n");
    let (place, message) = failing(&setting, &["time.step=\"200 us\""]);
    assert!(place[2].abs() < 2.0, "{place:?} lies in the vessel: {message}");
    let time = numbers(&message, "steps (", " s)");
    assert!(time.first().is_some_and(|time| *time < 0.4), "{message}");
}
