//! Adapters reached through Vulkan, Metal or DX12.

pub mod device;
