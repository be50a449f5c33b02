//! One lattice of a run on a device: advanced, looked at, corrected, until its flow stops changing.

mod frame;
mod kept;
mod samples;

use super::RunError;
use super::checkpoint::{Keeper, When};
use super::level::Level;
use super::plan::{Asked, PEAK_VELOCITY, Plan, flow, pressure};
use super::postmortem::{self, Found, Good, Watched};
use super::steady::{Control, Course, Finished, Progress, Sample, Spent, Status, SteadyHead};
use super::transfer::{Frame, refine};
use super::watch::{self, FAST, SLOW, Sight};
use crate::backend::Flow;
use crate::fluid::iolet::Iolet;
use crate::fluid::moments::{FIELDS, Macro};
pub(super) use frame::{frame, retimed};
use samples::{difference, mean};

/// Looks in a window.
const LOOKS: usize = 16;

/// Windows in the time in which the flow forgets its start.
const WINDOWS: f64 = 4.0;

/// Times the flow may take to forget its start before the run gives up, unless the case says otherwise.
const PATIENCE: f64 = 40.0;

/// Fewest windows in a third of them to judge a fluctuating flow by.
const FEWEST_WINDOWS: usize = 4;

/// Part of a pressure error at the vessel's end that its lid takes up in a look.
const LID_GAIN: f64 = 0.05;

/// A flow that a level starts from: the state of another lattice, with the corrections of its openings and walls.
pub(super) struct Handover<'a> {
    /// The other lattice.
    pub level: &'a Level,
    /// Its scale and fluid.
    pub frame: Frame,
    /// The state, already as strong as it is to be.
    pub fields: [&'a [f32]; FIELDS],
    /// What its openings were set to.
    pub iolets: &'a [Iolet],
    /// What its walls were given.
    pub wall_source: f32,
    /// How many times stronger the flow is to be than the one that those were found with.
    pub factor: f64,
}

/// One level on a device.
pub(super) struct Stage<'a> {
    plan: &'a Plan,
    pub(super) level: Level,
    pub(super) flow: Flow,
    start: f64,
    /// Steps of the present size that the time on this lattice comes to.
    steps: u64,
    /// Steps taken.
    pub(super) taken: u64,
    window: Vec<Sample>,
    means: Vec<Sample>,
    ramp: u64,
    /// Windows in a row that were alike.
    quiet: usize,
    /// The state to go back to where the flow fails, and how closely its steps are watched.
    good: Good<SteadyHead>,
    watched: Watched,
    pub(super) peak: f64,
}

