//! Cycle indices of the wall shear, and means over time.
//!
//! With `tau(t)` the shear stress on the wall and bars for means over a cycle:
//!
//! - TAWSS, mean of its size: `bar |tau|`, Pa.
//! - OSI, oscillatory shear index: `(1 - |bar tau| / bar |tau|) / 2`, between 0 (one way) and 1/2 (to and fro). Ku,
//!   Giddens, Zarins and Glagov, Arteriosclerosis 5, 293, 1985, in the vector form of He and Ku, J. Biomech. Eng. 118,
//!   74, 1996.
//! - RRT, relative residence time: `1 / ((1 - 2 OSI) TAWSS) = 1 / |bar tau|`, 1/Pa. Himburg et al., Am. J. Physiol. Heart
//!   Circ. Physiol. 286, H1916, 2004.
//! - ECAP, endothelial cell activation potential: `OSI / TAWSS`, 1/Pa. Di Achille, Tellides, Figueroa and Humphrey, Proc.
//!   R. Soc. A 470, 20140163, 2014.
//! - transWSS, transverse wall shear: `bar |tau . q|` with `q` in the wall and across `bar tau`, Pa. Peiffer, Sherwin
//!   and Weinberg, Cardiovasc. Res. 99, 242, 2013. `q` is that of the cycle before, which is the same once the flow
//!   repeats itself; so a first cycle has none.
//!
//! Where there is no shear the quotients are 0/0: OSI is then 0. RRT and ECAP divide by at least [`LEAST_SHEAR`], so that
//! every value is finite: RRT is at most 1/[`LEAST_SHEAR`].

use super::wall_shear::WallSampler;
use crate::fluid::shear::{CycleSums, WallSums};
use crate::units::Scale;

/// Least shear that RRT and ECAP divide by, Pa: a thousandth of what arteries have (about 1 Pa), and below what the fit
/// at the wall tells from nought.
pub const LEAST_SHEAR: f64 = 1e-3;

/// Indices at the vertices of [`WallSampler::vertices`], in their order. All are finite.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Indices {
    /// Mean shear stress of the fluid on the wall, Pa: a vector in the plane of the wall.
    pub wss: Vec<[f32; 3]>,
    /// Mean size of the shear stress, Pa.
    pub tawss: Vec<f32>,
    /// Oscillatory shear index, 0 to 1/2.
    pub osi: Vec<f32>,
    /// Relative residence time, 1/Pa.
    pub rrt: Vec<f32>,
    /// Endothelial cell activation potential, 1/Pa.
    pub ecap: Vec<f32>,
    /// Transverse wall shear, Pa; none in the first cycle.
    pub trans_wss: Option<Vec<f32>>,
    /// Mean pressure, Pa.
    pub pressure: Vec<f32>,
    /// Mean of the pressure that a density deviation of nought stood for, Pa.
    pub reference: f32,
}

/// Time averages at the sites.
#[derive(Clone, Debug, PartialEq)]
pub struct Means {
    /// Velocity (x, y, z), m/s, as padded site arrays.
    pub velocity: [Vec<f32>; 3],
    /// Pressure, Pa, as a padded site array; meaningless where there is no fluid.
    pub pressure: Vec<f32>,
}

/// The indices at one vertex.
struct Index {
    wss: [f64; 3],
    tawss: f64,
    osi: f64,
    rrt: f64,
    ecap: f64,
    trans_wss: f64,
    pressure: f64,
}

impl Indices {
    /// Of the sums of a cycle made with [`WallSampler::stencil`]; `scale` is that of the lattice. Nothing but noughts
    /// where the sums hold no sample.
    ///
    /// # Panics
    /// If the sums were made with another stencil.
    #[must_use]
    pub fn new(sampler: &WallSampler, sums: &CycleSums, scale: &Scale) -> Self {
        let mut values: Vec<[f32; 6]> = sums.wall.iter().map(numbers).collect();
        assert_eq!(values.len(), sampler.vertices().len(), "sums of another wall");
        sampler.fill(&mut values);
        Self::at(&values, sums, scale)
    }

