//! The mesh of three branches that meet in one point and one plane.
//!
//! The seam between the branches is a theta: two poles above and below the plane and three arcs, one between each pair
//! of neighbouring branches. The two arcs beside a branch are the first ring of its sleeve; every further ring is found
//! by rays from the branch's axis. Branches end in a flat lid or close in a dome.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use nalgebra::Vector3;

use super::builder::{Builder, Circle, Facing, Ring};
use super::field::{Axis, Field};
use super::{PrimitiveError, tidy};

/// How a branch ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ending {
    /// A lid of this patch at this arc length; the parameter's name is for messages.
    Lid { patch: u16, length: f64, radius: f64, name: &'static str },
    /// A dome about the point of the axis at this arc length.
    Dome { length: f64 },
}

/// One of the three branches.
#[derive(Clone, Copy, Debug)]
pub(super) struct Branch {
    pub axis: Axis,
    pub ending: Ending,
}

/// Three branches, counter-clockwise about `up` (unit vector), with a common origin.
pub(super) struct Junction {
    pub field: Field,
    pub up: Vector3<f64>,
    pub branches: [Branch; 3],
    /// Edge length, m.
    pub edge: f64,
    /// Segments of half a ring.
    pub half: usize,
    /// Radius of the largest branch, m.
    pub scale: f64,
}

/// Where the vertices of a branch's first ring lie: arc length and angle about the axis, and the same as functions of
/// the turn `u` in [0, 1).
struct Seam {
    s: Vec<f64>,
    angle: Vec<f64>,
}

impl Seam {
    /// Arc length and angle at turn `i / n`.
    fn at(&self, i: usize, n: usize) -> (f64, f64) {
        let count = self.s.len();
        let place = (i * count) as f64 / n as f64;
        let (k, part) = ((place as usize).min(count - 1), place.fract());
        let mix = |a: f64, b: f64| a + (b - a) * part;
        let next = if k + 1 == count { self.angle[0] + TAU } else { self.angle[k + 1] };
        (mix(self.s[k], self.s[(k + 1) % count]), mix(self.angle[k], next))
    }
}

impl Junction {
    /// Adds wall (patch 0) and lids to the builder.
    pub fn build(&self, builder: &mut Builder) -> Result<(), PrimitiveError> {
        let arcs = [0, 1, 2].map(|k| self.arc(k));
        let [a, b, c] = arcs;
        let arcs = [a?, b?, c?];
        let upper = builder.ring([arcs[0][0]]);
        let lower = builder.ring([arcs[0][self.half]]);
        let inner = arcs.map(|arc| builder.ring(arc[1..self.half].iter().copied()));
        let mut fixed = Vec::new();
        for k in 0..3 {
            let mut ring: Ring = upper.clone();
            ring.extend(&inner[(k + 2) % 3]);
            ring.extend(&lower);
            ring.extend(inner[k].iter().rev());
            fixed.extend(self.sleeve(builder, &self.branches[k], ring)?);
        }
        self.relax(builder, &fixed);
        self.check_folds(builder)
    }

    /// Where the ray from the origin along the unit vector `to` leaves the vessel.
    fn shoot(&self, from: Vector3<f64>, to: Vector3<f64>) -> Result<Vector3<f64>, PrimitiveError> {
        let reach = 40.0 * self.scale;
        self.field.ray(from, to, reach).map(|t| from + to * t).ok_or_else(|| folded(from))
    }

    /// The seam between branch `k` and the next one, from the upper pole to the lower, in `half` equal steps.
    fn arc(&self, k: usize) -> Result<Vec<Vector3<f64>>, PrimitiveError> {
        let origin = self.branches[k].axis.origin;
        let middle = self.saddle(k)?;
        let samples = 8 * self.half;
        let at = |turn: f64| self.shoot(origin, middle * turn.sin() + self.up * turn.cos());
        let fine = (0..=samples).map(|i| at(PI * i as f64 / samples as f64)).collect::<Result<Vec<_>, _>>()?;
        let mut length = vec![0.0];
        for pair in fine.windows(2) {
            length.push(length[length.len() - 1] + (pair[1] - pair[0]).norm());
        }
        let total = length[samples];
        let mut points = vec![fine[0]];
        let mut j = 0;
        for i in 1..self.half {
            let target = total * i as f64 / self.half as f64;
            while length[j + 1] < target {
                j += 1;
            }
            let part = (target - length[j]) / (length[j + 1] - length[j]);
            points.push(at(PI * (j as f64 + part) / samples as f64)?);
        }
        points.push(fine[samples]);
        Ok(points)
    }

