//! Checkpoints: a run that was stopped, or died, goes on where it was.
//!
//! What a run depends on from one step to the next is the state of its flow ([`crate::backend::saved`]) and a few numbers
//! of its loop: [`Head`]. Both go into a file below `checkpoint/` in the folder of the results, under a temporary name,
//! synced, renamed; two are kept, so that one that is damaged (its hash tells) leaves the one before. On the same backend
//! a run that goes on ends with the same results to the last bit, since everything else follows from the case. Lattices
//! that were left behind need no state.
//!
//! A state is looked at before it is kept: a checkpoint never holds a flow that has become unphysical.

mod file;
mod identity;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::RunError;
use super::plan::Plan;
use super::pulse::kept::PulseHead;
use super::steady::SteadyHead;
use super::wall::WallLoad;
use crate::backend::Flow;
use crate::case::USUAL_CHECKPOINT;
use crate::output::create_folder;

pub use file::Checkpoint;
pub use identity::Identity;

/// Folder of the checkpoints in that of the results.
pub const FOLDER: &str = "checkpoint";

/// A file of this name in the folder of the checkpoints asks for one; it is removed when there is one.
pub const REQUEST: &str = "request";

/// Checkpoints that are kept.
const KEPT: usize = 2;

/// Part of the time between two checkpoints after which there is another one before results are written.
const WORTH: f64 = 0.1;

/// Where the loop of a run is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Head {
    /// A steady run.
    Steady(Box<SteadyHead>),
    /// A pulsating run.
    Pulse(Box<PulseHead>),
}

impl Head {
    /// Where that is, in words.
    fn place(&self) -> String {
        match self {
            Self::Steady(head) => format!("lattice {}, step {}", head.level + 1, head.taken),
            Self::Pulse(head) => format!("lattice {}, cycle {}, step {}", head.level + 1, head.done, head.taken),
        }
    }
}

/// Snapshots and loads of the wall that a pulsating run has taken.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shots {
    /// Numbers of the snapshots written, with their times, s.
    pub written: Vec<(usize, f64)>,
    /// Loads of the wall, as the beat lists them.
    pub loads: Vec<Option<WallLoad>>,
}

/// Why a run cannot go on from a checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// There is none.
    #[error("there is no checkpoint in {}: run without --resume to start from the beginning", folder.display())]
    None {
        /// Where one was looked for.
        folder: PathBuf,
    },
    /// All are damaged.
    #[error("no checkpoint in {} can be used: {reasons}; run without --resume to start from the beginning", folder.display())]
    Damaged {
        /// Where they are.
        folder: PathBuf,
        /// What is wrong with each.
        reasons: String,
    },
    /// It belongs to something else.
    #[error(
        "the checkpoint {} does not fit this run: {difference}; run what it belongs to, or without --resume to start \
         from the beginning",
        path.display()
    )]
    Other {
        /// The checkpoint.
        path: PathBuf,
        /// What differs.
        difference: String,
    },
}

/// When the run is to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// If it is time for it.
    Due,
    /// If some time has passed, before results are written.
    Ending,
    /// In any case: the run is being stopped.
    Stopping,
}

/// Keeps checkpoints of a run.
pub struct Keeper<'a> {
    folder: Option<PathBuf>,
    every: Option<Duration>,
    identity: Option<Identity>,
    say: &'a dyn Fn(&str),
    last: Instant,
    number: u64,
    /// Where the run was when it was kept last.
    newest: Option<String>,
}

impl<'a> Keeper<'a> {
    /// One that keeps nothing.
    #[must_use]
    pub fn none() -> Self {
        let last = Instant::now();
        Self { folder: None, every: None, identity: None, say: &|_| (), last, number: 0, newest: None }
    }

    /// Keeps a plan's run below `results` as often as its case says; `say` is told of checkpoints that cannot be written.
    #[must_use]
    pub fn new(plan: &Plan, results: &Path, say: &'a dyn Fn(&str)) -> Self {
        let given = plan.case.output.checkpoint.as_ref().map(|checkpoint| checkpoint.get_ref().seconds());
        let every = given.unwrap_or(Some(USUAL_CHECKPOINT)).map(Duration::from_secs_f64);
        let folder = results.join(FOLDER);
        let number = found(&folder).first().map_or(0, |(number, _)| number + 1);
        let identity = Some(Identity::of(plan));
        Self { folder: Some(folder), every, identity, say, last: Instant::now(), number, newest: None }
    }

