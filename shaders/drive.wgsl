// import: dispatch, opening
// Openings in time: waveforms, lumped loads, and the reference pressure that floats with them. The twin of
// src/fluid/drive.rs, where the theory is.

const SAMPLES = 4096u;
const LOAD = 1u;
const FLOW_COLUMNS = 2u;

struct Law {
    kind: u32,
    column: u32,
    amplitude: u32,
    modes: u32,
    area: f32,
    gain: f32,
    bound: f32,
    admittance: f32,
    damper: f32,
    direct: f32,
    c: array<f32, 2>,
    n0: array<f32, 2>,
    n1: array<f32, 2>,
    m: array<f32, 4>,
}

struct OpeningState {
    x: array<f32, 2>,
    carry: array<f32, 2>,
    flow: f32,
    slow: f32,
    correction: f32,
    lid: f32,
    load: f32,
    ahead: f32,
}

struct Clock {
    step: u32,
    rows: u32,
    ramped: u32,
    reference: f32,
}

@group(0) @binding(0) var<uniform> pace: Pace;
@group(0) @binding(1) var<storage, read_write> clock: Clock;
@group(0) @binding(2) var<storage, read> laws: array<Law>;
@group(0) @binding(3) var<storage, read> tables: array<f32>;
@group(0) @binding(4) var<storage, read_write> states: array<OpeningState>;
@group(0) @binding(5) var<storage, read_write> amplitudes: array<f32>;
@group(0) @binding(6) var<storage, read_write> iolets: array<Iolet>;
// Of each opening the flow into the vessel, of each gauge its numbers.
@group(0) @binding(7) var<storage, read> influx: array<f32>;
@group(0) @binding(8) var<storage, read> gauges: array<vec4<f32>>;
@group(0) @binding(9) var<storage, read_write> records: array<f32>;

fn lookup(column: u32, step: u32) -> f32 {
    let place = f32(step) * (f32(SAMPLES) / f32(pace.cycle));
    let below = min(u32(place), SAMPLES - 1u);
    let at = column * (SAMPLES + 1u) + below;
    let part = place - f32(below);
    return tables[at] + part * (tables[at + 1u] - tables[at]);
}

fn next_step() -> u32 {
    if pace.held != 0u {
        return clock.step;
    }
    let next = clock.step + 1u;
    return select(next, 0u, next == pace.cycle);
}

// Flow at the start of a run from rest, relative to the full one.
fn ramp() -> f32 {
    if pace.held == 0u || clock.ramped >= pace.ramp {
        return 1.0;
    }
    let s = f32(clock.ramped) / f32(pace.ramp);
    return s * s * (3.0 - 2.0 * s);
}

// Velocities of the next step: the part with the opening's profile; the extra modes go to `amplitudes`.
fn flow_law(law: Law, k: u32) -> f32 {
    let grown = ramp();
    let next = next_step();
    let error = grown * lookup(law.column, clock.step) - influx[k] / law.area;
    let correction = clamp(states[k].correction + law.gain * error, -law.bound, law.bound);
    states[k].correction = correction;
    states[k].flow = -influx[k];
    for (var m = 0u; m < law.modes; m++) {
        amplitudes[law.amplitude + m] = grown * lookup(law.column + FLOW_COLUMNS + m, next);
    }
    return grown * lookup(law.column + 1u, next) + correction;
}

// Change of state i of a circuit over a step with flows `q0` before and `q1` after.
fn change(law: Law, i: u32, x: vec2<f32>, q0: f32, q1: f32, e: f32) -> f32 {
    var m = law.m;
    var n0 = law.n0;
    var n1 = law.n1;
    return m[2u * i] * x.x + m[2u * i + 1u] * x.y + n0[i] * q0 + n1[i] * q1 + e;
}

// What a load's pressure at the next step gains by a unit of flow then.
fn stiffness(law: Law) -> f32 {
    let delayed = select(0.0, law.c[0] * law.n1[0] + law.c[1] * law.n1[1], pace.held == 0u);
    return law.direct + law.damper + delayed;
}

// What of a load's `ahead`, less the reference, becomes pressure at the lid.
fn share(law: Law) -> f32 {
    return 1.0 / (1.0 + stiffness(law) * law.admittance);
}

// Takes a load's circuit to the present step, and finds what the lid's next pressure is made of, but for the reference.
fn load_law(law: Law, k: u32) {
    var s = states[k];
    let q = -influx[k];
    let e0 = lookup(law.column + 1u, clock.step);
    let e1 = lookup(law.column + 2u, clock.step);
    if pace.held == 0u {
        let before = vec2<f32>(s.x[0], s.x[1]);
        let step = vec2<f32>(change(law, 0u, before, s.flow, q, e0), change(law, 1u, before, s.flow, q, e1));
        let addend = step - vec2<f32>(s.carry[0], s.carry[1]);
        let sum = before + addend;
        let carry = (sum - before) - addend;
        s.carry = array<f32, 2>(carry.x, carry.y);
        s.x = array<f32, 2>(sum.x, sum.y);
    }
    let x = vec2<f32>(s.x[0], s.x[1]);
    let c = vec2<f32>(law.c[0], law.c[1]);
    s.load = c.x * x.x + c.y * x.y + law.direct * q + lookup(law.column, clock.step);
    s.correction += law.gain * (s.load - clock.reference - gauges[k].x / 3.0);
    s.slow += law.gain * (q - s.slow);
    var ahead = lookup(law.column, next_step()) + c.x * x.x + c.y * x.y;
    if pace.held == 0u {
        ahead += c.x * change(law, 0u, x, q, 0.0, e0) + c.y * change(law, 1u, x, q, 0.0, e1);
    }
    ahead += stiffness(law) * (q + law.admittance * s.lid) - law.damper * s.slow + s.correction;
    s.flow = q;
    s.ahead = ahead;
    states[k] = s;
}
