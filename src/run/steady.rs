//! The steady run: lattices from coarse to fine, each until its flow stops changing.
//!
//! Between looks the flow is advanced undisturbed. At each look the flow of every opening and the pressure at the
//! vessel's own ends are sampled, and the conditions are corrected so that what was asked for holds there: the inflow by
//! the flux that the lattice really took in, an outlet's lid by the pressure drop of its extension, and the density at
//! the walls by what leaked. Samples are averaged over windows. The flow is steady when three windows in a row differ by
//! less than the tolerance; or, for a flow that does not come to rest, when the mean over the last third of the windows
//! stays within the tolerance of the mean over the third before.

use std::time::Instant;

use super::RunError;
use super::checkpoint::{Checkpoint, Head, Keeper};
use super::level::Level;
use super::plan::Plan;
use super::stage::{Handover, Stage, frame};
use super::start::Start;
use crate::backend::Flow;
use crate::units::Scale;

/// One look at the flow.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
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

/// Where a steady run is: what a checkpoint holds beside the flow. Of the openings and physics only what changes.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct SteadyHead {
    /// Which lattice, from 0, and its scale.
    pub level: usize,
    pub(super) scale: Scale,
    /// Values of the openings that belong to the scale, without corrections.
    pub(super) values: Vec<f32>,
    pub(super) start: f64,
    pub(super) steps: u64,
    /// Steps taken on the lattice.
    pub taken: u64,
    pub(super) ramp: u64,
    pub(super) window: Vec<Sample>,
    pub(super) means: Vec<Sample>,
    pub(super) quiet: usize,
    pub(super) peak: f64,
    /// Fastest velocity that the lattice was planned for.
    pub(super) planned: f64,
    pub(super) samples: Vec<Sample>,
    pub(super) spent: Vec<Spent>,
    /// Seconds on this lattice.
    pub(super) seconds: f64,
}

/// What a run has come to on all its lattices.
pub(super) struct Course {
    pub samples: Vec<Sample>,
    pub spent: Vec<Spent>,
    /// The present lattice, from 0, and their number.
    pub level: usize,
    pub levels: usize,
    /// Fastest velocity that the present lattice was planned for, m/s.
    pub planned: f64,
    clock: Instant,
    /// Seconds on this lattice before it was gone on with.
    earlier: f64,
}

impl Course {
    fn new(plan: &Plan) -> Self {
        let (samples, spent, levels) = (Vec::new(), Vec::new(), plan.spacings.len());
        Self { samples, spent, level: 0, levels, planned: plan.peak, clock: Instant::now(), earlier: 0.0 }
    }

    /// Notes what the present lattice took, and goes to the next.
    fn leave(&mut self, stage: &Stage) {
        self.spent.push(Spent {
            spacing_mm: stage.level.scale.dx * 1e3,
            sites: stage.level.lattice.sites,
            steps: stage.taken,
            seconds: self.seconds(),
        });
        self.level += 1;
    }

    /// Seconds on this lattice.
    pub fn seconds(&self) -> f64 {
        self.earlier + self.clock.elapsed().as_secs_f64()
    }

    pub fn last(&self) -> bool {
        self.level + 1 == self.levels
    }
}

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
    run_kept(plan, warm, open, control, (&mut Keeper::none(), None))
}

/// The same with checkpoints, from the beginning or going on from one.
///
/// # Errors
/// As [`run`]; and when the checkpoint does not hold a run of this kind.
pub fn run_kept(
    plan: &Plan,
    warm: Option<&Start>,
    open: &mut dyn FnMut(&Level) -> Result<Flow, RunError>,
    control: &mut Control,
    (keeper, from): (&mut Keeper, Option<Checkpoint>),
) -> Result<Finished, RunError> {
    let warm = warm.filter(|_| from.is_none()).and_then(|start| Some((start, start.factor(plan)?)));
    let Some(warm) = warm else { return cold(plan, open, control, (keeper, from)) };
    match go_on(plan, warm, open, control, keeper) {
        // The other flow was too different: nothing is lost but time.
        Err(RunError::Diverged(_)) => cold(plan, open, control, (keeper, None)),
        outcome => outcome,
    }
}

