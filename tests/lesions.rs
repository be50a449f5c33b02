//! Lesions found without being told: on profiles by formula, and along the centrelines of generated vessels, where
//! grade, narrowest diameter, place and volume are known.

#![allow(clippy::unwrap_used, reason = "in a test, that is the failure")]

use std::f64::consts::PI;

use perfuse::analysis::lesion::{Basis, Wall, references, stenoses};
use perfuse::analysis::profile::BranchProfile;
use perfuse::geometry::centreline::Tree;
use perfuse::geometry::orient::volume;
use perfuse::geometry::primitives::{Aneurysm, Bend, Bifurcation, Stenosis, Straight};
use perfuse::geometry::surface::Surface;
use perfuse::geometry::vessel::{Selector, Vessel};
use perfuse::run::lesions::{self, Lesions};

const NU: f64 = 3.3e-6;

/// A branch of this length (m) with circular sections of the diameter `d(s)`.
fn branch(length: f64, parent: Option<usize>, d: impl Fn(f64) -> f64) -> BranchProfile {
    let arc: Vec<f64> = (0..=160).map(|k| length * f64::from(k) / 160.0).collect();
    BranchProfile {
        name: "branch".into(),
        parent,
        radius: arc.iter().map(|&s| 0.5 * d(s)).collect(),
        area: arc.iter().map(|&s| 0.25 * PI * d(s) * d(s)).collect(),
        places: arc.iter().map(|&s| [s, 0.0, 0.0]).collect(),
        shared: vec![false; arc.len()],
        arc,
        ..BranchProfile::default()
    }
}

fn found(branches: &[BranchProfile]) -> Vec<perfuse::analysis::lesion::Stenosis> {
    stenoses(branches, &references(branches), NU)
}

/// Sections that waver by 3 % and a taper to 60 % move a grade by less than 2 points, and make no lesion.
#[test]
fn grades_follow_a_taper_through_noise() {
    let d = 4e-3;
    for severity in [0.0, 0.15, 0.3, 0.5, 0.7, 0.9] {
        for (taper, noise) in [(1.0, 0.0), (0.6, 0.0), (1.0, 0.03), (0.6, 0.03), (1.4, 0.03)] {
            let base = Stenosis { upstream: 5.0 * d, downstream: 6.0 * d, ..Stenosis::new(d) };
            let shape = Stenosis { severity, outlet_diameter: Some(taper * d), ..base };
            let wave = |s: f64| 1.0 + noise * (4321.0 * s).sin();
            let lesions = found(&[branch(shape.total_length(), None, |s| 2.0 * shape.radius(s) * wave(s))]);
            assert_eq!(lesions.len(), usize::from(severity > 0.25), "{severity} {taper} {noise}: {lesions:?}");
            for lesion in lesions {
                let off = lesion.diameter_reduction() - severity;
                assert!(off.abs() < if noise > 0.0 { 0.02 } else { 0.002 }, "{severity} {taper} {noise}: off by {off}");
                assert!((lesion.arc - shape.throat()).abs() < 0.5e-3);
                assert!(lesion.length < shape.length && lesion.length > 0.5 * shape.length);
            }
        }
    }
}

#[test]
fn what_is_focal_and_what_is_not() {
    let graded = |d: &dyn Fn(f64) -> f64, parent| {
        let root = branch(0.05, None, |_| 5e-3);
        found(&[root, branch(0.052, parent, d)])
    };
    // From the ostium on: graded, and called so.
    let ostial = graded(&|s| if s < 6e-3 { 2e-3 + s / 3.0 } else { 4e-3 }, Some(0));
    assert!(ostial.len() == 1 && ostial[0].ostial && (ostial[0].diameter_reduction() - 0.5).abs() < 0.01, "{ostial:?}");
    // A vessel that is narrow to its end, or wide at its beginning, has no focal lesion.
    assert!(graded(&|s| if s > 0.04 { 2.5e-3 } else { 4e-3 }, None).is_empty());
    assert!(graded(&|s| if s < 0.015 { 6e-3 } else { 4e-3 }, None).is_empty());
    // Nearly half of a branch may be diseased.
    let long = graded(&|s| if s > 0.01 && s < 0.034 { 2.5e-3 } else { 4e-3 }, None);
    assert!(long.len() == 1 && (long[0].diameter_reduction() - 0.375).abs() < 0.02, "{long:?}");
    // Two with a healthy part between them are two; one that wavers inside is one.
    let two = |s: f64| if (s - 0.015).abs() < 3e-3 || (s - 0.035).abs() < 3e-3 { 2.4e-3 } else { 4e-3 };
    assert_eq!(graded(&two, None).len(), 2);
    let wavering = |s: f64| if (s - 0.02).abs() < 5e-3 { 2.9e-3 + 0.5e-3 * (3000.0 * s).sin() } else { 4e-3 };
    assert_eq!(graded(&wavering, None).len(), 1);
    // One section alone is none.
    let spike = |s: f64| if (s - 0.02).abs() < 0.16e-3 { 1e-3 } else { 4e-3 };
    assert!(graded(&spike, None).is_empty());
}

