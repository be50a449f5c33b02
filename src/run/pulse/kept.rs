//! A pulsating run in a checkpoint.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::Beat;
use super::cycle::{Cycle, Row};
use super::stage::Stage;
use crate::fluid::drive::Pace;
use crate::run::RunError;
use crate::run::checkpoint::{Checkpoint, Head, Keeper, Shots};
use crate::run::plan::Plan;
use crate::run::steady::Spent;
use crate::units::Scale;

/// Where a pulsating run is: what a checkpoint holds beside the flow and its openings.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PulseHead {
    /// Which lattice, from 0, its scale, and how its clock runs.
    pub level: usize,
    pub(super) scale: Scale,
    pub(super) pace: Pace,
    /// Fastest velocity that the lattice was planned for.
    pub(super) planned: f64,
    /// Cycles begun on this lattice, and the next row of the present one; none between two cycles.
    pub done: usize,
    pub(super) row: Option<usize>,
    /// Change between the last two cycles.
    pub(super) change: Option<f64>,
    pub(super) start: f64,
    /// Steps taken on the lattice.
    pub taken: u64,
    pub(super) peak: f64,
    pub(super) torn: bool,
    pub(super) cycle: Cycle,
    pub(super) last: Cycle,
    pub(super) stored: f64,
    pub(super) storage: f64,
    /// All rows on all lattices.
    pub(super) rows: Vec<Row>,
    pub(super) spent: Vec<Spent>,
    /// Seconds on this lattice.
    pub(super) seconds: f64,
}

/// How a run is kept, and what it goes on from.
pub struct Kept<'k, 'a> {
    /// Keeps checkpoints.
    pub keeper: &'k mut Keeper<'a>,
    /// The checkpoint to go on from.
    pub from: Option<Checkpoint>,
    /// The snapshots and loads taken so far.
    pub shots: &'k dyn Fn() -> Shots,
    /// Given those of the checkpoint.
    pub take: &'k dyn Fn(Shots),
}

/// What a run has come to on all its lattices.
pub(super) struct Course {
    pub(super) rows: Vec<Row>,
    pub(super) spent: Vec<Spent>,
    /// The present lattice, from 0, and their number.
    pub(super) level: usize,
    pub(super) levels: usize,
    /// Fastest velocity that the present lattice was planned for, m/s.
    pub(super) planned: f64,
    /// Cycles begun on this lattice.
    pub(super) done: usize,
    clock: Instant,
    /// Seconds on this lattice before it was gone on with.
    earlier: f64,
}

impl Course {
    pub(super) fn new(plan: &Plan) -> Self {
        let (rows, spent, levels) = (Vec::new(), Vec::new(), plan.spacings.len());
        Self { rows, spent, level: 0, levels, planned: plan.peak, done: 0, clock: Instant::now(), earlier: 0.0 }
    }

    /// Begins a lattice.
    pub(super) fn begin(&mut self) {
        (self.clock, self.earlier, self.done) = (Instant::now(), 0.0, 0);
    }

    /// Notes what the present lattice took, and goes to the next.
    pub(super) fn leave(&mut self, stage: &Stage) {
        self.spent.push(Spent {
            spacing_mm: stage.level.scale.dx * 1e3,
            sites: stage.level.lattice.sites,
            steps: stage.taken,
            seconds: self.seconds(),
        });
        self.level += 1;
    }

    /// Takes over what a checkpoint holds.
    pub(super) fn go_on(&mut self, head: &PulseHead) {
        (self.rows, self.spent) = (head.rows.clone(), head.spent.clone());
        (self.level, self.planned, self.done) = (head.level, head.planned, head.done);
        (self.clock, self.earlier) = (Instant::now(), head.seconds);
    }

    /// Seconds on this lattice.
    pub(super) fn seconds(&self) -> f64 {
        self.earlier + self.clock.elapsed().as_secs_f64()
    }

    pub(super) fn last(&self) -> bool {
        self.level + 1 == self.levels
    }
}

/// What a checkpoint says of a run of this beat.
pub(super) fn head(checkpoint: &Checkpoint, beat: &Beat, course: &Course) -> Result<PulseHead, RunError> {
    let Head::Pulse(head) = checkpoint.head() else { return Err(checkpoint.unfit("it is of a steady run")) };
    if !head.fits(beat, course.levels, beat.states.len()) {
        return Err(checkpoint.unfit("it has other lattices, openings or rows"));
    }
    Ok(head.as_ref().clone())
}

impl Kept<'_, '_> {
    /// Keeps the run, unless its flow has become unphysical, which the next look tells.
    pub(super) fn keep(
        &mut self,
        stage: &mut Stage,
        row: Option<usize>,
        course: &Course,
        rows: &mut Vec<Row>,
    ) -> Result<(), RunError> {
        stage.fetch(rows)?;
        if !stage.sound()? {
            return Ok(());
        }
        let head = Head::Pulse(Box::new(stage.head(course, rows, row)));
        self.keeper.keep(&head, &mut stage.flow, &(self.shots)())
    }
}
