//! Openings in time on an adapter: two small kernels between the openings and the flow, and records that wait there
//! until the host fetches many at once.

use super::device::Opened;
use super::error::GpuError;
use super::layout::Entry;
use super::memory::Demand;
use super::pipelines::{DrivePipelines, group};
use crate::fluid::drive::{Clock, Drive, GAUGE, OpeningState, Pace, row_len};
use crate::geometry::lattice::Lattice;
use crate::geometry::lattice::directions::weight;

/// A drive in the memory of an adapter.
pub(super) struct GpuDrive {
    pace: Pace,
    sums: u32,
    gauge: wgpu::BindGroup,
    openings: wgpu::BindGroup,
    pace_buffer: wgpu::Buffer,
    clock: wgpu::Buffer,
    states: wgpu::Buffer,
    amplitudes: wgpu::Buffer,
    records: wgpu::Buffer,
    /// Rows that the host has had.
    fetched: u32,
}

/// Buffers that the drive shares with the flow.
pub(super) struct Shared<'a> {
    pub passing: &'a wgpu::Buffer,
    pub iolets: &'a wgpu::Buffer,
    pub amplitudes: &'a wgpu::Buffer,
}

impl GpuDrive {
    pub(super) fn new(
        gpu: &Opened,
        pipelines: &DrivePipelines,
        drive: &Drive,
        lattice: &Lattice,
        shared: &Shared,
    ) -> Self {
        let (first, entries) = sums(drive, lattice);
        let (openings, gauges) = (drive.laws.len(), drive.gauges.len());
        let storage = wgpu::BufferUsages::STORAGE;
        let pace_buffer = gpu.buffer("pace", size_of::<Pace>() as u64, wgpu::BufferUsages::UNIFORM);
        gpu.queue.write_buffer(&pace_buffer, 0, bytemuck::bytes_of(&drive.pace));
        let clock = gpu.table("clock", &[drive.clock]);
        let states = gpu.table("opening states", &drive.states);
        let influx = gpu.buffer("influx", 4 * openings as u64, storage);
        let measured = gpu.buffer("gauges", (4 * GAUGE * gauges) as u64, storage);
        let row = row_len(openings, gauges) * drive.pace.capacity as usize;
        let records = gpu.buffer("records", 4 * row as u64, storage);
        let (first, entries) = (gpu.table("sums", &first), gpu.table("entries", &entries));
        let (laws, tables) = (gpu.table("laws", &drive.laws), gpu.table("tables", &drive.tables));
        let gauge = [&pace_buffer, &first, &entries, shared.passing, &influx, &measured];
        let bound = [
            &pace_buffer,
            &clock,
            &laws,
            &tables,
            &states,
            shared.amplitudes,
            shared.iolets,
            &influx,
            &measured,
            &records,
        ];
        Self {
            pace: drive.pace,
            sums: (openings + gauges) as u32,
            gauge: group(gpu, &pipelines.gauge_shape, gauge),
            openings: group(gpu, &pipelines.openings_shape, bound),
            pace_buffer,
            clock,
            states,
            amplitudes: shared.amplitudes.clone(),
            records,
            fetched: drive.clock.rows,
        }
    }

    /// Records, where that is due, and takes the openings to the next step; `from` is the state before the step.
    pub(super) fn advance(&self, pipelines: &DrivePipelines, from: &wgpu::BindGroup, pass: &mut wgpu::ComputePass) {
        pass.set_pipeline(&pipelines.gauge);
        pass.set_bind_group(0, from, &[]);
        pass.set_bind_group(1, &self.gauge, &[]);
        pass.dispatch_workgroups(self.sums, 1, 1);
        pass.set_pipeline(&pipelines.openings);
        pass.set_bind_group(0, &self.openings, &[]);
        pass.dispatch_workgroups(1, 1, 1);
    }

    pub(super) fn hold(&mut self, gpu: &Opened, held: bool) {
        self.pace.held = u32::from(held);
        gpu.queue.write_buffer(&self.pace_buffer, 0, bytemuck::bytes_of(&self.pace));
    }

    pub(super) fn driven(&self, gpu: &Opened, demand: Demand) -> Result<(Clock, Vec<OpeningState>), GpuError> {
        let clock: Vec<Clock> = gpu.download(&self.clock, 1, demand)?;
        Ok((clock[0], gpu.download(&self.states, self.pace.openings as usize, demand)?))
    }

    /// The first `count` amplitudes of extra velocity modes.
    pub(super) fn amplitudes(&self, gpu: &Opened, count: usize, demand: Demand) -> Result<Vec<f32>, GpuError> {
        gpu.download(&self.amplitudes, count, demand)
    }

    /// Puts clock, openings and amplitudes where they once were. Rows recorded before that are had.
    pub(super) fn restore(&mut self, gpu: &Opened, clock: Clock, states: &[OpeningState], amplitudes: &[f32]) {
        gpu.upload(&self.clock, bytemuck::bytes_of(&clock));
        gpu.upload(&self.states, bytemuck::cast_slice(states));
        gpu.upload(&self.amplitudes, bytemuck::cast_slice(amplitudes));
        self.fetched = clock.rows;
    }

    /// The rows recorded since the last call that are still there.
    pub(super) fn records(&mut self, gpu: &Opened, demand: Demand) -> Result<Vec<f32>, GpuError> {
        let clock: Vec<Clock> = gpu.download(&self.clock, 1, demand)?;
        let (capacity, rows) = (self.pace.capacity, clock[0].rows);
        let row = row_len(self.pace.openings as usize, self.pace.gauges as usize);
        let all: Vec<f32> = gpu.download(&self.records, row * capacity as usize, demand)?;
        let first = self.fetched.max(rows.saturating_sub(capacity));
        self.fetched = rows;
        let place = |k: u32| (k % capacity) as usize * row;
        Ok((first..rows).flat_map(|k| all[place(k)..place(k) + row].iter().copied()).collect())
    }
}

/// The sums that make up the flow of each opening and each gauge: where each begins, and their terms.
fn sums(drive: &Drive, lattice: &Lattice) -> (Vec<u32>, Vec<Entry>) {
    let mut lists = vec![Vec::new(); drive.laws.len()];
    for (place, link) in (0u32..).zip(&lattice.iolet_links) {
        lists[link.iolet as usize].push(Entry { place, weight: weight(link.direction as usize) });
    }
    let sites = |list: &Vec<(u32, f32)>| list.iter().map(|&(place, weight)| Entry { place, weight }).collect();
    lists.extend(drive.gauges.iter().map(sites));
    let mut first = vec![0];
    for list in &lists {
        first.push(first[first.len() - 1] + list.len() as u32);
    }
    (first, lists.concat())
}
