//! The answer of a run as numbers: `summary.json`, gates and the report read from here.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::level::Level;
use super::plan::{Asked, Plan};
use super::steady::{Finished, Spent, Status};
use crate::case::Gate;
pub use crate::output::report::number;
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

/// Mean, smallest and largest value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
    /// Mean.
    pub mean: f64,
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
}

impl Spread {
    /// Of values that stand for `mean`.
    pub fn about(mean: f64, values: impl Iterator<Item = f64> + Clone) -> Self {
        Self { mean, min: values.clone().fold(mean, f64::min), max: values.fold(mean, f64::max) }
    }

    fn scaled(self, factor: f64) -> Self {
        Self { mean: factor * self.mean, min: factor * self.min, max: factor * self.max }
    }
}

/// What a run came to, steady or pulsating.
pub struct Answer<'a> {
    /// How it ended.
    pub status: Status,
    /// The last lattice.
    pub level: &'a Level,
    /// What each lattice took.
    pub spent: &'a [Spent],
    /// Flow into the vessel at every opening over the last window or cycle, m^3/s.
    pub flows: Vec<Spread>,
    /// Pressure at every opening, Pa.
    pub pressures: Vec<Spread>,
    /// Largest relative change between the last two windows or cycles, and what was allowed.
    pub change: f64,
    /// See `change`.
    pub tolerance: f64,
    /// Largest relative deviation of a window from the mean.
    pub fluctuation: f64,
    /// Fastest velocity, m/s.
    pub peak: f64,
    /// Volume given to the walls to make up for their leak, m^3/s.
    pub wall_correction: f64,
    /// Volume that the lattice's compression took up, m^3/s on average.
    pub storage: f64,
}

impl<'a> Answer<'a> {
    /// Of a steady run.
    #[must_use]
    pub fn steady(plan: &Plan, run: &'a Finished) -> Self {
        let recent = &run.samples[run.samples.len().saturating_sub(16)..];
        let openings = 0..plan.iolets.len();
        let flow = |k: usize| Spread::about(run.last.flows[k], recent.iter().map(move |s| s.flows[k]));
        let pressure = |k: usize| Spread::about(run.last.pressures[k], recent.iter().map(move |s| s.pressures[k]));
        Self {
            status: run.status,
            level: &run.level,
            spent: &run.spent,
            flows: openings.clone().map(flow).collect(),
            pressures: openings.map(pressure).collect(),
            change: run.change,
            tolerance: plan.tolerance,
            fluctuation: run.fluctuation,
            peak: run.peak,
            wall_correction: run.wall_correction,
            storage: 0.0,
        }
    }

    fn inflow(&self) -> f64 {
        let most = self.flows.iter().map(|q| q.max.abs().max(q.min.abs())).fold(0.0, f64::max);
        // A flow that only goes to and fro has no mean to compare with.
        self.flows.iter().map(|q| q.mean.max(0.0)).sum::<f64>().max(1e-2 * most)
    }

    /// What enters minus what leaves and what is stored, over what enters.
    fn imbalance(&self) -> f64 {
        (self.flows.iter().map(|q| q.mean).sum::<f64>() - self.storage) / self.inflow().max(1e-30)
    }

    /// Mean pressure at the inlet (the opening with the largest inflow) minus that at every opening where fluid leaves.
    fn drops(&self, plan: &Plan) -> Value {
        let inlet =
            (0..self.flows.len()).max_by(|&a, &b| self.flows[a].mean.total_cmp(&self.flows[b].mean)).unwrap_or(0);
        let mut drops = Map::new();
        for (k, iolet) in plan.iolets.iter().enumerate() {
            let leaves = self.flows[k].mean < 0.0 || matches!(iolet.asked, Asked::Pressure(_));
            if k != inlet && leaves {
                drops.insert(iolet.name.clone(), json!((self.pressures[inlet].mean - self.pressures[k].mean) / MMHG));
            }
        }
        Value::Object(drops)
    }
}

