//! From a level to the next finer one: rigid motions of the aggregates, smoothed.
//!
//! What a smoother leaves is what takes little energy, and that is locally a rigid motion. So the six rigid motions of
//! each aggregate, made orthonormal, are the coarse unknowns (the tentative prolongator Q, and R with B = Q R are the
//! rigid motions of the coarse level), and one step of damped Jacobi takes the jumps between aggregates away:
//! `P = (1 - omega D^-1 A) Q` (Vanek, Mandel and Brezina, Computing 56, 179, 1996).

use rayon::prelude::*;

use super::aggregate::Aggregates;
use super::lanes::{self, Kernel, Lanes};
use super::memory;
use super::sixes::{BEYOND, eight, six, sum};
use super::sparse::Rows;

/// Below this part of its length a mode is a sum of the others.
const DEPENDENT: f64 = 1e-6;

/// Columns that a task takes at least.
const MIN_COLUMNS: usize = 32;

/// Nodes of the coarser and the finer level that a task of a transfer takes.
const COARSE_NODES: usize = 16;
const FINE_NODES: usize = 256;

/// The `B` components of a node in six modes, and two zeros, so that they fill registers.
pub(super) type NodeModes<const B: usize> = [[f64; 8]; B];

/// The prolongator from a coarse level to the next finer one, by nodes of the finer level, and the way back.
#[derive(Clone, Debug, Default)]
pub struct Transfer {
    /// Unknowns of a fine node: 3 on the finest level, else 6.
    pub rows: usize,
    /// Where the entries of a fine node begin; one more than fine nodes.
    pub start: Vec<u32>,
    /// Coarse node of each entry.
    pub coarse: Vec<u32>,
    /// Of each entry `rows` by 6 numbers, row by row; two zeros at the end.
    pub values: Vec<f32>,
    /// Where the entries of a coarse node begin in the two lists below; one more than coarse nodes.
    pub back: Vec<u32>,
    /// Number of each entry of a coarse node in the lists above.
    pub entry: Vec<u32>,
    /// Fine node of each of these.
    pub node: Vec<u32>,
}

impl Transfer {
    /// Entries of a fine node.
    pub(super) fn of(&self, node: usize) -> std::ops::Range<usize> {
        self.start[node] as usize..self.start[node + 1] as usize
    }

    /// Number of coarse nodes.
    #[must_use]
    pub fn coarse_nodes(&self) -> usize {
        self.back.len() - 1
    }

    /// `coarse = P^T fine`, unpadded vectors.
    pub fn restrict(&self, fine: &[f32], coarse: &mut [f32]) {
        coarse.par_chunks_mut(6 * COARSE_NODES).enumerate().for_each(|(task, coarse)| {
            lanes::run(Restrict { transfer: self, first: task * COARSE_NODES, fine, coarse });
        });
    }

    /// `fine = P coarse`, unpadded vectors.
    pub fn prolong(&self, coarse: &[f32], fine: &mut [f32]) {
        fine.par_chunks_mut(self.rows * FINE_NODES).enumerate().for_each(|(task, fine)| {
            lanes::run(Prolong { transfer: self, first: task * FINE_NODES, coarse, fine });
        });
    }

    /// Fills in the way back.
    fn reverse(&mut self, coarse_nodes: usize) {
        let mut back = vec![0; coarse_nodes + 1];
        self.coarse.iter().for_each(|&c| back[c as usize + 1] += 1);
        (0..coarse_nodes).for_each(|c| back[c + 1] += back[c]);
        let mut next = back.clone();
        let (mut entry, mut node) = (vec![0; self.coarse.len()], vec![0; self.coarse.len()]);
        for fine in 0..self.start.len() - 1 {
            for e in self.of(fine) {
                let at = &mut next[self.coarse[e] as usize];
                (entry[*at as usize], node[*at as usize]) = (e as u32, fine as u32);
                *at += 1;
            }
        }
        (self.back, self.entry, self.node) = (back, entry, node);
    }
}

/// `P^T fine` of some coarse nodes.
struct Restrict<'a> {
    transfer: &'a Transfer,
    first: usize,
    fine: &'a [f32],
    coarse: &'a mut [f32],
}

