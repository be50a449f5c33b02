//! Perfuse: blood flow and vessel-wall mechanics from a segmented vessel.
//!
//! Layers, imports pointing down only (`tests/layers.rs` checks it):
//!
//! ```text
//! cli -> sweep -> run -> {analysis, output, backend} -> {fluid, wall} -> geometry -> units
//! ```
//!
//! `case` is plain data beside `units`, seen by `run`, `sweep` and `cli` only. `fluid`, `wall` and `geometry` know neither
//! cases, nor backends, nor wgpu.
//!
//! Units: every public function takes and returns SI (metres, seconds, pascals) unless its name or documentation says
//! "lattice"; [`units::Scale`] is the one door between the two.
//!
//! Twins: each kernel in `shaders/` has a Rust counterpart with the same names, argument order and operation order.

pub mod analysis;
pub mod backend;
pub mod case;
pub mod cli;
pub mod fluid;
pub mod geometry;
pub mod output;
pub mod run;
pub mod sweep;
pub mod units;
pub mod wall;
