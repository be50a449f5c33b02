//! What a user reads of the wall: numbers of the summary, and lines.
//!
//! Means and percentiles weigh each node by the volume that it stands for, so that they do not depend on the mesh. Where
//! the wall had to be made much thinner than asked, in sharp crotches, its stress is that of the mesh and is not counted.

use std::fmt::Write as _;

use rayon::prelude::*;
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::plan::WallPlan;
use crate::case::Case;
use crate::run::summary::number;
use crate::units::MMHG;
use crate::wall::face;

/// Part of the thickness asked for below which the stress of a column is not counted.
const COUNTED: f32 = 0.5;

/// Numbers of the wall's mesh.
const OF_MESH: [&str; 11] = [
    "nodes",
    "elements",
    "unknowns",
    "layers",
    "scaled_jacobian_min",
    "thickness_mm.min",
    "thickness_mm.mean",
    "thickness_mm.max",
    "limited_share",
    "thinned_share",
    "volume_mm3",
];

/// Numbers of every load.
const OF_LOAD: [&str; 25] = [
    "time_s",
    "pressure_mmHg.mean",
    "pressure_mmHg.max",
    "displacement_mm.mean",
    "displacement_mm.p95",
    "displacement_mm.max",
    "von_mises_kpa.mean",
    "von_mises_kpa.p95",
    "von_mises_kpa.p99",
    "von_mises_kpa.max",
    "principal_kpa.p99",
    "principal_kpa.max",
    "hoop_kpa.mean",
    "hoop_kpa.p95",
    "hoop_kpa.max",
    "strain.p99",
    "strain.max",
    "peak.von_mises_kpa",
    "peak.at_mm.0",
    "peak.at_mm.1",
    "peak.at_mm.2",
    "peak.from_end_mm",
    "iterations",
    "residual",
    "seconds",
];

/// Every number of the wall that the summary of a case will have, by its dotted key.
#[must_use]
pub fn keys(case: &Case) -> Vec<String> {
    let Some(wall) = &case.wall else { return Vec::new() };
    let mut keys: Vec<String> = OF_MESH.iter().chain(&OF_LOAD).map(|key| format!("wall.{key}")).collect();
    let instants = if case.pulsates() { wall.instants() } else { Vec::new() };
    if instants.len() > 1 {
        let of = |name: String| OF_LOAD.map(|key| format!("wall.loads.{name}.{key}"));
        keys.extend(instants.iter().flat_map(|instant| of(instant.name())));
    }
    keys
}

/// Mean, percentiles and largest of some values; those of no weight do not count.
struct Statistics {
    mean: f64,
    p95: f64,
    p99: f64,
    max: f64,
}

impl Statistics {
    fn of(values: impl Iterator<Item = f64>, weights: &[f64]) -> Self {
        let mut pairs: Vec<(f64, f64)> = values.zip(weights.iter().copied()).filter(|pair| pair.1 > 0.0).collect();
        pairs.par_sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let total: f64 = pairs.iter().map(|pair| pair.1).sum();
        let percentile = |part: f64| {
            let mut below = 0.0;
            let found = pairs.iter().find(|(_, weight)| {
                below += weight;
                below >= part * total
            });
            found.or(pairs.last()).map_or(0.0, |pair| pair.0)
        };
        Self {
            mean: pairs.iter().map(|(value, weight)| value * weight).sum::<f64>() / total.max(f64::MIN_POSITIVE),
            p95: percentile(0.95),
            p99: percentile(0.99),
            max: pairs.last().map_or(0.0, |pair| pair.0),
        }
    }
}

/// Volume (m^3) that each node stands for.
fn volumes(plan: &WallPlan) -> Vec<f64> {
    let shell = &plan.shell;
    let (levels, top) = (shell.levels(), shell.layers);
    let mut volumes = vec![0.0; shell.nodes.len()];
    for level in 0..levels {
        for (column, area) in (0..).zip(face::areas(shell, level)) {
            let step = |a: usize, b: usize| (shell.place(column, b) - shell.place(column, a)).norm();
            let height = step(level.saturating_sub(1), level) + step(level, (level + 1).min(top));
            volumes[shell.node(column, level)] = 0.5 * area * height;
        }
    }
    volumes
}

/// Whether the stress of a column counts.
fn counts(plan: &WallPlan, column: usize) -> bool {
    plan.report.kept[column] >= COUNTED
}

