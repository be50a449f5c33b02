//! The polynomial smoother that adapters use on every level but the coarsest: all unknowns at once.
//!
//! Chebyshev polynomials of the fourth kind in `D^-1 A`, with the weights that are optimal for multigrid (Lottes, Numer.
//! Linear Algebra Appl. 30, e2518, 2023; Phillips and Fischer, arXiv 2210.03179, table 1). They need an upper bound of
//! the eigenvalues and no lower one. `D` is the stiffness of the columns on the finest level, and of the nodes on others.

/// Highest degree that there are weights for.
pub const HIGHEST_DEGREE: usize = 4;

const WEIGHTS: [[f64; HIGHEST_DEGREE]; HIGHEST_DEGREE] = [
    [1.125, 0.0, 0.0, 0.0],
    [1.023_872_875_703_13, 1.264_089_053_710_85, 0.0, 0.0],
    [1.008_425_447_820_28, 1.088_678_392_087_30, 1.337_531_259_096_18, 0.0],
    [1.003_913_104_272_85, 1.040_358_111_885_93, 1.148_634_985_462_54, 1.382_688_692_410_00],
];

/// One step: `z = keep z + add D^-1 r`, `x += gain z`; then `r -= A z`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Part of the last correction that is kept; nought in the first step.
    pub keep: f32,
    /// Weight of the preconditioned residual.
    pub add: f32,
    /// Part of the correction that is taken.
    pub gain: f32,
}

/// The steps of a smoother of a degree from 1 to [`HIGHEST_DEGREE`]; eigenvalues of `D^-1 A` are at most `bound`.
///
/// # Panics
/// If the degree is another.
#[must_use]
pub fn steps(degree: usize, bound: f64) -> Vec<Step> {
    let weights = &WEIGHTS[degree - 1][..degree];
    let step = |(k, gain): (usize, &f64)| {
        let i = k as f64 + 1.0;
        let keep = if k == 0 { 0.0 } else { (2.0 * i - 3.0) / (2.0 * i + 1.0) };
        let add = (8.0 * i - 4.0) / (2.0 * i + 1.0) / bound;
        Step { keep: keep as f32, add: add as f32, gain: *gain as f32 }
    };
    weights.iter().enumerate().map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a smoother leaves of an eigenvector. Multigrid converges the faster, the smaller the largest `lambda e^2 / (1 -
    /// e^2)` is; plain polynomials of the fourth kind come to 1 / (4/3 k (k + 1)).
    #[test]
    fn what_is_left_stays_below_the_bound_of_multigrid() {
        for degree in 1..=HIGHEST_DEGREE {
            let left = |lambda: f64| {
                let (mut z, mut x, mut r) = (0.0, 0.0, 1.0);
                for step in steps(degree, 1.0) {
                    z = f64::from(step.keep) * z + f64::from(step.add) * r;
                    x += f64::from(step.gain) * z;
                    r -= lambda * z;
                }
                1.0 - lambda * x
            };
            let cost = |lambda: f64| lambda * left(lambda).powi(2) / (1.0 - left(lambda).powi(2));
            let largest = (1..=1000).map(|k| cost(f64::from(k) / 1000.0)).fold(0.0, f64::max);
            let plain = 1.0 / (4.0 / 3.0 * degree as f64 * (degree as f64 + 1.0));
            println!("degree {degree}: {largest:.4}, plain {plain:.4}");
            assert!(largest < plain, "degree {degree}: {largest}, plain {plain}");
        }
    }
}
