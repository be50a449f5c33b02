//! Memory that the host and the shaders share: one Rust struct for each WGSL struct, checked field by field by
//! `tests/shaders.rs`, and the lattice in those terms.

use std::mem::offset_of;

use bytemuck::{Pod, Zeroable};

use crate::fluid;
use crate::fluid::drive::{Clock, Law, OpeningState, Pace};
use crate::fluid::iolet::{Kind, Modes};
use crate::fluid::shear::{Tap, WallPoint, WallSums};
use crate::geometry::lattice::Lattice;

/// WGSL `Physics`, a uniform.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct Physics {
    omega: f32,
    omega_bulk: f32,
    wall_source: f32,
    halfway: u32,
}

impl From<fluid::collision::Physics> for Physics {
    fn from(p: fluid::collision::Physics) -> Self {
        Self { omega: p.omega, omega_bulk: p.omega_bulk, wall_source: p.wall_source, halfway: u32::from(p.halfway) }
    }
}

/// WGSL `Iolet`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct Iolet {
    normal: [f32; 3],
    value: f32,
    kind: u32,
    floor: f32,
    amplitude: u32,
    modes: u32,
}

/// WGSL constant of a kind of opening: `VELOCITY`, `OUTLET`, `RESERVOIR`.
#[must_use]
pub fn kind(kind: Kind) -> u32 {
    match kind {
        Kind::Velocity => 0,
        Kind::Outlet => 1,
        Kind::Reservoir => 2,
    }
}

impl Iolet {
    /// An opening's condition, with the first of its extra velocity modes and their number.
    #[must_use]
    pub fn new(iolet: &fluid::iolet::Iolet, (amplitude, modes): (u32, u32)) -> Self {
        let (normal, value, floor) = (iolet.normal, iolet.value, iolet.floor);
        Self { normal, value, kind: kind(iolet.kind), floor, amplitude, modes }
    }

    /// Its value and its floor.
    #[must_use]
    pub fn imposed(&self) -> [f32; 2] {
        [self.value, self.floor]
    }
}

/// WGSL `IoletLink`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct IoletLink {
    site: u32,
    behind: u32,
    direction: u32,
    iolet: u32,
    delta: f32,
    coefficient: f32,
    extra: u32,
}

/// WGSL `Span`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct Span {
    directions: u32,
    first: u32,
}

/// WGSL `Block`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct Block {
    neighbours: [u32; 8],
    fluid: u32,
    walls: Span,
    iolets: Span,
}

/// WGSL `IoletRow`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct IoletRow {
    mask: u32,
    first: u32,
}

/// WGSL `Entry` of a sum: an opening link or a site, and its weight.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct Entry {
    /// The link or the site.
    pub place: u32,
    /// Its weight.
    pub weight: f32,
}

/// WGSL `Sample`, a uniform.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct Sample {
    /// How much the present state counts.
    pub weight: f32,
    /// Kinematic viscosity, lattice units.
    pub nu: f32,
    /// 1 where a rheology gives the viscosity instead, else 0.
    pub thins: u32,
}

/// A struct as the host lays it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Its name in WGSL.
    pub name: &'static str,
    /// Its size, bytes.
    pub size: usize,
    /// Name and offset (bytes) of each field, without padding.
    pub fields: &'static [(&'static str, usize)],
}

macro_rules! layout {
    ($type:ident { $($field:ident),* }) => {
        Layout {
            name: stringify!($type),
            size: size_of::<$type>(),
            fields: &[$((stringify!($field), offset_of!($type, $field))),*],
        }
    };
}

/// Every struct that the host shares with the shaders.
pub const LAYOUTS: [Layout; 17] = [
    layout!(Physics { omega, omega_bulk, wall_source, halfway }),
    layout!(Iolet { normal, value, kind, floor, amplitude, modes }),
    layout!(IoletLink { site, behind, direction, iolet, delta, coefficient, extra }),
    layout!(Span { directions, first }),
    layout!(Block { neighbours, fluid, walls, iolets }),
    layout!(IoletRow { mask, first }),
    layout!(Law { kind, column, amplitude, modes, area, gain, bound, admittance, damper, direct, c, n0, n1, m }),
    layout!(OpeningState { x, carry, flow, slow, correction, lid, load, ahead }),
    layout!(Clock { step, rows, ramped, reference }),
    layout!(Pace { cycle, stride, ramp, held, openings, gauges, capacity, padding }),
    layout!(Entry { place, weight }),
    layout!(Tap { site, shear, density }),
    layout!(WallPoint { normal, first, across, end }),
    layout!(WallSums { wss, magnitude, transverse, drho }),
    layout!(Sample { weight, nu, thins }),
    layout!(WallTask { count, levels, rows, offset, keep, add, gain }),
    layout!(WallScalars { rz, alpha, beta, rr }),
];

/// WGSL `WallTask`, a uniform.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct WallTask {
    pub(super) count: u32,
    pub(super) levels: u32,
    pub(super) rows: u32,
    pub(super) offset: u32,
    pub(super) keep: f32,
    pub(super) add: f32,
    pub(super) gain: f32,
}

/// WGSL `WallScalars`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct WallScalars {
    rz: f32,
    alpha: f32,
    beta: f32,
    pub(super) rr: f32,
}

fn span(span: crate::geometry::lattice::Span) -> Span {
    Span { directions: span.directions, first: span.first }
}

/// The row blocks of a lattice.
#[must_use]
pub fn blocks(lattice: &Lattice) -> Vec<Block> {
    let block = |k: usize| Block {
        neighbours: lattice.neighbours[k],
        fluid: u32::from(lattice.fluid[k]),
        walls: span(lattice.wall_spans[k]),
        iolets: span(lattice.iolet_spans[k]),
    };
    (0..lattice.origins.len()).map(block).collect()
}

/// The rows of opening links of a lattice.
#[must_use]
pub fn iolet_rows(lattice: &Lattice) -> Vec<IoletRow> {
    lattice.iolet_rows.iter().map(|row| IoletRow { mask: u32::from(row.mask), first: row.first }).collect()
}

/// The opening links of a lattice with their velocity coefficients and the place of those of extra modes.
#[must_use]
pub fn iolet_links(lattice: &Lattice, coefficients: &[f32], modes: &Modes) -> Vec<IoletLink> {
    let links = lattice.iolet_links.iter().zip(coefficients).enumerate();
    let link = |(k, (link, &coefficient)): (usize, (&crate::geometry::lattice::IoletLink, &f32))| IoletLink {
        site: link.site,
        behind: link.behind,
        direction: u32::from(link.direction),
        iolet: u32::from(link.iolet),
        delta: link.delta,
        coefficient,
        extra: modes.first.get(k).copied().unwrap_or(0),
    };
    links.map(link).collect()
}
