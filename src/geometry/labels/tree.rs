//! The branches of a vessel from its cells: which are too thin, and where the tips are.
//!
//! Theory: fronts of equal distance along the vessel, measured inside it from one of its ends, run through a tube as its
//! cross-sections. Where a front falls into two, the vessel forks; where it vanishes, a branch ends: the Reeb graph of the
//! geodesic distance (Lazarus and Verroust, Shape Modeling International 1999, 204). A piece of cells between two fronts
//! is a node; its volume over the distance of the fronts is the area of the section there.
//!
//! Practice: end branches shorter than wide are bumps and no branches. Then end branches thinner than the limit are taken
//! off, the thinnest first, until none is left. The tips of those that remain are cut at about one diameter from the end.

use std::collections::{BTreeSet, HashMap};

use nalgebra::Vector3;

use super::mask::Mask;

/// Distance of two fronts, in the longest edge of a voxel: more than any step to a neighbour.
const FRONTS: f64 = 2.0;
/// An end branch shorter than this many of its diameters is a bump.
const BUMP: f64 = 0.75;

/// A branch without a fork shorter than this many of its diameters has no tips: each is cut at a diameter from its end.
const STUB: f64 = 2.0;
/// A branch is as wide as it is over a stretch of this many of its mean diameters.
const STRETCH: f64 = 2.0;

/// A branch that was taken off, in cells and the length of the voxel's edges.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Thin {
    /// Middle of the branch.
    pub place: Vector3<f64>,
    /// Diameter of the circle of its mean section.
    pub diameter: f64,
    pub length: f64,
    pub cells: u64,
}

/// Where to open a tip.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tip {
    /// Sections that may be cut, the best first: middle, direction out of the vessel, diameter expected.
    pub sections: Vec<(Vector3<f64>, Vector3<f64>, f64)>,
    /// Whether the branch leaves the image here.
    pub beyond: bool,
}

#[derive(Clone, Debug, Default)]
struct Node {
    cells: u64,
    sum: Vector3<f64>,
    beyond: bool,
    next: BTreeSet<u32>,
    gone: bool,
}

/// The graph of the fronts.
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// Node of each cell; `u32::MAX` outside.
    node_of: Vec<u32>,
    step: f64,
    /// Volume of a cell.
    volume: f64,
}

/// An end branch: nodes from its tip on, and the node that it hangs on.
struct Chain {
    nodes: Vec<u32>,
    root: Option<u32>,
}

impl Tree {
    /// The tree of the cells, whose edges are `edges`.
    pub fn new(mask: &Mask, edges: Vector3<f64>) -> Self {
        let walk = Walk::new(mask, edges);
        let seed = mask.cells.iter().position(|&inside| inside).unwrap_or(0);
        let distance = walk.distances(seed);
        let far = |a: &usize, b: &usize| distance[*a].total_cmp(&distance[*b]);
        let end = (0..mask.cells.len()).filter(|&at| distance[at].is_finite()).max_by(far).unwrap_or(seed);
        let distance = walk.distances(end);
        let step = FRONTS * edges.max();
        let band = |at: usize| (f64::from(distance[at]) / step) as u32;
        let mut node_of = vec![u32::MAX; mask.cells.len()];
        let mut nodes: Vec<Node> = Vec::new();
        for seed in 0..mask.cells.len() {
            if !distance[seed].is_finite() || node_of[seed] != u32::MAX {
                continue;
            }
            let number = nodes.len() as u32;
            let mut node = Node::default();
            node_of[seed] = number;
            let mut open = vec![seed];
            while let Some(at) = open.pop() {
                node.cells += 1;
                node.sum += Vector3::from(mask.cell(at).map(|x| x as f64));
                node.beyond |= mask.is_beyond(at);
                for &(offset, _) in &walk.steps {
                    let other = at.wrapping_add_signed(offset);
                    if distance[other].is_finite() && node_of[other] == u32::MAX && band(other) == band(at) {
                        node_of[other] = number;
                        open.push(other);
                    }
                }
            }
            nodes.push(node);
        }
        for at in (0..node_of.len()).filter(|&at| node_of[at] != u32::MAX) {
            for &(offset, _) in &walk.steps {
                let (a, b) = (node_of[at], node_of[at.wrapping_add_signed(offset)]);
                if b != u32::MAX && a != b {
                    nodes[a as usize].next.insert(b);
                }
            }
        }
        Self { nodes, node_of, step, volume: edges.product() }.spliced(edges)
    }

