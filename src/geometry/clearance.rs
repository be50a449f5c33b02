//! How far a section may be swept along its normal before it runs into something.
//!
//! A triangle that enters the prism over the section cuts it in a piece whose lowest point is one of: a corner of the
//! triangle over the section, a crossing of an edge of the triangle with an edge of the section, or a corner of the
//! section under the triangle. So the exact free height is the least over these three kinds.

use nalgebra::Vector3;

use super::polygon::{cross, holds, meeting};
use super::surface::Surface;
use super::vessel::Opening;

/// The section of an opening and the way along its normal, in coordinates x, y in the plane and z along the normal.
#[derive(Clone, Debug)]
pub(crate) struct Prism {
    centre: Vector3<f64>,
    axes: [Vector3<f64>; 3],
    /// The rim in the plane, counter-clockwise.
    pub section: Vec<[f64; 2]>,
    /// Height of each rim vertex.
    pub heights: Vec<f64>,
    /// Height of the outermost rim vertex.
    pub base: f64,
    low: [f64; 2],
    high: [f64; 2],
    diameter: f64,
}

impl Prism {
    /// The prism over `opening` of a vessel with this wall.
    pub fn new(wall: &Surface, opening: &Opening) -> Self {
        let normal = Vector3::from(opening.normal);
        let helper = Vector3::ith(normal.iamin(), 1.0);
        let x = helper.cross(&normal).normalize();
        let mut prism = Self {
            centre: opening.centre.into(),
            axes: [x, normal.cross(&x), normal],
            section: Vec::new(),
            heights: Vec::new(),
            base: f64::NEG_INFINITY,
            low: [f64::INFINITY; 2],
            high: [f64::NEG_INFINITY; 2],
            diameter: opening.equivalent_diameter(),
        };
        for &vertex in &opening.rim {
            let [x, y, z] = prism.local(wall.point(vertex));
            prism.section.push([x, y]);
            prism.heights.push(z);
            prism.base = prism.base.max(z);
            prism.low = [prism.low[0].min(x), prism.low[1].min(y)];
            prism.high = [prism.high[0].max(x), prism.high[1].max(y)];
        }
        prism
    }

    fn local(&self, point: Vector3<f64>) -> [f64; 3] {
        self.axes.map(|axis| (point - self.centre).dot(&axis))
    }

    fn global(&self, [x, y]: [f64; 2], z: f64) -> Vector3<f64> {
        self.centre + self.axes[0] * x + self.axes[1] * y + self.axes[2] * z
    }

    /// Height above the base at which the lowest of `obstacles` stands in the prism, m; infinite without any.
    pub fn free_height(&self, obstacles: impl Iterator<Item = [Vector3<f64>; 3]>) -> f64 {
        obstacles.filter_map(|corners| self.lowest(corners)).fold(f64::INFINITY, f64::min) - self.base
    }

    /// Height of the lowest point of a triangle that is above the base and over the section.
    fn lowest(&self, corners: [Vector3<f64>; 3]) -> Option<f64> {
        let floor = self.base + 1e-3 * self.diameter;
        let local = corners.map(|corner| self.local(corner));
        if local.iter().all(|p| p[2] <= floor) {
            return None;
        }
        let beside = |k: usize| local.iter().all(|p| p[k] < self.low[k]) || local.iter().all(|p| p[k] > self.high[k]);
        if beside(0) || beside(1) {
            return None;
        }
        self.lowest_of(&above(&local, floor), &local)
    }

