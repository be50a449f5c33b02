//! An iteration as a list of kernels with their buffers.

use super::kernels::{Compiled, Kernels};
use crate::backend::gpu::device::Opened;
use crate::backend::gpu::layout::{WallScalars, WallTask};
use crate::backend::gpu::pipelines::{WORKGROUP, group, workgroups};
use crate::wall::hierarchy::{CoarseLevel, Hierarchy};
use crate::wall::product::PAD;
use crate::wall::prolong::Transfer;
use crate::wall::smoother::{Step, steps};

/// Most parts of a scalar product.
const PARTS: u32 = 256;

/// Vectors of conjugate gradients and of the finest level, padded.
pub(super) struct Vectors {
    pub x: wgpu::Buffer,
    pub r: wgpu::Buffer,
    pub p: wgpu::Buffer,
    pub q: wgpu::Buffer,
    /// The cycle's solution, its residual and its last correction; room for columns.
    pub e: wgpu::Buffer,
    pub w: wgpu::Buffer,
    pub z: wgpu::Buffer,
    pub y: wgpu::Buffer,
    pub parts: wgpu::Buffer,
    pub scalars: wgpu::Buffer,
    pub coarse: Vec<Coarse>,
}

/// Vectors of a coarse level: its solution, what it is given, its last correction.
pub(super) struct Coarse {
    pub e: wgpu::Buffer,
    pub w: wgpu::Buffer,
    pub z: wgpu::Buffer,
}

impl Vectors {
    pub(super) fn new(gpu: &Opened, hierarchy: &Hierarchy) -> Self {
        let storage = wgpu::BufferUsages::STORAGE;
        let fine = |name| gpu.buffer(name, 4 * (3 * hierarchy.nodes() + 2 * PAD) as u64, storage);
        let coarse = |level: &CoarseLevel| {
            let made = |name| gpu.buffer(name, 24 * level.matrix.len() as u64, storage);
            Coarse { e: made("coarse e"), w: made("coarse w"), z: made("coarse z") }
        };
        Self {
            x: fine("x"),
            r: fine("r"),
            p: fine("p"),
            q: fine("q"),
            e: fine("e"),
            w: fine("w"),
            z: fine("z"),
            y: fine("y"),
            parts: gpu.buffer("parts", 4 * u64::from(PARTS), storage),
            scalars: gpu.buffer("scalars", size_of::<WallScalars>() as u64, storage),
            coarse: hierarchy.coarse.iter().map(coarse).collect(),
        }
    }
}

/// A kernel with its buffers.
pub(super) struct Call {
    pipeline: wgpu::ComputePipeline,
    group: wgpu::BindGroup,
    groups: [u32; 2],
}

impl Call {
    pub(super) fn dispatch(&self, pass: &mut wgpu::ComputePass) {
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.group, &[]);
        pass.dispatch_workgroups(self.groups[0], self.groups[1], 1);
    }
}

/// The kernels of an iteration, in order.
pub(super) struct Iteration {
    pub calls: Vec<Call>,
}

impl Iteration {
    pub(super) fn new(gpu: &Opened, kernels: &Kernels, hierarchy: &Hierarchy, vectors: &Vectors) -> Self {
        let mut list = List { gpu, kernels, hierarchy, vectors, calls: Vec::new() };
        let fine = Fine::new(gpu, hierarchy);
        list.cycle(&fine);
        let Vectors { x, r, p, q, e, scalars, .. } = vectors;
        let task = WallTask { count: (3 * hierarchy.nodes() + 2 * PAD) as u32, ..WallTask::default() };
        list.dot(task.count, 0, r, e);
        list.add(&kernels.search, task, &[scalars, e, p]);
        list.product(&fine, &kernels.product, p, q);
        list.dot(task.count, 1, p, q);
        list.add(&kernels.advance, task, &[scalars, p, q, x, r]);
        list.dot(task.count, 2, r, r);
        Self { calls: list.calls }
    }
}

/// Tables of the finest level.
struct Fine {
    matrix: [wgpu::Buffer; 4],
    factors: [wgpu::Buffer; 2],
}

impl Fine {
    fn new(gpu: &Opened, hierarchy: &Hierarchy) -> Self {
        let (s, f) = (&hierarchy.stiffness, &hierarchy.factors);
        Self {
            matrix: [
                gpu.table("start", &s.start),
                gpu.table("neighbour", &s.neighbour),
                gpu.table("blocks", &s.blocks),
                gpu.table("own", &s.own),
            ],
            factors: [gpu.table("lower", &f.lower), gpu.table("inverse", &f.inverse)],
        }
    }
}

/// A list of kernels that grows.
struct List<'a> {
    gpu: &'a Opened,
    kernels: &'a Kernels,
    hierarchy: &'a Hierarchy,
    vectors: &'a Vectors,
    calls: Vec<Call>,
}

