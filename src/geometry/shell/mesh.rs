//! A triangle mesh that can be changed: edges split, collapsed and flipped.
//!
//! Every edge belongs to one triangle (on a rim) or to two, before and after each change; an edge is collapsed only where
//! the link condition holds (Dey, Edelsbrunner, Guha, Nekhayev, Publ. Inst. Math. 66, 23, 1999), so that the surface
//! stays a manifold of the same topology.

use nalgebra::Vector3;

/// No vertex, no triangle.
pub(super) const NONE: u32 = u32::MAX;

/// Where a vertex lies on a rim.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct OnRim {
    /// Number of the rim.
    pub line: u16,
    /// Arc length along it, m.
    pub arc: f64,
}

/// Triangles, with what lies around each vertex.
#[derive(Clone, Debug, Default)]
pub(super) struct Mesh {
    /// Places of the vertices, m.
    pub at: Vec<Vector3<f64>>,
    /// Corners of the triangles; `NONE` where the triangle is gone.
    pub corners: Vec<[u32; 3]>,
    /// Triangles around each vertex; none where the vertex is gone.
    pub around: Vec<Vec<u32>>,
    /// Of each vertex, where it lies on a rim.
    pub rim: Vec<Option<OnRim>>,
    /// Of each vertex, the edge length wanted there, m.
    pub size: Vec<f64>,
}

impl Mesh {
    /// A mesh of triangles on vertices at these places, without rims and sizes.
    pub fn new(at: Vec<Vector3<f64>>, corners: Vec<[u32; 3]>) -> Self {
        let mut around = vec![Vec::new(); at.len()];
        for (t, corners) in (0u32..).zip(&corners) {
            for &v in corners {
                around[v as usize].push(t);
            }
        }
        Self { rim: vec![None; at.len()], size: vec![0.0; at.len()], at, corners, around }
    }

    pub fn point(&self, v: u32) -> Vector3<f64> {
        self.at[v as usize]
    }

