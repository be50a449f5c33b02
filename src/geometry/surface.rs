//! A triangle surface with named patches, as read from a file and welded.

use nalgebra::Vector3;

/// Triangles with shared vertices and named groups ("patches").
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Surface {
    /// Vertex positions in metres.
    pub vertices: Vec<[f64; 3]>,
    /// Vertex indices of each triangle, counter-clockwise seen from outside once oriented.
    pub triangles: Vec<[u32; 3]>,
    /// Index into [`Surface::patches`] of each triangle.
    pub patch_of: Vec<u16>,
    /// Names of the patches (OBJ group, STL solid, file stem, or `ModelFaceID` value).
    pub patches: Vec<String>,
    /// Length of one unit of the input file, in metres (mm: 1e-3).
    pub unit: f64,
}

impl Surface {
    /// Place of a vertex, m.
    pub(crate) fn point(&self, vertex: u32) -> Vector3<f64> {
        self.vertices[vertex as usize].into()
    }

    /// Area vector of a triangle, m^2: along the normal, as long as the area.
    pub(crate) fn area_vector(&self, triangle: usize) -> Vector3<f64> {
        let [a, b, c] = self.triangles[triangle].map(|v| self.point(v));
        0.5 * (b - a).cross(&(c - a))
    }
}
