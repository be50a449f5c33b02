//! The coarse matrix `P^T A P`, in double precision.
//!
//! Group by group of columns: the rows of `A P` of its nodes first, then what they add to the coarse rows, into a small
//! dense matrix of the aggregates around. Tasks of neighbouring groups add theirs up, and the sums of the tasks are
//! merged in order, so that the result does not depend on the number of threads. Only the upper half is computed.

use std::collections::HashMap;

use rayon::prelude::*;

use super::aggregate::Aggregates;
use super::lanes::{self, Kernel, Lanes};
use super::prolong::Transfer;
use super::sixes::{add_wide, eight, wide};
use super::sparse::{Blocks, Rows};

/// Groups of a task.
const TASK: usize = 48;

const NONE: u32 = u32::MAX;

type Block = [[f64; 6]; 6];

/// `P^T A P`; where a coarse unknown moves nothing, its diagonal is made the mean of the matrix's.
pub(super) fn product<const B: usize>(matrix: &impl Rows<B>, p: &Transfer, aggregates: &Aggregates) -> Blocks {
    let (groups, coarse) = (aggregates.groups(), aggregates.count());
    let pieces: Vec<Piece> = (0..groups.div_ceil(TASK))
        .into_par_iter()
        .map_init(
            || Scratch::<B>::new(coarse),
            |scratch, task| {
                let mut piece = Piece::default();
                for group in task * TASK..groups.min((task + 1) * TASK) {
                    lanes::run(AddGroup { scratch, matrix, p, aggregates, group, piece: &mut piece });
                }
                piece
            },
        )
        .collect();
    let mut sum = Piece::default();
    (0..coarse as u32).for_each(|row| sum.add(row, row, &[[0.0; 6]; 6]));
    for piece in pieces {
        for (row, entries) in piece.rows {
            entries.iter().for_each(|&(column, at)| sum.add(row, column, &piece.values[at as usize]));
        }
    }
    revive(sum.blocks(coarse))
}

/// Sums of blocks of the upper half, by rows.
#[derive(Default)]
struct Piece {
    rows: HashMap<u32, Vec<(u32, u32)>>,
    values: Vec<Block>,
}

impl Piece {
    fn add(&mut self, row: u32, column: u32, block: &Block) {
        let entries = self.rows.entry(row).or_default();
        match entries.iter().find(|(known, _)| *known == column) {
            Some((_, at)) => {
                let to = self.values[*at as usize].as_flattened_mut().iter_mut();
                to.zip(block.as_flattened()).for_each(|(to, v)| *to += v);
            }
            None => {
                entries.push((column, self.values.len() as u32));
                self.values.push(*block);
            }
        }
    }

    /// The whole symmetric matrix.
    fn blocks(self, len: usize) -> Blocks {
        let mut rows: Vec<Vec<(u32, u32, bool)>> = vec![Vec::new(); len];
        for (&row, entries) in &self.rows {
            for &(column, at) in entries {
                rows[row as usize].push((column, at, false));
                if column != row {
                    rows[column as usize].push((row, at, true));
                }
            }
        }
        let mut out = Blocks { start: vec![0], ..Blocks::default() };
        for mut row in rows {
            row.sort_unstable();
            for (column, at, turned) in row {
                let block = &self.values[at as usize];
                out.column.push(column);
                out.values.push(match turned {
                    false => *block,
                    true => std::array::from_fn(|a| std::array::from_fn(|b| block[b][a])),
                });
            }
            out.start.push(out.column.len() as u32);
        }
        out
    }
}

/// Gives unknowns that move nothing a diagonal of their own.
fn revive(mut blocks: Blocks) -> Blocks {
    let diagonal = blocks.diagonal();
    let numbers = || diagonal.iter().flat_map(|block| (0..6).map(|k| block[k][k])).filter(|v| *v > 0.0);
    let mean = numbers().sum::<f64>() / (numbers().count().max(1)) as f64;
    for (row, own) in diagonal.iter().enumerate() {
        for e in blocks.row(row).filter(|&e| blocks.column[e] as usize == row).collect::<Vec<_>>() {
            let block = &mut blocks.values[e];
            (0..6).filter(|&k| own[k][k] == 0.0).for_each(|k| block[k][k] = mean);
        }
    }
    blocks
}

/// A group's part of the coarse matrix.
struct AddGroup<'a, const B: usize, R> {
    scratch: &'a mut Scratch<B>,
    matrix: &'a R,
    p: &'a Transfer,
    aggregates: &'a Aggregates,
    group: usize,
    piece: &'a mut Piece,
}

