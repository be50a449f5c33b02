//! An estimate of the fastest velocity, before anything is computed: flow over the smallest section.
//!
//! From the lids where fluid enters, path lengths through the lattice are found; sites of nearly equal path length form
//! cross-sections, one a branch. The flow is shared among the branches cut at the same path length by Murray's law
//! (`Q ~ r^3`, Murray 1926), and the velocity on the axis is taken as twice the mean.

use std::collections::VecDeque;

use super::plan::{Asked, Iolet, flow, pressure};
use crate::case::{Case, CaseError};
use crate::geometry::lattice::Lattice;
use crate::geometry::lattice::directions::Q;

/// Thickness of a section, in sites.
const THICKNESS: u32 = 4;

/// Largest mean velocity over an opening, m/s.
const FASTEST: f64 = 5.0;

/// Estimated fastest velocity, m/s: the larger of what the flows and what the pressures ask for; `rho` in kg/m^3, `mu`
/// in Pa s.
#[must_use]
pub fn estimate(lattice: &Lattice, iolets: &[Iolet], rho: f64, mu: f64) -> f64 {
    let by_flow = sections(lattice, iolets);
    let pressures: Vec<f64> = iolets.iter().filter_map(|i| pressure(i.asked)).collect();
    let high = pressures.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let low = pressures.iter().copied().fold(f64::INFINITY, f64::min);
    if pressures.len() < 2 || high <= low {
        return by_flow;
    }
    // A pressure difference makes at most Bernoulli's velocity, and at most Poiseuille's along the vessel.
    let bernoulli = (2.0 * (high - low) / rho).sqrt();
    let widest = iolets.iter().map(|i| i.diameter).fold(0.0, f64::max);
    let size = |a: usize| lattice.grid.size[a] as f64 * lattice.grid.spacing;
    let length = size(0).max(size(1)).max(size(2));
    let poiseuille = (high - low) * widest * widest / (16.0 * mu * length);
    by_flow.max(bernoulli.min(poiseuille))
}

/// Refuses flows that are too fast for the opening that they go through: the unit of either is wrong.
pub(super) fn check(case: &Case, iolets: &[Iolet]) -> Result<(), CaseError> {
    for (opening, iolet) in case.openings.iter().zip(iolets) {
        let most = flow(iolet.asked).map_or(0.0, |q| iolet.wave.as_ref().map_or(q, |w| w.max().max(-w.min())));
        let velocity = most.abs() / iolet.area;
        if velocity > FASTEST {
            let message = format!(
                "opening `{}`: {:.4} ml/s through a diameter of {:.3} mm is {velocity:.2} m/s on average, allowed is up to \
                 {FASTEST} m/s",
                iolet.name,
                most * 1e6,
                iolet.diameter * 1e3
            );
            let help = "look at the unit here and at `geometry.unit`; blood is below 6 m/s even in a severe stenosis";
            return Err(case.error(opening.condition.span(), message, "out of range", help));
        }
    }
    Ok(())
}

fn sections(lattice: &Lattice, iolets: &[Iolet]) -> f64 {
    let entering: f64 = iolets.iter().map(|i| if let Asked::Flow(q) = i.asked { q.max(0.0) } else { 0.0 }).sum();
    let at_openings = iolets.iter().filter_map(|i| match i.asked {
        Asked::Flow(q) => Some(2.0 * q.abs() / i.area),
        Asked::Pressure(_) => None,
    });
    let mut fastest = at_openings.fold(0.0, f64::max);
    let path = paths(lattice, iolets);
    let mut tree = Tree::new(lattice, iolets, &path);
    tree.share(entering);
    let area = lattice.grid.spacing.powi(2) / f64::from(THICKNESS);
    for section in tree.sections.iter().filter(|section| !section.leaves) {
        fastest = fastest.max(2.0 * section.flow / (section.sites * area));
    }
    fastest
}

/// Connected sites of nearly equal path length, and the flow through them.
struct Section {
    bin: u32,
    sites: f64,
    flow: f64,
    next: Vec<u32>,
    /// Whether it touches a lid where fluid leaves: what lies behind is the edge of the lid.
    leaves: bool,
}

/// The sections in the order of their path lengths, each with those that follow it.
struct Tree {
    sections: Vec<Section>,
}

