//! MetaImage headers (`.mha` with the voxels, `.mhd` beside them), as ITK writes them.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use nalgebra::Vector3;

use super::error::Problem;
use super::map::Frame;
use super::nifti::sizes;
use super::source::{Kind, Layout, Packing};

/// A header is shorter than this.
const HEADER: u64 = 1 << 16;

/// Values by key, each with its line, and where the header ends.
struct Header {
    fields: HashMap<String, (String, usize)>,
    end: u64,
}

/// Reads the header of a file; `unit` (m) is that of its lengths. Returns also the file with the voxels.
pub(super) fn header(path: &Path, unit: f64) -> Result<(Layout, Frame, PathBuf), Problem> {
    let header = Header::read(path)?;
    let frame = header.frame(unit)?;
    let (layout, data) = header.layout(path)?;
    Ok((layout, frame, data))
}

/// The file with the voxels.
pub(super) fn voxel_file(path: &Path) -> Result<PathBuf, Problem> {
    Ok(Header::read(path)?.layout(path)?.1)
}

impl Header {
    fn read(path: &Path) -> Result<Self, Problem> {
        let mut bytes = Vec::new();
        File::open(path)?.take(HEADER).read_to_end(&mut bytes)?;
        Self::parse(&bytes)
    }

    fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        let mut fields = HashMap::new();
        let mut at = 0;
        for (line, raw) in (1..).zip(bytes.split_inclusive(|&b| b == b'\n')) {
            at += raw.len();
            let text = String::from_utf8_lossy(&raw[..raw.len().min(4096)]);
            let Some((key, value)) =
                text.split_once('=').filter(|(key, _)| key.trim().chars().all(char::is_alphanumeric))
            else {
                let what = "expected `Key = value`: this is no MetaImage file, or its header has no ElementDataFile";
                return Err(Problem::header(format!("line {line}"), what));
            };
            let key = key.trim().to_owned();
            let last = key == "ElementDataFile";
            fields.insert(key, (value.trim().to_owned(), line));
            if last {
                return Ok(Self { fields, end: at as u64 });
            }
        }
        Err(Problem::header("header", "it has no ElementDataFile: this is no MetaImage file, or it is cut off"))
    }

    fn field(&self, names: &[&str]) -> Option<(&str, String)> {
        names.iter().find_map(|name| {
            let (value, line) = self.fields.get(*name)?;
            Some((value.as_str(), format!("line {line}, {name}")))
        })
    }

    fn needed(&self, name: &str) -> Result<(&str, String), Problem> {
        let what = format!("it has no {name}: save the image again");
        self.field(&[name]).ok_or_else(|| Problem::header("header", what))
    }

    fn numbers<const N: usize>(&self, names: &[&str]) -> Result<Option<([f64; N], String)>, Problem> {
        let Some((text, place)) = self.field(names) else { return Ok(None) };
        let values: Option<Vec<f64>> = text.split_whitespace().map(|word| word.parse().ok()).collect();
        match values.and_then(|values| <[f64; N]>::try_from(values).ok()) {
            Some(values) => Ok(Some((values, place))),
            None => Err(Problem::header(place, format!("`{text}` are not {N} numbers: save the image again"))),
        }
    }

    fn says(&self, names: &[&str]) -> bool {
        self.field(names).is_some_and(|(value, _)| value.eq_ignore_ascii_case("true") || value == "1")
    }

    /// Axes and origin; row `i` of the matrix is the direction of axis `i`.
    fn frame(&self, unit: f64) -> Result<Frame, Problem> {
        let (axes, place) = self.needed("NDims")?;
        if axes != "3" {
            let what = format!("the image has {axes} axes: a label map has 3; save one volume of it");
            return Err(Problem::header(place, what));
        }
        let matrix = self.numbers::<9>(&["TransformMatrix", "Rotation", "Orientation"])?;
        let [a, b, c, d, e, f, g, h, i] = matrix.map_or([1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], |(m, _)| m);
        let rows = [Vector3::new(a, b, c), Vector3::new(d, e, f), Vector3::new(g, h, i)];
        let spacing = self.numbers::<3>(&["ElementSpacing", "ElementSize"])?;
        let (spacing, place) = spacing.unwrap_or(([1.0; 3], "ElementSpacing".to_owned()));
        let origin = self.numbers::<3>(&["Offset", "Position", "Origin"])?.map_or([0.0; 3], |(origin, _)| origin);
        let axes = [0, 1, 2].map(|k| unit * spacing[k] * rows[k]);
        Frame::new(axes, unit * Vector3::from(origin), &format!("{place} and TransformMatrix"))
    }

    fn kind(&self) -> Result<Kind, Problem> {
        let (name, place) = self.needed("ElementType")?;
        Ok(match name {
            "MET_CHAR" => Kind::I8,
            "MET_UCHAR" => Kind::U8,
            "MET_SHORT" => Kind::I16,
            "MET_USHORT" => Kind::U16,
            "MET_INT" | "MET_LONG" => Kind::I32,
            "MET_UINT" | "MET_ULONG" => Kind::U32,
            "MET_LONG_LONG" => Kind::I64,
            "MET_ULONG_LONG" => Kind::U64,
            "MET_FLOAT" => Kind::F32,
            "MET_DOUBLE" => Kind::F64,
            _ => {
                let what = format!(
                    "type `{name}` is not supported; supported are MET_CHAR, MET_UCHAR, MET_SHORT, MET_USHORT, MET_INT, \
                     MET_UINT, MET_LONG, MET_ULONG, MET_LONG_LONG, MET_ULONG_LONG, MET_FLOAT, MET_DOUBLE: save the labels \
                     as MET_UCHAR"
                );
                return Err(Problem::header(place, what));
            }
        })
    }

    fn layout(&self, path: &Path) -> Result<(Layout, PathBuf), Problem> {
        let place = self.needed("DimSize")?.1;
        let size = self.numbers::<3>(&["DimSize"])?.map_or([0.0; 3], |(size, _)| size);
        let size = sizes(size, &place)?;
        let kind = self.kind()?;
        if let Some((channels, place)) = self.field(&["ElementNumberOfChannels"]).filter(|(value, _)| *value != "1") {
            let what = format!("{channels} numbers a voxel: a label map has 1; save the labels alone");
            return Err(Problem::header(place, what));
        }
        if self.field(&["BinaryData"]).is_some_and(|(value, _)| value.eq_ignore_ascii_case("false")) {
            return Err(Problem::header(
                "BinaryData",
                "voxels as text are not supported: save the image as binary data",
            ));
        }
        let packing = if self.says(&["CompressedData"]) { Packing::Zlib } else { Packing::Raw };
        let big = self.says(&["BinaryDataByteOrderMSB", "ElementByteOrderMSB"]);
        let (data, place) = self.needed("ElementDataFile")?;
        let mut offset = self.numbers::<1>(&["HeaderSize"])?.map_or(0.0, |([bytes], _)| bytes);
        let file = match data {
            "LOCAL" | "Local" | "local" => {
                offset = self.end as f64;
                path.to_owned()
            }
            _ if data.is_empty() || data.starts_with("LIST") || data.contains('%') => {
                let what =
                    format!("`{data}`: voxels in several files are not supported; save the image as one .mha file");
                return Err(Problem::header(place, what));
            }
            _ => path.parent().unwrap_or(Path::new("")).join(data),
        };
        // A pipe would be waited for.
        let length = match fs::metadata(&file) {
            Ok(found) if found.is_file() => Ok(found.len()),
            Ok(_) => Err(format!("`{data}` is no regular file; name the one that holds the voxels")),
            Err(e) => Err(format!("`{data}` cannot be read: {e}; put it beside this file")),
        }
        .map_err(|what| Problem::header(place, what))?;
        if offset < 0.0 {
            // The voxels are the end of the file.
            let bytes = size.iter().map(|&n| n as f64).product::<f64>() * kind.size() as f64;
            offset = (length as f64 - bytes).max(0.0);
        }
        Ok((Layout { size, kind, big, offset: offset as u64, packing, slope: 1.0, intercept: 0.0 }, file))
    }
}
