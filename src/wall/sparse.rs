//! Matrices of blocks: rows in double precision for the set-up, and the coarse matrices in single precision.

use rayon::prelude::*;

use super::assembly::Stiffness;

/// Rows that a task takes at least.
const MIN_TASK: usize = 64;

/// A symmetric matrix of `B` by `B` blocks, row by row in double precision.
pub(super) trait Rows<const B: usize>: Sync {
    /// Places for entries in a row.
    fn places(&self, row: usize) -> usize;
    /// Column and block at a place of a row; none where the place is empty.
    fn entry(&self, row: usize, place: usize) -> Option<(usize, [[f64; B]; B])>;
}

/// The finest matrix with its diagonal blocks put back.
pub(super) struct Finest<'a> {
    pub stiffness: &'a Stiffness,
    pub diagonal: &'a [[[f64; 3]; 3]],
}

impl Rows<3> for Finest<'_> {
    #[inline(always)]
    fn places(&self, row: usize) -> usize {
        let column = row / self.stiffness.levels;
        3 * (self.stiffness.start[column + 1] - self.stiffness.start[column]) as usize
    }

    #[inline(always)]
    fn entry(&self, row: usize, place: usize) -> Option<(usize, [[f64; 3]; 3])> {
        let levels = self.stiffness.levels;
        let (column, level, m) = (row / levels, row % levels, place % 3);
        let e = self.stiffness.start[column] as usize + place / 3;
        let at = (level + m).checked_sub(1).filter(|&at| at < levels)?;
        let other = self.stiffness.neighbour[e] as usize * levels + at;
        if other == row {
            return Some((row, self.diagonal[row]));
        }
        let numbers = &self.stiffness.blocks[(e * levels + level) * 27..][..27];
        Some((other, std::array::from_fn(|a| std::array::from_fn(|b| f64::from(numbers[9 * a + 3 * m + b])))))
    }
}

/// Diagonal blocks of the finest matrix: what rows sum to, less what they hold beside the diagonal.
pub(super) fn diagonal(stiffness: &Stiffness) -> Vec<[[f64; 3]; 3]> {
    let levels = stiffness.levels;
    let node = |node: usize| {
        let (column, level) = (node / levels, node % levels);
        let own = &stiffness.own[9 * node..9 * node + 9];
        let mut block: [[f64; 3]; 3] = std::array::from_fn(|a| std::array::from_fn(|b| f64::from(own[3 * a + b])));
        for e in stiffness.start[column] as usize..stiffness.start[column + 1] as usize {
            let numbers = &stiffness.blocks[(e * levels + level) * 27..][..27];
            for (k, number) in numbers.iter().enumerate() {
                block[k / 9][k % 3] -= f64::from(*number);
            }
        }
        block
    };
    (0..levels * (stiffness.start.len() - 1)).into_par_iter().with_min_len(MIN_TASK).map(node).collect()
}

/// A coarse matrix in double precision: rows of 6 by 6 blocks, columns ascending.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocks {
    pub start: Vec<u32>,
    pub column: Vec<u32>,
    pub values: Vec<[[f64; 6]; 6]>,
}

impl Blocks {
    /// Number of rows of blocks.
    pub(super) fn len(&self) -> usize {
        self.start.len() - 1
    }

    /// Entries of a row.
    pub(super) fn row(&self, row: usize) -> std::ops::Range<usize> {
        self.start[row] as usize..self.start[row + 1] as usize
    }

    /// Diagonal blocks.
    pub(super) fn diagonal(&self) -> Vec<[[f64; 6]; 6]> {
        let own = |row: usize| self.row(row).find(|&e| self.column[e] as usize == row);
        (0..self.len()).map(|row| own(row).map_or([[0.0; 6]; 6], |e| self.values[e])).collect()
    }

    /// The same in single precision.
    pub(super) fn rounded(&self) -> BlockMatrix {
        let values = self.values.iter().flat_map(|block| block.as_flattened()).map(|&v| v as f32).collect();
        BlockMatrix { start: self.start.clone(), column: self.column.clone(), values }
    }
}

impl Rows<6> for Blocks {
    #[inline(always)]
    fn places(&self, row: usize) -> usize {
        self.row(row).len()
    }

    #[inline(always)]
    fn entry(&self, row: usize, place: usize) -> Option<(usize, [[f64; 6]; 6])> {
        let e = self.start[row] as usize + place;
        Some((self.column[e] as usize, self.values[e]))
    }
}

/// A coarse matrix: rows of 6 by 6 blocks.
#[derive(Clone, Debug, Default)]
pub struct BlockMatrix {
    /// Where the entries of a row begin; one more than rows.
    pub start: Vec<u32>,
    /// Column of each entry, ascending in a row.
    pub column: Vec<u32>,
    /// 36 numbers an entry, row by row of the block.
    pub values: Vec<f32>,
}

impl BlockMatrix {
    /// Number of rows of blocks: a sixth of the unknowns.
    #[must_use]
    pub fn len(&self) -> usize {
        self.start.len() - 1
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `y = A x`, or `y -= A x` if `subtract` is set; six numbers a row.
    pub fn product(&self, x: &[f32], y: &mut [f32], subtract: bool) {
        y.par_chunks_mut(6).with_min_len(MIN_TASK).enumerate().for_each(|(row, y)| {
            let mut sums = [[0.0f32; 6]; 6];
            for e in self.start[row] as usize..self.start[row + 1] as usize {
                let x = &x[6 * self.column[e] as usize..][..6];
                let block = &self.values[36 * e..36 * e + 36];
                for (sums, row) in sums.iter_mut().zip(block.chunks_exact(6)) {
                    for ((sum, a), x) in sums.iter_mut().zip(row).zip(x) {
                        *sum += a * x;
                    }
                }
            }
            for (y, sums) in y.iter_mut().zip(&sums) {
                let sum = (sums[0] + sums[1]) + (sums[2] + sums[3]) + (sums[4] + sums[5]);
                *y = if subtract { *y - sum } else { sum };
            }
        });
    }
}
