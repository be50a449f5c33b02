//! What is told of a run along the branches of its vessel: `centreline.vtp`, `profiles.csv`, and the summary's `branches`.

use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use super::lesions::{self, Lesions};
use super::plan::Plan;
use crate::analysis::lesion::Wall;
use crate::analysis::profile::{BranchProfile, Fields, profiles};
use crate::geometry::centreline::{Branch, Point, Tree};
use crate::geometry::lattice::Lattice;
use crate::output::{Compression, OutputError, csv, lines, vtp};
use crate::units::MMHG;

/// A steady flow, or the mean over a cycle, SI.
pub(super) struct Mean<'a> {
    /// The lattice.
    pub lattice: &'a Lattice,
    /// Velocity (m/s) at a site.
    pub velocity: &'a (dyn Fn(usize) -> [f64; 3] + Sync),
    /// Pressure (Pa) at a site.
    pub pressure: &'a (dyn Fn(usize) -> f64 + Sync),
    /// Size of the wall shear (Pa) at every vertex of the wall.
    pub wss: &'a [f64],
    /// Flow into the vessel at every opening, m^3/s.
    pub flows: Vec<f64>,
    /// Pressure at every opening, Pa.
    pub pressures: Vec<f64>,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Along {
    /// Profiles of the branches; none where there is no centreline.
    pub profiles: Vec<BranchProfile>,
    /// Lesions of the vessel; none where there is no centreline.
    pub lesions: Option<Lesions>,
    /// Of each branch the mean of its sections' flow by the integral of the velocity, m^3/s.
    pub integrals: Vec<f64>,
    /// Why there is none.
    pub missing: Option<String>,
    /// Seconds that it took.
    pub seconds: f64,
}

impl Along {
    /// The summary's `branches`; lengths in mm, flows in ml/s.
    #[must_use]
    pub fn as_json(&self) -> Value {
        let name = |k: usize| self.profiles.get(k).map(|profile| profile.name.clone());
        let branch = |(profile, integral): (&BranchProfile, &f64)| {
            let [least, mean] =
                diameters(&(0..profile.len()).map(|k| profile.diameter(k)).collect::<Vec<_>>(), &profile.shared);
            let length = profile.arc.last().zip(profile.arc.first()).map_or(0.0, |(last, first)| last - first);
            json!({
                "name": profile.name,
                "parent": profile.parent.and_then(name),
                "length_mm": 1e3 * length,
                "min_diameter_mm": 1e3 * least,
                "mean_diameter_mm": 1e3 * mean,
                "flow_ml_s": profile.flow.last().map(|flow| 1e6 * flow),
                "flow_integrated_ml_s": 1e6 * integral,
                "pressure_ratio": profile.pressure_ratio.last(),
            })
        };
        self.profiles.iter().zip(&self.integrals).map(branch).collect()
    }

    /// Adds the branches, the lesions and the time to a summary, whose `output` seconds held it.
    pub fn extend(&self, summary: &mut Value) {
        summary["branches"] = self.as_json();
        for (key, value) in self.lesions.iter().flat_map(Lesions::as_json) {
            summary[key] = value;
        }
        let seconds = &mut summary["performance"]["seconds"];
        seconds["output"] = (seconds["output"].as_f64().unwrap_or(0.0) - self.seconds).max(0.0).into();
        seconds["centreline"] = self.seconds.into();
    }
}

/// Values of sections that several branches share left out, where there are others.
fn own(values: &[f64], shared: &[bool]) -> Vec<f64> {
    let own: Vec<f64> = values.iter().zip(shared).filter(|(_, shared)| !**shared).map(|(value, _)| *value).collect();
    if own.is_empty() { values.to_vec() } else { own }
}

fn own_mean(values: &[f64], shared: &[bool]) -> f64 {
    let own = own(values, shared);
    own.iter().sum::<f64>() / own.len().max(1) as f64
}

/// Least and mean of diameters.
fn diameters(all: &[f64], shared: &[bool]) -> [f64; 2] {
    let least = own(all, shared).into_iter().fold(f64::INFINITY, f64::min);
    [if least.is_finite() { least } else { 0.0 }, own_mean(all, shared)]
}

/// Least and mean diameter of a branch, m, those of sections that several branches share left out.
#[must_use]
pub fn branch_diameters(branch: &Branch) -> [f64; 2] {
    let all: Vec<f64> = branch.points.iter().map(Point::diameter).collect();
    diameters(&all, &branch.points.iter().map(|point| point.shared).collect::<Vec<_>>())
}

/// Finds the centrelines from the opening with the largest inflow, and writes what the flow is like along them. A vessel
/// without centrelines has no such files.
pub(super) fn write(plan: &Plan, mean: Mean, folder: &Path) -> Result<Along, OutputError> {
    let clock = Instant::now();
    let inlet = (0..mean.flows.len()).max_by(|&a, &b| mean.flows[a].total_cmp(&mean.flows[b])).unwrap_or(0);
    let tree = match Tree::new(&plan.vessel, inlet) {
        Ok(tree) => tree,
        Err(error) => {
            let missing = Some(format!("no centrelines: {error}"));
            return Ok(Along { missing, seconds: clock.elapsed().as_secs_f64(), ..Along::default() });
        }
    };
    let fields = Fields {
        lattice: mean.lattice,
        velocity: mean.velocity,
        pressure: mean.pressure,
        wss: mean.wss,
        flows: &mean.flows,
        inlet_pressure: mean.pressures.get(inlet).copied().unwrap_or(0.0),
    };
    let (profiles, integrals) = profiles(&tree, &fields);
    let integrals = profiles.iter().zip(&integrals).map(|(profile, all)| own_mean(all, &profile.shared)).collect();
    let unit = plan.vessel.wall.unit;
    write_lines(&tree, &profiles, unit, &folder.join("centreline.vtp"))?;
    table(&profiles).write(&folder.join("profiles.csv"))?;
    let wall = Wall { surface: &plan.vessel.wall, shear: Some(mean.wss) };
    let lesions = Some(lesions::find(&profiles, &wall, plan.mu / plan.rho));
    Ok(Along { profiles, lesions, integrals, missing: None, seconds: clock.elapsed().as_secs_f64() })
}

