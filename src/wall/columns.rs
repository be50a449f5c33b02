//! The stiffness of each column on its own, factorised: the smoother of the finest level.
//!
//! Elements of a wall are often thinner than they are wide, and then a node is held much more by those of its own column
//! than by others; point smoothers stall. The diagonal block of a column is block-tridiagonal with 3 by 3 blocks `D_k`
//! and `U_k` (to the next level): `S_0 = D_0`, `G_k = U_(k-1)^T S_(k-1)^-1`, `S_k = D_k - G_k U_(k-1)`, and the solution
//! of `A z = r` is `y_k = r_k - G_k y_(k-1)` upward, then `z_k = S_k^-1 y_k - G_(k+1)^T z_(k+1)` downward.

use rayon::prelude::*;

use super::assembly::Stiffness;
use super::dense::inverse;
use super::memory;
use super::product::PAD;

/// Nodes that a task takes at least.
const MIN_NODES: usize = 512;

type Block = [[f64; 3]; 3];

/// Factors of the columns' own stiffness.
#[derive(Clone, Debug, Default)]
pub struct ColumnFactors {
    /// Nodes of a column.
    pub levels: usize,
    /// `G_k` of each node, nine numbers row by row; zeros at level 0.
    pub lower: Vec<f32>,
    /// `S_k^-1` of each node, nine numbers row by row.
    pub inverse: Vec<f32>,
}

impl ColumnFactors {
    /// Factors of a matrix with the given diagonal blocks.
    ///
    /// # Errors
    /// The number of a column whose stiffness is not positive.
    pub(super) fn new(stiffness: &Stiffness, diagonal: &[Block]) -> Result<Self, u32> {
        let levels = stiffness.levels;
        let mut factors =
            Self { levels, lower: memory::zeros(9 * diagonal.len()), inverse: memory::zeros(9 * diagonal.len()) };
        let parts = factors.lower.par_chunks_mut(9 * levels).zip(factors.inverse.par_chunks_mut(9 * levels));
        parts.with_min_len(64).enumerate().try_for_each(|(column, (lower, inverses))| {
            let of = &diagonal[column * levels..(column + 1) * levels];
            factorise(of, |level| above(stiffness, column, level), lower, inverses).ok_or(column as u32)
        })?;
        Ok(factors)
    }

    /// `z = D^-1 r`; padded vectors.
    pub(super) fn solve_all(&self, r: &[f32], z: &mut [f32]) {
        let many = MIN_NODES.div_ceil(self.levels);
        let (len, end) = (3 * self.levels, z.len() - PAD);
        let chunks = r[PAD..end].par_chunks(len * many).zip(z[PAD..end].par_chunks_mut(len * many));
        chunks.enumerate().for_each(|(task, (r, z))| {
            let mut y = vec![[0.0f32; 3]; self.levels];
            for (k, (r, z)) in r.chunks_exact(len).zip(z.chunks_exact_mut(len)).enumerate() {
                self.column(task * many + k, 0.0, r, z, &mut y);
            }
        });
    }

    /// `z = keep z + D^-1 r` in one column; `y` is room for it.
    #[inline]
    pub(super) fn column(&self, column: usize, keep: f32, r: &[f32], z: &mut [f32], y: &mut [[f32; 3]]) {
        let range = 9 * column * self.levels..9 * (column + 1) * self.levels;
        let (lower, inverse) = (&self.lower[range.clone()], &self.inverse[range]);
        let mut below = [0.0f32; 3];
        for ((y, r), g) in y.iter_mut().zip(r.as_chunks::<3>().0).zip(lower.as_chunks::<9>().0) {
            *y = std::array::from_fn(|a| {
                r[a] - (g[3 * a] * below[0] + g[3 * a + 1] * below[1] + g[3 * a + 2] * below[2])
            });
            below = *y;
        }
        let mut from_above = [0.0f32; 3];
        let nodes = y.iter().zip(z.as_chunks_mut::<3>().0).zip(lower.as_chunks::<9>().0);
        for (((y, z), g), s) in nodes.zip(inverse.as_chunks::<9>().0).rev() {
            let t: [f32; 3] =
                std::array::from_fn(|a| s[3 * a] * y[0] + s[3 * a + 1] * y[1] + s[3 * a + 2] * y[2] - from_above[a]);
            from_above = std::array::from_fn(|a| g[a] * t[0] + g[3 + a] * t[1] + g[6 + a] * t[2]);
            *z = std::array::from_fn(|a| keep * z[a] + t[a]);
        }
    }

    /// Solves a column's equations in double precision: `r` holds three numbers a level, and then the solution.
    pub(super) fn solve(&self, column: usize, r: &mut [[f64; 3]]) {
        let range = 9 * column * self.levels..9 * (column + 1) * self.levels;
        let (lower, inverse) = (&self.lower[range.clone()], &self.inverse[range]);
        let (lower, inverse) = (lower.as_chunks::<9>().0, inverse.as_chunks::<9>().0);
        let times = |m: &[f32; 9], v: [f64; 3], row: usize, column: usize| -> [f64; 3] {
            std::array::from_fn(|a| (0..3).map(|b| f64::from(m[row * a + column * b]) * v[b]).sum())
        };
        let minus = |a: [f64; 3], b: [f64; 3]| -> [f64; 3] { std::array::from_fn(|k| a[k] - b[k]) };
        for k in 1..self.levels {
            r[k] = minus(r[k], times(&lower[k], r[k - 1], 3, 1));
        }
        let mut from_above = [0.0; 3];
        for k in (0..self.levels).rev() {
            r[k] = minus(times(&inverse[k], r[k], 3, 1), from_above);
            from_above = times(&lower[k], r[k], 1, 3);
        }
    }
}

/// Coupling of a node with that above it in its column.
fn above(stiffness: &Stiffness, column: usize, level: usize) -> Block {
    let range = stiffness.start[column] as usize..stiffness.start[column + 1] as usize;
    let own = range.clone().find(|&e| stiffness.neighbour[e] as usize == column).unwrap_or(range.start);
    let numbers = &stiffness.blocks[(own * stiffness.levels + level) * 27..][..27];
    std::array::from_fn(|a| std::array::from_fn(|b| f64::from(numbers[9 * a + 6 + b])))
}

/// Factors of one column; none where they do not exist.
fn factorise(
    diagonal: &[Block],
    above: impl Fn(usize) -> Block,
    lower: &mut [f32],
    inverses: &mut [f32],
) -> Option<()> {
    let put = |to: &mut [f32], block: &Block| {
        to.iter_mut().zip(block.as_flattened()).for_each(|(to, v)| *to = *v as f32);
    };
    let mut before = inverse(&diagonal[0])?;
    put(&mut inverses[..9], &before);
    for k in 1..diagonal.len() {
        let up = above(k - 1);
        let g: Block = std::array::from_fn(|a| std::array::from_fn(|b| (0..3).map(|c| up[c][a] * before[c][b]).sum()));
        let s: Block = std::array::from_fn(|a| {
            std::array::from_fn(|b| diagonal[k][a][b] - (0..3).map(|c| g[a][c] * up[c][b]).sum::<f64>())
        });
        before = inverse(&s)?;
        put(&mut lower[9 * k..9 * k + 9], &g);
        put(&mut inverses[9 * k..9 * k + 9], &before);
    }
    Some(())
}