impl<const B: usize, R: Rows<B>> Kernel for AddGroup<'_, B, R> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        self.scratch.group::<V>(self.matrix, self.p, self.aggregates, self.group, self.piece);
    }
}

/// What a thread works with.
struct Scratch<const B: usize> {
    /// Number of each coarse node among those around the group.
    local: Vec<u32>,
    /// These.
    around: Vec<u32>,
    /// Rows of `A P`, one node after the other, and the local number of each entry.
    values: Vec<[[f64; 8]; B]>,
    entries: Vec<u32>,
    /// Latest entry of each local number.
    latest: Vec<u32>,
    dense: Vec<[[f64; 8]; 6]>,
    used: Vec<bool>,
}

impl<const B: usize> Scratch<B> {
    fn new(coarse: usize) -> Self {
        Self {
            local: vec![NONE; coarse],
            around: Vec::new(),
            values: Vec::new(),
            entries: Vec::new(),
            latest: Vec::new(),
            dense: Vec::new(),
            used: Vec::new(),
        }
    }

    #[inline(always)]
    fn group<V: Lanes>(
        &mut self,
        matrix: &impl Rows<B>,
        p: &Transfer,
        aggregates: &Aggregates,
        group: usize,
        piece: &mut Piece,
    ) {
        let levels = aggregates.levels();
        let nodes = aggregates.members(group).iter().flat_map(|&c| (0..levels).map(move |k| c as usize * levels + k));
        let nodes: Vec<usize> = nodes.collect();
        let mut ends = Vec::with_capacity(nodes.len() + 1);
        ends.push(0);
        for &node in &nodes {
            self.row::<V>(matrix, p, node);
            ends.push(self.entries.len());
        }
        let n = self.around.len();
        self.dense.clear();
        self.dense.resize(n * n, [[0.0; 8]; 6]);
        self.used.clear();
        self.used.resize(n * n, false);
        for (k, &node) in nodes.iter().enumerate() {
            for e in p.of(node) {
                self.spread::<V>(p, e, ends[k]..ends[k + 1]);
            }
        }
        for (at, block) in self.dense.iter().enumerate().filter(|(at, _)| self.used[*at]) {
            let block = std::array::from_fn(|a| std::array::from_fn(|b| block[a][b]));
            piece.add(self.around[at / n], self.around[at % n], &block);
        }
        self.around.iter().for_each(|&coarse| self.local[coarse as usize] = NONE);
        self.around.clear();
        self.latest.clear();
        self.values.clear();
        self.entries.clear();
    }

    /// Adds a row of `A P`.
    #[inline(always)]
    fn row<V: Lanes>(&mut self, matrix: &impl Rows<B>, p: &Transfer, node: usize) {
        let first = self.entries.len() as u32;
        for place in 0..matrix.places(node) {
            let Some((other, block)) = matrix.entry(node, place) else { continue };
            for e in p.of(other) {
                let coarse = p.coarse[e];
                let mut local = self.local[coarse as usize];
                if local == NONE {
                    local = self.around.len() as u32;
                    self.local[coarse as usize] = local;
                    self.around.push(coarse);
                    self.latest.push(NONE);
                }
                let mut at = self.latest[local as usize];
                if at == NONE || at < first {
                    at = self.entries.len() as u32;
                    self.latest[local as usize] = at;
                    self.entries.push(local);
                    self.values.push([[0.0; 8]; B]);
                }
                let to = &mut self.values[at as usize];
                for b in 0..B {
                    let p = wide(eight(&p.values, 6 * (B * e + b)));
                    for (to, row) in to.iter_mut().zip(&block) {
                        add_wide::<V>(&p, row[b], to);
                    }
                }
            }
        }
    }

    /// Adds `P_i^T (A P)_i` of one entry of a node.
    #[inline(always)]
    fn spread<V: Lanes>(&mut self, p: &Transfer, entry: usize, entries: std::ops::Range<usize>) {
        let coarse = p.coarse[entry];
        let p = &p.values[6 * B * entry..][..6 * B];
        let (n, row) = (self.around.len(), self.local[coarse as usize]);
        for at in entries {
            let local = self.entries[at];
            if row == NONE || self.around[local as usize] < coarse {
                continue;
            }
            let to = row as usize * n + local as usize;
            self.used[to] = true;
            let to = &mut self.dense[to];
            for (p, value) in p.as_chunks::<6>().0.iter().zip(&self.values[at]) {
                for (to, p) in to.iter_mut().zip(p) {
                    add_wide::<V>(value, f64::from(*p), to);
                }
            }
        }
    }
}
