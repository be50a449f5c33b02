//! A plain solver for small walls: conjugate gradients in double precision, preconditioned by the nodes' own blocks.

use nalgebra::{Matrix3, Vector3};
use perfuse::geometry::shell::Shell;
use perfuse::wall::assembly::{ROW, Stiffness};
use perfuse::wall::constraint::Supports;
use perfuse::wall::material::Material;
use perfuse::wall::residual::{Residual, norm};

type Field = Vec<[f64; 3]>;

fn dot(a: &[[f64; 3]], b: &[[f64; 3]]) -> f64 {
    a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| a * b).sum()
}

fn add(to: &mut [[f64; 3]], factor: f64, field: &[[f64; 3]]) {
    to.iter_mut().flatten().zip(field.iter().flatten()).for_each(|(to, value)| *to += factor * value);
}

/// Inverses of the diagonal blocks.
fn inverses(stiffness: &Stiffness) -> Vec<Matrix3<f64>> {
    let levels = stiffness.levels;
    let block = |column: usize, level: usize| {
        let own = &stiffness.own[(column * levels + level) * 9..][..9];
        let mut sum = Matrix3::from_row_slice(own).cast::<f64>();
        for entry in stiffness.start[column]..stiffness.start[column + 1] {
            let row = &stiffness.blocks[(entry as usize * levels + level) * ROW..][..ROW];
            for (k, value) in row.iter().enumerate() {
                sum[(k / 9, k % 3)] -= f64::from(*value);
            }
        }
        sum.try_inverse().expect("a regular block")
    };
    (0..stiffness.own.len() / 9).map(|node| block(node / levels, node % levels)).collect()
}

/// Displacements, m, of a wall under forces (N, by node), to 1e-10 of the load.
pub fn solve(shell: &Shell, material: &Material, supports: &Supports, load: &[[f64; 3]]) -> Field {
    let stiffness = Stiffness::assemble(shell, material, supports).expect("a sound wall");
    let inverses = inverses(&stiffness);
    let residual = Residual::new(shell, material, supports).expect("a sound wall");
    let precondition = |r: &Field| -> Field {
        let mut z: Field = r.iter().zip(&inverses).map(|(r, m)| (m * Vector3::from(*r)).into()).collect();
        supports.project(&mut z);
        z
    };
    let zero = vec![[0.0; 3]; load.len()];
    let mut u = zero.clone();
    let mut r = residual.projected(load);
    let wanted = 1e-10 * norm(&r);
    let mut z = precondition(&r);
    let (mut p, mut rho) = (z.clone(), dot(&r, &z));
    for _ in 0..20_000 {
        if norm(&r) <= wanted {
            return u;
        }
        let minus = residual.of(&zero, &p);
        let step = -rho / dot(&p, &minus);
        add(&mut u, step, &p);
        add(&mut r, step, &minus);
        z = precondition(&r);
        let next = dot(&r, &z);
        p.iter_mut().flatten().for_each(|value| *value *= next / rho);
        add(&mut p, 1.0, &z);
        rho = next;
    }
    panic!("no solution: residual {:e} of {:e}", norm(&r), wanted * 1e10);
}
