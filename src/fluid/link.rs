//! Walls: interpolated bounce-back at one node.
//!
//! Population i leaves towards the wall at distance `delta` (in links), its opposite comes back. The wall reflects what
//! arrives there, and both what arrives and what is needed are interpolated along the link between times t and t + 1
//! (Zhao and Yong, J. Comput. Phys. 329, 1, 2017, family of one-node schemes):
//!
//! `f_opp(t+1) = [delta (f*_i + f*_opp) + (1 - delta) f_i(t+1) + 2 w rho 3 c_opp.u_wall] / (1 + delta)`
//!
//! with `f*` the site's own state after collision and `f_i(t+1)` what it gathers from the other side.

use super::lanes::Lanes;

/// The population that comes back from a wall at rest: `sum` is `f*_i + f*_opp`, `onward` is `f_i(t+1)`.
#[inline(always)]
pub fn reflect<L: Lanes>(delta: L, sum: L, onward: L) -> L {
    let one = L::splat(1.0);
    let numerator = one.sub(delta).mul_add(onward, delta.mul(sum));
    numerator.div(one.add(delta))
}
