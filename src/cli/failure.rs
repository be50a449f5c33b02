//! What a command ends with when it does not succeed: a message and an exit code.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, ErrorKind, IsTerminal};
use std::process::ExitCode;

use ariadne::{CharSet, Color, Config, IndexType, Label, Report, ReportKind, Source};

use super::mesh::MeshError;
use crate::backend::gpu::device::DeviceError;
use crate::case::{CaseError, Diagnostic};
use crate::run::RunError;
use crate::run::plan::PlanError;
use crate::sweep::SweepError;

/// Why a command did not succeed.
#[derive(Debug)]
pub enum Failure {
    /// The run itself failed: it diverged, the device was lost, the disk is full. Exit code 1.
    Run(Box<dyn Error>),
    /// An input cannot be used: usage, mesh, device choice. Exit code 2.
    Input(Box<dyn Error>),
    /// The case file cannot be used; shown with the lines concerned. Exit code 2.
    Case(CaseError),
    /// The run finished, but these gates of the case failed. Exit code 3.
    Gates(Vec<String>),
    /// The user interrupted; what was reached. Exit code 130.
    Interrupted(String),
    /// The result could not be written to stdout. Exit code 1; nothing is said and the code is 0 if the reader is gone.
    Stdout(io::Error),
}

impl From<CaseError> for Failure {
    fn from(error: CaseError) -> Self {
        Self::Case(error)
    }
}

impl From<DeviceError> for Failure {
    fn from(error: DeviceError) -> Self {
        match error {
            DeviceError::UnknownChoice { .. } | DeviceError::NoAdapter => Self::Input(error.into()),
            DeviceError::Open { .. } => Self::Run(error.into()),
        }
    }
}

impl From<MeshError> for Failure {
    fn from(error: MeshError) -> Self {
        if error.exit_code() == 2 { Self::Input(error.into()) } else { Self::Run(error.into()) }
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::Case(error) => Self::Case(error),
            other => Self::Input(other.into()),
        }
    }
}

impl From<SweepError> for Failure {
    fn from(error: SweepError) -> Self {
        match error {
            SweepError::Case(error) => Self::Case(error),
            SweepError::Stopped { .. } | SweepError::Output(_) => Self::Run(error.into()),
            other => Self::Input(other.into()),
        }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Plan(error) => (*error).into(),
            RunError::Device(error) => error.into(),
            error @ (RunError::Resume(_) | RunError::Busy(_)) => Self::Input(error.into()),
            other => Self::Run(other.into()),
        }
    }
}

impl Failure {
    /// The program's exit code.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Stdout(error) if error.kind() == ErrorKind::BrokenPipe => 0,
            Self::Run(_) | Self::Stdout(_) => 1,
            Self::Input(_) | Self::Case(_) => 2,
            Self::Gates(_) => 3,
            Self::Interrupted(_) => 130,
        })
    }

    /// Prints the message to stderr, in colour on a terminal unless `NO_COLOR` is set.
    pub fn print(&self) {
        let terminal = io::stderr().is_terminal();
        let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let text = self.render(colour, if terminal { CharSet::Unicode } else { CharSet::Ascii });
        // A closed stderr leaves nobody to tell.
        let _ = io::Write::write_all(&mut io::stderr().lock(), text.as_bytes());
    }

    fn render(&self, colour: bool, char_set: CharSet) -> String {
        match self {
            Self::Stdout(error) if error.kind() == ErrorKind::BrokenPipe => String::new(),
            Self::Stdout(error) => format!("error: cannot write to standard output: {error}\n"),
            Self::Run(error) | Self::Input(error) => chain(error.as_ref()),
            Self::Case(CaseError::Invalid(found)) => found.iter().map(|d| report(d, colour, char_set)).collect(),
            Self::Case(error) => chain(error),
            Self::Gates(gates) => gates.iter().map(|gate| format!("gate failed: {gate}\n")).collect(),
            Self::Interrupted(reached) => format!("interrupted: {reached}\n"),
        }
    }
}

