//! Eight elements at once, in double precision, in the instruction sets that the processor may have.
//!
//! A [`Kernel`] is arithmetic written once over [`Lanes`]; [`run`] carries it out in the widest registers there are.
//! Everything below `Kernel::run` is to be `#[inline(always)]`, since only code inlined into the functions here that
//! enable an instruction set is compiled for it.

use std::ops::{Add, Div, Mul, Sub};

/// Elements that are worked on at once.
pub(super) const LANES: usize = 8;

/// Eight `f64`, one a lane.
///
/// An implementor for an instruction set may only be used where the processor has it, which [`run`] sees to.
pub(super) trait Lanes:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    /// The same value in every lane.
    fn splat(value: f64) -> Self;
    /// One value a lane.
    fn load(values: &[f64; LANES]) -> Self;
    /// The value of each lane.
    fn store(self) -> [f64; LANES];
    /// The value of each lane, rounded.
    fn round(self) -> [f32; LANES];
    /// `self * factor + addend`
    fn mul_add(self, factor: Self, addend: Self) -> Self;
    /// `addend - self * factor`
    fn taken_from(self, factor: Self, addend: Self) -> Self;
    /// Square root.
    fn sqrt(self) -> Self;
}

/// Work over lanes, whatever holds them.
pub(super) trait Kernel {
    /// Does the work.
    fn run<V: Lanes>(self);
}

/// Runs a kernel in the widest registers of this processor.
pub(super) fn run<K: Kernel>(kernel: K) {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has AVX-512.
            return unsafe { x86::avx512(kernel) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the processor has AVX2 and FMA.
            return unsafe { x86::avx2(kernel) };
        }
    }
    kernel.run::<Portable>();
}

/// Runs a kernel in registers of four where the processor has them.
#[cfg(test)]
pub(super) fn run_halves<K: Kernel>(kernel: K) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        // SAFETY: the processor has AVX2 and FMA.
        return unsafe { x86::avx2(kernel) };
    }
    kernel.run::<Portable>();
}

/// An array that the compiler vectorises as it can.
#[derive(Clone, Copy)]
pub(super) struct Portable([f64; LANES]);

macro_rules! portable {
    ($trait:ident, $method:ident) => {
        impl $trait for Portable {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(std::array::from_fn(|k| self.0[k].$method(other.0[k])))
            }
        }
    };
}
portable!(Add, add);
portable!(Sub, sub);
portable!(Mul, mul);
portable!(Div, div);

