//! A lattice of a pulsating run in a checkpoint, or gone back to.

use super::{Beat, Cycle, Flow, Level, Plan, Row, RunError, Stage, drive};
use crate::run::plan::PlanError;
use crate::run::postmortem::{Copy, Good, Watched};
use crate::run::pulse::kept::{Course, PulseHead};

impl<'a> Stage<'a> {
    /// Where this lattice is; `rows` are all so far, `row` is the next one of the present cycle.
    pub(in crate::run::pulse) fn head(&self, course: &Course, rows: &[Row], row: Option<usize>) -> PulseHead {
        PulseHead {
            level: course.level,
            scale: self.level.scale,
            pace: self.drive.pace,
            planned: course.planned,
            done: course.done,
            row,
            change: self.change,
            start: self.start,
            taken: self.taken,
            peak: self.peak,
            torn: self.torn,
            cycle: self.cycle.clone(),
            last: self.last.clone(),
            stored: self.stored,
            storage: self.storage,
            rows: rows.to_vec(),
            spent: course.spent.clone(),
            seconds: course.seconds(),
        }
    }

    /// The lattice of a checkpoint; its flow is still to be restored.
    pub(in crate::run::pulse) fn reopen(
        plan: &'a Plan,
        beat: &'a Beat,
        head: &PulseHead,
        open: &mut dyn FnMut(&Level) -> Result<Flow, RunError>,
    ) -> Result<Self, RunError> {
        let mut level = plan.level(head.level, head.planned).map_err(PlanError::from)?;
        level.scale = head.scale;
        let drive = drive::drive(plan, beat, &level, head.pace, &beat.states, 0.0);
        let mut flow = open(&level)?;
        flow.set_rheology(level.table(&plan.rheology))?;
        flow.set_drive(Some(drive.clone()))?;
        Ok(Self {
            plan,
            beat,
            level,
            flow,
            drive,
            start: head.start,
            taken: head.taken,
            peak: head.peak,
            torn: head.torn,
            cycle: head.cycle.clone(),
            last: head.last.clone(),
            change: head.change,
            stored: head.stored,
            storage: head.storage,
            good: Good::default(),
            watched: Watched { fastest: plan.fastest(), ..Watched::default() },
        })
    }

    /// Keeps a copy to go back to, if it is time for it; on the finest lattice only, and of an adapter's state, whose way to
    /// the host is long, at the start of a cycle only.
    pub(in crate::run::pulse) fn remember(
        &mut self,
        course: &Course,
        rows: &[Row],
        row: Option<usize>,
    ) -> Result<(), RunError> {
        let near = row.is_none() || self.flow.backend_name() == "cpu";
        if course.last() && near && !self.watched.close && self.good.due() {
            let head = self.head(course, rows, row);
            self.good.keep(&mut self.flow, head)?;
        }
        Ok(())
    }

    /// Goes back to the last good state, whose head is this, under a close watch.
    pub(in crate::run::pulse) fn back(&mut self, head: &PulseHead, copy: &Copy) -> Result<(), RunError> {
        self.level.scale = head.scale;
        self.drive = drive::drive(self.plan, self.beat, &self.level, head.pace, &self.beat.states, 0.0);
        self.flow.set_physics(self.level.physics(self.plan.mu));
        self.flow.set_rheology(self.level.table(&self.plan.rheology))?;
        self.flow.set_drive(Some(self.drive.clone()))?;
        (self.start, self.taken, self.peak, self.torn) = (head.start, head.taken, head.peak, head.torn);
        (self.cycle, self.last, self.change) = (head.cycle.clone(), head.last.clone(), head.change);
        (self.stored, self.storage) = (head.stored, head.storage);
        self.watched.close = true;
        copy.restore(&mut self.flow)
    }
}

impl PulseHead {
    /// Whether it can be of this beat on so many lattices with so many openings.
    pub(in crate::run::pulse) fn fits(&self, beat: &Beat, levels: usize, openings: usize) -> bool {
        let alike = |cycle: &Cycle| {
            cycle.rows.len() <= beat.rows && cycle.rows.iter().all(|row| row.whole(openings, beat.probes.len()))
        };
        let pace = self.pace;
        let steps = u64::from(pace.stride) * beat.rows as u64;
        self.level < levels
            && self.row.is_none_or(|row| row <= beat.rows && row == self.cycle.rows.len())
            && alike(&self.cycle)
            && alike(&self.last)
            && self.rows.iter().all(|row| row.whole(openings, beat.probes.len()))
            && pace.stride > 0
            && u64::from(pace.cycle) == steps
            && pace.openings as usize == openings
            && pace.gauges as usize == openings + beat.probes.len()
            && pace.capacity as usize == beat.rows
            && pace.held == 0
    }
}
