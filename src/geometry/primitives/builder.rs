//! Rings of vertices and the bands of triangles between them.
//!
//! A ring runs counter-clockwise about the direction of travel; a band from a ring to the next one in that direction
//! then faces outward. Rings of different vertex counts are joined by merging their angles in integers.

use nalgebra::Vector3;

use crate::geometry::surface::Surface;

/// Vertex indices of a closed ring.
pub(super) type Ring = Vec<u32>;

/// A circle: centre, two unit vectors spanning its plane (`u x v` is the direction of travel) and radius, all in m.
#[derive(Clone, Copy)]
pub(super) struct Circle {
    pub centre: Vector3<f64>,
    pub u: Vector3<f64>,
    pub v: Vector3<f64>,
    pub radius: f64,
}

impl Circle {
    /// The `i`-th of `n` points at the given fraction of the radius.
    fn point(&self, i: usize, n: usize, fraction: f64) -> Vector3<f64> {
        let (sin, cos) = (std::f64::consts::TAU * i as f64 / n as f64).sin_cos();
        self.centre + (self.u * cos + self.v * sin) * (self.radius * fraction)
    }
}

/// A unit frame `(u, v)` with `u x v` along the unit vector `direction`.
pub(super) fn frame(direction: Vector3<f64>) -> (Vector3<f64>, Vector3<f64>) {
    let least = if direction.x.abs() > 0.9 { Vector3::y() } else { Vector3::x() };
    let u = (least - direction * direction.dot(&least)).normalize();
    (u, direction.cross(&u))
}

/// Which way a lid looks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Facing {
    /// Along the direction of travel.
    Forward,
    /// Against it.
    Backward,
}

/// A surface under construction.
pub(super) struct Builder {
    pub vertices: Vec<Vector3<f64>>,
    triangles: Vec<[u32; 3]>,
    patch_of: Vec<u16>,
    patches: Vec<String>,
}

impl Builder {
    /// An empty surface with these patches.
    pub fn new(patches: &[&str]) -> Self {
        let patches = patches.iter().map(|&name| name.to_owned()).collect();
        Self { vertices: Vec::new(), triangles: Vec::new(), patch_of: Vec::new(), patches }
    }

    /// Adds vertices and returns their indices.
    pub fn ring(&mut self, points: impl IntoIterator<Item = Vector3<f64>>) -> Ring {
        let first = self.vertices.len() as u32;
        self.vertices.extend(points);
        (first..self.vertices.len() as u32).collect()
    }

    /// Adds a ring of `n` vertices on a circle.
    pub fn circle(&mut self, circle: &Circle, n: usize) -> Ring {
        self.ring((0..n).map(|i| circle.point(i, n, 1.0)))
    }

    fn triangle(&mut self, patch: u16, corners: [u32; 3]) {
        self.triangles.push(corners);
        self.patch_of.push(patch);
    }

    /// Joins ring `a` to the next ring `b`. Where both rings step at the same angle the diagonals alternate with
    /// `row`, so that the mesh has no twist. A ring of one vertex is a pole.
    pub fn band(&mut self, patch: u16, a: &[u32], b: &[u32], row: usize) {
        let steps_of = |ring: &[u32]| if ring.len() == 1 { 0 } else { ring.len() };
        let (na, nb) = (steps_of(a), steps_of(b));
        let (mut i, mut j) = (0, 0);
        while i < na || j < nb {
            let (to_a, to_b) = ((i + 1) * nb.max(1), (j + 1) * na.max(1));
            let a_first = to_a < to_b || (to_a == to_b && (i + row).is_multiple_of(2));
            let (p, q) = (a[i % a.len()], b[j % b.len()]);
            if j == nb || (i < na && a_first) {
                i += 1;
                self.triangle(patch, [p, a[i % a.len()], q]);
            } else {
                j += 1;
                self.triangle(patch, [p, b[j % b.len()], q]);
            }
        }
    }

    /// Fills a ring that lies on `circle` by concentric rings with about equal edges.
    pub fn lid(&mut self, patch: u16, rim: &[u32], circle: &Circle, facing: Facing) {
        let n = rim.len();
        let rows = ((n as f64 / std::f64::consts::TAU).round() as usize).max(1);
        let mut outer = rim.to_vec();
        for row in (0..rows).rev() {
            let count = if row == 0 { 1 } else { (n * row).div_ceil(rows).max(3) };
            let fraction = row as f64 / rows as f64;
            let inner = self.ring((0..count).map(|i| circle.point(i, count, fraction)));
            match facing {
                Facing::Forward => self.band(patch, &outer, &inner, row),
                Facing::Backward => self.band(patch, &inner, &outer, row),
            }
            outer = inner;
        }
    }

    /// A tube through these circles in order: patch 0 is the wall, 1 the lid at the start, 2 the lid at the end.
    pub fn tube(&mut self, circles: &[Circle], n: usize) {
        let mut last: Option<Ring> = None;
        for (row, circle) in circles.iter().enumerate() {
            let ring = self.circle(circle, n);
            match &last {
                None => self.lid(1, &ring, circle, Facing::Backward),
                Some(last) => self.band(0, last, &ring, row),
            }
            last = Some(ring);
        }
        if let (Some(ring), Some(circle)) = (last, circles.last()) {
            self.lid(2, &ring, circle, Facing::Forward);
        }
    }

    /// Corners of every triangle so far.
    pub fn triangles(&self) -> &[[u32; 3]] {
        &self.triangles
    }

    /// Patch of every triangle so far.
    pub fn patches_of(&self) -> &[u16] {
        &self.patch_of
    }

    /// The finished surface, coordinates in metres, to be written in mm.
    pub fn finish(self) -> Surface {
        let vertices = self.vertices.into_iter().map(Into::into).collect();
        let Self { triangles, patch_of, patches, .. } = self;
        Surface { vertices, triangles, patch_of, patches, unit: 1e-3 }
    }
}
