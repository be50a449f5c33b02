//! The surface of quadrilaterals on which the layers stand.
//!
//! Each triangle becomes three quadrilaterals between its corners, the middles of its edges and its centre, so that any
//! triangle mesh will do; the new vertices are laid on the given surface, and all of them are relaxed in it.

use std::collections::{HashMap, VecDeque};

use nalgebra::Vector3;
use rayon::prelude::*;

use super::field::{Graph, graph};
use super::mesh::{Mesh, NONE, OnRim};
use super::target::Target;

/// Rounds of relaxation.
const ROUNDS: usize = 6;

/// Quadrilaterals and their vertices: the feet of the columns.
#[derive(Clone, Debug, Default)]
pub(super) struct Sheet {
    /// Places of the vertices, m.
    pub at: Vec<Vector3<f64>>,
    /// Corners, counter-clockwise seen from outside.
    pub quads: Vec<[u32; 4]>,
    /// Of each vertex, where it lies on a rim.
    pub rim: Vec<Option<OnRim>>,
    /// Vertices joined by an edge.
    pub graph: Graph,
    /// Quadrilaterals around each vertex.
    pub around: Vec<Vec<u32>>,
}

impl Sheet {
    /// Divides the triangles of a mesh.
    pub fn new(mesh: &Mesh, target: &Target) -> Self {
        let mut sheet = Self::default();
        let mut number = vec![NONE; mesh.at.len()];
        for v in mesh.vertices() {
            number[v as usize] = sheet.add(mesh.point(v), mesh.rim[v as usize]);
        }
        let mut middles: HashMap<[u32; 2], u32> = HashMap::new();
        for corners in mesh.triangles() {
            let normal = mesh.area_of(corners).try_normalize(0.0).unwrap_or_default();
            let centre = corners.iter().map(|&v| mesh.point(v)).sum::<Vector3<f64>>() / 3.0;
            let reach = mesh.area_of(corners).norm().sqrt();
            let centre = target.nearest(centre, normal, reach).map_or(centre, |hit| hit.place);
            let centre = sheet.add(centre, None);
            let sides: [u32; 3] = std::array::from_fn(|k| {
                let (a, b) = (corners[k], corners[(k + 1) % 3]);
                let key = [a.min(b), a.max(b)];
                *middles.entry(key).or_insert_with(|| sheet.middle(mesh, target, [a, b], normal))
            });
            for k in 0..3 {
                sheet.quads.push([number[corners[k] as usize], sides[k], centre, sides[(k + 2) % 3]]);
            }
        }
        sheet.join();
        sheet
    }

    fn add(&mut self, at: Vector3<f64>, rim: Option<OnRim>) -> u32 {
        self.at.push(at);
        self.rim.push(rim);
        self.at.len() as u32 - 1
    }

    /// A vertex in the middle of an edge, given in the sense of a triangle beside it.
    fn middle(&mut self, mesh: &Mesh, target: &Target, [a, b]: [u32; 2], normal: Vector3<f64>) -> u32 {
        if let (None, Some(from), Some(to)) = (mesh.left(b, a), mesh.rim[a as usize], mesh.rim[b as usize]) {
            let (place, on) = target.rim_middle(from, to);
            return self.add(place, Some(on));
        }
        let middle = 0.5 * (mesh.point(a) + mesh.point(b));
        let beside = mesh.left(b, a).map_or(Vector3::zeros(), |(t, _)| mesh.area_of(mesh.corners[t as usize]));
        let normal = (normal + beside.try_normalize(0.0).unwrap_or_default()).try_normalize(0.0).unwrap_or(normal);
        let reach = 0.5 * (mesh.point(a) - mesh.point(b)).norm();
        self.add(target.nearest(middle, normal, reach).map_or(middle, |hit| hit.place), None)
    }

    /// What lies around each vertex.
    fn join(&mut self) {
        self.graph = graph(&self.quads, self.at.len());
        self.around = vec![Vec::new(); self.at.len()];
        for (q, corners) in (0u32..).zip(&self.quads) {
            corners.iter().for_each(|&v| self.around[v as usize].push(q));
        }
    }

