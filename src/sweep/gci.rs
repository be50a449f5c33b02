//! Grid convergence index: how far a number at the finest of three resolutions is from its limit.
//!
//! With numbers `f1, f2, f3` at spacings `h1 < h2 < h3` and `e21 = f2 - f1`, `e32 = f3 - f2`, the observed order solves
//! `p = |ln |e32 / e21| + q(p)| / ln r21`, `q = ln ((r21^p - 1) / (r32^p - 1))` (Celik et al., J. Fluids Eng. 130, 2008,
//! 078001), and the index is `F |e21| / (r21^p - 1)` (Roache, J. Fluids Eng. 116, 1994, 405). Factor and order are those
//! of Oberkampf and Roy (Verification and Validation in Scientific Computing, 2010, section 8.6): 1.25 where the observed
//! order is within a tenth of the formal one, which is 2; else 3, with the order held between 0.5 and 2. Where the three
//! numbers do not close in on a limit (they swing, or step farther the finer the lattice), there is no order: the index is
//! then three times their whole range (Eca and Hoekstra, J. Comput. Phys. 262, 2014, 104).

use serde::Serialize;

/// Order that the method has where nothing spoils it.
const FORMAL: f64 = 2.0;

/// Lowest order that is believed.
const LOWEST: f64 = 0.5;

/// Factors of safety.
const SAFE: f64 = 1.25;
const DOUBTFUL: f64 = 3.0;

/// What three resolutions say of a number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The number at the finest resolution.
    pub value: f64,
    /// The numbers at all three, the finest first.
    pub values: [f64; 3],
    /// Observed order of convergence; none where they do not close in on a limit.
    pub order: Option<f64>,
    /// The limit that they close in on; none where they do not.
    pub limit: Option<f64>,
    /// The grid convergence index: half-width of the band about `value` that holds the limit, in the unit of the number.
    pub uncertainty: f64,
    /// The same in percent of the number; none where that is zero.
    pub percent: Option<f64>,
}

/// The estimate from numbers at three spacings, the finest first.
#[must_use]
pub fn estimate(values: [f64; 3], spacings: [f64; 3]) -> Estimate {
    let [f1, f2, f3] = values;
    let (e21, e32) = (f2 - f1, f3 - f2);
    let (r21, r32) = (spacings[1] / spacings[0], spacings[2] / spacings[1]);
    let ratio = e21 / e32;
    let largest = values.iter().map(|f| f.abs()).fold(0.0, f64::max);
    let range =
        values.iter().copied().fold(f64::NEG_INFINITY, f64::max) - values.iter().copied().fold(f64::INFINITY, f64::min);
    // An order above 0 makes the differences shrink faster than the logarithms of the spacings do.
    let closes = range > 1e-12 * largest && ratio > 0.0 && ratio < r21.ln() / r32.ln();
    let (order, limit, uncertainty) = if closes {
        let observed = order(ratio, r21, r32);
        let held = observed.clamp(LOWEST, FORMAL);
        let part = r21.powf(held) - 1.0;
        let factor = if (observed / FORMAL - 1.0).abs() <= 0.1 { SAFE } else { DOUBTFUL };
        (Some(observed), Some(f1 - e21 / part), factor * e21.abs() / part)
    } else {
        (None, None, DOUBTFUL * range)
    };
    let percent = (f1 != 0.0).then(|| 100.0 * uncertainty / f1.abs());
    Estimate { value: f1, values, order, limit, uncertainty, percent }
}

/// The observed order, where the differences shrink by `ratio` from the coarser to the finer pair.
fn order(ratio: f64, r21: f64, r32: f64) -> f64 {
    let mut p = FORMAL;
    for _ in 0..100 {
        let q = ((r21.powf(p) - 1.0) / (r32.powf(p) - 1.0)).ln();
        let next = ((1.0 / ratio).ln() + q).abs() / r21.ln();
        // Beyond this nothing is told apart, and powers overflow.
        p = (0.5 * (p + next)).clamp(1e-3, 20.0);
    }
    p
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_powers_give_their_order_and_limit() {
        for p in [1.0, 1.6, 2.0] {
            let spacings = [1.0, 1.5, 2.0];
            let found = estimate(spacings.map(|h: f64| 5.0 + 0.3 * h.powf(p)), spacings);
            assert!(found.order.is_some_and(|order| (order - p).abs() < 1e-6), "{found:?}");
            assert!(found.limit.is_some_and(|limit| (limit - 5.0).abs() < 1e-6), "{found:?}");
            assert!(found.uncertainty >= 0.3, "covers the error: {found:?}");
        }
        let second = estimate([1.0, 1.5, 2.25].map(|h: f64| 5.0 - 0.3 * h * h), [1.0, 1.5, 2.25]);
        assert!((second.uncertainty - 1.25 * 0.3).abs() < 1e-9, "Roache's index: {second:?}");
    }

    /// The five numbers of table 1 in Celik et al. 2008, first column: spacings of 18000, 8000 and 4500 cells in a plane.
    #[test]
    fn published_example() {
        let spacings = [18000.0, 8000.0, 4500.0].map(|cells: f64| cells.powf(-0.5));
        let found = estimate([6.063, 5.972, 5.863], spacings);
        assert!(found.order.is_some_and(|order| (order - 1.53).abs() < 0.02), "{found:?}");
        assert!(found.limit.is_some_and(|limit| (limit - 6.1685).abs() < 2e-3), "{found:?}");
    }

    #[test]
    fn numbers_that_swing_have_no_order() {
        let spacings = [1.0, 2.0, 4.0];
        for values in [[1.0, 1.1, 0.9], [1.0, 1.2, 1.3], [0.0, 0.0, 0.0], [2.0, 2.0, 2.5]] {
            let found = estimate(values, spacings);
            assert!(found.uncertainty.is_finite(), "{found:?}");
            if values[0] == 1.0 {
                assert_eq!(found.order, None);
                let range = values.iter().fold(0.0f64, |m, v| m.max((v - 1.0).abs()));
                assert!(found.uncertainty >= 3.0 * range - 1e-12, "{found:?}");
            }
        }
    }
}
