//! The pulsating run: cycles of a beat, on lattices from coarse to fine.
//!
//! The first lattice starts from rest: time stands still at the start of the cycle while the flow is raised to what it is
//! then, and lumped loads keep the states of their periodic solution. Coarse lattices run cycle by cycle until those are
//! nearly alike; the next lattice takes over flow and loads at the start of a cycle. On the finest one, cycles are
//! compared opening by opening, and sums at the wall and snapshots are taken; the run ends when two cycles in a row are
//! alike, or after the cycles asked for.
//!
//! Every step of the openings is done on the device. The host asks for records once a cycle, and for the state a few
//! times a cycle, to watch it.

mod cycle;
mod drive;
pub mod files;
pub mod kept;
mod loads;
pub mod probe;
mod stage;
pub mod summary;

use std::ops::ControlFlow;

pub use cycle::{Cycle, Row};
pub use drive::pascal;

use super::RunError;
use super::checkpoint::{Keeper, Shots, When};
use super::level::Level;
use super::plan::Plan;
use super::postmortem::Diverged;
use super::steady::{Progress, Sample, Spent, Status};
use crate::analysis::wall_shear::WallSampler;
use crate::backend::Flow;
use crate::case::wall::Instant;
use crate::fluid::shear::CycleSums;
use kept::{Course, Kept, PulseHead};
use probe::Probe;
use stage::{Hooks, Stage};

/// Cycles on a coarse lattice at most.
const COARSE_CYCLES: usize = 4;

/// Cycles that a pulsating run takes as a rule until it is periodic.
pub const USUAL_CYCLES: usize = 3;

/// Part of the estimated fastest velocity that a coarse lattice begins with.
const COARSE_PEAK: f64 = 0.4;

/// Cycles that may follow the last one because the time step changed within it.
const TORN_CYCLES: usize = 5;

/// Steps beyond those seen to fail after which a second run is not going to.
const MARGIN: u64 = 4000;

/// How much more two cycles of a coarse lattice may differ.
const COARSE_TOLERANCE: f64 = 3.0;

/// When a pulsating run ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Until {
    /// After this many cycles on the finest lattice.
    Cycles(usize),
    /// When two cycles differ by no more than `tolerance`, or fails after `most`.
    Periodic {
        /// Largest relative change.
        tolerance: f64,
        /// Most cycles.
        most: usize,
    },
}

/// The beat of a pulsating case.
#[derive(Clone, Debug)]
pub struct Beat {
    /// Period, s.
    pub period: f64,
    /// When the run ends.
    pub until: Until,
    /// Records a cycle, and samples of the sums over it.
    pub rows: usize,
    /// Rows at which a snapshot is taken, rising.
    pub snapshots: Vec<usize>,
    /// Moments whose pressure and shear load the vessel wall.
    pub loads: Vec<Instant>,
    /// Whether time averages of the volume are taken.
    pub means: bool,
    /// What is recorded beside the openings.
    pub probes: Vec<Probe>,
    /// States of the openings' loads at the start, Pa.
    pub states: Vec<[f64; 2]>,
    /// Pressure at the start, Pa.
    pub start_pressure: f64,
    /// Cycles that loads which start from rest need to come within the tolerance.
    pub cycles_from_rest: usize,
}

/// A state of the flow at a moment of the cycle.
pub struct Snapshot<'a> {
    /// Its number in the cycle, if it is one of those that are written.
    pub number: Option<usize>,
    /// Which of the loads of the wall are those of this moment: indices into [`Beat::loads`].
    pub loads: Vec<usize>,
    /// Time since the start of the cycle, s.
    pub time: f64,
    /// Pressure of a density deviation of nought, Pa.
    pub reference: f64,
    /// The lattice.
    pub level: &'a Level,
    /// Where the wall is sampled.
    pub sampler: &'a WallSampler,
    /// The flow.
    pub flow: &'a mut Flow,
}

/// What the caller does with the run: progress and its decision, and snapshots.
pub struct Watcher<'a> {
    /// Told after some rows; `Break` ends the run with what was reached.
    pub control: &'a mut super::steady::Control<'a>,
    /// Given the snapshots.
    pub snapshot: &'a mut dyn FnMut(&mut Snapshot) -> Result<(), RunError>,
}

