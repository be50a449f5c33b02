//! The files of a pulsating run.

use std::path::{Path, PathBuf};

use super::{Finished, Snapshot};
use crate::analysis::indices::{Indices, Means};
use crate::case::wall::Instant;
use crate::output::{Compression, OutputError, create_folder, csv, pvd, vtp};
use crate::run::RunError;
use crate::run::centreline::{self, Along, Mean};
use crate::run::checkpoint::Shots;
use crate::run::cycle::{surface_arrays, volume_arrays};
use crate::run::plan::Plan;
use crate::run::pulse::Beat;
use crate::run::region::Region;
use crate::run::results::{AtVertices, Moment, Written, areas, shear_statistics};
use crate::units::MMHG;

/// Writes snapshots as they come: each cycle's in place of those of the one before.
pub struct Writer<'a> {
    plan: &'a Plan,
    folder: PathBuf,
    shots: Shots,
}

impl<'a> Writer<'a> {
    /// Into `folder`.
    ///
    /// # Errors
    /// [`OutputError`] when the folders cannot be made.
    pub fn new(plan: &'a Plan, folder: &Path) -> Result<Self, OutputError> {
        create_folder(&folder.join("fluid"))?;
        create_folder(&folder.join("surface"))?;
        let loads = plan.beat.as_ref().map_or(0, |beat| beat.loads.len());
        let shots = Shots { written: Vec::new(), loads: vec![None; loads] };
        Ok(Self { plan, folder: folder.to_owned(), shots })
    }

    /// The snapshots and loads so far.
    #[must_use]
    pub fn shots(&self) -> &Shots {
        &self.shots
    }

    /// Takes over those of an earlier run.
    pub fn take(&mut self, shots: Shots) {
        if shots.loads.len() == self.shots.loads.len() {
            self.shots = shots;
        }
    }

    /// Writes a snapshot, and keeps what it loads the wall with.
    ///
    /// # Errors
    /// [`RunError`] when a file cannot be written or the device fails.
    pub fn snapshot(&mut self, shot: &mut Snapshot) -> Result<(), RunError> {
        let moment = Moment { plan: self.plan, level: shot.level, reference: shot.reference, time: shot.time };
        let state = shot.flow.state()?;
        let fields = state.slices();
        let wall = moment.wall(&fields, shot.sampler);
        if let Some(number) = shot.number {
            moment.volume(&fields, &self.volume(number))?;
            moment.surface(&wall, &self.surface(number))?;
            self.shots.written.retain(|(other, _)| *other != number);
            self.shots.written.push((number, shot.time));
        }
        let instants = self.plan.beat.as_ref().map_or(&[][..], |beat| &beat.loads);
        for &k in &shot.loads {
            self.shots.loads[k] = Some(wall.load(instants[k].name(), shot.time));
        }
        Ok(())
    }

    fn volume(&self, number: usize) -> PathBuf {
        self.folder.join("fluid").join(format!("fluid_{number:04}.vti"))
    }

    fn surface(&self, number: usize) -> PathBuf {
        self.folder.join("surface").join(format!("surface_{number:04}.vtp"))
    }

    /// Means over the cycle at the vertices of the wall; those that no triangle uses have the reference pressure.
    fn mean(&self, run: &Finished, indices: &Indices) -> AtVertices {
        let vertices = self.plan.vessel.wall.vertices.len();
        let mut at = AtVertices { pressure: vec![indices.reference; vertices], wss: vec![0.0; 3 * vertices] };
        for (&vertex, (pressure, wss)) in run.sampler.vertices().iter().zip(indices.pressure.iter().zip(&indices.wss)) {
            let vertex = vertex as usize;
            at.pressure[vertex] = *pressure;
            at.wss[3 * vertex..3 * vertex + 3].copy_from_slice(wss);
        }
        at
    }

    /// Writes what the mean flow over the cycle is like along the branches; `tawss` has three numbers a vertex, the first
    /// of which counts.
    fn along(&self, run: &Finished, tawss: &[f32]) -> Result<Along, OutputError> {
        let Some(means) = Means::new(&run.sums, &run.level.scale) else { return Ok(Along::default()) };
        let openings = 0..run.last.rows.first().map_or(0, |row| row.flows.len());
        let wss: Vec<f64> = tawss.iter().step_by(3).map(|x| f64::from(*x)).collect();
        let mean = Mean {
            lattice: &run.level.lattice,
            velocity: &|site| std::array::from_fn(|a| f64::from(means.velocity[a][site])),
            pressure: &|site| f64::from(means.pressure[site]),
            wss: &wss,
            flows: openings.clone().map(|k| run.last.spread(|row| row.flows[k]).mean).collect(),
            pressures: openings.map(|k| run.last.spread(|row| row.pressures[k]).mean).collect(),
        };
        centreline::write(self.plan, mean, &self.folder)
    }

