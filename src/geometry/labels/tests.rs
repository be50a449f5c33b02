use std::fs;
use std::path::Path;

use nalgebra::Vector3;

use super::*;

/// A header of either version: type, byte order, and what else is set.
struct Header {
    bytes: Vec<u8>,
    big: bool,
    second: bool,
}

impl Header {
    fn new(second: bool, big: bool, kind: i16) -> Self {
        let mut header = Self { bytes: vec![0; if second { 544 } else { 352 }], big, second };
        header.i32(0, if second { 540 } else { 348 });
        let (at, magic): (usize, &[u8]) = if second { (4, b"n+2\0\r\n\x1a\n") } else { (344, b"n+1\0") };
        header.bytes[at..at + magic.len()].copy_from_slice(magic);
        header.i16(if second { 12 } else { 70 }, kind);
        for (k, d) in [3, 2, 3, 2].into_iter().enumerate() {
            if second { header.put(16 + 8 * k, i64::to_le_bytes(d)) } else { header.i16(40 + 2 * k, d as i16) }
        }
        if second {
            header.put(168, 544i64.to_le_bytes())
        } else {
            header.put(108, 352f32.to_le_bytes())
        }
        header.real(76, 104, 0, 1.0);
        (1..4).for_each(|k| header.real(76, 104, k, k as f64));
        header
    }

    fn put<const N: usize>(&mut self, at: usize, mut bytes: [u8; N]) {
        if self.big {
            bytes.reverse();
        }
        self.bytes[at..at + N].copy_from_slice(&bytes);
    }

    fn i16(&mut self, at: usize, value: i16) {
        self.put(at, value.to_le_bytes());
    }

    fn i32(&mut self, at: usize, value: i32) {
        self.put(at, value.to_le_bytes());
    }

    fn real(&mut self, first: usize, second: usize, k: usize, value: f64) {
        if self.second {
            self.put(second + 8 * k, value.to_le_bytes())
        } else {
            self.put(first + 4 * k, (value as f32).to_le_bytes())
        }
    }

    fn code(&mut self, first: usize, second: usize, value: i16) {
        if self.second { self.i32(second, i32::from(value)) } else { self.i16(first, value) }
    }

    /// The map of the header with twelve voxels.
    fn read(&self, voxels: &[u8]) -> LabelMap {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.nii");
        fs::write(&path, [&self.bytes, voxels].concat()).unwrap();
        LabelMap::read(&path, 1e-3).unwrap_or_else(|e| panic!("{e}"))
    }
}

const VALUES: [i8; 12] = [0, 1, 1, 0, 0, 3, 3, 3, 0, 0, 0, 1];

/// The values as bytes of a type.
fn voxels(kind: i16, big: bool) -> Vec<u8> {
    let one = |v: i8| -> Vec<u8> {
        let v = i64::from(v);
        match kind {
            2 | 256 => vec![v as u8],
            4 | 512 => (v as i16).to_le_bytes().to_vec(),
            8 | 768 => (v as i32).to_le_bytes().to_vec(),
            1024 | 1280 => v.to_le_bytes().to_vec(),
            16 => (v as f32).to_le_bytes().to_vec(),
            _ => (v as f64).to_le_bytes().to_vec(),
        }
    };
    VALUES
        .iter()
        .flat_map(|&v| {
            let mut b = one(v);
            if big {
                b.reverse()
            }
            b
        })
        .collect()
}

#[test]
fn both_versions_byte_orders_and_all_types_give_the_same_labels() {
    for (second, big) in [(false, false), (false, true), (true, false), (true, true)] {
        for kind in [2, 4, 8, 16, 64, 256, 512, 768, 1024, 1280] {
            let map = Header::new(second, big, kind).read(&voxels(kind, big));
            assert_eq!((map.size, map.labels.as_slice()), ([2, 3, 2], &[(1, 3), (3, 3)][..]), "{second} {big} {kind}");
            assert_eq!(map.frame.axes, [0, 1, 2].map(|k| Vector3::ith(k, 1e-3 * (k + 1) as f64)));
            // Runs end at the ends of rows.
            assert_eq!(
                map.runs.iter().map(|run| (run.start, run.length)).collect::<Vec<_>>(),
                [(1, 1), (2, 1), (5, 1), (6, 2), (11, 1)]
            );
        }
    }
}

#[test]
fn sform_goes_before_qform_and_both_turn_the_axes() {
    for second in [false, true] {
        let mut header = Header::new(second, false, 2);
        // A quarter turn about z, mirrored along the third axis, in micrometres.
        header.code(252, 344, 1);
        header.real(76, 104, 0, -1.0);
        header.real(264, 368, 0, 0.5f64.sqrt());
        (0..3).for_each(|k| header.real(268, 376, k, 10.0 * (k + 1) as f64));
        if second {
            header.i32(500, 3)
        } else {
            header.bytes[123] = 3
        }
        let frame = header.read(&voxels(2, false)).frame;
        let near = |a: Vector3<f64>, b: [f64; 3]| (a - Vector3::from(b) * 1e-6).norm() < 1e-12;
        assert!(near(frame.origin, [10.0, 20.0, 30.0]), "{frame:?}");
        let [a, b, c] = frame.axes;
        assert!(near(a, [0.0, 1.0, 0.0]) && near(b, [-2.0, 0.0, 0.0]) && near(c, [0.0, 0.0, -3.0]), "{frame:?}");
        let there = frame.place(Vector3::new(1.0, 2.0, 3.0));
        assert!((frame.voxel(there) - Vector3::new(1.0, 2.0, 3.0)).norm() < 1e-9);
        header.code(254, 348, 2);
        for (row, at) in [(280, 400), (296, 432), (312, 464)].into_iter().enumerate() {
            header.real(at.0, at.1, row, 4.0);
            header.real(at.0, at.1, 3, 7.0);
        }
        let frame = header.read(&voxels(2, false)).frame;
        assert!(near(frame.axes[2], [0.0, 0.0, 4.0]) && near(frame.origin, [7.0; 3]), "{frame:?}");
    }
}