impl Tree {
    fn new(lattice: &Lattice, iolets: &[Iolet], path: &[u32]) -> Self {
        let mut label = vec![u32::MAX; path.len()];
        let mut sections: Vec<Section> = Vec::new();
        for site in lattice.fluid_sites().filter(|&site| path[site] != u32::MAX) {
            if label[site] == u32::MAX {
                let sites = flood(lattice, path, &mut label, site, sections.len() as u32) as f64;
                sections.push(Section { bin: bin(path[site]), sites, flow: 0.0, next: Vec::new(), leaves: false });
            }
        }
        for site in lattice.fluid_sites().filter(|&site| path[site] != u32::MAX) {
            for q in 1..Q {
                let Some(next) = lattice.neighbour(site, q) else { continue };
                if path[next] != u32::MAX && bin(path[next]) == bin(path[site]) + 1 {
                    let followers = &mut sections[label[site] as usize].next;
                    if !followers.contains(&label[next]) {
                        followers.push(label[next]);
                    }
                }
            }
        }
        for link in &lattice.iolet_links {
            let entrance = matches!(iolets[link.iolet as usize].asked, Asked::Flow(q) if q > 0.0);
            if let Some(section) = sections.get_mut(label[link.site as usize] as usize) {
                section.leaves |= !entrance;
            }
        }
        Self { sections }
    }

    /// Sends the flow down the tree, shared by Murray's law wherever a section has several behind it.
    fn share(&mut self, entering: f64) {
        let mut order: Vec<u32> = (0..self.sections.len() as u32).collect();
        order.sort_by_key(|&k| self.sections[k as usize].bin);
        let first = order.iter().filter(|&&k| self.sections[k as usize].bin == 0).copied().collect::<Vec<_>>();
        self.spread(&first, entering);
        for k in order {
            let section = &self.sections[k as usize];
            if !section.leaves {
                let (next, flow) = (section.next.clone(), section.flow);
                self.spread(&next, flow);
            }
        }
    }

    fn spread(&mut self, among: &[u32], flow: f64) {
        let weight = |section: &Section| section.sites.powf(1.5);
        let total: f64 = among.iter().map(|&k| weight(&self.sections[k as usize])).sum();
        for &k in among {
            let section = &mut self.sections[k as usize];
            section.flow += flow * weight(section) / total;
        }
    }
}

fn bin(path: u32) -> u32 {
    path / (10 * THICKNESS)
}

/// Path length from the lids of entering flow, in tenths of a spacing.
fn paths(lattice: &Lattice, iolets: &[Iolet]) -> Vec<u32> {
    let mut path = vec![u32::MAX; lattice.padded_len()];
    // Steps of length 10 and 14: a queue a path length modulo 15.
    let mut queues: Vec<VecDeque<u32>> = vec![VecDeque::new(); 15];
    for link in &lattice.iolet_links {
        if matches!(iolets[link.iolet as usize].asked, Asked::Flow(q) if q > 0.0) && path[link.site as usize] > 0 {
            path[link.site as usize] = 0;
            queues[0].push_back(link.site);
        }
    }
    let (mut length, mut idle) = (0u32, 0);
    while idle < 15 {
        let Some(site) = queues[length as usize % 15].pop_front() else {
            length += 1;
            idle += 1;
            continue;
        };
        idle = 0;
        if path[site as usize] != length {
            continue;
        }
        for q in 1..Q {
            if let Some(next) = lattice.neighbour(site as usize, q) {
                let far = length + if q <= 6 { 10 } else { 14 };
                if far < path[next] {
                    path[next] = far;
                    queues[far as usize % 15].push_back(next as u32);
                }
            }
        }
    }
    path
}

/// Labels the sites of the same bin that are connected with `start`; their number.
fn flood(lattice: &Lattice, path: &[u32], label: &mut [u32], start: usize, name: u32) -> usize {
    let mut stack = vec![start];
    label[start] = name;
    let mut count = 0;
    while let Some(site) = stack.pop() {
        count += 1;
        for next in (1..Q).filter_map(|q| lattice.neighbour(site, q)) {
            if label[next] == u32::MAX && path[next] != u32::MAX && bin(path[next]) == bin(path[start]) {
                label[next] = name;
                stack.push(next);
            }
        }
    }
    count
}
