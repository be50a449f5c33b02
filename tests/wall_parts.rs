//! The wall's parts against each other and against what they must add up to; and what they refuse.

use std::f64::consts::{PI, TAU};

use nalgebra::{Matrix3, UnitVector3, Vector3};
use perfuse::geometry::shell::Shell;
use perfuse::geometry::shell::bodies::{Bend, Counts, Cylinder, plate, sphere};
use perfuse::wall::assembly::{ROW, Stiffness};
use perfuse::wall::constraint::{RigidMotion, Supports, rigid_motion};
use perfuse::wall::error::WallError;
use perfuse::wall::material::{Material, Values};
use perfuse::wall::residual::{Residual, norm};
use perfuse::wall::stress::{Surfaces, recover};
use perfuse::wall::{face, load};

fn bend() -> Shell {
    let counts = Counts { around: 16, along: 6, layers: 3 };
    Bend { radius: 2e-3, thickness: 0.4e-3, bend: 8e-3, angle: 0.5 }.shell(counts)
}

fn tube() -> Shell {
    let axis = UnitVector3::new_normalize(Vector3::new(0.48, 0.6, 0.64));
    let counts = Counts { around: 24, along: 4, layers: 1 };
    Cylinder { radius: 2e-3, thickness: 0.4e-3, length: 4e-3, axis, angle: TAU }.shell(counts)
}

/// A displacement with strain and rotation.
fn wavy(shell: &Shell) -> Vec<[f64; 3]> {
    let wave = |[x, y, z]: &[f64; 3]| [(700.0 * y).sin(), (500.0 * z + 300.0 * x).cos(), 200.0 * x - 100.0 * y];
    shell.nodes.iter().map(wave).collect()
}

/// The product that the matrix is made for, in double precision.
fn product(k: &Stiffness, x: &[[f64; 3]]) -> Vec<[f64; 3]> {
    let node = |i: usize| {
        let (column, level) = (i / k.levels, i % k.levels);
        let own = Matrix3::from_row_slice(&k.own[9 * i..9 * i + 9]).cast::<f64>();
        let mut y = own * Vector3::from(x[i]);
        for entry in k.start[column] as usize..k.start[column + 1] as usize {
            let row = &k.blocks[(entry * k.levels + level) * ROW..][..ROW];
            for (at, value) in row.iter().enumerate().map(|(at, value)| (at, f64::from(*value))) {
                let other = level + at % 9 / 3;
                if other == 0 || other > k.levels {
                    assert_eq!(value, 0.0);
                    continue;
                }
                let other = k.neighbour[entry] as usize * k.levels + other - 1;
                y[at / 9] += value * (x[other][at % 3] - x[i][at % 3]);
            }
        }
        y.into()
    };
    (0..x.len()).map(node).collect()
}

#[test]
fn the_matrix_is_what_the_residual_takes_away() {
    let shell = bend();
    let columns = shell.columns();
    let young = (0..columns).map(|column| 1e6 * (1.0 + 0.5 * (column as f64).sin())).collect();
    let material = Material { young: Values::Columns(young), poisson: Values::Uniform(0.45) };
    let mut supports = Supports::default();
    supports.free_end_radially(&shell, 0);
    supports.slide_end(&shell, 1);
    supports.spring_outer(&shell, 1e8);
    let stiffness = Stiffness::assemble(&shell, &material, &supports).expect("a sound wall");
    let residual = Residual::new(&shell, &material, &supports).expect("a sound wall");
    let mut u = wavy(&shell);
    supports.project(&mut u);
    let force = residual.of(&vec![[0.0; 3]; u.len()], &u);
    let mut sum = product(&stiffness, &u);
    sum.iter_mut().flatten().zip(force.iter().flatten()).for_each(|(sum, force)| *sum += force);
    assert!(norm(&sum) <= 1e-6 * norm(&force), "{:e}", norm(&sum) / norm(&force));
}

