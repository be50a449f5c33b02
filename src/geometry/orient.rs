//! Orientation: every triangle counter-clockwise seen from outside.
//!
//! Neighbours across a regular edge run it in opposite directions; that is spread from triangle to triangle. A piece
//! is then turned so that the volume it encloses is positive, its free loops closed by cones over their centres.

use nalgebra::Vector3;

use super::edges::{Edges, half_edge};
use super::rim::rims;
use super::surface::Surface;

/// What orientation found and did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Orientation {
    /// Triangles that were turned.
    pub flipped: usize,
    /// A place (m) where the surface cannot be oriented because it is one-sided, like a Moebius strip.
    pub one_sided: Option<[f64; 3]>,
}

/// Orients the triangles of `surface` outward, piece by piece.
pub fn orient(surface: &mut Surface) -> Orientation {
    let edges = Edges::new(&surface.triangles);
    let (shell_of, turned, one_sided) = spread(surface, &edges);
    let shells = shell_of.iter().max().map_or(0, |&last| last as usize + 1);
    let mut before = vec![false; turned.len()];
    turn(surface, &turned, &mut before);
    let volume = volumes(surface, &shell_of, shells);
    let inverted: Vec<bool> = shell_of.iter().map(|&shell| volume[shell as usize] < 0.0).collect();
    turn(surface, &inverted, &mut before);
    Orientation { flipped: before.iter().filter(|&&now| now).count(), one_sided }
}

/// Turns the chosen triangles, and keeps the record of those that differ from the file.
fn turn(surface: &mut Surface, chosen: &[bool], record: &mut [bool]) {
    for ((corners, &chosen), record) in surface.triangles.iter_mut().zip(chosen).zip(record) {
        if chosen {
            corners.swap(1, 2);
            *record = !*record;
        }
    }
}

/// The piece of each triangle (connected by regular edges), whether it must turn to agree with the piece's first
/// triangle, and the middle of an edge where that is contradictory.
fn spread(surface: &Surface, edges: &Edges) -> (Vec<u32>, Vec<bool>, Option<[f64; 3]>) {
    let count = surface.triangles.len();
    let mut shell_of = vec![u32::MAX; count];
    let mut turned = vec![false; count];
    let mut one_sided = None;
    let mut shells = 0;
    let mut stack = Vec::new();
    for seed in 0..count {
        if shell_of[seed] != u32::MAX {
            continue;
        }
        shell_of[seed] = shells;
        stack.push(seed as u32);
        while let Some(t) = stack.pop() {
            for half in 3 * t..3 * t + 3 {
                let Some(mate) = edges.mate(half) else { continue };
                let other = mate as usize / 3;
                let alike = half_edge(&surface.triangles, half)[0] != half_edge(&surface.triangles, mate)[0];
                let turn = turned[t as usize] == alike;
                if shell_of[other] == u32::MAX {
                    shell_of[other] = shells;
                    turned[other] = turn;
                    stack.push(other as u32);
                } else if turned[other] != turn && one_sided.is_none() {
                    let [a, b] = half_edge(&surface.triangles, half);
                    one_sided = Some((0.5 * (surface.point(a) + surface.point(b))).into());
                }
            }
        }
        shells += 1;
    }
    (shell_of, turned, one_sided)
}

/// Signed volume of each shell, m^3.
fn volumes(surface: &Surface, shell_of: &[u32], shells: usize) -> Vec<f64> {
    let mut members = vec![Vec::new(); shells];
    for (t, &shell) in shell_of.iter().enumerate() {
        members[shell as usize].push(surface.triangles[t]);
    }
    members.iter().map(|triangles| volume(&surface.vertices, triangles)).collect()
}

/// Volume that oriented triangles enclose, m^3; `places` are the vertices (m). Loops of free edges are closed by cones
/// over their centres.
#[must_use]
pub fn volume(places: &[[f64; 3]], triangles: &[[u32; 3]]) -> f64 {
    let Some(&[first, ..]) = triangles.first() else { return 0.0 };
    let at = |v: u32| Vector3::from(places[v as usize]);
    let origin = at(first);
    let cone =
        |a: Vector3<f64>, b: Vector3<f64>, c: Vector3<f64>| (a - origin).dot(&(b - origin).cross(&(c - origin))) / 6.0;
    let wall: f64 = triangles.iter().map(|&[a, b, c]| cone(at(a), at(b), at(c))).sum();
    let mut lids = 0.0;
    for rim in rims(places, triangles, &Edges::new(triangles)) {
        for (&a, &b) in rim.vertices.iter().zip(rim.vertices.iter().cycle().skip(1)) {
            lids += cone(rim.centre.into(), at(a), at(b));
        }
    }
    wall + lids
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A unit cube, two triangles a side.
    fn cube() -> Surface {
        let vertices = (0..8).map(|i| [f64::from(i & 1), f64::from(i >> 1 & 1), f64::from(i >> 2)]).collect();
        let sides = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]];
        let triangles = sides.iter().flat_map(|&[a, b, c, d]| [[a, b, c], [a, c, d]]).collect();
        Surface { vertices, triangles, patch_of: vec![0; 12], patches: vec!["cube".into()], unit: 1.0 }
    }

    #[test]
    fn any_mixture_of_turned_triangles_ends_outward() {
        let sound = cube();
        for mask in [0u32, 0b1, 0b1010_1010_0101, 0xfff] {
            for lidless in [false, true] {
                let mut mixed = cube();
                for (t, corners) in mixed.triangles.iter_mut().enumerate() {
                    if mask >> t & 1 == 1 {
                        corners.swap(1, 2);
                    }
                }
                let kept = if lidless { 10 } else { 12 };
                mixed.triangles.truncate(kept);
                let done = orient(&mut mixed);
                assert_eq!(done.flipped as u32, (mask & ((1 << kept) - 1)).count_ones());
                assert_eq!(done.one_sided, None);
                assert!((volume(&mixed.vertices, &mixed.triangles) - 1.0).abs() < 1e-12);
                for (got, want) in mixed.triangles.iter().zip(&sound.triangles) {
                    let normal = |&[a, b, c]: &[u32; 3]| {
                        (mixed.point(b) - mixed.point(a)).cross(&(mixed.point(c) - mixed.point(a)))
                    };
                    assert!(normal(got).dot(&normal(want)) > 0.0);
                }
            }
        }
    }

    #[test]
    fn a_moebius_strip_is_one_sided() {
        let n = 12u32;
        let mut strip = Surface { unit: 1.0, ..Surface::default() };
        for i in 0..n {
            let turn = f64::from(i) / f64::from(n) * std::f64::consts::TAU;
            for side in [-0.3, 0.3] {
                let r = 1.0 + side * (0.5 * turn).cos();
                strip.vertices.push([r * turn.cos(), r * turn.sin(), side * (0.5 * turn).sin()]);
            }
        }
        for i in 0..n {
            let (a, b) = (2 * i, 2 * i + 1);
            let (c, d) = if i + 1 < n { (a + 2, b + 2) } else { (1, 0) };
            strip.triangles.extend([[a, b, c], [b, d, c]]);
        }
        strip.patch_of = vec![0; strip.triangles.len()];
        assert!(orient(&mut strip).one_sided.is_some());
    }
}
