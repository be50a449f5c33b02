//! What passes through the openings' links in the next step. The twin of `shaders/incoming.wgsl`.
//!
//! The links of a block along one direction into one opening are a row: their sites lie in one block, and those behind
//! them beside each other in one row of its neighbours. So a row is computed at once, in sixteen lanes.

use rayon::prelude::*;

use super::fields::{Fields, without_denormals};
use super::kernel::parts;
use super::number::{Number, in_units};
use super::simd::{Level, Portable};
use crate::fluid::iolet::{Iolet, Kind, Modes, moving, open};
use crate::fluid::lanes::Lanes;
use crate::fluid::moments::FIELDS;
use crate::geometry::lattice::directions::{opposite, weight};
use crate::geometry::lattice::{LANES, Lattice, NOWHERE};

/// Links from which on several threads share them.
const SHARED: usize = 8192;

/// Rows in a task.
const ROWS: usize = 512;

/// Links of a block along one direction into one opening, in the order of their lanes.
#[derive(Clone, Copy)]
struct Row {
    /// Padded place of the block's lane 0, and of the site behind it.
    own: u32,
    behind: u32,
    /// The lanes, and those of them that have a site behind.
    mask: u16,
    backed: u16,
    direction: u8,
    iolet: u16,
    /// The first lane's link.
    first: u32,
}

/// The links, and what passes through them.
pub(super) struct Links {
    rows: Vec<Row>,
    deltas: Vec<f32>,
    coefficients: Vec<f32>,
    /// Of each link, the population over its weight that comes in, and the one that goes out.
    incoming: Vec<f32>,
    outgoing: Vec<f32>,
}

/// What rows are computed from and to.
struct Passing<'a, T> {
    from: [*const T; FIELDS],
    iolets: &'a [Iolet],
    modes: Option<(&'a Modes, &'a [f32])>,
    deltas: *const f32,
    coefficients: *const f32,
    incoming: *mut f32,
    outgoing: *mut f32,
}

// SAFETY: rows read what nobody writes meanwhile, and write the values of their own links.
unsafe impl<T: Number> Sync for Passing<'_, T> {}

impl Links {
    /// `coefficients` has one value an opening link of the lattice.
    pub(super) fn new(lattice: &Lattice, coefficients: Vec<f32>) -> Self {
        let mut rows: Vec<Row> = Vec::new();
        for (k, link) in lattice.iolet_links.iter().enumerate() {
            let lane = link.site % LANES as u32;
            let own = link.site - lane;
            let same = |row: &Row| (row.own, row.direction, row.iolet) == (own, link.direction, link.iolet);
            if !rows.last().is_some_and(same) {
                let (direction, iolet) = (link.direction, link.iolet);
                rows.push(Row { own, behind: own, mask: 0, backed: 0, direction, iolet, first: k as u32 });
            }
            let Some(row) = rows.last_mut() else { continue };
            row.mask |= 1 << lane;
            if link.behind != NOWHERE {
                row.backed |= 1 << lane;
                row.behind = link.behind - lane;
            }
        }
        Self {
            rows,
            deltas: lattice.iolet_links.iter().map(|link| link.delta).collect(),
            incoming: vec![0.0; coefficients.len()],
            outgoing: vec![0.0; coefficients.len()],
            coefficients,
        }
    }

    /// What comes in through every link, over its weight.
    pub(super) fn incoming(&self) -> &[f32] {
        &self.incoming
    }

    /// Mass that link `k` carries into the vessel in a step over its weight.
    pub(super) fn passing(&self, k: usize) -> f32 {
        self.incoming[k] - self.outgoing[k]
    }

    /// Volume that each opening takes in, lattice units.
    pub(super) fn influx(&self, lattice: &Lattice, openings: usize) -> Vec<f64> {
        let mut flux = vec![0.0; openings];
        let through = self.incoming.iter().zip(&self.outgoing);
        for (link, (&incoming, &outgoing)) in lattice.iolet_links.iter().zip(through) {
            let weight = f64::from(weight(link.direction as usize));
            flux[link.iolet as usize] += weight * (f64::from(incoming) - f64::from(outgoing));
        }
        flux
    }

    /// Computes what passes for a state, the openings' conditions, and extra velocity modes with their amplitudes.
    pub(super) fn fill<T: Number>(
        &mut self,
        level: Level,
        state: &Fields<T>,
        iolets: &[Iolet],
        modes: Option<(&Modes, &[f32])>,
    ) {
        let passing = Passing {
            from: state.pointers(),
            iolets,
            modes,
            deltas: self.deltas.as_ptr(),
            coefficients: self.coefficients.as_ptr(),
            incoming: self.incoming.as_mut_ptr(),
            outgoing: self.outgoing.as_mut_ptr(),
        };
        let task = |rows: &[Row]| {
            // SAFETY: the rows are those of the lattice that the state is on, with links of their own, and the flow's
            // level is one that the processor has.
            without_denormals(|| unsafe {
                match level {
                    #[cfg(target_arch = "x86_64")]
                    Level::Avx512 => rows_avx512(&passing, rows),
                    #[cfg(target_arch = "x86_64")]
                    Level::Avx2 => rows_avx2(&passing, rows),
                    _ => pass::<T, Portable>(&passing, rows),
                }
            });
        };
        if self.deltas.len() < SHARED { task(&self.rows) } else { self.rows.par_chunks(ROWS).for_each(task) }
    }
}

