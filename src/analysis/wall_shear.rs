//! Wall shear and pressure at the vertices of the wall.
//!
//! Theory: near a wall at rest the velocity is `u = d (a0 + a1 s + a2 t + a3 d)` up to third order, with `d` the
//! distance to the wall and `s`, `t` the coordinates along it: no slip holds exactly, and the shear stress on the wall is
//! `nu a0` without its normal part. The coefficients are fitted by weighted least squares to the sites around a vertex.
//! `d`, `s` and `t` of a site are those of the point of the wall nearest to it, so that a curved wall bends the
//! coordinates with it and the staircase of sites does not enter. Density is fitted by `c0 + c1 s + c2 t + c3 d` to the
//! same sites.
//!
//! Practice: a vertex takes sites whose nearest wall point lies within `REACH` of it and on a wall that faces the same
//! way, which leaves out those of a vessel next door or of the opposite wall. Where there are too few, in a cleft or
//! behind a fold finer than the lattice, sites farther along the wall are taken, the slopes then being held back by the
//! small damping of the fit; where there are none the values are those of the neighbouring vertices, and the vertex is
//! listed as weak. Sites in flow extensions and walls of extensions count like any others; only vertices of the vessel's
//! own wall get values.

use nalgebra::{Matrix4, SMatrix, Vector3, Vector4};
use rayon::prelude::*;

use super::band::{Band, Near};
use super::nearest::Nearest;
use crate::fluid::moments::{FIELDS, Macro};
use crate::geometry::lattice::Lattice;
use crate::geometry::tube::frame;
use crate::geometry::vessel::{Closed, Tag};

/// Fit.
#[derive(Clone, Copy, Debug)]
pub struct Fit {
    /// Farthest from the wall.
    pub depth: f64,
    /// Farthest along.
    pub reach: f64,
    /// Power of d.
    pub power: f64,
    /// Gauss along.
    pub sharp: f64,
    /// Gauss in depth.
    pub fade: f64,
}

impl Default for Fit {
    fn default() -> Self {
        Self { depth: 2.5, reach: 2.0, power: 1.0, sharp: 0.5, fade: 0.2 }
    }
}

/// Growth of the distance along the wall in the second and third try.
const WIDER: [f64; 3] = [1.0, 1.6, 2.5];

/// Sites that a fit should have: twice its unknowns.
const ENOUGH: usize = 8;

/// Damping of the fit's slopes, relative to the sum of the weights.
const DAMPING: f64 = 1e-3;

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

/// Density deviation and velocity gradient at a vertex, and whether there were enough sites.
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
        let band = Band::new(lattice, &Nearest::new(walls), 4.0);
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

    /// Density and wall shear of a state: the ten padded site arrays of [`crate::fluid::moments`]; `nu` is the kinematic
    /// viscosity in lattice units.
    #[must_use]
    pub fn sample(&self, state: &[&[f32]; FIELDS], nu: f64, fit: &Fit) -> WallSample {
        let values: Vec<Option<Value>> = (0..self.vertices.len())
            .into_par_iter()
            .with_min_len(64)
            .map_init(Vec::new, |sites, k| self.value(state, k, sites, fit))
            .collect();
        let values = self.filled(values);
        let stress = |v: &Value| (v.gradient * nu).cast::<f32>().into();
        WallSample {
            drho: values.iter().map(|v| v.drho as f32).collect(),
            wss: values.iter().map(stress).collect(),
            weak: (0u32..).zip(&values).filter(|(_, v)| v.weak).map(|(k, _)| k).collect(),
        }
    }

    /// The fit at vertex `k`, if there is any site for it. `sites` is scratch space.
    fn value(&self, state: &[&[f32]; FIELDS], k: usize, sites: &mut Vec<(Near, [f64; 3])>, fit: &Fit) -> Option<Value> {
        let (place, normal) = (self.places[k], self.normals[k]);
        let (e1, e2) = frame(normal.into());
        let (e1, e2) = (Vector3::from(e1), Vector3::from(e2));
        for factor in WIDER {
            let reach = fit.reach * factor;
            sites.clear();
            self.band.around(place, reach.hypot(fit.depth), |near| {
                let off = near.foot - place;
                let along = off - normal * off.dot(&normal);
                let d = near.way.norm();
                if d <= fit.depth && off.norm_squared() <= reach * reach && near.way.dot(&normal) >= 0.5 * d {
                    sites.push((near, [along.dot(&e1), along.dot(&e2), d]));
                }
            });
            if sites.len() >= ENOUGH {
                break;
            }
        }
        let widest = sites.iter().map(|(_, [s, t, _])| s * s + t * t).fold(1.0, f64::max);
        let mut velocity = (Matrix4::zeros(), SMatrix::<f64, 4, 3>::zeros());
        let mut density = (Matrix4::zeros(), Vector4::zeros());
        for (near, [s, t, d]) in sites.iter() {
            let m = Macro::read(&state.map(|field| field[near.site]));
            let basis = Vector4::new(1.0, *s, *t, *d);
            let weight = (-fit.sharp * (s * s + t * t) / widest - fit.fade * d * d / fit.depth / fit.depth).exp();
            let w = weight * d.powf(2.0 * fit.power);
            velocity.0 += basis * basis.transpose() * w;
            velocity.1 += basis * (Vector3::from(m.j).cast::<f64>() / *d).transpose() * w;
            density.0 += basis * basis.transpose() * weight;
            density.1 += basis * f64::from(m.drho) * weight;
        }
        let gradient = damped(velocity.0)?.solve(&velocity.1).row(0).transpose();
        let drho = damped(density.0)?.solve(&density.1)[0];
        let gradient = gradient - normal * gradient.dot(&normal);
        let good = drho.is_finite() && gradient.iter().all(|g| g.is_finite());
        good.then_some(Value { drho, gradient, weak: sites.len() < ENOUGH })
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

/// The normal equations of a fit, its slopes damped, ready to solve; `None` without sites.
fn damped(mut matrix: Matrix4<f64>) -> Option<nalgebra::Cholesky<f64, nalgebra::Const<4>>> {
    let damping = DAMPING * matrix[(0, 0)];
    (1..4).for_each(|k| matrix[(k, k)] += damping);
    matrix.cholesky()
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
