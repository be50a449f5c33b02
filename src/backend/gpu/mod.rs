//! Adapters reached through Vulkan, Metal or DX12.

pub mod admit;
pub mod bandwidth;
pub mod device;
mod drive;
pub mod error;
pub mod flow;
pub mod layout;
pub mod pipelines;
pub mod shader;
pub mod wall;

mod indices;
mod instance;
mod memory;
mod state;

#[cfg(test)]
mod testing;
