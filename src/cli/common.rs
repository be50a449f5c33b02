//! Options that several commands share.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::Failure;
use crate::backend::gpu::device::Choice;
use crate::case::Case;

/// A case file and how to treat it: the arguments of every command that takes one.
#[derive(Args, Clone, Debug)]
pub struct Common {
    /// The case file (TOML)
    pub case: PathBuf,
    /// Folder for the results [default: results/<case name>]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Device: the best hardware GPU, else the native CPU (auto); any GPU adapter (gpu); the native CPU (cpu)
    #[arg(long, default_value = "auto", value_parser = PossibleValuesParser::new(Choice::NAMES).try_map(|s| s.parse::<Choice>()))]
    pub device: Choice,
    /// Override a key of the case file, such as opening.inlet.flow="4 ml/s" or resolution.across=32; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub sets: Vec<String>,
    /// Print the result as JSON on stdout
    #[arg(long)]
    pub json: bool,
    /// No progress on stderr
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more on stderr
    #[arg(short, long)]
    pub verbose: bool,
}

impl Common {
    /// Reads the case with its overrides.
    ///
    /// # Errors
    /// [`Failure::Case`] if it cannot be used.
    pub fn load(&self) -> Result<Case, Failure> {
        Ok(Case::load(&self.case, &self.sets)?)
    }

    /// Folder for the results of a case.
    #[must_use]
    pub fn out_dir(&self, case: &Case) -> PathBuf {
        self.out.clone().unwrap_or_else(|| Path::new("results").join(case.name()))
    }
}
