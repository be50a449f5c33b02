//! The shaders, and the linker that joins them.
//!
//! A shader is a plain WGSL file. Its first line may name the files that it builds on, `// import: lattice, moments`;
//! linking puts each of those before it, once, and theirs before them.

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
    /// One array copied.
    Copy,
    /// Ten arrays copied side by side.
    Fields,
}

impl Kernel {
    /// All kernels.
    pub const ALL: [Self; 8] = [
        Self::Flow,
        Self::Incoming,
        Self::Gauge,
        Self::Openings,
        Self::Accumulate,
        Self::Average,
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
            Self::Copy => "copy",
            Self::Fields => "fields",
        }
    }

    /// The kernel with everything that it builds on, as one WGSL source.
    #[must_use]
    pub fn source(self) -> String {
        let (mut joined, mut text) = (Vec::new(), String::new());
        join(self.name(), &mut joined, &mut text);
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
    "shear"
);

fn join(name: &str, joined: &mut Vec<String>, text: &mut String) {
    if joined.iter().any(|other| other == name) {
        return;
    }
    joined.push(name.to_owned());
    let Some((_, file)) = FILES.iter().find(|(other, _)| *other == name) else {
        panic!("no shader `{name}`, which another one imports");
    };
    let imports = file.lines().next().and_then(|line| line.strip_prefix("// import: ")).unwrap_or("");
    for import in imports.split(", ").filter(|import| !import.is_empty()) {
        join(import, joined, text);
    }
    text.push_str(file);
}
