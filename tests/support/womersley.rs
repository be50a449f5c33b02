//! Pulsating flow in a rigid round pipe in closed form (Womersley, J. Physiol. 127, 553, 1955).
//!
//! With `alpha = R sqrt(omega/nu)` and `z = i^(3/2) alpha`, a harmonic of mean velocity U has the velocity
//! `U/F (1 - J0(z r/R)/J0(z))`, the wall shear `rho nu U/(F R) (-z J1(z)/J0(z))` and the pressure gradient
//! `-i omega rho U/F`, where `F = 1 - 2 J1(z)/(z J0(z))` makes the mean U.

#![allow(dead_code, reason = "every test uses its own part of this")]

use std::f64::consts::PI;

use nalgebra::Complex;

/// Modulus from which on Bessel functions come from their asymptotic series: both kinds are good to 1e-12 there.
const FAR: f64 = 25.0;

/// A pulsating flow in a round pipe, in SI units.
#[derive(Clone, Debug)]
pub struct PulsatingPipe {
    /// Radius, m.
    pub radius: f64,
    /// Density, kg/m^3.
    pub density: f64,
    /// Kinematic viscosity, m^2/s.
    pub nu: f64,
    /// Angular frequency of the first harmonic, rad/s.
    pub omega: f64,
    /// Harmonics 0, 1, ... of the flow, m^3/s: it is the sum of the real parts of `flow[n] exp(i n omega t)`.
    pub harmonics: Vec<Complex<f64>>,
}

impl PulsatingPipe {
    /// Womersley number of harmonic `n`.
    pub fn alpha(&self, n: usize) -> f64 {
        self.radius * (n as f64 * self.omega / self.nu).sqrt()
    }

    /// Harmonic `n` of the velocity along the axis at distance `r` (m) from it, m/s.
    pub fn velocity_mode(&self, n: usize, r: f64) -> Complex<f64> {
        self.mean_mode(n) * profile(self.alpha(n), r / self.radius)
    }

    /// Harmonic `n` of the shear stress on the wall, along the flow, Pa.
    pub fn shear_mode(&self, n: usize) -> Complex<f64> {
        self.mean_mode(n) * wall_slope(self.alpha(n)) * (self.density * self.nu / self.radius)
    }

    /// Harmonic `n` of the pressure gradient along the flow, Pa/m.
    pub fn gradient_mode(&self, n: usize) -> Complex<f64> {
        let viscous = -self.shear_mode(n) * (2.0 / self.radius);
        viscous - Complex::new(0.0, n as f64 * self.omega * self.density) * self.mean_mode(n)
    }

    /// Flow at the time `t` (s), m^3/s.
    pub fn flow(&self, t: f64) -> f64 {
        self.sum(t, |n| self.harmonics[n])
    }

    /// Velocity along the axis at distance `r` (m) from it at the time `t` (s), m/s.
    pub fn velocity(&self, r: f64, t: f64) -> f64 {
        self.sum(t, |n| self.velocity_mode(n, r))
    }

    /// Shear stress on the wall, along the flow, at the time `t` (s), Pa.
    pub fn wall_shear(&self, t: f64) -> f64 {
        self.sum(t, |n| self.shear_mode(n))
    }

    /// Pressure gradient along the flow (negative where it drives) at the time `t` (s), Pa/m.
    pub fn pressure_gradient(&self, t: f64) -> f64 {
        self.sum(t, |n| self.gradient_mode(n))
    }

    /// Time-averaged magnitude of the wall shear, Pa, and its oscillatory shear index, by `samples` of a period.
    pub fn shear_indices(&self, samples: usize) -> (f64, f64) {
        let period = 2.0 * PI / self.omega;
        let modes: Vec<_> = (0..self.harmonics.len()).map(|n| self.shear_mode(n)).collect();
        let at = |k: usize| self.sum(period * k as f64 / samples as f64, |n| modes[n]);
        let (sum, total) = (0..samples).map(at).fold((0.0f64, 0.0f64), |(a, b), x| (a + x, b + x.abs()));
        (total / samples as f64, 0.5 * (1.0 - sum.abs() / total))
    }

    fn mean_mode(&self, n: usize) -> Complex<f64> {
        self.harmonics[n] / (PI * self.radius * self.radius)
    }

    fn sum(&self, t: f64, mode: impl Fn(usize) -> Complex<f64>) -> f64 {
        (0..self.harmonics.len()).map(|n| (mode(n) * Complex::cis(n as f64 * self.omega * t)).re).sum()
    }
}

/// Velocity at distance `r` (radii) from the axis over the mean velocity, at the Womersley number `alpha`.
pub fn profile(alpha: f64, r: f64) -> Complex<f64> {
    if alpha < 1e-3 {
        return Complex::from(2.0 * (1.0 - r * r));
    }
    let z = argument(alpha);
    let [j0, j1] = bessel(z);
    let [at, _] = bessel(z * r);
    (1.0 - at / j0) / (1.0 - j1 * 2.0 / (z * j0))
}

/// Slope of the velocity over the mean velocity at the wall, into the pipe, per radius.
fn wall_slope(alpha: f64) -> Complex<f64> {
    if alpha < 1e-3 {
        return Complex::from(4.0);
    }
    let z = argument(alpha);
    let [j0, j1] = bessel(z);
    -z * j1 / j0 / (1.0 - j1 * 2.0 / (z * j0))
}

/// `i^(3/2) alpha`.
fn argument(alpha: f64) -> Complex<f64> {
    Complex::from_polar(alpha, 0.75 * PI)
}

/// The Bessel functions J0 and J1 (Abramowitz and Stegun, 9.1.10 and 9.2.5), for a modulus up to 900 or so.
pub fn bessel(z: Complex<f64>) -> [Complex<f64>; 2] {
    if z.norm() < FAR { [0.0, 1.0].map(|order| power_series(order, z)) } else { [0.0, 1.0].map(|order| far(order, z)) }
}

fn power_series(order: f64, z: Complex<f64>) -> Complex<f64> {
    let mut term = if order == 0.0 { Complex::from(1.0) } else { z * 0.5 };
    let (mut sum, mut k, square) = (term, 0.0, -z * z * 0.25);
    while term.norm() > 1e-18 * sum.norm() {
        k += 1.0;
        term *= square / (k * (k + order));
        sum += term;
    }
    sum
}

/// Hankel's expansion, up to its smallest term.
fn far(order: f64, z: Complex<f64>) -> Complex<f64> {
    let (mut p, mut q, mut term) = (Complex::from(1.0), Complex::from(0.0), Complex::from(1.0));
    for k in 1..60 {
        let odd = f64::from(2 * k - 1);
        let next = term * (4.0 * order * order - odd * odd) / (z * 8.0 * f64::from(k));
        if next.norm() > term.norm() || next.norm() < 1e-18 {
            break;
        }
        term = next;
        let sign = if k / 2 % 2 == 0 { 1.0 } else { -1.0 };
        *(if k % 2 == 0 { &mut p } else { &mut q }) += term * sign;
    }
    let angle = z - (0.5 * order + 0.25) * PI;
    (Complex::from(2.0 / PI) / z).sqrt() * (p * angle.cos() - q * angle.sin())
}
