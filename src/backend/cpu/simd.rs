//! Sixteen lanes in the instruction sets that the processor may have.

use std::fmt;

use half::f16;
use half::slice::HalfFloatSliceExt;
use serde::Serialize;

use crate::fluid::lanes::{Bits, Lanes};
use crate::fluid::rheology::Table;

/// Instruction set that the kernels run in, found at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// One register of sixteen.
    Avx512,
    /// Two registers of eight, fused multiply-add.
    Avx2,
    /// Whatever the compiler makes of an array of sixteen.
    Portable,
}

impl Level {
    /// The best level of this processor.
    #[must_use]
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl")
            {
                return Self::Avx512;
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c") {
                return Self::Avx2;
            }
        }
        Self::Portable
    }

    /// The levels that this processor can run, best first.
    #[must_use]
    pub fn available() -> Vec<Self> {
        match Self::detect() {
            Self::Avx512 => vec![Self::Avx512, Self::Avx2, Self::Portable],
            Self::Avx2 => vec![Self::Avx2, Self::Portable],
            Self::Portable => vec![Self::Portable],
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Avx512 => "AVX-512",
            Self::Avx2 => "AVX2 + FMA",
            Self::Portable => "portable",
        })
    }
}

/// An array that the compiler vectorises as it can.
#[derive(Clone, Copy)]
pub struct Portable([f32; 16]);

impl Portable {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        Self(std::array::from_fn(|k| f(self.0[k], other.0[k])))
    }
}

impl Lanes for Portable {
    type Bits = [u32; 16];
    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self([value; 16])
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: sixteen reads are valid by the caller's contract; an array of f32 has the alignment of f32.
        Self(unsafe { from.cast::<[f32; 16]>().read() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: sixteen writes are valid by the caller's contract.
        unsafe { to.cast::<[f32; 16]>().write(self.0) }
    }
    #[inline(always)]
    unsafe fn stream(self, to: *mut f32) {
        // SAFETY: the contract is that of `store`.
        unsafe { self.store(to) }
    }
    #[inline(always)]
    unsafe fn load_u16(from: *const u16) -> Self {
        // SAFETY: sixteen reads are valid by the caller's contract.
        let values = unsafe { from.cast::<[u16; 16]>().read() };
        Self(values.map(f32::from))
    }
    #[inline(always)]
    unsafe fn nonzero(from: *const u16) -> u16 {
        // SAFETY: sixteen reads are valid by the caller's contract.
        let values = unsafe { from.cast::<[u16; 16]>().read() };
        values.iter().enumerate().fold(0, |mask, (lane, &value)| mask | u16::from(value != 0) << lane)
    }
    #[inline(always)]
    unsafe fn load_half(from: *const f16) -> Self {
        // SAFETY: sixteen reads are valid by the caller's contract; an array of f16 has the alignment of f16.
        let values = unsafe { from.cast::<[f16; 16]>().read() };
        let mut out = [0.0; 16];
        values.convert_to_f32_slice(&mut out);
        Self(out)
    }
    #[inline(always)]
    unsafe fn store_half(self, to: *mut f16) {
        let mut values = [f16::ZERO; 16];
        values.convert_from_f32_slice(&self.0);
        // SAFETY: sixteen writes are valid by the caller's contract.
        unsafe { to.cast::<[f16; 16]>().write(values) }
    }
    #[inline(always)]
    fn to_bits(self) -> Self::Bits {
        self.0.map(f32::to_bits)
    }
    #[inline(always)]
    fn from_bits(bits: Self::Bits) -> Self {
        Self(bits.map(f32::from_bits))
    }
    #[inline(always)]
    unsafe fn expand(self, mask: u16, from: *const f32) -> Self {
        let mut out = self;
        let mut next = 0;
        for lane in 0..16 {
            if mask >> lane & 1 == 1 {
                // SAFETY: `next` counts the bits set so far, which the caller's contract covers.
                out.0[lane] = unsafe { from.add(next).read() };
                next += 1;
            }
        }
        out
    }
    #[inline(always)]
    fn blend(self, mask: u16, other: Self) -> Self {
        Self(std::array::from_fn(|k| if mask >> k & 1 == 1 { other.0[k] } else { self.0[k] }))
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
    #[inline(always)]
    fn reciprocal(self) -> Self {
        Self(self.0.map(f32::recip))
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        Self(std::array::from_fn(|k| self.0[k] * factor.0[k] + addend.0[k]))
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0.map(f32::sqrt))
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        self.zip(other, f32::max)
    }
    #[inline(always)]
    fn look_up(self, table: &Table) -> Self {
        Self(self.0.map(|square| table.look_up(square)))
    }
}

impl Bits for [u32; 16] {
    #[inline(always)]
    fn splat(value: u32) -> Self {
        [value; 16]
    }
    #[inline(always)]
    fn count(first: u32) -> Self {
        std::array::from_fn(|k| first.wrapping_add(k as u32))
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        std::array::from_fn(|k| self[k].wrapping_add(other[k]))
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        std::array::from_fn(|k| self[k].wrapping_mul(other[k]))
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        std::array::from_fn(|k| self[k] ^ other[k])
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        std::array::from_fn(|k| self[k] & other[k])
    }
    #[inline(always)]
    fn shift<const N: u32>(self) -> Self {
        self.map(|bits| bits >> N)
    }
}

#[cfg(target_arch = "x86_64")]
pub use x86::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod x86;
