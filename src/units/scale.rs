//! The one door between SI and lattice units.
//!
//! The lattice measures length in site spacings `dx`, time in steps `dt` and density in the blood's own density `rho`;
//! its speed of sound is `cs = 1/sqrt(3)`. Every other scale follows: velocity `dx/dt`, pressure and stress
//! `rho (dx/dt)^2`, flow `dx^3/dt`, kinematic viscosity `dx^2/dt` (Krueger et al., The Lattice Boltzmann Method,
//! Springer 2017, chapter 7). A pressure is carried by the density's deviation from 1: `p = cs^2 drho`.

use serde::{Deserialize, Serialize};

/// Squared speed of sound of the lattice, in (site spacings per step)^2.
const CS2: f64 = 1.0 / 3.0;

/// What one site spacing, one step and one unit of density are in SI.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    /// Site spacing, m.
    pub dx: f64,
    /// Time step, s.
    pub dt: f64,
    /// Density of the blood, kg/m^3.
    pub rho: f64,
}

impl Scale {
    /// The scale at which the velocity `u` (m/s) is `lattice` site spacings a step, with `dx` in m, `rho` in kg/m^3.
    #[must_use]
    pub fn from_velocity(dx: f64, rho: f64, u: f64, lattice: f64) -> Self {
        Self { dx, dt: lattice * dx / u, rho }
    }

    /// The scale at which the dynamic viscosity `mu` (Pa s) has the relaxation time `tau` (steps, above 1/2), with
    /// `dx` in m, `rho` in kg/m^3.
    #[must_use]
    pub fn from_tau(dx: f64, rho: f64, mu: f64, tau: f64) -> Self {
        Self { dx, dt: CS2 * (tau - 0.5) * dx * dx * rho / mu, rho }
    }

    /// Lattice velocity (site spacings a step) of a velocity in m/s.
    #[must_use]
    pub fn velocity_to_lattice(&self, u: f64) -> f64 {
        u * self.dt / self.dx
    }

    /// Velocity in m/s of a lattice velocity.
    #[must_use]
    pub fn velocity_to_si(&self, u: f64) -> f64 {
        u * self.dx / self.dt
    }

    /// Density deviation that carries a pressure difference in Pa: `drho = p / (cs^2 rho (dx/dt)^2)`.
    #[must_use]
    pub fn pressure_to_lattice(&self, p: f64) -> f64 {
        self.stress_to_lattice(p) / CS2
    }

    /// Pressure difference in Pa that a density deviation carries: `p = cs^2 drho rho (dx/dt)^2`.
    #[must_use]
    pub fn pressure_to_si(&self, drho: f64) -> f64 {
        self.stress_to_si(CS2 * drho)
    }

    /// Relaxation time in steps of a dynamic viscosity in Pa s: `nu = cs^2 (tau - 1/2)` in lattice units.
    #[must_use]
    pub fn viscosity_to_tau(&self, mu: f64) -> f64 {
        0.5 + mu / self.rho * self.dt / (self.dx * self.dx) / CS2
    }

    /// Dynamic viscosity in Pa s of a relaxation time in steps.
    #[must_use]
    pub fn tau_to_viscosity(&self, tau: f64) -> f64 {
        CS2 * (tau - 0.5) * self.dx * self.dx / self.dt * self.rho
    }

    /// Lattice flow (site volumes a step) of a flow in m^3/s.
    #[must_use]
    pub fn flow_to_lattice(&self, flow: f64) -> f64 {
        flow * self.dt / self.dx.powi(3)
    }

    /// Flow in m^3/s of a lattice flow.
    #[must_use]
    pub fn flow_to_si(&self, flow: f64) -> f64 {
        flow * self.dx.powi(3) / self.dt
    }

    /// Lattice stress of a stress in Pa.
    #[must_use]
    pub fn stress_to_lattice(&self, stress: f64) -> f64 {
        stress / (self.rho * (self.dx / self.dt).powi(2))
    }

    /// Stress in Pa of a lattice stress.
    #[must_use]
    pub fn stress_to_si(&self, stress: f64) -> f64 {
        stress * self.rho * (self.dx / self.dt).powi(2)
    }

    /// Steps, not rounded, of a time in s.
    #[must_use]
    pub fn time_to_lattice(&self, time: f64) -> f64 {
        time / self.dt
    }

    /// Time in s of a number of steps.
    #[must_use]
    pub fn time_to_si(&self, steps: f64) -> f64 {
        steps * self.dt
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOOD: Scale = Scale { dx: 0.25e-3, dt: 20e-6, rho: 1060.0 };

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() <= 1e-12 * b.abs(), "{a} is not {b}");
    }

    #[test]
    fn hand_computed_values() {
        close(BLOOD.velocity_to_lattice(1.0), 0.08);
        close(BLOOD.stress_to_lattice(1060.0 * 12.5 * 12.5), 1.0);
        close(BLOOD.pressure_to_si(3.0), 1060.0 * 12.5 * 12.5);
        close(BLOOD.viscosity_to_tau(1060.0 * 0.25e-3 * 0.25e-3 / 20e-6), 3.5);
        close(BLOOD.flow_to_lattice(4e-6), 4e-6 * 20e-6 / 15.625e-12);
        close(BLOOD.time_to_lattice(1.0), 50_000.0);
    }

    #[test]
    fn there_and_back() {
        for value in [1e-6, 0.3, 17.0, -4.0] {
            close(BLOOD.velocity_to_si(BLOOD.velocity_to_lattice(value)), value);
            close(BLOOD.pressure_to_si(BLOOD.pressure_to_lattice(value)), value);
            close(BLOOD.stress_to_si(BLOOD.stress_to_lattice(value)), value);
            close(BLOOD.flow_to_si(BLOOD.flow_to_lattice(value)), value);
            close(BLOOD.time_to_si(BLOOD.time_to_lattice(value)), value);
        }
        close(BLOOD.tau_to_viscosity(BLOOD.viscosity_to_tau(3.5e-3)), 3.5e-3);
    }

    #[test]
    fn scales_chosen_by_velocity_or_tau() {
        let scale = Scale::from_velocity(0.2e-3, 1060.0, 0.5, 0.05);
        close(scale.velocity_to_lattice(0.5), 0.05);
        let scale = Scale::from_tau(0.2e-3, 1060.0, 3.5e-3, 0.56);
        assert!((scale.viscosity_to_tau(3.5e-3) - 0.56).abs() < 1e-14);
    }

    /// Reynolds number and the pressure drop of a pipe in units of rho u^2 must not depend on the side of the door.
    #[test]
    fn dimensionless_groups_are_the_same_on_both_sides() {
        let (mu, u, d, p) = (3.5e-3, 0.4, 6e-3, 120.0);
        let nu_lattice = (BLOOD.viscosity_to_tau(mu) - 0.5) / 3.0;
        let u_lattice = BLOOD.velocity_to_lattice(u);
        close(u_lattice * (d / BLOOD.dx) / nu_lattice, 1060.0 * u * d / mu);
        let euler_lattice = BLOOD.pressure_to_lattice(p) / 3.0 / (u_lattice * u_lattice);
        close(euler_lattice, p / (1060.0 * u * u));
    }
}