/// An error and its causes, one a line.
fn chain(error: &dyn Error) -> String {
    let mut text = format!("error: {error}\n");
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  because: {error}");
        cause = error.source();
    }
    text
}

/// A diagnostic with the line it points at.
fn report(diagnostic: &Diagnostic, colour: bool, char_set: CharSet) -> String {
    let name = diagnostic.name.as_str();
    let config = Config::new().with_color(colour).with_char_set(char_set).with_index_type(IndexType::Byte);
    let mut label = Label::new((name, diagnostic.span.clone())).with_color(Color::Red);
    if !diagnostic.label.is_empty() {
        label = label.with_message(&diagnostic.label);
    }
    let mut report = Report::build(ReportKind::Error, (name, diagnostic.span.clone()))
        .with_config(config)
        .with_message(&diagnostic.message)
        .with_label(label);
    report.with_helps(diagnostic.help.as_deref());
    let mut bytes = Vec::new();
    match report.finish().write((name, Source::from(&diagnostic.text)), &mut bytes) {
        Ok(()) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => format!("error: {diagnostic}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Case;
    use std::path::Path;

    const TEXT: &str = "title = \"\u{e9} \u{20ac}\"\n[geometry]\nsurface = \"a.stl\"\nunit = \"mm\"\n[blood]\ndensity = 1060\n\
                        viscosity = \"4 cP\"\n[resolution]\nacross = 9\n";

    fn shown(text: &str, sets: &[String]) -> String {
        let error = Case::parse(Path::new("a/case.toml"), text, sets).and_then(|case| case.validate()).err();
        let failure = Failure::from(error.unwrap_or_else(|| panic!("accepted: {text}")));
        failure.render(false, CharSet::Ascii)
    }

    #[test]
    fn a_diagnostic_shows_file_line_message_and_remedy() {
        let text = shown(TEXT, &[]);
        for part in ["a/case.toml:6:", "`blood.density`: `1060` has no unit", "density = 1060", "Help: `blood.density`"]
        {
            assert!(text.contains(part), "`{part}` is missing in\n{text}");
        }
        assert!(!text.contains('\u{1b}'), "colour in\n{text}");
        let text = shown(TEXT, &["blood.density=3 kg/m^3".into()]);
        assert!(text.contains("--set:1:") && text.contains("blood.density = \"3 kg/m^3\""), "{text}");
    }

    #[test]
    fn every_damaged_case_can_be_shown() {
        for cut in (0..TEXT.len()).filter(|&at| TEXT.is_char_boundary(at)) {
            for text in [&TEXT[..cut], &TEXT[cut..], &TEXT.replacen('"', "\u{20ac}", cut)] {
                assert!(!shown(text, &[]).is_empty());
            }
        }
    }

    #[test]
    fn causes_follow_the_error() {
        let cause = CaseError::Read { path: "x".into(), source: io::Error::other("disk on fire") };
        let text = Failure::Run(cause.into()).render(false, CharSet::Ascii);
        assert_eq!(text, "error: cannot read the case file `x`\n  because: disk on fire\n");
    }

    #[test]
    fn exit_codes() {
        let gone = || io::Error::from(ErrorKind::BrokenPipe);
        let codes = [
            (Failure::Run(gone().into()), 1),
            (Failure::Input(gone().into()), 2),
            (Failure::Case(CaseError::Invalid(Vec::new())), 2),
            (Failure::Gates(vec!["mass_imbalance".into()]), 3),
            (Failure::Interrupted("1000 steps".into()), 130),
            (Failure::Stdout(gone()), 0),
            (Failure::Stdout(io::Error::other("full")), 1),
        ];
        for (failure, code) in codes {
            assert_eq!(failure.exit_code(), ExitCode::from(code), "{failure:?}");
        }
        assert_eq!(Failure::Stdout(gone()).render(false, CharSet::Ascii), "");
    }
}
