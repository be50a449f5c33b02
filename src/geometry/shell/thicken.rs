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
use crate::geometry::nearest::Nearest;

/// Part of the radius of the largest ball outside that the wall may fill.
const ROOM: f64 = 0.8;

/// Rings of quadrilaterals around a column that do not count as another part of the wall.
const NEAR: usize = 3;

/// Change of the thickness per length along the surface.
const SLOPE: f64 = 0.5;

/// The least cosine between a column and the normal that its length makes up for.
const LEAN: f64 = 0.6;

/// Scaled Jacobian below which columns are changed.
const AIM: f64 = 0.35;

/// Rounds of changes at most, those after which feet are moved too, and those after which the wall gets thinner.
const ROUNDS: usize = 130;
const STRAIGHTEN: usize = 10;
const FILLET: usize = 34;

/// Rounds after which the neighbours of bad elements are rounded off as well.
const WIDEN: usize = 70;

/// How far feet may leave the surface, in edge lengths: as the wall gets thinner, and at the end.
const DEPARTURE: [f64; 2] = [0.35, 0.9];

/// Parts of the thickness asked for that are never gone below: for want of room, where walls that all but touch would
/// leave none and rather overlap a little; and for the sake of the elements' shape.
const LEAST: [f64; 2] = [0.1, 0.02];

