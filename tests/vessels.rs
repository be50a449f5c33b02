//! From real and from made surfaces to vessels: openings, extensions, and exact diagnoses of what is broken.

#![allow(clippy::unwrap_used, reason = "in a test, that is the failure")]

use std::path::PathBuf;
use std::time::Instant;

use perfuse::geometry::check::{VesselError, check_unit};
use perfuse::geometry::extend::close;
use perfuse::geometry::formats::read_all;
use perfuse::geometry::inspect::{Role, find_openings, inspect};
use perfuse::geometry::orient::volume;
use perfuse::geometry::surface::Surface;
use perfuse::geometry::vessel::{Closed, Selector, Tag, Vessel};

mod support;
use support::data;

fn load(folder: &str, files: &[&str], unit: f64) -> Option<Surface> {
    let folder = data()?.join(folder);
    let paths: Vec<PathBuf> = files.iter().map(|file| folder.join(file)).collect();
    Some(read_all(&paths, unit).unwrap())
}

fn near(places_mm: &[[f64; 3]]) -> Vec<(String, Selector)> {
    let place = |(k, p): (usize, &[f64; 3])| (format!("end_{k}"), Selector::Near(p.map(|x| 1e-3 * x)));
    places_mm.iter().enumerate().map(place).collect()
}

fn patches(names: &[&str]) -> Vec<(String, Selector)> {
    names.iter().map(|name| ((*name).to_owned(), Selector::Patch((*name).to_owned()))).collect()
}

fn perimeter(vessel: &Vessel, k: usize) -> f64 {
    let rim = &vessel.openings[k].rim;
    let at = |i: usize| vessel.wall.vertices[rim[i % rim.len()] as usize];
    let length = |i: usize| (0..3).map(|d| (at(i)[d] - at(i + 1)[d]).powi(2)).sum::<f64>().sqrt();
    (0..rim.len()).map(length).sum()
}

/// Asserts equivalent diameters and perimeters over pi (both mm) of all openings within 0.5 %.
fn assert_sizes(vessel: &Vessel, sizes: &[[f64; 2]]) {
    assert_eq!(vessel.openings.len(), sizes.len());
    for (k, [diameter, round]) in sizes.iter().enumerate() {
        let got = [1e3 * vessel.openings[k].equivalent_diameter(), 1e3 * perimeter(vessel, k) / std::f64::consts::PI];
        println!("{}: {:.3} mm by area, {:.3} mm by perimeter", vessel.openings[k].name, got[0], got[1]);
        assert!((got[0] / diameter - 1.0).abs() < 0.005, "{} {diameter}", got[0]);
        assert!((got[1] / round - 1.0).abs() < 0.005, "{} {round}", got[1]);
    }
}

/// Closes a vessel with and without extensions, and checks volumes, lids and tags.
fn assert_closes(vessel: &Vessel, diameters: f64) -> Closed {
    let bare = close(vessel, &vec![0.0; vessel.openings.len()]).unwrap();
    let own = volume(&bare.vertices, &bare.triangles);
    assert!(own > 0.0);
    let asked: Vec<f64> = vessel.openings.iter().map(|o| diameters * o.equivalent_diameter()).collect();
    let start = Instant::now();
    let closed = close(vessel, &asked).unwrap();
    println!("closed in {:.3} s", start.elapsed().as_secs_f64());
    let added: f64 = vessel.openings.iter().zip(&closed.ends).map(|(o, end)| o.area * end.extension).sum();
    let total = volume(&closed.vertices, &closed.triangles);
    println!("volume {:.2} + {:.2} ml", 1e6 * own, 1e6 * added);
    // Exact for plane rims; a rim uneven by h shifts the section's own lid by less than h.
    let slack: f64 = vessel.openings.iter().map(|o| o.area * o.unevenness).sum();
    assert!((total - own - added).abs() < 1e-6 * total + slack, "{total} {own} {added}");
    for (t, tag) in closed.tags.iter().enumerate() {
        let Tag::Lid(k) = *tag else { continue };
        let end = closed.ends[k as usize];
        for v in closed.triangles[t] {
            let p = closed.vertices[v as usize];
            let height: f64 = (0..3).map(|d| (p[d] - end.centre[d]) * end.normal[d]).sum();
            let loose = if end.extension > 0.0 { 1e-12 } else { vessel.openings[k as usize].unevenness + 1e-12 };
            assert!((height - end.extension).abs() < loose + 1e-9 * total.cbrt());
        }
    }
    closed
}

