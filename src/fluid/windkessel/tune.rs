//! Loads from a blood pressure: three-element Windkessels whose common pressure, under a given inflow, has a given
//! systolic maximum and diastolic minimum.
//!
//! Theory. Each outlet takes a share of the mean flow in proportion to `d^exponent` (Murray, PNAS 12, 207, 1926:
//! exponent 3). With `R_i = R / share_i` and `C_i = C share_i` all outlets have the same time constant, so that without
//! resistances in the vessel they are together one Windkessel of R and C. Its pressure is `p_distal + R s(t)`, where
//! the shape s depends on the time constant alone. The ratio of the two pressures above the distal one is that of the
//! largest to the smallest s, which falls as the time constant grows: one root to find. R then follows from either
//! pressure.
//!
//! The proximal resistance answers at once, so the pulse cannot be smaller than what it makes of the flow's pulse,
//! however large the compliance. Its fraction of the whole, 0.056 unless another is asked for (Laskey et al., J. Appl.
//! Physiol. 69, 112, 1990, in human arteries; used for outlets by Les et al., Ann. Biomed. Eng. 38, 1288, 2010), is
//! therefore lowered where it would take more than nine tenths of that room.

use super::{Branch, Load, network_periodic};
use crate::fluid::waveform::Waveform;
use crate::units::{Flow, Pressure};

/// Proximal fraction of the whole resistance where no other is asked for.
pub const PROXIMAL_FRACTION: f64 = 0.056;

/// The part of the largest possible proximal fraction above which it is lowered, and what it is lowered to.
const ROOM: [f64; 2] = [0.9, 0.5];

/// Shortest and longest time constant that is looked at, in periods.
const TIME_CONSTANTS: [f64; 2] = [1e-4, 1e4];

/// What loads shall do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// Systolic pressure, Pa.
    pub systolic: f64,
    /// Diastolic pressure, Pa.
    pub diastolic: f64,
    /// Pressure behind all loads, Pa.
    pub distal: f64,
    /// Power of the diameter to which flows are in proportion, 0 to 10; 3 is Murray's law.
    pub exponent: f64,
    /// Proximal part of the whole resistance, above 0 and below 1; see [`PROXIMAL_FRACTION`].
    pub fraction: f64,
}

/// Loads that do it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tuned {
    /// Resistance of all loads together, Pa s/m^3.
    pub resistance: f64,
    /// Compliance of all loads together, m^3/Pa.
    pub compliance: f64,
    /// Proximal part of the resistance.
    pub fraction: f64,
    /// Whether that part is smaller than asked for, because the pulse of the flow left it no more room.
    pub lowered: bool,
    /// Share of the mean flow of each outlet; they sum to 1.
    pub shares: Vec<f64>,
    /// The Windkessel of each outlet.
    pub loads: Vec<Load>,
}

/// Why no loads can do it.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum TuneError {
    /// Nothing to tune.
    #[error("there is no outlet of positive diameter whose Windkessel could be tuned")]
    NoOutlet,
    /// Pressures out of order.
    #[error(
        "pressures must fall from systole over diastole to what lies behind the loads, but they are {systolic}, \
         {diastolic} and {distal}: give pressure = \"120/80 mmHg\" and a distal pressure below the second number"
    )]
    Order {
        /// Systolic pressure.
        systolic: Pressure,
        /// Diastolic pressure.
        diastolic: Pressure,
        /// Distal pressure.
        distal: Pressure,
    },
    /// The fraction is not one.
    #[error("the proximal part of the resistance is {0}, allowed is above 0 and below 1; 0.056 is usual")]
    Fraction(f64),
    /// The exponent is out of range.
    #[error("the exponent is {0}, allowed is 0 to 10: flow shares grow with diameter^exponent, 3 is Murray's law")]
    Exponent(f64),
    /// No net inflow.
    #[error(
        "the mean inflow is {0}, but loads can only be tuned to a flow into the vessel: a flow into the vessel is \
         positive, so look at the waveform's sign"
    )]
    NoInflow(Flow),
    /// The flow hardly pulsates.
    #[error(
        "a pulse from {diastolic} to {systolic} is out of reach: even without any compliance, the flow between {least} \
         and {most} raises a diastolic pressure of {diastolic} to no more than {highest}; lower the systolic pressure, \
         or give a flow that pulsates more"
    )]
    TooSteady {
        /// Systolic pressure asked for.
        systolic: Pressure,
        /// Diastolic pressure asked for.
        diastolic: Pressure,
        /// Smallest flow.
        least: Flow,
        /// Largest flow.
        most: Flow,
        /// Highest systolic pressure at this diastolic one.
        highest: Pressure,
    },
}

