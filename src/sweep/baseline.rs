//! Comparison with the `results.csv` of an earlier sweep.
//!
//! Runs are matched by their parameters, which outlast a new version of the program; numbers that tell how something was
//! computed (speed, steps, residuals) are left out, and a number may differ by a part of the larger of its two values.
//! What is tiny beside the other numbers of its kind (a flow of zero through a closed branch, say) has no relative
//! difference worth telling: a number of no more than a millionth of the largest of its column is held to be zero.

use std::path::Path;

use super::SweepError;
use super::collect::{Collected, is_physical};
use super::folder::RunStatus;
use super::table::Table;

/// Part of the largest number of a column that counts as zero.
const TINY: f64 = 1e-6;

/// What a comparison came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Runs compared.
    pub runs: usize,
    /// Numbers compared.
    pub numbers: usize,
    /// Name of a run and what differs.
    pub differences: Vec<(String, String)>,
}

/// Compares all runs that both have; a run that was done before and is not now differs.
///
/// # Errors
/// [`SweepError::Table`] if the baseline cannot be read, or has other parameters.
pub fn compare(all: &Collected, path: &Path, tolerance: f64) -> Result<Comparison, SweepError> {
    let table = Table::read(path)?;
    let wrong = |reason: String| SweepError::Table { path: path.to_owned(), reason };
    let titles: Vec<String> = (0..all.keys.len()).map(|k| all.title_of(k)).collect();
    let column = |title: &String| {
        table.column(title).ok_or_else(|| wrong(format!("the baseline has no column `{title}`; it is another sweep's")))
    };
    let keys: Vec<usize> = titles.iter().map(column).collect::<Result<_, _>>()?;
    let status = column(&"status".to_owned())?;
    let own = all.own_table();
    let (own_keys, own_status) = (2..2 + keys.len(), 1);
    let mut found = Comparison::default();
    let columns: Vec<(usize, usize, f64)> = table
        .header
        .iter()
        .enumerate()
        .filter(|(k, title)| !keys.contains(k) && title.contains('_') | title.contains('.') && is_physical(title))
        .filter_map(|(k, title)| {
            let cells = table.rows.iter().filter_map(|row| row[k].parse::<f64>().ok());
            Some((k, own.column(title).unwrap_or(usize::MAX), TINY * cells.map(f64::abs).fold(0.0, f64::max)))
        })
        .collect();
    for before in &table.rows {
        let same = |now: &&Vec<String>| now[own_keys.clone()].iter().zip(&keys).all(|(cell, k)| *cell == before[*k]);
        let (Some(now), true) = (own.rows.iter().find(same), before[status] == RunStatus::Done.word()) else {
            continue;
        };
        found.runs += 1;
        if now[own_status] != RunStatus::Done.word() {
            found.differences.push((now[0].clone(), format!("was done in the baseline, is {} now", now[own_status])));
            continue;
        }
        for (k, own_k, tiny) in &columns {
            let Ok(old) = before[*k].parse::<f64>() else { continue };
            found.numbers += 1;
            let title = &table.header[*k];
            let Some(new) = now.get(*own_k).and_then(|cell| cell.parse::<f64>().ok()) else {
                found
                    .differences
                    .push((now[0].clone(), format!("{title} was {old} in the baseline, and is not there now")));
                continue;
            };
            let allowed = (tolerance * old.abs().max(new.abs())).max(*tiny);
            if (new - old).abs() > allowed || new.is_nan() {
                let percent = 100.0 * (new - old) / old.abs().max(*tiny).max(f64::MIN_POSITIVE);
                let limit = 100.0 * tolerance;
                let message = format!("{title} = {new:.6}, baseline {old:.6}: {percent:+.2} %, allowed {limit} %");
                found.differences.push((now[0].clone(), message));
            }
        }
    }
    if found.runs == 0 {
        return Err(wrong("no run of the baseline has the parameters of a run of this sweep".into()));
    }
    Ok(found)
}

/// A part from a text: `2%`, `2 %` or `0.02`.
///
/// # Errors
/// What is wrong with it.
pub fn tolerance(text: &str) -> Result<f64, String> {
    let trimmed = text.trim();
    let (number, factor) = trimmed.strip_suffix('%').map_or((trimmed, 1.0), |number| (number.trim(), 0.01));
    match number.parse::<f64>() {
        Ok(value) if (0.0..=1.0).contains(&(value * factor)) => Ok(value * factor),
        _ => Err(format!("`{text}` is not a part between 0 and 1; write 2% or 0.02")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        assert_eq!(tolerance("2%"), Ok(0.02));
        assert_eq!(tolerance(" 2 % "), Ok(0.02));
        assert_eq!(tolerance("0.02"), Ok(0.02));
        for bad in ["2", "-1%", "x", "nan", ""] {
            assert!(tolerance(bad).is_err(), "{bad}");
        }
    }
}
