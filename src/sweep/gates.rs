//! Gates: what every run's numbers must satisfy, and the JUnit report that build servers show.

use std::path::Path;

use serde_json::Value;

use super::SweepError;
use super::collect::{Collected, Row};
use super::folder::RunStatus;
use crate::case::Gate;
use crate::output::write_file;
use crate::run::summary::failed_gates;

/// What the gates of a run say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// How many were checked.
    pub checked: usize,
    /// Those that fail, in words.
    pub failed: Vec<String>,
}

/// Checks a summary against gates.
#[must_use]
pub fn judge(summary: &Value, gates: &[Gate]) -> Verdict {
    Verdict { checked: gates.len(), failed: failed_gates(summary, gates) }
}

/// Writes `junit.xml`: a test a run, its gates as assertions; `more` are failures of the sweep as a whole, such as
/// differences from a baseline, by the run's name.
///
/// # Errors
/// [`SweepError`] with the system's reason.
pub fn junit(all: &Collected, more: &[(String, String)], folder: &Path) -> Result<(), SweepError> {
    let mut cases = String::new();
    let (mut failures, mut assertions) = (0, 0);
    for row in &all.rows {
        let (text, failed) = case(all, row, more);
        cases.push_str(&text);
        failures += usize::from(failed);
        assertions += row.verdict.checked;
    }
    let (errors, skipped) =
        (all.count(RunStatus::Failed) + all.count(RunStatus::Unsettled), all.count(RunStatus::Missing));
    let seconds: f64 = all.rows.iter().filter_map(|row| row.seconds).sum();
    let name = escape(&all.sweep);
    let (tests, counts) = (all.rows.len(), format!("errors=\"{errors}\" skipped=\"{skipped}\""));
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"{name}\" tests=\"{tests}\" \
         failures=\"{failures}\" {counts} assertions=\"{assertions}\" time=\"{seconds:.3}\">\n{cases}  </testsuite>\n\
         </testsuites>\n"
    );
    write_file(&folder.join("junit.xml"), text.as_bytes())?;
    Ok(())
}

/// One test, and whether a gate of it fails.
fn case(all: &Collected, row: &Row, more: &[(String, String)]) -> (String, bool) {
    let pairs = all.keys.iter().zip(&row.settings);
    let label = pairs.map(|(key, value)| format!("{key} = {value}")).collect::<Vec<_>>().join(", ");
    let other = more.iter().filter(|(run, _)| *run == row.name).map(|(_, message)| message);
    let failed: Vec<&String> = row.verdict.failed.iter().chain(other).collect();
    let mut inner = String::new();
    let message = escape(row.message.as_deref().unwrap_or_default());
    match row.status {
        RunStatus::Done => {}
        RunStatus::Missing => inner.push_str("      <skipped message=\"not run so far\"/>\n"),
        status => inner.push_str(&format!("      <error message=\"{message}\" type=\"{}\"/>\n", status.word())),
    }
    for gate in &failed {
        inner.push_str(&format!("      <failure message=\"{}\" type=\"gate\"/>\n", escape(gate)));
    }
    let text = format!(
        "    <testcase classname=\"{}\" name=\"{} ({})\" assertions=\"{}\" time=\"{:.3}\">\n{inner}    </testcase>\n",
        escape(&all.sweep),
        escape(&label),
        row.name,
        row.verdict.checked,
        row.seconds.unwrap_or(0.0)
    );
    (text, !failed.is_empty())
}

/// Text fit for XML and HTML.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
