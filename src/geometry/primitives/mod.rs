//! Idealised vessels: straight tube, stenosis, bend, bifurcation, side-wall aneurysm.
//!
//! Every vessel is a closed surface with outward orientation and the patches `wall`, `inlet`, `outlet` (bifurcation:
//! `outlet_left`, `outlet_right`), whose caps share the rim vertices of the wall. Vertices lie on the analytic surface,
//! so that volumes and areas converge with the second order of the edge length.
//!
//! Tubes are rings swept along an axis. Bifurcation and aneurysm are the zero set of a smooth union of distance fields;
//! their mesh is three sleeves of rings that share a theta-shaped seam, every vertex found by a ray from an axis, so that
//! the ends are exact circles without any cutting. All decisions on connectivity are made in integers: the same
//! parameters give the same triangles on every machine.
//!
//! Each kind is a struct of parameters in SI with a default (a 6 mm vessel), `surface()` to build it, and the analytic
//! facts that tests and cases need.

mod aneurysm;
mod bend;
mod bifurcation;
mod builder;
mod field;
mod junction;
mod stenosis;
mod straight;

pub use aneurysm::Aneurysm;
pub use bend::Bend;
pub use bifurcation::Bifurcation;
pub use stenosis::Stenosis;
pub use straight::Straight;

use std::ops::RangeInclusive;

/// Largest number of triangles that a generated surface may have; beyond it the edge length is refused.
pub const MAX_TRIANGLES: f64 = 2e7;

/// Why an idealised vessel cannot be built. Lengths in the messages are millimetres, angles degrees.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PrimitiveError {
    /// A parameter is outside the range in which the shape exists.
    #[error("{name} is {value}{unit}, but must lie between {low} and {high}{unit}{because}")]
    OutOfRange {
        /// Parameter, as on the command line.
        name: &'static str,
        /// Offending value in `unit`.
        value: f64,
        /// Smallest value allowed, in `unit`.
        low: f64,
        /// Largest value allowed, in `unit`.
        high: f64,
        /// Unit with a leading blank, or empty.
        unit: &'static str,
        /// Reason, with leading punctuation, or empty.
        because: &'static str,
    },
    /// A direction without length, or with a component that is not finite.
    #[error("axis is ({}, {}, {}), but must be three finite numbers that are not all zero", .0[0], .0[1], .0[2])]
    Axis([f64; 3]),
    /// A branch ends where the junction still shapes it, so that its end would not be a circle.
    #[error("{name} is {given} mm, but the junction reaches {needed} mm into that branch; give at least {needed} mm")]
    TooShort {
        /// Parameter, as on the command line.
        name: &'static str,
        /// Length given, mm.
        given: f64,
        /// Smallest length that works, mm.
        needed: f64,
    },
    /// The junction is folded: no clean mesh at these angles and sizes.
    #[error("the junction folds over itself at ({x:.3}, {y:.3}, {z:.3}) mm; use a smaller edge or more blending")]
    Folded {
        /// Place, mm.
        x: f64,
        /// Place, mm.
        y: f64,
        /// Place, mm.
        z: f64,
    },
    /// The edge length asks for more triangles than is sensible.
    #[error("an edge of {edge} mm needs about {triangles:.1e} triangles, more than 2e7; give at least {needed} mm")]
    TooMany {
        /// Edge length given, mm.
        edge: f64,
        /// Triangles that it needs.
        triangles: f64,
        /// Smallest edge length that is accepted, mm.
        needed: f64,
    },
}

/// How a parameter is shown to the user.
#[derive(Clone, Copy)]
pub(crate) enum Shown {
    /// Metres, shown as mm.
    Millimetres,
    /// Radians, shown as degrees.
    Degrees,
    /// A fraction, shown as a percentage.
    Percent,
    /// A plain number.
    Plain,
}

