//! What the memory of the device gives.

use serde::Serialize;

use super::UNEVEN;
use super::speed::Pools;
use crate::backend::gpu::device::Opened;
use crate::backend::{BackendError, cpu, gpu};

/// Bytes of ten arrays: more than caches hold.
const BYTES: usize = 256 << 20;

/// The same of a smoke run.
const QUICK_BYTES: usize = 16 << 20;

/// Rounds, of which the best counts.
const ROUNDS: usize = 20;

/// Bytes that the device moves in a second, read and written, in 1e9.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Bandwidth {
    /// Threads that moved them; none on an adapter.
    pub threads: Option<usize>,
    /// Bytes that a round read and wrote.
    pub bytes: usize,
    /// One array copied into another, GB/s.
    pub copy_gb_s: f64,
    /// Ten arrays copied side by side, GB/s: the pattern of a step.
    pub fields_gb_s: f64,
    /// Worst over best round of the second in time, less one.
    pub spread: f64,
}

impl Bandwidth {
    fn of(threads: Option<usize>, bytes: usize, rounds: &[[f64; 2]]) -> Self {
        let least = |k: usize| rounds.iter().map(|round| round[k]).fold(f64::INFINITY, f64::min);
        let most = rounds.iter().map(|round| round[1]).fold(0.0, f64::max);
        let speed = |seconds: f64| bytes as f64 / seconds / 1e9;
        let (copy_gb_s, fields_gb_s) = (speed(least(0)), speed(least(1)));
        Self { threads, bytes, copy_gb_s, fields_gb_s, spread: most / least(1) - 1.0 }
    }

    /// A warning where rounds differ too much.
    pub(super) fn unevenness(&self) -> Option<String> {
        let threads = match self.threads {
            Some(1) => " of 1 thread".to_owned(),
            Some(n) => format!(" of {n} threads"),
            None => String::new(),
        };
        let percent = 100.0 * self.spread;
        (self.spread > UNEVEN)
            .then(|| format!("rounds of the bandwidth{threads} differ by {percent:.0} %: the machine is busy"))
    }
}

/// Measures the device: with all threads, and on a processor with several also with one.
///
/// # Errors
/// [`BackendError`] if the adapter has too little memory or fails.
pub(super) fn measure(opened: Option<Opened>, quick: bool, pools: &Pools) -> Result<Vec<Bandwidth>, BackendError> {
    let bytes = if quick { QUICK_BYTES } else { BYTES };
    if let Some(gpu) = opened {
        let streams = gpu::bandwidth::Streams::new(gpu, bytes)?;
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            rounds.push([streams.copy()?, streams.fields()?]);
        }
        return Ok(vec![Bandwidth::of(None, streams.bytes(), &rounds)]);
    }
    let mut streams = cpu::Streams::new(bytes);
    let (mut all, mut one) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        all.push([streams.copy(), streams.fields()]);
        one.extend(pools.one().map(|pool| pool.install(|| [streams.copy(), streams.fields()])));
    }
    let mut found = vec![Bandwidth::of(Some(rayon::current_num_threads()), streams.bytes(), &all)];
    if !one.is_empty() {
        found.push(Bandwidth::of(Some(1), streams.bytes(), &one));
    }
    Ok(found)
}
