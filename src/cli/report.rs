//! `perfuse report`: one page on the results in a folder.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, print};
use crate::run::report::{self, ReportError};

/// Arguments of `perfuse report`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  perfuse report results/stenosis
  perfuse report results/stenosis --pictures-only

Writes report.html (one page that needs no network), report.glb (the vessel in 3D, for viewers and headsets) and
pictures/*.png into the folder, from its files alone. `perfuse run` does so at its end unless the case says
output.report = false.")]
pub struct ReportArgs {
    /// Results folder, as `perfuse run --out` wrote it
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Write the pictures only
    #[arg(long)]
    pictures_only: bool,
}

/// Writes the report and says where it is.
///
/// # Errors
/// [`Failure`]: not a results folder, a damaged file, or a disk that fails.
pub fn run(args: &ReportArgs) -> Result<(), Failure> {
    let written = if args.pictures_only { report::pictures(&args.folder)? } else { report::write(&args.folder)? };
    let mut text = String::new();
    if let Some(page) = &written.page {
        text += &format!("report        {} ({:.1} MB)\n", page.display(), written.bytes as f64 * 1e-6);
    }
    for picture in &written.pictures {
        text += &format!("picture       {}\n", picture.display());
    }
    if text.is_empty() {
        text = "no picture: the folder holds no surface with a field that is drawn\n".into();
    }
    print(&text)
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Output(error) => Self::Run(error.into()),
            other => Self::Input(other.into()),
        }
    }
}
