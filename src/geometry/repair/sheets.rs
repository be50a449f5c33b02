//! Sheets and cells: what of a surface bounds the lumen, and what does not.
//!
//! A sheet is a piece of triangles connected across regular edges (two triangles), turned alike. At an edge of three or
//! more triangles the sheets are sorted by angle around it; neighbours in that order face one wedge of space, so that
//! the sides that face it belong to one cell. The cells follow from the sides alone, whichever way the triangles of the
//! file run (the "outer hull" of Attene, Visual Computer 26, 1393, 2010, and the cells of Zhou et al., ACM TOG 35, 39,
//! 2016, without their exact arithmetic: cells are only told apart, never cut).
//!
//! The cell that encloses the most, seen from within it, is the outside. A sheet between the outside and another cell
//! is wall. A sheet with one cell on both sides encloses nothing (a fin, a fold, an internal wall with a free edge). A
//! sheet between two other cells is a wall between two lumens, or the skin of a pocket.

use std::collections::BTreeMap;

use nalgebra::Vector3;

use crate::geometry::edges::{Edges, Sets, half_edge};
use crate::geometry::orient::volume;
use crate::geometry::surface::Surface;

/// Sheets of a surface.
pub(super) struct Sheets {
    /// Sheet of each triangle, numbered from 0.
    pub of: Vec<u32>,
    /// Whether a triangle must turn to agree with the first of its sheet.
    pub turned: Vec<bool>,
    /// Number of sheets.
    pub count: usize,
    /// Edges across which the turns contradict one another.
    pub contradictions: Vec<usize>,
}

impl Sheets {
    /// The sheets of `surface`. Flat neighbours are joined first, so that a contradiction (a one-sided strip) shows at
    /// the sharpest fold of the way round.
    pub fn new(surface: &Surface, edges: &Edges) -> Self {
        let mut regular: Vec<(f64, usize)> =
            (0..edges.len()).filter(|&e| edges.uses(e).len() == 2).map(|e| (flatness(surface, edges, e), e)).collect();
        regular.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let count = surface.triangles.len();
        let (mut parent, mut parity) = ((0..count as u32).collect::<Vec<_>>(), vec![false; count]);
        let mut contradictions = Vec::new();
        for (_, edge) in regular {
            let [a, b] = [edges.uses(edge)[0], edges.uses(edge)[1]];
            let alike = half_edge(&surface.triangles, a)[0] == half_edge(&surface.triangles, b)[0];
            let ((ra, pa), (rb, pb)) = (root(&mut parent, &mut parity, a / 3), root(&mut parent, &mut parity, b / 3));
            let turn = pa ^ pb ^ alike;
            if ra != rb {
                parent[ra.max(rb) as usize] = ra.min(rb);
                parity[ra.max(rb) as usize] = turn;
            } else if turn {
                contradictions.push(edge);
            }
        }
        let mut sheets = Self { of: vec![u32::MAX; count], turned: vec![false; count], count: 0, contradictions };
        for t in 0..count {
            let (first, turned) = root(&mut parent, &mut parity, t as u32);
            // The root is the lowest number of its set: it was numbered before.
            if first as usize == t {
                sheets.of[t] = sheets.count as u32;
                sheets.count += 1;
            }
            (sheets.of[t], sheets.turned[t]) = (sheets.of[first as usize], turned);
        }
        sheets
    }
}

/// The first triangle of the set of `t`, and whether `t` is turned against it; shortens the way there.
fn root(parent: &mut [u32], parity: &mut [bool], t: u32) -> (u32, bool) {
    let (mut top, mut turned) = (t, false);
    while parent[top as usize] != top {
        turned ^= parity[top as usize];
        top = parent[top as usize];
    }
    let (mut here, mut left) = (t, turned);
    while parent[here as usize] != top && here != top {
        let next = parent[here as usize];
        let rest = left ^ parity[here as usize];
        (parent[here as usize], parity[here as usize]) = (top, left);
        (here, left) = (next, rest);
    }
    (top, turned)
}

/// Unit vector from an edge to the far corner of a triangle beside it, across the edge; zero where it has no area.
fn across(surface: &Surface, half: u32, axis: Vector3<f64>, foot: Vector3<f64>) -> Vector3<f64> {
    let apex = surface.point(surface.triangles[half as usize / 3][(half as usize + 2) % 3]) - foot;
    let flat = apex - axis * apex.dot(&axis);
    let length = flat.norm();
    if length > 0.0 { flat / length } else { Vector3::zeros() }
}

/// How nearly two triangles continue each other across an edge: 1 plane, -1 folded back on itself.
fn flatness(surface: &Surface, edges: &Edges, edge: usize) -> f64 {
    let (axis, foot) = axis(surface, edges.ends(edge));
    let [a, b] = [0, 1].map(|k| across(surface, edges.uses(edge)[k], axis, foot));
    -a.dot(&b)
}

