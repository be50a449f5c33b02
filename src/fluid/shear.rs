//! Wall shear: from the sites around a vertex of the wall to the sums over a cycle.
//!
//! Theory: the velocity gradient and the density at a vertex come from a least-squares fit whose matrices know places
//! only, so both are sums over sites with weights that never change (`analysis::wall_shear` finds them). The stress on
//! the wall is `nu` times the gradient without its normal part, whose size is the shear rate that a rheology goes by.
//! What the indices of a cycle need of it are sums of the stress, of its size, of its size across the mean direction
//! (transWSS: Peiffer, Sherwin and Weinberg, Cardiovasc. Res. 99, 242, 2013), and of the density.
//!
//! Practice: lattice units, single precision. Sums of n samples are off by at most n/2 roundings, 6e-5 relative for
//! 2,000, and typically by the square root of that: far below the error of the fit. The mean direction of a cycle is
//! known at its end only, so the transverse sum takes that of the cycle before. The twin is `shaders/shear.wgsl`.

use bytemuck::{Pod, Zeroable};

use super::moments::density;
use super::rheology::Table;

/// What a site adds to the values at a vertex of the wall.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct Tap {
    /// Index in padded site arrays.
    pub site: u32,
    /// Weight of its velocity in the derivative along the inward normal, 1/spacing.
    pub shear: f32,
    /// Weight of its density deviation.
    pub density: f32,
}

/// A vertex of the wall.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct WallPoint {
    /// Unit normal out of the fluid.
    pub normal: [f32; 3],
    /// Its first tap.
    pub first: u32,
    /// Unit vector in the wall across the mean flow; nought where that is not known.
    pub across: [f32; 3],
    /// One past its last tap; `first` where no site is near it.
    pub end: u32,
}

/// Where the wall is sampled: a least-squares fit at every vertex, solved once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WallStencil {
    /// The vertices; `across` is nought.
    pub points: Vec<WallPoint>,
    /// Their taps, one vertex after the other.
    pub taps: Vec<Tap>,
}

/// Sums over the samples of a cycle at a vertex of the wall, lattice units, each sample times its weight.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct WallSums {
    /// Shear stress of the fluid on the wall.
    pub wss: [f32; 3],
    /// Its size.
    pub magnitude: f32,
    /// Its size across the mean flow of the cycle before.
    pub transverse: f32,
    /// Density deviation.
    pub drho: f32,
    padding: [f32; 2],
}

/// Fields of a time average: velocity (x, y, z) and density deviation.
pub const MEANS: usize = 4;

/// Everything summed over a cycle.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CycleSums {
    /// Sum of the weights.
    pub weight: f64,
    /// Sum of weight times the pressure that a density deviation of nought stood for, Pa.
    pub reference: f64,
    /// Whether there was a cycle before, so that the transverse sums mean something.
    pub directed: bool,
    /// At the points of the stencil.
    pub wall: Vec<WallSums>,
    /// Velocity (x, y, z) and density deviation as padded site arrays, lattice units, if asked for.
    pub mean: Option<[Vec<f32>; MEANS]>,
}

/// Gradient and density at a vertex of the wall.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AtWall {
    /// Derivative of the velocity along the inward normal.
    pub gradient: [f32; 3],
    /// Density deviation.
    pub drho: f32,
}

impl WallStencil {
    /// The taps of a vertex.
    #[must_use]
    pub fn taps_of(&self, point: &WallPoint) -> &[Tap] {
        &self.taps[point.first as usize..point.end as usize]
    }

    /// The points, with the direction across the mean stress of a cycle.
    #[must_use]
    pub fn directed(&self, sums: &[WallSums]) -> Vec<WallPoint> {
        let direct =
            |(point, sums): (&WallPoint, &WallSums)| WallPoint { across: across(point.normal, sums.wss), ..*point };
        self.points.iter().zip(sums).map(direct).collect()
    }

    /// Bytes of the arrays.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(self.points.as_slice()) + size_of_val(self.taps.as_slice())
    }
}

