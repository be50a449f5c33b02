//! How fast the native flow kernel, the lattice builder and the cycle indices are, in tilted pipes: `cargo bench --bench flow`.
//!
//! Million site updates a second, and the bytes that they move (ten fields read and ten written, 80 B an update) over
//! the bandwidth of a copy measured in the same run: quote that ratio, the machine may be shared. The last column is the same
//! with states kept in 16 bits. The cost of
//! the indices is that of one sample every `INTERVAL` steps, over the time of those steps, on walls whose vertices are a
//! site spacing apart. The last line is the time of a developed profile on a section whose rim has 5,000 points.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use perfuse::analysis::wall_shear::{Layer, WallSampler};
use perfuse::backend::Flow;
use perfuse::backend::cpu::{CpuFlow, Level};
use perfuse::backend::gpu::device::{Choice, Kind as DeviceKind, Opened, open};
use perfuse::fluid::collision::Physics;
use perfuse::fluid::iolet::{self, Iolet, Kind};
use perfuse::fluid::rheology::{CARREAU_YASUDA, Table};
use perfuse::fluid::storage::Storage;
use perfuse::geometry::lattice::Lattice;
use perfuse::geometry::section::Section;
use perfuse::geometry::tube;
use perfuse::units::Scale;
use rayon::prelude::*;

const AXIS: [f64; 3] = [0.48, 0.6, 0.64];

/// Steps between samples of the indices.
const INTERVAL: usize = 50;

fn main() {
    let copy = copy_bandwidth();
    println!("{}, {} threads; copy {copy:.1} GB/s", Level::detect(), rayon::current_num_threads());
    println!(
        "{:>8} {:>10} {:>10} {:>8} {:>12} {:>14} {:>15} {:>6} {:>10}",
        "across", "sites", "build s", "MLUPS", "of copy", "halfway MLUPS", "rheology MLUPS", "cost", "f16 MLUPS"
    );
    for (across, lengths) in [(24.0, 10.0), (80.0, 2.5), (80.0, 10.0), (160.0, 2.0)] {
        let surface = tube::closed([0.0; 3], AXIS, 1.0, 2.0 * lengths, 1024);
        let clock = Instant::now();
        let lattice = Lattice::build(&surface, 2.0 / across).expect("a lattice");
        let build = clock.elapsed().as_secs_f64();
        let sites = lattice.sites;
        let lattice = Arc::new(lattice);
        let newtonian = Physics::newtonian(0.02);
        let scale = Scale { dx: 0.1e-3, dt: 5e-5, rho: 1060.0 };
        let mut flows = [
            flow(&lattice, newtonian, Storage::F32),
            flow(&lattice, Physics { halfway: true, ..newtonian }, Storage::F32),
            flow(&lattice, newtonian, Storage::F32),
            flow(&lattice, newtonian, Storage::F16),
        ];
        flows[2].set_rheology(Table::new(&CARREAU_YASUDA, &scale).map(Arc::new));
        let [interpolated, halfway, rheology, half] = speeds(&lattice, &mut flows);
        let ratio = interpolated * 80e-3 / copy;
        let cost = interpolated / rheology;
        print!("{across:>8} {sites:>10} {build:>10.2} {interpolated:>8.1} {ratio:>12.2} {halfway:>14.1} ");
        println!("{rheology:>15.1} {cost:>6.2} {half:>10.1}");
    }
    println!();
    println!(
        "{:>8} {:>10} {:>10} {:>10} {:>14} {:>8} {:>12}",
        "across", "sites", "vertices", "B/vertex", "sample, steps", "cost", "with means"
    );
    indices(None, 24.0, 10.0);
    indices(None, 80.0, 2.5);
    // An adapter that runs shaders on the processor is asked for too: it is slow, so the pipe is short.
    if let Ok(Some(opened)) = open(Choice::Gpu) {
        let software = opened.info.kind == DeviceKind::Software;
        indices(Some(opened), 24.0, if software { 1.0 } else { 10.0 });
    }
    println!("\nprofile on a rim of 5,000 points: {:.4} s", profile());
}

/// Seconds that the profile on a wavy section takes; the best of five rounds.
fn profile() -> f64 {
    let place = |k: u32| {
        let t = std::f64::consts::TAU * f64::from(k) / 5000.0;
        [0.003 * t.cos() * (1.0 + 0.1 * (5.0 * t).cos()), 0.002 * t.sin(), 0.0]
    };
    let rim: Vec<[f64; 3]> = (0..5000).map(place).collect();
    let round = || {
        let clock = Instant::now();
        black_box(Section::new(&rim, [0.0; 3], [0.0, 0.0, 1.0]));
        clock.elapsed().as_secs_f64()
    };
    (0..5).map(|_| round()).fold(f64::INFINITY, f64::min)
}

