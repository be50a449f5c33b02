//! Projection-regularised collision (Latt and Chopard, Math. Comput. Simul. 72, 165, 2006) in moment space.

use super::lanes::Lanes;
use super::rheology::Table;

/// What a step does at every site of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Physics {
    /// Inverse relaxation time of the shear stress, where no rheology sets it.
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

/// Relaxes the second moment towards equilibrium, and gives the state in stored form (`moments::Moments`). The table of a
/// rheology, where there is one, sets the relaxation rate of each site.
#[inline(always)]
pub fn collide<L: Lanes>(g: &Gathered<L>, r: &Physics, rheology: Option<&Table>) -> [L; 10] {
    let keep_bulk = L::splat(1.0 - r.omega_bulk);
    let third = L::splat(1.0 / 3.0);
    let p = g.drho.mul(third);
    let [x, y, z] = g.j;
    let square = [x.mul(x), y.mul(y), z.mul(z)];
    let off = [g.pi[0].sub(p).sub(square[0]), g.pi[1].sub(p).sub(square[1]), g.pi[2].sub(p).sub(square[2])];
    let trace = off[0].add(off[1]).add(off[2]).mul(third);
    let bulk = keep_bulk.mul(trace);
    let off = [off[0].sub(trace), off[1].sub(trace), off[2].sub(trace)];
    let cross = [x.mul(y), x.mul(z), y.mul(z)];
    let off_cross = [g.pi[3].sub(cross[0]), g.pi[4].sub(cross[1]), g.pi[5].sub(cross[2])];
    let keep = match rheology {
        None => L::splat(1.0 - r.omega),
        Some(table) => L::splat(1.0).sub(squared(&off, &off_cross).look_up(table)),
    };
    let a = [
        square[0].add(off[0].mul_add(keep, bulk)),
        square[1].add(off[1].mul_add(keep, bulk)),
        square[2].add(off[2].mul_add(keep, bulk)),
    ];
    let (three, half9, nine) = (L::splat(3.0), L::splat(4.5), L::splat(9.0));
    let b = a[0].add(a[1]).add(a[2]).mul_add(L::splat(-1.5), g.drho);
    let shear = |k: usize| off_cross[k].mul_add(keep, cross[k]).mul(nine);
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

/// D:D of a symmetric tensor by its diagonal and its cross components.
#[inline(always)]
fn squared<L: Lanes>(d: &[L; 3], cross: &[L; 3]) -> L {
    let diagonal = d[0].mul_add(d[0], d[1].mul_add(d[1], d[2].mul(d[2])));
    let off = cross[0].mul_add(cross[0], cross[1].mul_add(cross[1], cross[2].mul(cross[2])));
    off.add(off).add(diagonal)
}