#[test]
fn held_directions_keep_a_stiffness_of_their_own() {
    let shell = bend();
    let mut supports = Supports::default();
    supports.fix_end(&shell, 0);
    let stiffness = Stiffness::assemble(&shell, &Material::uniform(1e6, 0.3), &supports).expect("a sound wall");
    let own = |node: usize| Matrix3::from_row_slice(&stiffness.own[9 * node..9 * node + 9]);
    for &column in &shell.ends[0] {
        for node in (0..shell.levels()).map(|level| shell.node(column, level)) {
            let block = own(node);
            assert!(block[(0, 0)] > 0.0 && block == Matrix3::identity() * block[(0, 0)], "{block}");
        }
    }
    // Away from supports a translation is free of force to the last bit.
    assert_eq!(own(shell.node(shell.ends[1][3], 1)), Matrix3::zeros());
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let shell = sphere(0.01, 0.002, 12, 2, false);
    let material = Material::uniform(1e6, 0.49);
    let mut supports = Supports::default();
    supports.spring_outer(&shell, 1e7);
    let all = || {
        let u = wavy(&shell);
        let stiffness = Stiffness::assemble(&shell, &material, &supports).expect("a sound wall");
        let force = Residual::new(&shell, &material, &supports).expect("a sound wall").of(&u, &u);
        (stiffness, force, recover(&shell, &material, &u, None).expect("a sound wall"))
    };
    let with =
        |threads: usize| rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads").install(all);
    assert!(with(1) == with(3));
}

#[test]
fn pressure_and_traction_add_up() {
    let octant = sphere(0.01, 0.002, 24, 1, true);
    let total =
        |forces: &[[f64; 3]]| forces.iter().fold(Vector3::zeros(), |sum: Vector3<f64>, f| sum + Vector3::from(*f));
    let columns = octant.columns();
    let force = total(&load::inner(&octant, &vec![1e4; columns], &[]));
    // Pressure on the octant pushes with its projections, quarters of a disc.
    let quarter = 1e4 * PI * 0.01 * 0.01 / 4.0;
    assert!((force - Vector3::repeat(quarter)).norm() < 2e-3 * quarter, "{force}");
    let shear = total(&load::inner(&octant, &[], &vec![[0.0, 3.0, -4.0]; columns]));
    let area: f64 = face::areas(&octant, 0).iter().sum();
    assert!((area / (4.0 * PI * 1e-4 / 8.0) - 1.0).abs() < 1e-3);
    assert!((shear - Vector3::new(0.0, 3.0, -4.0) * area).norm() < 1e-12);
    let plate = plate([0.02, 0.01, 0.003], Counts { around: 5, along: 4, layers: 2 });
    let force = total(&load::end(&plate, 3, [1.0, 0.0, -2.0]));
    assert!((force - Vector3::new(1.0, 0.0, -2.0) * 3e-5).norm() < 1e-15);
}

#[test]
fn springs_alone_carry_a_rigid_plate() {
    let shell = plate([0.02, 0.01, 0.003], Counts { around: 5, along: 4, layers: 2 });
    let material = Material::uniform(1e6, 0.3);
    let mut supports = Supports::default();
    supports.spring_outer(&shell, 2e6);
    assert_eq!(rigid_motion(&shell, &supports), None);
    let residual = Residual::new(&shell, &material, &supports).expect("a sound wall");
    // A pressure of 1 kPa moves the plate by 0.5 mm if it does not give, and the two forces balance as a whole.
    let left = residual.of(&load::inner(&shell, &[1e3; 30], &[]), &vec![[0.0, 0.0, 0.5e-3]; shell.nodes.len()]);
    let sum = left.iter().fold(Vector3::zeros(), |sum: Vector3<f64>, force| sum + Vector3::from(*force));
    assert!(sum.norm() < 1e-12, "{sum}");
    let ends = face::end(&shell, &face::rim(&shell), 0);
    assert!((ends.iter().map(|end| end.1).sum::<Vector3<f64>>() - Vector3::new(0.0, -6e-5, 0.0)).norm() < 1e-18);
}

#[test]
fn stress_at_the_surfaces_balances_the_load() {
    let shell = tube();
    let material = Material::uniform(1e6, 0.49);
    let traction = vec![[3.0, -2.0, 1.0]; shell.columns()];
    let pressure = vec![1e4; shell.columns()];
    let surfaces = Surfaces { pressure: &pressure, traction: &traction, spring: 1e7 };
    let u: Vec<[f64; 3]> = wavy(&shell).iter().map(|u| u.map(|value| 1e-6 * value)).collect();
    let stress = recover(&shell, &material, &u, Some(surfaces)).expect("a sound wall").stress;
    for (level, inner) in [(0, true), (1, false)] {
        for (column, normal) in face::normals(&shell, level).into_iter().enumerate() {
            let node = shell.node(column as u32, level);
            let found = perfuse::wall::tensor::matrix(&stress[node]) * normal;
            let given = Vector3::from(traction[column]);
            let wanted = if inner { -normal * 1e4 - given } else { Vector3::from(u[node]) * -1e7 };
            assert!((found - wanted).norm() < 1e-6, "{found} {wanted}");
        }
    }
}

