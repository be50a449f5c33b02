//! Kernels compiled for a device, and the shapes of their bind groups.

use super::admit::state_arrays;
use super::device::Opened;
use super::shader::Kernel;
use crate::fluid::storage::Storage;

/// Storage buffers that the largest kernel sees: both states, blocks, wall rows, opening rows, opening links,
/// relaxation rates.
#[must_use]
pub fn storage_buffers(storage: Storage) -> u32 {
    2 * state_buffers(storage) as u32 + 5
}

/// Buffers of a state: its arrays, and the count of steps where numbers are rounded by it.
pub(super) fn state_buffers(storage: Storage) -> usize {
    state_arrays(storage) + usize::from(storage == Storage::F16)
}

/// Threads in a workgroup: eight blocks.
pub const WORKGROUP: u32 = 128;

/// Whether shaders check every index that they read or write at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checks {
    /// They trust the lattice.
    Off,
    /// They check, for tests.
    On,
}

/// How kernels are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Build {
    /// What the numbers of a state are kept in.
    pub storage: Storage,
    /// Whether they check indices.
    pub checks: Checks,
}

/// What a binding is.
#[derive(Clone, Copy)]
pub(super) enum Binding {
    Read,
    Write,
    Uniform,
}

/// The kernels and the shapes of what they see.
pub(super) struct Pipelines {
    /// The step of a Newtonian fluid.
    pub flow: wgpu::ComputePipeline,
    /// The same of a fluid with a rheology, once there is one.
    pub rheology: Option<wgpu::ComputePipeline>,
    pub incoming: wgpu::ComputePipeline,
    pub build: Build,
    /// Group 0 of both: the state before the step.
    pub from: wgpu::BindGroupLayout,
    /// Group 1 of `flow`: the state after the step.
    pub to: wgpu::BindGroupLayout,
    /// Group 2 of `flow`.
    pub tables: wgpu::BindGroupLayout,
    /// Group 1 of `incoming`.
    pub links: wgpu::BindGroupLayout,
    pub drive: DrivePipelines,
}

/// The kernels of openings in time.
pub(super) struct DrivePipelines {
    pub gauge: wgpu::ComputePipeline,
    pub openings: wgpu::ComputePipeline,
    /// Group 1 of `gauge`, whose group 0 is the state before the step.
    pub gauge_shape: wgpu::BindGroupLayout,
    /// Group 0 of `openings`.
    pub openings_shape: wgpu::BindGroupLayout,
}

impl DrivePipelines {
    fn new(gpu: &Opened, from: &wgpu::BindGroupLayout, build: Build) -> Self {
        use Binding::{Read, Uniform, Write};
        let gauge_shape = shape(gpu, "gauge", &[Uniform, Read, Read, Read, Write, Write]);
        let bindings = [Uniform, Write, Read, Read, Write, Write, Write, Read, Read, Write];
        let openings_shape = shape(gpu, "openings", &bindings);
        Self {
            gauge: pipeline(gpu, Kernel::Gauge, &[from, &gauge_shape], build, &[]),
            openings: pipeline(gpu, Kernel::Openings, &[&openings_shape], build, &[]),
            gauge_shape,
            openings_shape,
        }
    }
}

impl Pipelines {
    pub(super) fn new(gpu: &Opened, build: Build) -> Self {
        use Binding::{Read, Uniform, Write};
        let from = shape(gpu, "from", &vec![Read; state_buffers(build.storage)]);
        let to = shape(gpu, "to", &vec![Write; state_buffers(build.storage)]);
        let tables = shape(gpu, "tables", &[Uniform, Read, Read, Read, Read, Read]);
        let links = shape(gpu, "links", &[Read, Read, Write, Read, Read]);
        let drive = DrivePipelines::new(gpu, &from, build);
        Self {
            flow: pipeline(gpu, Kernel::Flow, &[&from, &to, &tables], build, &[]),
            rheology: None,
            incoming: pipeline(gpu, Kernel::Incoming, &[&from, &links], build, &[]),
            from,
            to,
            tables,
            links,
            drive,
            build,
        }
    }

