//! The voxels of a file as a stream of values, turned into runs of equal labels.
//!
//! A label map is mostly long runs of one value along x, so runs take a hundredth of its memory, and memory grows with
//! what a file delivers, never with what its header promises. Deflate expands by 1032 at most, so that a header which
//! promises more is refused before anything is read.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::read::{MultiGzDecoder, ZlibDecoder};

use super::error::Problem;

/// More distinct values than these are intensities.
const MOST_LABELS: usize = 1024;
/// More runs than these (800 MB of them) are noise.
const MOST_RUNS: usize = 50_000_000;
/// Most bytes that a byte of a compressed file stands for.
const EXPANSION: u128 = 1032;
/// Bytes read at a time; whole numbers of any type.
const CHUNK: usize = 1 << 16;

/// Type of the values of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
}

impl Kind {
    /// Bytes of one value.
    pub fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }

    /// The value in `bytes`, as many as [`Kind::size`]; integers beyond 2^53 are rounded.
    pub fn value(self, bytes: &[u8], big: bool) -> f64 {
        let mut word = [0; 8];
        let size = self.size();
        word[..size].copy_from_slice(bytes);
        if big {
            word[..size].reverse();
        }
        let bits = u64::from_le_bytes(word);
        match self {
            Self::I8 => f64::from(bits as u8 as i8),
            Self::U8 | Self::U16 | Self::U32 | Self::U64 => bits as f64,
            Self::I16 => f64::from(bits as u16 as i16),
            Self::I32 => f64::from(bits as u32 as i32),
            Self::I64 => bits as i64 as f64,
            Self::F32 => f64::from(f32::from_bits(bits as u32)),
            Self::F64 => f64::from_bits(bits),
        }
    }
}

/// How a file packs its voxels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// As they are.
    Raw,
    /// The whole file is a gzip stream; `offset` counts in what comes out of it.
    Gzip,
    /// The voxels are a zlib stream that begins at `offset`.
    Zlib,
}

/// Where and how the voxels lie in a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub size: [u64; 3],
    pub kind: Kind,
    pub big: bool,
    pub offset: u64,
    pub packing: Packing,
    /// Value = slope x stored + intercept.
    pub slope: f64,
    pub intercept: f64,
}

/// Voxels of one label in a row along x.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Number of the first voxel, x fastest.
    pub start: u64,
    pub length: u32,
    /// Index into the labels; runs of 0 are left out.
    pub label: u32,
}

/// The labels of a file, and where they are.
#[derive(Debug, Default)]
pub(super) struct Runs {
    /// Values with the number of their voxels, in order of appearance.
    pub labels: Vec<(i64, u64)>,
    pub runs: Vec<Run>,
}

impl Layout {
    fn promised(&self) -> u128 {
        self.size.iter().map(|&n| u128::from(n)).product::<u128>() * self.kind.size() as u128
    }

    fn truncated(&self, present: String) -> Problem {
        let [x, y, z] = self.size;
        let bytes = self.kind.size();
        let shape = format!("{x} x {y} x {z} voxels of {bytes} {}", if bytes == 1 { "byte" } else { "bytes" });
        Problem::Truncated { promised: self.promised(), shape, present }
    }

