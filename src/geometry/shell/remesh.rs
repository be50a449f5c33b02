//! Isotropic remeshing (Botsch, Kobbelt, Symp. Geometry Processing 2004): long edges are split, short ones collapsed,
//! edges flipped toward even valences, vertices moved in the surface toward the middle of their neighbours and laid on
//! the given surface again. Rim vertices stay on their rim.
//!
//! Practice: a change is made only where no triangle turns over. Whether one does is judged against the normal of the
//! whole neighbourhood, in which the slivers of a bad surface weigh as little as their area.

use nalgebra::Vector3;
use rayon::prelude::*;

use super::mesh::{Mesh, OnRim};
use super::target::Target;

/// Edges longer than this times the wanted length are split, shorter than that collapsed.
const LONG: f64 = 4.0 / 3.0;
const SHORT: f64 = 4.0 / 5.0;

/// Rounds of all four steps, and of the last two alone at the end.
const ROUNDS: usize = 7;
const LAST: usize = 4;

/// Sweeps over the edges in a round, at most: each halves what is too long.
const SWEEPS: usize = 12;

/// The least cosine between a triangle's normal and that of its neighbourhood.
const UPRIGHT: f64 = 0.3;

/// Neighbours of a vertex wanted within the surface and on a rim.
const VALENCE: [i32; 2] = [6, 4];

/// Remeshes to the edge lengths of `target`; the mesh must lie on it.
pub(super) fn remesh(mesh: &mut Mesh, target: &Target) {
    for _ in 0..ROUNDS {
        split_long(mesh, target);
        collapse_short(mesh);
        flip(mesh);
        relax(mesh, target);
    }
    for _ in 0..LAST {
        split_chords(mesh, target);
        flip(mesh);
        relax(mesh, target);
    }
}

fn split_long(mesh: &mut Mesh, target: &Target) {
    for _ in 0..SWEEPS {
        let mut long: Vec<(f64, [u32; 2])> =
            mesh.edges().into_iter().map(|edge| (mesh.stretch(edge), edge)).filter(|(s, _)| *s > LONG).collect();
        if long.is_empty() {
            return;
        }
        long.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        for (_, edge) in long {
            split(mesh, target, edge);
        }
    }
}

/// Splits an edge in its middle, on a rim in the middle along the rim.
fn split(mesh: &mut Mesh, target: &Target, [a, b]: [u32; 2]) {
    let [left, right] = [mesh.left(a, b), mesh.left(b, a)];
    if left.is_none() && right.is_none() {
        return;
    }
    let size = 0.5 * (mesh.size[a as usize] + mesh.size[b as usize]);
    let middle = 0.5 * (mesh.point(a) + mesh.point(b));
    let new = match (mesh.rim[a as usize], mesh.rim[b as usize], left, right) {
        (Some(from), Some(to), Some(_), None) => {
            let (place, on) = target.rim_middle(from, to);
            mesh.add(place, Some(on), size)
        }
        _ => {
            let normal = (mesh.normal(a) + mesh.normal(b)).try_normalize(0.0).unwrap_or_default();
            let hit = target.nearest(middle, normal, 0.3 * (mesh.point(a) - mesh.point(b)).norm());
            let (place, size) = hit.map_or((middle, size), |hit| (hit.place, target.size(&hit)));
            mesh.add(place, None, size)
        }
    };
    mesh.split([a, b], new);
}

/// Splits edges that run from rim to rim within the surface: they leave corners between two rim edges.
fn split_chords(mesh: &mut Mesh, target: &Target) {
    for [a, b] in mesh.edges() {
        let ends = [a, b].map(|v| mesh.rim[v as usize].is_some());
        if ends == [true; 2] && mesh.left(a, b).is_some() && mesh.left(b, a).is_some() {
            split(mesh, target, [a, b]);
        }
    }
}