    /// Compiles the step of a fluid with a rheology, where that is not done.
    pub(super) fn admit_rheology(&mut self, gpu: &Opened) {
        let groups = [&self.from, &self.to, &self.tables];
        let build = self.build;
        self.rheology.get_or_insert_with(|| pipeline(gpu, Kernel::Flow, &groups, build, &[("RHEOLOGY", 1.0)]));
    }
}

/// The shape of a bind group of buffers.
pub(super) fn shape(gpu: &Opened, label: &str, bindings: &[Binding]) -> wgpu::BindGroupLayout {
    let entry = |(binding, kind): (usize, &Binding)| wgpu::BindGroupLayoutEntry {
        binding: binding as u32,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer {
            ty: match kind {
                Binding::Read => wgpu::BufferBindingType::Storage { read_only: true },
                Binding::Write => wgpu::BufferBindingType::Storage { read_only: false },
                Binding::Uniform => wgpu::BufferBindingType::Uniform,
            },
            has_dynamic_offset: false,
            min_binding_size: None,
        },
        count: None,
    };
    let entries: Vec<_> = bindings.iter().enumerate().map(entry).collect();
    gpu.device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(label), entries: &entries })
}

/// A kernel that sees bind groups of the given shapes, with its override constants.
pub(super) fn pipeline(
    gpu: &Opened,
    kernel: Kernel,
    groups: &[&wgpu::BindGroupLayout],
    build: Build,
    constants: &[(&str, f64)],
) -> wgpu::ComputePipeline {
    let source = wgpu::ShaderModuleDescriptor {
        label: Some(kernel.name()),
        source: wgpu::ShaderSource::Wgsl(kernel.source(build.storage).into()),
    };
    let module = match build.checks {
        Checks::On => gpu.device.create_shader_module(source),
        // SAFETY: the kernels' loops are over ranges that the host has counted, and they index state, blocks, rows, links
        // and gauges only by what a lattice says of itself: neighbours and sites lie inside its padded arrays, rows and
        // links inside their tables. Taps of vertices are checked when they are given; a rheology clamps its indices. Kernels of the
        // wall index by what its levels say of themselves.
        Checks::Off => unsafe {
            gpu.device.create_shader_module_trusted(source, wgpu::ShaderRuntimeChecks::unchecked())
        },
    };
    let groups: Vec<_> = groups.iter().map(|group| Some(*group)).collect();
    let layout = gpu.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(kernel.name()),
        bind_group_layouts: &groups,
        immediate_size: 0,
    });
    gpu.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(kernel.name()),
        layout: Some(&layout),
        module: &module,
        entry_point: Some("main"),
        compilation_options: wgpu::PipelineCompilationOptions { constants, zero_initialize_workgroup_memory: false },
        cache: None,
    })
}

/// A bind group of whole buffers.
pub(super) fn group<'a>(
    gpu: &Opened,
    layout: &wgpu::BindGroupLayout,
    buffers: impl IntoIterator<Item = &'a wgpu::Buffer>,
) -> wgpu::BindGroup {
    let entry = |(binding, buffer): (usize, &'a wgpu::Buffer)| wgpu::BindGroupEntry {
        binding: binding as u32,
        resource: buffer.as_entire_binding(),
    };
    let entries: Vec<_> = buffers.into_iter().enumerate().map(entry).collect();
    gpu.device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout, entries: &entries })
}

/// Workgroups along x and y that cover a number of threads, of which at most `limit` lie along x.
#[must_use]
pub(super) fn workgroups(threads: u64, limit: u32) -> [u32; 2] {
    let groups = threads.div_ceil(u64::from(WORKGROUP)).max(1);
    let y = groups.div_ceil(u64::from(limit));
    [groups.div_ceil(y) as u32, y as u32]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_cover_every_thread_within_the_limit() {
        for threads in [0, 1, 128, 129, 128 * 65_535, 128 * 65_535 + 1, (1 << 31) - 1] {
            let [x, y] = workgroups(threads, 65_535);
            assert!(x <= 65_535 && y <= 65_535, "{threads} threads: {x} x {y}");
            assert!(u64::from(x) * u64::from(y) * u64::from(WORKGROUP) >= threads);
        }
    }
}
