//! One lattice of a pulsating run on a device.

mod kept;

use std::ops::ControlFlow;

use rayon::prelude::*;

use super::cycle::{Cycle, Row};
use super::kept::PulseHead;
use super::{Snapshot, drive, loads};
use crate::analysis::wall_shear::WallSampler;
use crate::backend::Flow;
use crate::fluid::drive::{Clock, Drive, OpeningState, Pace, row_len};
use crate::fluid::moments::{FIELDS, density};
use crate::run::RunError;
use crate::run::level::Level;
use crate::run::plan::{PEAK_VELOCITY, Plan};
use crate::run::postmortem::{self, Found, Good, Watched};
use crate::run::pulse::Beat;
use crate::run::stage::{frame, retimed};
use crate::run::transfer::refine;
use crate::run::watch::{self, FAST, Sight};
use crate::units::Scale;

/// Rows between two looks at the whole state.
const LOOK: usize = 10;

/// Fewest steps between two looks at a state that an adapter has to send, which stalls it: a dozen times, for ten fields,
/// the records and their number.
const LOOK_STEPS: usize = 2000;

/// Part of a cycle in which a start from rest raises the flow, and in which it then is left alone.
const RISE: f64 = 0.05;

/// Gain in the time step that is worth a change of it between two cycles.
const WORTH: f64 = 1.3;

/// Part of the volume missing in a cycle that the walls are given in the next.
const WALL_GAIN: f64 = 0.7;

/// One level on a device.
pub(super) struct Stage<'a> {
    pub(super) plan: &'a Plan,
    pub(super) beat: &'a Beat,
    pub(super) level: Level,
    pub(super) flow: Flow,
    /// The drive as it was given to the flow.
    drive: Drive,
    /// Time at the start of the present cycle, s.
    start: f64,
    /// Steps taken.
    pub(super) taken: u64,
    /// Fastest velocity in the present or, at its end, the last cycle, m/s.
    pub(super) peak: f64,
    /// Whether the time step changed within the present cycle, so that its sums mean nothing.
    pub(super) torn: bool,
    /// The present cycle and the last whole one.
    pub(super) cycle: Cycle,
    pub(super) last: Cycle,
    change: Option<f64>,
    /// Volume in the lattice beyond that at rest, at the start of the present cycle and over the last one, m^3.
    stored: f64,
    pub(super) storage: f64,
    /// The state to go back to where the flow fails, and how closely its steps are watched.
    pub(super) good: Good<PulseHead>,
    watched: Watched,
}

/// May keep a run at a row; the rows of all lattices so far are those after it.
type Keep<'a, 'h> = dyn FnMut(&mut Stage<'a>, (usize, bool), bool, &mut Vec<Row>) -> Result<(), RunError> + 'h;

/// What a cycle needs to tell.
pub(super) struct Hooks<'a, 'h> {
    /// Told of the row reached.
    pub control: &'h mut dyn FnMut(&Stage<'a>, usize) -> ControlFlow<()>,
    /// Given snapshots, if there is a sampler.
    pub snapshot: &'h mut dyn FnMut(&mut Snapshot) -> Result<(), RunError>,
    /// Told of the row reached, whether it was looked at, and whether the run is being stopped; may keep the run.
    pub keep: &'h mut Keep<'a, 'h>,
}

impl<'a> Stage<'a> {
    /// A level with the openings at the start of a cycle, from rest or from a coarser level.
    pub(super) fn new(
        plan: &'a Plan,
        beat: &'a Beat,
        mut level: Level,
        before: Option<Stage>,
        open: &mut dyn FnMut(&Level) -> Result<Flow, RunError>,
    ) -> Result<Self, RunError> {
        let pace = pace(beat, &mut level, plan);
        let drive = drive::drive(plan, beat, &level, pace, &beat.states, beat.start_pressure);
        let mut flow = open(&level)?;
        flow.set_rheology(level.table(&plan.rheology))?;
        // There is nothing yet to go back to; an adapter would be stalled by every look.
        let close = plan.spacings.len() == 1 && flow.backend_name() == "cpu";
        let mut stage = Self {
            plan,
            beat,
            level,
            flow,
            drive,
            start: before.as_ref().map_or(0.0, |before| before.start),
            taken: 0,
            peak: 0.0,
            torn: false,
            cycle: Cycle::default(),
            last: Cycle::default(),
            change: None,
            stored: 0.0,
            storage: 0.0,
            good: Good::default(),
            // There is nothing to go back to where the finest lattice is the first.
            watched: Watched { fastest: plan.fastest(), close, unseen: 0 },
        };
        match before {
            Some(mut before) => {
                stage.take_over(&mut before)?;
                stage.flow.set_drive(Some(stage.drive.clone()))?;
            }
            None => stage.rise()?,
        }
        stage.watched.close = false;
        Ok(stage)
    }

