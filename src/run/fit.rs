//! Whether a lattice fits: the numbers that name its sites, the adapter's arrays and memory, the processor's memory.
//!
//! A resolution far too fine is refused by the vessel's volume alone, before anything is built; the rest once the lattice
//! is there and its size known. The processor's memory holds the tables of the lattice and of the coarser one it starts
//! from, and a copy of the state when the time step changes or a coarser flow is taken over; without an adapter both
//! states of each as well, and as on an adapter a copy in 32 bits to look at where they are kept in 16. A pulsating run also keeps the weights of the wall shear and the sums over a cycle, the
//! averages of the volume among them, both in the adapter's memory and in the processor's, which they are brought to.

use super::level::storage;
use super::plan::{FEWEST_ACROSS, PlanError};
use crate::backend::gpu::admit;
use crate::backend::gpu::device::Opened;
use crate::backend::gpu::error::GpuError;
use crate::backend::host;
use crate::case::wall::Wall;
use crate::case::{Case, CaseError};
use crate::fluid::moments::FIELDS;
use crate::fluid::shear::{MEANS, Tap, WallPoint, WallSums};
use crate::fluid::storage::Storage;
use crate::geometry::lattice::{LANES, Lattice, PAD};
use crate::geometry::orient::volume;
use crate::geometry::vessel::{Closed, Tag};

/// Lanes that 32 bits can number, padding included.
const MOST_LANES: f64 = u32::MAX as f64 - (2 * PAD * LANES) as f64;

/// Bytes of a state in 32 bits, a lane.
const STATE: f64 = (FIELDS * size_of::<f32>()) as f64;

/// Sites of the coarser lattice that a run starts from, those of the finest being 1.
const COARSER: f64 = 0.125;

/// Bytes of a vertex of the wall in a pulsating run: weights of about 70 sites (`analysis::wall_shear`) and sums.
const VERTEX: f64 = (70 * size_of::<Tap>() + size_of::<WallPoint>() + size_of::<WallSums>()) as f64;

/// Bytes of the wall's solution an unknown: matrix, preconditioner, fields and what is written (docs/verification.md).
const UNKNOWN: f64 = 1500.0;

/// Bytes of the wall's matrix an unknown: rows of 27 numbers for nine columns, shared by the three unknowns of a node.
const MATRIX: f64 = 9.0 * 27.0 * 4.0 / 3.0;

/// Room that a suggested resolution leaves: for lanes that are not fluid where only the volume is known, and for what
/// the number of sites cuts off.
const SPARE: [f64; 2] = [1.4, 1.05];

/// What a run can use.
#[derive(Clone, Debug)]
pub struct Room {
    gpu: Option<Opened>,
    memory: Option<u64>,
}

/// Bytes that a run keeps beside its flow.
#[derive(Clone, Copy)]
struct Beside {
    /// Of the wall.
    wall: f64,
    /// Of averages, a lane.
    means: f64,
    /// What the flow's own numbers are kept in.
    storage: Storage,
}

impl Beside {
    fn of(case: &Case, closed: &Closed) -> Self {
        let storage = storage(case);
        if !case.pulsates() {
            return Self { wall: 0.0, means: 0.0, storage };
        }
        let mut used = vec![false; closed.vertices.len()];
        let wall = closed.triangles.iter().zip(&closed.tags).filter(|(_, tag)| **tag == Tag::Wall);
        wall.flat_map(|(triangle, _)| triangle).for_each(|&v| used[v as usize] = true);
        let vertices = used.iter().filter(|used| **used).count();
        Self { wall: VERTEX * vertices as f64, means: (MEANS * size_of::<f32>()) as f64, storage }
    }

    fn bytes(&self, lanes: f64) -> f64 {
        self.wall + self.means * lanes
    }
}

impl Room {
    /// What an adapter, or without one the processor, has at present.
    #[must_use]
    pub fn of(gpu: Option<Opened>) -> Self {
        Self { gpu, memory: host::available() }
    }

    /// What each of so many runs at the same time can use.
    #[must_use]
    pub fn part(self, runs: usize) -> Self {
        Self { memory: self.memory.map(|memory| memory / runs.max(1) as u64), ..self }
    }

    /// Bytes of the processor's memory that a run takes at its peak, by lanes and bytes of the tables.
    fn demand(&self, lanes: f64, tables: f64, beside: Beside) -> f64 {
        let states = match (&self.gpu, beside.storage) {
            (None, Storage::F32) => 2.0 * STATE,
            (None, Storage::F16) => 2.0 * Storage::F16.state_bytes() as f64 + STATE,
            (Some(_), _) => STATE,
        };
        (1.0 + COARSER) * (states * lanes + tables) + STATE * lanes + beside.bytes(lanes)
    }

