//! What is measured: a periodic box, tilted pipes, the shipped bifurcation, or a case.

use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;

use super::Wish;
use crate::backend::gpu::admit;
use crate::backend::gpu::device::Opened;
use crate::backend::gpu::error::GpuError;
use crate::backend::host;
use crate::fluid::collision::Physics;
use crate::fluid::iolet::{self, Iolet, Kind};
use crate::fluid::moments::FIELDS;
use crate::fluid::rheology::{CARREAU_YASUDA, Table};
use crate::fluid::storage::Storage;
use crate::geometry::check::VesselError;
use crate::geometry::extend;
use crate::geometry::lattice::{LANES, Lattice, LatticeError};
use crate::geometry::orient::volume;
use crate::geometry::primitives::{Bifurcation, PrimitiveError};
use crate::geometry::tube;
use crate::geometry::vessel::{Closed, Selector, Vessel};
use crate::run::plan::Plan;
use crate::units::Scale;

/// Axis of the pipes: along no direction of the lattice.
const AXIS: [f64; 3] = [0.48, 0.6, 0.64];

/// Diameter of the pipes and of the bifurcation's parent, m.
const DIAMETER: f64 = 6e-3;

/// Sites across the branches of the shipped case.
const BRANCH_ACROSS: f64 = 24.0;

/// Sites along an edge of the box.
const EDGE: usize = 192;

/// Kinematic viscosity, and velocity through the inlet, lattice units.
const NU: f64 = 0.02;
const SPEED: f32 = 0.02;

/// What makes a rheology's table for vessels that are not a case.
const SCALE: Scale = Scale { dx: 0.1e-3, dt: 5e-5, rho: 1060.0 };

/// Part of a case's own velocities and pressures that is set: the start from rest is sudden.
const GENTLE: f32 = 0.1;

/// Bytes that a site takes about: in the processor's memory with both states, and of tables only.
const SITE_BYTES: [f64; 2] = [130.0, 40.0];

/// Why a vessel is left out.
#[derive(Debug, thiserror::Error)]
pub(super) enum Omitted {
    #[error("it needs about {needed:.1} GB of memory, and {available:.1} GB are available")]
    Memory { needed: f64, available: f64 },
    #[error(transparent)]
    Shape(#[from] PrimitiveError),
    #[error(transparent)]
    Vessel(#[from] VesselError),
    #[error(transparent)]
    Lattice(#[from] LatticeError),
    #[error(transparent)]
    Gpu(#[from] GpuError),
}

/// What a lattice has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Fluid sites.
    pub sites: usize,
    /// Blocks of 16 lanes.
    pub blocks: usize,
    /// Rows of wall links.
    pub wall_rows: usize,
    /// Links through openings.
    pub opening_links: usize,
    /// Bytes of all tables.
    pub table_bytes: usize,
}

/// Bytes that an update of a site moves through memory, by count.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bytes {
    /// Ten numbers read and ten written of every lane of every block, over the fluid sites.
    pub state: f64,
    /// Every table that a step reads, once ([`Lattice::step_bytes`]).
    pub tables: f64,
    /// Both.
    pub total: f64,
}

impl Counts {
    pub(super) fn of(lattice: &Lattice) -> Self {
        Self {
            sites: lattice.sites,
            blocks: lattice.origins.len(),
            wall_rows: lattice.wall_rows.len(),
            opening_links: lattice.iolet_links.len(),
            table_bytes: lattice.table_bytes(),
        }
    }
}

impl Bytes {
    pub(super) fn of(lattice: &Lattice) -> Self {
        let sites = lattice.sites as f64;
        let lane = 2 * FIELDS * size_of::<f32>();
        let state = (lattice.origins.len() * LANES * lane) as f64 / sites;
        let tables = lattice.step_bytes() as f64 / sites;
        Self { state, tables, total: state + tables }
    }
}

/// What is to be measured.
pub(super) enum Subject<'a> {
    /// Sites along an edge.
    Box(usize),
    /// Sites across, length in diameters.
    Pipe(f64, f64),
    /// Sites across a branch.
    Bifurcation(f64),
    Case(&'a Plan),
}

/// The subjects of a wish, in order.
pub(super) fn subjects(wish: &Wish) -> Vec<Subject<'_>> {
    if let Some(plan) = &wish.plan {
        return vec![Subject::Case(plan)];
    }
    let edge = if wish.quick { 2 * LANES } else { EDGE };
    // Short enough to be cut in seconds, and long enough that the openings are a small part.
    let length = |across: f64| match across {
        _ if wish.quick => 2.0,
        a if a < 40.0 => 10.0,
        a if a < 100.0 => 5.0,
        _ => 2.0,
    };
    let pipes = wish.across.iter().map(|&across| Subject::Pipe(across, length(across)));
    let branches = if wish.quick { vec![0.5 * BRANCH_ACROSS] } else { vec![BRANCH_ACROSS, 3.0 * BRANCH_ACROSS] };
    let branches = branches.into_iter().map(Subject::Bifurcation);
    [Subject::Box(edge)].into_iter().chain(pipes).chain(branches).collect()
}

/// A subject on its lattice.
pub(super) struct Cut {
    pub name: String,
    pub lattice: Arc<Lattice>,
    /// The surface that it is cut from.
    pub surface: Option<Closed>,
    pub iolets: Vec<Iolet>,
    pub coefficients: Vec<f32>,
    pub physics: Physics,
    pub rheology: Option<Arc<Table>>,
    pub seconds: f64,
}

impl Subject<'_> {
    /// What it is called.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Box(edge) => format!("periodic box {edge}"),
            Self::Pipe(across, length) => format!("pipe {across} across, {length} D long"),
            Self::Bifurcation(across) => format!("bifurcation {across} across"),
            Self::Case(plan) => plan.case.name().to_owned(),
        }
    }

    /// Cuts its lattice.
    pub(super) fn cut(&self, adapter: bool) -> Result<Cut, Omitted> {
        let (surface, spacing) = match self {
            Self::Box(edge) => return periodic(self.name(), *edge, adapter),
            Self::Pipe(across, length) => {
                // Vertices a site apart, as the wall of a case.
                let sides = (std::f64::consts::PI * across) as usize;
                (tube::closed([0.0; 3], AXIS, 0.5 * DIAMETER, length * DIAMETER, sides.max(8)), DIAMETER / across)
            }
            Self::Bifurcation(across) => bifurcation(*across)?,
            Self::Case(plan) => (plan.closed.clone(), plan.spacings[plan.spacings.len() - 1]),
        };
        roomy(volume(&surface.vertices, &surface.triangles) / spacing.powi(3), adapter)?;
        let clock = Instant::now();
        let lattice = Arc::new(Lattice::build(&surface, spacing)?);
        let seconds = clock.elapsed().as_secs_f64();
        let (iolets, coefficients, physics, scale) = match self {
            Self::Case(plan) => {
                let mut level = plan.finest();
                level.iolets.iter_mut().for_each(|iolet| iolet.value *= GENTLE);
                let physics = level.physics(plan.mu);
                (level.iolets, level.coefficients, physics, level.scale)
            }
            _ => {
                let (iolets, coefficients) = openings(&lattice, &surface);
                (iolets, coefficients, Physics::newtonian(NU), SCALE)
            }
        };
        let (name, rheology) = (self.name(), Table::new(&CARREAU_YASUDA, &scale).map(Arc::new));
        Ok(Cut { name, lattice, surface: Some(surface), iolets, coefficients, physics, rheology, seconds })
    }
}