impl Restrict<'_> {
    #[inline(always)]
    fn rows<V: Lanes, const B: usize>(self) {
        let Transfer { back, entry, node, values, .. } = self.transfer;
        let fine = self.fine.as_chunks::<B>().0;
        for (k, coarse) in self.coarse.as_chunks_mut::<6>().0.iter_mut().enumerate() {
            let mut sums = [0.0; 8];
            for t in back[self.first + k] as usize..back[self.first + k + 1] as usize {
                for (a, &f) in fine[node[t] as usize].iter().enumerate() {
                    V::add_products(eight(values, 6 * (B * entry[t] as usize + a)), &[f; 8], &mut sums);
                }
            }
            coarse.copy_from_slice(&sums[..6]);
        }
    }
}

impl Kernel for Restrict<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        if self.transfer.rows == 3 { self.rows::<V, 3>() } else { self.rows::<V, 6>() }
    }
}

/// `P coarse` of some fine nodes.
struct Prolong<'a> {
    transfer: &'a Transfer,
    first: usize,
    coarse: &'a [f32],
    fine: &'a mut [f32],
}

impl Prolong<'_> {
    #[inline(always)]
    fn rows<V: Lanes, const B: usize>(self) {
        let Transfer { coarse, values, .. } = self.transfer;
        for (k, fine) in self.fine.as_chunks_mut::<B>().0.iter_mut().enumerate() {
            let mut sums = [[0.0; 8]; B];
            for e in self.transfer.of(self.first + k) {
                let x = six(self.coarse, coarse[e] as usize);
                for (a, sums) in sums.iter_mut().enumerate() {
                    V::add_products(eight(values, 6 * (B * e + a)), &x, sums);
                }
            }
            for (f, sums) in fine.iter_mut().zip(&sums) {
                *f = sum(sums);
            }
        }
    }
}

impl Kernel for Prolong<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        if self.transfer.rows == 3 { self.rows::<V, 3>() } else { self.rows::<V, 6>() }
    }
}

/// Makes the modes orthonormal in every aggregate, in place; returns the modes of the aggregates, so that the old modes
/// are the new ones times these. Modes that an aggregate cannot have on their own become nought.
pub(super) fn orthonormal<const B: usize>(modes: &mut [NodeModes<B>], aggregates: &Aggregates) -> Vec<NodeModes<6>> {
    let (levels, parts) = (aggregates.levels(), aggregates.parts);
    let made: Vec<(Vec<NodeModes<B>>, NodeModes<6>)> = (0..aggregates.count())
        .into_par_iter()
        .map(|aggregate| {
            let (group, part) = (aggregate / parts, (aggregate % parts) as u32);
            let mut own: Vec<NodeModes<B>> = Vec::new();
            for &column in aggregates.members(group) {
                let inside = (0..levels).filter(|&k| aggregates.part[k] == part);
                own.extend(inside.map(|k| modes[column as usize * levels + k]));
            }
            let factor = gram_schmidt(&mut own);
            (own, factor)
        })
        .collect();
    let mut coarse = Vec::with_capacity(made.len());
    for (aggregate, (own, factor)) in made.into_iter().enumerate() {
        let (group, part) = (aggregate / parts, (aggregate % parts) as u32);
        let mut own = own.into_iter();
        for &column in aggregates.members(group) {
            for k in (0..levels).filter(|&k| aggregates.part[k] == part) {
                modes[column as usize * levels + k] = own.next().unwrap_or([[0.0; 8]; B]);
            }
        }
        coarse.push(factor);
    }
    coarse
}

/// Orthonormal modes in place, and their factor R.
fn gram_schmidt<const B: usize>(modes: &mut [NodeModes<B>]) -> NodeModes<6> {
    let mut factor = [[0.0; 8]; 6];
    let rows = modes.as_flattened_mut();
    for k in 0..6 {
        let dot = |rows: &[[f64; 8]], a: usize, b: usize| rows.iter().map(|r| r[a] * r[b]).sum::<f64>();
        let length = dot(rows, k, k).sqrt();
        for _ in 0..2 {
            for j in 0..k {
                let along = dot(rows, j, k);
                factor[j][k] += along;
                rows.iter_mut().for_each(|r| r[k] -= along * r[j]);
            }
        }
        let rest = dot(rows, k, k).sqrt();
        if rest > DEPENDENT * length {
            factor[k][k] = rest;
            rows.iter_mut().for_each(|r| r[k] /= rest);
        } else {
            rows.iter_mut().for_each(|r| r[k] = 0.0);
        }
    }
    factor
}