/// Direction and foot of an edge, from its lower to its higher vertex.
fn axis(surface: &Surface, [low, high]: [u32; 2]) -> (Vector3<f64>, Vector3<f64>) {
    let (foot, along) = (surface.point(low), surface.point(high) - surface.point(low));
    let length = along.norm();
    (if length > 0.0 { along / length } else { Vector3::z() }, foot)
}

/// What a sheet is to the lumen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Wall whose triangles run as their sheet does.
    Wall,
    /// Wall whose triangles run against it.
    Turned,
    /// One cell lies on both sides.
    Fin,
    /// Between two cells that are not outside, named by number.
    Between([u32; 2]),
}

/// What every sheet of a surface is, and the volume that every cell encloses.
pub(super) struct Cells {
    /// One a sheet.
    pub parts: Vec<Part>,
    /// Volume of each cell by its number, m^3: positive for the outside of a body, negative for a body.
    pub volumes: BTreeMap<u32, f64>,
}

impl Cells {
    /// The cells of `surface`, whose triangles already run as their sheets do.
    pub fn new(surface: &Surface, edges: &Edges, sheets: &Sheets) -> Self {
        let mut sets = Sets::new(2 * sheets.count);
        let mut bodies = Sets::new(sheets.count);
        for edge in edges.non_manifold() {
            join_wedges(surface, edges, sheets, edge, &mut sets);
            let first = sheets.of[edges.uses(edge)[0] as usize / 3];
            edges.uses(edge).iter().for_each(|&half| bodies.join(first, sheets.of[half as usize / 3]));
        }
        let cell: Vec<[u32; 2]> =
            (0..sheets.count as u32).map(|sheet| [sets.find(2 * sheet), sets.find(2 * sheet + 1)]).collect();
        let volumes = volumes(surface, sheets, &cell);
        let mut outside = BTreeMap::new();
        for (sheet, cells) in (0u32..).zip(&cell) {
            let best = outside.entry(bodies.find(sheet)).or_insert(cells[0]);
            for &cell in cells {
                if volumes[&cell] > volumes[best] {
                    *best = cell;
                }
            }
        }
        let part = |(sheet, &[front, back]): (u32, &[u32; 2])| {
            let outside = outside[&bodies.find(sheet)];
            match (front == outside, back == outside) {
                _ if front == back => Part::Fin,
                (true, _) => Part::Wall,
                (_, true) => Part::Turned,
                _ => Part::Between([front, back]),
            }
        };
        Self { parts: (0u32..).zip(&cell).map(part).collect(), volumes }
    }
}

/// Joins the sides of sheets that face the same wedge at an edge. Side `2 s` of sheet `s` is its front, where its
/// triangles run counter-clockwise.
fn join_wedges(surface: &Surface, edges: &Edges, sheets: &Sheets, edge: usize, sets: &mut Sets) {
    let ends = edges.ends(edge);
    let (axis, foot) = axis(surface, ends);
    let helper = Vector3::ith(axis.iamin(), 1.0);
    let x = (helper - axis * helper.dot(&axis)).normalize();
    let y = axis.cross(&x);
    let mut around: Vec<(f64, u32)> = edges
        .uses(edge)
        .iter()
        .map(|&half| {
            let out = across(surface, half, axis, foot);
            (out.dot(&y).atan2(out.dot(&x)), half)
        })
        .collect();
    around.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    // A triangle that runs along the axis shows its front counter-clockwise about it.
    let side = |half: u32, ahead: bool| {
        let along = half_edge(&surface.triangles, half)[0] == ends[0];
        2 * sheets.of[half as usize / 3] + u32::from(along != ahead)
    };
    for (k, &(_, half)) in around.iter().enumerate() {
        let next = around[(k + 1) % around.len()].1;
        sets.join(side(half, true), side(next, false));
    }
}

/// Volume of every cell, by the sides that bound it, seen from within it.
fn volumes(surface: &Surface, sheets: &Sheets, cell: &[[u32; 2]]) -> BTreeMap<u32, f64> {
    let mut skins: BTreeMap<u32, Vec<[u32; 3]>> = BTreeMap::new();
    for (&[a, b, c], &sheet) in surface.triangles.iter().zip(&sheets.of) {
        let [front, back] = cell[sheet as usize];
        let (ahead, behind) = (skins.entry(front).or_default(), [a, c, b]);
        if front != back {
            ahead.push([a, b, c]);
            skins.entry(back).or_default().push(behind);
        }
    }
    skins.into_iter().map(|(cell, triangles)| (cell, volume(&surface.vertices, &triangles))).collect()
}
