//! One lattice of a run, with its scale and the openings in lattice units.

use std::sync::Arc;

use super::ends::Ends;
use super::plan::{Asked, Plan, pressure};
use crate::case::{self, Case};
use crate::fluid::collision::Physics;
use crate::fluid::iolet::{self, Iolet, Kind};
use crate::fluid::rheology::{Rheology, Table};
use crate::fluid::storage::Storage;
use crate::geometry::lattice::{LANES, Lattice};
use crate::units::Scale;

/// Fluctuation of the pressure drop along a diameter of straight vessel, relative to it, times the viscosity in lattice
/// units, as measured in tilted pipes of 12 to 24 sites across (docs/verification.md).
const NOISE: f64 = 2.1e-5;

/// A lattice ready to run.
#[derive(Clone, Debug)]
pub struct Level {
    /// The lattice.
    pub lattice: Arc<Lattice>,
    /// Its scale.
    pub scale: Scale,
    /// The openings' conditions.
    pub iolets: Vec<Iolet>,
    /// Velocity coefficient of every opening link.
    pub coefficients: Vec<f32>,
    /// Where pressures are measured.
    pub ends: Ends,
    /// Sites with a wall link.
    pub wall_sites: usize,
    /// What the state's numbers are kept in.
    pub storage: Storage,
}

impl Level {
    /// The level of a plan on a lattice.
    #[must_use]
    pub fn new(plan: &Plan, lattice: Arc<Lattice>, scale: Scale) -> Self {
        let iolets = iolets(plan, &scale);
        let coefficient = |link: &crate::geometry::lattice::IoletLink| {
            let section = plan.iolets[link.iolet as usize].section.as_ref();
            let profile = section.map_or(1.0, |s| s.value(lattice.lid_point(link)));
            iolet::coefficient(link, iolets[link.iolet as usize].normal, profile as f32)
        };
        let coefficients = lattice.iolet_links.iter().map(coefficient).collect();
        let ends = Ends::new(&lattice, &plan.closed.ends, &plan.vessel);
        let wall_sites = wall_sites(&lattice);
        Self { lattice, scale, iolets, coefficients, ends, wall_sites, storage: storage(&plan.case) }
    }

    /// Kinematic viscosity in lattice units.
    #[must_use]
    pub fn nu(&self, mu: f64) -> f64 {
        (self.scale.viscosity_to_tau(mu) - 0.5) / 3.0
    }

    /// What every step does.
    #[must_use]
    pub fn physics(&self, mu: f64) -> Physics {
        Physics::newtonian(self.nu(mu))
    }

    /// The relaxation rates of a rheology in steps of this level; none for a Newtonian fluid.
    #[must_use]
    pub fn table(&self, rheology: &Rheology) -> Option<Arc<Table>> {
        Table::new(rheology, &self.scale).map(Arc::new)
    }

    /// How much the pressure drop along about one diameter of straight vessel fluctuates because numbers are rounded at
    /// random, relative to that drop; 0 where they are not.
    #[must_use]
    pub fn noise(&self, mu: f64) -> f64 {
        match self.storage {
            Storage::F32 => 0.0,
            Storage::F16 => NOISE / self.nu(mu),
        }
    }

    /// Bytes of both states, of the block tables and of what comes in through the openings.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let links = 2 * size_of::<f32>() * self.coefficients.len();
        2 * self.storage.state_bytes() * self.lattice.padded_len() + self.lattice.table_bytes() + links
    }
}

/// What the numbers of a case's lattices are kept in.
pub(super) fn storage(case: &Case) -> Storage {
    match case.storage {
        case::Storage::F32 => Storage::F32,
        case::Storage::F16 => Storage::F16,
    }
}

/// The openings in lattice units. Where nothing but pressures drives the flow, the highest one lets fluid in.
fn iolets(plan: &Plan, scale: &Scale) -> Vec<Iolet> {
    let driven = plan.iolets.iter().any(|i| matches!(i.asked, Asked::Flow(q) if q > 0.0));
    let highest = plan.iolets.iter().filter_map(|i| pressure(i.asked)).fold(f64::NEG_INFINITY, f64::max);
    let make = |(k, opening): (usize, &super::plan::Iolet)| {
        let normal = plan.closed.ends[k].normal.map(|x| x as f32);
        match opening.asked {
            Asked::Flow(q) => {
                let mean = scale.velocity_to_lattice(q / opening.area);
                Iolet { kind: Kind::Velocity, value: mean as f32, normal, floor: 0.0 }
            }
            Asked::Pressure(p) => {
                let kind = if !driven && p >= highest { Kind::Reservoir } else { Kind::Outlet };
                let value = scale.pressure_to_lattice(p - plan.reference_pressure) as f32;
                Iolet { kind, value, normal, floor: 0.0 }
            }
        }
    };
    plan.iolets.iter().enumerate().map(make).collect()
}

fn wall_sites(lattice: &Lattice) -> usize {
    let lanes = |block: usize| {
        let span = lattice.wall_spans[block];
        let rows = span.first as usize..span.first as usize + span.directions.count_ones() as usize;
        let mut mask = 0u16;
        for row in &lattice.wall_rows[rows] {
            mask |= (0..LANES).fold(0, |m, lane| m | u16::from(row[lane] > 0) << lane);
        }
        mask.count_ones() as usize
    };
    (0..lattice.origins.len()).map(lanes).sum()
}