/// The loads of outlets with the given diameters (in any one unit), such that their common pressure under `inflow`
/// (m^3/s, into the vessel) is periodic between the target's diastolic and systolic pressure.
///
/// # Errors
/// [`TuneError`] if there are no outlets, pressures, fraction, exponent or mean flow make no sense, or the flow does
/// not pulsate enough for the pulse pressure.
pub fn tune(inflow: &Waveform, diameters: &[f64], target: &Target) -> Result<Tuned, TuneError> {
    let ratio = check(inflow, target)?;
    let shares = shares(diameters, target.exponent).ok_or(TuneError::NoOutlet)?;
    let (fraction, lowered) = fraction(inflow, ratio, target.fraction);
    let excess = |time_constant: f64| {
        let [least, most] = shape(inflow, fraction, time_constant);
        most - ratio * least
    };
    let [mut low, mut high] = TIME_CONSTANTS.map(|periods| (periods * inflow.period()).ln());
    if excess(low.exp()) <= 0.0 {
        return Err(too_steady(inflow, target, shape(inflow, fraction, low.exp())));
    }
    while high - low > 1e-11 {
        let middle = 0.5 * (low + high);
        if excess(middle.exp()) > 0.0 { low = middle } else { high = middle }
    }
    let time_constant = (0.5 * (low + high)).exp();
    let resistance = (target.systolic - target.distal) / shape(inflow, fraction, time_constant)[1];
    let compliance = time_constant / (resistance * (1.0 - fraction));
    let load = |share: &f64| Load::Windkessel {
        proximal: fraction * resistance / share,
        compliance: compliance * share,
        distal: (1.0 - fraction) * resistance / share,
        distal_pressure: target.distal,
    };
    let loads = shares.iter().map(load).collect();
    Ok(Tuned { resistance, compliance, fraction, lowered, shares, loads })
}

/// Shares of the flow in proportion to a power of the diameter; none if there are none or one is not positive.
fn shares(diameters: &[f64], exponent: f64) -> Option<Vec<f64>> {
    let largest = diameters.iter().copied().fold(0.0, f64::max);
    if diameters.iter().any(|d| !(d.is_finite() && *d > 0.0)) || largest == 0.0 {
        return None;
    }
    let weights: Vec<f64> = diameters.iter().map(|d| (d / largest).powf(exponent)).collect();
    let sum: f64 = weights.iter().sum();
    Some(weights.iter().map(|weight| weight / sum).collect())
}

/// The ratio of systolic to diastolic pressure above the distal one.
fn check(inflow: &Waveform, target: &Target) -> Result<f64, TuneError> {
    let Target { systolic, diastolic, distal, fraction, .. } = *target;
    if !(systolic > diastolic && diastolic > distal) {
        let [systolic, diastolic, distal] = [systolic, diastolic, distal].map(Pressure::from_si);
        return Err(TuneError::Order { systolic, diastolic, distal });
    }
    if !(fraction > 0.0 && fraction < 1.0) {
        return Err(TuneError::Fraction(fraction));
    }
    if !(0.0..=10.0).contains(&target.exponent) {
        return Err(TuneError::Exponent(target.exponent));
    }
    if inflow.mean() <= 0.0 {
        return Err(TuneError::NoInflow(Flow::from_si(inflow.mean())));
    }
    Ok((systolic - distal) / (diastolic - distal))
}

/// The proximal fraction: what is asked for, or less where an infinite compliance would hardly bring the ratio of the
/// pressures down to `ratio`; and whether it is less.
fn fraction(inflow: &Waveform, ratio: f64, asked: f64) -> (f64, bool) {
    let mean = inflow.mean();
    let pulse = inflow.max() - mean + ratio * (mean - inflow.min());
    let largest = (ratio - 1.0) * mean / pulse;
    if asked > ROOM[0] * largest { (ROOM[1] * largest, true) } else { (asked, false) }
}

/// Smallest and largest pressure per resistance (m^3/s) of a Windkessel with this proximal fraction and this time
/// constant (s) of its distal part.
fn shape(inflow: &Waveform, fraction: f64, time_constant: f64) -> [f64; 2] {
    let distal = 1.0 - fraction;
    let load =
        Load::Windkessel { proximal: fraction, compliance: time_constant / distal, distal, distal_pressure: 0.0 };
    let pressure = network_periodic(inflow, &[Branch { load, series: 0.0 }]).pressure;
    let least = pressure.iter().copied().fold(f64::INFINITY, f64::min);
    [least, pressure.iter().copied().fold(f64::NEG_INFINITY, f64::max)]
}

fn too_steady(inflow: &Waveform, target: &Target, [least, most]: [f64; 2]) -> TuneError {
    let highest = target.distal + (target.diastolic - target.distal) * most / least;
    TuneError::TooSteady {
        systolic: Pressure::from_si(target.systolic),
        diastolic: Pressure::from_si(target.diastolic),
        least: Flow::from_si(inflow.min()),
        most: Flow::from_si(inflow.max()),
        highest: Pressure::from_si(highest),
    }
}
