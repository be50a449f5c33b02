//! How a state's numbers are kept between steps: in 32 bits, or in 16.
//!
//! A step computes in single precision either way; what 16 bits halve is the memory and the bytes that a step moves.
//! A number of 16 bits (binary16: 11 bits of mantissa) is off by up to 1/2048 of its size. Rounded to the nearest, a
//! change of less than half of that is lost again and again, and where the flow is smooth neighbours are all rounded
//! alike: the errors add up over steps and sites (docs/verification.md: up to 2.5 % of a pressure gradient). So numbers
//! are rounded at random, up with a probability of what the lower one leaves: the error has the mean nought at every
//! site and step (stochastic rounding: Croci et al., R. Soc. Open Sci. 9, 211631, 2022), what is left is noise.
//!
//! What is added before the last 13 bits of a single-precision number are cut off comes from a hash of site and step
//! (C. Wellons' `lowbias32`, then one step of the congruential generator of M. O'Neill's PCG for each pair of numbers),
//! so that the same run gives the same bits whatever the number of threads. Numbers are scaled so that they stay normal
//! down to 4e-9; what is smaller is kept or taken as nought, as the device does. The twin is `shaders/after_16.wgsl`.

use std::fmt;

use half::f16;

use super::lanes::{Bits, Lanes};
use super::moments::FIELDS;

/// Bits that the numbers of a state are kept in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Storage {
    /// 32: as they are computed.
    #[default]
    F32,
    /// 16, rounded at random.
    F16,
}

impl Storage {
    /// Both.
    pub const ALL: [Self; 2] = [Self::F32, Self::F16];

    /// Bytes of a number.
    #[must_use]
    pub fn number_bytes(self) -> usize {
        match self {
            Self::F32 => size_of::<f32>(),
            Self::F16 => size_of::<f16>(),
        }
    }

    /// Bytes of the state of a site.
    #[must_use]
    pub fn state_bytes(self) -> usize {
        FIELDS * self.number_bytes()
    }
}

/// `f32` or `f16`.
impl fmt::Display for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
        })
    }
}

/// What a number is multiplied by before it is kept in 16 bits: the largest ones are 4, far beyond a flow's.
pub const SCALE: f32 = 16384.0;

/// Bits of a single-precision number that 16 bits have no room for.
pub const CUT: u32 = 0x1fff;

/// Fields that share the bits of one random number, and on an adapter one word: the lower and the upper one.
pub const PAIRS: [[usize; 2]; FIELDS / 2] = [[0, 4], [5, 6], [1, 2], [3, 7], [8, 9]];

/// The random bits of sites (by their padded indices) in the step after `tick` others.
#[inline(always)]
pub fn seed<B: Bits>(site: B, tick: u32) -> B {
    let x = site.add(B::splat(tick.wrapping_mul(0x9e37_79b9)));
    let x = x.xor(x.shift::<16>()).mul(B::splat(0x7feb_352d));
    let x = x.xor(x.shift::<15>()).mul(B::splat(0x846c_a68b));
    x.xor(x.shift::<16>())
}

/// The random bits after these.
#[inline(always)]
pub fn next<B: Bits>(bits: B) -> B {
    bits.mul(B::splat(747_796_405)).add(B::splat(2_891_336_453))
}

/// A pair of scaled numbers as 16 bits can hold them, rounded by random bits.
#[inline(always)]
pub fn round<L: Lanes>([low, high]: [L; 2], bits: L::Bits) -> [L; 2] {
    let (cut, kept) = (L::Bits::splat(CUT), L::Bits::splat(!CUT));
    let low = low.to_bits().add(bits.shift::<6>().and(cut)).and(kept);
    let high = high.to_bits().add(bits.shift::<19>()).and(kept);
    [L::from_bits(low), L::from_bits(high)]
}

/// A number in 16 bits, rounded to the nearest.
#[must_use]
pub fn keep(value: f32) -> f16 {
    f16::from_f32(value * SCALE)
}

/// A number kept in 16 bits; not a number for infinity.
#[inline(always)]
#[must_use]
pub fn read(kept: f16) -> f32 {
    // As bits of single precision the exponent is 112 too small.
    const UNIT: f32 = f32::from_bits((127 + 112) << 23) / SCALE;
    let bits = u32::from(kept.to_bits());
    let size = f32::from_bits((bits & 0x7fff) << 13) * UNIT;
    let size = if bits & 0x7c00 == 0x7c00 { f32::NAN } else { size };
    f32::from_bits(size.to_bits() | (bits & 0x8000) << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_16_bits_is_read() {
        for bits in 0..=u16::MAX {
            let kept = f16::from_bits(bits);
            let expected = kept.to_f32() / SCALE;
            if expected.is_finite() {
                assert_eq!(read(kept).to_bits(), expected.to_bits(), "{bits:04x}");
                assert_eq!(keep(expected).to_bits(), bits, "{bits:04x}");
            } else {
                assert!(read(kept).is_nan(), "{bits:04x}");
            }
        }
    }

    #[test]
    fn bytes_of_a_state() {
        assert_eq!(
            Storage::ALL.map(|storage| (storage.to_string(), storage.state_bytes())),
            [("f32".into(), 40), ("f16".into(), 20)]
        );
        let mut paired = PAIRS.concat();
        paired.sort_unstable();
        assert_eq!(paired, (0..FIELDS).collect::<Vec<_>>());
    }
}
