//! Saving and restoring a flow on an adapter ([`crate::backend::saved`]).

use std::io::{Read, Write};

use super::{GpuFlow, layout};
use crate::backend::gpu::error::GpuError;
use crate::backend::saved::{Driven, SaveError, Saved, Watched};
use crate::fluid::storage::Storage;

impl GpuFlow {
    /// What this flow is saved with beside its arrays.
    ///
    /// # Errors
    /// [`GpuError`] if the adapter was lost or refused something.
    pub fn saved(&mut self) -> Result<Saved, GpuError> {
        let demand = self.demand();
        let driven = match &self.drive {
            None => None,
            Some(drive) => {
                let (clock, states) = drive.driven(&self.gpu, demand)?;
                let amplitudes = drive.amplitudes(&self.gpu, self.modes.amplitudes(), demand)?;
                Some(Driven { clock, states, amplitudes })
            }
        };
        let iolets: Vec<layout::Iolet> = self.gpu.download(&self.iolets_buffer, self.iolets.len(), demand)?;
        Ok(Saved {
            len: self.lattice.padded_len(),
            half: self.storage() == Storage::F16,
            tick: self.states.tick(&self.gpu, demand)?,
            wall_source: self.physics.wall_source,
            iolets: iolets.iter().map(layout::Iolet::imposed).collect(),
            driven,
            watched: self.watch.as_ref().map(|watch| {
                let (points, mean) = watch.shape();
                Watched { points, mean, tally: watch.tally() }
            }),
        })
    }

    /// Writes the arrays.
    ///
    /// # Errors
    /// [`SaveError`]: what the writer says, or the adapter was lost or refused something.
    pub fn write_arrays(&mut self, out: &mut dyn Write) -> Result<(), SaveError> {
        let demand = self.demand();
        self.states.write(&self.gpu, (self.lattice.padded_len(), demand), out)?;
        self.watch.as_ref().map_or(Ok(()), |watch| watch.write(&self.gpu, demand, out))
    }

    /// Goes on from what was saved, but for openings and physics; it is of a flow like this one.
    pub(in crate::backend) fn restore(&mut self, saved: &Saved, from: &mut dyn Read) -> Result<(), SaveError> {
        if let (Some(drive), Some(driven)) = (&mut self.drive, &saved.driven) {
            drive.restore(&self.gpu, driven.clock, &driven.states, &driven.amplitudes);
        }
        self.states.read(&self.gpu, self.lattice.padded_len(), saved.tick, from)?;
        if let (Some(watch), Some(watched)) = (&mut self.watch, &saved.watched) {
            watch.read(&self.gpu, watched.tally, from)?;
        }
        Ok(self.check()?)
    }
}
