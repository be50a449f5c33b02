//! Lanes of x86: AVX-512, and AVX2 with fused multiply-add and conversions of 16-bit numbers.

use half::f16;

use super::Lanes;
use crate::fluid::rheology::{FIRST, HIGHEST, LOWEST, SHIFT, Table};
use std::arch::x86_64::*;

mod bits;

pub use bits::{Bits256, Bits512};

/// One register of sixteen.
#[derive(Clone, Copy)]
pub struct Avx512(__m512);

impl Lanes for Avx512 {
    type Bits = Bits512;
    #[inline(always)]
    fn splat(value: f32) -> Self {
        // SAFETY: by the trait's contract the processor has AVX-512; so in all methods below.
        Self(unsafe { _mm512_set1_ps(value) })
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: sixteen reads are valid by the caller's contract.
        Self(unsafe { _mm512_loadu_ps(from) })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: sixteen aligned writes are valid by the caller's contract.
        unsafe { _mm512_store_ps(to, self.0) }
    }
    #[inline(always)]
    unsafe fn stream(self, to: *mut f32) {
        // SAFETY: as in `store`; the kernel fences before others read.
        unsafe { _mm512_stream_ps(to, self.0) }
    }
    #[inline(always)]
    unsafe fn load_u16(from: *const u16) -> Self {
        // SAFETY: sixteen reads are valid by the caller's contract.
        Self(unsafe { _mm512_cvtepi32_ps(_mm512_cvtepu16_epi32(_mm256_loadu_si256(from.cast()))) })
    }
    #[inline(always)]
    unsafe fn nonzero(from: *const u16) -> u16 {
        // SAFETY: sixteen reads are valid by the caller's contract.
        unsafe {
            let values = _mm256_loadu_si256(from.cast());
            _mm256_test_epi16_mask(values, values)
        }
    }
    #[inline(always)]
    unsafe fn load_half(from: *const f16) -> Self {
        // SAFETY: sixteen reads are valid by the caller's contract.
        Self(unsafe { _mm512_cvtph_ps(_mm256_loadu_si256(from.cast())) })
    }
    #[inline(always)]
    unsafe fn store_half(self, to: *mut f16) {
        // SAFETY: sixteen aligned writes are valid by the caller's contract.
        unsafe { _mm256_store_si256(to.cast(), _mm512_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(self.0)) }
    }
    #[inline(always)]
    fn to_bits(self) -> Bits512 {
        // SAFETY: as in `blend`.
        Bits512(unsafe { _mm512_castps_si512(self.0) })
    }
    #[inline(always)]
    fn from_bits(bits: Bits512) -> Self {
        // SAFETY: as in `blend`.
        Self(unsafe { _mm512_castsi512_ps(bits.0) })
    }
    #[inline(always)]
    unsafe fn expand(self, mask: u16, from: *const f32) -> Self {
        // SAFETY: the masked load reads as many values as there are bits, valid by the caller's contract.
        Self(unsafe { _mm512_mask_expandloadu_ps(self.0, mask, from) })
    }
    #[inline(always)]
    fn blend(self, mask: u16, other: Self) -> Self {
        // SAFETY: AVX-512 is present by the trait's contract.
        Self(unsafe { _mm512_mask_blend_ps(mask, self.0, other.0) })
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: as in `blend`.
        Self(unsafe { _mm512_add_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        // SAFETY: as in `blend`.
        Self(unsafe { _mm512_sub_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        // SAFETY: as in `blend`.
        Self(unsafe { _mm512_mul_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn reciprocal(self) -> Self {
        // SAFETY: as in `blend`. An estimate of 14 bits, and a step of Newton's.
        unsafe {
            let r = _mm512_rcp14_ps(self.0);
            Self(_mm512_fmadd_ps(_mm512_fnmadd_ps(self.0, r, _mm512_set1_ps(1.0)), r, r))
        }
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        // SAFETY: as in `blend`.
        Self(unsafe { _mm512_fmadd_ps(self.0, factor.0, addend.0) })
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        // SAFETY: as in `blend`.
        Self(unsafe { _mm512_sqrt_ps(self.0) })
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // SAFETY: as in `blend`.
        Self(unsafe { _mm512_max_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn look_up(self, table: &Table) -> Self {
        let from = table.omegas().as_ptr();
        // SAFETY: as in `blend`; what is not a number becomes LOWEST, and between that and HIGHEST every index has a
        // successor in the table.
        unsafe {
            let low = _mm512_max_ps(self.0, _mm512_set1_ps(LOWEST));
            let bits = _mm512_castps_si512(_mm512_min_ps(low, _mm512_set1_ps(HIGHEST)));
            let k = _mm512_sub_epi32(_mm512_srli_epi32::<SHIFT>(bits), _mm512_set1_epi32(FIRST as i32));
            let rest = _mm512_and_si512(bits, _mm512_set1_epi32((1 << SHIFT) - 1));
            let fraction = _mm512_mul_ps(_mm512_cvtepi32_ps(rest), _mm512_set1_ps(STEP));
            let low = _mm512_i32gather_ps::<4>(k, from);
            let high = _mm512_i32gather_ps::<4>(k, from.add(1));
            Self(_mm512_fmadd_ps(_mm512_sub_ps(high, low), fraction, low))
        }
    }
}

/// Two registers of eight.
#[derive(Clone, Copy)]
pub struct Avx2(__m256, __m256);

/// What one bit of a mantissa's rest is of a segment of a rheology's table.
const STEP: f32 = 1.0 / (1 << SHIFT) as f32;

/// [`Table::look_up`] of eight.
///
/// # Safety
/// The processor has AVX2 and FMA.
#[inline(always)]
unsafe fn look_up(square: __m256, table: &Table) -> __m256 {
    let from = table.omegas().as_ptr();
    // SAFETY: what is not a number becomes LOWEST, and between that and HIGHEST every index has a successor in the
    // table; the rest is the caller's contract.
    unsafe {
        let low = _mm256_max_ps(square, _mm256_set1_ps(LOWEST));
        let bits = _mm256_castps_si256(_mm256_min_ps(low, _mm256_set1_ps(HIGHEST)));
        let k = _mm256_sub_epi32(_mm256_srli_epi32::<{ SHIFT as i32 }>(bits), _mm256_set1_epi32(FIRST as i32));
        let rest = _mm256_and_si256(bits, _mm256_set1_epi32((1 << SHIFT) - 1));
        let fraction = _mm256_mul_ps(_mm256_cvtepi32_ps(rest), _mm256_set1_ps(STEP));
        let low = _mm256_i32gather_ps::<4>(from, k);
        let high = _mm256_i32gather_ps::<4>(from.add(1), k);
        _mm256_fmadd_ps(_mm256_sub_ps(high, low), fraction, low)
    }
}

/// The sign bits of the lanes of `mask` set, which is what a blend looks at; the others are arbitrary.
#[inline(always)]
fn wide(mask: u16) -> (__m256, __m256) {
    // SAFETY: AVX2 is present by the contract of `Lanes`.
    unsafe {
        let all = _mm256_set1_epi32(i32::from(mask));
        let to_sign = |by: __m256i| _mm256_castsi256_ps(_mm256_sllv_epi32(all, by));
        (
            to_sign(_mm256_setr_epi32(31, 30, 29, 28, 27, 26, 25, 24)),
            to_sign(_mm256_setr_epi32(23, 22, 21, 20, 19, 18, 17, 16)),
        )
    }
}

/// Puts successive values into the lanes of `mask`. A call, because eighteen copies of it would fill the cache of the
/// kernel's instructions for the few blocks at openings.
///
/// # Safety
/// `from` is valid for as many reads as `mask` has bits set.
#[inline(never)]
unsafe fn scatter(lanes: &mut [f32; 16], mut mask: u16, mut from: *const f32) {
    while mask != 0 {
        // SAFETY: one read a bit, by the caller's contract.
        unsafe {
            lanes[mask.trailing_zeros() as usize] = from.read();
            from = from.add(1);
        }
        mask &= mask - 1;
    }
}

impl Lanes for Avx2 {
    type Bits = Bits256;
    #[inline(always)]
    fn splat(value: f32) -> Self {
        // SAFETY: by the trait's contract the processor has AVX2 and FMA; so in all methods below.
        let v = unsafe { _mm256_set1_ps(value) };
        Self(v, v)
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: sixteen reads are valid by the caller's contract.
        unsafe { Self(_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: sixteen aligned writes are valid by the caller's contract.
        unsafe {
            _mm256_store_ps(to, self.0);
            _mm256_store_ps(to.add(8), self.1);
        }
    }
    #[inline(always)]
    unsafe fn stream(self, to: *mut f32) {
        // SAFETY: as in `store`; the kernel fences before others read.
        unsafe {
            _mm256_stream_ps(to, self.0);
            _mm256_stream_ps(to.add(8), self.1);
        }
    }
    #[inline(always)]
    unsafe fn load_u16(from: *const u16) -> Self {
        // SAFETY: sixteen reads are valid by the caller's contract.
        unsafe {
            let half = |p: *const u16| _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(_mm_loadu_si128(p.cast())));
            Self(half(from), half(from.add(8)))
        }
    }
    #[inline(always)]
    unsafe fn nonzero(from: *const u16) -> u16 {
        // SAFETY: sixteen reads are valid by the caller's contract.
        unsafe {
            let (low, high) = (_mm_loadu_si128(from.cast()), _mm_loadu_si128(from.add(8).cast()));
            let zero = _mm_setzero_si128();
            let none = _mm_packs_epi16(_mm_cmpeq_epi16(low, zero), _mm_cmpeq_epi16(high, zero));
            !(_mm_movemask_epi8(none) as u16)
        }
    }
    #[inline(always)]
    unsafe fn load_half(from: *const f16) -> Self {
        // SAFETY: sixteen reads are valid by the caller's contract.
        unsafe {
            let (low, high) = (_mm_loadu_si128(from.cast()), _mm_loadu_si128(from.add(8).cast()));
            Self(_mm256_cvtph_ps(low), _mm256_cvtph_ps(high))
        }
    }
    #[inline(always)]
    unsafe fn store_half(self, to: *mut f16) {
        // SAFETY: sixteen aligned writes are valid by the caller's contract.
        unsafe {
            _mm_store_si128(to.cast(), _mm256_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(self.0));
            _mm_store_si128(to.add(8).cast(), _mm256_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(self.1));
        }
    }
    #[inline(always)]
    fn to_bits(self) -> Bits256 {
        // SAFETY: as in `blend`.
        unsafe { Bits256(_mm256_castps_si256(self.0), _mm256_castps_si256(self.1)) }
    }
    #[inline(always)]
    fn from_bits(bits: Bits256) -> Self {
        // SAFETY: as in `blend`.
        unsafe { Self(_mm256_castsi256_ps(bits.0), _mm256_castsi256_ps(bits.1)) }
    }
    #[inline(always)]
    unsafe fn expand(self, mask: u16, from: *const f32) -> Self {
        let mut lanes = [0.0f32; 16];
        // SAFETY: the array has room for sixteen; the rest is the caller's contract.
        unsafe {
            _mm256_storeu_ps(lanes.as_mut_ptr(), self.0);
            _mm256_storeu_ps(lanes.as_mut_ptr().add(8), self.1);
            scatter(&mut lanes, mask, from);
            Self::load(lanes.as_ptr())
        }
    }
    #[inline(always)]
    fn blend(self, mask: u16, other: Self) -> Self {
        let (lo, hi) = wide(mask);
        // SAFETY: AVX2 is present by the trait's contract.
        unsafe { Self(_mm256_blendv_ps(self.0, other.0, lo), _mm256_blendv_ps(self.1, other.1, hi)) }
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: as in `blend`.
        unsafe { Self(_mm256_add_ps(self.0, other.0), _mm256_add_ps(self.1, other.1)) }
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        // SAFETY: as in `blend`.
        unsafe { Self(_mm256_sub_ps(self.0, other.0), _mm256_sub_ps(self.1, other.1)) }
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        // SAFETY: as in `blend`.
        unsafe { Self(_mm256_mul_ps(self.0, other.0), _mm256_mul_ps(self.1, other.1)) }
    }
    #[inline(always)]
    fn reciprocal(self) -> Self {
        let Self(a, b) = Self::splat(1.0);
        // SAFETY: as in `blend`.
        unsafe { Self(_mm256_div_ps(a, self.0), _mm256_div_ps(b, self.1)) }
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        // SAFETY: as in `blend`.
        unsafe { Self(_mm256_fmadd_ps(self.0, factor.0, addend.0), _mm256_fmadd_ps(self.1, factor.1, addend.1)) }
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        // SAFETY: as in `blend`.
        unsafe { Self(_mm256_sqrt_ps(self.0), _mm256_sqrt_ps(self.1)) }
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // SAFETY: as in `blend`.
        unsafe { Self(_mm256_max_ps(self.0, other.0), _mm256_max_ps(self.1, other.1)) }
    }
    #[inline(always)]
    fn look_up(self, table: &Table) -> Self {
        // SAFETY: AVX2 and FMA are present by the trait's contract.
        unsafe { Self(look_up(self.0, table), look_up(self.1, table)) }
    }
}
