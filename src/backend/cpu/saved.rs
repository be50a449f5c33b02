//! Saving and restoring a flow on the native CPU ([`crate::backend::saved`]).

use std::io::{self, Read, Write};

use half::slice::HalfFloatSliceExt;

use super::CpuFlow;
use super::memory::Memory;
use crate::backend::saved::{Driven, Saved, Watched, read_into, write_of};
use crate::fluid::storage::{PAIRS, Storage};

impl CpuFlow {
    /// What this flow is saved with beside its arrays.
    #[must_use]
    pub fn saved(&self) -> Saved {
        let driven = self.drive.as_ref().map(|d| Driven {
            clock: d.drive.clock,
            states: d.drive.states.clone(),
            amplitudes: d.amplitudes.clone(),
        });
        Saved {
            len: self.lattice.padded_len(),
            half: self.storage() == Storage::F16,
            tick: self.tick,
            wall_source: self.physics.wall_source,
            iolets: self.iolets.iter().map(|iolet| [iolet.value, iolet.floor]).collect(),
            driven,
            watched: self.watch.as_deref().map(|watch| {
                let (points, mean) = watch.shape();
                Watched { points, mean, tally: watch.tally() }
            }),
        }
    }

    /// Writes the arrays.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write_arrays(&self, out: &mut dyn Write) -> io::Result<()> {
        match &self.memory {
            Memory::F32(pair) => pair.now.slices().iter().try_for_each(|field| write_of(out, field))?,
            Memory::F16(pair) => {
                let fields = pair.now.slices();
                PAIRS.iter().flatten().try_for_each(|&k| write_of(out, fields[k].reinterpret_cast()))?;
            }
        }
        self.watch.as_deref().map_or(Ok(()), |watch| watch.write(out))
    }

    /// Goes on from what was saved, but for openings and physics; it is of a flow like this one.
    pub(in crate::backend) fn restore(&mut self, saved: &Saved, from: &mut dyn Read) -> io::Result<()> {
        self.tick = saved.tick;
        if let (Some(own), Some(driven)) = (&mut self.drive, &saved.driven) {
            own.restore(driven);
        }
        match &mut self.memory {
            Memory::F32(pair) => pair.now.slices_mut().into_iter().try_for_each(|field| read_into(from, field))?,
            Memory::F16(pair) => {
                let mut fields = pair.now.slices_mut();
                PAIRS.iter().flatten().try_for_each(|&k| read_into(from, fields[k].reinterpret_cast_mut()))?;
            }
        }
        match (self.watch.as_deref_mut(), &saved.watched) {
            (Some(watch), Some(watched)) => watch.read(watched.tally, from),
            _ => Ok(()),
        }
    }
}
