//! The vessel's inside as cubes of an octree, fine where it is narrow.
//!
//! A cube is kept when its centre lies inside. It is split as long as it is large beside the distance `s` of its centre
//! from the surface: so cubes are as fine in a narrow branch as in a wide one, counted across it, and there are few of
//! them. Close to the wall splitting ends at a least size.

use nalgebra::Vector3;
use rayon::prelude::*;

use super::inside::Inside;

/// Size of a cube over its centre's distance from the surface, at most.
const FINE: f64 = 0.5;

/// Most cubes of a tree.
pub(super) const MOST: usize = 4_000_000;

/// No such cube.
const NONE: u32 = u32::MAX;

/// What places and distances are rounded to, m: ways of almost the same cost are then told apart alike whatever the order
/// in which the surface's triangles were summed over.
const GRAIN: f64 = 1e-10;

fn rounded(length: f64) -> f64 {
    (length / GRAIN).round() * GRAIN
}

/// A cube.
#[derive(Clone, Copy, Debug)]
struct Cube {
    /// Place among the cubes of its level.
    at: [u32; 3],
    level: u8,
    /// First of its eight parts.
    parts: u32,
    /// Distance of the centre from the surface, m; positive inside.
    depth: f64,
}

/// Cubes inside a vessel.
pub(super) struct Cells {
    low: Vector3<f64>,
    /// Edge of the root, m.
    size: f64,
    cubes: Vec<Cube>,
}

impl Cells {
    /// Cubes whose edges are at least `finest` (m) long; none where there would be too many.
    pub(super) fn new(inside: &Inside, finest: f64) -> Option<Self> {
        let bounds = |f: fn(f64, f64) -> f64, start: f64| {
            inside.closed.vertices.iter().fold(Vector3::repeat(start), |m, v| m.zip_map(&Vector3::from(*v), f))
        };
        let (low, high) = (bounds(f64::min, f64::INFINITY), bounds(f64::max, f64::NEG_INFINITY));
        let extent = (high - low).max();
        let finest = rounded(finest).max(GRAIN);
        let levels = (extent / finest).log2().ceil().clamp(0.0, 24.0);
        let size = finest * levels.exp2();
        // The root is laid about the middle of the vessel.
        let low = (0.5 * (low + high) - Vector3::repeat(0.5 * size)).map(rounded);
        let root = Cube { at: [0; 3], level: 0, parts: NONE, depth: 0.0 };
        let mut cells = Self { low, size, cubes: vec![root] };
        cells.cubes[0].depth = inside.signed(cells.centre(0), f64::INFINITY);
        cells.grow(inside, levels as u8).then_some(cells)
    }

    /// Splits cubes level by level; whether there are not too many.
    fn grow(&mut self, inside: &Inside, levels: u8) -> bool {
        let mut front = vec![0u32];
        for level in 0..levels {
            let edge = self.size / f64::from(level).exp2();
            front.retain(|&k| {
                let depth = self.cubes[k as usize].depth;
                depth * FINE < edge && depth > -0.5 * 3f64.sqrt() * edge
            });
            let first = self.cubes.len();
            if first + 8 * front.len() > MOST {
                return false;
            }
            for &k in &front {
                let at = self.cubes[k as usize].at;
                self.cubes[k as usize].parts = self.cubes.len() as u32;
                let depth = self.cubes[k as usize].depth;
                for part in 0..8u32 {
                    let at = std::array::from_fn(|a| 2 * at[a] + (part >> a & 1));
                    self.cubes.push(Cube { at, level: level + 1, parts: NONE, depth });
                }
            }
            let offset = 0.25 * 3f64.sqrt() * edge;
            let depths: Vec<f64> = (first..self.cubes.len())
                .into_par_iter()
                .with_min_len(64)
                .map(|k| inside.signed(self.centre(k), self.cubes[k].depth.abs() + offset))
                .collect();
            self.cubes[first..].iter_mut().zip(depths).for_each(|(cube, depth)| cube.depth = rounded(depth));
            front = (first as u32..self.cubes.len() as u32).collect();
        }
        true
    }

    /// Edge of a cube, m.
    fn edge(&self, k: usize) -> f64 {
        self.size / f64::from(self.cubes[k].level).exp2()
    }

    /// Centre of a cube, m.
    pub(super) fn centre(&self, k: usize) -> Vector3<f64> {
        let edge = self.edge(k);
        self.low + Vector3::from(self.cubes[k].at.map(|x| (f64::from(x) + 0.5) * edge))
    }

    /// Distance of a cube's centre from the surface, m.
    pub(super) fn depth(&self, k: usize) -> f64 {
        self.cubes[k].depth
    }

    pub(super) fn len(&self) -> usize {
        self.cubes.len()
    }

    /// Whether a cube is not split and its centre lies inside.
    pub(super) fn is_room(&self, k: usize) -> bool {
        self.cubes[k].parts == NONE && self.cubes[k].depth > 0.0
    }

    /// The cubes with a face on a cube, as large as it or larger, whose inscribed sphere overlaps its own: so that the
    /// way from centre to centre lies inside.
    fn beside(&self, k: usize) -> impl Iterator<Item = usize> + '_ {
        let cube = self.cubes[k];
        let side = (0..6usize).filter_map(move |way| {
            let mut at = cube.at.map(i64::from);
            at[way / 2] += if way % 2 == 0 { -1 } else { 1 };
            self.find(at, cube.level)
        });
        side.filter(move |&other| {
            let way = (self.centre(k) - self.centre(other)).norm();
            self.is_room(other) && way < self.depth(k) + self.depth(other)
        })
    }

    /// The cube at a place of a level, or the larger one that holds it.
    fn find(&self, at: [i64; 3], level: u8) -> Option<usize> {
        let count = 1i64 << level;
        if at.iter().any(|x| !(0..count).contains(x)) {
            return None;
        }
        let mut k = 0;
        for down in (0..level).rev() {
            if self.cubes[k].parts == NONE {
                break;
            }
            let part = (0..3).fold(0, |part, a| part | (at[a] >> down & 1) << a);
            k = self.cubes[k].parts as usize + part as usize;
        }
        Some(k)
    }

    /// Which cubes are joined to which: the first of each cube's in the second list, and one past the last.
    pub(super) fn joins(&self) -> (Vec<u32>, Vec<u32>) {
        let mut pairs: Vec<[u32; 2]> = Vec::new();
        for k in (0..self.len()).filter(|&k| self.is_room(k)) {
            for other in self.beside(k) {
                // Cubes of one size find each other.
                if self.cubes[other].level < self.cubes[k].level || other < k {
                    pairs.push([k as u32, other as u32]);
                }
            }
        }
        let mut first = vec![0u32; self.len() + 1];
        pairs.iter().flatten().for_each(|&k| first[k as usize + 1] += 1);
        for k in 1..first.len() {
            first[k] += first[k - 1];
        }
        let mut next = first.clone();
        let mut to = vec![0u32; 2 * pairs.len()];
        for [a, b] in pairs {
            for (from, other) in [(a, b), (b, a)] {
                to[next[from as usize] as usize] = other;
                next[from as usize] += 1;
            }
        }
        (first, to)
    }
}
