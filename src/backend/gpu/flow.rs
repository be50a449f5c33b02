//! The flow on an adapter.
//!
//! Two states of ten arrays each; one step reads one and writes the other: `incoming` fills in what comes through the
//! openings, `flow` does the rest. Many steps go into one submission, and at most two submissions are under way, so
//! that the host neither waits for each nor runs ahead without bound.

mod saved;

use std::sync::Arc;

use super::admit::{bytes, fits};
use super::device::{AdapterInfo, Opened};
use super::drive::{GpuDrive, Shared};
use super::error::{Extent, GpuError};
use super::indices::{self, Watch};
use super::layout;
use super::memory::Demand;
use super::pipelines::{Build, Pipelines, group, workgroups};
use super::state::States;
use crate::fluid::collision::{Physics, viscosity};
use crate::fluid::drive::{Clock, Drive, OpeningState};
use crate::fluid::iolet::{Iolet, Modes};
use crate::fluid::moments::FIELDS;
use crate::fluid::rheology::{SEGMENTS, Table};
use crate::fluid::shear::{CycleSums, WallStencil};
use crate::fluid::storage::Storage;
use crate::geometry::lattice::directions::weight;
use crate::geometry::lattice::{LANES, Lattice};

/// Most steps in a submission.
const STEPS_PER_SUBMISSION: usize = 100;

/// About the most site updates in a submission: drivers reset an adapter that one submission keeps for seconds.
const UPDATES_PER_SUBMISSION: usize = 1 << 26;

/// A flow in the memory of an adapter.
pub struct GpuFlow {
    pub(super) gpu: Opened,
    lattice: Arc<Lattice>,
    iolets: Vec<Iolet>,
    physics: Physics,
    pipelines: Pipelines,
    states: States,
    tables: wgpu::BindGroup,
    links: wgpu::BindGroup,
    physics_buffer: wgpu::Buffer,
    iolets_buffer: wgpu::Buffer,
    passing: wgpu::Buffer,
    coefficients: Vec<f32>,
    modes: Modes,
    drive: Option<GpuDrive>,
    /// The table of a rheology, and whether it is used.
    rheology: wgpu::Buffer,
    thins: bool,
    flow_groups: [u32; 2],
    incoming_groups: [u32; 2],
    under_way: Option<wgpu::SubmissionIndex>,
    watch: Option<Watch>,
}

/// What `incoming` sees of the links, and the amplitudes of their extra modes; `buffers`: openings, passing.
fn links(
    gpu: &Opened,
    pipelines: &Pipelines,
    lattice: &Lattice,
    coefficients: &[f32],
    modes: &Modes,
    buffers: [&wgpu::Buffer; 2],
) -> (wgpu::BindGroup, wgpu::Buffer) {
    let links = gpu.table("links", &layout::iolet_links(lattice, coefficients, modes));
    let amplitudes = gpu.buffer("amplitudes", 4 * modes.amplitudes() as u64, wgpu::BufferUsages::STORAGE);
    let values = gpu.table("modes", &modes.coefficients);
    let bound = group(gpu, &pipelines.links, [&links, buffers[0], buffers[1], &amplitudes, &values]);
    (bound, amplitudes)
}

