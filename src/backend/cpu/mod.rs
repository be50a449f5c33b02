//! The flow on the native CPU: explicit SIMD chosen at run time, threads by rayon.

use std::borrow::Cow;
use std::sync::Arc;

use rayon::prelude::*;

use crate::fluid::collision::Physics;
use crate::fluid::drive::{Clock, Drive, OpeningState};
use crate::fluid::iolet::Iolet;
use crate::fluid::moments::{FIELDS, Moments};
use crate::fluid::rheology::Table;
use crate::fluid::storage::Storage;
use crate::geometry::lattice::Lattice;

mod bandwidth;
mod drive;
mod fields;
mod indices;
mod kernel;
mod memory;
mod number;
mod openings;
mod saved;
pub mod simd;
pub mod wall;

pub use bandwidth::Streams;
use drive::CpuDrive;
use memory::{Memory, Pair};
use number::Number;
use openings::Links;
pub use simd::Level;

/// Bytes of both states above which stores past the caches pay.
const STREAM_ABOVE: usize = 64 << 20;

/// Blocks that a task takes at least: about the work that waking a thread costs.
pub const MIN_TASK: usize = 256;

/// A flow in the memory of the CPU.
pub struct CpuFlow {
    lattice: Arc<Lattice>,
    links: Links,
    iolets: Vec<Iolet>,
    physics: Physics,
    rheology: Option<Arc<Table>>,
    level: Level,
    memory: Memory,
    /// Steps taken, for what is rounded at random.
    tick: u32,
    drive: Option<CpuDrive>,
    watch: Option<Box<indices::Watch>>,
}

/// What a step needs beside the states.
struct Job<'a> {
    lattice: &'a Lattice,
    incoming: &'a [f32],
    physics: Physics,
    rheology: Option<&'a Table>,
    tick: u32,
    level: Level,
}

impl Job<'_> {
    /// Computes the next state from the present one.
    fn step<T: Number>(&self, pair: &mut Pair<T>) {
        let blocks = self.lattice.origins.len();
        let step = kernel::Step {
            lattice: self.lattice,
            from: pair.now.pointers(),
            to: pair.next.pointers_mut(),
            incoming: self.incoming.as_ptr(),
            physics: self.physics,
            rheology: self.rheology,
            tick: self.tick,
            stream: 2 * pair.now.bytes() > STREAM_ABOVE,
        };
        let tasks = (blocks / MIN_TASK).clamp(1, 8 * rayon::current_num_threads());
        let level = self.level;
        let task = |k: usize| {
            let range = blocks * k / tasks..blocks * (k + 1) / tasks;
            fields::without_denormals(|| {
                // SAFETY: the pointers are to the padded arrays of this lattice, ranges are disjoint, and `set_level`
                // and `detect` admit instruction sets that the processor has.
                unsafe {
                    match level {
                        #[cfg(target_arch = "x86_64")]
                        Level::Avx512 => kernel::blocks_avx512(&step, range),
                        #[cfg(target_arch = "x86_64")]
                        Level::Avx2 => kernel::blocks_avx2(&step, range),
                        _ => kernel::blocks::<T, simd::Portable>(&step, range),
                    }
                }
            });
        };
        if tasks == 1 { task(0) } else { (0..tasks).into_par_iter().for_each(task) }
    }
}

impl CpuFlow {
    /// A flow at rest. `coefficients` has one value an opening link ([`crate::fluid::iolet::coefficient`]).
    ///
    /// # Panics
    /// If an opening link has no coefficient or no condition.
    #[must_use]
    pub fn new(
        lattice: Arc<Lattice>,
        iolets: Vec<Iolet>,
        coefficients: Vec<f32>,
        physics: Physics,
        storage: Storage,
    ) -> Self {
        super::assert_openings(&lattice, &iolets, &coefficients);
        let len = lattice.padded_len();
        let links = Links::new(&lattice, coefficients);
        let memory = Memory::zeroed(storage, len);
        let level = Level::detect();
        Self { lattice, links, iolets, physics, level, memory, tick: 0, drive: None, watch: None, rheology: None }
    }

    /// Uses another instruction set, for tests and benchmarks; one of [`Level::available`].
    pub fn set_level(&mut self, level: Level) {
        assert!(Level::available().contains(&level), "this processor does not have {level}");
        self.level = level;
    }

