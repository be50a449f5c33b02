//! Loads against a fine Runge-Kutta solution, closed forms and each other.

use std::f64::consts::TAU;

use super::*;
use crate::units::MMHG;

/// `mean + amplitude sin(2 pi t / T)`.
fn sine(mean: f64, amplitude: f64, period: f64) -> Waveform {
    let sample = |k: usize| [period * k as f64 / 200.0, mean + amplitude * (TAU * (k % 200) as f64 / 200.0).sin()];
    Waveform::from_samples(&(0..=200).map(sample).collect::<Vec<_>>()).unwrap_or_else(|e| panic!("{e}"))
}

/// A beat of the aorta: a systole of 0.3 s, a short backflow, and rest; m^3/s, 0.8 s.
fn beat() -> Waveform {
    let sample = |k: usize| {
        let t = 0.01 * k as f64;
        let flow = match t {
            t if t < 0.3 => 400e-6 * (TAU * t / 0.6).sin(),
            t if t < 0.35 => -40e-6 * (TAU * (t - 0.3) / 0.1).sin(),
            _ => 0.0,
        };
        [t, flow]
    };
    let mut samples: Vec<_> = (0..80).map(sample).collect();
    samples.push([0.8, 0.0]);
    Waveform::from_samples(&samples).unwrap_or_else(|e| panic!("{e}"))
}

fn rcr(proximal: f64, compliance: f64, distal: f64) -> Load {
    Load::Windkessel { proximal, compliance, distal, distal_pressure: 10.0 * MMHG }
}

fn coronary() -> Load {
    Load::Coronary {
        arterial: 40.0 * MMHG * 1e6,
        arterial_compliance: 0.002e-6 / MMHG,
        micro: 60.0 * MMHG * 1e6,
        micro_compliance: 0.02e-6 / MMHG,
        venous: 20.0 * MMHG * 1e6,
        intramyocardial: sine(60.0 * MMHG, 55.0 * MMHG, 0.8),
        venous_pressure: 5.0 * MMHG,
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// One classical Runge-Kutta step of 1/100 of `dt` each, with flow and muscle pressure linear over `dt`.
fn runge_kutta(circuit: &Circuit, mut x: [f64; 2], flow: [f64; 2], external: [f64; 2], dt: f64) -> [f64; 2] {
    let h = dt / 100.0;
    let at = |pair: [f64; 2], t: f64| pair[0] + (pair[1] - pair[0]) * t / dt;
    for k in 0..100 {
        let t = h * f64::from(k);
        let rate = |x: [f64; 2], t: f64| circuit.rate(x, at(flow, t), at(external, t));
        let add = |x: [f64; 2], k: [f64; 2], s: f64| [x[0] + s * k[0], x[1] + s * k[1]];
        let k1 = rate(x, t);
        let k2 = rate(add(x, k1, 0.5 * h), t + 0.5 * h);
        let k3 = rate(add(x, k2, 0.5 * h), t + 0.5 * h);
        let k4 = rate(add(x, k3, h), t + h);
        x = [0, 1].map(|i| x[i] + h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]));
    }
    x
}

#[test]
fn a_step_is_that_of_the_equation() {
    for load in [rcr(0.1e8, 1e-8, 1.5e8), coronary()] {
        let circuit = load.circuit();
        for dt in [1e-4, 1e-2, 0.3] {
            let (x, flow, external) = ([9000.0, 2500.0], [3e-6, 80e-6], [2000.0, 9000.0]);
            let exact = load.discrete(dt).advance(x, flow, external);
            let fine = runge_kutta(&circuit, x, flow, external, dt);
            for i in 0..circuit.states {
                assert!((exact[i] / fine[i] - 1.0).abs() < 1e-8, "{dt}: {exact:?} {fine:?}");
            }
        }
    }
}

#[test]
fn a_resistance_has_no_memory() {
    let load = Load::Resistance { resistance: 2e8, distal_pressure: 500.0 };
    let step = load.discrete(0.01);
    assert_eq!(step.advance([0.0; 2], [1e-6, 5e-6], [0.0; 2]), [0.0; 2]);
    assert_eq!(step.pressure([0.0; 2], 5e-6), 1500.0);
    let solution = load.periodic(&beat());
    assert_eq!(solution.state, [0.0; 2]);
    assert!((solution.pressure[300] - 500.0 - 2e8 * solution.flow[300]).abs() < 1e-9);
}

