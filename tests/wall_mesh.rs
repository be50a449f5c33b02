//! The wall's mesh of made and of real vessels: shape, size, ends, and what is refused.

#![allow(clippy::unwrap_used, reason = "in a test, that is the failure")]

use std::collections::HashMap;
use std::f64::consts::PI;
use std::path::PathBuf;
use std::time::Instant;

use nalgebra::Vector3;
use perfuse::geometry::formats::{read_all, read_field};
use perfuse::geometry::inspect::find_openings;
use perfuse::geometry::primitives::{Aneurysm, Bend, Bifurcation, Stenosis, Straight};
use perfuse::geometry::shell::plausible::{check_young, field_on_wall};
use perfuse::geometry::shell::{Report, Settings, Shell, ShellError, Thickness, build};
use perfuse::geometry::surface::Surface;
use perfuse::geometry::vessel::{Selector, Vessel};

mod support;
use support::data;

/// The vessel of a surface with all ends that it seems to have.
fn vessel(surface: Surface) -> Vessel {
    let ends = find_openings(&surface);
    let selectors: Vec<_> = ends.iter().map(|end| (end.name.clone(), Selector::Near(end.centre))).collect();
    Vessel::build(surface, &selectors).unwrap()
}

fn load(folder: &str, files: &[&str]) -> Option<Surface> {
    let folder = data()?.join(folder);
    let paths: Vec<PathBuf> = files.iter().map(|file| folder.join(file)).collect();
    Some(read_all(&paths, 1e-3).unwrap())
}

/// Builds a shell, prints what became of it and asserts what holds for all.
fn built(name: &str, vessel: &Vessel, settings: &Settings) -> (Shell, Report) {
    let start = Instant::now();
    let (shell, report) = build(vessel, settings).unwrap_or_else(|error| panic!("{name}: {error}"));
    let seconds = start.elapsed().as_secs_f64();
    let [least, mean, most] = report.thickness.map(|t| 1e3 * t);
    println!(
        "{name}: {} columns in {seconds:.2} s, spacing {:.3} mm, scaled Jacobian {:.3}, thickness {least:.3} / {mean:.3} / \
         {most:.3} mm, limited on {:.2} %",
        shell.columns(),
        1e3 * settings.spacing,
        report.scaled_jacobian,
        100.0 * report.limited_share
    );
    assert!(report.scaled_jacobian > 0.2, "{name}: {}", report.scaled_jacobian);
    assert_eq!((report.nodes, report.elements), (shell.nodes.len(), shell.elements()));
    assert_manifold(name, vessel, &shell);
    assert_ends(name, vessel, &shell);
    (shell, report)
}

/// Every edge belongs to two quadrilaterals that run along it in opposite senses, or to one, at an end.
fn assert_manifold(name: &str, vessel: &Vessel, shell: &Shell) {
    let mut sides: HashMap<[u32; 2], u32> = HashMap::new();
    for quad in &shell.quads {
        (0..4).for_each(|k| *sides.entry([quad[k], quad[(k + 1) % 4]]).or_default() += 1);
    }
    assert!(sides.values().all(|&count| count == 1), "{name}: an edge is used twice in one sense");
    let free = sides.keys().filter(|[a, b]| !sides.contains_key(&[*b, *a])).count();
    assert_eq!(free, shell.ends.iter().map(Vec::len).sum::<usize>(), "{name}: free edges and columns of the ends");
    assert_eq!(shell.ends.len(), vessel.openings.len());
    let mut used = vec![false; shell.columns()];
    shell.quads.iter().flatten().for_each(|&c| used[c as usize] = true);
    assert!(used.iter().all(|&used| used), "{name}: a column without an element");
}

/// Ends are as plane as the rims that they stand on, whose length they keep, and have quadrilaterals enough around.
fn assert_ends(name: &str, vessel: &Vessel, shell: &Shell) {
    for (opening, end) in vessel.openings.iter().zip(&shell.ends) {
        assert!(end.len() >= 12, "{name} {}: {} quadrilaterals around", opening.name, end.len());
        let (normal, centre) = (Vector3::from(opening.normal), Vector3::from(opening.centre));
        for &column in end {
            for level in 0..shell.levels() {
                let off = (shell.place(column, level) - centre).dot(&normal).abs();
                assert!(off < opening.unevenness + 1e-9, "{name} {}: {off} m off the plane", opening.name);
            }
        }
        let at = |k: usize| shell.place(end[k % end.len()], 0);
        let length: f64 = (0..end.len()).map(|k| (at(k + 1) - at(k)).norm()).sum();
        let round = PI * opening.equivalent_diameter();
        assert!((0.94..1.06).contains(&(length / round)), "{name} {}: {length} m around", opening.name);
    }
}

