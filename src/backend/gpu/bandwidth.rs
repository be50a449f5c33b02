//! What timing an adapter needs: waiting for it, and the time that it takes to move numbers without computing anything.
//! The patterns are those of [`crate::backend::cpu::Streams`].

use std::time::Instant;

use super::admit::largest_array;
use super::device::Opened;
use super::error::{Extent, GpuError};
use super::flow::GpuFlow;
use super::memory::Demand;
use super::pipelines::{Binding, Build, Checks, group, pipeline, shape, workgroups};
use super::shader::Kernel;
use crate::fluid::moments::FIELDS;
use crate::fluid::storage::Storage;

/// What sizes are multiples of, bytes: a thread of the copy moves so many.
const PIECE: u64 = 16;

/// How often a pattern is repeated in a submission, so that starting it does not count.
const REPEATS: usize = 10;

/// Memory to move numbers in.
pub struct Streams {
    gpu: Opened,
    /// Bytes of each array.
    array: u64,
    pipelines: [wgpu::ComputePipeline; 2],
    /// Of each field, what the copy sees.
    single: Vec<wgpu::BindGroup>,
    /// What the ten arrays side by side see.
    sides: [wgpu::BindGroup; 2],
}

impl Streams {
    /// Two sets of ten arrays, each set of about so many bytes, less where the adapter admits no such arrays.
    ///
    /// # Errors
    /// [`GpuError`] if the adapter has no such memory, or its driver refuses the shaders.
    pub fn new(gpu: Opened, bytes: usize) -> Result<Self, GpuError> {
        let array = (bytes as u64 / FIELDS as u64).min(largest_array(&gpu.info)) / PIECE * PIECE;
        let array = array.max(PIECE);
        let buffer = || gpu.buffer("stream", array, wgpu::BufferUsages::STORAGE);
        let states: [[_; FIELDS]; 2] = std::array::from_fn(|_| std::array::from_fn(|_| buffer()));
        let pair = shape(&gpu, "copy", &[Binding::Read, Binding::Write]);
        let from = shape(&gpu, "from", &[Binding::Read; FIELDS]);
        let to = shape(&gpu, "to", &[Binding::Write; FIELDS]);
        let build = Build { storage: Storage::F32, checks: Checks::Off };
        let streams = Self {
            pipelines: [
                pipeline(&gpu, Kernel::Copy, &[&pair], build, &[]),
                pipeline(&gpu, Kernel::Fields, &[&from, &to], build, &[]),
            ],
            single: (0..FIELDS).map(|k| group(&gpu, &pair, [&states[0][k], &states[1][k]])).collect(),
            sides: [group(&gpu, &from, &states[0]), group(&gpu, &to, &states[1])],
            array,
            gpu,
        };
        streams.copy()?;
        streams.fields()?;
        Ok(streams)
    }

    /// Bytes that either pattern reads and writes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        2 * FIELDS * self.array as usize
    }

    /// Copies one array after the other; seconds.
    ///
    /// # Errors
    /// [`GpuError`] if the adapter was lost or refused something.
    pub fn copy(&self) -> Result<f64, GpuError> {
        let [x, y] = self.groups(PIECE);
        self.timed(&|pass| {
            pass.set_pipeline(&self.pipelines[0]);
            for bound in &self.single {
                pass.set_bind_group(0, bound, &[]);
                pass.dispatch_workgroups(x, y, 1);
            }
        })
    }

    /// Copies ten arrays side by side; seconds.
    ///
    /// # Errors
    /// [`GpuError`] if the adapter was lost or refused something.
    pub fn fields(&self) -> Result<f64, GpuError> {
        let [x, y] = self.groups(size_of::<f32>() as u64);
        self.timed(&|pass| {
            pass.set_pipeline(&self.pipelines[1]);
            pass.set_bind_group(0, &self.sides[0], &[]);
            pass.set_bind_group(1, &self.sides[1], &[]);
            pass.dispatch_workgroups(x, y, 1);
        })
    }

    fn groups(&self, bytes: u64) -> [u32; 2] {
        workgroups(self.array / bytes, self.gpu.info.max_compute_workgroups_per_dimension)
    }

    /// Seconds that a pattern takes.
    fn timed(&self, pattern: &dyn Fn(&mut wgpu::ComputePass)) -> Result<f64, GpuError> {
        self.gpu.faults.wait(&self.gpu.device, None);
        let clock = Instant::now();
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            (0..REPEATS).for_each(|_| pattern(&mut pass));
        }
        let submission = self.gpu.queue.submit([encoder.finish()]);
        self.gpu.faults.wait(&self.gpu.device, Some(submission));
        let seconds = clock.elapsed().as_secs_f64() / REPEATS as f64;
        self.gpu.check(Demand { extent: Extent::Sites(0), bytes: self.bytes() as u64 })?;
        Ok(seconds)
    }
}

impl GpuFlow {
    /// Waits for all steps asked for.
    ///
    /// # Errors
    /// [`GpuError`] if the adapter was lost or refused something.
    pub fn finish(&self) -> Result<(), GpuError> {
        self.gpu.faults.wait(&self.gpu.device, None);
        self.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_adapter_moves_numbers() {
        let Some(gpu) = crate::backend::gpu::testing::adapter() else { return };
        let streams = Streams::new(gpu, 1 << 20).unwrap_or_else(|e| panic!("{e}"));
        assert!(streams.bytes().abs_diff(2 << 20) < 1000);
        for seconds in [streams.copy(), streams.fields()] {
            assert!(seconds.is_ok_and(|seconds| seconds > 0.0));
        }
    }
}
