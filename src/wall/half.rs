//! Blocks of the stiffness in half precision: what smoothers multiply with.
//!
//! A product waits for memory, and a smoother needs no more than three digits of the matrix: what it leaves is measured
//! by conjugate gradients with the matrix in single precision, and these by the residual in double precision. Products
//! are in differences, so a translation still strains nothing.

use super::memory;
use rayon::prelude::*;

/// Exponent of two that the largest number gets: half precision goes to just below 2^16, and down to 2^-14 with all digits.
const LARGEST: i32 = 14;

/// Numbers that a task takes.
const TASK: usize = 1 << 16;

/// Blocks of a stiffness, rounded.
#[derive(Clone, Debug, Default)]
pub struct Half {
    /// The numbers of the blocks, in half precision.
    pub(super) blocks: Vec<u16>,
    /// What one is, N/m; a power of two.
    pub(super) unit: f32,
}

impl Half {
    /// Rounded blocks; none where the processor does not convert half precision itself, so that nothing would be gained.
    #[must_use]
    pub fn new(blocks: &[f32]) -> Option<Self> {
        (wide() || narrow()).then(|| Self::rounded(blocks))
    }

    /// Rounded blocks.
    pub(super) fn rounded(blocks: &[f32]) -> Self {
        let largest = |part: &[f32]| part.iter().fold(0.0, |largest, v| f32::max(largest, v.abs()));
        let largest = blocks.par_chunks(TASK).map(largest).reduce(|| 0.0, f32::max);
        let exponent = if largest > 0.0 && largest.is_finite() { largest.log2().ceil() as i32 } else { 0 };
        // Powers that single precision can hold, so that neither they nor their inverses vanish.
        let exponent = (exponent - LARGEST).clamp(-126, 126);
        let (unit, scale) = (f32::powi(2.0, exponent), f32::powi(2.0, -exponent));
        let mut out: Vec<u16> = memory::zeros(blocks.len());
        out.par_chunks_mut(TASK).zip(blocks.par_chunks(TASK)).for_each(|(to, from)| narrowed(from, scale, to));
        Self { blocks: out, unit }
    }
}

/// Whether there are registers of sixteen numbers, and what turns half precision into them.
#[must_use]
pub(super) fn wide() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && narrow()
    }
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Whether there are registers of eight numbers, and what turns half precision into them.
#[must_use]
pub(super) fn narrow() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c")
    }
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Numbers times `scale` in half precision.
fn narrowed(from: &[f32], scale: f32, to: &mut [u16]) {
    #[cfg(target_arch = "x86_64")]
    if narrow() {
        // SAFETY: the processor has AVX2 and F16C.
        return unsafe { x86::narrowed(from, scale, to) };
    }
    to.iter_mut().zip(from).for_each(|(to, from)| *to = rounded(scale * from));
}

/// The nearest number of half precision, ties to even; numbers too large become infinite.
fn rounded(value: f32) -> u16 {
    let sign = (value.to_bits() >> 16 & 0x8000) as u16;
    let size = value.abs();
    if size >= 65520.0 {
        return sign | 0x7c00;
    }
    // Adding this leaves the digits that half precision keeps at the low end, rounded by the processor.
    let exponent = (size.to_bits() >> 23).max(127 - 14);
    let round = f32::from_bits((exponent + 13) << 23);
    let digits = (size + round).to_bits() - round.to_bits();
    sign | (((exponent - (127 - 14)) << 10) + digits) as u16
}

/// A number of half precision.
#[inline(always)]
pub(super) fn widened(half: u16) -> f32 {
    let sign = u32::from(half & 0x8000) << 16;
    // The exponent of single precision begins 112 lower; a product moves it, and numbers without a leading one with it.
    let size = f32::from_bits(u32::from(half & 0x7fff) << 13) * f32::from_bits((127 + 112) << 23);
    f32::from_bits(size.to_bits() | sign)
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    /// # Safety
    /// The processor has AVX2 and F16C.
    #[target_feature(enable = "avx2,f16c")]
    pub(super) unsafe fn narrowed(from: &[f32], scale: f32, to: &mut [u16]) {
        let ((from, rest), (to, end)) = (from.as_chunks::<8>(), to.as_chunks_mut::<8>());
        for (to, from) in to.iter_mut().zip(from) {
            // SAFETY: eight numbers can be read and written.
            unsafe {
                let scaled = _mm256_mul_ps(_mm256_loadu_ps(from.as_ptr()), _mm256_set1_ps(scale));
                _mm_storeu_si128(to.as_mut_ptr().cast(), _mm256_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(scaled));
            }
        }
        end.iter_mut().zip(rest).for_each(|(to, from)| *to = super::rounded(scale * from));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_the_nearest_ones() {
        for half in (0..0x7c00).flat_map(|h| [h, h | 0x8000]) {
            assert_eq!(rounded(widened(half)), half);
        }
        assert_eq!(widened(0x3c00), 1.0);
        assert_eq!(widened(0xc500), -5.0);
        assert_eq!(widened(0x0001), f32::powi(2.0, -24));
        assert_eq!([rounded(1.0 + f32::powi(2.0, -11)), rounded(1.0 + f32::powi(2.0, -10))], [0x3c00, 0x3c01]);
        assert_eq!([rounded(1e6), rounded(-1e6), rounded(1e-9)], [0x7c00, 0xfc00, 0]);
    }

    /// What the processor converts is what is written out here, whatever the unit.
    #[test]
    fn the_processor_rounds_alike() {
        for size in [1e-12f32, 1.0, 3e7] {
            let values: Vec<f32> =
                (0..1003).map(|k| size * ((k * k % 997) as f32 - 498.3) / (1 + k % 64) as f32).collect();
            let half = Half::rounded(&values);
            for (value, half_value) in values.iter().zip(&half.blocks) {
                assert_eq!(*half_value, rounded(value / half.unit));
                assert!((half.unit * widened(*half_value) - value).abs() <= value.abs() * f32::powi(2.0, -11));
            }
        }
    }
}
