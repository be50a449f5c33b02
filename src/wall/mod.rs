//! The vessel wall: linear elasticity of a shell of hexahedra in layers, small strains.
//!
//! From the element outward: [`material`] and the element with enhanced strain; [`load`]s and [`constraint`]s at the
//! nodes; the [`assembly`] of the single-precision stiffness that solvers iterate with; the double-precision
//! [`residual`] that decides when they are done; [`stress`] from the displacements.
//!
//! Everything is in SI. The strain is that of small displacements: the imaged shape is taken for the one without load.

pub mod assembly;
mod batch;
pub mod constraint;
mod element;
pub mod error;
pub mod face;
mod lanes;
pub mod load;
pub mod material;
mod reference;
pub mod residual;
mod rigid;
pub mod stress;
pub mod tensor;
