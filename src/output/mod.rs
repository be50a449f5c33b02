//! Result files: VTK XML for ParaView, CSV tables, OBJ surfaces.
//!
//! Writers take fields in SI and know no lattice. Coordinates are written in the unit of the input. Every file is
//! written under a temporary name beside its place and renamed when it is complete, so that a reader, or a run that
//! dies, never sees half a file.

pub mod file;
pub mod obj;

pub use file::OutputError;
