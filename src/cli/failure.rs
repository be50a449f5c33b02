//! What a command ends with when it does not succeed: a message and an exit code.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, ErrorKind, IsTerminal};
use std::process::ExitCode;

use ariadne::{CharSet, Color, Config, IndexType, Label, Report, ReportKind, Source};

use crate::backend::gpu::device::DeviceError;
use crate::case::{CaseError, Diagnostic};

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
            Self::Case(error) => format!("error: {error}\n"),
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
    let label = Label::new((name, diagnostic.span.clone())).with_message(&diagnostic.label).with_color(Color::Red);
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
