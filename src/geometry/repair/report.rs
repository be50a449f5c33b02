//! What was mended, and why something was not.

use std::fmt;

use thiserror::Error;

use crate::geometry::check::{in_mm, mm};
use crate::geometry::weld::WeldReport;

/// How much may be changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Largest change of the enclosed volume by all repairs together, as a fraction of it.
    pub max_volume_change: f64,
    /// Largest equivalent diameter of a hole that is filled, m.
    pub max_hole: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_volume_change: 0.01, max_hole: 1e-3 }
    }
}

/// What kind of repair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A pinhole or tear was filled.
    Hole,
    /// A sheet that encloses nothing was dropped: a fin, an internal wall with a free edge.
    Fin,
    /// A pocket between two sheets was opened to the lumen.
    Pocket,
    /// Triangles where the surface is one-sided, or where sheets coincide, were cut out.
    Fold,
    /// A small loose piece was dropped.
    Loose,
    /// Two pieces that cross were united, or triangles of one piece that cross were cut out.
    Crossing,
}

impl Kind {
    /// Name in reports for programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hole => "holes_filled",
            Self::Fin => "fins_dropped",
            Self::Pocket => "pockets_opened",
            Self::Fold => "folds_cut",
            Self::Loose => "loose_pieces_dropped",
            Self::Crossing => "crossings_cut",
        }
    }

    fn phrase(self, count: usize) -> &'static str {
        match (self, count) {
            (Self::Hole, 1) => "pinhole or tear filled",
            (Self::Hole, _) => "pinholes and tears filled",
            (Self::Fin, 1) => "fin that encloses nothing dropped",
            (Self::Fin, _) => "fins that enclose nothing dropped",
            (Self::Pocket, 1) => "pocket in the wall opened to the lumen",
            (Self::Pocket, _) => "pockets in the wall opened to the lumen",
            (Self::Fold, 1) => "one-sided or folded spot cut out",
            (Self::Fold, _) => "one-sided or folded spots cut out",
            (Self::Loose, 1) => "small loose piece dropped",
            (Self::Loose, _) => "small loose pieces dropped",
            (Self::Crossing, 1) => "self-intersection cut out",
            (Self::Crossing, _) => "self-intersections cut out",
        }
    }
}

/// One repair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mend {
    /// What was done.
    pub kind: Kind,
    /// Where, m: centre of the hole, sheet or piece.
    pub place: [f64; 3],
    /// How large it was across, m: equivalent diameter of the hole, or of the area of the triangles that went.
    pub size: f64,
    /// By how much the enclosed volume changed, m^3; the volume before is that with the hole closed by a cone over its
    /// centre.
    pub volume: f64,
}

/// All repairs of a surface.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// What welding did.
    pub weld: WeldReport,
    /// Triangles that were turned to face outward.
    pub flipped: usize,
    /// The repairs in the order in which they were made.
    pub mends: Vec<Mend>,
    /// Volume enclosed afterwards, free rims closed, m^3.
    pub volume: f64,
}

impl Report {
    /// Number of repairs of a kind.
    #[must_use]
    pub fn count(&self, kind: Kind) -> usize {
        self.of(kind).count()
    }

    fn of(&self, kind: Kind) -> impl Iterator<Item = &Mend> {
        self.mends.iter().filter(move |mend| mend.kind == kind)
    }

    /// Kinds that occur, in the order of their first repair.
    #[must_use]
    pub fn kinds(&self) -> Vec<Kind> {
        let mut kinds: Vec<Kind> = Vec::new();
        for mend in &self.mends {
            if !kinds.contains(&mend.kind) {
                kinds.push(mend.kind);
            }
        }
        kinds
    }

    /// Sum of the amounts by which repairs changed the volume, as a fraction of it.
    #[must_use]
    pub fn volume_change(&self) -> f64 {
        let sum: f64 = self.mends.iter().map(|mend| mend.volume.abs()).sum();
        if sum > 0.0 { sum / self.volume.abs().max(f64::MIN_POSITIVE) } else { 0.0 }
    }

