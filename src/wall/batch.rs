//! Elements in groups of lanes, and the way of what they yield to the rows of their nodes.
//!
//! A batch of quadrilaterals is computed in parallel into a buffer of limited size. Then every column of nodes collects
//! what belongs to it, in the order of the quadrilaterals: columns are disjoint, so this needs no locks, and the sums do
//! not depend on the number of threads.

use std::ops::Range;

use rayon::prelude::*;

use super::element::{Lame, Triple};
use super::lanes::{LANES, Lanes};
use super::material::Material;
use super::reference::NODES;
use crate::geometry::shell::Shell;

/// Elements of a batch, about.
const BATCH: usize = 4096;

/// That a quadrilateral has a column as one of its corners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Visit {
    /// The column.
    pub(super) column: u32,
    /// The quadrilateral.
    pub(super) quad: u32,
    /// Its corner.
    pub(super) corner: u32,
}

/// Neighbouring quadrilaterals in memory and the columns that they touch.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    quads: Range<usize>,
    layers: usize,
    visits: Vec<Visit>,
}

/// All batches of a mesh.
pub(super) fn batches(shell: &Shell) -> Vec<Batch> {
    // Groups of lanes do not straddle batches: quadrilaterals times layers is a multiple of the lanes.
    let size = (BATCH / shell.layers.max(1) / LANES).max(1) * LANES;
    let starts: Vec<usize> = (0..shell.quads.len()).step_by(size).collect();
    let batch = |&start: &usize| {
        let quads = start..(start + size).min(shell.quads.len());
        let corners = |quad: usize| (0..4).map(move |corner| (quad as u32, corner));
        let mut visits: Vec<Visit> = (quads.clone().flat_map(corners))
            .map(|(quad, corner)| Visit { column: shell.quads[quad as usize][corner as usize], quad, corner })
            .collect();
        visits.sort_unstable();
        Batch { quads, layers: shell.layers, visits }
    };
    starts.par_iter().map(batch).collect()
}

/// Elements that are computed at once.
#[derive(Clone, Copy)]
pub(super) struct Group<'a> {
    shell: &'a Shell,
    /// Quadrilateral and layer of each lane; the last element again where there are no more.
    lanes: [(usize, usize); LANES],
}

impl Group<'_> {
    /// Values of a nodal field at the elements' nodes.
    #[inline(always)]
    pub(super) fn values<V: Lanes>(&self, field: &[[f64; 3]]) -> [Triple<V>; NODES] {
        let mut raw = [[[0.0; LANES]; 3]; NODES];
        for (lane, &(quad, layer)) in self.lanes.iter().enumerate() {
            for (node, values) in self.shell.hexahedron(quad, layer).into_iter().zip(&mut raw) {
                for i in 0..3 {
                    values[i][lane] = field[node][i];
                }
            }
        }
        let mut out = [[V::splat(0.0); 3]; NODES];
        for (out, raw) in out.iter_mut().zip(&raw) {
            *out = [V::load(&raw[0]), V::load(&raw[1]), V::load(&raw[2])];
        }
        out
    }

    /// Places of the elements' nodes, m.
    #[inline(always)]
    pub(super) fn places<V: Lanes>(&self) -> [Triple<V>; NODES] {
        self.values(&self.shell.nodes)
    }

    /// Lame's constants of the elements.
    #[inline(always)]
    pub(super) fn lame<V: Lanes>(&self, material: &Material) -> Lame<V> {
        let mut raw = [[0.0; LANES]; 2];
        for (lane, &(quad, _)) in self.lanes.iter().enumerate() {
            [raw[0][lane], raw[1][lane]] = material.lame(&self.shell.quads[quad]);
        }
        Lame { lambda: V::load(&raw[0]), mu: V::load(&raw[1]) }
    }
}

impl Batch {
    /// Groups of the batch.
    pub(super) fn groups(&self) -> usize {
        (self.quads.len() * self.layers).div_ceil(LANES)
    }

    /// Quadrilaterals of the batch.
    pub(super) fn quads(&self) -> Range<usize> {
        self.quads.clone()
    }

    /// Quadrilateral and layer of a lane of a group.
    pub(super) fn element(&self, group: usize, lane: usize) -> (usize, usize) {
        let element = (group * LANES + lane).min(self.quads.len() * self.layers - 1);
        (self.quads.start + element / self.layers, element % self.layers)
    }

    /// Group and lane in which an element of the batch is computed.
    pub(super) fn place(&self, quad: u32, layer: usize) -> (usize, usize) {
        let element = (quad as usize - self.quads.start) * self.layers + layer;
        (element / LANES, element % LANES)
    }

    /// Computes all groups in parallel: one entry of `out` a group.
    pub(super) fn compute<T: Send>(&self, shell: &Shell, out: &mut [T], each: impl Fn(Group<'_>, &mut T) + Sync) {
        out[..self.groups()].par_iter_mut().enumerate().for_each(|(group, out)| {
            let lanes = std::array::from_fn(|lane| self.element(group, lane));
            each(Group { shell, lanes }, out);
        });
    }

    /// Lets every visited column collect: `add` gets the column's part of `target`, which has `start(column)` values
    /// before it.
    pub(super) fn collect<T: Send>(
        &self,
        target: &mut [T],
        start: impl Fn(u32) -> usize + Sync,
        add: impl Fn(&mut [T], Visit) + Sync,
    ) {
        let mut parts = Vec::new();
        let (mut rest, mut cut) = (target, 0);
        for visits in self.visits.chunk_by(|a, b| a.column == b.column) {
            let column = visits[0].column;
            let (from, to) = (start(column), start(column + 1));
            let (_, tail) = std::mem::take(&mut rest).split_at_mut(from - cut);
            let (own, tail) = tail.split_at_mut(to - from);
            (rest, cut) = (tail, to);
            parts.push((own, visits));
        }
        parts.into_par_iter().with_min_len(64).for_each(|(own, visits)| {
            for &visit in visits {
                add(own, visit);
            }
        });
    }
}
