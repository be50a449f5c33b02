//! Developed flow of blood that thins with the shear rate, in a pipe of 32 sites across that is tilted against the
//! lattice along (0.48, 0.6, 0.64): power law and Casson against their closed forms, Carreau-Yasuda against a quadrature.
//!
//! `cargo test --release --test rheology -- --nocapture` prints the table of `docs/verification.md`. Each flow starts from
//! the solution, with its profile at the inlet, and runs on the native CPU until it is the lattice's own; where there is
//! an adapter, that goes on from there.

use std::sync::Arc;

use perfuse::analysis::wall_shear::{Layer, WallSampler};
use perfuse::backend::Flow;
use perfuse::backend::gpu::device::{Choice, DeviceError, Opened, open};
use perfuse::fluid::collision::{Physics, omega};
use perfuse::fluid::iolet::{self, Iolet, Kind};
use perfuse::fluid::moments::{FIELDS, Macro};
use perfuse::fluid::rheology::{CARREAU_YASUDA, Rheology, Table};
use perfuse::fluid::storage::Storage;
use perfuse::geometry::lattice::Lattice;
use perfuse::geometry::tube;
use perfuse::geometry::vessel::Closed;
use perfuse::units::Scale;

const AXIS: [f64; 3] = [0.48, 0.6, 0.64];
const ACROSS: f64 = 32.0;
const RADIUS: f64 = 4e-3;
const LENGTH: f64 = 3.0 * RADIUS;
const RHO: f64 = 1060.0;

/// Largest relaxation time anywhere: that of a run's plan.
const TAU: f64 = 3.5;

/// Radii that a profile is tabulated at.
const POINTS: usize = 4000;

/// Steps on an adapter.
const STEPS_ON: usize = 160;

/// A fluid, the stress at the wall (Pa), and the closed form of its velocity (m/s) at a radius (of 1) where it has one.
struct Fluid {
    name: &'static str,
    law: Rheology,
    wall: f64,
    closed: Option<fn(f64) -> f64>,
}

const POWER_LAW: Rheology = Rheology::PowerLaw { consistency: 15e-3, exponent: 0.7, least: 1e-3, most: 60e-3 };

const CASSON: Rheology = Rheology::Casson { yield_stress: 5e-3, viscosity: 3.5e-3, regularisation: 25.0 };

const FLUIDS: [Fluid; 3] = [
    Fluid { name: "power law, n = 0.7", law: POWER_LAW, wall: 0.08, closed: Some(power_law) },
    Fluid { name: "Casson", law: CASSON, wall: 0.05, closed: Some(casson) },
    Fluid { name: "Carreau-Yasuda", law: CARREAU_YASUDA, wall: 0.07, closed: None },
];

/// Power law without limits.
fn power_law(r: f64) -> f64 {
    let rate = (0.08 / 15e-3f64).powf(1.0 / 0.7);
    rate * RADIUS / (1.0 + 1.0 / 0.7) * (1.0 - r.powf(1.0 + 1.0 / 0.7))
}

/// Casson's law without regularisation: the plug inside the radius of the yield stress moves as one.
fn casson(r: f64) -> f64 {
    let plug: f64 = 5e-3 / 0.05;
    let r = r.max(plug);
    let shape = 1.0 - r * r - 8.0 / 3.0 * plug.sqrt() * (1.0 - r.powf(1.5)) + 2.0 * plug * (1.0 - r);
    0.05 * RADIUS / (2.0 * 3.5e-3) * shape
}

/// Shear rate (1/s) and velocity (m/s) at equally spaced radii from 0 to 1.
struct Solution {
    rate: Vec<f64>,
    velocity: Vec<f64>,
}

impl Solution {
    /// The stress of developed pipe flow is proportional to the radius; the shear rate is integrated from the wall.
    fn new(fluid: &Fluid) -> Self {
        let rate: Vec<f64> = (0..=POINTS)
            .map(|k| {
                let stress = fluid.wall * k as f64 / POINTS as f64;
                let (mut low, mut high) = (0.0, stress / fluid.law.reference());
                for _ in 0..200 {
                    let middle = 0.5 * (low + high);
                    if middle * fluid.law.viscosity(middle) < stress { low = middle } else { high = middle }
                }
                0.5 * (low + high)
            })
            .collect();
        let mut velocity = vec![0.0; POINTS + 1];
        for k in (0..POINTS).rev() {
            velocity[k] = velocity[k + 1] + 0.5 * (rate[k] + rate[k + 1]) * RADIUS / POINTS as f64;
        }
        Self { rate, velocity }
    }

