//! Matrices of blocks: rows in double precision for the set-up, and the coarse matrices in single precision.

use std::ops::Range;

use rayon::prelude::*;

use super::assembly::Stiffness;
use super::lanes::{self, Kernel, Lanes};
use super::order::Order;
use super::sixes::{BEYOND, eight, six, sum};

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
    pub(super) fn row(&self, row: usize) -> Range<usize> {
        self.start[row] as usize..self.start[row + 1] as usize
    }

    /// Diagonal blocks.
    pub(super) fn diagonal(&self) -> Vec<[[f64; 6]; 6]> {
        let own = |row: usize| self.row(row).find(|&e| self.column[e] as usize == row);
        (0..self.len()).map(|row| own(row).map_or([[0.0; 6]; 6], |e| self.values[e])).collect()
    }

    /// The same in single precision.
    pub(super) fn rounded(&self) -> BlockMatrix {
        let mut values = Vec::with_capacity(36 * self.values.len() + BEYOND);
        self.values.iter().for_each(|block| values.extend(block.as_flattened().iter().map(|&v| v as f32)));
        values.resize(values.len() + BEYOND, 0.0);
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
    /// 36 numbers an entry, row by row of the block; two zeros at the end.
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

    /// `y = A x`; six numbers a row.
    pub fn product(&self, x: &[f32], y: &mut [f32]) {
        y.par_chunks_mut(6 * MIN_TASK).enumerate().for_each(|(task, y)| {
            lanes::run(Multiply { matrix: self, first: task * MIN_TASK, x, y });
        });
    }
}

/// Some rows of a product.
struct Multiply<'a> {
    matrix: &'a BlockMatrix,
    first: usize,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl Kernel for Multiply<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let BlockMatrix { start, column, values } = self.matrix;
        for (k, y) in self.y.as_chunks_mut::<6>().0.iter_mut().enumerate() {
            let mut sums = [[0.0; 8]; 6];
            let row = start[self.first + k] as usize..start[self.first + k + 1] as usize;
            for (e, &column) in row.clone().zip(&column[row]) {
                let x = six(self.x, column as usize);
                for (a, sums) in sums.iter_mut().enumerate() {
                    V::add_products(eight(values, 36 * e + 6 * a), &x, sums);
                }
            }
            for (y, sums) in y.iter_mut().zip(&sums) {
                *y = sum(sums);
            }
        }
    }
}

/// A coarse matrix as Gauss-Seidel's sweeps over its nodes need it ([`super::sweep`]).
#[derive(Clone, Copy)]
pub struct BlockSweeps<'a> {
    /// The matrix.
    pub matrix: &'a BlockMatrix,
    /// Inverses of its diagonal blocks, 36 numbers a node, row by row.
    pub inverse: &'a [f32],
    /// The order of its rows.
    pub order: &'a Order,
}

impl BlockSweeps<'_> {
    /// One sweep forward for `A x = b` from `x = 0`.
    pub fn forward(&self, b: &[f32], x: &mut [f32]) {
        self.order.sweep([6, 0], false, x, |rows, x, own| {
            lanes::run(Chunk::<false> { of: self, rows, b, x, own });
        });
    }

    /// One sweep backward for `A x = b` from `x` on.
    pub fn backward(&self, b: &[f32], x: &mut [f32]) {
        self.order.sweep([6, 0], true, x, |rows, x, own| {
            lanes::run(Chunk::<true> { of: self, rows, b, x, own });
        });
    }

    /// `b - A x` after [`BlockSweeps::forward`] has found `x`.
    pub fn rest(&self, x: &[f32], rest: &mut [f32]) {
        rest.par_chunks_mut(6 * MIN_TASK).enumerate().for_each(|(task, rest)| {
            lanes::run(Rest { of: self, first: task * MIN_TASK, x, rest });
        });
    }

    /// Adds the products of the entries of a row whose columns are asked for.
    #[inline(always)]
    fn add<'x, V: Lanes>(&self, row: usize, x: impl Fn(usize) -> Option<(&'x [f32], usize)>) -> [f32; 6] {
        let BlockMatrix { column, values, .. } = self.matrix;
        let mut sums = [[0.0; 8]; 6];
        let entries = self.matrix.start[row] as usize..self.matrix.start[row + 1] as usize;
        for (e, &column) in entries.clone().zip(&column[entries]) {
            let Some((from, node)) = x(column as usize) else { continue };
            let x = six(from, node);
            for (a, sums) in sums.iter_mut().enumerate() {
                V::add_products(eight(values, 36 * e + 6 * a), &x, sums);
            }
        }
        let mut out = [0.0; 6];
        out.iter_mut().zip(&sums).for_each(|(out, sums)| *out = sum(sums));
        out
    }
}

/// A sweep over some rows: backward from what is there, or forward from nought.
struct Chunk<'a, const BACKWARD: bool> {
    of: &'a BlockSweeps<'a>,
    rows: Range<usize>,
    b: &'a [f32],
    x: &'a [f32],
    own: &'a mut [f32],
}

impl<const BACKWARD: bool> Kernel for Chunk<'_, BACKWARD> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let BlockSweeps { inverse, order, .. } = *self.of;
        for k in 0..self.rows.len() {
            let k = if BACKWARD { self.rows.len() - 1 - k } else { k };
            let (row, own) = (self.rows.start + k, &*self.own);
            let sums = self.of.add::<V>(row, |other| {
                let inside = self.rows.contains(&other);
                let from = if inside { (own, other - self.rows.start) } else { (self.x, other) };
                (BACKWARD || order.before(other, row)).then_some(from)
            });
            let b = &self.b[6 * row..6 * row + 6];
            let x = &mut self.own[6 * k..6 * k + 6];
            for (x, inverse) in x.iter_mut().zip(inverse[36 * row..36 * row + 36].chunks_exact(6)) {
                let mut z = 0.0;
                for ((i, b), sum) in inverse.iter().zip(b).zip(&sums) {
                    z += i * (b - sum);
                }
                *x = if BACKWARD { *x + z } else { z };
            }
        }
    }
}

/// What later rows take from the balance of some rows.
struct Rest<'a> {
    of: &'a BlockSweeps<'a>,
    first: usize,
    x: &'a [f32],
    rest: &'a mut [f32],
}

impl Kernel for Rest<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        for (k, rest) in self.rest.as_chunks_mut::<6>().0.iter_mut().enumerate() {
            let row = self.first + k;
            let later = |other: usize| self.of.order.before(row, other).then_some((self.x, other));
            *rest = self.of.add::<V>(row, later).map(|sum| -sum);
        }
    }
}
