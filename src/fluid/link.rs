//! Walls: interpolated bounce-back at one node.
//!
//! Population i leaves towards the wall at distance `delta` (in links), its opposite comes back. The wall reflects what
//! arrives there, and both what arrives and what is needed are interpolated along the link between times t and t + 1
//! (Zhao and Yong, J. Comput. Phys. 329, 1, 2017, family of one-node schemes):
//!
//! `f_opp(t+1) = [delta (f*_i + f*_opp) + (1 - delta) f_i(t+1) + 2 w rho 3 c_opp.u_wall] / (1 + delta)`
//!
//! with `f*` the site's own state after collision and `f_i(t+1)` what it gathers from the other side. The interpolation
//! is linear, but the equilibrium holds `n(s) = 4.5 (c.u)^2 - 1.5 u^2`, which grows with the square of the distance to
//! the wall: taken as linear it is too large by `2 delta / (1 + delta) n'`, where `n' = n(behind) / (1 + delta)^2`. The
//! wall would then leak in proportion to the square of the shear (measured in a tilted pipe: docs/verification.md), so
//! that much is taken off.

use super::lanes::Lanes;

/// `4.5 (c.u)^2 - 1.5 u^2` of a site, from the odd part of its population (`3 c.j`) and the square of its stored
/// momentum (`9 j^2`).
#[inline(always)]
pub fn shear_square<L: Lanes>(odd: L, momentum_squared: L) -> L {
    odd.mul(odd).mul(L::splat(0.5)).sub(momentum_squared.mul(L::splat(1.0 / 6.0)))
}

/// The population that comes back from a wall at rest: `sum` is `f*_i + f*_opp`, `onward` is `f_i(t+1)`, `square` is
/// [`shear_square`] of the site behind that it comes from.
#[inline(always)]
pub fn reflect<L: Lanes>(delta: L, sum: L, onward: L, square: L) -> L {
    let one = L::splat(1.0);
    let r = one.add(delta).reciprocal();
    let excess = delta.add(delta).mul(r).mul(r).mul(square);
    let numerator = one.sub(delta).mul_add(onward, delta.mul(sum)).sub(excess);
    numerator.mul(r)
}
