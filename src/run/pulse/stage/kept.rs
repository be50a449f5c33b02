//! A lattice of a pulsating run in a checkpoint.

use super::{Beat, Cycle, Row, Flow, Level, Plan, RunError, Stage, drive};
use crate::run::plan::PlanError;
use crate::run::pulse::Course;
use crate::run::pulse::kept::PulseHead;

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
        })
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
