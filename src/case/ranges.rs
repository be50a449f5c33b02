//! Ranges of what is given at openings, whether as a constant or over a beat.

use std::fmt;

use super::waveform::Signal;
use crate::units::{Flow, MMHG, Pressure, Velocity};

/// Shortest and longest cycle, s.
pub(super) const PERIODS: [f64; 2] = [0.05, 20.0];

/// What a quantity may be at an opening.
pub(super) struct Range {
    /// Largest size, SI.
    pub most: f64,
    /// The range in words.
    pub allowed: &'static str,
    /// What to do about a value outside.
    pub help: &'static str,
}

/// The range of a signal.
pub(super) fn of(signal: Signal) -> Range {
    match signal {
        Signal::Flow => Range {
            most: 50e-3 / 60.0,
            allowed: "-833 ml/s to 833 ml/s (50 l/min)",
            help: "a human heart delivers at most about 35 l/min; look at the unit",
        },
        Signal::Velocity => Range {
            most: 10.0,
            allowed: "-10 m/s to 10 m/s",
            help: "blood is below 6 m/s even in a severe stenosis; look at the unit",
        },
        Signal::Pressure => Range {
            most: 400.0 * MMHG,
            allowed: "-400 mmHg to 400 mmHg",
            help: "arterial pressure is 60 to 200 mmHg; look at the unit",
        },
    }
}

/// A value of a signal, SI, shown with its unit.
pub(super) struct Shown(pub Signal, pub f64);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Signal::Flow => Flow::from_si(self.1).fmt(f),
            Signal::Velocity => Velocity::from_si(self.1).fmt(f),
            Signal::Pressure => Pressure::from_si(self.1).fmt(f),
        }
    }
}
