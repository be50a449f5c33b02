//! Why a vessel cannot have the wall asked for, in words for the author of the case file.

use thiserror::Error;

use super::plausible;
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
    /// A thickness field that was read in a wrong unit, by all appearances.
    #[error("the wall's thickness field has a median of {} where the vessel's radius has one of {}: {:.2} times what arteries of \
             that size have (believed: {} to {} times), so the field's unit is wrong{}", in_mm(*thickness),
             in_mm(*radius), part, plausible::THICKNESS.start(), plausible::THICKNESS.end(), likely(suggested))]
    ThicknessUnit {
        /// Median of the field, m.
        thickness: f64,
        /// Median of the vessel's local radius, m.
        radius: f64,
        /// Median of the thickness over that of an artery of the same radius.
        part: f64,
        /// Units that would fit.
        suggested: Vec<&'static str>,
    },
    /// A field of Young's modulus that was read in a wrong unit, by all appearances.
    #[error("the field of Young's modulus has a median of {young:.3e} Pa (believed: {:.0e} to {:.0e} Pa), so the field's \
             unit is wrong{}", plausible::YOUNG.start(), plausible::YOUNG.end(), likely(suggested))]
    YoungUnit {
        /// Median of the field, Pa.
        young: f64,
        /// Units that would fit.
        suggested: Vec<&'static str>,
    },
    /// A field on a surface that is not the vessel's.
    #[error("the field's surface is {} away from the vessel's wall at {} (allowed: {}): it belongs to another vessel, or \
             has another unit of length", in_mm(*distance), mm(place), in_mm(*allowed))]
    FieldApart {
        /// Place on the wall, m.
        place: [f64; 3],
        /// Distance from the field's surface, m.
        distance: f64,
        /// Largest distance allowed, m.
        allowed: f64,
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
             itself; allowed is a thickness up to about {}", mm(place), in_mm(*room), in_mm(*asked),
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

/// The units that would fit, as an advice.
fn likely(units: &[&'static str]) -> String {
    let quoted: Vec<String> = units.iter().map(|unit| format!("unit = \"{unit}\"")).collect();
    if quoted.is_empty() { "; check the field".to_owned() } else { format!("; likely: {}", quoted.join(" or ")) }
}