    /// Direction in the plane, between branch `k` and the next one, in which the wall is nearest: the fold between
    /// them. Whole steps and a preference for the middle keep the choice free of rounding.
    fn saddle(&self, k: usize) -> Result<Vector3<f64>, PrimitiveError> {
        const STEPS: i32 = 64;
        let from = self.branches[k].axis.direction;
        let side = self.up.cross(&from);
        let to = self.branches[(k + 1) % 3].axis.direction;
        let angle = to.dot(&side).atan2(to.dot(&from)).rem_euclid(TAU);
        let mut best = (f64::INFINITY, from);
        for i in -STEPS / 2 + 4..=STEPS / 2 - 4 {
            let off = f64::from(i) / f64::from(STEPS);
            let (sin, cos) = (angle * (0.5 + off)).sin_cos();
            let direction = from * cos + side * sin;
            let Some(distance) = self.field.ray(self.branches[k].axis.origin, direction, 40.0 * self.scale) else {
                continue;
            };
            let cost = distance * (1.0 + 0.2 * off * off);
            if cost < best.0 - 1e-9 * self.scale {
                best = (cost, direction);
            }
        }
        if best.0.is_finite() { Ok(best.1) } else { Err(folded(self.branches[k].axis.origin)) }
    }

    /// Rings from the seam to the end of a branch; returns the vertices that must not move any more.
    fn sleeve(&self, builder: &mut Builder, branch: &Branch, first: Ring) -> Result<Ring, PrimitiveError> {
        let seam = self.seam(builder, branch, &first);
        match branch.ending {
            Ending::Lid { patch, length, radius, name } => {
                self.check_length(&seam, branch, length, radius, name)?;
                let mean = seam.s.iter().sum::<f64>() / seam.s.len() as f64;
                let rows = super::steps(length - mean, self.edge).max(2);
                let mut last = first;
                for row in 1..rows {
                    let part = row as f64 / rows as f64;
                    let untwisted = ((length - mean) * part / (3.0 * radius)).min(1.0);
                    let points = self.row(branch, &seam, last.len(), (part, length), untwisted)?;
                    let ring = builder.ring(points);
                    builder.band(0, &last, &ring, row);
                    last = ring;
                }
                let (centre, tangent) = branch.axis.at(length);
                let circle = Circle { centre, u: self.up, v: tangent.cross(&self.up), radius };
                let start = builder.vertices.len() as u32;
                let rim = builder.circle(&circle, last.len());
                builder.band(0, &last, &rim, rows);
                builder.lid(patch, &rim, &circle, Facing::Forward);
                Ok((start..builder.vertices.len() as u32).collect())
            }
            Ending::Dome { length } => self.dome(builder, branch, &seam, first, length).map(|()| Ring::new()),
        }
    }

    /// Arc length and unwrapped angle of the ring's vertices about the branch.
    fn seam(&self, builder: &Builder, branch: &Branch, ring: &[u32]) -> Seam {
        let (mut s, mut angle) = (Vec::new(), Vec::<f64>::new());
        for (i, &vertex) in ring.iter().enumerate() {
            let p = builder.vertices[vertex as usize];
            let at = branch.axis.parameter(p);
            let (centre, tangent) = branch.axis.at(at);
            let (x, y) = ((p - centre).dot(&self.up), (p - centre).dot(&tangent.cross(&self.up)));
            let regular = TAU * i as f64 / ring.len() as f64;
            let off = y.atan2(x) - regular;
            angle.push(regular + off - TAU * (off / TAU).round());
            s.push(at);
        }
        Seam { s, angle }
    }

    /// The ring at the given part of the way from the seam to arc length `length`.
    fn row(
        &self,
        branch: &Branch,
        seam: &Seam,
        n: usize,
        (part, length): (f64, f64),
        untwisted: f64,
    ) -> Result<Vec<Vector3<f64>>, PrimitiveError> {
        (0..n)
            .map(|i| {
                let (s, angle) = seam.at(i, n);
                let (centre, tangent) = branch.axis.at(s + (length - s) * part);
                let regular = TAU * i as f64 / n as f64;
                let (sin, cos) = (angle + (regular - angle) * untwisted).sin_cos();
                self.shoot(centre, self.up * cos + tangent.cross(&self.up) * sin)
            })
            .collect()
    }

