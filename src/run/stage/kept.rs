//! A lattice of a steady run in a checkpoint.

use super::{Course, Flow, Keeper, Level, Plan, RunError, Stage};
use crate::run::checkpoint::{Head, Shots};
use crate::run::plan::PlanError;
use crate::run::steady::SteadyHead;

impl<'a> Stage<'a> {
    /// Where this lattice is.
    pub(super) fn head(&self, course: &Course) -> SteadyHead {
        SteadyHead {
            level: course.level,
            scale: self.level.scale,
            values: self.level.iolets.iter().map(|iolet| iolet.value).collect(),
            start: self.start,
            steps: self.steps,
            taken: self.taken,
            ramp: self.ramp,
            window: self.window.clone(),
            means: self.means.clone(),
            quiet: self.quiet,
            peak: self.peak,
            planned: course.planned,
            samples: course.samples.clone(),
            spent: course.spent.clone(),
            seconds: course.seconds(),
        }
    }

    /// Keeps it.
    pub(super) fn keep(&mut self, course: &Course, keeper: &mut Keeper) -> Result<(), RunError> {
        let head = Head::Steady(Box::new(self.head(course)));
        keeper.keep(&head, &mut self.flow, &Shots::default())
    }

    /// The lattice of a checkpoint; its flow is still to be restored.
    pub(in crate::run) fn reopen(
        plan: &'a Plan,
        head: &SteadyHead,
        open: &mut dyn FnMut(&Level) -> Result<Flow, RunError>,
    ) -> Result<Self, RunError> {
        let mut level = plan.level(head.level, head.planned).map_err(PlanError::from)?;
        level.scale = head.scale;
        level.iolets.iter_mut().zip(&head.values).for_each(|(iolet, value)| iolet.value = *value);
        let mut stage = Self::new(plan, level, head.start, false, open)?;
        (stage.steps, stage.taken, stage.ramp) = (head.steps, head.taken, head.ramp);
        (stage.window, stage.means) = (head.window.clone(), head.means.clone());
        (stage.quiet, stage.peak) = (head.quiet, head.peak);
        Ok(stage)
    }
}
