//! Running what is not there yet: workers that claim one run after the other, each with its part of the cores.
//!
//! Runs share the lattices of equal geometry and resolution ([`Shelf`]) and, where the sweep asks for it, start from the
//! flow of a finished run. What a run took of memory goes back to the system before the next one begins. A run that fails
//! is recorded with its message; one that failed for a reason that is none of its own (disk full, device lost) is not,
//! and is done again by the next call.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::SweepError;
use super::folder::{Asked, Claim, Folder, Record, RunStatus};
use super::plan::{SweepPlan, parameters};
use super::warm::Flows;
use crate::backend::gpu::device::Opened;
use crate::backend::host;
use crate::run::RunError;
use crate::run::fit::Room;
use crate::run::job::{self, Checkpoints, Ending, Setup, Sink};
use crate::run::plan::{Plan, PlanError};
use crate::run::shelf::Shelf;
use crate::run::start::Start;
use crate::run::steady::Progress;
use crate::run::wall::WallProgress;

/// Time between two looks at runs that another process has.
const LOOK: Duration = Duration::from_millis(200);

/// Who is told how a sweep goes, and decides whether it goes on.
pub trait Watch: Sync {
    /// Something worth a line of its own.
    fn say(&self, text: &str);
    /// `Break` ends the sweep; the runs under way are dropped.
    fn go_on(&self) -> ControlFlow<()>;
}

/// How a sweep is run.
pub struct Setting<'a> {
    /// The adapter, or none for the processor.
    pub opened: Option<&'a Opened>,
    /// Runs at a time.
    pub jobs: usize,
    /// Whether the first failure ends the sweep.
    pub fail_fast: bool,
    /// Lattices that runs share.
    pub shelf: &'a Arc<Shelf>,
    /// Bytes for flows that runs start from.
    pub flows: usize,
}

/// How many runs there are, and what became of them in this call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Done by this call.
    pub done: usize,
    /// There before, or done by another process.
    pub found: usize,
    /// Failed in this call.
    pub failed: usize,
    /// Whether the sweep was ended by the user.
    pub interrupted: bool,
}

/// Runs these runs of a plan, those that are not there yet.
///
/// # Errors
/// [`SweepError`] for what stops the whole sweep: results that cannot be written, a device that is lost.
pub fn execute(
    plan: &SweepPlan,
    runs: &[usize],
    folder: &Folder,
    setting: &Setting,
    watch: &dyn Watch,
) -> Result<Tally, SweepError> {
    let sound: Vec<usize> = runs.iter().copied().filter(|run| plan.runs[*run].wrong.is_none()).collect();
    let workers = setting.jobs.clamp(1, sound.len().max(1));
    let settings = plan.runs.iter().map(|run| run.settings.as_slice());
    let crew = Crew {
        plan,
        folder,
        setting,
        watch,
        // Every run that is under way at the same time must find its memory.
        room: Room::of(setting.opened.cloned()).part(workers),
        flows: plan.file.warm_start.then(|| Flows::new(setting.flows, plan.keys.len(), settings)),
        sound,
        next: AtomicUsize::new(0),
        finished: AtomicUsize::new(0),
        stop: AtomicBool::new(false),
    };
    let threads = (rayon::current_num_threads() / workers).max(1);
    let outcomes: Vec<Result<Tally, SweepError>> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..workers).map(|_| scope.spawn(|| crew.work(threads))).collect();
        let lost = |_| Err(SweepError::Usage("a worker of the sweep ended unexpectedly".into()));
        handles.into_iter().map(|handle| handle.join().unwrap_or_else(lost)).collect()
    });
    let mut all = Tally::default();
    for outcome in outcomes {
        let tally = outcome?;
        all.done += tally.done;
        all.found += tally.found;
        all.failed += tally.failed;
        all.interrupted |= tally.interrupted;
    }
    Ok(all)
}

/// What all workers share.
struct Crew<'a> {
    plan: &'a SweepPlan,
    folder: &'a Folder,
    setting: &'a Setting<'a>,
    watch: &'a dyn Watch,
    room: Room,
    flows: Option<Flows>,
    sound: Vec<usize>,
    next: AtomicUsize,
    finished: AtomicUsize,
    stop: AtomicBool,
}

/// How a run ended.
enum End {
    /// With a record and, where it is kept, its flow.
    Recorded(Record, Option<Box<Start>>),
    /// By the user.
    Interrupted,
}

