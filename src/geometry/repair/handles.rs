//! Topology of a surface: how many handles it has.
//!
//! Euler's formula for a surface whose free rims are closed by discs: V - E + F + rims = 2 - 2 g for every piece, where
//! g is its number of handles. A vertex where two fans of triangles only touch counts once for each.

use crate::geometry::edges::{Edges, Sets, half_edge};

/// Handles of all pieces together; `None` where an edge has more than two triangles.
pub(super) fn handles(triangles: &[[u32; 3]], edges: &Edges) -> Option<i64> {
    if edges.non_manifold().next().is_some() {
        return None;
    }
    let mut corners = Sets::new(3 * triangles.len());
    let mut pieces = Sets::new(triangles.len());
    for edge in (0..edges.len()).filter(|&edge| edges.uses(edge).len() == 2) {
        let [h, k] = [edges.uses(edge)[0], edges.uses(edge)[1]];
        pieces.join(h / 3, k / 3);
        let alike = half_edge(triangles, h)[0] == half_edge(triangles, k)[0];
        let next = |half: u32| half - half % 3 + (half + 1) % 3;
        corners.join(h, if alike { k } else { next(k) });
        corners.join(next(h), if alike { next(k) } else { k });
    }
    let mut rims = Sets::new(3 * triangles.len());
    for half in edges.free().map(|edge| edges.uses(edge)[0]) {
        let next = half - half % 3 + (half + 1) % 3;
        rims.join(corners.find(half), corners.find(next));
    }
    let mut on_rim: Vec<u32> =
        edges.free().map(|edge| edges.uses(edge)[0]).map(|half| rims.find(corners.find(half))).collect();
    on_rim.sort_unstable();
    on_rim.dedup();
    let roots = |sets: &mut Sets, count: usize| (0..count as u32).filter(|&k| sets.find(k) == k).count() as i64;
    let vertices = roots(&mut corners, 3 * triangles.len());
    let euler = vertices - edges.len() as i64 + triangles.len() as i64 + on_rim.len() as i64;
    Some((2 * roots(&mut pieces, triangles.len()) - euler) / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A torus of n by m quadrilaterals.
    fn torus(n: u32, m: u32) -> Vec<[u32; 3]> {
        let at = |i: u32, j: u32| (i % n) * m + j % m;
        (0..n)
            .flat_map(|i| (0..m).map(move |j| (i, j)))
            .flat_map(|(i, j)| [[at(i, j), at(i + 1, j), at(i + 1, j + 1)], [at(i, j), at(i + 1, j + 1), at(i, j + 1)]])
            .collect()
    }

    #[test]
    fn balls_and_rings_are_told_apart_with_and_without_holes() {
        let ball = vec![[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]];
        let count = |triangles: &[[u32; 3]]| handles(triangles, &Edges::new(triangles));
        assert_eq!((count(&ball), count(&ball[1..]), count(&torus(5, 4))), (Some(0), Some(0), Some(1)));
        assert_eq!(count(&torus(6, 5)[3..]), Some(1));
        assert_eq!(count(&[[0, 1, 2], [1, 0, 3], [0, 1, 4]]), None);
    }
}
