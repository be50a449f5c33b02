//! A vessel: an open wall surface and the openings that its rims bound; and the closed surface that the lattice is cut
//! from.

use super::surface::Surface;

/// One end of a vessel.
#[derive(Clone, Debug, PartialEq)]
pub struct Opening {
    /// Name from the case file, or `opening_<k>` when only inspected.
    pub name: String,
    /// The rim: a closed loop of indices into the wall's vertices, counter-clockwise seen from outside the vessel.
    pub rim: Vec<u32>,
    /// Area centroid of the section, m.
    pub centre: [f64; 3],
    /// Unit normal out of the vessel.
    pub normal: [f64; 3],
    /// Area of the rim projected on its mean plane, m^2.
    pub area: f64,
    /// Largest distance of a rim vertex from the mean plane, m.
    pub unevenness: f64,
}

impl Opening {
    /// Diameter of the circle of equal area, m.
    #[must_use]
    pub fn equivalent_diameter(&self) -> f64 {
        (4.0 * self.area / std::f64::consts::PI).sqrt()
    }
}

/// How a case selects an end of the surface.
#[derive(Clone, Debug, PartialEq)]
pub enum Selector {
    /// The end that this patch (group, solid, file stem, `ModelFaceID`) caps.
    Patch(String),
    /// The end whose centre is nearest to this place, m.
    Near([f64; 3]),
}

/// A vessel wall, oriented outward, open at its ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Vessel {
    /// Wall triangles only (caps removed).
    pub wall: Surface,
    /// The ends, in case-file order.
    pub openings: Vec<Opening>,
}

/// What a triangle of a [`Closed`] surface is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tag {
    /// Vessel wall.
    Wall,
    /// Wall of a flow extension of the opening with this index: part of the computation, not of the results.
    Extension(u16),
    /// The lid of the opening with this index, at the end of its extension where it has one.
    Lid(u16),
}

/// A closed, outward-oriented surface: wall, flow extensions and lids. The lattice is cut from this.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Closed {
    /// Vertex positions, m.
    pub vertices: Vec<[f64; 3]>,
    /// Vertex indices of each triangle.
    pub triangles: Vec<[u32; 3]>,
    /// What each triangle is.
    pub tags: Vec<Tag>,
    /// Of each opening: the plane of the lid (a point and the unit normal out of the vessel) and the length of the
    /// extension between the vessel's own end and the lid, m (0 without one).
    pub ends: Vec<End>,
}

/// Where an opening's boundary condition is applied.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct End {
    /// Centre of the vessel's own end, m.
    pub centre: [f64; 3],
    /// Unit normal out of the vessel.
    pub normal: [f64; 3],
    /// Length of the flow extension, m.
    pub extension: f64,
}
