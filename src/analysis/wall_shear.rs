//! Wall shear and pressure at the vertices of the wall.
//!
//! Theory: near a wall at rest the velocity is `u = d (a0 + a1 s + a2 t + a3 d + a4 d^2)` up to fourth order, with `d` the
//! distance to the wall and `s`, `t` the coordinates along it, and the shear stress on the wall is `nu a0` without its
//! normal part. The coefficients are fitted by least squares to the sites around a vertex. `d`, `s` and `t` of a site are
//! those of the point of the wall nearest to it, so that a curved wall bends the coordinates with it and the staircase
//! of sites does not enter. Term a4 is for the layer of thickness `sqrt(nu/omega)` at the wall of a pulsating flow, of
//! which twelve Womersley numbers leave 1.3 spacings in a pipe of 32 sites.
//!
//! The interpolated bounce-back holds no slip only to first order in the distance: a site whose link is cut at the
//! fraction x is given the slope of the velocity times x, without the `x^2 u''/2` that follows. On average over x the
//! profile beyond the first site looks as if it slipped backwards by `u''/6`, while the first sites themselves are pulled
//! to the true wall; measured are 0.17 u'' (Reynolds number 10, any resolution) to 0.3 u'' (300, 24 sites). So sites
//! weigh by their distance, and the fit has a constant for the slip, damped a little. In a Stokes layer the slip
//! displaces the whole layer, whose slope at the wall then is off in proportion to the third derivative; so is what a
//! polynomial of third order leaves out. `LAYER` takes off both.
//!
//! A fit without a4, whose sites weigh by the square of their distance so that the slip hardly enters, is nearer where the
//! layer is thick: [`Layer`] says which of the two it is. Measured in a tilted pipe, error of the wall shear
//! (docs/verification.md): thick layers, steady with 24 sites, -0.2 % and -0.6 % at Reynolds numbers 10 and 300 (read with
//! a4: -0.8 % and -2.3 %); thin layers, pulsating with 32 sites, amplitude and phase -0.2 % and 0.5 degrees, 0.7 % and
//! 0.8, 0.2 % and -1.4 at Womersley numbers 4, 8 and 12 (read without a4, the last: -17 % and -20 degrees).
//!
//! The pressure is that of a fit `c0 + c1 s + c2 t + c3 d` to the density of the same sites.
//!
//! Practice: a vertex takes sites whose nearest wall point lies within `REACH` of it and on a wall that faces the same
//! way, which leaves out those of a vessel next door or of the opposite wall. Where there are too few, in a cleft or
//! behind a fold finer than the lattice, sites farther along the wall are taken, and the damping of the slopes keeps the
//! fit sane; where there are none the values are those of the neighbouring vertices. Both are listed as weak. Sites in
//! flow extensions count like any others; only vertices of the vessel's own wall get values. The fits are solved once,
//! into weights ([`crate::fluid::shear`]): about 70 sites and 0.9 kB a vertex.

use std::collections::BTreeMap;
use std::sync::Arc;

use nalgebra::{Matrix4, Matrix6, Vector3, Vector4, Vector6};
use rayon::prelude::*;

use super::band::{Band, Near};
use crate::fluid::moments::FIELDS;
use crate::fluid::shear::{Tap, WallPoint, WallStencil, at_wall, stress};
use crate::geometry::lattice::Lattice;
use crate::geometry::nearest::Nearest;
use crate::geometry::tube::frame;
use crate::geometry::vessel::{Closed, Tag};

/// Their nearest wall points lie at most this far from the vertex, in spacings.
const REACH: f64 = 2.5;

/// What `REACH` is multiplied by in the three tries to find enough sites.
const TRIES: [f64; 3] = [1.0, 1.6, 2.5];

/// Sites that a fit should have: twice its unknowns.
const ENOUGH: usize = 12;

/// Sites from which on a fit can tell a thin layer from a slip: more than half of what there is around a vertex. With
/// fewer, as at a rim, the cube of the distance is left out and the slip damped more.
const PLENTY: usize = 40;

/// Damping of the density's slopes, relative to the weight of its main unknown.
const SLOPE_DAMPING: f64 = 1e-4;

/// What the coefficient of the distance's cube adds to the slope at the wall, in squares of spacings. Found, like the
/// numbers of [`THIN`], from steady and pulsating flows on the lattice.
const LAYER: f64 = 4.5;

