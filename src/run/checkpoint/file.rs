//! The file of a checkpoint: a line that says what it is, a number for the format, a header in JSON with its length, raw
//! arrays, and the SHA-256 of all that.
//!
//! The whole file is read once for its hash before anything in it is believed; nothing is allocated by what it says.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::identity::Identity;
use super::{Head, ResumeError, Shots};
use crate::backend::Flow;
use crate::backend::saved::{SaveError, Saved};
use crate::output::OutputError;
use crate::output::file::Atomic;
use crate::run::RunError;
use crate::run::wall::WallLoad;

/// First bytes of the file, the number of the format included.
const MAGIC: &[u8; 24] = b"perfuse checkpoint 1\n\0\0\0";

/// Bytes of the hash at the end.
const HASH: u64 = 32;

/// Bytes of a piece that is hashed.
const PIECE: usize = 1 << 20;

/// What comes before the arrays.
#[derive(Serialize, Deserialize)]
struct Header {
    identity: Identity,
    head: Head,
    flow: Saved,
    /// Snapshots written, by number and time.
    written: Vec<(usize, f64)>,
    /// Loads of the wall taken so far: name, time, vertices.
    loads: Vec<Option<(String, f64, usize)>>,
}

/// Passes on what is written, and hashes it.
struct Hashed<'w, W> {
    out: &'w mut W,
    hash: Sha256,
}

impl<W: Write> Write for Hashed<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Writes a checkpoint; returns its bytes.
///
/// # Errors
/// [`RunError::Output`] with the system's reason, after which there is no file; [`RunError::Backend`] when the device
/// fails.
pub(super) fn write(
    path: &Path,
    identity: &Identity,
    head: &Head,
    flow: &mut Flow,
    shots: &Shots,
) -> Result<u64, RunError> {
    let saved = flow.saved()?;
    let load = |load: &WallLoad| (load.name.clone(), load.time, load.pressure.len());
    let header = HeaderRef {
        identity,
        head,
        flow: &saved,
        written: &shots.written,
        loads: shots.loads.iter().map(|l| l.as_ref().map(load)).collect(),
    };
    let mut file = Atomic::create(path)?;
    let mut failed = None;
    let bytes = file.with(|out| {
        let header = serde_json::to_vec(&header)?;
        let mut out = Hashed { out, hash: Sha256::new() };
        out.write_all(MAGIC)?;
        out.write_all(&(header.len() as u64).to_le_bytes())?;
        out.write_all(&header)?;
        match flow.write_arrays(&mut out) {
            Ok(()) => {}
            Err(SaveError::Io(error)) => return Err(error),
            Err(SaveError::Backend(error)) => failed = Some(error),
            Err(other) => return Err(io::Error::other(other)),
        }
        for load in shots.loads.iter().flatten() {
            out.write_all(bytemuck::cast_slice(&load.pressure))?;
            out.write_all(bytemuck::cast_slice(&load.shear))?;
        }
        let Hashed { out, hash } = out;
        out.write_all(&hash.finalize())?;
        out.stream_position()
    })?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    file.commit_synced()?;
    Ok(bytes)
}

/// [`Header`] as it is written.
#[derive(Serialize)]
struct HeaderRef<'a> {
    identity: &'a Identity,
    head: &'a Head,
    flow: &'a Saved,
    written: &'a [(usize, f64)],
    loads: Vec<Option<(String, f64, usize)>>,
}

/// A checkpoint whose hash is right.
pub struct Checkpoint {
    path: PathBuf,
    header: Header,
    arrays: BufReader<io::Take<File>>,
}

impl Checkpoint {
    /// Opens a checkpoint and checks its hash.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        let mut file = File::open(path).map_err(|error| error.to_string())?;
        let length = file.metadata().map_err(|error| error.to_string())?.len();
        let before = MAGIC.len() as u64 + 8;
        let Some(content) = length.checked_sub(HASH).filter(|content| *content >= before) else {
            return Err(format!("its {length} bytes are too few"));
        };
        verify(&mut file, content)?;
        let mut start = [0u8; MAGIC.len() + 8];
        let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.read_exact(&mut start));
        read.map_err(|error| error.to_string())?;
        let (magic, size) = start.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err("it is no checkpoint of this format".to_owned());
        }
        let size = u64::from_le_bytes(std::array::from_fn(|k| size[k]));
        if size > content - before {
            return Err(format!("its header is said to have {size} bytes"));
        }
        let mut text = vec![0u8; size as usize];
        file.read_exact(&mut text).map_err(|error| error.to_string())?;
        let header: Header = serde_json::from_slice(&text).map_err(|error| format!("its header: {error}"))?;
        let bytes_of = |count: usize| 32u64.saturating_mul(count as u64);
        let loads = header.loads.iter().flatten().fold(0u64, |sum, load| sum.saturating_add(bytes_of(load.2)));
        let left = content - before - size;
        if header.flow.len as u64 > left || header.flow.array_bytes().saturating_add(loads) != left {
            return Err(format!("its arrays have {left} bytes"));
        }
        Ok(Self { path: path.to_owned(), header, arrays: BufReader::with_capacity(PIECE, file.take(left)) })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the run was.
    pub(in crate::run) fn head(&self) -> &Head {
        &self.header.head
    }

    /// What it belongs to.
    pub(super) fn identity(&self) -> &Identity {
        &self.header.identity
    }

    /// The error that it is not what a run can go on from.
    pub(in crate::run) fn unfit(&self, difference: &str) -> RunError {
        ResumeError::Other { path: self.path.clone(), difference: difference.to_owned() }.into()
    }

    /// Puts a flow where it was, and returns the snapshots that there were.
    pub(in crate::run) fn restore(mut self, flow: &mut Flow) -> Result<Shots, RunError> {
        let result = flow.restore(&self.header.flow, &mut self.arrays);
        let path = self.path.clone();
        result.map_err(|error| match error {
            SaveError::Backend(error) => RunError::Backend(error),
            SaveError::Io(source) => OutputError::io(&path, source).into(),
            other => OutputError::io(&path, io::Error::other(other)).into(),
        })?;
        let mut loads = Vec::new();
        for load in std::mem::take(&mut self.header.loads) {
            loads.push(load.map(|load| self.load(load)).transpose().map_err(|source| OutputError::io(&path, source))?);
        }
        Ok(Shots { written: self.header.written, loads })
    }

    fn load(&mut self, (name, time, count): (String, f64, usize)) -> io::Result<WallLoad> {
        let (mut pressure, mut shear) = (vec![0.0f64; count], vec![[0.0f64; 3]; count]);
        self.arrays.read_exact(bytemuck::cast_slice_mut(&mut pressure))?;
        self.arrays.read_exact(bytemuck::cast_slice_mut(&mut shear))?;
        Ok(WallLoad { name, time, pressure, shear })
    }
}

/// Compares the hash at the end with that of the first `content` bytes.
fn verify(file: &mut File, content: u64) -> Result<(), String> {
    let (mut hash, mut piece, mut left) = (Sha256::new(), vec![0u8; PIECE], content);
    while left > 0 {
        let size = left.min(PIECE as u64) as usize;
        file.read_exact(&mut piece[..size]).map_err(|error| error.to_string())?;
        hash.update(&piece[..size]);
        left -= size as u64;
    }
    let mut kept = [0u8; HASH as usize];
    file.read_exact(&mut kept).map_err(|error| error.to_string())?;
    if hash.finalize()[..] == kept { Ok(()) } else { Err("its content does not have the hash at its end".to_owned()) }
}