/// A finished run.
pub struct Finished {
    /// How it ended.
    pub status: Status,
    /// The finest lattice that was reached.
    pub level: Level,
    /// Where its wall is sampled.
    pub sampler: WallSampler,
    /// The last whole cycle; the rows so far where there is none.
    pub last: Cycle,
    /// All rows on all lattices.
    pub rows: Vec<Row>,
    /// Cycles on the finest lattice.
    pub cycles: usize,
    /// Cycles that a start of the loads from rest would take, by their own time constants.
    pub cycles_from_rest: usize,
    /// Largest change between the last two cycles.
    pub change: f64,
    /// Sums over the last cycle, lattice units.
    pub sums: CycleSums,
    /// Fastest velocity, m/s.
    pub peak: f64,
    /// Volume given to the walls to make up for their leak, m^3/s.
    pub wall_correction: f64,
    /// Volume stored by the lattice's compression over the last cycle, m^3.
    pub storage: f64,
    /// What each lattice took.
    pub spent: Vec<Spent>,
    /// How often the host waited for the device.
    pub round_trips: u64,
}

/// Runs the plan's beat. `open` gives the flow of a level on the device.
///
/// # Errors
/// [`RunError`] when the flow diverges, the device fails or a snapshot cannot be written.
pub fn run(
    plan: &Plan,
    beat: &Beat,
    open: &mut dyn FnMut(&Level) -> Result<Flow, RunError>,
    watcher: &mut Watcher,
) -> Result<Finished, RunError> {
    let mut keeper = Keeper::none();
    let kept = Kept { keeper: &mut keeper, from: None, shots: &Shots::default, take: &drop };
    run_kept(plan, beat, open, watcher, kept)
}

/// The same with checkpoints, from the beginning or going on from one.
///
/// # Errors
/// As [`run`]; and when the checkpoint does not hold a run of this kind.
pub fn run_kept(
    plan: &Plan,
    beat: &Beat,
    open: &mut dyn FnMut(&Level) -> Result<Flow, RunError>,
    watcher: &mut Watcher,
    mut kept: Kept,
) -> Result<Finished, RunError> {
    let mut course = Course::new(plan);
    let mut before: Option<Stage> = None;
    let mut from = kept.from.take();
    let mut peak = plan.peak;
    loop {
        let head = from.as_ref().map(|checkpoint| kept::head(checkpoint, beat, &course)).transpose()?;
        let mut stage = match &head {
            Some(head) => {
                course.go_on(head);
                Stage::reopen(plan, beat, head, open)?
            }
            None => {
                course.begin();
                // The estimate errs high, and a coarse lattice notices in time where it does not.
                course.planned = if before.is_none() && !course.last() { COARSE_PEAK * peak } else { peak };
                let level = plan.level(course.level, course.planned).map_err(super::plan::PlanError::from)?;
                Stage::new(plan, beat, level, before.take(), open)?
            }
        };
        let sampler = course
            .last()
            .then(|| WallSampler::new(&stage.level.lattice, &plan.closed, plan.layer(stage.level.scale.dx)));
        if let Some(sampler) = &sampler {
            stage.flow.watch(sampler.stencil().clone(), beat.means)?;
        }
        if let Some(checkpoint) = from.take() {
            (kept.take)(checkpoint.restore(&mut stage.flow)?);
        }
        let outcome = match cycles(&mut stage, sampler.as_ref(), head.as_ref(), &mut course, (watcher, &mut kept)) {
            Err(RunError::Diverged(seen)) if course.last() => {
                Err(replay(&mut stage, sampler.as_ref(), &mut course, seen))
            }
            outcome => outcome,
        };
        let last = course.last();
        course.leave(&stage);
        let (status, change, done) = match outcome {
            Err(RunError::Diverged(_)) if !last => {
                course.rows.clear();
                continue;
            }
            outcome => outcome?,
        };
        if last || status == Status::Interrupted {
            let sampler = sampler.unwrap_or_else(|| {
                WallSampler::new(&stage.level.lattice, &plan.closed, plan.layer(stage.level.scale.dx))
            });
            return finish(stage, (status, change, done), sampler, course.rows, course.spent);
        }
        peak = stage.peak;
        before = Some(stage);
    }
}

