//! Plane cuts through one branch of a closed surface.
//!
//! A plane meets a vessel in several loops, of which a cut means one: the loop around its point. The triangles along that
//! loop are split, everything that hangs on it on the outer side is taken off, wherever it goes on to, and the loop is
//! closed by a flat cap that is a patch of its own. So a cut never touches a branch that only happens to cross its plane.

use std::collections::{HashMap, HashSet};

use nalgebra::Vector3;

use crate::geometry::edges::{Edges, half_edge};
use crate::geometry::polygon;
use crate::geometry::surface::Surface;
use crate::geometry::tube::frame;
use crate::geometry::weld::compact;

/// Vertices nearer to the plane than this part of the edges that it meets there move along the normal to this distance:
/// no slivers.
const CLEAR: f64 = 0.1;

/// A section of the surface by a plane.
pub(super) struct Loop {
    /// Half-edges that the plane meets, those that go from inside to outside, in order.
    halves: Vec<u32>,
    pub centre: Vector3<f64>,
    pub area: f64,
    /// Whether the point of the plane lies inside.
    pub holds: bool,
}

/// Why a cut cannot be made.
pub(super) enum Refused {
    /// Both sides hang together beside the loop.
    Joined,
    /// It would touch or take off the cut with this number.
    Takes(usize),
}

/// A plane through a point with a normal that points out of what is kept.
#[derive(Clone, Copy)]
pub(super) struct Plane {
    pub point: Vector3<f64>,
    pub normal: Vector3<f64>,
}

impl Plane {
    fn height(&self, place: Vector3<f64>) -> f64 {
        (place - self.point).dot(&self.normal)
    }

    fn axes(&self) -> [Vector3<f64>; 2] {
        let (u, v) = frame(self.normal.into());
        [u.into(), v.into()]
    }

    fn flat(&self, place: Vector3<f64>) -> [f64; 2] {
        self.axes().map(|axis| (place - self.point).dot(&axis))
    }

    /// The loops in which the plane meets the surface.
    pub fn loops(&self, surface: &Surface, edges: &Edges) -> Vec<Loop> {
        let out: Vec<bool> = surface.vertices.iter().map(|&v| self.height(v.into()) >= 0.0).collect();
        // A triangle on the plane is entered over the half-edge that leads outward and left over the one that leads back.
        let leaving = |t: u32| {
            let c = surface.triangles[t as usize].map(|v| out[v as usize]);
            (0..3).find(|&k| !c[k] && c[(k + 1) % 3]).map(|k| 3 * t + k as u32)
        };
        let returning = |t: u32| {
            let c = surface.triangles[t as usize].map(|v| out[v as usize]);
            (0..3).find(|&k| c[k] && !c[(k + 1) % 3]).map(|k| 3 * t + k as u32)
        };
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        for first in (0..surface.triangles.len() as u32).filter_map(leaving) {
            let mut halves = Vec::new();
            let mut half = first;
            while seen.insert(half) {
                halves.push(half);
                let next = returning(half / 3).and_then(|back| edges.mate(back));
                match next {
                    Some(next) => half = next,
                    None => break,
                }
            }
            if halves.len() >= 3 && half == first {
                found.push(self.measure(surface, halves));
            }
        }
        found
    }

    fn crossing(&self, surface: &Surface, half: u32) -> Vector3<f64> {
        let [a, b] = half_edge(&surface.triangles, half).map(|v| surface.point(v));
        let (low, high) = (self.height(a), self.height(b));
        a + low / (low - high) * (b - a)
    }

    fn measure(&self, surface: &Surface, halves: Vec<u32>) -> Loop {
        let flat: Vec<[f64; 2]> = halves.iter().map(|&half| self.flat(self.crossing(surface, half))).collect();
        let (mut twice, mut moment) = (0.0, [0.0; 2]);
        for (p, q) in flat.iter().zip(flat.iter().cycle().skip(1)) {
            let cross = p[0] * q[1] - p[1] * q[0];
            twice += cross;
            moment = [0, 1].map(|k| moment[k] + (p[k] + q[k]) * cross / 3.0);
        }
        let [u, v] = self.axes();
        let middle = if twice == 0.0 { flat[0] } else { moment.map(|m| m / twice) };
        Loop {
            centre: self.point + middle[0] * u + middle[1] * v,
            area: 0.5 * twice.abs(),
            holds: polygon::holds(&flat, [0.0; 2]),
            halves,
        }
    }
}

/// A closed surface and the cuts to be made in it, which do not touch one another.
pub(super) struct Cutter {
    surface: Surface,
    edges: Edges,
    /// Number of the cut that splits or takes off a triangle, plus one.
    owner: Vec<u32>,
    /// Whether it is split.
    split: Vec<bool>,
    pub cuts: Vec<(Plane, Loop)>,
}

impl Cutter {
    pub fn new(surface: Surface) -> Self {
        let edges = Edges::new(&surface.triangles);
        let count = surface.triangles.len();
        Self { surface, edges, owner: vec![0; count], split: vec![false; count], cuts: Vec::new() }
    }

    /// The loops in which a plane meets the surface as it was before any cut, the one around its point first, then the
    /// nearest.
    pub fn loops(&self, plane: Plane) -> Vec<Loop> {
        let mut loops = plane.loops(&self.surface, &self.edges);
        let apart = |l: &Loop| (l.centre - plane.point).norm();
        loops.sort_by(|a, b| b.holds.cmp(&a.holds).then(apart(a).total_cmp(&apart(b))));
        loops
    }

