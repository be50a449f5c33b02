//! Points of a sweep: which value each key has in each run.
//!
//! The Sobol' sequence has the direction numbers of Joe and Kuo (SIAM J. Sci. Comput. 30, 2008, 2635) and Owen's scrambling
//! by hashing (Burley, J. Comput. Graph. Tech. 9(4), 2020). The design of Sobol' indices is that of Saltelli et al.
//! (Comput. Phys. Commun. 181, 2010, 259): with two independent matrices A and B of N points, the rows of A, of B, and of
//! A with one column from B, for each column; here block by block, so that the first blocks of a sweep are a smaller
//! design of their own. A Latin hypercube (McKay, Beckman and Conover, Technometrics 21, 1979, 239) has one point in each
//! of N equal parts of every key's distribution.

use super::SweepError;
use super::distribution::Spread;
use super::file::{Axis, Method, SweepFile, Values};
use super::setting::Setting;
use super::table::Table;

/// Most runs of a sweep.
pub const MOST_RUNS: usize = 100_000;

/// Dimensions of the Sobol' sequence.
const DIMENSIONS: usize = 256;

/// Half the distance of two neighbouring numbers of the sequence: takes 0 away, where some distributions have no value.
const HALF: f64 = 1.0 / (1u64 << 25) as f64;

/// Names of the keys and the values of every run.
#[derive(Clone, Debug, PartialEq)]
pub struct Points {
    /// Keys of the case file, or `mesh.` and a parameter.
    pub keys: Vec<String>,
    /// Values of each run in the order of the keys.
    pub rows: Vec<Vec<Setting>>,
}

/// The points of a sweep file.
///
/// # Errors
/// [`SweepError`]: more runs than a sweep can have, lists of different lengths, a table that cannot be read, keys whose
/// values the method cannot use.
pub fn points(file: &SweepFile) -> Result<Points, SweepError> {
    if let Some(path) = &file.table {
        return table(path);
    }
    let rows = match file.method {
        Method::Grid | Method::Table => grid(file)?,
        Method::List => list(file)?,
        Method::LatinHypercube | Method::Sobol | Method::Saltelli => spread(file)?,
    };
    Ok(Points { keys: file.axes.iter().map(|axis| axis.key.clone()).collect(), rows })
}

fn too_many(runs: f64) -> SweepError {
    SweepError::TooMuch { reason: format!("the sweep has {runs:.3e} runs, at most {MOST_RUNS} can be; vary less") }
}

fn table(path: &std::path::Path) -> Result<Points, SweepError> {
    let table = Table::read(path)?;
    if table.rows.is_empty() || table.rows.len() > MOST_RUNS {
        let reason = format!("the table has {} rows, allowed is 1 to {MOST_RUNS}", table.rows.len());
        return Err(SweepError::Table { path: path.to_owned(), reason });
    }
    for (k, key) in table.header.iter().enumerate() {
        if table.column(key) != Some(k) {
            let reason = format!("two columns are named `{key}`; give each key one column");
            return Err(SweepError::Table { path: path.to_owned(), reason });
        }
    }
    let rows = table.rows.iter().map(|row| row.iter().map(|cell| Setting::cell(cell)).collect()).collect();
    Ok(Points { keys: table.header, rows })
}

/// The values of a key one by one.
fn levels(file: &SweepFile, axis: &Axis) -> Result<Vec<Setting>, SweepError> {
    let lacking = |what: &str| {
        let message = format!("`{}` {what}", axis.key);
        let help = "give values = [...], or steps = 5, or choose method = \"latin-hypercube\" or \"sobol\"";
        Err(file.error(&axis.span, message, "here", help).into())
    };
    match &axis.values {
        Values::Listed(values) => Ok(values.clone()),
        Values::Range(_, None) => lacking("has a range, but no number of steps"),
        Values::Range([from, to], Some(steps)) => {
            let [low, high] = [from, to].map(|end| end.number().unwrap_or(f64::NAN));
            let part = |k: usize| k as f64 / (steps - 1) as f64;
            Ok((0..*steps).map(|k| from.with(low + part(k) * (high - low))).collect())
        }
        Values::Spread(..) => lacking("has a distribution, which a grid or a list cannot use"),
    }
}

fn grid(file: &SweepFile) -> Result<Vec<Vec<Setting>>, SweepError> {
    let levels: Vec<_> = file.axes.iter().map(|axis| levels(file, axis)).collect::<Result<_, _>>()?;
    let runs = levels.iter().map(|values| values.len() as f64).product::<f64>();
    if runs > MOST_RUNS as f64 {
        return Err(too_many(runs));
    }
    let mut rows = vec![Vec::new()];
    for values in levels {
        // The last key changes fastest.
        let longer =
            |row: &Vec<Setting>| values.iter().map(|value| [row.as_slice(), &[value.clone()]].concat()).collect();
        rows = rows.iter().flat_map(|row| -> Vec<_> { longer(row) }).collect();
    }
    Ok(rows)
}

