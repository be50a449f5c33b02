//! The eight-node hexahedron with enhanced strain.
//!
//! Trilinear displacements alone are far too stiff in bending and as Poisson's ratio nears 1/2. So the strain gets modes
//! of its own inside each element (Simo and Rifai, Int. J. Numer. Methods Eng. 29, 1595, 1990), which are found from the
//! element's displacements alone and do not appear outside ("condensed"). There are twelve:
//!
//! - nine of Wilson's kind: three vectors `alpha_k` whose gradients are `alpha_k (x) grad(-xi_k^2 / 2)`, so they behave
//!   as three more nodes do. They make up for bending (E9 of Andelfinger and Ramm, ibid. 36, 1311, 1993).
//! - three dilatations `xi eta`, `eta zeta`, `zeta xi` times the unit tensor, which with the nine free an incompressible
//!   element of all constraints on its volume but one (Simo, Armero and Taylor, Comput. Methods Appl. Mech. Eng. 110, 359,
//!   1993).
//!
//! Every mode is taken with the Jacobian matrix of the element's centre and the factor `j0 / j`, so that its mean over
//! the element vanishes: constant stress does no work on it, and distorted elements pass the patch test.
//!
//! Material constants do not vary inside an element, so stiffness follows from the Gram matrices of the gradients,
//! `M_ab = sum_g w_g (g_a (x) g_b)`: `K_ab = lambda M_ab + mu M_ab^T + mu tr(M_ab) I`, for nodes and Wilson's modes alike.
//! With `w theta` the dilatations' weights, those couple by `(3 lambda + 2 mu) sum w theta g`.

#![allow(clippy::needless_range_loop, reason = "the indices are those of the formulas")]

use super::lanes::Lanes;
use super::reference::{AT_POINTS, CENTRE, NODES, POINTS, gauss_point};

/// Nodes and Wilson's modes.
const GRADIENTS: usize = NODES + 3;
/// Enhanced modes.
const MODES: usize = 12;
/// Unknowns at the nodes.
const UNKNOWNS: usize = 3 * NODES;

/// Three numbers a lane.
pub(super) type Triple<V> = [V; 3];
/// A block of a matrix.
pub(super) type Block<V> = [[V; 3]; 3];

/// Everything about an element's shape that its mechanics need.
#[derive(Clone, Copy)]
pub(super) struct Shape<V> {
    /// Gradients, 1/m, of the nodes' shape functions and of Wilson's modes.
    gradients: [[Triple<V>; GRADIENTS]; POINTS],
    /// The dilatation modes.
    dilatations: [Triple<V>; POINTS],
    /// Volume that a Gauss point stands for, m^3.
    pub(super) volumes: [V; POINTS],
}

/// Lame's constants, Pa.
#[derive(Clone, Copy)]
pub(super) struct Lame<V> {
    /// First constant.
    pub(super) lambda: V,
    /// Shear modulus.
    pub(super) mu: V,
}

impl<V: Lanes> Lame<V> {
    /// Mean stress an equal strain in all directions: three times the bulk modulus.
    #[inline(always)]
    fn bulk(&self) -> V {
        V::splat(3.0).mul_add(self.lambda, self.mu + self.mu)
    }
}

/// `dx_i / dxi_k`
#[inline(always)]
fn jacobian<V: Lanes>(x: &[Triple<V>; NODES], derivatives: &[[f64; 3]; NODES]) -> Block<V> {
    let mut out = [[V::splat(0.0); 3]; 3];
    for (place, derivative) in x.iter().zip(derivatives) {
        for i in 0..3 {
            for k in 0..3 {
                out[i][k] = place[i].mul_add(V::splat(derivative[k]), out[i][k]);
            }
        }
    }
    out
}

