//! Loads of the flow as forces on the nodes, consistent with the element's shape functions, on the undeformed shape.

use nalgebra::Vector3;

use super::face;
use crate::geometry::shell::Shell;

/// Forces, N, by node, of pressure (Pa, one value a column, outward on the wall) and of traction (Pa, one vector a column)
/// on the inner surface; either may be empty.
#[must_use]
pub fn inner(shell: &Shell, pressure: &[f64], traction: &[[f64; 3]]) -> Vec<[f64; 3]> {
    let mut out = vec![[0.0; 3]; shell.nodes.len()];
    for quad in &shell.quads {
        for (shapes, area) in face::gauss(&quad.map(|column| shell.place(column, 0))) {
            let (mut normal, mut shear) = (0.0, Vector3::zeros());
            for (&column, shape) in quad.iter().zip(shapes) {
                normal += shape * pressure.get(column as usize).unwrap_or(&0.0);
                shear += Vector3::from(*traction.get(column as usize).unwrap_or(&[0.0; 3])) * shape;
            }
            let force = area * normal + shear * area.norm();
            for (&column, shape) in quad.iter().zip(shapes) {
                add(&mut out[shell.node(column, 0)], force * shape);
            }
        }
    }
    out
}

/// Forces, N, by node, of a traction (Pa) that is the same all over the face of an end.
#[must_use]
pub fn end(shell: &Shell, end: usize, traction: [f64; 3]) -> Vec<[f64; 3]> {
    let mut out = vec![[0.0; 3]; shell.nodes.len()];
    for (node, area) in face::end(shell, &face::rim(shell), end) {
        add(&mut out[node as usize], Vector3::from(traction) * area.norm());
    }
    out
}

fn add(to: &mut [f64; 3], force: Vector3<f64>) {
    (0..3).for_each(|i| to[i] += force[i]);
}
