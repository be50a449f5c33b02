//! Vessels from made surfaces, where everything is known: selectors, diagnoses, stray pieces, room for extensions.

#![allow(clippy::unwrap_used, reason = "in a test, that is the failure")]

use std::f64::consts::{PI, TAU};

use perfuse::geometry::build::Repairs;
use perfuse::geometry::check::{VesselError, check_unit};
use perfuse::geometry::extend::close;
use perfuse::geometry::orient::volume;
use perfuse::geometry::surface::Surface;
use perfuse::geometry::vessel::{Selector, Tag, Vessel};

const SEGMENTS: u32 = 48;

/// A tube of 6 mm diameter along stations (centre, two unit vectors across, the second after the first about the way),
/// m; patches `wall`, `inlet`, `outlet`, the caps fans that share the rims' vertices.
fn tube(stations: &[[[f64; 3]; 3]]) -> Surface {
    let mut surface = Surface { unit: 1e-3, ..Surface::default() };
    surface.patches = ["wall", "inlet", "outlet"].map(str::to_owned).to_vec();
    for [centre, a, b] in stations {
        for i in 0..SEGMENTS {
            let (s, c) = (f64::from(i) * TAU / f64::from(SEGMENTS)).sin_cos();
            surface.vertices.push([0, 1, 2].map(|k| centre[k] + 3e-3 * (c * a[k] + s * b[k])));
        }
    }
    let rings = stations.len() as u32;
    let at = |ring: u32, i: u32| ring * SEGMENTS + i % SEGMENTS;
    for ring in 0..rings - 1 {
        for i in 0..SEGMENTS {
            let [a, b, c, d] = [at(ring, i), at(ring, i + 1), at(ring + 1, i + 1), at(ring + 1, i)];
            surface.triangles.extend([[a, b, c], [a, c, d]]);
            surface.patch_of.extend([0, 0]);
        }
    }
    for (patch, ring, station) in [(1, 0, 0), (2, rings - 1, stations.len() - 1)] {
        let centre = surface.vertices.len() as u32;
        surface.vertices.push(stations[station][0]);
        for i in 0..SEGMENTS {
            let (a, b) = if patch == 1 { (at(ring, i + 1), at(ring, i)) } else { (at(ring, i), at(ring, i + 1)) };
            surface.triangles.push([centre, a, b]);
            surface.patch_of.push(patch);
        }
    }
    surface
}

/// A straight tube of 30 mm from `start` along +z (`axis` 2) or +x (`axis` 0).
fn straight(start: [f64; 3], axis: usize) -> Surface {
    let unit = |k: usize| [0, 1, 2].map(|j| f64::from(u8::from(j == k % 3)));
    let station = |j: u32| {
        let mut centre = start;
        centre[axis] += 1e-3 * f64::from(j);
        [centre, unit(axis + 1), unit(axis + 2)]
    };
    tube(&(0..=30).map(station).collect::<Vec<_>>())
}

/// A tube bent to an arc of 300 degrees of 15 mm radius.
fn arc() -> Surface {
    let station = |j: u32| {
        let (s, c) = (f64::from(j) * TAU / 120.0).sin_cos();
        [[15e-3 * c, 15e-3 * s, 0.0], [0.0, 0.0, 1.0], [c, s, 0.0]]
    };
    tube(&(0..=100).map(station).collect::<Vec<_>>())
}

fn join(mut a: Surface, b: &Surface) -> Surface {
    let (vertices, patches) = (a.vertices.len() as u32, a.patches.len() as u16);
    a.vertices.extend(&b.vertices);
    a.triangles.extend(b.triangles.iter().map(|t| t.map(|v| v + vertices)));
    a.patch_of.extend(b.patch_of.iter().map(|p| p + patches));
    a.patches.extend(b.patches.iter().map(|name| format!("{name}_b")));
    a
}

