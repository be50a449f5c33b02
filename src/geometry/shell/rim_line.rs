//! The rim of an opening as a curve: places on it are arc lengths.

use nalgebra::Vector3;

/// A closed polyline; it runs counter-clockwise seen from outside the vessel.
#[derive(Clone, Debug)]
pub(super) struct RimLine {
    /// Number of the opening whose rim it is.
    pub opening: usize,
    points: Vec<Vector3<f64>>,
    /// Arc length of each point, m, and the whole length at the end.
    arcs: Vec<f64>,
}

impl RimLine {
    pub fn new(opening: usize, points: Vec<Vector3<f64>>) -> Self {
        let mut arcs = vec![0.0];
        for (k, p) in points.iter().enumerate() {
            arcs.push(arcs[k] + (points[(k + 1) % points.len()] - p).norm());
        }
        Self { opening, points, arcs }
    }

    /// Arc length of the point of that number, m.
    pub fn arc(&self, point: usize) -> f64 {
        self.arcs[point]
    }

    /// Length of the rim, m.
    pub fn length(&self) -> f64 {
        self.arcs[self.points.len()]
    }

    /// The place at an arc length of any size, m.
    pub fn at(&self, arc: f64) -> Vector3<f64> {
        let arc = self.wrap(arc);
        let k = self.arcs.partition_point(|&a| a <= arc).clamp(1, self.points.len()) - 1;
        let side = (self.arcs[k + 1] - self.arcs[k]).max(f64::MIN_POSITIVE);
        let share = ((arc - self.arcs[k]) / side).clamp(0.0, 1.0);
        self.points[k].lerp(&self.points[(k + 1) % self.points.len()], share)
    }

    /// The arc length within one turn, m.
    pub fn wrap(&self, arc: f64) -> f64 {
        arc.rem_euclid(self.length())
    }

    /// The arc length in the middle of the way from one to another along the rim, m.
    pub fn between(&self, from: f64, to: f64) -> f64 {
        self.wrap(from + 0.5 * self.wrap(to - from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arcs_wrap_around() {
        let corners = [[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [0.0, 1.0]];
        let line = RimLine::new(0, corners.iter().map(|&[x, y]| Vector3::new(x, y, 0.0)).collect());
        assert_eq!((line.length(), line.arc(2)), (6.0, 3.0));
        assert_eq!(line.at(5.5), Vector3::new(0.0, 0.5, 0.0));
        assert_eq!(line.at(-0.5), line.at(5.5));
        assert_eq!(line.between(5.5, 1.5), 0.5);
        assert_eq!(line.between(1.5, 5.5), 3.5);
    }
}
