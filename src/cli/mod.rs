//! The command line: one file a subcommand, knowing no physics.
//!
//! Progress and errors go to stderr, results to stdout. Exit codes: 0 done; 1 the run failed; 2 bad usage, case or mesh;
//! 3 finished, but a gate failed; 130 interrupted.

mod bench;
mod check;
mod common;
mod completions;
mod devices;
mod failure;
mod inspect;
pub mod mesh;
mod progress;
mod refine;
mod run;
mod schema;
mod starter;
mod stop;
mod sweep;
mod wall;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use common::Common;
pub use failure::Failure;

/// Blood flow in a segmented vessel, on any GPU or the bare CPU.
#[derive(Parser)]
#[command(name = "perfuse", version, arg_required_else_help = true, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  perfuse run cases/stenosis.toml
  perfuse inspect aorta.stl --case > aorta.toml
  perfuse check aorta.toml
  perfuse wall aorta.toml --pressure \"120 mmHg\"
  perfuse sweep severity.toml --dry-run  many runs, and how long they would take
  perfuse mesh stenosis --severity 70% --out stenosis.obj
  perfuse devices                        the devices here, and which one would be taken
  perfuse bench --device cpu             how fast they are
  perfuse schema > case.schema.json      the case file's JSON schema, for editors
  perfuse completions bash > perfuse.bash";

#[derive(Subcommand)]
enum Command {
    /// Run a case: from the vessel surface to pressure, velocity and wall shear, and to the stress in the wall
    Run(run::RunArgs),
    /// Run a case many times with some of its keys varied: resumable, in parts, with gates and sensitivities
    Sweep(sweep::SweepArgs),
    /// Run a case at three resolutions, and tell how far its numbers are from their limit
    Refine(refine::RefineArgs),
    /// Compute the vessel wall alone, under a pressure
    Wall(wall::WallArgs),
    /// Check a case and print the plan, without running it
    Check(check::CheckArgs),
    /// Look a vessel surface over: size, soundness, unit, every opening; or print a case file to start from
    Inspect(inspect::InspectArgs),
    /// Make an idealised vessel: straight, stenosis, bend, bifurcation, aneurysm
    Mesh(mesh::MeshArgs),
    /// List the devices here with their limits, and which one would be taken and why
    Devices(devices::DevicesArgs),
    /// Measure how fast a device is, against the bandwidth of its memory
    Bench(bench::BenchArgs),
    /// Print the JSON schema of the case file
    Schema(schema::SchemaArgs),
    /// Print a completion script for a shell
    Completions(completions::CompletionsArgs),
}

/// Parses the command line, runs the command, prints what went wrong; the program's exit code.
#[must_use]
pub fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Run(args) => run::run(&args),
        Command::Sweep(args) => sweep::run(&args),
        Command::Refine(args) => refine::run(&args),
        Command::Wall(args) => wall::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Mesh(args) => make(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Devices(args) => devices::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Completions(args) => completions::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print();
            failure.exit_code()
        }
    }
}

fn make(args: &mesh::MeshArgs) -> Result<(), Failure> {
    let made = mesh::run(args)?;
    print(&format!("{made}\n"))
}

/// Writes a result to stdout.
///
/// # Errors
/// [`Failure::Stdout`] if it cannot be written; a reader that has gone away is not reported to the user.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(Failure::Stdout)
}

/// Writes a result to stdout as indented JSON.
///
/// # Errors
/// [`Failure::Stdout`] if it cannot be written.
pub fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::Stdout(error.into()))?;
    print(&(text + "\n"))
}
