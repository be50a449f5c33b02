//! Gauss-Seidel's sweeps over the columns of the finest level: the smoother of the processor.
//!
//! A column is brought into balance with its neighbours as they are, one after the other, forward before the coarse
//! correction and backward after it, so that the cycle is symmetric. A polynomial in `D^-1 A` ([`super::smoother`]) of the
//! same quality takes three times the products: a sweep that begins at nought needs only what lies before the diagonal, and
//! what it leaves is what lies behind. Its columns depend on each other, which suits a processor's few threads.

use std::ops::Range;

use rayon::prelude::*;

use super::assembly::Stiffness;
use super::columns::ColumnFactors;
use super::half::Half;
use super::order::Order;
use super::product::{AHEAD, Kernel, LINE, Nine, Number, PAD, Task, nine};

/// Nodes of a chunk at least.
const MIN_NODES: usize = 512;

/// The order of a wall's columns.
#[must_use]
pub fn order(stiffness: &Stiffness) -> Order {
    Order::new(&stiffness.start, &stiffness.neighbour, MIN_NODES.div_ceil(stiffness.levels))
}

/// The finest level as sweeps need it.
#[derive(Clone, Copy)]
pub struct Sweeps<'a> {
    /// The matrix.
    pub stiffness: &'a Stiffness,
    /// Its blocks in half precision, where there are any.
    pub half: Option<&'a Half>,
    /// Its columns.
    pub factors: &'a ColumnFactors,
    /// Their order.
    pub order: &'a Order,
}

impl Sweeps<'_> {
    /// One sweep forward for `K x = b` from `x = 0`; padded vectors.
    pub fn forward(&self, b: &[f32], x: &mut [f32]) {
        self.sweep::<false>(b, x);
    }

    /// One sweep backward for `K x = b` from `x` on; padded vectors.
    pub fn backward(&self, b: &[f32], x: &mut [f32]) {
        self.sweep::<true>(b, x);
    }

    /// `b - K x` after [`Sweeps::forward`] has found `x`: each column was in balance until those after it moved.
    pub fn rest(&self, x: &[f32], rest: &mut [f32]) {
        let (levels, end) = (self.stiffness.levels, rest.len() - PAD);
        let columns = MIN_NODES.div_ceil(levels);
        rest[PAD..end].par_chunks_mut(3 * levels * columns).enumerate().for_each(|(task, rest)| {
            let first = task * columns;
            match self.half {
                Some(half) => self.run(Rest { of: self, blocks: (&half.blocks, half.unit), first, x, rest }),
                None => self.run(Rest { of: self, blocks: (&self.stiffness.blocks, 1.0), first, x, rest }),
            }
        });
    }

    fn sweep<const BACKWARD: bool>(&self, b: &[f32], x: &mut [f32]) {
        self.order.sweep([3 * self.stiffness.levels, PAD], BACKWARD, x, |columns, x, own| match self.half {
            Some(half) => {
                let blocks = (half.blocks.as_slice(), half.unit);
                self.run(Chunk::<_, BACKWARD> { of: self, blocks, columns, b, x, own });
            }
            None => {
                let blocks = (self.stiffness.blocks.as_slice(), 1.0);
                self.run(Chunk::<_, BACKWARD> { of: self, blocks, columns, b, x, own });
            }
        });
    }

    fn run(&self, task: impl Task) {
        Kernel::detect().run(task);
    }

    /// Entries of a column.
    #[inline(always)]
    fn entries(&self, column: usize) -> Range<usize> {
        self.stiffness.start[column] as usize..self.stiffness.start[column + 1] as usize
    }
}

/// What later columns take from the balance of some columns.
struct Rest<'a, N> {
    of: &'a Sweeps<'a>,
    blocks: (&'a [N], f32),
    first: usize,
    x: &'a [f32],
    rest: &'a mut [f32],
}

