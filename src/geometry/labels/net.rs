//! From cells to a smooth surface that keeps their volume.
//!
//! Theory: the boundary of the cells is a manifold of squares, once no cells meet along an edge or at a corner alone,
//! and encloses exactly their volume. Its corners are the vertices of a constrained elastic surface net (Gibson, MICCAI
//! 1998, LNCS 1496, 888): each may move by half a voxel along each axis, as far as sampling leaves open where the wall
//! was (the bound of Whitaker, IEEE Symposium on Volume Visualization 2000, 23), and in this room the net is relaxed. Relaxation
//! alone shrinks: a thin vessel would lose half a voxel of its radius. So after every few steps each vertex goes back
//! along its normal by the volume lost around it,
//!
//! ```text
//! d(v) = sum over w near v of (x_w - x0_w) . A_w / sum over w near v of |A_w|
//! ```
//!
//! with the Gaussian neighbourhood of a few voxels, the start x0 and the area vector A of a vertex. Steps of the voxels
//! average out over the neighbourhood and stay flattened; a loss of radius does not, and is given back. What is left over
//! for the whole is spread evenly.
//!
//! Practice: [`Net::new`] makes the net, [`Net::relax`] smooths it. The net is our own and not a crate's: those at hand
//! work on single-precision fields in blocks and promise no manifold.

use nalgebra::Vector3;

use super::mask::Mask;

/// Rounds of relaxation, each followed by giving volume back.
const ROUNDS: usize = 10;
/// Steps of relaxation in a round, and the part of the way to the mean of the neighbours that each goes.
const STEPS: usize = 6;
const STEP: f64 = 0.5;
/// Steps that spread the lost volume, each by this part: a Gaussian of 3 voxels.
const SPREADS: usize = 20;
const SPREAD: f64 = 0.9;

/// A closed surface of quadrilaterals, counter-clockwise seen from outside in a right-handed frame.
pub(super) struct Net {
    /// Where the vertices began: corners of cells, in the box and in the length of the voxel's edges.
    start: Vec<Vector3<f64>>,
    /// Where they are.
    pub places: Vec<Vector3<f64>>,
    pub quads: Vec<[u32; 4]>,
    /// Edges of a voxel.
    edges: Vector3<f64>,
    /// Neighbours of vertex v: `neighbours[first[v]..first[v + 1]]`.
    first: Vec<u32>,
    neighbours: Vec<u32>,
}

impl Net {
    /// The boundary of the cells; coordinates are cells times `edges`, the centre of cell (i, j, k) at (i, j, k).
    pub fn new(mask: &Mask, edges: Vector3<f64>) -> Self {
        let [nx, ny, nz] = mask.size;
        let strides = mask.strides();
        let corners: [usize; 8] = std::array::from_fn(|c| (0..3).map(|k| (c >> k & 1) * strides[k]).sum());
        let (mut start, mut quads) = (Vec::new(), Vec::new());
        // Numbers of the vertices between this layer of cells and the next, and between the one before and this one.
        let (mut above, mut below) = (vec![u32::MAX; nx * ny], vec![u32::MAX; nx * ny]);
        for k in 0..nz - 1 {
            std::mem::swap(&mut above, &mut below);
            above.fill(u32::MAX);
            for j in 0..ny - 1 {
                for i in 0..nx - 1 {
                    let at = i + nx * (j + ny * k);
                    let count = corners.iter().filter(|&&c| mask.cells[at + c]).count();
                    if !matches!(count, 0 | 8) {
                        above[i + nx * j] = start.len() as u32;
                        let corner = Vector3::new(i as f64 + 0.5, j as f64 + 0.5, k as f64 + 0.5);
                        start.push(corner.component_mul(&edges));
                    }
                }
            }
            for j in 1..ny - 1 {
                for i in 1..nx - 1 {
                    let at = i + nx * (j + ny * k);
                    let here = mask.cells[at];
                    let s = i + nx * j;
                    let around = [
                        [below[s - nx], below[s], above[s], above[s - nx]],
                        [below[s - 1], above[s - 1], above[s], below[s]],
                        [above[s - 1 - nx], above[s - nx], above[s], above[s - 1]],
                    ];
                    for (axis, mut quad) in around.into_iter().enumerate() {
                        if mask.cells[at + strides[axis]] != here {
                            if !here {
                                quad.reverse();
                            }
                            quads.push(quad);
                        }
                    }
                }
            }
        }
        let (first, neighbours) = neighbours(start.len(), &quads);
        Self { places: start.clone(), start, quads, edges, first, neighbours }
    }

