//! From the openings of a plan to what they follow on a lattice.

use crate::fluid::drive::{Clock, Drive, FLOW, FLOW_COLUMNS, LOAD, LOAD_COLUMNS, Law, OpeningState, Pace, SAMPLES};
use crate::fluid::iolet::{Modes, coefficient};
use crate::fluid::waveform::Waveform;
use crate::run::level::Level;
use crate::run::plan::{Asked, Iolet, Plan};
use crate::run::pulse::Beat;
use crate::units::Scale;

/// Part of an error of a flow that is corrected in a step.
const FLOW_GAIN: f32 = 0.02;

/// A flow's correction is at most this part of its largest velocity.
const FLOW_BOUND: f64 = 0.25;

/// Travel times of sound through a flow extension in which an error of the pressure at its beginning is corrected.
const TRAVELS: f64 = 5.0;

/// Fewest steps of the same.
const FEWEST_STEPS: f64 = 50.0;

/// What a lid opposes to fast changes of the flow at least, relative to a sound wave: it keeps sound from ringing.
const DAMPING: f64 = 0.3;

/// Harmonics of a Womersley profile.
pub const HARMONICS: usize = 20;

/// Size of a harmonic, relative to the largest, below which the last ones are left out.
const SMALLEST: f64 = 1e-4;

/// Columns of the tables, and the laws that refer to them.
struct Assembly<'a> {
    plan: &'a Plan,
    beat: &'a Beat,
    level: &'a Level,
    tables: Vec<f32>,
    amplitudes: u32,
}

/// The drive of a level whose cycle has `pace.cycle` steps. `states` are the circuits' states (Pa), `reference` the
/// pressure (Pa) that the lattice's deviations begin from.
#[must_use]
pub fn drive(plan: &Plan, beat: &Beat, level: &Level, pace: Pace, states: &[[f64; 2]], reference: f64) -> Drive {
    let mut assembly = Assembly { plan, beat, level, tables: Vec::new(), amplitudes: 0 };
    let laws: Vec<Law> = (0..plan.iolets.len()).map(|k| assembly.law(k)).collect();
    let pascal = pascal(&level.scale);
    let state = |x: &[f64; 2]| OpeningState { x: x.map(|x| (x / pascal) as f32), ..OpeningState::default() };
    let clock = Clock { reference: (reference / pascal) as f32, ..Clock::default() };
    let modes = modes(plan, beat, level, &laws);
    let gauges =
        level.ends.weights().into_iter().chain(beat.probes.iter().map(|p| p.weights(&level.lattice))).collect();
    Drive { tables: assembly.tables, states: states.iter().map(state).collect(), clock, pace, modes, gauges, laws }
}

/// Pa of a unit of pressure on the lattice.
#[must_use]
pub fn pascal(scale: &Scale) -> f64 {
    scale.pressure_to_si(3.0)
}

impl Assembly<'_> {
    fn law(&mut self, k: usize) -> Law {
        let iolet = &self.plan.iolets[k];
        match (iolet.asked, &iolet.load) {
            (Asked::Flow(mean), _) => self.flow(iolet, mean),
            (Asked::Pressure(_), Some(_)) => self.load(k),
            (Asked::Pressure(mean), None) => self.pressure(k, mean),
        }
    }

    fn column(&mut self, value: impl Fn(f64) -> f64) {
        let period = self.beat.period;
        self.tables.extend((0..=SAMPLES).map(|k| value(period * (k % SAMPLES) as f64 / SAMPLES as f64) as f32));
    }

    fn next_column(&self) -> u32 {
        (self.tables.len() / (SAMPLES + 1)) as u32
    }

    fn flow(&mut self, iolet: &Iolet, mean: f64) -> Law {
        let velocity = |q: f64| self.level.scale.velocity_to_lattice(q / iolet.area);
        let column = self.next_column();
        let steady = Waveform::constant(mean, self.beat.period);
        let wave = iolet.wave.as_ref().unwrap_or(&steady);
        let most = velocity(wave.max().abs().max(wave.min().abs()));
        let area = iolet.area / self.level.scale.dx.powi(2);
        let mut law = Law { kind: FLOW, column, area: area as f32, gain: FLOW_GAIN, ..Law::default() };
        law.bound = (FLOW_BOUND * most) as f32;
        law.amplitude = self.amplitudes;
        let Some(harmonics) = harmonics(iolet) else {
            let values: Vec<f64> = wave.table(SAMPLES).into_iter().map(velocity).collect();
            for _ in 0..FLOW_COLUMNS {
                self.tables.extend((0..=SAMPLES).map(|k| values[k % SAMPLES] as f32));
            }
            return law;
        };
        let harmonics: Vec<[f64; 2]> = harmonics.iter().map(|h| h.map(velocity)).collect();
        let turn = |t: f64, n: usize| (std::f64::consts::TAU * n as f64 * t / self.beat.period).sin_cos();
        let real = |t: f64, n: usize| harmonics[n][0] * turn(t, n).1 + harmonics[n][1] * turn(t, n).0;
        let imaginary = |t: f64, n: usize| harmonics[n][0] * turn(t, n).0 - harmonics[n][1] * turn(t, n).1;
        let count = harmonics.len();
        let mut columns: Vec<Box<dyn Fn(f64) -> f64>> =
            vec![Box::new(|t| (0..count).map(|n| real(t, n)).sum()), Box::new(|_| harmonics[0][0])];
        for n in 1..count {
            columns.push(Box::new(move |t| real(t, n)));
            columns.push(Box::new(move |t| imaginary(t, n)));
        }
        let period = self.beat.period;
        for column in columns {
            let at = |k: usize| column(period * (k % SAMPLES) as f64 / SAMPLES as f64) as f32;
            self.tables.extend((0..=SAMPLES).map(at));
        }
        law.modes = 2 * (count as u32 - 1);
        self.amplitudes += law.modes;
        law
    }

    /// What pressure and load laws have in common.
    fn lid(&self, k: usize, direct: f64) -> Law {
        let (scale, iolet) = (&self.level.scale, &self.plan.iolets[k]);
        let area = iolet.area / scale.dx.powi(2);
        let admittance = area * 3f64.sqrt();
        let travel = (self.plan.closed.ends[k].extension / scale.dx + 1.5) * 3f64.sqrt();
        Law {
            kind: LOAD,
            column: self.next_column(),
            area: area as f32,
            gain: (1.0 / (TRAVELS * travel).max(FEWEST_STEPS)) as f32,
            admittance: admittance as f32,
            damper: (DAMPING / admittance - direct).max(0.0) as f32,
            direct: direct as f32,
            ..Law::default()
        }
    }

    fn pressure(&mut self, k: usize, mean: f64) -> Law {
        let law = self.lid(k, 0.0);
        let (pascal, wave) = (pascal(&self.level.scale), &self.plan.iolets[k].wave);
        self.column(|t| wave.as_ref().map_or(mean, |wave| wave.value(t)) / pascal);
        (1..LOAD_COLUMNS).for_each(|_| self.column(|_| 0.0));
        law
    }

    fn load(&mut self, k: usize) -> Law {
        let (scale, pascal) = (self.level.scale, pascal(&self.level.scale));
        let Some(load) = &self.plan.iolets[k].load else { return Law::default() };
        let step = load.discrete(scale.dt);
        // Pressure of a resistance of 1 Pa s/m^3 to a unit of flow on the lattice, in units there.
        let resistance = scale.flow_to_si(1.0) / pascal;
        let delayed: f64 = (0..2).map(|i| step.c[i] * step.n1[i] * resistance).sum();
        let mut law = self.lid(k, step.d * resistance);
        law.damper = (f64::from(law.damper) - delayed).max(0.0) as f32;
        law.c = step.c.map(|c| c as f32);
        law.n0 = step.n0.map(|n| (n * resistance) as f32);
        law.n1 = step.n1.map(|n| (n * resistance) as f32);
        let [[a, b], [c, d]] = step.m;
        law.m = [a - 1.0, b, c, d - 1.0].map(|m| m as f32);
        self.column(|_| step.f / pascal);
        for i in 0..2 {
            self.column(|t| ((step.e0[i] + step.e1[i]) * load.external(t) + step.k[i]) / pascal);
        }
        law
    }
}