/// The fit at a vertex without its normal part. `value` is number k of the state of a site by its padded index.
#[inline(always)]
#[must_use]
pub fn at_wall(value: impl Fn(usize, usize) -> f32, taps: &[Tap], normal: [f32; 3]) -> AtWall {
    let mut g = [0.0f32; 3];
    let mut drho = 0.0f32;
    for tap in taps {
        let site = tap.site as usize;
        g[0] += tap.shear * value(1, site);
        g[1] += tap.shear * value(2, site);
        g[2] += tap.shear * value(3, site);
        drho += tap.density * density(value(0, site), [value(4, site), value(5, site), value(6, site)]);
    }
    let along = dot(g, normal);
    AtWall { gradient: std::array::from_fn(|a| (g[a] - along * normal[a]) * (1.0 / 3.0)), drho }
}

/// Kinematic viscosity at the wall: that of a rheology at the size of a velocity gradient, or `nu` without one.
#[inline(always)]
#[must_use]
pub fn nu_at(gradient: [f32; 3], nu: f32, rheology: Option<&Table>) -> f32 {
    match rheology {
        None => nu,
        Some(table) => table.nu(dot(gradient, gradient)),
    }
}

/// Shear stress on the wall of a velocity gradient; `nu` is the kinematic viscosity.
#[inline(always)]
#[must_use]
pub fn stress(gradient: [f32; 3], nu: f32) -> [f32; 3] {
    gradient.map(|g| nu * g)
}

/// Adds a sample to the sums of a vertex.
#[inline(always)]
#[must_use]
pub fn add_sample(sums: WallSums, wss: [f32; 3], drho: f32, across: [f32; 3], weight: f32) -> WallSums {
    WallSums {
        wss: std::array::from_fn(|a| sums.wss[a] + weight * wss[a]),
        magnitude: sums.magnitude + weight * dot(wss, wss).sqrt(),
        transverse: sums.transverse + weight * dot(wss, across).abs(),
        drho: sums.drho + weight * drho,
        padding: [0.0; 2],
    }
}

/// Unit vector normal to the wall's normal and to a stress in the wall; nought where the stress is.
fn across(normal: [f32; 3], wss: [f32; 3]) -> [f32; 3] {
    let [n, t] = [normal, wss].map(|v| v.map(f64::from));
    let q = [n[1] * t[2] - n[2] * t[1], n[2] * t[0] - n[0] * t[2], n[0] * t[1] - n[1] * t[0]];
    let size = q.iter().map(|x| x * x).sum::<f64>().sqrt();
    if size > 0.0 { q.map(|x| (x / size) as f32) } else { [0.0; 3] }
}

fn dot(a: [f32; 3], b: [f32; 3]) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[cfg(test)]
mod tests {
    use super::*;

    const NORMAL: [f32; 3] = [0.0, 0.0, 1.0];

    #[test]
    fn across_is_a_unit_vector_normal_to_both() {
        assert_eq!(across(NORMAL, [2e-20, 0.0, 0.0]), [0.0, 1.0, 0.0]);
        assert_eq!(across(NORMAL, [0.0; 3]), [0.0; 3]);
    }

    #[test]
    fn the_normal_part_is_taken_off() {
        let fields = [[0.5f32, 0.0], [3.0, 0.0], [6.0, 0.0], [9.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0]];
        let at = at_wall(|k, site| fields[k][site], &[Tap { site: 0, shear: 2.0, density: 0.5 }], NORMAL);
        assert_eq!(at.gradient, [2.0, 4.0, 0.0]);
        assert!((at.drho - 0.75).abs() < 1e-7);
    }

    /// A reversing stress over 2,000 samples, against sums in double precision; and a steady one, whose roundings all
    /// go the same way.
    #[test]
    fn single_precision_is_enough_for_two_thousand_samples() {
        for (mean, swing) in [(0.3, 1.0), (0.7, 0.0)] {
            let (mut sums, mut exact) = (WallSums::default(), [0.0f64; 2]);
            for k in 0..2000 {
                let tau = 1.7e-5 * (mean + swing * (f64::from(k) * std::f64::consts::TAU / 2000.0).sin());
                sums = add_sample(sums, [tau as f32, 0.0, 0.0], 0.0, [0.0; 3], 37.0);
                exact = [exact[0] + 37.0 * tau, exact[1] + 37.0 * tau.abs()];
            }
            let errors = [sums.wss[0], sums.magnitude].map(f64::from);
            let errors = [0, 1].map(|k| ((errors[k] - exact[k]) / exact[1]).abs());
            println!("mean {mean}, swing {swing}: relative errors {errors:?}");
            assert!(errors.iter().all(|e| *e < 6e-5), "{errors:?}");
        }
    }
}
