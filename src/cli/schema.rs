//! `perfuse schema`: the JSON schema of the case file.

use clap::Args;

use super::{Failure, print_json};

/// Arguments of `perfuse schema`.
#[derive(Args)]
#[command(after_help = "\
Example:
  perfuse schema > case.schema.json

An editor with TOML support (such as one using taplo) then completes and checks the keys of a case file whose first line
is
  #:schema ./case.schema.json")]
pub struct SchemaArgs {}

/// Prints the schema to stdout.
///
/// # Errors
/// [`Failure::Stdout`].
pub fn run(_: &SchemaArgs) -> Result<(), Failure> {
    print_json(&crate::case::schema())
}
