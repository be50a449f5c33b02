//! Whether an adapter admits a lattice: its limits, and the memory that it has left.

use super::device::{AdapterInfo, Opened};
use super::error::{Extent, GpuError};
use super::layout;
use super::memory::Demand;
use super::pipelines::{STORAGE_BUFFERS, WORKGROUP};
use crate::fluid::moments::FIELDS;
use crate::geometry::lattice::{Lattice, WallRow};

/// Bytes that a flow takes in an adapter's memory.
#[must_use]
pub fn bytes(lattice: &Lattice) -> u64 {
    let links = lattice.iolet_links.len() * (size_of::<layout::IoletLink>() + size_of::<[f32; 2]>());
    let rows = lattice.iolet_rows.len() * size_of::<layout::IoletRow>();
    2 * FIELDS as u64 * field_bytes(lattice) + block_bytes(lattice) + wall_bytes(lattice) + (links + rows) as u64
}

/// Bytes of a field.
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
pub fn reserve(gpu: &Opened, lattice: &Lattice, beside: u64) -> Result<(), GpuError> {
    fits(&gpu.info, lattice)?;
    let sizes = [field_bytes(lattice); 2 * FIELDS].into_iter().chain([block_bytes(lattice), wall_bytes(lattice)]);
    let piece = largest_array(&gpu.info).max(1);
    let pieces = (0..beside.div_ceil(piece)).map(|k| piece.min(beside - k * piece));
    let buffers: Vec<_> =
        sizes.chain(pieces).map(|bytes| gpu.buffer("reserve", bytes, wgpu::BufferUsages::STORAGE)).collect();
    drop(buffers);
    gpu.faults.wait(&gpu.device, None);
    gpu.check(Demand { extent: Extent::Sites(lattice.sites), bytes: bytes(lattice) + beside })
}

/// Checks that an adapter's limits admit a lattice.
///
/// # Errors
/// [`GpuError`] with what is needed and what is allowed.
pub fn fits(adapter: &AdapterInfo, lattice: &Lattice) -> Result<(), GpuError> {
    let name = || adapter.name.clone();
    let allowed = adapter.max_storage_buffers_per_shader_stage;
    if allowed < STORAGE_BUFFERS {
        return Err(GpuError::FewBuffers { adapter: name(), needed: STORAGE_BUFFERS, allowed });
    }
    let allowed = adapter.max_compute_invocations_per_workgroup.min(adapter.max_compute_workgroup_size[0]);
    if allowed < WORKGROUP {
        return Err(GpuError::SmallWorkgroup { adapter: name(), needed: WORKGROUP, allowed });
    }
    let allowed = largest_array(adapter);
    let arrays = [
        ("each of twenty site arrays", field_bytes(lattice)),
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
