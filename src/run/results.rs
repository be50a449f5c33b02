//! The files of a run.

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::RunError;
use super::centreline::{self, Along, Mean};
use super::level::Level;
use super::plan::Plan;
use super::region::Region;
use super::steady::Finished;
use super::summary::WallShear;
use super::wall::WallLoad;
use super::wall::plan::WallPlan;
use crate::analysis::strain;
use crate::analysis::wall_shear::WallSampler;
use crate::case::{Case, Field};
use crate::fluid::moments::{FIELDS, Macro};
use crate::geometry::labels::voxel_file;
use crate::geometry::surface::Surface;
use crate::output::{Compression, OutputError, create_folder, csv, file, pvd, vti, vtp};

/// What remains of a run besides its files.
pub struct Written {
    /// Statistics of the wall shear.
    pub shear: WallShear,
    /// What the flow loads the wall with.
    pub loads: Vec<WallLoad>,
    /// What the flow is like along the branches.
    pub along: Along,
}

/// Writes the volume, the surface, the branches and the series into `folder`; returns the statistics of the wall shear,
/// the flow's load on the wall, and what it is like along the branches.
///
/// # Errors
/// [`RunError`] when a file cannot be written or the device fails.
pub fn write(plan: &Plan, run: &mut Finished, folder: &Path) -> Result<Written, RunError> {
    create_folder(&folder.join("fluid"))?;
    create_folder(&folder.join("surface"))?;
    probes(plan, run, &folder.join("probes.csv"))?;
    let level = run.level.clone();
    let time = run.last.time;
    let state = run.flow.state()?;
    let fields = state.slices();
    let volume = folder.join("fluid").join("fluid_0000.vti");
    let moment = Moment { plan, level: &level, reference: plan.reference_pressure, time };
    moment.volume(&fields, &volume)?;
    pvd::Collection::new(&folder.join("fluid.pvd")).push(time, &volume)?;
    let surface = folder.join("surface").join("surface_0000.vtp");
    let sampler = WallSampler::new(&level.lattice, &plan.closed, plan.layer(level.scale.dx));
    let wall = moment.wall(&fields, &sampler);
    let shear = moment.surface(&wall, &surface)?;
    pvd::Collection::new(&folder.join("surface.pvd")).push(time, &surface)?;
    let velocity = |site: usize| [1, 2, 3].map(|k: usize| level.scale.velocity_to_si(f64::from(fields[k][site]) / 3.0));
    let pressure = |site: usize| moment.pressure(&fields, site);
    let mean = Mean {
        lattice: &level.lattice,
        velocity: &velocity,
        pressure: &pressure,
        wss: &wall.shear_size(),
        flows: run.last.flows.clone(),
        pressures: run.last.pressures.clone(),
    };
    let along = centreline::write(plan, mean, folder)?;
    Ok(Written { shear, loads: vec![wall.load("steady", time)], along })
}

/// Pressure (Pa) and wall shear (Pa, three numbers) at every vertex of the vessel's wall.
pub(super) struct AtVertices {
    /// Pressure.
    pub pressure: Vec<f32>,
    /// Wall shear, the components of a vertex together.
    pub wss: Vec<f32>,
}

impl AtVertices {
    /// Size of the wall shear at every vertex, Pa.
    pub(super) fn shear_size(&self) -> Vec<f64> {
        let size = |w: &[f32]| w.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
        self.wss.chunks_exact(3).map(size).collect()
    }

    /// The load of this name and time (s).
    pub(super) fn load(&self, name: impl Into<String>, time: f64) -> WallLoad {
        WallLoad {
            name: name.into(),
            time,
            pressure: self.pressure.iter().map(|p| f64::from(*p)).collect(),
            shear: self.wss.chunks_exact(3).map(|w| [w[0], w[1], w[2]].map(f64::from)).collect(),
        }
    }
}

/// What a state is written with.
pub(super) struct Moment<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The lattice.
    pub level: &'a Level,
    /// Pressure of a density deviation of nought, Pa.
    pub reference: f64,
    /// Time, s.
    pub time: f64,
}

/// Flow and pressure of every opening over the run.
fn probes(plan: &Plan, run: &Finished, path: &Path) -> Result<(), OutputError> {
    let names: Vec<(String, &str)> = [("time".to_owned(), "s"), ("spacing".to_owned(), "mm")]
        .into_iter()
        .chain(
            plan.iolets
                .iter()
                .flat_map(|i| [(format!("flow_{}", i.name), "ml/s"), (format!("pressure_{}", i.name), "mmHg")]),
        )
        .collect();
    let mut table = csv::Table::new(&names);
    for sample in &run.samples {
        let pairs = sample.flows.iter().zip(&sample.pressures);
        let values = pairs.flat_map(|(q, p)| [q * 1e6, p / crate::units::MMHG]);
        table.push(&[sample.time, sample.spacing * 1e3].into_iter().chain(values).collect::<Vec<_>>());
    }
    table.write(path)
}

