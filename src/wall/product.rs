//! The product of the stiffness with a vector, in differences.
//!
//! `y_i = sum_j K_ij (x_j - x_i) + O_i x_i`: single precision then rounds what strains the wall, not what moves it as a
//! whole. The twin of `shaders/wall_product.wgsl`. A row has nine numbers against nine neighbouring unknowns of a
//! column, which one AVX-512 register holds; memory limits the speed.

use rayon::prelude::*;

use super::assembly::Stiffness;
use super::memory;

/// Numbers before and after the unknowns of a padded vector: what the first and the last node of the mesh would find
/// below and above them. They are multiplied by nought and must be finite.
pub const PAD: usize = 3;

/// How far ahead blocks are fetched, in numbers: what the processor does itself ends with each small page.
const AHEAD: usize = 1024;

/// Numbers of a cache line.
const LINE: usize = 16;

/// Nodes that a task takes at least.
const MIN_NODES: usize = 512;

/// A padded vector of zeros for a number of nodes.
#[must_use]
pub fn padded(nodes: usize) -> Vec<f32> {
    memory::zeros(3 * nodes + 2 * PAD)
}

/// `y = K x`, or `y -= K x` if `subtract` is set; padded vectors.
///
/// # Panics
/// If a vector is not the padded one of this matrix.
pub fn product(stiffness: &Stiffness, x: &[f32], y: &mut [f32], subtract: bool) {
    let levels = stiffness.levels;
    let len = 3 * levels * (stiffness.start.len() - 1);
    assert!(x.len() == len + 2 * PAD && y.len() == x.len(), "padded vectors of the matrix");
    let columns = MIN_NODES.div_ceil(levels);
    let kernel = Kernel::detect();
    y[PAD..PAD + len].par_chunks_mut(3 * levels * columns).enumerate().for_each(|(task, y)| {
        kernel.run(&Rows { stiffness, first: task * columns, x, subtract }, y);
    });
}

/// Rows of some columns, and what they are multiplied with.
struct Rows<'a> {
    stiffness: &'a Stiffness,
    first: usize,
    x: &'a [f32],
    subtract: bool,
}

/// Instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kernel {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

impl Kernel {
    fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                return Self::Avx512;
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return Self::Avx2;
            }
        }
        Self::Portable
    }

    fn run(self, rows: &Rows, y: &mut [f32]) {
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the processor has AVX-512, or the kernel would be another one.
            Self::Avx512 => unsafe { x86::avx512(rows, y) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the processor has AVX2 and FMA, or the kernel would be another one.
            Self::Avx2 => unsafe { x86::avx2(rows, y) },
            Self::Portable => rows.run::<Portable>(y),
        }
    }
}

impl Rows<'_> {
    /// Entry by entry, so that the blocks are read in the order of memory.
    #[inline(always)]
    fn run<V: Nine>(&self, y: &mut [f32]) {
        let levels = self.stiffness.levels;
        let mut sums = vec![[V::zero(); 3]; levels];
        for (n, y) in y.chunks_exact_mut(3 * levels).enumerate() {
            let column = self.first + n;
            let own = 3 * levels * column;
            sums.fill([V::zero(); 3]);
            for e in self.stiffness.start[column] as usize..self.stiffness.start[column + 1] as usize {
                let other = 3 * levels * self.stiffness.neighbour[e] as usize;
                let blocks = &self.stiffness.blocks[27 * levels * e..27 * levels * (e + 1)];
                for (k, (sums, block)) in sums.iter_mut().zip(blocks.as_chunks::<27>().0).enumerate() {
                    V::prefetch(block.as_ptr().wrapping_add(AHEAD));
                    V::prefetch(block.as_ptr().wrapping_add(AHEAD + LINE));
                    let middle = V::repeat(nine(self.x, own + 3 * k));
                    let difference = V::load(nine(self.x, other + 3 * k)).minus(middle);
                    for (a, sum) in sums.iter_mut().enumerate() {
                        *sum = V::load(nine(block, 9 * a)).times_plus(difference, *sum);
                    }
                }
            }
            for (k, (y, sums)) in y.as_chunks_mut::<3>().0.iter_mut().zip(&sums).enumerate() {
                let x = nine(self.x, own + 3 * k);
                let o = nine(&self.stiffness.own, 3 * own + 9 * k);
                for (a, y) in y.iter_mut().enumerate() {
                    let rest = o[3 * a] * x[3] + o[3 * a + 1] * x[4] + o[3 * a + 2] * x[5];
                    let sum = sums[a].sum() + rest;
                    *y = if self.subtract { *y - sum } else { sum };
                }
            }
        }
    }
}

#[inline(always)]
fn nine(from: &[f32], at: usize) -> &[f32; 9] {
    match from[at..at + 9].try_into() {
        Ok(nine) => nine,
        Err(_) => unreachable!("nine numbers"),
    }
}

