//! Where a flow is computed: adapters reached through wgpu, and the processor itself.
//!
//! [`Flow`] is the seam: a flow that takes steps, whose openings can be changed and measured, and whose whole state can
//! be had and set. What runs a case knows nothing else of a backend.

use std::borrow::Cow;
use std::sync::Arc;

use crate::fluid::collision::Physics;
use crate::fluid::drive::{Clock, Drive, OpeningState};
use crate::fluid::iolet::Iolet;
use crate::fluid::moments::{FIELDS, Moments};
use crate::fluid::rheology::Table;
use crate::fluid::shear::{CycleSums, WallStencil};
use crate::fluid::storage::Storage;
use crate::geometry::lattice::Lattice;

pub mod cpu;
pub mod gpu;
pub mod host;
pub mod native;
pub mod saved;
mod tally;
pub mod wall;

use cpu::CpuFlow;
use gpu::device::Opened;
use gpu::error::GpuError;
use gpu::flow::GpuFlow;
use gpu::pipelines::{Build, Checks};

/// Why a backend cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// The adapter cannot.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// A state that is set belongs to another lattice.
    #[error(
        "the state has {found} numbers a field and the lattice {expected}: it belongs to another geometry or \
         resolution; start without it"
    )]
    OtherLattice {
        /// Length of the first field that does not fit.
        found: usize,
        /// Length of the lattice's padded arrays.
        expected: usize,
    },
}

/// The whole state of a flow: ten padded site arrays ([`crate::fluid::moments::Moments`], lattice units).
#[derive(Clone, Debug)]
pub struct State<'a> {
    /// The arrays, borrowed where the backend has them in the processor's memory.
    pub fields: [Cow<'a, [f32]>; FIELDS],
}

impl State<'_> {
    /// State of a site by its padded index.
    #[must_use]
    pub fn site(&self, site: usize) -> Moments {
        std::array::from_fn(|k| self.fields[k][site])
    }

    /// The arrays as slices.
    #[must_use]
    pub fn slices(&self) -> [&[f32]; FIELDS] {
        std::array::from_fn(|k| &*self.fields[k])
    }
}

/// A flow on one of the backends.
pub enum Flow {
    /// On the processor.
    Cpu(Box<CpuFlow>),
    /// On an adapter.
    Gpu(Box<GpuFlow>),
}

impl Flow {
    /// A flow at rest on an opened adapter, or on the processor. `coefficients` has one value an opening link
    /// ([`crate::fluid::iolet::coefficient`]); `storage` is what the state's numbers are kept in between steps.
    ///
    /// # Errors
    /// [`BackendError::Gpu`] if the adapter's limits or memory do not admit the lattice, or its driver refuses.
    ///
    /// # Panics
    /// If an opening link has no coefficient or no condition.
    pub fn open(
        opened: Option<Opened>,
        lattice: Arc<Lattice>,
        iolets: Vec<Iolet>,
        coefficients: Vec<f32>,
        physics: Physics,
        storage: Storage,
    ) -> Result<Self, BackendError> {
        Ok(match opened {
            None => Self::Cpu(Box::new(CpuFlow::new(lattice, iolets, coefficients, physics, storage))),
            Some(gpu) => {
                let build = Build { storage, checks: Checks::Off };
                Self::Gpu(Box::new(GpuFlow::new(gpu, lattice, iolets, &coefficients, physics, build)?))
            }
        })
    }

    /// Takes `steps` time steps. An adapter may return before the last of them are done.
    ///
    /// # Errors
    /// [`BackendError::Gpu`] if the adapter was lost or refused something.
    pub fn advance(&mut self, steps: usize) -> Result<(), BackendError> {
        match self {
            Self::Cpu(flow) => flow.advance(steps),
            Self::Gpu(flow) => flow.advance(steps)?,
        }
        Ok(())
    }

    /// Waits for all steps asked for.
    ///
    /// # Errors
    /// [`BackendError::Gpu`] if the adapter was lost or refused something.
    pub fn finish(&self) -> Result<(), BackendError> {
        match self {
            Self::Cpu(_) => Ok(()),
            Self::Gpu(flow) => Ok(flow.finish()?),
        }
    }

    /// Volume that each opening takes in during the next step, lattice units; negative where it leaves. Waits for all
    /// steps asked for.
    ///
    /// # Errors
    /// [`BackendError::Gpu`] if the adapter was lost or refused something.
    pub fn influx(&mut self) -> Result<Vec<f64>, BackendError> {
        match self {
            Self::Cpu(flow) => Ok(flow.influx()),
            Self::Gpu(flow) => Ok(flow.influx()?),
        }
    }

