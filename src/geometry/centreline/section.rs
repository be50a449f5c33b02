//! Cross-sections: where a plane cuts the closed surface in a loop around a place.
//!
//! A vertex lies above the plane or not; so a triangle is cut in one segment between two of its edges or not at all, every
//! cut edge belongs to two triangles, and the segments close to loops whatever the plane touches.

use std::collections::BTreeMap;

use nalgebra::Vector3;

use super::RimPoint;
use super::inside::Inside;
use crate::geometry::polygon::holds;
use crate::geometry::tube::frame;
use crate::geometry::vessel::Tag;

/// A plane cuts deep into a sphere that it passes nearer to its centre than this part of the radius.
const DEEP: f64 = 0.9;

/// A loop in a plane around a place.
pub(super) struct Section {
    /// Its area, m^2.
    pub area: f64,
    /// Its points, counter-clockwise about the normal.
    pub rim: Vec<RimPoint>,
    flat: Vec<[f64; 2]>,
    axes: [Vector3<f64>; 2],
    centre: Vector3<f64>,
}

/// The plane's coordinates of a place.
fn project(place: Vector3<f64>, centre: Vector3<f64>, axes: &[Vector3<f64>; 2]) -> [f64; 2] {
    axes.map(|axis| (place - centre).dot(&axis))
}

impl Section {
    /// The smallest loop around `centre` in the plane across `normal` (unit vector); none where no loop goes around it.
    pub(super) fn new(inside: &Inside, centre: Vector3<f64>, normal: Vector3<f64>) -> Option<Self> {
        let (e1, e2) = frame(normal.into());
        let axes = [Vector3::from(e1), Vector3::from(e2)];
        let mut best: Option<Self> = None;
        for edges in loops(inside, centre, normal) {
            let rim: Vec<RimPoint> = edges.iter().map(|&edge| point(inside, edge, centre, normal)).collect();
            let flat: Vec<[f64; 2]> = rim.iter().map(|p| project(p.place.into(), centre, &axes)).collect();
            let area = area(&flat);
            if holds(&flat, [0.0; 2]) && best.as_ref().is_none_or(|best| area.abs() < best.area) {
                best = Some(Self { area: area.abs(), rim, flat, axes, centre });
                best.iter_mut().filter(|_| area < 0.0).for_each(|section| {
                    section.rim.reverse();
                    section.flat.reverse();
                });
            }
        }
        best
    }

    /// Whether the plane cuts deep into a sphere whose centre lies before or behind the loop.
    pub(super) fn cuts(&self, normal: Vector3<f64>, centre: Vector3<f64>, radius: f64) -> bool {
        let off = (centre - self.centre).dot(&normal).abs();
        off < DEEP * radius && holds(&self.flat, project(centre, self.centre, &self.axes))
    }
}

/// Area of a polygon, positive counter-clockwise.
fn area(flat: &[[f64; 2]]) -> f64 {
    let next = flat.iter().cycle().skip(1);
    flat.iter().zip(next).map(|(a, b)| 0.5 * (a[0] * b[1] - b[0] * a[1])).sum()
}

/// The edges that the plane cuts, loop by loop.
fn loops(inside: &Inside, centre: Vector3<f64>, normal: Vector3<f64>) -> Vec<Vec<usize>> {
    let above = |v: u32| (Vector3::from(inside.closed.vertices[v as usize]) - centre).dot(&normal) > 0.0;
    // Of each cut edge the cut edges of its two triangles.
    let mut joined: BTreeMap<usize, [usize; 2]> = BTreeMap::new();
    for t in inside.cut(centre, normal) {
        let corners = inside.closed.triangles[t as usize];
        let cut: Vec<usize> = (0..3)
            .filter(|&k| above(corners[k]) != above(corners[(k + 1) % 3]))
            .map(|k| inside.edges.of(3 * t + k as u32))
            .collect();
        let &[a, b] = cut.as_slice() else { continue };
        for (edge, other) in [(a, b), (b, a)] {
            joined.entry(edge).and_modify(|ends| ends[1] = other).or_insert([other, usize::MAX]);
        }
    }
    let mut found = Vec::new();
    while let Some((start, [mut next, _])) = joined.pop_first() {
        let mut ring = vec![start];
        while let Some([a, b]) = joined.remove(&next) {
            let from = ring[ring.len() - 1];
            ring.push(next);
            next = if a == from { b } else { a };
        }
        if ring.len() > 2 {
            found.push(ring);
        }
    }
    found
}

/// Where the plane cuts an edge.
fn point(inside: &Inside, edge: usize, centre: Vector3<f64>, normal: Vector3<f64>) -> RimPoint {
    let ends = inside.edges.ends(edge);
    let [a, b] = ends.map(|v| Vector3::from(inside.closed.vertices[v as usize]));
    let [up, down] = [a, b].map(|place| (place - centre).dot(&normal));
    let part = (up / (up - down)).clamp(0.0, 1.0);
    let on_wall = inside.edges.uses(edge).iter().any(|half| inside.closed.tags[*half as usize / 3] == Tag::Wall);
    let vertices = if on_wall { ends } else { [ends[0]; 2] };
    RimPoint { place: a.lerp(&b, part).into(), vertices, part }
}
