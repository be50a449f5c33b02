//! Lumped loads: what lies beyond an outlet, as a small linear circuit. Pressure is its voltage, flow its current.
//!
//! Theory. A load takes the flow Q that leaves the vessel and answers with the pressure p at the vessel's end. With at
//! most two capacitors, whose pressures are the state x, every load here is
//!
//! ```text
//! C dx/dt = -K x + c Q + e w(t) + s,        p = c.x + d Q + f
//! ```
//!
//! with capacitances C, a symmetric conductance matrix K, and the pressure w(t) of the heart muscle where there is one.
//! (The same vector c stands in both equations: the circuits are reciprocal.) Over a step in which Q and w change
//! linearly the solution is a matrix exponential, so [`Discrete::advance`] is exact, and stable for any ratio of the
//! time constant to the step. K and C are symmetric, hence the exponential follows from two real eigenvalues without
//! loss of digits however close they are.
//!
//! - Resistance: `p = r Q + p_distal`.
//! - Three-element Windkessel (Westerhof et al., J. Biomech. 2, 121, 1969): proximal resistance, then a compliance to
//!   the outside beside a distal resistance; x is the compliance's pressure.
//! - Coronary bed (Kim et al., Ann. Biomed. Eng. 38, 3195, 2010, as the open-loop bed of svZeroDSolver has it):
//!   arterial resistance and compliance, microvascular resistance, a compliance whose outside is the heart muscle's
//!   pressure, venous resistance. States: pressure of the first compliance, and pressure across the second.
//!
//! Practice: all values in SI (Pa, m^3/s, Pa s/m^3, m^3/Pa, s); Q is positive out of the vessel. A run that starts from
//! the state of [`network_periodic`] has nothing left to forget but the vessel's own transient; [`tune`] finds loads
//! from a blood pressure.

mod modes;
mod network;
mod tune;

use nalgebra::{Matrix2, Vector2};

use super::waveform::Waveform;
use modes::{phi1, phi2};

pub use network::{Branch, BranchSolution, NetworkSolution, STEPS, network_periodic};
pub use tune::{PROXIMAL_FRACTION, Target, TuneError, Tuned, tune};

/// What lies beyond an outlet. Resistances and compliances are positive and finite.
#[derive(Clone, Debug, PartialEq)]
pub enum Load {
    /// A resistance.
    Resistance {
        /// Resistance, Pa s/m^3.
        resistance: f64,
        /// Pressure behind it, Pa.
        distal_pressure: f64,
    },
    /// A three-element Windkessel.
    Windkessel {
        /// Proximal resistance Rp, Pa s/m^3.
        proximal: f64,
        /// Compliance C, m^3/Pa.
        compliance: f64,
        /// Distal resistance Rd, Pa s/m^3.
        distal: f64,
        /// Pressure behind the distal resistance, Pa.
        distal_pressure: f64,
    },
    /// A coronary bed inside the beating heart.
    Coronary {
        /// Arterial resistance Ra1, Pa s/m^3.
        arterial: f64,
        /// Arterial compliance Ca, m^3/Pa.
        arterial_compliance: f64,
        /// Microvascular resistance Ra2, Pa s/m^3.
        micro: f64,
        /// Intramyocardial compliance Cim, m^3/Pa.
        micro_compliance: f64,
        /// Venous resistance Rv1, Pa s/m^3.
        venous: f64,
        /// Intramyocardial pressure Pim, Pa, with the period of the flow.
        intramyocardial: Waveform,
        /// Venous pressure Pv, Pa.
        venous_pressure: f64,
    },
}

