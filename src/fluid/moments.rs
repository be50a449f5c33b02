//! The ten numbers of a site, and the populations that follow from them.

use crate::geometry::lattice::directions::{C, Q};

/// How many numbers a site's state has.
pub const FIELDS: usize = 10;

/// State of a site after collision, as stored: `b = drho - 1.5 tr A`; `3 j` (x, y, z); `4.5 A_aa` (xx, yy, zz);
/// `9 A_ab` (xy, xz, yz), where `A = Pi - drho/3 I` is the second moment without the pressure.
pub type Moments = [f32; FIELDS];

/// A site's state in words: what results and interpolation work with. Lattice units.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Macro {
    /// Density deviation.
    pub drho: f32,
    /// Momentum, which is the velocity (unit density).
    pub j: [f32; 3],
    /// Second moment without the pressure: xx, yy, zz, xy, xz, yz.
    pub a: [f32; 6],
}

impl Macro {
    /// From the stored numbers.
    #[must_use]
    pub fn read(m: &Moments) -> Self {
        let a = [m[4] / 4.5, m[5] / 4.5, m[6] / 4.5, m[7] / 9.0, m[8] / 9.0, m[9] / 9.0];
        Self { drho: m[0] + 1.5 * (a[0] + a[1] + a[2]), j: [m[1] / 3.0, m[2] / 3.0, m[3] / 3.0], a }
    }

    /// The stored numbers.
    #[must_use]
    pub fn write(&self) -> Moments {
        let (j, a) = (self.j, self.a);
        let b = self.drho - 1.5 * (a[0] + a[1] + a[2]);
        [b, 3.0 * j[0], 3.0 * j[1], 3.0 * j[2], 4.5 * a[0], 4.5 * a[1], 4.5 * a[2], 9.0 * a[3], 9.0 * a[4], 9.0 * a[5]]
    }

    /// The equilibrium state of a velocity and density deviation.
    #[must_use]
    pub fn equilibrium(drho: f32, j: [f32; 3]) -> Self {
        let [x, y, z] = j;
        Self { drho, j, a: [x * x, y * y, z * z, x * y, x * z, y * z] }
    }
}

/// Density deviation, from `b` and the stored diagonal `4.5 A_aa`.
#[inline(always)]
#[must_use]
pub fn density(b: f32, a: [f32; 3]) -> f32 {
    b + (a[0] + a[1] + a[2]) * (1.0 / 3.0)
}

/// What each stored number counts for in a population over its weight.
const PARTS: [Moments; Q] = {
    let mut parts = [[0.0; FIELDS]; Q];
    let mut q = 0;
    while q < Q {
        let [x, y, z] = C[q];
        let counts = [1, x, y, z, x * x, y * y, z * z, x * y, x * z, y * z];
        let mut k = 0;
        while k < FIELDS {
            parts[q][k] = counts[k] as f32;
            k += 1;
        }
        q += 1;
    }
    parts
};

/// Population `f_q / w_q` (deviation) after collision of a site with state `m`.
#[inline]
#[must_use]
pub fn population(m: &Moments, q: usize) -> f32 {
    let c = &PARTS[q];
    let odd = c[1] * m[1] + c[2] * m[2] + c[3] * m[3];
    let even = c[4] * m[4] + c[5] * m[5] + c[6] * m[6];
    let cross = c[7] * m[7] + c[8] * m[8] + c[9] * m[9];
    m[0] + odd + (even + cross)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::lattice::directions::weight;

    #[test]
    fn populations_have_the_moments_they_are_made_from() {
        let state = Macro { drho: 0.01, j: [0.03, -0.05, 0.02], a: [0.002, -0.001, 0.003, 0.0015, -0.0007, 0.0009] };
        let m = state.write();
        let back = Macro::read(&m);
        assert!((back.drho - state.drho).abs() < 1e-8);
        assert!((density(m[0], [m[4], m[5], m[6]]) - state.drho).abs() < 1e-8);
        let f: Vec<f64> = (0..Q).map(|q| f64::from(weight(q)) * f64::from(population(&m, q))).collect();
        let sum = |g: &dyn Fn([i32; 3]) -> i32| -> f64 { (0..Q).map(|q| f64::from(g(C[q])) * f[q]).sum() };
        assert!((sum(&|_| 1) - 0.01).abs() < 1e-8);
        for a in 0..3 {
            assert!((sum(&|c| c[a]) - f64::from(state.j[a])).abs() < 1e-8);
            let expected = f64::from(state.a[a]) + 0.01 / 3.0;
            assert!((sum(&|c| c[a] * c[a]) - expected).abs() < 1e-8);
        }
        assert!((sum(&|c| c[0] * c[1]) - f64::from(state.a[3])).abs() < 1e-8);
        assert!((sum(&|c| c[0] * c[2]) - f64::from(state.a[4])).abs() < 1e-8);
        assert!((sum(&|c| c[1] * c[2]) - f64::from(state.a[5])).abs() < 1e-8);
    }
}
