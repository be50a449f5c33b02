//! Closing a vessel: flow extensions and lids.
//!
//! An extension sweeps the rim of an opening along its normal to a plane, so that an outlet condition acts on a plane
//! section some diameters behind the vessel's own end, where it does no harm. The plane lies the asked length beyond
//! the outermost vertex of the rim: an uneven rim becomes a plane section. Lids close what is open.

use std::collections::HashSet;

use nalgebra::Vector3;

use super::check::VesselError;
use super::clearance::{Prism, fitting_lengths};
use super::edges::{Edges, half_edge, half_edges};
use super::polygon::{is_simple, triangulate};
use super::vessel::{Closed, End, Opening, Tag, Vessel};

/// Growth of the rows of triangles along an extension, from the rim's edge length to an eighth of the diameter.
const GROWTH: f64 = 1.4;

/// Closes `vessel`: an extension of the length asked for (m, one an opening, 0 for none) where it has room, and a lid at
/// every end. [`Closed::ends`] tells the lengths used: shorter where an extension would run into the vessel or into
/// another, 0 where nothing fits or where the rim seen along its normal crosses itself.
///
/// # Errors
/// [`VesselError::NotClosed`] where the result is not watertight.
///
/// # Panics
/// When `extension_length` has not one entry an opening.
pub fn close(vessel: &Vessel, extension_length: &[f64]) -> Result<Closed, VesselError> {
    assert_eq!(extension_length.len(), vessel.openings.len(), "one extension length an opening");
    let prisms: Vec<Prism> = vessel.openings.iter().map(|opening| Prism::new(&vessel.wall, opening)).collect();
    let asked: Vec<f64> =
        prisms.iter().zip(extension_length).map(|(p, &l)| if is_simple(&p.section) { l } else { 0.0 }).collect();
    let lengths = fitting_lengths(&vessel.wall, &prisms, &asked);
    let mut closed = Closed {
        vertices: vessel.wall.vertices.clone(),
        triangles: vessel.wall.triangles.clone(),
        tags: vec![Tag::Wall; vessel.wall.triangles.len()],
        ends: Vec::with_capacity(prisms.len()),
    };
    for (k, (opening, prism)) in (0u16..).zip(vessel.openings.iter().zip(&prisms)) {
        let length = lengths[k as usize];
        let extension = if length > 0.0 { prism.base + length } else { 0.0 };
        let rim = if length > 0.0 { extrude(&mut closed, opening, prism, extension, k) } else { opening.rim.clone() };
        lid(&mut closed, &rim, prism, k);
        closed.ends.push(End { centre: opening.centre, normal: opening.normal, extension });
    }
    check_closed(&closed)?;
    Ok(closed)
}

/// Adds the wall of an extension up to `top` (m above the centre); returns the rim at its end.
fn extrude(closed: &mut Closed, opening: &Opening, prism: &Prism, top: f64, k: u16) -> Vec<u32> {
    let normal = Vector3::from(opening.normal);
    let mut ring = opening.rim.clone();
    let at = |closed: &Closed, v: u32| Vector3::from(closed.vertices[v as usize]);
    let n = ring.len();
    let perimeter: f64 = (0..n).map(|i| (at(closed, ring[i]) - at(closed, ring[(i + 1) % n])).norm()).sum();
    let feet: Vec<Vector3<f64>> = ring.iter().map(|&v| at(closed, v)).collect();
    for part in rows(top, perimeter / n as f64, opening.equivalent_diameter() / 8.0) {
        let start = closed.vertices.len() as u32;
        for (foot, height) in feet.iter().zip(&prism.heights) {
            closed.vertices.push((foot + normal * ((top - height) * part)).into());
        }
        let next: Vec<u32> = (start..start + n as u32).collect();
        for i in 0..n {
            let j = (i + 1) % n;
            let (a, b, c, d) = (ring[i], ring[j], next[j], next[i]);
            closed.triangles.extend([[a, b, c], [a, c, d]]);
            closed.tags.extend([Tag::Extension(k); 2]);
        }
        ring = next;
    }
    ring
}

/// Ends of the rows along an extension, as fractions of its length: the first row as long as an edge of the rim, the
/// next ones growing to `largest`.
fn rows(length: f64, edge: f64, largest: f64) -> Vec<f64> {
    let mut step = edge.min(largest).max(largest / 32.0);
    let mut ends = Vec::new();
    let mut sum = 0.0;
    while sum < length {
        sum += step;
        ends.push(sum);
        step = (step * GROWTH).min(largest);
    }
    ends.iter().map(|end| end / sum).collect()
}

/// Adds triangles over a rim that has the shape of the prism's section.
fn lid(closed: &mut Closed, rim: &[u32], prism: &Prism, k: u16) {
    let mut on_rim = vec![false; closed.vertices.len()];
    rim.iter().for_each(|&v| on_rim[v as usize] = true);
    let across: HashSet<[u32; 2]> = half_edges(&closed.triangles)
        .map(|(_, [a, b])| [a.min(b), a.max(b)])
        .filter(|ends| ends.iter().all(|&end| on_rim[end as usize]))
        .collect();
    // A diagonal that is an edge of the wall already would make that edge non-manifold.
    let taken = |i: usize, j: usize| across.contains(&[rim[i].min(rim[j]), rim[i].max(rim[j])]);
    let triangles = triangulate(&prism.section, taken);
    closed.tags.extend(std::iter::repeat_n(Tag::Lid(k), triangles.len()));
    closed.triangles.extend(triangles.into_iter().map(|corners| corners.map(|i| rim[i])));
}

/// Checks that every edge is shared by two triangles that run it in opposite directions.
fn check_closed(closed: &Closed) -> Result<(), VesselError> {
    let edges = Edges::new(&closed.triangles);
    let (mut free, mut non_manifold, mut first) = (0, 0, None);
    for edge in 0..edges.len() {
        let starts = edges.uses(edge).iter().map(|&half| half_edge(&closed.triangles, half)[0]);
        match *starts.collect::<Vec<_>>().as_slice() {
            [a, b] if a != b => continue,
            [_] => free += 1,
            _ => non_manifold += 1,
        }
        first = first.or(Some(edges.ends(edge)));
    }
    let Some(ends) = first else { return Ok(()) };
    let [a, b] = ends.map(|v| Vector3::from(closed.vertices[v as usize]));
    Err(VesselError::NotClosed { free, non_manifold, place: (0.5 * (a + b)).into() })
}