impl GpuFlow {
    /// A flow at rest. `coefficients` has one value an opening link ([`crate::fluid::iolet::coefficient`]).
    ///
    /// # Errors
    /// [`GpuError`] if the adapter's limits or memory do not admit the lattice, or its driver refuses the shaders.
    ///
    /// # Panics
    /// If an opening link has no coefficient or no condition.
    pub fn new(
        gpu: Opened,
        lattice: Arc<Lattice>,
        iolets: Vec<Iolet>,
        coefficients: &[f32],
        physics: Physics,
        build: Build,
    ) -> Result<Self, GpuError> {
        crate::backend::assert_openings(&lattice, &iolets, coefficients);
        fits(&gpu.info, &lattice, build.storage)?;
        let pipelines = Pipelines::new(&gpu, build);
        let storage = wgpu::BufferUsages::STORAGE;
        let states = States::new(&gpu, &pipelines, &lattice);
        let physics_bytes = size_of::<layout::Physics>() as u64;
        let physics_buffer = gpu.buffer("physics", physics_bytes, wgpu::BufferUsages::UNIFORM);
        let modes = Modes::default();
        let iolets_buffer = gpu.buffer("iolets", (iolets.len() * size_of::<layout::Iolet>()) as u64, storage);
        let passing = gpu.buffer("passing", 8 * coefficients.len() as u64, storage);
        let blocks = gpu.table("blocks", &layout::blocks(&lattice));
        let wall_rows = gpu.table("wall rows", &lattice.wall_rows);
        let iolet_rows = gpu.table("iolet rows", &layout::iolet_rows(&lattice));
        let rheology = gpu.buffer("rheology", (2 * size_of::<f32>() * (SEGMENTS + 1)) as u64, storage);
        let tables = [&physics_buffer, &blocks, &wall_rows, &iolet_rows, &passing, &rheology];
        let limit = gpu.info.max_compute_workgroups_per_dimension;
        let mut flow = Self {
            tables: group(&gpu, &pipelines.tables, tables),
            links: links(&gpu, &pipelines, &lattice, coefficients, &modes, [&iolets_buffer, &passing]).0,
            flow_groups: workgroups((lattice.origins.len() * LANES) as u64, limit),
            incoming_groups: workgroups(coefficients.len() as u64, limit),
            gpu,
            lattice,
            iolets,
            physics,
            pipelines,
            states,
            physics_buffer,
            iolets_buffer,
            passing,
            coefficients: coefficients.to_vec(),
            modes,
            drive: None,
            rheology,
            thins: false,
            under_way: None,
            watch: None,
        };
        flow.set_physics(physics);
        (0..flow.iolets.len()).for_each(|k| flow.set_iolet(k, flow.iolets[k]));
        flow.gpu.faults.wait(&flow.gpu.device, None);
        flow.check()?;
        Ok(flow)
    }

    /// What the state's numbers are kept in.
    #[must_use]
    pub fn storage(&self) -> Storage {
        self.states.storage()
    }

    /// The lattice that the flow is on.
    #[must_use]
    pub fn lattice(&self) -> &Arc<Lattice> {
        &self.lattice
    }

    /// What the adapter is.
    #[must_use]
    pub fn adapter(&self) -> &AdapterInfo {
        &self.gpu.info
    }

    /// Takes `steps` time steps. Returns before the last of them are done.
    ///
    /// # Errors
    /// [`GpuError`] if the adapter was lost or refused something, be it in an earlier call.
    pub fn advance(&mut self, steps: usize) -> Result<(), GpuError> {
        let most = (UPDATES_PER_SUBMISSION / self.lattice.sites.max(1)).clamp(1, STEPS_PER_SUBMISSION);
        let mut left = steps;
        while left > 0 {
            let count = left.min(most);
            let submission = self.submit(count);
            if let Some(earlier) = self.under_way.replace(submission) {
                self.gpu.faults.wait(&self.gpu.device, Some(earlier));
            }
            self.check()?;
            left -= count;
        }
        Ok(())
    }

