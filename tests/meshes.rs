//! Generated vessels: closed, oriented, as large as the formulas say, and the shipped ones reproducible to the byte.

use std::collections::HashMap;
use std::f64::consts::PI;
use std::fs;
use std::path::Path;

use clap::Parser;
use perfuse::cli::mesh::{self, Kind, MeshArgs};
use perfuse::geometry::primitives::{Aneurysm, Bend, Bifurcation, PrimitiveError, Stenosis, Straight};
use perfuse::geometry::surface::Surface;

type Point = [f64; 3];

fn sub(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn dot(a: Point, b: Point) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: Point, b: Point) -> Point {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn corners(surface: &Surface, triangle: [u32; 3]) -> [Point; 3] {
    triangle.map(|v| surface.vertices[v as usize])
}

/// Volume by the divergence theorem: positive when the surface looks outward.
fn volume(surface: &Surface) -> f64 {
    let tetrahedron = |[a, b, c]: [Point; 3]| dot(cross(a, b), c) / 6.0;
    surface.triangles.iter().map(|&t| tetrahedron(corners(surface, t))).sum()
}

/// Twice the area vector of a triangle.
fn normal([a, b, c]: [Point; 3]) -> Point {
    cross(sub(b, a), sub(c, a))
}

fn patch_area(surface: &Surface, name: &str) -> f64 {
    let of = |(_, patch): &(&[u32; 3], &u16)| surface.patches[usize::from(**patch)] == name;
    let area = |n: Point| 0.5 * dot(n, n).sqrt();
    surface.triangles.iter().zip(&surface.patch_of).filter(of).map(|(&t, _)| area(normal(corners(surface, t)))).sum()
}

/// Unit normal of a cap, which must be flat.
fn cap_normal(surface: &Surface, name: &str) -> Point {
    let of = |(_, patch): &(&[u32; 3], &u16)| surface.patches[usize::from(**patch)] == name;
    let normals: Vec<_> = surface
        .triangles
        .iter()
        .zip(&surface.patch_of)
        .filter(of)
        .map(|(&t, _)| normal(corners(surface, t)))
        .map(|n| n.map(|c| c / dot(n, n).sqrt()))
        .collect();
    for n in &normals {
        assert!(dot(*n, normals[0]) > 1.0 - 1e-9, "{name} is not flat");
    }
    normals[0]
}

/// Every edge has exactly one triangle on either side, every vertex is used, the surface is one sphere (Euler 2), and
/// no triangle is a sliver.
fn assert_sound(surface: &Surface, smallest_angle: f64) {
    let mut edges: HashMap<(u32, u32), u32> = HashMap::new();
    for t in &surface.triangles {
        for k in 0..3 {
            let count = edges.entry((t[k], t[(k + 1) % 3])).or_default();
            *count += 1;
            assert_eq!(*count, 1, "an edge is used twice in one direction");
        }
    }
    assert!(edges.keys().all(|&(a, b)| edges.contains_key(&(b, a))), "an edge is open");
    let mut used = vec![false; surface.vertices.len()];
    surface.triangles.iter().flatten().for_each(|&v| used[v as usize] = true);
    assert!(used.iter().all(|&u| u), "a vertex is not used");
    assert_eq!(surface.vertices.len() as i64 - edges.len() as i64 / 2 + surface.triangles.len() as i64, 2);
    assert!(volume(surface) > 0.0, "inside out");
    for &t in &surface.triangles {
        let p = corners(surface, t);
        for k in 0..3 {
            let (u, v) = (sub(p[(k + 1) % 3], p[k]), sub(p[(k + 2) % 3], p[k]));
            let angle = (dot(u, v) / (dot(u, u) * dot(v, v)).sqrt()).acos().to_degrees();
            assert!(angle > smallest_angle, "an angle of {angle} degrees at {:?}", p[k]);
        }
    }
}

/// Observed order of the error of `measure` against `exact` when the edge is halved.
fn order(exact: f64, measure: impl Fn(f64) -> f64, edge: f64) -> f64 {
    let [coarse, fine] = [edge, 0.5 * edge].map(|e| (measure(e) / exact - 1.0).abs());
    assert!(fine < 2e-3, "error {fine} with the fine edge");
    (coarse / fine).log2()
}

#[test]
fn straight_tube_in_any_direction() {
    let axis = [0.48, 0.6, 0.64];
    let tube = |edge| Straight { axis, edge: Some(edge), ..Straight::default() };
    let surface = tube(0.25e-3).surface().expect("built");
    assert_sound(&surface, 20.0);
    assert_eq!(surface.patches, ["wall", "inlet", "outlet"]);
    assert!(dot(cap_normal(&surface, "inlet"), axis) < -1.0 + 1e-9);
    assert!(dot(cap_normal(&surface, "outlet"), axis) > 1.0 - 1e-9);
    for vertex in &surface.vertices[..76] {
        assert!((dot(*vertex, *vertex).sqrt() - 3e-3).abs() < 1e-15, "the inlet's rim lies on the circle");
    }
    let exact = tube(1.0);
    let measured = |edge| volume(&tube(edge).surface().expect("built"));
    assert!((order(exact.volume(), measured, 0.6e-3) - 2.0).abs() < 0.15);
    let measured = |edge| patch_area(&tube(edge).surface().expect("built"), "wall");
    assert!((order(exact.wall_area(), measured, 0.6e-3) - 2.0).abs() < 0.15);
}

#[test]
fn stenosis_follows_its_formula() {
    for eccentricity in [0.0, 0.1] {
        let shape = |edge| Stenosis { eccentricity, edge: Some(edge), ..Stenosis::default() };
        let surface = shape(0.25e-3).surface().expect("built");
        assert_sound(&surface, 15.0);
        let exact = shape(1.0);
        let wall = |v: &&Point| (v[0] - exact.throat()).abs() < 1e-9;
        let throat: Vec<_> = surface.vertices.iter().filter(wall).collect();
        assert_eq!(throat.len(), 76, "one ring lies in the throat");
        for v in throat {
            let radius = (v[1] - exact.offset(v[0])).hypot(v[2]);
            assert!((2.0 * radius - exact.throat_diameter()).abs() < 1e-12);
        }
        let measured = |edge| volume(&shape(edge).surface().expect("built"));
        assert!((order(exact.volume(), measured, 0.6e-3) - 2.0).abs() < 0.15);
    }
}

/// Area of the exact wall of a stenosis: the surface `axis + (e + r cos) n + r sin b` has the area element
/// `r sqrt((1 - k (e + r cos))^2 + (r' + e' cos)^2)`, integrated by the midpoint rule.
fn stenosis_area(shape: &Stenosis) -> f64 {
    let (rows, columns) = (6000, 120);
    let (dx, turn) = (shape.total_length() / f64::from(rows), 2.0 * PI / f64::from(columns));
    let slope = |f: &dyn Fn(f64) -> f64, x: f64| (f(x + 0.1 * dx) - f(x - 0.1 * dx)) / (0.2 * dx);
    let row = |k: i32| {
        let x = dx * (f64::from(k) + 0.5);
        let half = shape.bend_radius.map_or(0.0, |radius| 0.5 * shape.angle * radius);
        let inside = (x - shape.throat()).abs() < half;
        let curvature = shape.bend_radius.filter(|_| inside).map_or(0.0, |radius| 1.0 / radius);
        let (r, e) = (shape.radius(x), shape.offset(x));
        let (dr, de) = (slope(&|x| shape.radius(x), x), slope(&|x| shape.offset(x), x));
        let element = |i: i32| {
            let cos = (turn * f64::from(i)).cos();
            r * (1.0 - curvature * (e + r * cos)).hypot(dr + de * cos)
        };
        (0..columns).map(element).sum::<f64>() * turn * dx
    };
    (0..rows).map(row).sum()
}

#[test]
fn stenoses_straight_and_curved_eccentric_and_tapering() {
    let d = 4e-3;
    let base = Stenosis { upstream: 5.0 * d, downstream: 6.0 * d, ..Stenosis::new(d) };
    for severity in [0.3, 0.5, 0.7, 0.9] {
        for (bend_radius, eccentricity, outlet_diameter, plateau) in [
            (None, 0.4 * severity, None, 0.0),
            (Some(2.5 * d), 0.0, None, 0.5 * d),
            (Some(2.5 * d), -0.4 * severity, Some(0.7 * d), 0.0),
        ] {
            let shape = Stenosis { severity, bend_radius, eccentricity, outlet_diameter, plateau, ..base.clone() };
            let with = |edge| Stenosis { edge: Some(edge), ..shape.clone() }.surface().expect("built");
            let surface = with(d / 24.0);
            assert_sound(&surface, 1.5);
            assert_eq!(surface.patches, ["wall", "inlet", "outlet"]);
            let measured = |edge| volume(&with(edge));
            let order_of_volume = order(shape.volume(), measured, d / 12.0);
            assert!((order_of_volume - 2.0).abs() < 0.2, "{shape:?}: order {order_of_volume}");
            let area = patch_area(&with(d / 36.0), "wall") / stenosis_area(&shape) - 1.0;
            assert!(area < 0.0 && area > -2e-3, "{shape:?}: area off by {area}");
            // The ring in the throat's middle has the throat's diameter about the shifted axis.
            let (axis, normal) = shape.axis(shape.throat());
            let shift = shape.offset(shape.throat());
            let centre = [0, 1, 2].map(|k| axis[k] + shift * normal[k]);
            let near = |v: &&Point| {
                let off = sub(**v, centre);
                let along = dot(off, cross(normal, [0.0, 0.0, 1.0]));
                along.abs() < 1e-9 && dot(off, off).sqrt() < d
            };
            let ring: Vec<_> = surface.vertices.iter().filter(near).map(|v| sub(*v, centre)).collect();
            assert_eq!(ring.len(), 76);
            let healthy = d + (outlet_diameter.unwrap_or(d) - d) * shape.throat() / shape.total_length();
            for off in ring {
                assert!((2.0 * dot(off, off).sqrt() - healthy * (1.0 - severity)).abs() < 1e-12);
            }
        }
    }
}

#[test]
fn healthy_taper_is_a_frustum() {
    let shape = |edge| Stenosis { severity: 0.0, outlet_diameter: Some(3e-3), edge: Some(edge), ..Stenosis::new(5e-3) };
    let (a, b, length) = (2.5e-3, 1.5e-3, shape(1.0).total_length());
    let frustum = PI / 3.0 * length * (a * a + a * b + b * b);
    assert!((shape(1.0).volume() / frustum - 1.0).abs() < 1e-12);
    assert!((order(frustum, |edge| volume(&shape(edge).surface().expect("built")), 0.5e-3) - 2.0).abs() < 0.1);
}

#[test]
fn bend_by_pappus() {
    let bend = |edge| Bend { angle: PI, edge: Some(edge), ..Bend::default() };
    let surface = bend(0.25e-3).surface().expect("built");
    assert_sound(&surface, 15.0);
    let (centre, tangent) = bend(1.0).outlet();
    assert!(dot(cap_normal(&surface, "outlet"), tangent) > 1.0 - 1e-9 && tangent[0] < -1.0 + 1e-9);
    assert!((centre[1] - 36e-3).abs() < 1e-12, "a half turn ends two bend radii away");
    let measured = |edge| volume(&bend(edge).surface().expect("built"));
    assert!((order(bend(1.0).volume(), measured, 0.6e-3) - 2.0).abs() < 0.15);
    let measured = |edge| patch_area(&bend(edge).surface().expect("built"), "wall");
    assert!((order(bend(1.0).wall_area(), measured, 0.6e-3) - 2.0).abs() < 0.15);
}

#[test]
fn bifurcation_obeys_murray() {
    for ratio in [1.0, 0.6] {
        let shape = Bifurcation { ratio, edge: Some(0.3e-3), ..Bifurcation::default() };
        let surface = shape.surface().expect("built");
        assert_sound(&surface, 7.0);
        assert_eq!(surface.patches, ["wall", "inlet", "outlet_left", "outlet_right"]);
        // The area of a regular polygon in the circle tells the diameter exactly.
        let segments = 64.0;
        let diameter = |name: &str| {
            let polygon = segments / 8.0 * (2.0 * PI / segments).sin();
            (patch_area(&surface, name) / polygon).sqrt()
        };
        let [parent, left, right] = ["inlet", "outlet_left", "outlet_right"].map(diameter);
        assert!((parent - 6e-3).abs() < 1e-9 && (right / left - ratio).abs() < 1e-9);
        assert!((parent.powi(3) / (left.powi(3) + right.powi(3)) - 1.0).abs() < 1e-9);
        let [a, b] = shape.angles();
        assert!(dot(cap_normal(&surface, "outlet_left"), [a.cos(), a.sin(), 0.0]) > 1.0 - 1e-9);
        assert!(dot(cap_normal(&surface, "outlet_right"), [b.cos(), -b.sin(), 0.0]) > 1.0 - 1e-9);
    }
}

#[test]
fn bifurcations_converge() {
    let measured = |edge| volume(&Bifurcation { edge: Some(edge), ..Bifurcation::default() }.surface().expect("built"));
    let [coarse, middle, fine] = [0.6e-3, 0.3e-3, 0.15e-3].map(measured);
    let order = ((middle - coarse) / (fine - middle)).log2();
    assert!((order - 2.0).abs() < 0.4, "order {order}");
}

#[test]
fn aneurysm_has_tube_and_sac() {
    let straight = Aneurysm { edge: Some(0.2e-3), ..Aneurysm::default() };
    let bent = Aneurysm { bend_radius: Some(12e-3), ..straight.clone() };
    for shape in [straight, bent] {
        let surface = shape.surface().expect("built");
        assert_sound(&surface, 10.0);
        assert_eq!(surface.patches, ["wall", "inlet", "outlet"]);
        let top = surface.vertices.iter().map(|v| v[1]).fold(f64::MIN, f64::max);
        assert!((top - shape.sac_height() - 0.5 * shape.sac).abs() < 1e-9, "the dome ends on the sphere");
        // The sac's ball and the tube overlap: more than either, less than both.
        let tube = PI / 4.0 * shape.diameter.powi(2) * (shape.upstream + shape.downstream);
        let ball = PI / 6.0 * shape.sac.powi(3);
        let whole = volume(&surface);
        assert!(whole > tube + 0.8 * ball && whole < tube + ball, "{whole}");
    }
}

#[test]
fn junctions_at_the_corners_of_their_ranges() {
    let edge = Some(0.4e-3);
    for (ratio, left, right) in [(0.4, 40.0, 40.0), (1.0, 90.0, 90.0), (0.5, 10.0, 90.0), (0.7, 60.0, 20.0)] {
        let (left_angle, right_angle) = (Some(f64::to_radians(left)), Some(f64::to_radians(right)));
        let shape = Bifurcation { ratio, left_angle, right_angle, branch_length: 0.04, edge, ..Bifurcation::default() };
        assert_sound(&shape.surface().unwrap_or_else(|e| panic!("{ratio} {left} {right}: {e}")), 2.0);
    }
    for (neck, sac, bend_radius) in [(1.6e-3, 1.7e-3, None), (1.6e-3, 4e-3, Some(6e-3)), (4.8e-3, 12e-3, None)] {
        let shape = Aneurysm { neck, sac, bend_radius, edge, upstream: 0.028, ..Aneurysm::default() };
        assert_sound(&shape.surface().unwrap_or_else(|e| panic!("{neck} {sac}: {e}")), 2.0);
    }
}

#[test]
fn impossible_shapes_are_refused_with_value_and_range() {
    let short = Bifurcation { branch_length: 4e-3, ..Bifurcation::default() }.surface();
    let Err(PrimitiveError::TooShort { name: "branch-length", needed, .. }) = short else { panic!("{short:?}") };
    let enough = Bifurcation { branch_length: needed * 1e-3, ..Bifurcation::default() };
    assert!(enough.surface().is_ok(), "the length that the message names works");
    let message = |result: Result<Surface, PrimitiveError>| result.map(|_| ()).expect_err("refused").to_string();
    assert_eq!(
        message(Stenosis { severity: 0.95, ..Stenosis::default() }.surface()),
        "severity is 95 %, but must lie between 0 and 90 %"
    );
    assert_eq!(
        message(Bend { bend_radius: 3e-3, ..Bend::default() }.surface()),
        "bend-radius is 3 mm, but must lie between 4.5 and 6000 mm (0.75 to 1000 diameters)"
    );
    let bent = Stenosis { bend_radius: Some(60e-3), angle: PI, ..Stenosis::default() };
    assert_eq!(
        message(bent.surface()),
        "angle is 180 degrees, but must lie between 1 and 57.2957795 degrees (the bend lies about the throat and ends \
         within the vessel)"
    );
    assert_eq!(
        message(Stenosis { plateau: 10e-3, ..Stenosis::default() }.surface()),
        "plateau is 10 mm, but must lie between 0 and 9 mm (half a diameter of the length remains for the shoulders)"
    );
    assert!(message(Straight { axis: [0.0; 3], ..Straight::default() }.surface()).contains("axis is (0, 0, 0)"));
    assert!(message(Straight { axis: [f64::NAN, 0.0, 1.0], ..Straight::default() }.surface()).contains("axis"));
    for bad in [0.0, -1e-3, f64::NAN, f64::INFINITY] {
        assert!(Aneurysm { neck: bad, ..Aneurysm::default() }.surface().is_err(), "{bad}");
        assert!(Straight { length: bad, ..Straight::default() }.surface().is_err(), "{bad}");
        assert!(Stenosis { edge: Some(bad), ..Stenosis::default() }.surface().is_err(), "{bad}");
        assert!(Bifurcation { left_angle: Some(bad), ..Bifurcation::default() }.surface().is_err(), "{bad}");
    }
}

#[derive(Parser)]
struct CommandLine {
    #[command(flatten)]
    mesh: MeshArgs,
}

/// Parses the arguments after `perfuse mesh`, with the output file moved to `folder`.
fn parse(words: &[&str], folder: &Path) -> MeshArgs {
    let mut args = CommandLine::try_parse_from(words).unwrap_or_else(|e| panic!("{e}")).mesh;
    let common = match &mut args.kind {
        Kind::Straight(a) => &mut a.common,
        Kind::Stenosis(a) => &mut a.common,
        Kind::Bend(a) => &mut a.common,
        Kind::Bifurcation(a) => &mut a.common,
        Kind::Aneurysm(a) => &mut a.common,
    };
    common.out = folder.join(&common.out);
    args
}

#[test]
fn shipped_meshes_are_made_by_the_command_in_their_first_line() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("meshes");
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut count = 0;
    for entry in fs::read_dir(&shipped).expect("meshes/") {
        let path = entry.expect("entry").path();
        let expected = fs::read(&path).expect("read");
        assert!(expected.len() < 2_000_000, "{} is {} bytes", path.display(), expected.len());
        let text = String::from_utf8_lossy(&expected);
        let line = text.lines().next().unwrap_or_default();
        let words: Vec<_> = line.trim_start_matches("# perfuse ").split(' ').collect();
        let made = mesh::run(&parse(&words, folder.path())).unwrap_or_else(|e| panic!("{line}: {e}"));
        assert_eq!(made.file.file_name(), path.file_name());
        assert!(fs::read(&made.file).expect("read") == expected, "{} differs: {line}", path.display());
        count += 1;
    }
    assert_eq!(count, 4);
}

