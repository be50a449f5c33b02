//! The files of a run.

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::RunError;
use super::level::Level;
use super::plan::Plan;
use super::steady::Finished;
use super::summary::WallShear;
use crate::analysis::strain;
use crate::analysis::wall_shear::WallSampler;
use crate::case::Field;
use crate::fluid::moments::{FIELDS, Macro};
use crate::geometry::lattice::{LANES, Lattice};
use crate::geometry::surface::Surface;
use crate::output::{Compression, OutputError, create_folder, csv, file, pvd, vti, vtp};

/// Writes the volume, the surface and the series into `folder`; returns the statistics of the wall shear.
///
/// # Errors
/// [`RunError`] when a file cannot be written or the device fails.
pub fn write(plan: &Plan, run: &mut Finished, folder: &Path) -> Result<WallShear, RunError> {
    create_folder(&folder.join("fluid"))?;
    create_folder(&folder.join("surface"))?;
    probes(plan, run, &folder.join("probes.csv"))?;
    let level = run.level.clone();
    let time = run.last.time;
    let state = run.flow.state()?;
    let fields = state.slices();
    let volume = folder.join("fluid").join("fluid_0000.vti");
    self::volume(plan, &level, &fields, time, &volume)?;
    pvd::Collection::new(&folder.join("fluid.pvd")).push(time, &volume)?;
    let surface = folder.join("surface").join("surface_0000.vtp");
    let shear = self::surface(plan, &level, &fields, time, &surface)?;
    pvd::Collection::new(&folder.join("surface.pvd")).push(time, &surface)?;
    Ok(shear)
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

/// Sites of the vessel itself, by block: fluid and not in a flow extension.
fn vessel_masks(plan: &Plan, lattice: &Lattice) -> Vec<u16> {
    let ends: Vec<_> = plan.closed.ends.iter().zip(&plan.vessel.openings).filter(|(e, _)| e.extension > 0.0).collect();
    let beyond = |p: [f64; 3]| {
        ends.iter().any(|(end, opening)| {
            let r: [f64; 3] = std::array::from_fn(|a| p[a] - end.centre[a]);
            let along: f64 = (0..3).map(|a| r[a] * end.normal[a]).sum();
            let across = (0..3).map(|a| r[a] * r[a]).sum::<f64>() - along * along;
            let reach = opening.equivalent_diameter();
            along > 0.0 && along <= end.extension + lattice.grid.spacing && across <= reach * reach
        })
    };
    let mask = |block: usize| {
        let lanes = (0..LANES).filter(|lane| lattice.fluid[block] >> lane & 1 == 1);
        lanes.filter(|lane| !beyond(lattice.position(Lattice::base(block) + lane))).fold(0u16, |m, lane| m | 1 << lane)
    };
    (0..lattice.origins.len()).map(mask).collect()
}

fn volume(plan: &Plan, level: &Level, fields: &[&[f32]; FIELDS], time: f64, path: &Path) -> Result<(), OutputError> {
    let lattice = &level.lattice;
    let masks = vessel_masks(plan, lattice);
    let unit = plan.case.geometry.unit.get_ref().metres();
    let (low, high) = bounds(lattice, &masks);
    let points = std::array::from_fn(|a| (high[a] - low[a] + 1).max(2) as usize);
    let grid = vti::Grid {
        origin: std::array::from_fn(|a| (lattice.grid.origin[a] + f64::from(low[a]) * lattice.grid.spacing) / unit),
        spacing: [lattice.grid.spacing / unit; 3],
        points,
    };
    let index = lattice.index();
    // Calls `give` with every vessel site of some rows and its number among their points.
    let rows = |rows: Range<usize>, give: &mut dyn FnMut(usize, usize)| {
        for (n, row) in rows.enumerate() {
            let (y, z) = ((row % points[1]) as i32 + low[1], (row / points[1]) as i32 + low[2]);
            let first = low[0].div_euclid(LANES as i32) * LANES as i32;
            for x in (first..=high[0]).step_by(LANES) {
                let Some(block) = index.find(x, y, z) else { continue };
                for lane in (0..LANES).filter(|lane| masks[block] >> lane & 1 == 1) {
                    give(n * points[0] + (x + lane as i32 - low[0]) as usize, Lattice::base(block) + lane);
                }
            }
        }
    };
    let scale = &level.scale;
    let pressure = |r: Range<usize>, out: &mut [f32]| {
        rows(r, &mut |at, site| {
            let drho = Macro::read(&fields.map(|f| f[site])).drho;
            out[at] = (plan.reference_pressure + scale.pressure_to_si(f64::from(drho))) as f32;
        });
    };
    let velocity = |r: Range<usize>, out: &mut [f32]| {
        rows(r, &mut |at, site| {
            for a in 0..3 {
                out[3 * at + a] = scale.velocity_to_si(f64::from(fields[1 + a][site]) / 3.0) as f32;
            }
        });
    };
    let viscosity = |r: Range<usize>, out: &mut [f32]| {
        rows(r, &mut |at, site| {
            let velocity = |site: usize| [1, 2, 3].map(|k: usize| f64::from(fields[k][site]) / 3.0);
            let rate = strain::shear_rate(&strain::rate(lattice, &velocity, site));
            out[at] = plan.rheology.viscosity(rate / scale.dt) as f32;
        });
    };
    let fluid = |r: Range<usize>, out: &mut [u8]| rows(r, &mut |at, _| out[at] = 1);
    let mut arrays = Vec::new();
    if plan.case.output.fields.contains(&Field::Pressure) {
        arrays.push(vti::Array { name: "pressure", unit: "Pa", components: 1, fill: vti::Fill::F32(&pressure) });
    }
    if plan.case.output.fields.contains(&Field::Velocity) {
        arrays.push(vti::Array { name: "velocity", unit: "m/s", components: 3, fill: vti::Fill::F32(&velocity) });
    }
    if plan.case.output.fields.contains(&Field::Viscosity) && !plan.rheology.is_newtonian() {
        arrays.push(vti::Array { name: "viscosity", unit: "Pa s", components: 1, fill: vti::Fill::F32(&viscosity) });
    }
    let volume = vti::Volume { grid, arrays: &arrays, fluid: &fluid, time: Some(time) };
    vti::write(path, &volume, Compression::default()).map(|_| ())
}

/// Smallest and largest grid coordinates of the masked sites.
fn bounds(lattice: &Lattice, masks: &[u16]) -> ([i32; 3], [i32; 3]) {
    let (mut low, mut high) = ([i32::MAX; 3], [i32::MIN; 3]);
    for (origin, &mask) in lattice.origins.iter().zip(masks).filter(|(_, mask)| **mask != 0) {
        let ends = [mask.trailing_zeros() as i32, 15 - mask.leading_zeros() as i32];
        for a in 0..3 {
            let [first, last] = if a == 0 { ends } else { [0, 0] };
            low[a] = low[a].min(origin[a] + first);
            high[a] = high[a].max(origin[a] + last);
        }
    }
    (low, high)
}

fn surface(
    plan: &Plan,
    level: &Level,
    fields: &[&[f32]; FIELDS],
    time: f64,
    path: &Path,
) -> Result<WallShear, OutputError> {
    let wall = &plan.vessel.wall;
    let sampler = WallSampler::new(&level.lattice, &plan.closed);
    let sample = sampler.sample(fields, &|rate| plan.rheology.nu(rate, &level.scale));
    // The wall's vertices come first in the closed surface; those that no triangle uses keep the reference.
    let mut pressure = vec![plan.reference_pressure as f32; wall.vertices.len()];
    let mut wss = vec![0.0f32; 3 * wall.vertices.len()];
    for (k, &vertex) in sampler.vertices().iter().enumerate() {
        let drho = f64::from(sample.drho[k]);
        pressure[vertex as usize] = (plan.reference_pressure + level.scale.pressure_to_si(drho)) as f32;
        for a in 0..3 {
            wss[3 * vertex as usize + a] = level.scale.stress_to_si(f64::from(sample.wss[k][a])) as f32;
        }
    }
    let wanted = |field: Field| plan.case.output.fields.contains(&field);
    let mut arrays = Vec::new();
    if wanted(Field::Pressure) {
        let values = vtp::Values::F32(&pressure);
        arrays.push(vtp::Array { name: "pressure", unit: "Pa", components: 1, values });
    }
    if wanted(Field::Wss) {
        arrays.push(vtp::Array { name: "wss", unit: "Pa", components: 3, values: vtp::Values::F32(&wss) });
    }
    vtp::write(path, wall, &arrays, &[], Some(time), Compression::default())?;
    Ok(shear_statistics(wall, &wss))
}

/// Statistics of the wall shear, each vertex weighted by a third of the area of its triangles.
fn shear_statistics(wall: &Surface, wss: &[f32]) -> WallShear {
    let mut area = vec![0.0; wall.vertices.len()];
    for triangle in &wall.triangles {
        let [a, b, c] = triangle.map(|v| nalgebra::Vector3::from(wall.vertices[v as usize]));
        let third = (b - a).cross(&(c - a)).norm() / 6.0;
        triangle.iter().for_each(|&v| area[v as usize] += third);
    }
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

/// Provenance: versions, inputs, device, plan, timings. Names no path, host or user.
///
/// # Errors
/// [`OutputError`] when a file cannot be read or written.
pub fn manifest(plan: &Plan, summary: &Value, folder: &Path) -> Result<(), OutputError> {
    let hash = |bytes: &[u8]| Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect::<String>();
    let files: Vec<PathBuf> = plan.case.surface_paths().unwrap_or_default();
    let surfaces: Vec<Value> = files
        .iter()
        .map(|path| {
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
            json!({ "file": name, "sha256": std::fs::read(path).ok().map(|bytes| hash(&bytes)) })
        })
        .collect();
    let openings: Vec<Value> = plan
        .iolets
        .iter()
        .zip(&plan.closed.ends)
        .map(|(i, end)| json!({ "name": i.name, "extension_mm": end.extension * 1e3, "diameter_mm": i.diameter * 1e3 }))
        .collect();
    let manifest = json!({
        "perfuse": env!("CARGO_PKG_VERSION"),
        "case": { "name": plan.case.name(), "sha256": hash(plan.case.source.file_text().as_bytes()),
                  "sets": plan.case.source.sets().collect::<Vec<_>>() },
        "surfaces": surfaces,
        "device": summary["device"],
        "plan": {
            "density_kg_m3": plan.rho, "viscosity_pa_s": plan.mu, "rheology": plan.rheology.to_string(),
            "reference_pressure_pa": plan.reference_pressure, "estimated_velocity_max_m_s": plan.peak,
            "spacings_mm": plan.spacings.iter().map(|s| s * 1e3).collect::<Vec<_>>(), "openings": openings,
        },
        "lattice": summary["lattice"],
        "levels": summary["levels"],
        "seconds": summary["performance"]["seconds"],
    });
    json_file(&folder.join("manifest.json"), &manifest)
}

/// Writes a JSON file.
///
/// # Errors
/// [`OutputError`] with the system's reason.
pub fn json_file(path: &Path, value: &Value) -> Result<(), OutputError> {
    file::write_all(path, format!("{value:#}\n").as_bytes())
}
