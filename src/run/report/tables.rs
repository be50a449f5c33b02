//! `probes.csv` and `profiles.csv`.

use std::path::Path;

use super::ReportError;
use crate::output::report::{Branch, Column, Series};

/// A table: name and unit of each column, and the rows with their lines.
struct Table {
    names: Vec<(String, String)>,
    rows: Vec<(u64, csv::StringRecord)>,
}

impl Table {
    fn read(path: &Path, text: &str) -> Result<Self, ReportError> {
        let damaged = |error: &csv::Error| ReportError::Damaged { path: path.to_owned(), reason: error.to_string() };
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
        let names = reader.headers().map_err(|e| damaged(&e))?.iter().map(name_and_unit).collect();
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|e| damaged(&e))?;
            rows.push((record.position().map_or(0, csv::Position::line), record));
        }
        Ok(Self { names, rows })
    }

    /// The numbers of a column; what is empty is no number.
    fn column(&self, path: &Path, k: usize) -> Result<Vec<f64>, ReportError> {
        let number = |(line, record): &(u64, csv::StringRecord)| {
            let cell = record.get(k).unwrap_or_default();
            if cell.is_empty() {
                return Ok(f64::NAN);
            }
            cell.parse().map_err(|_| {
                let cell: String = cell.chars().take(40).collect();
                let reason = format!("line {line}: `{}` is `{cell}`, expected a number", self.names[k].0);
                ReportError::Damaged { path: path.to_owned(), reason }
            })
        };
        self.rows.iter().map(number).collect()
    }

    fn find(&self, name: &str, unit: &str) -> Option<usize> {
        self.names.iter().position(|(n, u)| n == name && u == unit)
    }

    /// The number of a column that must be there.
    fn need(&self, path: &Path, name: &str, unit: &str) -> Result<usize, ReportError> {
        let title = if unit.is_empty() { name.to_owned() } else { format!("{name} [{unit}]") };
        let missing =
            || ReportError::Damaged { path: path.to_owned(), reason: format!("there is no column `{title}`") };
        self.find(name, unit).ok_or_else(missing)
    }
}

/// `flow_inlet [ml/s]` as `flow_inlet` and `ml/s`.
fn name_and_unit(title: &str) -> (String, String) {
    let split = title.strip_suffix(']').and_then(|rest| rest.rsplit_once('['));
    let (name, unit) = split.unwrap_or((title, ""));
    (name.trim().to_owned(), unit.trim().to_owned())
}

/// The probes over time.
pub(super) fn series(path: &Path, text: &str) -> Result<Series, ReportError> {
    let table = Table::read(path, text)?;
    let time = table.column(path, table.need(path, "time", "s")?)?;
    let shown = |k: &usize| ["flow_", "pressure_"].iter().any(|start| table.names[*k].0.starts_with(start));
    let column = |k: usize| {
        let (name, unit) = table.names[k].clone();
        Ok(Column { name, unit, values: table.column(path, k)? })
    };
    let columns = (0..table.names.len()).filter(shown).map(column).collect::<Result<_, ReportError>>()?;
    Ok(Series { time, columns })
}

/// The profile along each branch, in the order of the file.
pub(super) fn branches(path: &Path, text: &str) -> Result<Vec<Branch>, ReportError> {
    let table = Table::read(path, text)?;
    let name = table.need(path, "branch", "")?;
    let arc = table.column(path, table.need(path, "arc", "mm")?)?;
    let optional = |name: &str, unit: &str| match table.find(name, unit) {
        Some(k) => table.column(path, k),
        None => Ok(Vec::new()),
    };
    let area = optional("area", "mm^2")?;
    let pressure = optional("pressure", "mmHg")?;
    let [wss_mean, wss_max] = [optional("wss_mean", "Pa")?, optional("wss_max", "Pa")?];
    let mut found: Vec<Branch> = Vec::new();
    for (k, (_, record)) in table.rows.iter().enumerate() {
        let own = record.get(name).unwrap_or_default();
        let at = found.iter().position(|branch| branch.name == own).unwrap_or_else(|| {
            found.push(Branch { name: own.to_owned(), ..Branch::default() });
            found.len() - 1
        });
        let branch = &mut found[at];
        branch.arc.push(arc[k]);
        branch.area.extend(area.get(k));
        branch.pressure.extend(pressure.get(k));
        branch.wss_mean.extend(wss_mean.get(k));
        branch.wss_max.extend(wss_max.get(k));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILES: &str =
        "branch, arc [mm], area [mm^2], pressure [mmHg]\ntrunk, 0.0, 28.3, 93\nLAD, 5, 10,\ntrunk, 1.0, 28.1, 92\n";

    #[test]
    fn branches_are_gathered_by_name() {
        let found = branches(Path::new("profiles.csv"), PROFILES).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(found.iter().map(|b| b.name.as_str()).collect::<Vec<_>>(), ["trunk", "LAD"]);
        assert_eq!((&found[0].arc[..], &found[0].area[..]), (&[0.0, 1.0][..], &[28.3, 28.1][..]));
        assert!(found[1].pressure[0].is_nan() && found[0].wss_max.is_empty());
    }

    #[test]
    fn damage_is_told_by_file_and_line() {
        let said =
            |text: &str| branches(Path::new("d/profiles.csv"), text).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(said(&PROFILES.replace("28.1", "x28")).starts_with("d/profiles.csv: line 4: `area` is `x28`"));
        assert!(said(&PROFILES.replace("arc [mm]", "arc [m]")).contains("there is no column `arc [mm]`"));
        assert!(said(&PROFILES.replace(", 92", "")).contains("line: 4"), "{}", said(&PROFILES.replace(", 92", "")));
        assert!(series(Path::new("p"), "").is_err());
        let read = series(Path::new("p"), "time [s],\"flow_a, b [ml/s]\"\n0,1e-3\n").unwrap_or_else(|e| panic!("{e}"));
        assert_eq!((read.columns[0].name.as_str(), read.columns[0].values[0]), ("flow_a, b", 1e-3));
    }
}
