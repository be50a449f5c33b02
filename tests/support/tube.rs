//! A pulsating run through a short straight tube that lies along no lattice direction.

use std::ops::ControlFlow;

use perfuse::backend::Flow;
use perfuse::backend::gpu::device::Opened;
use perfuse::case::Case;
use perfuse::geometry::primitives::Straight;
use perfuse::output::obj;
use perfuse::run::RunError;
use perfuse::run::fit::Room;
use perfuse::run::level::Level;
use perfuse::run::plan::Plan;
use perfuse::run::pulse::{self, Finished, Snapshot, Watcher};

pub const AXIS: [f64; 3] = [0.48, 0.6, 0.64];
pub const DENSITY: f64 = 1060.0;
pub const VISCOSITY: f64 = 3.5e-3;

/// Diameter (m), length in diameters, sites across.
pub struct Tube {
    pub diameter: f64,
    pub length: f64,
    pub across: u32,
}

/// The plan of a case with this tube: rows of the inlet's `time [s], flow [ml/s]`, more lines for the inlet, the outlet
/// and the rest of the case.
pub fn plan(tube: &Tube, wave: &[[f64; 2]], inlet: &str, outlet: &str, rest: &str) -> Plan {
    let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let folder = folder.path();
    let shape = Straight { length: tube.length * tube.diameter, axis: AXIS, ..Straight::new(tube.diameter) };
    let surface = shape.surface().unwrap_or_else(|e| panic!("{e}"));
    obj::write(&folder.join("tube.obj"), &surface, "a tube").unwrap_or_else(|e| panic!("{e}"));
    let rows: String = wave.iter().map(|[t, q]| format!("{t:.9}, {q:.9}\n")).collect();
    std::fs::write(folder.join("beat.csv"), format!("time [s], flow [ml/s]\n{rows}")).unwrap_or_else(|e| panic!("{e}"));
    let text = format!(
        "[geometry]\nsurface = \"tube.obj\"\nunit = \"mm\"\n\
         [[opening]]\nname = \"inlet\"\npatch = \"inlet\"\nwaveform = \"beat.csv\"\n{inlet}\n\
         [[opening]]\nname = \"outlet\"\npatch = \"outlet\"\n{outlet}\n\
         [blood]\ndensity = \"{DENSITY} kg/m^3\"\nviscosity = \"{} mPa s\"\n\
         [resolution]\nacross = {}\n{rest}",
        VISCOSITY * 1e3,
        tube.across
    );
    let case = Case::parse(&folder.join("tube.toml"), &text, &[]).unwrap_or_else(|e| panic!("{e}"));
    Plan::new(case, &Room::of(None)).unwrap_or_else(|e| panic!("{e}"))
}

/// Runs a plan on an adapter, or else on the processor.
pub fn beat(
    plan: &Plan,
    gpu: Option<&Opened>,
    snapshot: &mut dyn FnMut(&mut Snapshot) -> Result<(), RunError>,
) -> Finished {
    let beat = plan.beat.as_ref().expect("a beat");
    let mut open = |level: &Level| {
        let (lattice, physics) = (level.lattice.clone(), level.physics(plan.mu));
        let flow =
            Flow::open(gpu.cloned(), lattice, level.iolets.clone(), level.coefficients.clone(), physics, level.storage);
        flow.map_err(RunError::from)
    };
    let mut control = |_: &_| ControlFlow::Continue(());
    let mut watcher = Watcher { control: &mut control, snapshot };
    pulse::run(plan, beat, &mut open, &mut watcher).unwrap_or_else(|e| panic!("{e}"))
}

/// Both, without snapshots; `time` are lines of the case's table of that name.
#[allow(dead_code, reason = "not every test runs it without snapshots")]
pub fn run(tube: &Tube, wave: &[[f64; 2]], outlet: &str, time: &str) -> (Plan, Finished) {
    let plan = plan(tube, wave, "", outlet, &format!("[time]\n{time}\n[output]\nsnapshots = 0\n"));
    let finished = beat(&plan, None, &mut |_| Ok(()));
    (plan, finished)
}