fn list(file: &SweepFile) -> Result<Vec<Vec<Setting>>, SweepError> {
    let levels: Vec<_> = file.axes.iter().map(|axis| levels(file, axis)).collect::<Result<_, _>>()?;
    let first = levels.first().map_or(0, Vec::len);
    if let Some((axis, values)) = file.axes.iter().zip(&levels).find(|(_, values)| values.len() != first) {
        let message = format!("`{}` has {} values, `{}` has {first}", axis.key, values.len(), file.axes[0].key);
        let help =
            "a list takes the first values of all keys, then the second ones; use method = \"grid\" for all pairs";
        return Err(file.error(&axis.span, message, "another number", help).into());
    }
    Ok((0..first).map(|k| levels.iter().map(|values| values[k].clone()).collect()).collect())
}

fn spread(file: &SweepFile) -> Result<Vec<Vec<Setting>>, SweepError> {
    let (n, keys) = (file.points, file.axes.len());
    let (columns, runs) = match file.method {
        Method::Saltelli => (2 * keys, n as f64 * (keys + 2) as f64),
        _ => (keys, n as f64),
    };
    if columns > DIMENSIONS {
        let message = format!("{keys} keys vary, which takes {columns} columns of at most {DIMENSIONS}");
        return Err(file.error(&file.axes[0].span, message, "", "vary fewer keys at once").into());
    }
    if runs > MOST_RUNS as f64 {
        return Err(too_many(runs));
    }
    let unit = match file.method {
        Method::LatinHypercube => hypercube(n, keys, file.seed),
        Method::Saltelli => saltelli(n, keys, file.seed),
        _ => (0..n).map(|i| sobol(i, 0..keys, file.seed)).collect(),
    };
    let row = |row: Vec<f64>| row.iter().zip(&file.axes).map(|(u, axis)| at(axis, *u)).collect();
    Ok(unit.into_iter().map(row).collect())
}

/// The value below which the part `u` of a key's values lies.
fn at(axis: &Axis, u: f64) -> Setting {
    match &axis.values {
        Values::Listed(values) => values[((u * values.len() as f64) as usize).min(values.len() - 1)].clone(),
        Values::Range([from, to], _) => {
            let [min, max] = [from, to].map(|end| end.number().unwrap_or(f64::NAN));
            from.with(Spread::Uniform { min, max }.quantile(u))
        }
        Values::Spread(spread, kind) => kind.with(spread.quantile(u)),
    }
}

/// Point `i` of the scrambled Sobol' sequence, those of its columns.
fn sobol(i: usize, columns: std::ops::Range<usize>, seed: u32) -> Vec<f64> {
    columns.map(|k| f64::from(sobol_burley::sample(i as u32, k as u32, seed)) + HALF).collect()
}

/// The design of Sobol' indices in the unit cube: blocks of A, B, and A with column k of B for each k.
#[must_use]
pub fn saltelli(blocks: usize, keys: usize, seed: u32) -> Vec<Vec<f64>> {
    let mut rows = Vec::with_capacity(blocks * (keys + 2));
    for i in 0..blocks {
        let (a, b) = (sobol(i, 0..keys, seed), sobol(i, keys..2 * keys, seed));
        rows.extend([a.clone(), b.clone()]);
        rows.extend((0..keys).map(|k| {
            let mut mixed = a.clone();
            mixed[k] = b[k];
            mixed
        }));
    }
    rows
}

fn hypercube(n: usize, keys: usize, seed: u32) -> Vec<Vec<f64>> {
    let mut random = Random::new(u64::from(seed));
    let column = |_| {
        let mut order: Vec<usize> = (0..n).collect();
        (1..n).rev().for_each(|k| order.swap(k, random.below(k + 1)));
        order.into_iter().map(|cell| ((cell as f64 + random.unit()) / n as f64).clamp(HALF, 1.0 - HALF)).collect()
    };
    let columns: Vec<Vec<f64>> = (0..keys).map(column).collect();
    (0..n).map(|i| columns.iter().map(|column| column[i]).collect()).collect()
}

