//! Sums over a cycle at the wall and of the time averages, in the memory of an adapter.

use std::io::{Read, Write};
use std::sync::Arc;

use super::device::Opened;
use super::error::{Extent, GpuError};
use super::layout::Sample;
use super::memory::Demand;
use super::pipelines::{Binding, Build, group, pipeline, shape, workgroups};
use super::shader::Kernel;
use crate::backend::saved::{SaveError, read_into, write_of};
use crate::backend::tally::{Tally, assert_stencil};
use crate::fluid::shear::{CycleSums, MEANS, WallPoint, WallStencil, WallSums};

/// What is summed.
pub(super) struct Watch {
    stencil: Arc<WallStencil>,
    sample: wgpu::Buffer,
    points: wgpu::Buffer,
    sums: wgpu::Buffer,
    wall: Job,
    average: Option<(Job, [wgpu::Buffer; MEANS])>,
    /// Values of a field.
    len: usize,
    tally: Tally,
}

/// A kernel with its second bind group; the first is the present state, the third holds the flow's tables.
struct Job {
    pipeline: wgpu::ComputePipeline,
    buffers: wgpu::BindGroup,
    groups: [u32; 2],
}

impl Job {
    fn new(
        gpu: &Opened,
        (kernel, build): (Kernel, Build),
        [from, tables]: [&wgpu::BindGroupLayout; 2],
        buffers: &[(Binding, &wgpu::Buffer)],
        threads: usize,
    ) -> Self {
        let kinds: Vec<Binding> = buffers.iter().map(|(kind, _)| *kind).collect();
        let own = shape(gpu, kernel.name(), &kinds);
        Self {
            pipeline: pipeline(gpu, kernel, &[from, &own, tables], build, &[]),
            buffers: group(gpu, &own, buffers.iter().map(|(_, buffer)| *buffer)),
            groups: workgroups(threads as u64, gpu.info.max_compute_workgroups_per_dimension),
        }
    }

    fn dispatch(&self, pass: &mut wgpu::ComputePass, [state, tables]: [&wgpu::BindGroup; 2]) {
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, state, &[]);
        pass.set_bind_group(1, &self.buffers, &[]);
        pass.set_bind_group(2, tables, &[]);
        let [x, y] = self.groups;
        pass.dispatch_workgroups(x, y, 1);
    }
}

impl Watch {
    /// Sums of nothing yet. `shapes` are those of the bind groups of a state and of the flow's tables, `len` is that of
    /// a state's fields.
    pub(super) fn new(
        gpu: &Opened,
        shapes: [&wgpu::BindGroupLayout; 2],
        build: Build,
        stencil: Arc<WallStencil>,
        average: bool,
        len: usize,
    ) -> Self {
        use Binding::{Read, Uniform, Write};
        assert_stencil(&stencil, len);
        let vertices = stencil.points.len();
        let (storage, uniform) = (wgpu::BufferUsages::STORAGE, wgpu::BufferUsages::UNIFORM);
        let sample = gpu.buffer("sample", size_of::<Sample>() as u64, uniform);
        let taps = gpu.table("taps", &stencil.taps);
        let points = gpu.table("points", &stencil.points);
        let sums = gpu.buffer("sums", sums_bytes(&stencil), storage);
        let buffers = [(Uniform, &sample), (Read, &taps), (Read, &points), (Write, &sums)];
        let wall = Job::new(gpu, (Kernel::Accumulate, build), shapes, &buffers, vertices);
        let average = average.then(|| {
            let mean: [_; MEANS] = std::array::from_fn(|_| gpu.buffer("mean", 4 * len as u64, storage));
            let [x, y, z, drho] = mean.each_ref().map(|buffer| (Write, buffer));
            let buffers = [(Uniform, &sample), x, y, z, drho];
            (Job::new(gpu, (Kernel::Average, build), shapes, &buffers, len), mean)
        });
        Self { stencil, sample, points, sums, wall, average, len, tally: Tally::default() }
    }

    /// Bytes in the adapter's memory.
    pub(super) fn bytes(&self) -> u64 {
        let mean = if self.average.is_some() { 4 * (MEANS * self.len) as u64 } else { 0 };
        self.stencil.bytes() as u64 + sums_bytes(&self.stencil) + mean
    }

