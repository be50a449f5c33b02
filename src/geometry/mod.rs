//! Vessel geometry: surfaces, openings, and the lattice cut from them.
//!
//! Coordinates are metres throughout; [`surface::Surface::unit`] remembers the unit of the file for results and messages.

pub mod build;
pub mod cap;
pub mod check;
pub mod edges;
pub mod orient;
pub mod rim;
#[cfg(test)]
mod scratch;
pub mod surface;
pub mod vessel;
pub mod weld;
