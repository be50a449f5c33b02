//! What happened to a flow that became unphysical: where, when, and what to change.
//!
//! A lattice-Boltzmann flow fails within some ten steps: one site becomes faster than sound, its neighbours follow, and the
//! next look finds numbers that are not finite everywhere. So the run keeps the last good state in memory (`Good`), goes
//! back to it, and runs again with looks so close that the first bad value is found at its step and its site
//! (`advance`). Around it a VTK volume shows the state one step before.

mod remedy;

use std::path::Path;
use std::time::{Duration, Instant};

use super::RunError;
use super::level::Level;
use super::plan::Plan;
use super::watch::{self, EVERY, Fault, Sight};
use crate::analysis::strain;
use crate::backend::saved::{SaveError, Saved};
use crate::backend::{BackendError, Flow, host};
use crate::fluid::moments::{FIELDS, Macro};
use crate::output::{Compression, OutputError, vti};

/// Steps between two looks in a close watch.
const PIECE: usize = 20;

/// A copy of the state is made when so many times its own duration has passed: less than 1 % of the time.
const RATE: u32 = 150;

/// A copy is kept where the machine has so many times its size left.
const ROOM: u64 = 4;

/// Sites to either side of the bad one that are shown.
const REACH: i64 = 16;

/// Name of the volume around the bad site, in the folder of the results.
pub const FILE: &str = "postmortem.vti";

/// The last good state of a lattice with its head.
pub(super) struct Good<H> {
    head: Option<H>,
    saved: Option<Saved>,
    bytes: Vec<u8>,
    taken: Instant,
    cost: Duration,
    off: bool,
}

impl<H> Default for Good<H> {
    fn default() -> Self {
        let (taken, cost) = (Instant::now(), Duration::ZERO);
        Self { head: None, saved: None, bytes: Vec::new(), taken, cost, off: false }
    }
}

impl<H> Good<H> {
    /// Whether it is time for a copy.
    pub(super) fn due(&self) -> bool {
        !self.off && (self.head.is_none() || self.taken.elapsed() >= RATE * self.cost)
    }

    /// Copies a flow that has just been found good.
    pub(super) fn keep(&mut self, flow: &mut Flow, head: H) -> Result<(), BackendError> {
        let clock = Instant::now();
        let saved = flow.saved()?;
        let bytes = saved.array_bytes();
        if self.head.is_none() && host::available().is_some_and(|left| left < ROOM * bytes) {
            self.off = true;
            return Ok(());
        }
        write(flow, &mut self.bytes, bytes)?;
        (self.head, self.saved) = (Some(head), Some(saved));
        (self.taken, self.cost) = (Instant::now(), clock.elapsed());
        Ok(())
    }

    /// What there is to go back to: its head, and what restores its flow.
    pub(super) fn take(&mut self) -> Option<(H, Copy)> {
        let (head, saved) = (self.head.take()?, self.saved.take()?);
        self.off = true;
        Some((head, Copy { saved, bytes: std::mem::take(&mut self.bytes) }))
    }
}

/// A copy of a flow.
pub(super) struct Copy {
    saved: Saved,
    bytes: Vec<u8>,
}

impl Copy {
    /// Puts the flow back.
    pub(super) fn restore(&self, flow: &mut Flow) -> Result<(), RunError> {
        flow.restore(&self.saved, &mut self.bytes.as_slice()).map_err(failed)
    }
}

fn write(flow: &mut Flow, bytes: &mut Vec<u8>, count: u64) -> Result<(), BackendError> {
    bytes.clear();
    bytes.reserve_exact(count as usize);
    match flow.write_arrays(bytes) {
        Err(SaveError::Backend(error)) => Err(error),
        // Writing into memory does not fail otherwise.
        _ => Ok(()),
    }
}

fn failed(error: SaveError) -> RunError {
    match error {
        SaveError::Backend(error) => error.into(),
        other => OutputError::io(Path::new("memory"), std::io::Error::other(other)).into(),
    }
}

/// The first bad site of a flow, and after how many steps of those asked for it was seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Found {
    /// Steps.
    pub steps: usize,
    /// Padded index.
    pub site: usize,
    /// What is wrong.
    pub fault: Fault,
}

/// How steps are watched.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Watched {
    /// Lattice velocity that is allowed.
    pub fastest: f64,
    /// Whether every step in which something becomes bad is to be found.
    pub close: bool,
    /// Steps since the last look.
    pub unseen: usize,
}

/// Takes steps with looks between them: those of the monitor where the state is at hand, or, in a close watch, so many that
/// the first bad step is found; then the flow is left in the state one step before.
pub(super) fn advance(flow: &mut Flow, steps: usize, watched: &mut Watched) -> Result<Option<Found>, RunError> {
    if watched.close {
        return advance_closely(flow, steps, watched.fastest);
    }
    if flow.backend_name() != "cpu" {
        flow.advance(steps)?;
        return Ok(None);
    }
    let mut done = 0;
    while done < steps {
        let piece = (steps - done).min(EVERY.saturating_sub(watched.unseen).max(1));
        flow.advance(piece)?;
        done += piece;
        watched.unseen += piece;
        if watched.unseen >= EVERY {
            watched.unseen = 0;
            if let Some((site, fault)) = bad(flow, watched.fastest)? {
                return Ok(Some(Found { steps: done, site, fault }));
            }
        }
    }
    Ok(None)
}

