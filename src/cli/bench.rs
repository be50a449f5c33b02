//! `perfuse bench`: how fast a device is.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::progress::Reporter;
use super::{Failure, print, print_json};
use crate::backend::gpu::device::{self, Choice};
use crate::case::Case;
use crate::output::file;
use crate::run::RunError;
use crate::run::bench::{self, ACROSS, Wish, table};
use crate::run::fit::Room;
use crate::run::plan::Plan;

/// Sites across the pipe of a smoke run.
const QUICK_ACROSS: f64 = 16.0;

/// Arguments of `perfuse bench`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  perfuse bench
  perfuse bench --device cpu --out benches/results/my_cpu.md
  perfuse bench --across 50 --across 400 --json > speed.json
  perfuse bench aorta.toml --set resolution.across=24
  perfuse bench --quick                  a smoke run; its numbers mean little

Speeds are MLUPS: million updates of fluid sites a second. In brackets: over the first variant. RAYON_NUM_THREADS sets the
number of threads. Close other programs first; the report warns where the machine was busy.")]
pub struct BenchArgs {
    /// A case to measure instead of a periodic box, tilted pipes and the shipped bifurcation
    case: Option<PathBuf>,
    /// Device: the best hardware GPU, else the native CPU (auto); any GPU adapter (gpu); the native CPU (cpu)
    #[arg(long, default_value = "auto", value_parser = PossibleValuesParser::new(Choice::NAMES).try_map(|s| s.parse::<Choice>()))]
    device: Choice,
    /// Sites across a pipe; repeatable [default: 24, 80, 200]
    #[arg(long, value_name = "SITES", conflicts_with = "case", value_parser = clap::value_parser!(u32).range(8..=4000))]
    across: Vec<u32>,
    /// Override a key of the case file; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE", requires = "case")]
    sets: Vec<String>,
    /// A smoke run of small vessels in seconds
    #[arg(long)]
    quick: bool,
    /// Write the report as Markdown into this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print the report as JSON on stdout
    #[arg(long)]
    json: bool,
    /// No progress on stderr
    #[arg(short, long)]
    quiet: bool,
}

/// Measures and prints the report.
///
/// # Errors
/// [`Failure`]: the case cannot be used, the device failed, or the report cannot be written.
pub fn run(args: &BenchArgs) -> Result<(), Failure> {
    let reporter = Reporter::new(args.quiet);
    let opened = device::open(args.device)?;
    let plan = match &args.case {
        None => None,
        Some(path) => Some(Box::new(Plan::new(Case::load(path, &args.sets)?, &Room::of(opened.clone()))?)),
    };
    let across = match (args.across.as_slice(), args.quick) {
        ([], true) => vec![QUICK_ACROSS],
        ([], false) => ACROSS.to_vec(),
        (given, _) => given.iter().map(|&sites| f64::from(sites)).collect(),
    };
    let report = bench::run(&Wish { opened, quick: args.quick, across, plan }, &|text| reporter.phase(text))?;
    reporter.finish();
    if let Some(path) = &args.out {
        file::write_all(path, table::markdown(&report).as_bytes()).map_err(RunError::from)?;
    }
    if args.json { print_json(&report) } else { print(&table::text(&report)) }
}
