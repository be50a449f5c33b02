//! `perfuse refine`: how far a case's numbers are from their limit.

use std::fmt::Write as _;
use std::sync::Arc;

use clap::Args;

use super::progress::Reporter;
use super::{Common, Failure, print, print_json, stop};
use crate::backend::gpu::device;
use crate::case::Case;
use crate::run::fit::Room;
use crate::run::shelf::Shelf;
use crate::run::summary;
use crate::sweep::refine::{RefineError, Refined, Refinement};

/// Bytes for the lattices that the three runs have in common.
const SHELF: usize = 1 << 29;

/// Arguments of `perfuse refine`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  perfuse refine cases/stenosis.toml
  perfuse refine cases/stenosis.toml --set resolution.across=32 --ratio 1.4

The case is run at its own resolution and at two coarser ones; a run of it that is in --out already is taken as it is.
summary.json then has an object `uncertainty`: for every number of the flow the observed order of convergence, the limit
that it closes in on, and the grid convergence index, which is the half-width of the band that holds the limit.
uncertainty.csv has the same as a table.")]
pub struct RefineArgs {
    #[command(flatten)]
    common: Common,
    /// Ratio of neighbouring spacings, 1.2 to 2
    #[arg(long, default_value_t = 1.5, value_name = "R", value_parser = ratio)]
    ratio: f64,
}

fn ratio(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(ratio) if (1.2..=2.0).contains(&ratio) => Ok(ratio),
        _ => Err("a number from 1.2 to 2".into()),
    }
}

/// Runs the case at three resolutions.
///
/// # Errors
/// [`Failure`]: the case cannot be used, a run failed, a gate failed, or the user stopped it.
pub fn run(args: &RefineArgs) -> Result<(), Failure> {
    let case = args.common.load()?;
    let folder = args.common.out_dir(&case);
    let reporter = Reporter::new(args.common.quiet);
    let opened = device::open(args.common.device)?;
    let (opened, room) = (opened.as_ref(), Room::of(opened.clone()));
    let shelf = Arc::new(Shelf::new(SHELF));
    let read = |set: Option<String>| {
        let sets: Vec<String> = args.common.sets.iter().cloned().chain(set).collect();
        Case::load(&args.common.case, &sets)
    };
    let refinement = Refinement::new(&read, (args.ratio, &folder), (opened, &room), &shelf)?;
    stop::listen();
    let refined = refinement.run((opened, &room), &shelf, &reporter)?;
    reporter.finish();
    if args.common.json {
        print_json(&refined.summary)?;
    } else {
        print(&format!("{}results       {}\n", text(&refined), folder.display()))?;
    }
    let failed = summary::failed_gates(&refined.summary, &case.expect);
    if failed.is_empty() { Ok(()) } else { Err(Failure::Gates(failed)) }
}

fn text(refined: &Refined) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{:<40} {:>12} {:>12} {:>8} {:>7}", "number", "value", "+-", "+- %", "order");
    for (key, found) in &refined.numbers {
        let order = found.order.map_or("-".to_owned(), |order| format!("{order:.2}"));
        let percent = found.percent.map_or("-".to_owned(), |percent| format!("{percent:.2}"));
        let (value, width) = (format!("{:.5}", found.value), format!("{:.2e}", found.uncertainty));
        let _ = writeln!(text, "{key:<40} {value:>12} {width:>12} {percent:>8} {order:>7}");
    }
    let _ = writeln!(text, "{} of 3 runs were there already", refined.reused);
    text
}

impl From<RefineError> for Failure {
    fn from(error: RefineError) -> Self {
        match error {
            RefineError::Plan(error) => error.into(),
            RefineError::Identity(error) => Self::Input(error.into()),
            RefineError::Usage(_) => Self::Input(error.into()),
            RefineError::Interrupted => Self::Interrupted("the same command goes on".into()),
            RefineError::Output(error) => error.into(),
            RefineError::Run { .. } | RefineError::Unsettled { .. } => Self::Run(error.into()),
        }
    }
}
