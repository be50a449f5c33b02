//! The list of a run's files with their times (`.pvd`), which ParaView opens as one.

use std::path::{Component, Path, PathBuf};

use super::file::{self, OutputError};
use super::xml::{BYTE_ORDER, escape};

/// A growing list of files; the file on disk is complete after every step.
#[derive(Clone, Debug)]
pub struct Collection {
    path: PathBuf,
    entries: Vec<(f64, String)>,
}

impl Collection {
    /// An empty list; nothing is written before the first file is added.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), entries: Vec::new() }
    }

    /// Adds a file at a time in seconds and writes the list. Only the path below the list's own folder is stored.
    ///
    /// # Errors
    /// The system's reason; or a file that is not below the list's folder.
    pub fn push(&mut self, time: f64, file: &Path) -> Result<(), OutputError> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let names = |path: &Path| {
            path.components()
                .map(|part| match part {
                    Component::Normal(name) => Some(escape(&name.to_string_lossy())),
                    _ => None,
                })
                .collect::<Option<Vec<_>>>()
        };
        let relative = file.strip_prefix(folder).ok().and_then(names).ok_or_else(|| OutputError::Shape {
            path: self.path.clone(),
            reason: format!("{} is not in its folder", file.display()),
        })?;
        self.entries.push((time, relative.join("/")));
        file::write_all(&self.path, self.text().as_bytes())
    }

    fn text(&self) -> String {
        let mut out = format!(
            "<?xml version=\"1.0\"?>\n<VTKFile type=\"Collection\" version=\"1.0\" byte_order=\"{BYTE_ORDER}\">\n<Collection>\n"
        );
        for (time, file) in &self.entries {
            out.push_str(&format!("<DataSet timestep=\"{time:?}\" group=\"\" part=\"0\" file=\"{file}\"/>\n"));
        }
        out + "</Collection>\n</VTKFile>\n"
    }
}
