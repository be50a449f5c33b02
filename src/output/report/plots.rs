//! The plots of the page: along the branches, over the last cycle, towards the steady state.

use maud::{Markup, html};
use serde_json::Value;

use super::answer::{list, text};
use super::number::number;
use super::plot::{Line, Plot};

/// Most points of a line: more than that are not told apart.
const POINTS: usize = 500;

/// Profile along one branch, in the units of `profiles.csv`; a column that the file lacks is empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Branch {
    /// Name of the branch.
    pub name: String,
    /// Distance from the inlet along the vessel, mm.
    pub arc: Vec<f64>,
    /// Area of the section, mm^2.
    pub area: Vec<f64>,
    /// Mean pressure, mmHg.
    pub pressure: Vec<f64>,
    /// Mean wall shear, Pa.
    pub wss_mean: Vec<f64>,
    /// Largest wall shear, Pa.
    pub wss_max: Vec<f64>,
}

/// A column of `probes.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Name before the unit.
    pub name: String,
    /// Unit.
    pub unit: String,
    /// One value a row; not a number where the cell is empty.
    pub values: Vec<f64>,
}

/// `probes.csv`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Time of each row, s.
    pub time: Vec<f64>,
    /// The other columns.
    pub columns: Vec<Column>,
}

/// Area, pressure and wall shear along each branch, lesions shaded.
pub(super) fn profiles(summary: &Value, branches: &[Branch]) -> Markup {
    html! {
        @if !branches.is_empty() {
            section aria-labelledby="profiles" {
                h2 id="profiles" { "Along the branches" }
                p.hint { "Distances are measured from the inlet along the centreline. Lesions are shaded." }
                @for branch in branches {
                    h3 { (branch.name) }
                    div.plots { @for plot in of_branch(summary, branch) { (plot.draw()) } }
                }
            }
        }
    }
}

fn of_branch(summary: &Value, branch: &Branch) -> [Plot; 3] {
    let line = |name: &str, values: &[f64]| Line { name: name.into(), points: pairs(&branch.arc, values) };
    let plot = |title: &str, label: &str, lines: Vec<Line>, from_nought| Plot {
        title: title.into(),
        labels: ["distance from the inlet [mm]".into(), label.into()],
        lines: lines.into_iter().filter(|line| !line.points.is_empty()).collect(),
        bands: bands(summary, &branch.name),
        outside: 0.0,
        from_nought,
    };
    [
        plot("Area of the section", "area [mm\u{b2}]", vec![line("area", &branch.area)], true),
        plot("Mean pressure", "pressure [mmHg]", vec![line("pressure", &branch.pressure)], false),
        plot(
            "Wall shear",
            "wall shear [Pa]",
            vec![line("mean of the section", &branch.wss_mean), line("largest of the section", &branch.wss_max)],
            true,
        ),
    ]
}

/// Where the lesions of a branch are.
fn bands(summary: &Value, branch: &str) -> Vec<([f64; 2], String)> {
    let of = |key: &str, length: &str, word: &str| {
        let own = list(summary, key).iter().filter(|found| text(found, "branch") == branch);
        let band = |found: &Value| {
            let (at, long) = (number(found, "at_mm")?, number(found, length)?);
            Some(([at - 0.5 * long, at + 0.5 * long], word.to_owned()))
        };
        own.filter_map(band).collect::<Vec<_>>()
    };
    [of("stenoses", "length_mm", "stenosis"), of("aneurysms", "neck_mm", "aneurysm")].concat()
}

fn pairs(x: &[f64], y: &[f64]) -> Vec<[f64; 2]> {
    let stride = x.len().div_ceil(POINTS).max(1);
    x.iter().zip(y).step_by(stride).map(|(x, y)| [*x, *y]).collect()
}

/// Waves over the last cycle, or the way to the steady state.
pub(super) fn series(summary: &Value, series: &Series) -> Markup {
    let period = number(summary, "cycle.period_s").filter(|period| *period > 0.0);
    let last = series.time.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let first = match period {
        // A row at the end of the cycle before belongs to it, too: where the wave began.
        Some(period) => series.time.partition_point(|t| *t < last - period * (1.0 + 1e-6)),
        None => 0,
    };
    let start = series.time.get(first).copied().unwrap_or(0.0);
    let origin = if period.is_some() { start } else { 0.0 };
    let time: Vec<f64> = series.time.iter().skip(first).map(|t| t - origin).collect();
    let of = |prefix: &str, unit: &str| {
        let own = series.columns.iter().filter(|c| c.unit == unit && c.name.starts_with(prefix));
        let line = |c: &Column| Line {
            name: c.name[prefix.len()..].to_owned(),
            points: pairs(&time, c.values.get(first..).unwrap_or_default()),
        };
        own.map(line).collect::<Vec<_>>()
    };
    let plot = |title: &str, label: &str, lines: Vec<Line>| Plot {
        title: title.into(),
        labels: [if period.is_some() { "time in the cycle [s]" } else { "time [s]" }.into(), label.into()],
        lines,
        bands: Vec::new(),
        // From rest a flow rings: its first pressures would hide the rest.
        outside: if period.is_some() { 0.0 } else { 0.03 },
        from_nought: false,
    };
    html! {
        @if time.len() > 1 {
            section aria-labelledby="series" {
                h2 id="series" { @if period.is_some() { "The last cycle" } @else { "On the way to the steady state" } }
                p.hint {
                    "Flow into the vessel is positive."
                    @if period.is_none() { " From rest, through all lattices, the coarsest first; outliers are cut off." }
                }
                div.plots {
                    (plot("Flow at the openings", "flow [ml/s]", of("flow_", "ml/s")).draw())
                    (plot("Pressure at the openings", "pressure [mmHg]", of("pressure_", "mmHg")).draw())
                }
            }
        }
    }
}