fn advance_closely(flow: &mut Flow, steps: usize, fastest: f64) -> Result<Option<Found>, RunError> {
    let (mut done, mut bytes) = (0, Vec::new());
    while done < steps {
        let piece = (steps - done).min(PIECE);
        let saved = flow.saved()?;
        write(flow, &mut bytes, saved.array_bytes())?;
        flow.advance(piece)?;
        if let Some((site, fault)) = bad(flow, fastest)? {
            let found = Found { steps: done + piece, site, fault };
            let first = first(flow, &Copy { saved, bytes }, (done, piece), fastest)?;
            return Ok(Some(first.unwrap_or(found)));
        }
        done += piece;
    }
    Ok(None)
}

/// The first bad step of a piece that begins with a copy; leaves the flow one step before.
fn first(flow: &mut Flow, copy: &Copy, (done, piece): (usize, usize), fastest: f64) -> Result<Option<Found>, RunError> {
    copy.restore(flow)?;
    for k in 1..=piece {
        flow.advance(1)?;
        if let Some((site, fault)) = bad(flow, fastest)? {
            copy.restore(flow)?;
            flow.advance(k - 1)?;
            return Ok(Some(Found { steps: done + k, site, fault }));
        }
    }
    Ok(None)
}

fn bad(flow: &mut Flow, fastest: f64) -> Result<Option<(usize, Fault)>, RunError> {
    let lattice = flow.lattice().clone();
    let state = flow.state()?;
    Ok(match watch::look(&lattice, &state.slices(), fastest) {
        Sight::Bad(site, fault) => Some((site, fault)),
        Sight::Peak(..) => None,
    })
}

/// The flow became unphysical.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error(
    "the flow became unphysical after {step} steps ({time:.5} s) at {:.2} {:.2} {:.2} mm (site {site}), {near}: {what}. \
     tau is {tau:.5}; {remedy}",
    place[0], place[1], place[2]
)]
pub struct Diverged {
    /// Step on this lattice.
    pub step: u64,
    /// Time on this lattice, s.
    pub time: f64,
    /// The first bad site: padded index.
    pub site: usize,
    /// Its position, mm.
    pub place: [f64; 3],
    /// The nearest opening or patch of the wall, and its distance.
    pub near: String,
    /// What is wrong there.
    pub what: String,
    /// Mach number and shear rate (1/s) there, one step before where that is known.
    pub mach: f64,
    /// See `mach`.
    pub shear: f64,
    /// Relaxation time.
    pub tau: f64,
    /// What to change.
    pub remedy: String,
    /// The state around it.
    pub around: Around,
}

/// The state in a box around a site: x fastest, noughts outside the fluid.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Around {
    origin: [f64; 3],
    spacing: f64,
    points: [usize; 3],
    fluid: Vec<u8>,
    pressure: Vec<f32>,
    velocity: Vec<f32>,
    mach: Vec<f32>,
    time: f64,
}

/// The error about a bad site of a level, of whose time `step` steps have passed. The flow is in the state before it, or
/// after it.
pub(super) fn diverged(plan: &Plan, level: &Level, flow: &mut Flow, (step, found): (u64, Found)) -> RunError {
    let (lattice, scale, site) = (&level.lattice, &level.scale, found.site);
    let state = match flow.state() {
        Ok(state) => state,
        Err(error) => return error.into(),
    };
    let fields = state.slices();
    let velocity = |site: usize| [1, 2, 3].map(|k: usize| f64::from(fields[k][site]) / 3.0);
    let speed = velocity(site).iter().map(|v| v * v).sum::<f64>().sqrt();
    let shear = strain::shear_rate(&strain::rate(lattice, &velocity, site)) / scale.dt;
    let (time, place) = (scale.time_to_si(step as f64), lattice.position(site));
    let mut what = wrong(found.fault, plan, level);
    if speed.is_finite() && shear.is_finite() {
        what += &format!("; before that Mach {:.2}, shear rate {shear:.0} 1/s", speed * 3f64.sqrt());
    }
    RunError::Diverged(Box::new(Diverged {
        step,
        time,
        site,
        place: place.map(|x| x * 1e3),
        near: near(plan, place),
        what,
        mach: speed * 3f64.sqrt(),
        shear,
        tau: scale.viscosity_to_tau(plan.mu),
        remedy: remedy::remedy(plan, level, &found.fault),
        around: around(plan, level, &fields, (site, time)),
    }))
}

/// A fault in words.
fn wrong(fault: Fault, plan: &Plan, level: &Level) -> String {
    match fault {
        Fault::NotFinite => "a value is not finite".to_owned(),
        Fault::Empty => "the density is used up".to_owned(),
        Fault::Fast(speed) => format!(
            "velocity {:.2} m/s, Mach {:.2} (allowed below {:.2})",
            level.scale.velocity_to_si(speed),
            speed * 3f64.sqrt(),
            plan.fastest() * 3f64.sqrt()
        ),
    }
}