#[test]
fn short_and_narrow_branches_are_told() {
    let short = [branch(0.05, None, |_| 5e-3), branch(6e-3, Some(0), |_| 4e-3)];
    let list = references(&short);
    assert_eq!((list[0].basis, list[1].basis), (Basis::Healthy, Basis::TooShort));
    // Murray's law wants 3.97 mm of either of two even branches; 2.5 mm is narrow all along, and no lesion.
    let with = |d: f64| [branch(0.05, None, |_| 5e-3), branch(0.05, Some(0), |_| d), branch(0.05, Some(0), |_| d)];
    assert!(references(&with(3.97e-3)).iter().all(|r| !r.narrow_throughout()));
    let narrow = references(&with(2.5e-3));
    assert!(narrow[1].narrow_throughout() && (narrow[1].murray.unwrap() - 0.5 * 2f64.cbrt()).abs() < 1e-6);
    assert!(found(&with(2.5e-3)).is_empty());
}

/// A jet that recovers: the drop is told to the recovered pressure, the Reynolds number is that of the throat.
#[test]
fn pressure_across_a_lesion() {
    let d = 4e-3;
    let shape = Stenosis { upstream: 5.0 * d, downstream: 16.0 * d, ..Stenosis::new(d) };
    let mut profile = branch(shape.total_length(), None, |s| 2.0 * shape.radius(s));
    let (flow, inlet) = (2e-6, 12_000.0);
    let behind = shape.throat() + d;
    // 10 Pa a diameter everywhere; 900 Pa lost at the throat, of which 300 come back over four diameters.
    let jet = |s: f64| if s < shape.throat() { 0.0 } else { 900.0 - 300.0 * ((s - behind) / (4.0 * d)).clamp(0.0, 1.0) };
    profile.pressure = profile.arc.iter().map(|&s| inlet - 10.0 * s / d - jet(s)).collect();
    profile.pressure_ratio = profile.pressure.iter().map(|p| p / inlet).collect();
    profile.flow = vec![flow; profile.len()];
    let lesions = found(&[profile]);
    let across = lesions[0].across.unwrap();
    // From the lesion's beginning to four diameters behind its end, some six diameters of the vessel's own loss.
    assert!((across.drop - 660.0).abs() < 15.0, "{across:?}");
    assert!((across.recovered - behind - 4.0 * d).abs() < 1e-3, "{across:?}");
    assert!((across.ratio - (1.0 - (600.0 + 110.0) / inlet)).abs() < 2e-3, "{across:?}");
    let reynolds = 4.0 * flow / (PI * NU * 2e-3);
    assert!((across.reynolds / reynolds - 1.0).abs() < 0.01, "{across:?}");
}

/// Lesions of a generated vessel along its own centrelines.
fn of(surface: Surface, outlets: &[&str]) -> (Lesions, Tree) {
    let names = std::iter::once(&"inlet").chain(outlets);
    let selectors: Vec<_> = names.map(|name| ((*name).to_owned(), Selector::Patch((*name).to_owned()))).collect();
    let vessel = Vessel::build(surface, &selectors).unwrap_or_else(|e| panic!("{e}"));
    let tree = Tree::new(&vessel, 0).unwrap_or_else(|e| panic!("{e}"));
    let profiles = lesions::geometry(&tree);
    (lesions::find(&profiles, &Wall { surface: &vessel.wall, shear: None }, NU), tree)
}