    /// The first thing that a lattice has too much of.
    fn excess(&self, lanes: f64, tables: f64, beside: Beside) -> Option<Excess> {
        if lanes > MOST_LANES {
            let what = format!("one lattice can number {MOST_LANES:.2e}");
            return Some(Excess { what, over: Some(lanes / MOST_LANES), remedy: "" });
        }
        if let Some(gpu) = &self.gpu {
            let (needed, allowed) = (lanes * size_of::<f32>() as f64, admit::largest_array(&gpu.info) as f64);
            if needed > allowed {
                return Some(Excess::array(&gpu.info.name, "each of the site arrays", needed, allowed));
            }
        }
        let (needed, allowed) = (self.demand(lanes, tables, beside), self.memory? as f64);
        let what = format!("they need {} of memory, and {} are available", gigabytes(needed), gigabytes(allowed));
        let remedy = ", or close other programs";
        // The wall takes the same at every resolution.
        let left = allowed - beside.wall;
        let over = (left > 0.0).then(|| (needed - beside.wall) / left);
        (needed > allowed).then_some(Excess { what, over, remedy })
    }

    /// Refuses a spacing (m) that cannot fit, judged by the volume of the vessel closed.
    ///
    /// # Errors
    /// [`CaseError`] that points at the resolution.
    pub(super) fn admits_spacing(
        &self,
        case: &Case,
        closed: &Closed,
        (spacing, narrowest): (f64, f64),
    ) -> Result<(), CaseError> {
        let sites = volume(&closed.vertices, &closed.triangles) / spacing.powi(3);
        // Every site is a lane, and most lanes are sites.
        let tables = sites * Lattice::BLOCK_BYTES as f64 / LANES as f64;
        let Some(excess) = self.excess(sites, tables, Beside::of(case, closed)) else { return Ok(()) };
        Err(excess.refuse(case, format!("about {sites:.2e} sites"), SPARE[0], (spacing, narrowest)))
    }

    /// Bytes that a wall of so many unknowns takes, about.
    #[must_use]
    pub fn wall_bytes(unknowns: f64) -> f64 {
        UNKNOWN * unknowns
    }

    /// Refuses a wall of so many unknowns at a spacing (m) that does not fit; `spare` is how many times more unknowns it
    /// may turn out to have.
    ///
    /// # Errors
    /// [`CaseError`] that points at the wall's spacing, with the least one that fits.
    pub(super) fn admits_wall(
        &self,
        case: &Case,
        wall: &Wall,
        [unknowns, spacing, spare]: [f64; 3],
    ) -> Result<(), CaseError> {
        let mut excess = None;
        if let Some(memory) = self.memory.map(|memory| memory as f64) {
            let needed = Self::wall_bytes(unknowns);
            let what = format!("they need about {}, and {} are available", gigabytes(needed), gigabytes(memory));
            excess = (needed > memory).then_some((what, needed / memory, "close other programs"));
        }
        if let Some(gpu) = &self.gpu {
            let (needed, allowed) = (MATRIX * unknowns, admit::largest_array(&gpu.info) as f64);
            if needed > allowed {
                let (name, needed_shown, limit) = (&gpu.info.name, gigabytes(needed), gigabytes(allowed));
                let what = format!(
                    "their matrix needs {needed_shown}, and the adapter `{name}` holds at most {limit} in one array"
                );
                excess = Some((what, needed / allowed, "take `--device cpu`"));
            }
        }
        let Some((what, over, remedy)) = excess else { return Ok(()) };
        let message = format!("wall: a spacing of {:.4} mm makes about {unknowns:.2e} unknowns: {what}", 1e3 * spacing);
        let coarser = 1e3 * spacing * (over * spare).sqrt();
        let help = format!("use wall.spacing = \"{coarser:.4} mm\" or more, fewer layers, or {remedy}");
        let span = wall.spacing.as_ref().map_or_else(|| wall.span.clone(), |spacing| spacing.span());
        Err(case.error(span, message, "too fine for this device", &help))
    }

    /// Refuses a lattice that does not fit; `closed` is the surface that it is cut from.
    ///
    /// # Errors
    /// [`PlanError::Case`] that points at the resolution; [`PlanError::Gpu`] if the adapter admits no lattice at all.
    pub(super) fn admits(
        &self,
        case: &Case,
        (lattice, closed): (&Lattice, &Closed),
        narrowest: f64,
    ) -> Result<(), PlanError> {
        let (lanes, beside) = (lattice.padded_len() as f64, Beside::of(case, closed));
        let on_adapter =
            || match admit::reserve(self.gpu.as_ref()?, lattice, beside.storage, beside.bytes(lanes) as u64) {
                Ok(()) => None,
                Err(GpuError::TooLarge { adapter, what, needed, allowed, .. }) => {
                    Some(Ok(Excess::array(&adapter, what, needed as f64, allowed as f64)))
                }
                Err(GpuError::OutOfMemory { adapter, needed, .. }) => Some(Ok(Excess::memory(&adapter, needed as f64))),
                Err(other) => Some(Err(other)),
            };
        let excess = match self.excess(lanes, lattice.table_bytes() as f64, beside) {
            Some(excess) => excess,
            None => match on_adapter() {
                Some(excess) => excess?,
                None => return Ok(()),
            },
        };
        let sites = format!("{} sites", lattice.sites);
        Err(excess.refuse(case, sites, SPARE[1], (lattice.grid.spacing, narrowest)).into())
    }
}

