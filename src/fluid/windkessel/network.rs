//! Several loads at one node: a rigid vessel whose own pressure differences are left out, or stand as a series
//! resistance in each branch.
//!
//! The inflow divides among the branches so that all see the node's pressure. Taking the flows out leaves one linear
//! circuit whose states are those of the loads; its eigenmodes decay independently, and the periodic solution of each
//! is `z(0) = z_T / (1 - exp(-lambda T))`, with z_T where one cycle from rest ends. No cycle is ever repeated.

use nalgebra::{DMatrix, DVector};

use super::modes::{Modes, phi1, phi2};
use super::{Circuit, Load};
use crate::fluid::waveform::Waveform;

/// Steps that a period is divided into. Between them the inflow is taken as linear.
pub const STEPS: usize = 2000;

/// A load with a resistance before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    /// The load.
    pub load: Load,
    /// Resistance between node and load, Pa s/m^3, not negative.
    pub series: f64,
}

/// The periodic state of a network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NetworkSolution {
    /// Period, s.
    pub period: f64,
    /// Pressure of the node at [`STEPS`] equidistant times from 0, Pa.
    pub pressure: Vec<f64>,
    /// One a branch, in their order.
    pub branches: Vec<BranchSolution>,
    /// Longest time constant of the network, s: what a start from any other state would have to wait for. 0 where there
    /// is no compliance.
    pub slowest: f64,
}

/// The periodic state of a branch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BranchSolution {
    /// Flow into the load at [`STEPS`] equidistant times from 0, m^3/s.
    pub flow: Vec<f64>,
    /// Pressure at the load, behind the series resistance, at those times, Pa.
    pub pressure: Vec<f64>,
    /// State of the load at time 0, Pa.
    pub state: [f64; 2],
}

impl NetworkSolution {
    /// Cycles after which a start from another state would be this close (relative, between 0 and 1) to the periodic
    /// one: `ceil(-slowest / period * ln tolerance)`, at least 1. A start from the periodic state needs 1.
    #[must_use]
    pub fn cycles_from_rest(&self, tolerance: f64) -> usize {
        (-self.slowest / self.period * tolerance.ln()).ceil().max(1.0) as usize
    }
}

/// The network with its flows taken out: `C dx/dt = -K x + a Q_in + (muscle pressures) + s`.
struct Network<'b> {
    branches: &'b [Branch],
    circuits: Vec<Circuit>,
    /// Conductance from the node to the first capacitor, or to the distal pressure, of each branch, m^3/(Pa s).
    open: Vec<f64>,
    /// Sum of those.
    total: f64,
    /// Branch and number there of each state.
    places: Vec<(usize, usize)>,
}

impl<'b> Network<'b> {
    fn new(branches: &'b [Branch]) -> Self {
        let circuits: Vec<Circuit> = branches.iter().map(|branch| branch.load.circuit()).collect();
        let open: Vec<f64> = circuits.iter().zip(branches).map(|(circuit, b)| 1.0 / (circuit.d + b.series)).collect();
        let places = circuits.iter().enumerate().flat_map(|(b, circuit)| (0..circuit.states).map(move |s| (b, s)));
        Self { branches, total: open.iter().sum(), places: places.collect(), open, circuits }
    }

    /// Share of the node's flow that enters a state's capacitor directly, without unit.
    fn share(&self, (b, s): (usize, usize)) -> f64 {
        self.circuits[b].c[s] * self.open[b] / self.total
    }

    /// The conductance between two states. What the other branches conduct is summed, not subtracted, so that one
    /// branch alone, whose flow is given, keeps all its digits.
    fn conductance(&self, row: (usize, usize), column: (usize, usize)) -> f64 {
        let coupled = self.circuits[row.0].c[row.1] * self.circuits[column.0].c[column.1];
        if row.0 != column.0 {
            return -coupled * self.open[row.0] * self.open[column.0] / self.total;
        }
        let others: f64 = (0..self.open.len()).filter(|b| *b != row.0).map(|b| self.open[b]).sum();
        self.circuits[row.0].conductance[row.1][column.1] + coupled * self.open[row.0] * others / self.total
    }

    fn modes(&self) -> Modes {
        let n = self.places.len();
        let capacitance = DVector::from_fn(n, |i, _| self.circuits[self.places[i].0].capacitance[self.places[i].1]);
        let conductance = DMatrix::from_fn(n, n, |i, j| self.conductance(self.places[i], self.places[j]));
        Modes::new(&capacitance, &conductance)
    }