#[test]
fn free_rigid_motions_are_found_and_named() {
    let shell = tube();
    let axis = Vector3::new(0.48, 0.6, 0.64);
    let free = rigid_motion(&shell, &Supports::default());
    assert!(matches!(free, Some(RigidMotion::Along { .. })), "{free:?}");
    let mut sliding = Supports::default();
    (0..2).for_each(|end| sliding.slide_end(&shell, end));
    let Some(RigidMotion::Along { direction, .. }) = rigid_motion(&shell, &sliding) else { panic!("it slides") };
    assert!(axis.dot(&Vector3::from(direction)).abs() < 1e-6);
    // Nodes that are held across the axis leave the turn about it.
    let mut turning = Supports::default();
    let hold = |node: usize| {
        let place = Vector3::from(shell.nodes[node]);
        let radial = (place - axis * axis.dot(&place)).normalize();
        let around = axis.cross(&radial);
        (node as u32, around * around.transpose())
    };
    turning.hold((0..shell.nodes.len()).map(hold));
    let found = rigid_motion(&shell, &turning).expect("it turns");
    let RigidMotion::About { axis: about, through, .. } = &found else { panic!("{found}") };
    assert!((axis.dot(&Vector3::from(*about)).abs() - 1.0).abs() < 1e-9);
    assert!(axis.cross(&Vector3::from(*through)).norm() < 1e-9);
    assert!(found.to_string().contains("can turn about the axis ("), "{found}");
    for support in [Supports::fix_end, Supports::free_end_radially] {
        let mut supports = Supports::default();
        support(&mut supports, &shell, 0);
        assert_eq!(rigid_motion(&shell, &supports), None);
    }
    let mut springs = Supports::default();
    springs.spring_end(&shell, 1, 1e3);
    assert_eq!(rigid_motion(&shell, &springs), None);
}

#[test]
fn every_part_of_a_wall_needs_support() {
    let (mut shell, other) = (tube(), tube());
    let columns = shell.columns() as u32;
    shell.quads.extend(other.quads.iter().map(|quad| quad.map(|column| column + columns)));
    shell.nodes.extend(other.nodes.iter().map(|[x, y, z]| [x + 0.1, *y, *z]));
    let mut supports = Supports::default();
    supports.fix_end(&shell, 0);
    let found = rigid_motion(&shell, &supports).expect("the second tube is free");
    let RigidMotion::Along { part, .. } = found else { panic!("{found}") };
    assert!((part[0] - 0.1).abs() < 2e-3, "{part:?}");
    let message = WallError::Unsupported(rigid_motion(&shell, &supports).expect("free")).to_string();
    assert!(message.starts_with("nothing holds the wall: its part around (100."), "{message}");
}

#[test]
fn supports_that_meet_hold_both_ways() {
    let plane = |normal: Vector3<f64>| Matrix3::identity() - normal * normal.transpose();
    let mut supports = Supports::default();
    supports.hold([(4, plane(Vector3::x())), (2, Matrix3::zeros())]);
    supports.hold([(4, plane(Vector3::new(0.6, 0.8, 0.0)))]);
    assert_eq!(supports.held.iter().map(|held| held.0).collect::<Vec<_>>(), [2, 4]);
    let along = Vector3::z() * Vector3::z().transpose();
    assert!((supports.held[1].1 - along).norm() < 1e-12);
    supports.hold([(4, plane(Vector3::z()))]);
    assert!(supports.held[1].1.norm() < 1e-12);
}

#[test]
fn what_cannot_be_is_refused() {
    let shell = tube();
    let said = |material: &Material| {
        Stiffness::assemble(&shell, material, &Supports::default()).expect_err("nonsense").to_string()
    };
    assert!(said(&Material::uniform(1e6, 0.5)).starts_with("Poisson's ratio is 0.5 at ("));
    assert!(said(&Material::uniform(1e6, f64::NAN)).starts_with("Poisson's ratio is NaN at ("));
    assert!(said(&Material::uniform(-2e6, 0.3)).starts_with("Young's modulus is -2000 kPa at ("));
    let short = Material { young: Values::Columns(vec![1e6; 3]), poisson: Values::Uniform(0.3) };
    assert_eq!(said(&short), "a field of the wall has 3 values, but the wall's mesh has 120 columns of nodes");
    let mut folded = shell.clone();
    folded.nodes.swap(20, 21);
    let error = Stiffness::assemble(&folded, &Material::uniform(1e6, 0.3), &Supports::default()).expect_err("a fold");
    assert!(matches!(error, WallError::Folded { .. }), "{error}");
    folded.nodes[20] = [f64::NAN; 3];
    assert!(Stiffness::assemble(&folded, &Material::uniform(1e6, 0.3), &Supports::default()).is_err());
}
