//! Adapters reached through Vulkan, Metal or DX12.

pub mod device;
pub mod error;
pub mod flow;
pub mod layout;
pub mod pipelines;
pub mod shader;

mod instance;
mod memory;

#[cfg(test)]
mod testing;
