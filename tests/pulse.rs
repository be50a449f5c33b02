//! Pulsating flow through the whole run against Womersley's closed form.

#[path = "support/tube.rs"]
mod tube;
#[path = "support/womersley.rs"]
mod womersley;

use std::f64::consts::{PI, TAU};

use nalgebra::Complex;
use tube::{AXIS, DENSITY, Tube, VISCOSITY};
use womersley::PulsatingPipe;

const DIAMETER: f64 = 4e-3;

/// First harmonic of equidistant samples of a cycle: `x` is about its mean plus the real part of this times
/// `exp(i omega t)`.
fn harmonic(samples: &[f64]) -> Complex<f64> {
    let n = samples.len() as f64;
    let term = |(k, x): (usize, &f64)| Complex::from_polar(*x * 2.0 / n, -TAU * k as f64 / n);
    samples.iter().enumerate().map(term).sum()
}

fn assert_alike(what: &str, got: Complex<f64>, expected: Complex<f64>) {
    let ratio = got / expected;
    let (size, phase) = (100.0 * (ratio.norm() - 1.0), ratio.arg().to_degrees());
    println!("{what}: amplitude {size:+.2} %, phase {phase:+.2} degrees");
    assert!(size.abs() <= 2.0, "{what}: amplitude {size:+.2} %");
    assert!(phase.abs() <= 2.0, "{what}: phase {phase:+.2} degrees");
}

fn womersley_flow(alpha: f64, storage: &str) {
    // The flows side by side, each in a thread of its own.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap_or_else(|e| panic!("{e}"));
    pool.install(|| womersley_flow_alone(alpha, storage));
}

/// A tube of 32 sites, lying along no lattice direction, with a Womersley inlet.
fn womersley_flow_alone(alpha: f64, storage: &str) {
    let (radius, nu) = (0.5 * DIAMETER, VISCOSITY / DENSITY);
    let omega = alpha * alpha * nu / (radius * radius);
    let period = TAU / omega;
    let mean = PI * radius * radius * 0.12 * alpha * nu / radius * 20.0;
    let pipe = PulsatingPipe {
        radius,
        density: DENSITY,
        nu,
        omega,
        harmonics: vec![Complex::from(mean), Complex::from(1.5 * mean)],
    };
    let wave: Vec<[f64; 2]> =
        (0..=200).map(|k| period * f64::from(k) / 200.0).map(|t| [t, 1e6 * pipe.flow(t)]).collect();
    let middle = AXIS.map(|a| a * 0.5 * DIAMETER * 1e3);
    let more = format!(
        "storage = \"{storage}\"\n[time]\nuntil = \"periodic\"\n[output]\nsnapshots = 40\n\
         [[probe]]\nname = \"centre\"\nat = [{}, {}, {}]\n",
        middle[0], middle[1], middle[2]
    );
    let shape = Tube { diameter: DIAMETER, length: 1.0, across: 32 };
    let outlet = "pressure = \"90 mmHg\"\nextension = \"2 mm\"";
    let plan = tube::plan(&shape, &wave, "profile = \"womersley\"", outlet, &more);
    let mut shear = vec![0.0; 40];
    let along = |v: [f64; 3]| (0..3).map(|a| v[a] * AXIS[a]).sum::<f64>();
    let finished = tube::beat(&plan, None, &mut |shot| {
        let state = shot.flow.state()?;
        let sample = shot.sampler.sample(&state.slices(), &|rate| plan.rheology.nu(rate, &shot.level.scale));
        let near = shot.sampler.vertices().iter().zip(&sample.wss).filter(|(v, _)| {
            let at = along(plan.vessel.wall.vertices[**v as usize]) / DIAMETER;
            (0.35..0.65).contains(&at)
        });
        let values: Vec<f64> = near.map(|(_, w)| shot.level.scale.stress_to_si(along(w.map(f64::from)))).collect();
        if let Some(number) = shot.number {
            shear[number] = values.iter().sum::<f64>() / values.len() as f64;
        }
        Ok(())
    });
    let rows = &finished.last.rows;
    let velocity: Vec<f64> =
        rows.iter().map(|row| along([row.probes[0][1], row.probes[0][2], row.probes[0][3]])).collect();
    println!(
        "alpha {alpha}, {storage}: {} cycles, tau {:.4}, {} steps a cycle, change {:.1e}",
        finished.cycles,
        finished.level.scale.viscosity_to_tau(VISCOSITY),
        (period / finished.level.scale.dt).round(),
        finished.change
    );
    assert_alike("centre velocity", harmonic(&velocity), pipe.velocity_mode(1, 0.0));
    assert_alike("wall shear", harmonic(&shear), pipe.shear_mode(1));
    let flow: Vec<f64> = rows.iter().map(|row| row.flows[0]).collect();
    assert_alike("flow", harmonic(&flow), Complex::from(1.5 * mean));
    let (tawss, osi) = pipe.shear_indices(20_000);
    let indices = perfuse::analysis::indices::Indices::new(&finished.sampler, &finished.sums, &finished.level.scale);
    let at = |k: usize| along(plan.vessel.wall.vertices[finished.sampler.vertices()[k] as usize]) / DIAMETER;
    let near: Vec<usize> = (0..indices.osi.len()).filter(|&k| (0.35..0.65).contains(&at(k))).collect();
    let mean_of = |values: &[f32]| near.iter().map(|&k| f64::from(values[k])).sum::<f64>() / near.len() as f64;
    let worst = near.iter().map(|&k| (f64::from(indices.osi[k]) - osi).abs()).fold(0.0, f64::max);
    println!(
        "TAWSS {:.4} Pa of {tawss:.4}, OSI {:.4} of {osi:.4}, largest deviation {worst:.4}",
        mean_of(&indices.tawss),
        mean_of(&indices.osi)
    );
    assert!((mean_of(&indices.osi) - osi).abs() <= 0.01, "OSI");
    assert!((mean_of(&indices.tawss) / tawss - 1.0).abs() <= 0.02, "TAWSS");
}

#[test]
fn womersley_flow_at_alpha_4() {
    womersley_flow(4.0, "f32");
}

#[test]
fn womersley_flow_at_alpha_8() {
    womersley_flow(8.0, "f32");
}

#[test]
fn womersley_flow_at_alpha_8_in_16_bits() {
    womersley_flow(8.0, "f16");
}

#[test]
fn womersley_flow_at_alpha_12() {
    womersley_flow(12.0, "f32");
}
