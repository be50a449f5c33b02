//! The velocity profile of one harmonic of a pulsating flow on a plane section of any shape.
//!
//! Theory: unidirectional flow in a straight duct that oscillates as `exp(i omega t)` obeys
//! `nu laplace(w) - i omega w = -G/rho` on the section with w = 0 on its rim (Womersley, J. Physiol. 127, 553, 1955, for
//! the circle). The complex G only scales and turns w, so the profile of unit mean, which is that of a flow of unit
//! amplitude, is a property of the shape and of `omega/nu`. It is discretised like the steady profile. The eigenvalues
//! of Jacobi's iteration for it lie (but for the nodes beside the rim) on a straight line through the origin of the
//! complex plane, which is where Young's formula for the best factor of over-relaxation holds with a complex result
//! (Kredell, BIT 2, 143, 1962).
//!
//! Practice: [`Section::harmonic`] solves for one harmonic, [`Section::modes`] for many at once, at a list of points.
//! The grid is that of the steady profile, or a finer one with six steps in `sqrt(nu/omega)`, the thickness of the layer
//! at the rim, as long as that needs no more than 60,000 nodes: on a circle, up to a Womersley number of 23.
//!
//! Measured errors (`tests/womersley.rs`) against Bessel functions on a circle, root mean square and largest value,
//! relative to the peak: 0.03 % and 0.3 % up to a Womersley number of 25, 0.07 % and 0.7 % at 50, 0.13 % and 1.7 % at
//! 80. On rectangles, against the sine series, 0.04 % and 0.8 %; the largest is beside rim and corners. Twenty harmonics
//! up to 80 take 1.4 s of one core.

use nalgebra::Complex;
use rayon::prelude::*;

use super::grid::{Grid, Spot};
use super::poisson::Equation;
use super::{Section, project};

/// Grid steps in the length sqrt(nu/omega), over which the layer at the rim changes by a factor of e.
const LAYER: f64 = 6.0;
/// Nodes within the rim, at most.
const NODES_MOST: f64 = 60_000.0;
/// Relaxation ends when no value changes by more than this part of the largest.
const TOLERANCE: f64 = 1e-7;
/// Sweeps at most; a well-shaped section needs some hundreds.
const SWEEPS: usize = 20_000;

/// The profile of unit mean of one harmonic: the velocity is the real part of it times `exp(i omega t)` where the mean
/// velocity is `cos(omega t)`.
#[derive(Clone, Debug)]
pub struct Harmonic {
    centre: [f64; 3],
    axes: [[f64; 3]; 2],
    grid: Grid,
    /// Real and imaginary part at the nodes, as for the steady profile.
    parts: [Vec<f64>; 2],
    /// `omega step^2 / nu`.
    inertia: f64,
    /// Turns values into the profile of unit mean.
    scale: Complex<f64>,
}

impl Section {
    /// The profile of a harmonic of angular frequency `omega` (rad/s) in a fluid of kinematic viscosity `nu` (m^2/s).
    ///
    /// At `omega` = 0 it is the steady one. It is zero where the section has no area, and where `omega/nu` is no number.
    #[must_use]
    pub fn harmonic(&self, omega: f64, nu: f64) -> Harmonic {
        let mut harmonic = Harmonic {
            centre: self.centre,
            axes: self.axes,
            grid: Grid::default(),
            parts: [Vec::new(), Vec::new()],
            inertia: 0.0,
            scale: Complex::default(),
        };
        if self.area > 0.0 && nu > 0.0 && (omega / nu).is_finite() {
            let layer = (nu / omega.abs()).sqrt();
            let step = (layer / LAYER).max((self.area / NODES_MOST).sqrt()).min(self.grid.step);
            harmonic.inertia = omega / nu * step * step;
            harmonic.solve(self, step);
        }
        harmonic
    }

