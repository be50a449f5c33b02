//! Every kind of outlet in a pulsating vessel, and probes inside it: what is asked for is what holds.

#[path = "support/tube.rs"]
mod tube;

use std::f64::consts::TAU;
use std::path::Path;

use perfuse::case::Case;
use perfuse::fluid::waveform::Waveform;
use perfuse::fluid::windkessel::STEPS;
use perfuse::run::fit::Room;
use perfuse::run::plan::Plan;
use perfuse::run::pulse::{Finished, Row};
use perfuse::units::MMHG;
use tube::{Tube, beat, plan, run};

const TUBE: Tube = Tube { diameter: 8e-3, length: 2.0, across: 10 };

fn wave() -> Vec<[f64; 2]> {
    (0..=100).map(|k| f64::from(k) / 100.0).map(|t| [t, 4.0 + 3.0 * (TAU * t).sin()]).collect()
}

/// Root mean square, over the last cycle, of what `off` gives for each row and its number.
fn deviation(run: &Finished, off: impl Fn(usize, &Row) -> f64) -> f64 {
    let rows = &run.last.rows;
    (rows.iter().enumerate().map(|(k, row)| off(k, row).powi(2)).sum::<f64>() / rows.len() as f64).sqrt()
}

#[test]
fn a_resistance() {
    let outlet = "resistance = { value = \"1e9 Pa s/m^3\", distal_pressure = \"60 mmHg\" }";
    let (_, run) = run(&TUBE, &wave(), outlet, "cycles = 2");
    let off = deviation(&run, |_, row| row.pressures[1] - (60.0 * MMHG - 1e9 * row.flows[1]));
    println!("resistance: {off:.1} Pa of a swing of 6000 Pa");
    assert!(off < 30.0, "{off} Pa");
}

#[test]
fn a_pressure_over_time_and_a_section_probe() {
    let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let pressure = |t: f64| 100.0 + 20.0 * (TAU * t).cos();
    let rows: String = (0..=100).map(|k| f64::from(k) / 100.0).map(|t| format!("{t},{:.9}\n", pressure(t))).collect();
    let file = folder.path().join("pressure.csv");
    std::fs::write(&file, format!("time [s],pressure [mmHg]\n{rows}")).unwrap_or_else(|e| panic!("{e}"));
    let outlet = format!("waveform = \"{}\"", file.display());
    let middle = tube::AXIS.map(|a| a * 8.0);
    let rest = format!(
        "[time]\ncycles = 2\n[output]\nsnapshots = 0\n[[probe]]\nname = \"middle\"\nat = {middle:?}\nnormal = {:?}\n",
        tube::AXIS
    );
    let plan = plan(&TUBE, &wave(), "", &outlet, &rest);
    let run = beat(&plan, None, &mut |_| Ok(()));
    let count = run.last.rows.len() as f64;
    let off = deviation(&run, |k, row| row.pressures[1] / MMHG - pressure(k as f64 / count));
    println!("pressure: {off:.4} mmHg of a swing of 40 mmHg");
    assert!(off < 0.2, "{off} mmHg");
    let probe = &plan.beat.as_ref().expect("a beat").probes[0];
    let area = probe.area(&run.level.lattice);
    let through = |row: &Row| area * (0..3).map(|a| tube::AXIS[a] * row.probes[0][1 + a]).sum::<f64>();
    let off = deviation(&run, |_, row| through(row) / 7e-6 - row.flows[0] / 7e-6);
    println!("section: {:.2} % of the largest flow, area {:.2} mm^2 of 50.27", 100.0 * off, area * 1e6);
    assert!((area * 1e6 / 50.265 - 1.0).abs() < 0.05, "{area} m^2");
    assert!(off < 0.05, "{off}");
    let between = run.last.rows.iter().all(|row| row.probes[0][0] > 0.0);
    assert!(between, "a pressure at the probe");
}

#[test]
fn a_coronary_bed() {
    let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let muscle = |t: f64| 40.0 * (0.5 * TAU * t).sin().powi(2);
    let rows: String = (0..=100).map(|k| f64::from(k) / 100.0).map(|t| format!("{t},{:.9}\n", muscle(t))).collect();
    let file = folder.path().join("muscle.csv");
    std::fs::write(&file, format!("time [s],pressure [mmHg]\n{rows}")).unwrap_or_else(|e| panic!("{e}"));
    let outlet = format!(
        "coronary = {{ arterial = \"2e8 Pa s/m^3\", arterial_compliance = \"1e-10 m^3/Pa\", micro = \"1e9 Pa s/m^3\", \
         micro_compliance = \"1e-9 m^3/Pa\", venous = \"5e8 Pa s/m^3\", intramyocardial = \"{}\" }}",
        file.display()
    );
    let (plan, run) = run(&TUBE, &wave(), &outlet, "cycles = 3");
    let rows = &run.last.rows;
    let sample = |k: usize| [k as f64 / rows.len() as f64, -rows[k % rows.len()].flows[1]];
    let flow = Waveform::from_samples(&(0..=rows.len()).map(sample).collect::<Vec<_>>()).expect("a wave");
    let fed = plan.iolets[1].load.as_ref().expect("a load").periodic(&flow).pressure;
    let off = deviation(&run, |k, row| row.pressures[1] - fed[k * STEPS / rows.len()]);
    let mean = fed.iter().sum::<f64>() / fed.len() as f64;
    println!("coronary: {:.3} % of the mean pressure", 100.0 * off / mean);
    assert!(off < 0.005 * mean, "{off} Pa of {mean}");
}

#[test]
fn a_part_of_the_inflow() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text =
        std::fs::read_to_string(root.join("cases/bifurcation_windkessel.toml")).unwrap_or_else(|e| panic!("{e}"));
    let sets =
        ["opening.outlet_right.flow_fraction=0.25", "resolution.across=8", "time.cycles=1", "output.snapshots=0"];
    let sets = sets.map(str::to_owned);
    let case = Case::parse(&root.join("cases/case.toml"), &text, &sets).unwrap_or_else(|e| panic!("{e}"));
    let plan = Plan::new(case, &Room::of(None)).unwrap_or_else(|e| panic!("{e}"));
    let run = beat(&plan, None, &mut |_| Ok(()));
    let off = deviation(&run, |_, row| row.flows[2] / row.flows[0] + 0.25);
    println!("part of the inflow: {off:.5}");
    assert!(off < 2e-3, "{off}");
}
