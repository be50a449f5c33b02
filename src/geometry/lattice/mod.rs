//! The sparse lattice cut from a closed surface: row blocks, masks and cut links.
//!
//! Only fluid sites are stored, in blocks of 16 sites along x on a globally aligned grid (`LANES`). Blocks lie in memory
//! sorted by z, y, x, so that the neighbour of a lane one step along x is the next number in memory, and the eight
//! neighbour rows (dy, dz) of a block each start at one constant place. A block says with one 16-bit mask a direction
//! which of its lanes have a fluid neighbour there ("bulk" link). The other links of fluid lanes are cut: they hit the
//! surface at a fraction in (0, 1] of the link. A cut link is a wall, or belongs to an opening.

pub mod directions;
pub mod raster;

mod blocks;
mod links;
mod periodic;

use crate::geometry::vessel::{Closed, Tag};
pub use blocks::Index;
use directions::{C, Q};
pub use raster::Grid;

/// Sites in a block.
pub const LANES: usize = 16;

/// Blocks of padding before the first and after the last one in every array of site values.
pub const PAD: usize = 1;

/// "No such site" in [`IoletLink::behind`].
pub const NOWHERE: u32 = u32::MAX;

/// Row offsets (dy, dz) of the eight neighbour rows of a block, the order of [`Lattice::neighbours`].
pub const ROWS: [[i32; 2]; 8] = [[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [-1, -1], [1, -1], [-1, 1]];

/// A set of cut links of one block along one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Span {
    /// Bit q is set where the block has such links along direction q.
    pub directions: u32,
    /// Index of the first row; the block's rows follow in the order of their directions.
    pub first: u32,
}

impl Span {
    /// The row of direction `q`, if there is one.
    #[must_use]
    pub fn row(&self, q: usize) -> Option<usize> {
        let below = self.directions & ((1 << q) - 1);
        (self.directions >> q & 1 == 1).then(|| self.first as usize + below.count_ones() as usize)
    }
}

/// Distances to the wall of a block's links along one direction, in units of 1/65535 of a link; 0 where the lane has none.
pub type WallRow = [u16; LANES];

/// Links of a block into openings along one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct IoletRow {
    /// The lanes.
    pub mask: u16,
    /// Index of the first lane's link in [`Lattice::iolet_links`]; the others follow.
    pub first: u32,
}

/// A link from a fluid site out through a lid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IoletLink {
    /// Index of the fluid site in padded site arrays.
    pub site: u32,
    /// The fluid site on the other side of it, one step against `direction`, or [`NOWHERE`] when that link is cut too.
    pub behind: u32,
    /// Direction from the site through the lid.
    pub direction: u8,
    /// Index of the opening.
    pub iolet: u16,
    /// Distance from the site to the lid, in links, in (0, 1].
    pub delta: f32,
}

/// A lattice of fluid sites.
#[derive(Clone, Debug, PartialEq)]
pub struct Lattice {
    /// The grid that the sites are part of.
    pub grid: Grid,
    /// First site of each block: x a multiple of 16.
    pub origins: Vec<[i32; 3]>,
    /// Lanes of each block that are fluid.
    pub fluid: Vec<u16>,
    /// Of each block, where lane 0 of each neighbour row of [`ROWS`] lies in padded site arrays.
    pub neighbours: Vec<[u32; 8]>,
    /// Of each block, for direction q at index q - 1, the lanes whose neighbour along q is fluid with nothing between.
    pub bulk: Vec<[u16; Q - 1]>,
    /// Wall links of each block.
    pub wall_spans: Vec<Span>,
    /// Rows of wall distances.
    pub wall_rows: Vec<WallRow>,
    /// Opening links of each block.
    pub iolet_spans: Vec<Span>,
    /// Rows of opening links.
    pub iolet_rows: Vec<IoletRow>,
    /// Links through lids, by block, direction, lane.
    pub iolet_links: Vec<IoletLink>,
    /// Number of fluid sites.
    pub sites: usize,
}

/// Why no lattice could be cut.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum LatticeError {
    /// No site lies inside.
    #[error("no lattice site lies inside the vessel at a spacing of {:.4} mm; use a finer spacing", spacing * 1e3)]
    Empty {
        /// Distance between sites, m.
        spacing: f64,
    },
    /// Site numbers would not fit 32 bits.
    #[error(
        "{sites} sites at a spacing of {:.4} mm are more than one lattice can number ({max}); use a coarser spacing",
        spacing * 1e3
    )]
    TooLarge {
        /// Sites that the surface asks for.
        sites: u64,
        /// Most that fit.
        max: u64,
        /// Distance between sites, m.
        spacing: f64,
    },
}

