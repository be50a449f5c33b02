//! Openings in time: waveforms, lumped loads, and the reference pressure that floats with them.
//!
//! An opening follows a [`Law`]. A flow law reads the asked mean velocity from a periodic table and corrects it by what
//! the lattice took in. A load law is a linear circuit of at most two states, discretised exactly for a flow `Q` (out of
//! the vessel) that is linear over a step:
//!
//! `x(n) = M x(n-1) + N0 Q(n-1) + N1 Q(n) + e(n)`, `p(n) = C x(n) + D Q(n) + F(n)`.
//!
//! Coupling: a lattice answers a change of pressure at a lid by a sound wave, `dQ = -Y dp` with `Y = A/(rho c) = A
//! sqrt(3)` in lattice units. With that, `Q(n+1) = Q(n) - Y (pi(n+1) - pi(n))` and the circuit are solved together, so
//! that a circuit is stable whatever its time constants: `pi` is the lattice part of the pressure. The lattice need not
//! carry what all pressures have in common: the reference `p_ref` is chosen in each step so that the lattice pressures
//! of all loads, weighted by their admittance, add up to nought (`p = p_ref + pi`). For a single load the lattice then
//! sees no pressure change at all, and the circuit's pressure follows the flow without delay.
//!
//! The circuit is to act at the vessel's own end, while the lid lies behind a flow extension: the pressure measured at
//! the end is compared with the circuit's, and the lid corrected by the integral of the difference.

use bytemuck::{Pod, Zeroable};
use serde::{Deserialize, Serialize};

use super::iolet::{Iolet, Modes};
use super::moments::Moments;

/// Samples of a period in a table; a column has one more, equal to its first.
pub const SAMPLES: usize = 4096;

/// Partial sums that a total is made of: the threads of a workgroup.
pub const PARTS: usize = 128;

/// Columns of a load in the tables: F, and the increments of both states by e.
pub const LOAD_COLUMNS: usize = 3;

/// Columns of a flow before its extra modes: the asked mean velocity, and that part of it which has the opening's profile.
pub const FLOW_COLUMNS: usize = 2;

/// A law of velocity into the vessel.
pub const FLOW: u32 = 0;

/// A law of pressure against flow.
pub const LOAD: u32 = 1;

/// What an opening follows, in lattice units. The WGSL struct `Law`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct Law {
    /// [`FLOW`] or [`LOAD`].
    pub kind: u32,
    /// First column in the tables.
    pub column: u32,
    /// First amplitude of its extra velocity modes, and their number.
    pub amplitude: u32,
    /// Number of extra velocity modes.
    pub modes: u32,
    /// Area of the section.
    pub area: f32,
    /// Part of an error that the correction takes up in a step.
    pub gain: f32,
    /// Bound of a flow law's correction.
    pub bound: f32,
    /// `Y`: flow that a sound wave of unit pressure carries.
    pub admittance: f32,
    /// Resistance to flow changes that are faster than the correction.
    pub damper: f32,
    /// D
    pub direct: f32,
    /// C
    pub c: [f32; 2],
    /// N0
    pub n0: [f32; 2],
    /// N1
    pub n1: [f32; 2],
    /// M - I, row by row.
    pub m: [f32; 4],
}

/// Where an opening is. The WGSL struct `OpeningState`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable, Serialize, Deserialize)]
pub struct OpeningState {
    /// States of the circuit.
    pub x: [f32; 2],
    /// What rounding has left out of them so far (Kahan, CACM 8, 40, 1965).
    pub carry: [f32; 2],
    /// Flow out of the vessel in the step before.
    pub flow: f32,
    /// The same without its fast changes.
    pub slow: f32,
    /// Of a load: pressure added at the lid; of a flow: mean velocity added.
    pub correction: f32,
    /// Lattice part of the pressure at the lid.
    pub lid: f32,
    /// Pressure of the circuit, reference included.
    pub load: f32,
    /// What the lid's new pressure is made of before the reference is known.
    pub ahead: f32,
}

/// What all openings share. The WGSL struct `Clock`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable, Serialize, Deserialize)]
pub struct Clock {
    /// Step in the cycle.
    pub step: u32,
    /// Rows recorded.
    pub rows: u32,
    /// Steps since the start of the ramp.
    pub ramped: u32,
    /// Reference pressure.
    pub reference: f32,
}

/// How the clock runs. The WGSL struct `Pace`, a uniform.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable, Serialize, Deserialize)]
pub struct Pace {
    /// Steps of a cycle.
    pub cycle: u32,
    /// Steps between records.
    pub stride: u32,
    /// Steps in which a start from rest reaches the full flow.
    pub ramp: u32,
    /// 1 while time stands still at the start of the cycle and circuits keep their states.
    pub held: u32,
    /// Openings.
    pub openings: u32,
    /// Gauges: the openings' ends first, then probes.
    pub gauges: u32,
    /// Rows that the records hold before they begin anew.
    pub capacity: u32,
    /// Keeps the size a multiple of 16 bytes.
    pub padding: u32,
}

