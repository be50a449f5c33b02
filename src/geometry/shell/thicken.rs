//! From a surface to layers: which way each column goes, and how far.
//!
//! Columns follow the normals of the surface, smoothed over about a thickness, which is the way along the gradient of the
//! distance outside; at an opening they lie in its plane, so that the ends are plane. Where the offset would fold or meet
//! another part of the wall the thickness ends at [`ROOM`] of the radius of the largest ball that touches there from
//! outside, and changes slowly from there on. What elements are still badly shaped get straighter columns first, and a
//! thinner wall only where that does not help.

use nalgebra::Vector3;
use rayon::prelude::*;

use super::ball;
use super::field::{limit_slope, median, smooth};
use super::quality::scaled_jacobian;
use super::sheet::Sheet;
use super::target::Target;

/// Part of the radius of the largest ball outside that the wall may fill.
const ROOM: f64 = 0.8;

/// Change of the thickness per length along the surface.
const SLOPE: f64 = 0.5;

/// The least cosine between a column and the normal that its length makes up for.
const LEAN: f64 = 0.6;

/// Scaled Jacobian below which columns are changed.
const AIM: f64 = 0.35;

/// Rounds of changes at most, and the number of them after which the wall gets thinner.
const ROUNDS: usize = 80;
const STRAIGHTEN: usize = 12;

/// Columns on a surface.
pub(super) struct Columns<'a> {
    sheet: &'a Sheet,
    layers: usize,
    /// Unit normals out of the vessel.
    normals: Vec<Vector3<f64>>,
    /// Unit normal of the opening's plane at each vertex of a rim.
    planes: Vec<Option<Vector3<f64>>>,
    /// Unit vectors along the columns.
    ways: Vec<Vector3<f64>>,
    /// Thickness across the wall, m.
    thickness: Vec<f64>,
}

impl<'a> Columns<'a> {
    /// Columns of the thickness `asked` (m, a vertex of the sheet), as far as there is room; `planes` are the unit
    /// normals of the openings.
    pub fn new(sheet: &'a Sheet, target: &Target, planes: &[Vector3<f64>], layers: usize, asked: &[f64]) -> Self {
        let normals = sheet.normals();
        let plane = |on: &Option<super::mesh::OnRim>| on.map(|on| planes[target.rims[on.line as usize].opening]);
        let planes = sheet.rim.iter().map(plane).collect();
        let ways = normals.clone();
        let mut columns = Self { sheet, layers, normals, planes, ways, thickness: asked.to_vec() };
        let all: Vec<u32> = (0..sheet.at.len() as u32).collect();
        columns.ways = columns.averaged(&all);
        columns.normals = columns.ways.clone();
        columns.limit(target);
        for _ in 0..columns.rounds() {
            columns.ways = columns.averaged(&all);
        }
        columns.improve();
        columns
    }

    /// Ends the thickness where there is no room for it.
    fn limit(&mut self, target: &Target) {
        let room: Vec<f64> = (0..self.sheet.at.len())
            .into_par_iter()
            .map(|v| ROOM * ball::radius(&target.tree, self.sheet.at[v], self.normals[v], self.thickness[v] / ROOM))
            .collect();
        let mut limited = median(&self.sheet.graph, &room);
        limited.iter_mut().zip(&self.thickness).for_each(|(limited, asked)| *limited = limited.min(*asked));
        limit_slope(&self.sheet.graph, &self.sheet.at, &mut limited, SLOPE);
        let mut even = limited.clone();
        smooth(&self.sheet.graph, &mut even, 3);
        self.thickness = limited.iter().zip(even).map(|(limited, even)| limited.min(even)).collect();
    }

