//! A tube bent along a circular arc between two straight ends.

use std::f64::consts::PI;

use nalgebra::Vector3;

use super::builder::{Builder, Circle};
use super::{PrimitiveError, Shown, check, check_diameter, check_length, edge_length, segments, steps};
use crate::geometry::surface::Surface;

/// A bend in the x-y plane: from the origin along +x, then turning left (toward +y).
#[derive(Clone, Debug, PartialEq)]
pub struct Bend {
    /// Diameter, m.
    pub diameter: f64,
    /// Radius of curvature of the axis, m.
    pub bend_radius: f64,
    /// Angle that the axis turns through, radians.
    pub angle: f64,
    /// Straight vessel before the bend, m.
    pub upstream: f64,
    /// Straight vessel after the bend, m.
    pub downstream: f64,
    /// Edge length of the triangles, m; a 24th of the diameter when absent.
    pub edge: Option<f64>,
}

impl Default for Bend {
    fn default() -> Self {
        Self::new(6e-3)
    }
}

impl Bend {
    /// A right-angled bend of three diameters' radius between straight ends of two and four diameters.
    #[must_use]
    pub fn new(diameter: f64) -> Self {
        Self {
            diameter,
            bend_radius: 3.0 * diameter,
            angle: 0.5 * PI,
            upstream: 2.0 * diameter,
            downstream: 4.0 * diameter,
            edge: None,
        }
    }

    /// Length of the axis, m.
    #[must_use]
    pub fn axis_length(&self) -> f64 {
        self.upstream + self.bend_radius * self.angle + self.downstream
    }

    /// Volume of the exact vessel by Pappus's theorem, m^3.
    #[must_use]
    pub fn volume(&self) -> f64 {
        PI / 4.0 * self.diameter * self.diameter * self.axis_length()
    }

    /// Area of the exact wall without caps, m^2.
    #[must_use]
    pub fn wall_area(&self) -> f64 {
        PI * self.diameter * self.axis_length()
    }

    /// Centre and unit tangent of the outlet, m.
    #[must_use]
    pub fn outlet(&self) -> ([f64; 3], [f64; 3]) {
        let circle = self.circle(self.angle, self.downstream);
        (circle.centre.into(), circle.u.cross(&circle.v).into())
    }

    /// The section after turning by `angle` and going straight on for `beyond` (m).
    fn circle(&self, angle: f64, beyond: f64) -> Circle {
        let (sin, cos) = angle.sin_cos();
        let tangent = Vector3::new(cos, sin, 0.0);
        let arc = Vector3::new(self.upstream + self.bend_radius * sin, self.bend_radius * (1.0 - cos), 0.0);
        let u = Vector3::new(-sin, cos, 0.0);
        Circle { centre: arc + tangent * beyond, u, v: Vector3::z(), radius: 0.5 * self.diameter }
    }

    /// The triangulated vessel, m.
    ///
    /// # Errors
    /// A parameter out of its range.
    pub fn surface(&self) -> Result<Surface, PrimitiveError> {
        check_diameter("diameter", self.diameter)?;
        let range = 0.75 * self.diameter..=1e3 * self.diameter;
        check("bend-radius", self.bend_radius, range, Shown::Millimetres, " (0.75 to 1000 diameters)")?;
        check("angle", self.angle, 1f64.to_radians()..=PI, Shown::Degrees, "")?;
        check_length("upstream", self.upstream, self.diameter)?;
        check_length("downstream", self.downstream, self.diameter)?;
        let edge = edge_length(self.edge, self.diameter, self.wall_area())?;
        let rows = [self.upstream, self.bend_radius * self.angle, self.downstream].map(|length| steps(length, edge));
        let part = |k: usize, n: usize| k as f64 / n as f64;
        let before = (0..rows[0]).map(|k| self.circle(0.0, -self.upstream * (1.0 - part(k, rows[0]))));
        let arc = (0..rows[1]).map(|k| self.circle(self.angle * part(k, rows[1]), 0.0));
        let after = (0..=rows[2]).map(|k| self.circle(self.angle, self.downstream * part(k, rows[2])));
        let circles: Vec<_> = before.chain(arc).chain(after).collect();
        let mut builder = Builder::new(&["wall", "inlet", "outlet"]);
        builder.tube(&circles, segments(self.diameter, edge));
        Ok(builder.finish())
    }
}
