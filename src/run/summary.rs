//! The answer of a run as numbers: `summary.json`, gates and the report read from here.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::plan::{Asked, Plan};
use super::steady::{Finished, Spent};
use crate::case::Gate;
use crate::units::MMHG;

/// Seconds that the parts of a run took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Seconds {
    /// Reading, checking, cutting the lattice.
    pub geometry: f64,
    /// The flow on all lattices.
    pub flow: f64,
    /// Wall shear and files.
    pub output: f64,
    /// All of it.
    pub total: f64,
}

/// Device that a run used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeviceName {
    /// Name of the adapter or processor.
    pub name: String,
    /// vulkan, metal, dx12 or cpu.
    pub backend: String,
}

/// Wall shear over the vessel's own surface, weighted by area, Pa.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct WallShear {
    /// Mean.
    pub mean: f64,
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
    /// Largest.
    pub max: f64,
}

/// Mean, smallest and largest of a number over the last window of the run (a steady run) or beat.
fn spread(mean: f64, values: impl Iterator<Item = f64> + Clone) -> Value {
    let min = values.clone().fold(mean, f64::min);
    let max = values.fold(mean, f64::max);
    json!({ "mean": mean, "min": min, "max": max })
}

/// The summary as JSON, design keys and units.
#[must_use]
pub fn summary(plan: &Plan, run: &Finished, device: &DeviceName, wss: WallShear, seconds: Seconds) -> Value {
    let scale = run.level.scale;
    let spent: &Spent = &run.spent[run.spent.len() - 1];
    let updates: f64 = run.spent.iter().map(|s| s.sites as f64 * s.steps as f64).sum();
    let busy: f64 = run.spent.iter().map(|s| s.seconds).sum();
    let recent = &run.samples[run.samples.len().saturating_sub(16)..];
    let openings: Vec<Value> = plan
        .iolets
        .iter()
        .enumerate()
        .map(|(k, iolet)| {
            json!({
                "name": iolet.name,
                "area_mm2": iolet.area * 1e6,
                "flow_ml_s": spread(run.last.flows[k] * 1e6, recent.iter().map(|s| s.flows[k] * 1e6)),
                "pressure_mmHg": spread(run.last.pressures[k] / MMHG, recent.iter().map(|s| s.pressures[k] / MMHG)),
            })
        })
        .collect();
    json!({
        "case": plan.case.name(),
        "title": plan.case.title,
        "status": run.status,
        "device": device,
        "lattice": {
            "spacing_mm": scale.dx * 1e3,
            "time_step_us": scale.dt * 1e6,
            "sites": run.level.lattice.sites,
            "tau": scale.viscosity_to_tau(plan.mu),
            "mach_max": scale.velocity_to_lattice(run.peak) * 3f64.sqrt(),
            "steps": spent.steps,
        },
        "levels": run.spent,
        "convergence": { "change": run.change, "tolerance": plan.tolerance, "fluctuation": run.fluctuation },
        "performance": {
            "mlups": updates / busy.max(1e-9) / 1e6,
            "seconds": { "geometry": seconds.geometry, "flow": seconds.flow, "wall": 0.0, "output": seconds.output, "total": seconds.total },
            "peak_memory_mb": peak_memory_mb(),
        },
        "reynolds": plan.reynolds(),
        "velocity_max_m_s": run.peak,
        "openings": openings,
        "mass_imbalance": imbalance(run),
        "wall_correction": run.wall_correction.abs() / inflow(run).max(1e-30),
        "pressure_drop_mmHg": drops(plan, run),
        "wss_pa": wss,
    })
}

fn inflow(run: &Finished) -> f64 {
    run.last.flows.iter().map(|q| q.max(0.0)).sum()
}

/// What enters minus what leaves, over what enters.
fn imbalance(run: &Finished) -> f64 {
    run.last.flows.iter().sum::<f64>() / inflow(run).max(1e-30)
}

/// Pressure at the inlet (the opening with the largest inflow) minus that at every opening where fluid leaves.
fn drops(plan: &Plan, run: &Finished) -> Value {
    let flows = &run.last.flows;
    let inlet = (0..flows.len()).max_by(|&a, &b| flows[a].total_cmp(&flows[b])).unwrap_or(0);
    let mut drops = Map::new();
    for (k, iolet) in plan.iolets.iter().enumerate() {
        let leaves = flows[k] < 0.0 || matches!(iolet.asked, Asked::Pressure(_));
        if k != inlet && leaves {
            let drop = (run.last.pressures[inlet] - run.last.pressures[k]) / MMHG;
            drops.insert(iolet.name.clone(), json!(drop));
        }
    }
    Value::Object(drops)
}

