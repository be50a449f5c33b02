//! The wall's mesh: hexahedra in layers on a surface of quadrilaterals.
//!
//! A column is the row of nodes that starts at one vertex of the inner surface and runs outward, one node a level; a
//! layer of elements lies between two levels. So an element is named by its quadrilateral and its layer, a node by its
//! column and its level, and everything that goes along the wall is indexed by columns.

mod ball;
pub mod bodies;
mod build;
mod error;
mod field;
mod mesh;
pub mod plausible;
pub mod quality;
mod remesh;
mod rim_line;
mod sheet;
mod sizing;
mod start;
mod target;
mod thicken;

use nalgebra::Vector3;

pub use build::{FINEST, LAYERS, Limit, QUADS, QUALITY, Report, SHARE, Settings, Thickness, build};
pub use error::ShellError;

/// Layered hexahedra between an inner and an outer surface.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shell {
    /// Columns at the corners of each quadrilateral, counter-clockwise seen from outside.
    pub quads: Vec<[u32; 4]>,
    /// Elements through the thickness, at least one.
    pub layers: usize,
    /// Node positions, m: that of column `c` at level `k` is number `c * levels() + k`; level 0 is the inner surface.
    pub nodes: Vec<[f64; 3]>,
    /// Columns of the end at each opening, in the order of the openings.
    pub ends: Vec<Vec<u32>>,
}

impl Shell {
    /// Nodes of a column.
    #[must_use]
    pub fn levels(&self) -> usize {
        self.layers + 1
    }

    /// Number of columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.nodes.len() / self.levels()
    }

    /// Number of elements.
    #[must_use]
    pub fn elements(&self) -> usize {
        self.quads.len() * self.layers
    }

    /// Number of the node of a column at a level.
    #[must_use]
    pub fn node(&self, column: u32, level: usize) -> usize {
        column as usize * self.levels() + level
    }

    /// Place of the node of a column at a level, m.
    #[must_use]
    pub fn place(&self, column: u32, level: usize) -> Vector3<f64> {
        self.nodes[self.node(column, level)].into()
    }

    /// Nodes of an element in VTK's order: the inner face, counter-clockwise seen from outside, then the outer one.
    #[must_use]
    pub fn hexahedron(&self, quad: usize, layer: usize) -> [usize; 8] {
        let [a, b, c, d] = self.quads[quad].map(|column| self.node(column, layer));
        [a, b, c, d, a + 1, b + 1, c + 1, d + 1]
    }
}
