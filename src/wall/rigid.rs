//! Rigid motions that the supports leave free.
//!
//! Of each connected part of the wall, the six rigid motions are tried against its supports: what the held directions and
//! the springs of a motion come to is a quadratic form of six unknowns, and a motion for which it vanishes is free.

use std::fmt;

use nalgebra::{Matrix3, Matrix3x6, Matrix6, Vector3};

use super::constraint::Supports;
use super::error::millimetres;
use crate::geometry::shell::Shell;

/// Supports count as none in a direction in which they have less than this of their largest effect.
const FREE: f64 = 1e-7;

/// A motion of a part of the wall that nothing holds.
#[derive(Clone, Debug, PartialEq)]
pub enum RigidMotion {
    /// It can move in a direction.
    Along {
        /// The direction, of unit length.
        direction: [f64; 3],
        /// Centre of the part, m.
        part: [f64; 3],
    },
    /// It can turn about an axis.
    About {
        /// The axis, of unit length.
        axis: [f64; 3],
        /// A point of the axis, m.
        through: [f64; 3],
        /// Centre of the part, m.
        part: [f64; 3],
    },
}

impl fmt::Display for RigidMotion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let vector = |[x, y, z]: [f64; 3]| format!("{:.2}, {:.2}, {:.2}", x + 0.0, y + 0.0, z + 0.0);
        match self {
            Self::Along { direction, part } => {
                write!(f, "its part around ({}) can move along ({})", millimetres(part), vector(*direction))
            }
            Self::About { axis, through, part } => write!(
                f,
                "its part around ({}) can turn about the axis ({}) through ({})",
                millimetres(part),
                vector(*axis),
                millimetres(through)
            ),
        }
    }
}

/// A rigid motion of some connected part of the wall that the supports leave free; none if they hold all of it.
#[must_use]
pub fn rigid_motion(shell: &Shell, supports: &Supports) -> Option<RigidMotion> {
    let (part_of, parts) = parts(shell);
    let levels = shell.levels();
    let (mut centre, mut count, mut size) = (vec![Vector3::zeros(); parts], vec![0.0; parts], vec![0.0f64; parts]);
    for (column, &part) in part_of.iter().enumerate() {
        centre[part] += shell.place(column as u32, 0);
        count[part] += 1.0;
    }
    centre.iter_mut().zip(&count).for_each(|(centre, count)| *centre /= *count);
    for (column, &part) in part_of.iter().enumerate() {
        size[part] = size[part].max((shell.place(column as u32, 0) - centre[part]).norm());
    }
    let stiffest = supports.springs.iter().map(|(_, spring)| spring.norm()).fold(f64::MIN_POSITIVE, f64::max);
    let held = supports.held.iter().map(|&(node, free)| (node, Matrix3::identity() - free));
    let springs = supports.springs.iter().map(|&(node, spring)| (node, spring / stiffest));
    let mut forms = vec![Matrix6::zeros(); parts];
    for (node, form) in held.chain(springs) {
        let part = part_of[node as usize / levels];
        let from = (Vector3::from(shell.nodes[node as usize]) - centre[part]) / size[part].max(f64::MIN_POSITIVE);
        let mut motion = Matrix3x6::zeros();
        motion.fixed_columns_mut::<3>(0).fill_with_identity();
        motion.fixed_columns_mut::<3>(3).copy_from(&-from.cross_matrix());
        forms[part] += motion.transpose() * form * motion;
    }
    (0..parts).find_map(|part| free(&forms[part], centre[part], size[part]))
}

/// The motion for which a part's form vanishes, preferably a translation.
fn free(form: &Matrix6<f64>, centre: Vector3<f64>, size: f64) -> Option<RigidMotion> {
    let part = centre.into();
    let least = form.trace() * FREE;
    let translation = form.fixed_view::<3, 3>(0, 0).into_owned().symmetric_eigen();
    let k = translation.eigenvalues.imin();
    if translation.eigenvalues[k] <= least {
        return Some(RigidMotion::Along { direction: translation.eigenvectors.column(k).into_owned().into(), part });
    }
    let eigen = form.symmetric_eigen();
    let k = eigen.eigenvalues.imin();
    if eigen.eigenvalues[k] > least {
        return None;
    }
    let mode = eigen.eigenvectors.column(k);
    let (shift, turn): (Vector3<f64>, Vector3<f64>) = (mode.fixed_rows::<3>(0).into(), mode.fixed_rows::<3>(3).into());
    let through = centre + turn.cross(&shift) * (size / turn.norm_squared());
    Some(RigidMotion::About { axis: turn.normalize().into(), through: through.into(), part })
}

/// The part that each column belongs to, and how many there are.
fn parts(shell: &Shell) -> (Vec<usize>, usize) {
    let mut parent: Vec<u32> = (0..shell.columns() as u32).collect();
    fn root(parent: &mut [u32], mut column: u32) -> u32 {
        while parent[column as usize] != column {
            parent[column as usize] = parent[parent[column as usize] as usize];
            column = parent[column as usize];
        }
        column
    }
    for quad in &shell.quads {
        for &column in &quad[1..] {
            let (a, b) = (root(&mut parent, quad[0]), root(&mut parent, column));
            parent[a.max(b) as usize] = a.min(b);
        }
    }
    let mut number = vec![usize::MAX; parent.len()];
    let mut count = 0;
    let part_of = (0..parent.len() as u32)
        .map(|column| {
            let root = root(&mut parent, column) as usize;
            if number[root] == usize::MAX {
                number[root] = count;
                count += 1;
            }
            number[root]
        })
        .collect();
    (part_of, count)
}
