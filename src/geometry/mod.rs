//! Vessel geometry: surfaces, openings, and the lattice cut from them.
//!
//! Coordinates are metres throughout; [`surface::Surface::unit`] remembers the unit of the file for results and messages.

pub mod build;
pub mod cap;
pub mod centreline;
pub mod check;
pub(crate) mod clearance;
pub mod edges;
pub mod extend;
pub mod formats;
pub mod inspect;
pub mod labels;
pub mod lattice;
pub mod nearest;
pub mod orient;
pub(crate) mod polygon;
pub mod primitives;
pub mod repair;
pub mod rim;
pub mod section;
pub mod shell;
pub mod surface;
pub mod tube;
pub mod vessel;
pub mod weld;
pub(crate) mod winding;
