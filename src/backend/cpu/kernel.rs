//! One step of one block: gather, links, collide, store. The twin of `shaders/flow.wgsl`.

use crate::fluid::collision::{Gathered, Relaxation, collide};
use crate::fluid::lanes::Lanes;
use crate::fluid::link::reflect;
use crate::fluid::moments::FIELDS;
use crate::geometry::lattice::directions::{C, Q, W0, opposite, weight};
use crate::geometry::lattice::{LANES, Lattice, ROWS};

/// What a step reads and writes. Every pointer is to padded site arrays of the lattice, or to one value an opening link.
#[derive(Clone, Copy)]
pub(super) struct Step<'a> {
    pub lattice: &'a Lattice,
    pub from: [*const f32; FIELDS],
    pub to: [*mut f32; FIELDS],
    pub incoming: *const f32,
    pub relaxation: Relaxation,
    /// Whether to store past the caches.
    pub stream: bool,
}

// SAFETY: blocks read `from` and `incoming`, which nobody writes during a step, and write their own lanes of `to` only.
unsafe impl Send for Step<'_> {}
// SAFETY: as above.
unsafe impl Sync for Step<'_> {}

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
/// sum, its opposite their difference. The twin of `moments::parts`.
#[inline(always)]
unsafe fn parts<L: Lanes, const I: usize>(from: &[*const f32; FIELDS], at: usize) -> (L, L) {
    // SAFETY: the caller gives a place in the padded arrays with sixteen values after it.
    let field = |k: usize| unsafe { L::load(from[k].add(at)) };
    let c = C[I];
    let signed = |sum: L, sign: i32, term: L| if sign > 0 { sum.add(term) } else { sum.sub(term) };
    let b = field(0);
    let axes = [c[0] != 0, c[1] != 0, c[2] != 0];
    let third = L::splat(1.0 / 3.0);
    let along = |a: usize| (b.add(field(4 + a)).sub(field(4 + (a + 1) % 3).add(field(4 + (a + 2) % 3)).mul(third)), if c[a] > 0 { field(1 + a) } else { L::splat(0.0).sub(field(1 + a)) });
    match axes {
        [true, false, false] => along(0),
        [false, true, false] => along(1),
        [false, false, true] => along(2),
        _ => {
            let (p, q, cross) = if !axes[2] {
                (0, 1, 7)
            } else if !axes[1] {
                (0, 2, 8)
            } else {
                (1, 2, 9)
            };
            let even = signed(field(4 + p).add(field(4 + q)), c[p] * c[q], field(cross));
            let odd = signed(signed(L::splat(0.0), c[p], field(1 + p)), c[q], field(1 + q));
            (b.add(even).add(field(4 + 3 - p - q).mul(third)), odd)
        }
    }
}

/// Both populations of the pair (I, I + 1) over their weight, as they arrive at the block.
#[inline(always)]
unsafe fn arrive<L: Lanes, const I: usize, const J: usize, const LINKS: bool>(
    s: &Step, block: usize, bases: &[usize; 9], lost: &mut L,
) -> (L, L) {
    let own = bases[8];
    let upstream = (bases[row_of(J)] as isize + C[J][0] as isize) as usize;
    let downstream = (bases[row_of(I)] as isize + C[I][0] as isize) as usize;
    // SAFETY: neighbour rows start inside the padded arrays, which have a block before the first and after the last.
    let ((ei, di), (ej, dj)) = unsafe { (parts::<L, I>(&s.from, upstream), parts::<L, J>(&s.from, downstream)) };
    let (mut fi, mut fj) = (ei.add(di), ej.add(dj));
    if !LINKS {
        return (fi, fj);
    }
    let pair = 1u32 << I | 1 << J;
    let (walls, iolets) = (s.lattice.wall_spans[block], s.lattice.iolet_spans[block]);
    if iolets.directions & pair != 0 {
        for q in [I, J] {
            if let Some(row) = iolets.row(q) {
                let row = s.lattice.iolet_rows[row];
                // SAFETY: `incoming` has one value an opening link, and the row's links lie one after the other.
                unsafe {
                    let from = s.incoming.add(row.first as usize);
                    if q == I {
                        fj = fj.expand(row.mask, from);
                    } else {
                        fi = fi.expand(row.mask, from);
                    }
                }
            }
        }
    }
    if walls.directions & pair != 0 {
        // SAFETY: the block's own lanes.
        let (e, d) = unsafe { parts::<L, I>(&s.from, own) };
        let (oi, oj) = (e.add(d), e.sub(d));
        let (delta_i, hit_i) = wall::<L>(s.lattice, walls.row(I));
        let (delta_j, hit_j) = wall::<L>(s.lattice, walls.row(J));
        let both = hit_i & hit_j;
        let (back, forth) = if s.relaxation.rule == 0 {
            let sum = oi.add(oj);
            (reflect(delta_i, sum, fi), reflect(delta_j, sum, fj))
        } else {
            let rule = |delta: L, sum: L, f: L, ob: L, q: usize, at: usize| {
                let one = L::splat(1.0);
                let old = reflect(delta, sum, f);
                let mut jj = L::splat(0.0);
                for k in 1..4 {
                    let v = unsafe { L::load(s.from[k].add(at)) };
                    jj = v.mul_add(v, jj);
                }
                let _ = q;
                let alpha = ob.mul(ob).mul(L::splat(0.5)).sub(jj.mul(L::splat(1.0 / 6.0)));
                let d = one.add(delta);
                let x = delta.mul(L::splat(-2.0)).mul(alpha).div(d.mul(d).mul(d));
                x.mul(L::splat(s.relaxation.beta)).add(old)
            };
            let sum = oi.add(oj);
            (rule(delta_i, sum, fi, fi.sub(ei), I, upstream), rule(delta_j, sum, fj, fj.sub(ej), J, downstream))
        };
        fj = fj.blend(hit_i, back).blend(both, oi);
        fi = fi.blend(hit_j, forth).blend(both, oj);
        let w = L::splat(weight(I));
        let zero = L::splat(0.0);
        *lost = lost.add(zero.blend(hit_i & !both, oi.sub(fj)).add(zero.blend(hit_j & !both, oj.sub(fi))).mul(w));
    }
    (fi, fj)
}

