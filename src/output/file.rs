//! Files that appear only when they are complete.

use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Why a result could not be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The operating system refused: disk full, folder missing, no permission.
    #[error("cannot write {}: {source}{}", path.display(), remedy(source))]
    Io {
        /// File or folder that was to be written.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The caller's arrays do not fit together: a mistake in the program.
    #[error("cannot write {}: {reason}", path.display())]
    Shape {
        /// File that was to be written.
        path: PathBuf,
        /// What does not fit, with the sizes.
        reason: String,
    },
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "; create the folder first",
        io::ErrorKind::StorageFull => "; free some space, or choose another folder with --out",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => "; choose another folder with --out",
        _ => "",
    }
}

impl OutputError {
    /// An I/O error at this path.
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }
}

/// Creates a folder with its parents, if it is not there yet.
///
/// # Errors
/// The system's reason.
pub fn create_folder(path: &Path) -> Result<(), OutputError> {
    fs::create_dir_all(path).map_err(|source| OutputError::io(path, source))
}

/// A file under a temporary name in the folder of its final place. Dropped without [`Atomic::commit`], it vanishes.
pub(crate) struct Atomic {
    path: PathBuf,
    temporary: PathBuf,
    file: Option<BufWriter<File>>,
}

impl Atomic {
    /// Opens the temporary file.
    pub fn create(path: &Path) -> Result<Self, OutputError> {
        let name = path.file_name().ok_or_else(|| {
            OutputError::io(path, io::Error::new(io::ErrorKind::InvalidFilename, "not the name of a file"))
        })?;
        let temporary = path.with_file_name(format!(".{}.{}.part", name.to_string_lossy(), std::process::id()));
        let file = File::create(&temporary).map_err(|source| OutputError::io(path, source))?;
        Ok(Self { path: path.to_owned(), temporary, file: Some(BufWriter::with_capacity(1 << 18, file)) })
    }

    /// Runs `write` on the open file and turns its error into one that names the file.
    pub fn with<T>(&mut self, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<T>) -> Result<T, OutputError> {
        let closed = || io::Error::other("the file is already closed");
        let result = self.file.as_mut().ok_or_else(closed).and_then(write);
        result.map_err(|source| OutputError::io(&self.path, source))
    }

    /// Overwrites bytes written before.
    pub fn patch(&mut self, position: u64, bytes: &[u8]) -> Result<(), OutputError> {
        self.with(|file| {
            let end = file.stream_position()?;
            file.seek(SeekFrom::Start(position))?;
            file.write_all(bytes)?;
            file.seek(SeekFrom::Start(end)).map(|_| ())
        })
    }

    /// Completes the file, waits until it is on the disk, and gives it its name.
    pub fn commit_synced(mut self) -> Result<(), OutputError> {
        self.with(|file| {
            file.flush()?;
            file.get_ref().sync_all()
        })?;
        let folder = self.path.parent().map(Path::to_owned);
        self.commit()?;
        // The name is on the disk once its folder is; not every system lets a folder be opened.
        if let Some(folder) = folder.and_then(|folder| File::open(folder).ok()) {
            let _ = folder.sync_all();
        }
        Ok(())
    }

    /// Completes the file and gives it its name.
    pub fn commit(mut self) -> Result<(), OutputError> {
        self.with(BufWriter::flush)?;
        self.file = None;
        fs::rename(&self.temporary, &self.path).map_err(|source| OutputError::io(&self.path, source))
    }
}

impl Drop for Atomic {
    fn drop(&mut self) {
        if let Some(file) = self.file.take() {
            // Unwritten bytes are of no use any more: close without flushing them.
            drop(file.into_parts());
        }
        // After a commit there is nothing left under this name; a failure to tidy up must not hide the first error.
        let _ = fs::remove_file(&self.temporary);
    }
}

/// Writes a whole file at once.
pub(crate) fn write_all(path: &Path, bytes: &[u8]) -> Result<(), OutputError> {
    let mut file = Atomic::create(path)?;
    file.with(|out| out.write_all(bytes))?;
    file.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_of_an_unfinished_file() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("a.csv");
        let mut file = Atomic::create(&path).expect("created");
        file.with(|out| out.write_all(b"half")).expect("written");
        drop(file);
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 0);
        write_all(&path, b"whole").expect("written");
        write_all(&path, b"again").expect("replaced");
        assert_eq!(fs::read(&path).expect("read"), b"again");
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 1);
    }

    #[test]
    fn errors_name_file_and_reason() {
        let error = write_all(Path::new("/no/such/folder/a.csv"), b"").expect_err("no folder");
        let text = error.to_string();
        assert!(text.contains("/no/such/folder/a.csv") && text.contains("create the folder"), "{text}");
    }
}
