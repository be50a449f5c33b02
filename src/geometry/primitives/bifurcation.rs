//! A vessel that divides in two by Murray's law.
//!
//! Murray (Proc. Natl. Acad. Sci. 12 (1926) 207; J. Gen. Physiol. 9 (1926) 835): the least work of pumping and of
//! keeping blood makes flow proportional to the cube of the radius, so `r0^3 = r1^3 + r2^3`, and sets the angles
//! `cos a1 = (r0^4 + r1^4 - r2^4) / (2 r0^2 r1^2)`.

use std::f64::consts::PI;

use nalgebra::Vector3;

use super::builder::Builder;
use super::field::{Axis, Field, Solid};
use super::junction::{Branch, Ending, Junction};
use super::{PrimitiveError, Shown, check, check_diameter, check_length, edge_length, segments};
use crate::geometry::surface::Surface;

/// A bifurcation in the x-y plane: the parent comes along +x to the origin, the left branch leaves toward +y.
#[derive(Clone, Debug, PartialEq)]
pub struct Bifurcation {
    /// Diameter of the parent vessel, m.
    pub diameter: f64,
    /// Diameter of the right branch divided by that of the left one, at most 1.
    pub ratio: f64,
    /// Angle between the parent's direction and the left branch, radians; Murray's when absent.
    pub left_angle: Option<f64>,
    /// The same of the right branch, radians.
    pub right_angle: Option<f64>,
    /// Length of the parent from the inlet to the meeting point of the axes, m.
    pub length: f64,
    /// Length of the branches from that point to their outlets, m.
    pub branch_length: f64,
    /// Width over which the branches blend into each other, as a fraction of the parent's diameter.
    pub blend: f64,
    /// Edge length of the triangles on the parent, m; a 24th of its diameter when absent.
    pub edge: Option<f64>,
}

impl Default for Bifurcation {
    fn default() -> Self {
        Self::new(6e-3)
    }
}

impl Bifurcation {
    /// An even bifurcation of a parent of this diameter (m): three diameters of parent, four of either branch.
    #[must_use]
    pub fn new(diameter: f64) -> Self {
        Self {
            diameter,
            ratio: 1.0,
            left_angle: None,
            right_angle: None,
            length: 3.0 * diameter,
            branch_length: 4.0 * diameter,
            blend: 0.15,
            edge: None,
        }
    }

    /// Diameters of the left and right branch by Murray's law, m.
    #[must_use]
    pub fn branch_diameters(&self) -> [f64; 2] {
        let left = self.diameter / (1.0 + self.ratio.powi(3)).cbrt();
        [left, self.ratio * left]
    }

    /// Angles of the left and right branch with the parent's direction, radians.
    #[must_use]
    pub fn angles(&self) -> [f64; 2] {
        let [left, right] = self.branch_diameters().map(|d| (d / self.diameter).powi(2));
        let murray = |own: f64, other: f64| ((1.0 + own * own - other * other) / (2.0 * own)).clamp(-1.0, 1.0).acos();
        [
            self.left_angle.unwrap_or_else(|| murray(left, right)),
            self.right_angle.unwrap_or_else(|| murray(right, left)),
        ]
    }

    fn validate(&self) -> Result<(), PrimitiveError> {
        check_diameter("diameter", self.diameter)?;
        check("ratio", self.ratio, 0.4..=1.0, Shown::Plain, "")?;
        let [left, right] = self.angles();
        let range = 5f64.to_radians()..=0.5 * PI;
        check("left-angle", left, range.clone(), Shown::Degrees, "")?;
        check("right-angle", right, range, Shown::Degrees, "")?;
        let both = 40f64.to_radians()..=PI;
        check("left-angle plus right-angle", left + right, both, Shown::Degrees, " (branches closer than that merge)")?;
        check_length("length", self.length, self.diameter)?;
        check_length("branch-length", self.branch_length, self.diameter)?;
        check("blend", self.blend, 0.1..=0.4, Shown::Plain, " (a fraction of the diameter)")
    }

    /// The triangulated vessel, m.
    ///
    /// # Errors
    /// A parameter out of its range, or a branch too short to become a circular tube.
    pub fn surface(&self) -> Result<Surface, PrimitiveError> {
        self.validate()?;
        let area = PI * self.diameter * (self.length + 2.0 * self.branch_length);
        let edge = edge_length(self.edge, self.diameter, area)?;
        let [left, right] = self.angles();
        let diameters = self.branch_diameters();
        let branch = |angle: f64, patch: u16, length: f64, diameter: f64, name: &'static str| {
            let (sin, cos) = angle.sin_cos();
            let (direction, normal) = (Vector3::new(cos, sin, 0.0), Vector3::new(-sin, cos, 0.0));
            let axis = Axis::straight(Vector3::zeros(), direction, normal);
            Branch { axis, ending: Ending::Lid { patch, length, radius: 0.5 * diameter, name } }
        };
        let branches = [
            branch(PI, 1, self.length, self.diameter, "length"),
            branch(-right, 3, self.branch_length, diameters[1], "branch-length"),
            branch(left, 2, self.branch_length, diameters[0], "branch-length"),
        ];
        let diameters = [self.diameter, diameters[1], diameters[0]];
        let tube = |k: usize| vec![Solid::Tube { axis: branches[k].axis, radius: 0.5 * diameters[k] }];
        let field = Field { groups: vec![tube(0), tube(1), tube(2)], blend: self.blend * self.diameter };
        let half = segments(self.diameter, edge) / 2;
        let junction = Junction { field, up: Vector3::z(), branches, edge, half, scale: 0.5 * self.diameter };
        let mut builder = Builder::new(&["wall", "inlet", "outlet_left", "outlet_right"]);
        junction.build(&mut builder)?;
        Ok(builder.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn murray_sizes_and_angles() {
        let even = Bifurcation::default();
        let [left, right] = even.branch_diameters();
        assert!((left - 6e-3 * 0.5f64.cbrt()).abs() < 1e-15 && left == right);
        // Murray 1926: about 75 degrees between equal branches.
        assert!((even.angles()[0].to_degrees() - 37.47).abs() < 0.01);
        let uneven = Bifurcation { ratio: 0.6, ..even };
        let [left, right] = uneven.branch_diameters();
        assert!((left.powi(3) + right.powi(3) - 6e-3f64.powi(3)).abs() < 1e-18);
        assert!(uneven.angles()[0] < uneven.angles()[1]);
    }
}
