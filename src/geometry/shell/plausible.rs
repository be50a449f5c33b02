//! Whether a field was read in the right unit.
//!
//! Thickness: arteries have h/r = 0.2802 exp(-5.053 r) + 0.1324 exp(-0.1114 r) with r in cm (Blanco, Watanabe, Passos,
//! Lemos, Feijoo, IEEE Trans. Biomed. Eng. 62, 736, 2015, fitted to anatomical data). Veins, aneurysms and pulmonary
//! arteries have down to about a third of it, hypertensive and stiffened ones up to three times as much; a unit that is
//! wrong by ten or more leaves that range. Stiffness of soft tissue spans four decades, so that only gross errors show:
//! dyn/cm^2 read as Pa can be right as well.

use std::ops::RangeInclusive;

use super::error::ShellError;
use crate::geometry::formats::Field;
use crate::geometry::nearest::Carry;
use crate::geometry::vessel::Vessel;

/// Thickness over that of an artery of the same radius (median) that is believed.
pub const THICKNESS: RangeInclusive<f64> = 0.25..=4.0;

/// Young's modulus (median) that is believed, Pa.
pub const YOUNG: RangeInclusive<f64> = 1e4..=1e8;

/// Units of length and of stiffness that fields come in.
const LENGTHS: [(&str, f64); 4] = [("mm", 1e-3), ("cm", 1e-2), ("m", 1.0), ("um", 1e-6)];
const STIFFNESSES: [(&str, f64); 5] = [("Pa", 1.0), ("kPa", 1e3), ("MPa", 1e6), ("dyn/cm^2", 0.1), ("mmHg", 133.322)];

/// Thickness of an artery of this inner radius, m.
#[must_use]
pub fn artery(radius: f64) -> f64 {
    let r = 1e2 * radius;
    radius * (0.2802 * (-5.053 * r).exp() + 0.1324 * (-0.1114 * r).exp())
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    let middle = values.len() / 2;
    if values.is_empty() { 0.0 } else { *values.select_nth_unstable_by(middle, f64::total_cmp).1 }
}

/// Names of the units with which `median` (a multiple of what is sought for, in the unit used) would be believed.
fn fitting(median: f64, unit: f64, units: &[(&'static str, f64)], believed: &RangeInclusive<f64>) -> Vec<&'static str> {
    units.iter().filter(|(_, other)| believed.contains(&(median / unit * other))).map(|(name, _)| *name).collect()
}

/// The values of a field at the vertices of a vessel's wall, in the unit of the field, by the nearest point of the
/// field's own surface.
///
/// # Errors
/// [`ShellError::FieldApart`]: the wall lies farther from that surface than a tenth of the widest opening, so that it is
/// another vessel, or in another unit.
pub fn field_on_wall(vessel: &Vessel, field: &Field) -> Result<Vec<f64>, ShellError> {
    let carry = Carry::new(&field.surface, &vessel.wall.vertices);
    let widest = vessel.openings.iter().map(|opening| opening.equivalent_diameter()).fold(0.0, f64::max);
    let allowed = 0.1 * widest;
    let farthest = (0..carry.distance.len()).max_by(|&a, &b| carry.distance[a].total_cmp(&carry.distance[b]));
    match farthest.filter(|&v| carry.distance[v] > allowed) {
        Some(v) => {
            let (place, distance) = (vessel.wall.vertices[v], carry.distance[v]);
            Err(ShellError::FieldApart { place, distance, allowed })
        }
        None => Ok(carry.scalars(&field.values)),
    }
}

/// Checks thicknesses (m) read in a unit of so many metres, at places where the vessel has these radii (m).
///
/// # Errors
/// [`ShellError::ThicknessUnit`] with the units that would fit.
pub fn check_thickness(values: &[f64], radii: &[f64], unit: f64) -> Result<(), ShellError> {
    let part = median(values.iter().zip(radii).map(|(value, &radius)| value / artery(radius)));
    if values.is_empty() || THICKNESS.contains(&part) {
        return Ok(());
    }
    let suggested = fitting(part, unit, &LENGTHS, &THICKNESS);
    let (thickness, radius) = (median(values.iter().copied()), median(radii.iter().copied()));
    Err(ShellError::ThicknessUnit { thickness, radius, part, suggested })
}

/// Checks values of Young's modulus (Pa) read in a unit of so many pascals.
///
/// # Errors
/// [`ShellError::YoungUnit`] with the units that would fit.
pub fn check_young(values: &[f64], unit: f64) -> Result<(), ShellError> {
    let young = median(values.iter().copied());
    if values.is_empty() || YOUNG.contains(&young) {
        return Ok(());
    }
    Err(ShellError::YoungUnit { young, suggested: fitting(young, unit, &STIFFNESSES, &YOUNG) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walls_of_vessels_are_believed_and_wrong_units_are_not() {
        // Radius and thickness, mm: aorta, carotid, middle cerebral artery, aneurysms of the aorta and of the brain,
        // pulmonary trunk, vena cava, aorta of a mouse.
        let vessels =
            [[12.5, 1.8], [3.0, 0.6], [1.4, 0.3], [27.0, 1.2], [3.0, 0.2], [14.0, 1.2], [11.0, 1.0], [0.5, 0.06]];
        for [radius, thickness] in vessels.map(|pair| pair.map(|x| 1e-3 * x)) {
            assert_eq!(check_thickness(&[thickness], &[radius], 1e-3), Ok(()), "{radius} {thickness}");
            for wrong in [1e-3, 1e3] {
                assert!(check_thickness(&[thickness * wrong], &[radius], 1e-3 * wrong).is_err());
            }
        }
        assert!((artery(1e-2) / 1.2e-3 - 1.0).abs() < 0.01);
        let text = check_thickness(&[5e-5], &[1.4e-3], 1e-3).expect_err("a tenth").to_string();
        assert!(text.ends_with("so the field's unit is wrong; likely: unit = \"cm\""), "{text}");
    }
}