#[test]
fn slope_and_intercept_make_the_labels() {
    let mut header = Header::new(false, false, 2);
    header.real(112, 176, 0, 2.0);
    header.real(116, 184, 0, -2.0);
    assert_eq!(header.read(&voxels(2, false)).labels, [(-2, 6), (4, 3)]);
}

/// The error of a file, which must be one.
fn refused(folder: &Path, name: &str, bytes: &[u8]) -> String {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    LabelMap::read(&path, 1e-3).map(|map| map.labels).unwrap_err().to_string()
}

#[test]
fn meta_images_beside_their_voxels_are_read_and_damaged_ones_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let head = "ObjectType = Image\nNDims = 3\nBinaryDataByteOrderMSB = True\nTransformMatrix = 0 1 0 -1 0 0 0 0 1\n\
                Offset = 1 2 3\nElementSpacing = 1 2 3\nDimSize = 2 3 2\nElementType = MET_SHORT\nHeaderSize = -1\n\
                ElementDataFile = a.raw\n";
    fs::write(folder.path().join("a.raw"), [b"to be skipped".as_slice(), &voxels(4, true)].concat()).unwrap();
    let path = folder.path().join("a.mhd");
    fs::write(&path, head).unwrap();
    let map = LabelMap::read(&path, 1e-3).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(map.labels, [(1, 3), (3, 3)]);
    assert_eq!(voxel_file(&path), Some(folder.path().join("a.raw")));
    let wanted = [[0.0, 1e-3, 0.0], [-2e-3, 0.0, 0.0], [0.0, 0.0, 3e-3]];
    assert!((0..3).all(|k| (map.frame.axes[k] - Vector3::from(wanted[k])).norm() < 1e-15), "{:?}", map.frame);
    let say = |from: &str, to: &str, words: &[&str]| {
        let said = refused(folder.path(), "b.mhd", head.replace(from, to).as_bytes());
        println!("{said}");
        assert!(said.contains("b.mhd") && words.iter().all(|word| said.contains(word)), "{said}");
    };
    say("NDims = 3", "NDims = 4", &["line 2, NDims", "4 axes"]);
    say("Spacing = 1 2 3", "Spacing = 1 0 3", &["line 6, ElementSpacing", "axis 2", "0e0 mm"]);
    say("Spacing = 1 2 3", "Spacing = 1 2", &["line 6", "not 3 numbers"]);
    say("0 1 0 -1", "0 1 0 -1 1", &["line 4", "not 9 numbers"]);
    say("0 1 0 -1 0 0", "0 1 0 0 1 0", &["axes 1 and 2 stand at 0.00 degrees"]);
    say("MET_SHORT", "MET_FLOAT_MATRIX", &["line 8, ElementType", "`MET_FLOAT_MATRIX`", "MET_UCHAR"]);
    say("2 3 2", "2 3 1.5", &["line 7, DimSize", "1.5"]);
    say("2 3 2", "200 3 2", &["promises 2400 bytes", "37 are there"]);
    say("= a.raw", "= b.raw", &["line 10", "`b.raw` cannot be read"]);
    fs::create_dir(folder.path().join("c.raw")).unwrap();
    say("= a.raw", "= c.raw", &["line 10", "`c.raw` is no regular file"]);
    say("= a.raw", "= LIST", &["several files"]);
    say("HeaderSize", "CompressedData = True\nHeader", &["damaged after 0 bytes"]);
    say("ElementDataFile = a.raw\n", "", &["no ElementDataFile"]);
    say("NDims", "\u{0}\u{1}", &["line 2", "no MetaImage"]);
    let said = refused(folder.path(), "a.nrrd", b"");
    assert!(said.contains("extension `.nrrd`") && said.contains(".nii .nii.gz .mha .mhd"), "{said}");
}

#[test]
fn damaged_bytes_never_panic() {
    let mut state = 7u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.nii");
    for second in [false, true] {
        let good = [Header::new(second, false, 2).bytes, voxels(2, false)].concat();
        for _ in 0..300 {
            let mut bytes = good.clone();
            for _ in 0..=random() % 4 {
                let at = random() % bytes.len();
                bytes[at] = random() as u8;
            }
            bytes.truncate(bytes.len() - random() % 3);
            fs::write(&path, bytes).unwrap();
            drop(LabelMap::read(&path, 1e-3).map(|map| map.surface(&Options::default())));
        }
    }
}