/// An array on the points of all branches.
struct Column {
    name: &'static str,
    unit: &'static str,
    components: usize,
    values: Vec<f64>,
}

/// A number along a branch.
type Values = fn(&BranchProfile) -> &Vec<f64>;

impl Column {
    fn array(&self) -> vtp::Array<'_> {
        let values = vtp::Values::F64(&self.values);
        vtp::Array { name: self.name, unit: self.unit, components: self.components, values }
    }
}

/// Writes the tree without a flow.
///
/// # Errors
/// [`OutputError`] when the file cannot be written.
pub fn write_tree(tree: &Tree, unit: f64, path: &Path) -> Result<(), OutputError> {
    write_lines(tree, &[], unit, path)
}

/// Writes the branches as lines, with the flow along them where there are profiles; `unit` is that of the file, m.
fn write_lines(tree: &Tree, profiles: &[BranchProfile], unit: f64, path: &Path) -> Result<(), OutputError> {
    let points = || tree.branches.iter().flat_map(|branch| &branch.points);
    let of = |name, unit, value: fn(&Point) -> f64| Column {
        name,
        unit,
        components: 1,
        values: points().map(value).collect(),
    };
    let mut columns = vec![
        of("radius", "m", |point| point.radius),
        of("area", "m^2", |point| point.area),
        of("diameter", "m", Point::diameter),
        of("arc", "m", |point| point.arc),
    ];
    let tangents = points().flat_map(|point| point.tangent).collect();
    columns.push(Column { name: "tangent", unit: "", components: 3, values: tangents });
    let flowing: [(_, _, Values); 5] = [
        ("flow", "m^3/s", |profile| &profile.flow),
        ("pressure", "Pa", |profile| &profile.pressure),
        ("pressure_ratio", "", |profile| &profile.pressure_ratio),
        ("wss_mean", "Pa", |profile| &profile.wss_mean),
        ("wss_max", "Pa", |profile| &profile.wss_max),
    ];
    for (name, unit, list) in flowing.into_iter().filter(|_| !profiles.is_empty()) {
        let values = profiles.iter().flat_map(|profile| list(profile).iter().copied()).collect();
        columns.push(Column { name, unit, components: 1, values });
    }
    let branch: Vec<i32> = (0i32..).zip(&tree.branches).flat_map(|(k, branch)| vec![k; branch.points.len()]).collect();
    let shared: Vec<u8> = points().map(|point| u8::from(point.shared)).collect();
    let mut arrays: Vec<vtp::Array> = columns.iter().map(Column::array).collect();
    arrays.push(vtp::Array { name: "branch", unit: "", components: 1, values: vtp::Values::I32(&branch) });
    arrays.push(vtp::Array { name: "shared", unit: "", components: 1, values: vtp::Values::U8(&shared) });
    let places: Vec<[f64; 3]> = points().map(|point| point.place).collect();
    let lengths: Vec<usize> = tree.branches.iter().map(|branch| branch.points.len()).collect();
    let names: Vec<String> = tree.branches.iter().map(|branch| branch.name.clone()).collect();
    let places = vtp::Places { places: &places, unit };
    let lines = lines::Lines { places, lengths: &lengths, names: &names };
    lines::write(path, &lines, &arrays, Compression::default()).map(|_| ())
}

/// `profiles.csv`: a row for every point of every branch.
fn table(profiles: &[BranchProfile]) -> csv::Table {
    let columns = [
        ("branch", ""),
        ("arc", "mm"),
        ("x", "mm"),
        ("y", "mm"),
        ("z", "mm"),
        ("radius", "mm"),
        ("area", "mm^2"),
        ("diameter", "mm"),
        ("flow", "ml/s"),
        ("pressure", "mmHg"),
        ("pressure_ratio", "-"),
        ("wss_mean", "Pa"),
        ("wss_max", "Pa"),
    ];
    let mut table = csv::Table::new(&columns);
    for profile in profiles {
        for k in 0..profile.len() {
            let [x, y, z] = profile.places[k].map(|x| 1e3 * x);
            let [arc, radius, diameter] = [profile.arc[k], profile.radius[k], profile.diameter(k)].map(|x| 1e3 * x);
            let (flow, pressure) = (1e6 * profile.flow[k], profile.pressure[k] / MMHG);
            let numbers = [arc, x, y, z, radius, 1e6 * profile.area[k], diameter, flow, pressure];
            let rest = [profile.pressure_ratio[k], profile.wss_mean[k], profile.wss_max[k]];
            table.push_named(&profile.name, &numbers.into_iter().chain(rest).collect::<Vec<_>>());
        }
    }
    table
}
