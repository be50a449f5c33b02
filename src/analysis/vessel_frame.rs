//! Radial, axial and hoop directions of a vessel wall, and stress in them.
//!
//! Theory: along a tube the coordinate that grows from one end to the other, and by as little as it can, is the harmonic
//! function on the tube's surface that is 0 at one end and 1 at the other; on a cylinder and on a torus its gradient is
//! exactly along the axis. On a branching vessel with 1 at all outlets it runs from the inlet into every branch (used alike
//! for fibre directions in the heart: Bayer, Blake, Plank and Trayanova, Ann. Biomed. Eng. 40, 2243, 2012). The radial
//! direction is that of the column from the inner to the outer surface; the axial one is the gradient without its radial
//! part, and hoop = axial x radial.
//!
//! Practice: linear elements on the inner surface (the cotangent Laplacian: Pinkall and Polthier, Exp. Math. 2, 15, 1993),
//! each quadrilateral cut along both diagonals with half the weight; conjugate gradients. In the crotch of a
//! branching and on a blind dome the gradient vanishes at a point, and hoop and axial lose their meaning around it.

use nalgebra::Vector3;

use crate::geometry::shell::Shell;
use crate::wall::tensor::along;

/// Relative residual at which the harmonic function is taken to be found: directions then no longer
/// change by a tenth of a degree.
const TOLERANCE: f64 = 1e-6;

/// Gradients smaller than this part of the mean have no direction.
const FLAT: f64 = 1e-9;

/// The directions of a column: unit vectors, each perpendicular to the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VesselFrame {
    /// Around the vessel.
    pub hoop: Vector3<f64>,
    /// Along the vessel, away from the inlet.
    pub axial: Vector3<f64>,
    /// Out of the vessel.
    pub radial: Vector3<f64>,
}

impl VesselFrame {
    /// Hoop, axial and radial normal part of a symmetric tensor (xx, yy, zz, xy, yz, xz).
    #[must_use]
    pub fn normal_parts(&self, tensor: &[f64; 6]) -> [f64; 3] {
        [self.hoop, self.axial, self.radial].map(|direction| along(tensor, &direction))
    }
}

/// The directions at every column of a shell whose inlet is the end of number `inlet`.
///
/// # Panics
/// If the shell has no such end.
#[must_use]
pub fn vessel_frames(shell: &Shell, inlet: usize) -> Vec<VesselFrame> {
    let mut fixed = vec![None; shell.columns()];
    for (k, end) in shell.ends.iter().enumerate() {
        let value = if k == inlet { 0.0 } else { 1.0 };
        end.iter().for_each(|&column| fixed[column as usize] = Some(value));
    }
    assert!(inlet < shell.ends.len(), "the inlet is an end");
    let triangles = triangles(shell);
    let potential = harmonic(&triangles, fixed);
    let gradients = gradients(&triangles, &potential);
    let mean = gradients.iter().map(|g| g.norm()).sum::<f64>() / gradients.len().max(1) as f64;
    let frame = |(column, gradient): (u32, &Vector3<f64>)| {
        let out = shell.place(column, shell.layers) - shell.place(column, 0);
        let radial = out.try_normalize(0.0).unwrap_or_else(Vector3::x);
        let tangent = gradient - radial * radial.dot(gradient);
        let axial = tangent.try_normalize(FLAT * mean).unwrap_or_else(|| across(radial));
        VesselFrame { hoop: axial.cross(&radial), axial, radial }
    };
    (0..).zip(&gradients).map(frame).collect()
}

/// Some unit vector across another.
fn across(v: Vector3<f64>) -> Vector3<f64> {
    let mut other = Vector3::zeros();
    other[v.iamin()] = 1.0;
    (other - v * v.dot(&other)).normalize()
}

/// Columns of a triangle's corners, and the gradients of the functions that are 1 at one of them and 0 at the others, with
/// the area that the triangle counts for, m^2.
struct Triangle {
    corners: [usize; 3],
    slopes: [Vector3<f64>; 3],
    area: f64,
}