    /// Takes over the flow of a coarser level, and where its openings are.
    fn take_over(&mut self, before: &mut Stage) -> Result<(), RunError> {
        let (from, to) = (before.level.scale, self.level.scale);
        self.carry_openings(before.flow.driven()?, &from);
        let leak = before.wall_flow() * 0.25;
        let mut physics = self.flow.physics();
        physics.wall_source = (to.flow_to_lattice(leak) / self.level.wall_sites.max(1) as f64) as f32;
        self.flow.set_physics(physics);
        let (coarse, fine) = (frame(self.plan, &before.level), frame(self.plan, &self.level));
        let state = before.flow.state()?;
        let fields = refine(&before.level.lattice, &state.slices(), &coarse, &self.level.lattice, &fine);
        self.flow.set_state(&std::array::from_fn(|k| fields[k].as_slice()))?;
        Ok(())
    }

    /// Puts the openings of another scale into the drive.
    fn carry_openings(&mut self, driven: Option<(Clock, Vec<OpeningState>)>, from: &Scale) {
        let Some((clock, states)) = driven else { return };
        let to = self.level.scale;
        self.drive.states = drive::carried(&states, &self.drive.laws, from, &to);
        self.drive.clock.reference = clock.reference * (drive::pascal(from) / drive::pascal(&to)) as f32;
    }

    /// Raises the flow from rest to that at the start of the cycle, while time stands still.
    fn rise(&mut self) -> Result<(), RunError> {
        let steps = (RISE * f64::from(self.drive.pace.cycle)).ceil() as u32;
        (self.drive.pace.held, self.drive.pace.ramp) = (1, steps);
        self.flow.set_drive(Some(self.drive.clone()))?;
        let looks = if self.flow.backend_name() != "cpu" { 1 } else { LOOK };
        for _ in 0..looks {
            self.advance((2 * steps as usize).div_ceil(looks))?;
            self.look(0)?;
        }
        self.taken += u64::from(2 * steps);
        self.flow.hold(false);
        (self.drive.pace.held, self.drive.pace.ramp) = (0, 0);
        Ok(())
    }

    fn rows_between_looks(&self) -> usize {
        if self.flow.backend_name() != "cpu" { LOOK.max(LOOK_STEPS.div_ceil(self.stride())) } else { LOOK }
    }

    fn stride(&self) -> usize {
        self.drive.pace.stride as usize
    }

    /// Steps until the end of the level, if `cycles` more come after the present one, which is at `row`.
    pub(super) fn steps_to_come(&self, row: usize, cycles: usize) -> u64 {
        (self.stride() * (self.beat.rows - row) + cycles * self.drive.pace.cycle as usize) as u64
    }

    /// One cycle, or what is left of it from a row on. Returns whether it was broken off. With a sampler, the device sums
    /// over it, and snapshots are taken.
    pub(super) fn cycle(
        &mut self,
        from: Option<usize>,
        sampler: Option<(&WallSampler, bool)>,
        all: &mut Vec<Row>,
        hooks: &mut Hooks<'a, '_>,
    ) -> Result<bool, RunError> {
        if from.is_none() {
            self.begin(sampler.is_some())?;
        }
        let loads = loads::rows(self.beat, &self.last);
        for row in from.unwrap_or(0)..self.beat.rows {
            if let Some((sampler, true)) = sampler {
                self.shoot(sampler, (row, &loads), hooks)?;
            }
            if sampler.is_some() {
                self.flow.accumulate(1.0 / self.beat.rows as f32, 0.0);
            }
            self.advance(self.stride())?;
            self.taken += self.stride() as u64;
            let broken = (hooks.control)(self, row + 1).is_break();
            let look = (row + 1) % self.rows_between_looks() == 0 || row + 1 == self.beat.rows;
            if look {
                self.fetch(all)?;
                self.look(row + 1)?;
            }
            (hooks.keep)(self, (row + 1, look), broken, all)?;
            if broken {
                if !look {
                    self.fetch(all)?;
                    self.look(row + 1)?;
                }
                return Ok(true);
            }
        }
        self.close();
        Ok(false)
    }