/// The periodic box.
fn periodic(name: String, edge: usize, adapter: bool) -> Result<Cut, Omitted> {
    roomy((edge as f64).powi(3), adapter)?;
    let clock = Instant::now();
    let lattice = Arc::new(Lattice::periodic([edge; 3], DIAMETER / edge as f64));
    let seconds = clock.elapsed().as_secs_f64();
    let (iolets, coefficients, physics) = (Vec::new(), Vec::new(), Physics::newtonian(NU));
    let rheology = Table::new(&CARREAU_YASUDA, &SCALE).map(Arc::new);
    Ok(Cut { name, lattice, surface: None, iolets, coefficients, physics, rheology, seconds })
}

impl Cut {
    /// Itself, if the adapter has room for it.
    pub(super) fn admitted(self, opened: Option<&Opened>) -> Result<Self, Omitted> {
        if let Some(gpu) = opened {
            admit::reserve(gpu, &self.lattice, Storage::F32, 0)?;
        }
        Ok(self)
    }
}

/// Refuses what the processor's memory does not hold.
fn roomy(sites: f64, adapter: bool) -> Result<(), Omitted> {
    let needed = sites * SITE_BYTES[usize::from(adapter)] / 1e9;
    match host::available().map(|bytes| bytes as f64 / 1e9) {
        Some(available) if needed > available => Err(Omitted::Memory { needed, available }),
        _ => Ok(()),
    }
}

/// The bifurcation of the shipped case, and the spacing of so many sites across a branch.
fn bifurcation(across: f64) -> Result<(Closed, f64), Omitted> {
    let shape = Bifurcation::new(DIAMETER);
    let ends = ["inlet", "outlet_left", "outlet_right"].map(|name| (name.to_owned(), Selector::Patch(name.to_owned())));
    let vessel = Vessel::build(shape.surface()?, &ends)?;
    let [left, right] = shape.branch_diameters();
    let closed = extend::close(&vessel, &[0.0, 1.5 * left, 1.5 * right])?;
    Ok((closed, left.min(right) / across))
}

/// A plug flow in through the first opening, pressures at the others.
fn openings(lattice: &Lattice, surface: &Closed) -> (Vec<Iolet>, Vec<f32>) {
    let iolet = |(k, end): (usize, &crate::geometry::vessel::End)| {
        let (kind, value) = if k == 0 { (Kind::Velocity, SPEED) } else { (Kind::Outlet, 0.0) };
        Iolet { kind, value, normal: end.normal.map(|x| x as f32), floor: 0.0 }
    };
    let iolets: Vec<Iolet> = surface.ends.iter().enumerate().map(iolet).collect();
    let coefficient =
        |link: &crate::geometry::lattice::IoletLink| iolet::coefficient(link, iolets[link.iolet as usize].normal, 1.0);
    let coefficients = lattice.iolet_links.iter().map(coefficient).collect();
    (iolets, coefficients)
}
