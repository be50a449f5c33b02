//! A tube that lies along no lattice direction, a parabolic flow inlet and a pressure outlet, for either backend.

#![allow(dead_code, reason = "every test file is a program of its own and uses a part of this")]

use std::sync::Arc;

use perfuse::backend::cpu::CpuFlow;
use perfuse::backend::gpu::device::Opened;
use perfuse::backend::gpu::flow::GpuFlow;
use perfuse::backend::gpu::pipelines::{Build, Checks};
use perfuse::fluid::collision::Physics;
use perfuse::fluid::iolet::{Iolet, Kind, coefficient};
use perfuse::fluid::moments::FIELDS;
use perfuse::fluid::rheology::Table;
use perfuse::fluid::storage::Storage;
use perfuse::geometry::lattice::Lattice;
use perfuse::geometry::tube;
use perfuse::geometry::vessel::Closed;

const AXIS: [f64; 3] = [0.48, 0.6, 0.64];
pub const RADIUS: f64 = 3e-3;
pub const STEPS: usize = 1000;
pub const TOLERANCE: f64 = 1e-5;

/// What a flow starts from.
#[derive(Clone)]
pub struct Setup {
    pub surface: Closed,
    pub lattice: Arc<Lattice>,
    pub iolets: Vec<Iolet>,
    pub coefficients: Vec<f32>,
    pub physics: Physics,
    pub rheology: Option<Arc<Table>>,
    pub storage: Storage,
}

impl Setup {
    /// `across` sites in the diameter, an outlet of the given kind.
    pub fn new(across: f64, outlet: Kind) -> Self {
        let surface = tube::closed([1e-3, 2e-3, 3e-3], AXIS, RADIUS, 6.0 * RADIUS, 64);
        let lattice = Lattice::build(&surface, 2.0 * RADIUS / across).expect("a lattice");
        let iolet =
            |k: usize, kind, value| Iolet { kind, value, normal: surface.ends[k].normal.map(|x| x as f32), floor: 0.0 };
        let iolets = vec![iolet(0, Kind::Velocity, 0.03), iolet(1, outlet, 1e-3)];
        let profile = |link| {
            let (p, centre) = (lattice.lid_point(link), surface.ends[usize::from(link.iolet)].centre);
            let r2: f64 = (0..3).map(|a| (p[a] - centre[a]).powi(2)).sum();
            2.0 * (1.0 - r2 / (RADIUS * RADIUS)).max(0.0) as f32
        };
        let of = |link| coefficient(link, iolets[usize::from(link.iolet)].normal, profile(link));
        let coefficients = lattice.iolet_links.iter().map(of).collect();
        let physics = Physics::newtonian(0.02);
        Self {
            iolets,
            coefficients,
            physics,
            rheology: None,
            storage: Storage::F32,
            lattice: Arc::new(lattice),
            surface,
        }
    }

    pub fn cpu(&self) -> CpuFlow {
        let (lattice, iolets) = (self.lattice.clone(), self.iolets.clone());
        let mut flow = CpuFlow::new(lattice, iolets, self.coefficients.clone(), self.physics, self.storage);
        flow.set_rheology(self.rheology.clone());
        flow
    }

    pub fn gpu(&self, opened: &Opened, checks: Checks) -> GpuFlow {
        let (lattice, iolets) = (self.lattice.clone(), self.iolets.clone());
        let build = Build { storage: self.storage, checks };
        let mut flow = GpuFlow::new(opened.clone(), lattice, iolets, &self.coefficients, self.physics, build)
            .unwrap_or_else(|e| panic!("{e}"));
        flow.set_rheology(self.rheology.as_deref()).unwrap_or_else(|e| panic!("{e}"));
        flow
    }

    /// Largest difference over the fluid of any field relative to the field's largest value, and how many values of
    /// how many differ at all.
    pub fn difference(&self, a: &[impl AsRef<[f32]>; FIELDS], b: &[impl AsRef<[f32]>; FIELDS]) -> (f64, usize, usize) {
        let (mut worst, mut differ) = (0.0f64, 0);
        for (a, b) in a.iter().zip(b) {
            let (a, b) = (a.as_ref(), b.as_ref());
            let (mut most, mut largest) = (0.0f64, 0.0f64);
            for site in self.lattice.fluid_sites() {
                let (a, b) = (f64::from(a[site]), f64::from(b[site]));
                assert!(a.is_finite() && b.is_finite(), "not a number at {:?}", self.lattice.coordinates(site));
                most = most.max((a - b).abs());
                largest = largest.max(a.abs());
                differ += usize::from(a != b);
            }
            assert!(largest > 0.0, "a field of nothing but noughts proves nothing");
            worst = worst.max(most / largest);
        }
        (worst, differ, FIELDS * self.lattice.sites)
    }

    pub fn assert_alike(&self, what: &str, a: &[impl AsRef<[f32]>; FIELDS], b: &[impl AsRef<[f32]>; FIELDS]) {
        let (worst, differ, of) = self.difference(a, b);
        println!("{what}: largest relative difference {worst:.2e}; {differ} of {of} values differ");
        assert!(worst <= TOLERANCE, "{what}: {worst:.2e}");
    }
}

pub fn slices(fields: &[Vec<f32>; FIELDS]) -> [&[f32]; FIELDS] {
    std::array::from_fn(|k| fields[k].as_slice())
}
