//! The same flow on every backend: shaders and native code, instruction sets, threads.
//!
//! A tube that lies along no lattice direction, a parabolic flow inlet, a pressure outlet, 1,000 steps.

use std::f64::consts::TAU;
use std::sync::Arc;

use perfuse::analysis::wall_shear::{Layer, WallSampler};
use perfuse::backend::cpu::Level;
use perfuse::backend::gpu::admit::fits;
use perfuse::backend::gpu::error::GpuError;
use perfuse::backend::gpu::pipelines::Checks;
use perfuse::backend::{BackendError, Flow};
use perfuse::fluid::iolet::Kind;
use perfuse::fluid::moments::FIELDS;
use perfuse::fluid::rheology::{CARREAU_YASUDA, Table};
use perfuse::fluid::shear::{CycleSums, WallSums};
use perfuse::units::Scale;

#[path = "support/setup.rs"]
mod setup;
mod support;

use setup::{RADIUS, STEPS, Setup, TOLERANCE, slices};
use support::adapter;

/// Both backends after the same steps, and what each says goes through the openings.
fn assert_backends_alike(what: &str, setup: &Setup, checks: Checks) {
    let Some(mut opened) = adapter() else { return };
    // Few groups along x, so that a small case needs the second dimension as a large one does.
    opened.info.max_compute_workgroups_per_dimension = 23;
    let (mut cpu, mut gpu) = (setup.cpu(), setup.gpu(&opened, checks));
    cpu.advance(STEPS);
    let start = std::time::Instant::now();
    gpu.advance(STEPS).unwrap_or_else(|e| panic!("{e}"));
    let state = gpu.state().unwrap_or_else(|e| panic!("{e}"));
    let mlups = (setup.lattice.sites * STEPS) as f64 / start.elapsed().as_secs_f64() * 1e-6;
    println!("{what}: {} sites on {}: {mlups:.2} MLUPS", setup.lattice.sites, opened.info.name);
    setup.assert_alike(what, &cpu.moments(), &slices(&state));
    let (a, b) = (cpu.influx(), gpu.influx().unwrap_or_else(|e| panic!("{e}")));
    println!("{what}: influx {a:?} and {b:?}");
    assert!(a[0] > 1.0 && a[1] < -1.0, "flow goes in and out");
    for (a, b) in a.iter().zip(&b) {
        assert!((a - b).abs() <= TOLERANCE * a.abs(), "{what}: influx {a} and {b}");
    }
}

#[test]
fn shaders_with_an_outlet() {
    assert_backends_alike("outlet", &Setup::new(14.0, Kind::Outlet), Checks::On);
}

#[test]
fn shaders_without_index_checks() {
    assert_backends_alike("reservoir, no index checks", &Setup::new(12.0, Kind::Reservoir), Checks::Off);
}

#[test]
fn shaders_with_halfway_walls() {
    let mut setup = Setup::new(12.0, Kind::Outlet);
    setup.physics.halfway = true;
    setup.physics.omega_bulk = 1.3;
    assert_backends_alike("halfway walls", &setup, Checks::Off);
}

#[test]
fn shaders_with_a_source_at_the_wall() {
    let mut setup = Setup::new(12.0, Kind::Outlet);
    setup.physics.wall_source = 2e-5;
    assert_backends_alike("source at the wall", &setup, Checks::Off);
}

/// Blood whose viscosity falls to a sixth from the axis to the wall.
fn with_rheology(mut setup: Setup) -> Setup {
    let scale = Scale { dx: 2.0 * RADIUS / 14.0, dt: 1e-3, rho: 1060.0 };
    setup.rheology = Table::new(&CARREAU_YASUDA, &scale).map(Arc::new);
    assert!(setup.rheology.is_some());
    setup
}

#[test]
fn shaders_with_a_rheology() {
    assert_backends_alike("rheology", &with_rheology(Setup::new(14.0, Kind::Outlet)), Checks::Off);
}

