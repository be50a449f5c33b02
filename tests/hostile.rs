//! Readers on files that were damaged on purpose: whatever the bytes, an answer or an error, in bounded time.

#![allow(clippy::unwrap_used, reason = "in a test, that is the failure")]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use perfuse::case::Case;
use perfuse::geometry::labels::{LabelMap, Options};
use perfuse::sweep::file::SweepFile;

#[path = "support/image.rs"]
mod image;

use image::{Image, gzip};

/// What numbers of a text become: the edges of what integers and floats hold, and what is none.
const EXTREMES: [&str; 14] = [
    "-1",
    "0",
    "1e308",
    "-1e308",
    "1e-320",
    "nan",
    "inf",
    "2147483648",
    "4294967295",
    "9223372036854775807",
    "18446744073709551616",
    "99999999999999999999999",
    "",
    "1e",
];

/// What eight bytes of a binary file become.
const WORDS: [u64; 6] = [0, 1 << 31, u64::MAX, 1 << 63, 0x7ff8_0000_0000_0000, 0x7fef_ffff_ffff_ffff];

/// Numbers that follow from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }

    /// One to four damages, one upon the other.
    fn damage(&mut self, good: &[u8], other: &[u8]) -> Vec<u8> {
        let mut bytes = good.to_vec();
        for _ in 0..=self.below(4) {
            self.damage_once(&mut bytes, other);
        }
        bytes
    }

    fn damage_once(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(bytes.len());
        match self.below(9) {
            0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
            6 if at < bytes.len() => {
                bytes[at] = [self.below(256) as u8, b'9', b'-', 0, 255, b' ', b'\n'][self.below(7)]
            }
            1 => bytes.truncate(at),
            2 => {
                let end = (at + self.below(200)).min(bytes.len());
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
            3 => {
                bytes.drain(at..(at + self.below(60)).min(bytes.len()));
            }
            4 => {
                let from = self.below(other.len());
                let piece = &other[from..(from + self.below(200)).min(other.len())];
                bytes.splice(at..at, piece.iter().copied());
            }
            5 => {
                let word = WORDS[self.below(WORDS.len())].to_le_bytes();
                for (to, byte) in bytes.iter_mut().skip(at).zip(word).take([2, 4, 8][self.below(3)]) {
                    *to = byte;
                }
            }
            _ => self.damage_number(bytes, at),
        }
    }

    /// The next number of a text after `at` becomes an extreme one.
    fn damage_number(&mut self, bytes: &mut Vec<u8>, at: usize) {
        let is_number = |b: &u8| b.is_ascii_digit() || b"+-.eE".contains(b);
        let Some(start) = bytes[at..].iter().position(u8::is_ascii_digit).map(|k| at + k) else { return };
        let length = bytes[start..].iter().take_while(|b| is_number(b)).count();
        bytes.splice(start..start + length, EXTREMES[self.below(EXTREMES.len())].bytes());
    }
}

/// Damaged files a kind: `PERFUSE_FUZZ`, or 400 of each file and 3,000 at least.
fn times(files: usize) -> usize {
    std::env::var("PERFUSE_FUZZ").map_or((400 * files).max(3_000), |n| n.parse().unwrap())
}

/// Damages the files of a kind in turn; `read` must neither panic nor take long. Damaged texts and surfaces are small, so
/// that seconds mean a loop over what a header promises.
fn survive(kind: &str, corpus: &[Vec<u8>], mut read: impl FnMut(&[u8]) -> bool) {
    let (mut random, mut accepted, mut slowest) = (Random(1), 0, Duration::ZERO);
    let times = times(corpus.len());
    for k in 0..times {
        let other = random.below(corpus.len());
        let bytes = random.damage(&corpus[k % corpus.len()], &corpus[other]);
        let start = Instant::now();
        let answer = catch_unwind(AssertUnwindSafe(|| read(&bytes)));
        slowest = slowest.max(start.elapsed());
        let Ok(answer) = answer else {
            let path = std::env::temp_dir().join(format!("perfuse_hostile_{kind}_{k}"));
            fs::write(&path, &bytes).unwrap();
            panic!("{kind}: damage {k} makes the reader panic; the file is {}", path.display());
        };
        accepted += usize::from(answer);
    }
    println!("{kind}: {times} damaged files, {accepted} accepted, slowest {:.0} ms", slowest.as_secs_f64() * 1e3);
    assert!(slowest < Duration::from_secs(20), "{kind}: {slowest:?} for a file of a few kilobytes");
    assert!(accepted < times, "{kind}: no damage was noticed");
}

/// The files with an extension in a folder of the project.
fn corpus(folder: &str, extension: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == extension));
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

fn survive_surface(extension: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("damaged.{extension}"));
    survive(extension, &corpus("tests/files/surfaces", extension), |bytes| {
        fs::write(&path, bytes).unwrap();
        perfuse::geometry::formats::read(&path, 1e-3).is_ok()
    });
}

#[test]
fn damaged_surfaces() {
    for extension in ["obj", "stl", "vtp", "vtk"] {
        survive_surface(extension);
    }
}

fn survive_labels(name: &str, corpus: &[Vec<u8>]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    survive(name, corpus, |bytes| {
        fs::write(&path, bytes).unwrap();
        LabelMap::read(&path, 1e-3).is_ok_and(|map| map.surface(&Options::default()).is_ok())
    });
}

#[test]
fn damaged_label_maps() {
    // From side to side of its image, so that it is a vessel.
    let tube = Image::new([12, 12, 10], [0.5, 0.5, 0.8], ([0.0; 3], 0.0), |p| {
        u8::from(image::apart(p, [3.0, 3.0, -9.0], [3.0, 3.0, 19.0]) < 1.8)
    });
    survive_labels("damaged.nii", &[tube.nifti()]);
    survive_labels("damaged.nii.gz", &[gzip(&tube.nifti())]);
    survive_labels("damaged.mha", &[tube.meta()]);
}

#[test]
fn damaged_cases_and_sweeps() {
    let path = Path::new("damaged.toml");
    survive("case", &corpus("cases", "toml"), |bytes| {
        let text = String::from_utf8_lossy(bytes);
        Case::parse(path, &text, &[]).is_ok_and(|case| case.validate().is_ok())
    });
    survive("sweep", &corpus("docs/examples", "toml"), |bytes| {
        SweepFile::parse(path, &String::from_utf8_lossy(bytes)).is_ok()
    });
}
