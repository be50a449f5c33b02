//! The wall's equations on the native CPU: conjugate gradients with a multigrid cycle, in single precision. Levels are
//! smoothed by Gauss-Seidel's sweeps ([`crate::wall::sweep`]), forward before the coarse correction and backward after it.

use std::sync::Arc;

use rayon::prelude::*;

use crate::wall::half::Half;
use crate::wall::hierarchy::{CoarseLevel, Hierarchy};
use crate::wall::order::Order;
use crate::wall::product::{PAD, padded, product};
use crate::wall::solve::Watch;
use crate::wall::sparse::BlockSweeps;
use crate::wall::sweep::{self, Sweeps};

/// Sweeps take the blocks in half precision down to this ratio of shear to longitudinal stiffness (Poisson's ratio up to
/// 0.495): rounding, 2.4e-4 of a block, is a sixth of the shear at 0.499, where the cycle is no longer positive.
const SOFTEST: f64 = 0.01;

/// Iterations after which a solution is given back as it is.
pub const MOST: usize = 1000;

/// Numbers that a task takes.
const TASK: usize = 1 << 13;

/// Nodes of a coarse level that are swept one after the other.
const CHUNK: usize = 64;

/// A solver in the memory of the CPU.
pub struct CpuWall {
    hierarchy: Arc<Hierarchy>,
    /// The stiffness as the smoother takes it, where the processor has half precision.
    half: Option<Half>,
    order: Order,
    /// Padded: solution, residual, search direction, and the matrix times that.
    x: Vec<f32>,
    r: Vec<f32>,
    p: Vec<f32>,
    q: Vec<f32>,
    /// Padded: the cycle's solution, its residual and its last correction.
    e: Vec<f32>,
    w: Vec<f32>,
    z: Vec<f32>,
    coarse: Vec<Coarse>,
}

/// A coarse level: the order of its rows, what it is given, its solution, and room.
struct Coarse {
    order: Order,
    w: Vec<f32>,
    e: Vec<f32>,
    z: Vec<f32>,
}

impl CpuWall {
    /// A solver with these levels.
    #[must_use]
    pub fn new(hierarchy: Arc<Hierarchy>) -> Self {
        let fine = || padded(hierarchy.nodes());
        let coarse = |level: &CoarseLevel| {
            let zeros = || vec![0.0; 6 * level.matrix.len()];
            let order = Order::new(&level.matrix.start, &level.matrix.column, CHUNK);
            Coarse { order, w: zeros(), e: zeros(), z: zeros() }
        };
        Self {
            half: (hierarchy.stiffness.softest >= SOFTEST).then(|| Half::new(&hierarchy.stiffness.blocks)).flatten(),
            order: sweep::order(&hierarchy.stiffness),
            x: fine(),
            r: fine(),
            p: fine(),
            q: fine(),
            e: fine(),
            w: fine(),
            z: fine(),
            coarse: hierarchy.coarse.iter().map(coarse).collect(),
            hierarchy,
        }
    }

    /// The levels.
    #[must_use]
    pub fn hierarchy(&self) -> &Hierarchy {
        &self.hierarchy
    }

    /// The correction for a residual, three numbers a node, that leaves at most the part `tolerance` of it, and the number
    /// of iterations; less exact where single precision or [`MOST`] iterations end it before. The first search direction
    /// is conjugate to the last one of the call before, so that rounds of refinement go on in one another's space.
    ///
    /// # Panics
    /// If the residual has another length.
    pub fn correct(&mut self, residual: &[f32], tolerance: f32, watch: &mut Watch) -> (Vec<f32>, usize) {
        let inside = PAD..self.r.len() - PAD;
        self.r[inside.clone()].copy_from_slice(residual);
        self.x.fill(0.0);
        let whole = dot(&self.r, &self.r).sqrt();
        let (mut rz_before, mut iterations) = (None, 0);
        while iterations < MOST {
            self.cycle();
            let rz = dot(&self.r, &self.e);
            let beta = match rz_before {
                Some(before) => rz / before,
                None => conjugate(&self.e, &mut self.p, &self.q),
            };
            add_to(&mut self.p, beta as f32, &self.e);
            product(&self.hierarchy.stiffness, &self.p, &mut self.q, false);
            let alpha = rz / dot(&self.p, &self.q);
            if !alpha.is_finite() || alpha <= 0.0 {
                break;
            }
            add(&mut self.x, alpha as f32, &self.p);
            add(&mut self.r, -alpha as f32, &self.q);
            (rz_before, iterations) = (Some(rz), iterations + 1);
            let part = dot(&self.r, &self.r).sqrt() / whole;
            if watch(iterations, part as f32).is_break() || part <= f64::from(tolerance) {
                break;
            }
        }
        (self.x[inside].to_vec(), iterations)
    }

