//! Sites at the vessel's own ends, where pressures are measured.

use crate::geometry::lattice::Lattice;
use crate::geometry::vessel::{End, Vessel};

/// The sites of each end.
#[derive(Clone, Debug)]
pub struct Ends {
    sites: Vec<Vec<u32>>,
}

impl Ends {
    /// Sites within one spacing of each opening's plane; of ends without extension the first spacings inside.
    #[must_use]
    pub fn new(lattice: &Lattice, ends: &[End], vessel: &Vessel) -> Self {
        let spacing = lattice.grid.spacing;
        let reach: Vec<f64> = vessel.openings.iter().map(|o| reach(o, vessel) + spacing).collect();
        let mut sites = vec![Vec::new(); ends.len()];
        for site in lattice.fluid_sites() {
            let p = lattice.position(site);
            for (k, end) in ends.iter().enumerate() {
                let r: [f64; 3] = std::array::from_fn(|a| p[a] - end.centre[a]);
                let along: f64 = (0..3).map(|a| r[a] * end.normal[a]).sum();
                let across = ((0..3).map(|a| r[a] * r[a]).sum::<f64>() - along * along).max(0.0).sqrt();
                let shift = if end.extension > 0.0 { 0.0 } else { 1.5 * spacing };
                if (along + shift).abs() <= spacing && across <= reach[k] {
                    sites[k].push(site as u32);
                }
            }
        }
        Self { sites }
    }

    /// Sites of each end with their weights in its mean.
    #[must_use]
    pub fn weights(&self) -> Vec<Vec<(u32, f32)>> {
        let even = |sites: &Vec<u32>| {
            let weight = 1.0 / sites.len().max(1) as f32;
            sites.iter().map(|&site| (site, weight)).collect()
        };
        self.sites.iter().map(even).collect()
    }

    /// Mean density deviation at each end; `drho` gives that of a padded site.
    #[must_use]
    pub fn mean(&self, drho: impl Fn(usize) -> f64) -> Vec<f64> {
        let mean =
            |sites: &Vec<u32>| sites.iter().map(|&site| drho(site as usize)).sum::<f64>() / sites.len().max(1) as f64;
        self.sites.iter().map(mean).collect()
    }
}

/// Largest distance of a rim vertex from the opening's centre, m.
fn reach(opening: &crate::geometry::vessel::Opening, vessel: &Vessel) -> f64 {
    let distance = |&v: &u32| {
        let p = vessel.wall.vertices[v as usize];
        (0..3).map(|a| (p[a] - opening.centre[a]).powi(2)).sum::<f64>().sqrt()
    };
    opening.rim.iter().map(distance).fold(0.0, f64::max)
}
