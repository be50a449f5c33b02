//! States kept in 16 bits: the same on every backend up to its rounding, and what it costs in accuracy.
//!
//! `cargo test --release --test storage -- --nocapture` prints the tables of `docs/verification.md`.

use std::process::{Command, Output};

use perfuse::backend::cpu::{CpuFlow, Level};
use perfuse::backend::gpu::admit::bytes;
use perfuse::backend::gpu::pipelines::Checks;
use perfuse::fluid::iolet::Kind;
use perfuse::fluid::moments::{FIELDS, Macro};
use perfuse::fluid::storage::Storage;
use perfuse::geometry::lattice::Lattice;
use perfuse::geometry::tube;
use serde_json::Value;

#[path = "support/setup.rs"]
mod setup;
mod support;
#[path = "support/pipe.rs"]
mod tilted;

use setup::{Setup, slices};
use support::adapter;
use tilted::{Case, Row};

/// Largest relative rounding of a number in 16 bits by which a state is rounded up or down: one unit in the last place.
const UNIT: f64 = 1.0 / 1024.0;

fn in_16_bits(across: f64) -> Setup {
    Setup { storage: Storage::F16, ..Setup::new(across, Kind::Outlet) }
}

/// The state of the same flow after `steps` in 32 bits, to start from.
fn developed(setup: &Setup, steps: usize) -> [Vec<f32>; FIELDS] {
    let mut flow = Setup { storage: Storage::F32, ..setup.clone() }.cpu();
    flow.advance(steps);
    flow.moments().map(|field| field.into_owned())
}

/// After one step from the same state both differ where a number lies at the edge of being rounded up. After more, what
/// the two were rounded by has spread, and the differences are those of two flows with noise of their own.
fn assert_alike(what: &str, setup: &Setup, steps: usize, a: &[Vec<f32>; FIELDS], b: &[Vec<f32>; FIELDS]) {
    let (worst, differ, of) = setup.difference(a, b);
    let (units, part) = (worst / UNIT, differ as f64 / of as f64);
    println!("{what}, {steps} steps: largest difference {units:.2} units, {:.3} % of the values differ", 100.0 * part);
    let (most, share) = if steps == 1 { (1.01, 0.01) } else { (12.0, 1.0) };
    assert!(units <= most && part <= share, "{what}, {steps} steps");
}