impl<N: Number> Task for Rest<'_, N> {
    #[inline(always)]
    fn run<V: Nine>(self) {
        let levels = self.of.stiffness.levels;
        let mut sums = vec![[V::zero(); 3]; levels];
        for (n, rest) in self.rest.chunks_exact_mut(3 * levels).enumerate() {
            let column = self.first + n;
            sums.fill([V::zero(); 3]);
            for e in self.of.entries(column) {
                let other = self.of.stiffness.neighbour[e] as usize;
                if self.of.order.before(column, other) {
                    add::<V, N, false>(self.blocks.0, e, (self.x, 3 * levels * other), None, &mut sums);
                }
            }
            for (rest, sums) in rest.as_chunks_mut::<3>().0.iter_mut().zip(&sums) {
                *rest = std::array::from_fn(|a| -self.blocks.1 * sums[a].sum());
            }
        }
    }
}

/// A sweep over some columns: backward from what is there, or forward from nought.
struct Chunk<'a, N, const BACKWARD: bool> {
    of: &'a Sweeps<'a>,
    blocks: (&'a [N], f32),
    columns: Range<usize>,
    b: &'a [f32],
    x: &'a [f32],
    own: &'a mut [f32],
}

impl<N: Number, const BACKWARD: bool> Task for Chunk<'_, N, BACKWARD> {
    #[inline(always)]
    fn run<V: Nine>(self) {
        let Sweeps { stiffness, factors, order, .. } = *self.of;
        let (levels, count) = (stiffness.levels, self.columns.len());
        let mut sums = vec![[V::zero(); 3]; levels];
        let (mut r, mut y) = (vec![0.0; 3 * levels], vec![[0.0; 3]; levels]);
        for n in 0..count {
            let n = if BACKWARD { count - 1 - n } else { n };
            let (column, at) = (self.columns.start + n, 3 * levels * n);
            sums.fill([V::zero(); 3]);
            let entries = self.of.entries(column);
            for k in entries.clone() {
                let e = if BACKWARD { entries.start + entries.end - 1 - k } else { k };
                let other = stiffness.neighbour[e] as usize;
                if !BACKWARD && !order.before(other, column) {
                    continue;
                }
                let middle = BACKWARD.then_some((&*self.own, at));
                let from = if self.columns.contains(&other) {
                    (&*self.own, 3 * levels * (other - self.columns.start))
                } else {
                    (self.x, 3 * levels * other)
                };
                add::<V, N, BACKWARD>(self.blocks.0, e, from, middle, &mut sums);
            }
            let first = 3 * levels * column;
            for (k, (r, sums)) in r.as_chunks_mut::<3>().0.iter_mut().zip(&sums).enumerate() {
                let b = nine(self.b, first + 3 * k);
                *r = std::array::from_fn(|a| b[3 + a] - self.blocks.1 * sums[a].sum());
                if BACKWARD {
                    let x = nine(self.own, at + 3 * k);
                    let o = nine(&stiffness.own, 3 * first + 9 * k);
                    for (a, r) in r.iter_mut().enumerate() {
                        *r -= o[3 * a] * x[3] + o[3 * a + 1] * x[4] + o[3 * a + 2] * x[5];
                    }
                }
            }
            let keep = if BACKWARD { 1.0 } else { 0.0 };
            factors.column(column, keep, &r, &mut self.own[PAD + at..PAD + at + 3 * levels], &mut y);
        }
    }
}

