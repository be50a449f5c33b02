//! Which numbers the summary of a case will have, so that a gate on any other is refused before the run.

use super::{beat, wall};
use crate::case::waveform::Signal;
use crate::case::{Case, CaseError, Condition, Opening, suggestion};

/// Numbers of every summary.
const ALWAYS: [&str; 29] = [
    "lattice.spacing_mm",
    "lattice.time_step_us",
    "lattice.sites",
    "lattice.tau",
    "lattice.mach_max",
    "lattice.steps",
    "convergence.change",
    "convergence.tolerance",
    "convergence.fluctuation",
    "performance.mlups",
    "performance.seconds.geometry",
    "performance.seconds.flow",
    "performance.seconds.wall",
    "performance.seconds.output",
    "performance.seconds.total",
    "performance.peak_memory_mb",
    "reynolds",
    "velocity_max_m_s",
    "mass_imbalance",
    "wall_correction",
    "wss_pa.mean",
    "wss_pa.p50",
    "wss_pa.p95",
    "wss_pa.p99",
    "wss_pa.max",
    "levels.0.spacing_mm",
    "levels.0.sites",
    "levels.0.steps",
    "levels.0.seconds",
];

/// Numbers of every opening, after its name.
const OF_AN_OPENING: [&str; 7] = [
    "area_mm2",
    "flow_ml_s.mean",
    "flow_ml_s.min",
    "flow_ml_s.max",
    "pressure_mmHg.mean",
    "pressure_mmHg.min",
    "pressure_mmHg.max",
];

/// Numbers of a pulsating run, and those of them that have mean, smallest and largest value.
const OF_A_CYCLE: [&str; 4] = ["period_s", "cycles", "cycles_from_rest", "storage_ml"];
const SPREADS: [&str; 4] = ["tawss_pa", "osi", "rrt_per_pa", "ecap_per_pa"];

/// Numbers of a pulsating run that compare a cycle with the one before.
const CHANGE: &str = "convergence.change";
const TRANSVERSE: &str = "trans_wss_pa";

/// Every number that the summary of a case will have, by its dotted key; of the lattices, the coarsest.
#[must_use]
pub fn keys(case: &Case) -> Vec<String> {
    let mut keys: Vec<String> = ALWAYS.map(str::to_owned).to_vec();
    for opening in &case.openings {
        keys.extend(OF_AN_OPENING.map(|key| format!("openings.{}.{key}", opening.name.get_ref())));
    }
    if case.pulsates() {
        let compared = most_cycles(case) > 1;
        keys.retain(|key| compared || key != CHANGE);
        let spreads = SPREADS.into_iter().chain(compared.then_some(TRANSVERSE));
        keys.extend(OF_A_CYCLE.map(|key| format!("cycle.{key}")));
        keys.extend(spreads.flat_map(|key| ["mean", "min", "max"].map(|part| format!("cycle.{key}.{part}"))));
    }
    keys.extend(wall::numbers::keys(case));
    let drops = case.openings.iter().filter(|opening| has_drop(case, opening));
    keys.extend(drops.map(|opening| format!("pressure_drop_mmHg.{}", opening.name.get_ref())));
    keys
}

/// Cycles that a pulsating case runs at most on the finest lattice.
fn most_cycles(case: &Case) -> u64 {
    let most = case.time.cycles.as_ref().or(case.time.max_cycles.as_ref());
    most.map_or(u64::MAX, |most| *most.get_ref())
}

/// What an opening is given, on average over a cycle.
enum Given {
    /// A flow, of this sign.
    Flow(f64),
    /// A pressure, Pa.
    Pressure(f64),
    /// A load; or a waveform that cannot be read, of which the plan says what is wrong with it.
    Open,
}

fn given(case: &Case, opening: &Opening) -> Given {
    match &opening.condition {
        Condition::Flow(flow) => Given::Flow(flow.get_ref().si()),
        Condition::Velocity(velocity) => Given::Flow(velocity.get_ref().si()),
        Condition::FlowFraction(_) => Given::Flow(-1.0),
        Condition::Pressure(pressure) => Given::Pressure(pressure.get_ref().si()),
        Condition::Waveform(spec) => match beat::read(case, spec.get_ref(), spec.span()) {
            Ok((Signal::Pressure, wave)) => Given::Pressure(wave.mean()),
            Ok((_, wave)) => Given::Flow(wave.mean()),
            Err(_) => Given::Open,
        },
        Condition::Windkessel(_) | Condition::Resistance(_) | Condition::Coronary(_) => Given::Open,
    }
}

/// Whether a pressure drop from the inlet to an opening is told: to every one where fluid leaves or a pressure is given,
/// the inlet itself left out, which is the opening of the highest pressure where no flow enters.
fn has_drop(case: &Case, opening: &Opening) -> bool {
    let own = match given(case, opening) {
        Given::Flow(flow) => return flow < 0.0,
        Given::Open => return true,
        Given::Pressure(own) => own,
    };
    let of = |other: &Opening| given(case, other);
    let driven = case.openings.iter().any(|other| matches!(of(other), Given::Flow(flow) if flow > 0.0));
    driven || case.openings.iter().filter(|other| matches!(of(other), Given::Pressure(p) if p >= own)).count() > 1
}

/// Refuses gates on numbers that the summary will not have.
///
/// # Errors
/// [`CaseError::Invalid`] that points at the first such gate, with the most similar number or those of its kind.
pub fn check(case: &Case) -> Result<(), CaseError> {
    let known = keys(case);
    for gate in &case.expect {
        let key = named(case, gate.key.get_ref());
        if !known.contains(&key) {
            let message = format!("the summary of this case will have no number `{}`", gate.key.get_ref());
            return Err(case.error(gate.key.span(), message, "not a number of summary.json", &remedy(&key, &known)));
        }
    }
    Ok(())
}

/// A key with the names of openings in place of their numbers.
fn named(case: &Case, key: &str) -> String {
    let numbered = key.strip_prefix("openings.").and_then(|rest| rest.split_once('.'));
    let found = numbered.and_then(|(k, rest)| Some((case.openings.get(k.parse::<usize>().ok()?)?, rest)));
    found.map_or_else(|| key.to_owned(), |(opening, rest)| format!("openings.{}.{rest}", opening.name.get_ref()))
}

/// The most similar number; else those that begin alike; else how numbers begin.
fn remedy(key: &str, known: &[String]) -> String {
    let words: Vec<&str> = known.iter().map(String::as_str).collect();
    if let Some(similar) = suggestion(key, &words) {
        return format!("did you mean `{similar}`?");
    }
    let first = |key: &str| key.split('.').next().unwrap_or_default().to_owned();
    let alike: Vec<&str> = words.iter().filter(|word| first(word) == first(key)).copied().collect();
    if !alike.is_empty() {
        return format!("there are {}", alike.join(", "));
    }
    let mut beginnings: Vec<String> = words.iter().map(|word| first(word)).collect();
    beginnings.dedup();
    format!("numbers begin with {}; summary.json of any run shows them", beginnings.join(", "))
}
