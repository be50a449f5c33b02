//! Small dense inverses.

/// The inverse of a symmetric positive-definite matrix of `n` rows, in place, by Gauss and Jordan's sweeps; false where a
/// pivot is not above `tiny` times its own diagonal entry.
pub(super) fn invert(matrix: &mut [f64], n: usize, tiny: f64) -> bool {
    let diagonal: Vec<f64> = (0..n).map(|k| matrix[k * n + k]).collect();
    let mut pivot_row = vec![0.0; n];
    for k in 0..n {
        let pivot = matrix[k * n + k];
        if pivot.is_nan() || pivot <= tiny * diagonal[k] {
            return false;
        }
        pivot_row.copy_from_slice(&matrix[k * n..k * n + n]);
        pivot_row[k] = 1.0;
        pivot_row.iter_mut().for_each(|v| *v /= pivot);
        for (i, row) in matrix.chunks_exact_mut(n).enumerate().filter(|(i, _)| *i != k) {
            let factor = std::mem::replace(&mut row[k], 0.0);
            debug_assert!(i != k);
            row.iter_mut().zip(&pivot_row).for_each(|(v, p)| *v -= factor * p);
        }
        matrix[k * n..k * n + n].copy_from_slice(&pivot_row);
    }
    true
}

/// The inverse of a symmetric positive-definite block; none where it has none.
pub(super) fn inverse<const B: usize>(block: &[[f64; B]; B]) -> Option<[[f64; B]; B]> {
    let mut out = *block;
    invert(out.as_flattened_mut(), B, 1e-10).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inverse_times_its_matrix_is_one() {
        let n = 23;
        let a: Vec<f64> = (0..n * n)
            .map(|k| {
                let (i, j) = ((k / n) as f64, (k % n) as f64);
                1.0 / (1.0 + (i - j).abs()) + if i == j { 1.0 } else { 0.0 }
            })
            .collect();
        let mut b = a.clone();
        assert!(invert(&mut b, n, 1e-12));
        for i in 0..n {
            for j in 0..n {
                let sum: f64 = (0..n).map(|k| a[i * n + k] * b[k * n + j]).sum();
                assert!((sum - f64::from(u8::from(i == j))).abs() < 1e-12, "{i} {j}: {sum}");
            }
        }
        assert!(!invert(&mut [1.0, 2.0, 2.0, 1.0], 2, 1e-12));
        assert!(inverse(&[[1.0, 1.0], [1.0, 1.0]]).is_none());
    }
}
