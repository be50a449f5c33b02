//! Whether an adapter admits a lattice: its limits, and the memory that it has left.

use super::device::{AdapterInfo, Opened};
use super::error::{Extent, GpuError};
use super::layout;
use super::memory::Demand;
use super::pipelines::{WORKGROUP, storage_buffers};
use crate::fluid::moments::FIELDS;
use crate::fluid::storage::{PAIRS, Storage};
use crate::geometry::lattice::{Lattice, WallRow};

/// Bytes that a flow takes in an adapter's memory.
#[must_use]
pub fn bytes(lattice: &Lattice, storage: Storage) -> u64 {
    let links = lattice.iolet_links.len() * (size_of::<layout::IoletLink>() + size_of::<[f32; 2]>());
    let rows = lattice.iolet_rows.len() * size_of::<layout::IoletRow>();
    2 * state_arrays(storage) as u64 * field_bytes(lattice)
        + block_bytes(lattice)
        + wall_bytes(lattice)
        + (links + rows) as u64
}

/// Site arrays of a state: one a field, or one a pair of them.
pub(super) fn state_arrays(storage: Storage) -> usize {
    match storage {
        Storage::F32 => FIELDS,
        Storage::F16 => PAIRS.len(),
    }
}

/// Bytes of an array: of numbers, or of pairs of them in 16 bits.
pub(super) fn field_bytes(lattice: &Lattice) -> u64 {
    (lattice.padded_len() * size_of::<f32>()) as u64
}

fn block_bytes(lattice: &Lattice) -> u64 {
    (lattice.origins.len() * size_of::<layout::Block>()) as u64
}

fn wall_bytes(lattice: &Lattice) -> u64 {
    (lattice.wall_rows.len() * size_of::<WallRow>()) as u64
}

/// Bytes that an adapter takes in one array.
#[must_use]
pub fn largest_array(adapter: &AdapterInfo) -> u64 {
    adapter.max_storage_buffer_binding_size.min(adapter.max_buffer_size)
}

/// Checks that an adapter's limits admit a lattice, and that it has the memory now, with so many bytes `beside` the
/// flow: takes it, and gives it back.
///
/// # Errors
/// [`GpuError`] with what is needed and what is allowed.
pub fn reserve(gpu: &Opened, lattice: &Lattice, storage: Storage, beside: u64) -> Result<(), GpuError> {
    fits(&gpu.info, lattice, storage)?;
    let sizes = std::iter::repeat_n(field_bytes(lattice), 2 * state_arrays(storage))
        .chain([block_bytes(lattice), wall_bytes(lattice)]);
    let piece = largest_array(&gpu.info).max(1);
    let pieces = (0..beside.div_ceil(piece)).map(|k| piece.min(beside - k * piece));
    let buffers: Vec<_> =
        sizes.chain(pieces).map(|bytes| gpu.buffer("reserve", bytes, wgpu::BufferUsages::STORAGE)).collect();
    drop(buffers);
    gpu.faults.wait(&gpu.device, None);
    gpu.check(Demand { extent: Extent::Sites(lattice.sites), bytes: bytes(lattice, storage) + beside })
}

/// Checks that an adapter's limits admit a lattice.
///
/// # Errors
/// [`GpuError`] with what is needed and what is allowed.
pub fn fits(adapter: &AdapterInfo, lattice: &Lattice, storage: Storage) -> Result<(), GpuError> {
    let name = || adapter.name.clone();
    let (allowed, needed) = (adapter.max_storage_buffers_per_shader_stage, storage_buffers(storage));
    if allowed < needed {
        return Err(GpuError::FewBuffers { adapter: name(), needed, allowed });
    }
    let allowed = adapter.max_compute_invocations_per_workgroup.min(adapter.max_compute_workgroup_size[0]);
    if allowed < WORKGROUP {
        return Err(GpuError::SmallWorkgroup { adapter: name(), needed: WORKGROUP, allowed });
    }
    let allowed = largest_array(adapter);
    let arrays = [
        ("each of the site arrays", field_bytes(lattice)),
        ("their blocks", block_bytes(lattice)),
        ("their walls", wall_bytes(lattice)),
    ];
    match arrays.into_iter().max_by_key(|(_, bytes)| *bytes) {
        Some((what, needed)) if needed > allowed => {
            Err(GpuError::TooLarge { adapter: name(), extent: Extent::Sites(lattice.sites), what, needed, allowed })
        }
        _ => Ok(()),
    }
}
