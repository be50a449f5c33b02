//! Adapters: listing, choosing and opening.
//!
//! `auto` takes the best hardware adapter, else the native CPU. It never takes a software adapter (lavapipe, WARP,
//! SwiftShader): those run the shaders on the same processor, and slower than the native code does. `gpu` takes any
//! adapter, hardware first, so that the shaders can be tested without a GPU.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use serde::Serialize;

use super::error::Faults;
use super::instance::instance;

/// Which device a user asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// The best hardware adapter, else the native CPU.
    #[default]
    Auto,
    /// An adapter, be it a software one.
    Gpu,
    /// The native CPU.
    Cpu,
}

impl Choice {
    /// The words for the choices.
    pub const NAMES: [&str; 3] = ["auto", "gpu", "cpu"];
}

impl FromStr for Choice {
    type Err = DeviceError;

    fn from_str(name: &str) -> Result<Self, DeviceError> {
        match name {
            "auto" => Ok(Self::Auto),
            "gpu" => Ok(Self::Gpu),
            "cpu" => Ok(Self::Cpu),
            _ => Err(DeviceError::UnknownChoice { name: name.to_owned() }),
        }
    }
}

/// Why a device cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The word is none of [`Choice::NAMES`].
    #[error("unknown device `{name}`: use auto, gpu or cpu")]
    UnknownChoice {
        /// The word.
        name: String,
    },
    /// No adapter at all.
    #[error(
        "no GPU adapter was found through Vulkan, Metal or DX12: install the GPU's driver, or take `--device cpu`, which \
         needs none"
    )]
    NoAdapter,
    /// The adapter refused to open.
    #[error("the adapter `{name}` ({backend}) cannot be opened: update its driver, or take `--device cpu`")]
    Open {
        /// The adapter.
        name: String,
        /// Its backend.
        backend: &'static str,
        /// The reason.
        source: wgpu::RequestDeviceError,
    },
}

/// What kind of adapter it is, in order of preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A GPU with its own memory.
    Discrete,
    /// A GPU that shares the processor's memory.
    Integrated,
    /// A GPU seen through a virtual machine.
    Virtual,
    /// Not told by the driver.
    Other,
    /// Shaders run on the processor.
    Software,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Discrete => "discrete GPU",
            Self::Integrated => "integrated GPU",
            Self::Virtual => "virtual GPU",
            Self::Other => "GPU",
            Self::Software => "software",
        })
    }
}

/// An adapter and those of its limits that bound a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AdapterInfo {
    /// Name given by the driver.
    pub name: String,
    /// Kind of adapter.
    pub kind: Kind,
    /// `vulkan`, `metal` or `dx12`.
    pub backend: &'static str,
    /// Driver and its version.
    pub driver: String,
    /// Largest buffer, bytes.
    pub max_buffer_size: u64,
    /// Largest part of a buffer that one storage binding can see, bytes.
    pub max_storage_buffer_binding_size: u64,
    /// Storage buffers that one shader can see.
    pub max_storage_buffers_per_shader_stage: u32,
    /// Threads in a workgroup.
    pub max_compute_invocations_per_workgroup: u32,
    /// Threads in a workgroup along x, y, z.
    pub max_compute_workgroup_size: [u32; 3],
    /// Workgroups in a dispatch along one dimension.
    pub max_compute_workgroups_per_dimension: u32,
    /// Workgroup memory, bytes.
    pub max_compute_workgroup_storage_size: u32,
    /// Smallest and largest subgroup, threads.
    pub subgroup_size: [u32; 2],
    /// Whether shaders can compute in half precision.
    pub shader_f16: bool,
}

