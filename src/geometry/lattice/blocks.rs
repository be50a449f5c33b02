//! From the crossings along x to row blocks and their neighbours.

use super::raster::{Cut, Grid};
use super::{LANES, Lattice, LatticeError, PAD, ROWS, Span};

/// Finds blocks by their place.
pub struct Index<'a> {
    size: [usize; 3],
    /// First block of each row (y, z), and one past the last.
    starts: Vec<u32>,
    origins: &'a [[i32; 3]],
}

impl<'a> Index<'a> {
    pub(super) fn new(grid: &Grid, origins: &'a [[i32; 3]]) -> Self {
        let mut starts = vec![0u32; grid.size[1] * grid.size[2] + 1];
        for o in origins {
            starts[o[2] as usize * grid.size[1] + o[1] as usize + 1] += 1;
        }
        for row in 1..starts.len() {
            starts[row] += starts[row - 1];
        }
        Self { size: grid.size, starts, origins }
    }

    /// The block at x (a multiple of 16), y, z.
    #[must_use]
    pub fn find(&self, x: i32, y: i32, z: i32) -> Option<usize> {
        if y < 0 || z < 0 || y as usize >= self.size[1] || z as usize >= self.size[2] {
            return None;
        }
        let row = z as usize * self.size[1] + y as usize;
        let (a, b) = (self.starts[row] as usize, self.starts[row + 1] as usize);
        self.origins[a..b].binary_search_by_key(&x, |o| o[0]).ok().map(|k| a + k)
    }

    /// Padded index of a site, if its block is stored.
    #[must_use]
    pub fn site(&self, site: [i64; 3]) -> Option<usize> {
        let lane = site[0].rem_euclid(LANES as i64);
        let block = self.find((site[0] - lane) as i32, site[1] as i32, site[2] as i32)?;
        Some(Lattice::base(block) + lane as usize)
    }

    /// Padded index of a site, if it is fluid.
    #[must_use]
    pub fn fluid_site(&self, lattice: &Lattice, site: [i64; 3]) -> Option<usize> {
        self.site(site).filter(|&padded| lattice.is_fluid(padded))
    }

    /// Where lane 0 of the block at x, y, z is, or would be: where only its neighbours along x are stored, so that
    /// stepping over the edge of the missing block reaches them.
    fn base(&self, x: i32, y: i32, z: i32) -> u32 {
        let step = LANES as i32;
        let base = if let Some(b) = self.find(x, y, z) {
            Lattice::base(b)
        } else if let Some(b) = self.find(x + step, y, z) {
            Lattice::base(b) - LANES
        } else if let Some(b) = self.find(x - step, y, z) {
            Lattice::base(b) + LANES
        } else {
            Lattice::base(0)
        };
        base as u32
    }
}

/// Fluid runs of the rows, [first, one past last] along x.
fn runs(grid: &Grid, along_x: &[Cut]) -> Vec<([i64; 3], i64)> {
    let mut out = Vec::new();
    for row in along_x.chunk_by(|a, b| a.key / grid.size[0] as u64 == b.key / grid.size[0] as u64) {
        let mut winding = 0;
        let mut start = None;
        for cut in row {
            winding += i32::from(cut.sign);
            let site = grid.site(cut.key);
            match start {
                None if winding > 0 => start = Some(site),
                Some(s) if winding <= 0 => {
                    let s: [i64; 3] = s;
                    if site[0] > s[0] {
                        out.push(([s[0] + 1, s[1], s[2]], site[0] + 1));
                    }
                    start = None;
                }
                _ => {}
            }
        }
    }
    out
}

/// The blocks that hold fluid, with masks and neighbours, and no links yet.
pub(super) fn fill(grid: Grid, along_x: &[Cut]) -> Result<Lattice, LatticeError> {
    let runs = runs(&grid, along_x);
    let sites: i64 = runs.iter().map(|(s, end)| end - s[0]).sum();
    if sites == 0 {
        return Err(LatticeError::Empty { spacing: grid.spacing });
    }
    let (origins, fluid) = row_blocks(&runs);
    let max = u64::from(u32::MAX) / 2;
    if (origins.len() + 2 * PAD) as u64 * LANES as u64 > max {
        return Err(LatticeError::TooLarge { sites: sites as u64, max, spacing: grid.spacing });
    }
    let index = Index::new(&grid, &origins);
    let neighbours = origins
        .iter()
        .map(|o| std::array::from_fn(|k| index.base(o[0], o[1] + ROWS[k][0], o[2] + ROWS[k][1])))
        .collect();
    let blocks = origins.len();
    Ok(Lattice {
        grid,
        fluid,
        neighbours,
        bulk: Vec::new(),
        wall_spans: vec![Span::default(); blocks],
        wall_rows: Vec::new(),
        iolet_spans: vec![Span::default(); blocks],
        iolet_rows: Vec::new(),
        iolet_links: Vec::new(),
        sites: sites as usize,
        origins,
    })
}

/// Blocks in order, with fluid masks. A gap of one block in a row is filled with an empty block, so that a missing block
/// has at most one stored neighbour along x.
fn row_blocks(runs: &[([i64; 3], i64)]) -> (Vec<[i32; 3]>, Vec<u16>) {
    let lanes = LANES as i64;
    let mut origins: Vec<[i32; 3]> = Vec::new();
    let mut fluid: Vec<u16> = Vec::new();
    for &([x0, y, z], end) in runs {
        for bx in x0 / lanes..=(end - 1) / lanes {
            let origin = [(bx * lanes) as i32, y as i32, z as i32];
            if let Some(&last) = origins.last()
                && last[1..] == origin[1..]
                && last[0] + 2 * LANES as i32 == origin[0]
            {
                origins.push([last[0] + LANES as i32, last[1], last[2]]);
                fluid.push(0);
            }
            if origins.last() != Some(&origin) {
                origins.push(origin);
                fluid.push(0);
            }
            let (a, b) = ((x0 - bx * lanes).max(0), (end - bx * lanes).min(lanes));
            let mask = ((1u32 << b) - (1u32 << a)) as u16;
            if let Some(last) = fluid.last_mut() {
                *last |= mask;
            }
        }
    }
    (origins, fluid)
}
