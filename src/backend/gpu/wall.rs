//! The wall's equations on an adapter: conjugate gradients and a multigrid cycle on the levels that the processor has too,
//! but with polynomial smoothers ([`crate::wall::smoother`]), which take all columns at once where the processor's sweeps
//! ([`crate::wall::sweep`]) take one after the other. Refinement makes the answers the same.
//!
//! The scalars stay on the adapter; the host reads the residual back once in a few iterations. An iteration is a list of
//! kernels with their buffers, made once.

use std::sync::Arc;

use super::admit::largest_array;
use super::device::{AdapterInfo, Opened};
use super::error::{Extent, GpuError};
use super::layout::WallScalars;
use super::memory::Demand;
use super::pipelines::{Checks, WORKGROUP};
use crate::backend::cpu::wall::MOST;
use crate::wall::hierarchy::Hierarchy;
use crate::wall::product::{PAD, padded};
use crate::wall::solve::Watch;

mod calls;
mod kernels;

use calls::{Call, Iteration, Vectors};
use kernels::Kernels;

/// Iterations between two looks at the residual.
const LOOK: usize = 4;

/// Storage buffers that a kernel of the wall sees.
pub const STORAGE_BUFFERS: u32 = 6;

/// A solver in the memory of an adapter.
pub struct GpuWall {
    gpu: Opened,
    hierarchy: Arc<Hierarchy>,
    vectors: Vectors,
    iteration: Iteration,
}

impl GpuWall {
    /// A solver with these levels.
    ///
    /// # Errors
    /// [`GpuError`] if the adapter's limits or memory do not admit them, or its driver refuses the shaders.
    pub fn new(gpu: Opened, hierarchy: Arc<Hierarchy>, checks: Checks) -> Result<Self, GpuError> {
        fits(&gpu.info, &hierarchy)?;
        let kernels = Kernels::new(&gpu, checks);
        let vectors = Vectors::new(&gpu, &hierarchy);
        let iteration = Iteration::new(&gpu, &kernels, &hierarchy, &vectors);
        let wall = Self { gpu, hierarchy, vectors, iteration };
        wall.gpu.faults.wait(&wall.gpu.device, None);
        wall.gpu.check(wall.demand())?;
        Ok(wall)
    }

    /// What the adapter is.
    #[must_use]
    pub fn adapter(&self) -> &AdapterInfo {
        &self.gpu.info
    }

    /// The correction for a residual, three numbers a node, that leaves at most the part `tolerance` of it, and the number
    /// of iterations; less exact where single precision or [`MOST`] iterations end it before.
    ///
    /// # Errors
    /// [`GpuError`] if the adapter was lost or refused something.
    ///
    /// # Panics
    /// If the residual has another length.
    pub fn correct(
        &mut self,
        residual: &[f32],
        tolerance: f32,
        watch: &mut Watch,
    ) -> Result<(Vec<f32>, usize), GpuError> {
        let nodes = self.hierarchy.nodes();
        let mut r = padded(nodes);
        r[PAD..PAD + 3 * nodes].copy_from_slice(residual);
        let whole = residual.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
        self.gpu.upload(&self.vectors.r, bytemuck::cast_slice(&r));
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        for buffer in [&self.vectors.x, &self.vectors.p, &self.vectors.scalars] {
            encoder.clear_buffer(buffer, 0, None);
        }
        self.gpu.queue.submit([encoder.finish()]);
        let mut iterations = 0;
        while iterations < MOST {
            self.submit(LOOK);
            iterations += LOOK;
            let scalars: Vec<WallScalars> = self.gpu.download(&self.vectors.scalars, 1, self.demand())?;
            let part = f64::from(scalars[0].rr).sqrt() / whole;
            if watch(iterations, part as f32).is_break() || part.is_nan() || part <= f64::from(tolerance) {
                break;
            }
        }
        let x: Vec<f32> = self.gpu.download(&self.vectors.x, r.len(), self.demand())?;
        Ok((x[PAD..PAD + 3 * nodes].to_vec(), iterations))
    }

    /// Submits some iterations.
    fn submit(&self, iterations: usize) {
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        for _ in 0..iterations {
            encoder.copy_buffer_to_buffer(&self.vectors.r, 0, &self.vectors.w, 0, self.vectors.w.size());
            encoder.clear_buffer(&self.vectors.e, 0, None);
            self.vectors.coarse.iter().for_each(|level| encoder.clear_buffer(&level.e, 0, None));
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            self.iteration.calls.iter().for_each(|call: &Call| call.dispatch(&mut pass));
        }
        self.gpu.queue.submit([encoder.finish()]);
    }

    fn demand(&self) -> Demand {
        Demand { extent: Extent::Nodes(self.hierarchy.nodes()), bytes: bytes(&self.hierarchy) }
    }
}

/// Bytes that a solver with these levels takes in an adapter's memory.
#[must_use]
pub fn bytes(hierarchy: &Hierarchy) -> u64 {
    let Hierarchy { stiffness: s, factors, coarse, inverse, .. } = hierarchy;
    let fine = s.blocks.len() + s.own.len() + s.neighbour.len() + factors.lower.len() + factors.inverse.len();
    let levels = coarse.iter().map(|level| {
        let t = &level.transfer;
        let transfer = t.values.len() + 3 * t.coarse.len() + t.start.len();
        transfer + level.matrix.values.len() + level.matrix.column.len() + level.inverse.len() + 3 * 6 * t.back.len()
    });
    4 * (fine + 8 * 3 * hierarchy.nodes() + levels.sum::<usize>() + inverse.len()) as u64
}

/// Checks that an adapter's limits admit the levels.
///
/// # Errors
/// [`GpuError`] with what is needed and what is allowed.
pub fn fits(adapter: &AdapterInfo, hierarchy: &Hierarchy) -> Result<(), GpuError> {
    let name = || adapter.name.clone();
    let allowed = adapter.max_storage_buffers_per_shader_stage;
    if allowed < STORAGE_BUFFERS {
        return Err(GpuError::FewBuffers { adapter: name(), needed: STORAGE_BUFFERS, allowed });
    }
    let allowed = adapter.max_compute_invocations_per_workgroup.min(adapter.max_compute_workgroup_size[0]);
    if allowed < WORKGROUP {
        return Err(GpuError::SmallWorkgroup { adapter: name(), needed: WORKGROUP, allowed });
    }
    let allowed = largest_array(adapter);
    let transfers = hierarchy.coarse.iter().map(|level| level.transfer.values.len()).max().unwrap_or(0);
    let arrays = [("the wall's stiffness", hierarchy.stiffness.blocks.len()), ("the wall's coarse levels", transfers)];
    match arrays.into_iter().map(|(what, len)| (what, 4 * len as u64)).max_by_key(|(_, bytes)| *bytes) {
        Some((what, needed)) if needed > allowed => {
            let extent = Extent::Nodes(hierarchy.nodes());
            Err(GpuError::TooLarge { adapter: name(), extent, what, needed, allowed })
        }
        _ => Ok(()),
    }
}