    /// Vertices that are there.
    pub fn vertices(&self) -> impl Iterator<Item = u32> + '_ {
        (0u32..).zip(&self.around).filter(|(_, around)| !around.is_empty()).map(|(v, _)| v)
    }

    /// Triangles that are there.
    pub fn triangles(&self) -> impl Iterator<Item = [u32; 3]> + '_ {
        self.corners.iter().copied().filter(|corners| corners[0] != NONE)
    }

    /// Each edge once, as two vertices; on a rim in the sense of its triangle.
    pub fn edges(&self) -> Vec<[u32; 2]> {
        let sides = self.triangles().flat_map(|[a, b, c]| [[a, b], [b, c], [c, a]]);
        sides.filter(|&[a, b]| a < b || self.left(b, a).is_none()).collect()
    }

    /// The triangle on the left of the way from `a` to `b`, and its third corner.
    pub fn left(&self, a: u32, b: u32) -> Option<(u32, u32)> {
        self.around[a as usize].iter().find_map(|&t| {
            let corners = self.corners[t as usize];
            let k = corners.iter().position(|&v| v == a)?;
            (corners[(k + 1) % 3] == b).then(|| (t, corners[(k + 2) % 3]))
        })
    }

    /// Vertices joined to `v` by an edge.
    pub fn neighbours(&self, v: u32) -> Vec<u32> {
        let mut found: Vec<u32> = Vec::with_capacity(self.around[v as usize].len() + 1);
        for &t in &self.around[v as usize] {
            for u in self.corners[t as usize] {
                if u != v && !found.contains(&u) {
                    found.push(u);
                }
            }
        }
        found
    }

    /// Area vector of a triangle with these corners, m^2.
    pub fn area_of(&self, [a, b, c]: [u32; 3]) -> Vector3<f64> {
        let [a, b, c] = [a, b, c].map(|v| self.point(v));
        0.5 * (b - a).cross(&(c - a))
    }

    /// Sum of the area vectors around a vertex, m^2: along its normal.
    pub fn normal(&self, v: u32) -> Vector3<f64> {
        self.around[v as usize].iter().map(|&t| self.area_of(self.corners[t as usize])).sum()
    }

    /// Length of an edge over the length wanted there.
    pub fn stretch(&self, [a, b]: [u32; 2]) -> f64 {
        (self.point(a) - self.point(b)).norm() / (0.5 * (self.size[a as usize] + self.size[b as usize]))
    }

    /// A new vertex without triangles.
    pub fn add(&mut self, at: Vector3<f64>, rim: Option<OnRim>, size: f64) -> u32 {
        self.at.push(at);
        self.rim.push(rim);
        self.size.push(size);
        self.around.push(Vec::new());
        self.at.len() as u32 - 1
    }

    fn push(&mut self, corners: [u32; 3]) {
        let t = self.corners.len() as u32;
        self.corners.push(corners);
        for v in corners {
            self.around[v as usize].push(t);
        }
    }

    fn drop(&mut self, t: u32) {
        for v in std::mem::replace(&mut self.corners[t as usize], [NONE; 3]) {
            self.around[v as usize].retain(|&other| other != t);
        }
    }

    /// Divides the triangles at an edge by a vertex that has none so far.
    pub fn split(&mut self, [a, b]: [u32; 2], middle: u32) {
        for [from, to] in [[a, b], [b, a]] {
            if let Some((t, apex)) = self.left(from, to) {
                self.drop(t);
                self.push([from, middle, apex]);
                self.push([middle, to, apex]);
            }
        }
    }

    /// Whether `gone` may be merged into its neighbour `kept` without a change of topology.
    pub fn may_collapse(&self, gone: u32, kept: u32) -> bool {
        let apexes = [self.left(gone, kept), self.left(kept, gone)];
        let faces = apexes.iter().flatten().count();
        let on_rim = [gone, kept].map(|v| self.rim[v as usize].is_some());
        if on_rim[0] && (!on_rim[1] || faces == 2) {
            return false;
        }
        let (own, others) = (self.neighbours(gone), self.neighbours(kept));
        let shared = own.iter().filter(|v| others.contains(v)).count();
        // No chord from rim to rim comes to be: it would leave no vertex between them.
        let chord = |v: &u32| self.rim[*v as usize].is_some() && !others.contains(v) && *v != kept;
        shared == faces
            && others.len() > 3 - usize::from(on_rim[1])
            && !(faces == 2 && on_rim[1] && own.iter().any(chord))
    }

    /// Triangles around `gone` as they become once it is merged into `kept`.
    pub fn merged(&self, gone: u32, kept: u32) -> impl Iterator<Item = [u32; 3]> + '_ {
        let around = self.around[gone as usize].iter().map(|&t| self.corners[t as usize]);
        around.filter(move |corners| !corners.contains(&kept)).map(move |c| c.map(|v| if v == gone { kept } else { v }))
    }

    /// Merges `gone` into `kept`.
    pub fn collapse(&mut self, gone: u32, kept: u32) {
        for t in std::mem::take(&mut self.around[gone as usize]) {
            let corners = self.corners[t as usize];
            if corners.contains(&kept) {
                self.corners[t as usize] = [NONE; 3];
                for v in corners {
                    self.around[v as usize].retain(|&other| other != t);
                }
            } else {
                self.corners[t as usize] = corners.map(|v| if v == gone { kept } else { v });
                self.around[kept as usize].push(t);
            }
        }
        self.around[gone as usize] = Vec::new();
    }

    /// The two triangles that take the place of those at an edge when it is flipped; `None` on a rim, or where the
    /// flipped edge is there already.
    pub fn flipped(&self, [a, b]: [u32; 2]) -> Option<[[u32; 3]; 2]> {
        let ((_, c), (_, d)) = (self.left(a, b)?, self.left(b, a)?);
        if c == d || self.left(c, d).is_some() || self.left(d, c).is_some() {
            return None;
        }
        Some([[a, d, c], [d, b, c]])
    }

    /// Flips an edge: puts these triangles in the place of those beside it.
    pub fn flip(&mut self, [a, b]: [u32; 2], new: [[u32; 3]; 2]) {
        for [from, to] in [[a, b], [b, a]] {
            if let Some((t, _)) = self.left(from, to) {
                self.drop(t);
            }
        }
        new.into_iter().for_each(|corners| self.push(corners));
    }
}
