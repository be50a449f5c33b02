//! Progress on stderr: a bar on a terminal, plain lines elsewhere, nothing when quiet.

use std::cell::RefCell;
use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::stop;
use crate::run::job::Sink;
use crate::run::steady::Progress;
use crate::run::wall::WallProgress;

/// Time between two plain lines.
const EVERY: Duration = Duration::from_secs(5);

/// Tells the user how a run goes.
pub struct Reporter {
    quiet: bool,
    bar: Option<ProgressBar>,
    state: RefCell<State>,
}

/// The lattice that is being run, since when and which step it has been watched, and when it was last told of.
struct State {
    level: usize,
    since: Instant,
    first: u64,
    told: Option<Instant>,
}

/// Steps a second and what they were counted over.
struct Pace {
    steps: u64,
    seconds: f64,
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
        let state = State { level: usize::MAX, since: Instant::now(), first: 0, told: None };
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
            (state.level, state.since, state.first) = (progress.level, Instant::now(), progress.steps);
        }
        let steps = progress.steps.saturating_sub(state.first);
        let text = line(progress, &Pace { steps, seconds: state.since.elapsed().as_secs_f64() });
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

    /// How far the solution of the wall is.
    pub fn wall(&self, progress: &WallProgress) {
        if self.quiet {
            return;
        }
        let text = wall_line(progress);
        match &self.bar {
            Some(bar) => {
                // As many digits of the residual as are there already, in hundredths.
                let digits = |residual: f64| (-100.0 * residual.clamp(1e-30, 1.0).log10()) as u64;
                bar.set_length(digits(progress.tolerance).max(1));
                bar.set_position(digits(progress.residual).min(digits(progress.tolerance)));
                bar.set_message(text);
            }
            None => {
                let mut state = self.state.borrow_mut();
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

/// Ctrl-C ends what it reports of.
impl Sink for Reporter {
    fn say(&self, text: &str) {
        self.say(text);
    }

    fn phase(&self, name: &str) {
        self.phase(name);
    }

    fn step(&self, progress: &Progress) -> ControlFlow<()> {
        self.step(progress);
        stop::flow()
    }

    fn wall(&self, progress: &WallProgress) -> ControlFlow<()> {
        self.wall(progress);
        stop::flow()
    }
}

/// The steps before the first look at a lattice are not counted: how long they took is not known.
fn line(p: &Progress, pace: &Pace) -> String {
    let (speed, left) = if pace.steps > 0 && pace.seconds > 0.0 {
        let rate = pace.steps as f64 / pace.seconds;
        let left = p.expected.saturating_sub(p.steps) as f64 / rate;
        (format!("{:.1} MLUPS", rate * p.sites as f64 * 1e-6), format!(", about {left:.0} s left"))
    } else {
        (format!("{} sites", p.sites), String::new())
    };
    let change = p.change.map_or("-".to_owned(), |c| format!("{c:.1e}"));
    let (cycle, state) = match p.cycle {
        Some(cycle) => (format!("cycle {cycle}, "), "periodic"),
        None => (String::new(), "steady"),
    };
    format!(
        "lattice {} of {}: {cycle}step {}, {speed}, change {change} ({state} below {:.1e}){left}",
        p.level + 1,
        p.levels,
        p.steps,
        p.tolerance
    )
}

fn wall_line(p: &WallProgress) -> String {
    format!(
        "wall, load {}: iteration {}, residual {:.1e} (solved below {:.0e})",
        p.load, p.iterations, p.residual, p.tolerance
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wall_tells_its_residual() {
        let progress = WallProgress { load: "systole".into(), iterations: 42, residual: 3.2e-5, tolerance: 1e-8 };
        assert_eq!(wall_line(&progress), "wall, load systole: iteration 42, residual 3.2e-5 (solved below 1e-8)");
    }

    #[test]
    fn speed_is_told_once_it_is_known() {
        let progress = Progress {
            level: 1,
            levels: 3,
            steps: 3000,
            expected: 5000,
            sites: 2000,
            cycle: None,
            change: None,
            tolerance: 2e-3,
        };
        let first = line(&progress, &Pace { steps: 0, seconds: 1e-7 });
        assert_eq!(first, "lattice 2 of 3: step 3000, 2000 sites, change - (steady below 2.0e-3)");
        let later = line(&progress, &Pace { steps: 1000, seconds: 0.5 });
        assert!(later.contains("step 3000, 4.0 MLUPS,") && later.ends_with("about 1 s left"), "{later}");
    }
}
