//! Faces of the shell: what of their area each node stands for.

use nalgebra::Vector3;

use super::reference::GAUSS;
use crate::geometry::shell::Shell;

/// Signs of the natural coordinates of a quadrilateral's corners.
const CORNERS: [[f64; 2]; 4] = [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]];

/// Shape functions and area vector (m^2, right-handed to the corners' order) at the 2 x 2 Gauss points of a bilinear
/// face, exact for the integral of a bilinear load over it.
#[must_use]
pub fn gauss(corners: &[Vector3<f64>; 4]) -> [([f64; 4], Vector3<f64>); 4] {
    CORNERS.map(|[p, q]| {
        let (p, q) = (GAUSS * p, GAUSS * q);
        let (mut along, mut across) = (Vector3::zeros(), Vector3::zeros());
        let shapes = std::array::from_fn(|a| {
            let [x, y] = CORNERS[a];
            along += corners[a] * (0.25 * x * (1.0 + y * q));
            across += corners[a] * (0.25 * y * (1.0 + x * p));
            0.25 * (1.0 + x * p) * (1.0 + y * q)
        });
        (shapes, along.cross(&across))
    })
}

/// Area, m^2, that each column stands for on the surface at a level (0 is the inner one).
#[must_use]
pub fn areas(shell: &Shell, level: usize) -> Vec<f64> {
    let mut out = vec![0.0; shell.columns()];
    for quad in &shell.quads {
        for (shapes, area) in gauss(&quad.map(|column| shell.place(column, level))) {
            for (column, shape) in quad.iter().zip(shapes) {
                out[*column as usize] += shape * area.norm();
            }
        }
    }
    out
}

/// Normal of unit length at each column of the surface at a level, outward: the mean over the faces around, by area.
#[must_use]
pub fn normals(shell: &Shell, level: usize) -> Vec<Vector3<f64>> {
    let mut out = vec![Vector3::zeros(); shell.columns()];
    for quad in &shell.quads {
        for (shapes, area) in gauss(&quad.map(|column| shell.place(column, level))) {
            for (column, shape) in quad.iter().zip(shapes) {
                out[*column as usize] += area * shape;
            }
        }
    }
    out.iter().map(|normal| normal.try_normalize(0.0).unwrap_or_default()).collect()
}

/// Edges of the rim, in the order in which their quadrilateral has them: the wall is on their left when seen from outside.
#[must_use]
pub fn rim(shell: &Shell) -> Vec<[u32; 2]> {
    let edges = || shell.quads.iter().flat_map(|&[a, b, c, d]| [[a, b], [b, c], [c, d], [d, a]]);
    let mut start = vec![0usize; shell.columns() + 2];
    edges().for_each(|[a, _]| start[a as usize + 2] += 1);
    for column in 2..start.len() {
        start[column] += start[column - 1];
    }
    let mut next = vec![0; shell.quads.len() * 4];
    for [a, b] in edges() {
        next[start[a as usize + 1]] = b;
        start[a as usize + 1] += 1;
    }
    // An edge within the surface is that of another quadrilateral the other way round.
    let met = |a: u32, b: u32| next[start[b as usize]..start[b as usize + 1]].contains(&a);
    edges().filter(|&[a, b]| !met(a, b)).collect()
}

/// The face of an end: one area vector (m^2, out of the wall) a node, sorted by node.
#[must_use]
pub fn end(shell: &Shell, rim: &[[u32; 2]], end: usize) -> Vec<(u32, Vector3<f64>)> {
    let mut belongs = vec![false; shell.columns()];
    shell.ends[end].iter().for_each(|&column| belongs[column as usize] = true);
    let mut parts = Vec::new();
    for &[a, b] in rim.iter().filter(|edge| edge.iter().all(|&column| belongs[column as usize])) {
        for layer in 0..shell.layers {
            let corners = [(a, layer), (b, layer), (b, layer + 1), (a, layer + 1)];
            for (shapes, area) in gauss(&corners.map(|(column, level)| shell.place(column, level))) {
                for ((column, level), shape) in corners.into_iter().zip(shapes) {
                    parts.push((shell.node(column, level) as u32, area * shape));
                }
            }
        }
    }
    parts.sort_by_key(|part| part.0);
    let add = |sum: Vector3<f64>, part: &(u32, Vector3<f64>)| sum + part.1;
    parts.chunk_by(|a, b| a.0 == b.0).map(|same| (same[0].0, same.iter().fold(Vector3::zeros(), add))).collect()
}