    /// Currents (m^3/s) into the capacitors at a time (s), from inflow and given pressures.
    fn currents(&self, time: f64, inflow: f64) -> DVector<f64> {
        let given: f64 = self.circuits.iter().zip(&self.open).map(|(circuit, open)| circuit.f * open).sum();
        let muscle: Vec<f64> = self.branches.iter().map(|branch| branch.load.external(time)).collect();
        DVector::from_fn(self.places.len(), |i, _| {
            let (b, s) = self.places[i];
            let circuit = &self.circuits[b];
            let node = self.share((b, s)) * (inflow + given) - circuit.c[s] * self.open[b] * circuit.f;
            node + circuit.external[s] * muscle[b] + circuit.constant[s]
        })
    }

    /// Pressure of the node (Pa), and flow into each branch, at given states and inflow.
    fn node(&self, states: &DVector<f64>, inflow: f64) -> (f64, Vec<f64>) {
        let mut behind: Vec<f64> = self.circuits.iter().map(|circuit| circuit.f).collect();
        for (&(b, s), x) in self.places.iter().zip(states.iter()) {
            behind[b] += self.circuits[b].c[s] * x;
        }
        let sources: f64 = behind.iter().zip(&self.open).map(|(p, open)| p * open).sum();
        let pressure = (inflow + sources) / self.total;
        let flows = behind.iter().zip(&self.open).map(|(p, open)| (pressure - p) * open);
        (pressure, if self.open.len() == 1 { vec![inflow] } else { flows.collect() })
    }
}

/// The periodic solution of loads at a common node into which `inflow` (m^3/s) flows; muscle pressures have the
/// inflow's period. Without branches the solution is empty.
#[must_use]
pub fn network_periodic(inflow: &Waveform, branches: &[Branch]) -> NetworkSolution {
    let period = inflow.period();
    if branches.is_empty() {
        return NetworkSolution { period, ..NetworkSolution::default() };
    }
    let network = Network::new(branches);
    let modes = network.modes();
    let flow = inflow.table(STEPS);
    let dt = period / STEPS as f64;
    let drives: Vec<_> =
        flow.iter().enumerate().map(|(k, q)| modes.drive(&network.currents(k as f64 * dt, *q))).collect();
    let decay = modes.rates.map(|rate| (-rate * dt).exp());
    let late = modes.rates.map(|rate| dt * phi2(-rate * dt));
    let early = modes.rates.map(|rate| dt * (phi1(-rate * dt) - phi2(-rate * dt)));
    let step = |z: &DVector<f64>, k: usize| {
        let (now, next) = (&drives[k], &drives[(k + 1) % STEPS]);
        decay.component_mul(z) + early.component_mul(now) + late.component_mul(next)
    };
    let end = (0..STEPS).fold(DVector::zeros(decay.len()), |z, k| step(&z, k));
    let begin = end.component_div(&modes.rates.map(|rate| -(-rate * period).exp_m1()));
    let states = (0..STEPS).scan(begin, |z, k| {
        let next = step(z, k);
        Some(modes.states(&std::mem::replace(z, next)))
    });
    let slowest = modes.rates.iter().map(|rate| 1.0 / rate).fold(0.0, f64::max);
    record(&network, &flow, states.collect(), NetworkSolution { period, slowest, ..NetworkSolution::default() })
}

/// Adds pressures, flows and states at time 0 to a solution, from the states and the inflow at every step.
fn record(
    network: &Network<'_>,
    inflow: &[f64],
    states: Vec<DVector<f64>>,
    mut solution: NetworkSolution,
) -> NetworkSolution {
    solution.branches = vec![BranchSolution::default(); network.branches.len()];
    for (&(b, s), x) in network.places.iter().zip(states[0].iter()) {
        solution.branches[b].state[s] = *x;
    }
    for (states, inflow) in states.iter().zip(inflow) {
        let (pressure, flows) = network.node(states, *inflow);
        solution.pressure.push(pressure);
        for ((branch, given), flow) in solution.branches.iter_mut().zip(network.branches).zip(flows) {
            branch.pressure.push(pressure - given.series * flow);
            branch.flow.push(flow);
        }
    }
    solution
}
