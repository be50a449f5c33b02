//! Exact intersections of lattice lines with a closed triangle surface.
//!
//! Along each of the nine axes of the stencil the sites form straight lines, and a site has integer coordinates along
//! and across them. So a triangle projected along the axis is rasterised at integer points, and the plane gives the
//! place of the hit. Each edge is evaluated in one fixed order of its two vertices, so that neighbours decide alike on
//! which side of it a line passes: a watertight surface has neither gaps nor double hits.

use rayon::prelude::*;

use super::directions::C;

/// Where a lattice line crosses the surface.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cut {
    /// Key of the site just before the crossing, [`Grid::key`].
    pub key: u64,
    /// Distance from that site to the crossing, in links, in [0, 1).
    pub fraction: f32,
    /// Index of the triangle.
    pub triangle: u32,
    /// +1 where the line enters the enclosed volume, -1 where it leaves.
    pub sign: i8,
}

/// The box of sites that the surface lies in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    /// Position of site (0, 0, 0), m.
    pub origin: [f64; 3],
    /// Distance between sites, m.
    pub spacing: f64,
    /// Sites along x, y, z.
    pub size: [usize; 3],
}

impl Grid {
    /// Sites in storage order: x fastest, then y, then z.
    #[must_use]
    pub fn key(&self, site: [i64; 3]) -> u64 {
        ((site[2] as u64 * self.size[1] as u64) + site[1] as u64) * self.size[0] as u64 + site[0] as u64
    }

    /// The site of a key.
    #[must_use]
    pub fn site(&self, key: u64) -> [i64; 3] {
        let (nx, ny) = (self.size[0] as u64, self.size[1] as u64);
        [(key % nx) as i64, (key / nx % ny) as i64, (key / nx / ny) as i64]
    }

    /// The smallest box around `vertices` with two empty sites on each side. No site lies on a round coordinate, which
    /// keeps lattice lines off the vertices and edges of surfaces made by a program.
    #[must_use]
    pub fn around(vertices: &[[f64; 3]], spacing: f64) -> Self {
        const OFFSET: [f64; 3] = [2.318_309_886, 2.381_966_011, 2.267_949_192];
        let mut low = [f64::INFINITY; 3];
        let mut high = [f64::NEG_INFINITY; 3];
        for v in vertices {
            for a in 0..3 {
                low[a] = low[a].min(v[a]);
                high[a] = high[a].max(v[a]);
            }
        }
        let origin = std::array::from_fn(|a| low[a] - OFFSET[a] * spacing);
        let size = std::array::from_fn(|a| ((high[a] - low[a]) / spacing).ceil() as usize + 6);
        Self { origin, spacing, size }
    }
}

/// How an axis of the stencil maps sites to (across, across, along).
#[derive(Clone, Copy)]
struct Axis {
    along: usize,
    across: [usize; 2],
    slope: [i64; 2],
}

impl Axis {
    fn of(q: usize) -> Self {
        let c = C[q];
        let along = (0..3).find(|&a| c[a] != 0).unwrap_or(0);
        let across = match along {
            0 => [1, 2],
            1 => [0, 2],
            _ => [0, 1],
        };
        Self { along, across, slope: across.map(|a| i64::from(c[a] * c[along])) }
    }

    fn project(&self, v: [f64; 3]) -> [f64; 3] {
        let t = v[self.along];
        [v[self.across[0]] - self.slope[0] as f64 * t, v[self.across[1]] - self.slope[1] as f64 * t, t]
    }

    fn site(&self, line: [i64; 2], t: i64) -> [i64; 3] {
        let mut site = [0; 3];
        site[self.along] = t;
        for k in 0..2 {
            site[self.across[k]] = line[k] + self.slope[k] * t;
        }
        site
    }
}

/// All crossings of the lattice lines along direction `q` (an odd one: 1, 3, ... 17) with the surface, sorted by key.
///
/// `vertices` in metres, `triangles` oriented outward and watertight.
#[must_use]
pub fn cuts(grid: &Grid, q: usize, vertices: &[[f64; 3]], triangles: &[[u32; 3]]) -> Vec<Cut> {
    let axis = Axis::of(q);
    let projected: Vec<[f64; 3]> = vertices
        .iter()
        .map(|v| axis.project(std::array::from_fn(|a| (v[a] - grid.origin[a]) / grid.spacing)))
        .collect();
    let mut cuts: Vec<Cut> = triangles
        .par_iter()
        .enumerate()
        .with_min_len(1024)
        .fold(Vec::new, |mut out, (index, triangle)| {
            triangle_cuts(grid, axis, &projected, *triangle, index as u32, &mut out);
            out
        })
        .reduce(Vec::new, |mut a, mut b| {
            a.append(&mut b);
            a
        });
    cuts.par_sort_unstable_by(|a, b| a.key.cmp(&b.key).then(a.fraction.total_cmp(&b.fraction)));
    cuts
}

fn triangle_cuts(grid: &Grid, axis: Axis, p: &[[f64; 3]], triangle: [u32; 3], index: u32, out: &mut Vec<Cut>) {
    let v = triangle.map(|i| p[i as usize]);
    let bound = |k: usize| {
        let low = v[0][k].min(v[1][k]).min(v[2][k]);
        let high = v[0][k].max(v[1][k]).max(v[2][k]);
        (low.ceil() as i64, high.floor() as i64)
    };
    let ((u0, u1), (v0, v1)) = (bound(0), bound(1));
    for line_v in v0..=v1 {
        for line_u in u0..=u1 {
            let point = [line_u as f64, line_v as f64];
            let edges: [(bool, f64); 3] =
                std::array::from_fn(|k| edge(p, triangle[(k + 1) % 3], triangle[(k + 2) % 3], point));
            if edges[0].0 != edges[1].0 || edges[1].0 != edges[2].0 {
                continue;
            }
            let total = edges[0].1 + edges[1].1 + edges[2].1;
            if total == 0.0 {
                continue;
            }
            let t = (edges[0].1 * v[0][2] + edges[1].1 * v[1][2] + edges[2].1 * v[2][2]) / total;
            let before = t.floor();
            out.push(Cut {
                key: grid.key(axis.site([line_u, line_v], before as i64)),
                fraction: (t - before) as f32,
                triangle: index,
                sign: if edges[0].0 == axis.turns_left() { -1 } else { 1 },
            });
        }
    }
}

impl Axis {
    /// Whether (across, across, along) is a right-handed frame.
    fn turns_left(&self) -> bool {
        self.along != 1
    }
}

/// On which side of the directed edge a-b the point lies (true: left), and twice the signed area. The sign is the
/// exact opposite for the edge b-a, also where the area rounds to zero.
fn edge(p: &[[f64; 3]], a: u32, b: u32, point: [f64; 2]) -> (bool, f64) {
    let flip = a > b;
    let (lo, hi) = if flip { (b, a) } else { (a, b) };
    let (s, e) = (p[lo as usize], p[hi as usize]);
    let area = (e[0] - s[0]) * (point[1] - s[1]) - (e[1] - s[1]) * (point[0] - s[0]);
    if flip { (area < 0.0, -area) } else { (area >= 0.0, area) }
}