/// A closed tetrahedron of edge about 1 mm.
fn grain(at: [f64; 3]) -> Surface {
    let corners = [[0.0, 0.0, 0.0], [1e-3, 0.0, 0.0], [0.0, 1e-3, 0.0], [0.0, 0.0, 1e-3]];
    Surface {
        vertices: corners.map(|c| [0, 1, 2].map(|k| at[k] + c[k])).to_vec(),
        triangles: vec![[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]],
        patch_of: vec![0; 4],
        patches: vec!["grain".to_owned()],
        unit: 1e-3,
    }
}

fn patch(name: &str) -> (String, Selector) {
    (name.to_owned(), Selector::Patch(name.to_owned()))
}

fn near(name: &str, place: [f64; 3]) -> (String, Selector) {
    (name.to_owned(), Selector::Near(place))
}

fn both() -> [(String, Selector); 2] {
    [patch("inlet"), patch("outlet")]
}

fn built(surface: Surface, selectors: &[(String, Selector)]) -> (Vessel, Repairs) {
    Vessel::build_reported(surface, selectors).unwrap()
}

fn refused(surface: Surface, selectors: &[(String, Selector)]) -> VesselError {
    let error = Vessel::build(surface, selectors).unwrap_err();
    println!("{error}");
    error
}

/// Area of the regular polygon that stands for the 6 mm circle.
fn section() -> f64 {
    0.5 * f64::from(SEGMENTS) * (TAU / f64::from(SEGMENTS)).sin() * 9e-6
}

#[test]
fn patches_and_places_select_the_same_ends() {
    let (by_patch, _) = built(straight([0.0; 3], 2), &both());
    let places = [near("inlet", [0.0, 1e-3, 1e-3]), near("outlet", [0.0, 0.0, 31e-3])];
    let (by_place, _) = built(straight([0.0; 3], 2), &places);
    assert_eq!(by_patch.wall.triangles.len(), by_place.wall.triangles.len());
    for vessel in [by_patch, by_place] {
        for (opening, [z, normal]) in vessel.openings.iter().zip([[0.0, -1.0], [30e-3, 1.0]]) {
            assert!((opening.area / section() - 1.0).abs() < 1e-12);
            assert!((opening.normal[2] - normal).abs() < 1e-12);
            assert!((opening.centre[2] - z).abs() < 1e-15 && opening.centre[0].abs() < 1e-15);
            assert_eq!(opening.rim.len(), SEGMENTS as usize);
        }
        let closed = close(&vessel, &[6e-3, 12e-3]).unwrap();
        assert!((volume(&closed.vertices, &closed.triangles) / (section() * 48e-3) - 1.0).abs() < 1e-12);
        assert_eq!(closed.ends.iter().map(|end| (end.extension * 1e6).round()).collect::<Vec<_>>(), [6e3, 12e3]);
        let walls = closed.tags.iter().filter(|tag| **tag == Tag::Wall).count();
        assert_eq!(walls, vessel.wall.triangles.len());
    }
}

#[test]
fn turned_triangles_and_rounded_copies_of_vertices_change_nothing() {
    let sound = straight([0.0; 3], 2);
    let mut soup = Surface { vertices: Vec::new(), triangles: Vec::new(), ..sound.clone() };
    for (t, corners) in sound.triangles.iter().enumerate() {
        let first = soup.vertices.len() as u32;
        for (c, &v) in corners.iter().enumerate() {
            let shift = 1e-9 * ((7 * t + 3 * c) % 5) as f64;
            soup.vertices.push(sound.vertices[v as usize].map(|x| x + shift));
        }
        let turned = t % 3 == 0;
        soup.triangles.push(if turned { [first, first + 2, first + 1] } else { [first, first + 1, first + 2] });
    }
    let (vessel, repairs) = built(soup, &both());
    assert_eq!(vessel.wall.vertices.len(), (31 * SEGMENTS) as usize);
    assert!(repairs.weld.near > 1000 && repairs.flipped > 900);
    let closed = close(&vessel, &[0.0; 2]).unwrap();
    assert!((volume(&closed.vertices, &closed.triangles) / (section() * 30e-3) - 1.0).abs() < 1e-5);
}

