//! The tree of centrelines of a vessel: branches, junctions, radii and cross-sections.
//!
//! A centreline is the path of the centre of the largest sphere that passes through the vessel from the inlet to another
//! opening. Lengths in metres, areas in square metres.

mod error;

pub use error::CentrelineError;

/// Centrelines from an inlet to every other opening, joined where their branches join.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    /// The branches, each after its parent; the first begins at the inlet.
    pub branches: Vec<Branch>,
    /// The junctions, in the order in which a walk along the branches meets them.
    pub junctions: Vec<Junction>,
}

/// A piece of centreline between inlet, junctions and openings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Branch {
    /// Name: that of the opening it ends at; of an inner branch `trunk` where it begins at the inlet, otherwise those of
    /// its two junctions (`j1-j2`).
    pub name: String,
    /// The branch upstream, by its position in [`Tree::branches`]; none for the first.
    pub parent: Option<usize>,
    /// The opening that it ends at, by its position in the vessel; none for an inner branch or a blind end.
    pub opening: Option<usize>,
    /// Points from upstream to downstream, evenly spaced; the first is the last one of the parent.
    pub points: Vec<Point>,
}

/// Where branches meet.
#[derive(Clone, Debug, PartialEq)]
pub struct Junction {
    /// Name: `j1`, `j2`, ... in the order of [`Tree::junctions`].
    pub name: String,
    /// Place, m: the last point that the branches share.
    pub place: [f64; 3],
    /// Radius of the largest inscribed sphere there, m.
    pub radius: f64,
    /// Length of the way from the inlet, m.
    pub arc: f64,
    /// The branch that ends here, by its position in [`Tree::branches`].
    pub from: usize,
    /// The branches that begin here.
    pub to: Vec<usize>,
}

/// A point of a centreline with its cross-section.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Place, m.
    pub place: [f64; 3],
    /// Unit vector downstream.
    pub tangent: [f64; 3],
    /// Length of the way from the inlet, m.
    pub arc: f64,
    /// Radius of the largest sphere about the place that holds nothing of the wall, m.
    pub radius: f64,
    /// Area of the cross-section, m^2.
    pub area: f64,
    /// Whether the cross-section belongs to several branches, because it lies where they join.
    pub shared: bool,
    /// Edge of the cross-section: a closed loop about the tangent, the last one not the first again. Empty where the
    /// plane has no loop around the place; the area is then that of the inscribed sphere.
    pub section: Vec<RimPoint>,
}

/// A point of the edge of a cross-section, on an edge of the wall's triangles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RimPoint {
    /// Place, m.
    pub place: [f64; 3],
    /// The two vertices of the wall that it lies between; the same one twice on the lid of an opening.
    pub vertices: [u32; 2],
    /// How far it is from the first to the second, 0 to 1.
    pub part: f64,
}

impl Point {
    /// Diameter of the circle with the area of the cross-section, m.
    #[must_use]
    pub fn diameter(&self) -> f64 {
        2.0 * (self.area / std::f64::consts::PI).sqrt()
    }
}

impl Branch {
    /// Length, m.
    #[must_use]
    pub fn length(&self) -> f64 {
        match (self.points.first(), self.points.last()) {
            (Some(first), Some(last)) => last.arc - first.arc,
            _ => 0.0,
        }
    }
}