#[test]
fn a_straight_tube_has_the_volume_of_its_wall() {
    let tube = vessel(Straight { axis: [0.48, 0.6, 0.64], ..Straight::new(6e-3) }.surface().unwrap());
    let exact = PI * (3.6e-3f64.powi(2) - 3e-3f64.powi(2)) * 30e-3;
    let errors = [0.3e-3, 0.6e-3].map(|spacing| {
        let (_, report) = built("straight", &tube, &Settings::new(spacing, 3, Thickness::OfRadius(0.2)));
        assert!((1e3 * report.thickness[1] - 0.6).abs() < 2e-3 && report.limited_share == 0.0);
        assert!((1e3 * report.radius[0] - 3.0).abs() < 0.01 && (1e3 * report.radius[1] - 3.0).abs() < 0.01);
        (report.volume / exact - 1.0).abs()
    });
    println!("volume off by {errors:?}");
    assert!(errors[0] < 0.005 && errors[1] < 0.01);
}

#[test]
fn made_vessels_have_good_elements() {
    let uniform = |spacing: f64| Settings::new(spacing, 2, Thickness::Uniform(0.6e-3));
    built("bend", &vessel(Bend::new(6e-3).surface().unwrap()), &uniform(0.5e-3));
    built("stenosis", &vessel(Stenosis::new(6e-3).surface().unwrap()), &uniform(0.4e-3));
    let (_, report) = built("aneurysm", &vessel(Aneurysm::new(6e-3).surface().unwrap()), &uniform(0.4e-3));
    let limit = report.strongest.unwrap();
    assert!(report.limited_share < 0.05 && limit.thickness < limit.asked, "{report:?}");
    let fork = vessel(Bifurcation::new(6e-3).surface().unwrap());
    for spacing in [0.3e-3, 0.6e-3] {
        let (_, report) = built("bifurcation", &fork, &Settings::new(spacing, 2, Thickness::OfRadius(0.2)));
        assert!(report.scaled_jacobian > 0.3 && report.limited_share < 0.01);
    }
    // Far coarser triangles than quadrilaterals.
    let coarse = Straight { edge: Some(1.5e-3), ..Straight::new(6e-3) };
    built("coarse triangles", &vessel(coarse.surface().unwrap()), &uniform(0.3e-3));
}

#[test]
fn vessels_that_nearly_touch_stay_apart() {
    let mut pair = Straight::new(6e-3).surface().unwrap();
    let other = pair.clone();
    let shift = pair.vertices.len() as u32;
    pair.vertices.extend(other.vertices.iter().map(|v| [v[0], v[1] + 6.5e-3, v[2]]));
    pair.triangles.extend(other.triangles.iter().map(|t| t.map(|v| v + shift)));
    pair.patch_of.extend(&other.patch_of);
    let (shell, report) = built("two tubes", &vessel(pair), &Settings::new(0.5e-3, 2, Thickness::Uniform(0.6e-3)));
    let limit = report.strongest.unwrap();
    println!("{limit:?}");
    assert!((0.15e-3..0.25e-3).contains(&limit.thickness), "the gap is 0.5 mm");
    for column in 0..shell.columns() as u32 {
        let (foot, top) = (shell.place(column, 0), shell.place(column, shell.layers));
        assert_eq!(foot.y > 3.25e-3, top.y > 3.25e-3, "a column crosses the gap");
    }
}

#[test]
fn patients_have_good_elements_everywhere() {
    let set: [(&str, &[&str]); 5] = [
        ("aorta_arch", &["aorta-surface-open-ends.stl"]),
        ("aorta_coarctation", &["wall_aorta.stl"]),
        ("coronary_left", &["m1_fluid.stl"]),
        ("ica_aneurysm", &["id1_model.vtp"]),
        ("pulmonary_wall_properties", &["SU201_2005_RPA1_exterior.vtp"]),
    ];
    for (folder, files) in set {
        let Some(surface) = load(folder, files) else { return };
        let vessel = vessel(surface);
        for finer in [1.0, 0.6] {
            let spacing = finer * Settings::default_spacing(&vessel);
            let (_, report) = built(folder, &vessel, &Settings::new(spacing, 2, Thickness::OfRadius(0.15)));
            assert!(report.limited_share < 0.05, "{folder}: {report:?}");
        }
    }
}

