//! From a case to a plan: every check that needs the surface.

use std::path::PathBuf;
use std::sync::Arc;

use super::fit::Room;
use super::inputs::Inputs;
use super::level::Level;
use super::pulse::Beat;
use super::shelf::Shelf;
use super::spacing::{narrowest, spacing, spacings};
use super::wall::plan::WallPlan;
use super::watch::{FAST, RUNAWAY};
use super::{beat, blood, gates, peak};
use crate::analysis::wall_shear::Layer;
use crate::backend::gpu::error::GpuError;
use crate::case::waveform::WaveformFileError;
use crate::case::{Case, CaseError, Condition, Extension};
use crate::fluid::rheology::Rheology;
use crate::fluid::waveform::{Waveform, WaveformError};
use crate::fluid::windkessel::{Load, Tuned};
use crate::geometry::build::Repairs;
use crate::geometry::check::VesselError;
use crate::geometry::extend;
use crate::geometry::formats::FormatError;
use crate::geometry::labels::LabelError;
use crate::geometry::lattice::{Lattice, LatticeError};
use crate::geometry::repair::Unmendable;
use crate::geometry::section::Section;
use crate::geometry::vessel::{Closed, Vessel};
use crate::units::Scale;

/// Sites across the narrowest opening below which its flow is not resolved.
pub const FEWEST_ACROSS: f64 = 6.0;

/// Lattice velocity at the fastest point: the error of compressibility and the room for jets that outrun the estimate.
pub const PEAK_VELOCITY: f64 = 0.1;

/// Largest relaxation time: a slow flow gains accuracy from smaller steps (docs/verification.md).
pub const LARGEST_TAU: f64 = 0.58;

/// Largest relaxation time of any site, where the viscosity depends on the shear: that of blood at rest.
pub const LARGEST_LOCAL_TAU: f64 = 3.5;

/// Times that sound must be able to cross the vessel in a cycle: the lattice's fluid gives way to pressure, and the flow
/// is to be the same along the vessel as if it did not.
const SOUND_CROSSINGS: f64 = 40.0;

/// Length of an automatic flow extension, in diameters of its opening.
const EXTENSION: f64 = 1.5;

/// Default relative change between cycles that counts as periodic.
pub const PERIODIC_TOLERANCE: f64 = 0.01;

/// Spacings that the layer `sqrt(nu/omega)` at the wall must have for its harmonics too to be many spacings thick.
const THIN_LAYER: f64 = 10.0;

/// Default relative change that counts as steady.
pub const TOLERANCE: f64 = 2e-3;

