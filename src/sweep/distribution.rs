//! Distributions by their quantiles: a number of (0, 1) becomes a value.
//!
//! Truncation maps (0, 1) onto the part of it that lies between the bounds. The normal quantile inverts
//! `erfc(-x / sqrt 2) / 2` by bisection: a few dozen evaluations, exact to the last digits also far out in the tails.

use std::f64::consts::SQRT_2;

/// How values of a key spread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Spread {
    /// Evenly between two values.
    Uniform {
        /// Smallest value.
        min: f64,
        /// Largest value.
        max: f64,
    },
    /// Normally, perhaps truncated.
    Normal {
        /// Mean before truncation.
        mean: f64,
        /// Standard deviation before truncation.
        sd: f64,
        /// Smallest and largest value; infinite where not truncated.
        bounds: [f64; 2],
    },
    /// With a normal logarithm, perhaps truncated.
    Lognormal {
        /// Median before truncation.
        median: f64,
        /// Standard deviation of the natural logarithm before truncation.
        sigma: f64,
        /// Smallest and largest value; 0 and infinite where not truncated.
        bounds: [f64; 2],
    },
}

impl Spread {
    /// The value below which the part `u` of all values lies, `0 < u < 1`.
    pub(super) fn quantile(&self, u: f64) -> f64 {
        match *self {
            Self::Uniform { min, max } => min + u * (max - min),
            Self::Normal { mean, sd, bounds } => {
                let [low, high] = bounds.map(|bound| (bound - mean) / sd);
                (mean + sd * truncated(u, low, high)).clamp(bounds[0], bounds[1])
            }
            Self::Lognormal { median, sigma, bounds } => {
                let [low, high] = bounds.map(|bound| (bound / median).ln() / sigma);
                (median * (sigma * truncated(u, low, high)).exp()).clamp(bounds[0], bounds[1])
            }
        }
    }
}

/// Part of a standard normal below `x`.
fn normal(x: f64) -> f64 {
    0.5 * libm::erfc(-x / SQRT_2)
}

/// Quantile of a standard normal between two bounds. What lies above 0 is mirrored, where the parts are told apart.
fn truncated(u: f64, low: f64, high: f64) -> f64 {
    if low > 0.0 {
        return -truncated(1.0 - u, -high, -low);
    }
    let part = normal(low) + u * (normal(high) - normal(low));
    let (mut a, mut b) = (low.max(-40.0), high.min(40.0));
    for _ in 0..100 {
        let middle = 0.5 * (a + b);
        if normal(middle) < part { a = middle } else { b = middle }
    }
    0.5 * (a + b)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: [f64; 2] = [f64::NEG_INFINITY, f64::INFINITY];

    /// Quantiles as tabulated (Abramowitz and Stegun, table 26.5).
    #[test]
    fn known_quantiles() {
        let standard = Spread::Normal { mean: 0.0, sd: 1.0, bounds: OPEN };
        for (u, x) in
            [(0.5, 0.0), (0.975, 1.959_963_984_540_054), (0.025, -1.959_963_984_540_054), (1e-9, -5.997_807_015_008)]
        {
            assert!((standard.quantile(u) - x).abs() < 1e-9, "{u}: {}", standard.quantile(u));
        }
        let log = Spread::Lognormal { median: 2.0, sigma: 0.5, bounds: [0.0, f64::INFINITY] };
        assert!((log.quantile(0.975) - 2.0 * (0.5 * 1.959_963_984_540_054f64).exp()).abs() < 1e-9);
        assert_eq!(Spread::Uniform { min: 1.0, max: 3.0 }.quantile(0.25), 1.5);
    }

    /// Mean of a normal truncated to its upper half: sqrt(2 / pi).
    #[test]
    fn truncation_keeps_within_bounds_and_shape() {
        let half = Spread::Normal { mean: 0.0, sd: 1.0, bounds: [0.0, f64::INFINITY] };
        let n = 20_000;
        let mean = (0..n).map(|k| half.quantile((f64::from(k) + 0.5) / f64::from(n))).sum::<f64>() / f64::from(n);
        assert!((mean - (2.0 / std::f64::consts::PI).sqrt()).abs() < 1e-4, "{mean}");
        let tail = Spread::Normal { mean: 0.0, sd: 1.0, bounds: [8.0, 9.0] };
        let all: Vec<f64> = (1..10).map(|k| tail.quantile(f64::from(k) / 10.0)).collect();
        assert!(all.windows(2).all(|w| 8.0 < w[0] && w[0] < w[1] && w[1] < 9.0), "{all:?}");
    }
}
