//! The speed of a vessel in its variants.

use std::fmt;
use std::time::Instant;

use serde::Serialize;

use super::limit::Evidence;
use super::vessel::Cut;
use super::{Bandwidth, Bytes, Counts, Device, Limit, Measured, UNEVEN, Wish};
use crate::analysis::wall_shear::{Layer, WallSampler};
use crate::backend::{BackendError, Flow, cpu};
use crate::fluid::moments::FIELDS;
use crate::fluid::storage::Storage;

/// Steps between two samples of the indices.
const INTERVAL: usize = 50;

/// Seconds that a round of steps takes about, and rounds: many short ones, of which some meet a quiet moment.
const ROUND: f64 = 0.1;
const ROUNDS: usize = 15;

/// The same of a smoke run.
const QUICK_ROUND: f64 = 0.02;
const QUICK_ROUNDS: usize = 2;

/// Samples of the indices in a round.
const SAMPLES: usize = 4;

/// Most steps in a round.
const MOST_STEPS: f64 = 20_000.0;

/// What a run is a variant of: the first, with one thing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Variant {
    /// A Newtonian fluid, interpolated walls, no indices, all threads.
    Newtonian,
    /// A fluid whose viscosity depends on the shear.
    CarreauYasuda,
    /// Halfway walls.
    Halfway,
    /// A sample of the wall's indices every 50 steps.
    Indices,
    /// One thread.
    OneThread,
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Newtonian => "newtonian",
            Self::CarreauYasuda => "carreau-yasuda",
            Self::Halfway => "halfway walls",
            Self::Indices => "indices",
            Self::OneThread => "1 thread",
        })
    }
}

/// How fast a variant is.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Speed {
    /// The variant.
    pub variant: Variant,
    /// Threads; none on an adapter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
    /// Million updates of fluid sites a second.
    pub mlups: f64,
    /// Worst over best round in time, less one.
    pub spread: f64,
    /// Bytes moved by count, GB/s.
    pub gb_s: f64,
    /// Those over the bandwidth of ten arrays: with one thread of one, else the largest that was measured.
    pub of_bandwidth: f64,
}

/// One variant's speed over another's, where both were measured.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Ratios {
    /// Interpolated walls over halfway ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interpolated_over_halfway: Option<f64>,
    /// A fluid whose viscosity depends on the shear over a Newtonian one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carreau_yasuda_over_newtonian: Option<f64>,
    /// With indices over without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub indices_over_none: Option<f64>,
    /// All threads over one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all_threads_over_one: Option<f64>,
}

/// Threads to measure with beside the ones that a run has.
pub(super) struct Pools(Option<rayon::ThreadPool>);

impl Pools {
    /// One thread, on a processor that runs several.
    pub(super) fn new(adapter: bool) -> Self {
        let several = !adapter && rayon::current_num_threads() > 1;
        // Where no thread can be had, the variant with one thread is left out.
        Self(several.then(|| rayon::ThreadPoolBuilder::new().num_threads(1).build().ok()).flatten())
    }

    pub(super) fn one(&self) -> Option<&rayon::ThreadPool> {
        self.0.as_ref()
    }
}

/// What all vessels are measured with.
pub(super) struct Bench<'a> {
    pub wish: &'a Wish,
    pub bandwidth: &'a [Bandwidth],
    pub device: &'a Device,
    pub pools: &'a Pools,
}

/// Measures a vessel.
pub(super) fn measure(cut: Cut, bench: &Bench) -> Result<Measured, BackendError> {
    let (lattice, bytes) = (cut.lattice.clone(), Bytes::of(&cut.lattice));
    let held = 2 * FIELDS * size_of::<f32>() * lattice.padded_len() + lattice.table_bytes();
    let (name, build_seconds) = (cut.name.clone(), cut.seconds);
    let speeds = Timer::new(cut, bench)?.speeds(&bytes)?;
    let ratios = ratios(&speeds);
    let scaling = ratios.all_threads_over_one.map(|s| (bench.device.threads, s));
    let evidence = Evidence {
        of_bandwidth: speeds[0].of_bandwidth,
        scaling,
        held,
        cache: bench.device.cache_bytes,
        adapter: bench.wish.opened.is_some(),
        shared: lattice.origins.len() >= 2 * cpu::MIN_TASK,
        uneven: speeds.iter().any(|speed| speed.variant != Variant::Indices && speed.spread > UNEVEN),
    };
    Ok(Measured {
        name,
        lattice: Counts::of(&lattice),
        build_seconds,
        bytes_per_update: bytes,
        bytes_per_site: held as f64 / lattice.sites as f64,
        speeds,
        ratios,
        limit: Limit::judge(&evidence),
    })
}