    /// Rounds in which directions spread over about a thickness.
    fn rounds(&self) -> usize {
        let length = |(v, near): (usize, &Vec<u32>)| {
            near.iter().map(|&u| (self.sheet.at[u as usize] - self.sheet.at[v]).norm()).sum::<f64>() / near.len() as f64
        };
        let edge: f64 = self.sheet.graph.iter().enumerate().map(length).sum();
        let thickness: f64 = self.thickness.iter().sum();
        ((2.0 * (thickness / edge).powi(2)).ceil() as usize).clamp(2, 30)
    }

    /// The ways of these columns after half a step to the mean of the neighbours, of the others as they are.
    fn averaged(&self, columns: &[u32]) -> Vec<Vector3<f64>> {
        let mean = |&v: &u32| {
            let v = v as usize;
            let near = &self.sheet.graph[v];
            let sum: Vector3<f64> = near.iter().map(|&u| self.ways[u as usize]).sum();
            let mixed = self.ways[v] + sum / near.len() as f64;
            let mixed = self.planes[v].map_or(mixed, |plane| mixed - plane * plane.dot(&mixed));
            mixed.try_normalize(1e-6).unwrap_or(self.ways[v])
        };
        let new: Vec<Vector3<f64>> = columns.par_iter().map(mean).collect();
        let mut ways = self.ways.clone();
        columns.iter().zip(new).for_each(|(&v, way)| ways[v as usize] = way);
        ways
    }

    /// Length of a column, m.
    fn length(&self, v: usize) -> f64 {
        self.thickness[v] / self.ways[v].dot(&self.normals[v]).max(LEAN)
    }

    /// Thickness across the wall as it became, m.
    pub fn across(&self) -> Vec<f64> {
        (0..self.ways.len()).map(|v| self.length(v) * self.ways[v].dot(&self.normals[v])).collect()
    }

    /// Straightens and shortens columns until the elements on them are well shaped.
    fn improve(&mut self) {
        for round in 0..ROUNDS {
            let bad: Vec<(usize, f64)> = (0..self.sheet.quads.len())
                .into_par_iter()
                .map(|q| (q, self.quality(q)))
                .filter(|(_, quality)| *quality < AIM)
                .collect();
            if bad.is_empty() {
                return;
            }
            let beside = self.beside(bad.iter().map(|&(q, _)| q));
            self.ways = self.averaged(&beside);
            if round >= STRAIGHTEN && round % 3 == 0 {
                for corner in bad.iter().flat_map(|&(q, _)| self.sheet.quads[q]) {
                    self.thickness[corner as usize] *= 0.95;
                }
                limit_slope(&self.sheet.graph, &self.sheet.at, &mut self.thickness, SLOPE);
            }
        }
    }

    /// Vertices of these quadrilaterals and the two rings around them.
    fn beside(&self, quads: impl Iterator<Item = usize>) -> Vec<u32> {
        let mut found: Vec<u32> = quads.flat_map(|q| self.sheet.quads[q]).collect();
        for _ in 0..2 {
            let ring: Vec<u32> = found.iter().flat_map(|&v| self.sheet.graph[v as usize].iter().copied()).collect();
            found.extend(ring);
            found.sort_unstable();
            found.dedup();
        }
        found
    }

    /// The worse of the innermost and the outermost element on a quadrilateral.
    fn quality(&self, quad: usize) -> f64 {
        let at = |level: usize| self.sheet.quads[quad].map(|v| self.place(v as usize, level));
        let element = |layer: usize| {
            let ([a, b, c, d], [e, f, g, h]) = (at(layer), at(layer + 1));
            scaled_jacobian(&[a, b, c, d, e, f, g, h])
        };
        element(0).min(element(self.layers - 1))
    }

    /// Place of a node, m.
    fn place(&self, v: usize, level: usize) -> Vector3<f64> {
        self.sheet.at[v] + self.ways[v] * (self.length(v) * level as f64 / self.layers as f64)
    }

    /// Places of all nodes, m, column by column.
    pub fn nodes(&self) -> Vec<[f64; 3]> {
        (0..self.ways.len()).flat_map(|v| (0..=self.layers).map(move |k| self.place(v, k).into())).collect()
    }
}