    /// Begins a cycle.
    fn begin(&mut self, summed: bool) -> Result<(), RunError> {
        self.widen()?;
        (self.peak, self.torn) = (0.0, false);
        self.cycle.rows.clear();
        if self.last.rows.is_empty() {
            self.stored = volume(&self.level, &self.flow.state()?.slices());
        }
        if summed {
            self.flow.begin_cycle()?;
        }
        Ok(())
    }

    /// Whether the flow is one that can be kept.
    pub(super) fn sound(&mut self) -> Result<bool, RunError> {
        let state = self.flow.state()?;
        Ok(matches!(watch::look(&self.level.lattice, &state.slices(), self.watched.fastest), Sight::Peak(..)))
    }

    /// Hands the state of a row to who wants it; `loads` are the rows of the wall's loads.
    fn shoot(
        &mut self,
        sampler: &WallSampler,
        (row, loads): (usize, &[Option<usize>]),
        hooks: &mut Hooks<'a, '_>,
    ) -> Result<(), RunError> {
        let number = self.beat.snapshots.iter().position(|&at| at == row);
        let loads: Vec<usize> = (0..loads.len()).filter(|&k| loads[k] == Some(row)).collect();
        if number.is_none() && loads.is_empty() {
            return Ok(());
        }
        let reference = self.flow.driven()?.map_or(0.0, |(clock, _)| f64::from(clock.reference));
        let reference = reference * drive::pascal(&self.level.scale);
        let time = self.beat.period * row as f64 / self.beat.rows as f64;
        let (level, flow) = (&self.level, &mut self.flow);
        (hooks.snapshot)(&mut Snapshot { number, loads, time, reference, level, sampler, flow })
    }

    /// Fetches the rows recorded on the device.
    pub(super) fn fetch(&mut self, all: &mut Vec<Row>) -> Result<(), RunError> {
        let numbers = self.flow.records()?;
        let openings = self.plan.iolets.len();
        for record in numbers.chunks_exact(row_len(openings, openings + self.beat.probes.len())) {
            let part = self.cycle.rows.len() as f64 / self.beat.rows as f64;
            let row = Row::read(record, openings, self.start + part * self.beat.period, &self.level.scale);
            self.cycle.rows.push(row.clone());
            all.push(row);
        }
        Ok(())
    }

    /// Watches the flow; makes the steps smaller where it is too fast for them. `row` is the next one of the cycle.
    fn look(&mut self, row: usize) -> Result<(), RunError> {
        let state = self.flow.state()?;
        let sight = watch::look(&self.level.lattice, &state.slices(), self.watched.fastest);
        if row == self.beat.rows {
            let now = volume(&self.level, &state.slices());
            (self.storage, self.stored) = (now - self.stored, now);
        }
        drop(state);
        let scale = self.level.scale;
        match sight {
            Sight::Peak(speed, _) => {
                self.peak = self.peak.max(scale.velocity_to_si(speed));
                let fixed = self.plan.case.time.step.is_some();
                if speed > FAST && row < self.beat.rows && !fixed {
                    self.retime(PEAK_VELOCITY / speed, row)?;
                    self.torn = row > 0;
                }
                Ok(())
            }
            Sight::Bad(site, fault) => Err(self.diverged(Found { steps: 0, site, fault })),
        }
    }

    /// Takes steps, watched.
    fn advance(&mut self, steps: usize) -> Result<(), RunError> {
        let found = postmortem::advance(&mut self.flow, steps, &mut self.watched)?;
        found.map_or(Ok(()), |found| Err(self.diverged(found)))
    }

    fn diverged(&mut self, found: Found) -> RunError {
        let step = self.taken + found.steps as u64;
        postmortem::diverged(self.plan, &self.level, &mut self.flow, (step, found))
    }

    /// Lengthens the time step where the last cycle was slower than it allows.
    fn widen(&mut self) -> Result<(), RunError> {
        if self.plan.case.time.step.is_some() {
            return Ok(());
        }
        let allowed = self.plan.scale(self.level.scale.dx, self.peak).dt / self.level.scale.dt;
        if self.peak > 0.0 && !self.last.rows.is_empty() && allowed > WORTH {
            self.retime(allowed, 0)?;
        }
        Ok(())
    }