/// Inverse and determinant.
#[inline(always)]
fn invert<V: Lanes>(m: &Block<V>) -> (Block<V>, V) {
    let mut cofactors = *m;
    for i in 0..3 {
        for k in 0..3 {
            let (a, b, c, d) = ((i + 1) % 3, (i + 2) % 3, (k + 1) % 3, (k + 2) % 3);
            cofactors[i][k] = m[b][c].taken_from(m[a][d], m[a][c] * m[b][d]);
        }
    }
    let det = m[0][2].mul_add(cofactors[0][2], m[0][1].mul_add(cofactors[0][1], m[0][0] * cofactors[0][0]));
    let scale = V::splat(1.0) / det;
    let mut out = [[scale; 3]; 3];
    for i in 0..3 {
        for k in 0..3 {
            out[k][i] = cofactors[i][k] * scale;
        }
    }
    (out, det)
}

/// The shape of elements with these node places, m.
#[inline(always)]
pub(super) fn shape<V: Lanes>(x: &[Triple<V>; NODES]) -> Shape<V> {
    let zero = V::splat(0.0);
    let (centre, j0) = invert(&jacobian(x, &CENTRE));
    let mut out = Shape {
        gradients: [[[zero; 3]; GRADIENTS]; POINTS],
        dilatations: [[zero; 3]; POINTS],
        volumes: [zero; POINTS],
    };
    for g in 0..POINTS {
        let (inverse, j) = invert(&jacobian(x, &AT_POINTS[g]));
        out.volumes[g] = j;
        for a in 0..NODES {
            let [p, q, r] = AT_POINTS[g][a];
            for i in 0..3 {
                let sum = inverse[1][i].mul_add(V::splat(q), inverse[0][i] * V::splat(p));
                out.gradients[g][a][i] = inverse[2][i].mul_add(V::splat(r), sum);
            }
        }
        let ratio = j0 / j;
        let at = gauss_point(g);
        for k in 0..3 {
            out.gradients[g][NODES + k] = scaled(&centre[k], ratio * V::splat(-at[k]));
            out.dilatations[g][k] = ratio * V::splat(at[k] * at[(k + 1) % 3]);
        }
    }
    out
}

/// `K_ab` before condensation, of nodes or of Wilson's modes.
#[inline(always)]
fn coupling<V: Lanes>(shape: &Shape<V>, lame: &Lame<V>, a: usize, b: usize) -> Block<V> {
    let mut gram = [[V::splat(0.0); 3]; 3];
    for g in 0..POINTS {
        let other = shape.gradients[g][b];
        for i in 0..3 {
            let weighted = shape.gradients[g][a][i] * shape.volumes[g];
            for j in 0..3 {
                gram[i][j] = weighted.mul_add(other[j], gram[i][j]);
            }
        }
    }
    let trace = (gram[0][0] + gram[1][1] + gram[2][2]) * lame.mu;
    let mut out = gram;
    for i in 0..3 {
        for j in 0..3 {
            out[i][j] = lame.lambda.mul_add(gram[i][j], lame.mu * gram[j][i]);
        }
        out[i][i] = out[i][i] + trace;
    }
    out
}

/// All values times a factor. (A closure would not be compiled for the instruction set, nor does it get into one.)
#[inline(always)]
fn scaled<V: Lanes, const N: usize>(values: &[V; N], factor: V) -> [V; N] {
    let mut out = *values;
    for value in &mut out {
        *value = *value * factor;
    }
    out
}

/// Row of dilatation `m` against the components of gradient `a`, before condensation.
#[inline(always)]
fn dilatation_row<V: Lanes>(shape: &Shape<V>, lame: &Lame<V>, m: usize, a: usize) -> Triple<V> {
    let mut out = [V::splat(0.0); 3];
    for g in 0..POINTS {
        let weighted = shape.dilatations[g][m] * shape.volumes[g];
        for i in 0..3 {
            out[i] = weighted.mul_add(shape.gradients[g][a][i], out[i]);
        }
    }
    scaled(&out, lame.bulk())
}

/// Stiffness of the enhanced modes as its Cholesky factor: the lower triangle, reciprocals in the diagonal.
type Factor<V> = [[V; MODES]; MODES];