/// `p(t)` of a Windkessel under a sine flow: impedance `Rp + Rd / (1 + i w Rd C)`.
#[test]
fn the_periodic_solution_is_that_of_the_impedance() {
    let (rp, c, rd, period) = (0.1e8, 1e-8, 1.5e8, 0.8);
    let flow = sine(80e-6, 60e-6, period);
    let solution = rcr(rp, c, rd).periodic(&flow);
    let w = TAU / period;
    let (denominator, phase) = (1.0 + (w * rd * c).powi(2), w * rd * c);
    let [real, imaginary] = [rp + rd / denominator, -rd * phase / denominator];
    let amplitude = flow.harmonics(1)[1][1];
    for (k, p) in solution.pressure.iter().enumerate() {
        let (sin, cos) = (TAU * k as f64 / STEPS as f64).sin_cos();
        let exact = 10.0 * MMHG + 80e-6 * (rp + rd) + amplitude * (real * sin + imaginary * cos);
        assert!((p - exact).abs() < 0.15, "{k}: {p} {exact}");
    }
}

#[test]
fn stepping_from_the_periodic_state_comes_back_to_it() {
    for load in [rcr(0.1e8, 1e-8, 1.5e8), rcr(0.1e8, 1e-4, 1.5e8), rcr(1e5, 1e-14, 1e6), coronary()] {
        let flow = beat().scaled(0.02);
        let solution = load.periodic(&flow);
        let dt = flow.period() / STEPS as f64;
        let step = load.discrete(dt);
        let mut x = solution.state;
        for k in 0..STEPS {
            let p = step.pressure(x, solution.flow[k]);
            assert!((p - solution.pressure[k]).abs() < 1e-7 * solution.pressure[k].abs().max(1.0), "{load:?} {k}");
            let flows = [solution.flow[k], solution.flow[(k + 1) % STEPS]];
            x = step.advance(x, flows, [k, k + 1].map(|k| load.external(dt * k as f64)));
        }
        for (end, begin) in x.iter().zip(solution.state) {
            assert!((end - begin).abs() <= 1e-8 * begin.abs(), "{load:?}: {end} {begin}");
        }
    }
}

#[test]
fn the_mean_pressure_is_that_of_the_mean_flow() {
    let flow = beat();
    for load in [rcr(0.1e8, 1e-8, 1.5e8), rcr(0.1e8, 1.0, 1.5e8), rcr(0.1e8, 1e-18, 1.5e8)] {
        let expected = load.distal_pressure() + flow.mean() * load.total_resistance();
        let solution = load.periodic(&flow);
        let sampled = load.distal_pressure() + mean(&solution.flow) * load.total_resistance();
        assert!((mean(&solution.pressure) / sampled - 1.0).abs() < 1e-7, "{load:?}");
        assert!((mean(&solution.pressure) / expected - 1.0).abs() < 1e-6, "{load:?}");
    }
    let coronary = coronary();
    let flow = flow.scaled(0.02);
    let expected = coronary.distal_pressure() + flow.mean() * coronary.total_resistance();
    assert!((mean(&coronary.periodic(&flow).pressure) / expected - 1.0).abs() < 1e-6);
}

/// A passive circuit, left alone, loses energy in every step, whatever its time constants.
#[test]
fn steps_are_stable_at_any_time_constant() {
    for compliance in [1e-20, 1e-12, 1e-8, 1e-3, 1e3] {
        for dt in [1e-7, 1e-3, 1.0] {
            let mut bed = coronary();
            if let Load::Coronary { arterial_compliance, micro_compliance, .. } = &mut bed {
                (*arterial_compliance, *micro_compliance) = (compliance, 3.0 * compliance);
            }
            for load in [rcr(0.1e8, compliance, 1.5e8), bed] {
                let (circuit, step) = (load.circuit(), load.discrete(dt));
                let energy =
                    |x: [f64; 2]| (0..circuit.states).map(|i| circuit.capacitance[i] * x[i] * x[i]).sum::<f64>();
                let free = Discrete { k: [0.0; 2], ..step };
                let mut x = [1.0, if circuit.states > 1 { -1.0 } else { 0.0 }];
                for _ in 0..50 {
                    let next = free.advance(x, [0.0; 2], [0.0; 2]);
                    assert!(energy(next) <= energy(x) * (1.0 + 1e-12), "{compliance} {dt}: {x:?} {next:?}");
                    x = next;
                }
                let held = (0..3).fold([0.0; 2], |x, _| step.advance(x, [1e-6; 2], [1e3; 2]));
                assert!(held.iter().all(|p| p.is_finite() && p.abs() < 1e6), "{compliance} {dt}: {held:?}");
            }
        }
    }
}

