//! Caps: triangles that close an end of a vessel where the surface has no rim of its own.
//!
//! Three kinds are met in practice. A patch (file, solid, group, face id) holds the cap of one end. A closed surface
//! has flat caps without a name: plane pieces bounded all round by a sharp edge. And a cap from a file of its own may
//! not share its vertices with the wall: then it is loose, and lies over a free rim of the wall.

use nalgebra::Vector3;

use super::edges::{Edges, components, half_edge};
use super::rim::{Rim, loops, rims};
use super::surface::Surface;
use super::weld::retain;

/// Neighbours whose normals differ by less than 25 degrees are one face.
const SMOOTH: f64 = 0.906;
/// A plane piece stays within 15 degrees of the normal that it started from.
const PLANE: f64 = 0.966;
/// A triangle thinner than this (height over longest edge) has no reliable normal.
const THIN: f64 = 1e-3;

/// A piece of surface that closes one end.
#[derive(Clone, Debug, PartialEq)]
pub struct Cap {
    /// Its triangles, in increasing order.
    pub triangles: Vec<u32>,
    /// Its edge, counter-clockwise seen from outside.
    pub rim: Rim,
    /// The patch that it is the whole of, where there is one.
    pub patch: Option<u16>,
}

/// Every piece of an oriented `surface` that looks like a cap: patches first, then flat pieces without a name of their
/// own; `edges` are those of the surface.
#[must_use]
pub fn caps(surface: &Surface, edges: &Edges) -> Vec<Cap> {
    let mut found = patch_caps(surface, edges);
    let named: Vec<bool> =
        (0..surface.patches.len()).map(|p| found.iter().any(|c| c.patch == Some(p as u16))).collect();
    let flat = flat_caps(surface, edges);
    found.extend(flat.into_iter().filter(|cap| !named[surface.patch_of[cap.triangles[0] as usize] as usize]));
    found
}

/// Patches that are nearly plane, small beside the rest, and bounded by one rim.
fn patch_caps(surface: &Surface, edges: &Edges) -> Vec<Cap> {
    let total: f64 = (0..surface.triangles.len()).map(|t| surface.area_vector(t).norm()).sum();
    let mut members = vec![Vec::new(); surface.patches.len()];
    for (t, &patch) in (0u32..).zip(&surface.patch_of) {
        members[patch as usize].push(t);
    }
    let mut found = Vec::new();
    for (patch, triangles) in (0u16..).zip(members) {
        let area: f64 = triangles.iter().map(|&t| surface.area_vector(t as usize).norm()).sum();
        let vector: Vector3<f64> = triangles.iter().map(|&t| surface.area_vector(t as usize)).sum();
        let looks_flat = area > 0.0 && area < 0.3 * total && vector.norm() > 0.9 * area;
        if let Some(rim) = only_rim(surface, edges, &triangles).filter(|_| looks_flat) {
            found.push(Cap { triangles, rim, patch: Some(patch) });
        }
    }
    found
}

/// Plane pieces, round in the wide sense, that meet the rest in a sharp edge.
fn flat_caps(surface: &Surface, edges: &Edges) -> Vec<Cap> {
    let normals: Vec<Vector3<f64>> = (0..surface.triangles.len()).map(|t| surface.area_vector(t).normalize()).collect();
    let mut seen = vec![false; normals.len()];
    let mut found = Vec::new();
    for seed in 0..normals.len() as u32 {
        if seen[seed as usize] || thinness(surface, seed as usize) < THIN {
            continue;
        }
        let triangles = grow(surface, edges, &normals, seed, &mut seen);
        if triangles.len() < 4 || sharp_part(surface, edges, &normals, &triangles) < 0.9 {
            continue;
        }
        let Some(rim) = only_rim(surface, edges, &triangles) else { continue };
        let flat = rim.unevenness < 0.02 * rim.equivalent_diameter();
        let round = 4.0 * std::f64::consts::PI * rim.area > 0.4 * rim.perimeter * rim.perimeter;
        if rim.vertices.len() >= 8 && flat && round {
            found.push(Cap { triangles, rim, patch: None });
        }
    }
    found
}

/// The plane piece around `seed`, sorted.
fn grow(surface: &Surface, edges: &Edges, normals: &[Vector3<f64>], seed: u32, seen: &mut [bool]) -> Vec<u32> {
    let plane = normals[seed as usize];
    let base = surface.point(surface.triangles[seed as usize][0]);
    let size = surface.area_vector(seed as usize).norm().sqrt();
    let mut piece = vec![seed];
    seen[seed as usize] = true;
    let mut next = 0;
    while let Some(&t) = piece.get(next) {
        next += 1;
        for half in 3 * t..3 * t + 3 {
            let Some(other) = edges.mate(half).map(|mate| mate / 3) else { continue };
            if seen[other as usize] {
                continue;
            }
            let (here, there) = (normals[t as usize], normals[other as usize]);
            let smooth =
                there.dot(&plane) > PLANE && (there.dot(&here) > SMOOTH || thinness(surface, t as usize) < THIN);
            let in_plane = || {
                let corners = surface.triangles[other as usize];
                thinness(surface, other as usize) < THIN
                    && corners.iter().all(|&v| (surface.point(v) - base).dot(&plane).abs() < 1e-3 * size)
            };
            if smooth || in_plane() {
                seen[other as usize] = true;
                piece.push(other);
            }
        }
    }
    piece.sort_unstable();
    piece
}

