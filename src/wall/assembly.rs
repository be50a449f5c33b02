//! The stiffness matrix in single precision, as solvers iterate with it.
//!
//! A product is taken in differences, `y_i = sum_j K_ij (x_j - x_i) + O_i x_i` with `O_i = sum_j K_ij`. Without supports
//! `O_i` is zero, a translation strains nothing, so the rounding of the blocks does not stiffen smooth displacements: it is
//! relative to differences between neighbours. For the same reason no diagonal block is summed up: an element's is
//! minus the sum of the rest of its row.

use nalgebra::Matrix3;
use rayon::prelude::*;

use super::batch::{Batch, Group, Visit, batches};
use super::constraint::{Projectors, Supports};
use super::element::{block, relief, shape};
use super::error::WallError;
use super::lanes::{self, Kernel, LANES, Lanes};
use super::material::Material;
use super::memory;
use super::reference::NODES;
use crate::geometry::shell::Shell;

/// Values of a row of a node against a column: 3 components by 9 unknowns.
pub const ROW: usize = 27;

/// Blocks of an element above the diagonal.
const PAIRS: usize = NODES * (NODES - 1) / 2;

/// The stiffness of a wall with its supports, N/m.
///
/// Entry `e` is a column `c` against a neighbour `d = neighbour[e]`, for `e` in `start[c]..start[c + 1]`. At level `k` it
/// has the [`ROW`] numbers from `(e * levels + k) * ROW`: component by component of node `(c, k)` the nine unknowns of `d`
/// at levels `k - 1`, `k`, `k + 1`; zeros where there is no such level, and for the node against itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Stiffness {
    /// Nodes of a column.
    pub levels: usize,
    /// First entry of each column, and the number of entries.
    pub start: Vec<u32>,
    /// Neighbour of each entry; of a column ascending, itself included.
    pub neighbour: Vec<u32>,
    /// Blocks off the diagonal, N/m.
    pub blocks: Vec<f32>,
    /// Sums of the rows of blocks, N/m: nine numbers a node, row by row.
    pub own: Vec<f32>,
    /// Least ratio of the shear modulus to the stiffness against stretch with the sides held, `mu / (lambda + 2 mu)`: how
    /// small a part of the blocks it is that tells a wall's shapes apart.
    pub softest: f64,
}

impl Stiffness {
    /// Assembles the stiffness of a wall. Held directions become `s` times the unit matrix, `s` the mean of the node's
    /// own diagonal.
    ///
    /// # Errors
    /// [`WallError::Folded`] for an element without volume, and what [`Material::check`] finds.
    pub fn assemble(shell: &Shell, material: &Material, supports: &Supports) -> Result<Self, WallError> {
        material.check(shell)?;
        let batches = batches(shell);
        let mut out = Self::empty(shell);
        let ratios = shell.quads.iter().map(|quad| material.lame(quad)).map(|[lambda, mu]| mu / (lambda + 2.0 * mu));
        out.softest = ratios.fold(0.5, f64::min);
        let projectors = Projectors::new(shell, supports);
        let groups = batches.iter().map(Batch::groups).max().unwrap_or(0);
        let mut local = vec![Local { blocks: [[[0.0; LANES]; 9]; PAIRS], volume: [0.0; LANES] }; groups];
        for batch in &batches {
            batch.compute(shell, &mut local, |group, out| lanes::run(Assemble { group, material, out }));
            let found = local[..batch.groups()].iter().enumerate().find_map(|(group, local)| {
                Some((group, local.volume.iter().position(|&volume| !(volume > 0.0 && volume.is_finite()))?))
            });
            if let Some((group, lane)) = found {
                let (quad, layer) = batch.element(group, lane);
                return Err(WallError::Folded { at: centre(shell, quad, layer) });
            }
            out.add(shell, batch, &local, &projectors);
        }
        out.add_springs(supports, &projectors);
        Ok(out)
    }

    /// The matrix of zeros that a mesh needs.
    fn empty(shell: &Shell) -> Self {
        let mut around = vec![Vec::new(); shell.columns()];
        for quad in &shell.quads {
            quad.iter().for_each(|&column| around[column as usize].extend_from_slice(quad));
        }
        around.par_iter_mut().enumerate().for_each(|(column, around)| {
            around.push(column as u32);
            around.sort_unstable();
            around.dedup();
        });
        let mut start = vec![0];
        for around in &around {
            start.push(start[start.len() - 1] + around.len() as u32);
        }
        let neighbour = around.concat();
        let levels = shell.levels();
        Self {
            levels,
            start,
            blocks: memory::zeros(neighbour.len() * levels * ROW),
            neighbour,
            own: vec![0.0; shell.nodes.len() * 9],
            softest: 0.5,
        }
    }

    /// Adds a batch of elements.
    fn add(&mut self, shell: &Shell, batch: &Batch, local: &[Local], projectors: &Projectors<'_>) {
        let Self { levels, start, neighbour, blocks, own, .. } = self;
        let (levels, row) = (*levels, |column: u32| start[column as usize] as usize);
        let at = |visit: Visit| Corner { shell, batch, local, projectors, visit };
        batch.collect(
            blocks,
            |column| row(column) * levels * ROW,
            |blocks, visit| {
                let row = &neighbour[row(visit.column)..row(visit.column + 1)];
                at(visit).add_blocks(row, levels, blocks);
            },
        );
        if shell.quads[batch.quads()].iter().flatten().any(|&column| projectors.holds(column)) {
            batch.collect(own, |column| column as usize * levels * 9, |own, visit| at(visit).add_own(own));
        }
    }

