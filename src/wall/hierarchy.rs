//! Multigrid for the wall: the levels from its stiffness down to a matrix that is inverted.
//!
//! Smoothed aggregation (Vanek, Mandel and Brezina, Computing 56, 179, 1996) with the six rigid motions of each aggregate,
//! so that bending of thin walls costs no more iterations than stretching. Aggregates are three columns wide; through the
//! thickness they hold all levels where the wall's elements are flat, and as many as make them half as thick again as wide
//! where they are not. One V-cycle with the same smoother before and after (on the processor its adjoint, sweeps that go
//! back: [`super::sweep`]; on adapters polynomials: [`super::smoother`]), a symmetric preconditioner, is what a backend's
//! conjugate gradients use. The set-up is in double precision, what it leaves in single precision.

use rayon::prelude::*;

use super::aggregate::{Aggregates, Graph};
use super::assembly::Stiffness;
use super::bound::{largest, noise};
use super::columns::ColumnFactors;
use super::constraint::Supports;
use super::dense::{inverse, invert};
use super::error::WallError;
use super::galerkin;
use super::product::{PAD, padded, product};
use super::prolong::{NodeModes, Transfer, orthonormal, smooth};
use super::sparse::{BlockMatrix, Blocks, Finest, diagonal};
use crate::geometry::shell::Shell;

/// Unknowns of the coarsest level at most, where coarsening goes on.
const COARSEST: usize = 400;

/// Steps of the estimate of the largest eigenvalue, and what it is raised by.
const STEPS: usize = 4;
const MARGIN: f64 = 1.1;

/// Largest eigenvalue that there can be on the finest level: an element has nodes of four columns.
const FOUR: f64 = 4.0;

/// Thickness of an aggregate over its width: smoothers solve columns exactly, and few parts make small coarse levels.
const THICK: f64 = 1.5;

/// Degree of the polynomial smoother on the finest level, and on others, which cost little and gain as much from it; where nothing
/// else is asked for.
const DEGREE: usize = 2;
const COARSE_DEGREE: usize = 3;

/// A level below the finest.
#[derive(Clone, Debug)]
pub struct CoarseLevel {
    /// From here to the next finer level and back.
    pub transfer: Transfer,
    /// Its matrix.
    pub matrix: BlockMatrix,
    /// Inverses of the matrix's diagonal blocks, 36 numbers a node, row by row.
    pub inverse: Vec<f32>,
    /// No eigenvalue of the matrix with its diagonal blocks as preconditioner is larger.
    pub bound: f64,
}

/// All levels.
#[derive(Clone, Debug)]
pub struct Hierarchy {
    /// The finest matrix.
    pub stiffness: Stiffness,
    /// Its columns, factorised.
    pub factors: ColumnFactors,
    /// No eigenvalue of the matrix with its columns as preconditioner is larger.
    pub bound: f64,
    /// The other levels, the finest of them first; at least one.
    pub coarse: Vec<CoarseLevel>,
    /// Inverse of the coarsest matrix, row by row.
    pub inverse: Vec<f32>,
    /// Degree of the smoother ([`super::smoother`]) on the finest level.
    pub degree: usize,
    /// Degree on the other levels.
    pub coarse_degree: usize,
}

impl Hierarchy {
    /// The levels of a supported wall's stiffness.
    ///
    /// # Errors
    /// [`WallError::Indefinite`] with the place where the stiffness is not positive.
    pub fn new(stiffness: Stiffness, shell: &Shell, supports: &Supports) -> Result<Self, WallError> {
        let nowhere = |column: u32| WallError::Indefinite { at: shell.place(column, 0).into() };
        let diagonal = diagonal(&stiffness);
        let factors = ColumnFactors::new(&stiffness, &diagonal).map_err(nowhere)?;
        let bound = columns_bound(&stiffness, &factors).min(FOUR);
        let graph = Graph { start: stiffness.start.clone(), neighbour: stiffness.neighbour.clone() };
        let aggregates = Aggregates::new(&graph, stiffness.levels, parts(shell));
        let mut modes = rigid_motions(shell, supports);
        let motions = orthonormal(&mut modes, &aggregates);
        let finest = Finest { stiffness: &stiffness, diagonal: &diagonal };
        let transfer = if aggregates.parts == 1 {
            let relax = |column: usize, modes: &mut [NodeModes<3>]| relax_column(&factors, column, modes);
            smooth(&finest, &modes, &aggregates, 4.0 / 3.0 / bound, relax, true)
        } else {
            let inverses: Option<Vec<_>> = diagonal.par_iter().map(inverse).collect();
            let inverses = inverses.ok_or_else(|| nowhere(0))?;
            let omega = 4.0 / 3.0 / points_bound(&stiffness, &inverses);
            let relax = |column: usize, modes: &mut [NodeModes<3>]| relax_points(&inverses, column, modes);
            smooth(&finest, &modes, &aggregates, omega, relax, false)
        };
        drop(modes);
        let blocks = galerkin::product(&finest, &transfer, &aggregates);
        drop(diagonal);
        let mut coarse = vec![CoarseLevel::new(transfer, &blocks).map_err(nowhere)?];
        let last = coarsen(&mut coarse, blocks, aggregates, graph, motions).map_err(nowhere)?;
        let inverse = inverted(&last).ok_or_else(|| nowhere(0))?;
        Ok(Self { stiffness, factors, bound, coarse, inverse, degree: DEGREE, coarse_degree: COARSE_DEGREE })
    }