/// Share of the inner surface's area whose stress does not count.
fn thinned_share(plan: &WallPlan) -> f64 {
    let areas = face::areas(&plan.shell, 0);
    let thinned: f64 = areas.iter().enumerate().filter(|(c, _)| !counts(plan, *c)).map(|(_, area)| area).sum();
    thinned / areas.iter().sum::<f64>()
}

/// The wall's mesh in numbers.
#[must_use]
pub fn mesh(plan: &WallPlan) -> Value {
    let report = &plan.report;
    json!({
        "nodes": plan.shell.nodes.len(),
        "elements": plan.shell.elements(),
        "unknowns": plan.unknowns(),
        "layers": plan.shell.layers,
        "scaled_jacobian_min": report.scaled_jacobian,
        "thickness_mm": {
            "min": 1e3 * report.thickness[0], "mean": 1e3 * report.thickness[1], "max": 1e3 * report.thickness[2],
        },
        "limited_share": report.limited_share.abs(),
        "thinned_share": thinned_share(plan),
        "volume_mm3": 1e9 * report.volume,
    })
}

/// A load's answer in numbers.
#[must_use]
pub fn load(plan: &WallPlan, answer: &Answer) -> Value {
    let weights = volumes(plan);
    let length = |v: &[f64; 3]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
    let moved = Statistics::of(answer.displacement.iter().map(length), &weights);
    let levels = plan.shell.levels();
    let counted: Vec<f64> =
        weights.iter().enumerate().map(|(n, &w)| if counts(plan, n / levels) { w } else { 0.0 }).collect();
    let of = |values: &mut dyn Iterator<Item = f64>| Statistics::of(values, &counted);
    let mises = of(&mut answer.nodes.iter().map(|node| node.von_mises));
    let principal = of(&mut answer.nodes.iter().map(|node| node.principal[0]));
    let hoop = of(&mut answer.nodes.iter().map(|node| node.parts[0]));
    let strain = of(&mut answer.nodes.iter().map(|node| node.strain));
    let pressure = Statistics::of(answer.pressure.iter().copied(), &face::areas(&plan.shell, 0));
    json!({
        "load": answer.name,
        "time_s": answer.time,
        "pressure_mmHg": { "mean": pressure.mean / MMHG, "max": pressure.max / MMHG },
        "displacement_mm": { "mean": 1e3 * moved.mean, "p95": 1e3 * moved.p95, "max": 1e3 * moved.max },
        "von_mises_kpa": {
            "mean": 1e-3 * mises.mean, "p95": 1e-3 * mises.p95, "p99": 1e-3 * mises.p99, "max": 1e-3 * mises.max,
        },
        "principal_kpa": { "p99": 1e-3 * principal.p99, "max": 1e-3 * principal.max },
        "hoop_kpa": { "mean": 1e-3 * hoop.mean, "p95": 1e-3 * hoop.p95, "max": 1e-3 * hoop.max },
        "strain": { "p99": strain.p99, "max": strain.max },
        "peak": peak(plan, answer),
        "iterations": answer.iterations,
        "residual": answer.residual,
        "seconds": answer.seconds,
    })
}

/// The largest von Mises stress, its place, and how far that is from the nearest end.
fn peak(plan: &WallPlan, answer: &Answer) -> Value {
    let shell = &plan.shell;
    let size = |node: usize| answer.nodes[node].von_mises;
    let levels = shell.levels();
    let counted = (0..answer.nodes.len()).filter(|node| counts(plan, node / levels));
    let node = counted.max_by(|&a, &b| size(a).total_cmp(&size(b))).unwrap_or(0);
    let (at, level) = (nalgebra::Vector3::from(shell.nodes[node]), node % levels);
    let distance = |&column: &u32| (shell.place(column, level) - at).norm();
    let from_end = shell.ends.iter().flatten().map(distance).fold(f64::INFINITY, f64::min);
    json!({
        "von_mises_kpa": 1e-3 * size(node),
        "at_mm": shell.nodes[node].map(|x| 1e3 * x),
        "from_end_mm": 1e3 * from_end,
    })
}

