//! The folder of a sweep: a folder a run under its final name once it is complete, and nothing half-written there ever.
//!
//! A run is claimed by a lock on `locks/NAME` (the system's own, which ends with the process that holds it, however that
//! ends), written to `runs/.NAME.part`, brought to the disk, and then renamed to `runs/NAME`. Whoever holds the lock owns
//! the temporary folder: what a killed process left there is removed. So any number of processes may work on one folder,
//! on one machine or on several that share a file system with locks, and no run is done twice.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::SweepError;
use crate::output::{OutputError, create_folder, write_file};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// With its numbers.
    Done,
    /// With numbers of a flow that is not steady or periodic.
    Unsettled,
    /// Without numbers.
    Failed,
    /// Not at all so far.
    Missing,
}

impl RunStatus {
    /// The word in tables.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Unsettled => "unsettled",
            Self::Failed => "failed",
            Self::Missing => "missing",
        }
    }
}

/// What a sweep remembers of a run beside its results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// How it ended.
    pub status: RunStatus,
    /// Why it is not done.
    pub message: Option<String>,
    /// Seconds that it took.
    pub seconds: f64,
    /// Name of the run that it started from.
    pub started_from: Option<String>,
    /// Its keys with their values.
    pub parameters: std::collections::BTreeMap<String, String>,
}

/// File of a record in the folder of its run.
const RECORD: &str = "run.json";

/// File that says whose folder it is.
const OWNER: &str = "sweep.json";

/// The folder of a sweep.
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
}

/// A run that this process may do, until dropped.
pub struct Claim {
    name: String,
    lock: File,
    path: PathBuf,
}

/// What came of asking for a run.
pub enum Asked {
    /// It is there already.
    There,
    /// Another process does it.
    Taken,
    /// It is ours.
    Ours(Claim),
}

impl Folder {
    /// Whether a folder may be that of a sweep of this name and case: it is, or it is empty or not there.
    ///
    /// # Errors
    /// [`SweepError::OtherFolder`] if it is not empty and another's.
    pub fn check(root: &Path, sweep: &str, case: &str) -> Result<(), SweepError> {
        let owner = root.join(OWNER);
        let other = |reason: String| SweepError::OtherFolder { reason };
        match fs::read_to_string(&owner) {
            Ok(text) => {
                let found: Value = serde_json::from_str(&text).unwrap_or_default();
                let word = |key: &str| found[key].as_str().unwrap_or("?").to_owned();
                if word("sweep") != sweep || word("case") != case {
                    return Err(other(format!(
                        "{} holds the results of the sweep `{}` (case `{}`), and this is the sweep `{sweep}` (case \
                         `{case}`)",
                        root.display(),
                        word("sweep"),
                        word("case")
                    )));
                }
            }
            Err(_) => {
                let mut entries = fs::read_dir(root).into_iter().flatten().flatten();
                if let Some(entry) = entries.next() {
                    let first = entry.file_name().to_string_lossy().into_owned();
                    return Err(other(format!("{} is not empty and holds no sweep (`{first}`)", root.display())));
                }
            }
        }
        Ok(())
    }

    /// The folder of a sweep of this name and case; made where it is not there.
    ///
    /// # Errors
    /// [`SweepError::OtherFolder`] if it is not empty and another's; [`SweepError::Output`] if it cannot be made.
    pub fn open(root: &Path, sweep: &str, case: &str) -> Result<Self, SweepError> {
        Self::check(root, sweep, case)?;
        let (folder, owner) = (Self { root: root.to_owned() }, root.join(OWNER));
        if !owner.is_file() {
            create_folder(root)?;
            let text = format!("{:#}\n", json!({ "sweep": sweep, "case": case, "perfuse": env!("CARGO_PKG_VERSION") }));
            write_file(&owner, text.as_bytes())?;
        }
        for part in ["runs", "locks"] {
            create_folder(&root.join(part))?;
        }
        Ok(folder)
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a finished run is.
    #[must_use]
    pub fn run(&self, name: &str) -> PathBuf {
        self.root.join("runs").join(name)
    }

    fn part(&self, name: &str) -> PathBuf {
        self.root.join("runs").join(format!(".{name}.part"))
    }

    /// The record of a finished run.
    #[must_use]
    pub fn record(&self, name: &str) -> Option<Record> {
        let text = fs::read_to_string(self.run(name).join(RECORD)).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// The numbers of a finished run.
    #[must_use]
    pub fn summary(&self, name: &str) -> Option<Value> {
        let text = fs::read_to_string(self.run(name).join("summary.json")).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Asks for a run.
    ///
    /// # Errors
    /// [`OutputError`] if the lock cannot be made or what was left behind cannot be removed.
    pub fn claim(&self, name: &str) -> Result<Asked, OutputError> {
        if self.run(name).is_dir() {
            return Ok(Asked::There);
        }
        let Some(claim) = self.lock(name)? else { return Ok(Asked::Taken) };
        // It may have been finished between the first look and the lock.
        if self.run(name).is_dir() {
            claim.release();
            return Ok(Asked::There);
        }
        remove(&self.part(name))?;
        Ok(Asked::Ours(claim))
    }

    /// The lock of a run; none where another process has it.
    fn lock(&self, name: &str) -> Result<Option<Claim>, OutputError> {
        let path = self.root.join("locks").join(name);
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|source| OutputError::io(&path, source))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Claim { name: name.to_owned(), lock, path })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(OutputError::io(&path, source)),
        }
    }

