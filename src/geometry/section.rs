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

mod poisson;
#[cfg(test)]
mod tests;

use std::f64::consts::PI;

use poisson::{Equation, crosses, crossings, gaps, relax};

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
    /// Grid step, m, and position of the first node in the plane, m.
    step: f64,
    origin: [f64; 2],
    /// Nodes along both axes.
    nodes: [usize; 2],
    /// Rim in grid steps from the first node.
    rim: Vec<[f64; 2]>,
    /// Edges of the rim (by their first point) that touch each row of cells.
    edges: Vec<Vec<u32>>,
    /// Values at the nodes: inside solved, next to the rim extrapolated, else zero; in grid steps squared.
    values: Vec<f64>,
    inside: Vec<bool>,
    /// Whether the rim passes through the cell whose first corner is this node.
    cut: Vec<bool>,
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
        let flat: Vec<[f64; 2]> = rim.iter().map(|&p| project(p, centre, &axes)).collect();
        let area = edges_of(&flat).map(|(a, b)| 0.5 * (a[0] * b[1] - b[0] * a[1])).sum::<f64>().abs();
        let perimeter: f64 = edges_of(&flat).map(|(a, b)| (b[0] - a[0]).hypot(b[1] - a[1])).sum();
        let low = flat.iter().fold([f64::MAX; 2], |m, p| [m[0].min(p[0]), m[1].min(p[1])]);
        let high = flat.iter().fold([f64::MIN; 2], |m, p| [m[0].max(p[0]), m[1].max(p[1])]);
        let extent = (high[0] - low[0]).max(high[1] - low[1]);
        let mut section = Self {
            centre,
            axes,
            step: 1.0,
            origin: [0.0; 2],
            nodes: [0; 2],
            rim: Vec::new(),
            edges: Vec::new(),
            values: Vec::new(),
            inside: Vec::new(),
            cut: Vec::new(),
            scale: 0.0,
            area,
            perimeter,
        };
        if !(area > 1e-12 * extent * extent && extent.is_finite()) {
            section.area = 0.0;
            return section;
        }
        let finest = (extent / ACROSS_MOST).max((area / NODES_MOST).sqrt());
        section.step = (extent / ACROSS).min(4.0 * area / perimeter / ACROSS_NARROW).max(finest);
        // An offset by no simple fraction keeps nodes off the corners of shapes drawn with a ruler.
        section.origin = low.map(|x| x - 0.382 * section.step);
        section.nodes = [0, 1].map(|k| ((high[k] - section.origin[k]) / section.step) as usize + 2);
        section.rim = flat.iter().map(|&p| section.to_grid(p)).collect();
        section.solve();
        section
    }

    /// The profile at the projection of `point` (m) on the section's plane, relative to its mean; 0 outside the rim.
    #[must_use]
    pub fn value(&self, point: [f64; 3]) -> f64 {
        self.scale * self.raw(self.to_grid(project(point, self.centre, &self.axes)))
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

    fn to_grid(&self, p: [f64; 2]) -> [f64; 2] {
        [(p[0] - self.origin[0]) / self.step, (p[1] - self.origin[1]) / self.step]
    }

    /// Finds the nodes within the rim and solves there, then extends and normalises the values.
    fn solve(&mut self) {
        let rows = crossings(&self.rim, self.nodes[1], [0, 1]);
        let columns = crossings(&self.rim, self.nodes[0], [1, 0]);
        let mut inside = vec![false; self.nodes[0] * self.nodes[1]];
        for (j, row) in rows.iter().enumerate() {
            for pair in row.chunks_exact(2) {
                let from = pair[0].ceil().max(0.0) as usize;
                let to = (pair[1].ceil().max(0.0) as usize).min(self.nodes[0]);
                (from..to).for_each(|i| inside[i + self.nodes[0] * j] = true);
            }
        }
        let equations = self.equations(&inside, &rows, &columns);
        self.values = vec![0.0; inside.len()];
        relax(&equations, self.offsets(), self.relaxation(), &mut self.values);
        self.extrapolate(&equations, &inside);
        self.inside = inside;
        self.sort_edges();
        let integral = self.integral();
        self.scale = if integral > 0.0 { self.area / (self.step * self.step) / integral } else { 0.0 };
    }

    /// Notes which edges touch which rows, and marks every cell that an edge's bounding box touches.
    fn sort_edges(&mut self) {
        self.edges = vec![Vec::new(); self.nodes[1]];
        self.cut = vec![false; self.inside.len()];
        for (k, (a, b)) in edges_of(&self.rim).enumerate() {
            let cells = |axis: usize| (a[axis].min(b[axis]) as usize, a[axis].max(b[axis]) as usize);
            let ((left, right), (low, high)) = (cells(0), cells(1));
            for j in low..=high.min(self.nodes[1] - 1) {
                self.edges[j].push(k as u32);
                let row = self.nodes[0] * j;
                self.cut[row + left..=row + right.min(self.nodes[0] - 1)].fill(true);
            }
        }
    }

    /// Steps in `values` to the neighbours at -x, +x, -y, +y.
    fn offsets(&self) -> [isize; 4] {
        let row = self.nodes[0] as isize;
        [-1, 1, -row, row]
    }

    /// Over-relaxation factor for the lowest eigenvalue of the circle of equal area, which no other shape undercuts
    /// (Faber and Krahn): never too small.
    fn relaxation(&self) -> f64 {
        let eigenvalue = 2.404_826f64.powi(2) * PI / self.area * self.step * self.step;
        let jacobi = (1.0 - eigenvalue / 4.0).clamp(0.0, 1.0);
        2.0 / (1.0 + (1.0 - jacobi * jacobi).sqrt())
    }

    fn equations(&self, inside: &[bool], rows: &[Vec<f64>], columns: &[Vec<f64>]) -> Vec<Equation> {
        let offsets = self.offsets();
        let mut equations = Vec::new();
        for node in (0..inside.len()).filter(|&n| inside[n]) {
            let (i, j) = (node % self.nodes[0], node / self.nodes[0]);
            let [west, east] = gaps(&rows[j], i as f64);
            let [south, north] = gaps(&columns[i], j as f64);
            let gap = [west, east, south, north];
            let open = std::array::from_fn(|k| gap[k] > 1.0 && inside[node.wrapping_add_signed(offsets[k])]);
            equations.push(Equation::new(node, open, gap));
        }
        equations
    }

    /// Gives values to nodes outside the rim that are corners of cells with a node inside: quadratic along the grid
    /// lines that cross the rim there, by a plane across the diagonal.
    fn extrapolate(&mut self, equations: &[Equation], inside: &[bool]) {
        let offsets = self.offsets();
        let mut known = inside.to_vec();
        let mut along = Means::new(inside.len());
        for equation in equations {
            for k in 0..4 {
                let ghost = equation.node.wrapping_add_signed(offsets[k]);
                if !equation.open[k] && !inside[ghost] {
                    along.add(ghost, equation.beyond(k, offsets, &self.values));
                }
            }
        }
        along.store(&mut self.values, &mut known);
        let mut across = Means::new(inside.len());
        for equation in equations {
            for (x, y) in [(0, 2), (0, 3), (1, 2), (1, 3)] {
                let sides = [x, y].map(|k| equation.node.wrapping_add_signed(offsets[k]));
                let corner = sides[0].wrapping_add_signed(offsets[y]);
                if !known[corner] && sides.iter().all(|&side| known[side]) {
                    let [a, b] = sides.map(|side| self.values[side]);
                    across.add(corner, a + b - self.values[equation.node]);
                }
            }
        }
        across.store(&mut self.values, &mut known);
    }

    /// The solution at a place given in grid steps.
    fn raw(&self, at: [f64; 2]) -> f64 {
        let fits = |k: usize| at[k] >= 0.0 && at[k] < (self.nodes[k].max(1) - 1) as f64;
        if !(fits(0) && fits(1)) {
            return 0.0;
        }
        let (i, j) = (at[0] as usize, at[1] as usize);
        let node = i + self.nodes[0] * j;
        let corners = [node, node + 1, node + self.nodes[0], node + self.nodes[0] + 1];
        let any = corners.iter().any(|&c| self.inside[c]);
        if !any || (self.cut[node] && !self.contains(at)) {
            return 0.0;
        }
        let (s, t) = (at[0] - i as f64, at[1] - j as f64);
        let [a, b, c, d] = corners.map(|corner| self.values[corner]);
        let linear = (1.0 - t) * ((1.0 - s) * a + s * b) + t * ((1.0 - s) * c + s * d);
        // Half of the Laplacian of -1 along each axis.
        let curvature = 0.25 * (s * (1.0 - s) + t * (1.0 - t));
        (linear + curvature).max(0.0)
    }

    /// Whether a place is within the rim: an odd number of edges to its right.
    fn contains(&self, at: [f64; 2]) -> bool {
        let right = |&&edge: &&u32| {
            let (a, b) = self.edge(edge);
            crosses(a, b, at[1], [0, 1]).is_some_and(|x| x > at[0])
        };
        self.edges[at[1] as usize].iter().filter(right).count() % 2 == 1
    }

    fn edge(&self, edge: u32) -> ([f64; 2], [f64; 2]) {
        let k = edge as usize;
        (self.rim[k], self.rim[(k + 1) % self.rim.len()])
    }

    /// Integral of [`Section::raw`] in grid steps: cells without rim in closed form, others by 8 x 8 samples.
    fn integral(&self) -> f64 {
        const SAMPLES: usize = 8;
        let mut sum = 0.0;
        for j in 0..self.nodes[1] - 1 {
            for i in 0..self.nodes[0] - 1 {
                let node = i + self.nodes[0] * j;
                let corners = [node, node + 1, node + self.nodes[0], node + self.nodes[0] + 1];
                if self.cut[node] {
                    let place = |k: usize| (k as f64 + 0.5) / SAMPLES as f64;
                    let samples = (0..SAMPLES * SAMPLES)
                        .map(|k| self.raw([i as f64 + place(k % SAMPLES), j as f64 + place(k / SAMPLES)]));
                    sum += samples.sum::<f64>() / (SAMPLES * SAMPLES) as f64;
                } else if self.inside[node] {
                    sum += corners.iter().map(|&c| self.values[c]).sum::<f64>() / 4.0 + 1.0 / 12.0;
                }
            }
        }
        sum
    }
}

/// Running means at nodes.
struct Means(Vec<(f64, f64)>);

impl Means {
    fn new(nodes: usize) -> Self {
        Self(vec![(0.0, 0.0); nodes])
    }

    fn add(&mut self, node: usize, value: f64) {
        self.0[node].0 += value;
        self.0[node].1 += 1.0;
    }

    /// Writes the means where there are any, and marks these nodes as known.
    fn store(&self, values: &mut [f64], known: &mut [bool]) {
        for (node, &(sum, count)) in self.0.iter().enumerate().filter(|(_, mean)| mean.1 > 0.0) {
            values[node] = sum / count;
            known[node] = true;
        }
    }
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
