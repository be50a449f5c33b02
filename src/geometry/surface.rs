//! A triangle surface with named patches, as read from a file and welded.

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
