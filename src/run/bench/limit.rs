//! What keeps a step from being faster.

use serde::Serialize;

/// Part of the bandwidth from which on the memory is what limits.
const NEAR: f64 = 0.75;

/// Part of the number of threads by which a speed must grow from one to all to count as growing with them.
const GROWS: f64 = 0.85;

/// What limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// The bytes that come from memory.
    Memory,
    /// What the threads share on this side of the memory, or the many loads an update that caches serve.
    Cache,
    /// The instructions of each thread.
    Arithmetic,
}

impl By {
    /// `memory`, `cache` or `arithmetic`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Cache => "cache",
            Self::Arithmetic => "arithmetic",
        }
    }
}

/// A judgement with its reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Limit {
    /// What limits.
    pub by: By,
    /// Why it is thought so.
    pub why: String,
    /// Whether rounds differed so much that it may be wrong.
    pub uncertain: bool,
}

/// What a speed is judged by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Evidence {
    /// Bytes moved in a second over the bandwidth.
    pub of_bandwidth: f64,
    /// Threads, and the speed with all of them over that with one; none on an adapter or a single core.
    pub scaling: Option<(usize, f64)>,
    /// Bytes that the time loop holds.
    pub held: usize,
    /// Bytes of the largest cache, where it is known.
    pub cache: Option<u64>,
    /// Whether it is an adapter.
    pub adapter: bool,
    /// Whether a step has work for more than one thread.
    pub shared: bool,
    /// Whether rounds differed much.
    pub uneven: bool,
}

impl Limit {
    pub(super) fn judge(e: &Evidence) -> Self {
        let fits = e.cache.is_some_and(|cache| e.held as u64 <= cache);
        let moved = format!("{:.0} % of the bandwidth", 100.0 * e.of_bandwidth);
        let place = if fits { "both states fit the caches" } else { "the states do not fit the caches" };
        let (by, why) = match e.scaling {
            _ if e.of_bandwidth >= NEAR && !fits => (By::Memory, moved),
            _ if e.adapter => (By::Cache, format!("{moved}; loads that caches serve do the rest")),
            Some(_) if !e.shared => (By::Arithmetic, format!("{moved}, {place}, too small to be shared among threads")),
            None => (By::Arithmetic, format!("{moved}, {place}, one thread")),
            Some((n, s)) if s >= GROWS * n as f64 => {
                (By::Arithmetic, format!("{moved}, {place}, {n} threads are {s:.2} times as fast as one"))
            }
            Some((n, s)) => {
                (By::Cache, format!("{moved}, {place}, but {n} threads are only {s:.2} times as fast as one"))
            }
        };
        Self { by, why, uncertain: e.uneven }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judgements() {
        let plain = Evidence {
            of_bandwidth: 0.9,
            scaling: Some((2, 1.2)),
            held: 1 << 30,
            cache: Some(1 << 20),
            adapter: false,
            shared: true,
            uneven: false,
        };
        let by = |e: Evidence| Limit::judge(&e).by;
        assert_eq!(by(plain), By::Memory);
        assert_eq!(by(Evidence { held: 1 << 10, ..plain }), By::Cache, "more than the memory could give");
        assert_eq!(by(Evidence { of_bandwidth: 0.4, scaling: Some((2, 1.9)), ..plain }), By::Arithmetic);
        assert_eq!(by(Evidence { of_bandwidth: 0.4, ..plain }), By::Cache);
        assert_eq!(by(Evidence { of_bandwidth: 0.4, scaling: None, ..plain }), By::Arithmetic);
        assert_eq!(by(Evidence { of_bandwidth: 0.4, shared: false, ..plain }), By::Arithmetic);
        assert!(Limit::judge(&Evidence { uneven: true, ..plain }).uncertain && !Limit::judge(&plain).uncertain);
        let adapter = Evidence { adapter: true, scaling: None, cache: None, ..plain };
        assert_eq!((by(adapter), by(Evidence { of_bandwidth: 0.5, ..adapter })), (By::Memory, By::Cache));
    }
}
