//! From lines, one to every opening, to a tree.
//!
//! The longest line comes first. Every other one is followed upstream from its opening until it enters the tube of a line
//! that is there already, the union of that line's inscribed spheres (the rule of Antiga and Steinman, IEEE Trans. Med.
//! Imaging 23, 704, 2004), and on until it has come close to the line itself: there it joins.

use nalgebra::Vector3;

use super::centre::Spot;

/// Closeness at which a line joins another, in radii of the latter's sphere.
const CLOSE: f64 = 0.25;

/// Junctions nearer than this, in radii of the sphere there, are one.
const SAME: f64 = 0.25;

/// A line to an opening.
pub(super) struct Line {
    /// The opening; none for a blind end.
    pub opening: Option<usize>,
    /// From the line that it leaves, whose point is its first one, to the opening.
    pub spots: Vec<Spot>,
    /// The line that it leaves, and the number of the point.
    pub from: Option<[usize; 2]>,
}

/// Joins lines that all begin at one place.
pub(super) fn join(lines: Vec<(Option<usize>, Vec<Spot>)>) -> Vec<Line> {
    let length = |spots: &[Spot]| spots.windows(2).map(|pair| (pair[1].place - pair[0].place).norm()).sum::<f64>();
    let mut lines: Vec<(f64, Option<usize>, Vec<Spot>)> =
        lines.into_iter().map(|(opening, spots)| (length(&spots), opening, spots)).collect();
    lines.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut joined: Vec<Line> = Vec::new();
    for (_, opening, spots) in lines {
        let line = if joined.is_empty() { Line { opening, spots, from: None } } else { leave(&joined, opening, &spots) };
        joined.push(line);
    }
    joined
}

/// A line cut off where it joins one of the others.
fn leave(joined: &[Line], opening: Option<usize>, spots: &[Spot]) -> Line {
    let mut entered = false;
    let mut closest = (f64::INFINITY, 0, [0, 0]);
    for k in (0..spots.len().saturating_sub(1)).rev() {
        let Some((gap, at)) = nearest(joined, spots[k].place) else { continue };
        entered |= gap < 1.0;
        if entered && gap < closest.0 {
            closest = (gap, k, at);
        }
        if entered && gap < CLOSE {
            break;
        }
    }
    let (_, k, at) = closest;
    let at = merged(joined, at);
    let start = joined[at[0]].spots[at[1]];
    // What lies behind the junction, and what runs back toward it, is left out.
    let rest = spots[k..].iter().skip_while(|spot| (spot.place - start.place).norm() < CLOSE * start.radius);
    let mut own = vec![start];
    own.extend(rest);
    if own.len() < 2 {
        own.extend(spots.last());
    }
    Line { opening, spots: own, from: Some(at) }
}

/// The point of the lines nearest to a place in radii of its sphere: the distance in these, line and number. A line's own
/// ends are no places to join.
fn nearest(joined: &[Line], place: Vector3<f64>) -> Option<(f64, [usize; 2])> {
    let mut best: Option<(f64, [usize; 2])> = None;
    for (l, line) in joined.iter().enumerate() {
        for k in 1..line.spots.len().saturating_sub(1) {
            let gap = (line.spots[k].place - place).norm() / line.spots[k].radius.max(f64::MIN_POSITIVE);
            if best.is_none_or(|(least, _)| gap < least) {
                best = Some((gap, [l, k]));
            }
        }
    }
    best
}

/// The junction that is there already near a point of a line; else the point.
fn merged(joined: &[Line], at: [usize; 2]) -> [usize; 2] {
    let spot = joined[at[0]].spots[at[1]];
    let apart = |other: [usize; 2]| (joined[other[0]].spots[other[1]].place - spot.place).norm();
    let others = joined.iter().filter_map(|line| line.from);
    let near = others.filter(|&other| apart(other) < SAME * spot.radius);
    near.min_by(|&a, &b| apart(a).total_cmp(&apart(b))).unwrap_or(at)
}
