//! Buffers of an adapter, filled and read in pieces, so that staging memory stays small.

use std::sync::atomic::Ordering;

use bytemuck::Pod;

use super::device::Opened;
use super::error::{Extent, GpuError};

/// Largest piece that is staged at a time, bytes.
const PIECE: u64 = 64 << 20;

/// What places and sizes of copies are multiples of, and of mapped ranges as well, bytes.
const COPY_ALIGNMENT: usize = 8;

/// Smallest buffer: shaders see at least one element of any array, the longest of which has this many bytes.
const SMALLEST: u64 = 32;

/// What a case needs, for messages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Demand {
    pub extent: Extent,
    pub bytes: u64,
}

impl Opened {
    /// A buffer of zeros.
    pub(super) fn buffer(&self, label: &str, bytes: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
        let usage = usage | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC;
        let size = bytes.max(SMALLEST);
        self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(label),
            size,
            usage,
            mapped_at_creation: false,
        })
    }

    /// A storage buffer that holds `values`.
    pub(super) fn table<T: Pod>(&self, label: &str, values: &[T]) -> wgpu::Buffer {
        let bytes: &[u8] = bytemuck::cast_slice(values);
        let buffer = self.buffer(label, bytes.len() as u64, wgpu::BufferUsages::STORAGE);
        self.upload(&buffer, bytes);
        buffer
    }

    /// Fills a buffer from its start.
    pub(super) fn upload(&self, buffer: &wgpu::Buffer, bytes: &[u8]) {
        for (k, piece) in bytes.chunks(PIECE as usize).enumerate() {
            self.queue.write_buffer(buffer, k as u64 * PIECE, piece);
            let submission = self.queue.submit([]);
            if bytes.len() as u64 > PIECE {
                self.faults.wait(&self.device, Some(submission));
            }
        }
    }

    /// The first `len` values of a buffer, after all that was submitted before.
    pub(super) fn download<T: Pod>(
        &self,
        buffer: &wgpu::Buffer,
        len: usize,
        demand: Demand,
    ) -> Result<Vec<T>, GpuError> {
        let [values] = self.download_all([buffer], len, demand)?;
        Ok(values)
    }

    /// The first `len` values of several buffers, a piece of all of them at a time: the host waits once a piece.
    pub(super) fn download_all<T: Pod, const N: usize>(
        &self,
        buffers: [&wgpu::Buffer; N],
        len: usize,
        demand: Demand,
    ) -> Result<[Vec<T>; N], GpuError> {
        let mut values = [(); N].map(|()| vec![T::zeroed(); len]);
        let total = len * size_of::<T>();
        let piece = (PIECE as usize / N / COPY_ALIGNMENT * COPY_ALIGNMENT).min(total.next_multiple_of(COPY_ALIGNMENT));
        if total == 0 {
            return Ok(values);
        }
        let staging = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("staging"),
            size: (N * piece) as u64,
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        for from in (0..total).step_by(piece) {
            let size = piece.min(total - from);
            let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            for (n, buffer) in buffers.iter().enumerate() {
                encoder.copy_buffer_to_buffer(buffer, from as u64, &staging, (n * piece) as u64, size as u64);
            }
            let submission = self.queue.submit([encoder.finish()]);
            // A failure is noticed when the range is asked for.
            staging.map_async(wgpu::MapMode::Read, .., |_| ());
            self.round_trips.fetch_add(1, Ordering::Relaxed);
            self.faults.wait(&self.device, Some(submission));
            self.check(demand)?;
            match staging.get_mapped_range(..) {
                Ok(view) => {
                    for (n, values) in values.iter_mut().enumerate() {
                        let bytes: &mut [u8] = bytemuck::cast_slice_mut(values);
                        bytes[from..from + size].copy_from_slice(&view[n * piece..n * piece + size]);
                    }
                }
                Err(error) => {
                    return Err(GpuError::Refused { adapter: self.info.name.clone(), reason: error.to_string() });
                }
            }
            staging.unmap();
        }
        Ok(values)
    }

    /// Fails with the first thing that the device reported, if it reported any.
    pub(super) fn check(&self, demand: Demand) -> Result<(), GpuError> {
        self.faults.check(&self.info.name, demand.extent, demand.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::gpu::testing::adapter;

    /// More than one piece, and the last one short.
    #[test]
    fn what_goes_up_in_pieces_comes_down_the_same() {
        let Some(gpu) = adapter() else { return };
        let demand = Demand { extent: Extent::Sites(0), bytes: 0 };
        for len in [0, 1, 7, PIECE as usize / 4, PIECE as usize / 4 + 5] {
            let values: Vec<u32> = (0..len as u32).map(|k| k.wrapping_mul(2_654_435_761)).collect();
            let buffer = gpu.table("values", &values);
            let back = gpu.download::<u32>(&buffer, len, demand).unwrap_or_else(|e| panic!("{e}"));
            assert!(values == back, "{len} values");
        }
    }
}
