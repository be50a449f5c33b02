//! Sweeps: many runs of one case with some of its keys varied, resumable, with what they say together.
//!
//! [`mod@file`] reads the sweep file, [`sample`] turns its `[[vary]]` tables into points, [`plan`] makes a case of each point
//! and names it by what decides its result ([`crate::run::identity`]). [`execute`] runs what is not there yet: each run is
//! written to a temporary folder and takes its final name when it is complete ([`folder`]), so that a sweep may be killed
//! at any moment, and several processes may work on one folder. [`collect`] reads all runs back into tables, judged by
//! [`gates`] and compared with a [`baseline`]; [`sobol`] tells which key matters how much.
//! [`refine`] runs one case at three resolutions and says how far the finest is from the limit ([`gci`]).

pub mod baseline;
pub mod collect;
mod distribution;
pub mod execute;
pub mod file;
pub mod folder;
pub mod gates;
pub mod gci;
mod mesh;
pub mod plan;
pub mod refine;
pub mod report;
pub mod sample;
pub mod setting;
pub mod shard;
pub mod sobol;
mod table;
mod warm;

use std::path::PathBuf;

use crate::case::CaseError;
use crate::output::OutputError;

/// Why there is no sweep.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The sweep file or its case cannot be used.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// A table cannot be used.
    #[error("{}: {reason}", .path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and the remedy.
        reason: String,
    },
    /// The folder holds something else.
    #[error("{reason}; choose another folder with --out")]
    OtherFolder {
        /// What it holds.
        reason: String,
    },
    /// More work than is done without being asked twice.
    #[error("{reason}")]
    TooMuch {
        /// How much, the limit, and the remedy.
        reason: String,
    },
    /// A part or number was asked for that cannot be.
    #[error("{0}")]
    Usage(String),
    /// A run failed for a reason that is none of its own, so that others would as well.
    #[error("the sweep stopped at run {run} ({label}); the same command goes on from there")]
    Stopped {
        /// The run.
        run: String,
        /// What sets it apart.
        label: String,
        /// Why it failed.
        source: Box<crate::run::RunError>,
    },
    /// A result could not be written.
    #[error(transparent)]
    Output(#[from] OutputError),
}