const ARCH: [[f64; 3]; 3] = [[221.0, 177.8, 21.3], [235.2, 101.6, 29.2], [210.2, 102.9, 30.8]];

#[test]
fn an_open_aorta_has_three_ends_by_place() {
    let Some(surface) = load("aorta_arch", &["aorta-surface-open-ends.stl"], 1e-3) else { return };
    let vessel = Vessel::build(surface, &near(&ARCH)).unwrap();
    assert_sizes(&vessel, &[[15.372, 15.462], [8.821, 8.890], [8.737, 8.795]]);
    assert_eq!(check_unit(&vessel), Ok(()));
    let closed = assert_closes(&vessel, 1.0);
    for (opening, end) in vessel.openings.iter().zip(&closed.ends) {
        assert!((end.extension / opening.equivalent_diameter() - 1.0).abs() < 1e-3);
    }
}

#[test]
fn a_coarctation_of_six_files_has_five_ends_by_patch() {
    let files = ["wall_aorta.stl", "inlet.stl", "outlet4.stl", "outlet1.stl", "outlet2.stl", "outlet3.stl"];
    let Some(surface) = load("aorta_coarctation", &files, 1e-3) else { return };
    let names = ["inlet", "outlet4", "outlet1", "outlet2", "outlet3"];
    let start = Instant::now();
    let (vessel, repairs) = Vessel::build_reported(surface, &patches(&names)).unwrap();
    println!("built in {:.3} s: {repairs:?}", start.elapsed().as_secs_f64());
    let sizes = [[13.991, 14.105], [8.652, 8.660], [7.268, 7.293], [4.551, 4.561], [3.636, 3.649]];
    assert_sizes(&vessel, &sizes);
    assert!(repairs.closed_ends.is_empty());
    assert_closes(&vessel, 1.0);
}

#[test]
fn caps_that_share_no_vertex_with_the_wall_are_matched_by_place() {
    let names = ["inlet", "outlet4", "outlet1", "outlet2", "outlet3"];
    let Some(mut surface) = load("aorta_coarctation", &["wall_aorta.stl"], 1e-3) else { return };
    let Some(caps) = load("aorta_coarctation", &names.map(|n| format!("{n}.stl")).each_ref().map(|n| &**n), 1e-3)
    else {
        return;
    };
    let (vertices, patches_before) = (surface.vertices.len() as u32, surface.patches.len() as u16);
    surface.vertices.extend(caps.vertices.iter().map(|v| [v[0] + 1e-4, v[1], v[2] - 1e-4]));
    surface.triangles.extend(caps.triangles.iter().map(|t| t.map(|v| v + vertices)));
    surface.patch_of.extend(caps.patch_of.iter().map(|p| p + patches_before));
    surface.patches.extend(caps.patches);
    let vessel = Vessel::build(surface.clone(), &patches(&names)).unwrap();
    let sizes = [[13.991, 14.105], [8.652, 8.660], [7.268, 7.293], [4.551, 4.561], [3.636, 3.649]];
    assert_sizes(&vessel, &sizes);
    let places: Vec<[f64; 3]> = vessel.openings.iter().map(|o| o.centre.map(|x| 1e3 * x)).collect();
    let (by_place, repairs) = Vessel::build_reported(surface, &near(&places)).unwrap();
    assert_eq!(repairs.loose_caps, 5);
    assert_eq!(by_place.wall, vessel.wall);
}

#[test]
fn a_closed_coronary_tree_has_seven_flat_caps() {
    let Some(surface) = load("coronary_left", &["m1_fluid.stl"], 1e-3) else { return };
    let start = Instant::now();
    let found = find_openings(&surface);
    println!("found in {:.3} s", start.elapsed().as_secs_f64());
    let sizes = [4.5616, 1.3608, 1.2047, 1.1402, 1.1402, 0.8666, 0.7170];
    assert_eq!(found.len(), sizes.len());
    for (opening, size) in found.iter().zip(sizes) {
        assert!((1e3 * opening.equivalent_diameter() / size - 1.0).abs() < 0.005);
    }
    // Half a diameter beside the centre is near enough.
    let places: Vec<[f64; 3]> = found
        .iter()
        .map(|o| {
            let across = if o.normal[0].abs() < 0.8 {
                [0.0, -o.normal[2], o.normal[1]]
            } else {
                [-o.normal[1], o.normal[0], 0.0]
            };
            [0, 1, 2].map(|k| 1e3 * (o.centre[k] + 0.5 * o.equivalent_diameter() * across[k]))
        })
        .collect();
    let (vessel, repairs) = Vessel::build_reported(surface, &near(&places)).unwrap();
    for (opening, size) in vessel.openings.iter().zip(sizes) {
        assert!((1e3 * opening.equivalent_diameter() / size - 1.0).abs() < 0.005);
        assert!(opening.unevenness < 2e-3 * opening.equivalent_diameter());
    }
    assert!(repairs.closed_ends.is_empty());
    assert_closes(&vessel, 2.0);
}