#[test]
fn wrong_selectors_are_told_apart() {
    let tube = || straight([0.0; 3], 2);
    let similar = refused(tube(), &[patch("inlet"), patch("Outlets")]);
    assert!(matches!(&similar, VesselError::UnknownPatch { similar: Some(s), .. } if s == "outlet"));
    let twice = refused(tube(), &[patch("inlet"), ("outlet".to_owned(), Selector::Patch("inlet".to_owned()))]);
    assert!(matches!(twice, VesselError::PatchTwice { .. }));
    let same = refused(tube(), &[near("a", [0.0; 3]), near("b", [1e-3, 0.0, 0.0])]);
    assert!(matches!(same, VesselError::EndTwice { .. }) && same.to_string().contains("`a` and `b`"));
    let far = refused(tube(), &[patch("inlet"), near("b", [0.0, 0.0, 40e-3])]);
    let VesselError::NothingNear { nearest: Some(end), .. } = &far else { panic!("{far}") };
    assert!((end.distance - 10e-3).abs() < 1e-12 && far.to_string().contains("(0.000, 0.000, 40.000) mm"));
    let open = refused(tube(), &[("both".to_owned(), Selector::Patch("wall".to_owned()))]);
    assert!(matches!(&open, VesselError::PatchOfSeveralEnds { places, .. } if places.len() == 2));
    assert_eq!(refused(tube(), &[]), VesselError::NoOpening);
    assert_eq!(refused(Surface::default(), &both()), VesselError::Empty);
}

#[test]
fn an_end_left_out_stays_closed_and_is_reported() {
    let (vessel, repairs) = built(straight([0.0; 3], 2), &[patch("inlet")]);
    assert_eq!((vessel.openings.len(), repairs.closed_ends.len()), (1, 1));
    assert!((repairs.closed_ends[0].centre[2] - 30e-3).abs() < 1e-12);
}

#[test]
fn a_pinhole_is_told_from_an_end_that_was_forgotten() {
    let mut pierced = straight([0.0; 3], 2);
    pierced.triangles.swap_remove(1000);
    pierced.patch_of.swap_remove(1000);
    let error = refused(pierced.clone(), &both());
    let VesselError::Unclaimed { holes } = &error else { panic!("{error}") };
    assert!(holes.len() == 1 && holes[0].flaw && holes[0].edges == 3);
    pierced.triangles.retain(|t| t.iter().all(|&v| v < 31 * SEGMENTS));
    pierced.patch_of.truncate(pierced.triangles.len());
    let error = refused(pierced, &[near("inlet", [0.0; 3])]);
    let VesselError::Unclaimed { holes } = &error else { panic!("{error}") };
    assert_eq!(holes.iter().map(|hole| hole.flaw).collect::<Vec<_>>(), [false, true]);
    assert!(error.to_string().contains("near = [0.0000, 0.0000, 30.0000]"));
}

#[test]
fn a_fin_is_a_non_manifold_edge_at_its_place() {
    let mut finned = straight([0.0; 3], 2);
    let tip = finned.vertices.len() as u32;
    finned.vertices.push([9e-3, 0.0, 15e-3]);
    finned.triangles.push([15 * SEGMENTS, 16 * SEGMENTS, tip]);
    finned.patch_of.push(0);
    let error = refused(finned, &both());
    assert!(error.to_string().contains("1 non-manifold edge "), "{error}");
    assert!(error.to_string().contains("15.500) mm"), "{error}");
}

