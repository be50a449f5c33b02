//! The fluid sites near the wall, each with the way to it.

use nalgebra::Vector3;
use rayon::prelude::*;

use crate::geometry::lattice::{LANES, Lattice};
use crate::geometry::nearest::Nearest;

/// Way from each site of a block to the nearest point of the wall, in site spacings; infinite where it is out of reach.
type Ways = [[f32; 3]; LANES];

const OUT_OF_REACH: [f32; 3] = [f32::INFINITY; 3];

/// A site of the band.
#[derive(Clone, Copy, Debug)]
pub(super) struct Near {
    /// Index in padded site arrays.
    pub site: usize,
    /// Nearest point of the wall, in site spacings from the grid's origin.
    pub foot: Vector3<f64>,
    /// From the site to there.
    pub way: Vector3<f64>,
}

/// Blocks that hold sites near the wall.
#[derive(Clone, Debug)]
pub(super) struct Band {
    /// Rows of sites along y.
    rows: usize,
    /// First block of each row (y, z), and one past the last.
    starts: Vec<u32>,
    /// Number of each block in the lattice, and its first x.
    blocks: Vec<(u32, i32)>,
    ways: Vec<Ways>,
}

impl Band {
    /// The fluid sites at most `reach` spacings from `wall`, which is in site spacings from the grid's origin.
    pub(super) fn new(lattice: &Lattice, wall: &Nearest, reach: f64) -> Self {
        let found: Vec<(u32, Ways)> = (0..lattice.origins.len() as u32)
            .into_par_iter()
            .with_min_len(256)
            .filter_map(|block| Some((block, ways(lattice, wall, reach, block as usize)?)))
            .collect();
        let [_, ny, nz] = lattice.grid.size;
        let mut starts = vec![0u32; ny * nz + 1];
        for &(block, _) in &found {
            let [_, y, z] = lattice.origins[block as usize];
            starts[z as usize * ny + y as usize + 1] += 1;
        }
        for row in 1..starts.len() {
            starts[row] += starts[row - 1];
        }
        let blocks = found.iter().map(|&(block, _)| (block, lattice.origins[block as usize][0])).collect();
        Self { rows: ny, starts, blocks, ways: found.into_iter().map(|(_, ways)| ways).collect() }
    }

    /// Hands every site of the band within `radius` of `centre` (site spacings) to `take`.
    pub(super) fn around(&self, centre: Vector3<f64>, radius: f64, mut take: impl FnMut(Near)) {
        let whole = |x: f64| x as i64;
        let [y0, z0] = [1, 2].map(|a| whole((centre[a] - radius).ceil()).max(0));
        let [y1, z1] = [1, 2].map(|a| whole((centre[a] + radius).floor()));
        let layers = (self.starts.len() - 1) / self.rows;
        for z in z0..=z1.min(layers as i64 - 1) {
            for y in y0..=y1.min(self.rows as i64 - 1) {
                let off = (y as f64 - centre.y).powi(2) + (z as f64 - centre.z).powi(2);
                let half = (radius * radius - off).max(0.0).sqrt();
                let (x0, x1) = (whole((centre.x - half).ceil()) as i32, whole((centre.x + half).floor()) as i32);
                if off <= radius * radius {
                    self.row([x0, x1], y, z, &mut take);
                }
            }
        }
    }

    /// The sites of row (y, z) from `x0` to `x1`.
    fn row(&self, [x0, x1]: [i32; 2], y: i64, z: i64, take: &mut impl FnMut(Near)) {
        let row = z as usize * self.rows + y as usize;
        let (first, end) = (self.starts[row] as usize, self.starts[row + 1] as usize);
        let skipped = self.blocks[first..end].partition_point(|&(_, x)| x + (LANES as i32) <= x0);
        for k in first + skipped..end {
            let (block, x) = self.blocks[k];
            if x > x1 {
                break;
            }
            for lane in (x0 - x).max(0)..=(x1 - x).min(LANES as i32 - 1) {
                let way = self.ways[k][lane as usize];
                if way[0].is_finite() {
                    let way = Vector3::from(way).cast::<f64>();
                    let foot = Vector3::new(f64::from(x + lane), y as f64, z as f64) + way;
                    take(Near { site: Lattice::base(block as usize) + lane as usize, foot, way });
                }
            }
        }
    }
}

/// The ways of one block, if one of its fluid lanes is in reach.
fn ways(lattice: &Lattice, wall: &Nearest, reach: f64, block: usize) -> Option<Ways> {
    let origin = lattice.origins[block].map(f64::from);
    let half = (LANES - 1) as f64 / 2.0;
    wall.find(Vector3::new(origin[0] + half, origin[1], origin[2]), half + reach)?;
    let mut out = [OUT_OF_REACH; LANES];
    let mut last: Option<Vector3<f64>> = None;
    let mut any = false;
    for lane in (0..LANES).filter(|lane| lattice.fluid[block] >> lane & 1 == 1) {
        let place = Vector3::new(origin[0] + lane as f64, origin[1], origin[2]);
        // The last lane's foot bounds the search; a little more, so that the bound itself is found again.
        let within = last.map_or(reach, |foot| reach.min((foot - place).norm() * (1.0 + 1e-9) + 1e-9));
        if let Some(foot) = wall.find(place, within) {
            out[lane] = (foot - place).cast::<f32>().into();
            last = Some(foot);
            any = true;
        }
    }
    any.then_some(out)
}