    /// Writes collections of the snapshots, the cycle's indices and averages, and the probes; returns the statistics of
    /// the time-averaged wall shear with the loads of the wall (those that the run reached), and the indices.
    ///
    /// # Errors
    /// [`OutputError`] when a file cannot be written.
    pub fn finish(mut self, beat: &Beat, run: &Finished) -> Result<(Written, Indices), OutputError> {
        self.shots.written.sort_by_key(|(number, _)| *number);
        let mut volumes = pvd::Collection::new(&self.folder.join("fluid.pvd"));
        let mut surfaces = pvd::Collection::new(&self.folder.join("surface.pvd"));
        for &(number, time) in &self.shots.written {
            volumes.push(time, &self.volume(number))?;
            surfaces.push(time, &self.surface(number))?;
        }
        probes(self.plan, beat, run, &self.folder.join("probes.csv"))?;
        let indices = Indices::new(&run.sampler, &run.sums, &run.level.scale);
        if let Some(means) = Means::new(&run.sums, &run.level.scale) {
            let path = self.folder.join("fluid_cycle.vti");
            Region::new(self.plan, &run.level.lattice).write_sites(&volume_arrays(&means), 0.0, &path)?;
        }
        let wall = &self.plan.vessel.wall;
        let arrays = surface_arrays(&indices, &run.sampler, wall.vertices.len());
        let named: Vec<vtp::Array> = arrays
            .iter()
            .map(|a| vtp::Array {
                name: a.name,
                unit: a.unit,
                components: a.components,
                values: vtp::Values::F32(&a.values),
            })
            .collect();
        vtp::write(&self.folder.join("surface_cycle.vtp"), wall, &named, &[], Some(0.0), Compression::default())?;
        let mut tawss = vec![0.0f32; 3 * wall.vertices.len()];
        for (&vertex, value) in run.sampler.vertices().iter().zip(&indices.tawss) {
            tawss[3 * vertex as usize] = *value;
        }
        let along = self.along(run, &tawss)?;
        let mean = self.mean(run, &indices);
        let loads = beat.loads.iter().zip(self.shots.loads);
        let loads = loads.filter_map(|(instant, taken)| match instant {
            Instant::Mean => Some(mean.load(instant.name(), 0.0)),
            _ => taken,
        });
        Ok((Written { shear: shear_statistics(wall, &tawss), loads: loads.collect(), along }, indices))
    }
}

/// Flow and pressure of every opening, and what the probes saw, over all cycles.
fn probes(plan: &Plan, beat: &Beat, run: &Finished, path: &Path) -> Result<(), OutputError> {
    let mut names: Vec<(String, &str)> = vec![("time".into(), "s"), ("spacing".into(), "mm")];
    for iolet in &plan.iolets {
        names.push((format!("flow_{}", iolet.name), "ml/s"));
        names.push((format!("pressure_{}", iolet.name), "mmHg"));
        if iolet.load.is_some() {
            names.push((format!("load_{}", iolet.name), "mmHg"));
        }
    }
    let mut areas = Vec::new();
    for probe in &beat.probes {
        names.push((format!("pressure_{}", probe.name), "mmHg"));
        names.extend(["x", "y", "z"].map(|axis| (format!("velocity_{}_{axis}", probe.name), "m/s")));
        let area = probe.area(&run.level.lattice);
        if area > 0.0 {
            names.push((format!("flow_{}", probe.name), "ml/s"));
        }
        areas.push(area);
    }
    let mut table = csv::Table::new(&names);
    for row in &run.rows {
        let mut values = vec![row.time, row.spacing * 1e3];
        for (k, iolet) in plan.iolets.iter().enumerate() {
            values.extend([row.flows[k] * 1e6, row.pressures[k] / MMHG]);
            values.extend(iolet.load.as_ref().map(|_| row.loads[k] / MMHG));
        }
        for ((probe, [pressure, velocity @ ..]), area) in beat.probes.iter().zip(&row.probes).zip(&areas) {
            values.push(pressure / MMHG);
            values.extend(velocity);
            values.extend(probe.normal().map(|n| 1e6 * area * (0..3).map(|a| n[a] * velocity[a]).sum::<f64>()));
        }
        table.push(&values);
    }
    table.write(path)
}

/// Area of the wall (m^2) that each vertex of the run's sampler stands for.
pub(super) fn vertex_areas(plan: &Plan, run: &Finished) -> Vec<f64> {
    let areas = areas(&plan.vessel.wall);
    run.sampler.vertices().iter().map(|&vertex| areas.get(vertex as usize).copied().unwrap_or(0.0)).collect()
}
