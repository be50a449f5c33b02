//! The velocity profile of fully developed flow on a plane section of any shape.
//!
//! Theory: steady unidirectional flow in a straight duct obeys `-laplace(w) = G/mu` on the section with w = 0 on its
//! rim; G only scales w, so the profile of unit mean is a property of the shape (Berker 1963; Shah and London, Laminar
//! Flow Forced Convection in Ducts, 1978). The equation is discretised on a square grid by Shortley and Weller (1938):
//! next to the rim the three-point differences use the exact distances to the polygon, which keeps the solution second
//! order up to the rim, and solved by successive over-relaxation.
//!
//! Practice: [`Section::new`] solves once (about 96 nodes across); [`Section::value`] interpolates. Between nodes the
//! known Laplacian is put back in, so that the interpolation neither lowers the mean nor the peak; nodes just outside
//! the rim hold extrapolated values, so that the profile goes to zero at the rim and not at a staircase.

mod grid;
mod poisson;
pub mod womersley;

#[cfg(test)]
mod tests;

use std::f64::consts::PI;

use grid::{Grid, Spot};
use poisson::relax;

/// Grid steps across the larger extent of a section.
const ACROSS: f64 = 96.0;
/// Grid steps across the hydraulic diameter, at least: slender sections get a finer grid.
const ACROSS_NARROW: f64 = 32.0;
/// Grid steps across the larger extent, at most.
const ACROSS_MOST: f64 = 1024.0;
/// Nodes within the rim, at most.
const NODES_MOST: f64 = 20_000.0;

/// A plane section with its profile of unit area mean.
#[derive(Clone, Debug)]
pub struct Section {
    centre: [f64; 3],
    axes: [[f64; 3]; 2],
    /// Rim in the plane, m, and the corners of the box around it; empty where there is no area.
    rim: Vec<[f64; 2]>,
    bounds: [[f64; 2]; 2],
    grid: Grid,
    /// Values at the nodes: inside solved, next to the rim extrapolated, else zero; in grid steps squared.
    values: Vec<f64>,
    /// Turns values into the profile of unit mean.
    scale: f64,
    area: f64,
    perimeter: f64,
}

impl Section {
    /// Solves for the profile on the section bounded by `rim`, a closed loop of points in order (either sense, m; the
    /// last is not the first again), projected along `normal` on the plane through `centre` (m).
    ///
    /// A rim without area (fewer than three points, all on a line, or a normal of zero) gives a profile of zero.
    #[must_use]
    pub fn new(rim: &[[f64; 3]], centre: [f64; 3], normal: [f64; 3]) -> Self {
        let axes = axes(normal);
        let rim: Vec<[f64; 2]> = rim.iter().map(|&p| project(p, centre, &axes)).collect();
        let area = edges_of(&rim).map(|(a, b)| 0.5 * (a[0] * b[1] - b[0] * a[1])).sum::<f64>().abs();
        let perimeter: f64 = edges_of(&rim).map(|(a, b)| (b[0] - a[0]).hypot(b[1] - a[1])).sum();
        let low = rim.iter().fold([f64::MAX; 2], |m, p| [m[0].min(p[0]), m[1].min(p[1])]);
        let high = rim.iter().fold([f64::MIN; 2], |m, p| [m[0].max(p[0]), m[1].max(p[1])]);
        let extent = (high[0] - low[0]).max(high[1] - low[1]);
        let (grid, values) = (Grid::default(), Vec::new());
        let mut section = Self { centre, axes, rim, bounds: [low, high], grid, values, scale: 0.0, area, perimeter };
        if !(area > 1e-12 * extent * extent && extent.is_finite()) {
            section.area = 0.0;
            section.rim.clear();
            return section;
        }
        let finest = (extent / ACROSS_MOST).max((area / NODES_MOST).sqrt());
        section.solve((extent / ACROSS).min(4.0 * area / perimeter / ACROSS_NARROW).max(finest));
        section
    }

    /// The profile at the projection of `point` (m) on the section's plane, relative to its mean; 0 outside the rim.
    #[must_use]
    pub fn value(&self, point: [f64; 3]) -> f64 {
        let at = self.grid.place(project(point, self.centre, &self.axes));
        self.grid.spot(at).map_or(0.0, |spot| self.scale * raw(&spot, &self.values))
    }

    /// Largest value of the profile, relative to its mean (2 for a circle).
    #[must_use]
    pub fn peak(&self) -> f64 {
        self.scale * self.values.iter().copied().fold(0.0, f64::max)
    }

    /// Area within the rim, projected on the plane, m^2.
    #[must_use]
    pub fn area(&self) -> f64 {
        self.area
    }

    /// Four areas by the perimeter, m: the diameter where the section is a circle.
    #[must_use]
    pub fn hydraulic_diameter(&self) -> f64 {
        if self.perimeter > 0.0 { 4.0 * self.area / self.perimeter } else { 0.0 }
    }

    /// Solves on a grid of `step` (m), extends the values beyond the rim and normalises them.
    fn solve(&mut self, step: f64) {
        let (grid, equations) = Grid::new(&self.rim, self.bounds, step);
        self.values = vec![0.0; grid.len()];
        relax(&equations, grid.offsets(), over_relaxation(self.jacobi(step)), &mut self.values);
        grid.extrapolate(&equations, &mut self.values);
        let mut integral = 0.0;
        grid.integrate(|spot, area| integral += area * raw(&spot, &self.values));
        self.scale = if integral > 0.0 { self.area / (step * step) / integral } else { 0.0 };
        self.grid = grid;
    }

    /// Largest eigenvalue of Jacobi's iteration on a grid of `step` (m), from the lowest one of the Laplacian on the
    /// circle of equal area, which no other shape undercuts (Faber and Krahn): never too small.
    fn jacobi(&self, step: f64) -> f64 {
        let eigenvalue = 2.404_826f64.powi(2) * PI / self.area * step * step;
        (1.0 - eigenvalue / 4.0).clamp(0.0, 1.0)
    }
}

/// The best factor of over-relaxation for the largest eigenvalue of Jacobi's iteration (Young 1954).
fn over_relaxation(jacobi: f64) -> f64 {
    2.0 / (1.0 + (1.0 - jacobi * jacobi).sqrt())
}

/// The solution of a Laplacian of -1.
fn raw(spot: &Spot, values: &[f64]) -> f64 {
    (spot.linear(values) + spot.bulge).max(0.0)
}

fn edges_of(rim: &[[f64; 2]]) -> impl Iterator<Item = ([f64; 2], [f64; 2])> + '_ {
    rim.iter().zip(rim.iter().cycle().skip(1)).map(|(&a, &b)| (a, b))
}

fn project(point: [f64; 3], centre: [f64; 3], axes: &[[f64; 3]; 2]) -> [f64; 2] {
    axes.map(|axis| (0..3).map(|k| (point[k] - centre[k]) * axis[k]).sum())
}

/// Two unit vectors that span the plane of a normal; zero where that has no direction.
fn axes(normal: [f64; 3]) -> [[f64; 3]; 2] {
    let cross =
        |a: [f64; 3], b: [f64; 3]| [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
    let unit = |a: [f64; 3]| {
        let length = a.iter().map(|x| x * x).sum::<f64>().sqrt();
        if length > 0.0 { a.map(|x| x / length) } else { [0.0; 3] }
    };
    let n = unit(normal);
    let smallest = (0..3).min_by(|&i, &j| n[i].abs().total_cmp(&n[j].abs())).unwrap_or_default();
    let mut helper = [0.0; 3];
    helper[smallest] = 1.0;
    let first = unit(cross(n, helper));
    [first, cross(n, first)]
}