/// Height over longest edge of a triangle.
fn thinness(surface: &Surface, triangle: usize) -> f64 {
    let [a, b, c] = surface.triangles[triangle].map(|v| surface.point(v));
    let longest = (b - a).norm_squared().max((c - b).norm_squared()).max((a - c).norm_squared());
    2.0 * surface.area_vector(triangle).norm() / longest
}

/// Part of the length of a piece's edge along which the surface turns by more than 25 degrees.
fn sharp_part(surface: &Surface, edges: &Edges, normals: &[Vector3<f64>], piece: &[u32]) -> f64 {
    let (mut all, mut sharp) = (0.0, 0.0);
    for half in piece.iter().flat_map(|&t| 3 * t..3 * t + 3) {
        let mate = edges.mate(half).map(|mate| mate / 3);
        if mate.is_some_and(|other| piece.binary_search(&other).is_ok()) {
            continue;
        }
        let [a, b] = half_edge(&surface.triangles, half);
        let length = (surface.point(a) - surface.point(b)).norm();
        all += length;
        if mate.is_some_and(|other| normals[other as usize].dot(&normals[half as usize / 3]) < SMOOTH) {
            sharp += length;
        }
    }
    sharp / all
}

/// The loops that bound a sorted list of triangles, counter-clockwise seen from outside.
pub(crate) fn piece_rims(surface: &Surface, edges: &Edges, piece: &[u32]) -> Vec<Rim> {
    let outer = piece.iter().flat_map(|&t| 3 * t..3 * t + 3).filter(|&half| {
        let uses = edges.uses(edges.of(half));
        !uses.iter().any(|&other| other != half && piece.binary_search(&(other / 3)).is_ok())
    });
    let steps = outer.map(|half| half_edge(&surface.triangles, half));
    loops(steps).into_iter().map(|vertices| Rim::new(&surface.vertices, vertices)).collect()
}

fn only_rim(surface: &Surface, edges: &Edges, piece: &[u32]) -> Option<Rim> {
    let mut rims = piece_rims(surface, edges, piece);
    if rims.len() == 1 { rims.pop() } else { None }
}

/// Takes off caps that are not joined to the wall but lie over one of its free rims; returns them (numbers of triangles
/// and vertices are those of the surface before).
pub(crate) fn take_loose_caps(surface: &mut Surface) -> Vec<Cap> {
    let (piece_of, pieces) = components(&surface.triangles, surface.vertices.len());
    if pieces < 2 {
        return Vec::new();
    }
    let mut members = vec![Vec::new(); pieces];
    for (t, &piece) in (0u32..).zip(&piece_of) {
        members[piece as usize].push(t);
    }
    let ends: Vec<Vec<Rim>> = members
        .iter()
        .map(|list| {
            let triangles: Vec<[u32; 3]> = list.iter().map(|&t| surface.triangles[t as usize]).collect();
            rims(&surface.vertices, &triangles, &Edges::new(&triangles))
        })
        .collect();
    let is_cap = |piece: usize| {
        let [rim] = ends[piece].as_slice() else { return false };
        let area: f64 = members[piece].iter().map(|&t| surface.area_vector(t as usize).norm()).sum();
        let mut others = ends.iter().enumerate().filter(|&(other, _)| other != piece).flat_map(|(_, rims)| rims);
        // A piece of wall has more area than its rim spans.
        rim.area > 0.8 * area && others.any(|end| covers(rim, end))
    };
    let loose: Vec<bool> = (0..pieces).map(is_cap).collect();
    let caps = (0..pieces).filter(|&piece| loose[piece]).map(|piece| {
        let triangles = std::mem::take(&mut members[piece]);
        let patch = surface.patch_of[triangles[0] as usize];
        let alone = triangles.iter().all(|&t| surface.patch_of[t as usize] == patch);
        Cap { triangles, rim: ends[piece][0].clone(), patch: alone.then_some(patch) }
    });
    let caps = caps.collect();
    retain(surface, |t, _| !loose[piece_of[t] as usize]);
    caps
}

/// Whether a cap with this rim lies over that end of a wall.
pub(crate) fn covers(cap: &Rim, end: &Rim) -> bool {
    let apart = (Vector3::from(cap.centre) - Vector3::from(end.centre)).norm();
    apart < 0.1 * end.equivalent_diameter() && (0.75..1.33).contains(&(cap.area / end.area))
}
