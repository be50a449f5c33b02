//! Strain rate of a flow from differences of its velocity.
//!
//! Differences are of second order, with the wall's own place and velocity beside a wall.
//!
//! A site's own second moment holds the strain rate too, but after collision it does so only together with the
//! relaxation rate, which for blood with a rheology follows from the strain rate.

use crate::geometry::lattice::{LANES, Lattice, PAD};

/// Distance of a wall, in spacings, below which a site's velocity is too small against its error for a slope.
const CLOSEST: f64 = 0.25;

/// Directions of the lattice along the axes: forth and back.
const AXES: [[usize; 2]; 3] = [[1, 2], [3, 4], [5, 6]];

/// Deviatoric strain rate (xx, yy, zz, xy, xz, yz) at a site (padded index), per step for velocities in lattice units.
#[must_use]
pub fn rate(lattice: &Lattice, velocity: &impl Fn(usize) -> [f64; 3], site: usize) -> [f64; 6] {
    let g = AXES.map(|axis| slope(lattice, velocity, site, axis));
    let third = (g[0][0] + g[1][1] + g[2][2]) / 3.0;
    let cross = |a: usize, b: usize| 0.5 * (g[a][b] + g[b][a]);
    [g[0][0] - third, g[1][1] - third, g[2][2] - third, cross(0, 1), cross(0, 2), cross(1, 2)]
}

/// Shear rate `sqrt(2 S:S)` of a strain rate (xx, yy, zz, xy, xz, yz).
#[must_use]
pub fn shear_rate(s: &[f64; 6]) -> f64 {
    let diagonal: f64 = s[..3].iter().map(|x| x * x).sum();
    let cross: f64 = s[3..].iter().map(|x| x * x).sum();
    (2.0 * diagonal + 4.0 * cross).sqrt()
}

/// Derivative of the velocity along an axis, from what lies on both sides, or from two sites on one.
fn slope(lattice: &Lattice, velocity: &impl Fn(usize) -> [f64; 3], site: usize, [forth, back]: [usize; 2]) -> [f64; 3] {
    let here = velocity(site);
    let one_sided = |q: usize| {
        let next = lattice.neighbour(site, q)?;
        let near = velocity(next);
        Some(match lattice.neighbour(next, q).map(velocity) {
            Some(far) => std::array::from_fn(|a| 2.0 * near[a] - 1.5 * here[a] - 0.5 * far[a]),
            None => std::array::from_fn(|a| near[a] - here[a]),
        })
    };
    match (beside(lattice, velocity, site, forth), beside(lattice, velocity, site, back)) {
        (Some((h, next)), Some((k, last))) => {
            std::array::from_fn(|a| (k * k * (next[a] - here[a]) - h * h * (last[a] - here[a])) / (h * k * (h + k)))
        }
        _ => one_sided(forth).or_else(|| one_sided(back).map(|d| d.map(|x: f64| -x))).unwrap_or_default(),
    }
}

/// Distance (in spacings) to what lies along q and the velocity there: a site, or the wall if it is far enough off that
/// the velocity of this site says something about the slope.
fn beside(lattice: &Lattice, velocity: &impl Fn(usize) -> [f64; 3], site: usize, q: usize) -> Option<(f64, [f64; 3])> {
    if let Some(next) = lattice.neighbour(site, q) {
        return Some((1.0, velocity(next)));
    }
    let row = lattice.wall_spans[site / LANES - PAD].row(q)?;
    let delta = f64::from(lattice.wall_rows[row][site % LANES]) / 65535.0;
    (delta >= CLOSEST).then_some((delta, [0.0; 3]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::tube;

    /// A quadratic velocity has its exact strain rate, up to the sides of the tube, at all but the few sites that the wall
    /// is too close to on one side and leaves one neighbour or none on the other.
    #[test]
    fn a_parabola_has_its_own_shear_rate() {
        let axis = [0.48, 0.6, 0.64];
        let lattice = Lattice::build(&tube::closed([0.0; 3], axis, 1.0, 3.0, 160), 0.1).expect("a lattice");
        let split = |site| {
            let p = lattice.position(site);
            let along: f64 = (0..3).map(|a| p[a] * axis[a]).sum();
            (0..3).map(|a| (p[a] - along * axis[a]).powi(2)).sum::<f64>()
        };
        let velocity = |site| axis.map(|x| 0.1 * (1.0 - split(site)) * x);
        let (mut exact, mut sites) = (0u32, 0u32);
        for site in lattice.fluid_sites() {
            let along: f64 = (0..3).map(|a| lattice.position(site)[a] * axis[a]).sum();
            if !(0.3..2.7).contains(&along) {
                continue;
            }
            let found = shear_rate(&rate(&lattice, &velocity, site));
            let expected = 0.2 * split(site).sqrt() * 0.1;
            exact += u32::from((found - expected).abs() < 1e-4);
            sites += 1;
            assert!((found - expected).abs() < 6e-3, "{found} is not {expected}");
        }
        println!("{exact} of {sites} sites are exact");
        assert!(f64::from(exact) > 0.95 * f64::from(sites), "{exact} of {sites} sites are exact");
    }
}