    fn spliced(mut self, edges: Vector3<f64>) -> Self {
        for node in &mut self.nodes {
            node.sum = node.sum.component_mul(&edges);
        }
        self
    }

    fn centre(&self, node: u32) -> Vector3<f64> {
        let node = &self.nodes[node as usize];
        node.sum / node.cells.max(1) as f64
    }

    /// Diameter of the circle that has the mean section of some nodes.
    fn diameter(&self, nodes: &[u32]) -> f64 {
        let cells: u64 = nodes.iter().map(|&n| self.nodes[n as usize].cells).sum();
        let area = cells as f64 * self.volume / (self.step * nodes.len().max(1) as f64);
        (4.0 * area / std::f64::consts::PI).sqrt()
    }

    /// Diameter around one of the nodes of a branch.
    fn local(&self, nodes: &[u32], k: usize) -> f64 {
        self.diameter(&nodes[k.saturating_sub(1)..(k + 2).min(nodes.len())])
    }

    /// Diameter that counts against the limit: of a branch that tapers, that of its widest stretch.
    fn width(&self, nodes: &[u32]) -> f64 {
        let mean = self.diameter(nodes);
        let stretch = ((STRETCH * mean / self.step).ceil() as usize).clamp(1, nodes.len());
        nodes.windows(stretch).map(|part| self.diameter(part)).fold(mean, f64::max)
    }

    /// End branches.
    fn chains(&self) -> Vec<Chain> {
        let is_tip = |&n: &u32| !self.nodes[n as usize].gone && self.nodes[n as usize].next.len() <= 1;
        (0..self.nodes.len() as u32).filter(is_tip).map(|tip| self.chain(tip)).collect()
    }

    fn chain(&self, tip: u32) -> Chain {
        let mut nodes = vec![tip];
        loop {
            let last = nodes[nodes.len() - 1];
            let before = nodes.len().checked_sub(2).map(|k| nodes[k]);
            let Some(&next) = self.nodes[last as usize].next.iter().find(|n| Some(**n) != before) else {
                return Chain { nodes, root: None };
            };
            if self.nodes[next as usize].next.len() > 2 {
                return Chain { nodes, root: Some(next) };
            }
            nodes.push(next);
        }
    }

    fn length(&self, chain: &Chain) -> f64 {
        self.step * chain.nodes.len() as f64
    }

    /// Whether an end branch is a bump: shorter than it is wide, or within the vessel that it hangs on.
    fn is_bump(&self, chain: &Chain) -> bool {
        let Some(root) = chain.root else { return false };
        let length = self.length(chain);
        length < BUMP * self.diameter(&chain.nodes) || length < 0.5 * self.diameter(&[root])
    }

    fn take(&mut self, chain: &Chain) {
        for &node in &chain.nodes {
            self.nodes[node as usize].gone = true;
            for next in std::mem::take(&mut self.nodes[node as usize].next) {
                self.nodes[next as usize].next.remove(&node);
            }
        }
    }

    /// Takes bumps out of the graph, the shortest first.
    fn smooth(&mut self) {
        loop {
            let bumps = self.chains().into_iter().filter(|chain| self.is_bump(chain));
            let Some(shortest) = bumps.min_by_key(|chain| chain.nodes.len()) else { return };
            self.take(&shortest);
        }
    }

    /// Takes end branches thinner than `least` off the cells, the thinnest first.
    pub fn prune(&mut self, cells: &mut [bool], least: f64) -> Vec<Thin> {
        let mut gone: HashMap<u32, usize> = HashMap::new();
        let mut thin = Vec::new();
        loop {
            self.smooth();
            let chains = self.chains().into_iter().map(|chain| (self.width(&chain.nodes), chain));
            let thinnest = chains.filter(|(d, _)| *d < least).min_by(|a, b| a.0.total_cmp(&b.0));
            let Some((_, chain)) = thinnest else { break };
            gone.extend(chain.nodes.iter().map(|&n| (n, thin.len())));
            let place = self.centre(chain.nodes[chain.nodes.len() / 2]);
            let cells = chain.nodes.iter().map(|&n| self.nodes[n as usize].cells).sum();
            let diameter = self.diameter(&chain.nodes);
            thin.push(Thin { place, diameter, length: self.length(&chain), cells });
            self.take(&chain);
        }
        for (cell, node) in cells.iter_mut().zip(&self.node_of) {
            *cell &= !gone.contains_key(node);
        }
        thin
    }