impl AdapterInfo {
    fn of(adapter: &wgpu::Adapter) -> Self {
        let (info, limits) = (adapter.get_info(), adapter.limits());
        Self {
            kind: kind(info.device_type, &info.name),
            backend: info.backend.to_str(),
            driver: [info.driver.trim(), info.driver_info.trim()].join(" ").trim().to_owned(),
            name: info.name,
            max_buffer_size: limits.max_buffer_size,
            max_storage_buffer_binding_size: limits.max_storage_buffer_binding_size,
            max_storage_buffers_per_shader_stage: limits.max_storage_buffers_per_shader_stage,
            max_compute_invocations_per_workgroup: limits.max_compute_invocations_per_workgroup,
            max_compute_workgroup_size: [
                limits.max_compute_workgroup_size_x,
                limits.max_compute_workgroup_size_y,
                limits.max_compute_workgroup_size_z,
            ],
            max_compute_workgroups_per_dimension: limits.max_compute_workgroups_per_dimension,
            max_compute_workgroup_storage_size: limits.max_compute_workgroup_storage_size,
            subgroup_size: [info.subgroup_min_size, info.subgroup_max_size],
            shader_f16: adapter.features().contains(wgpu::Features::SHADER_F16),
        }
    }

    /// Whether shaders run on a processor made for them.
    #[must_use]
    pub fn is_hardware(&self) -> bool {
        self.kind != Kind::Software
    }
}

/// Some software adapters call themselves something else than a CPU, so the names are looked at as well.
fn kind(device_type: wgpu::DeviceType, name: &str) -> Kind {
    let name = name.to_lowercase();
    if ["llvmpipe", "lavapipe", "swiftshader", "basic render"].iter().any(|software| name.contains(software)) {
        return Kind::Software;
    }
    match device_type {
        wgpu::DeviceType::DiscreteGpu => Kind::Discrete,
        wgpu::DeviceType::IntegratedGpu => Kind::Integrated,
        wgpu::DeviceType::VirtualGpu => Kind::Virtual,
        wgpu::DeviceType::Other => Kind::Other,
        wgpu::DeviceType::Cpu => Kind::Software,
    }
}

/// What a choice comes to on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Index into the list of adapters; none for the native CPU.
    pub adapter: Option<usize>,
    /// Why, as a clause: "the best hardware adapter".
    pub why: String,
}

/// Applies a choice to a list of adapters in order of preference, as [`list`] gives it.
///
/// # Errors
/// [`DeviceError::NoAdapter`] if an adapter is asked for and there is none.
pub fn select(choice: Choice, adapters: &[AdapterInfo]) -> Result<Selection, DeviceError> {
    let found = |adapter, why: String| Ok(Selection { adapter, why });
    match (choice, adapters.first()) {
        (Choice::Cpu, _) => found(None, "asked for".into()),
        (Choice::Gpu, None) => Err(DeviceError::NoAdapter),
        (_, Some(best)) if best.is_hardware() => found(Some(0), "the best hardware adapter".into()),
        (Choice::Gpu, Some(_)) => found(Some(0), "asked for; there is no hardware adapter".into()),
        (Choice::Auto, None) => found(None, "there is no adapter".into()),
        (Choice::Auto, Some(best)) => {
            let why = format!("no hardware adapter; {} is software, slower than the native CPU", best.name);
            found(None, why)
        }
    }
}

fn adapters() -> Vec<(AdapterInfo, wgpu::Adapter)> {
    let all = pollster::block_on(instance().enumerate_adapters(wgpu::Backends::PRIMARY));
    let mut all: Vec<_> = all.into_iter().map(|adapter| (AdapterInfo::of(&adapter), adapter)).collect();
    all.sort_by_key(|(info, _)| info.kind);
    all
}

/// All adapters, the preferred ones first.
#[must_use]
pub fn list() -> Vec<AdapterInfo> {
    adapters().into_iter().map(|(info, _)| info).collect()
}

/// An adapter ready for work, with its limits requested in full. A copy is the same device.
#[derive(Clone, Debug)]
pub struct Opened {
    /// What it is.
    pub info: AdapterInfo,
    /// The adapter.
    pub adapter: wgpu::Adapter,
    /// The device.
    pub device: wgpu::Device,
    /// Its queue.
    pub queue: wgpu::Queue,
    /// What it reported outside of any call.
    pub(super) faults: Faults,
    /// How often the host waited for what it computed.
    pub(super) round_trips: Arc<AtomicU64>,
}

