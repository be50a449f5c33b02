//! The shaders, and the linker that joins them.
//!
//! A shader is a plain WGSL file. Its first line may name the files that it builds on, `// import: lattice, moments`;
//! linking puts each of those before it, once, and theirs before them. Where a state is kept in 16 bits, `state_16` stands
//! in for `state` and `after_16` for `after`: they load and store it.

use crate::fluid::storage::Storage;

/// A compute kernel: a file with an entry point `main`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// One time step of every site.
    Flow,
    /// What comes in through every opening link.
    Incoming,
    /// What openings take in and gauges measure.
    Gauge,
    /// Openings in time.
    Openings,
    /// Adds a state to the sums at the wall.
    Accumulate,
    /// Adds a state to the time averages.
    Average,
    /// The wall's stiffness times a vector.
    WallProduct,
    /// A step of the smoother on the wall's finest level.
    WallColumns,
    /// A coarse matrix of the wall times a vector.
    WallBlocks,
    /// A step of the smoother on a coarse level.
    WallPoints,
    /// A residual for the next coarser level.
    WallRestrict,
    /// A correction for the next finer level.
    WallProlong,
    /// The solution of the coarsest level.
    WallDense,
    /// Parts of a scalar product.
    WallDot,
    /// What conjugate gradients make of scalar products.
    WallScalars,
    /// The next search direction.
    WallSearch,
    /// A step along the search direction.
    WallAdvance,
    /// One array copied.
    Copy,
    /// Ten arrays copied side by side.
    Fields,
}

impl Kernel {
    /// All kernels.
    pub const ALL: [Self; 19] = [
        Self::Flow,
        Self::Incoming,
        Self::Gauge,
        Self::Openings,
        Self::Accumulate,
        Self::Average,
        Self::WallProduct,
        Self::WallColumns,
        Self::WallBlocks,
        Self::WallPoints,
        Self::WallRestrict,
        Self::WallProlong,
        Self::WallDense,
        Self::WallDot,
        Self::WallScalars,
        Self::WallSearch,
        Self::WallAdvance,
        Self::Copy,
        Self::Fields,
    ];

    /// Name of its file, without the ending.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Flow => "flow",
            Self::Incoming => "incoming",
            Self::Gauge => "gauge",
            Self::Openings => "openings",
            Self::Accumulate => "accumulate",
            Self::Average => "average",
            Self::WallProduct => "wall_product",
            Self::WallColumns => "wall_columns",
            Self::WallBlocks => "wall_blocks",
            Self::WallPoints => "wall_points",
            Self::WallRestrict => "wall_restrict",
            Self::WallProlong => "wall_prolong",
            Self::WallDense => "wall_dense",
            Self::WallDot => "wall_dot",
            Self::WallScalars => "wall_scalars",
            Self::WallSearch => "wall_search",
            Self::WallAdvance => "wall_advance",
            Self::Copy => "copy",
            Self::Fields => "fields",
        }
    }

    /// The kernel with everything that it builds on, as one WGSL source, for states that are kept so.
    #[must_use]
    pub fn source(self, storage: Storage) -> String {
        let (mut joined, mut text) = (Vec::new(), String::new());
        join(self.name(), storage, &mut joined, &mut text);
        text
    }
}

macro_rules! files {
    ($($name:literal),*) => {
        /// Every shader file: its name without the ending, and its text.
        pub const FILES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../../shaders/", $name, ".wgsl")))),*];
    };
}
files!(
    "accumulate",
    "after",
    "after_16",
    "arrive",
    "average",
    "collision",
    "copy",
    "dispatch",
    "drive",
    "fields",
    "flow",
    "gauge",
    "incoming",
    "iolet",
    "lattice",
    "link",
    "moments",
    "opening",
    "openings",
    "rheology",
    "shear",
    "state",
    "state_16",
    "storage",
    "wall",
    "wall_advance",
    "wall_blocks",
    "wall_columns",
    "wall_dense",
    "wall_dot",
    "wall_points",
    "wall_product",
    "wall_prolong",
    "wall_restrict",
    "wall_scalars",
    "wall_search"
);

fn join(name: &str, storage: Storage, joined: &mut Vec<String>, text: &mut String) {
    let name = match (name, storage) {
        ("state", Storage::F16) => "state_16",
        ("after", Storage::F16) => "after_16",
        _ => name,
    };
    if joined.iter().any(|other| other == name) {
        return;
    }
    joined.push(name.to_owned());
    let Some((_, file)) = FILES.iter().find(|(other, _)| *other == name) else {
        panic!("no shader `{name}`, which another one imports");
    };
    let imports = file.lines().next().and_then(|line| line.strip_prefix("// import: ")).unwrap_or("");
    for import in imports.split(", ").filter(|import| !import.is_empty()) {
        join(import, storage, joined, text);
    }
    text.push_str(file);
}
