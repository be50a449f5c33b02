//! When in a cycle the vessel wall is loaded.

use super::Beat;
use super::cycle::Cycle;
use crate::case::wall::Instant;

/// The row of each of the beat's loads, none for the mean over the cycle. Systole and diastole are those of the cycle
/// before: the first rows of the largest and the least mean pressure over the openings; none without such a cycle.
pub(super) fn rows(beat: &Beat, before: &Cycle) -> Vec<Option<usize>> {
    let pressures: Vec<f64> =
        before.rows.iter().map(|row| row.pressures.iter().sum::<f64>() / row.pressures.len().max(1) as f64).collect();
    let first = |better: fn(f64, f64) -> bool| {
        (0..pressures.len()).reduce(|best, k| if better(pressures[k], pressures[best]) { k } else { best })
    };
    let row = |instant: &Instant| match instant {
        Instant::Mean => None,
        Instant::Systole => first(|a, b| a > b),
        Instant::Diastole => first(|a, b| a < b),
        Instant::At(time) => Some((time.si() / beat.period * beat.rows as f64).round() as usize % beat.rows),
    };
    beat.loads.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::pulse::{Row, Until};
    use crate::units::Time;

    #[test]
    fn moments_of_the_cycle_before() {
        let beat = Beat {
            period: 0.8,
            until: Until::Cycles(2),
            rows: 8,
            snapshots: Vec::new(),
            loads: vec![
                Instant::Mean,
                Instant::Systole,
                Instant::Diastole,
                Instant::At(Time::from_si(0.3)),
                Instant::At(Time::from_si(0.79)),
            ],
            means: true,
            probes: Vec::new(),
            states: Vec::new(),
            start_pressure: 0.0,
            cycles_from_rest: 1,
        };
        let mut before = Cycle::default();
        assert_eq!(rows(&beat, &before), [None, None, None, Some(3), Some(0)]);
        for (a, b) in [(3.0, 1.0), (5.0, 1.0), (4.0, 3.0), (1.0, 6.0), (0.0, 0.0), (0.0, 0.0), (1.0, 1.0), (2.0, 1.0)] {
            before.rows.push(Row { pressures: vec![a, b], ..Row::default() });
        }
        assert_eq!(rows(&beat, &before), [None, Some(2), Some(4), Some(3), Some(0)]);
    }
}