#[test]
fn branches_share_the_flow() {
    let flow = beat();
    let branches = [
        Branch { load: rcr(0.3e8, 0.4e-8, 4e8), series: 0.2e8 },
        Branch { load: Load::Resistance { resistance: 9e8, distal_pressure: 20.0 * MMHG }, series: 0.0 },
        Branch { load: coronary(), series: 1e8 },
        Branch { load: rcr(0.1e8, 0.8e-8, 2e8), series: 0.0 },
    ];
    let solution = network_periodic(&flow, &branches);
    let table = flow.table(STEPS);
    let dt = flow.period() / STEPS as f64;
    for (k, inflow) in table.iter().enumerate() {
        let sum: f64 = solution.branches.iter().map(|branch| branch.flow[k]).sum();
        assert!((sum - inflow).abs() < 1e-9 * flow.max());
    }
    for (branch, found) in branches.iter().zip(&solution.branches) {
        let step = branch.load.discrete(dt);
        let mut x = found.state;
        for k in 0..STEPS {
            let p = step.pressure(x, found.flow[k]);
            assert!((p - found.pressure[k]).abs() < 0.05, "{:?} {k}: {p} {}", branch.load, found.pressure[k]);
            assert!((found.pressure[k] + branch.series * found.flow[k] - solution.pressure[k]).abs() < 1e-6);
            x = step.advance(
                x,
                [found.flow[k], found.flow[(k + 1) % STEPS]],
                [k, k + 1].map(|k| branch.load.external(dt * k as f64)),
            );
        }
        let expected = mean(&found.flow) * branch.load.total_resistance() + branch.load.distal_pressure();
        assert!((mean(&found.pressure) / expected - 1.0).abs() < 1e-6);
    }
    assert_eq!(network_periodic(&flow, &[]).pressure, Vec::<f64>::new());
}

/// The two Windkessels of svZeroDSolver's case on cycles to periodicity. Its estimate takes the longer of the branches'
/// own time constants; beside each other they share their charge, and the network forgets sooner.
#[test]
fn a_periodic_start_needs_one_cycle() {
    let load = |distal: f64| Load::Windkessel { proximal: 1000.0, compliance: 1e-4, distal, distal_pressure: 0.0 };
    let flow = sine(2.2, 2.5, 1.0);
    let alone = network_periodic(&flow, &[Branch { load: load(70_000.0), series: 700.0 }]);
    assert!((alone.slowest - 7.0).abs() < 1e-12);
    assert_eq!(alone.cycles_from_rest(0.01), 33);
    let branches = [Branch { load: load(70_000.0), series: 400.0 }, Branch { load: load(10_000.0), series: 500.0 }];
    let both = network_periodic(&flow, &branches);
    assert!(both.slowest < 7.0 && both.slowest > 1.5, "{}", both.slowest);
    let steps: Vec<_> = branches.iter().map(|branch| branch.load.discrete(1.0 / STEPS as f64)).collect();
    for ((branch, step), found) in branches.iter().zip(&steps).zip(&both.branches) {
        let flows = |k: usize| [found.flow[k], found.flow[(k + 1) % STEPS]];
        let end = (0..STEPS).fold(found.state, |x, k| step.advance(x, flows(k), [0.0; 2]));
        assert!((end[0] / found.state[0] - 1.0).abs() < 1e-6, "{:?}: {end:?} {:?}", branch.load, found.state);
    }
}

fn target(systolic: f64, diastolic: f64) -> Target {
    Target {
        systolic: systolic * MMHG,
        diastolic: diastolic * MMHG,
        distal: 0.0,
        exponent: 3.0,
        fraction: PROXIMAL_FRACTION,
    }
}

