//! Where a flow is computed: adapters reached through wgpu, and the processor itself.
//!
//! [`Flow`] is the seam: a flow that takes steps, whose openings can be changed and measured, and whose whole state can
//! be had and set. What runs a case knows nothing else of a backend.

use std::borrow::Cow;
use std::sync::Arc;

use crate::fluid::collision::Physics;
use crate::fluid::iolet::Iolet;
use crate::fluid::moments::{FIELDS, Moments};
use crate::geometry::lattice::Lattice;

pub mod cpu;
pub mod gpu;
pub mod host;
pub mod native;

use cpu::CpuFlow;
use gpu::device::Opened;
use gpu::error::GpuError;
use gpu::flow::GpuFlow;
use gpu::pipelines::Checks;

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
    Cpu(CpuFlow),
    /// On an adapter.
    Gpu(Box<GpuFlow>),
}

impl Flow {
    /// A flow at rest on an opened adapter, or on the processor. `coefficients` has one value an opening link
    /// ([`crate::fluid::iolet::coefficient`]).
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
    ) -> Result<Self, BackendError> {
        Ok(match opened {
            None => Self::Cpu(CpuFlow::new(lattice, iolets, coefficients, physics)),
            Some(gpu) => Self::Gpu(Box::new(GpuFlow::new(gpu, lattice, iolets, &coefficients, physics, Checks::Off)?)),
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

    /// The whole state after all steps asked for: a view on the processor, a copy from an adapter.
    ///
    /// # Errors
    /// [`BackendError::Gpu`] if the adapter was lost or refused something.
    pub fn state(&mut self) -> Result<State<'_>, BackendError> {
        let fields = match self {
            Self::Cpu(flow) => flow.moments().map(Cow::Borrowed),
            Self::Gpu(flow) => flow.state()?.map(Cow::Owned),
        };
        Ok(State { fields })
    }

    /// Sets the whole state: ten padded site arrays.
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

    /// The lattice that the flow is on.
    #[must_use]
    pub fn lattice(&self) -> &Arc<Lattice> {
        match self {
            Self::Cpu(flow) => flow.lattice(),
            Self::Gpu(flow) => flow.lattice(),
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
