//! What is wrong with a case, and where: diagnostics that point at a line of the file or at a `--set`.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Bytes of a case's text: those of the file, then those of each `--set`.
pub type Span = Range<usize>;

/// The text that a case was read from: the file, then one line for each `--set`.
#[derive(Clone, Debug)]
pub struct Source {
    path: PathBuf,
    text: String,
    file_length: usize,
    sets: Vec<Span>,
}

impl Source {
    /// The text of a file.
    #[must_use]
    pub fn new(path: &Path, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), file_length: text.len(), sets: Vec::new() }
    }

    /// Adds the text of a `--set` and returns its span.
    pub(super) fn add_set(&mut self, text: &str) -> Span {
        self.text.push('\n');
        let start = self.text.len();
        self.text.push_str(text);
        self.sets.push(start..self.text.len());
        start..self.text.len()
    }

    /// Path of the case file as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The case file's own text.
    #[must_use]
    pub fn file_text(&self) -> &str {
        &self.text[..self.file_length]
    }

    /// The overrides, as TOML lines, in the order given.
    pub fn sets(&self) -> impl Iterator<Item = &str> {
        self.sets.iter().map(|span| &self.text[span.clone()])
    }

    /// Where the overrides stand.
    pub(super) fn set_spans(&self) -> impl Iterator<Item = &Span> {
        self.sets.iter()
    }

    /// The text at a span.
    #[must_use]
    pub fn slice(&self, span: &Span) -> &str {
        self.text.get(span.clone()).unwrap_or("")
    }

    /// A diagnostic at a span; a span over several lines is cut to its first.
    #[must_use]
    pub fn diagnostic(&self, span: &Span, message: String, label: String, help: Option<String>) -> Diagnostic {
        let set = self.sets.iter().find(|set| set.start <= span.start && span.start <= set.end);
        let (name, whole) = match set {
            Some(set) => ("--set".to_owned(), set.clone()),
            None => (self.path.display().to_string(), 0..self.file_length),
        };
        let text = &self.text[whole.clone()];
        let start = floor_boundary(text, span.start.saturating_sub(whole.start));
        let end = floor_boundary(text, span.end.saturating_sub(whole.start)).max(start);
        let first_line = text[start..end].find(['\n', '\r']).map_or(end, |line| start + line);
        Diagnostic { name, text: text.to_owned(), span: start..first_line, message, label, help }
    }
}

/// The last character boundary at or before `at`.
fn floor_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0)
}

/// One thing that is wrong, with its place and its remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The case file's path, or `--set`.
    pub name: String,
    /// The whole text of that file or `--set`.
    pub text: String,
    /// Bytes of `text` that are pointed at.
    pub span: Span,
    /// What is wrong, with key and value.
    pub message: String,
    /// What to write beside the place.
    pub label: String,
    /// The remedy.
    pub help: Option<String>,
}

impl Diagnostic {
    /// The line pointed at, counted from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        1 + self.text.as_bytes()[..self.span.start].iter().filter(|byte| **byte == b'\n').count()
    }
}

/// `case.toml:12: message`, or `--set title=3: message`; label and help follow on their own lines.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name == "--set" {
            write!(f, "--set {}: {}", self.text, self.message)?;
        } else {
            write!(f, "{}:{}: {}", self.name, self.line(), self.message)?;
        }
        if !self.label.is_empty() {
            write!(f, " ({})", self.label)?;
        }
        self.help.iter().try_for_each(|help| write!(f, "\n  help: {help}"))
    }
}

/// Why a case cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// The file cannot be read.
    #[error("cannot read the case file `{}`", path.display())]
    Read {
        /// The path as given.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The file is not text.
    #[error("the case file `{}` is not UTF-8 text (line {line}){}", path.display(), surface_hint(path))]
    NotText {
        /// The path as given.
        path: PathBuf,
        /// Line of the first byte that is not text.
        line: usize,
    },
    /// The content is wrong; at least one diagnostic.
    #[error("{}", join(.0))]
    Invalid(Vec<Diagnostic>),
}

impl CaseError {
    /// The diagnostics, none if the file could not be read at all.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        match self {
            Self::Invalid(diagnostics) => diagnostics,
            Self::Read { .. } | Self::NotText { .. } => &[],
        }
    }
}

fn join(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Remedy where a surface was given in place of a case file.
pub(super) fn surface_hint(path: &Path) -> String {
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        Some("obj" | "stl" | "vtp" | "vtk") => {
            let shown = path.display();
            format!("; this is a surface: `perfuse inspect {shown} --case > case.toml` writes a case file for it")
        }
        _ => String::new(),
    }
}
