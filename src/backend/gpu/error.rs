//! What can go wrong on an adapter, and how it is noticed.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

/// How large a case is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Fluid sites of the flow.
    Sites(usize),
    /// Nodes of the wall.
    Nodes(usize),
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sites(sites) => write!(f, "{sites} sites"),
            Self::Nodes(nodes) => write!(f, "{nodes} nodes of the wall"),
        }
    }
}

/// Why something cannot be computed on an adapter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GpuError {
    /// The adapter does not let a shader see enough buffers.
    #[error(
        "the adapter `{adapter}` lets a shader see {allowed} storage buffers, and {needed} are needed: update its \
         driver, or take `--device cpu`"
    )]
    FewBuffers {
        /// Name of the adapter.
        adapter: String,
        /// How many are needed.
        needed: u32,
        /// How many there can be.
        allowed: u32,
    },
    /// The adapter's workgroups are too small.
    #[error(
        "the adapter `{adapter}` runs at most {allowed} threads in a workgroup, and {needed} are needed: take \
         `--device cpu`"
    )]
    SmallWorkgroup {
        /// Name of the adapter.
        adapter: String,
        /// How many are needed.
        needed: u32,
        /// How many there can be.
        allowed: u32,
    },
    /// One array does not fit in a buffer of the adapter.
    #[error(
        "{extent} need {needed} bytes for {what}, and the adapter `{adapter}` holds at most {allowed} bytes in one \
         array: use a coarser resolution, or take `--device cpu`"
    )]
    TooLarge {
        /// Name of the adapter.
        adapter: String,
        /// How large the case is.
        extent: Extent,
        /// Which array.
        what: &'static str,
        /// Its size, bytes.
        needed: u64,
        /// The largest that the adapter takes, bytes.
        allowed: u64,
    },
    /// The adapter's memory is used up.
    #[error(
        "the adapter `{adapter}` has no memory left for {extent}, {needed} bytes: use a coarser resolution, close \
         other programs that use it, or take `--device cpu`"
    )]
    OutOfMemory {
        /// Name of the adapter.
        adapter: String,
        /// How large the case is.
        extent: Extent,
        /// What is needed, bytes.
        needed: u64,
    },
    /// The adapter went away, or was reset by its driver.
    #[error("the adapter `{adapter}` was lost: {reason}; run again, or take `--device cpu`")]
    Lost {
        /// Name of the adapter.
        adapter: String,
        /// What its driver says.
        reason: String,
    },
    /// The adapter refused a command.
    #[error("the adapter `{adapter}` refused a command: {reason}; update its driver, or take `--device cpu`")]
    Refused {
        /// Name of the adapter.
        adapter: String,
        /// What its driver says.
        reason: String,
    },
}

/// What a device reported outside of any call.
#[derive(Clone, Debug)]
enum Fault {
    OutOfMemory,
    Lost(String),
    Refused(String),
}

/// The first thing that a device reported outside of any call, shared with its callbacks.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults(Arc<Mutex<Option<Fault>>>);

impl Faults {
    /// Listens to a device.
    pub(super) fn of(device: &wgpu::Device) -> Self {
        let faults = Self::default();
        let heard = faults.clone();
        device.on_uncaptured_error(Arc::new(move |error| {
            heard.set(match error {
                wgpu::Error::OutOfMemory { .. } => Fault::OutOfMemory,
                other => Fault::Refused(other.to_string()),
            });
        }));
        let heard = faults.clone();
        device.set_device_lost_callback(move |_, message| {
            let silent = "its driver gives no reason".to_owned();
            heard.set(Fault::Lost(if message.is_empty() { silent } else { message }));
        });
        faults
    }

    fn set(&self, fault: Fault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(fault);
    }

    /// Fails with what was reported, if anything was.
    pub(super) fn check(&self, adapter: &str, extent: Extent, needed: u64) -> Result<(), GpuError> {
        let adapter = adapter.to_owned();
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            None => Ok(()),
            Some(Fault::OutOfMemory) => Err(GpuError::OutOfMemory { adapter, extent, needed }),
            Some(Fault::Lost(reason)) => Err(GpuError::Lost { adapter, reason }),
            Some(Fault::Refused(reason)) => Err(GpuError::Refused { adapter, reason }),
        }
    }

    /// Waits for a submission, or for all.
    ///
    /// wgpu panics in `Device::poll` where the device is lost in the meantime; that becomes a fault as well.
    pub(super) fn wait(&self, device: &wgpu::Device, submission_index: Option<wgpu::SubmissionIndex>) {
        let wait = wgpu::PollType::Wait { submission_index, timeout: None };
        match catch_unwind(AssertUnwindSafe(|| device.poll(wait))) {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => self.set(Fault::Lost(error.to_string())),
            Err(panic) => {
                let message = panic.downcast_ref::<String>().cloned();
                self.set(Fault::Lost(message.unwrap_or_else(|| "waiting for it failed".to_owned())));
            }
        }
    }
}
