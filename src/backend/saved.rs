//! All that the next step of a flow depends on, as it is kept on disk or in memory: a flow that is restored goes on as if
//! it had not been left, to the last bit on the same backend.
//!
//! Small numbers are in [`Saved`]. The arrays follow as they lie in memory (little-endian), one after the other, so that
//! no second state is held while they are written or read: the ten fields in 32 bits; or the 16 bits that they are kept
//! in, pair by pair ([`crate::fluid::storage::PAIRS`]). Where a cycle is summed: the sums at the points of the wall, the
//! directions that transverse sums are taken across, and the averages of the volume. The order is the same for every
//! backend, so that one goes on from the state of another.

use std::io::{self, Read, Write};

use bytemuck::Pod;
use serde::{Deserialize, Serialize};

use super::gpu::error::GpuError;
use super::tally::Tally;
use super::{BackendError, Flow};
use crate::fluid::drive::{Clock, OpeningState};
use crate::fluid::shear::{MEANS, WallSums};
use crate::fluid::storage::Storage;

/// What a flow is saved with beside its arrays, lattice units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    /// Length of the lattice's padded arrays.
    pub len: usize,
    /// Whether numbers are kept in 16 bits.
    pub half: bool,
    /// Steps taken, for what is rounded at random.
    pub tick: u32,
    /// Density given to every site at the wall in each step.
    pub wall_source: f32,
    /// Value and floor of every opening.
    pub iolets: Vec<[f32; 2]>,
    /// Openings in time.
    pub driven: Option<Driven>,
    /// Sums of a cycle.
    pub watched: Option<Watched>,
}

/// Where openings in time are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Driven {
    /// What they share.
    pub clock: Clock,
    /// Each of them.
    pub states: Vec<OpeningState>,
    /// Amplitudes of extra velocity modes.
    pub amplitudes: Vec<f32>,
}

/// What the sums of a cycle are of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Watched {
    /// Points of the wall.
    pub points: usize,
    /// Whether averages of the volume are taken.
    pub mean: bool,
    /// Weights of the samples.
    pub tally: Tally,
}

/// Why a flow cannot be saved or restored.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The file.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The device.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// What was saved is of another flow.
    #[error("it holds {found} where this run has {expected}")]
    Other {
        /// What was saved.
        found: String,
        /// What would fit.
        expected: String,
    },
}

impl From<GpuError> for SaveError {
    fn from(error: GpuError) -> Self {
        Self::Backend(error.into())
    }
}

/// Writes an array as it lies in memory.
pub(super) fn write_of<T: Pod>(out: &mut dyn Write, values: &[T]) -> io::Result<()> {
    out.write_all(bytemuck::cast_slice(values))
}

/// Reads an array as it lies in memory.
pub(super) fn read_into<T: Pod>(from: &mut dyn Read, values: &mut [T]) -> io::Result<()> {
    from.read_exact(bytemuck::cast_slice_mut(values))
}

impl Saved {
    /// Bytes of the arrays.
    #[must_use]
    pub fn array_bytes(&self) -> u64 {
        let storage = if self.half { Storage::F16 } else { Storage::F32 };
        let times = |bytes: usize, count: usize| (bytes as u64).saturating_mul(count as u64);
        let watched = self.watched.as_ref().map_or(0, |watched| {
            let mean = if watched.mean { times(MEANS * size_of::<f32>(), self.len) } else { 0 };
            times(size_of::<WallSums>() + size_of::<[f32; 3]>(), watched.points).saturating_add(mean)
        });
        times(storage.state_bytes(), self.len).saturating_add(watched)
    }

    /// What has to be the same in the flow that is restored, in words.
    fn shape(&self) -> String {
        let amplitudes = self.driven.as_ref().map(|driven| (driven.states.len(), driven.amplitudes.len()));
        let watched = self.watched.as_ref().map(|watched| (watched.points, watched.mean));
        format!(
            "{} numbers a field of {} bits, {} openings ({amplitudes:?} in time, {watched:?} summed)",
            self.len,
            if self.half { 16 } else { 32 },
            self.iolets.len(),
        )
    }
}

impl Flow {
    /// What this flow is saved with beside its arrays, after all steps asked for.
    ///
    /// # Errors
    /// [`BackendError::Gpu`] if the adapter was lost or refused something.
    pub fn saved(&mut self) -> Result<Saved, BackendError> {
        match self {
            Self::Cpu(flow) => Ok(flow.saved()),
            Self::Gpu(flow) => Ok(flow.saved()?),
        }
    }

    /// Writes the arrays that belong to [`Flow::saved`].
    ///
    /// # Errors
    /// [`SaveError`]: what the writer says, or the adapter was lost or refused something.
    pub fn write_arrays(&mut self, out: &mut dyn Write) -> Result<(), SaveError> {
        match self {
            Self::Cpu(flow) => Ok(flow.write_arrays(out)?),
            Self::Gpu(flow) => flow.write_arrays(out),
        }
    }

    /// Goes on from what was saved. Rheology, drive and stencil must have been set as they were then.
    ///
    /// # Errors
    /// [`SaveError`]: what the reader says, the adapter was lost or refused something, or what was saved is of another
    /// flow (then nothing is changed).
    pub fn restore(&mut self, saved: &Saved, from: &mut dyn Read) -> Result<(), SaveError> {
        let (found, expected) = (saved.shape(), self.saved()?.shape());
        if found != expected {
            return Err(SaveError::Other { found, expected });
        }
        let mut physics = self.physics();
        physics.wall_source = saved.wall_source;
        self.set_physics(physics);
        for (k, [value, floor]) in saved.iolets.iter().enumerate() {
            let mut iolet = self.iolets()[k];
            (iolet.value, iolet.floor) = (*value, *floor);
            self.set_iolet(k, iolet);
        }
        match self {
            Self::Cpu(flow) => Ok(flow.restore(saved, from)?),
            Self::Gpu(flow) => flow.restore(saved, from),
        }
    }
}
