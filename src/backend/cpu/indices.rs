//! Sums over a cycle at the wall and of the time averages. The twin of `shaders/accumulate.wgsl` and
//! `shaders/average.wgsl`.

use std::io::{self, Read, Write};
use std::sync::Arc;

use rayon::prelude::*;

use super::CpuFlow;
use super::fields::without_denormals;
use super::memory::Memory;
use super::number::Number;
use crate::backend::saved::{read_into, write_of};
use crate::backend::tally::{Tally, assert_stencil};
use crate::fluid::collision::viscosity;
use crate::fluid::moments::{FIELDS, density};
use crate::fluid::rheology::Table;
use crate::fluid::shear::{CycleSums, MEANS, WallPoint, WallStencil, WallSums, add_sample, at_wall, nu_at, stress};

/// Vertices in a task.
const VERTICES: usize = 256;

/// Values of each array in a task.
const VALUES: usize = 1 << 14;

/// What is summed.
pub(super) struct Watch {
    stencil: Arc<WallStencil>,
    points: Vec<WallPoint>,
    wall: Vec<WallSums>,
    mean: Option<[Vec<f32>; MEANS]>,
    tally: Tally,
}

impl CpuFlow {
    /// Begins to sum over cycles at the points of a stencil, and the averages over time at every site if asked for.
    ///
    /// # Panics
    /// If the stencil belongs to another lattice.
    pub fn watch(&mut self, stencil: Arc<WallStencil>, average: bool) {
        let len = self.lattice.padded_len();
        assert_stencil(&stencil, len);
        self.watch = Some(Box::new(Watch {
            points: stencil.points.clone(),
            wall: vec![WallSums::default(); stencil.points.len()],
            mean: average.then(|| std::array::from_fn(|_| vec![0.0; len])),
            tally: Tally::default(),
            stencil,
        }));
    }

    /// Adds the present state to the sums ([`crate::backend::Flow::accumulate`]).
    pub fn accumulate(&mut self, weight: f32, reference: f64) {
        let Some(watch) = &mut self.watch else { return };
        let nu = viscosity(f64::from(self.physics.omega)) as f32;
        match &self.memory {
            Memory::F32(pair) => watch.add(&pair.now.slices(), nu, self.rheology.as_deref(), weight),
            Memory::F16(pair) => watch.add(&pair.now.slices(), nu, self.rheology.as_deref(), weight),
        }
        watch.tally.add(weight, reference);
    }

    /// The sums of the cycle so far; empty where nothing is watched.
    #[must_use]
    pub fn cycle(&self) -> CycleSums {
        let sums = |watch: &Watch| watch.tally.sums(watch.wall.clone(), watch.mean.clone());
        self.watch.as_deref().map(sums).unwrap_or_default()
    }

    /// Begins a new cycle ([`crate::backend::Flow::begin_cycle`]).
    pub fn begin_cycle(&mut self) {
        let Some(watch) = &mut self.watch else { return };
        if watch.tally.any() {
            watch.points = watch.stencil.directed(&watch.wall);
        }
        watch.wall.fill(WallSums::default());
        watch.mean.iter_mut().flatten().for_each(|field| field.fill(0.0));
        watch.tally.begin();
    }
}

impl Watch {
    /// Weights of the samples.
    pub(super) fn tally(&self) -> Tally {
        self.tally
    }

    /// Points of the wall, and whether averages are taken.
    pub(super) fn shape(&self) -> (usize, bool) {
        (self.points.len(), self.mean.is_some())
    }

    /// Writes the sums and the directions that they are taken across ([`crate::backend::saved`]).
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        write_of(out, &self.wall)?;
        write_of(out, &self.points.iter().map(|point| point.across).collect::<Vec<_>>())?;
        self.mean.iter().flatten().try_for_each(|field| write_of(out, field))
    }

    /// Sets sums and directions to what was written.
    pub(super) fn read(&mut self, tally: Tally, from: &mut dyn Read) -> io::Result<()> {
        read_into(from, &mut self.wall)?;
        let mut across = vec![[0.0f32; 3]; self.points.len()];
        read_into(from, &mut across)?;
        self.points.iter_mut().zip(across).for_each(|(point, across)| point.across = across);
        self.tally = tally;
        self.mean.iter_mut().flatten().try_for_each(|field| read_into(from, field))
    }

    fn add<T: Number>(&mut self, fields: &[&[T]; FIELDS], nu: f32, rheology: Option<&Table>, weight: f32) {
        self.add_wall(fields, nu, rheology, weight);
        if let Some(mean) = &mut self.mean {
            add_mean(mean, fields, weight);
        }
    }

    fn add_wall<T: Number>(&mut self, fields: &[&[T]; FIELDS], nu: f32, rheology: Option<&Table>, weight: f32) {
        let stencil = &self.stencil;
        let chunks = self.wall.par_chunks_mut(VERTICES).zip(self.points.par_chunks(VERTICES));
        chunks.for_each(|(sums, points)| {
            without_denormals(|| {
                for (sums, point) in sums.iter_mut().zip(points) {
                    let at = at_wall(|k, site| fields[k][site].read(), stencil.taps_of(point), point.normal);
                    let wss = stress(at.gradient, nu_at(at.gradient, nu, rheology));
                    *sums = add_sample(*sums, wss, at.drho, point.across, weight);
                }
            });
        });
    }
}

/// Adds velocity and density of every site.
fn add_mean<T: Number>(mean: &mut [Vec<f32>; MEANS], fields: &[&[T]; FIELDS], weight: f32) {
    let third = weight * (1.0 / 3.0);
    let [jx, jy, jz, drho] = mean;
    let velocities = [jx, jy, jz]
        .into_iter()
        .zip(&fields[1..])
        .flat_map(|(mean, field)| mean.chunks_mut(VALUES).zip(field.chunks(VALUES)));
    velocities.collect::<Vec<_>>().into_par_iter().for_each(|(mean, field)| {
        without_denormals(|| mean.iter_mut().zip(field).for_each(|(mean, j)| *mean += third * j.read()));
    });
    drho.par_chunks_mut(VALUES).enumerate().for_each(|(k, mean)| {
        let part = |field: usize| &fields[field][k * VALUES..][..mean.len()];
        let (b, xx, yy, zz) = (part(0), part(4), part(5), part(6));
        without_denormals(|| {
            for (k, mean) in mean.iter_mut().enumerate() {
                *mean += weight * density(b[k].read(), [xx[k].read(), yy[k].read(), zz[k].read()]);
            }
        });
    });
}
