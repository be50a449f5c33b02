//! NIfTI-1 and NIfTI-2 headers (Cox et al., Human Brain Mapping 10, 2004; nifti.nimh.nih.gov), in one file with the voxels.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use nalgebra::Vector3;

use super::error::Problem;
use super::map::Frame;
use super::source::{Kind, Layout, Packing};

/// A header: its bytes, byte order and version.
struct Header {
    bytes: Vec<u8>,
    big: bool,
    second: bool,
}

/// Reads the header of a file; `unit` (m) is that of a header that names none.
pub(super) fn header(path: &Path, unit: f64) -> Result<(Layout, Frame), Problem> {
    let mut magic = Vec::new();
    File::open(path)?.take(2).read_to_end(&mut magic)?;
    let packing = if magic == [0x1f, 0x8b] { Packing::Gzip } else { Packing::Raw };
    let mut bytes = Vec::new();
    let file = BufReader::new(File::open(path)?);
    let got = match packing {
        Packing::Gzip => MultiGzDecoder::new(file).take(540).read_to_end(&mut bytes),
        _ => file.take(540).read_to_end(&mut bytes),
    };
    if let Err(error) = got
        && bytes.len() < 348
    {
        let present = bytes.len() as u64;
        return Err(Problem::Damaged { present, reason: error.to_string() });
    }
    let header = Header::new(bytes)?;
    Ok((header.layout(packing)?, header.frame(unit)?))
}

impl Header {
    fn new(bytes: Vec<u8>) -> Result<Self, Problem> {
        let first: [u8; 4] = bytes.get(..4).and_then(|b| b.try_into().ok()).unwrap_or_default();
        let (little, big) = (i32::from_le_bytes(first), i32::from_be_bytes(first));
        let (second, big) = match (little, big) {
            (348, _) => (false, false),
            (_, 348) => (false, true),
            (540, _) => (true, false),
            (_, 540) => (true, true),
            _ => {
                let what = format!("the header's size is {little}, but NIfTI has 348 or 540: this is no NIfTI file");
                return Err(Problem::header("sizeof_hdr, byte 0", what));
            }
        };
        let needed = if second { 540 } else { 348 };
        if bytes.len() < needed {
            let what = format!(
                "{} of {needed} bytes of the header are there: the file is cut off, copy it again",
                bytes.len()
            );
            return Err(Problem::header("header", what));
        }
        let at = if second { 4 } else { 344 };
        if &bytes[at..at + 2] != b"n+" {
            let what = "the voxels are not in this file (`n+1` or `n+2` expected): save it as one .nii file";
            return Err(Problem::header(format!("magic, byte {at}"), what));
        }
        Ok(Self { bytes, big, second })
    }

    fn value(&self, kind: Kind, at: usize) -> f64 {
        kind.value(&self.bytes[at..at + kind.size()], self.big)
    }

    /// The `k`th of an array of numbers, which begins at `first` in version 1 (as 4-byte reals) and at `second` in
    /// version 2 (as 8-byte reals).
    fn real(&self, first: usize, second: usize, k: usize) -> f64 {
        if self.second { self.value(Kind::F64, second + 8 * k) } else { self.value(Kind::F32, first + 4 * k) }
    }

    fn dim(&self, k: usize) -> f64 {
        if self.second { self.value(Kind::I64, 16 + 8 * k) } else { self.value(Kind::I16, 40 + 2 * k) }
    }

    fn size(&self) -> Result<[u64; 3], Problem> {
        let place = format!("dim, byte {}", if self.second { 16 } else { 40 });
        let axes = self.dim(0);
        if !(3.0..=7.0).contains(&axes) {
            let what = format!("the image has {axes} axes, needed are 3: save the volume, not a slice");
            return Err(Problem::header(place, what));
        }
        if let Some(k) = (4..=axes as usize).find(|&k| self.dim(k) > 1.0) {
            let what = format!(
                "the image has {axes} axes, {} steps along axis {k}: a label map has 3; save one volume of it",
                self.dim(k)
            );
            return Err(Problem::header(place, what));
        }
        let size = [1, 2, 3].map(|k| self.dim(k));
        sizes(size, &place)
    }