#[test]
fn shaders_and_instruction_sets_agree() {
    let setup = in_16_bits(14.0);
    let start = developed(&setup, 1000);
    let opened = adapter();
    for steps in [1, 300] {
        let run = |level| {
            let mut flow: CpuFlow = setup.cpu();
            flow.set_level(level);
            flow.set_state(&slices(&start));
            flow.advance(steps);
            flow.moments().map(|field| field.into_owned())
        };
        let native = run(Level::detect());
        for level in Level::available().into_iter().skip(1) {
            assert_alike(&format!("{} and {level}", Level::detect()), &setup, steps, &native, &run(level));
        }
        for checks in [Checks::On, Checks::Off] {
            let Some(opened) = &opened else { continue };
            let mut flow = setup.gpu(opened, checks);
            flow.set_state(&slices(&start)).unwrap_or_else(|e| panic!("{e}"));
            flow.advance(steps).unwrap_or_else(|e| panic!("{e}"));
            let state = flow.state().unwrap_or_else(|e| panic!("{e}"));
            assert_alike(&format!("native and WGSL, checks {checks:?}"), &setup, steps, &native, &state);
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let setup = in_16_bits(16.0);
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        let mut flow = setup.cpu();
        pool.install(|| flow.advance(500));
        flow.moments().map(|field| field.into_owned())
    };
    assert_eq!(setup.difference(&run(1), &run(2)).1, 0);
}

/// Both ends closed: a swirl dies away, and the mass stays what it was. It is not kept exactly in either storage: walls
/// leak a little while there is flow, and rounding walks at random.
#[test]
fn a_closed_tube_keeps_its_mass() {
    const STEPS: usize = 100_000;
    let mut setup = Setup::new(12.0, Kind::Velocity);
    setup.iolets.iter_mut().for_each(|iolet| iolet.value = 0.0);
    let drifts = Storage::ALL.map(|storage| {
        setup.storage = storage;
        let mut flow = setup.cpu();
        let mut fields: [Vec<f32>; FIELDS] = std::array::from_fn(|_| vec![0.0; setup.lattice.padded_len()]);
        for site in setup.lattice.fluid_sites() {
            let [x, y, z] = setup.lattice.coordinates(site).map(|c| 0.4 * c as f32);
            let state = Macro::equilibrium(0.01 + 0.003 * x.cos(), [0.02 * y.sin(), 0.02 * z.sin(), 0.02 * x.sin()]);
            fields.iter_mut().zip(state.write()).for_each(|(field, value)| field[site] = value);
        }
        flow.set_state(&slices(&fields));
        let mass = |flow: &CpuFlow| {
            let sites = setup.lattice.fluid_sites();
            sites.map(|site| f64::from(Macro::read(&flow.site(site)).drho)).sum::<f64>()
        };
        let (mut last, before) = (0.0, mass(&flow));
        for steps in [1000, STEPS / 10 - 1000, STEPS - STEPS / 10] {
            flow.advance(steps);
            let now = mass(&flow);
            println!(
                "{storage}: after {steps} more steps the mean density deviation is {:.4e} of what it was",
                now / before
            );
            last = now / before - 1.0;
        }
        last
    });
    println!("drift over {STEPS} steps: {drifts:?} of a density deviation of 0.01");
    assert!((drifts[1] - drifts[0]).abs() < 0.01, "{drifts:?}");
}

/// Bytes a site that the time loop holds, on the processor and on an adapter.
#[test]
fn memory_of_a_site() {
    for (across, axis) in [
        (24.0, tilted::AXIS),
        (40.0, tilted::AXIS),
        (40.0, [1.0, 0.0, 0.0]),
        (80.0, tilted::AXIS),
        (200.0, tilted::AXIS),
    ] {
        let length = if across > 100.0 { 0.5 } else { 2.0 };
        let surface = tube::closed([0.0; 3], axis, 1.0, 2.0 * length, 256);
        let lattice = Lattice::build(&surface, 2.0 / across).expect("a lattice");
        let sites = lattice.sites as f64;
        let held = Storage::ALL.map(|storage| {
            let openings = 2 * size_of::<f32>() * lattice.iolet_links.len();
            let native = 2 * storage.state_bytes() * lattice.padded_len() + lattice.table_bytes() + openings;
            [native as f64 / sites, bytes(&lattice, storage) as f64 / sites]
        });
        let fill = sites / lattice.padded_len() as f64;
        println!(
            "{across} across along {axis:?}, {:.0} % of the lanes fluid: native, adapter: f32 {:.1?}, f16 {:.1?} B a site",
            100.0 * fill,
            held[0],
            held[1]
        );
        if across >= 80.0 || axis[0] == 1.0 {
            assert!(held[0].iter().all(|b| *b <= 120.0) && held[1].iter().all(|b| *b <= 70.0), "{across}: {held:?}");
        }
    }
}

fn perfuse(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_perfuse")).args(args).output().unwrap_or_else(|e| panic!("{e}"))
}

/// A case from surface to summary with both storages, and a word that is none of them.
#[test]
fn a_case_runs_in_16_bits() {
    let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let file = |name: &str| folder.path().join(name).display().to_string();
    let made = perfuse(&["mesh", "straight", "--diameter", "4mm", "--length", "12mm", "--out", &file("tube.obj")]);
    assert!(made.status.success(), "{made:?}");
    let text = "[geometry]\nsurface = \"tube.obj\"\nunit = \"mm\"\n\
        [[opening]]\nname = \"inlet\"\npatch = \"inlet\"\nflow = \"1 ml/s\"\n\
        [[opening]]\nname = \"outlet\"\npatch = \"outlet\"\npressure = \"90 mmHg\"\n\
        [blood]\ndensity = \"1060 kg/m^3\"\nviscosity = \"4 mPa s\"\n[resolution]\nacross = 12\nstorage = \"f16\"\n";
    std::fs::write(file("tube.toml"), text).unwrap_or_else(|e| panic!("{e}"));
    let drops = ["f32", "f16"].map(|storage| {
        let set = format!("resolution.storage={storage}");
        let done = perfuse(&["run", &file("tube.toml"), "--out", &file(storage), "--device", "cpu", "--set", &set]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let bytes = std::fs::read(folder.path().join(storage).join("summary.json")).unwrap_or_else(|e| panic!("{e}"));
        let summary: Value = serde_json::from_slice(&bytes).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(
            (summary["status"].as_str(), summary["lattice"]["storage"].as_str()),
            (Some("converged"), Some(storage))
        );
        summary["pressure_drop_mmHg"]["outlet"].as_f64().unwrap_or(f64::NAN)
    });
    println!("pressure drops {drops:?} mmHg");
    assert!((drops[1] / drops[0] - 1.0).abs() < 0.02, "{drops:?}");
    let plan = perfuse(&["check", &file("tube.toml"), "--device", "cpu", "--json"]);
    let plan: Value = serde_json::from_slice(&plan.stdout).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(plan["storage"], "f16");
    assert!(plan["bytes_per_site"].as_f64().is_some_and(|b| b > 40.0 && b < 120.0), "{plan}");
    let fast = perfuse(&["check", &file("tube.toml"), "--device", "cpu", "--set", "opening.inlet.flow=12 ml/s"]);
    assert!(String::from_utf8_lossy(&fast.stdout).contains("lets pressures fluctuate"), "{fast:?}");
    let wrong = perfuse(&["check", &file("tube.toml"), "--set", "resolution.storage=f8"]);
    let message = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(wrong.status.code() == Some(2) && message.contains("f16"), "{message}");
}

/// What 16 bits cost a pipe flow: means and standard deviations in time of the errors, from the steady flow in 32 bits.
#[test]
fn errors_of_a_tilted_pipe() {
    let fine = std::env::var_os("PERFUSE_FINE").is_some();
    println!("{}", Row::HEAD);
    for across in if fine { vec![12.0, 16.0, 24.0] } else { vec![12.0] } {
        let surface = tube::closed([0.0; 3], tilted::AXIS, 1.0, 2.0 * tilted::LENGTH, (16.0 * across) as usize);
        for (reynolds, tau) in [(10.0, 0.56), (300.0, 0.5096)] {
            let case = Case { across, reynolds, tau, halfway: false, storage: Storage::F32 };
            let (exact, state) = case.run(&surface, None, None);
            let case = Case { storage: Storage::F16, ..case };
            let [mean, deviation] = case.average(&surface, None, &state);
            println!("{case}{exact} f32\n{case}{mean} f16, mean\n{case}{deviation} f16, deviation");
            assert!((mean.velocity - exact.velocity).abs() < 3e-4, "{mean}");
            assert!((mean.gradient - exact.gradient).abs() < 1e-2, "{mean}");
            assert!((mean.shear_mean - exact.shear_mean).abs() < 1e-3, "{mean}");
            assert!((mean.shear_deviation - exact.shear_deviation).abs() < 1e-3, "{mean}");
        }
    }
}