/// Fourier coefficients of a flow with a Womersley profile.
fn harmonics(iolet: &Iolet) -> Option<Vec<[f64; 2]>> {
    let wave = iolet.wave.as_ref().filter(|_| iolet.womersley && iolet.section.is_some())?;
    let mut harmonics = wave.harmonics(HARMONICS);
    let size = |h: &[f64; 2]| h[0].hypot(h[1]);
    let largest = harmonics.iter().map(size).fold(0.0, f64::max);
    // Each one left costs two products an opening link in every step.
    while harmonics.last().is_some_and(|last| harmonics.len() > 2 && size(last) < SMALLEST * largest) {
        harmonics.pop();
    }
    Some(harmonics)
}

/// Velocity modes of the openings with a Womersley profile.
fn modes(plan: &Plan, beat: &Beat, level: &Level, laws: &[Law]) -> Modes {
    let links = &level.lattice.iolet_links;
    let mut modes = Modes {
        spans: laws.iter().map(|law| (law.amplitude, law.modes)).collect(),
        first: vec![0; links.len()],
        coefficients: Vec::new(),
    };
    let (omega, nu) = (std::f64::consts::TAU / beat.period, plan.mu / plan.rho);
    for (k, iolet) in plan.iolets.iter().enumerate().filter(|(k, _)| laws[*k].modes > 0) {
        let Some(section) = &iolet.section else { continue };
        let own: Vec<usize> = (0..links.len()).filter(|&l| usize::from(links[l].iolet) == k).collect();
        let points: Vec<[f64; 3]> = own.iter().map(|&l| level.lattice.lid_point(&links[l])).collect();
        let profiles = section.modes(laws[k].modes as usize / 2, omega, nu, &points);
        for (n, &l) in own.iter().enumerate() {
            modes.first[l] = modes.coefficients.len() as u32;
            for profile in &profiles {
                let [re, im] = profile[n];
                let of = |value: f64| coefficient(&links[l], level.iolets[k].normal, value as f32);
                modes.coefficients.extend([of(re), of(-im)]);
            }
        }
    }
    modes
}

/// The same openings on another scale: their states carry over in SI.
#[must_use]
pub fn carried(states: &[OpeningState], laws: &[Law], from: &Scale, to: &Scale) -> Vec<OpeningState> {
    let pressure = (pascal(from) / pascal(to)) as f32;
    let flow = (from.flow_to_si(1.0) / to.flow_to_si(1.0)) as f32;
    let velocity = (from.velocity_to_si(1.0) / to.velocity_to_si(1.0)) as f32;
    let carry = |(s, law): (&OpeningState, &Law)| OpeningState {
        x: s.x.map(|x| pressure * x),
        carry: s.carry.map(|x| pressure * x),
        flow: flow * s.flow,
        slow: flow * s.slow,
        correction: s.correction * if law.kind == FLOW { velocity } else { pressure },
        lid: pressure * s.lid,
        load: pressure * s.load,
        ahead: pressure * s.ahead,
    };
    states.iter().zip(laws).map(carry).collect()
}
