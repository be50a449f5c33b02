//! How long a run is expected to take.

use super::level::Level;
use super::plan::{Plan, flow};
use super::pulse::{USUAL_CYCLES, Until};

/// Times in which the flow forgets its start that a run from rest and one from a coarser flow take until they are
/// steady, as the shipped cases do (docs/verification.md).
const FROM_REST: f64 = 4.0;
const FROM_COARSER: f64 = 2.75;

impl Plan {
    /// Steps that a lattice is expected to need, from rest or from the flow of a coarser one.
    #[must_use]
    pub fn expected_steps(&self, level: &Level, from_rest: bool) -> u64 {
        if let Some(beat) = &self.beat {
            let cycles = match beat.until {
                Until::Cycles(n) => n,
                Until::Periodic { .. } => USUAL_CYCLES,
            };
            return (cycles as f64 * level.scale.time_to_lattice(beat.period)).ceil() as u64;
        }
        let most = self.case.time.max_steps.as_ref().map_or(u64::MAX, |most| *most.get_ref());
        ((if from_rest { FROM_REST } else { FROM_COARSER } * self.memory(level)) as u64).min(most)
    }

    /// What all lattices together are expected to take, in steps of the finest.
    #[must_use]
    pub fn expected_work(&self, finest: &Level) -> f64 {
        let work = |(k, &spacing): (usize, &f64)| {
            let scale = self.scale(spacing, self.peak);
            let steps = self.expected_steps(finest, k == 0) as f64 * finest.scale.dt / scale.dt;
            steps * (finest.scale.dx / spacing).powi(3)
        };
        self.spacings.iter().enumerate().map(work).sum()
    }

    /// Steps in which the flow forgets its start: the blood's stay in the vessel or the time that viscosity needs
    /// across the widest opening, whichever is shorter.
    #[must_use]
    pub fn memory(&self, level: &Level) -> f64 {
        let widest = self.iolets.iter().map(|i| i.diameter).fold(0.0, f64::max);
        let viscous = (0.5 * widest).powi(2) * self.rho / (5.78 * self.mu);
        let inflow: f64 = self.iolets.iter().map(|i| flow(i.asked).unwrap_or(0.0).max(0.0)).sum();
        let volume = level.lattice.sites as f64 * level.scale.dx.powi(3);
        let stay = if inflow > 0.0 { volume / inflow } else { viscous };
        level.scale.time_to_lattice(stay.min(viscous)).max(200.0)
    }
}
