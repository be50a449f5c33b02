//! What to change, by numbers, so that a flow stays physical.

use crate::case::{Resolution, Storage};
use crate::run::level::Level;
use crate::run::plan::{PEAK_VELOCITY, Plan, flow};
use crate::run::watch::Fault;

/// Reynolds number of a spacing (fastest velocity times spacing over viscosity) that the collision has been found to bear
/// (docs/verification.md).
const BEARABLE: f64 = 30.0;

/// Least gain in resolution that is advised.
const FINER: f64 = 1.4;

/// What to do about a fault on a level: keys and values as `--set` takes them.
pub(super) fn remedy(plan: &Plan, level: &Level, fault: &Fault) -> String {
    let scale = &level.scale;
    // A velocity that is only a little too high for a step of the user's own is one of the flow; others are of the failure.
    let seen = match fault {
        Fault::Fast(speed) if plan.case.time.step.is_some() => scale.velocity_to_si(*speed),
        _ => 0.0,
    };
    // Where pressures alone drive it, the estimate of the velocity may be half of what the flow comes to.
    let driven = plan.iolets.iter().any(|iolet| flow(iolet.asked).is_some_and(|q| q > 0.0));
    let peak = plan.peak.max(seen) * if driven { 1.0 } else { 2.0 };
    if plan.case.time.step.is_some() && scale.velocity_to_lattice(peak) > PEAK_VELOCITY {
        let most = 1e6 * PEAK_VELOCITY * scale.dx / peak;
        return format!(
            "the time step of {:.4} us is too long for {peak:.3} m/s: --set time.step=\"{} us\", or leave time.step out",
            1e6 * scale.dt,
            rounded_down(most)
        );
    }
    let grid = peak * scale.dx * plan.rho / plan.mu;
    if plan.case.storage == Storage::F16 && grid <= BEARABLE {
        return "numbers of 16 bits are too coarse for it: --set resolution.storage=\"f32\"".to_owned();
    }
    format!(
        "{peak:.3} m/s over a spacing of {:.4} mm is a Reynolds number of {grid:.0}, {BEARABLE} is borne: {}",
        1e3 * scale.dx,
        finer(plan, (grid / BEARABLE).max(FINER))
    )
}

/// The key of the resolution with the value that makes it so many times finer.
fn finer(plan: &Plan, factor: f64) -> String {
    match &plan.case.resolution {
        Resolution::Across(across) => {
            format!("--set resolution.across={}", (factor * f64::from(*across.get_ref())).ceil())
        }
        Resolution::Spacing(spacing) => {
            format!("--set resolution.spacing=\"{} mm\"", rounded_down(1e3 * spacing.get_ref().si() / factor))
        }
    }
}

/// To three digits, downward.
fn rounded_down(value: f64) -> f64 {
    let unit = 10f64.powf(value.abs().max(1e-30).log10().floor() - 2.0);
    // Digits beyond the third come from the division alone.
    format!("{:.6}", (value / unit).floor() * unit).parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits() {
        assert_eq!([12.3456, 0.0123456, 129.99, 10.0].map(rounded_down), [12.3, 0.0123, 129.0, 10.0]);
    }
}
