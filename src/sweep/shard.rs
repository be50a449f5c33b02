//! Parts of a sweep for several processes: every n-th run, so that each part has its share of the costly ones.

use std::fmt;
use std::str::FromStr;

/// Part `index` of `count`, from 1; the default is all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: usize,
    count: usize,
}

impl Default for Shard {
    fn default() -> Self {
        Self { index: 1, count: 1 }
    }
}

impl Shard {
    /// The runs of this part of `runs` runs.
    #[must_use]
    pub fn runs(self, runs: usize) -> Vec<usize> {
        (self.index - 1..runs).step_by(self.count).collect()
    }

    /// The part of a task of a Slurm array, by its number among the array's; none outside of an array.
    ///
    /// # Errors
    /// The variables of the array that do not fit together.
    pub fn of_slurm() -> Result<Option<Self>, String> {
        Self::of_array(|name| std::env::var(name).ok())
    }

    fn of_array(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, String> {
        let Some(id) = variable("SLURM_ARRAY_TASK_ID") else { return Ok(None) };
        let number = |name: &str, usual: Option<usize>| -> Result<usize, String> {
            let text = variable(name).or_else(|| usual.map(|usual| usual.to_string())).unwrap_or_default();
            text.trim().parse().map_err(|_| {
                format!("SLURM_ARRAY_TASK_ID is `{id}`, but {name} is `{text}`, not a number; give --shard i/n")
            })
        };
        let (id, first) = (number("SLURM_ARRAY_TASK_ID", None)?, number("SLURM_ARRAY_TASK_MIN", Some(1))?);
        let step = number("SLURM_ARRAY_TASK_STEP", Some(1))?.max(1);
        let last = number("SLURM_ARRAY_TASK_MAX", None);
        let count = match variable("SLURM_ARRAY_TASK_COUNT") {
            Some(_) => number("SLURM_ARRAY_TASK_COUNT", None)?,
            None => (last?.saturating_sub(first)) / step + 1,
        };
        match (id.checked_sub(first)).map(|past| past / step) {
            Some(past) if past < count => Ok(Some(Self { index: past + 1, count })),
            _ => Err(format!(
                "SLURM_ARRAY_TASK_ID is {id}, which is not among {count} tasks from {first} on; give --shard i/n"
            )),
        }
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(i, n)| Some((i.trim().parse().ok()?, n.trim().parse().ok()?)));
        match parts {
            Some((index, count)) if 1 <= index && index <= count => Ok(Self { index, count }),
            _ => Err("write i/n with i from 1 to n, as in 1/4".into()),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_all_runs_once() {
        let mut all: Vec<usize> = (1..=3).flat_map(|index| Shard { index, count: 3 }.runs(10)).collect();
        all.sort_unstable();
        assert_eq!(all, (0..10).collect::<Vec<_>>());
        assert_eq!(Shard::default().runs(3), [0, 1, 2]);
        assert_eq!("2/4".parse(), Ok(Shard { index: 2, count: 4 }));
        for bad in ["0/4", "5/4", "1", "a/b", "1/0", ""] {
            assert!(bad.parse::<Shard>().is_err(), "{bad}");
        }
    }

    #[test]
    fn arrays_of_slurm() {
        let of = |pairs: &[(&str, &str)]| {
            Shard::of_array(|name| {
                let found = pairs.iter().find(|(key, _)| name.ends_with(key))?;
                Some(found.1.to_owned())
            })
        };
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(of(&[("ID", "3"), ("COUNT", "4")]), Ok(Some(Shard { index: 3, count: 4 })));
        assert_eq!(of(&[("ID", "0"), ("MIN", "0"), ("MAX", "3")]), Ok(Some(Shard { index: 1, count: 4 })));
        let odd = of(&[("ID", "5"), ("MIN", "1"), ("MAX", "7"), ("STEP", "2"), ("COUNT", "4")]);
        assert_eq!(odd, Ok(Some(Shard { index: 3, count: 4 })));
        assert!(of(&[("ID", "9"), ("COUNT", "4")]).is_err_and(|e| e.contains("not among 4 tasks")));
        assert!(of(&[("ID", "3")]).is_err_and(|e| e.contains("--shard i/n")));
    }
}
