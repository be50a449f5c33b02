//! The largest ball that touches a surface from one side at a point.
//!
//! Shrinking ball (Ma, Bae, Choi, Vis. Comput. 28, 7, 2012): a ball through the point, tangent to the surface there, is
//! made smaller until nothing of the surface lies inside it. Here a place counts as inside only when it is deeper than
//! [`SLACK`] of the radius: then facets that lean by up to 25 degrees and noise do not matter, and the radius found is
//! that of a smooth surface once half the slack is taken off (exact on a cylinder, a sphere and between planes).

use nalgebra::Vector3;

/// How deep a surface may lie in the ball, in radii.
const SLACK: f64 = 0.1;

/// Steps in which a radius is found, at most: each is at least a thousandth.
const STEPS: usize = 100;

/// Radius of the largest ball that touches the surface at `point` and has its centre in the unit `direction` from
/// there; `most` where it is larger. The search begins at the radius `first` and doubles it: of a ball far larger than
/// the gap that it spans, the slack would hide both sides.
///
/// `nearest` tells the point of the surface nearest to a place, if one is nearer than a distance.
pub(super) fn radius(
    nearest: impl Fn(Vector3<f64>, f64) -> Option<Vector3<f64>>,
    point: Vector3<f64>,
    direction: Vector3<f64>,
    [first, most]: [f64; 2],
) -> f64 {
    let keep = 1.0 - SLACK;
    let short = 1.0 - keep * keep;
    let largest = most / (1.0 - 0.5 * SLACK);
    let within = |radius: f64| nearest(point + radius * direction, keep * radius);
    let mut radius = first.min(largest);
    let mut found = within(radius);
    while found.is_none() && radius < largest {
        radius = (2.0 * radius).min(largest);
        found = within(radius);
    }
    for _ in 0..STEPS {
        let Some(place) = found else { break };
        // The radius at which the place is just not inside: |r direction - (place - point)| = keep r.
        let to = place - point;
        let along = direction.dot(&to);
        let root = (along * along - short * to.norm_squared()).max(0.0).sqrt();
        let next = to.norm_squared() / (along + root).max(f64::MIN_POSITIVE);
        if next > (1.0 - 1e-3) * radius {
            break;
        }
        radius = next;
        found = within(radius);
    }
    (1.0 - 0.5 * SLACK) * radius
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::nearest::Nearest;
    use crate::geometry::tube;

    #[test]
    fn a_tube_has_its_radius_inside_and_none_outside() {
        let closed = tube::closed([0.0; 3], [0.0, 0.0, 1.0], 2.0, 20.0, 48);
        let wall = closed.triangles.iter().map(|t| t.map(|v| Vector3::from(closed.vertices[v as usize])));
        let tree = Nearest::new(wall.collect());
        let point = Vector3::new(0.0, 2.0, 10.0);
        assert!(
            (radius(|p, within| tree.find(p, within), point, -Vector3::y(), [0.1, 500.0]) / 2.0 - 1.0).abs() < 0.01
        );
        assert_eq!(radius(|p, within| tree.find(p, within), point, Vector3::y(), [7.0, 50.0]), 50.0);
        // Between two planes half their distance.
        let plane = |z: f64| [[-9.0, -9.0, z], [9.0, -9.0, z], [0.0, 18.0, z]].map(Vector3::from);
        let tree = Nearest::new(vec![plane(0.0), plane(1.0)]);
        assert!(
            (radius(|p, within| tree.find(p, within), Vector3::zeros(), Vector3::z(), [9.0, 9.0]) - 0.5).abs() < 1e-3
        );
    }
}
