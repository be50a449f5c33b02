//! The element alone: its spectrum, rigid motions, the two ways to its forces.

use nalgebra::{DMatrix, DVector};

use super::super::lanes::{Kernel, LANES, Portable, run, run_halves};
use super::*;
use crate::wall::reference::CORNERS;

type Places = [[f64; 3]; NODES];

/// Numbers that look random, in [-1, 1).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

/// A brick with edges `size`, its nodes moved by at most `distortion` of the shortest.
fn brick(size: [f64; 3], distortion: f64, noise: &mut Noise) -> Places {
    let least = size.iter().copied().fold(f64::INFINITY, f64::min);
    CORNERS.map(|corner| std::array::from_fn(|i| 0.5 * corner[i] * size[i] + distortion * least * noise.next()))
}

fn lame(young: f64, poisson: f64) -> Lame<Portable> {
    let twice = young / (1.0 + poisson);
    Lame { lambda: Portable::splat(twice * poisson / (1.0 - 2.0 * poisson)), mu: Portable::splat(0.5 * twice) }
}

fn splat(x: &Places) -> [Triple<Portable>; NODES] {
    x.map(|place| place.map(Portable::splat))
}

fn stiffness(x: &Places, lame: &Lame<Portable>) -> DMatrix<f64> {
    let shape = shape(&splat(x));
    let relief = relief(&shape, lame);
    DMatrix::from_fn(UNKNOWNS, UNKNOWNS, |r, c| block(&shape, lame, &relief, r / 3, c / 3)[r % 3][c % 3].store()[0])
}

/// Bricks, plates and bars, regular and distorted.
fn shapes() -> Vec<Places> {
    let mut noise = Noise(7);
    let mut out = Vec::new();
    for size in [[1.0, 1.0, 1.0], [1.0, 1.0, 0.05], [2.0, 0.1, 0.3], [1e-3, 1e-3, 1e-4]] {
        for distortion in [0.0, 0.1, 0.2] {
            out.push(brick(size, distortion, &mut noise));
        }
    }
    out
}

#[test]
fn an_element_has_six_motions_without_energy_and_no_more() {
    for x in shapes() {
        for poisson in [0.0, 0.3, 0.499] {
            let matrix = stiffness(&x, &lame(1.0, poisson));
            assert!((&matrix - matrix.transpose()).amax() <= 1e-12 * matrix.amax());
            let mut values: Vec<f64> = matrix.symmetric_eigenvalues().iter().copied().collect();
            values.sort_by(f64::total_cmp);
            let scale = values[UNKNOWNS - 1];
            assert!(values[5].abs() <= 1e-13 * scale, "{x:?} {poisson}: {values:?}");
            assert!(values[0] >= -1e-13 * scale, "{x:?} {poisson}: {values:?}");
            assert!(values[6] >= 1e-9 * scale, "{x:?} {poisson}: {values:?}");
        }
    }
}

#[test]
fn an_incompressible_element_resists_one_change_of_volume_only() {
    for x in shapes() {
        let count = |poisson: f64| {
            let shear = 1.0 / (2.0 * (1.0 + poisson));
            let bulk = 1.0 / (3.0 * (1.0 - 2.0 * poisson));
            let (soft, hard) = (stiffness(&x, &lame(1.0, 0.3)), stiffness(&x, &lame(1.0, poisson)));
            // Eigenvalues that grow with the bulk modulus, measured in those of an ordinary material.
            let factor = soft + DMatrix::identity(UNKNOWNS, UNKNOWNS) * 1e-9;
            let root = factor.cholesky().expect("a positive matrix").l();
            let left = root.clone().solve_lower_triangular(&hard).expect("a regular matrix");
            let both = root.solve_lower_triangular(&left.transpose()).expect("a regular matrix");
            both.symmetric_eigenvalues().iter().filter(|&&value| value > 0.02 * bulk / shear).count()
        };
        assert_eq!(count(0.499_999), 1, "{x:?}");
    }
}

#[test]
fn rigid_motions_strain_nothing() {
    for x in shapes() {
        let u = splat(&x.map(|[x, y, z]| [0.3 - 0.2 * y + 0.5 * z, 0.2 * x - 0.7 * z - 1.0, 0.7 * y - 0.5 * x + 2.0]));
        let shape = shape(&splat(&x));
        for strain in strains(&shape, &lame(1.0, 0.499), &u) {
            assert!(strain.iter().all(|value| value.store()[0].abs() < 1e-10), "{x:?}");
        }
    }
}

