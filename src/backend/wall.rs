//! Where the wall's equations are solved in single precision: the processor, or an adapter.

use std::sync::Arc;

use super::BackendError;
use super::cpu::wall::CpuWall;
use super::gpu::device::Opened;
use super::gpu::pipelines::Checks;
use super::gpu::wall::GpuWall;
use super::native::Native;
use crate::wall::hierarchy::Hierarchy;
use crate::wall::solve::Watch;

/// A solver for corrections of the wall's displacement, for [`crate::wall::solve::solve`].
pub enum WallSolver {
    /// On the processor.
    Cpu(Box<CpuWall>),
    /// On an adapter.
    Gpu(Box<GpuWall>),
}

impl WallSolver {
    /// A solver with these levels on an opened adapter, or on the processor.
    ///
    /// # Errors
    /// [`BackendError::Gpu`] if the adapter's limits or memory do not admit them, or its driver refuses.
    pub fn open(opened: Option<Opened>, hierarchy: Arc<Hierarchy>) -> Result<Self, BackendError> {
        Ok(match opened {
            None => Self::Cpu(Box::new(CpuWall::new(hierarchy))),
            Some(gpu) => Self::Gpu(Box::new(GpuWall::new(gpu, hierarchy, Checks::Off)?)),
        })
    }

    /// The correction for a residual of length one, three numbers a node, that leaves about the part `tolerance` of it,
    /// and the number of iterations. `watch` is told of iterations, and may end them.
    ///
    /// # Errors
    /// [`BackendError::Gpu`] if the adapter was lost or refused something.
    ///
    /// # Panics
    /// If the residual has another length than three numbers a node.
    pub fn correct(
        &mut self,
        residual: &[f32],
        tolerance: f32,
        watch: &mut Watch,
    ) -> Result<(Vec<f32>, usize), BackendError> {
        match self {
            Self::Cpu(wall) => Ok(wall.correct(residual, tolerance, watch)),
            Self::Gpu(wall) => Ok(wall.correct(residual, tolerance, watch)?),
        }
    }

    /// Name of the device: `native CPU (AVX-512, 2 threads)`, or what the adapter's driver calls it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Cpu(_) => Native::detect().to_string(),
            Self::Gpu(wall) => wall.adapter().name.clone(),
        }
    }
}
