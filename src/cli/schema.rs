//! `perfuse schema`: the JSON schema of the case file, or of the sweep file.

use clap::Args;

use super::{Failure, print_json};

/// Arguments of `perfuse schema`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  perfuse schema > case.schema.json
  perfuse schema --sweep > sweep.schema.json

An editor with TOML support (such as one using taplo) then completes and checks the keys of a case file whose first line
is
  #:schema ./case.schema.json")]
pub struct SchemaArgs {
    /// The schema of the sweep file instead
    #[arg(long)]
    sweep: bool,
}

/// Prints the schema to stdout.
///
/// # Errors
/// [`Failure::Stdout`].
pub fn run(args: &SchemaArgs) -> Result<(), Failure> {
    let schema = if args.sweep { crate::sweep::file::schema() } else { crate::case::schema() };
    print_json(&schema)
}