    /// Submits some steps.
    fn submit(&mut self, steps: usize) -> wgpu::SubmissionIndex {
        let thinning = self.pipelines.rheology.as_ref().filter(|_| self.thins);
        let flow = thinning.unwrap_or(&self.pipelines.flow);
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            for _ in 0..steps {
                self.fill_incoming(&mut pass);
                if let Some(drive) = &self.drive {
                    drive.advance(&self.pipelines.drive, self.states.from(), &mut pass);
                }
                pass.set_pipeline(flow);
                pass.set_bind_group(0, self.states.from(), &[]);
                pass.set_bind_group(1, self.states.to(), &[]);
                pass.set_bind_group(2, &self.tables, &[]);
                let [x, y] = self.flow_groups;
                pass.dispatch_workgroups(x, y, 1);
                self.states.swap();
            }
        }
        self.gpu.queue.submit([encoder.finish()])
    }

    /// What comes in through every opening link in the next step.
    fn fill_incoming(&self, pass: &mut wgpu::ComputePass) {
        if self.lattice.iolet_links.is_empty() {
            return;
        }
        pass.set_pipeline(&self.pipelines.incoming);
        pass.set_bind_group(0, self.states.from(), &[]);
        pass.set_bind_group(1, &self.links, &[]);
        let [x, y] = self.incoming_groups;
        pass.dispatch_workgroups(x, y, 1);
    }

    /// Volume that each opening takes in during the next step, lattice units; negative where it leaves.
    ///
    /// # Errors
    /// [`GpuError`] if the adapter was lost or refused something.
    pub fn influx(&mut self) -> Result<Vec<f64>, GpuError> {
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        self.fill_incoming(&mut encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default()));
        self.gpu.queue.submit([encoder.finish()]);
        let links = &self.lattice.iolet_links;
        let passing: Vec<[f32; 2]> = self.gpu.download(&self.passing, links.len(), self.demand())?;
        let mut flux = vec![0.0; self.iolets.len()];
        for (link, [incoming, outgoing]) in links.iter().zip(passing) {
            let difference = f64::from(incoming) - f64::from(outgoing);
            flux[link.iolet as usize] += f64::from(weight(link.direction as usize)) * difference;
        }
        Ok(flux)
    }

    /// The openings' conditions.
    #[must_use]
    pub fn iolets(&self) -> &[Iolet] {
        &self.iolets
    }

    /// Changes what opening `k` imposes, from the next step on.
    pub fn set_iolet(&mut self, k: usize, iolet: Iolet) {
        self.iolets[k] = iolet;
        let value = layout::Iolet::new(&iolet, self.modes.spans.get(k).copied().unwrap_or_default());
        let offset = (k * size_of::<layout::Iolet>()) as u64;
        self.gpu.queue.write_buffer(&self.iolets_buffer, offset, bytemuck::bytes_of(&value));
    }

    /// Lets the openings follow their laws from the next step on, or no longer.
    ///
    /// # Errors
    /// [`GpuError`] if the adapter was lost or refused something.
    pub fn set_drive(&mut self, drive: Option<Drive>) -> Result<(), GpuError> {
        self.modes = drive.as_ref().map_or_else(Modes::default, |drive| drive.modes.clone());
        let buffers = [&self.iolets_buffer, &self.passing];
        let (links, amplitudes) =
            links(&self.gpu, &self.pipelines, &self.lattice, &self.coefficients, &self.modes, buffers);
        self.links = links;
        let shared = Shared { passing: &self.passing, iolets: &self.iolets_buffer, amplitudes: &amplitudes };
        let make = |drive: &Drive| GpuDrive::new(&self.gpu, &self.pipelines.drive, drive, &self.lattice, &shared);
        self.drive = drive.as_ref().map(make);
        if let Some(drive) = &drive {
            let imposed = drive.impose(&mut self.iolets);
            self.gpu.upload(&amplitudes, bytemuck::cast_slice(&imposed));
        }
        (0..self.iolets.len()).for_each(|k| self.set_iolet(k, self.iolets[k]));
        self.check()
    }

    /// Lets the clock of the openings stand still, or go on.
    pub fn hold(&mut self, held: bool) {
        if let Some(drive) = &mut self.drive {
            drive.hold(&self.gpu, held);
        }
    }

    /// Where clock and openings are after all steps asked for; none without a drive.
    ///
    /// # Errors
    /// [`GpuError`] if the adapter was lost or refused something.
    pub fn driven(&mut self) -> Result<Option<(Clock, Vec<OpeningState>)>, GpuError> {
        self.drive.as_ref().map(|drive| drive.driven(&self.gpu, self.demand())).transpose()
    }

    /// Rows recorded since the last call, one after the other; no more than the drive's capacity.
    ///
    /// # Errors
    /// [`GpuError`] if the adapter was lost or refused something.
    pub fn records(&mut self) -> Result<Vec<f32>, GpuError> {
        let demand = self.demand();
        self.drive.as_mut().map_or_else(|| Ok(Vec::new()), |drive| drive.records(&self.gpu, demand))
    }

    /// How often the host has waited for something that the adapter computed.
    #[must_use]
    pub fn round_trips(&self) -> u64 {
        self.gpu.round_trips.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// What every step does.
    #[must_use]
    pub fn physics(&self) -> Physics {
        self.physics
    }

    /// Changes what every step does, from the next step on.
    pub fn set_physics(&mut self, physics: Physics) {
        self.physics = physics;
        let value = layout::Physics::from(physics);
        self.gpu.queue.write_buffer(&self.physics_buffer, 0, bytemuck::bytes_of(&value));
    }

    /// Sets the relaxation rate by the shear of each site, or by [`Physics::omega`] for all, from the next step on.
    ///
    /// # Errors
    /// [`GpuError`] if the adapter was lost or refused something.
    pub fn set_rheology(&mut self, rheology: Option<&Table>) -> Result<(), GpuError> {
        self.thins = rheology.is_some();
        if let Some(table) = rheology {
            self.pipelines.admit_rheology(&self.gpu);
            self.gpu.upload(&self.rheology, bytemuck::cast_slice(table.values()));
        }
        self.check()
    }

    /// The ten fields, each a padded site array, after all steps asked for.
    ///
    /// # Errors
    /// [`GpuError`] if the adapter was lost or refused something.
    pub fn state(&mut self) -> Result<[Vec<f32>; FIELDS], GpuError> {
        self.states.download(&self.gpu, self.lattice.padded_len(), self.demand())
    }

    /// Sets the ten fields, each a padded site array.
    ///
    /// # Errors
    /// [`GpuError`] if the adapter was lost or refused something.
    ///
    /// # Panics
    /// If an array has another length than the lattice's padded arrays.
    pub fn set_state(&mut self, fields: &[&[f32]; FIELDS]) -> Result<(), GpuError> {
        let len = self.lattice.padded_len();
        assert!(fields.iter().all(|field| field.len() == len), "a state of another lattice");
        self.states.upload(&self.gpu, fields);
        self.check()
    }

    /// Begins to sum over cycles at the points of a stencil, and the averages over time at every site if asked for.
    ///
    /// # Errors
    /// [`GpuError`] if the adapter's limits or memory do not admit the stencil.
    ///
    /// # Panics
    /// If the stencil belongs to another lattice.
    pub fn watch(&mut self, stencil: Arc<WallStencil>, average: bool) -> Result<(), GpuError> {
        indices::fits(&self.gpu, &stencil, self.lattice.sites)?;
        let (pipelines, len) = (&self.pipelines, self.lattice.padded_len());
        let shapes = [&pipelines.from, &pipelines.tables];
        self.watch = Some(Watch::new(&self.gpu, shapes, pipelines.build, stencil, average, len));
        self.gpu.faults.wait(&self.gpu.device, None);
        self.check()
    }

    /// Adds the state after all steps asked for to the sums ([`crate::backend::Flow::accumulate`]). Returns before it is
    /// done.
    pub fn accumulate(&mut self, weight: f32, reference: f64) {
        let nu = viscosity(f64::from(self.physics.omega)) as f32;
        if let Some(watch) = &mut self.watch {
            let sample = layout::Sample { weight, nu, thins: u32::from(self.thins) };
            watch.accumulate(&self.gpu, [self.states.from(), &self.tables], sample, reference);
        }
    }

    /// The sums of the cycle so far; empty where nothing is watched.
    ///
    /// # Errors
    /// [`GpuError`] if the adapter was lost or refused something.
    pub fn cycle(&self) -> Result<CycleSums, GpuError> {
        self.watch.as_ref().map_or_else(|| Ok(CycleSums::default()), |watch| watch.cycle(&self.gpu, self.demand()))
    }

    /// Begins a new cycle ([`crate::backend::Flow::begin_cycle`]).
    ///
    /// # Errors
    /// [`GpuError`] if the adapter was lost or refused something.
    pub fn begin_cycle(&mut self) -> Result<(), GpuError> {
        let demand = self.demand();
        self.watch.as_mut().map_or(Ok(()), |watch| watch.begin(&self.gpu, demand))
    }

    fn demand(&self) -> Demand {
        let watch = self.watch.as_ref().map_or(0, Watch::bytes);
        Demand { extent: Extent::Sites(self.lattice.sites), bytes: bytes(&self.lattice, self.states.storage()) + watch }
    }

    pub(super) fn check(&self) -> Result<(), GpuError> {
        self.gpu.check(self.demand())
    }
}