/// Damping that leaves a term out.
const OUT: f64 = 1e6;

/// How thick the layer at the wall is in which the flow changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Many spacings: a steady flow, or a slowly pulsating one.
    Thick,
    /// A few spacings: a pulsating flow.
    Thin,
}

/// How sites are fitted.
#[derive(Clone, Copy, Debug)]
struct Manner {
    /// Sites up to this far from the wall are fitted, in spacings.
    depth: f64,
    /// Sites weigh by this power of their distance.
    weight: f64,
    /// Damping of the velocity's slopes. More lets the slope at the wall take up a part of the curvature.
    bend: f64,
    /// Damping of the cube.
    cube: f64,
    /// Damping of the constant, relative to the sum of the weights. Less lets noise in, more lets the boundary's own slip
    /// through.
    slip: f64,
}

const THICK: Manner = Manner { depth: 3.5, weight: 2.0, bend: 1e-4, cube: OUT, slip: 1e-2 };
const THIN: Manner = Manner { depth: 3.75, weight: 0.75, bend: 1e-6, cube: 1e-6, slip: 3e-4 };

impl Manner {
    fn of(layer: Layer) -> Self {
        match layer {
            Layer::Thick => THICK,
            Layer::Thin => THIN,
        }
    }
}

/// Vertices in a task.
const TASK: usize = 256;

/// Where the wall of a vessel is sampled, and from which sites.
#[derive(Clone, Debug)]
pub struct WallSampler {
    vertices: Vec<u32>,
    /// Triangles of the wall by positions in `vertices`.
    triangles: Vec<[u32; 3]>,
    stencil: Arc<WallStencil>,
    weak: Vec<u32>,
}

/// Values at the vertices of [`WallSampler::vertices`], in their order. All are finite where the state is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WallSample {
    /// Density deviation, lattice units; `Scale::pressure_to_si` makes a pressure of it.
    pub drho: Vec<f32>,
    /// Shear stress of the fluid on the wall, lattice units: in the plane of the wall, along the flow.
    /// `Scale::stress_to_si` makes Pa of it.
    pub wss: Vec<[f32; 3]>,
    /// [`WallSampler::weak`].
    pub weak: Vec<u32>,
}

/// A site in the coordinates of a vertex.
#[derive(Clone, Copy, Debug)]
struct Site {
    site: usize,
    s: f64,
    t: f64,
    d: f64,
}

/// The vertices while their fits are set up.
struct Fits {
    band: Band,
    /// Places, in site spacings from the grid's origin.
    places: Vec<Vector3<f64>>,
    normals: Vec<Vector3<f64>>,
    manner: Manner,
}

impl WallSampler {
    /// Prepares for the vertices that the triangles of `surface` with [`Tag::Wall`] use; `lattice` is the one cut from
    /// that surface.
    #[must_use]
    pub fn new(lattice: &Lattice, surface: &Closed, layer: Layer) -> Self {
        let manner = Manner::of(layer);
        let grid = &lattice.grid;
        let local = |v: u32| {
            let place = Vector3::from(surface.vertices[v as usize]);
            (place - Vector3::from(grid.origin)) / grid.spacing
        };
        let tagged = |keep: fn(Tag) -> bool| {
            surface.triangles.iter().zip(&surface.tags).filter(move |(_, tag)| keep(**tag)).map(|(t, _)| *t)
        };
        let walls = tagged(|tag| !matches!(tag, Tag::Lid(_))).map(|t| t.map(local)).collect();
        let band = Band::new(lattice, &Nearest::new(walls), manner.depth);
        let mut triangles: Vec<[u32; 3]> = tagged(|tag| tag == Tag::Wall).collect();
        let mut vertices: Vec<u32> = triangles.iter().flatten().copied().collect();
        vertices.par_sort_unstable();
        vertices.dedup();
        let mut position = vec![0u32; surface.vertices.len()];
        vertices.iter().zip(0u32..).for_each(|(&v, k)| position[v as usize] = k);
        triangles.iter_mut().for_each(|t| *t = t.map(|v| position[v as usize]));
        let places: Vec<Vector3<f64>> = vertices.iter().map(|&v| local(v)).collect();
        let normals = normals(&places, &triangles);
        let (stencil, weak) = Fits { band, places, normals, manner }.stencil();
        Self { vertices, triangles, stencil: Arc::new(stencil), weak }
    }