    /// The same for the part of a triangle (`corners`) that lies above the base.
    fn lowest_of(&self, face: &[[f64; 3]], corners: &[[f64; 3]; 3]) -> Option<f64> {
        let flat: Vec<[f64; 2]> = face.iter().map(|p| [p[0], p[1]]).collect();
        let mut low: Option<f64> = None;
        let mut take = |z: f64| low = Some(low.map_or(z, |low| low.min(z)));
        for i in 0..face.len() {
            let j = (i + 1) % face.len();
            if holds(&self.section, flat[i]) {
                take(face[i][2]);
            }
            for (k, &c) in self.section.iter().enumerate() {
                let d = self.section[(k + 1) % self.section.len()];
                if let Some(t) = meeting(flat[i], flat[j], c, d) {
                    take(face[i][2] + t * (face[j][2] - face[i][2]));
                }
            }
        }
        let [a, b, c] = corners.map(|[x, y, _]| [x, y]);
        let area = cross(a, b, c);
        for &corner in self.section.iter().filter(|&&corner| area != 0.0 && holds(&flat, corner)) {
            let (u, v) = (cross(a, corner, c) / area, cross(a, b, corner) / area);
            take(corners[0][2] + u * (corners[1][2] - corners[0][2]) + v * (corners[2][2] - corners[0][2]));
        }
        low
    }

    /// Outside of the swept prism up to `height` above the base, lid included, as triangles.
    pub fn skin(&self, height: f64) -> Vec<[Vector3<f64>; 3]> {
        let (n, top) = (self.section.len(), self.base + height);
        let apex = self.global([0.0; 2], top);
        let mut skin = Vec::with_capacity(3 * n);
        for i in 0..n {
            let j = (i + 1) % n;
            let (a, b) = (self.global(self.section[i], self.heights[i]), self.global(self.section[j], self.heights[j]));
            let (c, d) = (self.global(self.section[j], top), self.global(self.section[i], top));
            skin.extend([[a, b, c], [a, c, d], [d, c, apex]]);
        }
        skin
    }
}

/// The part of a triangle above a height.
fn above(corners: &[[f64; 3]; 3], floor: f64) -> Vec<[f64; 3]> {
    let mut kept = Vec::with_capacity(4);
    for i in 0..3 {
        let (a, b) = (corners[i], corners[(i + 1) % 3]);
        if a[2] > floor {
            kept.push(a);
        }
        if (a[2] > floor) != (b[2] > floor) {
            let t = (floor - a[2]) / (b[2] - a[2]);
            kept.push([0, 1, 2].map(|k| a[k] + t * (b[k] - a[k])));
        }
    }
    kept
}

/// Lengths (m) of extensions, at most those asked for, that run neither into the wall nor into each other. A tenth of
/// the diameter stays free before an obstacle; what would be shorter than a twentieth is 0.
pub(crate) fn fitting_lengths(wall: &Surface, prisms: &[Prism], asked: &[f64]) -> Vec<f64> {
    let faces = || wall.triangles.iter().map(|corners| corners.map(|v| wall.point(v)));
    let shortened = |prism: &Prism, length: f64, free: f64| {
        let fits = free - 0.1 * prism.diameter;
        if length <= fits {
            length
        } else if fits < 0.05 * prism.diameter {
            0.0
        } else {
            fits
        }
    };
    let lids = |k: usize| prisms.iter().enumerate().filter(move |&(j, _)| j != k).flat_map(|(_, p)| p.skin(0.0));
    let mut lengths: Vec<f64> = prisms
        .iter()
        .enumerate()
        .map(|(k, prism)| match asked[k] {
            length if length > 0.0 => shortened(prism, length, prism.free_height(faces().chain(lids(k)))),
            _ => 0.0,
        })
        .collect();
    for k in 0..prisms.len() {
        for j in (0..prisms.len()).filter(|&j| j != k) {
            part(prisms, &mut lengths, k, j);
        }
    }
    lengths
}

/// Shortens two extensions alike until the first does not run into the second.
fn part(prisms: &[Prism], lengths: &mut [f64], k: usize, j: usize) {
    let asked = [lengths[k], lengths[j]];
    for step in (0..=16).rev() {
        if lengths[k] == 0.0 {
            return;
        }
        let free = prisms[k].free_height(prisms[j].skin(lengths[j]).into_iter());
        if lengths[k] + 0.1 * prisms[k].diameter <= free {
            return;
        }
        lengths[k] = asked[0] * f64::from(step) / 17.0;
        lengths[j] = asked[1] * f64::from(step) / 17.0;
    }
}
