//! The flow: lattice-Boltzmann physics of a site, pure and without storage.
//!
//! A site's state is ten numbers (the moment representation: Gounley et al., IEEE TPDS 33, 642, 2022): with a
//! regularised collision all 19 post-collision populations follow from density deviation, momentum and second moment.
//! They are stored as [`moments::Moments`] scaled so that a population is a handful of additions.
//!
//! Incompressible equilibrium (He and Luo, J. Stat. Phys. 88, 927, 1997): `f_q = w_q (drho + 3 c.j + 4.5 (c.j)^2 -
//! 1.5 j^2)` with `j` the velocity, so that a steady flow has no compressibility error, however large the pressure drop.
//!
//! All values are in lattice units here (sites, steps, unit density), except in [`waveform`] and [`windkessel`], which
//! run beside the lattice and are in SI.

pub mod collision;
pub mod drive;
pub mod iolet;
pub mod lanes;
pub mod link;
pub mod moments;
pub mod rheology;
pub mod shear;
pub mod storage;
pub mod waveform;
pub mod windkessel;