/// A row of values where the instructions can store it.
#[repr(align(64))]
struct Values([f32; LANES]);

/// # Safety
/// The pointers are to the padded arrays of the rows' lattice and to one value a link, the values of these rows' links are
/// nobody else's, and the processor has the instruction set of `L`.
#[inline(always)]
unsafe fn pass<T: Number, L: Lanes>(s: &Passing<T>, rows: &[Row]) {
    for row in rows {
        let (q, iolet) = (row.direction as usize, &s.iolets[row.iolet as usize]);
        let (mut incoming, mut outgoing) = (Values([0.0; LANES]), Values([0.0; LANES]));
        // SAFETY: blocks and the rows behind them lie inside the padded arrays, and a row's links one after the other.
        unsafe {
            let (out, even) = along::<T, L>(&s.from, q, row.own as usize);
            let value = if iolet.kind == Kind::Velocity {
                let delta = L::splat(1.0).expand(row.mask, s.deltas.add(row.first as usize));
                let term = term::<T, L>(s, row, iolet);
                let onward = along::<T, L>(&s.from, q, row.behind as usize).0;
                out.add(term).blend(row.backed, moving(delta, even.add(even), onward, term))
            } else {
                let own = row.own as usize;
                let (x, y, z) = (T::load(s.from[1].add(own)), T::load(s.from[2].add(own)), T::load(s.from[3].add(own)));
                let j = [in_units::<T, L>(x), in_units::<T, L>(y), in_units::<T, L>(z)];
                open(iolet, opposite(q), j)
            };
            value.store(incoming.0.as_mut_ptr());
            out.store(outgoing.0.as_mut_ptr());
            let (mut left, mut k) = (row.mask, row.first as usize);
            while left != 0 {
                let lane = left.trailing_zeros() as usize;
                s.incoming.add(k).write(incoming.0[lane]);
                s.outgoing.add(k).write(outgoing.0[lane]);
                left &= left - 1;
                k += 1;
            }
        }
    }
}

/// Population over its weight along `q` of sixteen sites, and its even part.
///
/// # Safety
/// `at` is a place in the padded arrays with sixteen values after it.
#[inline(always)]
unsafe fn along<T: Number, L: Lanes>(from: &[*const T; FIELDS], q: usize, at: usize) -> (L, L) {
    // SAFETY: the caller's contract.
    let (even, odd) = unsafe {
        match q.div_ceil(2) {
            1 => parts::<T, L, 1>(from, at),
            2 => parts::<T, L, 3>(from, at),
            3 => parts::<T, L, 5>(from, at),
            4 => parts::<T, L, 7>(from, at),
            5 => parts::<T, L, 9>(from, at),
            6 => parts::<T, L, 11>(from, at),
            7 => parts::<T, L, 13>(from, at),
            8 => parts::<T, L, 15>(from, at),
            _ => parts::<T, L, 17>(from, at),
        }
    };
    (if q % 2 == 1 { even.add(odd) } else { even.sub(odd) }, even)
}

/// What the velocity at the lid adds to a row.
///
/// # Safety
/// A row's links have coefficients one after the other.
#[inline(always)]
unsafe fn term<T: Number, L: Lanes>(s: &Passing<T>, row: &Row, iolet: &Iolet) -> L {
    let zero = L::splat(0.0);
    // SAFETY: the caller's contract.
    let plain = unsafe { zero.expand(row.mask, s.coefficients.add(row.first as usize)) }.mul(L::splat(iolet.value));
    let Some((modes, amplitudes)) = s.modes else { return plain };
    let mut extra = Values([0.0; LANES]);
    for (n, value) in extra.0.iter_mut().take(row.mask.count_ones() as usize).enumerate() {
        *value = modes.term(row.first as usize + n, row.iolet as usize, amplitudes);
    }
    // SAFETY: the array has as many values as the mask has bits.
    plain.add(unsafe { zero.expand(row.mask, extra.0.as_ptr()) })
}

/// [`pass`] in AVX-512.
///
/// # Safety
/// The contract of [`pass`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2,fma,f16c,popcnt,bmi1,bmi2")]
unsafe fn rows_avx512<T: Number>(s: &Passing<T>, rows: &[Row]) {
    // SAFETY: the caller's contract.
    unsafe { pass::<T, super::simd::Avx512>(s, rows) }
}

/// [`pass`] in AVX2.
///
/// # Safety
/// The contract of [`pass`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c,popcnt,bmi1,bmi2")]
unsafe fn rows_avx2<T: Number>(s: &Passing<T>, rows: &[Row]) {
    // SAFETY: the caller's contract.
    unsafe { pass::<T, super::simd::Avx2>(s, rows) }
}
