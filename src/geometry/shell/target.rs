//! The surface that a mesh is to lie on: the vessel's own wall, its rims, and the edge length wanted everywhere.

use nalgebra::Vector3;

use super::mesh::{Mesh, OnRim};
use super::rim_line::RimLine;
use crate::geometry::nearest::{Hit, Nearest};

/// The least cosine between a mesh's normal and that of a triangle that it may be laid on: the far side of a thin gap
/// or of a narrow vessel is not taken for the near one.
const ALIKE: f64 = 0.3;

/// The vessel's wall as given.
pub(super) struct Target {
    pub tree: Nearest,
    corners: Vec<[u32; 3]>,
    /// Unit normals of the triangles; zero without an area.
    facing: Vec<Vector3<f64>>,
    pub rims: Vec<RimLine>,
    /// Edge lengths wanted at the vertices, m.
    pub sizes: Vec<f64>,
}

impl Target {
    /// Of a mesh as it was before any change.
    pub fn new(mesh: &Mesh, rims: Vec<RimLine>) -> Self {
        let corners: Vec<[u32; 3]> = mesh.triangles().collect();
        let facing = corners.iter().map(|&c| mesh.area_of(c).try_normalize(0.0).unwrap_or_default()).collect();
        let tree = Nearest::new(corners.iter().map(|c| c.map(|v| mesh.point(v))).collect());
        Self { tree, corners, facing, rims, sizes: mesh.size.clone() }
    }

    /// The nearest point of the wall that faces like the unit `normal`, if one is nearer than `within` (m).
    pub fn nearest(&self, place: Vector3<f64>, normal: Vector3<f64>, within: f64) -> Option<Hit> {
        self.tree.hit(place, within, |t| self.facing[t as usize].dot(&normal) > ALIKE)
    }

    /// The edge length wanted at a point of the wall, m.
    pub fn size(&self, hit: &Hit) -> f64 {
        self.value(hit, &self.sizes)
    }

    /// A field at the vertices of the wall, at a point of it.
    pub fn value(&self, hit: &Hit, values: &[f64]) -> f64 {
        let corners = self.corners[hit.triangle as usize];
        (0..3).map(|k| hit.weights[k] * values[corners[k] as usize]).sum()
    }

    /// The middle of the way between two neighbours on a rim, given in the sense of the triangle beside them.
    pub fn rim_middle(&self, from: OnRim, to: OnRim) -> (Vector3<f64>, OnRim) {
        // A rim runs against the triangles beside it.
        let line = &self.rims[from.line as usize];
        let on = OnRim { line: from.line, arc: line.between(to.arc, from.arc) };
        (self.rim_place(on), on)
    }

    /// The place of a point of a rim, m.
    pub fn rim_place(&self, on: OnRim) -> Vector3<f64> {
        self.rims[on.line as usize].at(on.arc)
    }
}