/// The prolongator from orthonormal `modes`. `relax` applies the inverse of the smoother's matrix to the six modes of a
/// column's nodes; `spreads` says that it couples them, so that no entry is left out.
pub(super) fn smooth<const B: usize>(
    matrix: &impl Rows<B>,
    modes: &[NodeModes<B>],
    aggregates: &Aggregates,
    omega: f64,
    relax: impl Fn(usize, &mut [NodeModes<B>]) + Sync,
    spreads: bool,
) -> Transfer {
    let levels = aggregates.levels();
    let columns = aggregates.group.len();
    let tasks = columns.div_ceil(MIN_COLUMNS);
    let pieces: Vec<Transfer> = (0..tasks)
        .into_par_iter()
        .map(|task| {
            let mut piece = Transfer { rows: B, ..Transfer::default() };
            for column in task * MIN_COLUMNS..columns.min((task + 1) * MIN_COLUMNS) {
                let mut found = Vec::new();
                lanes::run(Gather { matrix, modes, aggregates, column, found: &mut found });
                for (aggregate, values) in &mut found {
                    let touched: Vec<bool> = values.iter().map(|v| !is_zero(v)).collect();
                    relax(column, values);
                    for (k, value) in values.iter_mut().enumerate() {
                        let node = column * levels + k;
                        value.as_flattened_mut().iter_mut().for_each(|v| *v *= -omega);
                        if !touched[k] && !spreads {
                            *value = [[0.0; 8]; B];
                        }
                        if aggregates.of(node) == *aggregate {
                            let own = modes[node].as_flattened().iter();
                            value.as_flattened_mut().iter_mut().zip(own).for_each(|(v, q)| *v += q);
                        }
                    }
                }
                piece.append(&found, levels);
            }
            piece
        })
        .collect();
    joined(pieces, B, aggregates.count())
}

fn is_zero<const B: usize>(value: &NodeModes<B>) -> bool {
    value.as_flattened().iter().all(|v| *v == 0.0)
}

/// `A Q` of a column's nodes, by aggregates, ascending.
struct Gather<'a, const B: usize, R> {
    matrix: &'a R,
    modes: &'a [NodeModes<B>],
    aggregates: &'a Aggregates,
    column: usize,
    found: &'a mut Vec<(u32, Vec<NodeModes<B>>)>,
}

impl<const B: usize, R: Rows<B>> Kernel for Gather<'_, B, R> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let (levels, mut slot) = (self.aggregates.levels(), 0);
        for level in 0..levels {
            let row = self.column * levels + level;
            for place in 0..self.matrix.places(row) {
                let Some((other, block)) = self.matrix.entry(row, place) else { continue };
                let aggregate = self.aggregates.of(other);
                // As a rule it is that of the place before.
                if self.found.get(slot).is_none_or(|(known, _)| *known != aggregate) {
                    slot = self.found.iter().position(|(known, _)| *known == aggregate).unwrap_or(self.found.len());
                    if slot == self.found.len() {
                        self.found.push((aggregate, vec![[[0.0; 8]; B]; levels]));
                    }
                }
                let to = &mut self.found[slot].1[level];
                for (to, row) in to.iter_mut().zip(&block) {
                    let mut sum = V::load(to);
                    for (a, mode) in row.iter().zip(&self.modes[other]) {
                        sum = V::splat(*a).mul_add(V::load(mode), sum);
                    }
                    *to = sum.store();
                }
            }
        }
        self.found.sort_unstable_by_key(|(aggregate, _)| *aggregate);
    }
}

impl Transfer {
    /// Adds the nodes of a column.
    fn append<const B: usize>(&mut self, found: &[(u32, Vec<NodeModes<B>>)], levels: usize) {
        for level in 0..levels {
            let mut count = 0;
            for (aggregate, values) in found.iter().filter(|(_, values)| !is_zero(&values[level])) {
                self.coarse.push(*aggregate);
                self.values.extend(values[level].iter().flat_map(|row| row[..6].iter().map(|&v| v as f32)));
                count += 1;
            }
            self.start.push(count);
        }
    }
}

/// Pieces in order as one; their `start` holds counts.
fn joined(pieces: Vec<Transfer>, rows: usize, coarse_nodes: usize) -> Transfer {
    let entries = pieces.iter().map(|piece| piece.coarse.len()).sum();
    let mut all = Transfer { rows, start: vec![0], ..Transfer::default() };
    all.coarse.reserve_exact(entries);
    all.values = memory::room(6 * rows * entries + BEYOND);
    let mut total = 0;
    for piece in pieces {
        for count in &piece.start {
            total += count;
            all.start.push(total);
        }
        all.coarse.extend(piece.coarse);
        all.values.extend(piece.values);
    }
    all.values.extend([0.0; BEYOND]);
    all.reverse(coarse_nodes);
    all
}
