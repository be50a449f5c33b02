//! The vessel wall of a run: planned from the case and the surface, loaded by the flow, solved, written.
//!
//! [`plan::WallPlan`] holds everything that does not depend on the load: mesh, material, supports. [`compute`] goes from a
//! [`WallLoad`] to displacement and stress, [`files`] and [`numbers`] from there to what a user sees.

pub mod answer;
pub mod compute;
mod field;
pub mod files;
pub mod numbers;
pub mod plan;

/// What loads the wall at a moment of the flow.
#[derive(Clone, Debug, PartialEq)]
pub struct WallLoad {
    /// Its name: `steady`, `mean`, `systole`, `diastole`, a time such as `350ms`, or `pressure`.
    pub name: String,
    /// Time of the flow, or since the start of the cycle, s.
    pub time: f64,
    /// Pressure at every vertex of the vessel's wall, Pa.
    pub pressure: Vec<f64>,
    /// Shear stress of the blood on the wall at every vertex of it, Pa.
    pub shear: Vec<[f64; 3]>,
}

impl WallLoad {
    /// The same pressure (Pa) at all of so many vertices, and no shear.
    #[must_use]
    pub fn uniform(pressure: f64, vertices: usize) -> Self {
        let (name, time) = ("pressure".to_owned(), 0.0);
        Self { name, time, pressure: vec![pressure; vertices], shear: vec![[0.0; 3]; vertices] }
    }
}

/// How far the solution of a load is.
#[derive(Clone, Debug, PartialEq)]
pub struct WallProgress {
    /// The load's name.
    pub load: String,
    /// Iterations so far.
    pub iterations: usize,
    /// What is left of the load, relative to it.
    pub residual: f64,
    /// What may be left of it at the end.
    pub tolerance: f64,
}