/// Factor of the enhanced modes' stiffness.
#[inline(always)]
fn factor<V: Lanes>(shape: &Shape<V>, lame: &Lame<V>) -> Factor<V> {
    let mut h = [[V::splat(0.0); MODES]; MODES];
    for k in 0..3 {
        for l in 0..=k {
            let block = coupling(shape, lame, NODES + k, NODES + l);
            for i in 0..3 {
                h[3 * k + i][3 * l..3 * l + 3].copy_from_slice(&block[i]);
            }
        }
        for m in 0..3 {
            h[9 + m][3 * k..3 * k + 3].copy_from_slice(&dilatation_row(shape, lame, m, NODES + k));
        }
    }
    for m in 0..3 {
        for n in 0..=m {
            let mut sum = V::splat(0.0);
            for g in 0..POINTS {
                let product = shape.dilatations[g][m] * shape.dilatations[g][n];
                sum = product.mul_add(shape.volumes[g], sum);
            }
            h[9 + m][9 + n] = sum * lame.bulk() * V::splat(3.0);
        }
    }
    for i in 0..MODES {
        for j in 0..i {
            let mut sum = h[i][j];
            for k in 0..j {
                sum = h[i][k].taken_from(h[j][k], sum);
            }
            h[i][j] = sum * h[j][j];
        }
        let mut sum = h[i][i];
        for k in 0..i {
            sum = h[i][k].taken_from(h[i][k], sum);
        }
        h[i][i] = V::splat(1.0) / sum.sqrt();
    }
    h
}

/// What condensation takes away from the stiffness: `K_ab` loses `sum_m y_ma y_mb`.
pub(super) type Relief<V> = [[V; UNKNOWNS]; MODES];

/// The enhanced modes' relief of an element's stiffness.
#[inline(always)]
pub(super) fn relief<V: Lanes>(shape: &Shape<V>, lame: &Lame<V>) -> Relief<V> {
    let factor = factor(shape, lame);
    let mut y = [[V::splat(0.0); UNKNOWNS]; MODES];
    for a in 0..NODES {
        let at = 3 * a..3 * a + 3;
        for k in 0..3 {
            let block = coupling(shape, lame, NODES + k, a);
            for i in 0..3 {
                y[3 * k + i][at.clone()].copy_from_slice(&block[i]);
            }
            y[9 + k][at.clone()].copy_from_slice(&dilatation_row(shape, lame, k, a));
        }
    }
    for m in 0..MODES {
        for c in 0..UNKNOWNS {
            let mut sum = y[m][c];
            for k in 0..m {
                sum = factor[m][k].taken_from(y[k][c], sum);
            }
            y[m][c] = sum * factor[m][m];
        }
    }
    y
}

/// The block of the condensed stiffness, N/m, that takes displacements of node `b` to forces on node `a`.
#[inline(always)]
pub(super) fn block<V: Lanes>(shape: &Shape<V>, lame: &Lame<V>, relief: &Relief<V>, a: usize, b: usize) -> Block<V> {
    let mut out = coupling(shape, lame, a, b);
    for row in relief {
        for i in 0..3 {
            for j in 0..3 {
                out[i][j] = row[3 * a + i].taken_from(row[3 * b + j], out[i][j]);
            }
        }
    }
    out
}

/// Strain or stress: xx, yy, zz, xy, yz, xz (components of the tensor, not engineering shear).
pub(super) type Tensor<V> = [V; 6];

/// Stress, Pa, of a strain.
#[inline(always)]
pub(super) fn hooke<V: Lanes>(lame: &Lame<V>, strain: &Tensor<V>) -> Tensor<V> {
    let mean = lame.lambda * (strain[0] + strain[1] + strain[2]);
    let twice = lame.mu + lame.mu;
    let [xx, yy, zz, xy, yz, xz] = *strain;
    [twice.mul_add(xx, mean), twice.mul_add(yy, mean), twice.mul_add(zz, mean), twice * xy, twice * yz, twice * xz]
}

