//! A label map: runs of labels in a grid of voxels, and where that grid lies.

use std::path::{Path, PathBuf};

use nalgebra::{Matrix3, Vector3};

use super::error::{LabelError, Problem};
use super::source::Run;
use super::{meta, nifti};

/// Largest cosine of the angle between two axes: about half a degree, far more than any rounding of a header.
const SKEW: f64 = 0.01;
/// Voxel edges that are taken for real, m.
const EDGES: std::ops::RangeInclusive<f64> = 1e-7..=0.1;

/// Where a grid of voxels lies: the centre of voxel (i, j, k) is `origin + i a + j b + k c`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// The steps a, b, c from a voxel to the next along each axis, m.
    pub axes: [Vector3<f64>; 3],
    /// Centre of the first voxel, m.
    pub origin: Vector3<f64>,
}

impl Frame {
    /// Checks the steps; `place` says where in the file they are from.
    pub(super) fn new(axes: [Vector3<f64>; 3], origin: Vector3<f64>, place: &str) -> Result<Self, Problem> {
        let edges = axes.map(|axis| axis.norm());
        if let Some(k) = (0..3).find(|&k| !EDGES.contains(&edges[k])) {
            let what = format!(
                "a voxel is {:e} mm long along axis {}, allowed are {:e} to {} mm: correct the header",
                1e3 * edges[k],
                k + 1,
                1e3 * EDGES.start(),
                1e3 * EDGES.end()
            );
            return Err(Problem::header(place, what));
        }
        if !origin.iter().all(|x| x.abs() < 1e3) {
            let what =
                format!("the first voxel lies at ({}, {}, {}) m: correct the header", origin.x, origin.y, origin.z);
            return Err(Problem::header(place, what));
        }
        for (i, j) in [(0, 1), (1, 2), (2, 0)] {
            let cosine = axes[i].dot(&axes[j]) / (edges[i] * edges[j]);
            if cosine.abs() > SKEW {
                let what = format!(
                    "axes {} and {} stand at {:.2} degrees: sheared voxels are not supported; resample the image to a grid \
                     with right angles",
                    i + 1,
                    j + 1,
                    cosine.acos().to_degrees()
                );
                return Err(Problem::header(place, what));
            }
        }
        Ok(Self { axes, origin })
    }

    /// Place of a point given in voxels, m.
    #[must_use]
    pub fn place(&self, voxel: Vector3<f64>) -> Vector3<f64> {
        self.origin + self.axes[0] * voxel.x + self.axes[1] * voxel.y + self.axes[2] * voxel.z
    }

    /// A place (m) in voxels.
    #[must_use]
    pub fn voxel(&self, place: Vector3<f64>) -> Vector3<f64> {
        // The axes are at right angles to half a degree, so the matrix has an inverse.
        let inverse = Matrix3::from_columns(&self.axes).try_inverse().unwrap_or_else(Matrix3::identity);
        inverse * (place - self.origin)
    }

    /// Volume of a voxel with the sign of the axes' handedness, m^3.
    #[must_use]
    pub fn volume(&self) -> f64 {
        self.axes[0].cross(&self.axes[1]).dot(&self.axes[2])
    }

    /// Edge of the cube of a voxel's volume, m.
    #[must_use]
    pub fn edge(&self) -> f64 {
        self.volume().abs().cbrt()
    }
}

/// A label map as read from a file.
#[derive(Debug)]
pub struct LabelMap {
    /// The file.
    pub path: PathBuf,
    /// Voxels along each axis.
    pub size: [u64; 3],
    /// Where they lie.
    pub frame: Frame,
    /// Labels other than 0 with the number of their voxels, the smallest label first.
    pub labels: Vec<(i64, u64)>,
    pub(super) runs: Vec<Run>,
    /// Labels by the numbers that runs have.
    pub(super) by_run: Vec<i64>,
}

/// Whether a file is a label map by its name.
#[must_use]
pub fn is_label_map(path: &Path) -> bool {
    kind(path).is_some()
}

/// The other file that holds the voxels of a label map, where its header names one (`.mhd`).
#[must_use]
pub fn voxel_file(path: &Path) -> Option<PathBuf> {
    let Some(File::Meta) = kind(path) else { return None };
    meta::voxel_file(path).ok().filter(|data| data != path)
}

/// Kinds of files.
#[derive(Clone, Copy)]
enum File {
    Nifti,
    Meta,
}

fn kind(path: &Path) -> Option<File> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    if ends(&[".nii", ".nii.gz"]) { Some(File::Nifti) } else { ends(&[".mha", ".mhd"]).then_some(File::Meta) }
}

impl LabelMap {
    /// Reads a label map; `unit` (m) is that of files that name none.
    ///
    /// # Errors
    /// [`LabelError`] with the place in the file and a remedy.
    pub fn read(path: &Path, unit: f64) -> Result<Self, LabelError> {
        Self::parse(path, unit).map_err(|problem| LabelError { path: path.to_owned(), problem: Box::new(problem) })
    }

    fn parse(path: &Path, unit: f64) -> Result<Self, Problem> {
        let (layout, frame, data) = match kind(path) {
            Some(File::Nifti) => {
                let (layout, frame) = nifti::header(path, unit)?;
                (layout, frame, path.to_owned())
            }
            Some(File::Meta) => meta::header(path, unit)?,
            None => {
                let extension = path.extension().map_or(String::new(), |e| format!(".{}", e.to_string_lossy()));
                return Err(Problem::Extension { extension });
            }
        };
        let found = layout.read(&data)?;
        let by_run = found.labels.iter().map(|&(label, _)| label).collect();
        let mut labels = found.labels;
        labels.sort_unstable();
        Ok(Self { path: path.to_owned(), size: layout.size, frame, labels, runs: found.runs, by_run })
    }
}
