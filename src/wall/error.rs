//! What can be wrong with a wall before it is solved.

use thiserror::Error;

use super::constraint::RigidMotion;

/// Why a wall cannot be computed.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum WallError {
    /// Young's modulus is not a positive number.
    #[error(
        "Young's modulus is {} kPa at ({}); it must be positive: correct the value or the field it is read from",
        value / 1e3, millimetres(at)
    )]
    Young {
        /// The modulus, Pa.
        value: f64,
        /// Place of the inner node, m.
        at: [f64; 3],
    },
    /// Poisson's ratio outside its range.
    #[error(
        "Poisson's ratio is {value} at ({}); it must be at least 0 and less than 0.5: \
         take 0.49 for a nearly incompressible wall",
        millimetres(at)
    )]
    Poisson {
        /// The ratio.
        value: f64,
        /// Place of the inner node, m.
        at: [f64; 3],
    },
    /// A field with another number of values than the mesh has columns.
    #[error("a field of the wall has {found} values, but the wall's mesh has {columns} columns of nodes")]
    Field {
        /// Values of the field.
        found: usize,
        /// Columns of the mesh.
        columns: usize,
    },
    /// An element that is folded, or not finite.
    #[error(
        "the wall's mesh has a folded element at ({}): take a smaller thickness, or a smaller spacing",
        millimetres(at)
    )]
    Folded {
        /// Centre of the element, m.
        at: [f64; 3],
    },
    /// The stiffness is not positive.
    #[error(
        "the wall's stiffness is not positive near ({}): take a Poisson's ratio further from 0.5, a smaller thickness or a \
         smaller spacing, and see that every part of the wall is held",
        millimetres(at)
    )]
    Indefinite {
        /// Place of the inner node, m.
        at: [f64; 3],
    },
    /// Part of the wall can move as a rigid body.
    #[error("nothing holds the wall: {0}; give one end `fixed` or `radial` support, or springs")]
    Unsupported(RigidMotion),
}

/// A place in mm, for messages.
pub(super) fn millimetres(at: &[f64; 3]) -> String {
    let [x, y, z] = at.map(|value| value * 1e3);
    format!("{x:.2}, {y:.2}, {z:.2} mm")
}