    /// What was mended, one kind a line: number, places, largest size, change of the volume.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.kinds().into_iter().map(|kind| self.line(kind)).collect()
    }

    fn line(&self, kind: Kind) -> String {
        let count = self.count(kind);
        let places: Vec<String> = self.of(kind).take(PLACES).map(|mend| mm(&mend.place)).collect();
        let more = if count > PLACES { format!(" and {} more", count - PLACES) } else { String::new() };
        let largest = self.of(kind).map(|mend| mend.size).fold(0.0, f64::max);
        let change: f64 = self.of(kind).map(|mend| mend.volume).sum();
        format!(
            "{count} {} at {}{more}; the largest {} across; volume {}",
            kind.phrase(count),
            places.join(", "),
            in_mm(largest),
            Percent(change / self.volume.abs().max(f64::MIN_POSITIVE))
        )
    }
}

/// Places that a line tells.
const PLACES: usize = 20;

/// A signed fraction in percent.
struct Percent(f64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = 100.0 * self.0;
        if percent.abs() < 5e-5 { f.write_str("unchanged within 0.0001 %") } else { write!(f, "{percent:+.4} %") }
    }
}

/// Why a surface is not mended.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum RepairError {
    /// A hole that is too wide.
    #[error("not mended: the hole at {} is {} across, more than is filled unasked ({}); close it in the \
             segmentation, or \
             allow it with `[geometry] repair = {{ max_hole = \"...\" }}`", mm(place), in_mm(*diameter), in_mm(*limit))]
    Hole {
        /// Its centre, m.
        place: [f64; 3],
        /// Its equivalent diameter, m.
        diameter: f64,
        /// The limit, m.
        limit: f64,
    },
    /// Holes everywhere.
    #[error("not mended: holes take more than {:.0} % of the surface, the last one looked at lies at {}; the \
             file is no surface \
             of triangles that share their edges: export it again from the segmentation", 100.0 * part, mm(place))]
    Pierced {
        /// Place of one of them, m.
        place: [f64; 3],
        /// The part of the area that they may take.
        part: f64,
    },
    /// The volume changes too much.
    #[error("not mended: the repairs would change the volume by {:.4} %, more than the {:.4} % allowed; the \
             largest is the \
             one at {} ({}); mend it by hand, or allow more with `[geometry] repair = {{ max_volume_change = \"...\" \
             }}`",
            100.0 * change, 100.0 * limit, mm(place), what)]
    Volume {
        /// Sum of all changes, as a fraction.
        change: f64,
        /// The limit, as a fraction.
        limit: f64,
        /// Place of the largest, m.
        place: [f64; 3],
        /// What that is.
        what: &'static str,
    },
    /// A wall between two lumens.
    #[error("not mended: the wall at {} lies between two lumens ({:.4} ml and {:.4} ml), and without it they \
             would be one \
             vessel; separate the vessels there, each with a wall of its own", mm(place), 1e6 * volumes[0],
            1e6 * volumes[1])]
    Joins {
        /// Middle of that wall, m.
        place: [f64; 3],
        /// Volumes on its two sides, m^3.
        volumes: [f64; 2],
    },
    /// Two vessels cross.
    #[error(
        "not mended: two pieces of the surface cross at {}, and neither ends within the other: united they \
        would be one \
             vessel, where there may be two; separate them, or let the branch end within the trunk",
        mm(place)
    )]
    Crosses {
        /// Middle of the crossing, m.
        place: [f64; 3],
    },
    /// A handle would appear.
    #[error(
        "not mended: at {} the repair would change the topology of the vessel from {before} to {after} handles; remesh \
             the surface there",
        mm(place)
    )]
    Handles {
        /// Where, m.
        place: [f64; 3],
        /// Handles (genus) before.
        before: i64,
        /// Handles after.
        after: i64,
    },
    /// Too much of the surface has no inside.
    #[error("not mended: the sheet at {}, {} across, bounds no inside, and is too large to be dropped ({:.1} \
             % of the wall, \
             allowed are {:.1} %); remesh the surface there", mm(place), in_mm(*size), 100.0 * part, 100.0 * FIN)]
    Sheet {
        /// Its middle, m.
        place: [f64; 3],
        /// How large it is across, m.
        size: f64,
        /// Its part of the area of the wall.
        part: f64,
    },
    /// Nothing helps.
    #[error("not mended: what is wrong at {} comes back after every repair; remesh the surface there", mm(place))]
    Stubborn {
        /// Where, m.
        place: [f64; 3],
    },
}

/// Largest part of the wall's area that sheets which bound nothing may have.
pub(super) const FIN: f64 = 0.05;
