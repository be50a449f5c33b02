//! A straight or bent vessel with a round sac on its side.

use std::f64::consts::PI;

use nalgebra::Vector3;

use super::builder::Builder;
use super::field::{Axis, Field, Solid};
use super::junction::{Branch, Ending, Junction};
use super::{PrimitiveError, Shown, check, check_diameter, check_length, edge_length, segments};
use crate::geometry::surface::Surface;

/// A side-wall aneurysm in the x-y plane: the sac sits at the origin on the +y side, the flow comes from -x. A bent
/// vessel turns away from the sac (toward -y), which sits on the outside of the bend.
#[derive(Clone, Debug, PartialEq)]
pub struct Aneurysm {
    /// Diameter of the vessel, m.
    pub diameter: f64,
    /// Diameter of the sac, m.
    pub sac: f64,
    /// Width of the neck along the vessel, before blending, m.
    pub neck: f64,
    /// Radius of curvature of the vessel's axis, m; straight when absent.
    pub bend_radius: Option<f64>,
    /// Angle that a bent vessel turns through, half of it on either side of the sac, radians.
    pub angle: f64,
    /// Length of the axis from the inlet to the sac, m.
    pub upstream: f64,
    /// Length of the axis from the sac to the outlet, m.
    pub downstream: f64,
    /// Width over which sac and vessel blend, as a fraction of the vessel's diameter.
    pub blend: f64,
    /// Edge length of the triangles, m; a 24th of the vessel's diameter when absent.
    pub edge: Option<f64>,
}

impl Default for Aneurysm {
    fn default() -> Self {
        Self::new(4e-3)
    }
}

impl Aneurysm {
    /// A straight vessel of this diameter (m) with a neck of one and a sac of 1.75 diameters.
    #[must_use]
    pub fn new(diameter: f64) -> Self {
        Self {
            diameter,
            sac: 1.75 * diameter,
            neck: diameter,
            bend_radius: None,
            angle: 0.5 * PI,
            upstream: 4.0 * diameter,
            downstream: 6.0 * diameter,
            blend: 0.15,
            edge: None,
        }
    }

    /// Distance of the sac's centre from the vessel's axis, m: the sac's sphere cuts the vessel's outer wall along a
    /// chord of the neck's width.
    #[must_use]
    pub fn sac_height(&self) -> f64 {
        let half = 0.5 * self.neck;
        let rise = |radius: f64| (radius * radius - half * half).max(0.0).sqrt();
        let wall = match self.bend_radius {
            None => 0.5 * self.diameter,
            Some(bend) => rise(bend + 0.5 * self.diameter) - bend,
        };
        wall + rise(0.5 * self.sac)
    }

    fn validate(&self) -> Result<(), PrimitiveError> {
        check_diameter("diameter", self.diameter)?;
        let d = self.diameter;
        check("neck", self.neck, 0.4 * d..=1.2 * d, Shown::Millimetres, " (0.4 to 1.2 diameters)")?;
        let range = 1.05 * self.neck..=2.5 * self.neck;
        check("sac", self.sac, range, Shown::Millimetres, " (1.05 to 2.5 times the neck)")?;
        if let Some(bend) = self.bend_radius {
            check("bend-radius", bend, 1.5 * d..=1e3 * d, Shown::Millimetres, " (1.5 to 1000 diameters)")?;
            check("angle", self.angle, 1f64.to_radians()..=PI, Shown::Degrees, "")?;
        }
        check_length("upstream", self.upstream, d)?;
        check_length("downstream", self.downstream, d)?;
        check("blend", self.blend, 0.1..=0.4, Shown::Plain, " (a fraction of the diameter)")
    }

    /// The triangulated vessel, m.
    ///
    /// # Errors
    /// A parameter out of its range, or an end too close to the sac to be a circle.
    pub fn surface(&self) -> Result<Surface, PrimitiveError> {
        self.validate()?;
        let area = PI * self.diameter * (self.upstream + self.downstream) + PI * self.sac * self.sac;
        let edge = edge_length(self.edge, self.diameter, area)?;
        let half_angle = if self.bend_radius.is_some() { 0.5 * self.angle } else { 0.0 };
        let axis = |direction: Vector3<f64>| Axis {
            origin: Vector3::zeros(),
            direction,
            normal: -Vector3::y(),
            radius: self.bend_radius.unwrap_or(1.0),
            angle: half_angle,
        };
        let lid = |patch, length, name| Ending::Lid { patch, length, radius: 0.5 * self.diameter, name };
        let sac = Axis::straight(Vector3::zeros(), Vector3::y(), -Vector3::x());
        let height = self.sac_height();
        let branches = [
            Branch { axis: axis(Vector3::x()), ending: lid(2, self.downstream, "downstream") },
            Branch { axis: sac, ending: Ending::Dome { length: height } },
            Branch { axis: axis(-Vector3::x()), ending: lid(1, self.upstream, "upstream") },
        ];
        let tube = |k: usize| Solid::Tube { axis: branches[k].axis, radius: 0.5 * self.diameter };
        let ball = Solid::Ball { centre: Vector3::y() * height, radius: 0.5 * self.sac };
        let field = Field { groups: vec![vec![tube(0), tube(2)], vec![ball]], blend: self.blend * self.diameter };
        let half = segments(self.diameter, edge) / 2;
        let junction = Junction { field, up: Vector3::z(), branches, edge, half, scale: 0.5 * self.diameter };
        let mut builder = Builder::new(&["wall", "inlet", "outlet"]);
        junction.build(&mut builder)?;
        Ok(builder.finish())
    }
}
