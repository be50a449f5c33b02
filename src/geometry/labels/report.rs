//! What was made of a label map.

use crate::geometry::check::{in_mm, mm};
use nalgebra::Vector3;

use super::tree::Thin;

/// A branch that was taken off because it was too thin.
#[derive(Clone, Debug, PartialEq)]
pub struct Pruned {
    /// Its middle, m.
    pub place: [f64; 3],
    /// Diameter of the circle of its mean section, m.
    pub diameter: f64,
    /// Length, m.
    pub length: f64,
    /// Volume of its voxels, m^3.
    pub volume: f64,
}

impl Pruned {
    pub(super) fn new(thin: &Thin, place: Vector3<f64>, voxel: f64) -> Self {
        let volume = thin.cells as f64 * voxel;
        Self { place: place.into(), diameter: thin.diameter, length: thin.length, volume }
    }
}

/// An opening.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// Name of its patch.
    pub name: String,
    /// Centre of the section, m.
    pub centre: [f64; 3],
    /// Unit normal out of the vessel.
    pub normal: [f64; 3],
    /// Area, m^2.
    pub area: f64,
    /// Whether the case asked for it.
    pub given: bool,
}

/// What was made of a label map.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The label.
    pub label: i64,
    /// Voxels of the piece that was taken.
    pub voxels: u64,
    /// Volume of a voxel, m^3.
    pub voxel: f64,
    /// Detached pieces that were dropped, and their voxels.
    pub islands: (usize, u64),
    /// Enclosed voxels that were filled.
    pub filled: u64,
    /// Voxels taken off where others touch along an edge or at a corner alone.
    pub parted: u64,
    /// Branches taken off.
    pub pruned: Vec<Pruned>,
    /// Volume of the voxels that the surface was made of (where the vessel leaves the image, six voxels more), m^3.
    pub voxel_volume: f64,
    /// What the smooth surface encloses before it is cut, m^3.
    pub smooth_volume: f64,
    /// What the surface encloses between its openings, m^3.
    pub volume: f64,
    /// The openings, the widest first.
    pub ends: Vec<End>,
    /// Ends of branches that stay closed.
    pub closed_tips: usize,
}

impl Report {
    pub(super) fn new(label: i64, voxels: u64, voxel: f64, islands: (usize, u64)) -> Self {
        Self {
            label,
            voxels,
            voxel,
            islands,
            filled: 0,
            parted: 0,
            pruned: Vec::new(),
            voxel_volume: 0.0,
            smooth_volume: 0.0,
            volume: 0.0,
            ends: Vec::new(),
            closed_tips: 0,
        }
    }

    /// Change of volume by smoothing, relative.
    #[must_use]
    pub fn volume_change(&self) -> f64 {
        self.smooth_volume / self.voxel_volume - 1.0
    }

    /// What was changed, one kind a line, with so many of the branches taken off, the widest first.
    #[must_use]
    pub fn lines(&self, listed: usize) -> Vec<String> {
        let ml = |volume: f64| format!("{:.4} ml", 1e6 * volume);
        let mut lines = vec![format!(
            "label {}: {} voxels, {}; smoothed with a change of volume of {:+.3} %; {} between the openings",
            self.label,
            self.voxels,
            ml(self.voxels as f64 * self.voxel),
            100.0 * self.volume_change(),
            ml(self.volume)
        )];
        if self.islands.0 > 0 {
            lines.push(format!("{} detached specks ({} voxels) dropped", self.islands.0, self.islands.1));
        }
        if self.filled > 0 {
            lines.push(format!("{} enclosed voxels filled", self.filled));
        }
        if self.parted > 0 {
            lines
                .push(format!("{} voxels taken off where others meet along an edge or at a corner alone", self.parted));
        }
        if !self.pruned.is_empty() {
            let volume: f64 = self.pruned.iter().map(|thin| thin.volume).sum();
            lines.push(format!("{} thin branches ({}) taken off:", self.pruned.len(), ml(volume)));
        }
        let mut widest: Vec<&Pruned> = self.pruned.iter().collect();
        widest.sort_by(|a, b| b.diameter.total_cmp(&a.diameter));
        for thin in widest.iter().take(listed) {
            lines.push(format!(
                "  at {}, diameter {}, length {}",
                mm(&thin.place),
                in_mm(thin.diameter),
                in_mm(thin.length)
            ));
        }
        if widest.len() > listed {
            lines.push(format!("  and {} more (`perfuse inspect` lists them)", widest.len() - listed));
        }
        if self.closed_tips > 0 {
            lines.push(format!("{} ends of branches stay closed", self.closed_tips));
        }
        lines
    }
}