    /// Which vertices of the closed surface have values, rising.
    #[must_use]
    pub fn vertices(&self) -> &[u32] {
        &self.vertices
    }

    /// The weights that the values are made with, in the order of [`Self::vertices`].
    #[must_use]
    pub fn stencil(&self) -> &Arc<WallStencil> {
        &self.stencil
    }

    /// Which vertices rest on too few sites, or on neighbouring vertices: positions in [`Self::vertices`], rising.
    #[must_use]
    pub fn weak(&self) -> &[u32] {
        &self.weak
    }

    /// Density and wall shear of a state: the ten padded site arrays of [`crate::fluid::moments`]; `nu` gives the kinematic
    /// viscosity at a shear rate, both in lattice units.
    #[must_use]
    pub fn sample(&self, state: &[&[f32]; FIELDS], nu: &(dyn Fn(f64) -> f64 + Sync)) -> WallSample {
        let value = |point: &WallPoint| {
            let at = at_wall(|k, site| state[k][site], self.stencil.taps_of(point), point.normal);
            let rate = at.gradient.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
            let [x, y, z] = stress(at.gradient, nu(rate) as f32);
            [x, y, z, at.drho]
        };
        let mut values: Vec<[f32; 4]> = self.stencil.points.par_iter().with_min_len(64).map(value).collect();
        self.fill(&mut values);
        WallSample {
            drho: values.iter().map(|v| v[3]).collect(),
            wss: values.iter().map(|v| [v[0], v[1], v[2]]).collect(),
            weak: self.weak.clone(),
        }
    }

    /// Gives vertices without sites the mean of their neighbours' values, ring by ring, and nought where no neighbour
    /// has any. The first three numbers of a value are a vector, whose part along the normal is taken off.
    pub fn fill<const N: usize>(&self, values: &mut [[f32; N]]) {
        let points = &self.stencil.points;
        let mut known: Vec<bool> = points.iter().map(|point| point.first < point.end).collect();
        let unknown =
            |triangle: &[u32; 3]| triangle.iter().any(|&v| points[v as usize].first == points[v as usize].end);
        let open: Vec<[u32; 3]> = self.triangles.iter().copied().filter(unknown).collect();
        values.iter_mut().zip(&known).filter(|(_, known)| !**known).for_each(|(value, _)| *value = [0.0; N]);
        loop {
            let mut sums: BTreeMap<u32, ([f64; N], u32)> = BTreeMap::new();
            for &[a, b, c] in &open {
                for (to, from) in [(a, b), (a, c), (b, a), (b, c), (c, a), (c, b)] {
                    if !known[to as usize] && known[from as usize] {
                        let (sum, n) = sums.entry(to).or_insert(([0.0; N], 0));
                        sum.iter_mut().zip(values[from as usize]).for_each(|(sum, x)| *sum += f64::from(x));
                        *n += 1;
                    }
                }
            }
            if sums.is_empty() {
                return;
            }
            for (k, (sum, n)) in sums {
                let mut value = sum.map(|x| (x / f64::from(n)) as f32);
                let normal = points[k as usize].normal;
                let along: f32 = (0..3).map(|a| value[a] * normal[a]).sum();
                (0..3).for_each(|a| value[a] -= along * normal[a]);
                values[k as usize] = value;
                known[k as usize] = true;
            }
        }
    }
}

impl Fits {
    /// The weights of every vertex, and which vertices have too few sites.
    fn stencil(&self) -> (WallStencil, Vec<u32>) {
        let tasks = self.places.len().div_ceil(TASK);
        let parts: Vec<(Vec<Tap>, Vec<u32>)> = (0..tasks).into_par_iter().map(|task| self.part(task)).collect();
        let mut stencil = WallStencil::default();
        let mut weak = Vec::new();
        stencil.taps.reserve_exact(parts.iter().map(|(taps, _)| taps.len()).sum());
        for (taps, counts) in parts {
            let mut end = stencil.taps.len() as u32;
            stencil.taps.extend(taps);
            for count in counts {
                let k = stencil.points.len();
                let first = end;
                end += count;
                if (count as usize) < ENOUGH {
                    weak.push(k as u32);
                }
                let normal = self.normals[k].cast::<f32>().into();
                stencil.points.push(WallPoint { normal, first, across: [0.0; 3], end });
            }
        }
        (stencil, weak)
    }