    /// The profiles of the harmonics 1, 2, ..., `harmonics` of the angular frequency `omega` (rad/s) at the projections
    /// of `points` (m) in a fluid of kinematic viscosity `nu` (m^2/s): one list a harmonic, in which every point has its
    /// real and imaginary part as of [`Harmonic::value`]. Harmonics are solved for side by side, one in a thread.
    #[must_use]
    pub fn modes(&self, harmonics: usize, omega: f64, nu: f64, points: &[[f64; 3]]) -> Vec<Vec<[f64; 2]>> {
        (1..=harmonics)
            .into_par_iter()
            .map(|n| {
                let harmonic = self.harmonic(n as f64 * omega, nu);
                points.iter().map(|&point| harmonic.value(point)).collect()
            })
            .collect()
    }
}

impl Harmonic {
    /// Real and imaginary part of the profile at the projection of `point` (m) on the section's plane, relative to the
    /// mean velocity; 0 outside the rim.
    #[must_use]
    pub fn value(&self, point: [f64; 3]) -> [f64; 2] {
        let at = self.grid.place(project(point, self.centre, &self.axes));
        let value = self.grid.spot(at).map_or(Complex::default(), |spot| self.scale * self.raw(&spot));
        [value.re, value.im]
    }

    /// Solves on a grid of `step` (m), extends the values beyond the rim and normalises them.
    fn solve(&mut self, section: &Section, step: f64) {
        let (grid, equations) = Grid::new(&section.rim, section.bounds, step);
        let jacobi = Complex::from(section.jacobi(step)) / Complex::new(1.0, self.inertia / 4.0);
        let factor = Complex::from(2.0) / ((1.0 - jacobi * jacobi).sqrt() + 1.0);
        let solution = relax(&equations, grid.offsets(), self.inertia, factor, grid.len());
        self.parts = [solution.iter().map(|w| w.re).collect(), solution.iter().map(|w| w.im).collect()];
        self.parts.iter_mut().for_each(|part| grid.extrapolate(&equations, part));
        let mut integral = Complex::default();
        grid.integrate(|spot, area| integral += self.raw(&spot) * area);
        self.grid = grid;
        if integral.norm_sqr() > 0.0 {
            self.scale = Complex::from(section.area / (step * step)) / integral;
        }
    }

    /// The solution of `laplace(w) - i inertia w = -1` in grid steps; its Laplacian goes into the interpolation.
    fn raw(&self, spot: &Spot) -> Complex<f64> {
        let linear = Complex::new(spot.linear(&self.parts[0]), spot.linear(&self.parts[1]));
        linear + (1.0 - Complex::new(0.0, self.inertia) * linear) * spot.bulge
    }
}

/// Successive over-relaxation of `(diagonal + i inertia) w = 1 + sum of weight times neighbour`, on `len` nodes.
///
/// Where the rim makes the given factor fail, Gauss and Seidel's factor of one does not: the equations are diagonally
/// dominant.
fn relax(
    equations: &[Equation],
    offsets: [isize; 4],
    inertia: f64,
    factor: Complex<f64>,
    len: usize,
) -> Vec<Complex<f64>> {
    let mut values = vec![Complex::default(); len];
    if !converges(equations, offsets, inertia, factor, &mut values) {
        values.fill(Complex::default());
        converges(equations, offsets, inertia, Complex::from(1.0), &mut values);
    }
    values
}

/// Relaxes `values` until they hardly change, and says whether they came to that.
fn converges(
    equations: &[Equation],
    offsets: [isize; 4],
    inertia: f64,
    factor: Complex<f64>,
    values: &mut [Complex<f64>],
) -> bool {
    let pivots: Vec<_> = equations.iter().map(|e| factor / Complex::new(e.diagonal, inertia)).collect();
    let keep = 1.0 - factor;
    for _ in 0..SWEEPS {
        let (mut change, mut largest) = (0.0f64, 0.0f64);
        for (equation, pivot) in equations.iter().zip(&pivots) {
            let mut sum = Complex::from(1.0);
            for (weight, offset) in equation.weight.iter().zip(offsets) {
                sum += values[equation.node.wrapping_add_signed(offset)] * *weight;
            }
            let value = &mut values[equation.node];
            let next = sum * pivot + keep * *value;
            change = change.max((next - *value).norm_sqr());
            largest = largest.max(next.norm_sqr());
            *value = next;
        }
        if change <= TOLERANCE * TOLERANCE * largest {
            return true;
        }
        if !largest.is_finite() {
            return false;
        }
    }
    false
}