/// Numbers of a gauge: density deviation, velocity.
pub const GAUGE: usize = 4;

/// Numbers of an opening in a record, after the reference pressure, which comes first: flow into the vessel, pressure at its end, pressure of its circuit.
pub const RECORDED: usize = 3;

/// Numbers of a record.
#[must_use]
pub fn row_len(openings: usize, gauges: usize) -> usize {
    1 + openings * RECORDED + (gauges - openings) * GAUGE
}

/// Sums of `value(k)` over `count` values, in the order of a workgroup: [`PARTS`] partial sums, then pairs of them.
pub fn totals<const N: usize>(count: usize, value: impl Fn(usize) -> [f32; N]) -> [f32; N] {
    let mut parts = [[0.0f32; N]; PARTS];
    for k in 0..count {
        parts[k % PARTS].iter_mut().zip(value(k)).for_each(|(part, addend)| *part += addend);
    }
    let mut half = PARTS / 2;
    while half > 0 {
        let (low, high) = parts.split_at_mut(half);
        for (low, high) in low.iter_mut().zip(high) {
            low.iter_mut().zip(high).for_each(|(low, high)| *low += *high);
        }
        half /= 2;
    }
    parts[0]
}

/// What a gauge takes from a site: density deviation and velocity.
#[must_use]
pub fn gauged(m: &Moments) -> [f32; GAUGE] {
    [m[0] + (m[4] + m[5] + m[6]) / 3.0, m[1] / 3.0, m[2] / 3.0, m[3] / 3.0]
}

/// A table's column at a step of the cycle.
#[must_use]
pub fn lookup(tables: &[f32], column: u32, step: u32, cycle: u32) -> f32 {
    let place = step as f32 * (SAMPLES as f32 / cycle as f32);
    let below = (place as u32).min(SAMPLES as u32 - 1);
    let at = column as usize * (SAMPLES + 1) + below as usize;
    let part = place - below as f32;
    tables[at] + part * (tables[at + 1] - tables[at])
}

/// Flow at the start of a run from rest, relative to the full one.
#[must_use]
pub fn ramp(clock: &Clock, pace: &Pace) -> f32 {
    if pace.held == 0 || clock.ramped >= pace.ramp {
        return 1.0;
    }
    let s = clock.ramped as f32 / pace.ramp as f32;
    s * s * (3.0 - 2.0 * s)
}

/// Velocities of the next step: the part with the opening's profile; the extra modes go to `amplitudes`.
pub fn flow_law(
    law: &Law,
    state: &mut OpeningState,
    amplitudes: &mut [f32],
    tables: &[f32],
    (clock, pace): (&Clock, &Pace),
    influx: f32,
) -> f32 {
    let grown = ramp(clock, pace);
    let next = next_step(clock, pace);
    let error = grown * lookup(tables, law.column, clock.step, pace.cycle) - influx / law.area;
    state.correction = (state.correction + law.gain * error).clamp(-law.bound, law.bound);
    state.flow = -influx;
    for k in 0..law.modes {
        let column = law.column + FLOW_COLUMNS as u32 + k;
        amplitudes[(law.amplitude + k) as usize] = grown * lookup(tables, column, next, pace.cycle);
    }
    grown * lookup(tables, law.column + 1, next, pace.cycle) + state.correction
}

/// The step after this one.
#[must_use]
pub fn next_step(clock: &Clock, pace: &Pace) -> u32 {
    if pace.held != 0 {
        return clock.step;
    }
    let next = clock.step + 1;
    if next == pace.cycle { 0 } else { next }
}

/// Change of both states over a step with flows `q0` before and `q1` after.
fn change(law: &Law, x: [f32; 2], q0: f32, q1: f32, e: [f32; 2]) -> [f32; 2] {
    [
        law.m[0] * x[0] + law.m[1] * x[1] + law.n0[0] * q0 + law.n1[0] * q1 + e[0],
        law.m[2] * x[0] + law.m[3] * x[1] + law.n0[1] * q0 + law.n1[1] * q1 + e[1],
    ]
}

