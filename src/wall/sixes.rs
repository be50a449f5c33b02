//! Rows of six numbers in registers of eight.
//!
//! Six unknowns a coarse node do not fill a register. So eight numbers are read where six are meant, the last two being
//! the next row's, against a vector whose last two are nought, or into sums whose last two nobody looks at. Arrays of
//! rows have [`BEYOND`] numbers more at their end.

use super::lanes::Lanes;

/// Numbers after the last row of an array.
pub(super) const BEYOND: usize = 2;

/// Eight numbers from a place on.
#[inline(always)]
pub(super) fn eight(from: &[f32], at: usize) -> &[f32; 8] {
    match from[at..at + 8].try_into() {
        Ok(eight) => eight,
        Err(_) => unreachable!("eight numbers"),
    }
}

/// The six numbers of a node and two zeros.
#[inline(always)]
pub(super) fn six(from: &[f32], node: usize) -> [f32; 8] {
    let [a, b, c, d, e, f] = from.as_chunks::<6>().0[node];
    [a, b, c, d, e, f, 0.0, 0.0]
}

/// `sums += row factor`, in double precision.
#[inline(always)]
pub(super) fn add_wide<V: Lanes>(row: &[f64; 8], factor: f64, sums: &mut [f64; 8]) {
    *sums = V::load(row).mul_add(V::splat(factor), V::load(sums)).store();
}

/// Eight numbers in double precision.
#[inline(always)]
pub(super) fn wide(row: &[f32; 8]) -> [f64; 8] {
    let mut out = [0.0; 8];
    for k in 0..8 {
        out[k] = f64::from(row[k]);
    }
    out
}

/// What eight numbers come to.
#[inline(always)]
pub(super) fn sum(v: &[f32; 8]) -> f32 {
    ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]))
}
