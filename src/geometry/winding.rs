//! The generalised winding number: how often a surface, closed or nearly, goes round a place (Jacobson et al., ACM TOG 32,
//! 33, 2013).

use nalgebra::Vector3;

use super::rim::Rim;
use super::surface::Surface;

/// Winding number of the chosen triangles and cones over the rims about a point: 1 inside, 0 outside (the solid angle
/// by van Oosterom and Strackee, IEEE Trans. Biomed. Eng. 30, 125, 1983).
pub(crate) fn winding(surface: &Surface, ends: &[Rim], chosen: impl Fn(usize) -> bool, point: Vector3<f64>) -> f64 {
    let half_angle = |corners: [Vector3<f64>; 3]| {
        let [a, b, c] = corners.map(|corner| corner - point);
        let (la, lb, lc) = (a.norm(), b.norm(), c.norm());
        a.dot(&b.cross(&c)).atan2(la * lb * lc + a.dot(&b) * lc + b.dot(&c) * la + c.dot(&a) * lb)
    };
    let wall = (0..surface.triangles.len()).filter(|&t| chosen(t));
    let mut sum: f64 = wall.map(|t| half_angle(surface.triangles[t].map(|v| surface.point(v)))).sum();
    for rim in ends {
        for (&a, &b) in rim.vertices.iter().zip(rim.vertices.iter().cycle().skip(1)) {
            sum += half_angle([rim.centre.into(), surface.point(a), surface.point(b)]);
        }
    }
    sum / std::f64::consts::TAU
}
