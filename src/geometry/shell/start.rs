//! From a vessel's wall to a mesh that can be changed: one fan of triangles a vertex, every rim a curve.

use std::collections::HashMap;

use nalgebra::Vector3;

use super::error::ShellError;
use super::mesh::{Mesh, NONE, OnRim};
use super::rim_line::RimLine;
use crate::geometry::edges::components;
use crate::geometry::rim::loops;
use crate::geometry::vessel::Vessel;

/// The wall as a mesh.
pub(super) struct Start {
    pub mesh: Mesh,
    pub rims: Vec<RimLine>,
    /// The vertex of the vessel's wall that each vertex of the mesh is.
    pub source: Vec<u32>,
    /// Pieces without an opening, left out.
    pub left_out: usize,
}

impl Start {
    /// The pieces of a wall that have an opening.
    ///
    /// # Errors
    /// [`ShellError::OpenEdge`], [`ShellError::NoOpening`].
    pub fn new(vessel: &Vessel) -> Result<Self, ShellError> {
        let (triangles, left_out) = opened(vessel);
        if triangles.is_empty() {
            return Err(ShellError::NoOpening);
        }
        let (corners, source) = fans(triangles, vessel.wall.vertices.len());
        let mut mesh = Mesh::new(source.iter().map(|&v| vessel.wall.point(v)).collect(), corners);
        let rims = rims(vessel, &mut mesh, &source)?;
        Ok(Self { mesh, rims, source, left_out })
    }
}

/// Triangles of the pieces that touch a rim, and the number of other pieces.
fn opened(vessel: &Vessel) -> (Vec<[u32; 3]>, usize) {
    let wall = &vessel.wall;
    let (piece_of, pieces) = components(&wall.triangles, wall.vertices.len());
    let mut on_rim = vec![false; wall.vertices.len()];
    vessel.openings.iter().flat_map(|opening| &opening.rim).for_each(|&v| on_rim[v as usize] = true);
    let mut kept = vec![false; pieces];
    for (corners, &piece) in wall.triangles.iter().zip(&piece_of) {
        kept[piece as usize] |= corners.iter().any(|&v| on_rim[v as usize]);
    }
    let triangles = wall.triangles.iter().zip(&piece_of).filter(|(_, piece)| kept[**piece as usize]);
    (triangles.map(|(corners, _)| *corners).collect(), kept.iter().filter(|&&kept| !kept).count())
}

/// Gives each fan of triangles around a vertex a vertex of its own, and drops unused ones; returns the triangles and
/// the former number of each vertex.
fn fans(mut triangles: Vec<[u32; 3]>, vertices: usize) -> (Vec<[u32; 3]>, Vec<u32>) {
    let mut around: Vec<Vec<u32>> = vec![Vec::new(); vertices];
    for (t, corners) in (0u32..).zip(&triangles) {
        corners.iter().for_each(|&v| around[v as usize].push(t));
    }
    let former = triangles.clone();
    let mut source = Vec::new();
    for (v, mut open) in (0u32..).zip(around) {
        while let Some(first) = open.pop() {
            let new = source.len() as u32;
            source.push(v);
            let mut fan = vec![first];
            while let Some(t) = fan.pop() {
                let corners = former[t as usize];
                let slot = corners.iter().position(|&u| u == v).unwrap_or(0);
                triangles[t as usize][slot] = new;
                let joined = |&other: &u32| former[other as usize].iter().any(|u| *u != v && corners.contains(u));
                let (more, rest) = open.into_iter().partition(joined);
                open = rest;
                fan.extend::<Vec<u32>>(more);
            }
        }
    }
    (triangles, source)
}

/// The curves along the free edges, and where the vertices lie on them.
fn rims(vessel: &Vessel, mesh: &mut Mesh, source: &[u32]) -> Result<Vec<RimLine>, ShellError> {
    let pair = |a: u32, b: u32| [a.min(b), a.max(b)];
    let mut owner: HashMap<[u32; 2], usize> = HashMap::new();
    for (k, opening) in vessel.openings.iter().enumerate() {
        for (&a, &b) in opening.rim.iter().zip(opening.rim.iter().cycle().skip(1)) {
            owner.insert(pair(a, b), k);
        }
    }
    let free = mesh.edges().into_iter().filter(|&[a, b]| mesh.left(b, a).is_none());
    // A rim runs against its triangles: counter-clockwise seen from outside.
    let found = loops(free.map(|[a, b]| [b, a]));
    let mut lines: Vec<RimLine> = Vec::new();
    for vertices in found {
        let [a, b] = [vertices[0], vertices[1]].map(|v| source[v as usize]);
        let at: Vec<Vector3<f64>> = vertices.iter().map(|&v| mesh.point(v)).collect();
        let Some(&opening) = owner.get(&pair(a, b)) else {
            return Err(ShellError::OpenEdge { place: (0.5 * (at[0] + at[1])).into() });
        };
        let line = RimLine::new(opening, at);
        for (k, &v) in vertices.iter().enumerate() {
            mesh.rim[v as usize] = Some(OnRim { line: lines.len() as u16, arc: line.arc(k) });
        }
        lines.push(line);
    }
    debug_assert!(mesh.corners.iter().all(|corners| corners[0] != NONE));
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn triangles_that_meet_in_a_vertex_only_are_taken_apart() {
        let (triangles, source) = fans(vec![[0, 1, 2], [2, 3, 4], [0, 2, 5]], 6);
        assert_eq!(source.len(), 7);
        let named: Vec<[u32; 3]> = triangles.iter().map(|t| t.map(|v| source[v as usize])).collect();
        assert_eq!(named, [[0, 1, 2], [2, 3, 4], [0, 2, 5]]);
        assert_eq!(triangles[0][2], triangles[2][1]);
        assert_ne!(triangles[0][2], triangles[1][0]);
    }
}
