//! The square grid over a section: which nodes lie within the rim, and what a field is between nodes and at the rim.

use super::edges_of;
use super::poisson::{Equation, crosses, crossings, gaps};

/// Samples along both axes in a cell that the rim passes through, for integrals.
const SAMPLES: usize = 8;

/// A square grid over the rim of a section. A field on it has a value at every node, zero where it is not known.
#[derive(Clone, Debug, Default)]
pub(super) struct Grid {
    /// Grid step, m.
    pub step: f64,
    /// Position of the first node in the plane, m.
    origin: [f64; 2],
    /// Nodes along both axes.
    nodes: [usize; 2],
    /// Rim in grid steps from the first node.
    rim: Vec<[f64; 2]>,
    /// Edges of the rim (by their first point) that touch each row of cells.
    edges: Vec<Vec<u32>>,
    /// Whether a node lies within the rim.
    inside: Vec<bool>,
    /// Whether the rim passes through the cell whose first corner is this node.
    cut: Vec<bool>,
}

/// A place within the rim: its weights for bilinear interpolation, and what curvature adds to that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    corners: [usize; 4],
    weights: [f64; 4],
    /// What a Laplacian of -1 (in grid steps), half of it along each axis, adds to the bilinear value.
    pub bulge: f64,
}

impl Spot {
    /// The bilinear value of a field.
    pub fn linear(&self, values: &[f64]) -> f64 {
        self.corners.iter().zip(self.weights).map(|(&corner, weight)| weight * values[corner]).sum()
    }
}

impl Grid {
    /// The grid of `step` (m) over the box between `low` and `high` (m) that holds `rim` (m), and the difference
    /// equations of its nodes within the rim.
    pub fn new(rim: &[[f64; 2]], [low, high]: [[f64; 2]; 2], step: f64) -> (Self, Vec<Equation>) {
        // An offset by no simple fraction keeps nodes off the corners of shapes drawn with a ruler.
        let origin = low.map(|x| x - 0.382 * step);
        let nodes = [0, 1].map(|k| ((high[k] - origin[k]) / step) as usize + 2);
        let inside = vec![false; nodes[0] * nodes[1]];
        let mut grid = Self { step, origin, nodes, inside, ..Self::default() };
        grid.rim = rim.iter().map(|&p| grid.place(p)).collect();
        let rows = crossings(&grid.rim, nodes[1], [0, 1]);
        let columns = crossings(&grid.rim, nodes[0], [1, 0]);
        for (j, row) in rows.iter().enumerate() {
            for pair in row.chunks_exact(2) {
                let from = pair[0].ceil().max(0.0) as usize;
                let to = (pair[1].ceil().max(0.0) as usize).min(nodes[0]);
                (from..to).for_each(|i| grid.inside[i + nodes[0] * j] = true);
            }
        }
        grid.sort_edges();
        let equations = grid.equations(&rows, &columns);
        (grid, equations)
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.inside.len()
    }

    /// A place in the plane (m) in grid steps from the first node.
    pub fn place(&self, p: [f64; 2]) -> [f64; 2] {
        [(p[0] - self.origin[0]) / self.step, (p[1] - self.origin[1]) / self.step]
    }

    /// Steps in `values` to the neighbours at -x, +x, -y, +y.
    pub fn offsets(&self) -> [isize; 4] {
        let row = self.nodes[0] as isize;
        [-1, 1, -row, row]
    }

    /// Gives `values` to nodes outside the rim that are corners of cells with a node inside: quadratic along the grid
    /// lines that cross the rim there, by a plane across the diagonal.
    pub fn extrapolate(&self, equations: &[Equation], values: &mut [f64]) {
        let offsets = self.offsets();
        let mut known = self.inside.clone();
        let mut along = Means::new(self.inside.len());
        for equation in equations {
            for k in 0..4 {
                let ghost = equation.node.wrapping_add_signed(offsets[k]);
                if !equation.open[k] && !self.inside[ghost] {
                    along.add(ghost, equation.beyond(k, offsets, values));
                }
            }
        }
        along.store(values, &mut known);
        let mut across = Means::new(self.inside.len());
        for equation in equations {
            for (x, y) in [(0, 2), (0, 3), (1, 2), (1, 3)] {
                let sides = [x, y].map(|k| equation.node.wrapping_add_signed(offsets[k]));
                let corner = sides[0].wrapping_add_signed(offsets[y]);
                if !known[corner] && sides.iter().all(|&side| known[side]) {
                    let [a, b] = sides.map(|side| values[side]);
                    across.add(corner, a + b - values[equation.node]);
                }
            }
        }
        across.store(values, &mut known);
    }

    /// How to interpolate at a place given in grid steps; none outside the rim.
    pub fn spot(&self, at: [f64; 2]) -> Option<Spot> {
        let fits = |k: usize| at[k] >= 0.0 && at[k] < (self.nodes[k].max(1) - 1) as f64;
        if !(fits(0) && fits(1)) {
            return None;
        }
        let (i, j) = (at[0] as usize, at[1] as usize);
        let corners = self.corners(i, j);
        let any = corners.iter().any(|&c| self.inside[c]);
        if !any || (self.cut[corners[0]] && !self.contains(at)) {
            return None;
        }
        let (s, t) = (at[0] - i as f64, at[1] - j as f64);
        let weights = [(1.0 - t) * (1.0 - s), (1.0 - t) * s, t * (1.0 - s), t * s];
        Some(Spot { corners, weights, bulge: 0.25 * (s * (1.0 - s) + t * (1.0 - t)) })
    }

    /// Calls `add` with places and their areas (in grid steps squared), so that the sum of value times area is the
    /// integral over the section: exact for a cell without rim, by 8 x 8 samples for the others.
    pub fn integrate(&self, mut add: impl FnMut(Spot, f64)) {
        for j in 0..self.nodes[1].max(1) - 1 {
            for i in 0..self.nodes[0].max(1) - 1 {
                let corners = self.corners(i, j);
                if self.cut[corners[0]] {
                    let part = |k: usize| (k as f64 + 0.5) / SAMPLES as f64;
                    (0..SAMPLES * SAMPLES)
                        .filter_map(|k| self.spot([i as f64 + part(k % SAMPLES), j as f64 + part(k / SAMPLES)]))
                        .for_each(|spot| add(spot, 1.0 / (SAMPLES * SAMPLES) as f64));
                } else if self.inside[corners[0]] {
                    add(Spot { corners, weights: [0.25; 4], bulge: 1.0 / 12.0 }, 1.0);
                }
            }
        }
    }

    fn corners(&self, i: usize, j: usize) -> [usize; 4] {
        let node = i + self.nodes[0] * j;
        [node, node + 1, node + self.nodes[0], node + self.nodes[0] + 1]
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

    fn equations(&self, rows: &[Vec<f64>], columns: &[Vec<f64>]) -> Vec<Equation> {
        let offsets = self.offsets();
        let mut equations = Vec::new();
        for node in (0..self.inside.len()).filter(|&n| self.inside[n]) {
            let (i, j) = (node % self.nodes[0], node / self.nodes[0]);
            let [west, east] = gaps(&rows[j], i as f64);
            let [south, north] = gaps(&columns[i], j as f64);
            let gap = [west, east, south, north];
            let open = std::array::from_fn(|k| gap[k] > 1.0 && self.inside[node.wrapping_add_signed(offsets[k])]);
            equations.push(Equation::new(node, open, gap));
        }
        equations
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
