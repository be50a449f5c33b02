//! The voxels of one vessel: which piece of the label it is, and its box as cells that are inside or not.

use nalgebra::Vector3;

use super::error::{Piece, Problem};
use super::map::LabelMap;
use super::source::Run;
use crate::geometry::edges::Sets;

/// Cells that the box is wider than the vessel on each side.
pub(super) const MARGIN: usize = 8;
/// Most cells of a box: about 10 bytes each are in use at once.
const MOST_CELLS: u64 = 300_000_000;
/// A piece with this part of the largest one's voxels is a vessel of its own.
const VESSEL: f64 = 0.05;

/// Cells of a box, x fastest.
#[derive(Clone, Debug)]
pub(super) struct Mask {
    pub size: [usize; 3],
    /// Voxel of the first cell.
    pub base: [i64; 3],
    /// Whether a cell is inside.
    pub cells: Vec<bool>,
    /// Which of the six sides (low x, high x, low y, ...) the vessel leaves the image through.
    pub leaves: [bool; 6],
}

/// The piece that was taken, and what was left.
pub(super) struct Chosen {
    pub runs: Vec<Run>,
    pub voxels: u64,
    /// Pieces too small to be vessels, and their voxels.
    pub islands: (usize, u64),
}

/// The label's piece at `near` (m), else its only one of a vessel's size. Voxels belong together that share a face.
pub(super) fn choose(map: &LabelMap, label: i64, near: Option<[f64; 3]>, unit: f64) -> Result<Chosen, Problem> {
    let runs: Vec<Run> = map.runs.iter().filter(|run| map.by_run[run.label as usize] == label).copied().collect();
    if runs.is_empty() {
        return Err(Problem::Empty { label, present: map.labels.clone() });
    }
    let mut sets = join(map, &runs);
    let piece_of: Vec<u32> = (0..runs.len() as u32).map(|k| sets.find(k)).collect();
    let mut voxels = vec![0u64; runs.len()];
    for (&piece, run) in piece_of.iter().zip(&runs) {
        voxels[piece as usize] += u64::from(run.length);
    }
    let mut pieces: Vec<usize> = (0..runs.len()).filter(|&k| voxels[k] > 0).collect();
    pieces.sort_by_key(|&k| std::cmp::Reverse(voxels[k]));
    let chosen = match near {
        Some(place) => piece_of[nearest(map, &runs, label, place, unit)?] as usize,
        None => {
            let least = (VESSEL * voxels[pieces[0]] as f64) as u64;
            let large: Vec<usize> = pieces.iter().copied().filter(|&k| voxels[k] >= least.max(1)).collect();
            if large.len() > 1 {
                let pieces = large.iter().map(|&k| piece(map, &runs, &piece_of, k, voxels[k], unit)).collect();
                return Err(Problem::Pieces { label, pieces });
            }
            pieces[0]
        }
    };
    let all: u64 = voxels.iter().sum();
    let islands = (pieces.len() - 1, all - voxels[chosen]);
    let runs =
        runs.iter().zip(&piece_of).filter(|(_, piece)| **piece as usize == chosen).map(|(run, _)| *run).collect();
    Ok(Chosen { runs, voxels: voxels[chosen], islands })
}

/// Joins runs of neighbouring rows that touch.
fn join(map: &LabelMap, runs: &[Run]) -> Sets {
    let [nx, ny, _] = map.size;
    let mut sets = Sets::new(runs.len());
    for (k, run) in (0u32..).zip(runs) {
        let row = run.start / nx;
        for (touches, before) in [(row % ny > 0, nx), (row >= ny, nx * ny)] {
            if !touches {
                continue;
            }
            let from = run.start - before;
            let first = runs.partition_point(|other| other.start + u64::from(other.length) <= from);
            let over = runs[first..].iter().take_while(|other| other.start < from + u64::from(run.length));
            for (other, _) in (first as u32..).zip(over) {
                sets.join(k, other);
            }
        }
    }
    sets
}

/// Voxel of a number in the image.
fn voxel(map: &LabelMap, at: u64) -> [u64; 3] {
    let [nx, ny, _] = map.size;
    [at % nx, at / nx % ny, at / nx / ny]
}

