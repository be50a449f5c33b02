//! How fast the flow is on a device, and what keeps it from being faster.
//!
//! The step moves ten numbers of each site in and ten out, and little else; so its speed is judged by what the memory of
//! the same device gives in the same minutes ([`Bandwidth`]): million lattice updates a second (MLUPS) times the bytes
//! that an update moves by count, over the bandwidth of ten arrays read and ten written without any arithmetic.
//!
//! Practice: every vessel is run in [`Variant`]s that differ from the first in one thing, in rounds that go through all
//! of them in turn, so that what else the machine does meets all alike; the best round of each counts. Rounds far apart,
//! or a load of more than half the cores before the start, are warned of: ratios then mean more than speeds.

use serde::Serialize;

use super::RunError;
use super::plan::Plan;
use crate::backend::cpu::Level;
use crate::backend::gpu::device::Opened;
use crate::backend::host;
use crate::backend::native::Native;

mod bandwidth;
mod limit;
mod speed;
pub mod table;
mod vessel;

pub use bandwidth::Bandwidth;
pub use limit::{By, Limit};
pub use speed::{Ratios, Speed, Variant};
pub use vessel::{Bytes, Counts};

/// Best over worst round from which on a machine counts as busy, less one.
const UNEVEN: f64 = 0.15;

/// Sites across the pipes that are measured.
pub const ACROSS: [f64; 3] = [24.0, 80.0, 200.0];

/// What is to be measured.
pub struct Wish {
    /// The adapter; none for the processor.
    pub opened: Option<Opened>,
    /// A smoke run: small vessels, two rounds.
    pub quick: bool,
    /// Sites across the pipes.
    pub across: Vec<f64>,
    /// A case that is measured instead of box, pipes and bifurcation.
    pub plan: Option<Box<Plan>>,
}

/// The device that was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Device {
    /// Its name.
    pub name: String,
    /// `cpu`, `vulkan`, `metal` or `dx12`.
    pub backend: &'static str,
    /// Driver and its version; none for the processor.
    pub driver: Option<String>,
    /// Vector instructions used; none on an adapter.
    pub simd: Option<Level>,
    /// Threads used; on an adapter those of the host.
    pub threads: usize,
    /// Processors that the process may use.
    pub cores: usize,
    /// Bytes of the processor's largest cache, where the system tells; none on an adapter.
    pub cache_bytes: Option<u64>,
}

/// Load average of the last minute, where the system tells.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Load {
    /// Before anything was measured.
    pub before: Option<f64>,
    /// After all was.
    pub after: Option<f64>,
}

/// One vessel, measured.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// What it is.
    pub name: String,
    /// What its lattice has.
    pub lattice: Counts,
    /// Seconds that cutting the lattice took.
    pub build_seconds: f64,
    /// Bytes that an update moves, by count.
    pub bytes_per_update: Bytes,
    /// Bytes that the time loop holds, a fluid site: both states and all tables.
    pub bytes_per_site: f64,
    /// The variants.
    pub speeds: Vec<Speed>,
    /// One variant over another.
    pub ratios: Ratios,
    /// What keeps the first variant from being faster.
    pub limit: Limit,
}

/// All that was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Version of the program.
    pub perfuse: &'static str,
    /// Whether it was a smoke run, whose numbers mean little.
    pub quick: bool,
    /// The device.
    pub device: Device,
    /// How busy the machine was.
    pub load: Load,
    /// What the device's memory gives, with all threads first.
    pub bandwidth: Vec<Bandwidth>,
    /// The vessels.
    pub vessels: Vec<Measured>,
    /// What the numbers suffer from.
    pub warnings: Vec<String>,
}

/// Measures what is asked for; `say` is told what is being done.
///
/// # Errors
/// [`RunError`] if no lattice can be cut or the device fails. A vessel that does not fit the memory is left out with a
/// warning.
pub fn run(wish: &Wish, say: &dyn Fn(&str)) -> Result<Report, RunError> {
    let before = host::load();
    let device = device(wish.opened.as_ref());
    let mut warnings = Vec::new();
    let half = device.cores as f64 / 2.0;
    if let Some(load) = before.filter(|load| *load > half) {
        warnings
            .push(format!("the load was {load:.2} on {} cores before the start: the machine is busy", device.cores));
    }
    say("measuring the memory's bandwidth");
    let pools = speed::Pools::new(wish.opened.is_some());
    let bandwidth = bandwidth::measure(wish.opened.clone(), wish.quick, &pools)?;
    let bench = speed::Bench { wish, bandwidth: &bandwidth, device: &device, pools: &pools };
    let mut vessels = Vec::new();
    for subject in vessel::subjects(wish) {
        say(&format!("measuring: {}", subject.name()));
        match subject.cut(wish.opened.is_some()).and_then(|cut| cut.admitted(wish.opened.as_ref())) {
            Ok(cut) => vessels.push(speed::measure(cut, &bench)?),
            Err(reason) => warnings.push(format!("{} was left out: {reason}", subject.name())),
        }
    }
    let after = host::load();
    bandwidth.iter().filter_map(Bandwidth::unevenness).for_each(|line| warnings.push(line));
    for vessel in &vessels {
        let uneven = vessel.speeds.iter().filter(|speed| speed.spread > UNEVEN);
        let Some(worst) = uneven.max_by(|a, b| a.spread.total_cmp(&b.spread)) else { continue };
        let (name, percent) = (&vessel.name, 100.0 * worst.spread);
        warnings.push(format!("{name}: rounds of `{}` differ by {percent:.0} %: the machine is busy", worst.variant));
    }
    let version = env!("CARGO_PKG_VERSION");
    let load = Load { before, after };
    Ok(Report { perfuse: version, quick: wish.quick, device, load, bandwidth, vessels, warnings })
}

fn device(opened: Option<&Opened>) -> Device {
    let (native, cores) = (Native::detect(), host::cores());
    match opened {
        Some(Opened { info, .. }) => Device {
            name: info.name.clone(),
            backend: info.backend,
            driver: Some(info.driver.clone()),
            simd: None,
            threads: native.threads,
            cores,
            cache_bytes: None,
        },
        None => Device {
            name: host::processor().unwrap_or_else(|| "native CPU".into()),
            backend: "cpu",
            driver: None,
            simd: Some(native.simd),
            threads: native.threads,
            cores,
            cache_bytes: host::cache(),
        },
    }
}
