//! The displacement under a load: refinement in double precision around a solver in single precision.
//!
//! The residual `f - K u` is computed in double precision without a stored matrix; a backend solves for the correction in
//! single precision, to a few digits; and so on until the residual is small (iterative refinement: Higham, Accuracy and
//! Stability of Numerical Algorithms, chapter 12). So the answer does not depend on the device. Each round begins a new
//! Krylov space, so rounds are few and go as far as single precision carries.

use std::ops::ControlFlow;

use super::residual::{Residual, norm};

/// Residual over load where the solution is taken as exact, unless something else is asked for.
pub const TOLERANCE: f64 = 1e-8;

/// Smallest part of a residual that single precision is asked to leave.
const SINGLE: f64 = 1e-3;

/// Part of what is asked for that a round aims at: the residual in double precision is not quite that of the solver.
const AIM: f64 = 0.7;

/// A round that leaves more than this part of the residual gains nothing.
const STAGNANT: f64 = 0.5;

/// A solver in single precision. It is given a residual of length one, three numbers a node, the part of it that it may
/// leave, and whom to tell after iterations; it gives the correction and the number of its iterations.
pub type Inner<'a, E> = dyn FnMut(&[f32], f32, &mut Watch) -> Result<(Vec<f32>, usize), E> + 'a;

/// How far the solution is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Iterations of the inner solver in all rounds.
    pub iterations: usize,
    /// Residual over load.
    pub residual: f64,
}

/// What the inner solver tells after an iteration: how many it has done in this round, and what part is left of the
/// residual that it was given. It gives back what it has when it is told to break.
pub type Watch<'a> = dyn FnMut(usize, f32) -> ControlFlow<()> + 'a;

/// The solution.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// Displacement of each node, m.
    pub displacement: Vec<[f64; 3]>,
    /// Iterations of the inner solver in all rounds.
    pub iterations: usize,
    /// Rounds of refinement.
    pub rounds: usize,
    /// Residual over load.
    pub residual: f64,
}

/// Why there is no solution.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum SolveError<E: std::error::Error> {
    /// The inner solver failed.
    #[error(transparent)]
    Inner(E),
    /// The residual does not become smaller.
    #[error(
        "the wall's equations cannot be solved further than to a residual of {reached:.1e} of the load, and {asked:.1e} is \
         asked for, after {iterations} iterations: take a Poisson's ratio further from 0.5, or stiffer supports, or \
         another `spacing` or fewer `layers`, so that elements are less distorted"
    )]
    Stagnated {
        /// Residual over load that was reached.
        reached: f64,
        /// What was asked for.
        asked: f64,
        /// Iterations of the inner solver.
        iterations: usize,
    },
    /// It was told to stop.
    #[error("the wall's solution was interrupted at a residual of {residual:.1e} of the load")]
    Interrupted {
        /// Residual over load at that moment.
        residual: f64,
    },
}

/// Solves `K u = load` (N, by node) to a residual of `tolerance` times the load's length.
///
/// `progress` is told after every iteration that `inner` tells of, and may end it.
///
/// # Errors
/// [`SolveError`] if `inner` fails, if a round gains nothing, or if `progress` breaks.
pub fn solve<E: std::error::Error>(
    residual: &Residual,
    load: &[[f64; 3]],
    tolerance: f64,
    inner: &mut Inner<E>,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Solution, SolveError<E>> {
    let mut u = vec![[0.0; 3]; load.len()];
    let mut left = residual.projected(load);
    let whole = norm(&left);
    let mut solution = Solution { displacement: Vec::new(), iterations: 0, rounds: 0, residual: 1.0 };
    if whole == 0.0 {
        return Ok(Solution { displacement: u, residual: 0.0, ..solution });
    }
    while solution.residual.is_nan() || solution.residual > tolerance {
        let length = whole * solution.residual;
        let scaled: Vec<f32> = left.as_flattened().iter().map(|v| (v / length) as f32).collect();
        let aim = (AIM * tolerance / solution.residual).clamp(SINGLE, 0.1);
        let mut flow = ControlFlow::Continue(());
        let mut watch = |iterations: usize, part: f32| {
            let iterations = solution.iterations + iterations;
            flow = progress(Progress { iterations, residual: solution.residual * f64::from(part) });
            flow
        };
        let (correction, iterations) = inner(&scaled, aim as f32, &mut watch).map_err(SolveError::Inner)?;
        solution.iterations += iterations;
        if flow.is_break() {
            return Err(SolveError::Interrupted { residual: solution.residual });
        }
        let change = correction.iter().map(|&v| f64::from(v) * length);
        u.as_flattened_mut().iter_mut().zip(change).for_each(|(u, change)| *u += change);
        u = residual.projected(&u);
        left = residual.of(load, &u);
        let reached = norm(&left) / whole;
        if reached.is_nan() || reached > STAGNANT * solution.residual {
            let reached = f64::min(reached, solution.residual);
            return Err(SolveError::Stagnated { reached, asked: tolerance, iterations: solution.iterations });
        }
        (solution.residual, solution.rounds) = (reached, solution.rounds + 1);
    }
    Ok(Solution { displacement: u, ..solution })
}
