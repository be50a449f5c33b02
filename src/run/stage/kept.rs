//! A lattice of a steady run in a checkpoint, or gone back to.

use std::ops::ControlFlow;

use super::{Course, Flow, Keeper, Level, Plan, RunError, Stage};
use crate::run::checkpoint::{Head, Shots};
use crate::run::plan::PlanError;
use crate::run::postmortem::{Copy, Diverged};
use crate::run::steady::{Progress, SteadyHead};

/// Steps beyond those seen to fail after which a second run is not going to.
const MARGIN: u64 = 4000;

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
        stage.adopt(head);
        Ok(stage)
    }

    /// Takes over where a lattice of the same scale was.
    fn adopt(&mut self, head: &SteadyHead) {
        (self.start, self.steps, self.taken, self.ramp) = (head.start, head.steps, head.taken, head.ramp);
        (self.window, self.means) = (head.window.clone(), head.means.clone());
        (self.quiet, self.peak) = (head.quiet, head.peak);
    }

    /// Goes back to the last good state, and runs again under a close watch, to find what went wrong first; `seen` is what
    /// was seen of it.
    pub(super) fn replay(&mut self, course: &mut Course, seen: Box<Diverged>) -> RunError {
        let Some((head, copy)) = self.good.take() else { return RunError::Diverged(seen) };
        let end = self.taken + MARGIN;
        let mut past = |progress: &Progress| {
            if progress.steps > end { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let again = self.back(&head, &copy).and_then(|()| self.go(course, &mut past, &mut Keeper::none()));
        again.err().unwrap_or(RunError::Diverged(seen))
    }

    fn back(&mut self, head: &SteadyHead, copy: &Copy) -> Result<(), RunError> {
        self.level.scale = head.scale;
        self.level.iolets.iter_mut().zip(&head.values).for_each(|(iolet, value)| iolet.value = *value);
        self.flow.set_physics(self.level.physics(self.plan.mu));
        self.flow.set_rheology(self.level.table(&self.plan.rheology))?;
        self.adopt(head);
        self.watched.close = true;
        copy.restore(&mut self.flow)
    }
}