    /// Where the files of a claimed run go.
    #[must_use]
    pub fn work(&self, claim: &Claim) -> PathBuf {
        self.part(&claim.name)
    }

    /// Gives a claimed run its record and its final name.
    ///
    /// # Errors
    /// [`OutputError`] with the system's reason; the run is then not there.
    pub fn finish(&self, claim: Claim, record: &Record) -> Result<(), OutputError> {
        let part = self.part(&claim.name);
        create_folder(&part)?;
        let path = part.join(RECORD);
        let text = serde_json::to_string_pretty(record).map_err(|error| OutputError::io(&path, error.into()))?;
        write_file(&path, (text + "\n").as_bytes())?;
        sync(&part)?;
        let last = self.run(&claim.name);
        fs::rename(&part, &last).map_err(|source| OutputError::io(&last, source))?;
        sync_one(&self.root.join("runs"))?;
        claim.release();
        Ok(())
    }

    /// Drops a claimed run and what was written of it.
    ///
    /// # Errors
    /// [`OutputError`] with the system's reason.
    pub fn abandon(&self, claim: Claim) -> Result<(), OutputError> {
        let removed = remove(&self.part(&claim.name));
        drop(claim);
        removed
    }

    /// Removes a finished run, for it to be done again; leaves it where another process is about to.
    ///
    /// # Errors
    /// [`OutputError`] with the system's reason.
    pub fn forget(&self, name: &str) -> Result<(), OutputError> {
        let Some(claim) = self.lock(name)? else { return Ok(()) };
        let (last, part) = (self.run(name), self.part(name));
        remove(&part)?;
        // Under its final name a run is whole or not there: it loses the name first.
        match fs::rename(&last, &part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(OutputError::io(&last, error)),
            _ => {}
        }
        let removed = remove(&part);
        drop(claim);
        removed
    }
}

impl Claim {
    /// Removes the lock of a run that is there: nobody will ask for it again.
    fn release(self) {
        // A lock file that stays is no more than clutter.
        let _ = fs::remove_file(&self.path);
        let _ = self.lock.unlock();
    }
}

fn remove(path: &Path) -> Result<(), OutputError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(OutputError::io(path, error)),
        _ => Ok(()),
    }
}

/// Brings a folder and all that is in it to the disk.
fn sync(folder: &Path) -> Result<(), OutputError> {
    let entries = fs::read_dir(folder).map_err(|source| OutputError::io(folder, source))?;
    for entry in entries {
        let path = entry.map_err(|source| OutputError::io(folder, source))?.path();
        if path.is_dir() { sync(&path)? } else { sync_one(&path)? }
    }
    sync_one(folder)
}

#[cfg(unix)]
fn sync_one(path: &Path) -> Result<(), OutputError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|source| OutputError::io(path, source))
}

/// Elsewhere a folder cannot be brought to the disk, and a file only by who writes it.
#[cfg(not(unix))]
fn sync_one(_: &Path) -> Result<(), OutputError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let parameters = [("a".to_owned(), "1 mm".to_owned())].into();
        Record { status: RunStatus::Done, message: None, seconds: 1.0, started_from: None, parameters }
    }

    #[test]
    fn one_claim_at_a_time_and_what_was_left_is_removed() {
        let root = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
        let open = || Folder::open(root.path(), "flow", "tube").unwrap_or_else(|e| panic!("{e}"));
        let (a, b) = (open(), open());
        fs::create_dir_all(root.path().join("runs/.1.part/fluid")).unwrap_or_else(|e| panic!("{e}"));
        let Ok(Asked::Ours(claim)) = a.claim("1") else { panic!("not claimed") };
        assert!(!a.work(&claim).exists(), "left by a killed process");
        assert!(matches!(b.claim("1"), Ok(Asked::Taken)));
        drop(claim);
        let Ok(Asked::Ours(claim)) = b.claim("1") else { panic!("not claimed again") };
        create_folder(&b.work(&claim)).unwrap_or_else(|e| panic!("{e}"));
        assert!(a.record("1").is_none());
        b.finish(claim, &record()).unwrap_or_else(|e| panic!("{e}"));
        assert!(matches!(a.claim("1"), Ok(Asked::There)));
        assert_eq!(a.record("1"), Some(record()));
        assert_eq!(fs::read_dir(root.path().join("locks")).map_or(9, Iterator::count), 0, "no lock stays");
        a.forget("1").unwrap_or_else(|e| panic!("{e}"));
        assert!(matches!(b.claim("1"), Ok(Asked::Ours(_))));
    }

    #[test]
    fn folders_of_others_are_refused() {
        let root = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
        let open = |sweep| Folder::open(root.path(), sweep, "tube").err().map(|e| e.to_string());
        assert_eq!(open("flow"), None);
        assert_eq!(open("flow"), None);
        let shown = root.path().display();
        let expected = format!(
            "{shown} holds the results of the sweep `flow` (case `tube`), and this is the sweep `severity` (case `tube`); \
             choose another folder with --out"
        );
        assert_eq!(open("severity"), Some(expected));
        let other = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
        fs::write(other.path().join("notes.txt"), "").unwrap_or_else(|e| panic!("{e}"));
        let error = Folder::open(other.path(), "flow", "tube").err().map(|e| e.to_string()).unwrap_or_default();
        assert!(error.contains("is not empty and holds no sweep (`notes.txt`)"), "{error}");
    }
}
