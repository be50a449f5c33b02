//! A tube with one smooth narrowing of cosine shape, straight or bent, of even width or tapering.
//!
//! Varghese, Frankel and Fischer, J. Fluid Mech. 582 (2007) 253: with `c = 1 + cos(2 pi (x - x0) / L)` over the lesion,
//! the radius is `S = D/2 (1 - s0 c)` and the axis of the section is shifted by `E = s1 c`. Their lesion has L = 2 D,
//! s0 = 0.25 (half the diameter, a quarter of the area) and, when eccentric, s1 = 0.05 D.
//!
//! Three things are added to it. A plateau holds the throat's diameter over a length (the blunt lesions of pressure
//! drop laws); `c` then falls from 2 to 0 over what is left of L on either side. The axis may turn through an arc whose
//! middle is the throat. The healthy diameter may change evenly from inlet to outlet.

use std::f64::consts::{PI, TAU};

use nalgebra::Vector3;

use super::builder::{Builder, Circle};
use super::{PrimitiveError, Shown, check, check_diameter, check_length, edge_length, segments, steps};
use crate::geometry::surface::Surface;

/// A stenosed tube from the origin along +x. An eccentric throat is shifted toward +y, where a bent vessel turns to.
#[derive(Clone, Debug, PartialEq)]
pub struct Stenosis {
    /// Diameter of the healthy vessel at the inlet, m.
    pub diameter: f64,
    /// Diameter of the healthy vessel at the outlet, m; that of the inlet when absent.
    pub outlet_diameter: Option<f64>,
    /// Diameter reduction at the throat as a fraction of the healthy diameter there: 0.5 for a 50 % stenosis (75 % by
    /// area); 0 for a healthy vessel.
    pub severity: f64,
    /// Length of the lesion, m.
    pub length: f64,
    /// Length of the throat with one diameter, a part of the lesion's, m.
    pub plateau: f64,
    /// Shift of the throat's axis as a fraction of the diameter; 0.1 in the paper's eccentric lesion; negative away
    /// from the centre of a bend.
    pub eccentricity: f64,
    /// Radius of curvature of the axis about the throat, m; straight when absent.
    pub bend_radius: Option<f64>,
    /// Angle that a bent axis turns through, half of it on either side of the throat, radians.
    pub angle: f64,
    /// Length of the axis before the lesion, m.
    pub upstream: f64,
    /// Length of the axis after the lesion, m.
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
            outlet_diameter: None,
            severity: 0.5,
            length: 2.0 * diameter,
            plateau: 0.0,
            eccentricity: 0.0,
            bend_radius: None,
            angle: 0.5 * PI,
            upstream: 4.0 * diameter,
            downstream: 10.0 * diameter,
            edge: None,
        }
    }

    /// Diameter of the throat's middle, m.
    #[must_use]
    pub fn throat_diameter(&self) -> f64 {
        self.healthy_diameter(self.throat()) * (1.0 - self.severity)
    }

    /// Place of the throat's middle along the axis, m.
    #[must_use]
    pub fn throat(&self) -> f64 {
        self.upstream + 0.5 * self.length
    }

    /// Length of the whole axis, m.
    #[must_use]
    pub fn total_length(&self) -> f64 {
        self.upstream + self.length + self.downstream
    }

    /// `1 + cos` of the lesion at `x` (m): 2 in the throat, 0 outside the lesion.
    fn shape(&self, x: f64) -> f64 {
        let beyond = ((x - self.throat()).abs() - 0.5 * self.plateau).max(0.0);
        let xi = beyond / (self.length - self.plateau);
        if xi < 0.5 { 1.0 + (TAU * xi).cos() } else { 0.0 }
    }

    /// Diameter that the vessel would have at `x` along the axis (m) without the lesion, m.
    #[must_use]
    pub fn healthy_diameter(&self, x: f64) -> f64 {
        let end = self.outlet_diameter.unwrap_or(self.diameter);
        self.diameter + (end - self.diameter) * (x / self.total_length())
    }

    /// Radius of the lumen at `x` along the axis (m), m.
    #[must_use]
    pub fn radius(&self, x: f64) -> f64 {
        0.5 * self.healthy_diameter(x) * (1.0 - 0.5 * self.severity * self.shape(x))
    }

    /// Shift of the lumen off the axis at `x` (m), toward +y of a straight vessel and the centre of a bend, m.
    #[must_use]
    pub fn offset(&self, x: f64) -> f64 {
        0.5 * self.eccentricity * self.healthy_diameter(x) * self.shape(x)
    }

    /// Curvature of the axis at `x` (m), 1/m.
    fn curvature(&self, x: f64) -> f64 {
        let inside = |radius: &f64| (x - self.throat()).abs() < 0.5 * self.angle * radius;
        self.bend_radius.filter(inside).map_or(0.0, |radius| 1.0 / radius)
    }

    /// Place of the axis at `x` along it (m), and the unit normal toward the centre of the bend.
    #[must_use]
    pub fn axis(&self, x: f64) -> ([f64; 3], [f64; 3]) {
        let Some(radius) = self.bend_radius else { return ([x, 0.0, 0.0], [0.0, 1.0, 0.0]) };
        let start = self.throat() - 0.5 * self.angle * radius;
        let turned = ((x - start) / radius).clamp(0.0, self.angle);
        let (sin, cos) = turned.sin_cos();
        let beyond = (x - start - self.angle * radius).max(0.0);
        let place = [x.min(start) + radius * sin + beyond * cos, radius * (1.0 - cos) + beyond * sin, 0.0];
        (place, [-sin, cos, 0.0])
    }

    /// Volume of the exact vessel by Pappus's theorem, m^3: the integral of `pi r^2 (1 - k e)`, with the offset `e` of
    /// the section and the curvature `k` of the axis.
    #[must_use]
    pub fn volume(&self) -> f64 {
        self.integral(|x| PI * self.radius(x).powi(2) * (1.0 - self.curvature(x) * self.offset(x)))
    }

    /// Length of a throat of the smallest diameter that takes the pressure of Poiseuille's law over the lesion, m:
    /// the integral of `(smallest radius / radius)^4`. It is the length of a blunt lesion.
    #[must_use]
    pub fn equivalent_length(&self) -> f64 {
        let throat = 0.5 * self.throat_diameter();
        let narrowed = |x: f64| (x - self.throat()).abs() < 0.5 * self.length;
        self.integral(|x| if narrowed(x) { (throat / self.radius(x)).powi(4) } else { 0.0 })
    }

    /// Integral over the axis by Simpson's rule between the places where its parts meet.
    fn integral(&self, of: impl Fn(f64) -> f64) -> f64 {
        let (middle, total) = (self.throat(), self.total_length());
        let bend = self.bend_radius.map_or(0.0, |radius| 0.5 * self.angle * radius);
        let mut ends = vec![0.0, total, middle];
        for half in [0.5 * self.length, 0.5 * self.plateau, bend] {
            ends.extend([middle - half, middle + half]);
        }
        ends.sort_by(f64::total_cmp);
        // A hair inside the part, where curvature and lesion are those of the part.
        let simpson = |a: f64, b: f64| {
            let (n, h, hair) = (1000, (b - a) / 1000.0, 1e-9 * (b - a));
            let weight = |k: usize| if k == 0 || k == n { 1.0 } else { 2.0 + 2.0 * (k % 2) as f64 };
            let at = |k: usize| of((a + h * k as f64).clamp(a + hair, b - hair));
            (0..=n).map(|k| weight(k) * at(k)).sum::<f64>() * h / 3.0
        };
        ends.windows(2).filter(|part| part[1] > part[0]).map(|part| simpson(part[0], part[1])).sum()
    }

    fn validate(&self) -> Result<(), PrimitiveError> {
        let d = self.diameter;
        check_diameter("diameter", d)?;
        if let Some(end) = self.outlet_diameter {
            check("outlet-diameter", end, 0.3 * d..=2.0 * d, Shown::Millimetres, " (0.3 to 2 diameters)")?;
        }
        check("severity", self.severity, 0.0..=0.9, Shown::Percent, "")?;
        let low = 0.5 * d;
        check("length", self.length, low..=1e3 * d, Shown::Millimetres, " (0.5 to 1000 diameters)")?;
        let shoulders = " (half a diameter of the length remains for the shoulders)";
        check("plateau", self.plateau, 0.0..=self.length - low, Shown::Millimetres, shoulders)?;
        let high = 0.5 * self.severity;
        let inside = " (half the severity: the throat stays inside)";
        check("eccentricity", self.eccentricity, -high..=high, Shown::Plain, inside)?;
        check_length("upstream", self.upstream, d)?;
        check_length("downstream", self.downstream, d)?;
        let Some(bend) = self.bend_radius else { return Ok(()) };
        // The widest healthy section must not reach the centre of the bend.
        let widest = d.max(self.outlet_diameter.unwrap_or(d));
        check("bend-radius", bend, 0.75 * widest..=1e3 * d, Shown::Millimetres, " (0.75 to 1000 diameters)")?;
        let room = 2.0 * (self.total_length() - self.throat()).min(self.throat()) / bend;
        let within = " (the bend lies about the throat and ends within the vessel)";
        check("angle", self.angle, 1f64.to_radians().min(room)..=PI.min(room), Shown::Degrees, within)
    }

    /// The triangulated vessel, m.
    ///
    /// # Errors
    /// A parameter out of its range.
    pub fn surface(&self) -> Result<Surface, PrimitiveError> {
        self.validate()?;
        let widest = self.diameter.max(self.outlet_diameter.unwrap_or(self.diameter));
        let edge = edge_length(self.edge, self.diameter, PI * widest * self.total_length())?;
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
            .map(|x| {
                let (place, normal) = self.axis(x);
                let u = Vector3::from(normal);
                Circle { centre: Vector3::from(place) + u * self.offset(x), u, v: Vector3::z(), radius: self.radius(x) }
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
    #[test]
    fn equivalent_length_of_plug_and_cosine() {
        let d = 6e-3;
        // By hand for the paper's lesion: the mean of (1/2)^4 / (1 - c/4)^4 over a period of the cosine, c = 1 + cos.
        // With 1 - c/4 = (3 - cos)/4 and 1/(2 pi) int (3 - cos)^-4 = (3^3 + 3/2 3) / (9 - 1)^(7/2).
        let mean = 16.0 * (27.0 + 4.5) / 8f64.powf(3.5);
        assert!((Stenosis::new(d).equivalent_length() / (2.0 * d * mean) - 1.0).abs() < 1e-9);
        let blunt = Stenosis { length: 3.0 * d, plateau: 2.0 * d, ..Stenosis::new(d) };
        assert!((blunt.equivalent_length() / (d * (2.0 + mean)) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_axis_turns_about_the_throat() {
        let bent = Stenosis { bend_radius: Some(18e-3), ..Stenosis::default() };
        let (start, normal) = bent.axis(0.0);
        assert_eq!((start, normal), ([0.0; 3], [0.0, 1.0, 0.0]));
        let (throat, normal) = bent.axis(bent.throat());
        let half = 0.25 * PI;
        let before = bent.throat() - half * 18e-3;
        let expected = [before + 18e-3 * half.sin(), 18e-3 * (1.0 - half.cos())];
        assert!((throat[0] - expected[0]).abs() < 1e-15 && (throat[1] - expected[1]).abs() < 1e-15);
        assert!((normal[0] + half.sin()).abs() < 1e-12);
    }
}
