//! Projection-regularised collision (Latt and Chopard, Math. Comput. Simul. 72, 165, 2006) in moment space.

use super::lanes::Lanes;

/// What a step does at every site of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Physics {
    /// Inverse relaxation time of the shear stress.
    pub omega: f32,
    /// The same of the trace: bulk viscosity, which only sound feels.
    pub omega_bulk: f32,
    /// Density given to every site at the wall in each step: it makes up for what the walls leak.
    pub wall_source: f32,
    /// Plain bounce-back halfway along the link, wherever the wall is: to show what the interpolation is worth.
    pub halfway: bool,
}

impl Physics {
    /// A fluid of a kinematic viscosity in lattice units, with interpolated walls, sound damped as far as it goes.
    #[must_use]
    pub fn newtonian(nu: f64) -> Self {
        Self { omega: omega(nu) as f32, omega_bulk: 1.0, wall_source: 0.0, halfway: false }
    }
}

/// Inverse relaxation time of a kinematic viscosity, both in lattice units: `nu = (1/omega - 1/2)/3`.
#[must_use]
pub fn omega(nu: f64) -> f64 {
    1.0 / (3.0 * nu + 0.5)
}

/// Kinematic viscosity of an inverse relaxation time, the inverse of [`omega`].
#[must_use]
pub fn viscosity(omega: f64) -> f64 {
    (1.0 / omega - 0.5) / 3.0
}

/// Raw moments of what a site gathered.
#[derive(Clone, Copy)]
pub struct Gathered<L> {
    /// Density deviation.
    pub drho: L,
    /// Momentum.
    pub j: [L; 3],
    /// Second moment: xx, yy, zz, xy, xz, yz.
    pub pi: [L; 6],
}

/// Relaxes the second moment towards equilibrium, and gives the state in stored form (`moments::Moments`).
#[inline(always)]
pub fn collide<L: Lanes>(g: &Gathered<L>, r: &Physics) -> [L; 10] {
    let keep = L::splat(1.0 - r.omega);
    let keep_bulk = L::splat(1.0 - r.omega_bulk);
    let third = L::splat(1.0 / 3.0);
    let p = g.drho.mul(third);
    let [x, y, z] = g.j;
    let square = [x.mul(x), y.mul(y), z.mul(z)];
    let off = [g.pi[0].sub(p).sub(square[0]), g.pi[1].sub(p).sub(square[1]), g.pi[2].sub(p).sub(square[2])];
    let trace = off[0].add(off[1]).add(off[2]).mul(third);
    let bulk = keep_bulk.mul(trace);
    let a = [
        square[0].add(off[0].sub(trace).mul_add(keep, bulk)),
        square[1].add(off[1].sub(trace).mul_add(keep, bulk)),
        square[2].add(off[2].sub(trace).mul_add(keep, bulk)),
    ];
    let cross = [x.mul(y), x.mul(z), y.mul(z)];
    let (three, half9, nine) = (L::splat(3.0), L::splat(4.5), L::splat(9.0));
    let b = a[0].add(a[1]).add(a[2]).mul_add(L::splat(-1.5), g.drho);
    let shear = |k: usize| g.pi[3 + k].sub(cross[k]).mul_add(keep, cross[k]).mul(nine);
    [
        b,
        x.mul(three),
        y.mul(three),
        z.mul(three),
        a[0].mul(half9),
        a[1].mul(half9),
        a[2].mul(half9),
        shear(0),
        shear(1),
        shear(2),
    ]
}