#[test]
fn an_aneurysm_of_the_internal_carotid_has_four_ends() {
    let Some(surface) = load("ica_aneurysm", &["id1_model.vtp"], 1e-3) else { return };
    let places = [[46.95, 41.05, 45.43], [43.60, 61.40, 38.93], [35.49, 56.93, 41.88], [44.46, 54.90, 44.13]];
    let vessel = Vessel::build(surface, &near(&places)).unwrap();
    // Area and perimeter of the rims as VTK measures them.
    assert_sizes(&vessel, &[[4.213, 4.291], [2.497, 2.542], [2.213, 2.255], [1.384, 1.397]]);
    // The two smallest are cut unevenly, by about a hundredth of their width.
    assert!(vessel.openings[2].unevenness > 5e-6 && vessel.openings[3].unevenness > 5e-6);
    assert_closes(&vessel, 1.0);
    let forgotten = Vessel::build(vessel.wall, &near(&places[..3])).unwrap_err();
    println!("{forgotten}");
    assert!(forgotten.to_string().contains("(44.459, 54.902, 44.133) mm, diameter 1.384 mm, 40 edges: an end"));
}

#[test]
fn face_ids_name_the_ends_of_a_pulmonary_artery() {
    let Some(surface) = load("pulmonary_wall_properties", &["SU201_2005_RPA1_exterior.vtp"], 1e-3) else { return };
    let found = inspect(&surface);
    let patches: Vec<Selector> = found.ends.iter().map(|end| end.selector.clone()).collect();
    assert_eq!(patches, ["6", "9", "11", "10", "8", "7"].map(|id| Selector::Patch(id.to_owned())));
    assert_eq!(found.ends.iter().filter(|end| end.role == Role::Inlet).count(), 1);
    let selectors: Vec<(String, Selector)> =
        found.ends.iter().map(|end| (end.opening.name.clone(), end.selector.clone())).collect();
    let vessel = Vessel::build(surface, &selectors).unwrap();
    for (a, b) in vessel.openings.iter().zip(&found.ends) {
        assert!((a.area / b.opening.area - 1.0).abs() < 1e-9);
    }
    assert_closes(&vessel, 1.0);
}

#[test]
fn pinholes_and_non_manifold_edges_are_diagnosed_with_their_places() {
    let Some(surface) = load("broken", &["pinholes_and_nonmanifold.stl"], 1.0) else { return };
    let start = Instant::now();
    let error = Vessel::build(surface, &near(&[[-17.5, 35.5, 20.0]])).unwrap_err();
    println!("{:.3} s: {error}", start.elapsed().as_secs_f64());
    assert!(start.elapsed().as_secs_f64() < 10.0);
    let VesselError::Several(problems) = &error else { panic!("{error}") };
    assert!(problems.iter().any(|p| matches!(p, VesselError::NonManifold { count: 2, .. })));
    let holes = problems.iter().find_map(|p| if let VesselError::Unclaimed { holes } = p { Some(holes) } else { None });
    assert!(holes.unwrap().iter().all(|hole| hole.flaw));
    assert!(error.to_string().contains("(-17.353, 35.104, 18.324) mm"));
}

#[test]
fn folds_on_a_surface_are_removed_and_reported() {
    let Some(surface) = load("broken", &["nonmanifold_edges.vtp"], 1e-2) else { return };
    let start = Instant::now();
    let found = inspect(&surface);
    assert!(start.elapsed().as_secs_f64() < 10.0);
    assert_eq!((found.error(), found.weld.duplicate), (None, 252));
    let selectors: Vec<(String, Selector)> =
        found.ends.iter().map(|end| (end.opening.name.clone(), end.selector.clone())).collect();
    let (vessel, repairs) = Vessel::build_reported(surface, &selectors).unwrap();
    assert_eq!(repairs.weld.duplicate, 252);
    assert_closes(&vessel, 1.0);
}