impl Shown {
    fn unit(self) -> (&'static str, f64) {
        match self {
            Shown::Millimetres => (" mm", 1e3),
            Shown::Degrees => (" degrees", 180.0 / std::f64::consts::PI),
            Shown::Percent => (" %", 1e2),
            Shown::Plain => ("", 1.0),
        }
    }
}

/// Rounds to nine significant digits, so that a converted value prints as the user wrote it.
fn tidy(value: f64) -> f64 {
    format!("{value:.8e}").parse().unwrap_or(value)
}

/// Checks that `value` (SI) is in `range`; NaN is not.
pub(crate) fn check(
    name: &'static str,
    value: f64,
    range: RangeInclusive<f64>,
    shown: Shown,
    because: &'static str,
) -> Result<(), PrimitiveError> {
    // The ends belong to the range, also when a conversion of units has rounded them.
    let slack = 1e-9 * range.start().abs().max(range.end().abs());
    if (range.start() - slack..=range.end() + slack).contains(&value) {
        return Ok(());
    }
    let (unit, scale) = shown.unit();
    let [value, low, high] = [value, *range.start(), *range.end()].map(|v| tidy(v * scale));
    Err(PrimitiveError::OutOfRange { name, value, low, high, unit, because })
}

/// Checks a vessel diameter: 0.1 mm to 100 mm.
pub(crate) fn check_diameter(name: &'static str, value: f64) -> Result<(), PrimitiveError> {
    check(name, value, 1e-4..=0.1, Shown::Millimetres, "")
}

/// Checks a length along a vessel against its diameter: 0.1 to 1000 diameters.
pub(crate) fn check_length(name: &'static str, value: f64, diameter: f64) -> Result<(), PrimitiveError> {
    check(name, value, 0.1 * diameter..=1e3 * diameter, Shown::Millimetres, " (0.1 to 1000 diameters)")
}

/// Edge length in metres: the one given, checked against the diameter and the surface area (m^2), or diameter / 24.
pub(crate) fn edge_length(edge: Option<f64>, diameter: f64, area: f64) -> Result<f64, PrimitiveError> {
    let edge = edge.unwrap_or(diameter / 24.0);
    check("edge", edge, diameter / 1e4..=diameter / 4.0, Shown::Millimetres, " (1/10000 to 1/4 of the diameter)")?;
    let triangles = 2.0 * area / (edge * edge);
    if triangles > MAX_TRIANGLES {
        let needed = tidy((2.0 * area / MAX_TRIANGLES).sqrt() * 1e3);
        return Err(PrimitiveError::TooMany { edge: tidy(edge * 1e3), triangles, needed });
    }
    Ok(edge)
}

/// Number of segments of a ring of this diameter: a multiple of four, at least twelve.
pub(crate) fn segments(diameter: f64, edge: f64) -> usize {
    let quarter = (std::f64::consts::FRAC_PI_4 * diameter / edge).round();
    4 * (quarter as usize).max(3)
}

/// Number of steps of about `step` that a length is divided into, at least one.
pub(crate) fn steps(length: f64, step: f64) -> usize {
    ((length / step).round() as usize).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_state_value_range_and_unit() {
        let error = check_diameter("diameter", 0.6).expect_err("refused");
        assert_eq!(error.to_string(), "diameter is 600 mm, but must lie between 0.1 and 100 mm");
        let nan = check_diameter("diameter", f64::NAN).expect_err("refused");
        assert!(nan.to_string().contains("NaN"), "{nan}");
        let edge = edge_length(Some(1e-6), 6e-3, 1e-3).expect_err("refused");
        assert_eq!(
            edge.to_string(),
            "an edge of 0.001 mm needs about 2.0e9 triangles, more than 2e7; give at least 0.01 mm"
        );
    }

    #[test]
    fn rings_divide_by_four() {
        assert_eq!(segments(6e-3, 0.25e-3), 76);
        assert_eq!(segments(6e-3, 1.5e-3), 12);
    }
}
