//! Where a picture is taken from.

use nalgebra::{Matrix3, SymmetricEigen, Vector3};

use crate::output::mesh::Mesh;

/// A parallel projection: lengths in the picture are lengths of the vessel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// To the right, up and towards the eye: unit vectors at right angles.
    pub axes: [Vector3<f64>; 3],
    /// Smallest and largest coordinates along those, m.
    pub low: Vector3<f64>,
    /// Largest.
    pub high: Vector3<f64>,
}

impl View {
    /// Along the direction in which the vessel extends least, so that most of it is seen. The third axis of the file points
    /// up, as it does in scans; a vessel much longer than wide lies across the picture instead.
    #[must_use]
    pub fn of(mesh: &Mesh) -> Self {
        let at = |&v: &u32| Vector3::from(mesh.places[v as usize]).map(f64::from);
        let corners = || mesh.triangles.iter().flatten();
        let count = (3 * mesh.triangles.len()).max(1) as f64;
        let centre = corners().map(at).sum::<Vector3<f64>>() / count;
        let spread: Matrix3<f64> = corners().map(|v| at(v) - centre).map(|d| d * d.transpose()).sum();
        let eigen = SymmetricEigen::new(spread);
        let mut order = [0, 1, 2];
        order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
        let [long, wide, thin] = order.map(|k| signed(eigen.eigenvectors.column(k).into_owned()));
        let slender = eigen.eigenvalues[order[0]] > 12.0 * eigen.eigenvalues[order[1]];
        let right = if slender {
            long
        } else {
            let up = if thin.z.abs() < 0.9 { Vector3::z() } else { Vector3::y() };
            up.cross(&thin).try_normalize(1e-9).unwrap_or(wide)
        };
        let eye = (thin - right * right.dot(&thin)).try_normalize(1e-9).unwrap_or_else(Vector3::z);
        let axes = [right, eye.cross(&right), eye];
        let seen = |p: Vector3<f64>| Vector3::from(axes.map(|a| a.dot(&p)));
        let none = [Vector3::repeat(f64::INFINITY), Vector3::repeat(f64::NEG_INFINITY)];
        let [low, high] = corners().map(|v| seen(at(v))).fold(none, |[l, h], p| [l.inf(&p), h.sup(&p)]);
        if low.x > high.x {
            Self { axes, low: Vector3::zeros(), high: Vector3::zeros() }
        } else {
            Self { axes, low, high }
        }
    }

    /// A place (m) as right, up and towards the eye, m.
    #[must_use]
    pub fn seen(&self, place: [f64; 3]) -> Vector3<f64> {
        let place = Vector3::from(place);
        Vector3::from(self.axes.map(|axis| axis.dot(&place)))
    }
}

/// An axis in that of its two directions in which its largest component is positive: the same for the same vessel.
fn signed(axis: Vector3<f64>) -> Vector3<f64> {
    if axis[axis.iamax()] < 0.0 { -axis } else { axis }
}