    /// Plans a cut at a loop of its plane.
    pub fn cut(&mut self, plane: Plane, at: Loop) -> Result<(), Refused> {
        let on_loop: HashSet<u32> = at.halves.iter().map(|half| half / 3).collect();
        let outer = self.outer_side(plane, &on_loop)?;
        let number = self.cuts.len() as u32 + 1;
        on_loop.iter().for_each(|&t| self.split[t as usize] = true);
        on_loop.iter().chain(&outer).for_each(|&t| self.owner[t as usize] = number);
        self.cuts.push((plane, at));
        Ok(())
    }

    /// The triangles beyond a loop, those on it left out.
    fn outer_side(&self, plane: Plane, on_loop: &HashSet<u32>) -> Result<HashSet<u32>, Refused> {
        let free = |t: u32| match self.owner[t as usize] {
            0 => Ok(()),
            owner => Err(Refused::Takes(owner as usize - 1)),
        };
        on_loop.iter().try_for_each(|&t| free(t))?;
        let mut outer = HashSet::new();
        let is_out = |v: u32| plane.height(self.surface.point(v)) >= 0.0;
        let both_out = |half: u32| half_edge(&self.surface.triangles, half).into_iter().all(is_out);
        let mates = |t: u32| (3 * t..3 * t + 3).filter_map(|half| self.edges.mate(half));
        let outward = on_loop.iter().flat_map(|&t| (3 * t..3 * t + 3).filter(|&half| both_out(half)));
        let mut open: Vec<u32> = outward.filter_map(|half| self.edges.mate(half)).collect();
        while let Some(half) = open.pop() {
            let t = half / 3;
            if on_loop.contains(&t) {
                if !both_out(half) {
                    return Err(Refused::Joined);
                }
            } else if outer.insert(t) {
                free(t)?;
                open.extend(mates(t));
            }
        }
        Ok(outer)
    }

    /// The surface after all cuts: the cap of cut `k` is patch `k + 1`.
    pub fn finish(mut self) -> Surface {
        let mut rim: HashMap<[u32; 2], u32> = HashMap::new();
        let mut rings = Vec::with_capacity(self.cuts.len());
        for (plane, at) in &self.cuts {
            plane.clear(&mut self.surface, at);
            let mut ring = Vec::with_capacity(at.halves.len());
            for &half in &at.halves {
                let [a, b] = half_edge(&self.surface.triangles, half);
                let number = self.surface.vertices.len() as u32;
                let place = plane.crossing(&self.surface, half);
                self.surface.vertices.push(place.into());
                rim.insert([a.min(b), a.max(b)], number);
                ring.push(number);
            }
            rings.push(ring);
        }
        let old = std::mem::take(&mut self.surface.triangles);
        self.surface.patch_of.clear();
        for (t, corners) in old.into_iter().enumerate() {
            match (self.owner[t], self.split[t]) {
                (0, _) => self.surface.triangles.push(corners),
                (owner, true) => self.inside(&self.cuts[owner as usize - 1].0.clone(), corners, &rim),
                _ => {}
            }
        }
        self.surface.patch_of.resize(self.surface.triangles.len(), 0);
        for (k, ring) in rings.iter().enumerate() {
            let cap = self.cuts[k].0.cap(&self.surface, ring);
            self.surface.patch_of.extend(std::iter::repeat_n(k as u16 + 1, cap.len()));
            self.surface.triangles.extend(cap);
        }
        compact(&mut self.surface);
        self.surface
    }

    /// Adds what is inside of a triangle that is split.
    fn inside(&mut self, plane: &Plane, corners: [u32; 3], rim: &HashMap<[u32; 2], u32>) {
        let mut kept = Vec::with_capacity(4);
        for k in 0..3 {
            let (a, b) = (corners[k], corners[(k + 1) % 3]);
            if plane.height(self.surface.point(a)) < 0.0 {
                kept.push(a);
            }
            kept.extend(rim.get(&[a.min(b), a.max(b)]));
        }
        self.surface.triangles.extend((2..kept.len()).map(|k| [kept[0], kept[k - 1], kept[k]]));
    }
}

impl Plane {
    /// Moves vertices of a loop's edges away from the plane.
    fn clear(&self, surface: &mut Surface, at: &Loop) {
        for &half in &at.halves {
            let corners = surface.triangles[half as usize / 3];
            for k in 0..3 {
                let here = surface.point(corners[k]);
                let room = CLEAR * (here - surface.point(corners[(k + 1) % 3])).norm();
                let height = self.height(here);
                if height.abs() < room {
                    let to = if height < 0.0 { -room } else { room };
                    surface.vertices[corners[k] as usize] = (here + (to - height) * self.normal).into();
                }
            }
        }
    }

    /// Triangles that fill a ring of vertices in the plane.
    fn cap(&self, surface: &Surface, ring: &[u32]) -> Vec<[u32; 3]> {
        let mut ring = ring.to_vec();
        let flat = |ring: &[u32]| ring.iter().map(|&v| self.flat(surface.point(v))).collect::<Vec<_>>();
        let mut polygon = flat(&ring);
        let twice: f64 =
            polygon.iter().zip(polygon.iter().cycle().skip(1)).map(|(p, q)| p[0] * q[1] - p[1] * q[0]).sum();
        if twice < 0.0 {
            ring.reverse();
            polygon.reverse();
        }
        polygon::triangulate(&polygon, |_, _| false).into_iter().map(|corners| corners.map(|k| ring[k])).collect()
    }
}
