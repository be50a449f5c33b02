//! One step of one block: gather, links, collide, store. The twin of `shaders/flow.wgsl`.

use super::number::{Number, in_units};
use crate::fluid::collision::{Gathered, Physics, collide};
use crate::fluid::lanes::Lanes;
use crate::fluid::link::{reflect, shear_square};
use crate::fluid::moments::FIELDS;
use crate::fluid::rheology::Table;
use crate::geometry::lattice::directions::{C, Q, W0, opposite, weight};
use crate::geometry::lattice::{Lattice, ROWS};

/// What a step reads and writes. Every pointer is to padded site arrays of the lattice, or to one value an opening link.
#[derive(Clone, Copy)]
pub(super) struct Step<'a, T> {
    pub lattice: &'a Lattice,
    pub from: [*const T; FIELDS],
    pub to: [*mut T; FIELDS],
    pub incoming: *const f32,
    pub physics: Physics,
    pub rheology: Option<&'a Table>,
    /// Steps taken before.
    pub tick: u32,
    /// Whether to store past the caches.
    pub stream: bool,
}

// SAFETY: blocks read `from` and `incoming`, which nobody writes during a step, and write their own lanes of `to` only.
unsafe impl<T: Number> Send for Step<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Number> Sync for Step<'_, T> {}

/// Which of [`ROWS`] direction q leads to, or 8 for the block's own row.
const fn row_of(q: usize) -> usize {
    let mut k = 0;
    while k < 8 {
        if ROWS[k][0] == C[q][1] && ROWS[k][1] == C[q][2] {
            return k;
        }
        k += 1;
    }
    8
}

/// Even and odd part of population I over its weight of the sites at `at` (one in each lane): the population is their
/// sum, its opposite their difference. I is odd: its first component that is not 0 is 1. The twin of `moments::parts`.
#[inline(always)]
pub(super) unsafe fn parts<T: Number, L: Lanes, const I: usize>(from: &[*const T; FIELDS], at: usize) -> (L, L) {
    const {
        assert!(I % 2 == 1);
    }
    let (c, p, q) = (C[I], first_axis(I), last_axis(I));
    // SAFETY: the caller gives a place in the padded arrays with sixteen values after it.
    unsafe {
        let b: L = T::load(from[0].add(at));
        let odd: L = T::load(from[1 + p].add(at));
        if p == q {
            return (in_units::<T, L>(b.add(T::load(from[4 + p].add(at)))), in_units::<T, L>(odd));
        }
        let (other, cross): (L, L) = (T::load(from[1 + q].add(at)), T::load(from[6 + p + q].add(at)));
        let even = T::load::<L>(from[4 + p].add(at)).add(T::load(from[4 + q].add(at)));
        let (even, odd) = if c[q] > 0 { (even.add(cross), odd.add(other)) } else { (even.sub(cross), odd.sub(other)) };
        (in_units::<T, L>(b.add(even)), in_units::<T, L>(odd))
    }
}

/// The first axis that direction q moves along.
const fn first_axis(q: usize) -> usize {
    if C[q][0] != 0 {
        0
    } else if C[q][1] != 0 {
        1
    } else {
        2
    }
}

/// The last axis that direction q moves along.
const fn last_axis(q: usize) -> usize {
    if C[q][2] != 0 {
        2
    } else if C[q][1] != 0 {
        1
    } else {
        0
    }
}

/// Square of the stored momentum of the sites at `at`.
#[inline(always)]
unsafe fn momentum_squared<T: Number, L: Lanes>(from: &[*const T; FIELDS], at: usize) -> L {
    // SAFETY: the caller gives a place in the padded arrays with sixteen values after it. Written out, because a closure
    // would be a function of its own without the instruction set.
    let (x, y, z): (L, L, L) =
        unsafe { (T::load(from[1].add(at)), T::load(from[2].add(at)), T::load(from[3].add(at))) };
    let (x, y, z) = (in_units::<T, L>(x), in_units::<T, L>(y), in_units::<T, L>(z));
    x.mul_add(x, y.mul_add(y, z.mul(z)))
}

