//! Pulsating flow: the closed form in a round pipe against differences in time and radius, and the profiles on plane
//! sections against closed forms.
//!
//! `cargo test --release --test womersley -- --nocapture` prints the errors that the documentation states.

use std::f64::consts::PI;
use std::time::Instant;

use nalgebra::Complex;
use perfuse::geometry::section::Section;

#[path = "support/womersley.rs"]
mod womersley;
use womersley::{PulsatingPipe, bessel, profile};

/// Kinematic viscosity, m^2/s.
const NU: f64 = 3.3e-6;

/// The section in the plane z = 0 with the given rim.
fn section(rim: impl Iterator<Item = [f64; 2]>) -> Section {
    let rim: Vec<[f64; 3]> = rim.map(|p| [p[0], p[1], 0.0]).collect();
    Section::new(&rim, [0.0; 3], [0.0, 0.0, 1.0])
}

fn ellipse(n: usize, a: f64, b: f64) -> impl Iterator<Item = [f64; 2]> {
    (0..n).map(move |k| 2.0 * PI * k as f64 / n as f64).map(move |t| [a * t.cos(), b * t.sin()])
}

/// Largest and root mean square error of a harmonic of frequency `omega` over the places of a raster, relative to the
/// largest value, and the mean of the profile over the raster.
fn errors(
    section: &Section,
    omega: f64,
    extent: [f64; 2],
    exact: impl Fn([f64; 2]) -> Option<Complex<f64>>,
) -> (f64, f64, Complex<f64>) {
    const RASTER: usize = 160;
    let start = Instant::now();
    let harmonic = section.harmonic(omega, NU);
    let seconds = start.elapsed().as_secs_f64();
    let place = |k: usize| 2.0 * (k as f64 + 0.5) / RASTER as f64 - 1.0;
    let (mut most, mut squares, mut peak, mut mean, mut count) = (0.0f64, 0.0, 0.0f64, Complex::from(0.0), 0.0);
    for k in 0..RASTER * RASTER {
        let p = [extent[0] * place(k % RASTER), extent[1] * place(k / RASTER)];
        let [re, im] = harmonic.value([p[0], p[1], 0.01]);
        let value = Complex::new(re, im);
        let Some(exact) = exact(p) else {
            assert_eq!(value, Complex::from(0.0), "outside");
            continue;
        };
        let error = (value - exact).norm();
        (most, peak) = (most.max(error), peak.max(exact.norm()));
        squares += error * error;
        mean += value;
        count += 1.0;
    }
    let (most, rms) = (most / peak, (squares / count).sqrt() / peak);
    println!("    largest {most:.1e}, rms {rms:.1e}, {seconds:.3} s");
    (most, rms, mean / count)
}

/// The harmonic of unit mean velocity in the rectangle of the width `a` and the height `b` (m) about the origin: a sine
/// series across the width, in closed form along the height.
fn rectangle(omega: f64, [a, b]: [f64; 2], p: [f64; 2]) -> Complex<f64> {
    let (mut value, mut mean) = (Complex::from(0.0), Complex::from(0.0));
    for m in (1..800).step_by(2).map(f64::from) {
        let wave = m * PI / a;
        let k = Complex::new(wave * wave, omega / NU).sqrt();
        let [below, above] = [0.5 * b + p[1], 0.5 * b - p[1]].map(|y| (-k * y).exp());
        let across = 4.0 / (m * PI) * (wave * (p[0] + 0.5 * a)).sin();
        value += across / (k * k) * (1.0 - (below + above) / (1.0 + (-k * b).exp()));
        mean +=
            8.0 / (m * PI).powi(2) / (k * k) * (1.0 - (1.0 - (-k * b).exp()) / (1.0 + (-k * b).exp()) / (k * b * 0.5));
    }
    value / mean
}