    /// Rings from the seam up to arc length `length`, then a dome about that point of the axis.
    fn dome(
        &self,
        builder: &mut Builder,
        branch: &Branch,
        seam: &Seam,
        first: Ring,
        length: f64,
    ) -> Result<(), PrimitiveError> {
        let (centre, tangent) = branch.axis.at(length);
        let side = tangent.cross(&self.up);
        let radius = (self.shoot(centre, tangent)? - centre).norm();
        let mean = seam.s.iter().sum::<f64>() / seam.s.len() as f64;
        let rows = super::steps(1.25 * (length - mean), self.edge).max(2);
        let mut last = first;
        for row in 1..=rows {
            let part = row as f64 / rows as f64;
            let probe = self.row(branch, seam, 16, (part, length), part)?;
            let perimeter: f64 = (0..16).map(|i| (probe[(i + 1) % 16] - probe[i]).norm()).sum();
            let n = 4 * super::steps(perimeter, 4.0 * self.edge).max(3);
            let points = self.row(branch, seam, n, (part, length), part)?;
            let ring = builder.ring(points);
            builder.band(0, &last, &ring, row);
            last = ring;
        }
        let rows = super::steps(FRAC_PI_2 * radius, self.edge).max(2);
        for row in 1..=rows {
            let (lift, out) = (FRAC_PI_2 * row as f64 / rows as f64).sin_cos();
            let n = if row == rows { 1 } else { 4 * super::steps(TAU * radius * out, 4.0 * self.edge).max(1) };
            let points = (0..n).map(|i| {
                let (sin, cos) = (TAU * i as f64 / n as f64).sin_cos();
                self.shoot(centre, (self.up * cos + side * sin) * out + tangent * lift)
            });
            let ring = builder.ring(points.collect::<Result<Vec<_>, _>>()?);
            builder.band(0, &last, &ring, row);
            last = ring;
        }
        Ok(())
    }

    /// The end must be a circle of the tube, beyond the seam and beyond the blending.
    fn check_length(
        &self,
        seam: &Seam,
        branch: &Branch,
        length: f64,
        radius: f64,
        name: &'static str,
    ) -> Result<(), PrimitiveError> {
        let reach = seam.s.iter().copied().fold(0.0, f64::max) + 2.0 * self.edge;
        let free = |at: f64| {
            let (centre, tangent) = branch.axis.at(at);
            let side = tangent.cross(&self.up);
            let off = |i: usize| {
                let (sin, cos) = (TAU * i as f64 / 32.0).sin_cos();
                self.field.value(centre + (self.up * cos + side * sin) * radius).abs()
            };
            at >= reach && (0..32).all(|i| off(i) < 1e-9 * self.scale)
        };
        if free(length) {
            return Ok(());
        }
        let step = 0.05 * self.scale;
        let needed =
            (1..4000).map(|k| f64::from(k) * step).find(|&at| at > length && free(at)).unwrap_or(f64::INFINITY);
        let up = (needed * 1e4).ceil() / 1e4;
        Err(PrimitiveError::TooShort { name, given: tidy(length * 1e3), needed: tidy(up * 1e3) })
    }

    /// Evens out the triangles: every free vertex goes to the mean of its neighbours and back to the surface.
    fn relax(&self, builder: &mut Builder, fixed: &[u32]) {
        let count = builder.vertices.len();
        let mut free = vec![true; count];
        fixed.iter().for_each(|&v| free[v as usize] = false);
        for _ in 0..10 {
            let mut sum = vec![(Vector3::zeros(), 0u32); count];
            for corners in builder.triangles() {
                for k in 0..3 {
                    let (a, b) = (corners[k] as usize, corners[(k + 1) % 3] as usize);
                    sum[a].0 += builder.vertices[b];
                    sum[a].1 += 1;
                }
            }
            for v in (0..count).filter(|&v| free[v]) {
                let p = builder.vertices[v];
                let mean = sum[v].0 / f64::from(sum[v].1);
                builder.vertices[v] = self.field.project(p + (mean - p) * 0.5);
            }
        }
    }

    /// Every triangle of the wall must look the way that the field grows.
    fn check_folds(&self, builder: &Builder) -> Result<(), PrimitiveError> {
        for (corners, &patch) in builder.triangles().iter().zip(builder.patches_of()) {
            let [a, b, c] = corners.map(|v| builder.vertices[v as usize]);
            let normal = (b - a).cross(&(c - a));
            let centre = (a + b + c) / 3.0;
            if patch == 0 && normal.dot(&self.field.gradient(centre)) <= 0.2 * normal.norm() {
                return Err(folded(centre));
            }
        }
        Ok(())
    }
}

fn folded(at: Vector3<f64>) -> PrimitiveError {
    let at = at * 1e3;
    PrimitiveError::Folded { x: at.x, y: at.y, z: at.z }
}