impl<'a> Stage<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        level: Level,
        start: f64,
        from_rest: bool,
        open: &mut dyn FnMut(&Level) -> Result<Flow, RunError>,
    ) -> Result<Self, RunError> {
        let mut flow = open(&level)?;
        flow.set_rheology(level.table(&plan.rheology))?;
        let ramp = if from_rest { (0.1 * plan.memory(&level)) as u64 } else { 0 };
        let (window, means) = (Vec::new(), Vec::new());
        let (good, watched) = (Good::default(), Watched { fastest: plan.fastest(), ..Watched::default() });
        Ok(Self {
            plan,
            level,
            flow,
            start,
            steps: 0,
            taken: 0,
            window,
            means,
            ramp,
            quiet: 0,
            good,
            watched,
            peak: 0.0,
        })
    }

    fn frame(&self) -> Frame {
        frame(self.plan, &self.level)
    }

    /// Takes over the flow of another lattice, with the corrections of its openings and walls as far as they are to be
    /// expected at this spacing.
    pub(super) fn start_from(&mut self, from: &Handover) -> Result<(), RunError> {
        let (other, own_scale) = (from.level, self.level.scale);
        let kept = (own_scale.dx / other.scale.dx).powi(2).min(1.0) as f32;
        for (k, iolet) in from.iolets.iter().enumerate() {
            let mut own = self.flow.iolets()[k];
            let asked = other.iolets[k].value;
            if pressure(self.plan.iolets[k].asked).is_some() {
                let pascals = from.factor * other.scale.pressure_to_si(f64::from(iolet.value - asked));
                own.value += own_scale.pressure_to_lattice(pascals) as f32;
            } else if asked != 0.0 {
                own.value *= 1.0 + (iolet.value / asked - 1.0) * kept;
            }
            self.flow.set_iolet(k, own);
        }
        let leak = from.factor * f64::from(from.wall_source) * other.wall_sites as f64;
        let leak = own_scale.flow_to_lattice(other.scale.flow_to_si(leak));
        let mut physics = self.flow.physics();
        physics.wall_source = kept * (leak / self.level.wall_sites.max(1) as f64) as f32;
        self.flow.set_physics(physics);
        let fine = refine(&other.lattice, &from.fields, &from.frame, &self.level.lattice, &self.frame());
        self.flow.set_state(&std::array::from_fn(|k| fine[k].as_slice()))?;
        Ok(())
    }

    /// Advances until steady. A flow that fails is looked into, unless that of a finer lattice is to follow.
    pub(super) fn settle(
        &mut self,
        course: &mut Course,
        control: &mut Control,
        keeper: &mut Keeper,
    ) -> Result<Status, RunError> {
        match self.go(course, control, keeper) {
            Err(RunError::Diverged(seen)) if course.last() => Err(self.replay(course, seen)),
            outcome => outcome,
        }
    }

    fn go(&mut self, course: &mut Course, control: &mut Control, keeper: &mut Keeper) -> Result<Status, RunError> {
        let last = course.last();
        let tolerance = if last { self.plan.tolerance } else { 4.0 * self.plan.tolerance } / WINDOWS;
        loop {
            if let Some(status) = self.verdict(last) {
                let when = if status == Status::Converged { When::Ending } else { When::Stopping };
                if last && keeper.wants(when) {
                    self.keep(course, keeper)?;
                }
                return Ok(status);
            }
            let memory = self.plan.memory(&self.level);
            let between = ((memory / WINDOWS / LOOKS as f64) as usize).clamp(10, 2000);
            let expected = self.plan.expected_steps(&self.level, self.ramp > 0);
            if last && self.good.due() {
                let head = self.head(course);
                self.good.keep(&mut self.flow, head)?;
            }
            self.advance(between)?;
            self.steps += between as u64;
            self.taken += between as u64;
            let sample = self.look(between)?;
            course.samples.push(sample.clone());
            self.window.push(sample);
            if self.window.len() == LOOKS {
                self.close_window();
                let still = self.change().is_some_and(|c| c <= tolerance);
                let hovers = self.drift().is_some_and(|d| d <= tolerance * WINDOWS);
                self.quiet = if still || hovers { self.quiet + 1 } else { 0 };
            }
            let stop = control(&Progress {
                level: course.level,
                levels: course.levels,
                steps: self.taken,
                expected: self.taken + expected.saturating_sub(self.steps),
                sites: self.level.lattice.sites,
                cycle: None,
                change: self.change().map(|c| c * WINDOWS),
                tolerance: tolerance * WINDOWS,
            });
            if keeper.wants(if stop.is_break() { When::Stopping } else { When::Due }) {
                self.keep(course, keeper)?;
            }
            if stop.is_break() {
                return Ok(Status::Interrupted);
            }
        }
    }

    /// How the level ends, if it does now.
    fn verdict(&self, last: bool) -> Option<Status> {
        let given = self.plan.case.time.max_steps.as_ref().map(|m| *m.get_ref());
        let most = given.unwrap_or((PATIENCE * self.plan.memory(&self.level)) as u64);
        if self.quiet >= if last { 3 } else { 2 } {
            return Some(Status::Converged);
        }
        (self.taken >= most).then_some(Status::NotConverged)
    }

    /// Takes steps, watched.
    fn advance(&mut self, steps: usize) -> Result<(), RunError> {
        let found = postmortem::advance(&mut self.flow, steps, &mut self.watched)?;
        found.map_or(Ok(()), |found| Err(self.diverged(self.steps, found)))
    }

    fn diverged(&mut self, before: u64, found: Found) -> RunError {
        let step = before + found.steps as u64;
        postmortem::diverged(self.plan, &self.level, &mut self.flow, (step, found))
    }

    /// Samples the flow, watches it, and corrects the openings.
    fn look(&mut self, between: usize) -> Result<Sample, RunError> {
        let influx = self.flow.influx()?;
        let state = self.flow.state()?;
        let fields = state.slices();
        let sight = watch::look(&self.level.lattice, &fields, self.watched.fastest);
        let drho = |site: usize| f64::from(Macro::read(&fields.map(|f| f[site])).drho);
        let ends = self.level.ends.mean(drho);
        drop(state);
        self.watched.unseen = 0;
        let speed = match sight {
            Sight::Peak(speed, _) => speed,
            Sight::Bad(site, fault) => return Err(self.diverged(self.steps, Found { steps: 0, site, fault })),
        };
        let scale = self.level.scale;
        self.peak = scale.velocity_to_si(speed);
        self.start += scale.time_to_si(between as f64);
        let sample = Sample {
            spacing: scale.dx,
            time: self.start,
            flows: influx.iter().map(|&q| scale.flow_to_si(q)).collect(),
            pressures: ends.iter().map(|&p| self.plan.reference_pressure + scale.pressure_to_si(p)).collect(),
        };
        self.correct(&influx, &ends);
        let tau = self.level.scale.viscosity_to_tau(self.plan.mu);
        let slowest = self.plan.largest_tau();
        let settled = self.steps > 3 * self.ramp && self.window.len() == LOOKS / 2;
        if self.plan.case.time.step.is_some() {
            return Ok(sample);
        }
        if speed > FAST {
            self.retime(PEAK_VELOCITY / speed)?;
        } else if settled && speed < SLOW && tau < 0.9 * (slowest - 0.5) + 0.5 {
            self.retime((PEAK_VELOCITY / speed).min((slowest - 0.5) / (tau - 0.5)))?;
        }
        Ok(sample)
    }

    /// Moves the openings' values towards what gives the flows and pressures asked for.
    fn correct(&mut self, influx: &[f64], ends: &[f64]) {
        let grown = if self.ramp == 0 { 1.0 } else { (self.steps as f64 / self.ramp as f64).min(1.0) };
        let ramp = grown * grown * (3.0 - 2.0 * grown);
        for (k, opening) in self.plan.iolets.iter().enumerate() {
            let mut iolet = self.flow.iolets()[k];
            match opening.asked {
                Asked::Flow(q) => {
                    let asked = ramp * self.level.scale.flow_to_lattice(q);
                    let plain = ramp * f64::from(self.level.iolets[k].value);
                    let ratio = if influx[k] * asked > 0.0 { asked / influx[k] } else { 1.0 };
                    let value = f64::from(iolet.value) * ratio.clamp(0.9, 1.1);
                    let bounds = (0.8 * plain, 1.25 * plain);
                    iolet.value = value.clamp(bounds.0.min(bounds.1), bounds.0.max(bounds.1)) as f32;
                }
                Asked::Pressure(p) => {
                    if self.plan.closed.ends[k].extension <= 0.0 && opening.load.is_none() {
                        continue;
                    }
                    let scale = &self.level.scale;
                    let (asked, gain) = match &opening.load {
                        None => (p, LID_GAIN),
                        Some(load) => {
                            let out = -scale.flow_to_si(influx[k]);
                            let sound = opening.area / scale.dx.powi(2) / 3f64.sqrt();
                            let stiffness = load.total_resistance() * scale.flow_to_si(1.0);
                            let gain = LID_GAIN / (1.0 + sound * scale.pressure_to_lattice(stiffness));
                            (load.distal_pressure() + load.total_resistance() * out, gain)
                        }
                    };
                    let asked = scale.pressure_to_lattice(asked - self.plan.reference_pressure);
                    iolet.value += (gain * (asked - ends[k])) as f32;
                }
            }
            self.flow.set_iolet(k, iolet);
        }
    }

    /// Changes the time step by a factor, where the flow is faster or slower than estimated.
    fn retime(&mut self, factor: f64) -> Result<(), RunError> {
        let mut level = self.level.clone();
        level.scale.dt *= factor;
        let fields = retimed(self.plan, &self.level, &level, &self.flow.state()?);
        self.flow.set_state(&std::array::from_fn(|k| fields[k].as_slice()))?;
        for (k, opening) in self.plan.iolets.iter().enumerate() {
            let mut iolet = self.flow.iolets()[k];
            let shrink = if flow(opening.asked).is_some() { factor } else { factor * factor };
            iolet.value *= shrink as f32;
            level.iolets[k].value *= shrink as f32;
            self.flow.set_iolet(k, iolet);
        }
        let source = self.flow.physics().wall_source;
        let mut physics = level.physics(self.plan.mu);
        physics.wall_source = source * factor as f32;
        self.flow.set_physics(physics);
        self.flow.set_rheology(level.table(&self.plan.rheology))?;
        self.ramp = (self.ramp as f64 / factor) as u64;
        self.steps = (self.steps as f64 / factor) as u64;
        self.level = level;
        self.window.clear();
        Ok(())
    }

    /// Averages the window, and corrects the walls by the volume that went missing over it.
    fn close_window(&mut self) {
        let mean = mean(&self.window);
        let missing: f64 = mean.flows.iter().sum();
        let settled = self.steps > 2 * self.ramp && self.change().is_some_and(|c| c < 0.05);
        if settled && self.level.wall_sites > 0 {
            let mut physics = self.flow.physics();
            let lattice = self.level.scale.flow_to_lattice(missing);
            physics.wall_source += (0.5 * lattice / self.level.wall_sites as f64) as f32;
            self.flow.set_physics(physics);
        }
        self.means.push(mean);
        self.window.clear();
    }

    /// Largest relative change between the last two windows.
    fn change(&self) -> Option<f64> {
        let [.., a, b] = self.means.as_slice() else { return None };
        Some(difference(a, b))
    }

    /// Largest relative change between the mean over the last third of the windows and the third before it: small also
    /// for a flow that never stops fluctuating, once it fluctuates about a fixed mean.
    fn drift(&self) -> Option<f64> {
        let third = self.means.len() / 3;
        if third < FEWEST_WINDOWS {
            return None;
        }
        let (before, last) = self.means[self.means.len() - 2 * third..].split_at(third);
        Some(difference(&mean(before), &mean(last)))
    }

    /// Mean of the windows that the result stands for (the last one where the flow stood still, the last third where
    /// it fluctuates), and how far single windows are from it.
    fn result(&self) -> Option<(Sample, f64)> {
        let still = self.change()? * WINDOWS <= self.plan.tolerance;
        let count = if still { 1 } else { (self.means.len() / 3).max(1) };
        let last = &self.means[self.means.len() - count..];
        let centre = mean(last);
        let fluctuation = last.iter().map(|m| difference(m, &centre)).fold(0.0, f64::max);
        Some((centre, fluctuation))
    }

    pub(super) fn finish(
        mut self,
        status: Status,
        samples: Vec<Sample>,
        spent: Vec<Spent>,
    ) -> Result<Finished, RunError> {
        let (last, fluctuation) = self.result().map_or((None, 0.0), |(last, f)| (Some(last), f));
        let last = last.or_else(|| samples.last().cloned()).unwrap_or_else(|| Sample {
            spacing: self.level.scale.dx,
            time: 0.0,
            flows: vec![0.0; self.plan.iolets.len()],
            pressures: vec![self.plan.reference_pressure; self.plan.iolets.len()],
        });
        let source = f64::from(self.flow.physics().wall_source) * self.level.wall_sites as f64;
        let wall_correction = self.level.scale.flow_to_si(source);
        let change = self.change().map_or(f64::INFINITY, |c| c * WINDOWS);
        self.window.clear();
        Ok(Finished {
            status,
            change,
            fluctuation,
            peak: self.peak,
            level: self.level,
            flow: self.flow,
            last,
            samples,
            wall_correction,
            spent,
        })
    }
}
