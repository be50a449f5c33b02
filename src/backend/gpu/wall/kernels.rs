//! The wall's kernels compiled for a device.

use crate::backend::gpu::device::Opened;
use crate::backend::gpu::pipelines::{Binding, Build, Checks, pipeline, shape};
use crate::backend::gpu::shader::Kernel;
use crate::fluid::storage::Storage;

/// A kernel and the shape of what it sees.
pub(super) struct Compiled {
    pub pipeline: wgpu::ComputePipeline,
    pub shape: wgpu::BindGroupLayout,
}

/// All of them.
pub(super) struct Kernels {
    pub product: Compiled,
    pub subtract_product: Compiled,
    pub columns: Compiled,
    pub blocks: Compiled,
    pub points: Compiled,
    pub restrict: Compiled,
    pub prolong: Compiled,
    pub dense: Compiled,
    pub dot: Compiled,
    /// For `r . e`, `p . q` and `r . r`.
    pub scalars: [Compiled; 3],
    pub search: Compiled,
    pub advance: Compiled,
}

impl Kernels {
    pub(super) fn new(gpu: &Opened, checks: Checks) -> Self {
        // These kernels see no state of a flow.
        let build = Build { storage: Storage::F32, checks };
        let make = |kernel: Kernel, read: usize, written: usize, constants: &[(&str, f64)]| {
            let mut bindings = vec![Binding::Uniform];
            bindings.extend(std::iter::repeat_n(Binding::Read, read));
            bindings.extend(std::iter::repeat_n(Binding::Write, written));
            let shape = shape(gpu, kernel.name(), &bindings);
            Compiled { pipeline: pipeline(gpu, kernel, &[&shape], build, constants), shape }
        };
        let scalars = |product: u32| make(Kernel::WallScalars, 1, 1, &[("PRODUCT", f64::from(product))]);
        Self {
            product: make(Kernel::WallProduct, 5, 1, &[]),
            subtract_product: make(Kernel::WallProduct, 5, 1, &[("SUBTRACT", 1.0)]),
            columns: make(Kernel::WallColumns, 3, 3, &[]),
            blocks: make(Kernel::WallBlocks, 4, 1, &[]),
            points: make(Kernel::WallPoints, 2, 2, &[]),
            restrict: make(Kernel::WallRestrict, 5, 1, &[]),
            prolong: make(Kernel::WallProlong, 4, 2, &[]),
            dense: make(Kernel::WallDense, 2, 1, &[]),
            dot: make(Kernel::WallDot, 2, 1, &[]),
            scalars: [scalars(0), scalars(1), scalars(2)],
            search: make(Kernel::WallSearch, 2, 1, &[]),
            advance: make(Kernel::WallAdvance, 3, 2, &[]),
        }
    }
}
