//! What holds the wall: nodes held in some directions, and springs.
//!
//! A held node keeps the directions in which it is free: the orthogonal projector `P` onto them. The stiffness with its
//! supports is `P K P` plus the springs, and loads are projected likewise. Springs on the outside stand for the tissue
//! around the vessel, force per area in proportion to displacement (Moireau et al., Biomech. Model. Mechanobiol. 11, 1,
//! 2012).

use nalgebra::{Matrix3, Vector3};

use super::face;
use crate::geometry::shell::Shell;

pub use super::rigid::{RigidMotion, rigid_motion};

/// Directions count as the same when the sine of their angle is less than the root of this.
const SAME: f64 = 1e-6;

/// Held nodes and springs, each sorted by node, a node at most once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Supports {
    /// Of held nodes the orthogonal projector onto the directions in which they are free: zero where a node is fixed.
    pub held: Vec<(u32, Matrix3<f64>)>,
    /// Stiffness of the springs at a node, N/m.
    pub springs: Vec<(u32, Matrix3<f64>)>,
}

impl Supports {
    /// Holds nodes; what was held already stays so, and is free only in the directions that both leave free.
    pub fn hold(&mut self, nodes: impl IntoIterator<Item = (u32, Matrix3<f64>)>) {
        self.held.extend(nodes);
        self.held.sort_by_key(|held| held.0);
        let merge = |same: &[(u32, Matrix3<f64>)]| match same {
            [one] => *one,
            more => (more[0].0, common(more)),
        };
        self.held = self.held.chunk_by(|a, b| a.0 == b.0).map(merge).collect();
    }

    /// Adds springs, N/m.
    pub fn spring(&mut self, nodes: impl IntoIterator<Item = (u32, Matrix3<f64>)>) {
        self.springs.extend(nodes);
        self.springs.sort_by_key(|spring| spring.0);
        let merge = |same: &[(u32, Matrix3<f64>)]| (same[0].0, same.iter().map(|spring| spring.1).sum());
        self.springs = self.springs.chunk_by(|a, b| a.0 == b.0).map(merge).collect();
    }

    /// Fixes the nodes of an end.
    pub fn fix_end(&mut self, shell: &Shell, end: usize) {
        self.hold(nodes(shell, end).map(|node| (node as u32, Matrix3::zeros())));
    }

    /// Lets the nodes of an end slide in its mean plane only.
    pub fn slide_end(&mut self, shell: &Shell, end: usize) {
        let normal = normal(shell, end);
        let plane = Matrix3::identity() - normal * normal.transpose();
        self.hold(nodes(shell, end).map(|node| (node as u32, plane)));
    }

    /// Lets the nodes of an end move only along the radius from the end's centre, in its mean plane.
    pub fn free_end_radially(&mut self, shell: &Shell, end: usize) {
        let (normal, centre) = (normal(shell, end), centre(shell, end));
        let ray = |node: usize| {
            let from: Vector3<f64> = Vector3::from(shell.nodes[node]) - centre;
            let radius = (from - normal * normal.dot(&from)).try_normalize(0.0).unwrap_or_default();
            (node as u32, radius * radius.transpose())
        };
        self.hold(nodes(shell, end).map(ray));
    }

    /// Springs on the face of an end, the same in all directions: stiffness per area, Pa/m.
    pub fn spring_end(&mut self, shell: &Shell, end: usize, stiffness: f64) {
        let face = face::end(shell, &face::rim(shell), end);
        self.spring(face.into_iter().map(|(node, area)| (node, Matrix3::identity() * (stiffness * area.norm()))));
    }

    /// Springs on the outer surface, the same in all directions: stiffness per area, Pa/m.
    pub fn spring_outer(&mut self, shell: &Shell, stiffness: f64) {
        let areas = face::areas(shell, shell.layers);
        let node = |column: usize| shell.node(column as u32, shell.layers) as u32;
        let springs = areas.iter().enumerate();
        self.spring(springs.map(|(column, area)| (node(column), Matrix3::identity() * (stiffness * area))));
    }

    /// Takes away the held directions of a nodal field.
    pub fn project(&self, field: &mut [[f64; 3]]) {
        for (node, free) in &self.held {
            let value = &mut field[*node as usize];
            *value = (free * Vector3::from(*value)).into();
        }
    }
}

/// Nodes of the columns of an end.
fn nodes(shell: &Shell, end: usize) -> impl Iterator<Item = usize> {
    let levels = shell.levels();
    shell.ends[end].iter().flat_map(move |&column| (0..levels).map(move |level| column as usize * levels + level))
}

/// Mean normal of the face of an end, out of the wall; zero if the end has no face.
fn normal(shell: &Shell, end: usize) -> Vector3<f64> {
    let face = face::end(shell, &face::rim(shell), end);
    face.iter().map(|part| part.1).sum::<Vector3<f64>>().try_normalize(0.0).unwrap_or_default()
}

/// Centre of the inner rim of an end, m: the mean along its edges.
fn centre(shell: &Shell, end: usize) -> Vector3<f64> {
    let mut belongs = vec![false; shell.columns()];
    shell.ends[end].iter().for_each(|&column| belongs[column as usize] = true);
    let (mut sum, mut length) = (Vector3::zeros(), 0.0);
    for [a, b] in face::rim(shell).into_iter().filter(|edge| edge.iter().all(|&column| belongs[column as usize])) {
        let (from, to) = (shell.place(a, 0), shell.place(b, 0));
        let edge = (to - from).norm();
        sum += (from + to) * (0.5 * edge);
        length += edge;
    }
    if length > 0.0 { sum / length } else { sum }
}

/// Projector onto the directions that all of several projectors leave free.
fn common(several: &[(u32, Matrix3<f64>)]) -> Matrix3<f64> {
    let held: Matrix3<f64> = several.iter().map(|(_, free)| Matrix3::identity() - free).sum();
    let eigen = held.symmetric_eigen();
    let free = (0..3).filter(|&k| eigen.eigenvalues[k] < SAME).map(|k| eigen.eigenvectors.column(k).into_owned());
    free.map(|direction| direction * direction.transpose()).sum()
}

/// Projectors by node.
#[derive(Clone, Debug)]
pub(super) struct Projectors<'a> {
    supports: &'a Supports,
    /// Of each node its place in the list of held ones and 1, or 0.
    index: Vec<u32>,
    levels: usize,
    columns: Vec<bool>,
}

impl<'a> Projectors<'a> {
    pub(super) fn new(shell: &Shell, supports: &'a Supports) -> Self {
        let (mut index, mut columns) = (vec![0; shell.nodes.len()], vec![false; shell.columns()]);
        for (k, (node, _)) in supports.held.iter().enumerate() {
            index[*node as usize] = k as u32 + 1;
            columns[*node as usize / shell.levels()] = true;
        }
        Self { supports, index, levels: shell.levels(), columns }
    }

    /// Whether any node of a column is held.
    pub(super) fn holds(&self, column: u32) -> bool {
        self.columns[column as usize]
    }

    /// The projector of the node of a column at a level.
    pub(super) fn of(&self, column: u32, level: usize) -> Matrix3<f64> {
        match self.index[column as usize * self.levels + level] {
            0 => Matrix3::identity(),
            k => self.supports.held[k as usize - 1].1,
        }
    }
}