/// Openings and physics changed on the way, the state taken out of one backend and put into the other.
#[test]
fn the_seam_means_the_same_on_both_backends() {
    let Some(opened) = adapter() else { return };
    let setup = Setup::new(12.0, Kind::Outlet);
    let flow = |opened| {
        let (lattice, iolets) = (setup.lattice.clone(), setup.iolets.clone());
        Flow::open(opened, lattice, iolets, setup.coefficients.clone(), setup.physics, setup.storage)
            .unwrap_or_else(|e| panic!("{e}"))
    };
    let (mut cpu, mut gpu) = (flow(None), flow(Some(opened)));
    assert_eq!(cpu.backend_name(), "cpu");
    assert_ne!(gpu.backend_name(), "cpu");
    for flow in [&mut cpu, &mut gpu] {
        flow.advance(101).unwrap_or_else(|e| panic!("{e}"));
        let mut inlet = flow.iolets()[0];
        inlet.value *= 0.5;
        flow.set_iolet(0, inlet);
        let mut physics = flow.physics();
        physics.omega = 1.7;
        flow.set_physics(physics);
        assert_eq!((flow.iolets()[0], flow.physics()), (inlet, physics));
        flow.advance(150).unwrap_or_else(|e| panic!("{e}"));
    }
    let (a, b) = (cpu.state().unwrap_or_else(|e| panic!("{e}")), gpu.state().unwrap_or_else(|e| panic!("{e}")));
    setup.assert_alike("changed on the way", &a.slices(), &b.slices());
    let halfway = b.slices().map(<[f32]>::to_vec);
    for flow in [&mut cpu, &mut gpu] {
        flow.set_state(&slices(&halfway)).unwrap_or_else(|e| panic!("{e}"));
        let state = flow.state().unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(state.slices(), slices(&halfway), "a state comes out as it went in");
        flow.advance(100).unwrap_or_else(|e| panic!("{e}"));
    }
    let (a, b) = (cpu.state().unwrap_or_else(|e| panic!("{e}")), gpu.state().unwrap_or_else(|e| panic!("{e}")));
    setup.assert_alike("after a change of backend", &a.slices(), &b.slices());
    let short = vec![0.0; 16];
    let refused = gpu.set_state(&[short.as_slice(); FIELDS]);
    assert!(matches!(refused, Err(BackendError::OtherLattice { found: 16, .. })), "{refused:?}");
}

/// Largest difference of two arrays over a scale.
fn apart<'a>(a: impl IntoIterator<Item = &'a f32>, b: impl IntoIterator<Item = &'a f32>, scale: f32) -> f64 {
    let difference = |(a, b): (&f32, &f32)| f64::from((a - b).abs());
    a.into_iter().zip(b).map(difference).fold(0.0, f64::max) / f64::from(scale)
}

/// Largest size of the values of an array.
fn largest<'a>(values: impl IntoIterator<Item = &'a f32>) -> f32 {
    values.into_iter().fold(0.0, |most, x| most.max(x.abs()))
}

/// How steady the stress was at each vertex: |sum of tau| over the sum of |tau|. The direction across the mean stress is
/// as much less certain than the stress itself.
fn steadiness(sums: &CycleSums) -> Vec<f32> {
    let of = |w: &WallSums| w.wss.iter().map(|x| x * x).sum::<f32>().sqrt() / w.magnitude;
    sums.wall.iter().map(of).collect()
}

/// Stresses relative to the largest stress (transverse ones times the steadiness of the cycle before), other fields each
/// to their largest value.
fn assert_sums_alike(cycle: usize, before: Option<&CycleSums>, a: &CycleSums, b: &CycleSums) {
    assert_eq!((a.weight, a.reference, a.directed), (b.weight, b.reference, b.directed));
    assert_eq!(a.directed, before.is_some());
    let certain = before.map_or(vec![1.0; a.wall.len()], steadiness);
    let of = |sums: &CycleSums| -> [Vec<f32>; 4] {
        let wss = sums.wall.iter().flat_map(|w| w.wss).collect();
        let one = |value: fn(&WallSums) -> f32| sums.wall.iter().map(value).collect::<Vec<f32>>();
        let transverse = one(|w| w.transverse).iter().zip(&certain).map(|(x, s)| x * s).collect();
        [wss, one(|w| w.magnitude), transverse, one(|w| w.drho)]
    };
    let (stress, drho) = (largest(&of(a)[1]), largest(&of(a)[3]));
    assert!(stress > 0.0 && drho > 0.0 && (largest(&of(a)[2]) > 0.0) == a.directed);
    for (k, name) in ["wss", "magnitude", "transverse", "drho"].into_iter().enumerate() {
        let worst = apart(&of(a)[k], &of(b)[k], if name == "drho" { drho } else { stress });
        println!("cycle {cycle}, {name}: largest relative difference {worst:.2e}");
        assert!(worst <= TOLERANCE, "{name}");
    }
    let (Some(a), Some(b)) = (&a.mean, &b.mean) else { panic!("averages were asked for") };
    let speed = a[..3].iter().map(largest).fold(0.0, f32::max);
    for (k, (a, b)) in a.iter().zip(b).enumerate() {
        let worst = apart(a, b, if k < 3 { speed } else { largest(a) });
        println!("cycle {cycle}, average {k}: largest relative difference {worst:.2e}");
        assert!(largest(a) > 0.0 && worst <= TOLERANCE, "average {k}");
    }
}