impl Load {
    /// The load as a circuit.
    #[must_use]
    pub fn circuit(&self) -> Circuit {
        match *self {
            Self::Resistance { resistance, distal_pressure } => {
                Circuit { d: resistance, f: distal_pressure, ..Circuit::NONE }
            }
            Self::Windkessel { proximal, compliance, distal, distal_pressure } => Circuit {
                states: 1,
                capacitance: [compliance, 1.0],
                conductance: [[1.0 / distal, 0.0], [0.0, 1.0]],
                constant: [distal_pressure / distal, 0.0],
                c: [1.0, 0.0],
                d: proximal,
                ..Circuit::NONE
            },
            Self::Coronary {
                arterial,
                arterial_compliance,
                micro,
                micro_compliance,
                venous,
                intramyocardial: _,
                venous_pressure,
            } => {
                let (micro, venous) = (1.0 / micro, 1.0 / venous);
                Circuit {
                    states: 2,
                    capacitance: [arterial_compliance, micro_compliance],
                    conductance: [[micro, -micro], [-micro, micro + venous]],
                    external: [micro, -(micro + venous)],
                    constant: [0.0, venous_pressure * venous],
                    c: [1.0, 0.0],
                    d: arterial,
                    f: 0.0,
                }
            }
        }
    }

    /// The pressure (Pa) of the heart muscle at a time in s; 0 for loads outside the heart.
    #[must_use]
    pub fn external(&self, time: f64) -> f64 {
        match self {
            Self::Coronary { intramyocardial, .. } => intramyocardial.value(time),
            Self::Resistance { .. } | Self::Windkessel { .. } => 0.0,
        }
    }

    /// Resistance to a steady flow, Pa s/m^3.
    #[must_use]
    pub fn total_resistance(&self) -> f64 {
        match self {
            Self::Resistance { resistance, .. } => *resistance,
            Self::Windkessel { proximal, distal, .. } => proximal + distal,
            Self::Coronary { arterial, micro, venous, .. } => arterial + micro + venous,
        }
    }

    /// Pressure (Pa) behind the load, which a steady flow of 0 leaves at the outlet.
    #[must_use]
    pub fn distal_pressure(&self) -> f64 {
        match self {
            Self::Resistance { distal_pressure, .. } | Self::Windkessel { distal_pressure, .. } => *distal_pressure,
            Self::Coronary { venous_pressure, .. } => *venous_pressure,
        }
    }

    /// The exact step of `dt` seconds, above 0.
    #[must_use]
    pub fn discrete(&self, dt: f64) -> Discrete {
        self.circuit().discrete(dt)
    }

    /// The periodic solution under a periodic flow out of the vessel (m^3/s), by shooting: one cycle's linear map.
    #[must_use]
    pub fn periodic(&self, flow: &Waveform) -> BranchSolution {
        let branch = Branch { load: self.clone(), series: 0.0 };
        let NetworkSolution { branches, .. } = network_periodic(flow, &[branch]);
        branches.into_iter().next().unwrap_or_default()
    }
}

/// The coefficients of a load: `C dx/dt = -K x + c Q + e w + s`, `p = c.x + d Q + f`. States that a load does not have
/// are 0 and stay 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Circuit {
    /// Number of states, at most 2.
    pub states: usize,
    /// C, m^3/Pa.
    pub capacitance: [f64; 2],
    /// K, m^3/(Pa s); symmetric and positive definite.
    pub conductance: [[f64; 2]; 2],
    /// e, m^3/(Pa s): what the heart muscle's pressure drives into each capacitor.
    pub external: [f64; 2],
    /// s, m^3/s: what constant pressures drive into each capacitor.
    pub constant: [f64; 2],
    /// c, without unit: the share of the flow that enters each capacitor, and of its pressure in p.
    pub c: [f64; 2],
    /// d, Pa s/m^3.
    pub d: f64,
    /// f, Pa.
    pub f: f64,
}

impl Circuit {
    /// No load at all: a vessel that opens into pressure 0.
    const NONE: Self = Self {
        states: 0,
        capacitance: [1.0; 2],
        conductance: [[1.0, 0.0], [0.0, 1.0]],
        external: [0.0; 2],
        constant: [0.0; 2],
        c: [0.0; 2],
        d: 0.0,
        f: 0.0,
    };

