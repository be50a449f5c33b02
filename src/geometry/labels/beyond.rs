//! A vessel continued beyond the sides of the image that it leaves through.
//!
//! Smoothing needs to know how the wall goes on there. Straight out is wrong for a vessel that leaves at an angle: the
//! wall would bend at the side of the image. So each patch of the outermost layer goes on along its vessel: by as much
//! aside in each layer as the centroids of the sections by the layers before it (a line fitted to them) move.

use std::collections::HashSet;

use super::mask::{MARGIN, Mask};

/// Layers added beyond a side; the room around the box leaves a slanting vessel two cells more to move aside.
const LAYERS: usize = MARGIN - 2;
/// Fewest and most layers that the line is fitted to; between them, half as many as the vessel is wide.
const FITTED: (usize, usize) = (4, 12);
/// A section that is so many times larger or smaller than the outermost one is no longer of the same branch.
const OTHER: f64 = 1.5;

/// Cells of a layer, by their numbers along the layer's two axes.
type Patch = HashSet<[usize; 2]>;

/// The layers parallel to a side of the box, counted from the outermost one of the image inwards.
struct Layers<'m> {
    mask: &'m Mask,
    axis: usize,
    low: bool,
}

impl Layers<'_> {
    /// Number of a cell in a layer, which may lie beyond the image (negative); `None` too near to the side of the box.
    fn at(&self, [u, v]: [isize; 2], layer: isize) -> Option<usize> {
        let size = self.mask.size;
        let w = if self.low { MARGIN as isize + layer } else { (size[self.axis] - 1 - MARGIN) as isize - layer };
        let mut at = 0;
        for (k, c) in [(self.axis, w), ((self.axis + 1) % 3, u), ((self.axis + 2) % 3, v)] {
            if c < 1 || c + 1 >= size[k] as isize {
                return None;
            }
            at += self.mask.strides()[k] * c as usize;
        }
        Some(at)
    }

    fn is_inside(&self, cell: [usize; 2], layer: usize) -> bool {
        self.at(cell.map(|c| c as isize), layer as isize).is_some_and(|at| self.mask.cells[at])
    }

    /// The cells of a layer that hang together with one, that one among them.
    fn patch(&self, seed: [usize; 2], layer: usize) -> Patch {
        let mut patch = Patch::from([seed]);
        let mut open = vec![seed];
        while let Some([u, v]) = open.pop() {
            for next in [[u + 1, v], [u, v + 1], [u.wrapping_sub(1), v], [u, v.wrapping_sub(1)]] {
                if self.is_inside(next, layer) && patch.insert(next) {
                    open.push(next);
                }
            }
        }
        patch
    }

    /// The patches of the outermost layer.
    fn outermost(&self) -> Vec<Patch> {
        let [nu, nv] = [1, 2].map(|k| self.mask.size[(self.axis + k) % 3]);
        let mut patches: Vec<Patch> = Vec::new();
        let mut seen = Patch::new();
        for cell in (0..nu * nv).map(|n| [n % nu, n / nu]) {
            if self.is_inside(cell, 0) && !seen.contains(&cell) {
                let patch = self.patch(cell, 0);
                seen.extend(&patch);
                patches.push(patch);
            }
        }
        patches
    }

    /// By how many cells a vessel moves aside from a layer to the next outer one.
    fn slant(&self, outermost: &Patch) -> [f64; 2] {
        let centroid = |patch: &Patch| {
            let sum = patch.iter().fold([0.0; 2], |sum, cell| [0, 1].map(|k| sum[k] + cell[k] as f64));
            sum.map(|s| s / patch.len() as f64)
        };
        let width = (4.0 * outermost.len() as f64 / std::f64::consts::PI).sqrt();
        let deepest = ((0.5 * width).ceil() as usize).clamp(FITTED.0, FITTED.1);
        let mut centres = vec![centroid(outermost)];
        let mut last = outermost.clone();
        while centres.len() <= deepest {
            let layer = centres.len();
            let Some(&seed) = last.iter().filter(|cell| self.is_inside(**cell, layer)).min() else { break };
            last = self.patch(seed, layer);
            if !(1.0 / OTHER..OTHER).contains(&(last.len() as f64 / outermost.len() as f64)) {
                break;
            }
            centres.push(centroid(&last));
        }
        let middle = 0.5 * (centres.len() - 1) as f64;
        let moment: f64 = (0..centres.len()).map(|n| (n as f64 - middle).powi(2)).sum();
        let slope = |k: usize| -> f64 {
            let sum: f64 = centres.iter().enumerate().map(|(n, c)| (n as f64 - middle) * c[k]).sum();
            if moment > 0.0 { -sum / moment } else { 0.0 }
        };
        [slope(0), slope(1)]
    }
}

impl Mask {
    /// Continues the vessel beyond each side that it leaves the image through.
    pub(super) fn continue_beyond(&mut self) {
        for side in (0..6).filter(|&side| self.leaves[side]) {
            let layers = Layers { mask: self, axis: side / 2, low: side % 2 == 0 };
            let mut added = Vec::new();
            for patch in layers.outermost() {
                let slant = layers.slant(&patch);
                for layer in 1..=LAYERS {
                    let aside = slant.map(|s| (s * layer as f64).round() as isize);
                    let cells = patch.iter().map(|cell| [0, 1].map(|k| cell[k] as isize + aside[k]));
                    added.extend(cells.filter_map(|cell| layers.at(cell, -(layer as isize))));
                }
            }
            added.into_iter().for_each(|at| self.cells[at] = true);
        }
    }
}
