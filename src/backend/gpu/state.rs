//! Both states of a flow in the memory of an adapter.

use std::io::{Read, Write};

use half::f16;

use super::admit::{field_bytes, state_arrays};
use super::device::Opened;
use super::error::GpuError;
use super::memory::Demand;
use super::pipelines::{Pipelines, group, state_buffers};
use crate::backend::saved::{SaveError, read_into, write_of};
use crate::fluid::moments::FIELDS;
use crate::fluid::storage::{PAIRS, Storage, keep, read};
use crate::geometry::lattice::Lattice;

/// The present state and the next one, and how kernels see them.
pub(super) struct States {
    storage: Storage,
    buffers: [Vec<wgpu::Buffer>; 2],
    from: [wgpu::BindGroup; 2],
    to: [wgpu::BindGroup; 2],
    now: usize,
}

impl States {
    /// States of noughts.
    pub(super) fn new(gpu: &Opened, pipelines: &Pipelines, lattice: &Lattice) -> Self {
        let storage = pipelines.build.storage;
        // The count of steps is as long as the smallest buffer.
        let bytes = |k: usize| if k < state_arrays(storage) { field_bytes(lattice) } else { 0 };
        let field = |k| gpu.buffer("field", bytes(k), wgpu::BufferUsages::STORAGE);
        let buffers = [(); 2].map(|()| (0..state_buffers(storage)).map(field).collect::<Vec<_>>());
        let bind = |shape| [0, 1].map(|k: usize| group(gpu, shape, &buffers[k]));
        Self { storage, from: bind(&pipelines.from), to: bind(&pipelines.to), buffers, now: 0 }
    }

    /// What their numbers are kept in.
    pub(super) fn storage(&self) -> Storage {
        self.storage
    }

    /// The present state, to read.
    pub(super) fn from(&self) -> &wgpu::BindGroup {
        &self.from[self.now]
    }

    /// The next state, to write.
    pub(super) fn to(&self) -> &wgpu::BindGroup {
        &self.to[1 - self.now]
    }

    /// Makes the next state the present one.
    pub(super) fn swap(&mut self) {
        self.now = 1 - self.now;
    }

    /// The present state in 32 bits.
    pub(super) fn download(&self, gpu: &Opened, len: usize, demand: Demand) -> Result<[Vec<f32>; FIELDS], GpuError> {
        let buffers = &self.buffers[self.now];
        match self.storage {
            Storage::F32 => gpu.download_all(std::array::from_fn::<_, FIELDS, _>(|k| &buffers[k]), len, demand),
            Storage::F16 => {
                let buffers = std::array::from_fn::<_, { PAIRS.len() }, _>(|k| &buffers[k]);
                let words: [Vec<u32>; PAIRS.len()] = gpu.download_all(buffers, len, demand)?;
                let mut fields: [Vec<f32>; FIELDS] = Default::default();
                for (words, [low, high]) in words.iter().zip(PAIRS) {
                    fields[low] = words.iter().map(|word| read(f16::from_bits(*word as u16))).collect();
                    fields[high] = words.iter().map(|word| read(f16::from_bits((word >> 16) as u16))).collect();
                }
                Ok(fields)
            }
        }
    }

    /// Sets the present state.
    pub(super) fn upload(&self, gpu: &Opened, fields: &[&[f32]; FIELDS]) {
        let buffers = &self.buffers[self.now];
        match self.storage {
            Storage::F32 => {
                for (buffer, field) in buffers.iter().zip(fields) {
                    gpu.upload(buffer, bytemuck::cast_slice(field));
                }
            }
            Storage::F16 => {
                for (buffer, [low, high]) in buffers.iter().zip(PAIRS) {
                    let half = |value: &f32| u32::from(keep(*value).to_bits());
                    let pairs = fields[low].iter().zip(fields[high]);
                    let words: Vec<u32> = pairs.map(|(low, high)| half(low) | half(high) << 16).collect();
                    gpu.upload(buffer, bytemuck::cast_slice(&words));
                }
            }
        }
    }

    /// Steps taken, where numbers are rounded by their count.
    pub(super) fn tick(&self, gpu: &Opened, demand: Demand) -> Result<u32, GpuError> {
        let Some(buffer) = self.buffers[self.now].get(state_arrays(self.storage)) else { return Ok(0) };
        Ok(gpu.download(buffer, 1, demand)?[0])
    }

    /// Writes the present state as it is kept, an array at a time ([`crate::backend::saved`]).
    pub(super) fn write(
        &self,
        gpu: &Opened,
        (len, demand): (usize, Demand),
        out: &mut dyn Write,
    ) -> Result<(), SaveError> {
        for buffer in &self.buffers[self.now][..state_arrays(self.storage)] {
            let words: Vec<u32> = gpu.download(buffer, len, demand)?;
            match self.storage {
                Storage::F32 => write_of(out, &words)?,
                Storage::F16 => {
                    write_of(out, &words.iter().map(|word| *word as u16).collect::<Vec<_>>())?;
                    write_of(out, &words.iter().map(|word| (word >> 16) as u16).collect::<Vec<_>>())?;
                }
            }
        }
        Ok(())
    }

    /// Sets the present state to what was written, and the count of steps.
    pub(super) fn read(&self, gpu: &Opened, len: usize, tick: u32, from: &mut dyn Read) -> Result<(), SaveError> {
        let buffers = &self.buffers[self.now];
        let mut words = vec![0u32; len];
        for buffer in &buffers[..state_arrays(self.storage)] {
            match self.storage {
                Storage::F32 => read_into(from, &mut words)?,
                Storage::F16 => {
                    let (mut low, mut high) = (vec![0u16; len], vec![0u16; len]);
                    read_into(from, &mut low)?;
                    read_into(from, &mut high)?;
                    let pairs = low.iter().zip(&high).map(|(low, high)| u32::from(*low) | u32::from(*high) << 16);
                    words.iter_mut().zip(pairs).for_each(|(word, pair)| *word = pair);
                }
            }
            gpu.upload(buffer, bytemuck::cast_slice(&words));
        }
        if let Some(buffer) = buffers.get(state_arrays(self.storage)) {
            gpu.upload(buffer, bytemuck::bytes_of(&tick));
        }
        Ok(())
    }
}