/// Time of a sample of the indices, without and with averages over time, over that of `INTERVAL` steps.
fn indices(opened: Option<Opened>, across: f64, lengths: f64) {
    let surface = tube::closed([0.0; 3], AXIS, 1.0, 2.0 * lengths, (std::f64::consts::PI * across) as usize);
    let lattice = Arc::new(Lattice::build(&surface, 2.0 / across).expect("a lattice"));
    let sampler = WallSampler::new(&lattice, &surface, Layer::Thick);
    let (iolets, coefficients) = openings(&lattice);
    let mut flow = Flow::open(opened, lattice.clone(), iolets, coefficients, Physics::newtonian(0.02), Storage::F32)
        .expect("a flow");
    let costs = [false, true].map(|average| {
        flow.watch(sampler.stencil().clone(), average).expect("memory");
        let steps = shortest(&mut flow, |flow| flow.advance(INTERVAL).expect("steps"));
        let samples = shortest(&mut flow, |flow| (0..INTERVAL).for_each(|_| flow.accumulate(1.0, 0.0)));
        samples / steps / INTERVAL as f64
    });
    let vertices = sampler.vertices().len();
    let bytes = sampler.stencil().bytes() / vertices;
    let (steps, [wall, means]) = (costs[0] * INTERVAL as f64, costs.map(|c| 100.0 * c));
    println!(
        "{across:>8} {:>10} {vertices:>10} {bytes:>10} {steps:>14.2} {wall:>6.2} % {means:>10.2} %  {}",
        lattice.sites,
        flow.name()
    );
}

/// Seconds that some work takes with all that it submits; the best of five rounds.
fn shortest(flow: &mut Flow, work: impl Fn(&mut Flow)) -> f64 {
    let round = |flow: &mut Flow| {
        // Measuring the openings waits for the device.
        flow.influx().expect("a measurement");
        let clock = Instant::now();
        work(flow);
        flow.influx().expect("a measurement");
        clock.elapsed().as_secs_f64()
    };
    (0..5).map(|_| round(flow)).fold(f64::INFINITY, f64::min)
}

/// A plug flow in, a pressure out.
fn openings(lattice: &Lattice) -> (Vec<Iolet>, Vec<f32>) {
    let normals = [AXIS.map(|x| -x as f32), AXIS.map(|x| x as f32)];
    let iolets = vec![
        Iolet { kind: Kind::Velocity, value: 0.02, normal: normals[0], floor: 0.0 },
        Iolet { kind: Kind::Outlet, value: 0.0, normal: normals[1], floor: 0.0 },
    ];
    let coefficients =
        lattice.iolet_links.iter().map(|l| iolet::coefficient(l, normals[l.iolet as usize], 1.0)).collect();
    (iolets, coefficients)
}

/// A flow that fills the pipe.
fn flow(lattice: &Arc<Lattice>, physics: Physics, storage: Storage) -> CpuFlow {
    let (iolets, coefficients) = openings(lattice);
    CpuFlow::new(lattice.clone(), iolets, coefficients, physics, storage)
}

/// Million site updates a second of each flow: the best of seven rounds, in turns, so that what else the machine does
/// meets all alike.
fn speeds(lattice: &Lattice, flows: &mut [CpuFlow; 4]) -> [f64; 4] {
    let steps = (40_000_000 / lattice.sites).max(4);
    let mut best = [0.0f64; 4];
    flows.iter_mut().for_each(|flow| flow.advance(steps / 4 + 1));
    for _ in 0..7 {
        for (best, flow) in best.iter_mut().zip(flows.iter_mut()) {
            let clock = Instant::now();
            flow.advance(steps);
            *best = best.max((steps * lattice.sites) as f64 / clock.elapsed().as_secs_f64() / 1e6);
        }
    }
    best
}

/// Bytes read and written a second by a copy of 256 MB with all threads, GB/s; the best of five.
fn copy_bandwidth() -> f64 {
    let from = vec![1.0f32; 64 << 20];
    let mut to = vec![0.0f32; from.len()];
    let round = |to: &mut Vec<f32>| {
        let clock = Instant::now();
        to.par_chunks_mut(1 << 18).zip(from.par_chunks(1 << 18)).for_each(|(to, from)| to.copy_from_slice(from));
        black_box(&to);
        8.0 * from.len() as f64 / clock.elapsed().as_secs_f64() / 1e9
    };
    (0..5).map(|_| round(&mut to)).fold(0.0, f64::max)
}
