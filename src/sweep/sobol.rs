//! Sobol' indices: which part of a number's variance each key makes, alone and with all others.
//!
//! First-order indices by Saltelli et al. (Comput. Phys. Commun. 181, 2010, 259, table 2 b), total ones by Jansen (Comput.
//! Phys. Commun. 117, 1999, 35): with `f_A`, `f_B` and `f_k` the numbers at the rows of A, of B, and of A with column k of
//! B, `S_k = mean(f_B (f_k - f_A)) / V` and `T_k = mean((f_A - f_k)^2) / (2 V)`. Numbers are taken from their mean first,
//! which takes the error of the mean out of the products (Sobol' et al., Math. Comput. Simul. 75, 2007, 1). Confidence is
//! that of a bootstrap over the blocks: 2.5 % of the resampled indices lie below `low`, 2.5 % above `high`.

use serde_json::{Value, json};

use super::collect::{Collected, is_physical, object};
use super::folder::RunStatus;
use super::sample::Random;

/// Resampled designs of the bootstrap.
const RESAMPLED: usize = 500;

/// Fewest blocks that indices are told of.
pub const FEWEST: usize = 8;

/// An index with its confidence.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Index {
    /// The estimate.
    pub value: f64,
    /// Lower end of its 95 % interval.
    pub low: f64,
    /// Upper end of its 95 % interval.
    pub high: f64,
}

/// First-order and total index of each key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Indices {
    /// Part of the variance that each key makes alone.
    pub first: Vec<Index>,
    /// Part that each key makes alone and together with others.
    pub total: Vec<Index>,
}

/// Indices from the numbers of a design in blocks of `f_A`, `f_B`, `f_1`, ..., `f_k` ([`super::sample::saltelli`]); blocks
/// with a number that is not finite are left out. None where too few are left, or the number does not vary.
#[must_use]
pub fn indices(numbers: &[f64], keys: usize, seed: u64) -> Option<Indices> {
    let blocks: Vec<&[f64]> =
        numbers.chunks_exact(keys + 2).filter(|block| block.iter().all(|x| x.is_finite())).collect();
    if blocks.len() < FEWEST {
        return None;
    }
    let all: Vec<usize> = (0..blocks.len()).collect();
    let estimate = estimate(&blocks, &all, keys)?;
    let mut random = Random::new(seed);
    let mut resampled = Vec::with_capacity(RESAMPLED);
    for _ in 0..RESAMPLED {
        let drawn: Vec<usize> = all.iter().map(|_| random.below(blocks.len())).collect();
        resampled.extend(self::estimate(&blocks, &drawn, keys));
    }
    let index = |k: usize| {
        let mut values: Vec<f64> = resampled.iter().map(|sample| sample[k]).collect();
        values.sort_by(f64::total_cmp);
        let at = |part: f64| values.get((part * values.len() as f64) as usize).copied().unwrap_or(estimate[k]);
        Index { value: estimate[k], low: at(0.025), high: at(0.975) }
    };
    Some(Indices { first: (0..keys).map(index).collect(), total: (keys..2 * keys).map(index).collect() })
}

/// First-order, then total indices of the blocks drawn.
fn estimate(blocks: &[&[f64]], drawn: &[usize], keys: usize) -> Option<Vec<f64>> {
    let n = drawn.len() as f64;
    let pairs = || drawn.iter().flat_map(|&i| [blocks[i][0], blocks[i][1]]);
    let mean = pairs().sum::<f64>() / (2.0 * n);
    let variance = pairs().map(|f| (f - mean).powi(2)).sum::<f64>() / (2.0 * n);
    if variance <= 1e-24 * mean * mean || variance <= 0.0 {
        return None;
    }
    let mut found = vec![0.0; 2 * keys];
    for &i in drawn {
        let (a, b) = (blocks[i][0] - mean, blocks[i][1] - mean);
        for k in 0..keys {
            let mixed = blocks[i][2 + k] - mean;
            found[k] += b * (mixed - a) / (n * variance);
            found[keys + k] += (a - mixed).powi(2) / (2.0 * n * variance);
        }
    }
    Some(found)
}

/// Indices of every number that tells of the flow, from the runs of a design.
#[must_use]
pub fn of_runs(all: &Collected, seed: u64) -> Vec<(String, Indices)> {
    let physical = all.numbers().into_iter().filter(|key| is_physical(key));
    let of = |key: String| {
        let number = |row: &super::collect::Row| match row.status {
            RunStatus::Done => row.number(&key).unwrap_or(f64::NAN),
            _ => f64::NAN,
        };
        let numbers: Vec<f64> = all.rows.iter().map(number).collect();
        let found = indices(&numbers, all.keys.len(), seed)?;
        Some((key, found))
    };
    physical.filter_map(of).collect()
}

/// Indices as JSON: by number and key.
#[must_use]
pub fn as_json(all: &Collected, found: &[(String, Indices)]) -> Value {
    let index = |index: &Index| json!({ "value": index.value, "low": index.low, "high": index.high });
    let of = |indices: &Indices| {
        object(all.keys.iter().enumerate().map(|(k, key)| {
            (key.clone(), json!({ "first": index(&indices.first[k]), "total": index(&indices.total[k]) }))
        }))
    };
    object(found.iter().map(|(key, indices)| (key.clone(), of(indices))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::sample::saltelli;

    /// Ishigami and Homma (1990): `sin x + 7 sin^2 y + 0.1 z^4 sin x` on (-pi, pi)^3, with the indices in closed form.
    #[test]
    fn ishigami() {
        use std::f64::consts::{PI, TAU};
        let (a, b) = (7.0f64, 0.1f64);
        let numbers: Vec<f64> = saltelli(4096, 3, 1)
            .iter()
            .map(|u| {
                let [x, y, z] = [0, 1, 2].map(|k: usize| TAU * u[k] - PI);
                x.sin() + a * y.sin().powi(2) + b * z.powi(4) * x.sin()
            })
            .collect();
        let found = indices(&numbers, 3, 1).unwrap_or_default();
        let one = 0.5 * (1.0 + b * PI.powi(4) / 5.0).powi(2);
        let two = a * a / 8.0;
        let both = 8.0 * b * b * PI.powi(8) / 225.0;
        let variance = one + two + both;
        let exact = [[one, two, 0.0], [one + both, two, both]].map(|row| row.map(|part| part / variance));
        for (found, exact) in [&found.first, &found.total].into_iter().zip(exact) {
            for (index, exact) in found.iter().zip(exact) {
                println!("{:.4} ({:.4} to {:.4}) of {exact:.4}", index.value, index.low, index.high);
                assert!((index.value - exact).abs() < 0.02 * exact.max(0.25), "{index:?}, exact {exact}");
                assert!(index.low - 0.01 <= exact && exact <= index.high + 0.01, "{index:?}, exact {exact}");
            }
        }
    }

    #[test]
    fn broken_blocks_are_left_out_and_too_few_say_nothing() {
        let design = saltelli(64, 2, 1);
        let mut numbers: Vec<f64> = design.iter().map(|u| 3.0 * u[0] + u[1]).collect();
        numbers[5] = f64::NAN;
        let found = indices(&numbers, 2, 1).unwrap_or_default();
        assert!((found.first[0].value - 0.9).abs() < 0.05 && (found.total[1].value - 0.1).abs() < 0.05, "{found:?}");
        assert_eq!(indices(&numbers[..16], 2, 1), None);
        assert_eq!(indices(&vec![1.0; 400], 2, 1), None, "a number that does not vary");
    }
}
