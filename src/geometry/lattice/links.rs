//! Bulk masks and cut links.

use rayon::prelude::*;

use super::blocks::Index;
use super::directions::{C, Q, opposite};
use super::raster::{self, Cut};
use super::{IoletLink, IoletRow, LANES, Lattice, NOWHERE, PAD, Span, WallRow, iolet_of};
use crate::geometry::vessel::Closed;

/// A cut link as seen from one fluid site.
struct Link {
    site: u32,
    direction: u8,
    delta: f32,
    iolet: Option<u16>,
}

/// Fills in `bulk`, the wall rows and the opening links of a lattice whose blocks are known.
pub(super) fn cut(lattice: &mut Lattice, along_x: Vec<Cut>, surface: &Closed) {
    let mut links: Vec<Link> = Vec::new();
    lattice.bulk = uncut(lattice);
    let mut along_x = Some(along_x);
    for q in (1..Q).step_by(2) {
        let cuts =
            along_x.take().unwrap_or_else(|| raster::cuts(&lattice.grid, q, &surface.vertices, &surface.triangles));
        collect(lattice, q, &cuts, surface, &mut links);
    }
    for link in &links {
        let (block, lane) = (link.site as usize / LANES - PAD, link.site as usize % LANES);
        lattice.bulk[block][link.direction as usize - 1] &= !(1 << lane);
    }
    fill_unresolved(lattice, &mut links);
    links.par_sort_unstable_by_key(|l| (l.site / LANES as u32, l.direction, l.site));
    store(lattice, &links);
}

/// Masks of the lanes whose neighbour is fluid, whatever lies between.
fn uncut(lattice: &Lattice) -> Vec<[u16; Q - 1]> {
    let index = Index::new(&lattice.grid, &lattice.origins);
    let mask_at = |x: i32, y: i32, z: i32| index.find(x, y, z).map_or(0, |b| lattice.fluid[b]);
    let rows_of = |&[x, y, z]: &[i32; 3]| {
        let step = LANES as i32;
        std::array::from_fn(|k| {
            let [cx, cy, cz] = C[k + 1];
            let row = mask_at(x, y + cy, z + cz);
            match cx {
                1 => row >> 1 | mask_at(x + step, y + cy, z + cz) << 15,
                -1 => row << 1 | mask_at(x - step, y + cy, z + cz) >> 15,
                _ => row,
            }
        })
    };
    let neighbours: Vec<[u16; Q - 1]> = lattice.origins.par_iter().with_min_len(1024).map(rows_of).collect();
    neighbours.iter().zip(&lattice.fluid).map(|(n, own)| n.map(|m| m & own)).collect()
}

/// The links along q and its opposite that the cuts hit, of fluid sites.
fn collect(lattice: &Lattice, q: usize, cuts: &[Cut], surface: &Closed, links: &mut Vec<Link>) {
    let index = Index::new(&lattice.grid, &lattice.origins);
    let fluid_site = |site: [i64; 3]| index.fluid_site(lattice, site).map(|padded| padded as u32);
    for group in cuts.chunk_by(|a, b| a.key == b.key) {
        let (first, last) = (&group[0], &group[group.len() - 1]);
        let here = lattice.grid.site(first.key);
        let there = std::array::from_fn(|a| here[a] + i64::from(C[q][a]));
        let iolet = |cut: &Cut| iolet_of(surface.tags[cut.triangle as usize]);
        if let Some(site) = fluid_site(here) {
            links.push(Link { site, direction: q as u8, delta: first.fraction, iolet: iolet(first) });
        }
        if let Some(site) = fluid_site(there) {
            let direction = opposite(q) as u8;
            links.push(Link { site, direction, delta: 1.0 - last.fraction, iolet: iolet(last) });
        }
    }
}

/// A site within rounding of the surface can count as inside by its row along x and yet see no crossing along another
/// axis: it touches the wall, at distance nought.
fn fill_unresolved(lattice: &Lattice, links: &mut Vec<Link>) {
    let mut cut = vec![[0u16; Q - 1]; lattice.origins.len()];
    for link in links.iter() {
        cut[link.site as usize / LANES - PAD][link.direction as usize - 1] |= 1 << (link.site as usize % LANES);
    }
    for (block, &fluid) in lattice.fluid.iter().enumerate() {
        for q in 1..Q {
            let missing = fluid & !lattice.bulk[block][q - 1] & !cut[block][q - 1];
            for lane in (0..LANES).filter(|lane| missing >> lane & 1 == 1) {
                let site = (Lattice::base(block) + lane) as u32;
                links.push(Link { site, direction: q as u8, delta: 0.0, iolet: None });
            }
        }
    }
}

/// Links, sorted by block, direction and lane, into rows.
fn store(lattice: &mut Lattice, links: &[Link]) {
    for group in links.chunk_by(|a, b| a.site / LANES as u32 == b.site / LANES as u32) {
        let block = group[0].site as usize / LANES - PAD;
        let (mut walls, mut iolets) = (
            Span { directions: 0, first: lattice.wall_rows.len() as u32 },
            Span { directions: 0, first: lattice.iolet_rows.len() as u32 },
        );
        for row in group.chunk_by(|a, b| a.direction == b.direction) {
            let mut deltas: WallRow = [0; LANES];
            let mut through = IoletRow { mask: 0, first: lattice.iolet_links.len() as u32 };
            for link in row {
                let lane = link.site as usize % LANES;
                match link.iolet {
                    None => deltas[lane] = ((link.delta * 65535.0).round() as u16).max(1),
                    Some(iolet) => {
                        through.mask |= 1 << lane;
                        let stored = iolet_link(lattice, link, iolet);
                        lattice.iolet_links.push(stored);
                    }
                }
            }
            if deltas.iter().any(|&d| d > 0) {
                walls.directions |= 1 << row[0].direction;
                lattice.wall_rows.push(deltas);
            }
            if through.mask > 0 {
                iolets.directions |= 1 << row[0].direction;
                lattice.iolet_rows.push(through);
            }
        }
        lattice.wall_spans[block] = walls;
        lattice.iolet_spans[block] = iolets;
    }
}

fn iolet_link(lattice: &Lattice, link: &Link, iolet: u16) -> IoletLink {
    let q = link.direction as usize;
    let behind = lattice.neighbour(link.site as usize, opposite(q)).map_or(NOWHERE, |site| site as u32);
    IoletLink { site: link.site, behind, direction: link.direction, iolet, delta: link.delta.max(1e-4) }
}