    /// Number of nodes on the finest level.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.factors.inverse.len() / 9
    }

    /// Unknowns of each level, the finest first.
    #[must_use]
    pub fn unknowns(&self) -> Vec<usize> {
        std::iter::once(3 * self.nodes()).chain(self.coarse.iter().map(|level| 6 * level.matrix.len())).collect()
    }
}

impl CoarseLevel {
    /// A level with a matrix; the number of a node whose own stiffness is not positive otherwise.
    fn new(transfer: Transfer, blocks: &Blocks) -> Result<Self, u32> {
        let inverses = node_inverses(blocks)?;
        let matrix = blocks.rounded();
        let inverse: Vec<f32> = inverses.iter().flat_map(|i| i.as_flattened()).map(|&v| v as f32).collect();
        let multiply = |x: &[f32], y: &mut [f32]| matrix.product(x, y);
        let solve = |r: &[f32], z: &mut [f32]| {
            for ((z, r), inverse) in z.chunks_exact_mut(6).zip(r.chunks_exact(6)).zip(inverse.chunks_exact(36)) {
                for (z, row) in z.iter_mut().zip(inverse.chunks_exact(6)) {
                    *z = row.iter().zip(r).map(|(i, r)| i * r).sum();
                }
            }
        };
        let bound = MARGIN * largest(noise(6 * blocks.len()), STEPS, multiply, solve);
        Ok(Self { transfer, matrix, inverse, bound })
    }
}

fn node_inverses(blocks: &Blocks) -> Result<Vec<[[f64; 6]; 6]>, u32> {
    let own = |(node, block)| inverse(block).ok_or(node as u32);
    blocks.diagonal().iter().enumerate().map(own).collect()
}

/// Coarser levels until the last is small; returns that one's matrix.
fn coarsen(
    coarse: &mut Vec<CoarseLevel>,
    mut blocks: Blocks,
    mut aggregates: Aggregates,
    mut graph: Graph,
    mut modes: Vec<NodeModes<6>>,
) -> Result<Blocks, u32> {
    while 6 * blocks.len() > COARSEST {
        graph = aggregates.contract(&graph);
        let levels = aggregates.parts;
        aggregates = Aggregates::new(&graph, levels, levels.div_ceil(3));
        if 3 * aggregates.count() > 2 * blocks.len() {
            break;
        }
        let motions = orthonormal(&mut modes, &aggregates);
        let inverses = node_inverses(&blocks)?;
        let bound = coarse.last().map_or(FOUR, |level| level.bound);
        let relax = |column: usize, modes: &mut [NodeModes<6>]| relax_points(&inverses, column, modes);
        let transfer = smooth(&blocks, &modes, &aggregates, 4.0 / 3.0 / bound, relax, false);
        blocks = galerkin::product(&blocks, &transfer, &aggregates);
        coarse.push(CoarseLevel::new(transfer, &blocks)?);
        modes = motions;
    }
    Ok(blocks)
}

/// Parts of a column: as many as make an aggregate of three columns' width [`THICK`] times as thick as wide.
fn parts(shell: &Shell) -> usize {
    let levels = shell.levels();
    let (mut width, mut thickness) = (0.0, 0.0);
    for quad in &shell.quads {
        for (k, &column) in quad.iter().enumerate() {
            width += (shell.place(quad[(k + 1) % 4], 0) - shell.place(column, 0)).norm();
            thickness += (shell.place(column, levels - 1) - shell.place(column, 0)).norm();
        }
    }
    let depth = THICK * 3.0 * width * shell.layers as f64 / f64::max(thickness, f64::MIN_POSITIVE);
    ((levels as f64 / depth.max(2.0)).round() as usize).clamp(1, levels.div_ceil(2))
}

