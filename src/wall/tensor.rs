//! Numbers of a symmetric tensor given as xx, yy, zz, xy, yz, xz (VTK's order).

use nalgebra::{Matrix3, Vector3};

/// The tensor as a matrix.
#[must_use]
pub fn matrix(tensor: &[f64; 6]) -> Matrix3<f64> {
    let [xx, yy, zz, xy, yz, xz] = *tensor;
    Matrix3::new(xx, xy, xz, xy, yy, yz, xz, yz, zz)
}

/// Von Mises stress, in the stress's unit: what a single tension would be that distorts as much (von Mises, 1913).
#[must_use]
pub fn von_mises(stress: &[f64; 6]) -> f64 {
    let [xx, yy, zz, xy, yz, xz] = *stress;
    let normal = (xx - yy).powi(2) + (yy - zz).powi(2) + (zz - xx).powi(2);
    (0.5 * normal + 3.0 * (xy * xy + yz * yz + xz * xz)).sqrt()
}

/// Component of the tensor along a direction of unit length.
#[must_use]
pub fn along(tensor: &[f64; 6], direction: &Vector3<f64>) -> f64 {
    direction.dot(&(matrix(tensor) * direction))
}

/// Principal values and directions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Principal {
    /// Values in the tensor's unit, the largest first.
    pub values: [f64; 3],
    /// The direction of each, of unit length; its sign is arbitrary.
    pub directions: [[f64; 3]; 3],
}

/// Principal values and directions of a tensor; NaN throughout if a component is not finite.
#[must_use]
pub fn principal(tensor: &[f64; 6]) -> Principal {
    if !tensor.iter().all(|value| value.is_finite()) {
        return Principal { values: [f64::NAN; 3], directions: [[f64::NAN; 3]; 3] };
    }
    let eigen = matrix(tensor).symmetric_eigen();
    let mut order = [0, 1, 2];
    order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
    Principal {
        values: order.map(|k| eigen.eigenvalues[k]),
        directions: order.map(|k| eigen.eigenvectors.column(k).into_owned().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn principal_values_of_a_turned_tensor_are_found() {
        let turn = nalgebra::Rotation3::from_euler_angles(0.3, -0.7, 1.1);
        let m = turn.matrix() * Matrix3::from_diagonal(&Vector3::new(-2.0, 5.0, 1.0)) * turn.matrix().transpose();
        let tensor = [m[(0, 0)], m[(1, 1)], m[(2, 2)], m[(0, 1)], m[(1, 2)], m[(0, 2)]];
        let found = principal(&tensor);
        for (k, (value, axis)) in [(5.0, 1), (1.0, 2), (-2.0, 0)].into_iter().enumerate() {
            assert!((found.values[k] - value).abs() < 1e-12, "{found:?}");
            let direction = Vector3::from(found.directions[k]);
            assert!((direction.dot(&turn.matrix().column(axis)).abs() - 1.0).abs() < 1e-12, "{found:?}");
            assert!((along(&tensor, &direction) - value).abs() < 1e-12);
        }
        // sqrt(((5 - 1)^2 + (1 + 2)^2 + (5 + 2)^2) / 2)
        assert!((von_mises(&tensor) - 37.0f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn what_is_not_finite_stays_so() {
        assert!(principal(&[f64::NAN, 0.0, 0.0, 0.0, 0.0, 0.0]).values[0].is_nan());
        assert!(principal(&[f64::INFINITY; 6]).values[0].is_nan());
    }
}
