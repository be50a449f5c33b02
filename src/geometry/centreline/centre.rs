//! From a way through cubes to the middle of the vessel.
//!
//! Every point moves in the plane across the line to the place where the inscribed sphere is largest. That place is
//! found by cutting planes: the nearest points of the wall met so far stand for the wall; where the largest sphere among
//! them holds none of the wall it is the answer, and otherwise the nearest point of the wall there joins them. In between the
//! line is smoothed and its points are spread evenly, a part of the radius apart.

use nalgebra::Vector3;
use rayon::prelude::*;

use super::inside::Inside;
use crate::geometry::tube::frame;

/// Points of a line are this part of the local radius apart.
const STEP: f64 = 0.25;

/// Steps of a line at most.
const MOST_STEPS: f64 = 4000.0;

/// Farthest move of a point at a time, in radii.
const REACH: f64 = 0.5;

/// Times that a point's largest sphere is tried.
const TRIES: usize = 12;

/// Relative error of its radius.
const EXACT: f64 = 1e-3;

/// Passes of smoothing before each centring.
const ROUNDS: [usize; 3] = [12, 6, 3];

/// Passes of smoothing after the last centring.
const LAST: usize = 2;

/// Radii from an opening along which a line runs straight to the opening's centre, which is not always that of the largest
/// sphere.
const STRAIGHT: f64 = 1.0;

/// A point of a line with the radius of its inscribed sphere, m.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    pub place: Vector3<f64>,
    pub radius: f64,
}

/// The middle line of the vessel near a way that begins and ends at openings, whose ends stay.
pub(super) fn centred(inside: &Inside, way: &[Vector3<f64>]) -> Vec<Spot> {
    let spots = way.par_iter().with_min_len(16).map(|&place| Spot { place, radius: inside.radius(place) });
    let mut line = spread(&spots.collect::<Vec<_>>());
    for passes in ROUNDS {
        smooth(&mut line, passes);
        line = centre(inside, &spread(&line));
    }
    line = spread(&straightened(&line));
    smooth(&mut line, LAST);
    line
}

/// The line without the points next to its ends.
fn straightened(line: &[Spot]) -> Vec<Spot> {
    let Some((first, last)) = line.first().zip(line.last()) else { return Vec::new() };
    let near = |spot: &Spot, end: &Spot| (spot.place - end.place).norm() < STRAIGHT * end.radius;
    let middle = line.iter().filter(|spot| !near(spot, first) && !near(spot, last));
    [*first].into_iter().chain(middle.copied()).chain([*last]).collect()
}

/// Points a part of their radius apart; the ends stay.
fn spread(line: &[Spot]) -> Vec<Spot> {
    let Some((first, last)) = line.first().zip(line.last()) else { return Vec::new() };
    let total: f64 = line.windows(2).map(|pair| (pair[1].place - pair[0].place).norm()).sum();
    let least = total / MOST_STEPS;
    let mut out = vec![*first];
    let mut wait = (STEP * first.radius).max(least);
    for pair in line.windows(2) {
        let length = (pair[1].place - pair[0].place).norm();
        let mut at = 0.0;
        while length > 0.0 && at + wait <= length {
            at += wait;
            let spot = mix(&pair[0], &pair[1], at / length);
            wait = (STEP * spot.radius).max(least);
            out.push(spot);
        }
        wait -= length - at;
    }
    // The rest of the way is shared with the last step.
    if out.len() > 1 && wait > 0.5 * (STEP * last.radius).max(least) {
        out.pop();
    }
    out.push(*last);
    out
}

/// The spot a part of the way from one to another.
pub(super) fn mix(a: &Spot, b: &Spot, part: f64) -> Spot {
    Spot { place: a.place.lerp(&b.place, part), radius: a.radius + part * (b.radius - a.radius) }
}

/// Goes half the way to the mean of the neighbours, `passes` times; the ends stay.
pub(super) fn smooth(line: &mut [Spot], passes: usize) {
    for _ in 0..passes {
        let mut before = line.first().map_or_else(Vector3::zeros, |spot| spot.place);
        for k in 1..line.len().saturating_sub(1) {
            let here = line[k].place;
            line[k].place = 0.5 * here + 0.25 * (before + line[k + 1].place);
            before = here;
        }
    }
}

fn centre(inside: &Inside, line: &[Spot]) -> Vec<Spot> {
    let last = line.len().saturating_sub(1);
    let moved = |k: usize| {
        let spot = line[k];
        if k == 0 || k == last {
            return spot;
        }
        let along = line[(k + 2).min(last)].place - line[k.saturating_sub(2)].place;
        along.try_normalize(0.0).map_or(spot, |tangent| largest(inside, spot.place, tangent))
    };
    (0..line.len()).into_par_iter().with_min_len(8).map(moved).collect()
}

/// The centre of the largest inscribed sphere near `from` in the plane across `tangent`.
fn largest(inside: &Inside, from: Vector3<f64>, tangent: Vector3<f64>) -> Spot {
    let Some(contact) = inside.contact(from, f64::INFINITY) else { return Spot { place: from, radius: 0.0 } };
    let (e1, e2) = frame(tangent.into());
    let axes = [Vector3::from(e1), Vector3::from(e2)];
    let mut best = Spot { place: from, radius: (contact - from).norm() };
    let reach = REACH * best.radius;
    let mut contacts = vec![contact];
    for _ in 0..TRIES {
        let guess = middle(&contacts, from, &axes, reach, best.place);
        let room = |place: Vector3<f64>| contacts.iter().map(|c| (c - place).norm()).fold(f64::INFINITY, f64::min);
        let promised = room(guess);
        if promised <= best.radius * (1.0 + EXACT) {
            break;
        }
        let Some(contact) = inside.contact(guess, promised * (1.0 - 0.5 * EXACT)) else {
            best = Spot { place: guess, radius: promised };
            break;
        };
        let radius = (contact - guess).norm();
        if radius > best.radius {
            best = Spot { place: guess, radius };
        }
        contacts.push(contact);
    }
    best
}

/// The place within `reach` of `from` in its plane that is farthest from the nearest of `contacts`, by steps that are
/// halved where none helps.
fn middle(
    contacts: &[Vector3<f64>],
    from: Vector3<f64>,
    axes: &[Vector3<f64>; 2],
    reach: f64,
    start: Vector3<f64>,
) -> Vector3<f64> {
    let room = |place: Vector3<f64>| contacts.iter().map(|c| (c - place).norm_squared()).fold(f64::INFINITY, f64::min);
    let (mut best, mut most, mut step) = (start, room(start), 0.5 * reach);
    let ways: [Vector3<f64>; 8] = std::array::from_fn(|k| {
        let (sin, cos) = (k as f64 * std::f64::consts::FRAC_PI_4).sin_cos();
        axes[0] * cos + axes[1] * sin
    });
    while step > 1e-3 * reach {
        let tried = ways.iter().map(|way| best + way * step).filter(|place| (place - from).norm() <= reach);
        let found = tried.map(|place| (room(place), place)).max_by(|a, b| a.0.total_cmp(&b.0));
        match found {
            Some((room, place)) if room > most => (most, best) = (room, place),
            _ => step *= 0.5,
        }
    }
    best
}
