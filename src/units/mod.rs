//! Quantities with units, and the one door between SI and lattice units.
//!
//! A quantity is a number in SI inside the program and a text with a unit outside it: `"90 mmHg"`, `"4 ml/s"`,
//! `"3.5 mPa s"`. Each physical kind has its own type ([`Length`], [`Pressure`], ...), so that a flow cannot be handed
//! over where a pressure is meant; a text of the wrong kind is refused with the units that would be right.
//!
//! [`Scale`] holds the three numbers (site spacing, time step, density) that turn SI into the lattice's own units and
//! back. Nothing else in the program converts.

mod dimension;
mod quantity;
mod scale;

pub use dimension::{Dimension, MMHG, UnitError, parse_quantity, unit_factor};
pub use quantity::{
    AreaStiffness, Compliance, Density, Flow, Length, Modulus, Pressure, Resistance, Time, Velocity, Viscosity,
};
pub use scale::Scale;