#[test]
fn every_kind_can_be_made_from_its_own_first_line() {
    let folder = tempfile::tempdir().expect("temporary folder");
    for words in [
        "mesh straight --length 2cm --axis -0.48,0.6,-0.64 --unit cm --out a.obj",
        "mesh stenosis --diameter 3.3 --severity 33.3 --eccentricity 0.1 --edge 300um --out a.obj",
        "mesh stenosis --bend-radius 20 --angle 70 --plateau 2 --eccentricity -0.2 --outlet-diameter 5 --out a.obj",
        "mesh bend --angle 33.7 --bend-radius 0.02m --edge 0.5 --out a.obj",
        "mesh bifurcation --ratio 0.7 --left-angle 25 --edge 0.5 --out a.obj",
        "mesh aneurysm --bend-radius 12 --angle 70 --edge 0.4 --unit m --out a.obj",
    ] {
        let words: Vec<_> = words.split(' ').collect();
        let made = mesh::run(&parse(&words, folder.path())).unwrap_or_else(|e| panic!("{words:?}: {e}"));
        let first = fs::read_to_string(&made.file).expect("read");
        let line = first.lines().next().unwrap_or_default().trim_start_matches("# perfuse ").to_owned();
        let again: Vec<_> = line.split(' ').collect();
        mesh::run(&parse(&again, folder.path())).unwrap_or_else(|e| panic!("{line}: {e}"));
        assert!(fs::read_to_string(&made.file).expect("read") == first, "{line}");
        assert!(!first.contains(&*folder.path().to_string_lossy()), "the folder must not be told");
    }
}

#[test]
fn bad_usage_writes_nothing() {
    let folder = tempfile::tempdir().expect("temporary folder");
    for (words, part) in [
        ("mesh stenosis --severity 95 --out a.obj", "severity is 95 %"),
        ("mesh straight --out a.stl", "ends in .obj"),
        ("mesh bifurcation --branch-length 1mm --out a.obj", "branch-length is 1 mm"),
    ] {
        let words: Vec<_> = words.split(' ').collect();
        let error = mesh::run(&parse(&words, folder.path())).expect_err("refused");
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains(part), "{error}");
    }
    let words = ["mesh", "straight", "--out", "no_such_folder/a.obj"];
    let error = mesh::run(&parse(&words, folder.path())).expect_err("refused");
    assert!(error.exit_code() == 1 && error.to_string().contains("create the folder"), "{error}");
    assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 0);
    let words = ["mesh", "bend", "--diameter", "6 inch", "--out", "a.obj"];
    let error = CommandLine::try_parse_from(words).map(|_| ()).expect_err("refused");
    assert!(error.to_string().contains("mm, um, cm, m"), "{error}");
}