    fn at(values: &[f64], r: f64) -> f64 {
        let x = (r * POINTS as f64).min(POINTS as f64);
        let k = (x as usize).min(POINTS - 1);
        values[k] + (x - k as f64) * (values[k + 1] - values[k])
    }

    /// Mean velocity over the section, m/s.
    fn mean(&self) -> f64 {
        let ring = |k: usize| 2.0 * k as f64 / POINTS as f64 * self.velocity[k] / POINTS as f64;
        (0..=POINTS).map(ring).sum()
    }
}

/// Length along the axis (m), distance from it (radii) and unit vector away from it.
fn cylindrical(p: [f64; 3]) -> (f64, f64, [f64; 3]) {
    let along: f64 = (0..3).map(|a| p[a] * AXIS[a]).sum();
    let off: [f64; 3] = std::array::from_fn(|a| p[a] - along * AXIS[a]);
    let r = off.iter().map(|x| x * x).sum::<f64>().sqrt();
    (along, r / RADIUS, off.map(|x| x / r.max(1e-12)))
}

fn in_middle(along: f64) -> bool {
    (0.4..=0.7).contains(&(along / LENGTH))
}

/// A fluid in the pipe.
struct Pipe<'a> {
    fluid: &'a Fluid,
    solution: Solution,
    scale: Scale,
    lattice: &'a Arc<Lattice>,
}

/// Errors, relative: velocity (L2 norm), pressure gradient, mean wall shear.
#[derive(Debug)]
struct Errors {
    velocity: f64,
    gradient: f64,
    shear: f64,
}

impl<'a> Pipe<'a> {
    fn new(fluid: &'a Fluid, lattice: &'a Arc<Lattice>) -> Self {
        let scale = Scale::from_tau(2.0 * RADIUS / ACROSS, RHO, fluid.law.largest(), TAU);
        Self { fluid, solution: Solution::new(fluid), scale, lattice }
    }

    fn exact(&self, r: f64) -> f64 {
        self.fluid.closed.map_or_else(|| Solution::at(&self.solution.velocity, r), |f| f(r))
    }

    /// Inflow, lattice units.
    fn flow(&self) -> f64 {
        self.scale.flow_to_lattice(self.solution.mean() * std::f64::consts::PI * RADIUS * RADIUS)
    }

    /// The pipe with the solution at every site.
    fn open(&self, opened: Option<Opened>) -> Flow {
        let [into, out] = [-1.0, 1.0].map(|sign| AXIS.map(|x| (sign * x) as f32));
        let mean = self.scale.velocity_to_lattice(self.solution.mean()) as f32;
        let iolets = vec![
            Iolet { kind: Kind::Velocity, value: mean, normal: into, floor: 0.0 },
            Iolet { kind: Kind::Outlet, value: 0.0, normal: out, floor: 0.0 },
        ];
        let profile = |r: f64| (Solution::at(&self.solution.velocity, r) / self.solution.mean()) as f32;
        let coefficient = |link| iolet::coefficient(link, into, profile(cylindrical(self.lattice.lid_point(link)).1));
        let coefficients = self.lattice.iolet_links.iter().map(coefficient).collect();
        let nu = self.fluid.law.nu(1e12, &self.scale);
        let mut flow =
            Flow::open(opened, self.lattice.clone(), iolets, coefficients, Physics::newtonian(nu), Storage::F32)
                .expect("a flow on the device");
        flow.set_rheology(Table::new(&self.fluid.law, &self.scale).map(Arc::new)).expect("a table");
        let mut fields = vec![vec![0.0; self.lattice.padded_len()]; FIELDS];
        for site in self.lattice.fluid_sites() {
            let state = self.state(self.lattice.position(site)).write();
            fields.iter_mut().zip(state).for_each(|(field, value)| field[site] = value);
        }
        flow.set_state(&std::array::from_fn(|k| fields[k].as_slice())).expect("the state of this lattice");
        flow
    }