/// Product of a symmetric tensor and a vector.
#[inline(always)]
fn times<V: Lanes>(tensor: &Tensor<V>, vector: &Triple<V>) -> Triple<V> {
    let [xx, yy, zz, xy, yz, xz] = *tensor;
    let [x, y, z] = *vector;
    [xz.mul_add(z, xy.mul_add(y, xx * x)), yz.mul_add(z, yy.mul_add(y, xy * x)), zz.mul_add(z, yz.mul_add(y, xz * x))]
}

/// Adds the symmetric part of `vector (x) gradient`.
#[inline(always)]
fn add_symmetric<V: Lanes>(out: &mut Tensor<V>, vector: &Triple<V>, gradient: &Triple<V>) {
    let half = V::splat(0.5);
    for i in 0..3 {
        let j = (i + 1) % 3;
        out[i] = vector[i].mul_add(gradient[i], out[i]);
        out[3 + i] = half.mul_add(vector[j].mul_add(gradient[i], vector[i] * gradient[j]), out[3 + i]);
    }
}

/// Strain at the Gauss points, enhanced modes included, of nodal displacements, m.
#[inline(always)]
pub(super) fn strains<V: Lanes>(shape: &Shape<V>, lame: &Lame<V>, u: &[Triple<V>; NODES]) -> [Tensor<V>; POINTS] {
    let mut strain = [[V::splat(0.0); 6]; POINTS];
    let mut load = [V::splat(0.0); MODES];
    for g in 0..POINTS {
        for a in 0..NODES {
            add_symmetric(&mut strain[g], &u[a], &shape.gradients[g][a]);
        }
        let weighted = scaled(&hooke(lame, &strain[g]), shape.volumes[g]);
        let trace = weighted[0] + weighted[1] + weighted[2];
        for k in 0..3 {
            let force = times(&weighted, &shape.gradients[g][NODES + k]);
            for i in 0..3 {
                load[3 * k + i] = load[3 * k + i] + force[i];
            }
            load[9 + k] = shape.dilatations[g][k].mul_add(trace, load[9 + k]);
        }
    }
    let alpha = solve(&factor(shape, lame), load);
    for g in 0..POINTS {
        for k in 0..3 {
            let vector = [alpha[3 * k], alpha[3 * k + 1], alpha[3 * k + 2]];
            add_symmetric(&mut strain[g], &vector, &shape.gradients[g][NODES + k]);
            for i in 0..3 {
                strain[g][i] = alpha[9 + k].mul_add(shape.dilatations[g][k], strain[g][i]);
            }
        }
    }
    strain
}

/// The modes' amplitudes that bring `load` on them to zero.
#[inline(always)]
fn solve<V: Lanes>(factor: &Factor<V>, load: [V; MODES]) -> [V; MODES] {
    let mut x = load;
    for i in 0..MODES {
        for k in 0..i {
            x[i] = factor[i][k].taken_from(x[k], x[i]);
        }
        x[i] = x[i] * factor[i][i];
    }
    for i in (0..MODES).rev() {
        for k in i + 1..MODES {
            x[i] = factor[k][i].taken_from(x[k], x[i]);
        }
        x[i] = x[i] * factor[i][i];
    }
    scaled(&x, V::splat(-1.0))
}

/// Forces on the nodes, N, that hold the stress of these strains.
#[inline(always)]
pub(super) fn forces<V: Lanes>(shape: &Shape<V>, lame: &Lame<V>, strain: &[Tensor<V>; POINTS]) -> [Triple<V>; NODES] {
    let mut out = [[V::splat(0.0); 3]; NODES];
    for g in 0..POINTS {
        let weighted = scaled(&hooke(lame, &strain[g]), shape.volumes[g]);
        for a in 0..NODES {
            let force = times(&weighted, &shape.gradients[g][a]);
            for i in 0..3 {
                out[a][i] = out[a][i] + force[i];
            }
        }
    }
    out
}

#[cfg(test)]
mod tests;
