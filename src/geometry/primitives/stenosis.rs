//! A tube with one smooth narrowing of cosine shape.
//!
//! Varghese, Frankel and Fischer, J. Fluid Mech. 582 (2007) 253: with `c = 1 + cos(2 pi (x - x0) / L)` over the lesion,
//! the radius is `S = D/2 (1 - s0 c)` and the axis of the section is shifted by `E = s1 c`. Their lesion has L = 2 D,
//! s0 = 0.25 (half the diameter, a quarter of the area) and, when eccentric, s1 = 0.05 D.

use std::f64::consts::{PI, TAU};

use nalgebra::Vector3;

use super::builder::{Builder, Circle};
use super::{PrimitiveError, Shown, check, check_diameter, check_length, edge_length, segments, steps};
use crate::geometry::surface::Surface;

/// A stenosed tube along +x; the inlet is at the origin and an eccentric throat is shifted toward +y.
#[derive(Clone, Debug, PartialEq)]
pub struct Stenosis {
    /// Diameter of the healthy vessel, m.
    pub diameter: f64,
    /// Diameter reduction at the throat as a fraction: 0.5 for a 50 % stenosis (75 % by area).
    pub severity: f64,
    /// Length of the lesion, m.
    pub length: f64,
    /// Shift of the throat's axis as a fraction of the diameter; 0.1 in the paper's eccentric lesion.
    pub eccentricity: f64,
    /// Straight vessel before the lesion, m.
    pub upstream: f64,
    /// Straight vessel after the lesion, m.
    pub downstream: f64,
    /// Edge length of the triangles, m; a 24th of the diameter when absent.
    pub edge: Option<f64>,
}

impl Default for Stenosis {
    fn default() -> Self {
        Self::new(6e-3)
    }
}

impl Stenosis {
    /// The concentric lesion of the paper in a vessel of this diameter (m): 50 %, two diameters long, after four
    /// and before ten diameters of straight vessel.
    #[must_use]
    pub fn new(diameter: f64) -> Self {
        Self {
            diameter,
            severity: 0.5,
            length: 2.0 * diameter,
            eccentricity: 0.0,
            upstream: 4.0 * diameter,
            downstream: 10.0 * diameter,
            edge: None,
        }
    }

    /// Diameter of the throat, m.
    #[must_use]
    pub fn throat_diameter(&self) -> f64 {
        self.diameter * (1.0 - self.severity)
    }

    /// Place of the throat along x, m.
    #[must_use]
    pub fn throat(&self) -> f64 {
        self.upstream + 0.5 * self.length
    }

    /// Length of the whole vessel, m.
    #[must_use]
    pub fn total_length(&self) -> f64 {
        self.upstream + self.length + self.downstream
    }

    /// `1 + cos` of the lesion at `x` (m): 2 at the throat, 0 outside the lesion.
    fn shape(&self, x: f64) -> f64 {
        let xi = (x - self.throat()) / self.length;
        if xi.abs() < 0.5 { 1.0 + (TAU * xi).cos() } else { 0.0 }
    }

    /// Radius of the lumen at `x`, m.
    #[must_use]
    pub fn radius(&self, x: f64) -> f64 {
        0.5 * self.diameter * (1.0 - 0.5 * self.severity * self.shape(x))
    }

    /// Shift of the axis toward +y at `x`, m.
    #[must_use]
    pub fn offset(&self, x: f64) -> f64 {
        0.5 * self.eccentricity * self.diameter * self.shape(x)
    }

    /// Volume of the exact vessel, m^3: over the lesion the mean of `(1 - s0 c)^2` is `1 - 2 s0 + 1.5 s0^2`.
    #[must_use]
    pub fn volume(&self) -> f64 {
        let s0 = 0.5 * self.severity;
        let lesion = self.length * (1.0 - 2.0 * s0 + 1.5 * s0 * s0);
        PI / 4.0 * self.diameter * self.diameter * (self.upstream + lesion + self.downstream)
    }

    fn validate(&self) -> Result<(), PrimitiveError> {
        check_diameter("diameter", self.diameter)?;
        check("severity", self.severity, 0.0..=0.9, Shown::Percent, "")?;
        let low = 0.5 * self.diameter;
        check("length", self.length, low..=1e3 * self.diameter, Shown::Millimetres, " (0.5 to 1000 diameters)")?;
        let high = 0.5 * self.severity;
        check(
            "eccentricity",
            self.eccentricity,
            0.0..=high,
            Shown::Plain,
            " (half the severity: the throat stays inside)",
        )?;
        check_length("upstream", self.upstream, self.diameter)?;
        check_length("downstream", self.downstream, self.diameter)
    }

    /// The triangulated vessel, m.
    ///
    /// # Errors
    /// A parameter out of its range.
    pub fn surface(&self) -> Result<Surface, PrimitiveError> {
        self.validate()?;
        let edge = edge_length(self.edge, self.diameter, PI * self.diameter * self.total_length())?;
        let mut stations = Vec::new();
        let mut start = 0.0;
        for length in [self.upstream, self.length, self.downstream] {
            // The lesion gets an even count, so that one ring lies exactly in the throat.
            let rows = 2 * steps(length, 2.0 * edge);
            stations.extend((0..rows).map(|k| start + length * k as f64 / rows as f64));
            start += length;
        }
        stations.push(start);
        let circles: Vec<_> = stations
            .into_iter()
            .map(|x| Circle {
                centre: Vector3::new(x, self.offset(x), 0.0),
                u: Vector3::y(),
                v: Vector3::z(),
                radius: self.radius(x),
            })
            .collect();
        let mut builder = Builder::new(&["wall", "inlet", "outlet"]);
        builder.tube(&circles, segments(self.diameter, edge));
        Ok(builder.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_paper() {
        let paper = Stenosis { eccentricity: 0.1, ..Stenosis::default() };
        let d = paper.diameter;
        assert!((2.0 * paper.radius(paper.throat()) - paper.throat_diameter()).abs() < 1e-15);
        assert!((paper.radius(paper.throat()) - 0.25 * d).abs() < 1e-15);
        assert!((paper.offset(paper.throat()) - 0.1 * d).abs() < 1e-15);
        // A quarter of the lesion away the cosine is zero: S = D/2 (1 - s0).
        assert!((paper.radius(paper.throat() + 0.25 * paper.length) - 0.375 * d).abs() < 1e-15);
        assert_eq!(paper.radius(0.0), 0.5 * d);
    }
}
