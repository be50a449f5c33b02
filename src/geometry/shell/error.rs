//! Why a vessel cannot have the wall asked for, in words for the author of the case file.

use thiserror::Error;

use crate::geometry::check::{in_mm, mm};

/// Why no wall can be built.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum ShellError {
    /// A spacing that is no length.
    #[error("the wall's spacing is {} mm; it must be a length above 0", 1e3 * .0)]
    Spacing(f64),
    /// A number of layers out of range.
    #[error("the wall has {layers} layers; allowed are {first} to {last}")]
    Layers {
        /// Asked for.
        layers: usize,
        /// Least allowed.
        first: usize,
        /// Most allowed.
        last: usize,
    },
    /// Quadrilaterals too long for the narrowest part of the vessel.
    #[error("the wall's spacing of {} is too coarse: at {} the vessel has a radius of {} and needs {around} \
             quadrilaterals around; allowed is up to {}", in_mm(*spacing), mm(place), in_mm(*radius), in_mm(*allowed))]
    Coarse {
        /// Asked for, m.
        spacing: f64,
        /// A place where the vessel is narrowest, m.
        place: [f64; 3],
        /// Radius there, m.
        radius: f64,
        /// Quadrilaterals wanted around.
        around: usize,
        /// Largest spacing that works, m.
        allowed: f64,
    },
    /// More quadrilaterals than can be made.
    #[error("the wall's spacing of {} needs about {quads:.1e} quadrilaterals on {:.1} mm^2 of wall, more than the {most:.0e} \
             supported; allowed is {} or more", in_mm(*spacing), 1e6 * area, in_mm(*allowed))]
    Fine {
        /// Asked for, m.
        spacing: f64,
        /// Quadrilaterals that it needs.
        quads: f64,
        /// Most that are supported.
        most: f64,
        /// Area of the wall, m^2.
        area: f64,
        /// Least spacing that works, m.
        allowed: f64,
    },
    /// A thickness that is no length.
    #[error("the wall's thickness at {} is {} mm; it must be a length above 0 everywhere: mend the field or its unit",
            mm(place), 1e3 * thickness)]
    Thickness {
        /// Place, m.
        place: [f64; 3],
        /// Thickness there, m.
        thickness: f64,
    },
    /// A field that does not belong to the wall.
    #[error("the wall's thickness has {given} values, but the wall has {vertices} vertices")]
    Length {
        /// Values given.
        given: usize,
        /// Vertices of the wall.
        vertices: usize,
    },
    /// A wall that has no end.
    #[error("no piece of the vessel's wall has an opening: give the vessel its openings")]
    NoOpening,
    /// A hole of the wall that is no opening.
    #[error(
        "the vessel's wall has a free edge at {} that belongs to no opening: fill the hole or make it an opening",
        mm(place)
    )]
    OpenEdge {
        /// Middle of the edge, m.
        place: [f64; 3],
    },
    /// A thickness for which there is no room.
    #[error("the wall is too thick for the vessel: at {} there is room for {} where {} is asked, and {:.0} % of the wall \
             (allowed: {:.0} %) have less than nine tenths of it, because the wall would fold or meet another part of \
             itself; allowed is a thickness up to about {}, or one of_radius", mm(place), in_mm(*room), in_mm(*asked),
             100.0 * share, 100.0 * most, in_mm(*allowed))]
    Room {
        /// Where there is least room, m.
        place: [f64; 3],
        /// Thickness asked for there, m.
        asked: f64,
        /// Thickness possible there, m.
        room: f64,
        /// Share of the wall's area with less than nine tenths of what is asked.
        share: f64,
        /// Largest share allowed.
        most: f64,
        /// Thickness at which the share becomes allowed, about, m.
        allowed: f64,
    },
    /// Elements that could not be given a good shape.
    #[error(
        "the wall has {count} elements of a bad shape, the worst at {} with a scaled Jacobian of {quality:.3} (at \
             least {least} is needed): take a smaller spacing, or smooth the surface there",
        mm(place)
    )]
    Shape {
        /// Number of such elements.
        count: usize,
        /// Middle of the worst, m.
        place: [f64; 3],
        /// Its scaled Jacobian.
        quality: f64,
        /// Least allowed.
        least: f64,
    },
}
