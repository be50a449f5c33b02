//! Eigenmodes of a network of capacitors and resistors: each decays on its own, so that a step, and a whole cycle, is
//! exact for each.

use nalgebra::{DMatrix, DVector};

/// `(e^z - 1)/z`, for z not above 0.
pub(super) fn phi1(z: f64) -> f64 {
    if z == 0.0 { 1.0 } else { z.exp_m1() / z }
}

/// `(e^z - 1 - z)/z^2`, for z not above 0; by its series where the difference would lose digits.
pub(super) fn phi2(z: f64) -> f64 {
    if z < -0.5 {
        return (phi1(z) - 1.0) / z;
    }
    0.5 * (3..18).rev().fold(1.0, |sum, k| 1.0 + z / f64::from(k) * sum)
}

/// The modes of `C dx/dt = -K x + i(t)` with diagonal C and symmetric positive definite K.
pub(super) struct Modes {
    /// Decay rates, 1/s.
    pub rates: DVector<f64>,
    /// Columns: what a mode is in the states.
    shapes: DMatrix<f64>,
}

impl Modes {
    /// From the capacitances (m^3/Pa) and the conductance matrix (m^3/(Pa s)); of no states at all there are no modes.
    pub fn new(capacitance: &DVector<f64>, conductance: &DMatrix<f64>) -> Self {
        let n = capacitance.len();
        if n == 0 {
            return Self { rates: DVector::zeros(0), shapes: DMatrix::zeros(0, 0) };
        }
        let root = capacitance.map(|c| 1.0 / c.sqrt());
        let scaled = DMatrix::from_fn(n, n, |i, j| root[i] * conductance[(i, j)] * root[j]);
        let eigen = scaled.symmetric_eigen();
        let shapes = DMatrix::from_fn(n, n, |i, j| root[i] * eigen.eigenvectors[(i, j)]);
        Self { rates: eigen.eigenvalues, shapes }
    }

    /// The states of given amplitudes.
    pub fn states(&self, amplitudes: &DVector<f64>) -> DVector<f64> {
        &self.shapes * amplitudes
    }

    /// What currents `i` (m^3/s, one a state) drive in each mode.
    pub fn drive(&self, currents: &DVector<f64>) -> DVector<f64> {
        self.shapes.tr_mul(currents)
    }
}
