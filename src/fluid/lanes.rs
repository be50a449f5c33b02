//! Sixteen sites at once: the arithmetic that the per-site physics is written in.

use half::f16;

use super::rheology::Table;

/// Sixteen `u32`, one a lane, that wrap around.
pub trait Bits: Copy {
    /// The same number in every lane.
    fn splat(value: u32) -> Self;
    /// `first`, `first + 1`, ...
    fn count(first: u32) -> Self;
    /// `self + other`
    fn add(self, other: Self) -> Self;
    /// `self * other`
    fn mul(self, other: Self) -> Self;
    /// `self ^ other`
    fn xor(self, other: Self) -> Self;
    /// `self & other`
    fn and(self, other: Self) -> Self;
    /// `self >> N`
    fn shift<const N: u32>(self) -> Self;
}

/// Sixteen `f32`, one a lane. Implemented by each instruction set of the CPU backend; `f32` serves single sites.
///
/// # Safety
/// The pointer methods read or write the sixteen values behind the pointer (`expand`: as many as `mask` has bits).
/// An implementor for an instruction set may only be used where the processor has it.
pub trait Lanes: Copy {
    /// The bits of sixteen numbers.
    type Bits: Bits;
    /// The same value in every lane.
    fn splat(value: f32) -> Self;
    /// Loads sixteen values.
    ///
    /// # Safety
    /// `from` is valid for sixteen reads.
    unsafe fn load(from: *const f32) -> Self;
    /// Stores sixteen values.
    ///
    /// # Safety
    /// `to` is valid for sixteen writes and aligned to 64 bytes.
    unsafe fn store(self, to: *mut f32);
    /// Stores sixteen values past the caches where the processor can.
    ///
    /// # Safety
    /// `to` is valid for sixteen writes and aligned to 64 bytes.
    unsafe fn stream(self, to: *mut f32);
    /// Loads sixteen 16-bit integers as numbers.
    ///
    /// # Safety
    /// `from` is valid for sixteen reads.
    unsafe fn load_u16(from: *const u16) -> Self;
    /// The lanes of sixteen 16-bit integers that are not nought.
    ///
    /// # Safety
    /// `from` is valid for sixteen reads.
    unsafe fn nonzero(from: *const u16) -> u16;
    /// Loads sixteen numbers of 16 bits.
    ///
    /// # Safety
    /// `from` is valid for sixteen reads.
    unsafe fn load_half(from: *const f16) -> Self;
    /// Stores sixteen numbers, each as the nearest of 16 bits.
    ///
    /// # Safety
    /// `to` is valid for sixteen writes and aligned to 32 bytes.
    unsafe fn store_half(self, to: *mut f16);
    /// The numbers' own bits.
    fn to_bits(self) -> Self::Bits;
    /// Numbers by their bits.
    fn from_bits(bits: Self::Bits) -> Self;
    /// Puts successive values into the lanes of `mask`, and keeps `self` in the others.
    ///
    /// # Safety
    /// `from` is valid for as many reads as `mask` has bits set.
    unsafe fn expand(self, mask: u16, from: *const f32) -> Self;
    /// `other` in the lanes of `mask`, `self` elsewhere.
    fn blend(self, mask: u16, other: Self) -> Self;
    /// `self + other`
    fn add(self, other: Self) -> Self;
    /// `self - other`
    fn sub(self, other: Self) -> Self;
    /// `self * other`
    fn mul(self, other: Self) -> Self;
    /// `1 / self`, to the last place or two; of numbers that are neither nought nor denormal, nor larger than 1e30.
    fn reciprocal(self) -> Self;
    /// `self * factor + addend`, rounded once where the processor can.
    fn mul_add(self, factor: Self, addend: Self) -> Self;
    /// Square root.
    fn sqrt(self) -> Self;
    /// The larger of the two.
    fn max(self, other: Self) -> Self;
    /// [`Table::look_up`].
    fn look_up(self, table: &Table) -> Self;
}