    /// The taps of the vertices of a task, and how many each has.
    fn part(&self, task: usize) -> (Vec<Tap>, Vec<u32>) {
        let (mut taps, mut counts, mut sites) = (Vec::new(), Vec::new(), Vec::new());
        for k in task * TASK..((task + 1) * TASK).min(self.places.len()) {
            for factor in TRIES {
                self.gather(k, factor * REACH, &mut sites);
                if sites.len() >= ENOUGH {
                    break;
                }
            }
            let before = taps.len();
            taps.extend(fit(&sites, &self.manner).unwrap_or_default());
            counts.push((taps.len() - before) as u32);
        }
        (taps, counts)
    }

    /// The sites for vertex `k` whose nearest wall points lie within `reach` of it.
    fn gather(&self, k: usize, reach: f64, sites: &mut Vec<Site>) {
        let (place, normal) = (self.places[k], self.normals[k]);
        let (e1, e2) = frame(normal.into());
        let (e1, e2) = (Vector3::from(e1), Vector3::from(e2));
        sites.clear();
        self.band.around(place, reach.hypot(self.manner.depth), |Near { site, foot, way }| {
            let (off, d) = (foot - place, way.norm());
            if d > 0.0 && off.norm_squared() <= reach * reach && way.dot(&normal) >= 0.5 * d {
                sites.push(Site { site, s: off.dot(&e1), t: off.dot(&e2), d });
            }
        });
    }
}

/// The weights with which the momentum of `sites` makes the derivative of the velocity along the inward normal at the
/// wall, and their density the one at the wall: one row of the inverse of each fit's matrix, times each site's basis.
fn fit(sites: &[Site], manner: &Manner) -> Option<Vec<Tap>> {
    let velocity = |&Site { s, t, d, .. }: &Site| Vector6::new(d, d * s, d * t, d * d, d * (d * d - LAYER), 1.0);
    let plane = |site: &Site| Vector4::new(1.0, site.s, site.t, site.d);
    let (mut shear, mut density) = (Matrix6::zeros(), Matrix4::zeros());
    for site in sites {
        shear += velocity(site) * velocity(site).transpose() * site.d.powf(manner.weight);
        density += plane(site) * plane(site).transpose();
    }
    (1..4).for_each(|k| density[(k, k)] += SLOPE_DAMPING * density[(0, 0)]);
    let few = sites.len() < PLENTY;
    let [cube, slip] = if few { [OUT, THICK.slip] } else { [manner.cube, manner.slip] };
    (1..4).for_each(|k| shear[(k, k)] += manner.bend * shear[(0, 0)]);
    shear[(4, 4)] += cube * shear[(0, 0)];
    shear[(5, 5)] *= 1.0 + slip;
    let shear = shear.cholesky()?.solve(&Vector6::x());
    let density = density.cholesky()?.solve(&Vector4::x());
    let tap = |site: &Site| Tap {
        site: site.site as u32,
        shear: (velocity(site).dot(&shear) * site.d.powf(manner.weight)) as f32,
        density: plane(site).dot(&density) as f32,
    };
    let taps: Vec<Tap> = sites.iter().map(tap).collect();
    taps.iter().all(|tap| tap.shear.is_finite() && tap.density.is_finite()).then_some(taps)
}

/// Unit normals out of the fluid at vertices, the triangles around weighted by their angle there.
fn normals(places: &[Vector3<f64>], triangles: &[[u32; 3]]) -> Vec<Vector3<f64>> {
    let mut normals = vec![Vector3::zeros(); places.len()];
    for triangle in triangles {
        let corners = triangle.map(|v| places[v as usize]);
        let area = (corners[1] - corners[0]).cross(&(corners[2] - corners[0]));
        let Some(normal) = area.try_normalize(0.0) else { continue };
        for k in 0..3 {
            let (to, fro) = (corners[(k + 1) % 3] - corners[k], corners[(k + 2) % 3] - corners[k]);
            normals[triangle[k] as usize] += normal * to.angle(&fro);
        }
    }
    // Triangles that cancel each other out leave no normal: any direction will do, the vertex is a needle's tip.
    normals.into_iter().map(|n| n.try_normalize(1e-12).unwrap_or(Vector3::x())).collect()
}

#[cfg(test)]
mod tests;