impl Moment<'_> {
    /// Pressure at a site, Pa.
    fn pressure(&self, fields: &[&[f32]; FIELDS], site: usize) -> f64 {
        let drho = Macro::read(&fields.map(|f| f[site])).drho;
        self.reference + self.level.scale.pressure_to_si(f64::from(drho))
    }

    /// The volume of a state.
    pub(super) fn volume(&self, fields: &[&[f32]; FIELDS], path: &Path) -> Result<(), OutputError> {
        let (plan, lattice, scale) = (self.plan, &self.level.lattice, &self.level.scale);
        let region = Region::new(plan, lattice);
        let pressure = |r: Range<usize>, out: &mut [f32]| {
            region.rows(r, &mut |at, site| {
                out[at] = self.pressure(fields, site) as f32;
            });
        };
        let velocity = |r: Range<usize>, out: &mut [f32]| {
            region.rows(r, &mut |at, site| {
                for a in 0..3 {
                    out[3 * at + a] = scale.velocity_to_si(f64::from(fields[1 + a][site]) / 3.0) as f32;
                }
            });
        };
        let viscosity = |r: Range<usize>, out: &mut [f32]| {
            region.rows(r, &mut |at, site| {
                let velocity = |site: usize| [1, 2, 3].map(|k: usize| f64::from(fields[k][site]) / 3.0);
                let rate = strain::shear_rate(&strain::rate(lattice, &velocity, site));
                out[at] = plan.rheology.viscosity(rate / scale.dt) as f32;
            });
        };
        let wanted = |field: Field| plan.case.output.fields.contains(&field);
        let mut arrays = Vec::new();
        if wanted(Field::Pressure) {
            arrays.push(vti::Array { name: "pressure", unit: "Pa", components: 1, fill: vti::Fill::F32(&pressure) });
        }
        if wanted(Field::Velocity) {
            arrays.push(vti::Array { name: "velocity", unit: "m/s", components: 3, fill: vti::Fill::F32(&velocity) });
        }
        if wanted(Field::Viscosity) && !plan.rheology.is_newtonian() {
            arrays.push(vti::Array {
                name: "viscosity",
                unit: "Pa s",
                components: 1,
                fill: vti::Fill::F32(&viscosity),
            });
        }
        region.write(&arrays, self.time, path)
    }

    /// Pressure and wall shear of a state at the vertices of the wall.
    pub(super) fn wall(&self, fields: &[&[f32]; FIELDS], sampler: &WallSampler) -> AtVertices {
        let (plan, level) = (self.plan, self.level);
        let wall = &plan.vessel.wall;
        let sample = sampler.sample(fields, &|rate| plan.rheology.nu(rate, &level.scale));
        // The wall's vertices come first in the closed surface; those that no triangle uses keep the reference.
        let mut pressure = vec![self.reference as f32; wall.vertices.len()];
        let mut wss = vec![0.0f32; 3 * wall.vertices.len()];
        for (k, &vertex) in sampler.vertices().iter().enumerate() {
            let drho = f64::from(sample.drho[k]);
            pressure[vertex as usize] = (self.reference + level.scale.pressure_to_si(drho)) as f32;
            for a in 0..3 {
                wss[3 * vertex as usize + a] = level.scale.stress_to_si(f64::from(sample.wss[k][a])) as f32;
            }
        }
        AtVertices { pressure, wss }
    }

    /// Writes pressure and wall shear on the surface; returns the statistics of the wall shear.
    pub(super) fn surface(&self, at: &AtVertices, path: &Path) -> Result<WallShear, OutputError> {
        let wall = &self.plan.vessel.wall;
        let wanted = |field: Field| self.plan.case.output.fields.contains(&field);
        let mut arrays = Vec::new();
        if wanted(Field::Pressure) {
            let values = vtp::Values::F32(&at.pressure);
            arrays.push(vtp::Array { name: "pressure", unit: "Pa", components: 1, values });
        }
        if wanted(Field::Wss) {
            arrays.push(vtp::Array { name: "wss", unit: "Pa", components: 3, values: vtp::Values::F32(&at.wss) });
        }
        vtp::write(path, wall, &arrays, &[], Some(self.time), Compression::default())?;
        Ok(shear_statistics(wall, &at.wss))
    }
}