#[test]
fn a_thickness_field_in_the_wrong_unit_is_refused() {
    let Some(surface) = load("pulmonary_wall_properties", &["SU201_2005_RPA1_exterior.vtp"]) else { return };
    let path = data().unwrap().join("pulmonary_wall_properties/SU201_2005_RPA1_wallprop.vtp");
    let vessel = vessel(surface);
    let field = read_field(std::slice::from_ref(&path), 1e-3, "thickness").unwrap();
    assert_eq!((field.values.len(), field.surface.vertices.len()), (5305, 5305));
    let values = field_on_wall(&vessel, &field).unwrap();
    assert!(values.iter().all(|value| (0.0199..0.1001).contains(value)));
    let settings = |unit: f64| Settings {
        field_unit: Some(unit),
        ..Settings::new(0.4e-3, 2, Thickness::Vertices(values.iter().map(|value| value * unit).collect()))
    };
    let said = build(&vessel, &settings(1e-3)).map(drop).unwrap_err().to_string();
    println!("{said}");
    assert!(said.contains("unit is wrong; likely: unit = \"cm\""), "{said}");
    let (_, report) = built("pulmonary field", &vessel, &settings(1e-2));
    assert!((0.3e-3..0.8e-3).contains(&report.thickness[1]));
    let missing = read_field(std::slice::from_ref(&path), 1e-3, "thick").unwrap_err().to_string();
    println!("{missing}");
    assert!(missing.contains("no field `thick`") && missing.contains("`thickness` (0.02 to 0.1)"), "{missing}");
    let young = read_field(&[path], 1e-3, "Young_Mod").unwrap().values;
    let read_as = |unit: f64| check_young(&young.iter().map(|value| value * unit).collect::<Vec<_>>(), unit);
    assert_eq!(read_as(0.1), Ok(()));
    let said = read_as(1e6).unwrap_err().to_string();
    println!("{said}");
    assert!(said.contains("unit = \"Pa\" or unit = \"dyn/cm^2\""), "{said}");
    let elsewhere = field_on_wall(&self::vessel(Straight::new(6e-3).surface().unwrap()), &field);
    assert!(matches!(elsewhere, Err(ShellError::FieldApart { .. })), "{elsewhere:?}");
}

#[test]
fn what_cannot_be_built_is_told() {
    let tube = vessel(Straight::new(6e-3).surface().unwrap());
    let said = |vessel: &Vessel, settings: &Settings| {
        let said = build(vessel, settings).unwrap_err().to_string();
        println!("{said}");
        said
    };
    let uniform =
        |spacing: f64, layers: usize, thickness: f64| Settings::new(spacing, layers, Thickness::Uniform(thickness));
    assert!(said(&tube, &uniform(-1e-3, 2, 1e-3)).contains("spacing is -1 mm"));
    assert!(said(&tube, &uniform(f64::NAN, 2, 1e-3)).contains("spacing is NaN mm"));
    assert!(said(&tube, &uniform(1e-3, 0, 1e-3)).contains("0 layers; allowed are 1 to 32"));
    assert!(said(&tube, &uniform(1e-3, 2, 0.0)).contains("is 0 mm; it must be a length above 0"));
    assert!(said(&tube, &uniform(1e-7, 2, 1e-3)).contains("quadrilaterals on 565"));
    assert!(said(&tube, &uniform(20e-3, 2, 1e-3)).contains("too coarse"));
    let mut field = vec![1e-3; tube.wall.vertices.len()];
    field[7] = f64::INFINITY;
    assert!(said(&tube, &Settings::new(1e-3, 2, Thickness::Vertices(field))).contains("is inf mm"));
    assert!(said(&tube, &Settings::new(1e-3, 2, Thickness::Vertices(vec![1e-3]))).contains("has 1 values"));
    // A bend of three quarters of a diameter has a radius of 1.5 mm on its inner side.
    let bend = vessel(Bend { bend_radius: 4.5e-3, ..Bend::new(6e-3) }.surface().unwrap());
    let thick = said(&bend, &uniform(0.4e-3, 2, 4e-3));
    assert!(thick.contains("too thick") && thick.contains("allowed is a thickness up to"), "{thick}");
}