impl Lattice {
    /// Cuts the lattice of the given spacing (m) from a closed, outward-oriented surface.
    ///
    /// # Errors
    /// When no site lies inside, or more than 32 bits can number.
    pub fn build(surface: &Closed, spacing: f64) -> Result<Self, LatticeError> {
        let grid = Grid::around(&surface.vertices, spacing);
        let along_x = raster::cuts(&grid, 1, &surface.vertices, &surface.triangles);
        let mut lattice = blocks::fill(grid, &along_x)?;
        links::cut(&mut lattice, along_x, surface);
        Ok(lattice)
    }

    /// Bytes of the tables of a block, those of its cut links left out.
    pub const BLOCK_BYTES: usize = size_of::<[i32; 3]>()
        + size_of::<u16>()
        + size_of::<[u32; 8]>()
        + size_of::<[u16; Q - 1]>()
        + 2 * size_of::<Span>();

    /// Bytes of all tables.
    #[must_use]
    pub fn table_bytes(&self) -> usize {
        self.origins.len() * Self::BLOCK_BYTES
            + self.wall_rows.len() * size_of::<WallRow>()
            + self.iolet_rows.len() * size_of::<IoletRow>()
            + self.iolet_links.len() * size_of::<IoletLink>()
    }

    /// Bytes of the tables that a step reads, each once: of all blocks their fluid lanes, neighbours and spans; of those at
    /// a wall the masks of their bulk links; rows; and of opening links their coefficients and what comes in.
    #[must_use]
    pub fn step_bytes(&self) -> usize {
        let walled = self.wall_spans.iter().filter(|span| span.directions != 0).count();
        self.origins.len() * (size_of::<u16>() + size_of::<[u32; 8]>() + 2 * size_of::<Span>())
            + walled * size_of::<[u16; Q - 1]>()
            + self.wall_rows.len() * size_of::<WallRow>()
            + self.iolet_rows.len() * size_of::<IoletRow>()
            + self.iolet_links.len() * (size_of::<IoletLink>() + 2 * size_of::<f32>())
    }

    /// Length of padded site arrays.
    #[must_use]
    pub fn padded_len(&self) -> usize {
        (self.origins.len() + 2 * PAD) * LANES
    }

    /// Index of lane 0 of a block in padded site arrays.
    #[must_use]
    pub const fn base(block: usize) -> usize {
        (block + PAD) * LANES
    }

    /// Grid coordinates of a padded site index.
    #[must_use]
    pub fn coordinates(&self, site: usize) -> [i32; 3] {
        let [x, y, z] = self.origins[site / LANES - PAD];
        [x + (site % LANES) as i32, y, z]
    }

    /// Position of a padded site index, m.
    #[must_use]
    pub fn position(&self, site: usize) -> [f64; 3] {
        let c = self.coordinates(site);
        std::array::from_fn(|a| self.grid.origin[a] + self.grid.spacing * f64::from(c[a]))
    }

    /// Padded indices of all fluid sites, in storage order.
    pub fn fluid_sites(&self) -> impl Iterator<Item = usize> + '_ {
        self.fluid.iter().enumerate().flat_map(|(block, &mask)| {
            (0..LANES).filter(move |lane| mask >> lane & 1 == 1).map(move |lane| Self::base(block) + lane)
        })
    }

    /// Whether a padded site index is a fluid site.
    #[must_use]
    pub fn is_fluid(&self, site: usize) -> bool {
        self.fluid[site / LANES - PAD] >> (site % LANES) & 1 == 1
    }

    /// The padded index of the fluid site one step along direction `q` with nothing between, if there is one.
    #[must_use]
    pub fn neighbour(&self, site: usize, q: usize) -> Option<usize> {
        let (block, lane) = (site / LANES - PAD, site % LANES);
        if self.bulk[block][q - 1] >> lane & 1 == 0 {
            return None;
        }
        let [cx, cy, cz] = C[q];
        let base = match ROWS.iter().position(|&row| row == [cy, cz]) {
            Some(row) => self.neighbours[block][row] as usize,
            None => Self::base(block),
        };
        Some((base as i64 + lane as i64 + i64::from(cx)) as usize)
    }

    /// Finds blocks and sites by their grid coordinates.
    #[must_use]
    pub fn index(&self) -> Index<'_> {
        Index::new(&self.grid, &self.origins)
    }

    /// Where an opening's link meets the lid, m.
    #[must_use]
    pub fn lid_point(&self, link: &IoletLink) -> [f64; 3] {
        let p = self.position(link.site as usize);
        let c = C[link.direction as usize];
        std::array::from_fn(|a| p[a] + self.grid.spacing * f64::from(link.delta) * f64::from(c[a]))
    }
}

/// The opening that a triangle's lattice links belong to: walls of extensions are walls.
fn iolet_of(tag: Tag) -> Option<u16> {
    match tag {
        Tag::Lid(k) => Some(k),
        Tag::Wall | Tag::Extension(_) => None,
    }
}

#[cfg(test)]
mod tests;
