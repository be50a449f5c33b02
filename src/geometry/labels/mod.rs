//! Label maps: from the voxels of a segmentation to a vessel's surface with openings.
//!
//! Files are NIfTI-1 and -2 (`.nii`, `.nii.gz`) and MetaImage (`.mha`, `.mhd`). Coordinates are those of the file's own
//! world: right-anterior-superior in NIfTI, left-posterior-superior in MetaImage; neither is turned into the other.
//! [`LabelMap::read`] reads one, [`LabelMap::surface`] makes the surface: the piece of the label that is meant, its holes
//! filled; thin branches taken off ([`Report::pruned`]); the boundary of the voxels smoothed within half a voxel at
//! constant volume; then flat cuts where the vessel leaves the image, where the case wants them, and at the tips of
//! branches. The result passes [`Vessel::build`](crate::geometry::vessel::Vessel::build), each opening by its patch.

mod beyond;
mod cut;
mod error;
mod make;
mod map;
mod mask;
mod meta;
mod net;
mod nifti;
mod report;
mod source;
mod tree;

pub use error::{LabelError, Piece, Problem};
pub use make::{Cut, Options, PRUNE, Tips};
pub use map::{Frame, LabelMap, is_label_map, voxel_file};
pub use report::{End, Pruned, Report};

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
