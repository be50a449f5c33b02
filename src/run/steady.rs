//! The steady run: lattices from coarse to fine, each until its flow stops changing.
//!
//! Between looks the flow is advanced undisturbed. At each look the flow of every opening and the pressure at the
//! vessel's own ends are sampled, and the conditions are corrected so that what was asked for holds there: the inflow by
//! the flux that the lattice really took in, an outlet's lid by the pressure drop of its extension, and the density at
//! the walls by what leaked. Samples are averaged over windows. The flow is steady when three windows in a row differ by
//! less than the tolerance; or, for a flow that does not come to rest, when the mean over the last third of the windows
//! stays within the tolerance of the mean over the third before.

use super::RunError;
use super::level::Level;
use super::plan::Plan;
use super::stage::{Handover, Stage, frame};
use super::start::Start;
use crate::backend::Flow;

/// One look at the flow.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Spacing of the lattice, m.
    pub spacing: f64,
    /// Time since the start of the run, s.
    pub time: f64,
    /// Flow into the vessel through every opening, m^3/s.
    pub flows: Vec<f64>,
    /// Mean pressure at the vessel's own ends, Pa.
    pub pressures: Vec<f64>,
}

/// What progress there is to show.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Which lattice, from 0.
    pub level: usize,
    /// How many lattices.
    pub levels: usize,
    /// Steps taken on it.
    pub steps: u64,
    /// Steps that it may need in all.
    pub expected: u64,
    /// Fluid sites of it.
    pub sites: usize,
    /// Which cycle of a pulsating run, from 1.
    pub cycle: Option<usize>,
    /// Largest relative change between the last two windows or cycles.
    pub change: Option<f64>,
    /// Change at which it counts as steady or periodic.
    pub tolerance: f64,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The flow is steady within the tolerance.
    Converged,
    /// The flow still changed when the steps were used up.
    NotConverged,
    /// The user stopped it.
    Interrupted,
}

/// Steps and seconds of one lattice.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Spent {
    /// Spacing, mm.
    pub spacing_mm: f64,
    /// Fluid sites.
    pub sites: usize,
    /// Steps.
    pub steps: u64,
    /// Seconds.
    pub seconds: f64,
}

/// A finished run.
pub struct Finished {
    /// How it ended.
    pub status: Status,
    /// The last lattice.
    pub level: Level,
    /// Its flow.
    pub flow: Flow,
    /// Mean of the last window.
    pub last: Sample,
    /// All samples.
    pub samples: Vec<Sample>,
    /// Largest relative change between the last two windows.
    pub change: f64,
    /// Largest relative deviation of a window from the mean that the result stands for.
    pub fluctuation: f64,
    /// Fastest velocity, m/s.
    pub peak: f64,
    /// Volume given to the walls to make up for their leak, m^3/s.
    pub wall_correction: f64,
    /// What each lattice took.
    pub spent: Vec<Spent>,
}

/// What the caller decides while the run goes on: `Break` ends it with what was reached.
pub type Control<'a> = dyn FnMut(&Progress) -> std::ops::ControlFlow<()> + 'a;

/// Runs the plan until its flow is steady, from rest on the coarsest lattice or from the flow of another run on the finest.
/// `open` gives the flow of a level on the device.
///
/// # Errors
/// [`RunError`] when the flow diverges or the device fails.
pub fn run(
    plan: &Plan,
    warm: Option<&Start>,
    open: &mut dyn FnMut(&Level) -> Result<Flow, RunError>,
    control: &mut Control,
) -> Result<Finished, RunError> {
    let Some((start, factor)) = warm.and_then(|start| Some((start, start.factor(plan)?))) else {
        return cold(plan, open, control);
    };
    match go_on(plan, (start, factor), open, control) {
        // The other flow was too different: nothing is lost but time.
        Err(RunError::Diverged(_)) => cold(plan, open, control),
        outcome => outcome,
    }
}

/// The finest lattice alone, from the flow of another run made so many times stronger.
fn go_on(
    plan: &Plan,
    (start, factor): (&Start, f64),
    open: &mut dyn FnMut(&Level) -> Result<Flow, RunError>,
    control: &mut Control,
) -> Result<Finished, RunError> {
    let clock = std::time::Instant::now();
    let level = plan.level(plan.spacings.len() - 1, start.peak(plan)).map_err(super::plan::PlanError::from)?;
    let mut stage = Stage::new(plan, level, 0.0, false, open)?;
    start.give(factor, |handover| stage.start_from(handover))?;
    let mut samples = Vec::new();
    let status = stage.settle(true, (0, 1), control, &mut samples)?;
    let spent = vec![spent(&stage, clock)];
    stage.finish(status, samples, spent)
}

fn spent(stage: &Stage, clock: std::time::Instant) -> Spent {
    Spent {
        spacing_mm: stage.level.scale.dx * 1e3,
        sites: stage.level.lattice.sites,
        steps: stage.taken,
        seconds: clock.elapsed().as_secs_f64(),
    }
}

/// All lattices, from rest on the coarsest.
fn cold(
    plan: &Plan,
    open: &mut dyn FnMut(&Level) -> Result<Flow, RunError>,
    control: &mut Control,
) -> Result<Finished, RunError> {
    let levels = plan.spacings.len();
    let (mut samples, mut spent) = (Vec::new(), Vec::new());
    let mut peak = plan.peak;
    let mut before: Option<(Level, Flow)> = None;
    let mut start = 0.0;
    for k in 0..levels {
        let level = plan.level(k, peak).map_err(super::plan::PlanError::from)?;
        let clock = std::time::Instant::now();
        let mut stage = Stage::new(plan, level, start, before.is_none(), open)?;
        if let Some((coarse, mut flow)) = before.take() {
            let (iolets, wall_source) = (flow.iolets().to_vec(), flow.physics().wall_source);
            let state = flow.state()?;
            stage.start_from(&Handover {
                frame: frame(plan, &coarse),
                level: &coarse,
                fields: state.slices(),
                iolets: &iolets,
                wall_source,
                factor: 1.0,
            })?;
        }
        let last_level = k + 1 == levels;
        let outcome = stage.settle(last_level, (k, levels), control, &mut samples);
        spent.push(self::spent(&stage, clock));
        let status = match outcome {
            Ok(status) => status,
            // A coarse lattice may fail where a fine one does not: its start is lost, nothing more.
            Err(RunError::Diverged(_)) if !last_level => {
                (samples, start) = (Vec::new(), 0.0);
                continue;
            }
            Err(error) => return Err(error),
        };
        if last_level || status == Status::Interrupted {
            return stage.finish(status, samples, spent);
        }
        peak = if stage.peak > 0.0 { stage.peak } else { peak };
        start = samples.last().map_or(0.0, |s: &Sample| s.time);
        before = Some((stage.level, stage.flow));
    }
    unreachable!("a plan has a finest lattice, which returns")
}