/// Opens the adapter that a choice comes to; none if it comes to the native CPU.
///
/// # Errors
/// [`DeviceError`] if an adapter is asked for and there is none, or it refuses.
pub fn open(choice: Choice) -> Result<Option<Opened>, DeviceError> {
    if choice == Choice::Cpu {
        return Ok(None);
    }
    let mut all = adapters();
    let infos: Vec<_> = all.iter().map(|(info, _)| info.clone()).collect();
    let Some(index) = select(choice, &infos)?.adapter else { return Ok(None) };
    let (info, adapter) = all.swap_remove(index);
    let request = wgpu::DeviceDescriptor {
        label: Some("perfuse"),
        required_limits: adapter.limits(),
        ..wgpu::DeviceDescriptor::default()
    };
    match pollster::block_on(adapter.request_device(&request)) {
        Ok((device, queue)) => {
            let faults = Faults::of(&device);
            Ok(Some(Opened { info, adapter, device, queue, faults, round_trips: Arc::default() }))
        }
        Err(source) => Err(DeviceError::Open { name: info.name, backend: info.backend, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapter(name: &str, device_type: wgpu::DeviceType) -> AdapterInfo {
        AdapterInfo {
            name: name.into(),
            kind: kind(device_type, name),
            backend: "vulkan",
            driver: String::new(),
            max_buffer_size: 1 << 30,
            max_storage_buffer_binding_size: 1 << 27,
            max_storage_buffers_per_shader_stage: 32,
            max_compute_invocations_per_workgroup: 1024,
            max_compute_workgroup_size: [1024; 3],
            max_compute_workgroups_per_dimension: 65_535,
            max_compute_workgroup_storage_size: 1 << 15,
            subgroup_size: [8, 8],
            shader_f16: true,
        }
    }

    fn chosen(choice: Choice, adapters: &[AdapterInfo]) -> Option<usize> {
        select(choice, adapters).unwrap_or_else(|e| panic!("{e}")).adapter
    }

    #[test]
    fn auto_never_takes_a_software_adapter() {
        let lavapipe = adapter("llvmpipe (LLVM 15.0.6, 256 bits)", wgpu::DeviceType::Cpu);
        let disguised = adapter("SwiftShader Device", wgpu::DeviceType::VirtualGpu);
        let card = adapter("NVIDIA H200", wgpu::DeviceType::DiscreteGpu);
        assert_eq!(chosen(Choice::Auto, &[]), None);
        assert_eq!(chosen(Choice::Auto, std::slice::from_ref(&lavapipe)), None);
        assert_eq!(chosen(Choice::Auto, &[disguised]), None);
        assert_eq!(chosen(Choice::Auto, &[card.clone(), lavapipe.clone()]), Some(0));
        assert_eq!(chosen(Choice::Cpu, std::slice::from_ref(&card)), None);
        assert_eq!(chosen(Choice::Gpu, &[lavapipe]), Some(0));
        assert_eq!(chosen(Choice::Gpu, &[card]), Some(0));
        assert!(matches!(select(Choice::Gpu, &[]), Err(DeviceError::NoAdapter)));
    }

    #[test]
    fn names_of_choices() {
        for name in Choice::NAMES {
            assert!(name.parse::<Choice>().is_ok());
        }
        assert!("cuda".parse::<Choice>().is_err_and(|e| e.to_string().contains("auto, gpu or cpu")));
    }

    /// Opens whatever adapter this machine has and checks that its limits were granted in full.
    #[test]
    fn an_adapter_opens_with_its_full_limits() {
        let Some(opened) = crate::backend::gpu::testing::adapter() else { return };
        assert_eq!(opened.device.limits().max_buffer_size, opened.info.max_buffer_size);
        assert_eq!(list().first(), Some(&opened.info));
    }
}
