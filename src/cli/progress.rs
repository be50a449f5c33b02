//! Progress on stderr: a bar on a terminal, plain lines elsewhere, nothing when quiet.

use std::cell::RefCell;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::run::steady::Progress;

/// Time between two plain lines.
const EVERY: Duration = Duration::from_secs(5);

/// Tells the user how a run goes.
pub struct Reporter {
    quiet: bool,
    bar: Option<ProgressBar>,
    state: RefCell<State>,
}

/// The lattice that is being run, since when, and when it was last told of.
struct State {
    level: usize,
    since: Instant,
    told: Option<Instant>,
}

impl Reporter {
    /// A reporter on stderr.
    #[must_use]
    pub fn new(quiet: bool) -> Self {
        let bar = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::new(1);
            let style = ProgressStyle::with_template("{bar:30} {percent:>3} % {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        let state = State { level: usize::MAX, since: Instant::now(), told: None };
        Self { quiet, bar, state: RefCell::new(state) }
    }

    /// A line of its own.
    pub fn say(&self, text: &str) {
        if self.quiet {
            return;
        }
        match &self.bar {
            Some(bar) => bar.println(text),
            None => eprintln!("{text}"),
        }
    }

    /// A new phase.
    pub fn phase(&self, name: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(name.to_owned()),
            None => self.say(name),
        }
    }

    /// How far the flow is.
    pub fn step(&self, progress: &Progress) {
        if self.quiet {
            return;
        }
        let mut state = self.state.borrow_mut();
        if state.level != progress.level {
            (state.level, state.since) = (progress.level, Instant::now());
        }
        let seconds = state.since.elapsed().as_secs_f64().max(1e-6);
        let text = line(progress, seconds);
        match &self.bar {
            Some(bar) => {
                bar.set_length(progress.expected.max(progress.steps));
                bar.set_position(progress.steps);
                bar.set_message(text);
            }
            None => {
                if state.told.is_none_or(|told| told.elapsed() >= EVERY) {
                    state.told = Some(Instant::now());
                    eprintln!("{text}");
                }
            }
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn line(p: &Progress, seconds: f64) -> String {
    let mlups = p.steps as f64 * p.sites as f64 / seconds / 1e6;
    let left = p.expected.saturating_sub(p.steps) as f64 * seconds / p.steps.max(1) as f64;
    let change = p.change.map_or("-".to_owned(), |c| format!("{c:.1e}"));
    format!(
        "lattice {} of {}: step {}, {mlups:.1} MLUPS, change {change} (steady below {:.1e}), about {left:.0} s left",
        p.level + 1,
        p.levels,
        p.steps,
        p.tolerance
    )
}