    /// The openings' conditions.
    #[must_use]
    pub fn iolets(&self) -> &[Iolet] {
        match self {
            Self::Cpu(flow) => flow.iolets(),
            Self::Gpu(flow) => flow.iolets(),
        }
    }

    /// Changes what opening `k` imposes, from the next step on.
    pub fn set_iolet(&mut self, k: usize, iolet: Iolet) {
        match self {
            Self::Cpu(flow) => flow.set_iolet(k, iolet),
            Self::Gpu(flow) => flow.set_iolet(k, iolet),
        }
    }

    /// Lets the openings follow their laws from the next step on, or no longer: [`Self::iolets`] then tells what was set
    /// before. The laws' states and clock are those that the drive brings.
    ///
    /// # Errors
    /// [`BackendError::Gpu`] if the adapter was lost or refused something.
    pub fn set_drive(&mut self, drive: Option<Drive>) -> Result<(), BackendError> {
        match self {
            Self::Cpu(flow) => flow.set_drive(drive),
            Self::Gpu(flow) => flow.set_drive(drive)?,
        }
        Ok(())
    }

    /// Lets the clock of the openings stand still (their circuits keep their states), or go on.
    pub fn hold(&mut self, held: bool) {
        match self {
            Self::Cpu(flow) => flow.hold(held),
            Self::Gpu(flow) => flow.hold(held),
        }
    }

    /// Where clock and openings are after all steps asked for; none without a drive.
    ///
    /// # Errors
    /// [`BackendError::Gpu`] if the adapter was lost or refused something.
    pub fn driven(&mut self) -> Result<Option<(Clock, Vec<OpeningState>)>, BackendError> {
        match self {
            Self::Cpu(flow) => Ok(flow.driven()),
            Self::Gpu(flow) => Ok(flow.driven()?),
        }
    }

    /// Rows recorded since the last call, one after the other, of [`crate::fluid::drive::row_len`] numbers in lattice
    /// units: of each opening the flow into the vessel, the pressure at its end and that of its circuit; of each probe
    /// pressure and velocity. An adapter keeps no more than the drive's capacity.
    ///
    /// # Errors
    /// [`BackendError::Gpu`] if the adapter was lost or refused something.
    pub fn records(&mut self) -> Result<Vec<f32>, BackendError> {
        match self {
            Self::Cpu(flow) => Ok(flow.records()),
            Self::Gpu(flow) => Ok(flow.records()?),
        }
    }

    /// How often the host has waited for something that the adapter computed; the processor never waits for itself.
    #[must_use]
    pub fn round_trips(&self) -> u64 {
        match self {
            Self::Cpu(_) => 0,
            Self::Gpu(flow) => flow.round_trips(),
        }
    }

    /// What every step does.
    #[must_use]
    pub fn physics(&self) -> Physics {
        match self {
            Self::Cpu(flow) => flow.physics(),
            Self::Gpu(flow) => flow.physics(),
        }
    }

    /// Changes what every step does, from the next step on.
    pub fn set_physics(&mut self, physics: Physics) {
        match self {
            Self::Cpu(flow) => flow.set_physics(physics),
            Self::Gpu(flow) => flow.set_physics(physics),
        }
    }

    /// Sets the relaxation rate by the shear of each site, or by [`Physics::omega`] for all, from the next step on. A
    /// table belongs to one scale: it is set anew where the time step changes.
    ///
    /// # Errors
    /// [`BackendError::Gpu`] if the adapter was lost or refused something.
    pub fn set_rheology(&mut self, rheology: Option<Arc<Table>>) -> Result<(), BackendError> {
        match self {
            Self::Cpu(flow) => flow.set_rheology(rheology),
            Self::Gpu(flow) => flow.set_rheology(rheology.as_deref())?,
        }
        Ok(())
    }

