//! The fields on the surfaces of a results folder, in the units of the clinic.

use std::path::PathBuf;

use super::ReportError;
use super::folder::Folder;
use crate::geometry::formats::{PointArray, read_arrays};
use crate::output::colour::Map;
use crate::output::mesh::Mesh;
use crate::run::results::areas;
use crate::units::MMHG;

/// Parts of the wall's area whose values lie below and above the colours' range.
const PERCENTILES: [f64; 2] = [0.01, 0.99];

/// A surface with its fields.
pub(super) struct Skin {
    pub mesh: Mesh,
    pub fields: Vec<Drawn>,
}

/// A field to be drawn.
pub(super) struct Drawn {
    /// Name of its file.
    pub name: &'static str,
    /// In words, ASCII.
    pub title: &'static str,
    /// Unit, ASCII.
    pub unit: &'static str,
    pub map: Map,
    /// A value on every vertex, in `unit`.
    pub values: Vec<f32>,
    /// Values at the ends of the colours.
    pub range: [f64; 2],
    /// Smallest and largest value.
    pub extremes: [f64; 2],
}

impl Drawn {
    /// What the picture shows, with the range of the colours.
    pub fn caption(&self) -> String {
        let [low, high] = self.range;
        let [least, most] = self.extremes;
        let unit = if self.unit.is_empty() { String::new() } else { format!(" {}", self.unit) };
        let digits = if (high - low).abs() < 1.0 { 3 } else { 2 };
        format!(
            "{}. Colours from {low:.digits$} to {high:.digits$}{unit}, {} Values lie between {least:.digits$} and \
             {most:.digits$}{unit}.",
            self.title,
            if self.name == "osi" { "all that it can be." } else { "the 1st to the 99th percentile of the area." }
        )
    }
}

/// Array of a file, and how it is shown.
struct Kind {
    array: &'static str,
    name: &'static str,
    title: &'static str,
    unit: &'static str,
    /// From the unit of the file to the one that is shown.
    factor: f64,
    map: Map,
}

const FLOW: [Kind; 2] = [
    Kind {
        array: "pressure",
        name: "pressure",
        title: "Pressure",
        unit: "mmHg",
        factor: 1.0 / MMHG,
        map: Map::Viridis,
    },
    Kind { array: "wss", name: "wss", title: "Wall shear", unit: "Pa", factor: 1.0, map: Map::Plasma },
];
const CYCLE: [Kind; 3] = [
    Kind {
        array: "mean_pressure",
        name: "pressure",
        title: "Mean pressure",
        unit: "mmHg",
        factor: 1.0 / MMHG,
        map: Map::Viridis,
    },
    Kind {
        array: "tawss",
        name: "tawss",
        title: "Time-averaged wall shear",
        unit: "Pa",
        factor: 1.0,
        map: Map::Plasma,
    },
    Kind { array: "osi", name: "osi", title: "Oscillatory shear index", unit: "", factor: 1.0, map: Map::Viridis },
];
const WALL: [Kind; 1] = [Kind {
    array: "von_mises",
    name: "von_mises",
    title: "Wall stress (von Mises)",
    unit: "kPa",
    factor: 1e-3,
    map: Map::Cividis,
}];

/// The surfaces that there are: that of the flow (its averages where it pulsates), and the inner one of the wall.
pub(super) fn skins(folder: &Folder) -> Result<Vec<Skin>, ReportError> {
    let cycle = folder.path.join("surface_cycle.vtp");
    let flow = if cycle.is_file() { Some((cycle, &CYCLE[..])) } else { last(folder)?.map(|path| (path, &FLOW[..])) };
    let wall = Some((folder.path.join("wall_inner.vtp"), &WALL[..])).filter(|(path, _)| path.is_file());
    let read = |(path, kinds): (PathBuf, &[Kind])| skin(folder, &path, kinds);
    let skins = flow.into_iter().chain(wall).map(read).collect::<Result<Vec<_>, _>>()?;
    Ok(skins.into_iter().filter(|skin| !skin.fields.is_empty() && !skin.mesh.triangles.is_empty()).collect())
}

/// The last of `surface/*.vtp` by its name.
fn last(folder: &Folder) -> Result<Option<PathBuf>, ReportError> {
    let path = folder.path.join("surface");
    if !path.is_dir() {
        return Ok(None);
    }
    let error = |source| ReportError::Read { path: path.clone(), source };
    let entries = std::fs::read_dir(&path).map_err(error)?.collect::<Result<Vec<_>, _>>().map_err(error)?;
    let files = entries.into_iter().map(|entry| entry.path());
    // A file that a run is still writing has a name that begins with a dot.
    let hidden = |p: &PathBuf| p.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    Ok(files.filter(|p| p.extension().is_some_and(|e| e == "vtp") && !hidden(p)).max())
}

fn skin(folder: &Folder, path: &std::path::Path, kinds: &[Kind]) -> Result<Skin, ReportError> {
    let names: Vec<&str> = kinds.iter().map(|kind| kind.array).collect();
    let read = read_arrays(path, folder.unit, &names)?;
    let mesh = Mesh::new(&read.surface);
    let areas = areas(&read.surface);
    let drawn = |kind: &Kind| Some(field(kind, read.named(kind.array)?, &areas));
    Ok(Skin { fields: kinds.iter().filter_map(drawn).collect(), mesh })
}

fn field(kind: &Kind, array: &PointArray, areas: &[f64]) -> Drawn {
    let size = |tuple: &[f64]| match tuple {
        [value] => kind.factor * value,
        vector => kind.factor * vector.iter().map(|x| x * x).sum::<f64>().sqrt(),
    };
    let values: Vec<f64> = array.values.chunks_exact(array.components).map(size).collect();
    let [percentiles, extremes] = spread(&values, areas);
    let range = if kind.name == "osi" { [0.0, 0.5] } else { opened(percentiles) };
    let values = values.into_iter().map(|x| x as f32).collect();
    let Kind { name, title, unit, map, .. } = *kind;
    Drawn { name, title, unit, map, values, range, extremes }
}

/// A range that is not empty.
fn opened([low, high]: [f64; 2]) -> [f64; 2] {
    let least = 1e-4 * low.abs().max(high.abs()).max(1e-6);
    if high - low >= least { [low, high] } else { [low - least, high + least] }
}

/// The percentiles of the colours by area, and the extremes; of vertices that no triangle uses nothing counts.
fn spread(values: &[f64], areas: &[f64]) -> [[f64; 2]; 2] {
    let pairs = values.iter().zip(areas).filter(|(_, area)| **area > 0.0);
    let mut sorted: Vec<(f64, f64)> = pairs.map(|(value, area)| (*value, *area)).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = sorted.iter().map(|pair| pair.1).sum();
    let at = |part: f64| {
        let mut below = 0.0;
        let found = sorted.iter().find(|(_, area)| {
            below += area;
            below >= part * total
        });
        found.or(sorted.last()).map_or(0.0, |pair| pair.0)
    };
    let ends = [sorted.first(), sorted.last()].map(|pair| pair.map_or(0.0, |pair| pair.0));
    [PERCENTILES.map(at), ends]
}
