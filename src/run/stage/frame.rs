//! A state on the same lattice with another time step.

use crate::backend::State;
use crate::fluid::moments::{FIELDS, Macro};
use crate::run::level::Level;
use crate::run::plan::Plan;
use crate::run::transfer::{Frame, convert, restress};

/// The state of a level on the same lattice with another time step, as padded fields.
pub(in crate::run) fn retimed(plan: &Plan, level: &Level, next: &Level, state: &State) -> Vec<Vec<f32>> {
    let (from, to) = (frame(plan, level), frame(plan, next));
    let mut fields = vec![vec![0.0f32; level.lattice.padded_len()]; FIELDS];
    for site in level.lattice.fluid_sites() {
        let old = Macro::read(&state.site(site));
        let new = convert(&old, &from, &to).write();
        for (field, value) in fields.iter_mut().zip(new) {
            field[site] = value;
        }
    }
    restress(&level.lattice, &mut fields, &to);
    fields
}

pub(in crate::run) fn frame(plan: &Plan, level: &Level) -> Frame {
    Frame { scale: level.scale, rheology: plan.rheology }
}
