//! One run a folder: a lock that the system lets go of when the run ends, however it ends.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use crate::output::{OutputError, create_folder};

/// Name of the file that is locked.
const NAME: &str = ".lock";

/// Folders of the results in which a run that died may have left half a file.
const FOLDERS: [&str; 5] = ["", "fluid", "surface", "wall", super::checkpoint::FOLDER];

/// Another run writes to the folder.
#[derive(Debug, thiserror::Error)]
#[error("another run is writing to {}: wait until it has ended, or choose another folder with --out", folder.display())]
pub struct Busy {
    folder: PathBuf,
}

/// The right to write to a folder.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "the file is locked as long as it is open")] File);

impl Lock {
    /// Makes the folder, if it is not there yet, locks it, and removes what a run that died left half written.
    ///
    /// # Errors
    /// [`super::RunError::Output`] when the folder cannot be written to, [`super::RunError::Busy`] when another run does.
    pub fn take(folder: &Path) -> Result<Self, super::RunError> {
        create_folder(folder)?;
        let path = folder.join(NAME);
        let file = File::options().create(true).append(true).open(&path);
        let file = file.map_err(|source| OutputError::io(&path, source))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(Busy { folder: folder.to_owned() }.into()),
            // A file system without locks: two runs are then not told from one.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        for part in FOLDERS.iter().flat_map(|name| parts(&folder.join(name))) {
            let _ = fs::remove_file(part);
        }
        Ok(Self(file))
    }
}

/// Files under temporary names in a folder.
fn parts(folder: &Path) -> Vec<PathBuf> {
    let hidden = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let part = |path: &PathBuf| hidden(path) && path.extension().is_some_and(|extension| extension == "part");
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).filter(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_run_a_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let results = folder.path().join("results");
        fs::create_dir_all(results.join("fluid")).expect("a folder");
        fs::write(results.join("fluid/.fluid_0000.vti.77.part"), "half").expect("written");
        fs::write(results.join("fluid/own.part"), "of the user").expect("written");
        let first = Lock::take(&results).expect("a lock");
        assert!(!results.join("fluid/.fluid_0000.vti.77.part").exists() && results.join("fluid/own.part").exists());
        let second = Lock::take(&results).expect_err("it is locked");
        assert!(second.to_string().contains("another run is writing"), "{second}");
        drop(first);
        Lock::take(&results).expect("it is free again");
    }
}
