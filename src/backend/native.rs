//! The processor as a device: which vector instructions it has, and how many threads run.

use std::fmt;

use serde::Serialize;

/// Vector instructions that kernels are written for, found at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Simd {
    /// AVX-512 F, BW, DQ and VL: 16 single-precision lanes and masks.
    Avx512,
    /// AVX2 and FMA: 8 lanes.
    Avx2,
    /// NEON: 4 lanes.
    Neon,
    /// What the compiler makes of plain loops.
    Portable,
}

impl Simd {
    /// The widest that this processor and system support.
    #[must_use]
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            if avx512 {
                return Self::Avx512;
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return Self::Avx2;
            }
        }
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("neon") {
            return Self::Neon;
        }
        Self::Portable
    }
}

impl fmt::Display for Simd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Avx512 => "AVX-512",
            Self::Avx2 => "AVX2 + FMA",
            Self::Neon => "NEON",
            Self::Portable => "portable",
        })
    }
}

/// The processor as a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Native {
    /// Vector instructions used.
    pub simd: Simd,
    /// Threads used (the environment variable `RAYON_NUM_THREADS` changes it).
    pub threads: usize,
}

impl Native {
    /// This machine's processor.
    #[must_use]
    pub fn detect() -> Self {
        Self { simd: Simd::detect(), threads: rayon::current_num_threads() }
    }
}

/// `native CPU (AVX-512, 2 threads)`.
impl fmt::Display for Native {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.threads == 1 { "" } else { "s" };
        write!(f, "native CPU ({}, {} thread{plural})", self.simd, self.threads)
    }
}