impl List<'_> {
    fn add(&mut self, kernel: &Compiled, task: WallTask, buffers: &[&wgpu::Buffer]) {
        let groups = workgroups(u64::from(task.count), self.gpu.info.max_compute_workgroups_per_dimension);
        self.add_groups(kernel, task, buffers, groups);
    }

    fn add_groups(&mut self, kernel: &Compiled, task: WallTask, buffers: &[&wgpu::Buffer], groups: [u32; 2]) {
        let uniform = self.gpu.buffer("task", size_of::<WallTask>() as u64, wgpu::BufferUsages::UNIFORM);
        self.gpu.queue.write_buffer(&uniform, 0, bytemuck::bytes_of(&task));
        let bound = std::iter::once(&uniform).chain(buffers.iter().copied());
        let group = group(self.gpu, &kernel.shape, bound);
        self.calls.push(Call { pipeline: kernel.pipeline.clone(), group, groups });
    }

    /// A scalar product, and what becomes of it.
    fn dot(&mut self, count: u32, product: usize, a: &wgpu::Buffer, b: &wgpu::Buffer) {
        let parts = count.div_ceil(4 * WORKGROUP).clamp(1, PARTS);
        let (vectors, kernels) = (self.vectors, self.kernels);
        let task = WallTask { count, ..WallTask::default() };
        self.add_groups(&kernels.dot, task, &[a, b, &vectors.parts], [parts, 1]);
        let task = WallTask { count: parts, ..WallTask::default() };
        self.add_groups(&kernels.scalars[product], task, &[&vectors.parts, &vectors.scalars], [1, 1]);
    }

    /// The finest matrix times `from`.
    fn product(&mut self, fine: &Fine, kernel: &Compiled, from: &wgpu::Buffer, to: &wgpu::Buffer) {
        let levels = self.hierarchy.stiffness.levels as u32;
        let task = WallTask { count: 3 * self.hierarchy.nodes() as u32, levels, ..WallTask::default() };
        let [start, neighbour, blocks, own] = &fine.matrix;
        self.add(kernel, task, &[start, neighbour, blocks, own, from, to]);
    }

    /// One V-cycle: `e` for `w`.
    fn cycle(&mut self, fine: &Fine) {
        let (vectors, kernels, hierarchy) = (self.vectors, self.kernels, self.hierarchy);
        let Vectors { e, w, z, y, .. } = vectors;
        let steps = steps(hierarchy.degree, hierarchy.bound);
        let (levels, columns) = (hierarchy.stiffness.levels, hierarchy.stiffness.start.len() - 1);
        let smooth = |list: &mut Self, step: &Step| {
            let task = with_step(columns, levels, step);
            let [lower, inverse] = &fine.factors;
            list.add(&kernels.columns, task, &[lower, inverse, w, y, z, e]);
        };
        for step in &steps {
            smooth(self, step);
            self.product(fine, &kernels.subtract_product, z, w);
        }
        self.coarse(0, 3, PAD, [e, w, z]);
        self.product(fine, &kernels.subtract_product, z, w);
        for (k, step) in steps.iter().enumerate() {
            smooth(self, step);
            if k + 1 < steps.len() {
                self.product(fine, &kernels.subtract_product, z, w);
            }
        }
    }

    /// The correction by level `k`, for the residual `w` of the finer one, into `z` and onto `e`; the finer level has `rows`
    /// unknowns a node, which begin at `offset`.
    fn coarse(&mut self, k: usize, rows: usize, offset: usize, [e, w, z]: [&wgpu::Buffer; 3]) {
        let (own, level) = (&self.vectors.coarse[k], &self.hierarchy.coarse[k]);
        let (gpu, kernels, transfer) = (self.gpu, self.kernels, &level.transfer);
        let task = |count: usize| WallTask {
            count: count as u32,
            rows: rows as u32,
            offset: offset as u32,
            ..WallTask::default()
        };
        let Transfer { start, coarse, values, back, entry, node, .. } = transfer;
        let values = gpu.table("transfer", values);
        let (back, entry, node) = (gpu.table("back", back), gpu.table("entry", entry), gpu.table("node", node));
        self.add(&kernels.restrict, task(6 * level.matrix.len()), &[&back, &entry, &node, &values, w, &own.w]);
        if k + 1 == self.vectors.coarse.len() {
            let inverse = gpu.table("inverse", &self.hierarchy.inverse);
            self.add(&kernels.dense, task(6 * level.matrix.len()), &[&inverse, &own.w, &own.e]);
        } else {
            self.level(k, own, level);
        }
        let fine_unknowns = rows * (start.len() - 1);
        let (start, coarse) = (gpu.table("transfer start", start), gpu.table("transfer to", coarse));
        self.add(&kernels.prolong, task(fine_unknowns), &[&start, &coarse, &values, &own.e, z, e]);
    }

    /// Level `k` with those below it.
    fn level(&mut self, k: usize, own: &Coarse, level: &CoarseLevel) {
        let (gpu, kernels) = (self.gpu, self.kernels);
        let (count, steps) = (6 * level.matrix.len(), steps(self.hierarchy.degree, level.bound));
        let (start, column) = (gpu.table("start", &level.matrix.start), gpu.table("column", &level.matrix.column));
        let (values, inverse) = (gpu.table("values", &level.matrix.values), gpu.table("inverse", &level.inverse));
        let smooth = |list: &mut Self, step: &Step| {
            list.add(&kernels.points, with_step(count, 0, step), &[&inverse, &own.w, &own.z, &own.e]);
        };
        let subtract = |list: &mut Self| {
            let task = WallTask { count: count as u32, ..WallTask::default() };
            list.add(&kernels.blocks, task, &[&start, &column, &values, &own.z, &own.w]);
        };
        for step in &steps {
            smooth(self, step);
            subtract(self);
        }
        self.coarse(k + 1, 6, 0, [&own.e, &own.w, &own.z]);
        subtract(self);
        for (k, step) in steps.iter().enumerate() {
            smooth(self, step);
            if k + 1 < steps.len() {
                subtract(self);
            }
        }
    }
}

/// A task with a step of a smoother.
fn with_step(count: usize, levels: usize, step: &Step) -> WallTask {
    let Step { keep, add, gain } = *step;
    WallTask { count: count as u32, levels: levels as u32, keep, add, gain, ..WallTask::default() }
}