    /// Submits the sums of a state; `shared` are the bind groups of the state and of the flow's tables.
    pub(super) fn accumulate(&mut self, gpu: &Opened, shared: [&wgpu::BindGroup; 2], sample: Sample, reference: f64) {
        gpu.queue.write_buffer(&self.sample, 0, bytemuck::bytes_of(&sample));
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            self.wall.dispatch(&mut pass, shared);
            if let Some((job, _)) = &self.average {
                job.dispatch(&mut pass, shared);
            }
        }
        gpu.queue.submit([encoder.finish()]);
        self.tally.add(sample.weight, reference);
    }

    /// The sums of the cycle so far.
    pub(super) fn cycle(&self, gpu: &Opened, demand: Demand) -> Result<CycleSums, GpuError> {
        let wall = gpu.download(&self.sums, self.stencil.points.len(), demand)?;
        let mean = match &self.average {
            None => None,
            Some((_, buffers)) => {
                let mut mean: [Vec<f32>; MEANS] = Default::default();
                for (field, buffer) in mean.iter_mut().zip(buffers) {
                    *field = gpu.download(buffer, self.len, demand)?;
                }
                Some(mean)
            }
        };
        Ok(self.tally.sums(wall, mean))
    }

    /// Weights of the samples.
    pub(super) fn tally(&self) -> Tally {
        self.tally
    }

    /// Points of the wall, and whether averages are taken.
    pub(super) fn shape(&self) -> (usize, bool) {
        (self.stencil.points.len(), self.average.is_some())
    }

    /// Writes the sums and the directions that they are taken across ([`crate::backend::saved`]).
    pub(super) fn write(&self, gpu: &Opened, demand: Demand, out: &mut dyn Write) -> Result<(), SaveError> {
        let count = self.stencil.points.len();
        write_of(out, &gpu.download::<WallSums>(&self.sums, count, demand)?)?;
        let points: Vec<WallPoint> = gpu.download(&self.points, count, demand)?;
        write_of(out, &points.iter().map(|point| point.across).collect::<Vec<_>>())?;
        for buffer in self.average.iter().flat_map(|(_, mean)| mean) {
            write_of(out, &gpu.download::<f32>(buffer, self.len, demand)?)?;
        }
        Ok(())
    }

    /// Sets sums and directions to what was written.
    pub(super) fn read(&mut self, gpu: &Opened, tally: Tally, from: &mut dyn Read) -> Result<(), SaveError> {
        let mut sums = vec![WallSums::default(); self.stencil.points.len()];
        read_into(from, &mut sums)?;
        gpu.upload(&self.sums, bytemuck::cast_slice(&sums));
        let mut across = vec![[0.0f32; 3]; self.stencil.points.len()];
        read_into(from, &mut across)?;
        let points = self.stencil.points.iter().zip(across).map(|(point, across)| WallPoint { across, ..*point });
        gpu.upload(&self.points, bytemuck::cast_slice(&points.collect::<Vec<_>>()));
        let mut mean = vec![0.0f32; self.len];
        for buffer in self.average.iter().flat_map(|(_, mean)| mean) {
            read_into(from, &mut mean)?;
            gpu.upload(buffer, bytemuck::cast_slice(&mean));
        }
        self.tally = tally;
        Ok(())
    }

    /// Begins a new cycle.
    pub(super) fn begin(&mut self, gpu: &Opened, demand: Demand) -> Result<(), GpuError> {
        if self.tally.any() {
            let sums = gpu.download(&self.sums, self.stencil.points.len(), demand)?;
            gpu.upload(&self.points, bytemuck::cast_slice(&self.stencil.directed(&sums)));
        }
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.clear_buffer(&self.sums, 0, None);
        self.average.iter().flat_map(|(_, mean)| mean).for_each(|buffer| encoder.clear_buffer(buffer, 0, None));
        gpu.queue.submit([encoder.finish()]);
        self.tally.begin();
        gpu.check(demand)
    }
}

fn sums_bytes(stencil: &WallStencil) -> u64 {
    size_of::<WallSums>() as u64 * stencil.points.len() as u64
}

/// Checks that an adapter's limits admit a stencil.
///
/// # Errors
/// [`GpuError::TooLarge`] with what is needed and what is allowed.
pub(super) fn fits(gpu: &Opened, stencil: &WallStencil, sites: usize) -> Result<(), GpuError> {
    let allowed = gpu.info.max_storage_buffer_binding_size.min(gpu.info.max_buffer_size);
    let needed = size_of_val(stencil.taps.as_slice()).max(size_of_val(stencil.points.as_slice())) as u64;
    if needed <= allowed {
        return Ok(());
    }
    let adapter = gpu.info.name.clone();
    Err(GpuError::TooLarge {
        adapter,
        extent: Extent::Sites(sites),
        what: "the weights of the wall shear",
        needed,
        allowed,
    })
}
