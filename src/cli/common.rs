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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        common: Common,
    }

    fn parse(args: &[&str]) -> Result<Common, String> {
        let args = ["run"].iter().chain(args);
        Command::try_parse_from(args).map(|command| command.common).map_err(|error| error.to_string())
    }

    #[test]
    fn options_and_their_defaults() {
        let plain = parse(&["a/stenosis.toml"]).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!((plain.device, plain.out.as_deref(), plain.sets.len()), (Choice::Auto, None, 0));
        assert!(!plain.json && !plain.quiet && !plain.verbose);
        let full =
            parse(&["a.toml", "--device", "cpu", "--out", "o", "--set", "a.b=1", "--set", "c=2", "--json", "-q"]);
        let full = full.unwrap_or_else(|e| panic!("{e}"));
        assert_eq!((full.device, full.out.as_deref(), full.sets.len()), (Choice::Cpu, Some(Path::new("o")), 2));
        assert!(full.json && full.quiet);
    }

    #[test]
    fn bad_usage_is_refused() {
        assert!(parse(&["a.toml", "--device", "cuda"]).is_err_and(|e| e.contains("auto, gpu, cpu")));
        assert!(parse(&["a.toml", "-q", "-v"]).is_err_and(|e| e.contains("cannot be used with")));
        assert!(parse(&[]).is_err());
    }

    #[test]
    fn results_are_named_after_the_case() {
        let text = "[geometry]\nsurface = \"a.stl\"\nunit = \"mm\"\n[blood]\ndensity = \"1 g/ml\"\nviscosity = \"4 cP\"\n\
                    [resolution]\nacross = 9\n";
        let case = Case::parse(Path::new("cases/bend.toml"), text, &[]).unwrap_or_else(|e| panic!("{e}"));
        let common = parse(&["cases/bend.toml"]).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(common.out_dir(&case), Path::new("results").join("bend"));
        let common = parse(&["cases/bend.toml", "--out", "x"]).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(common.out_dir(&case), Path::new("x"));
    }
}