    /// Takes `steps` time steps.
    pub fn advance(&mut self, steps: usize) {
        for _ in 0..steps {
            self.fill_links();
            if let Some(drive) = &mut self.drive {
                drive.advance(&self.memory, &self.links, &mut self.iolets);
            }
            let job = Job {
                lattice: &self.lattice,
                incoming: self.links.incoming(),
                physics: self.physics,
                rheology: self.rheology.as_deref(),
                tick: self.tick,
                level: self.level,
            };
            match &mut self.memory {
                Memory::F32(pair) => job.step(pair),
                Memory::F16(pair) => job.step(pair),
            }
            self.memory.swap();
            self.tick = self.tick.wrapping_add(1);
        }
    }

    /// What passes through every opening link in the next step.
    fn fill_links(&mut self) {
        let modes = self.drive.as_ref().and_then(CpuDrive::modes);
        match &self.memory {
            Memory::F32(pair) => self.links.fill(self.level, &pair.now, &self.iolets, modes),
            Memory::F16(pair) => self.links.fill(self.level, &pair.now, &self.iolets, modes),
        }
    }

    /// Volume that each opening takes in during the next step, lattice units; negative where it leaves.
    pub fn influx(&mut self) -> Vec<f64> {
        self.fill_links();
        self.links.influx(&self.lattice, self.iolets.len())
    }

    /// The openings' conditions, to read.
    #[must_use]
    pub fn iolets(&self) -> &[Iolet] {
        &self.iolets
    }

    /// Changes the value that opening `k` imposes.
    pub fn set_iolet(&mut self, k: usize, iolet: Iolet) {
        self.iolets[k] = iolet;
    }

    /// Lets the openings follow their laws from the next step on, or no longer.
    pub fn set_drive(&mut self, drive: Option<Drive>) {
        self.drive = drive.map(|drive| CpuDrive::new(drive, &self.lattice, &mut self.iolets));
    }

    /// Lets the clock of the openings stand still, or go on.
    pub fn hold(&mut self, held: bool) {
        if let Some(drive) = &mut self.drive {
            drive.drive.pace.held = u32::from(held);
        }
    }

    /// Where the openings are; none without a drive.
    #[must_use]
    pub fn driven(&self) -> Option<(Clock, Vec<OpeningState>)> {
        self.drive.as_ref().map(|d| (d.drive.clock, d.drive.states.clone()))
    }

    /// Rows recorded since the last call, one after the other.
    pub fn records(&mut self) -> Vec<f32> {
        self.drive.as_mut().map_or_else(Vec::new, CpuDrive::records)
    }

    /// What every step does.
    #[must_use]
    pub fn physics(&self) -> Physics {
        self.physics
    }

    /// Changes what every step does.
    pub fn set_physics(&mut self, physics: Physics) {
        self.physics = physics;
    }

    /// Sets the relaxation rate by the shear of each site, or by [`Physics::omega`] for all.
    pub fn set_rheology(&mut self, rheology: Option<Arc<Table>>) {
        self.rheology = rheology;
    }

    /// State of a site by its padded index.
    #[must_use]
    pub fn site(&self, site: usize) -> Moments {
        self.memory.site(site)
    }

    /// The ten fields, each a padded site array: a view, or a copy where they are kept in 16 bits.
    #[must_use]
    pub fn moments(&self) -> [Cow<'_, [f32]>; FIELDS] {
        self.memory.fields()
    }

    /// What the state's numbers are kept in.
    #[must_use]
    pub fn storage(&self) -> Storage {
        self.memory.storage()
    }

    /// The lattice that the flow is on.
    #[must_use]
    pub fn lattice(&self) -> &Arc<Lattice> {
        &self.lattice
    }

    /// Sets the ten fields, each a padded site array.
    ///
    /// # Panics
    /// If an array has another length than the lattice's padded arrays.
    pub fn set_state(&mut self, fields: &[&[f32]; FIELDS]) {
        self.memory.copy_from(fields);
    }

    /// Sets the state of a site by its padded index.
    pub fn set_site(&mut self, site: usize, moments: &Moments) {
        self.memory.set_site(site, moments);
    }
}
