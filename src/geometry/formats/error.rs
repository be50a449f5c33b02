//! What can be wrong with a surface file.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// A surface file that cannot be used: which file, and what is wrong with it.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct FormatError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: Problem,
}

/// Where in a file something is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Line of a text file, from 1.
    Line(usize),
    /// Offset in a binary file, from 0.
    Byte(usize),
    /// A data array of a VTK file.
    Array(String),
    /// A cell of a VTK file: its kind as the file calls it, and its number among these, from 0.
    Cell(&'static str, usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Byte(byte) => write!(f, "byte {byte}"),
            Self::Array(name) => write!(f, "array `{name}`"),
            Self::Cell(kind, number) => write!(f, "cell {number} of {kind}"),
        }
    }
}

/// What is wrong with a surface file.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// No file was named.
    #[error("no file is named; name at least one of .obj .stl .vtp .vtk")]
    NoFile,
    /// The file is missing or may not be read.
    #[error("cannot be read: {0}; check the path in `surface`, which is relative to the case file")]
    Unreadable(io::Error),
    /// The file holds nothing.
    #[error("is empty ({bytes} bytes); export the surface again")]
    Empty {
        /// Size of the file, bytes.
        bytes: usize,
    },
    /// No reader for this extension.
    #[error("extension `.{extension}` is not supported; supported are .obj .stl .vtp .vtk: convert the surface to one")]
    Extension {
        /// What the path ends in, lower case.
        extension: String,
    },
    /// The file is well-formed but has no triangle.
    #[error("has no triangles (found: {found}); export a surface of triangles or polygons")]
    NoTriangles {
        /// What was there instead.
        found: String,
    },
    /// Text or structure that the format does not allow.
    #[error("{place}: {what}")]
    Syntax {
        /// Where.
        place: Place,
        /// What was found, what was expected, and what to do.
        what: String,
    },
    /// A vertex with a coordinate that is NaN or infinite.
    #[error(
        "{place}: vertex {vertex} has a coordinate that is not a finite number ({}, {}, {}); \
         repair or remove the vertex",
        position[0], position[1], position[2]
    )]
    NotFinite {
        /// Where.
        place: Place,
        /// Number of the vertex in the file, from 0 (OBJ: from 1).
        vertex: usize,
        /// The coordinates, in the unit of the file.
        position: [f64; 3],
    },
    /// A face that names a vertex that does not exist.
    #[error("{place}: vertex index {index} is out of range, allowed is {first} to {last}; export the surface again")]
    Index {
        /// Where.
        place: Place,
        /// The index as the file has it.
        index: i64,
        /// Smallest index allowed.
        first: i64,
        /// Largest index allowed.
        last: i64,
    },
    /// Fewer data than the file itself says.
    #[error("{place}: {what}: {promised} promised, {present} present; the file is cut off or damaged: copy it again")]
    Truncated {
        /// Where.
        place: Place,
        /// Which data, and in what they are counted.
        what: String,
        /// How many the file says there are.
        promised: u64,
        /// How many there are.
        present: u64,
    },
    /// No field of this name.
    #[error("has no field `{name}` of one component at its points; {}", if known.is_empty() {
        "it has no such field at all (only .vtp and .vtk can have any): export the surface with its point data".to_owned()
    } else {
        format!("it has {}", known.join(", "))
    })]
    NoField {
        /// The name asked for.
        name: String,
        /// Fields that there are, with their ranges.
        known: Vec<String>,
    },
    /// A VTK compressor that is not supported.
    #[error(
        "compressor `{name}` is not supported; supported are vtkZLibDataCompressor, vtkLZ4DataCompressor and none: \
         save the file with one of these"
    )]
    Compressor {
        /// Its name in the file.
        name: String,
    },
    /// More than fits 32-bit vertex or 16-bit patch numbers, or than is sensible in one polygon.
    #[error(
        "has {count} {what}, more than the {limit} supported; coarsen the surface, join its groups or split the polygon"
    )]
    TooMany {
        /// Vertices, patches, or corners of one polygon.
        what: &'static str,
        /// How many the file has.
        count: usize,
        /// How many are supported.
        limit: usize,
    },
}

impl Problem {
    pub(super) fn syntax(place: Place, what: impl Into<String>) -> Self {
        Self::Syntax { place, what: what.into() }
    }

    pub(super) fn truncated(place: Place, what: impl Into<String>, promised: usize, present: usize) -> Self {
        Self::Truncated { place, what: what.into(), promised: promised as u64, present: present as u64 }
    }
}
