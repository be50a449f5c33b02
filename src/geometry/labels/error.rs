//! What can be wrong with a label map, in words for its author.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::geometry::check::{array, in_mm, mm};

/// A label map that cannot be used: which file, and what is wrong with it.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct LabelError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: Box<Problem>,
}

/// One of several pieces of a label.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// Voxels.
    pub voxels: u64,
    /// Volume, m^3.
    pub volume: f64,
    /// The middle of a voxel of it, m.
    pub place: [f64; 3],
    /// The same in the unit of the case, as `near` takes it.
    pub near: [f64; 3],
}

/// What is wrong with a label map.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The file is missing or may not be read.
    #[error("cannot be read: {0}; check the path in `labels`, which is relative to the case file")]
    Unreadable(#[from] io::Error),
    /// No reader for this extension.
    #[error(
        "extension `{extension}` is no label map's; supported are .nii .nii.gz .mha .mhd: save the segmentation as one"
    )]
    Extension {
        /// What the path ends in.
        extension: String,
    },
    /// Something in the header that cannot be, or is not supported.
    #[error("{place}: {what}")]
    Header {
        /// Field and byte, or line.
        place: String,
        /// Value, what is allowed, and what to do.
        what: String,
    },
    /// A compressed stream that is damaged.
    #[error("the compressed data are damaged after {present} bytes ({reason}): copy the file again")]
    Damaged {
        /// Bytes that came out.
        present: u64,
        /// The decoder's reason.
        reason: String,
    },
    /// Fewer bytes than the header promises.
    #[error(
        "the header promises {promised} bytes of voxels ({shape}), but {present} are there: the file is cut off or its \
         header wrong; copy or save it again"
    )]
    Truncated {
        /// Bytes promised.
        promised: u128,
        /// Sizes and type.
        shape: String,
        /// Bytes present; an upper bound where they are compressed and were not even tried.
        present: String,
    },
    /// Values that are no labels.
    #[error(
        "is an intensity image, not a label map: {found} (first at voxel {}, {}, {}); segment the vessel first and save \
         the labels (whole numbers, 0 for the background)",
        voxel[0], voxel[1], voxel[2]
    )]
    Intensities {
        /// What says so.
        found: String,
        /// Where, from 0.
        voxel: [u64; 3],
    },
    /// No voxel has the label.
    #[error("no voxel has the label {label}; {}", label_list(present))]
    Empty {
        /// The label asked for.
        label: i64,
        /// Labels that there are, with their voxels.
        present: Vec<(i64, u64)>,
    },
    /// Several labels, and none is asked for.
    #[error("holds several labels, none of which is 1: say which is the vessel: label = {}; {}", present[0].0,
            label_list(present))]
    WhichLabel {
        /// Labels that there are, with their voxels.
        present: Vec<(i64, u64)>,
    },
    /// More voxels than can be worked on.
    #[error(
        "the box around label {label} is {} x {} x {} voxels, more than the {limit} supported: crop the image to the vessel \
         or resample it", size[0], size[1], size[2]
    )]
    TooLarge {
        /// The label.
        label: i64,
        /// Voxels along each axis.
        size: [u64; 3],
        /// Voxels allowed.
        limit: u64,
    },
    /// Values that change at almost every voxel.
    #[error("its values change {0} times along its rows: this is noise, not a label map; save the segmentation again")]
    Noise(usize),
    /// Two vessels or more.
    #[error("label {label} has {} pieces of a vessel's size that do not touch:{}\n  choose one by `near` in [geometry]",
            pieces.len(), piece_list(pieces))]
    Pieces {
        /// The label.
        label: i64,
        /// The pieces, the largest first.
        pieces: Vec<Piece>,
    },
    /// Nothing is left.
    #[error(
        "label {label}: nothing is left of its {voxels} voxels after branches thinner than {prune} voxels were taken off: \
         lower `prune`, or segment at a finer resolution"
    )]
    Vanished {
        /// The label.
        label: i64,
        /// Its voxels.
        voxels: u64,
        /// The limit, voxels.
        prune: f64,
    },
    /// Too few openings.
    #[error("label {label}: {}; {remedy}", match *found { 0 => "no opening was found".to_owned(),
            n => format!("only {n} opening was found, a vessel needs two") })]
    NoOpening {
        /// The label.
        label: i64,
        /// Openings found.
        found: usize,
        /// What can be done.
        remedy: &'static str,
    },
    /// A cut that meets nothing.
    #[error("[[cut]] {cut} at {}: its plane meets no branch there{}", mm(place), nearest.map_or(
            ": the vessel lies on one side of it; move `point` into the branch that ends there".to_owned(),
            |(place, diameter)| format!("; the nearest section is at {}, {} across: move `point` there",
                mm(&place), in_mm(diameter))))]
    CutMisses {
        /// Name or number of the cut.
        cut: String,
        /// Its point, m.
        place: [f64; 3],
        /// Centre (m) and diameter (m) of the nearest section by its plane.
        nearest: Option<([f64; 3], f64)>,
    },
    /// A cut that does not part the vessel.
    #[error(
        "[[cut]] {cut} at {}: the vessel is still in one piece after it, because the branch comes back another way: cut \
         the other way too (first), or move `point`",
        mm(place)
    )]
    CutJoins {
        /// Name or number of the cut.
        cut: String,
        /// Its point, m.
        place: [f64; 3],
    },
    /// A cut that takes an opening away.
    #[error(
        "[[cut]] {cut} at {} takes off the part with the opening {lost}: turn its `normal` round, or remove one",
        mm(place)
    )]
    CutTakes {
        /// Name or number of the cut.
        cut: String,
        /// Its point, m.
        place: [f64; 3],
        /// The opening that would go.
        lost: String,
    },
    /// The vessel leaves through two sides of the image at once.
    #[error(
        "label {label} leaves the image across an edge of it at {}: no flat end is there; add a [[cut]] before it",
        mm(place)
    )]
    ImageEdge {
        /// The label.
        label: i64,
        /// Middle of the section by one of the sides, m.
        place: [f64; 3],
    },
    /// The box of no piece holds the place.
    #[error("no piece of label {label} is near {}: the nearest is {} away; near = {}", mm(place), in_mm(*distance), array(near))]
    NotNear {
        /// The label.
        label: i64,
        /// The place asked for, m.
        place: [f64; 3],
        /// Distance of the nearest voxel, m.
        distance: f64,
        /// That voxel, in the unit of the case.
        near: [f64; 3],
    },
}

impl Problem {
    pub(super) fn header(place: impl fmt::Display, what: impl Into<String>) -> Self {
        Self::Header { place: place.to_string(), what: what.into() }
    }
}

/// Labels and their voxels in words.
fn label_list(present: &[(i64, u64)]) -> String {
    let count = |&(label, voxels): &(i64, u64)| format!("{label} ({voxels} voxels)");
    match present {
        [] => "every voxel is 0: the segmentation is empty, save it again".to_owned(),
        _ => {
            let more = if present.len() > 20 { format!(" and {} more", present.len() - 20) } else { String::new() };
            let shown: Vec<String> = present.iter().take(20).map(count).collect();
            format!("the labels in it are {}{more}", shown.join(", "))
        }
    }
}

fn piece_list(pieces: &[Piece]) -> String {
    let line = |piece: &Piece| {
        format!(
            "\n  {:.4} ml ({} voxels) at {}: near = {}",
            1e6 * piece.volume,
            piece.voxels,
            mm(&piece.place),
            array(&piece.near)
        )
    };
    pieces.iter().take(10).map(line).collect()
}
