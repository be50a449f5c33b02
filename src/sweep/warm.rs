//! Flows of finished runs, kept in memory for others to start from.

use std::sync::{Arc, Mutex, PoisonError};

use super::setting::Setting;
use crate::run::plan::Plan;
use crate::run::start::Start;

/// How much farther a flow on another lattice counts than one on the same: any difference of keys within one lattice is
/// nearer.
const OTHER_LATTICE: f64 = 1e3;

/// A flow that others may start from.
struct Kept {
    run: usize,
    start: Arc<Start>,
}

/// Flows of finished runs, as many as fit.
pub(super) struct Flows {
    capacity: usize,
    /// Smallest and largest value of each key over all runs.
    ranges: Vec<[f64; 2]>,
    kept: Mutex<Vec<Kept>>,
}

impl Flows {
    /// Room for so many bytes, for runs with these settings.
    pub(super) fn new<'s>(capacity: usize, keys: usize, settings: impl Iterator<Item = &'s [Setting]>) -> Self {
        let mut ranges = vec![[f64::INFINITY, f64::NEG_INFINITY]; keys];
        for row in settings {
            for (range, value) in ranges.iter_mut().zip(row) {
                let value = value.number().unwrap_or(f64::NAN);
                *range = [range[0].min(value), range[1].max(value)];
            }
        }
        Self { capacity, ranges, kept: Mutex::default() }
    }

    /// The flow nearest to a run, with the run that it is of.
    pub(super) fn nearest(
        &self,
        plan: &Plan,
        own: &[Setting],
        of: impl Fn(usize) -> Vec<Setting>,
    ) -> Option<(usize, Arc<Start>)> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let alike = kept.iter().filter(|kept| kept.start.factor(plan).is_some());
        let distance = |kept: &&Kept| {
            let other = if kept.start.same_lattice(plan) { 0.0 } else { OTHER_LATTICE };
            other + self.distance(own, &of(kept.run))
        };
        let nearest = alike.min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
        Some((nearest.run, nearest.start.clone()))
    }

    /// Keeps a flow; the oldest ones make room.
    pub(super) fn keep(&self, run: usize, start: Start) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push(Kept { run, start: Arc::new(start) });
        while kept.iter().map(|kept| kept.start.bytes()).sum::<usize>() > self.capacity && !kept.is_empty() {
            kept.remove(0);
        }
    }

    /// How far two settings are apart: numbers by their part of the range, others by being different.
    fn distance(&self, a: &[Setting], b: &[Setting]) -> f64 {
        let one = |((a, b), [low, high]): ((&Setting, &Setting), &[f64; 2])| match (a.number(), b.number()) {
            _ if a == b => 0.0,
            (Some(x), Some(y)) if a.unit() == b.unit() && high > low => (x - y).abs() / (high - low),
            _ => 1.0,
        };
        a.iter().zip(b).zip(&self.ranges).map(one).sum()
    }
}
