//! The vessel wall: linear elasticity of a shell of hexahedra in layers, small strains.
//!
//! From the element outward: [`material`] and the element with enhanced strain; [`load`]s and [`constraint`]s at the
//! nodes; the [`assembly`] of the single-precision stiffness that solvers iterate with; the double-precision
//! [`residual`] that decides when they are done; [`stress`] from the displacements. [`solve`] refines what a backend finds
//! with the multigrid of [`hierarchy`].
//!
//! Everything is in SI. The strain is that of small displacements: the imaged shape is taken for the one without load.

mod aggregate;
pub mod assembly;
mod batch;
mod bound;
pub mod columns;
pub mod constraint;
mod dense;
mod element;
pub mod error;
pub mod face;
mod galerkin;
pub mod half;
pub mod hierarchy;
mod lanes;
pub mod load;
pub mod material;
mod memory;
pub mod order;
pub mod product;
pub mod prolong;
mod reference;
pub mod residual;
mod rigid;
mod sixes;
pub mod smoother;
pub mod solve;
pub mod sparse;
pub mod stress;
pub mod sweep;
pub mod tensor;
