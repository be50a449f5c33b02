//! Repair: from a surface with flaws to one whose inside is defined.
//!
//! Theory. What bounds the lumen is found by the cells of space that the sheets of the surface separate (`sheets`);
//! pieces that cross are told inside from outside by the generalised winding number (Jacobson et al., ACM TOG 32, 33,
//! 2013). A flaw is mended where it is: a hole is filled by the patch of least area over its rim (`hole`), a sheet
//! that bounds nothing is dropped (`mend`), triangles that cross are cut out along the crossing and the gap is closed
//! (`cross`, `unite`). All other triangles stay as they are, bit for bit.
//!
//! Practice. A surface that is sound passes unchanged. Every repair is told with its kind, place, size and change of
//! volume; what would change the lumen by more than the [`Limits`], join two lumens or add a handle is refused with its
//! place.

mod cross;
mod handles;
mod hole;
mod mend;
mod report;
mod sheets;
#[cfg(test)]
mod tests;
mod unite;
mod vessel;

pub use report::{Kind, Limits, Mend, RepairError, Report};
pub use vessel::Unmendable;

use std::collections::HashSet;

use self::mend::Work;
use super::cap::take_loose_caps;
use super::orient::{orient, volume};
use super::surface::Surface;
use super::weld::{compact, weld};

/// Rounds of all repairs: filling a hole may show the next flaw.
const ROUNDS: usize = 8;

/// Mends `surface` within `limits`: the surface, welded and oriented outward, and what was done.
///
/// # Errors
/// [`RepairError`] with the place of what cannot be mended, or not within the limits.
pub fn repair(surface: &Surface, limits: &Limits) -> Result<(Surface, Report), RepairError> {
    let (welded, weld) = weld(surface);
    let mut rest = welded.clone();
    take_loose_caps(&mut rest);
    let caps = difference(&welded, &rest);
    let mut work = Work::new(rest);
    for round in 0.. {
        let done = work.mends.len();
        work.cut_folds()?;
        work.drop_sheets(limits)?;
        work.drop_loose()?;
        orient(&mut work.surface);
        work.unite()?;
        let before = work.handles();
        work.fill_holes(limits)?;
        work.keep_handles(before)?;
        match work.mends.last() {
            Some(last) if work.mends.len() > done && round == ROUNDS => {
                return Err(RepairError::Stubborn { place: last.place });
            }
            _ if work.mends.len() == done => break,
            _ => {}
        }
    }
    let Work { surface: mut mended, mends, .. } = work;
    orient(&mut mended);
    let mut report = Report { weld, flipped: flipped(&welded, &mended), mends, ..Report::default() };
    report.volume = volume(&mended.vertices, &mended.triangles);
    check_volume(&report, limits)?;
    for (corners, patch) in caps {
        mended.triangles.push(corners);
        mended.patch_of.push(patch);
    }
    compact(&mut mended);
    Ok((mended, report))
}

/// Whether pieces of a surface cross one another, so that it is no vessel although every edge is sound.
#[must_use]
pub fn pieces_cross(surface: &Surface) -> bool {
    let (mut welded, _) = weld(surface);
    take_loose_caps(&mut welded);
    unite::pieces_cross(&welded)
}

/// Triangles (with their patches) of `all` that `some`, with the same vertices, has not; `some` is in the order of
/// `all`.
fn difference(all: &Surface, some: &Surface) -> Vec<([u32; 3], u16)> {
    let mut kept = some.triangles.iter().peekable();
    let gone = |(corners, _): &(&[u32; 3], &u16)| kept.next_if_eq(corners).is_none();
    all.triangles.iter().zip(&all.patch_of).filter(gone).map(|(&corners, &patch)| (corners, patch)).collect()
}

/// Number of triangles that run the other way round than in the file.
fn flipped(file: &Surface, mended: &Surface) -> usize {
    let first = |[a, b, c]: [u32; 3]| {
        if a < b && a < c {
            [a, b, c]
        } else if b < c {
            [b, c, a]
        } else {
            [c, a, b]
        }
    };
    let known: HashSet<[u32; 3]> = file.triangles.iter().map(|&corners| first(corners)).collect();
    mended
        .triangles
        .iter()
        .filter(|&&[a, b, c]| known.contains(&first([a, c, b])) && !known.contains(&first([a, b, c])))
        .count()
}

/// Refuses repairs that together change the volume too much.
fn check_volume(report: &Report, limits: &Limits) -> Result<(), RepairError> {
    let change = report.volume_change();
    let largest = report.mends.iter().max_by(|a, b| a.volume.abs().total_cmp(&b.volume.abs()));
    match largest {
        Some(mend) if change > limits.max_volume_change => {
            let (limit, place) = (limits.max_volume_change, mend.place);
            Err(RepairError::Volume { change, limit, place, what: mend.kind.name() })
        }
        _ => Ok(()),
    }
}
