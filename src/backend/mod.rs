//! The devices that a case can run on: adapters reached through wgpu, and the processor itself.

pub mod gpu;
pub mod native;
