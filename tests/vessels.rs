//! From real and from made surfaces to vessels: openings, extensions, and exact diagnoses of what is broken.

#![allow(clippy::unwrap_used, reason = "in a test, that is the failure")]

use std::path::PathBuf;
use std::time::Instant;

use perfuse::geometry::check::check_unit;
use perfuse::geometry::extend::close;
use perfuse::geometry::orient::volume;
use perfuse::geometry::surface::Surface;
use perfuse::geometry::vessel::{Closed, Selector, Tag, Vessel};

/// The folder of real data; `None`, after saying so, where it is absent.
fn data() -> Option<PathBuf> {
    let default = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("PERFUSE_DATA").map_or_else(default, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    let required = std::env::var("PERFUSE_REQUIRE").is_ok_and(|what| what.split(',').any(|word| word.trim() == "data"));
    assert!(!required, "PERFUSE_REQUIRE=data, but there is no folder {}", folder.display());
    println!("SKIPPED: no folder {}", folder.display());
    None
}

/// Reads binary STL files, one patch a file.
fn load(folder: &str, files: &[&str], unit: f64) -> Option<Surface> {
    let folder = data()?.join(folder);
    let mut surface = Surface { unit, ..Surface::default() };
    for file in files {
        let bytes = std::fs::read(folder.join(file)).unwrap();
        surface.patches.push(file.trim_end_matches(".stl").to_owned());
        for facet in bytes[84..].chunks_exact(50) {
            let first = surface.vertices.len() as u32;
            surface.triangles.push([first, first + 1, first + 2]);
            surface.patch_of.push(surface.patches.len() as u16 - 1);
            for corner in facet[12..48].chunks_exact(12) {
                let x = |k: usize| f64::from(f32::from_le_bytes(corner[4 * k..4 * k + 4].try_into().unwrap()));
                surface.vertices.push([x(0) * unit, x(1) * unit, x(2) * unit]);
            }
        }
    }
    Some(surface)
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