/// Takes a load's circuit to the present step, and finds what the lid's next pressure is made of, but for the reference:
/// it will be `(ahead - reference) * share`.
pub fn load_law(
    law: &Law,
    state: &mut OpeningState,
    tables: &[f32],
    (clock, pace): (&Clock, &Pace),
    influx: f32,
    end: f32,
) {
    let q = -influx;
    let next = next_step(clock, pace);
    let e = [1, 2].map(|k| lookup(tables, law.column + k, clock.step, pace.cycle));
    if pace.held == 0 {
        let step = change(law, state.x, state.flow, q, e);
        for (k, step) in step.into_iter().enumerate() {
            let addend = step - state.carry[k];
            let sum = state.x[k] + addend;
            state.carry[k] = (sum - state.x[k]) - addend;
            state.x[k] = sum;
        }
    }
    let x = state.x;
    state.load =
        law.c[0] * x[0] + law.c[1] * x[1] + law.direct * q + lookup(tables, law.column, clock.step, pace.cycle);
    state.correction += law.gain * (state.load - clock.reference - end / 3.0);
    state.slow += law.gain * (q - state.slow);
    let mut ahead = lookup(tables, law.column, next, pace.cycle) + law.c[0] * x[0] + law.c[1] * x[1];
    if pace.held == 0 {
        let step = change(law, x, q, 0.0, e);
        ahead += law.c[0] * step[0] + law.c[1] * step[1];
    }
    ahead += stiffness(law, pace) * (q + law.admittance * state.lid) - law.damper * state.slow + state.correction;
    state.flow = q;
    state.ahead = ahead;
}

/// What a load's pressure at the next step gains by a unit of flow then.
fn stiffness(law: &Law, pace: &Pace) -> f32 {
    let delayed = if pace.held == 0 { law.c[0] * law.n1[0] + law.c[1] * law.n1[1] } else { 0.0 };
    law.direct + law.damper + delayed
}

/// What of a load's `ahead`, less the reference, becomes pressure at the lid.
fn share(law: &Law, pace: &Pace) -> f32 {
    1.0 / (1.0 + stiffness(law, pace) * law.admittance)
}

/// Everything that openings in time need, in lattice units.
#[derive(Clone, Debug, Default)]
pub struct Drive {
    /// The laws, one an opening.
    pub laws: Vec<Law>,
    /// Columns of [`SAMPLES`] + 1 values.
    pub tables: Vec<f32>,
    /// Where the openings are.
    pub states: Vec<OpeningState>,
    /// What they share.
    pub clock: Clock,
    /// How the clock runs.
    pub pace: Pace,
    /// Velocity modes beside the profiles.
    pub modes: Modes,
    /// Sites and weights of each gauge: the openings' ends, then probes.
    pub gauges: Vec<Vec<(u32, f32)>>,
}

impl Drive {
    /// What the openings impose at the present step: sets the values of `iolets`, returns the amplitudes of extra modes.
    pub fn impose(&self, iolets: &mut [Iolet]) -> Vec<f32> {
        let grown = ramp(&self.clock, &self.pace);
        let at = |column: u32| lookup(&self.tables, column, self.clock.step, self.pace.cycle);
        let mut amplitudes = vec![0.0; self.modes.amplitudes()];
        for ((law, state), iolet) in self.laws.iter().zip(&self.states).zip(iolets) {
            if law.kind == LOAD {
                (iolet.value, iolet.floor) = (3.0 * state.lid, (state.flow / law.area).min(0.0));
                continue;
            }
            iolet.value = grown * at(law.column + 1) + state.correction;
            for k in 0..law.modes {
                amplitudes[(law.amplitude + k) as usize] = grown * at(law.column + FLOW_COLUMNS as u32 + k);
            }
        }
        amplitudes
    }
}

/// All openings with their laws.
pub struct Openings<'a> {
    /// The laws.
    pub laws: &'a [Law],
    /// Their tables.
    pub tables: &'a [f32],
    /// Where the openings are.
    pub states: &'a mut [OpeningState],
    /// Amplitudes of extra velocity modes.
    pub amplitudes: &'a mut [f32],
}

impl Openings<'_> {
    /// Takes them to the next step. `influx` is the flow into the vessel of each in the present step, `gauges` what their
    /// ends measure; `set` gets an opening, its new value, and the least velocity out of the vessel there.
    pub fn advance(
        &mut self,
        clock: &mut Clock,
        pace: &Pace,
        influx: &[f32],
        gauges: &[[f32; GAUGE]],
        mut set: impl FnMut(usize, f32, f32),
    ) {
        let (mut sum, mut shares) = (0.0f32, 0.0f32);
        for (k, law) in self.laws.iter().enumerate() {
            if law.kind == LOAD {
                load_law(law, &mut self.states[k], self.tables, (clock, pace), influx[k], gauges[k][0]);
                let weight = law.admittance * share(law, pace);
                sum += weight * self.states[k].ahead;
                shares += weight;
            }
        }
        let reference = if shares > 0.0 { sum / shares } else { clock.reference };
        for (k, law) in self.laws.iter().enumerate() {
            let state = &mut self.states[k];
            if law.kind == LOAD {
                state.lid = (state.ahead - reference) * share(law, pace);
                set(k, 3.0 * state.lid, (state.flow / law.area).min(0.0));
            } else {
                let value = flow_law(law, state, self.amplitudes, self.tables, (clock, pace), influx[k]);
                set(k, value, 0.0);
            }
        }
        clock.reference = reference;
        clock.step = next_step(clock, pace);
        clock.ramped += u32::from(clock.ramped < pace.ramp);
    }
}
