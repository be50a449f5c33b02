//! The processor as a device: which vector instructions it has, and how many threads run.

use std::fmt;

use serde::Serialize;

use super::cpu::simd::Level;

/// The processor as a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Native {
    /// Vector instructions used.
    pub simd: Level,
    /// Threads used (the environment variable `RAYON_NUM_THREADS` changes it).
    pub threads: usize,
}

impl Native {
    /// This machine's processor.
    #[must_use]
    pub fn detect() -> Self {
        Self { simd: Level::detect(), threads: rayon::current_num_threads() }
    }
}

/// `native CPU (AVX-512, 2 threads)`.
impl fmt::Display for Native {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.threads == 1 { "" } else { "s" };
        write!(f, "native CPU ({}, {} thread{plural})", self.simd, self.threads)
    }
}