/// The nearest opening, or patch of the wall where that is nearer, with its distance.
fn near(plan: &Plan, place: [f64; 3]) -> String {
    let distance = |p: [f64; 3]| (0..3).map(|a| (p[a] - place[a]).powi(2)).sum::<f64>().sqrt();
    let openings = plan.vessel.openings.iter();
    let opening = openings.map(|o| (distance(o.centre), o)).min_by(|a, b| a.0.total_cmp(&b.0));
    let wall = &plan.vessel.wall;
    let middle = |t: &[u32; 3]| {
        let corners = t.map(|v| wall.vertices[v as usize]);
        distance(std::array::from_fn(|a| corners.iter().map(|c| c[a]).sum::<f64>() / 3.0))
    };
    let patch = wall.triangles.iter().zip(&wall.patch_of).map(|(t, patch)| (middle(t), *patch));
    let patch = patch.min_by(|a, b| a.0.total_cmp(&b.0));
    match (opening, patch) {
        (Some((far, opening)), Some((wall_far, patch))) if far > opening.equivalent_diameter() => {
            let name = wall.patches.get(usize::from(patch)).map_or("", String::as_str);
            format!("{:.1} mm from patch `{name}` of the wall", wall_far * 1e3)
        }
        (Some((far, opening)), _) => format!("{:.1} mm from opening `{}`", far * 1e3, opening.name),
        (None, _) => String::new(),
    }
}

/// The state in the box around a site.
fn around(plan: &Plan, level: &Level, fields: &[&[f32]; FIELDS], (site, time): (usize, f64)) -> Around {
    let (lattice, scale) = (&level.lattice, &level.scale);
    let unit = plan.case.geometry.unit.get_ref().metres();
    let grid = &lattice.grid;
    let centre = lattice.position(site);
    let at: [i64; 3] = std::array::from_fn(|a| ((centre[a] - grid.origin[a]) / grid.spacing).round() as i64);
    let low = at.map(|x| x - REACH);
    let points = [2 * REACH as usize + 1; 3];
    let count: usize = points.iter().product();
    let mut found = Around {
        origin: std::array::from_fn(|a| (grid.origin[a] + low[a] as f64 * grid.spacing) / unit),
        spacing: grid.spacing / unit,
        points,
        fluid: vec![0; count],
        pressure: vec![0.0; count],
        velocity: vec![0.0; 3 * count],
        mach: vec![0.0; count],
        time,
    };
    let index = lattice.index();
    for k in 0..count {
        let step = [k % points[0], k / points[0] % points[1], k / points[0] / points[1]];
        let Some(site) = index.fluid_site(lattice, std::array::from_fn(|a| low[a] + step[a] as i64)) else { continue };
        let m = Macro::read(&fields.map(|f| f[site]));
        let j = m.j.map(f64::from);
        found.fluid[k] = 1;
        found.pressure[k] = (plan.reference_pressure + scale.pressure_to_si(f64::from(m.drho))) as f32;
        (0..3).for_each(|a| found.velocity[3 * k + a] = scale.velocity_to_si(j[a]) as f32);
        found.mach[k] = (3.0 * j.iter().map(|x| x * x).sum::<f64>()).sqrt() as f32;
    }
    found
}

impl Around {
    /// Writes it as a VTK volume.
    ///
    /// # Errors
    /// [`OutputError`] with the system's reason.
    pub fn write(&self, folder: &Path) -> Result<(), OutputError> {
        let row = self.points[0];
        let copy = |values: &[f32], n: usize, r: std::ops::Range<usize>, out: &mut [f32]| {
            out.copy_from_slice(&values[n * row * r.start..n * row * r.end]);
        };
        let pressure = |r: std::ops::Range<usize>, out: &mut [f32]| copy(&self.pressure, 1, r, out);
        let velocity = |r: std::ops::Range<usize>, out: &mut [f32]| copy(&self.velocity, 3, r, out);
        let mach = |r: std::ops::Range<usize>, out: &mut [f32]| copy(&self.mach, 1, r, out);
        let fluid = |r: std::ops::Range<usize>, out: &mut [u8]| {
            out.copy_from_slice(&self.fluid[row * r.start..row * r.end]);
        };
        let array = |name, unit, components, fill| vti::Array { name, unit, components, fill };
        let volume = vti::Volume {
            grid: vti::Grid { origin: self.origin, spacing: [self.spacing; 3], points: self.points },
            arrays: &[
                array("pressure", "Pa", 1, vti::Fill::F32(&pressure)),
                array("velocity", "m/s", 3, vti::Fill::F32(&velocity)),
                array("mach", "", 1, vti::Fill::F32(&mach)),
            ],
            fluid: &fluid,
            time: Some(self.time),
        };
        vti::write(&folder.join(FILE), &volume, Compression::default()).map(|_| ())
    }
}
