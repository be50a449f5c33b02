//! The vessel wall of a run: planned from the case and the surface, loaded by the flow, solved, written.
//!
//! [`plan::WallPlan`] holds everything that does not depend on the load: mesh, material, supports. [`compute`] goes from a
//! [`WallLoad`] to displacement and stress, [`files`] and [`numbers`] from there to what a user sees.

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
