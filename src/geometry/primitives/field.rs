//! Distance fields of tubes and balls, and their smooth union.
//!
//! Negative inside. The union of groups is smoothed by the quadratic polynomial `min(a, b) - h^2 / 4k` with
//! `h = max(k - |a - b|, 0)`: it is exactly the minimum where the fields differ by more than `k`, so that a vessel is an
//! exact tube away from its junction. Distances change by at most one metre a metre and the polynomial keeps that, so a
//! ray may always advance by the distance it reads.

use nalgebra::Vector3;

/// Axis of a branch in the plane of the junction: an arc that goes on as a straight line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    pub origin: Vector3<f64>,
    /// Unit tangent at the origin.
    pub direction: Vector3<f64>,
    /// Unit normal toward the centre of curvature.
    pub normal: Vector3<f64>,
    /// Radius of the arc, m (not used without arc).
    pub radius: f64,
    /// Angle of the arc, radians; 0 for a straight axis.
    pub angle: f64,
}

impl Axis {
    /// A straight axis.
    pub fn straight(origin: Vector3<f64>, direction: Vector3<f64>, normal: Vector3<f64>) -> Self {
        Self { origin, direction, normal, radius: 1.0, angle: 0.0 }
    }

    /// Point and unit tangent at arc length `s`; before the origin the arc is continued backwards.
    pub fn at(&self, s: f64) -> (Vector3<f64>, Vector3<f64>) {
        let turned = if self.angle > 0.0 { (s / self.radius).min(self.angle) } else { 0.0 };
        let (sin, cos) = turned.sin_cos();
        let tangent = self.direction * cos + self.normal * sin;
        let arc = self.direction * (self.radius * sin) + self.normal * (self.radius * (1.0 - cos));
        (self.origin + arc + tangent * (s - self.radius * turned), tangent)
    }

    /// Coordinates along the tangent and the normal at the origin, and the rest perpendicular to both (squared).
    fn local(&self, p: Vector3<f64>) -> (f64, f64, f64) {
        let d = p - self.origin;
        let (x, y) = (d.dot(&self.direction), d.dot(&self.normal));
        (x, y, (d.norm_squared() - x * x - y * y).max(0.0))
    }

    /// Arc length of the section plane through `p` (the inverse of [`Axis::at`]).
    pub fn parameter(&self, p: Vector3<f64>) -> f64 {
        let (x, y, _) = self.local(p);
        let turned = x.atan2(self.radius - y);
        if self.angle == 0.0 {
            x
        } else if turned <= self.angle {
            self.radius * turned
        } else {
            let (end, tangent) = self.at(self.radius * self.angle);
            self.radius * self.angle + (p - end).dot(&tangent)
        }
    }

    /// Distance from the axis, which starts at its origin and never ends.
    fn distance(&self, p: Vector3<f64>) -> f64 {
        let (end, tangent) = self.at(if self.angle > 0.0 { self.radius * self.angle } else { 0.0 });
        let beyond = p - end - tangent * (p - end).dot(&tangent).max(0.0);
        let mut nearest = beyond.norm();
        if self.angle > 0.0 {
            let (x, y, z2) = self.local(p);
            nearest = nearest.min((p - self.origin).norm());
            if (0.0..=self.angle).contains(&x.atan2(self.radius - y)) {
                let across = x.hypot(self.radius - y) - self.radius;
                nearest = nearest.min((across * across + z2).sqrt());
            }
        }
        nearest
    }
}

/// A solid of which the vessel is made.
#[derive(Clone, Copy, Debug)]
pub(super) enum Solid {
    /// A tube of constant radius with a round start.
    Tube { axis: Axis, radius: f64 },
    /// A ball.
    Ball { centre: Vector3<f64>, radius: f64 },
}

impl Solid {
    fn distance(&self, p: Vector3<f64>) -> f64 {
        match self {
            Solid::Tube { axis, radius } => axis.distance(p) - radius,
            Solid::Ball { centre, radius } => (p - centre).norm() - radius,
        }
    }
}

/// The smooth union of groups of solids; within a group the union is sharp.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub groups: Vec<Vec<Solid>>,
    /// Width of the blending, m.
    pub blend: f64,
}

impl Field {
    /// Distance from the surface, m, negative inside (a bound near a blended edge).
    pub fn value(&self, p: Vector3<f64>) -> f64 {
        let group = |solids: &Vec<Solid>| solids.iter().map(|s| s.distance(p)).fold(f64::INFINITY, f64::min);
        self.groups.iter().rev().map(group).fold(f64::INFINITY, |a, b| smooth_min(a, b, self.blend))
    }

    /// Gradient by central differences.
    pub fn gradient(&self, p: Vector3<f64>) -> Vector3<f64> {
        let step = 1e-4 * self.blend;
        let along = |e: Vector3<f64>| (self.value(p + e * step) - self.value(p - e * step)) / (2.0 * step);
        Vector3::new(along(Vector3::x()), along(Vector3::y()), along(Vector3::z()))
    }

    /// The surface point that Newton's method reaches from `p`.
    pub fn project(&self, mut p: Vector3<f64>) -> Vector3<f64> {
        for _ in 0..8 {
            let value = self.value(p);
            if value.abs() < 1e-15 {
                break;
            }
            let gradient = self.gradient(p);
            p -= gradient * (value / gradient.norm_squared().max(1e-3));
        }
        p
    }

    /// Length of the ray from the inside point `from` along the unit vector `to`, up to where it first leaves the
    /// vessel; `None` when it does not within `reach` (m).
    pub fn ray(&self, from: Vector3<f64>, to: Vector3<f64>, reach: f64) -> Option<f64> {
        let step = 0.02 * self.blend;
        let (mut inside, mut outside) = (0.0, 0.0);
        loop {
            let value = self.value(from + to * outside);
            if value >= 0.0 {
                break;
            }
            if outside > reach {
                return None;
            }
            inside = outside;
            outside += (-value).max(step);
        }
        for _ in 0..60 {
            let middle = 0.5 * (inside + outside);
            if self.value(from + to * middle) < 0.0 {
                inside = middle;
            } else {
                outside = middle;
            }
        }
        Some(outside)
    }
}

fn smooth_min(a: f64, b: f64, k: f64) -> f64 {
    let h = (k - (a - b).abs()).max(0.0);
    a.min(b) - h * h / (4.0 * k)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bent_axis_is_continuous_and_inverts() {
        let axis =
            Axis { origin: Vector3::zeros(), direction: Vector3::x(), normal: Vector3::y(), radius: 2.0, angle: 1.0 };
        for s in [-0.3, 0.0, 0.7, 1.99, 2.01, 3.0] {
            let (point, tangent) = axis.at(s);
            assert!((tangent.norm() - 1.0).abs() < 1e-14);
            assert!((axis.parameter(point) - s).abs() < 1e-12, "{s}");
            if s >= 0.0 {
                let off = point + Vector3::z() * 0.4;
                assert!((axis.distance(off) - 0.4).abs() < 1e-12, "{s}");
            }
        }
    }

    #[test]
    fn blending_is_exact_away_from_the_edge() {
        assert_eq!(smooth_min(0.1, 0.5, 0.3), 0.1);
        assert!((smooth_min(0.2, 0.2, 0.4) - 0.1).abs() < 1e-15);
    }
}
