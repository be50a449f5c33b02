use std::f64::consts::PI;

use nalgebra::Vector3;

use super::*;
use crate::geometry::primitives::{Bend, Bifurcation, Stenosis, Straight};
use crate::geometry::surface::Surface;
use crate::geometry::vessel::Selector;

/// A vessel whose openings are these patches.
fn vessel(surface: Surface, patches: &[&str]) -> Vessel {
    let selectors: Vec<_> = patches.iter().map(|p| ((*p).to_owned(), Selector::Patch((*p).to_owned()))).collect();
    Vessel::build(surface, &selectors).expect("a vessel")
}

fn tree(surface: Surface, patches: &[&str]) -> Tree {
    Tree::new(&vessel(surface, patches), 0).expect("a tree")
}

fn names(tree: &Tree) -> Vec<&str> {
    tree.branches.iter().map(|branch| branch.name.as_str()).collect()
}

/// Asserts radius and area of every point, within 2 %, and gives the largest errors.
fn assert_close(points: &[Point], radius: impl Fn(&Point) -> f64, area: impl Fn(&Point) -> f64) -> [f64; 2] {
    let mut worst = [0.0f64; 2];
    for point in points {
        let error = |found: f64, expected: f64| (found / expected - 1.0).abs();
        worst[0] = worst[0].max(error(point.radius, radius(point)));
        worst[1] = worst[1].max(error(point.area, area(point)));
        let place = point.place.map(|x| 1e3 * x);
        assert!(worst.iter().all(|error| *error <= 0.02), "{worst:?} at {place:?} mm");
        let length = point.section.iter().zip(point.section.iter().cycle().skip(1));
        let length: f64 = length.map(|(a, b)| (Vector3::from(a.place) - Vector3::from(b.place)).norm()).sum();
        assert!((length / (2.0 * (PI * area(point)).sqrt()) - 1.0).abs() < 0.03, "{length} at {place:?} mm");
    }
    println!("radius {:.2} %, area {:.2} %", 100.0 * worst[0], 100.0 * worst[1]);
    worst
}

#[test]
fn a_straight_tube_has_its_axis() {
    let axis = [0.48, 0.6, 0.64];
    let straight = Straight { axis, ..Straight::new(6e-3) };
    let tree = tree(straight.surface().expect("a tube"), &["inlet", "outlet"]);
    assert_eq!(names(&tree), ["outlet"]);
    assert_eq!((tree.branches[0].parent, tree.branches[0].opening, tree.junctions.len()), (None, Some(1), 0));
    let branch = &tree.branches[0];
    assert!((branch.length() / straight.length - 1.0).abs() < 1e-3, "{}", branch.length());
    assert_close(&branch.points, |_| 3e-3, |_| 9e-6 * PI);
    for point in &branch.points {
        let off = Vector3::from(point.place).cross(&Vector3::from(axis)).norm();
        assert!(off < 0.02 * 3e-3 && Vector3::from(point.tangent).dot(&Vector3::from(axis)) > 0.999);
        assert!(!point.shared);
    }
}

#[test]
fn a_bend_keeps_its_radius_and_length() {
    let bend = Bend::new(5e-3);
    let tree = tree(bend.surface().expect("a bend"), &["inlet", "outlet"]);
    assert_close(&tree.branches[0].points, |_| 2.5e-3, |_| 6.25e-6 * PI);
    assert!((tree.branches[0].length() / bend.axis_length() - 1.0).abs() < 0.01);
}