    /// The solution at a place: stress after collision is `(1 - omega)` of `-2 S / (3 omega)`.
    fn state(&self, p: [f64; 3]) -> Macro {
        let (along, r, radial) = cylindrical(p);
        let u = self.scale.velocity_to_lattice(Solution::at(&self.solution.velocity, r));
        let drho = self.scale.pressure_to_lattice(2.0 * self.fluid.wall / RADIUS * (LENGTH - along));
        let mut state = Macro::equilibrium(drho as f32, AXIS.map(|x| (u * x) as f32));
        let rate = Solution::at(&self.solution.rate, r) * self.scale.dt;
        let omega = omega(self.fluid.law.nu(rate, &self.scale));
        let stress = (1.0 - omega) / (3.0 * omega) * rate;
        for (k, (a, b)) in [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)].into_iter().enumerate() {
            state.a[k] += (stress * (AXIS[a] * radial[b] + AXIS[b] * radial[a])) as f32;
        }
        state
    }

    /// Takes steps, and makes the inlet bring the flow asked for on the way.
    fn advance(&self, flow: &mut Flow, steps: usize) {
        for _ in 0..4 {
            let inlet = flow.iolets()[0];
            let value = inlet.value * (self.flow() / flow.influx().expect("influx")[0]) as f32;
            flow.set_iolet(0, Iolet { value, ..inlet });
            flow.advance(steps / 4).expect("steps");
        }
    }

    fn errors(&self, flow: &mut Flow, surface: &Closed) -> Errors {
        let fields = flow.state().expect("a state");
        let (mut error, mut norm) = (0.0, 0.0);
        let (mut n, mut z, mut p, mut zz, mut zp) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for site in self.lattice.fluid_sites() {
            let (along, r, _) = cylindrical(self.lattice.position(site));
            if !in_middle(along) {
                continue;
            }
            let state = Macro::read(&fields.site(site));
            for (value, direction) in state.j.into_iter().zip(AXIS) {
                let exact = self.exact(r) * direction;
                error += (self.scale.velocity_to_si(f64::from(value)) - exact).powi(2);
                norm += exact * exact;
            }
            let pressure = self.scale.pressure_to_si(f64::from(state.drho));
            (n, z, p, zz, zp) = (n + 1.0, z + along, p + pressure, zz + along * along, zp + along * pressure);
        }
        let gradient = (n * zp - z * p) / (n * zz - z * z);
        let sampler = WallSampler::new(self.lattice, surface, Layer::Thick);
        let sample = sampler.sample(&fields.slices(), &|rate| self.fluid.law.nu(rate, &self.scale));
        let of = |k: usize| (0..3).map(|a| AXIS[a] * f64::from(sample.wss[k][a])).sum::<f64>();
        let places = sampler.vertices().iter().map(|&v| cylindrical(surface.vertices[v as usize]).0).enumerate();
        let shears: Vec<f64> = places.filter(|(_, z)| in_middle(*z)).map(|(k, _)| of(k)).collect();
        let shear = self.scale.stress_to_si(shears.iter().sum::<f64>() / shears.len() as f64);
        Errors {
            velocity: (error / norm).sqrt(),
            gradient: gradient / (-2.0 * self.fluid.wall / RADIUS) - 1.0,
            shear: shear / self.fluid.wall - 1.0,
        }
    }
}

/// The whole way from a case: wall shear and pressure drop of Carreau-Yasuda blood in a tube of 4 mm by 24 mm, against
/// the quadrature at the same flow, and the viscosity among the results.
#[test]
fn a_case_with_a_rheology() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let perfuse = |args: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_perfuse")).args(args).output().expect("a process");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let (mesh, case, out) = (path("tube.obj"), path("tube.toml"), path("out"));
    let shape = ["--diameter", "4mm", "--length", "24mm", "--axis", "0.48,0.6,0.64"];
    perfuse(&[&["mesh", "straight", "--out", &mesh], &shape[..]].concat());
    let text = "[geometry]\nsurface = \"tube.obj\"\nunit = \"mm\"\n\
                [[opening]]\nname = \"inlet\"\npatch = \"inlet\"\nflow = \"0.3 ml/s\"\n\
                [[opening]]\nname = \"outlet\"\npatch = \"outlet\"\npressure = \"90 mmHg\"\n\
                [blood]\ndensity = \"1060 kg/m^3\"\nrheology = \"carreau-yasuda\"\n[resolution]\nacross = 16\n";
    std::fs::write(&case, text).expect("a case");
    perfuse(&["run", &case, "--out", &out, "--device", "cpu", "-q"]);
    let summary = std::fs::read(folder.path().join("out/summary.json")).expect("a summary");
    let summary: serde_json::Value = serde_json::from_slice(&summary).expect("JSON");
    let number = |at: &str| summary.pointer(at).and_then(serde_json::Value::as_f64).unwrap_or(f64::NAN);
    let wall = stress_of_flow(CARREAU_YASUDA, 0.3e-6, 2e-3);
    let drop = 2.0 * wall * 24e-3 / 2e-3 / 133.322;
    let (got_wall, got_drop) = (number("/wss_pa/p50"), number("/pressure_drop_mmHg/outlet"));
    println!("wall shear {got_wall:.5} of {wall:.5} Pa, drop {got_drop:.5} of {drop:.5} mmHg");
    assert!((got_wall / wall - 1.0).abs() < 0.03, "wall shear {got_wall} and {wall}");
    assert!((got_drop / drop - 1.0).abs() < 0.05, "drop {got_drop} and {drop}");
    let volume = std::fs::read(folder.path().join("out/fluid/fluid_0000.vti")).expect("a volume");
    assert!(String::from_utf8_lossy(&volume).contains("Name=\"viscosity\""), "no viscosity among the arrays");
}

