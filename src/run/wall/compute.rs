//! From loads to answers: assembly and multigrid once, then a solution for each load.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;

use super::answer::{Answer, seen};
use super::files::Writer;
use super::plan::WallPlan;
use super::{WallLoad, WallProgress, numbers};
use crate::analysis::vessel_frame::{VesselFrame, vessel_frames};
use crate::backend::gpu::device::Opened;
use crate::backend::wall::WallSolver;
use crate::run::RunError;
use crate::wall::assembly::Stiffness;
use crate::wall::hierarchy::Hierarchy;
use crate::wall::load;
use crate::wall::residual::Residual;
use crate::wall::solve::{self, Progress, SolveError};
use crate::wall::stress::{self, Surfaces};

/// What the caller decides while a load is solved: `Break` ends it.
pub type Control<'a> = dyn FnMut(&WallProgress) -> ControlFlow<()> + 'a;

/// What became of the wall.
#[derive(Debug)]
pub struct Done {
    /// The object `wall` of the summary.
    pub numbers: Value,
    /// What the answers say about the model that they come from.
    pub warnings: Vec<String>,
    /// Whether it was broken off.
    pub interrupted: bool,
    /// Seconds of computing.
    pub seconds: f64,
    /// Seconds of writing.
    pub writing: f64,
}

/// Solves and writes every load into `folder`, on an adapter or on the processor.
///
/// # Errors
/// [`RunError`] when the equations cannot be solved, the device fails, or a file cannot be written.
pub fn run(
    plan: &WallPlan,
    (loads, folder): (&[WallLoad], &Path),
    opened: Option<&Opened>,
    control: &mut Control,
) -> Result<Done, RunError> {
    let clock = Instant::now();
    let mut solver = Solver::new(plan, opened.cloned())?;
    let mut writer = Writer::new(plan, folder, loads.len())?;
    let (mut found, mut writing, mut interrupted) = (Vec::new(), 0.0, false);
    for load in loads {
        let Some(answer) = solver.solve(load, control)? else {
            interrupted = true;
            break;
        };
        found.push(numbers::load(plan, &answer));
        let before = Instant::now();
        writer.write(&answer)?;
        writing += before.elapsed().as_secs_f64();
    }
    let warnings = found.iter().filter_map(numbers::warning).collect();
    let numbers = numbers::summary(numbers::mesh(plan), found);
    Ok(Done { numbers, warnings, interrupted, seconds: clock.elapsed().as_secs_f64() - writing, writing })
}

/// The wall, ready for loads.
pub struct Solver<'a> {
    plan: &'a WallPlan,
    residual: Residual<'a>,
    inner: WallSolver,
    frames: Vec<VesselFrame>,
}

impl<'a> Solver<'a> {
    /// Assembles the wall, and sets the multigrid up on an adapter or on the processor.
    ///
    /// # Errors
    /// [`RunError`] when an element is folded, or the adapter refuses.
    pub fn new(plan: &'a WallPlan, opened: Option<Opened>) -> Result<Self, RunError> {
        let stiffness = Stiffness::assemble(&plan.shell, &plan.material, &plan.supports)?;
        let hierarchy = Arc::new(Hierarchy::new(stiffness, &plan.shell, &plan.supports)?);
        let inner = WallSolver::open(opened, hierarchy)?;
        let residual = Residual::new(&plan.shell, &plan.material, &plan.supports)?;
        Ok(Self { plan, residual, inner, frames: vessel_frames(&plan.shell, plan.inlet) })
    }

    /// The answer to a load; none where it was broken off.
    ///
    /// # Errors
    /// [`RunError`] when the equations cannot be solved or the device fails.
    pub fn solve(&mut self, load: &WallLoad, control: &mut Control) -> Result<Option<Answer>, RunError> {
        let clock = Instant::now();
        let (plan, inner) = (self.plan, &mut self.inner);
        let pressure: Vec<f64> = plan.carry.scalars(&load.pressure).iter().map(|p| p - plan.reference).collect();
        let shear = if plan.shear { plan.carry.vectors(&load.shear) } else { vec![[0.0; 3]; pressure.len()] };
        let forces = load::inner(&plan.shell, &pressure, &shear);
        let mut tell = |progress: Progress| {
            let Progress { iterations, residual } = progress;
            control(&WallProgress { load: load.name.clone(), iterations, residual, tolerance: solve::TOLERANCE })
        };
        let mut correct = |left: &[f32], part: f32, watch: &mut solve::Watch| inner.correct(left, part, watch);
        let solution = match solve::solve(&self.residual, &forces, solve::TOLERANCE, &mut correct, &mut tell) {
            Ok(solution) => solution,
            Err(SolveError::Interrupted { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let surfaces = Surfaces { pressure: &pressure, traction: &shear, spring: plan.outer_spring };
        let recovered = stress::recover(&plan.shell, &plan.material, &solution.displacement, Some(surfaces))?;
        let nodes = seen(&recovered, &self.frames, plan.shell.levels());
        Ok(Some(Answer {
            name: load.name.clone(),
            time: load.time,
            pressure,
            shear,
            displacement: solution.displacement,
            strain: recovered.strain,
            stress: recovered.stress,
            nodes,
            iterations: solution.iterations,
            residual: solution.residual,
            seconds: clock.elapsed().as_secs_f64(),
        }))
    }
}
