//! Which triangles share which edge, and what hangs together.
//!
//! A half-edge is one triangle's use of an edge: number `3 t + c` runs from corner `c` of triangle `t` to the next
//! corner. An edge used once is free, used twice is regular, used more often is non-manifold.

use rayon::slice::ParallelSliceMut;

/// The edges of a triangle list.
#[derive(Clone, Debug, Default)]
pub struct Edges {
    ends: Vec<[u32; 2]>,
    first_use: Vec<u32>,
    uses: Vec<u32>,
    edge_of: Vec<u32>,
}

impl Edges {
    /// Finds the edges of `triangles`, in O(n log n).
    #[must_use]
    pub fn new(triangles: &[[u32; 3]]) -> Self {
        let mut sorted: Vec<(u64, u32)> = Vec::with_capacity(3 * triangles.len());
        for (half, [from, to]) in half_edges(triangles) {
            sorted.push(((u64::from(from.min(to)) << 32) | u64::from(from.max(to)), half));
        }
        sorted.par_sort_unstable();
        let mut edges = Self { edge_of: vec![0; sorted.len()], ..Self::default() };
        let mut last = None;
        for (key, half) in sorted {
            if last != Some(key) {
                last = Some(key);
                edges.ends.push([(key >> 32) as u32, (key & 0xffff_ffff) as u32]);
                edges.first_use.push(edges.uses.len() as u32);
            }
            edges.edge_of[half as usize] = edges.ends.len() as u32 - 1;
            edges.uses.push(half);
        }
        edges.first_use.push(edges.uses.len() as u32);
        edges
    }

    /// Number of edges.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no edge.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The two vertices of an edge, the lower index first.
    #[must_use]
    pub fn ends(&self, edge: usize) -> [u32; 2] {
        self.ends[edge]
    }

    /// The half-edges of an edge.
    #[must_use]
    pub fn uses(&self, edge: usize) -> &[u32] {
        &self.uses[self.first_use[edge] as usize..self.first_use[edge + 1] as usize]
    }

    /// The edge of a half-edge.
    #[must_use]
    pub fn of(&self, half: u32) -> usize {
        self.edge_of[half as usize] as usize
    }

    /// The other half-edge of a regular edge; `None` where the edge is free or non-manifold.
    #[must_use]
    pub fn mate(&self, half: u32) -> Option<u32> {
        match self.uses(self.of(half)) {
            &[a, b] => Some(if a == half { b } else { a }),
            _ => None,
        }
    }

    /// Edges that belong to one triangle only.
    pub fn free(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.len()).filter(|&edge| self.uses(edge).len() == 1)
    }

    /// Edges that belong to three or more triangles.
    pub fn non_manifold(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.len()).filter(|&edge| self.uses(edge).len() > 2)
    }
}

/// Every half-edge with the vertices it runs from and to.
pub(crate) fn half_edges(triangles: &[[u32; 3]]) -> impl Iterator<Item = (u32, [u32; 2])> + '_ {
    (0u32..)
        .zip(triangles)
        .flat_map(|(t, corners)| (0..3).map(move |c| (3 * t + c, [corners[c as usize], corners[(c as usize + 1) % 3]])))
}

/// The vertices that a half-edge runs from and to.
pub(crate) fn half_edge(triangles: &[[u32; 3]], half: u32) -> [u32; 2] {
    let (corners, c) = (triangles[half as usize / 3], half as usize % 3);
    [corners[c], corners[(c + 1) % 3]]
}

/// Disjoint sets of the numbers below a limit, the smallest member standing for each.
pub(crate) struct Sets(Vec<u32>);

impl Sets {
    pub(crate) fn new(count: usize) -> Self {
        Self((0..count as u32).collect())
    }

    pub(crate) fn find(&mut self, mut member: u32) -> u32 {
        while self.0[member as usize] != member {
            self.0[member as usize] = self.0[self.0[member as usize] as usize];
            member = self.0[member as usize];
        }
        member
    }

    pub(crate) fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.find(a), self.find(b));
        self.0[a.max(b) as usize] = a.min(b);
    }
}

/// The connected piece of each triangle (connected by shared vertices), numbered from 0 in order of appearance, and
/// the number of pieces.
#[must_use]
pub fn components(triangles: &[[u32; 3]], vertex_count: usize) -> (Vec<u32>, usize) {
    let mut sets = Sets::new(vertex_count);
    for &[a, b, c] in triangles {
        sets.join(a, b);
        sets.join(b, c);
    }
    let mut number = vec![u32::MAX; vertex_count];
    let mut count = 0;
    let of = triangles
        .iter()
        .map(|corners| {
            let slot = &mut number[sets.find(corners[0]) as usize];
            if *slot == u32::MAX {
                *slot = count;
                count += 1;
            }
            *slot
        })
        .collect();
    (of, count as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_regular_and_non_manifold_edges_are_told_apart() {
        let edges = Edges::new(&[[0, 1, 2], [1, 0, 3], [0, 1, 4]]);
        assert_eq!(edges.len(), 7);
        assert_eq!(edges.free().count(), 6);
        let folded: Vec<_> = edges.non_manifold().map(|edge| edges.ends(edge)).collect();
        assert_eq!(folded, [[0, 1]]);
        let pair = Edges::new(&[[0, 1, 2], [1, 0, 3]]);
        assert_eq!(pair.mate(0), Some(3));
        assert_eq!(pair.mate(1), None);
    }

    #[test]
    fn pieces_are_counted_by_shared_vertices() {
        let (of, count) = components(&[[0, 1, 2], [3, 4, 5], [2, 6, 7]], 8);
        assert_eq!((of, count), (vec![0, 1, 0], 2));
    }
}
