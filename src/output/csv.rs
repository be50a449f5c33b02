//! A table of numbers with a header `name [unit]`.

use std::path::Path;

use super::file::{self, OutputError};

/// Rows in memory; [`Table::write`] may be called again as the table grows.
#[derive(Clone, Debug)]
pub struct Table {
    header: String,
    columns: usize,
    body: String,
}

impl Table {
    /// A table with these columns, each a name and a unit (which may be empty).
    #[must_use]
    pub fn new<N: AsRef<str>>(columns: &[(N, &str)]) -> Self {
        let titles: Vec<_> = columns.iter().map(|(name, unit)| title(name.as_ref(), unit)).collect();
        Self { header: titles.join(",") + "\n", columns: columns.len(), body: String::new() }
    }

    /// Adds a row. Numbers are written with as many digits as it takes to read the same number back; what a shorter row
    /// lacks stays empty, as does a value that is not a number.
    pub fn push(&mut self, row: &[f64]) {
        let cell = |k: usize| match row.get(k) {
            Some(value) if !value.is_nan() => format!("{value:?}"),
            _ => String::new(),
        };
        let cells: Vec<_> = (0..self.columns).map(cell).collect();
        self.body.push_str(&cells.join(","));
        self.body.push('\n');
    }

    /// Adds a row whose first cell is a text.
    pub fn push_named(&mut self, name: &str, row: &[f64]) {
        let mut numbers = Self { body: String::new(), columns: self.columns.saturating_sub(1), header: String::new() };
        numbers.push(row);
        self.body.push_str(&quoted(name));
        self.body.push(',');
        self.body.push_str(&numbers.body);
    }

    /// Writes header and rows.
    ///
    /// # Errors
    /// The system's reason.
    pub fn write(&self, path: &Path) -> Result<(), OutputError> {
        file::write_all(path, format!("{}{}", self.header, self.body).as_bytes())
    }
}

fn title(name: &str, unit: &str) -> String {
    quoted(&if unit.is_empty() { name.to_owned() } else { format!("{name} [{unit}]") })
}

/// A text as a cell.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_text() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("probes.csv");
        let mut table = Table::new(&[("time", "s"), ("flow, inlet", "ml/s"), ("steps", "")]);
        table.push(&[0.1, -1e-12, 3.0]);
        table.push(&[0.2, f64::NAN]);
        table.write(&path).expect("written");
        let text = std::fs::read_to_string(&path).expect("read");
        assert_eq!(text, "time [s],\"flow, inlet [ml/s]\",steps\n0.1,-1e-12,3.0\n0.2,,\n");
        let mut named = Table::new(&[("branch", ""), ("arc", "mm")]);
        named.push_named("j1,j2", &[0.5]);
        named.write(&path).expect("written");
        let text = std::fs::read_to_string(&path).expect("read");
        assert_eq!(text, "branch,arc [mm]\n\"j1,j2\",0.5\n");
    }
}
