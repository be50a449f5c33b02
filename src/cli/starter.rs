//! A first case file for a surface that was looked over.
//!
//! The flow is a guess that keeps a steady, laminar run physiological: the mean flow with which a healthy artery of the
//! inlet's width has a wall shear of 1.5 Pa (arteries grow until they reach 1 to 2 Pa: Malek, Alper and Izumo, JAMA
//! 282, 2035, 1999), but no faster than 0.2 m/s and no more than Reynolds number 500.

use std::fmt::Write;
use std::path::PathBuf;

use crate::geometry::check::{array, unit_name};
use crate::geometry::inspect::{FoundEnd, Inspection, Role};
use crate::geometry::vessel::Selector;

/// Blood: density, kg/m^3, and viscosity, Pa s.
const DENSITY: f64 = 1060.0;
const VISCOSITY: f64 = 3.5e-3;
const WALL_SHEAR: f64 = 1.5;
const VELOCITY: f64 = 0.2;
const REYNOLDS: f64 = 500.0;
/// Lattice sites that a first run should not exceed.
const SITES: f64 = 5e5;

/// Mean velocity, m/s, for an inlet of this diameter, m.
#[must_use]
pub fn mean_velocity(diameter: f64) -> f64 {
    let by_shear = WALL_SHEAR * diameter / (8.0 * VISCOSITY);
    by_shear.min(VELOCITY).min(REYNOLDS * VISCOSITY / (DENSITY * diameter))
}

/// The case file (TOML) for the surface read from `files`.
#[must_use]
pub fn case_file(files: &[PathBuf], found: &Inspection) -> String {
    let names: Vec<String> = files.iter().map(|file| quoted(&file.to_string_lossy())).collect();
    let surface = if let [name] = names.as_slice() { name.clone() } else { format!("[{}]", names.join(", ")) };
    let unit = quoted(&unit_name(found.surface.unit));
    case_for(files, &format!("surface = {surface}\nunit = {unit}\n"), found)
}

/// The same with these lines as `[geometry]`.
pub(super) fn case_for(files: &[PathBuf], geometry: &str, found: &Inspection) -> String {
    let stem = files.first().and_then(|file| file.file_stem()).map_or_else(String::new, |s| s.to_string_lossy().into());
    let mut text = format!("title = {}\n\n[geometry]\n{geometry}", quoted(&stem));
    for (name, end) in named(found) {
        text.push_str(&opening(&name, end, found));
    }
    let _ = write!(
        text,
        "\n[blood]\ndensity = \"{DENSITY} kg/m^3\"\nviscosity = \"{} mPa s\"\n\n[resolution]\nacross = {}  # sites \
         across the narrowest opening\n\n[time]\nuntil = \"steady\"\n",
        1e3 * VISCOSITY,
        across(found)
    );
    text
}

/// The ends with their names in a case, the inlet first.
#[must_use]
pub fn named(found: &Inspection) -> Vec<(String, &FoundEnd)> {
    let outlets = found.ends.iter().filter(|end| end.role == Role::Outlet).count();
    let (inlets, rest): (Vec<&FoundEnd>, Vec<&FoundEnd>) = found.ends.iter().partition(|end| end.role == Role::Inlet);
    let mut outlet = 0;
    let name = |end: &FoundEnd| {
        outlet += usize::from(end.role == Role::Outlet);
        match (&end.selector, end.role) {
            (Selector::Patch(patch), _) => patch.clone(),
            (_, Role::Inlet) => "inlet".to_owned(),
            (_, Role::Outlet) if outlets == 1 => "outlet".to_owned(),
            (_, Role::Outlet) => format!("outlet_{outlet}"),
        }
    };
    let ends: Vec<&FoundEnd> = inlets.into_iter().chain(rest).collect();
    let names: Vec<String> = ends.iter().copied().map(name).collect();
    names.into_iter().zip(ends).collect()
}

/// One `[[opening]]`.
fn opening(name: &str, end: &FoundEnd, found: &Inspection) -> String {
    let diameter = end.opening.equivalent_diameter();
    let place = match &end.selector {
        Selector::Patch(patch) => format!("patch = {}", quoted(patch)),
        Selector::Near(place) => format!("near = {}", array(&place.map(|x| x / found.surface.unit))),
    };
    let size = format!("# {:.3} mm across", 1e3 * diameter);
    let condition = match end.role {
        Role::Outlet => "pressure = \"90 mmHg\"\n".to_owned(),
        Role::Inlet => {
            let velocity = mean_velocity(diameter);
            let shear = 8.0 * VISCOSITY * velocity / diameter;
            format!(
                "# A guess from the width alone: mean velocity {velocity:.3} m/s, wall shear {shear:.2} Pa, Reynolds \
                 number {:.0}.\n# Replace it by a measured mean flow.\nflow = \"{} ml/s\"\nprofile = \"parabolic\"\n",
                DENSITY * velocity * diameter / VISCOSITY,
                three_digits(1e6 * velocity * end.opening.area)
            )
        }
    };
    format!("\n[[opening]]\nname = {}\n{place}  {size}\n{condition}", quoted(name))
}

/// Sites across the narrowest opening: as many as keep the whole vessel affordable, from 8 to 16.
fn across(found: &Inspection) -> u32 {
    let narrowest = found.ends.iter().map(|end| end.opening.equivalent_diameter()).fold(f64::INFINITY, f64::min);
    let affordable = narrowest * (SITES / found.volume.abs().max(f64::MIN_POSITIVE)).cbrt();
    if affordable.is_finite() { (affordable as u32 / 2 * 2).clamp(8, 16) } else { 12 }
}

fn three_digits(value: f64) -> String {
    let decimals = (2 - value.abs().max(1e-6).log10().floor() as i32).clamp(0, 8) as usize;
    format!("{value:.decimals$}")
}

pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guessed_flow_is_physiological_for_arteries_of_any_width() {
        // Left coronary artery: 1 to 4 ml/s; common carotid: 5 to 8 ml/s; infrarenal aorta at rest: 15 to 40 ml/s.
        for (diameter, range) in [(4e-3, 1.0..4.0), (6e-3, 5.0..8.0), (16e-3, 15.0..40.0)] {
            let area = std::f64::consts::FRAC_PI_4 * diameter * diameter;
            let flow = 1e6 * mean_velocity(diameter) * area;
            assert!(range.contains(&flow), "{diameter} {flow}");
        }
    }

    #[test]
    fn numbers_keep_three_digits() {
        assert_eq!([0.012_345, 3.271_9, 20.06, 812.4].map(three_digits), ["0.0123", "3.27", "20.1", "812"]);
    }
}
