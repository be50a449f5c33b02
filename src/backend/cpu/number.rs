//! Numbers as a state keeps them: how the kernel loads and stores a row of them.

use half::f16;

use crate::fluid::lanes::{Bits, Lanes};
use crate::fluid::moments::FIELDS;
use crate::fluid::storage::{self, PAIRS, SCALE};

/// A number of a state.
pub(super) trait Number: Copy + Send + Sync + 'static {
    /// What a loaded 1 stands for.
    const UNIT: f32;

    /// Loads a row, in terms of [`Self::UNIT`].
    ///
    /// # Safety
    /// `from` is valid for sixteen reads.
    unsafe fn load<L: Lanes>(from: *const Self) -> L;

    /// Stores the moments of the block whose lane 0 is site `own`, in the step after `tick` others.
    ///
    /// # Safety
    /// Each of `to` is valid for sixteen writes at `own`, and aligned to a row there.
    unsafe fn store<L: Lanes>(moments: &[L; FIELDS], to: &[*mut Self; FIELDS], own: usize, tick: u32);

    /// The same past the caches, where a row fills a line of them.
    ///
    /// # Safety
    /// As [`Self::store`].
    unsafe fn stream<L: Lanes>(moments: &[L; FIELDS], to: &[*mut Self; FIELDS], own: usize, tick: u32);

    /// The number.
    fn read(self) -> f32;

    /// The nearest number that can be kept.
    fn keep(value: f32) -> Self;
}

/// `value` times what a loaded 1 stands for.
#[inline(always)]
pub(super) fn in_units<T: Number, L: Lanes>(value: L) -> L {
    if T::UNIT == 1.0 { value } else { value.mul(L::splat(T::UNIT)) }
}

impl Number for f32 {
    const UNIT: f32 = 1.0;

    #[inline(always)]
    unsafe fn load<L: Lanes>(from: *const Self) -> L {
        // SAFETY: the caller's contract.
        unsafe { L::load(from) }
    }

    #[inline(always)]
    unsafe fn store<L: Lanes>(moments: &[L; FIELDS], to: &[*mut Self; FIELDS], own: usize, _: u32) {
        for k in 0..FIELDS {
            // SAFETY: the caller's contract.
            unsafe { moments[k].store(to[k].add(own)) }
        }
    }

    #[inline(always)]
    unsafe fn stream<L: Lanes>(moments: &[L; FIELDS], to: &[*mut Self; FIELDS], own: usize, _: u32) {
        for k in 0..FIELDS {
            // SAFETY: the caller's contract.
            unsafe { moments[k].stream(to[k].add(own)) }
        }
    }

    fn read(self) -> f32 {
        self
    }

    fn keep(value: f32) -> Self {
        value
    }
}

impl Number for f16 {
    const UNIT: f32 = 1.0 / SCALE;

    #[inline(always)]
    unsafe fn load<L: Lanes>(from: *const Self) -> L {
        // SAFETY: the caller's contract.
        unsafe { L::load_half(from) }
    }

    #[inline(always)]
    unsafe fn store<L: Lanes>(moments: &[L; FIELDS], to: &[*mut Self; FIELDS], own: usize, tick: u32) {
        let scale = L::splat(SCALE);
        let mut bits = storage::seed(L::Bits::count(own as u32), tick);
        for [low, high] in PAIRS {
            let [a, b] = storage::round([moments[low].mul(scale), moments[high].mul(scale)], bits);
            // SAFETY: the caller's contract.
            unsafe {
                a.store_half(to[low].add(own));
                b.store_half(to[high].add(own));
            }
            bits = storage::next(bits);
        }
    }

    #[inline(always)]
    unsafe fn stream<L: Lanes>(moments: &[L; FIELDS], to: &[*mut Self; FIELDS], own: usize, tick: u32) {
        // SAFETY: the caller's contract.
        unsafe { Self::store(moments, to, own, tick) }
    }

    fn read(self) -> f32 {
        storage::read(self)
    }

    fn keep(value: f32) -> Self {
        storage::keep(value)
    }
}