#[test]
fn a_constant_strain_is_exact_on_any_shape() {
    let gradient = [[0.1, 0.4, -0.3], [0.2, -0.5, 0.7], [0.6, -0.1, 0.3]];
    let expected = [0.1, -0.5, 0.3, 0.3, 0.3, 0.15];
    for x in shapes() {
        let u = x.map(|place| std::array::from_fn(|i| (0..3).map(|k| gradient[i][k] * place[k]).sum()));
        for strain in strains(&shape(&splat(&x)), &lame(1.0, 0.499), &splat(&u)) {
            for (value, expected) in strain.into_iter().zip(expected) {
                assert!((value.store()[0] - expected).abs() < 1e-11, "{x:?}");
            }
        }
    }
}

#[test]
fn forces_are_the_stiffness_times_the_displacements() {
    let mut noise = Noise(3);
    for x in shapes() {
        let lame = lame(2.0, 0.45);
        let shape = shape(&splat(&x));
        let u: Places = std::array::from_fn(|_| std::array::from_fn(|_| noise.next()));
        let found = forces(&shape, &lame, &strains(&shape, &lame, &splat(&u)));
        let expected = stiffness(&x, &lame) * DVector::from_iterator(UNKNOWNS, u.iter().flatten().copied());
        let scale = expected.amax();
        for (k, expected) in expected.iter().enumerate() {
            assert!((found[k / 3][k % 3].store()[0] - expected).abs() <= 1e-10 * scale, "{x:?}");
        }
    }
}

/// Bends a bar of one element by couples on its ends; the ratio of its angle to that of beam theory.
fn bending(x: &Places, poisson: f64) -> f64 {
    // Pure bending about y: u_x = z x, u_z = -x^2 / 2 + nu (y^2 - z^2) / 2, u_y = -nu y z; energy compared with the exact.
    let u = x.map(|[x, y, z]| [x * z, -poisson * y * z, -0.5 * (x * x + poisson * (z * z - y * y))]);
    let u = DVector::from_iterator(UNKNOWNS, u.iter().flatten().copied());
    let matrix = stiffness(x, &lame(1.0, poisson));
    0.5 * u.dot(&(matrix * &u))
}

#[test]
fn bending_of_thin_elements_has_the_energy_of_a_beam() {
    for poisson in [0.0, 0.3, 0.499] {
        for thickness in [1.0, 0.05] {
            let x = brick([1.0, 1.0, thickness], 0.0, &mut Noise(1));
            // E I / 2 with unit length and curvature; a plain trilinear element has 1 / thickness^2 times as much.
            let exact = thickness.powi(3) / 24.0;
            let ratio = bending(&x, poisson) / exact;
            assert!((ratio - 1.0).abs() < 1e-9, "thickness {thickness}, nu {poisson}: {ratio}");
        }
    }
}

/// The stiffness of one element, block by block.
struct Blocks<'a>(&'a Places, &'a mut Vec<f64>);

impl Kernel for Blocks<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let x = self.0.map(|place| place.map(V::splat));
        let lame = Lame { lambda: V::splat(3.0), mu: V::splat(1.0) };
        let shape = shape(&x);
        let relief = relief(&shape, &lame);
        for a in 0..NODES {
            for b in 0..NODES {
                for value in block(&shape, &lame, &relief, a, b).into_iter().flatten() {
                    let lanes = value.store();
                    assert_eq!(lanes, [lanes[0]; LANES]);
                    self.1.push(lanes[0]);
                }
            }
        }
    }
}

#[test]
fn instruction_sets_agree() {
    for x in shapes() {
        let (mut portable, mut halves, mut widest) = (Vec::new(), Vec::new(), Vec::new());
        Blocks(&x, &mut portable).run::<Portable>();
        run_halves(Blocks(&x, &mut halves));
        run(Blocks(&x, &mut widest));
        let scale = portable.iter().fold(0.0f64, |most, value| most.max(value.abs()));
        for other in [halves, widest] {
            assert!(portable.iter().zip(&other).all(|(a, b)| (a - b).abs() <= 1e-11 * scale), "{x:?}");
        }
    }
}