/// Random numbers that are the same for ever for the same seed: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    /// In [0, 1).
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// In 0..n.
    pub(super) fn below(&mut self, n: usize) -> usize {
        (u128::from(self.next()) * n as u128 >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn read(vary: &str) -> Points {
        let file = SweepFile::parse(Path::new("sweep.toml"), &format!("case = \"a.toml\"\n{vary}"));
        points(&file.unwrap_or_else(|e| panic!("{e}"))).unwrap_or_else(|e| panic!("{e}"))
    }

    fn refused(vary: &str) -> String {
        let file = SweepFile::parse(Path::new("sweep.toml"), &format!("case = \"a.toml\"\n{vary}"));
        file.map_err(SweepError::from).and_then(|file| points(&file)).err().map(|e| e.to_string()).unwrap_or_default()
    }

    fn shown(points: &Points) -> Vec<String> {
        points.rows.iter().map(|row| row.iter().map(Setting::to_string).collect::<Vec<_>>().join(" | ")).collect()
    }

    #[test]
    fn grids_and_lists() {
        let two = "[[vary]]\nkey = \"a\"\nvalues = [1, 2]\n[[vary]]\nkey = \"b\"\nfrom = \"1 ml/s\"\nto = \"2 ml/s\"\nsteps = 2\n";
        let grid = read(two);
        assert_eq!(grid.keys, ["a", "b"]);
        assert_eq!(shown(&grid), ["1 | 1 ml/s", "1 | 2 ml/s", "2 | 1 ml/s", "2 | 2 ml/s"]);
        assert_eq!(shown(&read(&format!("[sample]\nmethod = \"list\"\n{two}"))), ["1 | 1 ml/s", "2 | 2 ml/s"]);
    }

    /// Each key has one point in each of n equal parts, and the same points for the same seed.
    #[test]
    fn hypercubes_fill_every_part_once() {
        let text = |seed| {
            format!(
                "[sample]\nmethod = \"latin-hypercube\"\npoints = 20\nseed = {seed}\n[[vary]]\nkey = \"a\"\n\
                 uniform = {{ min = 0.0, max = 20.0 }}\n[[vary]]\nkey = \"b\"\nuniform = {{ min = 0.0, max = 20.0 }}\n"
            )
        };
        let points = read(&text(7));
        for k in 0..2 {
            let mut parts: Vec<usize> =
                points.rows.iter().map(|row| row[k].number().map_or(99, |x| x as usize)).collect();
            parts.sort_unstable();
            assert_eq!(parts, (0..20).collect::<Vec<_>>());
        }
        assert_eq!(points, read(&text(7)));
        assert_ne!(points, read(&text(8)));
    }

    /// 2^m points of a Sobol' sequence put one into each of 2^m intervals of each key.
    #[test]
    fn sobol_points_are_evenly_spread() {
        for k in 0..6 {
            let mut parts: Vec<usize> = (0..64).map(|i| (sobol(i, k..k + 1, 3)[0] * 64.0) as usize).collect();
            parts.sort_unstable();
            assert_eq!(parts, (0..64).collect::<Vec<_>>(), "column {k}");
        }
        let design = saltelli(4, 3, 1);
        assert_eq!(design.len(), 20);
        assert_eq!((design[2][0], design[2][1]), (design[1][0], design[0][1]));
    }

    #[test]
    fn what_cannot_be_sampled_is_refused() {
        let cases = [
            ("", "sweep.toml:1: nothing varies"),
            ("[[vary]]\nkey = \"a\"\nvalues = []\n", "sweep.toml:4: `a` has an empty list of values (empty)"),
            (
                "[[vary]]\nkey = \"a\"\nfrom = 1\nto = 1\n",
                "sweep.toml:5: the range of `a` is empty: from 1 to 1 (the same)",
            ),
            ("[[vary]]\nkey = \"a\"\nfrom = 1\n", "the range of `a` has one end only"),
            ("[[vary]]\nkey = \"a\"\nfrom = 1\nto = 2\n", "`a` has a range, but no number of steps"),
            (
                "[[vary]]\nkey = \"a\"\nfrom = \"1 mm\"\nto = \"2 cm\"\nsteps = 3\n",
                "`a` mixes units: from is `1 mm`, to is `2 cm`",
            ),
            (
                "[[vary]]\nkey = \"a\"\nuniform = { min = 2, max = 1 }\n",
                "the range of `a` is empty: min 2 is not below max 1",
            ),
            (
                "[[vary]]\nkey = \"a\"\nnormal = { mean = 2.0, sd = 0.0 }\n",
                "the range of `a` is empty: sd is 0, must be above 0",
            ),
            ("[[vary]]\nkey = \"a\"\nvalue = [1]\n", "unknown key `value` in [[vary]] (did you mean `values`?)"),
            ("[[vary]]\nkey = \"a\"\nvalues = [1]\n[[vary]]\nkey = \"a\"\nvalues = [1]\n", "`a` varies twice"),
            ("[sample]\nmethod = \"sobel\"\n", "`sample.method` cannot be `sobel` (did you mean `sobol`?)"),
            (
                "[sample]\nmethod = \"sobol\"\n[[vary]]\nkey = \"a\"\nvalues = [1]\n",
                "this method needs a number of points",
            ),
            (
                "[sample]\nmethod = \"sobol\"\npoints = 70000\n[[vary]]\nkey = \"a\"\nvalues = [1]\n",
                "allowed is 1 to 65536",
            ),
            ("warm_strat = true\n", "unknown key `warm_strat` (did you mean `warm_start`?)"),
        ];
        for (text, message) in cases {
            assert!(refused(text).contains(message), "{text}\n{}\n{message}", refused(text));
        }
        let many: String =
            ["a", "b", "c"].map(|key| format!("[[vary]]\nkey = \"{key}\"\nfrom = 1\nto = 2\nsteps = 60000\n")).concat();
        assert!(refused(&many).contains("2.160e14 runs, at most 100000"), "{}", refused(&many));
        let uneven = "[sample]\nmethod = \"list\"\n[[vary]]\nkey = \"a\"\nvalues = [1, 2]\n[[vary]]\nkey = \"b\"\nvalues = [1]\n";
        assert!(refused(uneven).contains("`b` has 1 values, `a` has 2"), "{}", refused(uneven));
    }
}