/// The quadrilaterals of the inner surface cut along both diagonals; triangles without area are left out.
fn triangles(shell: &Shell) -> Vec<Triangle> {
    let mut found = Vec::with_capacity(4 * shell.quads.len());
    for quad in &shell.quads {
        for cut in [[0, 1, 2], [0, 2, 3], [0, 1, 3], [1, 2, 3]] {
            let corners = cut.map(|k| quad[k] as usize);
            let [a, b, c] = cut.map(|k| shell.place(quad[k], 0));
            let normal = (b - a).cross(&(c - a));
            let double = normal.norm();
            if double > 0.0 {
                let slope = |edge: Vector3<f64>| normal.cross(&edge) / (double * double);
                found.push(Triangle {
                    corners,
                    slopes: [slope(c - b), slope(a - c), slope(b - a)],
                    area: 0.25 * double,
                });
            }
        }
    }
    found
}

/// A sparse symmetric matrix by rows.
struct Rows {
    start: Vec<usize>,
    entries: Vec<(u32, f64)>,
}

impl Rows {
    /// The Laplacian of the surface. A triangle adds three numbers to the row of each of its corners; what is in the
    /// same place is put together.
    fn laplacian(triangles: &[Triangle], columns: usize) -> Self {
        let mut start = vec![0; columns + 1];
        let corners = || triangles.iter().flat_map(|t| t.corners);
        corners().for_each(|column| start[column + 1] += 3);
        (0..columns).for_each(|column| start[column + 1] += start[column]);
        let mut end = start.clone();
        let mut entries = vec![(0, 0.0); start[columns]];
        for Triangle { corners, slopes, area } in triangles {
            for (row, slope) in corners.iter().zip(slopes) {
                for (column, other) in corners.iter().zip(slopes) {
                    let (value, first, last) = (area * slope.dot(other), start[*row], end[*row]);
                    match entries[first..last].iter_mut().find(|entry| entry.0 == *column as u32) {
                        Some(entry) => entry.1 += value,
                        None => {
                            entries[last] = (*column as u32, value);
                            end[*row] += 1;
                        }
                    }
                }
            }
        }
        let kept = |row: usize| entries[start[row]..end[row]].iter().copied();
        let mut packed = Self { start: vec![0], entries: Vec::with_capacity(9 * columns) };
        for row in 0..columns {
            packed.entries.extend(kept(row));
            packed.start.push(packed.entries.len());
        }
        packed
    }

    fn row(&self, row: usize) -> &[(u32, f64)] {
        &self.entries[self.start[row]..self.start[row + 1]]
    }
}

/// The harmonic function with the values of `fixed`; nought on parts without any.
fn harmonic(triangles: &[Triangle], fixed: Vec<Option<f64>>) -> Vec<f64> {
    let rows = Rows::laplacian(triangles, fixed.len());
    let product = |row: usize, u: &[f64]| match fixed[row] {
        None => rows.row(row).iter().map(|(column, value)| value * u[*column as usize]).sum(),
        Some(_) => 0.0,
    };
    let apply = |u: &[f64]| (0..u.len()).map(|row| product(row, u)).collect::<Vec<f64>>();
    let diagonal = |row: usize| rows.row(row).iter().find(|entry| entry.0 == row as u32).map_or(0.0, |entry| entry.1);
    let inverse: Vec<f64> = (0..fixed.len()).map(diagonal).map(|d| if d > 0.0 { 1.0 / d } else { 0.0 }).collect();
    let precondition = |r: &[f64]| r.iter().zip(&inverse).map(|(r, d)| r * d).collect::<Vec<f64>>();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut u: Vec<f64> = fixed.iter().map(|value| value.unwrap_or(0.0)).collect();
    let mut r: Vec<f64> = apply(&u).iter().map(|x| -x).collect();
    let mut z = precondition(&r);
    let mut p = z.clone();
    let mut rz = dot(&r, &z);
    let enough = TOLERANCE * TOLERANCE * rz;
    // Conjugate gradients end after as many steps as there are unknowns, but for rounding.
    for _ in 0..u.len() {
        if rz <= enough {
            break;
        }
        let product = apply(&p);
        let step = rz / dot(&p, &product);
        u.iter_mut().zip(&p).for_each(|(u, p)| *u += step * p);
        r.iter_mut().zip(&product).for_each(|(r, ap)| *r -= step * ap);
        z = precondition(&r);
        let next = dot(&r, &z);
        p.iter_mut().zip(&z).for_each(|(p, z)| *p = z + next / rz * *p);
        rz = next;
    }
    u
}