    /// Of the sums at each vertex: wss (3), magnitude, transverse, drho.
    fn at(values: &[[f32; 6]], sums: &CycleSums, scale: &Scale) -> Self {
        let reference = mean_reference(sums);
        let trans_wss = sums.directed.then(Vec::new);
        let mut out = Self { trans_wss, reference: reference as f32, ..Self::default() };
        for value in values {
            let index = index(value.map(|x| mean(f64::from(x), sums)), reference, scale);
            out.wss.push(index.wss.map(|x| x as f32));
            out.tawss.push(index.tawss as f32);
            out.osi.push(index.osi as f32);
            out.rrt.push(index.rrt as f32);
            out.ecap.push(index.ecap as f32);
            out.pressure.push(index.pressure as f32);
            out.trans_wss.iter_mut().for_each(|values| values.push(index.trans_wss as f32));
        }
        out
    }
}

impl Means {
    /// Of the sums of a cycle, where they were asked for ([`CycleSums::mean`]).
    #[must_use]
    pub fn new(sums: &CycleSums, scale: &Scale) -> Option<Self> {
        let [x, y, z, drho] = sums.mean.as_ref()?;
        let reference = mean_reference(sums);
        let convert = |field: &[f32], to: &dyn Fn(f64) -> f64| {
            field.iter().map(|&x| to(mean(f64::from(x), sums)) as f32).collect::<Vec<f32>>()
        };
        Some(Self {
            velocity: [x, y, z].map(|field| convert(field, &|u| scale.velocity_to_si(u))),
            pressure: convert(drho, &|drho| reference + scale.pressure_to_si(drho)),
        })
    }
}

/// A sum over the weights; nought where there is no sample.
fn mean(sum: f64, sums: &CycleSums) -> f64 {
    if sums.weight > 0.0 { sum / sums.weight } else { 0.0 }
}

fn mean_reference(sums: &CycleSums) -> f64 {
    mean(sums.reference, sums)
}

fn numbers(sums: &WallSums) -> [f32; 6] {
    let [x, y, z] = sums.wss;
    [x, y, z, sums.magnitude, sums.transverse, sums.drho]
}