    /// Changes the time step by about a factor. `row` is the next one of the cycle.
    fn retime(&mut self, factor: f64, row: usize) -> Result<(), RunError> {
        let from = self.level.scale;
        let source = self.wall_flow();
        let mut level = self.level.clone();
        level.scale.dt *= factor;
        let held = self.drive.pace.held;
        let part = f64::from(self.drive.pace.ramp) / f64::from(self.drive.pace.cycle);
        let driven = self.flow.driven()?;
        let mut pace = pace(self.beat, &mut level, self.plan);
        let fields = retimed(self.plan, &self.level, &level, &self.flow.state()?);
        self.flow.set_state(&std::array::from_fn(|k| fields[k].as_slice()))?;
        (pace.held, pace.ramp) = (held, (part * f64::from(pace.cycle)) as u32);
        self.level = level;
        self.drive = drive::drive(self.plan, self.beat, &self.level, pace, &self.beat.states, 0.0);
        let ramped = driven.as_ref().map_or(0, |(clock, _)| clock.ramped);
        self.carry_openings(driven, &from);
        self.drive.clock.step = pace.stride * row as u32;
        self.drive.clock.ramped = (f64::from(ramped) / factor) as u32;
        let mut physics = self.level.physics(self.plan.mu);
        physics.wall_source = (self.level.scale.flow_to_lattice(source) / self.level.wall_sites.max(1) as f64) as f32;
        self.flow.set_physics(physics);
        self.flow.set_rheology(self.level.table(&self.plan.rheology))?;
        self.flow.set_drive(Some(self.drive.clone()))?;
        self.stored *= (self.level.scale.dt / from.dt).powi(2);
        Ok(())
    }

    /// Volume given to the walls, m^3/s.
    pub(super) fn wall_flow(&self) -> f64 {
        let source = f64::from(self.flow.physics().wall_source);
        self.level.scale.flow_to_si(source * self.level.wall_sites as f64)
    }

    /// Ends a cycle: compares it with the one before, and gives the walls what went missing.
    fn close(&mut self) {
        self.change = (!self.last.rows.is_empty() && !self.torn).then(|| self.cycle.change(&self.last));
        let flow = |row: &Row| row.flows.iter().sum::<f64>();
        let missing = self.cycle.spread(flow).mean - self.storage / self.beat.period;
        if self.level.wall_sites > 0 {
            let mut physics = self.flow.physics();
            let share = self.level.scale.flow_to_lattice(missing) / self.level.wall_sites as f64;
            physics.wall_source += (WALL_GAIN * share) as f32;
            self.flow.set_physics(physics);
        }
        self.last = std::mem::take(&mut self.cycle);
        self.start += self.beat.period;
    }

    /// Change between the last two cycles, if there are two.
    pub(super) fn change(&self) -> Option<f64> {
        self.change
    }
}

/// Volume in a lattice beyond that at rest, m^3.
fn volume(level: &Level, fields: &[&[f32]; FIELDS]) -> f64 {
    let sites: Vec<usize> = level.lattice.fluid_sites().collect();
    let drho = |&s: &usize| f64::from(density(fields[0][s], [fields[4][s], fields[5][s], fields[6][s]]));
    // Parts of a fixed size, added up in order: the same sum whatever the number of threads.
    let parts: Vec<f64> = sites.par_chunks(1 << 14).map(|part| part.iter().map(drho).sum()).collect();
    level.scale.dx.powi(3) * parts.iter().sum::<f64>()
}

/// Makes the level's time step a whole part of the cycle, and the cycle a whole number of strides.
fn pace(beat: &Beat, level: &mut Level, plan: &Plan) -> Pace {
    let stride = (beat.period / (level.scale.dt * beat.rows as f64)).ceil().max(1.0) as u32;
    let cycle = stride * beat.rows as u32;
    level.scale.dt = beat.period / f64::from(cycle);
    let openings = plan.iolets.len() as u32;
    let gauges = openings + beat.probes.len() as u32;
    let capacity = beat.rows as u32;
    Pace { cycle, stride, openings, gauges, capacity, ..Pace::default() }
}