/// Mean gradient over the triangles around each column, by area.
fn gradients(triangles: &[Triangle], u: &[f64]) -> Vec<Vector3<f64>> {
    let mut sums = vec![(Vector3::zeros(), 0.0); u.len()];
    for Triangle { corners, slopes, area } in triangles {
        let gradient: Vector3<f64> = (0..3).map(|k| slopes[k] * u[corners[k]]).sum();
        for &corner in corners {
            sums[corner].0 += gradient * *area;
            sums[corner].1 += area;
        }
    }
    sums.into_iter().map(|(sum, area)| if area > 0.0 { sum / area } else { sum }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tube of 24 columns around and 40 along, 1 wide and 0.1 thick: `centre` gives the centre, the direction along and
    /// a direction across at a part of its length.
    fn tube(centre: impl Fn(f64) -> [Vector3<f64>; 3]) -> Shell {
        let (around, along) = (24u32, 40u32);
        let mut shell = Shell { layers: 1, ..Shell::default() };
        for j in 0..=along {
            let [middle, axis, across] = centre(f64::from(j) / f64::from(along));
            for i in 0..around {
                // Uneven, and turned from ring to ring, so that no line of columns is along the axis.
                let angle = (f64::from(i) + 0.3 * f64::from(j)) / f64::from(around) * std::f64::consts::TAU;
                let out = across * angle.cos() + axis.cross(&across) * angle.sin();
                shell.nodes.extend([1.0, 1.1].map(|r| <[f64; 3]>::from(middle + out * r)));
                if j < along {
                    let next = (i + 1) % around;
                    shell.quads.push([i, next, next + around, i + around].map(|c| c + j * around));
                }
            }
        }
        shell.ends = vec![(along * around..(along + 1) * around).collect(), (0..around).collect()];
        shell
    }

    /// Largest angle in degrees between what is found and what is expected at every column.
    fn worst(shell: &Shell, inlet: usize, expected: impl Fn(Vector3<f64>) -> [Vector3<f64>; 2]) -> f64 {
        let angle = |a: Vector3<f64>, b: Vector3<f64>| a.dot(&b).clamp(-1.0, 1.0).acos().to_degrees();
        let frames = vessel_frames(shell, inlet);
        let of = |(column, frame): (u32, &VesselFrame)| {
            let [axial, radial] = expected(shell.place(column, 0));
            assert!((frame.axial.cross(&frame.radial) - frame.hoop).norm() < 1e-12);
            angle(frame.axial, axial).max(angle(frame.radial, radial))
        };
        (0..).zip(&frames).map(of).fold(0.0, f64::max)
    }

    #[test]
    fn axis_of_a_tilted_tube() {
        let axis = Vector3::new(0.48, 0.6, 0.64);
        let side = across(axis);
        let shell = tube(|part| [axis * (8.0 * part), axis, side]);
        for (inlet, sign) in [(1, 1.0), (0, -1.0)] {
            let radial = |p: Vector3<f64>| (p - axis * axis.dot(&p)).normalize();
            let off = worst(&shell, inlet, |p| [axis * sign, radial(p)]);
            println!("tilted tube, inlet {inlet}: {off:.4} degrees off");
            assert!(off < 2.0, "{off}");
        }
    }

    #[test]
    fn axis_of_a_bend() {
        let around = |part: f64| {
            let angle = part * std::f64::consts::FRAC_PI_2;
            let out = Vector3::new(angle.cos(), angle.sin(), 0.0);
            [out * 3.0, Vector3::new(-angle.sin(), angle.cos(), 0.0), out]
        };
        let shell = tube(around);
        let off = worst(&shell, 1, |p| {
            let out = Vector3::new(p.x, p.y, 0.0).normalize();
            [Vector3::new(-out.y, out.x, 0.0), (p - out * 3.0).normalize()]
        });
        println!("bend: {off:.4} degrees off");
        assert!(off < 2.0, "{off}");
    }

    #[test]
    fn stress_in_the_frame() {
        let frame = VesselFrame { hoop: Vector3::y(), axial: Vector3::z(), radial: Vector3::x() };
        assert_eq!(frame.normal_parts(&[1.0, 2.0, 3.0, 9.0, 9.0, 9.0]), [2.0, 3.0, 1.0]);
        let turned = VesselFrame {
            hoop: Vector3::new(1.0, 1.0, 0.0).normalize(),
            axial: Vector3::z(),
            radial: Vector3::new(1.0, -1.0, 0.0).normalize(),
        };
        let parts = turned.normal_parts(&[0.0, 0.0, 0.0, 5.0, 0.0, 0.0]);
        assert!((parts[0] - 5.0).abs() < 1e-12 && (parts[2] + 5.0).abs() < 1e-12, "{parts:?}");
    }
}
