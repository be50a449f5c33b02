//! What is read out of a flow once it is computed: pressure and shear at the wall, and along the branches of the vessel.
//!
//! Works on the lattice, the closed surface that it was cut from and the state; knows neither backends nor files.

mod band;
pub mod indices;
pub mod lesion;
pub mod profile;
pub mod strain;
pub mod vessel_frame;
pub mod wall_shear;