/// From means in lattice units: wss (3), magnitude, transverse, drho.
fn index(means: [f64; 6], reference: f64, scale: &Scale) -> Index {
    let [x, y, z, magnitude, transverse, drho] = means;
    let wss = [x, y, z].map(|x| scale.stress_to_si(x));
    let [tawss, trans_wss] = [magnitude, transverse].map(|x| scale.stress_to_si(x));
    // The sums are rounded each on its own, so that a steady stress can exceed its mean size in the last digits.
    let net = wss.iter().map(|x| x * x).sum::<f64>().sqrt().min(tawss);
    let osi = if tawss > 0.0 { 0.5 * (1.0 - net / tawss) } else { 0.0 };
    Index {
        wss,
        tawss,
        osi,
        rrt: 1.0 / net.max(LEAST_SHEAR),
        ecap: osi / tawss.max(LEAST_SHEAR),
        trans_wss,
        pressure: reference + scale.pressure_to_si(drho),
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::{FRAC_2_PI, TAU};

    use super::*;
    use crate::fluid::shear::add_sample;

    const SCALE: Scale = Scale { dx: 0.2e-3, dt: 15e-6, rho: 1060.0 };

    /// Samples in a cycle.
    const N: u32 = 400;

    /// Indices of a stress (Pa) over the phase in radians, across y, in single precision as on a device.
    fn of(tau: impl Fn(f64) -> [f64; 3]) -> Indices {
        let mut sums = CycleSums { directed: true, ..CycleSums::default() };
        let mut wall = WallSums::default();
        for k in 0..N {
            let wss = tau(TAU * f64::from(k) / f64::from(N)).map(|x| SCALE.stress_to_lattice(x) as f32);
            wall = add_sample(wall, wss, 1e-3, [0.0, 1.0, 0.0], 50.0);
            sums.weight += 50.0;
            sums.reference += 50.0 * (1e4 + 20.0 * f64::from(k % 2));
        }
        Indices::at(&[numbers(&wall)], &sums, &SCALE)
    }

    fn close(what: &str, found: f32, expected: f64, bound: f64) {
        let error = (f64::from(found) - expected).abs();
        assert!(error <= bound * expected.abs().max(1e-3), "{what}: {found} is not {expected}");
    }

    #[test]
    fn a_steady_stress_does_not_oscillate() {
        let i = of(|_| [0.0, 1.5, 2.0]);
        close("tawss", i.tawss[0], 2.5, 2e-5);
        assert!((0.0..2e-5).contains(&i.osi[0]), "osi {}", i.osi[0]);
        close("rrt", i.rrt[0], 0.4, 2e-5);
        assert!(i.ecap[0] < 1e-5);
        close("trans_wss", i.trans_wss.as_ref().expect("a second cycle")[0], 1.5, 2e-5);
        close("pressure", i.pressure[0], 1.001e4 + SCALE.pressure_to_si(1e-3), 2e-6);
    }

    /// `a + b sin(t)` along one direction, `b > a`: the mean size is `(2/pi) (a asin(a/b) + sqrt(b^2 - a^2))`.
    #[test]
    fn a_reversing_stress_has_the_closed_form() {
        for (a, b) in [(0.5, 1.0), (0.1, 2.0), (1.0, 0.5), (0.0, 0.7)] {
            let i = of(|t| [(a + b * t.sin()) * 0.6, 0.0, (a + b * t.sin()) * 0.8]);
            let reverses = FRAC_2_PI * (a * (a / b).clamp(-1.0, 1.0).asin() + f64::max(b * b - a * a, 0.0).sqrt());
            let size: f64 = if b > a { reverses } else { a };
            let osi = 0.5 * (1.0 - a / size);
            // The rectangle rule at the two kinks of |a + b sin t|: errors of b (2 pi / N)^2 / 6 at most.
            close("tawss", i.tawss[0], size, 2e-4);
            close("osi", i.osi[0], osi, 5e-4);
            close("rrt", i.rrt[0], 1.0 / a.max(LEAST_SHEAR), 5e-4);
            close("ecap", i.ecap[0], osi / size, 5e-4);
            close("trans_wss", i.trans_wss.as_ref().expect("a second cycle")[0], 0.0, 1e-6);
        }
    }

    /// A mean `m` along x with a vector of size `r` that turns: across it the mean size is `2 r / pi`; the mean size of
    /// the whole is a complete elliptic integral, here by the arithmetic-geometric mean.
    #[test]
    fn a_turning_stress_has_the_closed_form() {
        for (m, r) in [(0.0, 1.2), (0.8, 0.5), (1.0, 2.0)] {
            let i = of(|t| [m + r * t.cos(), r * t.sin(), 0.0]);
            let size = FRAC_2_PI * (m + r) * second_elliptic(4.0 * m * r / (m + r).powi(2));
            close("tawss", i.tawss[0], size, 2e-5);
            close("osi", i.osi[0], 0.5 * (1.0 - m / size), 5e-5);
            close("rrt", i.rrt[0], 1.0 / f64::max(m, LEAST_SHEAR), 5e-5);
            close("trans_wss", i.trans_wss.as_ref().expect("a second cycle")[0], FRAC_2_PI * r, 1e-4);
        }
    }

    /// Complete elliptic integral of the second kind, E(m) (Abramowitz and Stegun, 17.6).
    fn second_elliptic(m: f64) -> f64 {
        let (mut a, mut b, mut c) = (1.0, (1.0 - m).sqrt(), m.sqrt());
        let (mut sum, mut power) = (0.5 * c * c, 0.5);
        for _ in 0..30 {
            (a, b, c) = ((a + b) / 2.0, (a * b).sqrt(), (a - b) / 2.0);
            power *= 2.0;
            sum += power * c * c;
        }
        std::f64::consts::FRAC_PI_2 / a * (1.0 - sum)
    }

    #[test]
    fn no_stress_and_no_sample_are_finite() {
        for i in [of(|_| [0.0; 3]), Indices::at(&[[0.0; 6]], &CycleSums::default(), &SCALE)] {
            assert_eq!((i.tawss[0], i.osi[0], i.ecap[0]), (0.0, 0.0, 0.0));
            close("rrt", i.rrt[0], 1.0 / LEAST_SHEAR, 1e-6);
            assert!(i.pressure[0].is_finite());
        }
        assert_eq!(Indices::at(&[[0.0; 6]], &CycleSums::default(), &SCALE).trans_wss, None);
    }

    #[test]
    fn means_are_in_si() {
        let mean = Some([vec![0.1f32], vec![-0.2], vec![0.0], vec![3e-3]]);
        let sums = CycleSums { weight: 2.0, reference: 2e4, mean, ..CycleSums::default() };
        let means = Means::new(&sums, &SCALE).expect("means");
        close("u", means.velocity[0][0], SCALE.velocity_to_si(0.05), 1e-6);
        close("v", means.velocity[1][0], SCALE.velocity_to_si(-0.1), 1e-6);
        close("p", means.pressure[0], 1e4 + SCALE.pressure_to_si(1.5e-3), 1e-6);
        assert_eq!(Means::new(&CycleSums::default(), &SCALE), None);
    }
}