/// The largest sphere about a point of the axis touches the wall beside it, where the wall narrows.
#[test]
fn a_throat_of_a_tenth_has_its_radius() {
    for severity in [0.5, 0.9] {
        let stenosis = Stenosis { severity, edge: Some(0.25e-3), ..Stenosis::new(6e-3) };
        let tree = tree(stenosis.surface().expect("a stenosis"), &["inlet", "outlet"]);
        let points = &tree.branches[0].points;
        let sphere = |point: &Point| {
            let walls = (-600..=600)
                .map(|k| 1e-5 * f64::from(k))
                .filter(|d| (0.0..=stenosis.total_length()).contains(&(point.place[0] + d)));
            walls.map(|d| d.hypot(stenosis.radius(point.place[0] + d))).fold(f64::INFINITY, f64::min)
        };
        let step = points[1].arc;
        assert!(points.windows(2).all(|pair| (pair[1].arc - pair[0].arc - step).abs() < 0.02 * step));
        assert_close(points, sphere, |point| PI * stenosis.radius(point.place[0]).powi(2));
        let throat = points.iter().min_by(|a, b| a.area.total_cmp(&b.area)).expect("points");
        assert!((throat.diameter() / stenosis.throat_diameter() - 1.0).abs() < 0.01, "{}", throat.diameter());
        assert!((throat.place[0] - stenosis.throat()).abs() < 0.3e-3);
    }
}

#[test]
fn an_eccentric_throat_is_followed() {
    let stenosis = Stenosis { severity: 0.6, eccentricity: 0.15, ..Stenosis::new(6e-3) };
    let tree = tree(stenosis.surface().expect("a stenosis"), &["inlet", "outlet"]);
    let throat = tree.branches[0].points.iter().min_by(|a, b| a.area.total_cmp(&b.area)).expect("points");
    assert!((throat.diameter() / stenosis.throat_diameter() - 1.0).abs() < 0.02, "{}", throat.diameter());
    assert!((throat.radius / (0.5 * stenosis.throat_diameter()) - 1.0).abs() < 0.02, "{}", throat.radius);
}

/// A cone of half angle `a`: the sphere about a point of the axis has the radius of the section times `cos a`.
#[test]
fn a_taper_has_the_radius_of_a_cone() {
    let straight = Straight { axis: [1.0, 0.0, 0.0], length: 40e-3, ..Straight::new(6e-3) };
    let mut surface = straight.surface().expect("a tube");
    let radius = |x: f64| 3e-3 - 0.045 * x;
    for [x, y, z] in &mut surface.vertices {
        let shrink = radius(*x) / 3e-3;
        (*y, *z) = (*y * shrink, *z * shrink);
    }
    let tree = tree(surface, &["inlet", "outlet"]);
    let cos = 0.045f64.atan().cos();
    let points = &tree.branches[0].points;
    // At its wide end the cone is cut off.
    assert_close(&points[..points.len() - 2], |p| cos * radius(p.place[0]), |p| PI * radius(p.place[0]).powi(2));
}

#[test]
fn a_bifurcation_has_three_branches_that_meet_at_its_origin() {
    for ratio in [1.0, 0.6] {
        let fork = Bifurcation { ratio, ..Bifurcation::new(6e-3) };
        let tree = tree(fork.surface().expect("a bifurcation"), &["inlet", "outlet_left", "outlet_right"]);
        assert_eq!(names(&tree), ["trunk", "outlet_left", "outlet_right"]);
        assert_eq!(tree.branches.iter().map(|b| b.parent).collect::<Vec<_>>(), [None, Some(0), Some(0)]);
        let [junction] = tree.junctions.as_slice() else { panic!("{:?}", tree.junctions) };
        assert_eq!((junction.from, junction.to.as_slice(), junction.name.as_str()), (0, [1, 2].as_slice(), "j1"));
        assert!(Vector3::from(junction.place).norm() < 3e-3, "{:?}", junction.place);
        assert_eq!(tree.downstream(0), [1, 2]);
        let [left, right] = fork.branch_diameters();
        for (branch, diameter) in tree.branches.iter().zip([6e-3, left, right]) {
            let far = |p: &&Point| Vector3::from(p.place).norm() > 9e-3;
            let own: Vec<Point> = branch.points.iter().filter(far).cloned().collect();
            assert!(own.len() > 10 && own.iter().all(|point| !point.shared));
            assert_close(&own, |_| 0.5 * diameter, |_| PI * diameter * diameter / 4.0);
        }
        let start = tree.branches[1].points.first().expect("points");
        assert_eq!((start.place, start.shared), (junction.place, true));
        let end = tree.branches[2].points.last().expect("points");
        let length = fork.length + fork.branch_length;
        assert!((end.arc / length - 1.0).abs() < 0.03, "{} {length}", end.arc);
    }
}

