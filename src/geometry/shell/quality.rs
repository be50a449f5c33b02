//! Shape and volume of hexahedra.

use nalgebra::Vector3;
use rayon::prelude::*;

use super::Shell;

/// The next corners along the three edges at each corner of a hexahedron, right-handed where it is not inverted.
const TRIADS: [[usize; 3]; 8] =
    [[1, 3, 4], [2, 0, 5], [3, 1, 6], [0, 2, 7], [7, 5, 0], [4, 6, 1], [5, 7, 2], [6, 4, 3]];

/// Scaled Jacobian: the least determinant of the three unit vectors along the edges at a corner, over the eight corners
/// given in VTK's order. 1 for a box, 0 or less where the element is inverted (Knupp et al., The Verdict library
/// reference manual, Sandia SAND2007-1751, section 6.10; the determinant at the centre, which Verdict adds, is never
/// the least where it matters).
#[must_use]
pub fn scaled_jacobian(corners: &[Vector3<f64>; 8]) -> f64 {
    let at = |k: usize, triad: &[usize; 3]| {
        let edges = triad.map(|other| (corners[other] - corners[k]).try_normalize(0.0).unwrap_or_default());
        edges[0].cross(&edges[1]).dot(&edges[2])
    };
    TRIADS.iter().enumerate().map(|(k, triad)| at(k, triad)).fold(1.0, f64::min)
}

/// Volume of a hexahedron with trilinear faces, given by its corners in VTK's order, m^3 (Grandy, UCRL-ID-128886, 1997,
/// the exact sum of three determinants).
#[must_use]
pub fn volume([a, b, c, d, e, f, g, h]: &[Vector3<f64>; 8]) -> f64 {
    let det = |x: Vector3<f64>, y: Vector3<f64>, z: Vector3<f64>| x.dot(&y.cross(&z));
    let first = det((g - b) + (h - a), g - d, c - a);
    let second = det(h - a, (g - d) + (f - a), g - e);
    let third = det(g - b, f - a, (g - e) + (c - a));
    (first + second + third) / 12.0
}

impl Shell {
    /// Places of the corners of an element, m, in VTK's order.
    #[must_use]
    pub fn corners(&self, quad: usize, layer: usize) -> [Vector3<f64>; 8] {
        self.hexahedron(quad, layer).map(|node| Vector3::from(self.nodes[node]))
    }

    /// The least scaled Jacobian of all elements, and the quadrilateral and layer where it is; 1 without any element.
    #[must_use]
    pub fn worst(&self) -> (f64, usize, usize) {
        let layers = self.layers;
        let quality = |element: usize| {
            let (quad, layer) = (element / layers, element % layers);
            (scaled_jacobian(&self.corners(quad, layer)), quad, layer)
        };
        let all = (0..self.elements()).into_par_iter().map(quality);
        all.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2))).unwrap_or((1.0, 0, 0))
    }

    /// Volume of the wall, m^3.
    #[must_use]
    pub fn volume(&self) -> f64 {
        (0..self.quads.len()).map(|q| (0..self.layers).map(|k| volume(&self.corners(q, k))).sum::<f64>()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit() -> [Vector3<f64>; 8] {
        let corner = |x: f64, y: f64, z: f64| Vector3::new(x, y, z);
        let face = |z: f64| [corner(0.0, 0.0, z), corner(1.0, 0.0, z), corner(1.0, 1.0, z), corner(0.0, 1.0, z)];
        let ([a, b, c, d], [e, f, g, h]) = (face(0.0), face(1.0));
        [a, b, c, d, e, f, g, h]
    }

    #[test]
    fn boxes_shears_and_inversions() {
        assert!((scaled_jacobian(&unit().map(|p| Vector3::new(3.0 * p.x, 0.1 * p.y, p.z))) - 1.0).abs() < 1e-12);
        let sheared = unit().map(|p| Vector3::new(p.x + p.z, p.y, p.z));
        assert!((scaled_jacobian(&sheared) - 0.5f64.sqrt()).abs() < 1e-12);
        assert!((volume(&sheared) - 1.0).abs() < 1e-12);
        let mut turned = unit();
        turned.swap(4, 6);
        assert!(scaled_jacobian(&turned) <= 0.0);
        // A frustum: bottom of side 1, top of side 1/2.
        let frustum = unit().map(|p| Vector3::new(p.x * (1.0 - 0.5 * p.z), p.y * (1.0 - 0.5 * p.z), p.z));
        assert!((volume(&frustum) - 7.0 / 12.0).abs() < 1e-12);
    }
}
