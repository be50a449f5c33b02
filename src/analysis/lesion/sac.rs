//! A part of the wall, cut off by closed loops: its pieces, loops, areas and volume.

use std::collections::{HashMap, HashSet};

use nalgebra::Vector3;

use crate::geometry::surface::Surface;

/// A loop of vertices that bounds a part of the wall.
#[derive(Clone, Debug)]
pub(super) struct Loop {
    pub vertices: Vec<u32>,
    /// Mean of the vertices, m.
    pub centre: Vector3<f64>,
    /// Area vector: as long as the loop's area seen along its direction, m^2.
    pub area: Vector3<f64>,
    /// Length, m.
    pub perimeter: f64,
}

/// A connected part of the wall.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// Its triangles.
    pub triangles: Vec<u32>,
    /// The loops that bound it, the longest first.
    pub loops: Vec<Loop>,
}

/// The connected parts of the wall that have a vertex of the `seed` and consist of triangles with all vertices in
/// `reach`.
pub(super) fn parts(wall: &Surface, seed: &[bool], reach: &[bool]) -> Vec<Part> {
    let inside: Vec<u32> = (0u32..)
        .zip(&wall.triangles)
        .filter(|(_, corners)| corners.iter().all(|&v| reach[v as usize]))
        .map(|(t, _)| t)
        .collect();
    let mut parent: Vec<u32> = (0..wall.vertices.len() as u32).collect();
    for &t in &inside {
        let [a, b, c] = wall.triangles[t as usize];
        let root = find(&mut parent, a);
        for other in [b, c] {
            let other = find(&mut parent, other);
            parent[other as usize] = root;
        }
    }
    let mut pieces: HashMap<u32, (Vec<u32>, bool)> = HashMap::new();
    for &t in &inside {
        let corners = wall.triangles[t as usize];
        let piece = pieces.entry(find(&mut parent, corners[0])).or_default();
        piece.0.push(t);
        piece.1 |= corners.iter().any(|&v| seed[v as usize]);
    }
    let mut found: Vec<Part> = pieces.into_values().filter(|piece| piece.1).map(|piece| part(wall, piece.0)).collect();
    // The order of a hash table is not the same twice.
    found.sort_by_key(|part| part.triangles[0]);
    found
}

fn find(parent: &mut [u32], mut v: u32) -> u32 {
    while parent[v as usize] != v {
        parent[v as usize] = parent[parent[v as usize] as usize];
        v = parent[v as usize];
    }
    v
}

fn part(wall: &Surface, triangles: Vec<u32>) -> Part {
    let mut edges: HashSet<(u32, u32)> = HashSet::new();
    for &t in &triangles {
        let corners = wall.triangles[t as usize];
        edges.extend((0..3).map(|k| (corners[k], corners[(k + 1) % 3])));
    }
    let mut next: HashMap<u32, Vec<u32>> = HashMap::new();
    let mut free: Vec<(u32, u32)> = edges.iter().filter(|&&(a, b)| !edges.contains(&(b, a))).copied().collect();
    free.sort_unstable();
    free.iter().rev().for_each(|&(a, b)| next.entry(a).or_default().push(b));
    let mut loops = Vec::new();
    for (start, _) in free {
        let mut vertices = Vec::new();
        let mut at = start;
        while let Some(to) = next.get_mut(&at).and_then(Vec::pop) {
            vertices.push(at);
            at = to;
        }
        if vertices.len() > 2 {
            loops.push(closed(wall, vertices));
        }
    }
    loops.sort_by(|a: &Loop, b: &Loop| b.perimeter.total_cmp(&a.perimeter));
    Part { triangles, loops }
}

fn closed(wall: &Surface, vertices: Vec<u32>) -> Loop {
    let places: Vec<Vector3<f64>> = vertices.iter().map(|&v| wall.point(v)).collect();
    let centre = places.iter().sum::<Vector3<f64>>() / places.len() as f64;
    let pairs = || (0..places.len()).map(|k| (places[k], places[(k + 1) % places.len()]));
    let area = pairs().map(|(a, b)| 0.5 * (a - centre).cross(&(b - centre))).sum();
    let perimeter = pairs().map(|(a, b)| (b - a).norm()).sum();
    Loop { vertices, centre, area, perimeter }
}

impl Part {
    /// Places of its vertices, m, each once.
    pub fn places(&self, wall: &Surface) -> Vec<Vector3<f64>> {
        let mut vertices: Vec<u32> = self.triangles.iter().flat_map(|&t| wall.triangles[t as usize]).collect();
        vertices.sort_unstable();
        vertices.dedup();
        vertices.into_iter().map(|v| wall.point(v)).collect()
    }

    /// Volume between it and flat fans over its loops, m^3, by the divergence theorem.
    pub fn volume(&self, wall: &Surface) -> f64 {
        let origin = self.loops.first().map_or_else(Vector3::zeros, |l| l.centre);
        let cone = |[a, b, c]: [Vector3<f64>; 3]| (a - origin).cross(&(b - origin)).dot(&(c - origin)) / 6.0;
        let wall_part: f64 =
            self.triangles.iter().map(|&t| cone(wall.triangles[t as usize].map(|v| wall.point(v)))).sum();
        // A loop runs as the part's triangles do; the fan that closes it runs the other way.
        let fan = |l: &Loop| {
            let at = |k: usize| wall.point(l.vertices[k % l.vertices.len()]);
            (0..l.vertices.len()).map(|k| cone([at(k + 1), at(k), l.centre])).sum::<f64>()
        };
        wall_part + self.loops.iter().map(fan).sum::<f64>()
    }

    /// Area of its triangles for which `chosen` holds, m^2.
    pub fn area(&self, wall: &Surface, chosen: impl Fn([u32; 3]) -> bool) -> f64 {
        let own = self.triangles.iter().filter(|&&t| chosen(wall.triangles[t as usize]));
        own.map(|&t| wall.area_vector(t as usize).norm()).sum()
    }
}

/// Largest distance between two of the places, m: from any place to the farthest, from there to the farthest, and so
/// on, which for shapes like sacs ends at the largest.
pub(super) fn widest(places: &[Vector3<f64>]) -> f64 {
    let Some(mut at) = places.first().copied() else { return 0.0 };
    let mut width: f64 = 0.0;
    for _ in 0..6 {
        let far = |a: &&Vector3<f64>, b: &&Vector3<f64>| (*a - at).norm_squared().total_cmp(&(*b - at).norm_squared());
        let Some(farthest) = places.iter().max_by(far) else { break };
        width = width.max((farthest - at).norm());
        at = *farthest;
    }
    width
}