/// Adds entry `e` times the column at `from` to the sums of a column, in differences where the column's own numbers are
/// given as `middle`.
#[inline(always)]
fn add<V: Nine, N: Number, const DOWN: bool>(
    blocks: &[N],
    e: usize,
    from: (&[f32], usize),
    middle: Option<(&[f32], usize)>,
    sums: &mut [[V; 3]],
) {
    let len = 27 * sums.len();
    let blocks = &blocks[len * e..len * (e + 1)];
    for (k, (sums, block)) in sums.iter_mut().zip(blocks.as_chunks::<27>().0).enumerate() {
        let ahead = |numbers: usize| match DOWN {
            true => block.as_ptr().wrapping_sub(numbers).cast(),
            false => block.as_ptr().wrapping_add(numbers).cast(),
        };
        V::prefetch(ahead(AHEAD));
        if N::TWO_LINES {
            V::prefetch(ahead(AHEAD + LINE));
        }
        let other = V::load(nine(from.0, from.1 + 3 * k));
        let other = match middle {
            Some((own, at)) => other.minus(V::repeat(nine(own, at + 3 * k))),
            None => other,
        };
        for (a, sum) in sums.iter_mut().enumerate() {
            *sum = N::load::<V>(nine(block, 9 * a)).times_plus(other, *sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::shell::Shell;
    use crate::wall::constraint::Supports;
    use crate::wall::material::Material;
    use crate::wall::product::{padded, product};
    use crate::wall::sparse::diagonal;

    /// A plate of 40 by 30 columns with three levels, fixed along one edge.
    fn plate() -> (Stiffness, ColumnFactors) {
        let (n, m) = (40u32, 30u32);
        let mut shell = Shell { layers: 2, ends: vec![(0..n).collect()], ..Shell::default() };
        for (i, j) in (0..m).flat_map(|i| (0..n).map(move |j| (i, j))) {
            shell.nodes.extend((0..3).map(|k| [f64::from(j), f64::from(i), 0.5 * f64::from(k)]));
            if i + 1 < m && j + 1 < n {
                let column = i * n + j;
                shell.quads.push([column, column + 1, column + n + 1, column + n]);
            }
        }
        let mut supports = Supports::default();
        supports.fix_end(&shell, 0);
        let stiffness = Stiffness::assemble(&shell, &Material::uniform(1.0, 0.4), &supports).expect("a plate");
        let factors = ColumnFactors::new(&stiffness, &diagonal(&stiffness)).expect("a stiff plate");
        (stiffness, factors)
    }

    fn noise(nodes: usize, seed: usize) -> Vec<f32> {
        let mut out = padded(nodes);
        let inside = PAD..out.len() - PAD;
        let number = |k: usize| ((k * seed) % 1009) as f32 / 504.0 - 1.0;
        out[inside].iter_mut().enumerate().for_each(|(k, v)| *v = number(k));
        out
    }

    fn dot(a: &[f32], b: &[f32]) -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum()
    }

    /// What a sweep forward leaves is what the product says, and a sweep backward is its adjoint.
    #[test]
    fn sweeps_are_symmetric_and_know_what_they_leave() {
        let (stiffness, factors) = plate();
        let order = order(&stiffness);
        let half = Half::new(&stiffness.blocks);
        for (half, allowed) in [(None, 1e-5), (half.as_ref(), 3e-3)] {
            let sweeps = Sweeps { stiffness: &stiffness, half, factors: &factors, order: &order };
            let nodes = factors.inverse.len() / 9;
            let swept = |b: &[f32]| {
                let (mut x, mut rest, mut exact) = (padded(nodes), padded(nodes), b.to_vec());
                sweeps.forward(b, &mut x);
                sweeps.rest(&x, &mut rest);
                product(&stiffness, &x, &mut exact, true);
                let apart: Vec<f32> = rest.iter().zip(&exact).map(|(a, b)| a - b).collect();
                assert!(dot(&apart, &apart).sqrt() <= allowed * dot(b, b).sqrt());
                sweeps.backward(b, &mut x);
                x
            };
            let (a, b) = (noise(nodes, 37), noise(nodes, 101));
            let (of_a, of_b) = (swept(&a), swept(&b));
            let both = [dot(&a, &of_b), dot(&b, &of_a)];
            let scale = (dot(&a, &of_a) * dot(&b, &of_b)).sqrt();
            assert!(scale > 0.0 && (both[0] - both[1]).abs() <= allowed * scale, "{both:?} of {scale}");
        }
    }
}