#[test]
fn stray_pieces_are_dropped_outside_and_kept_as_obstacles_inside() {
    let stray = join(join(straight([0.0; 3], 2), &grain([0.0, 0.0, 15e-3])), &grain([20e-3, 0.0, 0.0]));
    let (vessel, repairs) = built(stray, &both());
    assert_eq!((repairs.obstacles, repairs.debris), (1, 1));
    let closed = close(&vessel, &[0.0; 2]).unwrap();
    let expected = section() * 30e-3 - 1e-9 / 6.0;
    assert!((volume(&closed.vertices, &closed.triangles) / expected - 1.0).abs() < 1e-9);
}

#[test]
fn a_wrong_unit_is_noticed_and_the_right_one_suggested() {
    for (declared, plausible) in [(1e-3, true), (1e-2, false), (1.0, false), (1e-6, false)] {
        let mut surface = straight([0.0; 3], 2);
        surface.vertices.iter_mut().flatten().for_each(|x| *x *= declared / 1e-3);
        surface.unit = declared;
        let verdict = check_unit(&built(surface, &both()).0);
        assert_eq!(verdict.is_ok(), plausible, "{declared}");
        if let Err(error) = verdict {
            println!("{error}");
            assert!(error.to_string().contains("unit = \"mm\""), "{error}");
        }
    }
}

#[test]
fn an_extension_stops_before_a_wall_in_its_way() {
    let crossing = join(straight([0.0; 3], 2), &straight([-15e-3, 0.0, -20e-3], 0));
    let selectors = [patch("inlet"), patch("outlet"), patch("inlet_b"), patch("outlet_b")];
    let (vessel, _) = built(crossing, &selectors);
    let closed = close(&vessel, &[30e-3, 6e-3, 6e-3, 6e-3]).unwrap();
    let diameter = vessel.openings[0].equivalent_diameter();
    // The other tube's surface begins 3 mm above its axis.
    assert!((closed.ends[0].extension - (17e-3 - 0.1 * diameter)).abs() < 0.02e-3, "{}", closed.ends[0].extension);
    for end in &closed.ends[1..] {
        assert!((end.extension - 6e-3).abs() < 1e-12);
    }
    let near_by = join(straight([0.0; 3], 2), &straight([-15e-3, 0.0, -3.5e-3], 0));
    let closed = close(&built(near_by, &selectors).0, &[30e-3; 4]).unwrap();
    assert_eq!(closed.ends[0].extension, 0.0);
}

#[test]
fn two_extensions_that_would_meet_are_shortened_alike() {
    let (vessel, _) = built(arc(), &both());
    let closed = close(&vessel, &[30e-3; 2]).unwrap();
    let [a, b] = [closed.ends[0].extension, closed.ends[1].extension];
    println!("{a} {b}");
    // The axes meet at R tan(30 degrees) from each end; the tubes touch a little before.
    assert!((a - b).abs() < 1e-9 && a > 1e-3 && a < 15e-3 * (PI / 6.0).tan());
    let apart = close(&vessel, &[3e-3; 2]).unwrap();
    assert!(apart.ends.iter().all(|end| (end.extension - 3e-3).abs() < 1e-9));
}

#[test]
fn an_uneven_rim_ends_plane_behind_its_extension() {
    let mut wavy = straight([0.0; 3], 2);
    for i in 0..SEGMENTS {
        let wave = (2.0 * f64::from(i) * TAU / f64::from(SEGMENTS)).cos();
        wavy.vertices[(30 * SEGMENTS + i) as usize][2] += 0.4e-3 * wave;
    }
    let (vessel, _) = built(wavy, &both());
    assert!((vessel.openings[1].unevenness - 0.4e-3).abs() < 0.02e-3);
    let closed = close(&vessel, &[0.0, 5e-3]).unwrap();
    let top = 30e-3 + closed.ends[1].extension;
    assert!((closed.ends[1].extension - 5.4e-3).abs() < 0.02e-3);
    for (corners, _) in closed.triangles.iter().zip(&closed.tags).filter(|(_, tag)| **tag == Tag::Lid(1)) {
        assert!(corners.iter().all(|&v| (closed.vertices[v as usize][2] - top).abs() < 1e-12));
    }
}
