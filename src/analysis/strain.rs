//! Strain rate of a flow from differences of its velocity.
//!
//! A site's own second moment holds the strain rate too, but after collision it does so only together with the
//! relaxation rate, which for blood with a rheology follows from the strain rate.

use crate::geometry::lattice::Lattice;

/// Directions of the lattice along the axes: forth and back.
const AXES: [[usize; 2]; 3] = [[1, 2], [3, 4], [5, 6]];

/// Deviatoric strain rate (xx, yy, zz, xy, xz, yz) at a site (padded index), per step for velocities in lattice units:
/// central differences of second order, one-sided ones beside a wall.
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

/// Derivative of the velocity along an axis.
fn slope(lattice: &Lattice, velocity: &impl Fn(usize) -> [f64; 3], site: usize, [forth, back]: [usize; 2]) -> [f64; 3] {
    let here = velocity(site);
    let one_sided = |next: usize, q: usize| {
        let near = velocity(next);
        match lattice.neighbour(next, q).map(velocity) {
            Some(far) => std::array::from_fn(|a| 2.0 * near[a] - 1.5 * here[a] - 0.5 * far[a]),
            None => std::array::from_fn(|a| near[a] - here[a]),
        }
    };
    match (lattice.neighbour(site, forth), lattice.neighbour(site, back)) {
        (Some(next), Some(last)) => {
            let (next, last) = (velocity(next), velocity(last));
            std::array::from_fn(|a| 0.5 * (next[a] - last[a]))
        }
        (Some(next), None) => one_sided(next, forth),
        (None, Some(last)) => one_sided(last, back).map(|x: f64| -x),
        (None, None) => [0.0; 3],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::tube;

    /// Second order everywhere, so a quadratic velocity has its exact strain rate, up to sites that have a single
    /// neighbour along an axis.
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
        let (mut exact, mut sites) = (0, 0);
        for site in lattice.fluid_sites() {
            let found = shear_rate(&rate(&lattice, &velocity, site));
            let expected = 0.2 * split(site).sqrt() * 0.1;
            exact += usize::from((found - expected).abs() < 1e-9);
            sites += 1;
            assert!((found - expected).abs() < 4e-3, "{found} is not {expected}");
        }
        assert!(f64::from(exact) > 0.9 * f64::from(sites), "{exact} of {sites} sites are exact");
    }
}