impl Crew<'_> {
    /// Takes one run after the other, then waits for those that other processes have.
    fn work(&self, threads: usize) -> Result<Tally, SweepError> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|error| SweepError::Usage(format!("no threads for the runs: {error}")))?;
        let mut tally = Tally::default();
        let mut taken = Vec::new();
        while let Some(&run) = self.sound.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            if self.ended() {
                break;
            }
            if !self.take(run, &pool, &mut tally)? {
                taken.push(run);
            }
        }
        while let Some(run) = taken.pop() {
            while !self.ended() && !self.take(run, &pool, &mut tally)? {
                std::thread::sleep(LOOK);
            }
        }
        tally.interrupted = self.watch.go_on().is_break();
        Ok(tally)
    }

    fn ended(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.watch.go_on().is_break()
    }

    /// Does a run unless it is there; false where another process does it.
    fn take(&self, run: usize, pool: &rayon::ThreadPool, tally: &mut Tally) -> Result<bool, SweepError> {
        let name = &self.plan.runs[run].name;
        let claim = match self.folder.claim(name)? {
            Asked::Taken => return Ok(false),
            Asked::There => {
                tally.found += 1;
                self.finished.fetch_add(1, Ordering::Relaxed);
                return Ok(true);
            }
            Asked::Ours(claim) => claim,
        };
        let work = self.folder.work(&claim);
        let outcome = catch_unwind(AssertUnwindSafe(|| pool.install(|| self.one(run, &work))));
        host::give_back();
        let end = outcome.unwrap_or_else(|_| {
            let message = "the program failed within this run: a mistake in it, please report it".to_owned();
            Ok(End::Recorded(self.record(run, RunStatus::Failed, Some(message), 0.0), None))
        });
        match end {
            Ok(End::Recorded(record, start)) => self.settle((run, claim), record, start, tally)?,
            Ok(End::Interrupted) => self.folder.abandon(claim)?,
            Err(error) => {
                self.stop.store(true, Ordering::Relaxed);
                self.folder.abandon(claim)?;
                let label = self.plan.label(run);
                return Err(SweepError::Stopped { run: name.clone(), label, source: Box::new(error) });
            }
        }
        Ok(true)
    }

    /// Gives a run its final name, and tells of it.
    fn settle(
        &self,
        (run, claim): (usize, Claim),
        record: Record,
        start: Option<Box<Start>>,
        tally: &mut Tally,
    ) -> Result<(), SweepError> {
        self.folder.finish(claim, &record)?;
        if let (Some(flows), Some(start)) = (&self.flows, start) {
            flows.keep(run, *start);
        }
        let count = 1 + self.finished.fetch_add(1, Ordering::Relaxed);
        let (name, label) = (&self.plan.runs[run].name, self.plan.label(run));
        let told = record.message.as_ref().map_or(String::new(), |message| format!(": {message}"));
        self.watch.say(&format!(
            "[{count}/{}] {name} {label}: {} in {:.1} s{told}",
            self.sound.len(),
            record.status.word(),
            record.seconds
        ));
        if record.status == RunStatus::Done {
            tally.done += 1;
        } else {
            tally.failed += 1;
            if self.setting.fail_fast {
                self.stop.store(true, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    fn record(&self, run: usize, status: RunStatus, message: Option<String>, seconds: f64) -> Record {
        let entry = &self.plan.runs[run];
        let parameters = parameters(&self.plan.keys, &entry.settings);
        Record { status, message, seconds, started_from: None, parameters }
    }

    /// Plans and runs a case into a folder.
    fn one(&self, run: usize, folder: &Path) -> Result<End, RunError> {
        let clock = Instant::now();
        let failed = |error: &dyn std::fmt::Display| {
            let seconds = clock.elapsed().as_secs_f64();
            Ok(End::Recorded(self.record(run, RunStatus::Failed, Some(error.to_string()), seconds), None))
        };
        let case = self.plan.case(run).map_err(PlanError::from);
        let plan = match case.and_then(|case| Plan::shared(case, &self.room, self.setting.shelf)) {
            Ok(plan) => plan,
            Err(PlanError::Case(error)) => return failed(&super::file::lines(&error)),
            Err(error) => return failed(&error),
        };
        let own = &self.plan.runs[run].settings;
        let near = self
            .flows
            .as_ref()
            .and_then(|flows| flows.nearest(&plan, own, |other| self.plan.runs[other].settings.clone()));
        let setup = Setup {
            folder,
            opened: self.setting.opened,
            clock,
            geometry: clock.elapsed().as_secs_f64(),
            start: near.as_ref().map(|(_, start)| start.as_ref()),
            keep: self.flows.is_some(),
            checkpoints: Checkpoints::None,
        };
        let outcome = match job::run(&plan, &setup, &Quiet(self)) {
            Ok(outcome) => outcome,
            Err(error @ (RunError::Output(_) | RunError::Backend(_) | RunError::Device(_))) => return Err(error),
            Err(error) => return failed(&error),
        };
        outcome.reported?;
        let (status, message) = match outcome.ending {
            Ending::Interrupted => return Ok(End::Interrupted),
            Ending::Done => (RunStatus::Done, None),
            Ending::Unsettled(why) => (RunStatus::Unsettled, Some(why)),
        };
        let mut record = self.record(run, status, message, clock.elapsed().as_secs_f64());
        record.started_from = near.map(|(other, _)| self.plan.runs[other].name.clone());
        Ok(End::Recorded(record, outcome.reached.map(Box::new)))
    }
}

/// A run within a sweep says nothing, and ends with the sweep.
struct Quiet<'a>(&'a Crew<'a>);

impl Sink for Quiet<'_> {
    fn say(&self, _: &str) {}

    fn phase(&self, _: &str) {}

    fn step(&self, _: &Progress) -> ControlFlow<()> {
        if self.0.ended() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn wall(&self, _: &WallProgress) -> ControlFlow<()> {
        if self.0.ended() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
