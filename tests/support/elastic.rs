//! A plain solver for small walls: conjugate gradients in double precision, preconditioned by the
//! blocks of whole columns.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn, Matrix3};
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

/// Factors of the blocks of whole columns.
fn factors(stiffness: &Stiffness) -> Vec<Cholesky<f64, Dyn>> {
    let levels = stiffness.levels;
    let block = |column: usize| {
        let mut matrix = DMatrix::zeros(3 * levels, 3 * levels);
        for level in 0..levels {
            let own = &stiffness.own[(column * levels + level) * 9..][..9];
            let mut diagonal = Matrix3::from_row_slice(own).cast::<f64>();
            for entry in stiffness.start[column] as usize..stiffness.start[column + 1] as usize {
                let row = &stiffness.blocks[(entry * levels + level) * ROW..][..ROW];
                for (k, value) in row.iter().enumerate().map(|(k, value)| (k, f64::from(*value))) {
                    let other = level + k % 9 / 3;
                    diagonal[(k / 9, k % 3)] -= value;
                    if stiffness.neighbour[entry] as usize == column && other > 0 && other <= levels {
                        matrix[(3 * level + k / 9, 3 * (other - 1) + k % 3)] += value;
                    }
                }
            }
            let mut own = matrix.fixed_view_mut::<3, 3>(3 * level, 3 * level);
            own += diagonal;
        }
        matrix.cholesky().expect("a positive block")
    };
    (0..stiffness.start.len() - 1).map(block).collect()
}

/// Displacements, m, of a wall under forces (N, by node), to 1e-10 of the load.
pub fn solve(shell: &Shell, material: &Material, supports: &Supports, load: &[[f64; 3]]) -> Field {
    let stiffness = Stiffness::assemble(shell, material, supports).expect("a sound wall");
    let factors = factors(&stiffness);
    let residual = Residual::new(shell, material, supports).expect("a sound wall");
    let precondition = |r: &Field| -> Field {
        let mut z = r.clone();
        for (column, factor) in z.chunks_mut(shell.levels()).zip(&factors) {
            let x = factor.solve(&DVector::from_iterator(3 * column.len(), column.iter().flatten().copied()));
            column.iter_mut().flatten().zip(x.iter()).for_each(|(z, x)| *z = *x);
        }
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
