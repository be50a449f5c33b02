//! The largest eigenvalue of a matrix with its preconditioner, by Lanczos's method.

use nalgebra::{DMatrix, SymmetricEigen};

/// An estimate from below of the largest eigenvalue of `D^-1 A`, from the coefficients of some steps of preconditioned
/// conjugate gradients (Golub and Van Loan, Matrix Computations, section 11.3). `product` is `y = A x`, `solve` is
/// `z = D^-1 r`; `start` is a vector that holds everything, say noise.
pub(super) fn largest(
    start: Vec<f32>,
    steps: usize,
    mut product: impl FnMut(&[f32], &mut [f32]),
    mut solve: impl FnMut(&[f32], &mut [f32]),
) -> f64 {
    let mut r = start;
    let (mut z, mut p, mut q) = (vec![0.0; r.len()], vec![0.0f32; r.len()], vec![0.0; r.len()]);
    let mut matrix = DMatrix::<f64>::zeros(steps, steps);
    let (mut before, mut rz_before) = (None, 1.0);
    let mut done = 0;
    for step in 0..steps {
        solve(&r, &mut z);
        let rz = dot(&r, &z);
        let beta = before.map_or(0.0, |_| rz / rz_before);
        p.iter_mut().zip(&z).for_each(|(p, z)| *p = z + beta as f32 * *p);
        product(&p, &mut q);
        let pq = dot(&p, &q);
        if rz.is_nan() || pq.is_nan() || rz <= 0.0 || pq <= 0.0 {
            break;
        }
        let alpha = rz / pq;
        matrix[(step, step)] = 1.0 / alpha + before.map_or(0.0, |before: f64| beta / before);
        if let Some(before) = before {
            matrix[(step, step - 1)] = beta.sqrt() / before;
            matrix[(step - 1, step)] = beta.sqrt() / before;
        }
        r.iter_mut().zip(&q).for_each(|(r, q)| *r -= alpha as f32 * q);
        (before, rz_before, done) = (Some(alpha), rz, step + 1);
    }
    SymmetricEigen::new(matrix.view((0, 0), (done, done)).into_owned()).eigenvalues.iter().copied().fold(0.0, f64::max)
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    let chunk = |(a, b): (&[f32], &[f32])| f64::from(a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>());
    a.chunks(64).zip(b.chunks(64)).map(chunk).sum()
}

/// Numbers in [-1, 1) without a pattern, always the same.
pub(super) fn noise(len: usize) -> Vec<f32> {
    let hash = |k: u32| {
        let k = (k ^ k >> 16).wrapping_mul(0x7feb_352d);
        let k = (k ^ k >> 15).wrapping_mul(0x846c_a68b);
        (k ^ k >> 16) >> 8
    };
    (0..len as u32).map(|k| hash(k.wrapping_add(1)) as f32 / (1 << 23) as f32 - 1.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The second difference of `n` points with its diagonal as preconditioner: 1 + cos(pi / (n + 1)).
    #[test]
    fn the_bound_of_a_string() {
        let n = 40;
        let product = |x: &[f32], y: &mut [f32]| {
            for k in 0..n {
                let side = |ok: bool, at: usize| if ok { x[at] } else { 0.0 };
                y[k] = 2.0 * x[k] - side(k > 0, k.wrapping_sub(1)) - side(k + 1 < n, k + 1);
            }
        };
        let solve = |r: &[f32], z: &mut [f32]| z.iter_mut().zip(r).for_each(|(z, r)| *z = 0.5 * r);
        let exact = 1.0 + (std::f64::consts::PI / 41.0).cos();
        let found = largest(noise(n), 8, product, solve);
        assert!(found <= exact + 1e-5 && found > 0.95 * exact, "{found}, exactly {exact}");
        assert!((largest(noise(n), 30, product, solve) - exact).abs() < 1e-3);
    }
}
