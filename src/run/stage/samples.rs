//! Samples of a flow against each other.

use crate::run::steady::Sample;

/// Largest relative difference of two samples: of flows against the inflow, of pressures against the largest drop.
pub(super) fn difference(a: &Sample, b: &Sample) -> f64 {
    let inflow: f64 = b.flows.iter().map(|q| q.max(0.0)).sum();
    let high = b.pressures.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let low = b.pressures.iter().copied().fold(f64::INFINITY, f64::min);
    let largest = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    let flows = largest(&a.flows, &b.flows) / inflow.max(1e-30);
    flows.max(largest(&a.pressures, &b.pressures) / (high - low).max(1e-12))
}

/// Mean of the samples of a window; the last one's time.
pub(super) fn mean(window: &[Sample]) -> Sample {
    let n = window.len() as f64;
    let average = |values: fn(&Sample) -> &Vec<f64>| {
        let count = values(&window[0]).len();
        (0..count).map(|k| window.iter().map(|s| values(s)[k]).sum::<f64>() / n).collect()
    };
    let last = &window[window.len() - 1];
    Sample {
        spacing: last.spacing,
        time: last.time,
        flows: average(|s| &s.flows),
        pressures: average(|s| &s.pressures),
    }
}