/// Why a case cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The case file.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// A surface file.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// A label map.
    #[error(transparent)]
    Labels(#[from] LabelError),
    /// A waveform file.
    #[error(transparent)]
    Wave(Box<WaveformFileError>),
    /// The samples of a waveform file.
    #[error("{path}: {source}", path = path.display())]
    Waveform {
        /// The file.
        path: PathBuf,
        /// What is wrong with them.
        source: WaveformError,
    },
    /// The surface does not make a vessel with these openings.
    #[error(transparent)]
    Vessel(#[from] VesselError),
    /// The same, and mending it did not help.
    #[error(transparent)]
    Unmendable(Box<Unmendable>),
    /// The lattice.
    #[error(transparent)]
    Lattice(#[from] LatticeError),
    /// The adapter cannot run a flow.
    #[error(transparent)]
    Gpu(#[from] GpuError),
}

impl From<WaveformFileError> for PlanError {
    fn from(error: WaveformFileError) -> Self {
        Self::Wave(Box::new(error))
    }
}

/// What an opening is asked for, in SI.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Asked {
    /// Flow into the vessel, m^3/s.
    Flow(f64),
    /// Mean pressure at the vessel's own end, Pa.
    Pressure(f64),
}

/// An opening with its condition.
#[derive(Clone, Debug)]
pub struct Iolet {
    /// Name in the case.
    pub name: String,
    /// What it is asked for: the mean, where it changes in time.
    pub asked: Asked,
    /// Flow into the vessel (m^3/s) or pressure (Pa) over a cycle, where it changes.
    pub wave: Option<Waveform>,
    /// What lies beyond it; `asked` is then the pressure expected there.
    pub load: Option<Load>,
    /// Whether the profile is that of a pulsating flow.
    pub womersley: bool,
    /// Velocity profile over the section, of mean 1; none for a plug.
    pub section: Option<Section>,
    /// Equivalent diameter, m.
    pub diameter: f64,
    /// Area, m^2.
    pub area: f64,
}

/// A case that can be run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The case.
    pub case: Case,
    /// The vessel.
    pub vessel: Vessel,
    /// Its files as they were.
    pub inputs: Inputs,
    /// What was repaired on the way.
    pub repairs: Repairs,
    /// The vessel closed by extensions and lids.
    pub closed: Closed,
    /// Openings in the order of the case.
    pub iolets: Vec<Iolet>,
    /// Density of the blood, kg/m^3.
    pub rho: f64,
    /// The blood's law of viscosity.
    pub rheology: Rheology,
    /// The viscosity that time step and Reynolds number refer to: the smallest, that at high shear rates, Pa s.
    pub mu: f64,
    /// Pressure that the lattice's density deviations are measured from, Pa.
    pub reference_pressure: f64,
    /// Estimated fastest velocity, m/s.
    pub peak: f64,
    /// Spacings of the lattices, coarse to fine, m.
    pub spacings: Vec<f64>,
    /// The finest lattice.
    pub lattice: Arc<Lattice>,
    /// Relative change that counts as steady.
    pub tolerance: f64,
    /// The beat, where the case has one.
    pub beat: Option<Beat>,
    /// The vessel wall, where the case has one.
    pub wall: Option<Arc<WallPlan>>,
    /// Windkessels found from the blood pressure.
    pub tuned: Option<Tuned>,
    /// Where lattices come from.
    pub shelf: Arc<Shelf>,
}

impl Plan {
    /// Checks a case against its surface and the device that it is to run on.
    ///
    /// # Errors
    /// [`PlanError`]: everything that would keep the case from running, as far as it can be known before.
    pub fn new(case: Case, room: &Room) -> Result<Self, PlanError> {
        Self::shared(case, room, &Arc::default())
    }

    /// The same with lattices from a shelf.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub fn shared(case: Case, room: &Room, shelf: &Arc<Shelf>) -> Result<Self, PlanError> {
        case.validate()?;
        let inputs = Inputs::of(&case);
        gates::check(&case)?;
        let (vessel, repairs) = super::vessel::read(&case)?;
        let lengths: Vec<f64> =
            case.openings.iter().zip(&vessel.openings).map(|(o, v)| extension(o, v.equivalent_diameter())).collect();
        let closed = extend::close(&vessel, &lengths)?;
        let spacing = spacing(&case, &vessel)?;
        room.admits_spacing(&case, &closed, (spacing, narrowest(&vessel)))?;
        let beat::Openings { iolets, beat, tuned } = beat::openings(&case, &vessel)?;
        peak::check(&case, &iolets)?;
        let lattice = shelf.lattice(&closed, spacing)?;
        room.admits(&case, (&lattice, &closed), narrowest(&vessel))?;
        if let Some(beat) = &beat {
            beat::check::probes(&case, beat, &closed, &lattice)?;
        }
        let wall = WallPlan::of(&case, &vessel, &iolets, room)?;
        let spacings = spacings(spacing, &vessel);
        let pressures: Vec<f64> = iolets.iter().filter_map(|i| pressure(i.asked)).collect();
        let reference_pressure = pressures.iter().sum::<f64>() / pressures.len().max(1) as f64;
        let rheology = blood::rheology(&case)?;
        let (rho, mu) = (case.blood.density.get_ref().si(), rheology.reference());
        let peak = peak::estimate(&lattice, &beat::fastest(&iolets), rho, mu);
        let tolerance = case.time.tolerance.as_ref().map_or(TOLERANCE, |t| *t.get_ref());
        Ok(Self {
            case,
            vessel,
            inputs,
            repairs,
            closed,
            iolets,
            rho,
            rheology,
            mu,
            reference_pressure,
            peak,
            spacings,
            lattice,
            tolerance,
            beat,
            wall,
            tuned,
            shelf: shelf.clone(),
        })
    }

    /// The scale of a lattice whose fastest velocity is `peak` m/s.
    #[must_use]
    pub fn scale(&self, spacing: f64, peak: f64) -> Scale {
        if let Some(step) = &self.case.time.step {
            let finest = self.spacings[self.spacings.len() - 1];
            return Scale { dx: spacing, dt: step.get_ref().si() * spacing / finest, rho: self.rho };
        }
        let mut slow = Scale::from_tau(spacing, self.rho, self.mu, self.largest_tau());
        if let Some(beat) = &self.beat {
            let size = self.lattice.grid.size.map(|n| n as f64 * self.lattice.grid.spacing);
            let length = size.iter().map(|x| x * x).sum::<f64>().sqrt();
            slow.dt = slow.dt.min(beat.period / (SOUND_CROSSINGS * length / spacing * 3f64.sqrt()));
        }
        if peak > 0.0 {
            let fast = Scale::from_velocity(spacing, self.rho, peak, PEAK_VELOCITY);
            if fast.dt < slow.dt {
                return fast;
            }
        }
        slow
    }

    /// Largest relaxation time of the viscosity that the time step refers to: what also keeps the thickest blood within
    /// [`LARGEST_LOCAL_TAU`].
    #[must_use]
    pub fn largest_tau(&self) -> f64 {
        LARGEST_TAU.min(0.5 + (LARGEST_LOCAL_TAU - 0.5) * self.mu / self.rheology.largest())
    }

    /// Lattice velocity that ends a run: that of a Mach number of 0.3 where the case sets the time step, else one that no
    /// smaller step would mend.
    #[must_use]
    pub fn fastest(&self) -> f64 {
        if self.case.time.step.is_some() { FAST } else { RUNAWAY }
    }

    /// The finest level as planned.
    #[must_use]
    pub fn finest(&self) -> Level {
        let spacing = self.spacings[self.spacings.len() - 1];
        Level::new(self, self.lattice.clone(), self.scale(spacing, self.peak))
    }

    /// The level of spacing `spacings[k]` for a fastest velocity of `peak` m/s.
    ///
    /// # Errors
    /// When no lattice can be cut at that spacing.
    pub fn level(&self, k: usize, peak: f64) -> Result<Level, LatticeError> {
        let spacing = self.spacings[k];
        let lattice = if k + 1 == self.spacings.len() {
            self.lattice.clone()
        } else {
            self.shelf.lattice(&self.closed, spacing)?
        };
        Ok(Level::new(self, lattice, self.scale(spacing, peak)))
    }

    /// Reynolds number of the opening with the largest flow: mean velocity and equivalent diameter; of the estimated
    /// peak where only pressures are given.
    #[must_use]
    pub fn reynolds(&self) -> f64 {
        let by_flow = self.iolets.iter().filter_map(|i| match i.asked {
            Asked::Flow(q) => Some(q.abs() / i.area * i.diameter),
            Asked::Pressure(_) => None,
        });
        let widest = self.iolets.iter().map(|i| i.diameter).fold(0.0, f64::max);
        let scale = by_flow.fold(0.0, f64::max);
        self.rho / self.mu * if scale > 0.0 { scale } else { 0.5 * self.peak * widest }
    }

    /// How thick the layer is in which a pulsating flow changes at the wall of a lattice of this spacing, m.
    #[must_use]
    pub fn layer(&self, spacing: f64) -> Layer {
        let thickness = |beat: &Beat| (self.mu / self.rho * beat.period / std::f64::consts::TAU).sqrt();
        match &self.beat {
            Some(beat) if thickness(beat) < THIN_LAYER * spacing => Layer::Thin,
            _ => Layer::Thick,
        }
    }

    /// Womersley number of the widest opening; 0 for a steady flow.
    #[must_use]
    pub fn womersley(&self) -> f64 {
        let widest = self.iolets.iter().map(|i| i.diameter).fold(0.0, f64::max);
        let omega = self.beat.as_ref().map_or(0.0, |beat| std::f64::consts::TAU / beat.period);
        0.5 * widest * (omega * self.rho / self.mu).sqrt()
    }
}

/// The pressure asked for, if it is one.
#[must_use]
pub fn pressure(asked: Asked) -> Option<f64> {
    match asked {
        Asked::Pressure(p) => Some(p),
        Asked::Flow(_) => None,
    }
}

/// The flow asked for, if it is one.
#[must_use]
pub fn flow(asked: Asked) -> Option<f64> {
    match asked {
        Asked::Flow(q) => Some(q),
        Asked::Pressure(_) => None,
    }
}

/// Length of the flow extension of an opening, m: outlets get one unless the case says otherwise, because their
/// condition disturbs the flow beside it.
fn extension(opening: &crate::case::Opening, diameter: f64) -> f64 {
    match (opening.extension.get_ref(), &opening.condition) {
        (Extension::Fixed(length), _) => length.si(),
        (Extension::Auto, condition) if condition.is_load() => EXTENSION * diameter,
        (Extension::Auto, Condition::Pressure(_)) => EXTENSION * diameter,
        (Extension::Auto, _) => 0.0,
    }
}
