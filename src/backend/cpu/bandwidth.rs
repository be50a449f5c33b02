//! What the memory gives the processor: the time of moving numbers without computing anything.
//!
//! Two patterns, both stored past the caches: a copy from one array into one other, and the pattern of a step, ten arrays
//! read and ten written side by side. The second is what a step can be compared with: it has the same number of streams.

use std::ops::Range;
use std::time::Instant;

use rayon::prelude::*;

use super::fields::{Fields, without_denormals};
use super::simd::{Level, Portable};
use crate::fluid::lanes::Lanes;
use crate::fluid::moments::FIELDS;
use crate::geometry::lattice::LANES;

/// Tasks a thread, as in a step.
const TASKS: usize = 8;

/// Memory to move numbers in.
pub struct Streams {
    from: Fields<f32>,
    to: Fields<f32>,
    blocks: usize,
    level: Level,
}

/// Blocks of which arrays a task moves.
struct Part<'a> {
    from: &'a [*const f32],
    to: &'a [*mut f32],
    blocks: Range<usize>,
}

// SAFETY: tasks read `from`, which nobody writes, and write blocks of `to` of their own.
unsafe impl Sync for Part<'_> {}

impl Streams {
    /// Two sets of ten arrays, each set of about so many bytes.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        let blocks = (bytes / (FIELDS * LANES * size_of::<f32>())).max(1);
        let (mut from, to) = (Fields::zeroed(blocks * LANES), Fields::zeroed(blocks * LANES));
        // Pages that were never written would all be one and the same page of zeros.
        let ones = vec![1.0; blocks * LANES];
        from.copy_from(&[ones.as_slice(); FIELDS]);
        let mut streams = Self { from, to, blocks, level: Level::detect() };
        streams.fields();
        streams
    }

    /// Bytes that either pattern reads and writes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        2 * FIELDS * self.blocks * LANES * size_of::<f32>()
    }

    /// Copies one array after the other with all threads of the present pool; seconds.
    pub fn copy(&mut self) -> f64 {
        let (from, to) = (self.from.pointers(), self.to.pointers_mut());
        let clock = Instant::now();
        for k in 0..FIELDS {
            self.each(&from[k..=k], &to[k..=k]);
        }
        clock.elapsed().as_secs_f64()
    }

    /// Copies ten arrays side by side with all threads of the present pool; seconds.
    pub fn fields(&mut self) -> f64 {
        let (from, to) = (self.from.pointers(), self.to.pointers_mut());
        let clock = Instant::now();
        self.each(&from, &to);
        clock.elapsed().as_secs_f64()
    }

    fn each(&self, from: &[*const f32], to: &[*mut f32]) {
        let tasks = TASKS * rayon::current_num_threads();
        let range = |k: usize| self.blocks * k / tasks..self.blocks * (k + 1) / tasks;
        let parts: Vec<_> = (0..tasks).map(|k| Part { from, to, blocks: range(k) }).collect();
        let level = self.level;
        parts.par_iter().for_each(|part| {
            // SAFETY: the pointers are to arrays of this many blocks, tasks have blocks of their own, and `detect` gives an
            // instruction set that the processor has.
            without_denormals(|| unsafe {
                match level {
                    #[cfg(target_arch = "x86_64")]
                    Level::Avx512 => part_avx512(part),
                    #[cfg(target_arch = "x86_64")]
                    Level::Avx2 => part_avx2(part),
                    _ => move_part::<Portable>(part),
                }
            });
        });
    }
}

/// # Safety
/// The arrays have the blocks of the part, nobody else writes those of `to` or anything of `from`, and the processor has
/// the instruction set of `L`.
#[inline(always)]
unsafe fn move_part<L: Lanes>(part: &Part) {
    for block in part.blocks.clone() {
        for (from, to) in part.from.iter().zip(part.to) {
            // SAFETY: the caller's contract.
            unsafe { L::load(from.add(block * LANES)).stream(to.add(block * LANES)) }
        }
    }
}

/// # Safety
/// The contract of [`move_part`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2,fma")]
unsafe fn part_avx512(part: &Part) {
    // SAFETY: the caller's contract.
    unsafe { move_part::<super::simd::Avx512>(part) }
}

/// # Safety
/// The contract of [`move_part`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn part_avx2(part: &Part) {
    // SAFETY: the caller's contract.
    unsafe { move_part::<super::simd::Avx2>(part) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_patterns_move_every_number() {
        let mut streams = Streams::new(200_000);
        assert_eq!(streams.bytes(), 2 * 40 * 16 * streams.blocks);
        let ramp: Vec<f32> = (0..streams.blocks * LANES).map(|k| k as f32).collect();
        let zeros = vec![0.0; ramp.len()];
        streams.from.copy_from(&[ramp.as_slice(); FIELDS]);
        for pattern in [Streams::copy, Streams::fields] {
            streams.to.copy_from(&[zeros.as_slice(); FIELDS]);
            assert!(pattern(&mut streams) >= 0.0);
            assert!(streams.to.slices().iter().all(|field| *field == ramp));
        }
    }
}
