//! Result files: VTK XML for ParaView, CSV tables, OBJ surfaces, pictures, glTF, the report.
//!
//! Writers take fields in SI and know no lattice. Coordinates are written in the unit of the input. Every file is
//! written under a temporary name beside its place and renamed when it is complete, so that a reader, or a run that
//! dies, never sees half a file.
//!
//! VTK arrays are appended raw in compressed blocks. The unit of each array is one entry of the field-data array
//! `units` ("pressure: Pa"), since the names themselves are fixed; `TimeValue` carries the time in seconds.

mod block;
pub mod colour;
pub mod csv;
pub mod file;
pub mod glb;
pub mod lines;
pub mod mesh;
pub mod obj;
pub mod picture;
pub mod png;
pub mod pvd;
pub mod report;
pub mod vti;
pub mod vtp;
pub mod vtu;
mod xml;

pub use block::Compression;
pub(crate) use file::write_all as write_file;
pub use file::{OutputError, create_folder};