fn extremes(values: &[f64]) -> [f64; 2] {
    let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    [max / MMHG, values.iter().copied().fold(f64::INFINITY, f64::min) / MMHG]
}

#[test]
fn tuned_loads_have_the_blood_pressure() {
    let flow = beat();
    let diameters = [24.0, 8.0, 6.0, 9.0];
    for (systolic, diastolic, distal) in [(120.0, 80.0, 0.0), (160.0, 70.0, 5.0), (105.0, 75.0, 0.0)] {
        let target = Target { distal: distal * MMHG, ..target(systolic, diastolic) };
        let tuned = tune(&flow, &diameters, &target).unwrap_or_else(|e| panic!("{e}"));
        let branches: Vec<_> = tuned.loads.iter().map(|load| Branch { load: load.clone(), series: 0.0 }).collect();
        let solution = network_periodic(&flow, &branches);
        let [max, min] = extremes(&solution.pressure);
        println!(
            "{systolic}/{diastolic}: {max:.5}/{min:.5}, R {} mmHg s/ml, C {} ml/mmHg, fraction {}",
            tuned.resistance / MMHG * 1e-6,
            tuned.compliance * MMHG * 1e6,
            tuned.fraction
        );
        assert!((max - systolic).abs() < 0.01 && (min - diastolic).abs() < 0.01, "{max} {min}");
        assert!((tuned.shares.iter().sum::<f64>() - 1.0).abs() < 1e-14);
        assert!((tuned.shares[0] / tuned.shares[1] - 27.0).abs() < 1e-9);
        for (branch, share) in solution.branches.iter().zip(&tuned.shares) {
            assert!((mean(&branch.flow) / flow.mean() / share - 1.0).abs() < 1e-6);
        }
        let expected = target.distal + tuned.resistance * flow.mean();
        assert!((mean(&solution.pressure) / expected - 1.0).abs() < 1e-6);
    }
}

#[test]
fn a_small_pulse_lowers_the_proximal_fraction() {
    let tuned = tune(&beat(), &[1.0], &target(100.0, 90.0)).unwrap_or_else(|e| panic!("{e}"));
    assert!(tuned.lowered && tuned.fraction < PROXIMAL_FRACTION && tuned.fraction > 0.001, "{tuned:?}");
    let [max, min] = extremes(&tuned.loads[0].periodic(&beat()).pressure);
    assert!((max - 100.0).abs() < 0.01 && (min - 90.0).abs() < 0.01);
    let kept = tune(&beat(), &[1.0], &target(160.0, 70.0)).unwrap_or_else(|e| panic!("{e}"));
    assert!(!kept.lowered && kept.fraction == PROXIMAL_FRACTION);
}

#[test]
fn what_cannot_be_tuned() {
    let say = |flow: &Waveform, diameters: &[f64], target: Target| match tune(flow, diameters, &target) {
        Ok(tuned) => panic!("{tuned:?}"),
        Err(error) => error.to_string(),
    };
    assert!(say(&beat(), &[], target(120.0, 80.0)).contains("no outlet"));
    assert!(say(&beat(), &[1.0, 0.0], target(120.0, 80.0)).contains("no outlet"));
    assert!(say(&beat(), &[1.0], target(80.0, 120.0)).contains("they are 80 mmHg, 120 mmHg and 0 mmHg"));
    assert!(say(&beat(), &[1.0], Target { fraction: 1.0, ..target(120.0, 80.0) }).contains("proximal part"));
    assert!(say(&beat().scaled(-1.0), &[1.0], target(120.0, 80.0)).contains("mean inflow is -"));
    let steep = say(&beat(), &[1.0], Target { exponent: f64::NAN, ..target(120.0, 80.0) });
    assert!(steep.contains("exponent is NaN, allowed is 0 to 10"), "{steep}");
    let weak = say(&sine(80e-6, 8e-6, 0.8), &[1.0], target(120.0, 80.0));
    assert!(weak.contains("72 ml/s and 88 ml/s") && weak.contains("no more than 97.7"), "{weak}");
    let steady = say(&Waveform::constant(80e-6, 0.8), &[1.0], target(120.0, 80.0));
    assert!(steady.contains("no more than 80 mmHg"), "{steady}");
}
