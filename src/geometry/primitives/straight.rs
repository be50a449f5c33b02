//! A straight circular tube in any direction.

use std::f64::consts::PI;

use nalgebra::Vector3;

use super::builder::{Builder, Circle, frame};
use super::{PrimitiveError, check_diameter, check_length, edge_length, segments, steps};
use crate::geometry::surface::Surface;

/// A straight tube from the origin along an axis. The test vessel for Poiseuille flow at any angle to the lattice.
#[derive(Clone, Debug, PartialEq)]
pub struct Straight {
    /// Diameter, m.
    pub diameter: f64,
    /// Length, m.
    pub length: f64,
    /// Direction from inlet to outlet; any length but zero.
    pub axis: [f64; 3],
    /// Edge length of the triangles, m; a 24th of the diameter when absent.
    pub edge: Option<f64>,
}

impl Default for Straight {
    fn default() -> Self {
        Self::new(6e-3)
    }
}

impl Straight {
    /// A tube of this diameter (m), five diameters long, along +x.
    #[must_use]
    pub fn new(diameter: f64) -> Self {
        Self { diameter, length: 5.0 * diameter, axis: [1.0, 0.0, 0.0], edge: None }
    }

    /// Volume of the exact tube, m^3.
    #[must_use]
    pub fn volume(&self) -> f64 {
        PI / 4.0 * self.diameter * self.diameter * self.length
    }

    /// Area of the exact wall without caps, m^2.
    #[must_use]
    pub fn wall_area(&self) -> f64 {
        PI * self.diameter * self.length
    }

    /// The triangulated tube, m.
    ///
    /// # Errors
    /// A parameter out of its range.
    pub fn surface(&self) -> Result<Surface, PrimitiveError> {
        check_diameter("diameter", self.diameter)?;
        check_length("length", self.length, self.diameter)?;
        let axis = Vector3::from(self.axis);
        let scale = axis.amax();
        if !axis.iter().all(|c| c.is_finite()) || scale == 0.0 {
            return Err(PrimitiveError::Axis(self.axis));
        }
        let axis = (axis / scale).normalize();
        let edge = edge_length(self.edge, self.diameter, self.wall_area())?;
        let (u, v) = frame(axis);
        let rows = steps(self.length, edge);
        let circles: Vec<_> = (0..=rows)
            .map(|k| Circle {
                centre: axis * (self.length * k as f64 / rows as f64),
                u,
                v,
                radius: 0.5 * self.diameter,
            })
            .collect();
        let mut builder = Builder::new(&["wall", "inlet", "outlet"]);
        builder.tube(&circles, segments(self.diameter, edge));
        Ok(builder.finish())
    }
}
