//! The inside of a closed vessel: how far a place is from the surface, on which side, and cuts by planes.
//!
//! The side follows from the nearest point's pseudonormal: the triangle's normal, the sum of both at an edge, the sum
//! weighted by angle at a vertex (Baerentzen and Aanaes, IEEE Trans. Vis. Comput. Graph. 11, 243, 2005). The radius of an
//! inscribed sphere is the distance to the wall alone, so that it stays that of the vessel up to the plane of an opening.

use nalgebra::Vector3;

use crate::geometry::check::VesselError;
use crate::geometry::edges::Edges;
use crate::geometry::extend::close;
use crate::geometry::nearest::{Hit, Nearest};
use crate::geometry::vessel::{Closed, Tag, Vessel};

/// Weight of a corner below which the nearest point does not lie toward it.
const ASIDE: f64 = 1e-7;

/// A vessel closed by a lid at every opening.
pub(super) struct Inside {
    pub closed: Closed,
    tree: Nearest,
    normals: Vec<Vector3<f64>>,
    at_vertex: Vec<Vector3<f64>>,
    pub edges: Edges,
}

impl Inside {
    pub(super) fn new(vessel: &Vessel) -> Result<Self, VesselError> {
        let closed = close(vessel, &vec![0.0; vessel.openings.len()])?;
        let corners = |t: &[u32; 3]| t.map(|v| Vector3::from(closed.vertices[v as usize]));
        let faces: Vec<[Vector3<f64>; 3]> = closed.triangles.iter().map(corners).collect();
        let normal = |[a, b, c]: &[Vector3<f64>; 3]| {
            (b - a).cross(&(c - a)).try_normalize(0.0).unwrap_or_else(Vector3::zeros)
        };
        let normals: Vec<Vector3<f64>> = faces.iter().map(normal).collect();
        let mut at_vertex = vec![Vector3::zeros(); closed.vertices.len()];
        for ((triangle, corners), normal) in closed.triangles.iter().zip(&faces).zip(&normals) {
            for k in 0..3 {
                let (to, fro) = (corners[(k + 1) % 3] - corners[k], corners[(k + 2) % 3] - corners[k]);
                at_vertex[triangle[k] as usize] += normal * to.angle(&fro);
            }
        }
        let edges = Edges::new(&closed.triangles);
        Ok(Self { tree: Nearest::new(faces), normals, at_vertex, edges, closed })
    }

    /// Distance from the closed surface, m, positive inside; `within` is a bound on it that is known (m, or infinite).
    pub(super) fn signed(&self, place: Vector3<f64>, within: f64) -> f64 {
        let Some(hit) = self.tree.hit(place, within * (1.0 + 1e-9), |_| true) else { return -within };
        let way = place - hit.place;
        let inside = way.dot(&self.pseudonormal(&hit)) < 0.0;
        if inside { way.norm() } else { -way.norm() }
    }

    fn pseudonormal(&self, hit: &Hit) -> Vector3<f64> {
        let t = hit.triangle as usize;
        let toward: Vec<usize> = (0..3).filter(|&k| hit.weights[k] > ASIDE).collect();
        match *toward.as_slice() {
            [k] => self.at_vertex[self.closed.triangles[t][k] as usize],
            [a, b] => {
                // Half-edge c runs from corner c to the next one.
                let c = if (a + 1) % 3 == b { a } else { b };
                let mate = self.edges.mate((3 * t + c) as u32);
                self.normals[t] + mate.map_or_else(Vector3::zeros, |mate| self.normals[mate as usize / 3])
            }
            _ => self.normals[t],
        }
    }

    /// The point of the wall (lids left out) nearest to a place, if one is nearer than `within` (m).
    pub(super) fn contact(&self, place: Vector3<f64>, within: f64) -> Option<Vector3<f64>> {
        let tags = &self.closed.tags;
        self.tree.hit(place, within, |t| tags[t as usize] == Tag::Wall).map(|hit| hit.place)
    }

    /// Distance from the wall, m; 0 where there is no wall.
    pub(super) fn radius(&self, place: Vector3<f64>) -> f64 {
        self.contact(place, f64::INFINITY).map_or(0.0, |contact| (contact - place).norm())
    }

    /// Numbers of triangles that the plane may cut.
    pub(super) fn cut(&self, place: Vector3<f64>, normal: Vector3<f64>) -> Vec<u32> {
        let mut found = Vec::new();
        self.tree.cut(place, normal, &mut |t| found.push(t));
        found
    }
}