/// Every generated lesion: grade within 2 points, narrowest diameter within half a site of 24 across, place within one
/// healthy radius.
fn assert_graded(severity: f64) {
    let d = 4e-3;
    for (bend_radius, eccentricity) in [(None, 0.0), (None, 0.4), (Some(3.0 * d), 0.0), (Some(3.0 * d), -0.4), (Some(3.0 * d), 0.4)] {
        let base = Stenosis { severity, bend_radius, upstream: 5.0 * d, downstream: 6.0 * d, ..Stenosis::new(d) };
        let shape = Stenosis { eccentricity: eccentricity * severity, ..base };
        let what = format!("{} %, bend {bend_radius:?}, eccentricity {}", 100.0 * severity, shape.eccentricity);
        let (lesions, _) = of(shape.surface().unwrap(), &["outlet"]);
        assert!(lesions.aneurysms.is_empty(), "{what}: {:?}", lesions.aneurysms);
        assert_eq!(lesions.stenoses.len(), 1, "{what}: {:?}", lesions.stenoses);
        let lesion = &lesions.stenoses[0];
        let (axis, normal) = shape.axis(shape.throat());
        let throat = [0, 1, 2].map(|k| axis[k] + shape.offset(shape.throat()) * normal[k]);
        let away = (0..3).map(|k| (lesion.place[k] - throat[k]).powi(2)).sum::<f64>().sqrt();
        let points = 100.0 * (lesion.diameter_reduction() - severity);
        let (least, passes) = (lesion.diameter - shape.throat_diameter(), lesion.inscribed_diameter - shape.throat_diameter());
        println!(
            "{what}: grade {points:+.2} points, diameter {:+.1} um, sphere {:+.1} um, {:.0} um away, {:.2} mm long",
            1e6 * least, 1e6 * passes, 1e6 * away, 1e3 * lesion.length
        );
        assert!(points.abs() <= 2.0, "{what}: {points} points");
        assert!(least.abs() <= d / 48.0 && passes.abs() <= d / 48.0, "{what}: {least} {passes}");
        assert!(away <= 0.5 * d, "{what}: {away}");
    }
}

#[test]
fn generated_stenosis_of_30_percent() {
    assert_graded(0.3);
}

#[test]
fn generated_stenosis_of_50_percent() {
    assert_graded(0.5);
}

#[test]
fn generated_stenosis_of_70_percent() {
    assert_graded(0.7);
}

#[test]
fn generated_stenosis_of_90_percent() {
    assert_graded(0.9);
}

#[test]
fn healthy_vessels_have_no_lesion() {
    let d = 4e-3;
    let taper = Stenosis { severity: 0.0, outlet_diameter: Some(0.6 * d), ..Stenosis::new(d) };
    let curved = Stenosis { bend_radius: Some(2.0 * d), ..taper.clone() };
    let uneven = Bifurcation { ratio: 0.6, ..Bifurcation::new(d) };
    let both = ["outlet_left", "outlet_right"];
    for (what, surface, outlets) in [
        ("straight", Straight::new(d).surface(), &["outlet"][..]),
        ("taper", taper.surface(), &["outlet"]),
        ("curved taper", curved.surface(), &["outlet"]),
        ("bend", Bend { bend_radius: 1.5 * d, angle: PI, ..Bend::new(d) }.surface(), &["outlet"]),
        ("bifurcation", Bifurcation::new(d).surface(), &both),
        ("uneven bifurcation", uneven.surface(), &both),
    ] {
        let (lesions, _) = of(surface.unwrap(), outlets);
        assert!(lesions.stenoses.is_empty(), "{what}: {:?}", lesions.stenoses);
        assert!(lesions.aneurysms.is_empty(), "{what}: {:?}", lesions.aneurysms);
    }
}

/// The sac's volume is that of the vessel with it less that of the tube; its neck lies where it was put.
#[test]
fn generated_aneurysms() {
    let straight = Aneurysm::default();
    let bent = Aneurysm { bend_radius: Some(12e-3), ..straight.clone() };
    for shape in [straight, bent] {
        let surface = shape.surface().unwrap();
        let whole = volume(&surface.vertices, &surface.triangles);
        let sac = whole - 0.25 * PI * shape.diameter.powi(2) * (shape.upstream + shape.downstream);
        let (lesions, _) = of(surface, &["outlet"]);
        assert!(lesions.stenoses.is_empty(), "{:?}", lesions.stenoses);
        let [found] = &lesions.aneurysms[..] else { panic!("{:?}", lesions.aneurysms) };
        println!("{found:?}; volume {sac:.4e}, neck {:.2e}, sac {:.2e}", shape.neck, shape.sac);
        assert!((found.volume / sac - 1.0).abs() < 0.1, "{} of {sac}", found.volume);
        assert!((found.neck / shape.neck - 1.0).abs() < 0.25, "{}", found.neck);
        assert!((found.max_diameter / shape.sac - 1.0).abs() < 0.1, "{}", found.max_diameter);
        assert!((found.arc - shape.upstream).abs() < 0.5 * shape.diameter && !found.fusiform, "{found:?}");
    }
}