/// Statistics of the wall shear (three numbers a vertex), each vertex weighted by a third of the area of its triangles.
pub(super) fn shear_statistics(wall: &Surface, wss: &[f32]) -> WallShear {
    let area = areas(wall);
    let size = |w: &[f32]| w.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
    let mut values: Vec<(f64, f64)> = wss.chunks_exact(3).map(size).zip(area).filter(|(_, area)| *area > 0.0).collect();
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = values.iter().map(|v| v.1).sum();
    let percentile = |part: f64| {
        let mut below = 0.0;
        let found = values.iter().find(|(_, area)| {
            below += area;
            below >= part * total
        });
        found.map_or(0.0, |v| v.0)
    };
    WallShear {
        mean: values.iter().map(|(value, area)| value * area).sum::<f64>() / total.max(1e-30),
        p50: percentile(0.5),
        p95: percentile(0.95),
        p99: percentile(0.99),
        max: values.last().map_or(0.0, |v| v.0),
    }
}

/// A third of the area of each vertex' triangles, m^2.
pub(super) fn areas(wall: &Surface) -> Vec<f64> {
    let mut area = vec![0.0; wall.vertices.len()];
    for triangle in &wall.triangles {
        let [a, b, c] = triangle.map(|v| nalgebra::Vector3::from(wall.vertices[v as usize]));
        let third = (b - a).cross(&(c - a)).norm() / 6.0;
        triangle.iter().for_each(|&v| area[v as usize] += third);
    }
    area
}

/// Provenance: versions, inputs, device, plan, timings. Names no path, host or user.
///
/// # Errors
/// [`OutputError`] when a file cannot be read or written.
pub fn manifest(plan: &Plan, summary: &Value, folder: &Path) -> Result<(), OutputError> {
    let openings: Vec<Value> = plan
        .iolets
        .iter()
        .zip(&plan.closed.ends)
        .map(|(i, end)| json!({ "name": i.name, "extension_mm": end.extension * 1e3, "diameter_mm": i.diameter * 1e3 }))
        .collect();
    let mut manifest = inputs(&plan.case);
    let more = json!({
        "device": summary["device"],
        "plan": {
            "density_kg_m3": plan.rho, "viscosity_pa_s": plan.mu, "rheology": plan.rheology.to_string(),
            "reference_pressure_pa": plan.reference_pressure, "estimated_velocity_max_m_s": plan.peak,
            "spacings_mm": plan.spacings.iter().map(|s| s * 1e3).collect::<Vec<_>>(), "openings": openings,
        },
        "loads": super::tuning::paste(&plan.iolets).into_iter().map(|(name, load)| (name, load.into())).collect::<serde_json::Map<_, Value>>(),
        "lattice": summary["lattice"],
        "levels": summary["levels"],
        "wall": plan.wall.as_ref().map(|wall| wall.as_json()),
        "surface_repaired": plan.repairs.lines(),
        "surface_repairs": plan.repairs.mended.as_ref().map(super::vessel::repairs_json),
        "seconds": summary["performance"]["seconds"],
    });
    extend(&mut manifest, more);
    json_file(&folder.join("manifest.json"), &manifest)
}

/// The same of a run of the wall alone, under a pressure in Pa.
///
/// # Errors
/// As [`manifest`].
pub fn wall_manifest(
    (case, wall): (&Case, &WallPlan),
    pressure: f64,
    summary: &Value,
    folder: &Path,
) -> Result<(), OutputError> {
    let mut manifest = inputs(case);
    let more = json!({
        "device": summary["device"],
        "wall": wall.as_json(),
        "pressure_pa": pressure,
        "seconds": summary["performance"]["seconds"],
    });
    extend(&mut manifest, more);
    json_file(&folder.join("manifest.json"), &manifest)
}

/// Version, and hashes of case and surfaces.
fn inputs(case: &Case) -> Value {
    let hash = |bytes: &[u8]| Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect::<String>();
    let mut files: Vec<PathBuf> = case.surface_paths().unwrap_or_default();
    files.extend(files.iter().filter_map(|path| voxel_file(path)).collect::<Vec<_>>());
    let surface = |path: &PathBuf| {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
        json!({ "file": name, "sha256": std::fs::read(path).ok().map(|bytes| hash(&bytes)) })
    };
    json!({
        "perfuse": env!("CARGO_PKG_VERSION"),
        "case": { "name": case.name(), "sha256": hash(case.source.file_text().as_bytes()),
                  "sets": case.source.sets().collect::<Vec<_>>() },
        "geometry": { "unit": case.geometry.unit.get_ref().to_string() },
        "surfaces": files.iter().map(surface).collect::<Vec<_>>(),
    })
}

/// Adds the keys of one object to another.
fn extend(value: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (value, more) {
        into.extend(more);
    }
}

/// Writes a JSON file.
///
/// # Errors
/// [`OutputError`] with the system's reason.
pub fn json_file(path: &Path, value: &Value) -> Result<(), OutputError> {
    file::write_all(path, format!("{value:#}\n").as_bytes())
}