/// The finest lattice alone, from the flow of another run made so many times stronger.
fn go_on(
    plan: &Plan,
    (start, factor): (&Start, f64),
    open: &mut dyn FnMut(&Level) -> Result<Flow, RunError>,
    control: &mut Control,
    keeper: &mut Keeper,
) -> Result<Finished, RunError> {
    let mut course = Course::new(plan);
    (course.level, course.planned) = (course.levels - 1, start.peak(plan));
    let level = plan.level(course.level, course.planned).map_err(super::plan::PlanError::from)?;
    let mut stage = Stage::new(plan, level, 0.0, false, open)?;
    start.give(factor, |handover| stage.start_from(handover))?;
    let status = stage.settle(&mut course, control, keeper)?;
    course.leave(&stage);
    stage.finish(status, course.samples, course.spent)
}

/// All lattices, from rest on the coarsest, or from a checkpoint.
fn cold(
    plan: &Plan,
    open: &mut dyn FnMut(&Level) -> Result<Flow, RunError>,
    control: &mut Control,
    (keeper, from): (&mut Keeper, Option<Checkpoint>),
) -> Result<Finished, RunError> {
    let mut course = Course::new(plan);
    let mut before: Option<(Level, Flow)> = None;
    let mut start = 0.0;
    let mut resumed = match from {
        None => None,
        Some(checkpoint) => Some(reopen(plan, open, checkpoint, &mut course)?),
    };
    loop {
        let mut stage = match resumed.take() {
            Some(stage) => stage,
            None => {
                (course.clock, course.earlier) = (Instant::now(), 0.0);
                let level = plan.level(course.level, course.planned).map_err(super::plan::PlanError::from)?;
                let mut stage = Stage::new(plan, level, start, before.is_none(), open)?;
                if let Some(coarse) = before.take() {
                    hand_over(plan, coarse, &mut stage)?;
                }
                stage
            }
        };
        let outcome = stage.settle(&mut course, control, keeper);
        let last = course.last();
        course.leave(&stage);
        let status = match outcome {
            Ok(status) => status,
            // A coarse lattice may fail where a fine one does not: its start is lost, nothing more.
            Err(RunError::Diverged(_)) if !last => {
                (course.samples, start) = (Vec::new(), 0.0);
                continue;
            }
            Err(error) => return Err(error),
        };
        if last || status == Status::Interrupted {
            return stage.finish(status, course.samples, course.spent);
        }
        course.planned = if stage.peak > 0.0 { stage.peak } else { course.planned };
        start = course.samples.last().map_or(0.0, |s: &Sample| s.time);
        before = Some((stage.level, stage.flow));
    }
}

/// Gives a lattice the flow of a coarser one.
fn hand_over(plan: &Plan, (coarse, mut flow): (Level, Flow), stage: &mut Stage) -> Result<(), RunError> {
    let (iolets, wall_source) = (flow.iolets().to_vec(), flow.physics().wall_source);
    let state = flow.state()?;
    stage.start_from(&Handover {
        frame: frame(plan, &coarse),
        level: &coarse,
        fields: state.slices(),
        iolets: &iolets,
        wall_source,
        factor: 1.0,
    })
}

/// The lattice of a checkpoint with its flow.
fn reopen<'a>(
    plan: &'a Plan,
    open: &mut dyn FnMut(&Level) -> Result<Flow, RunError>,
    checkpoint: Checkpoint,
    course: &mut Course,
) -> Result<Stage<'a>, RunError> {
    let Head::Steady(head) = checkpoint.head().clone() else {
        return Err(checkpoint.unfit("it is of a pulsating run"));
    };
    if head.level >= course.levels || head.values.len() != plan.iolets.len() {
        return Err(checkpoint.unfit("it has other lattices or openings"));
    }
    let mut stage = Stage::reopen(plan, &head, open)?;
    checkpoint.restore(&mut stage.flow)?;
    (course.samples, course.spent) = (head.samples, head.spent);
    (course.level, course.planned, course.earlier) = (head.level, head.planned, head.seconds);
    Ok(stage)
}
