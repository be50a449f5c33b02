//! Regular bodies as shells, for which elasticity has closed forms: plates, cylinders, spheres, bends.
//!
//! Their counts must be at least one (around a closed body three); they are for verification and benchmarks, where those
//! who call know them.

use std::collections::HashMap;
use std::f64::consts::{FRAC_PI_4, TAU};

use nalgebra::{UnitVector3, Vector3};

use super::Shell;

/// Numbers of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Around the vessel, or along a plate's first edge.
    pub around: usize,
    /// Along the vessel, or along a plate's second edge.
    pub along: usize,
    /// Through the thickness.
    pub layers: usize,
}

/// A shell over a rectangle of parameters (around, along, depth), each from 0 to 1; depth 0 is the inner surface. Its ends
/// are those of `along`, at 0 and at 1; then, unless the body is `closed` around, those of `around`.
///
/// `place` gives places in m; around x along must point outward.
#[must_use]
pub fn grid(counts: Counts, closed: bool, place: impl Fn(f64, f64, f64) -> Vector3<f64>) -> Shell {
    let Counts { around, along, layers } = counts;
    let row = if closed { around } else { around + 1 };
    let column = |u: usize, v: usize| (v * row + u % row) as u32;
    let mut shell = Shell { layers, ..Shell::default() };
    for v in 0..=along {
        for u in 0..row {
            let (u, v) = (u as f64 / around as f64, v as f64 / along as f64);
            shell.nodes.extend((0..=layers).map(|k| <[f64; 3]>::from(place(u, v, k as f64 / layers as f64))));
        }
    }
    let corners = |u, v| [column(u, v), column(u + 1, v), column(u + 1, v + 1), column(u, v + 1)];
    shell.quads = (0..along).flat_map(|v| (0..around).map(move |u| corners(u, v))).collect();
    shell.ends = [0, along].iter().map(|&v| (0..row).map(|u| column(u, v)).collect()).collect();
    if !closed {
        shell.ends.extend([0, around].iter().map(|&u| (0..=along).map(|v| column(u, v)).collect::<Vec<_>>()));
    }
    shell
}

/// A plate with edges along x, y and z from the origin, m; layers are stacked along z, the inner surface is at z = 0.
/// Ends: y = 0, y at its largest, x = 0, x at its largest.
#[must_use]
pub fn plate(edges: [f64; 3], counts: Counts) -> Shell {
    grid(counts, false, |x, y, z| Vector3::new(x * edges[0], y * edges[1], z * edges[2]))
}

/// A piece of a thick cylinder.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cylinder {
    /// Inner radius, m.
    pub radius: f64,
    /// Thickness, m.
    pub thickness: f64,
    /// Length, m.
    pub length: f64,
    /// Direction of the axis, which starts in the origin.
    pub axis: UnitVector3<f64>,
    /// Angle around the axis; a full turn (or more) closes the cylinder.
    pub angle: f64,
}

impl Cylinder {
    /// Its shell. Ends: at the origin, at the far end, and the two faces along the axis unless it is closed.
    #[must_use]
    pub fn shell(&self, counts: Counts) -> Shell {
        let closed = self.angle >= TAU;
        let axis = self.axis.into_inner();
        // The coordinate axis that is most across makes the best start of a frame.
        let first = axis.cross(&Vector3::ith(axis.iamin(), 1.0)).normalize();
        let second = axis.cross(&first);
        grid(counts, closed, |u, v, depth| {
            let (sin, cos) = (u * self.angle.min(TAU)).sin_cos();
            (first * cos + second * sin) * (self.radius + depth * self.thickness) + axis * (v * self.length)
        })
    }
}

/// A piece of a torus around z: a vessel whose centreline is an arc.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bend {
    /// Inner radius of the vessel, m.
    pub radius: f64,
    /// Thickness, m.
    pub thickness: f64,
    /// Radius of the centreline, m.
    pub bend: f64,
    /// Angle of the arc, less than a full turn.
    pub angle: f64,
}

impl Bend {
    /// Its shell. Ends: at angle 0 (in the plane of x and z), and at the full angle. The first column of a section is the
    /// outermost from z.
    #[must_use]
    pub fn shell(&self, counts: Counts) -> Shell {
        grid(counts, true, |u, v, depth| {
            let radius = self.radius + depth * self.thickness;
            let ((up, out), (sin, cos)) = ((u * TAU).sin_cos(), (v * self.angle).sin_cos());
            let from_axis = self.bend + radius * out;
            Vector3::new(from_axis * cos, from_axis * sin, -radius * up)
        })
    }
}

