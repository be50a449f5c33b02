//! Running a case: from the checked plan to the converged flow and its files.
//!
//! [`plan::Plan::new`] does every check that needs the surface: what it returns can be run. [`steady::run`] takes the
//! plan through its lattices, coarse to fine, each started from the flow of the one before, until pressure drops and
//! flows stop changing. [`results`] writes what was reached.

pub mod beat;
pub mod bench;
pub mod blood;
pub mod centreline;
pub mod checkpoint;
pub mod cycle;
mod effort;
pub mod ends;
pub mod fit;
pub mod gates;
pub mod identity;
pub mod inputs;
pub mod job;
pub mod lesions;
pub mod level;
pub mod lock;
pub mod peak;
pub mod plan;
pub mod postmortem;
pub mod pulse;
mod region;
pub mod report;
pub mod results;
pub mod shelf;
mod spacing;
mod stage;
pub mod start;
pub mod steady;
pub mod summary;
mod surface;
pub mod transfer;
pub mod tuning;
pub mod vessel;
pub mod wall;
pub mod watch;

/// Why a run did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The plan could not be made.
    #[error(transparent)]
    Plan(Box<plan::PlanError>),
    /// The flow became unphysical.
    #[error(transparent)]
    Diverged(Box<postmortem::Diverged>),
    /// The device failed.
    #[error(transparent)]
    Backend(#[from] crate::backend::BackendError),
    /// The device could not be opened.
    #[error(transparent)]
    Device(#[from] crate::backend::gpu::device::DeviceError),
    /// The wall's equations cannot be set up.
    #[error(transparent)]
    Wall(#[from] crate::wall::error::WallError),
    /// The wall's equations cannot be solved.
    #[error(transparent)]
    Solve(#[from] crate::wall::solve::SolveError<crate::backend::BackendError>),
    /// There is no checkpoint to go on from.
    #[error(transparent)]
    Resume(#[from] checkpoint::ResumeError),
    /// Another run writes to the folder.
    #[error(transparent)]
    Busy(#[from] lock::Busy),
    /// The run failed, but can go on from a checkpoint.
    #[error("{source}. {place} are kept: --resume goes on from there")]
    Kept {
        /// Why it failed.
        source: Box<RunError>,
        /// What is kept.
        place: String,
    },
    /// A result could not be written.
    #[error(transparent)]
    Output(#[from] crate::output::OutputError),
}

impl From<plan::PlanError> for RunError {
    fn from(error: plan::PlanError) -> Self {
        Self::Plan(Box::new(error))
    }
}
