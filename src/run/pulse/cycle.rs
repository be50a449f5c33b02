//! What a cycle was like at the openings.

use serde::{Deserialize, Serialize};

use crate::fluid::drive::{GAUGE, RECORDED};
use crate::run::pulse::pascal;
use crate::run::summary::Spread;
use crate::units::Scale;

/// One record, SI.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Spacing of the lattice, m.
    pub spacing: f64,
    /// Time since the start of the run, s.
    pub time: f64,
    /// Pressure of a density deviation of nought, Pa.
    pub reference: f64,
    /// Flow into the vessel through each opening, m^3/s.
    pub flows: Vec<f64>,
    /// Mean pressure at the vessel's own ends, Pa.
    pub pressures: Vec<f64>,
    /// Pressure of each opening's load, Pa; that of the end where it has none.
    pub loads: Vec<f64>,
    /// Pressure (Pa) and velocity (m/s) of each probe.
    pub probes: Vec<[f64; GAUGE]>,
}

impl Row {
    /// Whether it has a value for each opening and each probe.
    pub(super) fn whole(&self, openings: usize, probes: usize) -> bool {
        let of = [self.flows.len(), self.pressures.len(), self.loads.len()];
        of == [openings; 3] && self.probes.len() == probes
    }

    /// From the numbers of a record.
    #[must_use]
    pub fn read(numbers: &[f32], openings: usize, time: f64, scale: &Scale) -> Self {
        let number = |k: usize| f64::from(numbers[k]);
        let pressure = |k: usize| pascal(scale) * number(k);
        let of = |n: usize, offset: usize| 1 + RECORDED * n + offset;
        let probes = (1 + RECORDED * openings..numbers.len()).step_by(GAUGE);
        let velocity = |k: usize| scale.velocity_to_si(number(k));
        Self {
            spacing: scale.dx,
            time,
            reference: pressure(0),
            flows: (0..openings).map(|n| scale.flow_to_si(number(of(n, 0)))).collect(),
            pressures: (0..openings).map(|n| pressure(of(n, 1))).collect(),
            loads: (0..openings).map(|n| pressure(of(n, 2))).collect(),
            probes: probes.map(|k| [pressure(k), velocity(k + 1), velocity(k + 2), velocity(k + 3)]).collect(),
        }
    }
}

/// The rows of a cycle.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cycle {
    /// Equidistant in time, the first at the start of the cycle.
    pub rows: Vec<Row>,
}

impl Cycle {
    /// Spread of a number over the cycle.
    pub fn spread(&self, value: impl Fn(&Row) -> f64) -> Spread {
        let values: Vec<f64> = self.rows.iter().map(value).collect();
        Spread {
            mean: values.iter().sum::<f64>() / self.rows.len().max(1) as f64,
            min: values.iter().copied().fold(f64::INFINITY, f64::min),
            max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    }

    /// Largest change from another cycle, as root mean square over the cycle: of any opening's flow, relative to the largest
    /// flow through any of them; of any opening's pressure, relative to the largest pulse pressure of any of them, or to
    /// the largest difference between openings where that is more.
    #[must_use]
    pub fn change(&self, before: &Self) -> f64 {
        let openings = self.rows.first().map_or(0, |row| row.flows.len());
        let (mut flow, mut pulse) = (0.0f64, 0.0f64);
        for k in 0..openings {
            let (q, p) = (self.spread(|row| row.flows[k]), self.spread(|row| row.pressures[k]));
            flow = flow.max(q.max.abs()).max(q.min.abs());
            pulse = pulse.max(p.max - p.min);
        }
        for row in &self.rows {
            let high = row.pressures.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let low = row.pressures.iter().copied().fold(f64::INFINITY, f64::min);
            pulse = pulse.max(high - low);
        }
        let rows = self.rows.len().max(1) as f64;
        let apart = |value: &dyn Fn(&Row) -> f64| {
            let square = |(a, b): (&Row, &Row)| (value(a) - value(b)).powi(2);
            (self.rows.iter().zip(&before.rows).map(square).sum::<f64>() / rows).sqrt()
        };
        let mut change = 0.0f64;
        for k in 0..openings {
            change = change.max(apart(&|row| row.flows[k]) / flow.max(1e-30));
            change = change.max(apart(&|row| row.pressures[k]) / pulse.max(1e-12));
        }
        change
    }
}
