//! The product of the stiffness with a vector, in differences.
//!
//! `y_i = sum_j K_ij (x_j - x_i) + O_i x_i`: single precision then rounds what strains the wall, not what moves it as a
//! whole. The twin of `shaders/wall_product.wgsl`. A row has nine numbers against nine neighbouring unknowns of a
//! column, which one AVX-512 register holds; memory limits the speed.

use rayon::prelude::*;

use super::assembly::Stiffness;
use super::half;
use super::memory;

#[cfg(target_arch = "x86_64")]
mod x86;

/// Numbers before and after the unknowns of a padded vector: what the first and the last node of the mesh would find
/// below and above them. They are multiplied by nought and must be finite.
pub const PAD: usize = 3;

/// How far ahead blocks are fetched, in numbers: what the processor does itself ends with each small page.
pub(super) const AHEAD: usize = 1024;

/// Numbers of a cache line.
pub(super) const LINE: usize = 16;

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
        kernel.run(Rows { stiffness, blocks: &stiffness.blocks, unit: 1.0, first: task * columns, x, y, subtract });
    });
}

/// Rows of some columns, and what they are multiplied with.
struct Rows<'a, N> {
    stiffness: &'a Stiffness,
    /// The numbers of the blocks, in this unit.
    blocks: &'a [N],
    unit: f32,
    first: usize,
    x: &'a [f32],
    y: &'a mut [f32],
    subtract: bool,
}

/// Work in nines of numbers, whatever holds them.
pub(super) trait Task {
    /// Does the work.
    fn run<V: Nine>(self);
}

/// Instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kernel {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

impl Kernel {
    /// The widest of this processor.
    pub(super) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if half::wide() {
                return Self::Avx512;
            }
            if half::narrow() {
                return Self::Avx2;
            }
        }
        Self::Portable
    }

    /// Does some work.
    pub(super) fn run(self, task: impl Task) {
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the processor has AVX-512, or the kernel would be another one.
            Self::Avx512 => unsafe { x86::avx512(task) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the processor has AVX2 and FMA, or the kernel would be another one.
            Self::Avx2 => unsafe { x86::avx2(task) },
            Self::Portable => task.run::<Portable>(),
        }
    }
}

impl<N: Number> Task for Rows<'_, N> {
    /// Entry by entry, so that the blocks are read in the order of memory.
    #[inline(always)]
    fn run<V: Nine>(self) {
        let levels = self.stiffness.levels;
        let mut sums = vec![[V::zero(); 3]; levels];
        for (n, y) in self.y.chunks_exact_mut(3 * levels).enumerate() {
            let column = self.first + n;
            let own = 3 * levels * column;
            sums.fill([V::zero(); 3]);
            for e in self.stiffness.start[column] as usize..self.stiffness.start[column + 1] as usize {
                let other = 3 * levels * self.stiffness.neighbour[e] as usize;
                let blocks = &self.blocks[27 * levels * e..27 * levels * (e + 1)];
                for (k, (sums, block)) in sums.iter_mut().zip(blocks.as_chunks::<27>().0).enumerate() {
                    V::prefetch(block.as_ptr().wrapping_add(AHEAD).cast());
                    if N::TWO_LINES {
                        V::prefetch(block.as_ptr().wrapping_add(AHEAD + LINE).cast());
                    }
                    let middle = V::repeat(nine(self.x, own + 3 * k));
                    let difference = V::load(nine(self.x, other + 3 * k)).minus(middle);
                    for (a, sum) in sums.iter_mut().enumerate() {
                        *sum = N::load::<V>(nine(block, 9 * a)).times_plus(difference, *sum);
                    }
                }
            }
            for (k, (y, sums)) in y.as_chunks_mut::<3>().0.iter_mut().zip(&sums).enumerate() {
                let x = nine(self.x, own + 3 * k);
                let o = nine(&self.stiffness.own, 3 * own + 9 * k);
                for (a, y) in y.iter_mut().enumerate() {
                    let rest = o[3 * a] * x[3] + o[3 * a + 1] * x[4] + o[3 * a + 2] * x[5];
                    let sum = self.unit * sums[a].sum() + rest;
                    *y = if self.subtract { *y - sum } else { sum };
                }
            }
        }
    }
}

#[inline(always)]
pub(super) fn nine<N>(from: &[N], at: usize) -> &[N; 9] {
    match from[at..at + 9].try_into() {
        Ok(nine) => nine,
        Err(_) => unreachable!("nine numbers"),
    }
}

/// Nine numbers. An implementor for an instruction set may only be used where the processor has it, which
/// [`Kernel::detect`] sees to.
pub(super) trait Nine: Copy {
    fn zero() -> Self;
    fn load(from: &[f32; 9]) -> Self;
    /// From numbers of half precision.
    fn load_half(from: &[u16; 9]) -> Self;
    /// The middle three, three times.
    fn repeat(from: &[f32; 9]) -> Self;
    fn minus(self, other: Self) -> Self;
    /// `self * factor + addend`
    fn times_plus(self, factor: Self, addend: Self) -> Self;
    fn sum(self) -> f32;
    /// Asks for the memory of a number, which may lie anywhere.
    fn prefetch(_: *const u8) {}
}

/// Numbers of a stored block.
pub(super) trait Number: Copy + Sync {
    /// Whether a block touches more than one cache line at least.
    const TWO_LINES: bool;
    fn load<V: Nine>(from: &[Self; 9]) -> V;
}

impl Number for f32 {
    const TWO_LINES: bool = true;
    #[inline(always)]
    fn load<V: Nine>(from: &[Self; 9]) -> V {
        V::load(from)
    }
}

/// Half precision.
impl Number for u16 {
    const TWO_LINES: bool = false;
    #[inline(always)]
    fn load<V: Nine>(from: &[Self; 9]) -> V {
        V::load_half(from)
    }
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
    fn load_half(from: &[u16; 9]) -> Self {
        Self(from.map(half::widened))
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

#[cfg(test)]
mod tests {
    use super::half::Half;
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
        let stiffness = Stiffness {
            levels,
            start,
            neighbour: neighbours.concat(),
            blocks,
            own: noise(9 * columns * levels),
            softest: 0.5,
        };
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
            kernels.extend(half::wide().then_some(Kernel::Avx512));
            kernels.extend(half::narrow().then_some(Kernel::Avx2));
        }
        let half = Half::rounded(&stiffness.blocks);
        for kernel in kernels {
            for (subtract, halved) in [(false, false), (true, false), (false, true), (true, true)] {
                let mut y = vec![0.5; len];
                let (stiffness, x) = (&stiffness, x.as_slice());
                if halved {
                    let (blocks, unit) = (half.blocks.as_slice(), half.unit);
                    kernel.run(Rows { stiffness, blocks, unit, first: 0, x, y: &mut y[PAD..len - PAD], subtract });
                } else {
                    let (blocks, unit) = (stiffness.blocks.as_slice(), 1.0);
                    kernel.run(Rows { stiffness, blocks, unit, first: 0, x, y: &mut y[PAD..len - PAD], subtract });
                }
                let allowed = if halved { 3e-3 } else { 1e-5 };
                for (k, (y, e)) in y.iter().zip(&expected).enumerate().skip(PAD).take(len - 2 * PAD) {
                    let e = if subtract { 0.5 - e } else { *e };
                    assert!((f64::from(*y) - e).abs() < allowed, "{kernel:?}, {halved}, number {k}: {y}, not {e}");
                }
            }
        }
    }
}
