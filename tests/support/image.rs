//! Label maps made from a shape, and the files that hold them.

#![allow(dead_code, reason = "every test file is a program of its own and uses a part of this")]

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

/// A label map: voxel (i, j, k) lies at `origin + i axes[0] + j axes[1] + k axes[2]`, mm.
#[derive(Clone)]
pub struct Image {
    pub size: [usize; 3],
    pub axes: [[f64; 3]; 3],
    pub origin: [f64; 3],
    pub labels: Vec<u8>,
}

impl Image {
    /// The image of a grid whose label at a place (mm) is given; edges of voxels in mm, axes turned by an angle about
    /// (1, 1, 1).
    pub fn new(
        size: [usize; 3],
        edges: [f64; 3],
        (origin, turn): ([f64; 3], f64),
        label: impl Fn([f64; 3]) -> u8,
    ) -> Self {
        let axes = [0, 1, 2].map(|k| {
            let mut axis = [0.0; 3];
            axis[k] = edges[k];
            rotate(axis, turn)
        });
        let mut image = Self { size, axes, origin, labels: Vec::new() };
        for n in 0..size.iter().product() {
            let voxel = [n % size[0], n / size[0] % size[1], n / size[0] / size[1]];
            let place = image.place(voxel.map(|x| x as f64));
            image.labels.push(label(place));
        }
        image
    }

    pub fn place(&self, voxel: [f64; 3]) -> [f64; 3] {
        [0, 1, 2].map(|c| self.origin[c] + (0..3).map(|k| voxel[k] * self.axes[k][c]).sum::<f64>())
    }

    /// Volume of all voxels with a label, ml.
    pub fn volume(&self, label: u8) -> f64 {
        let edge = |a: [f64; 3]| a.iter().map(|x| x * x).sum::<f64>().sqrt();
        let voxel: f64 = self.axes.iter().map(|&a| edge(a)).product();
        1e-3 * voxel * self.labels.iter().filter(|&&l| l == label).count() as f64
    }

    /// The bytes of a NIfTI-1 file with the sform.
    pub fn nifti(&self) -> Vec<u8> {
        let mut bytes = vec![0u8; 352];
        let put16 = |bytes: &mut Vec<u8>, at: usize, v: i16| bytes[at..at + 2].copy_from_slice(&v.to_le_bytes());
        bytes[..4].copy_from_slice(&348i32.to_le_bytes());
        let dims = [3, self.size[0] as i16, self.size[1] as i16, self.size[2] as i16, 1, 1, 1, 1];
        dims.iter().enumerate().for_each(|(k, &d)| put16(&mut bytes, 40 + 2 * k, d));
        put16(&mut bytes, 70, 2);
        put16(&mut bytes, 72, 8);
        let put = |bytes: &mut Vec<u8>, at: usize, v: f64| bytes[at..at + 4].copy_from_slice(&(v as f32).to_le_bytes());
        [1.0, 1.0, 1.0, 1.0].iter().enumerate().for_each(|(k, &v)| put(&mut bytes, 76 + 4 * k, v));
        put(&mut bytes, 108, 352.0);
        bytes[123] = 2;
        put16(&mut bytes, 254, 1);
        for c in 0..3 {
            (0..3).for_each(|k| put(&mut bytes, 280 + 16 * c + 4 * k, self.axes[k][c]));
            put(&mut bytes, 280 + 16 * c + 12, self.origin[c]);
        }
        bytes[344..348].copy_from_slice(b"n+1\0");
        bytes.extend(&self.labels);
        bytes
    }

    /// Writes it as `.nii`, `.nii.gz` or compressed `.mha`, told by the name.
    pub fn write(&self, path: &Path) {
        let bytes = match path.extension().and_then(|e| e.to_str()) {
            Some("gz") => gzip(&self.nifti()),
            Some("mha") => self.meta(),
            _ => self.nifti(),
        };
        std::fs::write(path, bytes).unwrap_or_else(|e| panic!("{e}"));
    }

    /// The bytes of a MetaImage with compressed voxels.
    pub fn meta(&self) -> Vec<u8> {
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&self.labels).unwrap_or_else(|e| panic!("{e}"));
        let packed = packed.finish().unwrap_or_else(|e| panic!("{e}"));
        let head = self.meta_header(
            "MET_UCHAR",
            "LOCAL",
            &format!("CompressedData = True\nCompressedDataSize = {}\n", packed.len()),
        );
        [head.into_bytes(), packed].concat()
    }

    /// A MetaImage header.
    pub fn meta_header(&self, kind: &str, data: &str, more: &str) -> String {
        let edge = |a: [f64; 3]| a.iter().map(|x| x * x).sum::<f64>().sqrt();
        let edges = self.axes.map(edge);
        let rows: Vec<String> = (0..9).map(|n| (self.axes[n / 3][n % 3] / edges[n / 3]).to_string()).collect();
        let three = |v: [f64; 3]| format!("{} {} {}", v[0], v[1], v[2]);
        format!(
            "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n{more}TransformMatrix = {}\n\
             Offset = {}\nElementSpacing = {}\nDimSize = {} {} {}\nElementType = {kind}\nElementDataFile = {data}\n",
            rows.join(" "),
            three(self.origin),
            three(edges),
            self.size[0],
            self.size[1],
            self.size[2]
        )
    }
}

/// Compressed bytes of a file.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap_or_else(|e| panic!("{e}"));
    packed.finish().unwrap_or_else(|e| panic!("{e}"))
}

/// A vector turned about (1, 1, 1) by an angle.
pub fn rotate(v: [f64; 3], angle: f64) -> [f64; 3] {
    let (s, c) = angle.sin_cos();
    let n = 1.0 / 3f64.sqrt();
    let along = n * (v[0] + v[1] + v[2]) * (1.0 - c) * n;
    let cross = [n * (v[2] - v[1]), n * (v[0] - v[2]), n * (v[1] - v[0])];
    [0, 1, 2].map(|k| c * v[k] + s * cross[k] + along)
}

/// Distance of a place from the segment a-b.
pub fn apart(p: [f64; 3], a: [f64; 3], b: [f64; 3]) -> f64 {
    let sub = |p: [f64; 3], q: [f64; 3]| [0, 1, 2].map(|k| p[k] - q[k]);
    let dot = |p: [f64; 3], q: [f64; 3]| (0..3).map(|k| p[k] * q[k]).sum::<f64>();
    let (ab, ap) = (sub(b, a), sub(p, a));
    let t = (dot(ap, ab) / dot(ab, ab)).clamp(0.0, 1.0);
    let off = [0, 1, 2].map(|k| ap[k] - t * ab[k]);
    dot(off, off).sqrt()
}