/// Two cycles of an inflow that swings: sums at the wall and averages, across the directions of the first in the second.
#[test]
fn sums_over_a_cycle_are_the_same() {
    let Some(mut opened) = adapter() else { return };
    opened.info.max_compute_workgroups_per_dimension = 23;
    for (checks, thins) in [(Checks::On, false), (Checks::Off, false), (Checks::On, true), (Checks::Off, true)] {
        let newtonian = Setup::new(12.0, Kind::Reservoir);
        let setup = if thins { with_rheology(newtonian) } else { newtonian };
        println!("index checks {checks:?}, {} rheology", if thins { "with a" } else { "no" });
        let sampler = WallSampler::new(&setup.lattice, &setup.surface, Layer::Thick);
        let gpu = setup.gpu(&opened, checks);
        let mut flows = [Flow::Cpu(Box::new(setup.cpu())), Flow::Gpu(Box::new(gpu))];
        for flow in &mut flows {
            assert_eq!(flow.cycle().unwrap_or_else(|e| panic!("{e}")), CycleSums::default(), "nothing is watched");
            flow.watch(sampler.stencil().clone(), true).unwrap_or_else(|e| panic!("{e}"));
        }
        let mut before = None;
        for cycle in 0..2 {
            let [a, b] = flows.each_mut().map(|flow| {
                flow.begin_cycle().unwrap_or_else(|e| panic!("{e}"));
                for k in 0..16 {
                    let mut inlet = flow.iolets()[0];
                    inlet.value = 0.01 + 0.03 * (f64::from(k) / 16.0 * TAU).sin() as f32;
                    flow.set_iolet(0, inlet);
                    flow.advance(20).unwrap_or_else(|e| panic!("{e}"));
                    flow.accumulate(20.0, 1e4 + f64::from(k));
                }
                flow.cycle().unwrap_or_else(|e| panic!("{e}"))
            });
            assert_sums_alike(cycle, before.as_ref(), &a, &b);
            before = Some(a);
        }
    }
}

#[test]
fn a_lost_adapter_is_an_error() {
    let Some(opened) = adapter() else { return };
    let mut flow = Setup::new(12.0, Kind::Outlet).gpu(&opened, Checks::Off);
    assert_eq!(flow.advance(1), Ok(()));
    opened.device.destroy();
    let lost = |result: Result<(), GpuError>| {
        assert!(matches!(result, Err(GpuError::Lost { .. } | GpuError::Refused { .. })), "{result:?}");
    };
    lost(flow.advance(3 * 100));
    lost(flow.influx().map(|_| ()));
    lost(flow.state().map(|_| ()));
    println!("{}", flow.advance(1).expect_err("a lost adapter"));
}

#[test]
fn an_adapter_that_is_too_small_is_refused_before_memory_is_taken() {
    let Some(opened) = adapter() else { return };
    let setup = Setup::new(12.0, Kind::Outlet);
    let refusal = |change: &dyn Fn(&mut perfuse::backend::gpu::device::AdapterInfo)| {
        let mut info = opened.info.clone();
        change(&mut info);
        fits(&info, &setup.lattice, setup.storage).expect_err("a refusal")
    };
    let few = refusal(&|info| info.max_storage_buffers_per_shader_stage = 8);
    assert!(matches!(few, GpuError::FewBuffers { needed: 25, allowed: 8, .. }), "{few}");
    let large = refusal(&|info| info.max_storage_buffer_binding_size = 4096);
    assert!(matches!(&large, GpuError::TooLarge { allowed: 4096, needed, .. } if *needed > 4096), "{large}");
    let narrow = refusal(&|info| info.max_compute_invocations_per_workgroup = 64);
    assert!(matches!(narrow, GpuError::SmallWorkgroup { needed: 128, allowed: 64, .. }), "{narrow}");
    assert_eq!(fits(&opened.info, &setup.lattice, setup.storage), Ok(()));
}

#[test]
fn instruction_sets_agree() {
    let mut newtonian = Setup::new(14.0, Kind::Outlet);
    newtonian.physics.wall_source = 1e-5;
    levels_agree("", &newtonian);
    levels_agree(" with a rheology", &with_rheology(newtonian));
}

fn levels_agree(what: &str, setup: &Setup) {
    let run = |level| {
        let mut flow = setup.cpu();
        flow.set_level(level);
        flow.advance(STEPS);
        flow
    };
    let portable = run(Level::Portable);
    for level in Level::available().into_iter().filter(|&l| l != Level::Portable) {
        setup.assert_alike(&format!("{level}{what}"), &portable.moments(), &run(level).moments());
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let setup = Setup::new(16.0, Kind::Outlet);
    assert!(setup.lattice.origins.len() >= 512, "too few blocks for two tasks");
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        let mut flow = setup.cpu();
        pool.install(|| flow.advance(STEPS));
        flow
    };
    let (one, two) = (run(1), run(2));
    assert_eq!(setup.difference(&one.moments(), &two.moments()).1, 0);
}
