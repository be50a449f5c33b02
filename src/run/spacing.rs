//! How fine the lattices of a run are.

use super::plan::{FEWEST_ACROSS, PlanError};
use crate::case::{Case, Resolution};
use crate::geometry::vessel::Vessel;

/// Sites across the narrowest and the widest opening that a coarser lattice must still have to be worth a start.
const COARSEST_ACROSS: [f64; 2] = [3.0, 8.0];

/// Most lattices of a run.
const MOST_LEVELS: usize = 3;

/// Diameter of the narrowest opening, m.
pub(super) fn narrowest(vessel: &Vessel) -> f64 {
    vessel.openings.iter().map(|o| o.equivalent_diameter()).fold(f64::INFINITY, f64::min)
}

/// The finest spacing, m.
pub(super) fn spacing(case: &Case, vessel: &Vessel) -> Result<f64, PlanError> {
    let narrowest = narrowest(vessel);
    let spacing = match &case.resolution {
        Resolution::Across(across) => narrowest / f64::from(*across.get_ref()),
        Resolution::Spacing(spacing) => spacing.get_ref().si(),
    };
    let across = narrowest / spacing;
    if across < FEWEST_ACROSS {
        let thin = vessel.openings.iter().find(|o| o.equivalent_diameter() <= narrowest);
        let name = thin.map_or("?", |o| o.name.as_str());
        let place = thin.map_or([0.0; 3], |o| o.centre.map(|x| x * 1e3));
        let message = format!(
            "resolution: {across:.1} sites across opening `{name}` ({:.3} mm wide, at {:.2} {:.2} {:.2} mm) is less than {FEWEST_ACROSS}",
            narrowest * 1e3,
            place[0],
            place[1],
            place[2]
        );
        let help = format!("use a spacing of at most {:.4} mm, or across = 6 or more", narrowest / FEWEST_ACROSS * 1e3);
        return Err(case.error(case.resolution.span(), message, "too coarse", &help).into());
    }
    Ok(spacing)
}

/// Spacings from coarse to fine, each half of the one before.
pub(super) fn spacings(finest: f64, vessel: &Vessel) -> Vec<f64> {
    let widest = vessel.openings.iter().map(|o| o.equivalent_diameter()).fold(0.0, f64::max);
    let coarsest = (narrowest(vessel) / COARSEST_ACROSS[0]).min(widest / COARSEST_ACROSS[1]);
    let mut spacings = vec![finest];
    while 2.0 * spacings[0] <= coarsest && spacings.len() < MOST_LEVELS {
        spacings.insert(0, 2.0 * spacings[0]);
    }
    spacings
}
