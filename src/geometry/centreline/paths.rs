//! Ways through the cubes: from the inlet to every other opening, where it is widest.
//!
//! Of all ways the one with the least integral of `1/s` is taken, `s` being the distance from the surface: it keeps to
//! the middle (Antiga, Ene-Iordache and Remuzzi, IEEE Trans. Med. Imaging 22, 674, 2003; Hassouna and Farag, CVPR 2007),
//! found by Dijkstra's method.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use nalgebra::Vector3;

use super::cells::{Cells, MOST};
use super::inside::Inside;
use super::CentrelineError;
use crate::geometry::vessel::{Opening, Vessel};

/// Finest cubes to begin with, in radii of the narrowest opening.
const START: f64 = 0.4;

/// Least size of cubes, in radii of the narrowest opening.
const LEAST: f64 = 0.004;

/// A cube on the front of the search, the cheapest first.
#[derive(PartialEq)]
struct Step(f64, u32);

impl Eq for Step {}

impl PartialOrd for Step {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Step {
    fn cmp(&self, other: &Self) -> Ordering {
        other.0.total_cmp(&self.0).then(self.1.cmp(&other.1))
    }
}

/// What was found from the inlet.
struct Reached {
    /// The cube before each cube; itself at the start, `u32::MAX` where no way leads.
    before: Vec<u32>,
    /// Length of the way, m.
    length: Vec<f64>,
}

/// A way from the inlet's centre to the opening's.
pub(super) struct Way {
    /// The opening; none for a blind end.
    pub opening: Option<usize>,
    /// Places, m.
    pub points: Vec<Vector3<f64>>,
}

/// A way to every opening but the inlet, in their order; to the farthest place where the inlet is the only one.
pub(super) fn ways(vessel: &Vessel, inside: &Inside, inlet: usize) -> Result<Vec<Way>, CentrelineError> {
    let narrowest = vessel.openings.iter().map(|o| 0.5 * o.equivalent_diameter()).fold(f64::INFINITY, f64::min);
    let mut finest = START * narrowest;
    let mut failure = None;
    while finest >= LEAST * narrowest {
        let Some(cells) = Cells::new(inside, finest) else { break };
        match search(vessel, &cells, inlet, finest) {
            Ok(ways) => return Ok(ways),
            Err(error) => failure = Some(error),
        }
        finest *= 0.5;
    }
    Err(failure.unwrap_or(CentrelineError::TooFine { cubes: MOST, width: finest }))
}

fn search(vessel: &Vessel, cells: &Cells, inlet: usize, finest: f64) -> Result<Vec<Way>, CentrelineError> {
    let gates: Vec<usize> = vessel.openings.iter().map(|o| gate(cells, o, finest)).collect::<Result<_, _>>()?;
    let reached = spread(cells, gates[inlet]);
    let start = Vector3::from(vessel.openings[inlet].centre);
    if vessel.openings.len() == 1 {
        let farthest = (0..cells.len()).filter(|&k| reached.before[k] != u32::MAX);
        let farthest = farthest.max_by(|&a, &b| reached.length[a].total_cmp(&reached.length[b]));
        let mut points = reached.back(cells, farthest.unwrap_or(gates[inlet]));
        points.insert(0, start);
        return Ok(vec![Way { opening: None, points }]);
    }
    let others = (0..gates.len()).filter(|&k| k != inlet);
    others
        .map(|k| {
            let opening = &vessel.openings[k];
            if reached.before[gates[k]] == u32::MAX {
                return Err(no_way(vessel, cells, &reached, [inlet, k], finest));
            }
            let mut points = reached.back(cells, gates[k]);
            points.insert(0, start);
            points.push(opening.centre.into());
            Ok(Way { opening: Some(k), points })
        })
        .collect()
}

/// The cube about one radius behind an opening, before its centre.
fn gate(cells: &Cells, opening: &Opening, finest: f64) -> Result<usize, CentrelineError> {
    let (centre, normal) = (Vector3::from(opening.centre), Vector3::from(opening.normal));
    let reach = 0.75 * opening.equivalent_diameter();
    let worth = |k: usize| {
        let way = centre - cells.centre(k);
        let (along, far) = (way.dot(&normal), way.norm());
        // A sphere that reaches far toward the centre belongs to this end and not to a vessel beside it.
        let ahead = far <= reach && along >= 0.5 * far && cells.depth(k) >= 0.4 * far;
        ahead.then(|| cells.depth(k) - 0.5 * far)
    };
    let found = (0..cells.len()).filter(|&k| cells.is_room(k)).filter_map(|k| Some((worth(k)?, k)));
    let best = found.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    let (name, place) = (opening.name.clone(), opening.centre);
    best.map(|(_, k)| k).ok_or(CentrelineError::NoRoom { opening: name, place, width: finest })
}

/// The cheapest ways from a cube to all others.
fn spread(cells: &Cells, start: usize) -> Reached {
    let (first, to) = cells.joins();
    let mut cost = vec![f64::INFINITY; cells.len()];
    let mut reached = Reached { before: vec![u32::MAX; cells.len()], length: vec![0.0; cells.len()] };
    let mut open = BinaryHeap::from([Step(0.0, start as u32)]);
    (cost[start], reached.before[start]) = (0.0, start as u32);
    let price = |k: usize| cells.depth(k).recip();
    while let Some(Step(so_far, k)) = open.pop() {
        let k = k as usize;
        if so_far > cost[k] {
            continue;
        }
        for &next in &to[first[k] as usize..first[k + 1] as usize] {
            let n = next as usize;
            let way = (cells.centre(k) - cells.centre(n)).norm();
            let total = so_far + 0.5 * way * (price(k) + price(n));
            if total < cost[n] {
                (cost[n], reached.before[n]) = (total, k as u32);
                reached.length[n] = reached.length[k] + way;
                open.push(Step(total, next));
            }
        }
    }
    reached
}

impl Reached {
    /// Centres of the cubes from the start to a cube.
    fn back(&self, cells: &Cells, to: usize) -> Vec<Vector3<f64>> {
        let mut points = vec![cells.centre(to)];
        let mut k = to;
        while self.before[k] as usize != k {
            k = self.before[k] as usize;
            points.push(cells.centre(k));
        }
        points.reverse();
        points
    }
}

fn no_way(
    vessel: &Vessel,
    cells: &Cells,
    reached: &Reached,
    [inlet, k]: [usize; 2],
    width: f64,
) -> CentrelineError {
    let opening = &vessel.openings[k];
    let far = |&k: &usize| (cells.centre(k) - Vector3::from(opening.centre)).norm();
    let found = (0..cells.len()).filter(|&k| reached.before[k] != u32::MAX);
    let nearest = found.min_by(|a, b| far(a).total_cmp(&far(b)));
    CentrelineError::NoWay {
        inlet: vessel.openings[inlet].name.clone(),
        opening: opening.name.clone(),
        place: opening.centre,
        width,
        reached: nearest.map_or(vessel.openings[inlet].centre, |k| cells.centre(k).into()),
    }
}
