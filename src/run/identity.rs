//! What decides a run's result, as one number: equal identities, equal results.
//!
//! It is the hash of the case after all overrides (values, not comments, order or title; not the gates, which judge the
//! result and do not change it), of the content of every file that the case names, of the program's version and of the
//! kind of device (a processor and an adapter agree to rounding only). Paths and threads are no part of it.

use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::case::{Case, CaseError};

/// Keys of a case whose value names a file, or several.
const FILES: [&str; 5] = ["surface", "labels", "waveform", "intramyocardial", "file"];

/// Keys that do not change a result.
const IDLE: [&str; 2] = ["title", "expect"];

/// Why a case has no identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A file of the case is not there.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// A file of the case cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Read {
        /// The file.
        path: std::path::PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
}

/// The identity of a case on a kind of device (`cpu` or the adapter's interface), with what else decides: 64 digits.
///
/// # Errors
/// [`IdentityError`] when a surface of the case is not there or a file cannot be read.
pub fn of(case: &Case, backend: &str, more: &[&str]) -> Result<String, IdentityError> {
    case.surface_paths()?;
    let mut document = case.document();
    if let Value::Object(keys) = &mut document {
        IDLE.iter().for_each(|key| drop(keys.remove(*key)));
    }
    settle(&mut document, case, "")?;
    let mut hash = Sha256::new();
    // A JSON object of `serde_json` has its keys in order.
    for part in [env!("CARGO_PKG_VERSION"), backend, &document.to_string()].iter().chain(more) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    Ok(hex(&hash.finalize()))
}

/// Lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Replaces names of files by their content, and spells numbers with units alike.
fn settle(value: &mut Value, case: &Case, key: &str) -> Result<(), IdentityError> {
    match value {
        Value::Object(keys) => keys.iter_mut().try_for_each(|(key, value)| settle(value, case, key)),
        Value::Array(items) => items.iter_mut().try_for_each(|item| settle(item, case, key)),
        Value::String(text) if FILES.contains(&key) => {
            if let Some(content) = content(case, text)? {
                *text = content;
            }
            Ok(())
        }
        Value::String(text) => {
            *text = spelled(text);
            Ok(())
        }
        Value::Number(number) => {
            *value = number.as_f64().map_or(Value::Null, Value::from);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// A file by its name without folders, which patches may go by, and the hash of its content; none where there is none,
/// as for a word that stands in a file's place.
fn content(case: &Case, file: &str) -> Result<Option<String>, IdentityError> {
    let Some(path) = case.find_file(Path::new(file)) else { return Ok(None) };
    let bytes = std::fs::read(&path).map_err(|source| IdentityError::Read { path: path.clone(), source })?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Some(format!("{name} {}", hex(&Sha256::digest(&bytes)))))
}

/// A number with a unit in one spelling: `3.0  ml/s` is `3 ml/s`.
fn spelled(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.split_first() {
        Some((number, unit)) if !unit.is_empty() => match number.parse::<f64>() {
            Ok(number) => format!("{number} {}", unit.join(" ")),
            Err(_) => words.join(" "),
        },
        _ => words.join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(folder: &Path, extra: &str, flow: &str) -> Case {
        let text = format!(
            "{extra}[geometry]\nsurface = \"a.stl\"\nunit = \"mm\"\n[[opening]]\nname = \"i\"\npatch = \"i\"\n\
             flow = \"{flow}\"\n[blood]\ndensity = \"1 g/ml\"\nviscosity = \"4 cP\"\n[resolution]\nacross = 9\n"
        );
        Case::parse(&folder.join("case.toml"), &text, &[]).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn what_decides_and_what_does_not() {
        let folders = [(); 2].map(|()| tempfile::tempdir().unwrap_or_else(|e| panic!("{e}")));
        let [a, b] = [folders[0].path(), folders[1].path()];
        let write = |text: &str| {
            [a, b].map(|folder| std::fs::write(folder.join("a.stl"), text).unwrap_or_else(|e| panic!("{e}")))
        };
        write("solid");
        let id = |case: &Case, backend: &str| of(case, backend, &[]).unwrap_or_else(|e| panic!("{e}"));
        let first = id(&case(a, "", "3 ml/s"), "cpu");
        assert_eq!(first.len(), 64);
        assert_eq!(first, id(&case(b, "# elsewhere\ntitle = \"same\"\n", "3.0  ml/s"), "cpu"));
        assert_ne!(first, id(&case(a, "", "3.1 ml/s"), "cpu"));
        assert_ne!(first, id(&case(a, "", "3 ml/s"), "vulkan"));
        assert_ne!(first, of(&case(a, "", "3 ml/s"), "cpu", &["warm"]).unwrap_or_else(|e| panic!("{e}")));
        write("solid b");
        assert_ne!(first, id(&case(a, "", "3 ml/s"), "cpu"), "another surface under the same name");
        std::fs::remove_file(a.join("a.stl")).unwrap_or_else(|e| panic!("{e}"));
        assert!(of(&case(a, "", "3 ml/s"), "cpu", &[]).is_err_and(|e| e.to_string().contains("a.stl")));
    }
}