    /// The newest checkpoint that is whole. Tells of those that are not.
    ///
    /// # Errors
    /// [`ResumeError`] if there is none, or it belongs to another run.
    pub fn resume(&mut self) -> Result<Checkpoint, ResumeError> {
        let folder = self.folder.clone().unwrap_or_default();
        let mut reasons = Vec::new();
        for (_, path) in found(&folder) {
            match Checkpoint::open(&path) {
                Ok(checkpoint) => {
                    let now = self.identity.as_ref();
                    if let Some(difference) = now.and_then(|now| checkpoint.identity().difference(now)) {
                        return Err(ResumeError::Other { path, difference });
                    }
                    let place = checkpoint.head().place();
                    (self.say)(&format!("going on from {}: {place}", path.display()));
                    self.newest = Some(place);
                    return Ok(checkpoint);
                }
                Err(reason) => {
                    (self.say)(&format!("warning: the checkpoint {} is damaged: {reason}", path.display()));
                    reasons.push(reason);
                }
            }
        }
        if reasons.is_empty() {
            return Err(ResumeError::None { folder });
        }
        Err(ResumeError::Damaged { folder, reasons: reasons.join("; ") })
    }

    /// An error of the run, with the place that it can go on from if that helps.
    #[must_use]
    pub fn explain(&self, error: RunError) -> RunError {
        match (&self.newest, error) {
            (_, error @ (RunError::Plan(_) | RunError::Resume(_) | RunError::Diverged(_))) => error,
            (Some(place), error) => RunError::Kept { source: Box::new(error), place: place.clone() },
            (None, error) => error,
        }
    }

    /// Whether the run is to be kept now.
    #[must_use]
    pub fn wants(&self, when: When) -> bool {
        let Some(folder) = &self.folder else { return false };
        let passed = |part: f64| self.every.is_some_and(|every| self.last.elapsed() >= every.mul_f64(part));
        match when {
            When::Stopping => self.every.is_some(),
            When::Ending => passed(WORTH),
            When::Due => passed(1.0) || folder.join(REQUEST).exists(),
        }
    }

    /// Keeps the run. A file that cannot be written is told of, and the run goes on.
    ///
    /// # Errors
    /// [`RunError::Backend`] when the device fails.
    pub fn keep(&mut self, head: &Head, flow: &mut Flow, shots: &Shots) -> Result<(), RunError> {
        let (Some(folder), Some(identity)) = (&self.folder, &self.identity) else { return Ok(()) };
        let clock = Instant::now();
        let path = folder.join(name(self.number));
        let written = create_folder(folder)
            .map_err(RunError::from)
            .and_then(|()| file::write(&path, identity, head, flow, shots));
        match written {
            Ok(bytes) => {
                let (seconds, place) = (clock.elapsed().as_secs_f64(), head.place());
                (self.say)(&format!("checkpoint: {place}; {:.1} MB in {seconds:.2} s", bytes as f64 * 1e-6));
                self.newest = Some(place);
                self.number += 1;
                // What cannot be removed does no harm.
                found(folder).into_iter().skip(KEPT).for_each(|(_, old)| drop(fs::remove_file(old)));
                let _ = fs::remove_file(folder.join(REQUEST));
            }
            Err(RunError::Output(error)) => (self.say)(&format!("warning: no checkpoint: {error}")),
            Err(error) => return Err(error),
        }
        self.last = Instant::now();
        Ok(())
    }

    /// Removes all checkpoints: the run is over, and its results are written.
    pub fn finish(&self) {
        let Some(folder) = &self.folder else { return };
        for (_, path) in found(folder) {
            let _ = fs::remove_file(path);
        }
        let _ = fs::remove_file(folder.join(REQUEST));
        let _ = fs::remove_dir(folder);
    }
}

fn name(number: u64) -> String {
    format!("{number:06}.checkpoint")
}

/// The checkpoints in a folder, the newest first.
fn found(folder: &Path) -> Vec<(u64, PathBuf)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let number = |path: &Path| path.file_name()?.to_str()?.strip_suffix(".checkpoint")?.parse::<u64>().ok();
    let mut found: Vec<(u64, PathBuf)> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter_map(|p| Some((number(&p)?, p)))
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found
}