fn piece(map: &LabelMap, runs: &[Run], piece_of: &[u32], chosen: usize, voxels: u64, unit: f64) -> Piece {
    // The run in the middle is a voxel of the piece, whatever its shape.
    let members: Vec<&Run> =
        runs.iter().zip(piece_of).filter(|(_, p)| **p as usize == chosen).map(|(r, _)| r).collect();
    let run = members[members.len() / 2];
    let centre = voxel(map, run.start + u64::from(run.length / 2)).map(|x| x as f64);
    let place = map.frame.place(centre.into());
    let volume = voxels as f64 * map.frame.volume().abs();
    Piece { voxels, volume, place: place.into(), near: (place / unit).into() }
}

/// The run nearest to a place.
fn nearest(map: &LabelMap, runs: &[Run], label: i64, place: [f64; 3], unit: f64) -> Result<usize, Problem> {
    let wanted = map.frame.voxel(place.into());
    let closest = |run: &Run| {
        let [x, y, z] = voxel(map, run.start).map(|x| x as f64);
        let x = wanted.x.clamp(x, x + f64::from(run.length - 1));
        map.frame.place(Vector3::new(x, y, z))
    };
    let apart = |run: &Run| (closest(run) - Vector3::from(place)).norm();
    let best = (0..runs.len()).min_by(|&a, &b| apart(&runs[a]).total_cmp(&apart(&runs[b]))).unwrap_or(0);
    let distance = apart(&runs[best]);
    if distance > 5.0 * map.frame.edge() {
        let near = (closest(&runs[best]) / unit).into();
        return Err(Problem::NotNear { label, place, distance, near });
    }
    Ok(best)
}

impl Mask {
    /// The cells of these runs, and the same continued beyond the sides of the image that they reach.
    pub fn new(map: &LabelMap, label: i64, runs: &[Run]) -> Result<Self, Problem> {
        let (mut low, mut high) = ([u64::MAX; 3], [0; 3]);
        for run in runs {
            let [x, y, z] = voxel(map, run.start);
            for (k, (from, to)) in [(x, x + u64::from(run.length) - 1), (y, y), (z, z)].into_iter().enumerate() {
                low[k] = low[k].min(from);
                high[k] = high[k].max(to);
            }
        }
        let size = [0, 1, 2].map(|k| high[k] - low[k] + 1);
        let cells = size.iter().map(|&n| u128::from(n + 2 * MARGIN as u64)).product::<u128>();
        if cells > u128::from(MOST_CELLS) {
            return Err(Problem::TooLarge { label, size, limit: MOST_CELLS });
        }
        let mut mask = Self {
            size: size.map(|n| n as usize + 2 * MARGIN),
            base: low.map(|x| x as i64 - MARGIN as i64),
            cells: vec![false; cells as usize],
            leaves: [0, 1, 2, 3, 4, 5].map(|side| {
                let k = side / 2;
                if side % 2 == 0 { low[k] == 0 } else { high[k] + 1 == map.size[k] }
            }),
        };
        for run in runs {
            let [x, y, z] = voxel(map, run.start);
            let at = mask.index([x, y, z].map(|c| c as i64));
            mask.cells[at..at + run.length as usize].fill(true);
        }
        mask.continue_beyond();
        Ok(mask)
    }

    fn index(&self, voxel: [i64; 3]) -> usize {
        let [x, y, z] = [0, 1, 2].map(|k| (voxel[k] - self.base[k]) as usize);
        x + self.size[0] * (y + self.size[1] * z)
    }

    /// Number of steps in `cells` to the neighbour along each axis.
    pub fn strides(&self) -> [usize; 3] {
        [1, self.size[0], self.size[0] * self.size[1]]
    }

    /// Cell of a number.
    pub fn cell(&self, at: usize) -> [usize; 3] {
        [at % self.size[0], at / self.size[0] % self.size[1], at / self.size[0] / self.size[1]]
    }

    /// Whether a cell continues the vessel beyond the image.
    pub fn is_beyond(&self, at: usize) -> bool {
        let cell = self.cell(at);
        (0..3).any(|k| {
            (self.leaves[2 * k] && cell[k] < MARGIN) || (self.leaves[2 * k + 1] && cell[k] + MARGIN >= self.size[k])
        })
    }

