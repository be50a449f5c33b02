//! Where a flow is computed: adapters reached through wgpu, and the processor itself.

pub mod cpu;
pub mod gpu;
pub mod native;
