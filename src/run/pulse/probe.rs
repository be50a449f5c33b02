//! Probes: where a run records pressure and velocity.

use crate::geometry::lattice::Lattice;

/// What a probe is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// A point.
    Point,
    /// The section of the vessel through the point, across this unit normal.
    Plane([f64; 3]),
}

/// A place where pressure and velocity are recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// Name in the case.
    pub name: String,
    /// Its point, m.
    pub at: [f64; 3],
    /// Point or section.
    pub shape: Shape,
}

impl Probe {
    /// Sites (padded) and weights, of sum 1, whose mean it records; none where no fluid is near.
    #[must_use]
    pub fn weights(&self, lattice: &Lattice) -> Vec<(u32, f32)> {
        let mut weights = match self.shape {
            Shape::Point => self.corners(lattice),
            Shape::Plane(normal) => self.section(lattice, normal),
        };
        let total: f32 = weights.iter().map(|w| w.1).sum();
        weights.iter_mut().for_each(|w| w.1 /= total);
        weights
    }

    /// Normal of a section.
    #[must_use]
    pub fn normal(&self) -> Option<[f64; 3]> {
        match self.shape {
            Shape::Point => None,
            Shape::Plane(normal) => Some(normal),
        }
    }

    /// Area of a plane probe's section on a lattice, m^2.
    #[must_use]
    pub fn area(&self, lattice: &Lattice) -> f64 {
        match self.shape {
            Shape::Point => 0.0,
            Shape::Plane(normal) => self.section(lattice, normal).len() as f64 * lattice.grid.spacing.powi(2),
        }
    }

    /// Fluid corners of the cell around the point, by their trilinear weights.
    fn corners(&self, lattice: &Lattice) -> Vec<(u32, f32)> {
        let index = lattice.index();
        let at: [f64; 3] = std::array::from_fn(|a| (self.at[a] - lattice.grid.origin[a]) / lattice.grid.spacing);
        let corner = |k: usize| {
            let site: [i64; 3] = std::array::from_fn(|a| at[a].floor() as i64 + (k >> a & 1) as i64);
            let weight: f64 = (0..3).map(|a| 1.0 - (at[a] - site[a] as f64).abs()).product();
            Some((index.fluid_site(lattice, site)? as u32, weight.max(1e-6) as f32))
        };
        (0..8).filter_map(corner).collect()
    }

    /// Sites within half a spacing of the plane that are connected with the one nearest to the point.
    fn section(&self, lattice: &Lattice, normal: [f64; 3]) -> Vec<(u32, f32)> {
        let from = |site: usize| -> [f64; 3] {
            let p = lattice.position(site);
            std::array::from_fn(|a| p[a] - self.at[a])
        };
        let along = |r: [f64; 3]| (0..3).map(|a| r[a] * normal[a]).sum::<f64>();
        // The plane is one spacing thick, so that its sites stand for their share of its area.
        let half = 0.5 * lattice.grid.spacing;
        let within: Vec<usize> = lattice.fluid_sites().filter(|&s| (-half..half).contains(&along(from(s)))).collect();
        let distance = |s: &usize| from(*s).iter().map(|x| x * x).sum::<f64>();
        let Some(&nearest) = within.iter().min_by(|a, b| distance(a).total_cmp(&distance(b))) else {
            return Vec::new();
        };
        let mut left: std::collections::HashSet<usize> = within.into_iter().collect();
        left.remove(&nearest);
        let (mut found, mut stack) = (Vec::new(), vec![nearest]);
        while let Some(site) = stack.pop() {
            found.push((site as u32, 1.0));
            for q in 1..crate::geometry::lattice::directions::Q {
                if let Some(next) = lattice.neighbour(site, q).filter(|next| left.remove(next)) {
                    stack.push(next);
                }
            }
        }
        found.sort_unstable_by_key(|w| w.0);
        found
    }
}