/// Both populations of the pair (I, J) over their weight, as they arrive at the block. `walled` collects the lanes that
/// have a wall link.
#[inline(always)]
unsafe fn arrive<T: Number, L: Lanes, const I: usize, const J: usize, const LINKS: bool>(
    s: &Step<T>,
    block: usize,
    bases: &[usize; 9],
    walled: &mut u16,
) -> (L, L) {
    let upstream = (bases[row_of(J)] as isize + C[J][0] as isize) as usize;
    let downstream = (bases[row_of(I)] as isize + C[I][0] as isize) as usize;
    // SAFETY: neighbour rows start inside the padded arrays, which have a block before the first and after the last.
    let ((ei, di), (ej, dj)) = unsafe { (parts::<T, L, I>(&s.from, upstream), parts::<T, L, I>(&s.from, downstream)) };
    let (mut fi, mut fj) = (ei.add(di), ej.sub(dj));
    if !LINKS {
        return (fi, fj);
    }
    let pair = 1u32 << I | 1 << J;
    let (walls, iolets) = (s.lattice.wall_spans[block], s.lattice.iolet_spans[block]);
    if iolets.directions & pair != 0 {
        // SAFETY: `incoming` has one value an opening link, and a row's links lie one after the other.
        unsafe {
            fj = through_lid(s, iolets.row(I), fj);
            fi = through_lid(s, iolets.row(J), fi);
        }
    }
    if walls.directions & pair != 0 {
        let bulk = &s.lattice.bulk[block];
        let (row_i, row_j) = (walls.row(I), walls.row(J));
        let ((delta_i, hit_i), (delta_j, hit_j)) = (wall::<L>(s.lattice, row_i), wall::<L>(s.lattice, row_j));
        let both = if s.physics.halfway { hit_i | hit_j } else { hit_i & hit_j };
        // SAFETY: the block's own lanes.
        let (even, odd) = unsafe { parts::<T, L, I>(&s.from, bases[8]) };
        let (zero, sum) = (L::splat(0.0), even.add(even));
        let (onward_i, onward_j) = (fi, fj);
        if row_i.is_some() {
            // SAFETY: a neighbour row.
            let j = unsafe { momentum_squared::<T, L>(&s.from, upstream) };
            let back = reflect(delta_i, sum, onward_i, zero.blend(bulk[J - 1], shear_square(di, j)));
            fj = fj.blend(hit_i, back).blend(hit_i & both, even.add(odd));
        }
        if row_j.is_some() {
            // SAFETY: a neighbour row.
            let j = unsafe { momentum_squared::<T, L>(&s.from, downstream) };
            let forth = reflect(delta_j, sum, onward_j, zero.blend(bulk[I - 1], shear_square(dj, j)));
            fi = fi.blend(hit_j, forth).blend(hit_j & both, even.sub(odd));
        }
        *walled |= hit_i | hit_j;
    }
    (fi, fj)
}

/// `f` with the lanes of a row of opening links replaced by what comes in through the lid.
///
/// # Safety
/// `s.incoming` has one value an opening link of the lattice.
#[inline(always)]
unsafe fn through_lid<T, L: Lanes>(s: &Step<T>, row: Option<usize>, f: L) -> L {
    let Some(row) = row else { return f };
    let row = s.lattice.iolet_rows[row];
    // SAFETY: the caller's contract.
    unsafe { f.expand(row.mask, s.incoming.add(row.first as usize)) }
}

/// Distances of a wall row, and the lanes that have one.
#[inline(always)]
fn wall<L: Lanes>(lattice: &Lattice, row: Option<usize>) -> (L, u16) {
    let Some(row) = row else { return (L::splat(0.5), 0) };
    let row = &lattice.wall_rows[row];
    // SAFETY: a row has sixteen values.
    unsafe { (L::load_u16(row.as_ptr()).mul(L::splat(1.0 / 65535.0)), L::nonzero(row.as_ptr())) }
}