#[test]
fn circle_against_bessel_functions() {
    let radius = 0.012;
    let section = section(ellipse(2000, radius, radius));
    let resolved = [0.5, 2.0, 4.0, 8.0, 12.0, 25.0].map(|alpha| (alpha, 4e-3, 4e-4));
    for (alpha, largest, typical) in resolved.into_iter().chain([(50.0, 1e-2, 1e-3), (80.0, 2.5e-2, 2e-3)]) {
        println!("circle, alpha {alpha}");
        let omega = NU * (alpha / radius).powi(2);
        let exact = |p: [f64; 2]| {
            let r = p[0].hypot(p[1]) / radius;
            (r < 1.0).then(|| profile(alpha, r))
        };
        let (most, rms, mean) = errors(&section, omega, [radius; 2], exact);
        assert!(most < largest && rms < typical, "alpha {alpha}: {most:.1e} {rms:.1e}");
        assert!((mean - 1.0).norm() < 5e-4, "{mean}");
    }
}

#[test]
fn rectangles_against_series() {
    for (size, alpha) in [([0.01, 0.01], 5.0), ([0.01, 0.01], 25.0), ([0.01, 0.004], 3.0), ([0.01, 0.004], 12.0)] {
        let [a, b] = size;
        println!("rectangle {a} x {b} m, alpha of half the height {alpha}");
        let section =
            section([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]].map(|[x, y]| [x * a, y * b]).into_iter());
        let omega = NU * (alpha / (0.5 * b)).powi(2);
        let (most, rms, mean) = errors(&section, omega, [0.5 * a, 0.5 * b], |p| Some(rectangle(omega, size, p)));
        assert!(most < 1e-2 && rms < 6e-4, "{most:.1e} {rms:.1e}");
        assert!((mean - 1.0).norm() < 1e-3, "{mean}");
    }
}

#[test]
fn a_slow_harmonic_is_the_steady_profile() {
    let radii = |t: f64| 0.004 * (1.0 - 0.55 * (-(t - PI).powi(2) / 0.3).exp());
    let kidney =
        section((0..400).map(|k| 2.0 * PI * f64::from(k) / 400.0).map(|t| [radii(t) * t.cos(), radii(t) * t.sin()]));
    for omega in [0.0, 1e-4] {
        let (_, rms, _) = errors(&kidney, omega, [0.004; 2], |p| {
            let steady = kidney.value([p[0], p[1], 0.0]);
            (steady > 0.0).then(|| Complex::from(steady))
        });
        assert!(rms < 1e-4, "{rms}");
    }
}

#[test]
fn many_harmonics_at_once() {
    let section = section(ellipse(500, 0.012, 0.009));
    let points: Vec<[f64; 3]> = (0..3000).map(|k| [1e-6 * f64::from(k), 2e-6 * f64::from(k), 0.0]).collect();
    let omega = 2.0 * PI / 0.8;
    let start = Instant::now();
    let modes = section.modes(20, omega, NU, &points);
    println!("20 harmonics up to alpha 82: {:.2} s", start.elapsed().as_secs_f64());
    assert_eq!((modes.len(), modes[19].len()), (20, points.len()));
    let fourth = section.harmonic(4.0 * omega, NU);
    assert!(points.iter().zip(&modes[3]).all(|(&point, &mode)| fourth.value(point) == mode));
    // The core of a fast harmonic moves as a whole, ahead of the shear at the rim.
    let [re, im] = modes[19][0];
    assert!(re > 1.0 && re < 1.05 && im < 0.0, "{re} {im}");
}

#[test]
fn ragged_rims_are_solved() {
    let mut state = 7u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut slowest = 0.0f64;
    for case in (0..60).step_by(6) {
        let n = 5 + case;
        let flat = if case % 4 == 0 { 0.05 } else { 1.0 };
        let radii: Vec<f64> = (0..n).map(|_| 0.01 * (0.05 + random())).collect();
        let turn = |k: usize| 2.0 * PI * k as f64 / n as f64;
        let section = section((0..n).map(|k| [radii[k] * turn(k).cos(), flat * radii[k] * turn(k).sin()]));
        for omega in [0.1, 5.0, 80.0] {
            let start = Instant::now();
            let harmonic = section.harmonic(omega, NU);
            slowest = slowest.max(start.elapsed().as_secs_f64());
            let mean = mean_by_raster(&section, |p| harmonic.value(p), [0.0105, 0.0105 * flat]);
            assert!((mean - 1.0).norm() < 0.02, "{case} {omega}: {mean}");
        }
    }
    println!("slowest ragged rim: {slowest:.3} s");
}

