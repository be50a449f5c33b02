//! A box of fluid without openings that is closed on itself.
//!
//! The step of a block reads over the ends of its rows into what lies next in memory. A box whose blocks follow each
//! other without a gap is therefore closed on itself like a screw: the step out at the end of a row leads to the start of
//! the next row, the one out of the last row of a layer to the next layer. With n = x + nx (y + ny z) a direction c leads
//! to the site n + cx + nx cy + nx ny cz, taken modulo all sites. Only the ten links that would lead past the two ends of
//! memory along x are walls, half a link away.

use super::directions::{C, Q, opposite};
use super::raster::Grid;
use super::{LANES, Lattice, ROWS, Span};

/// Half a link, as walls store it.
const HALF: u16 = 1 << 15;

impl Lattice {
    /// A periodic box of `size` sites along x (a multiple of 16), y and z, `spacing` (m) apart.
    ///
    /// # Panics
    /// If the box has no sites, not a multiple of 16 along x, or more than 32 bits can number.
    #[must_use]
    pub fn periodic(size: [usize; 3], spacing: f64) -> Self {
        let [nx, ny, nz] = size;
        assert!(nx % LANES == 0 && nx * ny * nz > 0, "no periodic box of {nx} x {ny} x {nz} sites");
        let (row, sites) = (nx / LANES, nx * ny * nz);
        assert!(sites < u32::MAX as usize / 2, "{sites} sites are more than one lattice can number");
        let blocks = sites / LANES;
        let origin = |b: usize| [b % row * LANES, b / row % ny, b / row / ny].map(|x| x as i32);
        let neighbour = |b: usize, [dy, dz]: [i32; 2]| {
            let step = (dy as isize + dz as isize * ny as isize) * row as isize;
            (b as isize + step).rem_euclid(blocks as isize) as usize
        };
        let mut lattice = Self {
            grid: Grid { origin: [0.0; 3], spacing, size },
            origins: (0..blocks).map(origin).collect(),
            fluid: vec![u16::MAX; blocks],
            neighbours: (0..blocks).map(|b| ROWS.map(|offset| Self::base(neighbour(b, offset)) as u32)).collect(),
            bulk: vec![[u16::MAX; Q - 1]; blocks],
            wall_spans: vec![Span::default(); blocks],
            wall_rows: Vec::new(),
            iolet_spans: vec![Span::default(); blocks],
            iolet_rows: Vec::new(),
            iolet_links: Vec::new(),
            sites,
        };
        // Where lane 0 or 15 looks past the first or the last block, and back from where that should lead.
        let (first, last) = ((0, 0), (blocks - 1, LANES - 1));
        let past = |q: usize| {
            let [cx, cy, cz] = C[q];
            let (end, other) = if cx > 0 { (last, first) } else { (first, last) };
            [(neighbour(end.0, [-cy, -cz]), q, end.1), (other.0, opposite(q), other.1)]
        };
        let mut walls: Vec<_> = (1..Q).filter(|&q| C[q][0] != 0).flat_map(past).collect();
        walls.sort_unstable();
        walls.dedup();
        for (block, q, lane) in walls {
            let span = &mut lattice.wall_spans[block];
            if span.directions == 0 {
                span.first = lattice.wall_rows.len() as u32;
            }
            if span.directions >> q & 1 == 0 {
                span.directions |= 1 << q;
                lattice.wall_rows.push([0; LANES]);
            }
            if let Some(row) = lattice.wall_rows.last_mut() {
                row[lane] = HALF;
            }
            lattice.bulk[block][q - 1] &= !(1 << lane);
        }
        lattice
    }
}
