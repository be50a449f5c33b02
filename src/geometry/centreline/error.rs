//! Why a vessel has no centrelines, in words for the author of the case file.

use thiserror::Error;

use crate::geometry::check::{VesselError, in_mm, mm};

/// Why no tree of centrelines can be found.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum CentrelineError {
    /// The vessel has no such opening to begin at.
    #[error("centrelines begin at an opening, but the vessel has {count}: open or mark its ends")]
    NoInlet {
        /// Openings that there are.
        count: usize,
    },
    /// The vessel cannot be closed at its openings.
    #[error(transparent)]
    Open(#[from] VesselError),
    /// Nothing of the vessel's inside was found at an opening.
    #[error(
        "no room inside the vessel behind the opening `{opening}` at {}, down to a width of {}: check that the surface \
         there is a tube, or move the cut",
        mm(place),
        in_mm(*width)
    )]
    NoRoom {
        /// Name of the opening.
        opening: String,
        /// Its centre, m.
        place: [f64; 3],
        /// Width of what was looked for, m.
        width: f64,
    },
    /// An opening that cannot be reached from the inlet.
    #[error(
        "no way inside the vessel leads from the opening `{inlet}` to `{opening}` at {}, down to a width of {}; the way \
         nearest to it ends at {}: the vessel is in pieces, or closed there",
        mm(place),
        in_mm(*width),
        mm(reached)
    )]
    NoWay {
        /// Where the way begins.
        inlet: String,
        /// Name of the opening.
        opening: String,
        /// Its centre, m.
        place: [f64; 3],
        /// Width of what was looked for, m.
        width: f64,
        /// The place nearest to the opening that was reached, m.
        reached: [f64; 3],
    },
    /// A vessel too fine for the search.
    #[error(
        "the vessel needs more than {cubes} cubes down to a width of {} to find its centrelines: its narrowest opening is \
         far too narrow beside the whole",
        in_mm(*width)
    )]
    TooFine {
        /// Most cubes.
        cubes: usize,
        /// Width of what was looked for, m.
        width: f64,
    },
}