/// Cycles of a level until they are alike, or their number is reached. Returns how it ended, the last change, and how
/// many cycles were done. `from` is where a checkpoint left them.
fn cycles<'a>(
    stage: &mut Stage<'a>,
    sampler: Option<&WallSampler>,
    from: Option<&PulseHead>,
    course: &mut Course,
    (watcher, kept): (&mut Watcher, &mut Kept),
) -> Result<(Status, f64, usize), RunError> {
    let beat = stage.beat;
    let (most, tolerance) = match (sampler.is_some(), beat.until) {
        (false, Until::Periodic { tolerance, .. }) => (COARSE_CYCLES, COARSE_TOLERANCE * tolerance),
        (false, Until::Cycles(n)) => (COARSE_CYCLES.min(n), COARSE_TOLERANCE * super::plan::PERIODIC_TOLERANCE),
        (true, Until::Periodic { tolerance, most }) => (most, tolerance),
        (true, Until::Cycles(n)) => (n, 0.0),
    };
    let periodic = matches!(beat.until, Until::Periodic { .. });
    let mut row = from.and_then(|head| head.row);
    let mut change = from.and_then(|head| head.change).unwrap_or(f64::INFINITY);
    let mut rows = std::mem::take(&mut course.rows);
    if row.is_none() {
        stage.remember(course, &rows, None)?;
    }
    // A cycle within which the time step changed does not count as the last.
    let torn = |stage: &Stage, done: usize| stage.torn && done < most + TORN_CYCLES;
    while change > tolerance && (row.is_some() || course.done < most || torn(stage, course.done)) {
        course.done += usize::from(row.is_none());
        let done = course.done;
        let shoot = if periodic { done > 1 || most == 1 } else { done >= most };
        let progress = |stage: &Stage, row: usize| Progress {
            level: course.level,
            levels: course.levels,
            steps: stage.taken,
            expected: stage.taken + stage.steps_to_come(row, most.min(USUAL_CYCLES.max(done)) - done.min(most)),
            sites: stage.level.lattice.sites,
            cycle: Some(done),
            change: change.is_finite().then_some(change),
            tolerance,
        };
        let control = &mut |stage: &Stage, row: usize| (watcher.control)(&progress(stage, row));
        let keep = &mut |stage: &mut Stage<'a>, (row, look): (usize, bool), stop: bool, all: &mut Vec<Row>| {
            if look {
                stage.remember(course, all, Some(row))?;
            }
            let when = if stop { When::Stopping } else { When::Due };
            if kept.keeper.wants(when) { kept.keep(stage, Some(row), course, all) } else { Ok(()) }
        };
        let mut hooks = Hooks { control, snapshot: watcher.snapshot, keep };
        let broken = stage.cycle(row.take(), sampler.map(|sampler| (sampler, shoot)), &mut rows, &mut hooks);
        if !matches!(broken, Ok(false)) {
            course.rows = rows;
            return broken.map(|_| (Status::Interrupted, change, done - 1));
        }
        change = stage.change().unwrap_or(f64::INFINITY);
    }
    let converged = change <= tolerance || !(periodic && sampler.is_some());
    let status = if converged { Status::Converged } else { Status::NotConverged };
    let when = if converged { When::Ending } else { When::Stopping };
    if course.last() && kept.keeper.wants(when) {
        kept.keep(stage, None, course, &mut rows)?;
    }
    course.rows = rows;
    Ok((status, change, course.done))
}

/// Runs again from the last good state under a close watch, to find what went wrong first; `seen` is what was seen of it.
fn replay(stage: &mut Stage, sampler: Option<&WallSampler>, course: &mut Course, seen: Box<Diverged>) -> RunError {
    let Some((head, copy)) = stage.good.take() else { return RunError::Diverged(seen) };
    let end = stage.taken + MARGIN;
    if let Err(error) = stage.back(&head, &copy) {
        return error;
    }
    course.go_on(&head);
    let mut control = |progress: &Progress| {
        if progress.steps > end { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let mut watcher = Watcher { control: &mut control, snapshot: &mut |_| Ok(()) };
    let mut keeper = Keeper::none();
    let mut kept = Kept { keeper: &mut keeper, from: None, shots: &Shots::default, take: &drop };
    let again = cycles(stage, sampler, Some(&head), course, (&mut watcher, &mut kept));
    again.err().unwrap_or(RunError::Diverged(seen))
}

fn finish(
    mut stage: Stage,
    (status, change, cycles): (Status, f64, usize),
    sampler: WallSampler,
    rows: Vec<Row>,
    spent: Vec<Spent>,
) -> Result<Finished, RunError> {
    let last =
        if stage.last.rows.is_empty() { std::mem::take(&mut stage.cycle) } else { std::mem::take(&mut stage.last) };
    let mut sums = stage.flow.cycle()?;
    sums.reference = sums.weight * last.spread(|row| row.reference).mean;
    Ok(Finished {
        status,
        sampler,
        cycles,
        cycles_from_rest: stage.beat.cycles_from_rest,
        change,
        sums,
        peak: stage.peak,
        wall_correction: stage.wall_flow(),
        storage: stage.storage,
        round_trips: stage.flow.round_trips(),
        level: stage.level,
        last,
        rows,
        spent,
    })
}

/// A row as a sample of the steady kind: what results and summary read.
#[must_use]
pub fn sample(row: &Row, spacing: f64) -> Sample {
    Sample { spacing, time: row.time, flows: row.flows.clone(), pressures: row.pressures.clone() }
}