    fn layout(&self, packing: Packing) -> Result<Layout, Problem> {
        let at = if self.second { 12 } else { 70 };
        let kind = match self.value(Kind::I16, at) as i16 {
            2 => Kind::U8,
            4 => Kind::I16,
            8 => Kind::I32,
            16 => Kind::F32,
            64 => Kind::F64,
            256 => Kind::I8,
            512 => Kind::U16,
            768 => Kind::U32,
            1024 => Kind::I64,
            1280 => Kind::U64,
            code => {
                let what = format!(
                    "type {code} is not supported; supported are 2, 4, 8, 16, 64, 256, 512, 768, 1024 and 1280 (whole and \
                     real numbers): save the labels as bytes"
                );
                return Err(Problem::header(format!("datatype, byte {at}"), what));
            }
        };
        let least = if self.second { 540 } else { 348 };
        let offset = if self.second { self.value(Kind::I64, 168) } else { self.value(Kind::F32, 108) };
        if !(f64::from(least)..1e15).contains(&offset) {
            let what = format!("the voxels begin at byte {offset}, allowed is {least} or more: save the file again");
            return Err(Problem::header("vox_offset", what));
        }
        let (slope, intercept) = (self.real(112, 176, 0), self.real(116, 184, 0));
        let scaled = slope != 0.0 && slope.is_finite() && intercept.is_finite();
        let (slope, intercept) = if scaled { (slope, intercept) } else { (1.0, 0.0) };
        Ok(Layout { size: self.size()?, kind, big: self.big, offset: offset as u64, packing, slope, intercept })
    }

    fn code(&self, first: usize, second: usize) -> f64 {
        if self.second { self.value(Kind::I32, second) } else { self.value(Kind::I16, first) }
    }

    /// Axes and origin: sform, else qform, else the voxel's size alone.
    fn frame(&self, unit: f64) -> Result<Frame, Problem> {
        let units = if self.second { self.value(Kind::I32, 500) as i64 } else { i64::from(self.bytes[123]) };
        let unit = match units & 7 {
            1 => 1.0,
            2 => 1e-3,
            3 => 1e-6,
            _ => unit,
        };
        let pixdim = [1, 2, 3].map(|k| self.real(76, 104, k));
        let (axes, origin, place) = if self.code(254, 348) > 0.0 {
            let rows = [(280, 400), (296, 432), (312, 464)];
            let column = |c: usize| Vector3::from(rows.map(|(first, second)| self.real(first, second, c)));
            ([0, 1, 2].map(column), column(3), "sform (srow)")
        } else if self.code(252, 344) > 0.0 {
            let [b, c, d] = [0, 1, 2].map(|k| self.real(256, 352, k));
            let rotation = rotation(b, c, d);
            let turn = if self.real(76, 104, 0) < 0.0 { -1.0 } else { 1.0 };
            let scale = [pixdim[0], pixdim[1], turn * pixdim[2]];
            let origin = [0, 1, 2].map(|k| self.real(268, 376, k));
            ([0, 1, 2].map(|k| rotation[k] * scale[k]), origin.into(), "qform (quatern, pixdim)")
        } else {
            let axis = |k: usize| Vector3::ith(k, pixdim[k]);
            ([0, 1, 2].map(axis), Vector3::zeros(), "pixdim")
        };
        Frame::new(axes.map(|axis| unit * axis), unit * origin, place)
    }
}

/// Sizes along the axes, each 1 or more and what a run can hold.
pub(super) fn sizes(size: [f64; 3], place: &str) -> Result<[u64; 3], Problem> {
    if let Some(bad) = size.iter().find(|n| !(1.0..=4e9).contains(*n) || n.fract() != 0.0) {
        let what = format!("the size along an axis is {bad}, allowed are whole numbers from 1: save the file again");
        return Err(Problem::header(place, what));
    }
    Ok(size.map(|n| n as u64))
}

/// Columns of the rotation of the quaternion with the parts b, c, d and a positive first part.
fn rotation(b: f64, c: f64, d: f64) -> [Vector3<f64>; 3] {
    let rest = 1.0 - (b * b + c * c + d * d);
    let (a, b, c, d) = if rest < 1e-7 {
        let length = (b * b + c * c + d * d).sqrt();
        (0.0, b / length, c / length, d / length)
    } else {
        (rest.sqrt(), b, c, d)
    };
    [
        Vector3::new(a * a + b * b - c * c - d * d, 2.0 * (b * c + a * d), 2.0 * (b * d - a * c)),
        Vector3::new(2.0 * (b * c - a * d), a * a + c * c - b * b - d * d, 2.0 * (c * d + a * b)),
        Vector3::new(2.0 * (b * d + a * c), 2.0 * (c * d - a * b), a * a + d * d - b * b - c * c),
    ]
}