/// The object `wall` of the summary: the mesh, the first load, and where there are several each of them by its name.
#[must_use]
pub fn summary(mesh: Value, loads: Vec<Value>) -> Value {
    let mut all = match mesh {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    if let Some(Value::Object(first)) = loads.first() {
        all.extend(first.clone());
    }
    if loads.len() > 1 {
        let name = |load: &Value| load["load"].as_str().unwrap_or_default().to_owned();
        let by_name: Map<String, Value> = loads.into_iter().map(|load| (name(&load), load)).collect();
        all.insert("loads".into(), by_name.into());
    }
    all.into()
}

/// The wall of a summary in a few lines for a person; none where it has none.
#[must_use]
pub fn lines(summary: &Value) -> String {
    let Some(wall) = summary.get("wall") else { return String::new() };
    let get = |value: &Value, key: &str| number(value, key).unwrap_or(f64::NAN);
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "wall          {} elements, {} unknowns, {:.3} mm thick ({:.3} to {:.3})",
        get(wall, "elements"),
        get(wall, "unknowns"),
        get(wall, "thickness_mm.mean"),
        get(wall, "thickness_mm.min"),
        get(wall, "thickness_mm.max")
    );
    let thinned = 100.0 * get(wall, "thinned_share");
    if thinned > 0.0 {
        let _ = writeln!(
            text,
            "  {thinned:.2} % of its area has less than half of the thickness asked for, for want of room; stress there is not \
             counted"
        );
    }
    let several: Vec<&Value> = wall["loads"].as_object().into_iter().flatten().map(|(_, load)| load).collect();
    for load in if several.is_empty() { vec![wall] } else { several } {
        let name = load["load"].as_str().unwrap_or("?");
        let at = ["0", "1", "2"].map(|k| format!("{:.2}", get(load, &format!("peak.at_mm.{k}"))));
        let _ = writeln!(
            text,
            "  {name:<12}moves up to {:.4} mm; von Mises mean {:.2} kPa, 99 % below {:.2} kPa, max {:.2} kPa at {} mm",
            get(load, "displacement_mm.max"),
            get(load, "von_mises_kpa.mean"),
            get(load, "von_mises_kpa.p99"),
            get(load, "von_mises_kpa.max"),
            at.join(" ")
        );
        let _ = writeln!(
            text,
            "{:<14}{} iterations, residual {:.1e}, {:.2} s",
            "",
            get(load, "iterations"),
            get(load, "residual"),
            get(load, "seconds")
        );
    }
    text
}

/// What the answer of a load says about the model that it comes from; none where that holds.
#[must_use]
pub fn warning(load: &Value) -> Option<String> {
    let strain = number(load, "strain.p99")?;
    (strain > LARGEST_STRAIN).then(|| {
        format!(
            "load `{}`: strains of {:.0} % are beyond linear elasticity, which holds to about {:.0} %: give the pressure of \
             the imaged shape (wall.reference_pressure), a stiffer or a thicker wall",
            load["load"].as_str().unwrap_or("?"),
            100.0 * strain,
            100.0 * LARGEST_STRAIN
        )
    })
}

/// Strain up to which the squares that linear elasticity leaves out are small.
const LARGEST_STRAIN: f64 = 0.1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_weigh_by_volume() {
        let of = Statistics::of([3.0, 1.0, 2.0].into_iter(), &[1.0, 97.0, 2.0]);
        assert!((of.mean - 1.04).abs() < 1e-12);
        assert_eq!((of.p95, of.p99, of.max), (1.0, 2.0, 3.0));
        let of = Statistics::of(std::iter::empty(), &[]);
        assert_eq!((of.mean, of.p95, of.max), (0.0, 0.0, 0.0));
    }

    #[test]
    fn the_first_load_stands_flat() {
        let load = |name: &str, x: f64| json!({ "load": name, "residual": x });
        let one = summary(json!({ "nodes": 8 }), vec![load("steady", 1.0)]);
        assert_eq!(one, json!({ "nodes": 8, "load": "steady", "residual": 1.0 }));
        let two = summary(json!({ "nodes": 8 }), vec![load("systole", 1.0), load("diastole", 2.0)]);
        assert_eq!((&two["residual"], &two["loads"]["diastole"]["residual"]), (&json!(1.0), &json!(2.0)));
    }

    #[test]
    fn large_strains_are_warned_of() {
        assert_eq!(warning(&json!({ "load": "steady", "strain": { "p99": 0.05 } })), None);
        let text = warning(&json!({ "load": "steady", "strain": { "p99": 0.31 } })).unwrap_or_default();
        assert!(text.contains("31 %") && text.contains("reference_pressure"), "{text}");
    }
}
