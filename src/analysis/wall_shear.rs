//! Wall shear and pressure at the vertices of the wall.
//!
//! Theory: near a wall at rest the velocity is `u = d (a0 + a1 s + a2 t + a3 d)` up to third order, with `d` the
//! distance to the wall and `s`, `t` the coordinates along it, and the shear stress on the wall is `nu a0` without its
//! normal part. The coefficients are fitted by least squares to the sites around a vertex. `d`, `s` and `t` of a site are
//! those of the point of the wall nearest to it, so that a curved wall bends the coordinates with it and the staircase
//! of sites does not enter.
//!
//! The interpolated bounce-back holds no slip only to second order: the profile beyond the first site looks as if the
//! wall stood some hundredths of a spacing farther in, while the first sites themselves are pulled down to the true wall.
//! So sites weigh by the square of their distance, and a constant is added to the fit, damped so that it can take up
//! that much and no more. Measured in a tilted pipe of 24 sites at Reynolds numbers 10 and 300, mean error of the wall
//! shear: with equal weights and no constant -3.3 % and -4.9 %, weighted -0.9 % and -1.6 %, with the constant -0.2 % and
//! -0.6 % (docs/verification.md).
//!
//! The pressure is that of a fit `c0 + c1 s + c2 t + c3 d` to the density of the same sites.
//!
//! Practice: a vertex takes sites whose nearest wall point lies within `REACH` of it and on a wall that faces the same
//! way, which leaves out those of a vessel next door or of the opposite wall. Where there are too few, in a cleft or
//! behind a fold finer than the lattice, sites farther along the wall are taken, and the damping of the slopes keeps the
//! fit sane; where there are none the values are those of the neighbouring vertices. Both are listed as weak. Sites in
//! flow extensions count like any others; only vertices of the vessel's own wall get values.

use nalgebra::{Matrix4, Matrix5, SMatrix, Vector3, Vector4, Vector5};
use rayon::prelude::*;

use super::band::{Band, Near};
use super::nearest::Nearest;
use crate::fluid::moments::{FIELDS, Macro};
use crate::geometry::lattice::Lattice;
use crate::geometry::tube::frame;
use crate::geometry::vessel::{Closed, Tag};

/// Sites up to this far from the wall are fitted, in spacings.
const DEPTH: f64 = 3.5;

/// Their nearest wall points lie at most this far from the vertex, in spacings.
const REACH: f64 = 2.5;

/// What `REACH` is multiplied by in the three tries to find enough sites.
const TRIES: [f64; 3] = [1.0, 1.6, 2.5];

/// Sites that a fit should have: twice its unknowns.
const ENOUGH: usize = 10;

/// Damping of the slopes of a fit, relative to the weight of its main unknown.
const SLOPE_DAMPING: f64 = 1e-4;

/// Damping of the velocity's constant, relative to the sum of the weights. Less lets noise in, more lets the boundary's
/// own slip through.
const SLIP_DAMPING: f64 = 1e-2;

/// Where the wall of a vessel is sampled, and from which sites.
#[derive(Clone, Debug)]
pub struct WallSampler {
    band: Band,
    vertices: Vec<u32>,
    /// Places, in site spacings from the grid's origin.
    places: Vec<Vector3<f64>>,
    normals: Vec<Vector3<f64>>,
    /// Triangles of the wall by positions in `vertices`.
    triangles: Vec<[u32; 3]>,
}

/// Values at the vertices of [`WallSampler::vertices`], in their order. All are finite.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WallSample {
    /// Density deviation, lattice units; `Scale::pressure_to_si` makes a pressure of it.
    pub drho: Vec<f32>,
    /// Shear stress of the fluid on the wall, lattice units: in the plane of the wall, along the flow.
    /// `Scale::stress_to_si` makes Pa of it.
    pub wss: Vec<[f32; 3]>,
    /// Which values rest on too few sites, or on neighbouring vertices: positions in the arrays above, rising.
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

/// Density deviation and velocity gradient at a vertex, and whether there were too few sites.
#[derive(Clone, Copy, Debug)]
struct Value {
    drho: f64,
    gradient: Vector3<f64>,
    weak: bool,
}

impl WallSampler {
    /// Prepares for the vertices that the triangles of `surface` with [`Tag::Wall`] use; `lattice` is the one cut from
    /// that surface.
    #[must_use]
    pub fn new(lattice: &Lattice, surface: &Closed) -> Self {
        let grid = &lattice.grid;
        let local = |v: u32| {
            let place = Vector3::from(surface.vertices[v as usize]);
            (place - Vector3::from(grid.origin)) / grid.spacing
        };
        let tagged = |keep: fn(Tag) -> bool| {
            surface.triangles.iter().zip(&surface.tags).filter(move |(_, tag)| keep(**tag)).map(|(t, _)| *t)
        };
        let walls = tagged(|tag| !matches!(tag, Tag::Lid(_))).map(|t| t.map(local)).collect();
        let band = Band::new(lattice, &Nearest::new(walls), DEPTH);
        let mut triangles: Vec<[u32; 3]> = tagged(|tag| tag == Tag::Wall).collect();
        let mut vertices: Vec<u32> = triangles.iter().flatten().copied().collect();
        vertices.par_sort_unstable();
        vertices.dedup();
        let mut position = vec![0u32; surface.vertices.len()];
        vertices.iter().zip(0u32..).for_each(|(&v, k)| position[v as usize] = k);
        triangles.iter_mut().for_each(|t| *t = t.map(|v| position[v as usize]));
        let places: Vec<Vector3<f64>> = vertices.iter().map(|&v| local(v)).collect();
        let normals = normals(&places, &triangles);
        Self { band, vertices, places, normals, triangles }
    }