    /// The tips of the branches that are left; sections thinner than `least` are not cut.
    pub fn tips(&self, least: f64) -> Vec<Tip> {
        self.chains().iter().filter_map(|chain| self.tip(chain, least)).collect()
    }

    fn tip(&self, chain: &Chain, least: f64) -> Option<Tip> {
        let beyond = chain.nodes.iter().take(2).any(|&n| self.nodes[n as usize].beyond);
        let nodes = &chain.nodes;
        let local = |k: usize| self.local(nodes, k);
        let width = self.diameter(nodes);
        if self.length(chain) < width * if chain.root.is_some() { BUMP } else { STUB } {
            return None;
        }
        let half = nodes.len().div_ceil(2);
        // The first section that is wide enough and one diameter from the tip, but in the outer half of the branch.
        let wide = (1..nodes.len()).find(|&k| local(k) >= least).unwrap_or(half);
        let far = (1..nodes.len()).find(|&k| self.step * (k as f64 + 0.5) >= local(k)).unwrap_or(half);
        let best = wide.max(far.min(half)).max(1);
        let around = [0isize, 1, 2, -1, 3, 4, -2, 6];
        let at = around.iter().filter_map(|&d| best.checked_add_signed(d)).filter(|&k| k >= 1 && k < nodes.len());
        let sections = at.map(|k| {
            let reach = ((0.5 * local(k) / self.step).round() as usize).max(1);
            let (out, back) = (k.saturating_sub(reach), (k + reach).min(nodes.len() - 1));
            let deep = if back == k { chain.root.unwrap_or(nodes[k]) } else { nodes[back] };
            let axis = self.centre(nodes[out]) - self.centre(deep);
            (self.centre(nodes[k]), axis.try_normalize(0.0).unwrap_or_else(Vector3::x), local(k))
        });
        Some(Tip { sections: sections.collect(), beyond })
    }
}

/// Ways from a cell to its 26 neighbours.
struct Walk<'m> {
    mask: &'m Mask,
    /// Offset in the cells, and length.
    steps: Vec<(isize, f32)>,
    shortest: f64,
}

impl<'m> Walk<'m> {
    fn new(mask: &'m Mask, edges: Vector3<f64>) -> Self {
        let strides = mask.strides().map(|s| s as isize);
        let steps = (0..27).filter(|&n| n != 13).map(|n| {
            let d = [n % 3 - 1, n / 3 % 3 - 1, n / 9 - 1];
            let length = Vector3::from(d.map(|x| x as f64)).component_mul(&edges).norm();
            ((0..3).map(|k| d[k] * strides[k]).sum(), length as f32)
        });
        Self { mask, steps: steps.collect(), shortest: edges.min() }
    }

    /// Length of the way from a cell to each other inside the vessel; infinite where there is none. Buckets as wide as
    /// the shortest step (Dial, Comm. ACM 12, 632, 1969) make this linear.
    fn distances(&self, from: usize) -> Vec<f32> {
        let mut distance = vec![f32::INFINITY; self.mask.cells.len()];
        let mut buckets: Vec<Vec<u32>> = vec![vec![from as u32]];
        distance[from] = 0.0;
        let bucket_of = |d: f32| (f64::from(d) / self.shortest) as usize;
        let mut bucket = 0;
        while bucket < buckets.len() {
            let mut next = 0;
            while let Some(&at) = buckets[bucket].get(next) {
                next += 1;
                let (at, here) = (at as usize, distance[at as usize]);
                if bucket_of(here) != bucket {
                    continue;
                }
                for &(offset, length) in &self.steps {
                    let other = at.wrapping_add_signed(offset);
                    let there = here + length;
                    if self.mask.cells[other] && there < distance[other] {
                        distance[other] = there;
                        let into = bucket_of(there);
                        if into >= buckets.len() {
                            buckets.resize(into + 1, Vec::new());
                        }
                        buckets[into].push(other as u32);
                    }
                }
            }
            buckets[bucket] = Vec::new();
            bucket += 1;
        }
        distance
    }
}