/// Mean over the section of a profile by a raster of places within `extent`.
fn mean_by_raster(section: &Section, value: impl Fn([f64; 3]) -> [f64; 2], extent: [f64; 2]) -> Complex<f64> {
    const RASTER: usize = 700;
    let place = |k: usize| 2.0 * (k as f64 + 0.5) / RASTER as f64 - 1.0;
    let values =
        (0..RASTER * RASTER).map(|k| value([extent[0] * place(k % RASTER), extent[1] * place(k / RASTER), 0.0]));
    let sum: Complex<f64> = values.map(|[re, im]| Complex::new(re, im)).sum();
    sum * (4.0 * extent[0] * extent[1] / (RASTER * RASTER) as f64 / section.area())
}

#[test]
fn no_profile_without_area_or_viscosity() {
    let none = section([].into_iter()).harmonic(1.0, NU);
    let round = section(ellipse(100, 0.01, 0.01));
    for harmonic in [none, round.harmonic(1.0, 0.0), round.harmonic(f64::NAN, NU), round.harmonic(1.0, -NU)] {
        assert_eq!(harmonic.value([0.0; 3]), [0.0; 2]);
    }
    let (there, back) = (round.harmonic(8.0, NU), round.harmonic(-8.0, NU));
    let ([a, b], [c, d]) = (there.value([0.009, 0.0, 0.0]), back.value([0.009, 0.0, 0.0]));
    assert!((a - c).abs() < 1e-9 && (b + d).abs() < 1e-9, "a negative frequency is the conjugate");
}

#[test]
fn bessel_functions() {
    let near = |a: Complex<f64>, re: f64, im: f64| assert!((a - Complex::new(re, im)).norm() < 1e-9 * a.norm(), "{a}");
    // Abramowitz and Stegun, tables 9.1 and 9.12: ber 5 and bei 5 are the parts of J0(i^(3/2) 5).
    let [j0, j1] = bessel(Complex::from(2.0));
    near(j0, 0.223_890_779_1, 0.0);
    near(j1, 0.576_724_807_8, 0.0);
    near(bessel(Complex::from_polar(5.0, 0.75 * PI))[0], -6.230_082_479, 0.116_034_381_6);
    // Both series on both sides of where one takes over, by the derivative of J0, which is -J1.
    for modulus in [3.0, 24.999_9, 25.0, 25.000_1, 60.0] {
        let z = Complex::from_polar(modulus, 0.75 * PI);
        let step = z / z.norm() * 1e-4;
        let derivative = (bessel(z + step)[0] - bessel(z - step)[0]) / (step * 2.0);
        assert!((derivative + bessel(z)[1]).norm() < 1e-7 * derivative.norm(), "{modulus}");
    }
}

/// Velocities at distances 0, 1, ... in steps of R/`n` from the axis after one more time step, by the rule of Crank and
/// Nicolson; `drive` is the mean of `-dp/dz / rho` over the step.
fn advance(pipe: &PulsatingPipe, velocity: &mut [f64], drive: f64, dt: f64) {
    let n = velocity.len() - 1;
    let h = pipe.radius / n as f64;
    let weight = 0.5 * pipe.nu * dt / (h * h);
    // Fluxes through the circles at j - 1/2 and j + 1/2, over the ring between them.
    let sides = |j: usize| match j {
        0 => [0.0, 4.0],
        _ => [1.0 - 0.5 / j as f64, 1.0 + 0.5 / j as f64],
    };
    let (mut ratio, mut right) = (vec![0.0; n], vec![0.0; n]);
    for j in 0..n {
        let [inner, outer] = sides(j).map(|side| weight * side);
        let below = if j > 0 { velocity[j - 1] } else { 0.0 };
        let known = velocity[j] + drive * dt + inner * (below - velocity[j]) + outer * (velocity[j + 1] - velocity[j]);
        let (before, carried) = if j > 0 { (ratio[j - 1], right[j - 1]) } else { (0.0, 0.0) };
        let pivot = 1.0 + inner + outer - inner * before;
        ratio[j] = outer / pivot;
        right[j] = (known + inner * carried) / pivot;
    }
    for j in (0..n).rev() {
        velocity[j] = right[j] + ratio[j] * velocity[j + 1];
    }
}