    /// The whole state after all steps asked for, in 32 bits: a view where the processor keeps it so, else a copy.
    ///
    /// # Errors
    /// [`BackendError::Gpu`] if the adapter was lost or refused something.
    pub fn state(&mut self) -> Result<State<'_>, BackendError> {
        let fields = match self {
            Self::Cpu(flow) => flow.moments(),
            Self::Gpu(flow) => flow.state()?.map(Cow::Owned),
        };
        Ok(State { fields })
    }

    /// Sets the whole state: ten padded site arrays. Where it is kept in 16 bits, each number becomes the nearest one.
    ///
    /// # Errors
    /// [`BackendError::OtherLattice`] if an array has another length than the lattice's; [`BackendError::Gpu`] if the
    /// adapter was lost or refused something.
    pub fn set_state(&mut self, fields: &[&[f32]; FIELDS]) -> Result<(), BackendError> {
        let expected = self.lattice().padded_len();
        if let Some(field) = fields.iter().find(|field| field.len() != expected) {
            return Err(BackendError::OtherLattice { found: field.len(), expected });
        }
        match self {
            Self::Cpu(flow) => flow.set_state(fields),
            Self::Gpu(flow) => flow.set_state(fields)?,
        }
        Ok(())
    }

    /// Begins to sum over cycles at the points of `stencil`, one of this lattice, and the averages over time at every
    /// site if `average` is set. Sums that were being made are dropped.
    ///
    /// # Errors
    /// [`BackendError::Gpu`] if the adapter's limits or memory do not admit it.
    ///
    /// # Panics
    /// If the stencil belongs to another lattice.
    pub fn watch(&mut self, stencil: Arc<WallStencil>, average: bool) -> Result<(), BackendError> {
        match self {
            Self::Cpu(flow) => flow.watch(stencil, average),
            Self::Gpu(flow) => flow.watch(stencil, average)?,
        }
        Ok(())
    }

    /// Adds the state after all steps asked for to the sums of the cycle, on the device and without waiting for it;
    /// nothing where nothing is watched. `weight` is what the sample counts for, say the steps since the one before;
    /// `reference` is the pressure that a density deviation of nought stands for at this moment, Pa. The sums are in
    /// lattice units, so the time step has to stay the same over a cycle.
    pub fn accumulate(&mut self, weight: f32, reference: f64) {
        match self {
            Self::Cpu(flow) => flow.accumulate(weight, reference),
            Self::Gpu(flow) => flow.accumulate(weight, reference),
        }
    }

    /// The sums of the cycle so far; empty where nothing is watched.
    ///
    /// # Errors
    /// [`BackendError::Gpu`] if the adapter was lost or refused something.
    pub fn cycle(&self) -> Result<CycleSums, BackendError> {
        match self {
            Self::Cpu(flow) => Ok(flow.cycle()),
            Self::Gpu(flow) => Ok(flow.cycle()?),
        }
    }

    /// Begins a new cycle: sums start again from nought, and transverse sums are taken across the mean stress of the
    /// cycle that ends here.
    ///
    /// # Errors
    /// [`BackendError::Gpu`] if the adapter was lost or refused something.
    pub fn begin_cycle(&mut self) -> Result<(), BackendError> {
        match self {
            Self::Cpu(flow) => flow.begin_cycle(),
            Self::Gpu(flow) => flow.begin_cycle()?,
        }
        Ok(())
    }

    /// The lattice that the flow is on.
    #[must_use]
    pub fn lattice(&self) -> &Arc<Lattice> {
        match self {
            Self::Cpu(flow) => flow.lattice(),
            Self::Gpu(flow) => flow.lattice(),
        }
    }

    /// What the state's numbers are kept in.
    #[must_use]
    pub fn storage(&self) -> Storage {
        match self {
            Self::Cpu(flow) => flow.storage(),
            Self::Gpu(flow) => flow.storage(),
        }
    }

    /// Name of the device: `native CPU (AVX-512, 2 threads)`, or what the adapter's driver calls it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Cpu(_) => native::Native::detect().to_string(),
            Self::Gpu(flow) => flow.adapter().name.clone(),
        }
    }

    /// `cpu`, `vulkan`, `metal` or `dx12`.
    #[must_use]
    pub fn backend_name(&self) -> &'static str {
        match self {
            Self::Cpu(_) => "cpu",
            Self::Gpu(flow) => flow.adapter().backend,
        }
    }
}

/// Every opening link has a coefficient and a condition.
fn assert_openings(lattice: &Lattice, iolets: &[Iolet], coefficients: &[f32]) {
    let links = &lattice.iolet_links;
    assert_eq!(coefficients.len(), links.len(), "one coefficient an opening link");
    assert!(links.iter().all(|link| usize::from(link.iolet) < iolets.len()), "one condition an opening");
}