    /// Which vertices of the closed surface have values, rising.
    #[must_use]
    pub fn vertices(&self) -> &[u32] {
        &self.vertices
    }

    /// Density and wall shear of a state: the ten padded site arrays of [`crate::fluid::moments`]; `nu` gives the kinematic
    /// viscosity at a shear rate, both in lattice units.
    #[must_use]
    pub fn sample(&self, state: &[&[f32]; FIELDS], nu: &(dyn Fn(f64) -> f64 + Sync)) -> WallSample {
        let values: Vec<Option<Value>> = (0..self.vertices.len())
            .into_par_iter()
            .with_min_len(64)
            .map_init(Vec::new, |sites, k| self.value(state, k, sites))
            .collect();
        let values = self.filled(values);
        let stress = |v: &Value| (v.gradient * nu(v.gradient.norm())).cast::<f32>().into();
        WallSample {
            drho: values.iter().map(|v| v.drho as f32).collect(),
            wss: values.iter().map(stress).collect(),
            weak: (0u32..).zip(&values).filter(|(_, v)| v.weak).map(|(k, _)| k).collect(),
        }
    }

    /// The fit at vertex `k`, if there is any site for it. `sites` is scratch space.
    fn value(&self, state: &[&[f32]; FIELDS], k: usize, sites: &mut Vec<Site>) -> Option<Value> {
        for factor in TRIES {
            self.gather(k, factor * REACH, sites);
            if sites.len() >= ENOUGH {
                break;
            }
        }
        let (drho, gradient) = fit(state, sites)?;
        let normal = self.normals[k];
        Some(Value { drho, gradient: gradient - normal * gradient.dot(&normal), weak: sites.len() < ENOUGH })
    }

    /// The sites for vertex `k` whose nearest wall points lie within `reach` of it.
    fn gather(&self, k: usize, reach: f64, sites: &mut Vec<Site>) {
        let (place, normal) = (self.places[k], self.normals[k]);
        let (e1, e2) = frame(normal.into());
        let (e1, e2) = (Vector3::from(e1), Vector3::from(e2));
        sites.clear();
        self.band.around(place, reach.hypot(DEPTH), |Near { site, foot, way }| {
            let (off, d) = (foot - place, way.norm());
            if d > 0.0 && off.norm_squared() <= reach * reach && way.dot(&normal) >= 0.5 * d {
                sites.push(Site { site, s: off.dot(&e1), t: off.dot(&e2), d });
            }
        });
    }

    /// Gives vertices without value the mean of their neighbours', ring by ring.
    fn filled(&self, mut values: Vec<Option<Value>>) -> Vec<Value> {
        loop {
            let mut sums: Vec<(f64, Vector3<f64>, u32)> = vec![Default::default(); values.len()];
            let mut missing = false;
            for &[a, b, c] in self.triangles.iter() {
                for (to, from) in [(a, b), (a, c), (b, a), (b, c), (c, a), (c, b)] {
                    if let (None, Some(v)) = (values[to as usize], values[from as usize]) {
                        let sum = &mut sums[to as usize];
                        *sum = (sum.0 + v.drho, sum.1 + v.gradient, sum.2 + 1);
                        missing = true;
                    }
                }
            }
            if !missing {
                let nothing = Value { drho: 0.0, gradient: Vector3::zeros(), weak: true };
                return values.into_iter().map(|v| v.unwrap_or(nothing)).collect();
            }
            for (k, (drho, gradient, n)) in sums.into_iter().enumerate().filter(|(_, sum)| sum.2 > 0) {
                let gradient = gradient / f64::from(n);
                let gradient = gradient - self.normals[k] * gradient.dot(&self.normals[k]);
                values[k] = Some(Value { drho: drho / f64::from(n), gradient, weak: true });
            }
        }
    }
}

/// Density deviation at the wall and derivative of the velocity along the inward normal, of a fit to `sites`.
fn fit(state: &[&[f32]; FIELDS], sites: &[Site]) -> Option<(f64, Vector3<f64>)> {
    let (mut shear, mut shears) = (Matrix5::zeros(), SMatrix::<f64, 5, 3>::zeros());
    let (mut plane, mut densities) = (Matrix4::zeros(), Vector4::zeros());
    for &Site { site, s, t, d } in sites {
        let m = Macro::read(&state.map(|field| field[site]));
        let basis = Vector5::new(d, d * s, d * t, d * d, 1.0) * d;
        shear += basis * basis.transpose();
        shears += basis * (Vector3::from(m.j).cast::<f64>() * d).transpose();
        let basis = Vector4::new(1.0, s, t, d);
        plane += basis * basis.transpose();
        densities += basis * f64::from(m.drho);
    }
    for k in 1..4 {
        shear[(k, k)] += SLOPE_DAMPING * shear[(0, 0)];
        plane[(k, k)] += SLOPE_DAMPING * plane[(0, 0)];
    }
    shear[(4, 4)] *= 1.0 + SLIP_DAMPING;
    let gradient: Vector3<f64> = shear.cholesky()?.solve(&shears).row(0).transpose();
    let drho = plane.cholesky()?.solve(&densities)[0];
    (drho.is_finite() && gradient.iter().all(|g| g.is_finite())).then_some((drho, gradient))
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
