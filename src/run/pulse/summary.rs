//! The answer of a pulsating run as numbers.

use serde_json::{Map, Value, json};

use super::Finished;
use super::files::vertex_areas;
use crate::analysis::indices::Indices;
use crate::run::plan::{PERIODIC_TOLERANCE, Plan};
use crate::run::pulse::{Beat, Until};
use crate::run::summary::{Answer, Spread};
use crate::run::tuning::paste;

/// The run in the terms of every summary: spreads are over the last cycle.
#[must_use]
pub fn answer<'a>(beat: &Beat, run: &'a Finished) -> Answer<'a> {
    let openings = 0..run.last.rows.first().map_or(0, |row| row.flows.len());
    Answer {
        status: run.status,
        level: &run.level,
        spent: &run.spent,
        flows: openings.clone().map(|k| run.last.spread(|row| row.flows[k])).collect(),
        pressures: openings.map(|k| run.last.spread(|row| row.pressures[k])).collect(),
        change: run.change,
        tolerance: match beat.until {
            Until::Periodic { tolerance, .. } => tolerance,
            Until::Cycles(_) => PERIODIC_TOLERANCE,
        },
        fluctuation: 0.0,
        peak: run.peak,
        wall_correction: run.wall_correction,
        storage: run.storage / beat.period,
    }
}

/// What only a pulsating run has: its cycles, indices and loads.
#[must_use]
pub fn cycle(plan: &Plan, beat: &Beat, run: &Finished, indices: &Indices) -> Value {
    let areas = vertex_areas(plan, run);
    let spread = |values: &[f32]| {
        let total: f64 = areas.iter().sum();
        let mean = values.iter().zip(&areas).map(|(v, area)| f64::from(*v) * area).sum::<f64>() / total.max(1e-30);
        Spread::about(mean, values.iter().map(|v| f64::from(*v)))
    };
    let loads: Map<String, Value> = paste(&plan.iolets).into_iter().map(|(name, text)| (name, text.into())).collect();
    json!({
        "period_s": beat.period,
        "cycles": run.cycles,
        "cycles_from_rest": run.cycles_from_rest,
        "storage_ml": run.storage * 1e6,
        "tawss_pa": spread(&indices.tawss),
        "osi": spread(&indices.osi),
        "rrt_per_pa": spread(&indices.rrt),
        "ecap_per_pa": spread(&indices.ecap),
        "trans_wss_pa": indices.trans_wss.as_ref().map(|values| spread(values)),
        "loads": loads,
    })
}