/// Distances of a wall row, and the lanes that have one.
#[inline(always)]
fn wall<L: Lanes>(lattice: &Lattice, row: Option<usize>) -> (L, u16) {
    let Some(row) = row else { return (L::splat(0.5), 0) };
    let row = &lattice.wall_rows[row];
    let mask = (0..LANES).fold(0u16, |m, lane| m | u16::from(row[lane] != 0) << lane);
    // SAFETY: a row has sixteen values.
    (unsafe { L::load_u16(row.as_ptr()) }.mul(L::splat(1.0 / 65535.0)), mask)
}

/// Advances the blocks of a range.
///
/// # Safety
/// The pointers of `s` are valid for the padded arrays of its lattice, and nobody else writes these blocks of `to` or
/// anything of `from`. The processor has the instruction set of `L`.
#[inline(always)]
pub(super) unsafe fn blocks<L: Lanes>(s: &Step, range: std::ops::Range<usize>) {
    for block in range {
        let linked = (s.lattice.wall_spans[block].directions | s.lattice.iolet_spans[block].directions) != 0;
        // SAFETY: the contract of this function.
        unsafe {
            if linked {
                step::<L, true>(s, block);
            } else {
                step::<L, false>(s, block);
            }
        }
    }
}

#[inline(always)]
unsafe fn step<L: Lanes, const LINKS: bool>(s: &Step, block: usize) {
    let own = Lattice::base(block);
    let mut bases = [own; 9];
    for (base, &row) in bases.iter_mut().zip(&s.lattice.neighbours[block]) {
        *base = row as usize;
    }
    // SAFETY: the contract of `blocks`.
    unsafe {
        let gathered = gather::<L, LINKS>(s, block, &bases);
        let out = collide(&gathered, &s.relaxation);
        let fluid = s.lattice.fluid[block];
        for (k, &value) in out.iter().enumerate() {
            let value = if LINKS { L::splat(0.0).blend(fluid, value) } else { value };
            if s.stream {
                value.stream(s.to[k].add(own));
            } else {
                value.store(s.to[k].add(own));
            }
        }
    }
}

/// Sums over all directions of what arrives.
#[inline(always)]
unsafe fn gather<L: Lanes, const LINKS: bool>(s: &Step, block: usize, bases: &[usize; 9]) -> Gathered<L> {
    // SAFETY: the block's own lanes.
    let mut drho = unsafe {
        let t = L::load(s.from[4].add(bases[8])).add(L::load(s.from[5].add(bases[8]))).add(L::load(s.from[6].add(bases[8])));
        L::load(s.from[0].add(bases[8])).add(t.mul(L::splat(1.0 / 9.0))).mul(L::splat(W0))
    };
    let mut lost = L::splat(0.0);
    let mut j = [L::splat(0.0); 3];
    let mut pi = [L::splat(0.0); 6];
    macro_rules! pair {
        ($i:literal, $j:literal) => {{
            const {
                assert!(opposite($i) == $j && $j < Q);
            }
            // SAFETY: the contract of `blocks`.
            let (fi, fj) = unsafe { arrive::<L, $i, $j, LINKS>(s, block, bases, &mut lost) };
            let (c, w) = (C[$i], L::splat(weight($i)));
            let (even, odd) = (fi.add(fj).mul(w), fi.sub(fj).mul(w));
            drho = drho.add(even);
            let signed = |sum: L, sign: i32, term: L| match sign {
                0 => sum,
                1 => sum.add(term),
                _ => sum.sub(term),
            };
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
        match s.relaxation.fix {
            1 => drho = drho.add(lost),
            2 => {
                drho = drho.add(lost);
                let t = lost.mul(L::splat(1.0 / 3.0));
                for k in 0..3 {
                    pi[k] = pi[k].add(t);
                }
            }
            _ => {}
        }
    }
    Gathered { drho, j, pi }
}

/// [`blocks`] in AVX-512.
///
/// # Safety
/// The contract of [`blocks`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2,fma")]
pub(super) unsafe fn blocks_avx512(s: &Step, range: std::ops::Range<usize>) {
    // SAFETY: the caller's contract.
    unsafe { blocks::<super::simd::Avx512>(s, range) }
}

/// [`blocks`] in AVX2.
///
/// # Safety
/// The contract of [`blocks`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn blocks_avx2(s: &Step, range: std::ops::Range<usize>) {
    // SAFETY: the caller's contract.
    unsafe { blocks::<super::simd::Avx2>(s, range) }
}