    /// One V-cycle: `e` for `r`.
    fn cycle(&mut self) {
        let Self { hierarchy, half, order, r, e, w, z, coarse, .. } = self;
        let Hierarchy { stiffness, factors, .. } = &**hierarchy;
        let sweeps = Sweeps { stiffness, half: half.as_ref(), factors, order };
        let inside = PAD..r.len() - PAD;
        sweeps.forward(r, e);
        sweeps.rest(e, w);
        let transfer = &hierarchy.coarse[0].transfer;
        transfer.restrict(&w[inside.clone()], &mut coarse[0].w);
        coarse_cycle(&hierarchy.coarse, coarse, &hierarchy.inverse);
        transfer.prolong(&coarse[0].e, &mut z[inside]);
        add(e, 1.0, z);
        sweeps.backward(r, e);
    }
}

/// What to add of a direction `p` with `q = A p` to `e`, so that the sum is conjugate to it; a direction that is none is
/// made nought.
fn conjugate(e: &[f32], p: &mut [f32], q: &[f32]) -> f64 {
    let beta = -dot(e, q) / dot(p, q);
    if beta.is_finite() {
        return beta;
    }
    p.fill(0.0);
    0.0
}

/// One V-cycle from a coarse level on.
fn coarse_cycle(levels: &[CoarseLevel], vectors: &mut [Coarse], inverse: &[f32]) {
    let ([level, below @ ..], [own, coarser @ ..]) = (levels, vectors) else { return };
    let Some(next) = below.first() else {
        dense(inverse, &own.w, &mut own.e);
        return;
    };
    let Coarse { order, w, e, z } = own;
    let sweeps = BlockSweeps { matrix: &level.matrix, inverse: &level.inverse, order };
    sweeps.forward(w, e);
    sweeps.rest(e, z);
    next.transfer.restrict(z, &mut coarser[0].w);
    coarse_cycle(below, coarser, inverse);
    next.transfer.prolong(&coarser[0].e, z);
    add(e, 1.0, z);
    sweeps.backward(w, e);
}

/// A dense matrix times a vector.
fn dense(matrix: &[f32], x: &[f32], y: &mut [f32]) {
    for (y, row) in y.iter_mut().zip(matrix.chunks_exact(x.len())) {
        let mut sums = [0.0f32; 8];
        for (row, x) in row.chunks(8).zip(x.chunks(8)) {
            sums.iter_mut().zip(row).zip(x).for_each(|((s, a), x)| *s += a * x);
        }
        *y = sums.iter().sum();
    }
}

/// `a . b` in double precision; the same whatever the number of threads.
fn dot(a: &[f32], b: &[f32]) -> f64 {
    let short = |(a, b): (&[f32; 16], &[f32; 16])| -> [f32; 16] { std::array::from_fn(|k| a[k] * b[k]) };
    let part = |(a, b): (&[f32], &[f32])| {
        let ((a, end), (b, rest)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
        let mut sums = [0.0f64; 16];
        for products in a.iter().zip(b).map(short) {
            sums.iter_mut().zip(products).for_each(|(s, p)| *s += f64::from(p));
        }
        sums.iter().sum::<f64>() + end.iter().zip(rest).map(|(a, b)| f64::from(a * b)).sum::<f64>()
    };
    a.par_chunks(TASK).zip(b.par_chunks(TASK)).map(part).collect::<Vec<f64>>().iter().sum()
}

/// `y += factor x`
fn add(y: &mut [f32], factor: f32, x: &[f32]) {
    let part = |(y, x): (&mut [f32], &[f32])| y.iter_mut().zip(x).for_each(|(y, x)| *y += factor * x);
    y.par_chunks_mut(TASK).zip(x.par_chunks(TASK)).for_each(part);
}

/// `y = factor y + x`
fn add_to(y: &mut [f32], factor: f32, x: &[f32]) {
    let part = |(y, x): (&mut [f32], &[f32])| y.iter_mut().zip(x).for_each(|(y, x)| *y = factor * *y + x);
    y.par_chunks_mut(TASK).zip(x.par_chunks(TASK)).for_each(part);
}
