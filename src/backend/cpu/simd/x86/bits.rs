//! The bits of lanes of x86.

use std::arch::x86_64::*;

use crate::fluid::lanes::Bits;

/// The bits of [`super::Avx512`].
#[derive(Clone, Copy)]
pub struct Bits512(pub(super) __m512i);

impl Bits for Bits512 {
    #[inline(always)]
    fn splat(value: u32) -> Self {
        // SAFETY: the processor has what `Avx512` needs, by the contract of `Lanes`; so in all methods below.
        Self(unsafe { _mm512_set1_epi32(value as i32) })
    }
    #[inline(always)]
    fn count(first: u32) -> Self {
        // SAFETY: as in `splat`.
        let steps = unsafe { _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) };
        Self::splat(first).add(Self(steps))
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: as in `splat`.
        Self(unsafe { _mm512_add_epi32(self.0, other.0) })
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        // SAFETY: as in `splat`.
        Self(unsafe { _mm512_mullo_epi32(self.0, other.0) })
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        // SAFETY: as in `splat`.
        Self(unsafe { _mm512_xor_si512(self.0, other.0) })
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        // SAFETY: as in `splat`.
        Self(unsafe { _mm512_and_si512(self.0, other.0) })
    }
    #[inline(always)]
    fn shift<const N: u32>(self) -> Self {
        // SAFETY: as in `splat`.
        Self(unsafe { _mm512_srl_epi32(self.0, _mm_cvtsi32_si128(N as i32)) })
    }
}

/// The bits of [`super::Avx2`].
#[derive(Clone, Copy)]
pub struct Bits256(pub(super) __m256i, pub(super) __m256i);

impl Bits for Bits256 {
    #[inline(always)]
    fn splat(value: u32) -> Self {
        // SAFETY: the processor has what `Avx2` needs, by the contract of `Lanes`; so in all methods below.
        let v = unsafe { _mm256_set1_epi32(value as i32) };
        Self(v, v)
    }
    #[inline(always)]
    fn count(first: u32) -> Self {
        // SAFETY: as in `splat`.
        unsafe {
            let steps = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
            let eight = _mm256_add_epi32(steps, _mm256_set1_epi32(8));
            Self::splat(first).add(Self(steps, eight))
        }
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: as in `splat`.
        unsafe { Self(_mm256_add_epi32(self.0, other.0), _mm256_add_epi32(self.1, other.1)) }
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        // SAFETY: as in `splat`.
        unsafe { Self(_mm256_mullo_epi32(self.0, other.0), _mm256_mullo_epi32(self.1, other.1)) }
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        // SAFETY: as in `splat`.
        unsafe { Self(_mm256_xor_si256(self.0, other.0), _mm256_xor_si256(self.1, other.1)) }
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        // SAFETY: as in `splat`.
        unsafe { Self(_mm256_and_si256(self.0, other.0), _mm256_and_si256(self.1, other.1)) }
    }
    #[inline(always)]
    fn shift<const N: u32>(self) -> Self {
        // SAFETY: as in `splat`.
        unsafe {
            let by = _mm_cvtsi32_si128(N as i32);
            Self(_mm256_srl_epi32(self.0, by), _mm256_srl_epi32(self.1, by))
        }
    }
}