/// Wall stress at which a tube of a radius carries a flow.
fn stress_of_flow(law: Rheology, flow: f64, radius: f64) -> f64 {
    let (mut low, mut high) = (0.0, 10.0);
    for _ in 0..40 {
        let wall = 0.5 * (low + high);
        let mean = Solution::new(&Fluid { name: "", law, wall, closed: None }).mean() * radius / RADIUS;
        if mean * std::f64::consts::PI * radius * radius < flow { low = wall } else { high = wall }
    }
    0.5 * (low + high)
}

fn adapter() -> Option<Opened> {
    match open(Choice::Gpu) {
        Ok(opened) => opened,
        Err(DeviceError::NoAdapter) => {
            let required = std::env::var("PERFUSE_REQUIRE").is_ok_and(|list| list.contains("gpu"));
            assert!(!required, "no adapter, but PERFUSE_REQUIRE names gpu");
            println!("SKIPPED: no adapter");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// The quadrature is the closed form where there is one; regularised, the plug creeps.
#[test]
fn quadrature_and_closed_forms_agree() {
    for fluid in FLUIDS {
        let Some(closed) = fluid.closed else { continue };
        let solution = Solution::new(&fluid);
        for r in [0.0, 0.05, 0.1, 0.3, 0.5, 0.8, 0.95] {
            let (a, b) = (Solution::at(&solution.velocity, r), closed(r));
            assert!((a / b - 1.0).abs() < 1e-2, "{} at {r}: {a} and {b}", fluid.name);
        }
    }
}

#[test]
fn developed_profiles_in_a_tilted_pipe() {
    let surface = tube::closed([0.0; 3], AXIS, RADIUS, LENGTH, 512);
    let lattice = Arc::new(Lattice::build(&surface, 2.0 * RADIUS / ACROSS).expect("a lattice"));
    let opened = adapter();
    println!("| fluid | backend | velocity L2 | gradient | wall shear | steps |");
    std::thread::scope(|scope| {
        for fluid in &FLUIDS {
            let (lattice, surface, opened) = (&lattice, &surface, opened.clone());
            scope.spawn(move || {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
                pool.install(|| develop(&Pipe::new(fluid, lattice), surface, opened));
            });
        }
    });
}

/// Runs on the CPU until steady, and on from there on the adapter.
fn develop(pipe: &Pipe, surface: &Closed, opened: Option<Opened>) {
    let mut cpu = pipe.open(None);
    let nu = pipe.fluid.law.nu(pipe.solution.rate[POINTS] * pipe.scale.dt, &pipe.scale);
    let steps = (0.25 * (0.5 * ACROSS).powi(2) / nu) as usize;
    pipe.advance(&mut cpu, steps);
    let before = pipe.errors(&mut cpu, surface);
    pipe.advance(&mut cpu, steps / 4);
    let after = pipe.errors(&mut cpu, surface);
    check(pipe, "CPU", &after, steps + steps / 4);
    assert!((after.velocity - before.velocity).abs() < 1e-3, "{before:?}, {after:?}");
    let Some(opened) = opened else { return };
    let mut gpu = pipe.open(Some(opened));
    gpu.set_iolet(0, cpu.iolets()[0]);
    gpu.set_state(&cpu.state().expect("a state").slices()).expect("the state of this lattice");
    gpu.advance(STEPS_ON).expect("steps");
    let on = pipe.errors(&mut gpu, surface);
    check(pipe, "GPU", &on, STEPS_ON);
    assert!((on.velocity - after.velocity).abs() < 5e-4, "{after:?}, {on:?}");
}

fn check(pipe: &Pipe, backend: &str, errors: &Errors, steps: usize) {
    let [v, g, s] = [errors.velocity, errors.gradient, errors.shear].map(|x| 100.0 * x);
    println!("| {} | {backend} | {v:.2} % | {g:+.2} % | {s:+.2} % | {steps} |", pipe.fluid.name);
    assert!(errors.velocity <= 0.015, "{}: {errors:?}", pipe.fluid.name);
    assert!(errors.gradient.abs() <= 0.03, "{}: {errors:?}", pipe.fluid.name);
    assert!(errors.shear.abs() <= 0.03, "{}: {errors:?}", pipe.fluid.name);
}