/// The rigid motions of the wall, lengths in that of the mesh from its centre, as supports leave them to each node.
fn rigid_motions(shell: &Shell, supports: &Supports) -> Vec<NodeModes<3>> {
    let count = shell.nodes.len() as f64;
    let centre: [f64; 3] = std::array::from_fn(|a| shell.nodes.iter().map(|x| x[a]).sum::<f64>() / count);
    let reach = shell.nodes.iter().flat_map(|x| (0..3).map(|a| (x[a] - centre[a]).abs())).fold(0.0, f64::max);
    let motion = |x: &[f64; 3]| {
        let [x, y, z] = std::array::from_fn(|a| (x[a] - centre[a]) / reach);
        [
            [1.0, 0.0, 0.0, 0.0, z, -y, 0.0, 0.0],
            [0.0, 1.0, 0.0, -z, 0.0, x, 0.0, 0.0],
            [0.0, 0.0, 1.0, y, -x, 0.0, 0.0, 0.0],
        ]
    };
    let mut modes: Vec<_> = shell.nodes.par_iter().with_min_len(1024).map(motion).collect();
    for (node, free) in &supports.held {
        let all = modes[*node as usize];
        modes[*node as usize] =
            std::array::from_fn(|a| std::array::from_fn(|k| (0..3).map(|b| free[(a, b)] * all[b][k]).sum()));
    }
    modes
}

/// The inverse of a column's stiffness times modes of its nodes.
fn relax_column(factors: &ColumnFactors, column: usize, modes: &mut [NodeModes<3>]) {
    let mut r = vec![[0.0; 3]; modes.len()];
    for k in 0..6 {
        r.iter_mut().zip(&*modes).for_each(|(r, mode)| *r = mode.map(|row| row[k]));
        factors.solve(column, &mut r);
        modes.iter_mut().zip(&r).for_each(|(mode, r)| mode.iter_mut().zip(r).for_each(|(row, r)| row[k] = *r));
    }
}

/// The inverses of nodes' stiffness times modes of the nodes of a column.
fn relax_points<const B: usize>(inverses: &[[[f64; B]; B]], column: usize, modes: &mut [NodeModes<B>]) {
    let first = column * modes.len();
    for (modes, inverse) in modes.iter_mut().zip(&inverses[first..]) {
        let r = *modes;
        *modes = std::array::from_fn(|a| std::array::from_fn(|k| (0..B).map(|b| inverse[a][b] * r[b][k]).sum()));
    }
}

/// Noise as a padded vector.
fn padded_noise(nodes: usize) -> Vec<f32> {
    let mut start = padded(nodes);
    start[PAD..PAD + 3 * nodes].copy_from_slice(&noise(3 * nodes));
    start
}

fn columns_bound(stiffness: &Stiffness, factors: &ColumnFactors) -> f64 {
    let nodes = factors.inverse.len() / 9;
    let solve = |r: &[f32], z: &mut [f32]| factors.solve_all(r, z);
    MARGIN * largest(padded_noise(nodes), STEPS, |x, y| product(stiffness, x, y, false), solve)
}

fn points_bound(stiffness: &Stiffness, inverses: &[[[f64; 3]; 3]]) -> f64 {
    let solve = |r: &[f32], z: &mut [f32]| {
        let nodes = z[PAD..].par_chunks_exact_mut(3).zip(r[PAD..].par_chunks_exact(3)).zip(inverses);
        nodes.with_min_len(1024).for_each(|((z, r), inverse)| {
            for (z, row) in z.iter_mut().zip(inverse) {
                *z = row.iter().zip(r).map(|(i, r)| *i as f32 * r).sum();
            }
        });
    };
    MARGIN * largest(padded_noise(inverses.len()), STEPS, |x, y| product(stiffness, x, y, false), solve)
}

/// The inverse of a small matrix of blocks.
fn inverted(blocks: &Blocks) -> Option<Vec<f32>> {
    let n = 6 * blocks.len();
    let mut dense = vec![0.0; n * n];
    for row in 0..blocks.len() {
        for e in blocks.row(row) {
            for (a, numbers) in blocks.values[e].iter().enumerate() {
                dense[(6 * row + a) * n + 6 * blocks.column[e] as usize..][..6].copy_from_slice(numbers);
            }
        }
    }
    invert(&mut dense, n, 1e-14).then(|| dense.iter().map(|&v| v as f32).collect())
}