    /// Number of cells inside.
    pub fn count(&self) -> u64 {
        self.cells.iter().filter(|&&inside| inside).count() as u64
    }

    /// Fills what is enclosed; returns how many cells that were.
    pub fn fill(&mut self) -> u64 {
        let mut outside = vec![false; self.cells.len()];
        self.flood(0, false, &mut outside);
        let mut filled = 0;
        for (inside, outside) in self.cells.iter_mut().zip(outside) {
            filled += u64::from(!*inside && !outside);
            *inside |= !outside;
        }
        filled
    }

    /// Keeps the largest piece; returns how many cells of others went.
    pub fn keep_largest(&mut self) -> u64 {
        let mut seen = vec![false; self.cells.len()];
        let mut largest = (0, 0);
        for seed in 0..self.cells.len() {
            if self.cells[seed] && !seen[seed] {
                largest = largest.max((self.flood(seed, true, &mut seen), seed));
            }
        }
        let before = self.count();
        seen.fill(false);
        if largest.0 > 0 {
            self.flood(largest.1, true, &mut seen);
        }
        self.cells = seen;
        before - largest.0
    }

    /// Marks the cells that hang together with `seed` by faces, all inside or all outside; returns how many.
    fn flood(&self, seed: usize, inside: bool, seen: &mut [bool]) -> u64 {
        let strides = self.strides();
        let mut open = vec![seed];
        seen[seed] = true;
        let mut count = 0;
        while let Some(at) = open.pop() {
            count += 1;
            let cell = self.cell(at);
            for k in 0..3 {
                let low = (cell[k] > 0).then(|| at - strides[k]);
                let high = (cell[k] + 1 < self.size[k]).then(|| at + strides[k]);
                for other in [low, high].into_iter().flatten() {
                    if self.cells[other] == inside && !seen[other] {
                        seen[other] = true;
                        open.push(other);
                    }
                }
            }
        }
        count
    }

    /// Cells inside that share a face with this one.
    fn neighbours(&self, at: usize) -> usize {
        self.strides().iter().map(|&s| usize::from(self.cells[at - s]) + usize::from(self.cells[at + s])).sum()
    }

    /// Takes cells off until none touch along an edge or at a corner alone: there the surface would not be a manifold.
    /// Returns how many.
    pub fn part_diagonals(&mut self) -> u64 {
        let strides = self.strides();
        let corners: [usize; 8] = std::array::from_fn(|c| (0..3).map(|k| (c >> k & 1) * strides[k]).sum());
        let bad: Vec<u8> = (0..=255).map(diagonal).collect();
        let mut taken = 0;
        loop {
            let before = taken;
            for at in 0..self.cells.len() - corners[7] {
                let pattern = (0..8).fold(0, |p, c| p | usize::from(self.cells[at + corners[c]]) << c);
                if bad[pattern] != 0 {
                    let candidates = (0..8).filter(|&c| bad[pattern] >> c & 1 == 1).map(|c| at + corners[c]);
                    if let Some(loosest) = candidates.min_by_key(|&cell| self.neighbours(cell)) {
                        self.cells[loosest] = false;
                        taken += 1;
                    }
                }
            }
            if taken == before {
                return taken;
            }
        }
    }
}

/// Which of the inside corners of a cube with this pattern meet only along an edge or at a corner, or let outside ones
/// meet so; none where the pattern is sound.
fn diagonal(pattern: u8) -> u8 {
    let inside = |corner: u8| pattern >> corner & 1 == 1;
    for k in 0..3 {
        let (u, v) = (1 << ((k + 1) % 3), 1 << ((k + 2) % 3));
        for low in [0, 1 << k] {
            let [a, b, c, d] = [low, low + u, low + u + v, low + v];
            let [ia, ib, ic, id] = [a, b, c, d].map(inside);
            if ia == ic && ib == id && ia != ib {
                return if ia { 1 << a | 1 << c } else { 1 << b | 1 << d };
            }
        }
    }
    for corner in 0..4u8 {
        let pair = 1 << corner | 1 << (7 - corner);
        if pattern == pair || pattern == !pair {
            return pattern;
        }
    }
    0
}