/// What a lattice has too much of.
struct Excess {
    what: String,
    /// How many times too much it is, where the limit is known.
    over: Option<f64>,
    /// Another way out than a coarser resolution.
    remedy: &'static str,
}

impl Excess {
    fn array(adapter: &str, what: &str, needed: f64, allowed: f64) -> Self {
        let (size, limit) = (gigabytes(needed), gigabytes(allowed));
        let what = format!("{what} need {size}, and the adapter `{adapter}` holds at most {limit} in one array");
        Self { what, over: Some(needed / allowed), remedy: ", or take `--device cpu`" }
    }

    fn memory(adapter: &str, needed: f64) -> Self {
        let what = format!("they need {}, which the adapter `{adapter}` does not have left", gigabytes(needed));
        Self { what, over: None, remedy: ", close other programs that use it, or take `--device cpu`" }
    }

    /// The error, with the finest resolution that fits; spacing and diameter of the narrowest opening in m.
    fn refuse(self, case: &Case, sites: String, spare: f64, (spacing, narrowest): (f64, f64)) -> CaseError {
        // Half the sites where the limit is not known.
        let least = spacing * self.over.map_or(2.0, |over| over * spare).cbrt();
        let across = (narrowest / least).floor();
        let message = format!("resolution: a spacing of {:.4} mm makes {sites}: {}", 1e3 * spacing, self.what);
        let coarser = if across >= FEWEST_ACROSS {
            format!("use across = {across:.0} or less, or a spacing of at least {:.4} mm", 1e3 * narrowest / across)
        } else {
            let least = 1e3 * least;
            format!(
                "a spacing of {least:.4} mm would fit but leaves the narrowest opening less than {FEWEST_ACROSS} sites: \
                 cut the surface to the part that matters"
            )
        };
        let narrow = if case.geometry.labels.is_some() { "; a larger `prune` takes narrow ends off" } else { "" };
        let help = format!("{coarser}{}{narrow}", self.remedy);
        case.error(case.resolution.span(), message, "too fine for this device", &help)
    }
}

fn gigabytes(bytes: f64) -> String {
    if bytes < 1e8 { format!("{:.3} MB", 1e-6 * bytes) } else { format!("{:.2} GB", 1e-9 * bytes) }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::geometry::tube;

    fn case(time: &str) -> Case {
        let text = format!(
            "[geometry]\nsurface = \"tube.stl\"\nunit = \"mm\"\n[[opening]]\nname = \"inlet\"\npatch = \"in\"\n\
             flow = \"1 ml/s\"\n[[opening]]\nname = \"outlet\"\npatch = \"out\"\npressure = \"0 Pa\"\n\
             [blood]\ndensity = \"1060 kg/m^3\"\nviscosity = \"3.5 mPa s\"\n[resolution]\nacross = 12\n{time}"
        );
        Case::parse(Path::new("tube.toml"), &text, &[]).unwrap_or_else(|e| panic!("{e}"))
    }

    /// The estimate against what a sampler and its sums take on a tube whose vertices are a spacing apart.
    #[test]
    fn a_pulsating_run_counts_its_wall_and_its_averages() {
        let closed = tube::closed([0.0; 3], [0.48, 0.6, 0.64], 3e-3, 18e-3, 50);
        let lattice = Lattice::build(&closed, 3e-4).expect("a lattice");
        let sampler =
            crate::analysis::wall_shear::WallSampler::new(&lattice, &closed, crate::analysis::wall_shear::Layer::Thick);
        let taken = sampler.stencil().bytes() + size_of::<WallSums>() * sampler.vertices().len();
        let beside = Beside::of(&case("[time]\nuntil = \"periodic\"\nperiod = \"1 s\"\n"), &closed);
        println!("wall: {} bytes estimated, {taken} taken", beside.wall);
        assert!((1.0..1.4).contains(&(beside.wall / taken as f64)), "{} and {taken}", beside.wall);
        assert_eq!(beside.bytes(1e6) - beside.wall, 16e6);
        assert_eq!(Beside::of(&case(""), &closed).bytes(1e6), 0.0);
    }

    /// The finest resolution that fits is found by what is left beside the wall.
    #[test]
    fn the_wall_leaves_less_memory_for_sites() {
        let room = Room { gpu: None, memory: Some(2_000_000_000) };
        let bare = Beside { wall: 0.0, means: 0.0, storage: Storage::F32 };
        let lanes = 1.2e7;
        assert!(room.excess(lanes, 0.0, bare).is_none());
        let beside = Beside { wall: 4e8, means: 16.0, storage: Storage::F32 };
        let over = room.excess(lanes, 0.0, beside).and_then(|excess| excess.over).expect("too much");
        assert!(room.excess(lanes / over * 0.999, 0.0, beside).is_none());
        assert!(room.excess(lanes / over * 1.001, 0.0, beside).is_some());
    }
}
