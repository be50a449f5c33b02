//! Vessel geometry: surfaces, openings, and the lattice cut from them.
//!
//! Coordinates are metres throughout; [`surface::Surface::unit`] remembers the unit of the file for results and messages.

pub mod lattice;
pub mod formats;
pub mod section;
pub mod surface;
pub mod tube;
pub mod vessel;
