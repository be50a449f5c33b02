//! Result files: VTK XML for ParaView, CSV tables, OBJ surfaces.
//!
//! Writers take fields in SI and know no lattice. Coordinates are written in the unit of the input. Every file is
//! written under a temporary name beside its place and renamed when it is complete, so that a reader, or a run that
//! dies, never sees half a file.
//!
//! VTK arrays are appended raw in compressed blocks. The unit of each array is one entry of the field-data array
//! `units` ("pressure: Pa"), since the names themselves are fixed; `TimeValue` carries the time in seconds.

mod block;
pub mod csv;
pub mod file;
pub mod obj;
pub mod pvd;
pub mod vti;
pub mod vtp;
pub mod vtu;
mod xml;

pub use block::Compression;
pub(crate) use file::write_all as write_file;
pub use file::{OutputError, create_folder};
