//! Branches with their points, from lines that are joined.

use nalgebra::Vector3;
use rayon::prelude::*;

use super::centre::Spot;
use super::inside::Inside;
use super::join::Line;
use super::section::Section;
use super::{Branch, Junction, Point, Tree};
use crate::geometry::vessel::{Opening, Vessel};

/// Points of a branch are this part of its median radius apart.
const STEP: f64 = 0.2;

/// Steps of a branch at most.
const MOST_STEPS: f64 = 2000.0;

/// A section at an opening lies this part of the opening's radius before its plane.
const BEFORE: f64 = 0.02;

/// A branch that is still to be followed: its line, the point that it begins at, the branch upstream and the junction.
#[derive(Clone, Copy)]
struct Start {
    line: usize,
    at: usize,
    parent: Option<usize>,
    junction: Option<usize>,
}

/// The tree that the lines make.
pub(super) fn tree(vessel: &Vessel, inside: &Inside, inlet: usize, lines: &[Line]) -> Tree {
    let mut tree = Tree::default();
    let mut open = vec![Start { line: 0, at: 0, parent: None, junction: None }];
    while let Some(start) = open.pop() {
        let spots = &lines[start.line].spots;
        let end = next_junction(lines, start);
        let number = tree.branches.len();
        let arc = start.parent.and_then(|p| tree.branches[p].points.last()).map_or(0.0, |point| point.arc);
        let opening = lines[start.line].opening.filter(|_| end.is_none());
        let points = points(inside, &spots[start.at..=end.unwrap_or(spots.len() - 1)], arc);
        let last = points.last().cloned();
        tree.branches.push(Branch { name: String::new(), parent: start.parent, opening, points });
        if let Some(junction) = start.junction {
            tree.junctions[junction].to.push(number);
        }
        let (Some(at), Some(point)) = (end, last) else { continue };
        let name = format!("j{}", tree.junctions.len() + 1);
        let Point { place, radius, arc, .. } = point;
        let junction = Some(tree.junctions.len());
        tree.junctions.push(Junction { name, place, radius, arc, from: number, to: Vec::new() });
        let mut next = vec![Start { line: start.line, at, parent: Some(number), junction }];
        let leaving = (0..lines.len()).filter(|&l| lines[l].from == Some([start.line, at]));
        next.extend(leaving.map(|line| Start { line, at: 0, parent: Some(number), junction }));
        next.sort_by_key(|start| std::cmp::Reverse(least_opening(lines, *start)));
        open.extend(next);
    }
    name(&mut tree, vessel);
    cut(&mut tree, inside, vessel, inlet);
    tree
}

/// The next point of a line after a start where another line leaves it.
fn next_junction(lines: &[Line], start: Start) -> Option<usize> {
    let leaving = lines.iter().filter_map(|line| line.from).filter(|from| from[0] == start.line);
    leaving.map(|from| from[1]).filter(|&at| at > start.at).min()
}

/// The least opening that a start leads to.
fn least_opening(lines: &[Line], start: Start) -> usize {
    let mut least = usize::MAX;
    let mut open = vec![(start.line, start.at)];
    while let Some((line, at)) = open.pop() {
        least = least.min(lines[line].opening.unwrap_or(usize::MAX));
        let leaving = lines.iter().enumerate().filter_map(|(l, other)| Some((l, other.from?)));
        open.extend(leaving.filter(|(_, from)| from[0] == line && from[1] > at).map(|(l, _)| (l, 0)));
    }
    least
}

