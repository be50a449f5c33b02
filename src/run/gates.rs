//! Which numbers the summary of a case will have, so that a gate on any other is refused before the run.

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

/// Every number that the summary of a case will have, by its dotted key; of the lattices, the coarsest.
#[must_use]
pub fn keys(case: &Case) -> Vec<String> {
    let mut keys: Vec<String> = ALWAYS.map(str::to_owned).to_vec();
    for opening in &case.openings {
        keys.extend(OF_AN_OPENING.map(|key| format!("openings.{}.{key}", opening.name.get_ref())));
    }
    let drops = case.openings.iter().filter(|opening| has_drop(case, opening));
    keys.extend(drops.map(|opening| format!("pressure_drop_mmHg.{}", opening.name.get_ref())));
    keys
}

/// Whether a pressure drop from the inlet to an opening is told: to every one where fluid leaves or a pressure is given,
/// the inlet itself left out, which is the opening of the highest pressure where no flow enters.
fn has_drop(case: &Case, opening: &Opening) -> bool {
    let flow = |opening: &Opening| match &opening.condition {
        Condition::Flow(flow) => flow.get_ref().si(),
        Condition::Velocity(velocity) => velocity.get_ref().si(),
        Condition::FlowFraction(_) => -1.0,
        Condition::Waveform(_) => 1.0,
        Condition::Pressure(_) | Condition::Windkessel(_) | Condition::Resistance(_) | Condition::Coronary(_) => 0.0,
    };
    if opening.condition.is_load() {
        return true;
    }
    let Condition::Pressure(own) = &opening.condition else { return flow(opening) < 0.0 };
    let own = own.get_ref().si();
    let as_high = |other: &&Opening| matches!(&other.condition, Condition::Pressure(p) if p.get_ref().si() >= own);
    let driven = case.openings.iter().any(|other| flow(other) > 0.0);
    driven || case.openings.iter().filter(as_high).count() > 1
}

/// Refuses gates on numbers that the summary will not have.
///
/// # Errors
/// [`CaseError::Invalid`] that points at the first such gate, with the most similar number or those of its kind.
pub(super) fn check(case: &Case) -> Result<(), CaseError> {
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