    /// Adds the springs to the nodes' own blocks.
    fn add_springs(&mut self, supports: &Supports, projectors: &Projectors<'_>) {
        for (node, spring) in &supports.springs {
            let free = projectors.of(*node / self.levels as u32, *node as usize % self.levels);
            let own = &mut self.own[*node as usize * 9..][..9];
            add_block(own, &(free * spring * free));
        }
    }
}

/// Centre of an element, m.
fn centre(shell: &Shell, quad: usize, layer: usize) -> [f64; 3] {
    let nodes = shell.hexahedron(quad, layer);
    std::array::from_fn(|i| nodes.iter().map(|&node| shell.nodes[node][i]).sum::<f64>() / NODES as f64)
}

/// Adds a block to nine numbers, row by row.
fn add_block(to: &mut [f32], block: &Matrix3<f64>) {
    for (k, to) in to.iter_mut().enumerate() {
        *to += block[(k / 3, k % 3)] as f32;
    }
}

/// What a group of elements yields: its blocks above the diagonal and its least volume at a Gauss point.
#[derive(Clone)]
struct Local {
    blocks: [[[f32; LANES]; 9]; PAIRS],
    volume: [f64; LANES],
}

/// Number of the block of nodes `a < b`.
const fn pair(a: usize, b: usize) -> usize {
    b * (b - 1) / 2 + a
}

/// Stiffness of a group of elements.
struct Assemble<'a> {
    group: Group<'a>,
    material: &'a Material,
    out: &'a mut Local,
}

impl Kernel for Assemble<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let shape = shape::<V>(&self.group.places());
        let lame = self.group.lame(self.material);
        let relief = relief(&shape, &lame);
        for b in 1..NODES {
            for a in 0..b {
                let block = block(&shape, &lame, &relief, a, b);
                let out = &mut self.out.blocks[pair(a, b)];
                for k in 0..9 {
                    out[k] = block[k / 3][k % 3].round();
                }
            }
        }
        self.out.volume = [f64::INFINITY; LANES];
        for volumes in &shape.volumes {
            for (least, volume) in self.out.volume.iter_mut().zip(volumes.store()) {
                // What is not a number stays so.
                *least = if *least < volume { *least } else { volume };
            }
        }
    }
}

/// The elements of a quadrilateral at one of its corners.
struct Corner<'a> {
    shell: &'a Shell,
    batch: &'a Batch,
    local: &'a [Local],
    projectors: &'a Projectors<'a>,
    visit: Visit,
}

impl Corner<'_> {
    /// Block of the corner's node at level `layer + up` against corner `b`'s at `layer + other`, row by row; none for the
    /// node against itself.
    #[inline(always)]
    fn block(&self, layer: usize, up: usize, b: usize, other: usize) -> Option<[f32; 9]> {
        let (group, lane) = self.batch.place(self.visit.quad, layer);
        let (row, column) = (self.visit.corner as usize + 4 * up, b + 4 * other);
        if row == column {
            return None;
        }
        let block = &self.local[group].blocks[pair(row.min(column), row.max(column))];
        let mut out = [0.0; 9];
        for (k, value) in out.iter_mut().enumerate() {
            *value = block[if row < column { k } else { 3 * (k % 3) + k / 3 }][lane];
        }
        Some(out)
    }

    /// Adds to the blocks of the corner's column, whose neighbours are `row`.
    fn add_blocks(&self, row: &[u32], levels: usize, blocks: &mut [f32]) {
        let column = self.visit.column;
        for (b, &neighbour) in self.shell.quads[self.visit.quad as usize].iter().enumerate() {
            let Ok(entry) = row.binary_search(&neighbour) else { continue };
            let held = self.projectors.holds(column) || self.projectors.holds(neighbour);
            for (layer, up, other) in corners(self.shell.layers) {
                let Some(mut block) = self.block(layer, up, b, other) else { continue };
                if held {
                    let (left, right) = self.frees(layer, up, neighbour, other);
                    block = flat(&(left * wide(&block) * right));
                }
                let at = (entry * levels + layer + up) * ROW + (other + 1 - up) * 3;
                for i in 0..3 {
                    for j in 0..3 {
                        blocks[at + 9 * i + j] += block[3 * i + j];
                    }
                }
            }
        }
    }

    /// Adds what supports leave in the sums of the rows.
    fn add_own(&self, own: &mut [f32]) {
        let quad = &self.shell.quads[self.visit.quad as usize];
        if !quad.iter().any(|&column| self.projectors.holds(column)) {
            return;
        }
        for (b, &neighbour) in quad.iter().enumerate() {
            for (layer, up, other) in corners(self.shell.layers) {
                let Some(block) = self.block(layer, up, b, other) else { continue };
                let block = wide(&block);
                let (left, right) = self.frees(layer, up, neighbour, other);
                let held = (Matrix3::identity() - left) * (-block.trace() / 3.0);
                add_block(&mut own[(layer + up) * 9..][..9], &(left * block * (right - left) + held));
            }
        }
    }

    /// Projectors of the corner's node and of the other.
    fn frees(&self, layer: usize, up: usize, neighbour: u32, other: usize) -> (Matrix3<f64>, Matrix3<f64>) {
        (self.projectors.of(self.visit.column, layer + up), self.projectors.of(neighbour, layer + other))
    }
}

/// Every layer with the two levels of the corner's node and of the other node.
fn corners(layers: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..layers).flat_map(|layer| [(layer, 0, 0), (layer, 0, 1), (layer, 1, 0), (layer, 1, 1)])
}

fn wide(block: &[f32; 9]) -> Matrix3<f64> {
    Matrix3::from_row_slice(&block.map(f64::from))
}

fn flat(block: &Matrix3<f64>) -> [f32; 9] {
    std::array::from_fn(|k| block[(k / 3, k % 3)] as f32)
}
