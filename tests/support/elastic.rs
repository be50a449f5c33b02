//! A wall solved as a run does it, on the native CPU.

use std::ops::ControlFlow;
use std::sync::Arc;

use perfuse::backend::wall::WallSolver;
use perfuse::geometry::shell::Shell;
use perfuse::wall::assembly::Stiffness;
use perfuse::wall::constraint::Supports;
use perfuse::wall::hierarchy::Hierarchy;
use perfuse::wall::material::Material;
use perfuse::wall::residual::Residual;
use perfuse::wall::solve::{self, Watch};

/// Displacements, m, of a wall under forces (N, by node), to 1e-10 of the load.
pub fn solve(shell: &Shell, material: &Material, supports: &Supports, load: &[[f64; 3]]) -> Vec<[f64; 3]> {
    let stiffness = Stiffness::assemble(shell, material, supports).expect("a sound wall");
    let hierarchy = Hierarchy::new(stiffness, shell, supports).expect("a supported wall");
    let mut cpu = WallSolver::open(None, Arc::new(hierarchy)).expect("the processor");
    let residual = Residual::new(shell, material, supports).expect("a sound wall");
    let mut inner = |r: &[f32], tolerance: f32, watch: &mut Watch| cpu.correct(r, tolerance, watch);
    let solution = solve::solve(&residual, load, 1e-10, &mut inner, &mut |_| ControlFlow::Continue(()));
    solution.expect("a solution").displacement
}