fn collapse_short(mesh: &mut Mesh) {
    for _ in 0..SWEEPS {
        let mut short: Vec<(f64, [u32; 2])> =
            mesh.edges().into_iter().map(|edge| (mesh.stretch(edge), edge)).filter(|(s, _)| *s < SHORT).collect();
        short.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let mut done = 0;
        for (_, [a, b]) in short {
            let joined = mesh.left(a, b).is_some() || mesh.left(b, a).is_some();
            // An earlier collapse may have moved the edge.
            if !joined || mesh.stretch([a, b]) >= SHORT {
                continue;
            }
            if let Some((gone, kept)) =
                [(b, a), (a, b)].into_iter().find(|&(gone, kept)| may_collapse(mesh, gone, kept))
            {
                mesh.collapse(gone, kept);
                done += 1;
            }
        }
        if 50 * done < mesh.at.len() {
            return;
        }
    }
}

/// Whether merging `gone` into `kept` keeps the topology, makes no long edge and turns no triangle over.
fn may_collapse(mesh: &Mesh, gone: u32, kept: u32) -> bool {
    if !mesh.may_collapse(gone, kept) {
        return false;
    }
    let normal = (mesh.normal(gone) + mesh.normal(kept)).try_normalize(0.0).unwrap_or_default();
    mesh.merged(gone, kept).all(|corners| {
        let long = corners.iter().any(|&v| v != kept && mesh.stretch([v, kept]) > LONG);
        !long && upright(mesh, corners, normal)
    })
}

/// Whether a triangle with these corners faces like `normal`.
fn upright(mesh: &Mesh, corners: [u32; 3], normal: Vector3<f64>) -> bool {
    let area = mesh.area_of(corners);
    area.dot(&normal) > UPRIGHT * area.norm()
}

fn flip(mesh: &mut Mesh) {
    for edge in mesh.edges() {
        let Some(new) = mesh.flipped(edge) else { continue };
        let [a, b] = edge;
        let (c, d) = (new[0][2], new[0][1]);
        let excess = |v: u32, change: i32| {
            let wanted = VALENCE[usize::from(mesh.rim[v as usize].is_some())];
            (mesh.neighbours(v).len() as i32 + change - wanted).pow(2)
        };
        let now: i32 = [a, b, c, d].map(|v| excess(v, 0)).iter().sum();
        let then: i32 = [(a, -1), (b, -1), (c, 1), (d, 1)].map(|(v, change)| excess(v, change)).iter().sum();
        if then > now || then == now && !slims(mesh, edge, new) {
            continue;
        }
        let normal = (mesh.normal(a) + mesh.normal(b)).try_normalize(0.0).unwrap_or_default();
        let old = [[a, b, c], [b, a, d]];
        let chord = [c, d].iter().all(|&v| mesh.rim[v as usize].is_some());
        // Where a triangle is upside down already, any flip that does not make it worse is good.
        let least = |triangles: [[u32; 3]; 2]| {
            let cosine = |corners: [u32; 3]| mesh.area_of(corners).try_normalize(0.0).unwrap_or_default().dot(&normal);
            triangles.map(cosine).into_iter().fold(1.0, f64::min)
        };
        if !chord && least(new) > UPRIGHT.min(least(old)) && shape(mesh, new) > 0.3 * shape(mesh, old).min(0.5) {
            mesh.flip(edge, new);
        }
    }
}

/// Whether the triangles at an edge are much better shaped once it is flipped.
fn slims(mesh: &Mesh, [a, b]: [u32; 2], new: [[u32; 3]; 2]) -> bool {
    let (c, d) = (new[0][2], new[0][1]);
    shape(mesh, new) > 1.2 * shape(mesh, [[a, b, c], [b, a, d]])
}

/// The worse of two triangles: area over the sum of squared sides, 1 where equilateral.
fn shape(mesh: &Mesh, triangles: [[u32; 3]; 2]) -> f64 {
    let quality = |corners: [u32; 3]| {
        let [a, b, c] = corners.map(|v| mesh.point(v));
        let squares = (b - a).norm_squared() + (c - b).norm_squared() + (a - c).norm_squared();
        4.0 * 3f64.sqrt() * mesh.area_of(corners).norm() / squares.max(f64::MIN_POSITIVE)
    };
    triangles.map(quality).into_iter().fold(1.0, f64::min)
}

