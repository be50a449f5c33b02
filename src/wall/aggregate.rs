//! Aggregates: the nodes that move together on the next coarser level of the multigrid.
//!
//! On every level nodes stand in columns, of one length. Columns are grouped along the wall, three by three where the
//! mesh is regular, and levels are parted; an aggregate is a part of a group. Groups are grown greedily over the graph of
//! the columns (Vanek, Mandel and Brezina, Computing 56, 179, 1996, algorithm 5.1): a column whose neighbours are all
//! free takes them, and what is left joins the group that it has most links to. The order is that of the columns, so
//! the same mesh always gives the same aggregates.

/// No group yet.
const FREE: u32 = u32::MAX;

/// Which columns are neighbours: those of column `c` are `neighbour[start[c]..start[c + 1]]`.
#[derive(Clone, Debug)]
pub(super) struct Graph {
    /// Where the neighbours of a column begin; one more than columns.
    pub start: Vec<u32>,
    /// Neighbours of each column, itself among them, ascending.
    pub neighbour: Vec<u32>,
}

impl Graph {
    pub(super) fn len(&self) -> usize {
        self.start.len() - 1
    }

    pub(super) fn around(&self, column: usize) -> &[u32] {
        &self.neighbour[self.start[column] as usize..self.start[column + 1] as usize]
    }
}

/// Groups of columns and parts of levels.
#[derive(Clone, Debug)]
pub(super) struct Aggregates {
    /// Group of each column.
    pub group: Vec<u32>,
    /// Part of each level.
    pub part: Vec<u32>,
    /// Number of parts.
    pub parts: usize,
    /// Where the members of a group begin; one more than groups.
    pub start: Vec<u32>,
    /// Columns of each group, ascending.
    pub member: Vec<u32>,
}

impl Aggregates {
    /// Aggregates on a graph of columns with `levels` nodes each, these in `parts`.
    pub(super) fn new(graph: &Graph, levels: usize, parts: usize) -> Self {
        let (group, groups) = grown(graph);
        let part = (0..levels).map(|k| (k * parts / levels) as u32).collect();
        let mut start = vec![0; groups + 1];
        group.iter().for_each(|&g| start[g as usize + 1] += 1);
        (0..groups).for_each(|g| start[g + 1] += start[g]);
        let mut next = start.clone();
        let mut member = vec![0; group.len()];
        for (column, &g) in group.iter().enumerate() {
            member[next[g as usize] as usize] = column as u32;
            next[g as usize] += 1;
        }
        Self { group, part, parts, start, member }
    }

    /// Number of groups.
    pub(super) fn groups(&self) -> usize {
        self.start.len() - 1
    }

    /// Nodes of a column.
    pub(super) fn levels(&self) -> usize {
        self.part.len()
    }

    /// Number of aggregates.
    pub(super) fn count(&self) -> usize {
        self.groups() * self.parts
    }

    /// Columns of a group.
    pub(super) fn members(&self, group: usize) -> &[u32] {
        &self.member[self.start[group] as usize..self.start[group + 1] as usize]
    }

    /// Aggregate of a node.
    pub(super) fn of(&self, node: usize) -> u32 {
        let (column, level) = (node / self.levels(), node % self.levels());
        self.group[column] * self.parts as u32 + self.part[level]
    }

    /// Which groups are neighbours: those with neighbouring columns.
    pub(super) fn contract(&self, graph: &Graph) -> Graph {
        let mut start = vec![0];
        let mut neighbour = Vec::new();
        for group in 0..self.groups() {
            let columns = self.members(group).iter();
            let mut near: Vec<u32> =
                columns.flat_map(|&c| graph.around(c as usize)).map(|&d| self.group[d as usize]).collect();
            near.sort_unstable();
            near.dedup();
            neighbour.extend(near);
            start.push(neighbour.len() as u32);
        }
        Graph { start, neighbour }
    }
}

/// Group of each column, and how many there are.
fn grown(graph: &Graph) -> (Vec<u32>, usize) {
    let mut group = vec![FREE; graph.len()];
    let mut groups = 0;
    for column in 0..graph.len() {
        let around = graph.around(column);
        if around.iter().all(|&d| group[d as usize] == FREE) {
            around.iter().for_each(|&d| group[d as usize] = groups);
            groups += 1;
        }
    }
    let cores = group.clone();
    for (column, group) in group.iter_mut().enumerate().filter(|(_, group)| **group == FREE) {
        let mut near: Vec<u32> =
            graph.around(column).iter().map(|&d| cores[d as usize]).filter(|&g| g != FREE).collect();
        near.sort_unstable();
        let links = |g: u32| near.iter().filter(|&&other| other == g).count();
        // A column that took none has a neighbour that is in a group.
        let most = near.iter().copied().max_by_key(|&g| (links(g), std::cmp::Reverse(g)));
        *group = most.unwrap_or(groups);
        groups += u32::from(most.is_none());
    }
    (group, groups as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns of a square of `n` by `n`, neighbours those of a shared quadrilateral.
    fn square(n: usize) -> Graph {
        let mut graph = Graph { start: vec![0], neighbour: Vec::new() };
        for c in 0..n * n {
            let near = |d: &usize| (d / n).abs_diff(c / n) <= 1 && (d % n).abs_diff(c % n) <= 1;
            graph.neighbour.extend((0..n * n).filter(near).map(|d| d as u32));
            graph.start.push(graph.neighbour.len() as u32);
        }
        graph
    }

    #[test]
    fn groups_are_about_three_by_three() {
        let graph = square(30);
        let aggregates = Aggregates::new(&graph, 8, 3);
        let sizes: Vec<usize> = (0..aggregates.groups()).map(|g| aggregates.members(g).len()).collect();
        assert_eq!(sizes.iter().sum::<usize>(), 900);
        assert!((90..=130).contains(&sizes.len()), "{} groups", sizes.len());
        assert!(sizes.iter().all(|&s| (2..=16).contains(&s)), "{sizes:?}");
        assert_eq!(aggregates.part, [0, 0, 0, 1, 1, 1, 2, 2]);
        assert_eq!(aggregates.of(8 * 31 + 7), aggregates.group[31] * 3 + 2);
        let coarse = aggregates.contract(&graph);
        assert_eq!(coarse.len(), sizes.len());
        assert!((0..coarse.len()).all(|g| coarse.around(g).contains(&(g as u32)) && coarse.around(g).len() <= 12));
    }
}
