//! The files that a case is read from, with what they held when the run began.

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::identity::hex;
use crate::case::{Case, Condition};
use crate::geometry::labels::voxel_file;

/// A file that a case names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Key that names it.
    pub key: String,
    /// Where it is.
    pub path: PathBuf,
    /// SHA-256 of its content in hexadecimal digits; none where it could not be read.
    pub sha256: Option<String>,
}

/// All files of a case but the case itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// The surface's files.
    pub surfaces: Vec<Input>,
    /// Waveforms.
    pub waveforms: Vec<Input>,
}

impl Inputs {
    /// The files of a case as they are now. What cannot be found is left out: whoever reads it reports it.
    #[must_use]
    pub fn of(case: &Case) -> Self {
        let surface = |path: PathBuf| Input::new("geometry.surface".into(), path);
        let beside = case.source.path().parent().unwrap_or(Path::new(""));
        let data = std::env::var_os("PERFUSE_DATA").map(PathBuf::from);
        let wave = |opening: &crate::case::Opening| {
            let (key, spec) = match &opening.condition {
                Condition::Waveform(spec) => ("waveform", spec.get_ref()),
                Condition::Coronary(bed) => ("coronary.intramyocardial", &bed.get_ref().intramyocardial),
                _ => return None,
            };
            let path = spec.find(beside, data.as_deref()).ok()?;
            Some(Input::new(format!("opening.{}.{key}", opening.name.get_ref()), path))
        };
        let mut surfaces = case.surface_paths().unwrap_or_default();
        surfaces.extend(surfaces.iter().filter_map(|path| voxel_file(path)).collect::<Vec<_>>());
        Self {
            surfaces: surfaces.into_iter().map(surface).collect(),
            waveforms: case.openings.iter().filter_map(wave).collect(),
        }
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Input> {
        self.surfaces.iter().chain(&self.waveforms)
    }

    /// Names of the files that no longer hold what they held.
    #[must_use]
    pub fn changed(&self) -> Vec<String> {
        let changed = |input: &&Input| hash_of(&input.path).ok() != input.sha256;
        self.all().filter(changed).map(Input::name).collect()
    }
}

impl Input {
    fn new(key: String, path: PathBuf) -> Self {
        let sha256 = hash_of(&path).ok();
        Self { key, path, sha256 }
    }

    /// The file's name without its folders, which may tell whose it is.
    #[must_use]
    pub fn name(&self) -> String {
        self.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }
}

/// SHA-256 of a file.
fn hash_of(path: &Path) -> io::Result<String> {
    let (mut file, mut hash) = (std::fs::File::open(path)?, Hashing(Sha256::new()));
    io::copy(&mut file, &mut hash)?;
    Ok(hex(&hash.0.finalize()))
}

/// A hash that can be written to.
struct Hashing(Sha256);

impl io::Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// SHA-256 of some bytes in hexadecimal digits.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