impl Lanes for Portable {
    #[inline(always)]
    fn splat(value: f64) -> Self {
        Self([value; LANES])
    }
    #[inline(always)]
    fn load(values: &[f64; LANES]) -> Self {
        Self(*values)
    }
    #[inline(always)]
    fn store(self) -> [f64; LANES] {
        self.0
    }
    #[inline(always)]
    fn round(self) -> [f32; LANES] {
        self.0.map(|value| value as f32)
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        // Where there is no such instruction, a fused operation would be a call of a function.
        if cfg!(any(target_feature = "fma", target_arch = "aarch64")) {
            Self(std::array::from_fn(|k| self.0[k].mul_add(factor.0[k], addend.0[k])))
        } else {
            self * factor + addend
        }
    }
    #[inline(always)]
    fn taken_from(self, factor: Self, addend: Self) -> Self {
        Self(self.0.map(|value| -value)).mul_add(factor, addend)
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0.map(f64::sqrt))
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Add, Div, Kernel, LANES, Lanes, Mul, Sub};
    use std::arch::x86_64::*;

    /// # Safety
    /// The processor has AVX-512.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn avx512<K: Kernel>(kernel: K) {
        kernel.run::<Avx512>();
    }

    /// # Safety
    /// The processor has AVX2 and FMA.
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn avx2<K: Kernel>(kernel: K) {
        kernel.run::<Avx2>();
    }

    /// One register of eight.
    #[derive(Clone, Copy)]
    pub(super) struct Avx512(__m512d);

    /// Two registers of four.
    #[derive(Clone, Copy)]
    pub(super) struct Avx2(__m256d, __m256d);

    macro_rules! operator {
        ($trait:ident, $method:ident, $wide:ident, $half:ident) => {
            impl $trait for Avx512 {
                type Output = Self;
                #[inline(always)]
                fn $method(self, other: Self) -> Self {
                    // SAFETY: the processor has AVX-512 by the contract of `Lanes`.
                    Self(unsafe { $wide(self.0, other.0) })
                }
            }
            impl $trait for Avx2 {
                type Output = Self;
                #[inline(always)]
                fn $method(self, other: Self) -> Self {
                    // SAFETY: the processor has AVX2 by the contract of `Lanes`.
                    unsafe { Self($half(self.0, other.0), $half(self.1, other.1)) }
                }
            }
        };
    }
    operator!(Add, add, _mm512_add_pd, _mm256_add_pd);
    operator!(Sub, sub, _mm512_sub_pd, _mm256_sub_pd);
    operator!(Mul, mul, _mm512_mul_pd, _mm256_mul_pd);
    operator!(Div, div, _mm512_div_pd, _mm256_div_pd);

    impl Lanes for Avx512 {
        #[inline(always)]
        fn splat(value: f64) -> Self {
            // SAFETY: the processor has AVX-512 by the contract of `Lanes`; so in all methods below.
            Self(unsafe { _mm512_set1_pd(value) })
        }
        #[inline(always)]
        fn load(values: &[f64; LANES]) -> Self {
            // SAFETY: an array of eight can be read.
            Self(unsafe { _mm512_loadu_pd(values.as_ptr()) })
        }
        #[inline(always)]
        fn store(self) -> [f64; LANES] {
            let mut values = [0.0; LANES];
            // SAFETY: an array of eight can be written.
            unsafe { _mm512_storeu_pd(values.as_mut_ptr(), self.0) };
            values
        }
        #[inline(always)]
        fn round(self) -> [f32; LANES] {
            let mut values = [0.0; LANES];
            // SAFETY: as in `store`.
            unsafe { _mm256_storeu_ps(values.as_mut_ptr(), _mm512_cvtpd_ps(self.0)) };
            values
        }
        #[inline(always)]
        fn mul_add(self, factor: Self, addend: Self) -> Self {
            // SAFETY: as in `splat`.
            Self(unsafe { _mm512_fmadd_pd(self.0, factor.0, addend.0) })
        }
        #[inline(always)]
        fn taken_from(self, factor: Self, addend: Self) -> Self {
            // SAFETY: as in `splat`.
            Self(unsafe { _mm512_fnmadd_pd(self.0, factor.0, addend.0) })
        }
        #[inline(always)]
        fn sqrt(self) -> Self {
            // SAFETY: as in `splat`.
            Self(unsafe { _mm512_sqrt_pd(self.0) })
        }
    }

    impl Lanes for Avx2 {
        #[inline(always)]
        fn splat(value: f64) -> Self {
            // SAFETY: the processor has AVX2 and FMA by the contract of `Lanes`; so in all methods below.
            let half = unsafe { _mm256_set1_pd(value) };
            Self(half, half)
        }
        #[inline(always)]
        fn load(values: &[f64; LANES]) -> Self {
            // SAFETY: an array of eight can be read.
            unsafe { Self(_mm256_loadu_pd(values.as_ptr()), _mm256_loadu_pd(values.as_ptr().add(4))) }
        }
        #[inline(always)]
        fn store(self) -> [f64; LANES] {
            let mut values = [0.0; LANES];
            // SAFETY: an array of eight can be written.
            unsafe {
                _mm256_storeu_pd(values.as_mut_ptr(), self.0);
                _mm256_storeu_pd(values.as_mut_ptr().add(4), self.1);
            }
            values
        }
        #[inline(always)]
        fn round(self) -> [f32; LANES] {
            let mut values = [0.0; LANES];
            // SAFETY: as in `store`.
            unsafe {
                _mm_storeu_ps(values.as_mut_ptr(), _mm256_cvtpd_ps(self.0));
                _mm_storeu_ps(values.as_mut_ptr().add(4), _mm256_cvtpd_ps(self.1));
            }
            values
        }
        #[inline(always)]
        fn mul_add(self, factor: Self, addend: Self) -> Self {
            // SAFETY: as in `splat`.
            unsafe { Self(_mm256_fmadd_pd(self.0, factor.0, addend.0), _mm256_fmadd_pd(self.1, factor.1, addend.1)) }
        }
        #[inline(always)]
        fn taken_from(self, factor: Self, addend: Self) -> Self {
            // SAFETY: as in `splat`.
            unsafe { Self(_mm256_fnmadd_pd(self.0, factor.0, addend.0), _mm256_fnmadd_pd(self.1, factor.1, addend.1)) }
        }
        #[inline(always)]
        fn sqrt(self) -> Self {
            // SAFETY: as in `splat`.
            unsafe { Self(_mm256_sqrt_pd(self.0), _mm256_sqrt_pd(self.1)) }
        }
    }
}
