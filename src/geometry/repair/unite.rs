//! The union of pieces that cross, as a branch that was modelled by itself and stuck into its trunk.
//!
//! Along the crossing the triangles are split until they are small, then those that still cross are cut out. What is
//! left falls apart into parts that lie within another piece (its winding number there is above a half) and parts that
//! do not. The former go; the rims of the latter run beside the crossing in pairs, and the strip between the two of a
//! pair is filled by triangles. Everything farther from the crossing than one triangle stays as it is.
//!
//! Two vessels may also cross because their walls were segmented too wide. That cannot be told from a branch by the
//! crossing, but by the ends: a branch ends within its trunk.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use nalgebra::Vector3;

use super::cross::{crossings, split};
use super::hole::separate;
use super::mend::Work;
use super::report::{Kind, Mend, RepairError};
use crate::geometry::cap::caps;
use crate::geometry::edges::{Edges, Sets, components};
use crate::geometry::rim::{Rim, rims, rims_by};
use crate::geometry::surface::Surface;
use crate::geometry::weld::retain;
use crate::geometry::winding::winding;

/// Edges along a crossing are split until they are this part of their mean length.
const FINE: f64 = 0.25;
/// Rounds of splitting: each halves.
const SPLITS: usize = 10;
/// Triangles of a part whose place is asked for.
const SAMPLES: usize = 5;

/// Whether pieces of the surface cross one another.
pub(super) fn pieces_cross(surface: &Surface) -> bool {
    let (piece_of, pieces) = components(&surface.triangles, surface.vertices.len());
    pieces > 1 && !between(surface, &piece_of).is_empty()
}

/// Triangles of one piece that cross those of another.
fn between(surface: &Surface, piece_of: &[u32]) -> Vec<[u32; 2]> {
    crossings(surface, |s, t| piece_of[s as usize] != piece_of[t as usize])
}

/// A piece as it was: its triangles, and its ends.
struct Piece {
    triangles: Surface,
    rims: Vec<Rim>,
    ends: Vec<[f64; 3]>,
}

impl Piece {
    fn holds(&self, place: Vector3<f64>) -> bool {
        winding(&self.triangles, &self.rims, |_| true, place) > 0.5
    }
}

impl Work {
    /// Unites the pieces that cross; the triangles of each run outward.
    pub fn unite(&mut self) -> Result<(), RepairError> {
        let (mut piece_of, count) = components(&self.surface.triangles, self.surface.vertices.len());
        let mut pairs = if count > 1 { between(&self.surface, &piece_of) } else { Vec::new() };
        if pairs.is_empty() {
            return Ok(());
        }
        let pieces = self.pieces(&piece_of, count);
        self.check_branches(&pairs, &piece_of, &pieces)?;
        let free = self.free_edges();
        let before = self.handles();
        let length = FINE * self.mean_edge(&pairs);
        for _ in 0..SPLITS {
            if !split(&mut self.surface, &pairs.iter().flatten().copied().collect(), length) {
                break;
            }
            piece_of = components(&self.surface.triangles, self.surface.vertices.len()).0;
            pairs = between(&self.surface, &piece_of);
        }
        let cut: HashSet<u32> = pairs.into_iter().flatten().collect();
        let mut number = piece_of.iter().copied().enumerate().filter(|(t, _)| !cut.contains(&(*t as u32)));
        let kept: Vec<u32> = number.by_ref().map(|(_, piece)| piece).collect();
        retain(&mut self.surface, |t, _| !cut.contains(&(t as u32)));
        let owner = self.drop_inner(kept, &pieces);
        self.zip(&free, &owner, length);
        self.drop_loose()?;
        self.keep_handles(before)
    }

    fn pieces(&self, piece_of: &[u32], count: usize) -> Vec<Piece> {
        (0..count as u32)
            .map(|piece| {
                let mut triangles = self.surface.clone();
                retain(&mut triangles, |t, _| piece_of[t] == piece);
                let edges = Edges::new(&triangles.triangles);
                let rims = rims(&triangles.vertices, &triangles.triangles, &edges);
                let caps = caps(&triangles, &edges);
                let ends = rims.iter().chain(caps.iter().map(|cap| &cap.rim)).map(|rim| rim.centre).collect();
                Piece { triangles, rims, ends }
            })
            .collect()
    }

    /// Refuses pieces that cross although each goes on on both sides of the other.
    fn check_branches(&self, pairs: &[[u32; 2]], piece_of: &[u32], pieces: &[Piece]) -> Result<(), RepairError> {
        let mut met: BTreeMap<[u32; 2], Vec<u32>> = BTreeMap::new();
        for &[s, t] in pairs {
            let [p, q] = [s, t].map(|t| piece_of[t as usize]);
            met.entry([p.min(q), p.max(q)]).or_default().push(s);
        }
        let through = |p: u32, q: u32| {
            let outside = |end: &&[f64; 3]| !pieces[q as usize].holds(Vector3::from(**end));
            pieces[p as usize].ends.iter().filter(outside).count() > 1
                && pieces[p as usize].ends.iter().all(|end| outside(&end))
        };
        match met.into_iter().find(|&([p, q], _)| through(p, q) && through(q, p)) {
            Some((_, triangles)) => Err(RepairError::Crosses { place: self.extent(triangles.into_iter()).0 }),
            None => Ok(()),
        }
    }

    fn free_edges(&self) -> HashSet<[u32; 2]> {
        let edges = Edges::new(&self.surface.triangles);
        edges.free().map(|edge| edges.ends(edge)).collect()
    }

