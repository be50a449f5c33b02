//! The flow that a finished run has reached, for another run to start from.
//!
//! Two runs through alike vessels differ by little more than the strength of what drives them: velocities grow with it,
//! and with them strain rates and, where viscosity rules, pressure differences. The state is scaled by the ratio of the
//! two strengths and interpolated onto the new lattice; the run then goes on until it is steady by the same measure as
//! any other, so that it comes to the same numbers within its tolerance.

use super::RunError;
use super::level::Level;
use super::plan::{PEAK_VELOCITY, Plan, flow, pressure};
use super::stage::Handover;
use super::steady::Finished;
use super::transfer::{Frame, scaled};
use crate::fluid::iolet::Iolet;
use crate::fluid::moments::FIELDS;

/// Largest ratio of two strengths at which the one flow is worth starting the other from.
const ALIKE: f64 = 8.0;

/// A steady flow with what belongs to it.
pub struct Start {
    level: Level,
    frame: Frame,
    fields: [Vec<f32>; FIELDS],
    iolets: Vec<Iolet>,
    wall_source: f32,
    /// Fastest velocity that its time step was made for, m/s, and the one that its plan had estimated.
    peak: f64,
    estimate: f64,
    strength: f64,
    openings: Vec<(String, bool)>,
}

impl Start {
    /// The flow of a run that has become steady.
    ///
    /// # Errors
    /// [`RunError`] when the device fails.
    pub fn of(plan: &Plan, run: &mut Finished) -> Result<Self, RunError> {
        let state = run.flow.state()?;
        let fields = state.fields.map(|field| field.into_owned());
        Ok(Self {
            level: run.level.clone(),
            frame: Frame { scale: run.level.scale, rheology: plan.rheology },
            fields,
            iolets: run.flow.iolets().to_vec(),
            wall_source: run.flow.physics().wall_source,
            peak: made_for(plan, run),
            estimate: plan.peak,
            strength: strength(plan),
            openings: openings(plan),
        })
    }

    /// Bytes that it holds beside the lattice.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let links = size_of::<f32>() * self.level.coefficients.len();
        self.fields.iter().map(|field| size_of::<f32>() * field.len()).sum::<usize>() + links
    }

    /// How many times stronger the flow of a plan is driven; none where it is not alike.
    #[must_use]
    pub fn factor(&self, plan: &Plan) -> Option<f64> {
        let factor = strength(plan) / self.strength;
        let alike = plan.beat.is_none() && self.openings == openings(plan);
        (alike && (1.0 / ALIKE..=ALIKE).contains(&factor)).then_some(factor)
    }

    /// Whether a plan is computed on the same lattice.
    #[must_use]
    pub fn same_lattice(&self, plan: &Plan) -> bool {
        std::sync::Arc::ptr_eq(&self.level.lattice, &plan.lattice) || *self.level.lattice == *plan.lattice
    }

    /// Fastest velocity that the time step of a plan is made for, m/s: results depend on the step as they do on the
    /// spacing, so it is to be the one that the plan would take without this flow.
    pub(super) fn peak(&self, plan: &Plan) -> f64 {
        if self.estimate > 0.0 { self.peak * plan.peak / self.estimate } else { plan.peak }
    }

    /// Hands the flow over, so many times stronger.
    pub(super) fn give<T>(&self, factor: f64, take: impl FnOnce(&Handover) -> T) -> T {
        let fields = scaled(&self.level.lattice, &self.fields, factor as f32);
        take(&Handover {
            level: &self.level,
            frame: self.frame,
            fields: std::array::from_fn(|k| fields[k].as_slice()),
            iolets: &self.iolets,
            wall_source: self.wall_source,
            factor,
        })
    }
}

/// Fastest velocity that the time step of a finished run was made for, m/s; that of the run itself where viscosity alone
/// sets the step.
fn made_for(plan: &Plan, run: &Finished) -> f64 {
    let scale = &run.level.scale;
    let slowest = plan.scale(scale.dx, 0.0).dt;
    if scale.dt < 0.999 * slowest { scale.velocity_to_si(PEAK_VELOCITY) } else { run.peak }
}

/// What drives a flow: the volume that is asked to enter, m^3/s; where there is none, the difference of pressure, Pa.
fn strength(plan: &Plan) -> f64 {
    let entering: f64 = plan.iolets.iter().filter_map(|i| flow(i.asked)).map(|q| q.max(0.0)).sum();
    if entering > 0.0 {
        return entering;
    }
    let pressures = || plan.iolets.iter().filter_map(|i| pressure(i.asked));
    (pressures().fold(f64::NEG_INFINITY, f64::max) - pressures().fold(f64::INFINITY, f64::min)).max(0.0)
}

/// Names of the openings, and whether a flow is asked of them.
fn openings(plan: &Plan) -> Vec<(String, bool)> {
    plan.iolets.iter().map(|i| (i.name.clone(), flow(i.asked).is_some())).collect()
}
