//! A pulsating run in a checkpoint.

use serde::{Deserialize, Serialize};

use super::cycle::{Cycle, Row};
use crate::fluid::drive::Pace;
use crate::run::checkpoint::{Checkpoint, Keeper, Shots};
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
