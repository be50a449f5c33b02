//! Nine numbers in the registers of x86.

use super::{Nine, Task};
use std::arch::x86_64::*;

/// # Safety
/// The processor has AVX-512 with its narrower forms.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) unsafe fn avx512(task: impl Task) {
    task.run::<Masked>();
}

/// # Safety
/// The processor has AVX2, FMA and F16C.
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) unsafe fn avx2(task: impl Task) {
    task.run::<EightAndOne>();
}

/// Nine of the sixteen lanes of a register; the others are nought.
#[derive(Clone, Copy)]
struct Masked(__m512);

const NINE: __mmask16 = 0x1ff;

impl Nine for Masked {
    #[inline(always)]
    fn zero() -> Self {
        // SAFETY: the processor has AVX-512 by the contract of `Nine`; so in all methods below.
        Self(unsafe { _mm512_setzero_ps() })
    }
    #[inline(always)]
    fn load(from: &[f32; 9]) -> Self {
        // SAFETY: the mask lets nine numbers be read.
        Self(unsafe { _mm512_maskz_loadu_ps(NINE, from.as_ptr()) })
    }
    #[inline(always)]
    fn load_half(from: &[u16; 9]) -> Self {
        // SAFETY: as in `load`.
        Self(unsafe { _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(NINE, from.as_ptr().cast())) })
    }
    #[inline(always)]
    fn repeat(from: &[f32; 9]) -> Self {
        // SAFETY: as in `zero`.
        unsafe {
            let middle = _mm512_setr_epi32(3, 4, 5, 3, 4, 5, 3, 4, 5, 0, 0, 0, 0, 0, 0, 0);
            Self(_mm512_maskz_permutexvar_ps(NINE, middle, Self::load(from).0))
        }
    }
    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        // SAFETY: as in `zero`.
        Self(unsafe { _mm512_sub_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn times_plus(self, factor: Self, addend: Self) -> Self {
        // SAFETY: as in `zero`.
        Self(unsafe { _mm512_fmadd_ps(self.0, factor.0, addend.0) })
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        // SAFETY: as in `zero`.
        unsafe { _mm512_reduce_add_ps(self.0) }
    }
    #[inline(always)]
    fn prefetch(at: *const u8) {
        // SAFETY: a prefetch does not fault.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) };
    }
}

/// A register of eight, and one number.
#[derive(Clone, Copy)]
struct EightAndOne(__m256, f32);

impl Nine for EightAndOne {
    #[inline(always)]
    fn zero() -> Self {
        // SAFETY: the processor has AVX2 and FMA by the contract of `Nine`; so in all methods below.
        Self(unsafe { _mm256_setzero_ps() }, 0.0)
    }
    #[inline(always)]
    fn load(from: &[f32; 9]) -> Self {
        // SAFETY: eight of nine numbers can be read.
        Self(unsafe { _mm256_loadu_ps(from.as_ptr()) }, from[8])
    }
    #[inline(always)]
    fn load_half(from: &[u16; 9]) -> Self {
        // SAFETY: as in `load`.
        unsafe {
            let last = _mm_cvtph_ps(_mm_cvtsi32_si128(i32::from(from[8])));
            Self(_mm256_cvtph_ps(_mm_loadu_si128(from.as_ptr().cast())), _mm_cvtss_f32(last))
        }
    }
    #[inline(always)]
    fn repeat(from: &[f32; 9]) -> Self {
        let [_, _, _, a, b, c, ..] = *from;
        // SAFETY: as in `zero`.
        Self(unsafe { _mm256_setr_ps(a, b, c, a, b, c, a, b) }, c)
    }
    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        // SAFETY: as in `zero`.
        Self(unsafe { _mm256_sub_ps(self.0, other.0) }, self.1 - other.1)
    }
    #[inline(always)]
    fn times_plus(self, factor: Self, addend: Self) -> Self {
        // SAFETY: as in `zero`.
        Self(unsafe { _mm256_fmadd_ps(self.0, factor.0, addend.0) }, self.1 * factor.1 + addend.1)
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        // SAFETY: as in `zero`.
        unsafe {
            let four = _mm_add_ps(_mm256_castps256_ps128(self.0), _mm256_extractf128_ps(self.0, 1));
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1))) + self.1
        }
    }
    #[inline(always)]
    fn prefetch(at: *const u8) {
        // SAFETY: a prefetch does not fault.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) };
    }
}