/// The number at a dotted key, names of list members (`openings.inlet.flow_ml_s.mean`) or their indices included.
#[must_use]
pub fn number(summary: &Value, key: &str) -> Option<f64> {
    let mut at = summary;
    for part in key.split('.') {
        at = match at {
            Value::Array(list) => {
                let named = list.iter().find(|v| v.get("name").and_then(Value::as_str) == Some(part));
                named.or_else(|| part.parse::<usize>().ok().and_then(|k| list.get(k)))?
            }
            other => other.get(part)?,
        };
    }
    at.as_f64()
}

/// The gates that the summary does not pass, in words.
#[must_use]
pub fn failed_gates(summary: &Value, gates: &[Gate]) -> Vec<String> {
    let judge = |gate: &Gate| {
        let key = gate.key.get_ref();
        let Some(value) = number(summary, key) else {
            return Some(format!("`{key}` is not a number of the summary"));
        };
        match (gate.min, gate.max) {
            (Some(min), _) if value.is_nan() || value < min => Some(format!("{key} = {value:.6} is below {min}")),
            (_, Some(max)) if value.is_nan() || value > max => Some(format!("{key} = {value:.6} is above {max}")),
            _ => None,
        }
    };
    gates.iter().filter_map(judge).collect()
}

/// Largest resident memory of this process, MB; 0 where the system does not tell.
#[must_use]
pub fn peak_memory_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kb = line.and_then(|line| line.split_whitespace().nth(1)).and_then(|kb| kb.parse::<f64>().ok());
    kb.unwrap_or(0.0) / 1024.0
}

/// The summary in a few lines for a person.
#[must_use]
pub fn lines(summary: &Value) -> String {
    use std::fmt::Write;
    let get = |key: &str| number(summary, key).unwrap_or(f64::NAN);
    let mut text = String::new();
    let status = summary.get("status").and_then(Value::as_str).unwrap_or("?");
    let change = get("convergence.change");
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "status        {status} (change {change:.1e}, fluctuation {:.1e}, tolerance {:.1e})",
        get("convergence.fluctuation"),
        get("convergence.tolerance")
    );
    for opening in summary.get("openings").and_then(Value::as_array).into_iter().flatten() {
        let name = opening.get("name").and_then(Value::as_str).unwrap_or("?");
        let (q, p) = (number(opening, "flow_ml_s.mean"), number(opening, "pressure_mmHg.mean"));
        let (q, p) = (q.unwrap_or(f64::NAN), p.unwrap_or(f64::NAN));
        let _ = writeln!(text, "{name:<14}flow {q:>10.4} ml/s   pressure {p:>9.3} mmHg");
    }
    for (name, drop) in summary.get("pressure_drop_mmHg").and_then(Value::as_object).into_iter().flatten() {
        let _ = writeln!(text, "pressure drop to {name}: {:.4} mmHg", drop.as_f64().unwrap_or(f64::NAN));
    }
    let _ = writeln!(
        text,
        "wall shear    mean {:.3} Pa, 95 % below {:.3} Pa, max {:.3} Pa",
        get("wss_pa.mean"),
        get("wss_pa.p95"),
        get("wss_pa.max")
    );
    let _ = writeln!(
        text,
        "balance       in - out {:+.3} % of the inflow, wall correction {:.3} %",
        100.0 * get("mass_imbalance"),
        100.0 * get("wall_correction")
    );
    let _ = writeln!(
        text,
        "work          {} sites, {} steps on the finest lattice, {:.1} MLUPS, {:.1} s in all, {:.0} MB",
        get("lattice.sites"),
        get("lattice.steps"),
        get("performance.mlups"),
        get("performance.seconds.total"),
        get("performance.peak_memory_mb")
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_by_dotted_keys() {
        let summary = json!({ "a": { "b": 2.5 }, "openings": [{ "name": "inlet", "flow": { "mean": 3.0 } }] });
        assert_eq!(number(&summary, "a.b"), Some(2.5));
        assert_eq!(number(&summary, "openings.inlet.flow.mean"), Some(3.0));
        assert_eq!(number(&summary, "openings.0.flow.mean"), Some(3.0));
        assert_eq!(number(&summary, "openings.outlet.flow.mean"), None);
        assert_eq!(number(&summary, "a"), None);
    }
}
