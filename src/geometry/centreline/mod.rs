//! The tree of centrelines of a vessel: branches, junctions, radii and cross-sections.
//!
//! A centreline is the path of the centre of the largest sphere that passes through the vessel from the inlet to another
//! opening (Antiga, Ene-Iordache and Remuzzi, IEEE Trans. Med. Imaging 22, 674, 2003). It is found in four steps, each in
//! a module: cubes fill the inside, finer where it is narrower; a cheapest way leads through them to every opening; its
//! points are moved to the middle, off the cubes; and ways are joined where one enters the tube of another. Sections are
//! exact cuts of the surface by the planes across the branch.
//!
//! Lengths in metres, areas in square metres. The numbers of triangles and vertices play no part in the result but by
//! rounding.

mod build;
mod cells;
mod centre;
mod error;
mod inside;
mod join;
mod paths;
mod section;
#[cfg(test)]
mod tests;

pub use error::CentrelineError;

use super::vessel::Vessel;
use inside::Inside;

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

impl Tree {
    /// The tree of a vessel whose blood enters at the opening number `inlet`. With one opening it has one branch, to the
    /// place that is farthest from there.
    ///
    /// # Errors
    /// [`CentrelineError`]: there is no such opening, or no way to another one.
    pub fn new(vessel: &Vessel, inlet: usize) -> Result<Self, CentrelineError> {
        let count = vessel.openings.len();
        if inlet >= count {
            return Err(CentrelineError::NoInlet { count });
        }
        let inside = Inside::new(vessel)?;
        let ways = paths::ways(vessel, &inside, inlet)?;
        let lines = ways.iter().map(|way| (way.opening, centre::centred(&inside, &way.points))).collect();
        Ok(build::tree(vessel, &inside, inlet, &join::join(lines)))
    }

    /// The openings that lie downstream of a branch, by their positions in the vessel.
    #[must_use]
    pub fn downstream(&self, branch: usize) -> Vec<usize> {
        let mut below = vec![false; self.branches.len()];
        let mut found = Vec::new();
        for (k, other) in self.branches.iter().enumerate() {
            // A branch comes after its parent.
            below[k] = k == branch || other.parent.is_some_and(|parent| below[parent]);
            found.extend(other.opening.filter(|_| below[k]));
        }
        found
    }
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