    /// Smooths the net within half a voxel of where it was, and keeps its volume.
    pub fn relax(&mut self) {
        let before = self.area_vectors();
        let target = self.volume();
        for _ in 0..ROUNDS {
            for _ in 0..STEPS {
                self.step();
            }
            self.give_back(&before);
        }
        for _ in 0..3 {
            let areas = self.area_vectors();
            let total: f64 = areas.iter().map(|a| a.norm()).sum();
            let offset = (target - self.volume()) / total.max(f64::MIN_POSITIVE);
            for (place, area) in self.places.iter_mut().zip(&areas) {
                *place += offset * area.try_normalize(0.0).unwrap_or_default();
            }
        }
    }

    fn around(&self, vertex: usize) -> &[u32] {
        &self.neighbours[self.first[vertex] as usize..self.first[vertex + 1] as usize]
    }

    /// The place within half a voxel of the start.
    fn bounded(&self, vertex: usize, place: Vector3<f64>) -> Vector3<f64> {
        let (start, room) = (self.start[vertex], 0.5 * self.edges);
        start + (place - start).sup(&-room).inf(&room)
    }

    fn step(&mut self) {
        let next = (0..self.places.len()).map(|v| {
            let around = self.around(v);
            let mean: Vector3<f64> =
                around.iter().map(|&w| self.places[w as usize]).sum::<Vector3<f64>>() / around.len() as f64;
            self.bounded(v, self.places[v] + STEP * (mean - self.places[v]))
        });
        let next: Vec<Vector3<f64>> = next.collect();
        self.places = next;
    }

    /// Moves the vertices along their normals by the volume lost around them.
    fn give_back(&mut self, before: &[Vector3<f64>]) {
        let areas = self.area_vectors();
        let mut sums: Vec<[f64; 2]> = (0..self.places.len())
            .map(|v| [(self.places[v] - self.start[v]).dot(&(0.5 * (before[v] + areas[v]))), areas[v].norm()])
            .collect();
        for _ in 0..SPREADS {
            let next: Vec<[f64; 2]> = (0..sums.len())
                .map(|v| {
                    let around = self.around(v);
                    let part = SPREAD / around.len() as f64;
                    let mean =
                        around.iter().map(|&w| sums[w as usize]).fold([0.0; 2], |m, s| [m[0] + s[0], m[1] + s[1]]);
                    [0, 1].map(|k| (1.0 - SPREAD) * sums[v][k] + part * mean[k])
                })
                .collect();
            sums = next;
        }
        for v in 0..self.places.len() {
            let normal = areas[v].try_normalize(0.0).unwrap_or_default();
            let [lost, area] = sums[v];
            self.places[v] = self.bounded(v, self.places[v] - lost / area.max(f64::MIN_POSITIVE) * normal);
        }
    }

    /// Area vectors of the vertices: a quarter of those of their quadrilaterals.
    fn area_vectors(&self) -> Vec<Vector3<f64>> {
        let mut areas = vec![Vector3::zeros(); self.places.len()];
        for quad in &self.quads {
            let [a, b, c, d] = quad.map(|v| self.places[v as usize]);
            let quarter = 0.125 * (c - a).cross(&(d - b));
            for &v in quad {
                areas[v as usize] += quarter;
            }
        }
        areas
    }

    /// Volume enclosed.
    fn volume(&self) -> f64 {
        let cone = |quad: &[u32; 4]| {
            let [a, b, c, d] = quad.map(|v| self.places[v as usize]);
            (c - a).cross(&(d - b)).dot(&(a + b + c + d)) / 24.0
        };
        self.quads.iter().map(cone).sum()
    }

    /// The quadrilaterals as triangles, cut along their shorter diagonals.
    pub fn triangles(&self) -> Vec<[u32; 3]> {
        let mut triangles = Vec::with_capacity(2 * self.quads.len());
        for &[a, b, c, d] in &self.quads {
            let apart = |v: u32, w: u32| (self.places[v as usize] - self.places[w as usize]).norm_squared();
            triangles.extend(if apart(a, c) <= apart(b, d) { [[a, b, c], [a, c, d]] } else { [[a, b, d], [b, c, d]] });
        }
        triangles
    }
}

/// For each vertex the ends of the edges from it.
fn neighbours(count: usize, quads: &[[u32; 4]]) -> (Vec<u32>, Vec<u32>) {
    let steps = || quads.iter().flat_map(|&[a, b, c, d]| [(a, b), (b, c), (c, d), (d, a)]);
    let mut first = vec![0u32; count + 1];
    for (from, _) in steps() {
        first[from as usize + 1] += 1;
    }
    for v in 0..count {
        first[v + 1] += first[v];
    }
    let mut next = first.clone();
    let mut neighbours = vec![0; quads.len() * 4];
    for (from, to) in steps() {
        neighbours[next[from as usize] as usize] = to;
        next[from as usize] += 1;
    }
    (first, neighbours)
}