/// Triangles and vertices in another order.
fn shuffled(surface: &Surface) -> Surface {
    let stride = |count: usize| (0..count).map(move |k| (k * 7919 + 13) % count);
    let mut out = surface.clone();
    let count = surface.vertices.len();
    assert!(!count.is_multiple_of(7919) && !surface.triangles.len().is_multiple_of(7919));
    let mut number = vec![0u32; count];
    for (new, old) in stride(count).enumerate() {
        out.vertices[new] = surface.vertices[old];
        number[old] = new as u32;
    }
    for (new, old) in stride(surface.triangles.len()).enumerate() {
        out.triangles[new] = surface.triangles[old].map(|v| number[v as usize]);
        out.triangles[new].rotate_left(new % 3);
        out.patch_of[new] = surface.patch_of[old];
    }
    out
}

#[test]
fn the_order_of_the_triangles_plays_no_part() {
    let surface = Bifurcation { ratio: 0.7, ..Bifurcation::new(6e-3) }.surface().expect("a bifurcation");
    let patches = ["inlet", "outlet_left", "outlet_right"];
    let [first, second] = [surface.clone(), shuffled(&surface)].map(|surface| tree(surface, &patches));
    assert_eq!(names(&first), names(&second));
    for (a, b) in first.branches.iter().zip(&second.branches) {
        assert_eq!((a.parent, a.opening), (b.parent, b.opening));
        // A junction lies at one of the points of a line, a quarter of the radius apart.
        assert!((a.length() - b.length()).abs() < 1.5e-3, "{} {}", a.length(), b.length());
        for point in a.points.iter().filter(|point| !point.shared) {
            let place = Vector3::from(point.place);
            let gap = |pair: &[Point]| {
                let (from, to) = (Vector3::from(pair[0].place), Vector3::from(pair[1].place));
                let part = ((place - from).dot(&(to - from)) / (to - from).norm_squared()).clamp(0.0, 1.0);
                (place - from.lerp(&to, part)).norm()
            };
            let apart = b.points.windows(2).map(gap).fold(f64::INFINITY, f64::min);
            assert!(apart < 0.02 * point.radius, "{apart} {}", point.radius);
        }
    }
}

#[test]
fn a_vessel_with_one_opening_has_a_blind_branch() {
    let straight = Straight { axis: [1.0, 0.0, 0.0], ..Straight::new(6e-3) };
    let tree = tree(straight.surface().expect("a tube"), &["inlet"]);
    assert_eq!((names(&tree), tree.branches[0].opening), (vec!["trunk"], None));
    let length = tree.branches[0].length();
    assert!((0.8..=1.05).contains(&(length / straight.length)), "{length}");
}

#[test]
fn pieces_and_missing_inlets_are_named() {
    let one = Straight { axis: [1.0, 0.0, 0.0], ..Straight::new(6e-3) }.surface().expect("a tube");
    let mut both = one.clone();
    let count = one.vertices.len() as u32;
    both.vertices.extend(one.vertices.iter().map(|[x, y, z]| [*x, y + 10e-3, *z]));
    both.triangles.extend(one.triangles.iter().map(|t| t.map(|v| v + count)));
    both.patch_of.extend(one.patch_of.iter().map(|p| p + one.patches.len() as u16));
    both.patches.extend(["wall_2", "inlet_2", "outlet_2"].map(str::to_owned));
    let vessel = vessel(both, &["inlet", "outlet", "inlet_2", "outlet_2"]);
    let error = Tree::new(&vessel, 0).expect_err("two pieces").to_string();
    assert!(error.contains("`inlet_2`") && error.contains(" mm") && error.contains("in pieces"), "{error}");
    assert_eq!(Tree::new(&vessel, 4), Err(CentrelineError::NoInlet { count: 4 }));
}