    /// Mean length of the edges of triangles, m.
    fn mean_edge(&self, pairs: &[[u32; 2]]) -> f64 {
        let all: BTreeSet<u32> = pairs.iter().flatten().copied().collect();
        let length = |&t: &u32| {
            let [a, b, c] = self.surface.triangles[t as usize].map(|v| self.surface.point(v));
            ((b - a).norm() + (c - b).norm() + (a - c).norm()) / 3.0
        };
        all.iter().map(length).sum::<f64>() / all.len().max(1) as f64
    }

    /// Drops the parts, connected by edges, that lie within a piece which is not theirs; returns the piece of each
    /// vertex.
    fn drop_inner(&mut self, piece_of: Vec<u32>, pieces: &[Piece]) -> Vec<u32> {
        let edges = Edges::new(&self.surface.triangles);
        let mut sets = Sets::new(self.surface.triangles.len());
        for edge in 0..edges.len() {
            let first = edges.uses(edge)[0] / 3;
            edges.uses(edge).iter().for_each(|&half| sets.join(first, half / 3));
        }
        let mut parts: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for t in 0..self.surface.triangles.len() as u32 {
            parts.entry(sets.find(t)).or_default().push(t);
        }
        let mut owner = vec![u32::MAX; self.surface.vertices.len()];
        for (corners, &piece) in self.surface.triangles.iter().zip(&piece_of) {
            corners.iter().for_each(|&v| owner[v as usize] = piece);
        }
        let mut gone = HashSet::new();
        for part in parts.values_mut() {
            let own = piece_of[part[0] as usize];
            let area = |t: &u32| self.surface.area_vector(*t as usize).norm();
            part.sort_by(|a, b| area(b).total_cmp(&area(a)).then(a.cmp(b)));
            let samples = &part[..part.len().min(SAMPLES)];
            let within = samples.iter().filter(|&&t| {
                let place = Vector3::from(self.extent([t].into_iter()).0);
                let other = |(piece, _): &(usize, &Piece)| *piece as u32 != own;
                pieces.iter().enumerate().filter(other).any(|(_, piece)| piece.holds(place))
            });
            if 2 * within.count() > samples.len() {
                gone.extend(part.iter().copied());
            }
        }
        retain(&mut self.surface, |t, _| !gone.contains(&(t as u32)));
        owner
    }

    /// Fills the strips between rims that were not there before (`free`) and belong to different pieces.
    fn zip(&mut self, free: &HashSet<[u32; 2]>, owner: &[u32], length: f64) {
        let edges = Edges::new(&self.surface.triangles);
        let all = rims_by(&self.surface.vertices, &self.surface.triangles, &edges, |s| separate(&self.surface, s));
        let is_new = |rim: &Rim| {
            let steps = rim.vertices.iter().zip(rim.vertices.iter().cycle().skip(1));
            steps.into_iter().any(|(&a, &b)| !free.contains(&[a.min(b), a.max(b)]))
        };
        let mut open: Vec<Rim> = all.into_iter().filter(is_new).collect();
        open.sort_by(|a, b| a.perimeter.total_cmp(&b.perimeter));
        while let Some(first) = open.pop() {
            let piece = owner[first.vertices[0] as usize];
            let apart = |rim: &Rim| self.apart(&first, rim);
            let fits = |rim: &Rim| owner[rim.vertices[0] as usize] != piece && rim.perimeter > 0.3 * first.perimeter;
            let mate = (0..open.len())
                .filter(|&k| fits(&open[k]))
                .min_by(|&a, &b| apart(&open[a]).total_cmp(&apart(&open[b])));
            let Some(mate) = mate.filter(|&k| apart(&open[k]) < 8.0 * length) else { continue };
            let mate = open.remove(mate);
            let strip = strip(&self.surface, &first.vertices, &mate.vertices);
            let patch = (0..self.surface.triangles.len())
                .find(|&t| self.surface.triangles[t].contains(&first.vertices[0]))
                .map_or(0, |t| self.surface.patch_of[t]);
            self.surface.patch_of.extend(strip.iter().map(|_| patch));
            self.surface.triangles.extend(strip);
            // The strip cuts the corner between two walls by no more than a triangle of this height.
            let volume = 0.25 * length * length * first.perimeter;
            let size = first.equivalent_diameter();
            self.mends.push(Mend { kind: Kind::Crossing, place: first.centre, size, volume });
        }
    }

    /// Mean distance of the vertices of one rim from those of another, m.
    fn apart(&self, rim: &Rim, other: &Rim) -> f64 {
        let nearest = |&v: &u32| {
            let place = self.surface.point(v);
            other.vertices.iter().map(|&w| (self.surface.point(w) - place).norm()).fold(f64::INFINITY, f64::min)
        };
        rim.vertices.iter().map(nearest).sum::<f64>() / rim.vertices.len() as f64
    }
}

/// Triangles between two rims, each counter-clockwise seen from outside its own surface: always the shorter of the two
/// next diagonals.
fn strip(surface: &Surface, first: &[u32], second: &[u32]) -> Vec<[u32; 3]> {
    let apart = |a: u32, b: u32| (surface.point(a) - surface.point(b)).norm();
    let mut across: Vec<u32> = second.iter().rev().copied().collect();
    let nearest = (0..across.len()).min_by(|&i, &j| apart(first[0], across[i]).total_cmp(&apart(first[0], across[j])));
    across.rotate_left(nearest.unwrap_or(0));
    let (n, m) = (first.len(), across.len());
    let (mut i, mut j) = (0, 0);
    let mut strip = Vec::with_capacity(n + m);
    while i < n || j < m {
        let (a, b, c, d) = (first[i % n], first[(i + 1) % n], across[j % m], across[(j + 1) % m]);
        if j == m || (i < n && apart(b, c) <= apart(a, d)) {
            strip.push([a, b, c]);
            i += 1;
        } else {
            strip.push([d, c, a]);
            j += 1;
        }
    }
    strip
}
