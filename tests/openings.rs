//! Openings in time on both backends: the same states, records and clocks.

#[path = "support/setup.rs"]
mod setup;
mod support;

use std::f64::consts::TAU;

use perfuse::backend::Flow;
use perfuse::backend::gpu::pipelines::Checks;
use perfuse::fluid::drive::{Clock, Drive, FLOW, LOAD, Law, OpeningState, Pace, SAMPLES, row_len};
use perfuse::fluid::iolet::{Kind, Modes};
use perfuse::geometry::lattice::IoletLink;
use setup::{STEPS, Setup, TOLERANCE, slices};
use support::adapter;

/// A flow with two extra velocity modes in, a Windkessel at the outlet, a probe between them.
fn drive(setup: &Setup) -> Drive {
    let links = &setup.lattice.iolet_links;
    let wave = |k: usize| (TAU * k as f64 / SAMPLES as f64).sin_cos();
    let column = |value: &dyn Fn(f64, f64) -> f64| -> Vec<f32> {
        (0..=SAMPLES).map(|k| value(wave(k).0, wave(k).1) as f32).collect()
    };
    let flow = [
        column(&|sin, cos| 0.02 + 0.01 * sin + 0.004 * cos),
        column(&|_, _| 0.02),
        column(&|sin, _| 0.01 * sin),
        column(&|_, cos| 0.004 * cos),
    ];
    let load = [column(&|_, _| 1e-4), column(&|_, cos| 1e-7 * cos), column(&|_, _| 0.0)];
    let area = std::f32::consts::PI * 49.0;
    let laws = vec![
        Law { kind: FLOW, area, gain: 0.02, bound: 0.01, modes: 2, ..Law::default() },
        Law {
            kind: LOAD,
            column: 4,
            area,
            gain: 0.01,
            admittance: area * 1.732,
            damper: 1e-3,
            direct: 2e-3,
            c: [1.0, 0.0],
            n0: [1e-6, 0.0],
            n1: [1e-6, 0.0],
            m: [-1e-3, 0.0, 0.0, 0.0],
            ..Law::default()
        },
    ];
    let own = |l: &IoletLink| l.iolet == 0;
    let mut modes = Modes { spans: vec![(0, 2), (2, 0)], first: Vec::new(), coefficients: Vec::new() };
    for (link, coefficient) in links.iter().zip(&setup.coefficients) {
        modes.first.push(modes.coefficients.len() as u32);
        if own(link) {
            modes.coefficients.extend([*coefficient, 0.5 * coefficient]);
        }
    }
    let near = |k: u16| -> Vec<(u32, f32)> {
        let sites: Vec<u32> = links.iter().filter(|l| l.iolet == k).map(|l| l.site).collect();
        sites.iter().map(|&site| (site, 1.0 / sites.len() as f32)).collect()
    };
    let sites: Vec<usize> = setup.lattice.fluid_sites().collect();
    let probe = vec![(sites[sites.len() / 2] as u32, 0.5), (sites[sites.len() / 3] as u32, 0.5)];
    Drive {
        laws,
        tables: [flow.concat(), load.concat()].concat(),
        states: vec![OpeningState::default(), OpeningState { x: [1e-3, 0.0], ..OpeningState::default() }],
        clock: Clock { reference: 1e-3, ..Clock::default() },
        pace: Pace { cycle: 500, stride: 50, openings: 2, gauges: 3, capacity: 8, ..Pace::default() },
        modes,
        gauges: vec![near(0), near(1), probe],
    }
}

#[test]
fn openings_in_time() {
    let setup = Setup::new(14.0, Kind::Outlet);
    let Some(opened) = adapter() else { return };
    for checks in [Checks::On, Checks::Off] {
        let mut flows = [Flow::Cpu(Box::new(setup.cpu())), Flow::Gpu(Box::new(setup.gpu(&opened, checks)))];
        let [a, b] = flows.each_mut().map(|flow| {
            let mut rows = Vec::new();
            flow.set_drive(Some(drive(&setup))).unwrap_or_else(|e| panic!("{e}"));
            for _ in 0..5 {
                flow.advance(STEPS / 5).unwrap_or_else(|e| panic!("{e}"));
                rows.extend(flow.records().unwrap_or_else(|e| panic!("{e}")));
            }
            let driven = flow.driven().unwrap_or_else(|e| panic!("{e}")).expect("a drive");
            (rows, driven, flow.state().unwrap_or_else(|e| panic!("{e}")).fields.map(|f| f.into_owned()))
        });
        setup.assert_alike("openings in time", &slices(&a.2), &slices(&b.2));
        assert_eq!((a.1.0.step, a.1.0.rows), (b.1.0.step, b.1.0.rows), "the clocks");
        assert_eq!((a.1.0.step, a.1.0.rows), (0, 20), "two cycles of ten rows");
        let length = row_len(2, 3);
        assert_eq!((a.0.len(), b.0.len()), (20 * length, 20 * length), "no row is lost");
        let mut worst = 0.0f32;
        for k in 0..length {
            let column = |rows: &[f32]| rows.iter().skip(k).step_by(length).copied().collect::<Vec<_>>();
            let (a, b) = (column(&a.0), column(&b.0));
            let most = a.iter().fold(0.0f32, |m, x| m.max(x.abs()));
            let apart = a.iter().zip(&b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            worst = worst.max(apart / most.max(1e-6));
        }
        println!("records: largest relative difference {worst:.2e}");
        assert!(f64::from(worst) <= TOLERANCE, "records: {worst:.2e}");
        let swing = a.0.iter().skip(1).step_by(length).fold((f32::MAX, f32::MIN), |m, x| (m.0.min(*x), m.1.max(*x)));
        assert!(swing.1 > 1.5 * swing.0.abs(), "the flow pulsates: {swing:?}");
    }
}