/// The summary as JSON, design keys and units.
#[must_use]
pub fn summary(plan: &Plan, run: &Answer, device: &DeviceName, wss: WallShear, seconds: Seconds) -> Value {
    let scale = run.level.scale;
    let spent: &Spent = &run.spent[run.spent.len() - 1];
    let updates: f64 = run.spent.iter().map(|s| s.sites as f64 * s.steps as f64).sum();
    let busy: f64 = run.spent.iter().map(|s| s.seconds).sum();
    let opening = |(k, iolet): (usize, &super::plan::Iolet)| {
        json!({
            "name": iolet.name,
            "area_mm2": iolet.area * 1e6,
            "flow_ml_s": run.flows[k].scaled(1e6),
            "pressure_mmHg": run.pressures[k].scaled(1.0 / MMHG),
        })
    };
    json!({
        "case": plan.case.name(),
        "title": plan.case.title,
        "status": run.status,
        "device": device,
        "lattice": {
            "spacing_mm": scale.dx * 1e3,
            "time_step_us": scale.dt * 1e6,
            "sites": run.level.lattice.sites,
            "storage": run.level.storage.to_string(),
            "tau": scale.viscosity_to_tau(plan.mu),
            "mach_max": scale.velocity_to_lattice(run.peak) * 3f64.sqrt(),
            "steps": spent.steps,
        },
        "levels": run.spent,
        "convergence": { "change": run.change, "tolerance": run.tolerance, "fluctuation": run.fluctuation },
        "performance": {
            "mlups": updates / busy.max(1e-9) / 1e6,
            "seconds": { "geometry": seconds.geometry, "flow": seconds.flow, "wall": 0.0, "output": seconds.output, "total": seconds.total },
            "peak_memory_mb": peak_memory_mb(),
        },
        "reynolds": plan.reynolds(),
        "velocity_max_m_s": run.peak,
        "openings": plan.iolets.iter().enumerate().map(opening).collect::<Vec<_>>(),
        "mass_imbalance": run.imbalance(),
        "wall_correction": run.wall_correction.abs() / run.inflow().max(1e-30),
        "pressure_drop_mmHg": run.drops(plan),
        "wss_pa": wss,
    })
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

/// The gates as members of the summary: key, bounds, value, and whether it passes.
#[must_use]
pub fn judged(summary: &Value, gates: &[Gate]) -> Value {
    let one = |gate: &Gate| {
        let failed = failed_gates(summary, std::slice::from_ref(gate));
        let key = gate.key.get_ref();
        json!({
            "key": key, "min": gate.min, "max": gate.max, "value": number(summary, key), "passed": failed.is_empty(),
        })
    };
    gates.iter().map(one).collect()
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
    let change = number(summary, "convergence.change").map_or("not known yet".to_owned(), |c| format!("{c:.1e}"));
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "status        {status} (change {change}, fluctuation {:.1e}, tolerance {:.1e})",
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
    text.push_str(&super::lesions::lines(summary));
    text.push_str(&super::wall::numbers::lines(summary));
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
    use crate::case::Spanned;

    #[test]
    fn gates_are_judged_in_the_summary() {
        let summary = json!({ "a": { "b": 2.5 } });
        let gate = |key: &str, min, max| Gate { key: Spanned::new(0..0, key.into()), min, max };
        let judged =
            judged(&summary, &[gate("a.b", Some(2.0), Some(3.0)), gate("a.b", None, Some(2.0)), gate("c", None, None)]);
        let passed: Vec<_> = (0..3).map(|k| judged[k]["passed"].as_bool()).collect();
        assert_eq!(passed, [Some(true), Some(false), Some(false)]);
        assert_eq!(
            (&judged[0]["value"], &judged[0]["max"], &judged[2]["value"]),
            (&json!(2.5), &json!(3.0), &Value::Null)
        );
    }
}