/// A thick sphere around the origin, or its octant of positive coordinates: inner radius and thickness, m; `divisions`
/// elements along an eighth of a great circle, that is a quarter of it has twice as many. The octant's ends are its faces
/// at x = 0, y = 0, z = 0; the sphere has none.
#[must_use]
pub fn sphere(radius: f64, thickness: f64, divisions: usize, layers: usize, octant: bool) -> Shell {
    let n = divisions as i64;
    let low = if octant { 0 } else { -n };
    let mut shell = Shell { layers, ..Shell::default() };
    // Columns are named by their place on a cube's surface with edges from -n to n, equal angles apart.
    let mut columns: HashMap<[i64; 3], u32> = HashMap::new();
    for (axis, sign) in (0..3).flat_map(|axis| [(axis, 1), (axis, -1)]).filter(|&(_, sign)| sign > 0 || !octant) {
        for (a, b) in (low..n).flat_map(|a| (low..n).map(move |b| (a, b))) {
            let mut quad = [[a, b], [a + 1, b], [a + 1, b + 1], [a, b + 1]].map(|[a, b]| {
                let mut key = [0; 3];
                (key[axis], key[(axis + 1) % 3], key[(axis + 2) % 3]) = (sign * n, a, b);
                *columns.entry(key).or_insert_with(|| {
                    let tangent = |k: i64| (k as f64 / n as f64 * FRAC_PI_4).tan();
                    let ray = Vector3::from(key.map(tangent)).normalize();
                    let depth = |k: usize| radius + thickness * k as f64 / layers as f64;
                    shell.nodes.extend((0..=layers).map(|k| <[f64; 3]>::from(ray * depth(k))));
                    (shell.nodes.len() / (layers + 1) - 1) as u32
                })
            });
            if sign < 0 {
                quad.reverse();
            }
            shell.quads.push(quad);
        }
    }
    if octant {
        let face = |axis: usize| columns.iter().filter(|(key, _)| key[axis] == 0).map(|(_, &column)| column).collect();
        shell.ends = (0..3).map(face).collect();
        shell.ends.iter_mut().for_each(|end: &mut Vec<u32>| end.sort_unstable());
    }
    shell
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Volume of the hexahedra by their six tetrahedra around a diagonal: positive throughout if none is folded.
    fn volume(shell: &Shell) -> f64 {
        let mut sum = 0.0;
        for (quad, layer) in (0..shell.quads.len()).flat_map(|q| (0..shell.layers).map(move |l| (q, l))) {
            let x = shell.hexahedron(quad, layer).map(|node| Vector3::from(shell.nodes[node]));
            for [a, b] in [[1, 2], [2, 3], [3, 7], [7, 4], [4, 5], [5, 1]] {
                let part = (x[a] - x[0]).cross(&(x[b] - x[0])).dot(&(x[6] - x[0])) / 6.0;
                assert!(part > 0.0, "quad {quad}, layer {layer}");
                sum += part;
            }
        }
        sum
    }

    const COUNTS: Counts = Counts { around: 48, along: 24, layers: 2 };

    #[test]
    fn bodies_have_their_volumes() {
        let pi = std::f64::consts::PI;
        let axis = UnitVector3::new_normalize(Vector3::new(0.48, 0.6, 0.64));
        let cylinder = |angle| Cylinder { radius: 1.0, thickness: 0.3, length: 2.0, axis, angle };
        let ring = 1.3 * 1.3 - 1.0;
        let ball = 4.0 / 3.0 * pi * (1.3f64.powi(3) - 1.0);
        let bend = Bend { radius: 1.0, thickness: 0.3, bend: 3.0, angle: pi / 2.0 };
        for (shell, exact) in [
            (plate([5.0, 2.5, 0.5], COUNTS), 6.25),
            (cylinder(TAU).shell(COUNTS), 2.0 * pi * ring),
            (cylinder(pi / 2.0).shell(COUNTS), 0.5 * pi * ring),
            (sphere(1.0, 0.3, 16, 2, true), ball / 8.0),
            (sphere(1.0, 0.3, 16, 2, false), ball),
            (bend.shell(COUNTS), pi * ring * 3.0 * pi / 2.0),
        ] {
            let volume = volume(&shell);
            assert!((volume / exact - 1.0).abs() < 0.005, "{volume} instead of {exact}");
        }
    }

    #[test]
    fn ends_are_where_they_are_said_to_be() {
        let shell = sphere(1.0, 0.3, 4, 2, true);
        for (axis, end) in shell.ends.iter().enumerate() {
            assert_eq!(end.len(), 9);
            assert!(end.iter().all(|&column| (0..3).all(|level| shell.place(column, level)[axis] == 0.0)));
        }
        assert_eq!(sphere(1.0, 0.3, 4, 2, false).columns(), 6 * 64 + 2);
        let plate = plate([5.0, 2.5, 0.5], COUNTS);
        let wanted = [(1, 0.0, 49), (1, 2.5, 49), (0, 0.0, 25), (0, 5.0, 25)];
        for (end, (axis, value, count)) in plate.ends.iter().zip(wanted) {
            assert_eq!(end.len(), count);
            assert!(end.iter().all(|&column| plate.place(column, 1)[axis] == value));
        }
    }
}