#[test]
fn closed_form_against_differences() {
    const RINGS: usize = 500;
    const STEPS: usize = 2000;
    for alpha in [4.0, 8.0, 12.0] {
        let (radius, density, nu) = (0.01f64, 1060.0, NU);
        let omega = nu * (alpha / radius).powi(2);
        let harmonics =
            [(20e-6, 0.0), (15e-6, -5e-6), (-6e-6, 8e-6), (2e-6, 3e-6)].map(|(re, im)| Complex::new(re, im));
        let pipe = PulsatingPipe { radius, density, nu, omega, harmonics: harmonics.to_vec() };
        let (dt, h) = (2.0 * PI / omega / STEPS as f64, radius / RINGS as f64);
        let mut velocity: Vec<f64> = (0..=RINGS).map(|j| pipe.velocity(j as f64 * h, 0.0)).collect();
        let (mut worst, mut peak) = ([0.0f64; 3], [0.0f64; 3]);
        for step in 1..=STEPS * 5 / 4 {
            let (before, t) = ((step - 1) as f64 * dt, step as f64 * dt);
            let drive = -0.5 * (pipe.pressure_gradient(before) + pipe.pressure_gradient(t)) / density;
            advance(&pipe, &mut velocity, drive, dt);
            if step % 50 == 0 {
                let flow: f64 = (0..RINGS).map(|j| ring_flow([velocity[j], velocity[j + 1]], j as f64 * h, h)).sum();
                let slope = (4.0 * velocity[RINGS - 1] - velocity[RINGS - 2]) / (2.0 * h);
                let places =
                    [0, RINGS / 2, RINGS * 9 / 10].map(|j| (velocity[j] - pipe.velocity(j as f64 * h, t)).abs());
                let exact = [pipe.velocity(0.0, t), pipe.flow(t), pipe.wall_shear(t)];
                let errors = [
                    places.into_iter().fold(0.0, f64::max),
                    (flow - exact[1]).abs(),
                    (density * nu * slope - exact[2]).abs(),
                ];
                worst = std::array::from_fn(|k| errors[k].max(worst[k]));
                peak = std::array::from_fn(|k| exact[k].abs().max(peak[k]));
            }
        }
        let relative: [f64; 3] = std::array::from_fn(|k| worst[k] / peak[k]);
        let (tawss, osi) = pipe.shear_indices(1000);
        println!("alpha {alpha}: velocity {:.1e}, flow {:.1e}, shear {:.1e}", relative[0], relative[1], relative[2]);
        println!("    TAWSS {tawss:.4} Pa, OSI {osi:.4}");
        assert!(relative.iter().all(|&e| e < 1e-3), "{relative:?}");
    }
}

/// Flow through the ring between `r` and `r + h` in which the velocity is linear.
fn ring_flow([inner, outer]: [f64; 2], r: f64, h: f64) -> f64 {
    2.0 * PI * h * (0.5 * r * (inner + outer) + h * (inner / 6.0 + outer / 3.0))
}

#[test]
fn shear_indices_of_simple_waves() {
    let wave = |mean: f64, first: f64| {
        let harmonics = vec![Complex::from(mean), Complex::from(first)];
        PulsatingPipe { radius: 0.01, density: 1060.0, nu: NU, omega: 2.0 * PI, harmonics }
    };
    // A steady flow never turns; one without a mean turns half of the time, and the mean of |cos| is 2/pi.
    let (tawss, osi) = wave(20e-6, 0.0).shear_indices(400);
    assert!((tawss / (4.0 * 1060.0 * NU * 20e-6 / (PI * 1e-6)) - 1.0).abs() < 1e-12 && osi.abs() < 1e-12);
    let oscillating = wave(0.0, 20e-6);
    let (tawss, osi) = oscillating.shear_indices(4000);
    assert!((tawss / (oscillating.shear_mode(1).norm() * 2.0 / PI) - 1.0).abs() < 1e-5 && (osi - 0.5).abs() < 1e-9);
}