    /// Reads the voxels of the file.
    pub fn read(&self, path: &Path) -> Result<Runs, Problem> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let room = match self.packing {
            Packing::Gzip => u128::from(length) * EXPANSION,
            Packing::Zlib => u128::from(length.saturating_sub(self.offset)) * EXPANSION,
            Packing::Raw => u128::from(length.saturating_sub(self.offset)),
        };
        if self.promised() > room {
            let bound = if self.packing == Packing::Raw { "" } else { "at most " };
            return Err(self.truncated(format!("{bound}{room}")));
        }
        match self.packing {
            Packing::Gzip => {
                let mut stream = MultiGzDecoder::new(BufReader::new(file));
                let skipped = io::copy(&mut stream.by_ref().take(self.offset), &mut io::sink());
                skipped.map_err(|e| damaged(&e, 0))?;
                self.runs(stream)
            }
            Packing::Zlib => {
                file.seek(SeekFrom::Start(self.offset))?;
                self.runs(ZlibDecoder::new(BufReader::new(file)))
            }
            Packing::Raw => {
                file.seek(SeekFrom::Start(self.offset))?;
                self.runs(file)
            }
        }
    }

    fn runs(&self, mut stream: impl Read) -> Result<Runs, Problem> {
        let (promised, size) = (self.promised(), self.kind.size());
        let mut gather = Gather::new(self.size);
        let mut chunk = vec![0; CHUNK];
        let mut present: u128 = 0;
        while present < promised {
            let want = CHUNK.min((promised - present).min(CHUNK as u128) as usize);
            let got = fill(&mut stream, &mut chunk[..want]).map_err(|e| damaged(&e, present as u64))?;
            present += got as u128;
            if got < want {
                return Err(self.truncated(present.to_string()));
            }
            let mut last: (&[u8], u32) = (&[], 0);
            for bytes in chunk[..got].chunks_exact(size) {
                if bytes != last.0 {
                    last = (bytes, gather.label(self.slope * self.kind.value(bytes, self.big) + self.intercept)?);
                }
                gather.push(last.1)?;
            }
        }
        gather.close()?;
        Ok(gather.found)
    }
}

/// Reads until the buffer is full or the stream ends.
fn fill(stream: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while got < buffer.len() {
        match stream.read(&mut buffer[got..]) {
            Ok(0) => break,
            Ok(count) => got += count,
            // A stream that is cut off ends here; how much came is what counts.
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => break,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(got)
}

fn damaged(error: &io::Error, present: u64) -> Problem {
    match error.kind() {
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            Problem::Damaged { present, reason: error.to_string() }
        }
        kind => Problem::Unreadable(io::Error::new(kind, error.to_string())),
    }
}

/// Gathers runs while voxels come in.
struct Gather {
    size: [u64; 3],
    found: Runs,
    index: HashMap<i64, u32>,
    at: u64,
    x: u64,
    /// The open run: first voxel and label plus one, 0 for the background.
    open: (u64, u32),
}

impl Gather {
    fn new(size: [u64; 3]) -> Self {
        Self { size, found: Runs::default(), index: HashMap::new(), at: 0, x: 0, open: (0, 0) }
    }

    /// Number of a value among the labels, plus one; 0 for the background.
    fn label(&mut self, value: f64) -> Result<u32, Problem> {
        let whole = value.round();
        if (value - whole).abs() > 1e-4 || whole.abs() > 9e15 || value.is_nan() {
            return Err(self.intensities(format!("it has the value {value}")));
        }
        if whole == 0.0 {
            return Ok(0);
        }
        let label = whole as i64;
        let next = self.found.labels.len();
        let number = *self.index.entry(label).or_insert(next as u32);
        if number as usize == next {
            if next == MOST_LABELS {
                return Err(self.intensities(format!("it has more than {MOST_LABELS} different values")));
            }
            self.found.labels.push((label, 0));
        }
        Ok(number + 1)
    }

    fn intensities(&self, found: String) -> Problem {
        let [nx, ny, _] = self.size;
        Problem::Intensities { found, voxel: [self.x, self.at / nx % ny, self.at / nx / ny] }
    }

    fn push(&mut self, label: u32) -> Result<(), Problem> {
        if label != self.open.1 || self.x == 0 {
            self.close()?;
            self.open = (self.at, label);
        }
        self.at += 1;
        self.x = if self.x + 1 == self.size[0] { 0 } else { self.x + 1 };
        Ok(())
    }

    fn close(&mut self) -> Result<(), Problem> {
        let (start, label) = self.open;
        if label > 0 && self.at > start {
            let (label, length) = (label - 1, (self.at - start) as u32);
            self.found.labels[label as usize].1 += u64::from(length);
            self.found.runs.push(Run { start, length, label });
            if self.found.runs.len() > MOST_RUNS {
                return Err(Problem::Noise(self.found.runs.len()));
            }
        }
        Ok(())
    }
}