    /// dx/dt (Pa/s) at state `x` (Pa), flow `q` (m^3/s) and muscle pressure `w` (Pa).
    #[must_use]
    pub fn rate(&self, x: [f64; 2], q: f64, w: f64) -> [f64; 2] {
        [0, 1].map(|i| {
            let [k0, k1] = self.conductance[i];
            let current = self.c[i] * q + self.external[i] * w + self.constant[i] - k0 * x[0] - k1 * x[1];
            current / self.capacitance[i]
        })
    }

    /// The exact step of `dt` seconds, above 0.
    #[must_use]
    pub fn discrete(&self, dt: f64) -> Discrete {
        let root = self.capacitance.map(|c| 1.0 / c.sqrt());
        let scale = Matrix2::from_diagonal(&Vector2::from(root));
        let [[k00, k01], [k10, k11]] = self.conductance;
        let eigen = (scale * Matrix2::new(k00, k01, k10, k11) * scale).symmetric_eigen();
        let through = scale * eigen.eigenvectors;
        let function = |f: fn(f64) -> f64| {
            let values = eigen.eigenvalues.map(|lambda| f(-lambda * dt));
            through * Matrix2::from_diagonal(&values) * through.transpose()
        };
        let propagator = function(f64::exp) * Matrix2::from_diagonal(&Vector2::from(self.capacitance));
        let (all, late) = (function(phi1) * dt, function(phi2) * dt);
        let early = function(|z| phi1(z) - phi2(z)) * dt;
        let (c, e) = (Vector2::from(self.c), Vector2::from(self.external));
        Discrete {
            m: [[propagator[(0, 0)], propagator[(0, 1)]], [propagator[(1, 0)], propagator[(1, 1)]]],
            n0: (early * c).into(),
            n1: (late * c).into(),
            e0: (early * e).into(),
            e1: (late * e).into(),
            k: (all * Vector2::from(self.constant)).into(),
            c: self.c,
            d: self.d,
            f: self.f,
        }
    }
}

/// One exact step of a load: `x1 = m x0 + n0 Q0 + n1 Q1 + e0 w0 + e1 w1 + k`, `p = c.x + d Q + f`, for a flow Q (out of
/// the vessel) and a muscle pressure w that change linearly over the step; SI.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Discrete {
    /// Propagator of the state.
    pub m: [[f64; 2]; 2],
    /// Weight of the flow at the step's begin, Pa s/m^3.
    pub n0: [f64; 2],
    /// Weight of the flow at the step's end, Pa s/m^3.
    pub n1: [f64; 2],
    /// Weight of the muscle's pressure at the step's begin.
    pub e0: [f64; 2],
    /// Weight of the muscle's pressure at the step's end.
    pub e1: [f64; 2],
    /// What constant pressures add, Pa.
    pub k: [f64; 2],
    /// Weight of the state in the pressure.
    pub c: [f64; 2],
    /// Resistance between outlet and state, Pa s/m^3.
    pub d: f64,
    /// Constant part of the pressure, Pa.
    pub f: f64,
}

impl Discrete {
    /// The state (Pa) after a step from the state `x`; flow (m^3/s) and muscle pressure (Pa) are `[begin, end]`.
    #[must_use]
    pub fn advance(&self, x: [f64; 2], flow: [f64; 2], external: [f64; 2]) -> [f64; 2] {
        [0, 1].map(|i| {
            let own = self.m[i][0] * x[0] + self.m[i][1] * x[1] + self.k[i];
            let flow = self.n0[i] * flow[0] + self.n1[i] * flow[1];
            own + flow + self.e0[i] * external[0] + self.e1[i] * external[1]
        })
    }

    /// The pressure (Pa) at the outlet at state `x` (Pa) and flow `q` (m^3/s).
    #[must_use]
    pub fn pressure(&self, x: [f64; 2], q: f64) -> f64 {
        self.c[0] * x[0] + self.c[1] * x[1] + self.d * q + self.f
    }
}

#[cfg(test)]
mod tests;