fn ratios(speeds: &[Speed]) -> Ratios {
    let of = |variant| speeds.iter().find(|speed| speed.variant == variant).map(|speed| speed.mlups);
    let over = |a, b| of(a).zip(of(b)).map(|(a, b)| a / b);
    Ratios {
        interpolated_over_halfway: over(Variant::Newtonian, Variant::Halfway),
        carreau_yasuda_over_newtonian: over(Variant::CarreauYasuda, Variant::Newtonian),
        indices_over_none: over(Variant::Indices, Variant::Newtonian),
        all_threads_over_one: over(Variant::Newtonian, Variant::OneThread),
    }
}

fn least(times: &[f64]) -> f64 {
    times.iter().copied().fold(f64::INFINITY, f64::min)
}

/// A flow that is timed.
struct Timer<'a> {
    flow: Flow,
    bench: &'a Bench<'a>,
    rheology: Option<std::sync::Arc<crate::fluid::rheology::Table>>,
    variants: Vec<Variant>,
}

impl<'a> Timer<'a> {
    fn new(cut: Cut, bench: &'a Bench) -> Result<Self, BackendError> {
        let mut variants = vec![Variant::Newtonian, Variant::CarreauYasuda];
        let sampler = cut.surface.map(|surface| WallSampler::new(&cut.lattice, &surface, Layer::Thick));
        let opened = bench.wish.opened.clone();
        let mut flow = Flow::open(opened, cut.lattice, cut.iolets, cut.coefficients, cut.physics, Storage::F32)?;
        if let Some(sampler) = sampler {
            flow.watch(sampler.stencil().clone(), false)?;
            variants.extend([Variant::Halfway, Variant::Indices]);
        }
        variants.extend(bench.pools.one().map(|_| Variant::OneThread));
        Ok(Self { flow, bench, rheology: cut.rheology, variants })
    }

    /// The speeds of all variants.
    fn speeds(mut self, bytes: &Bytes) -> Result<Vec<Speed>, BackendError> {
        let quick = self.bench.wish.quick;
        let (round, rounds) = if quick { (QUICK_ROUND, QUICK_ROUNDS) } else { (ROUND, ROUNDS) };
        // The first steps touch the memory and compile what is compiled late.
        self.seconds(Variant::CarreauYasuda, 1)?;
        let first = self.seconds(Variant::Newtonian, 2)?;
        let steps = (round / first).clamp(2.0, MOST_STEPS) as usize;
        let mut times = vec![Vec::new(); self.variants.len()];
        for _ in 0..rounds {
            for (k, times) in times.iter_mut().enumerate() {
                times.push(self.seconds(self.variants[k], steps)?);
            }
        }
        let plain = least(&times[0]);
        Ok(times.iter().enumerate().map(|(k, times)| self.speed(self.variants[k], times, plain, bytes)).collect())
    }

    /// The speed of a variant by the seconds of its rounds; `plain` are those of a step of the first variant.
    fn speed(&self, variant: Variant, times: &[f64], plain: f64, bytes: &Bytes) -> Speed {
        let best = least(times);
        let step = if variant == Variant::Indices { plain + best / INTERVAL as f64 } else { best };
        let updates = self.flow.lattice().sites as f64 / step;
        let (one, bandwidth) = (variant == Variant::OneThread, self.bench.bandwidth);
        let alike = if one { bandwidth.last() } else { bandwidth.first() };
        // The memory gives all threads at least what it gives one.
        let given = if one { alike } else { bandwidth.iter().max_by(|a, b| a.fields_gb_s.total_cmp(&b.fields_gb_s)) };
        let gb_s = updates * bytes.total / 1e9;
        Speed {
            variant,
            threads: alike.and_then(|bandwidth| bandwidth.threads),
            mlups: updates / 1e6,
            spread: times.iter().copied().fold(0.0, f64::max) / best - 1.0,
            gb_s,
            of_bandwidth: given.map_or(0.0, |bandwidth| gb_s / bandwidth.fields_gb_s),
        }
    }

    /// Seconds of a step, or of a sample of the indices.
    fn seconds(&mut self, variant: Variant, steps: usize) -> Result<f64, BackendError> {
        let mut physics = self.flow.physics();
        physics.halfway = variant == Variant::Halfway;
        self.flow.set_physics(physics);
        let rheology = self.rheology.clone().filter(|_| variant == Variant::CarreauYasuda);
        self.flow.set_rheology(rheology)?;
        self.flow.finish()?;
        let (flow, pool) = (&mut self.flow, self.bench.pools.one().filter(|_| variant == Variant::OneThread));
        let clock = Instant::now();
        let count = if variant == Variant::Indices {
            (0..SAMPLES).for_each(|_| flow.accumulate(1.0, 0.0));
            SAMPLES
        } else {
            match pool {
                Some(pool) => pool.install(|| flow.advance(steps))?,
                None => flow.advance(steps)?,
            }
            steps
        };
        flow.finish()?;
        Ok(clock.elapsed().as_secs_f64() / count as f64)
    }
}