/// Advances the blocks of a range.
///
/// # Safety
/// The pointers of `s` are valid for the padded arrays of its lattice, and nobody else writes these blocks of `to` or
/// anything of `from`. The processor has the instruction set of `L`.
#[inline(always)]
pub(super) unsafe fn blocks<T: Number, L: Lanes>(s: &Step<T>, range: std::ops::Range<usize>) {
    for block in range {
        let linked = (s.lattice.wall_spans[block].directions | s.lattice.iolet_spans[block].directions) != 0;
        // SAFETY: the contract of this function.
        unsafe {
            if linked {
                step::<T, L, true>(s, block);
            } else {
                step::<T, L, false>(s, block);
            }
        }
    }
}

#[inline(always)]
unsafe fn step<T: Number, L: Lanes, const LINKS: bool>(s: &Step<T>, block: usize) {
    let own = Lattice::base(block);
    let mut bases = [own; 9];
    for (base, &row) in bases.iter_mut().zip(&s.lattice.neighbours[block]) {
        *base = row as usize;
    }
    // SAFETY: the contract of `blocks`.
    unsafe {
        let gathered = gather::<T, L, LINKS>(s, block, &bases);
        let mut out = collide(&gathered, &s.physics, s.rheology);
        if LINKS {
            for value in &mut out {
                *value = L::splat(0.0).blend(s.lattice.fluid[block], *value);
            }
        }
        if s.stream {
            T::stream(&out, &s.to, own, s.tick);
        } else {
            T::store(&out, &s.to, own, s.tick);
        }
    }
}

/// Sums over all directions of what arrives.
#[inline(always)]
unsafe fn gather<T: Number, L: Lanes, const LINKS: bool>(s: &Step<T>, block: usize, bases: &[usize; 9]) -> Gathered<L> {
    // SAFETY: the block's own lanes.
    let mut drho = unsafe { T::load::<L>(s.from[0].add(bases[8])) }.mul(L::splat(W0 * T::UNIT));
    let mut walled = 0u16;
    let mut j = [L::splat(0.0); 3];
    let mut pi = [L::splat(0.0); 6];
    macro_rules! pair {
        ($i:literal, $j:literal) => {{
            const {
                assert!(opposite($i) == $j && $j < Q);
            }
            // SAFETY: the contract of `blocks`.
            let (fi, fj) = unsafe { arrive::<T, L, $i, $j, LINKS>(s, block, bases, &mut walled) };
            let (c, w) = (C[$i], L::splat(weight($i)));
            let (even, odd) = (fi.add(fj).mul(w), fi.sub(fj).mul(w));
            drho = drho.add(even);
            for a in 0..3 {
                j[a] = signed(j[a], c[a], odd);
                pi[a] = signed(pi[a], c[a] * c[a], even);
            }
            pi[3] = signed(pi[3], c[0] * c[1], even);
            pi[4] = signed(pi[4], c[0] * c[2], even);
            pi[5] = signed(pi[5], c[1] * c[2], even);
        }};
    }
    pair!(1, 2);
    pair!(3, 4);
    pair!(5, 6);
    pair!(7, 8);
    pair!(9, 10);
    pair!(11, 12);
    pair!(13, 14);
    pair!(15, 16);
    pair!(17, 18);
    if LINKS {
        drho = drho.blend(walled, drho.add(L::splat(s.physics.wall_source)));
    }
    Gathered { drho, j, pi }
}

/// `sum + sign * term`.
#[inline(always)]
fn signed<L: Lanes>(sum: L, sign: i32, term: L) -> L {
    match sign {
        0 => sum,
        1 => sum.add(term),
        _ => sum.sub(term),
    }
}

/// [`blocks`] in AVX-512.
///
/// # Safety
/// The contract of [`blocks`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2,fma,f16c,popcnt,bmi1,bmi2")]
pub(super) unsafe fn blocks_avx512<T: Number>(s: &Step<T>, range: std::ops::Range<usize>) {
    // SAFETY: the caller's contract.
    unsafe { blocks::<T, super::simd::Avx512>(s, range) }
}

/// [`blocks`] in AVX2.
///
/// # Safety
/// The contract of [`blocks`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c,popcnt,bmi1,bmi2")]
pub(super) unsafe fn blocks_avx2<T: Number>(s: &Step<T>, range: std::ops::Range<usize>) {
    // SAFETY: the caller's contract.
    unsafe { blocks::<T, super::simd::Avx2>(s, range) }
}