/// Columns on a surface.
pub(super) struct Columns<'a> {
    sheet: &'a Sheet,
    layers: usize,
    /// Places of the feet, m: those of the sheet, but rounded off where it is too sharp.
    feet: Vec<Vector3<f64>>,
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
        let (feet, thickness) = (sheet.at.clone(), asked.to_vec());
        let mut columns = Self { sheet, layers, feet, normals, planes, ways, thickness };
        let all: Vec<u32> = (0..sheet.at.len() as u32).collect();
        columns.ways = columns.averaged(&all);
        columns.normals = columns.ways.clone();
        columns.limit();
        for _ in 0..columns.rounds() {
            columns.ways = columns.averaged(&all);
        }
        columns.improve(asked);
        columns
    }

    /// Quadrilaterals within [`NEAR`] rings of a vertex, sorted: that they do not fold is seen from their shape.
    fn near(&self, v: usize) -> Vec<u32> {
        let mut vertices = vec![v as u32];
        for _ in 1..NEAR {
            vertices = vertices.iter().flat_map(|&u| self.sheet.graph[u as usize].iter().copied()).collect();
            vertices.sort_unstable();
            vertices.dedup();
        }
        let mut quads: Vec<u32> =
            vertices.iter().flat_map(|&u| self.sheet.around[u as usize].iter().copied()).collect();
        quads.sort_unstable();
        quads.dedup();
        quads
    }

    /// Ends the thickness where there is no room for it.
    fn limit(&mut self) {
        let at = |v: u32| self.sheet.at[v as usize];
        let halves = |&[a, b, c, d]: &[u32; 4]| [[at(a), at(b), at(c)], [at(a), at(c), at(d)]];
        let tree = Nearest::new(self.sheet.quads.iter().flat_map(halves).collect());
        let room: Vec<f64> = (0..self.sheet.at.len())
            .into_par_iter()
            .map(|v| {
                let most = self.thickness[v] / ROOM;
                let own = self.near(v);
                let far = |triangle: u32| own.binary_search(&(triangle / 2)).is_err();
                let nearest = |place, within| tree.hit(place, within, far).map(|hit| hit.place);
                ROOM * ball::radius(nearest, self.sheet.at[v], self.normals[v], [most / 8.0, most])
            })
            .collect();
        let mut limited = median(&self.sheet.graph, &room);
        limited
            .iter_mut()
            .zip(&self.thickness)
            .for_each(|(limited, &asked)| *limited = limited.clamp(LEAST[0] * asked, asked));
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

    /// Straightens columns, rounds the surface off under them, and shortens them, until the elements are well shaped.
    fn improve(&mut self, asked: &[f64]) {
        let mut open: Vec<usize> = (0..self.sheet.quads.len()).collect();
        for round in 0..ROUNDS {
            let quality = open.par_iter().map(|&q| (q, self.quality(q)));
            let bad: Vec<usize> = quality.filter(|(_, quality)| *quality < AIM).map(|(q, _)| q).collect();
            if bad.is_empty() {
                return;
            }
            let beside = self.beside(&bad, 2);
            self.ways = self.averaged(&beside);
            if round >= FILLET {
                self.turn_upright(&bad);
            }
            if round >= STRAIGHTEN {
                let late = round.saturating_sub(FILLET) as f64 / (ROUNDS - FILLET) as f64;
                let rings = usize::from(round >= WIDEN);
                self.round_off(self.beside(&bad, rings), DEPARTURE[0] + late * (DEPARTURE[1] - DEPARTURE[0]));
            }
            if round >= FILLET && round % 2 == 0 {
                for corner in bad.iter().flat_map(|&q| self.sheet.quads[q]) {
                    let thickness = &mut self.thickness[corner as usize];
                    *thickness = (0.95 * *thickness).max(LEAST[1] * asked[corner as usize]);
                }
                self.even_out(&beside);
            }
            // Only elements beside a change can have become worse.
            open = beside.iter().flat_map(|&v| self.sheet.around[v as usize].iter().map(|&q| q as usize)).collect();
            open.sort_unstable();
            open.dedup();
        }
    }

    /// Turns the columns of these quadrilaterals toward the normals of the surface as it was rounded off.
    fn turn_upright(&mut self, quads: &[usize]) {
        for &v in quads.iter().flat_map(|&q| &self.sheet.quads[q]) {
            let area = |&q: &u32| {
                let [a, b, c, d] = self.sheet.quads[q as usize].map(|u| self.feet[u as usize]);
                (c - a).cross(&(d - b)).try_normalize(0.0).unwrap_or_default()
            };
            let v = v as usize;
            // Without weights: the column is to suit each of the quadrilaterals, however small.
            let normal: Vector3<f64> = self.sheet.around[v].iter().map(area).sum();
            let mixed = self.ways[v] + 0.3 * normal.try_normalize(0.0).unwrap_or_default();
            let mixed = self.planes[v].map_or(mixed, |plane| mixed - plane * plane.dot(&mixed));
            self.ways[v] = mixed.try_normalize(1e-6).unwrap_or(self.ways[v]);
        }
    }

    /// Moves the feet of these columns toward the middle of their neighbours, off the surface by
    /// this part of the edge length at most.
    fn round_off(&mut self, mut columns: Vec<u32>, departure: f64) {
        columns.retain(|&v| self.sheet.rim[v as usize].is_none());
        let moved = |&v: &u32| {
            let (v, near) = (v as usize, &self.sheet.graph[v as usize]);
            let count = near.len() as f64;
            let mean = near.iter().map(|&u| self.feet[u as usize]).sum::<Vector3<f64>>() / count;
            let edge = near.iter().map(|&u| (self.feet[u as usize] - self.feet[v]).norm()).sum::<f64>() / count;
            let off = self.feet[v].lerp(&mean, 0.2) - self.sheet.at[v];
            self.sheet.at[v] + off * (departure * edge / off.norm().max(f64::MIN_POSITIVE)).min(1.0)
        };
        let new: Vec<Vector3<f64>> = columns.par_iter().map(moved).collect();
        columns.iter().zip(new).for_each(|(&v, foot)| self.feet[v as usize] = foot);
    }

    /// Keeps the thickness of these columns from changing too fast.
    fn even_out(&mut self, columns: &[u32]) {
        for &v in columns {
            let v = v as usize;
            for &u in &self.sheet.graph[v] {
                let way = (self.feet[u as usize] - self.feet[v]).norm();
                self.thickness[v] = self.thickness[v].min(self.thickness[u as usize] + SLOPE * way);
            }
        }
    }

    /// Vertices of these quadrilaterals and of so many rings around them, sorted.
    fn beside(&self, quads: &[usize], rings: usize) -> Vec<u32> {
        let mut found: Vec<u32> = quads.iter().flat_map(|&q| self.sheet.quads[q]).collect();
        found.sort_unstable();
        found.dedup();
        for _ in 0..rings {
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
        self.feet[v] + self.ways[v] * (self.length(v) * level as f64 / self.layers as f64)
    }

    /// Places of all nodes, m, column by column.
    pub fn nodes(&self) -> Vec<[f64; 3]> {
        (0..self.ways.len()).flat_map(|v| (0..=self.layers).map(move |k| self.place(v, k).into())).collect()
    }
}
