//! The way to the adapters: Vulkan, Metal or DX12, without a window system.
//!
//! wgpu asks Vulkan for the extensions of every window system, and Mesa then looks for a running one to choose an adapter
//! by; on a machine without a display that leaves a message of its own on stderr. Nothing is ever shown in a window here,
//! so on Linux, where Vulkan is the only way, the instance is made without these extensions.

/// Extensions that connect Vulkan with a window system. `VK_KHR_surface` stays: devices are asked for a swapchain, which
/// needs it.
#[cfg(target_os = "linux")]
const WINDOW_SYSTEMS: [&std::ffi::CStr; 3] = [c"VK_KHR_wayland_surface", c"VK_KHR_xcb_surface", c"VK_KHR_xlib_surface"];

/// An instance that lists adapters.
pub(super) fn instance() -> wgpu::Instance {
    #[cfg(target_os = "linux")]
    if let Some(instance) = without_windows() {
        return instance;
    }
    wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle())
}

/// A Vulkan instance without window systems; none where there is no Vulkan.
#[cfg(target_os = "linux")]
fn without_windows() -> Option<wgpu::Instance> {
    use wgpu::hal;
    let descriptor = hal::InstanceDescriptor {
        name: "perfuse",
        flags: wgpu::InstanceFlags::default(),
        memory_budget_thresholds: wgpu::MemoryBudgetThresholds::default(),
        backend_options: wgpu::BackendOptions::default(),
        telemetry: None,
        display: None,
    };
    let keep: Box<hal::vulkan::CreateInstanceCallback> =
        Box::new(|arguments| arguments.extensions.retain(|name| !WINDOW_SYSTEMS.contains(name)));
    // SAFETY: wgpu itself leaves these extensions out where the system lacks them, and looks for each before it makes a
    // surface, which this crate never does; nothing is added.
    let made = unsafe { hal::vulkan::Instance::init_with_callback(&descriptor, Some(keep)) };
    // SAFETY: the instance was just made and is handed over.
    made.ok().map(|instance| unsafe { wgpu::Instance::from_hal::<hal::api::Vulkan>(instance) })
}