/// Moves every vertex toward the middle of its neighbours, along the surface or its rim.
fn relax(mesh: &mut Mesh, target: &Target) {
    let vertices: Vec<u32> = mesh.vertices().collect();
    let moved: Vec<Option<(Vector3<f64>, f64)>> = vertices
        .par_iter()
        .map(|&v| if mesh.rim[v as usize].is_some() { None } else { toward_middle(mesh, target, v) })
        .collect();
    for (&v, moved) in vertices.iter().zip(moved) {
        if let Some((place, size)) = moved {
            let was = sound(mesh, v);
            let before = std::mem::replace(&mut mesh.at[v as usize], place);
            if !was || sound(mesh, v) {
                mesh.size[v as usize] = size;
            } else {
                mesh.at[v as usize] = before;
            }
        }
    }
    relax_rims(mesh, target);
}

/// Whether no triangle around a vertex is turned over.
fn sound(mesh: &Mesh, v: u32) -> bool {
    let normal = mesh.normal(v).try_normalize(0.0).unwrap_or_default();
    mesh.around[v as usize].iter().all(|&t| upright(mesh, mesh.corners[t as usize], normal))
}

/// Where a vertex goes, and the edge length wanted there. Neighbours pull by the area around them per area wanted.
fn toward_middle(mesh: &Mesh, target: &Target, v: u32) -> Option<(Vector3<f64>, f64)> {
    let here = mesh.point(v);
    let normal = mesh.normal(v).try_normalize(0.0)?;
    let (mut sum, mut weights) = (Vector3::zeros(), 0.0);
    for &t in &mesh.around[v as usize] {
        let corners = mesh.corners[t as usize];
        let size: f64 = corners.iter().map(|&u| mesh.size[u as usize]).sum::<f64>() / 3.0;
        let weight = mesh.area_of(corners).norm() / size.powi(2);
        sum += weight / 3.0 * corners.iter().map(|&u| mesh.point(u)).sum::<Vector3<f64>>();
        weights += weight;
    }
    let step = sum / weights - here;
    let place = here + (step - normal * step.dot(&normal));
    let hit = target.nearest(place, normal, mesh.size[v as usize])?;
    Some((hit.place, target.size(&hit)))
}

/// Moves rim vertices to the middle between their neighbours on the rim.
fn relax_rims(mesh: &mut Mesh, target: &Target) {
    let rim_edges = mesh.edges().into_iter().filter(|&[a, b]| mesh.left(b, a).is_none());
    let edges: Vec<[u32; 2]> = rim_edges.collect();
    let mut before = vec![u32::MAX; mesh.at.len()];
    edges.iter().for_each(|&[a, b]| before[b as usize] = a);
    for [v, next] in edges {
        let previous = before[v as usize];
        let ends = [previous, next].map(|u| mesh.rim.get(u as usize).copied().flatten());
        let ([Some(from), Some(to)], Some(own)) = (ends, mesh.rim[v as usize]) else { continue };
        let middle = target.rim_middle(from, to).1;
        let line = &target.rims[own.line as usize];
        // The shorter way from where it is.
        let way = line.wrap(middle.arc - own.arc + 0.5 * line.length()) - 0.5 * line.length();
        let (at, rim, was) = (mesh.at[v as usize], mesh.rim[v as usize], sound(mesh, v));
        let on = OnRim { line: own.line, arc: line.wrap(own.arc + 0.5 * way) };
        mesh.rim[v as usize] = Some(on);
        mesh.at[v as usize] = target.rim_place(on);
        if was && !sound(mesh, v) {
            (mesh.at[v as usize], mesh.rim[v as usize]) = (at, rim);
        }
    }
}