/// Evenly spaced points with tangents and radii; `arc` is that of the first.
fn points(inside: &Inside, spots: &[Spot], arc: f64) -> Vec<Point> {
    let mut radii: Vec<f64> = spots.iter().map(|spot| spot.radius).collect();
    radii.sort_by(f64::total_cmp);
    let lengths: Vec<f64> = spots.windows(2).map(|pair| (pair[1].place - pair[0].place).norm()).collect();
    let total: f64 = lengths.iter().sum();
    let step = (STEP * radii[radii.len() / 2]).min(2.0 * STEP * radii[0]).max(total / MOST_STEPS);
    let count = (total / step).ceil().clamp(1.0, MOST_STEPS) as usize;
    let (mut k, mut before) = (0, 0.0);
    let mut places = Vec::with_capacity(count + 1);
    for n in 0..=count {
        let at = total * n as f64 / count as f64;
        while k + 1 < lengths.len() && before + lengths[k] < at {
            before += lengths[k];
            k += 1;
        }
        let part = ((at - before) / lengths[k].max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
        places.push(spots[k].place.lerp(&spots[k + 1].place, part));
    }
    places[0] = spots[0].place;
    places[count] = spots[spots.len() - 1].place;
    let mut so_far = arc;
    let point = |n: usize| {
        if n > 0 {
            so_far += (places[n] - places[n - 1]).norm();
        }
        let along = places[(n + 2).min(count)] - places[n.saturating_sub(2)];
        let tangent = along.try_normalize(0.0).unwrap_or_else(Vector3::x);
        let (radius, area) = (inside.radius(places[n]), 0.0);
        let (place, tangent) = (places[n].into(), tangent.into());
        Point { place, tangent, arc: so_far, radius, area, shared: false, section: Vec::new() }
    };
    (0..=count).map(point).collect()
}

/// Names the branches.
fn name(tree: &mut Tree, vessel: &Vessel) {
    let mut ends: Vec<[Option<String>; 2]> = vec![[None, None]; tree.branches.len()];
    for junction in &tree.junctions {
        ends[junction.from][1] = Some(junction.name.clone());
        junction.to.iter().for_each(|&to| ends[to][0] = Some(junction.name.clone()));
    }
    for (branch, ends) in tree.branches.iter_mut().zip(ends) {
        branch.name = match (branch.opening, ends) {
            (Some(opening), _) => vessel.openings[opening].name.clone(),
            (None, [Some(from), Some(to)]) => format!("{from}-{to}"),
            (None, _) => "trunk".to_owned(),
        };
    }
}

/// Cuts the sections of all points.
fn cut(tree: &mut Tree, inside: &Inside, vessel: &Vessel, inlet: usize) {
    let lines: Vec<Vec<(Vector3<f64>, f64)>> =
        tree.branches.iter().map(|b| b.points.iter().map(|p| (p.place.into(), p.radius)).collect()).collect();
    let spheres: Vec<Vec<(Vector3<f64>, f64)>> = (0..tree.branches.len())
        .map(|b| {
            let ends = tree.junctions.iter().filter(|j| j.from == b || j.to.contains(&b));
            ends.map(|j| (j.place.into(), j.radius)).collect()
        })
        .collect();
    for (b, branch) in tree.branches.iter_mut().enumerate() {
        let last = branch.points.len() - 1;
        let first = branch.parent.is_none().then(|| (&vessel.openings[inlet], -1.0));
        let end = branch.opening.map(|k| (&vessel.openings[k], 1.0));
        branch.points.par_iter_mut().enumerate().with_min_len(8).for_each(|(n, point)| {
            let at_end = [first.filter(|_| n == 0), end.filter(|_| n == last)].into_iter().flatten().next();
            let (centre, normal) = at_end.map_or((Vector3::from(point.place), Vector3::from(point.tangent)), before);
            if at_end.is_some() {
                point.tangent = normal.into();
            }
            let near = |(place, radius): &(Vector3<f64>, f64)| (Vector3::from(point.place) - place).norm() < *radius;
            let alone = !spheres[b].iter().any(near);
            let section = Section::new(inside, centre, normal);
            let joined = |section: &Section| {
                let others = lines.iter().enumerate().filter(|(other, _)| *other != b);
                others.flat_map(|(_, line)| line).any(|&(place, radius)| section.cuts(normal, place, radius))
            };
            point.shared = !alone || section.as_ref().is_none_or(joined);
            (point.area, point.section) = section.map_or_else(
                || (std::f64::consts::PI * point.radius.powi(2), Vec::new()),
                |section| (section.area, section.rim),
            );
        });
    }
}

/// Place and direction of the section just inside an opening; `sign` is 1 where the line leaves there.
fn before((opening, sign): (&Opening, f64)) -> (Vector3<f64>, Vector3<f64>) {
    let normal = Vector3::from(opening.normal);
    let back = opening.unevenness + 0.5 * BEFORE * opening.equivalent_diameter();
    (Vector3::from(opening.centre) - normal * back, sign * normal)
}