/// Nine numbers. An implementor for an instruction set may only be used where the processor has it, which
/// [`Kernel::detect`] sees to.
trait Nine: Copy {
    fn zero() -> Self;
    fn load(from: &[f32; 9]) -> Self;
    /// The middle three, three times.
    fn repeat(from: &[f32; 9]) -> Self;
    fn minus(self, other: Self) -> Self;
    /// `self * factor + addend`
    fn times_plus(self, factor: Self, addend: Self) -> Self;
    fn sum(self) -> f32;
    /// Asks for the memory of a number, which may lie anywhere.
    fn prefetch(_: *const f32) {}
}

/// An array that the compiler vectorises as it can.
#[derive(Clone, Copy)]
struct Portable([f32; 9]);

impl Nine for Portable {
    #[inline(always)]
    fn zero() -> Self {
        Self([0.0; 9])
    }
    #[inline(always)]
    fn load(from: &[f32; 9]) -> Self {
        Self(*from)
    }
    #[inline(always)]
    fn repeat(from: &[f32; 9]) -> Self {
        Self(std::array::from_fn(|k| from[3 + k % 3]))
    }
    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        Self(std::array::from_fn(|k| self.0[k] - other.0[k]))
    }
    #[inline(always)]
    fn times_plus(self, factor: Self, addend: Self) -> Self {
        Self(std::array::from_fn(|k| self.0[k] * factor.0[k] + addend.0[k]))
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        let v = &self.0;
        ((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7])) + v[8]
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Nine, Rows};
    use std::arch::x86_64::*;

    /// # Safety
    /// The processor has AVX-512.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn avx512(rows: &Rows, y: &mut [f32]) {
        rows.run::<Masked>(y);
    }

    /// # Safety
    /// The processor has AVX2 and FMA.
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn avx2(rows: &Rows, y: &mut [f32]) {
        rows.run::<EightAndOne>(y);
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
        fn prefetch(at: *const f32) {
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
        fn prefetch(at: *const f32) {
            // SAFETY: a prefetch does not fault.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pseudo-random numbers in [-1, 1).
    fn noise(len: usize) -> Vec<f32> {
        (0..len as u32).map(|k| (k.wrapping_mul(2_654_435_761) >> 8) as f32 / (1 << 23) as f32 - 1.0).collect()
    }

    /// Every instruction set gives what the definition gives, in rows written out.
    #[test]
    fn every_instruction_set_multiplies() {
        let (columns, levels) = (5, 3);
        let neighbours: [&[u32]; 5] = [&[0, 1, 4], &[0, 1, 2], &[1, 2, 3], &[2, 3, 4], &[0, 3, 4]];
        let mut start = vec![0];
        neighbours.iter().for_each(|n| start.push(start[start.len() - 1] + n.len() as u32));
        let blocks = noise(15 * levels * 27);
        let stiffness =
            Stiffness { levels, start, neighbour: neighbours.concat(), blocks, own: noise(9 * columns * levels) };
        let mut x = padded(columns * levels);
        let len = x.len();
        x[PAD..len - PAD].copy_from_slice(&noise(len - 2 * PAD));
        let mut expected = vec![0.0f64; len];
        for column in 0..columns {
            for level in 0..levels {
                let node = column * levels + level;
                for a in 0..3 {
                    let mut sum = 0.0;
                    for b in 0..3 {
                        sum += f64::from(stiffness.own[9 * node + 3 * a + b] * x[PAD + 3 * node + b]);
                    }
                    for e in stiffness.start[column] as usize..stiffness.start[column + 1] as usize {
                        for t in 0..9 {
                            let k = stiffness.blocks[(e * levels + level) * 27 + 9 * a + t];
                            let other = stiffness.neighbour[e] as usize * levels + level;
                            sum += f64::from(k * (x[3 * other + t] - x[PAD + 3 * node + t % 3]));
                        }
                    }
                    expected[PAD + 3 * node + a] = sum;
                }
            }
        }
        let mut kernels = vec![Kernel::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            kernels.extend(is_x86_feature_detected!("avx512f").then_some(Kernel::Avx512));
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            kernels.extend(avx2.then_some(Kernel::Avx2));
        }
        for kernel in kernels {
            for subtract in [false, true] {
                let mut y = vec![0.5; len];
                let rows = Rows { stiffness: &stiffness, first: 0, x: &x, subtract };
                kernel.run(&rows, &mut y[PAD..len - PAD]);
                for (k, (y, e)) in y.iter().zip(&expected).enumerate().skip(PAD).take(len - 2 * PAD) {
                    let e = if subtract { 0.5 - e } else { *e };
                    assert!((f64::from(*y) - e).abs() < 1e-5, "{kernel:?}, number {k}: {y}, not {e}");
                }
            }
        }
    }
}