    /// Area vector of a quadrilateral, m^2.
    pub fn area_of(&self, corners: [u32; 4]) -> Vector3<f64> {
        let [a, b, c, d] = corners.map(|v| self.at[v as usize]);
        0.5 * (c - a).cross(&(d - b))
    }

    /// Sum of the area vectors around a vertex, m^2.
    pub fn normal(&self, v: usize) -> Vector3<f64> {
        self.around[v].iter().map(|&q| self.area_of(self.quads[q as usize])).sum()
    }

    /// Unit normals at the vertices.
    pub fn normals(&self) -> Vec<Vector3<f64>> {
        (0..self.at.len()).into_par_iter().map(|v| self.normal(v).try_normalize(0.0).unwrap_or_default()).collect()
    }

    /// Moves vertices within the surface toward the middle of the quadrilaterals around them, all at once.
    pub fn relax(&mut self, target: &Target) {
        for _ in 0..ROUNDS {
            let moved: Vec<Vector3<f64>> =
                (0..self.at.len()).into_par_iter().map(|v| self.toward_middle(target, v)).collect();
            self.at = moved;
        }
    }

    fn toward_middle(&self, target: &Target, v: usize) -> Vector3<f64> {
        let here = self.at[v];
        let Some(normal) = self.normal(v).try_normalize(0.0).filter(|_| self.rim[v].is_none()) else { return here };
        let centre = |&q: &u32| self.quads[q as usize].iter().map(|&u| self.at[u as usize]).sum::<Vector3<f64>>() / 4.0;
        let mean = self.around[v].iter().map(centre).sum::<Vector3<f64>>() / self.around[v].len() as f64;
        let step = 0.7 * (mean - here);
        let place = here + (step - normal * step.dot(&normal));
        let reach = self.graph[v].iter().map(|&u| (self.at[u as usize] - here).norm()).fold(0.0, f64::max);
        target.nearest(place, normal, reach).map_or(here, |hit| hit.place)
    }

    /// Numbers the vertices so that neighbours have numbers near each other: ring by ring from the first opening
    /// (Cuthill, McKee, ACM Nat. Conf. 24, 157, 1969).
    pub fn sort(&mut self) {
        let count = self.at.len();
        let mut number = vec![NONE; count];
        let mut order: Vec<u32> = Vec::with_capacity(count);
        let first = (0..count as u32).filter(|&v| self.rim[v as usize].is_some_and(|on| on.line == 0));
        let mut open: VecDeque<u32> = first.collect();
        for seed in 0..=count as u32 {
            while let Some(v) = open.pop_front() {
                if number[v as usize] == NONE {
                    number[v as usize] = order.len() as u32;
                    order.push(v);
                    open.extend(self.graph[v as usize].iter().filter(|&&u| number[u as usize] == NONE));
                }
            }
            open.extend(Some(seed).filter(|&v| number.get(v as usize) == Some(&NONE)));
        }
        self.at = order.iter().map(|&v| self.at[v as usize]).collect();
        self.rim = order.iter().map(|&v| self.rim[v as usize]).collect();
        for corner in self.quads.iter_mut().flatten() {
            *corner = number[*corner as usize];
        }
        self.quads.sort_unstable_by_key(|quad| quad.iter().copied().min());
        self.join();
    }

    /// Vertices on the rims of each of so many openings, in the sense of the rims.
    pub fn ends(&self, target: &Target, openings: usize) -> Vec<Vec<u32>> {
        let mut ends: Vec<Vec<(u16, f64, u32)>> = vec![Vec::new(); openings];
        for (v, on) in (0u32..).zip(&self.rim) {
            if let Some(on) = on {
                ends[target.rims[on.line as usize].opening].push((on.line, on.arc, v));
            }
        }
        for end in &mut ends {
            end.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        }
        ends.into_iter().map(|end| end.into_iter().map(|(_, _, v)| v).collect()).collect()
    }
}
