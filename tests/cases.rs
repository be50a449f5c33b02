//! The case files that come with the program: each loads, is accepted, finds its openings, and is the size it says.

use std::path::{Path, PathBuf};

use perfuse::case::{Case, Condition, Place, Resolution, Rheology};
use perfuse::geometry::check::check_unit;
use perfuse::geometry::formats::read_all;
use perfuse::geometry::orient::volume;
use perfuse::geometry::vessel::{Selector, Vessel};
use perfuse::run::fit::Room;
use perfuse::run::plan::Plan;

mod support;
use support::data;

/// A case file of the project, accepted.
fn load(file: &str) -> Case {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let case = Case::load(&path, &[]).unwrap_or_else(|e| panic!("{e}"));
    case.validate().unwrap_or_else(|e| panic!("{e}"));
    let head = case.source.file_text().lines().take_while(|line| line.starts_with('#')).count();
    assert!(head >= 3, "{file} opens with its physics");
    case
}

/// What a case asks for.
struct Size {
    /// Of the inlet, by mean velocity and equivalent diameter.
    reynolds: f64,
    /// Lattice sites in the vessel, without flow extensions.
    sites: f64,
    /// Lattice sites across the narrowest opening.
    across: f64,
}

/// Builds the vessel of a case from surfaces below `folder`.
fn size(case: &Case, folder: &Path) -> Size {
    let files: Vec<PathBuf> = case.geometry.surface.get_ref().iter().map(|file| folder.join(file)).collect();
    let surface = read_all(&files, case.geometry.unit.get_ref().metres()).unwrap_or_else(|e| panic!("{e}"));
    let selector = |place: &Place| match place {
        Place::Patch(patch) => Selector::Patch(patch.get_ref().clone()),
        Place::Near(point) => Selector::Near(*point.get_ref()),
    };
    let ends: Vec<_> = case.openings.iter().map(|o| (o.name.get_ref().clone(), selector(&o.place))).collect();
    let vessel = Vessel::build(surface, &ends).unwrap_or_else(|e| panic!("{e}"));
    check_unit(&vessel).unwrap_or_else(|e| panic!("{e}"));
    let inlet = &vessel.openings[0];
    let velocity = match &case.openings[0].condition {
        Condition::Flow(flow) => flow.get_ref().si() / inlet.area,
        Condition::Velocity(velocity) => velocity.get_ref().si(),
        _ => panic!("the first opening is the inlet"),
    };
    let narrowest = vessel.openings.iter().map(|o| o.equivalent_diameter()).fold(f64::INFINITY, f64::min);
    let spacing = match &case.resolution {
        Resolution::Across(across) => narrowest / f64::from(*across.get_ref()),
        Resolution::Spacing(spacing) => spacing.get_ref().si(),
    };
    let Rheology::Newtonian(viscosity) = &case.blood.rheology else { panic!("a Newtonian fluid") };
    let closed = perfuse::geometry::extend::close(&vessel, &vec![0.0; ends.len()]).unwrap_or_else(|e| panic!("{e}"));
    Size {
        reynolds: case.blood.density.get_ref().si() * velocity * inlet.equivalent_diameter() / viscosity.get_ref().si(),
        sites: volume(&closed.vertices, &closed.triangles) / spacing.powi(3),
        across: narrowest / spacing,
    }
}

/// Asserts the Reynolds number within 1 %, and a number of sites.
fn assert_size(file: &str, folder: &Path, reynolds: f64, sites: std::ops::Range<f64>) {
    let size = size(&load(file), folder);
    println!("{file}: Re {:.1}, {:.0} sites, {:.2} across", size.reynolds, size.sites, size.across);
    assert!((size.reynolds / reynolds - 1.0).abs() < 0.01, "{file}: Reynolds number {}", size.reynolds);
    assert!(sites.contains(&size.sites), "{file}: {} sites", size.sites);
    assert!(size.across > 5.999, "{file}: {} sites across", size.across);
}

/// Number of case files in a folder.
fn count(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{e}"));
    entries.filter_map(Result::ok).filter(|entry| entry.path().extension().is_some_and(|e| e == "toml")).count()
}

/// Shipped cases over a heart beat: mean Reynolds and Womersley number of the inlet.
const PULSATING: [(&str, f64, f64); 2] = [("stenosis_pulsatile", 163.0, 4.16), ("bifurcation_windkessel", 300.0, 4.14)];

/// Plans a pulsating case as if its file lay in `folder`.
fn assert_beat(file: &str, folder: &Path, (reynolds, womersley): (f64, f64), sites: std::ops::Range<usize>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{e}"));
    let case = Case::parse(&folder.join("case.toml"), &text, &[]).unwrap_or_else(|e| panic!("{e}"));
    let plan = Plan::new(case, &Room::of(None)).unwrap_or_else(|e| panic!("{e}"));
    println!("{file}: Re {:.1}, Wo {:.2}, {} sites", plan.reynolds(), plan.womersley(), plan.lattice.sites);
    assert!((plan.reynolds() / reynolds - 1.0).abs() < 0.01, "{file}: Reynolds number {}", plan.reynolds());
    assert!((plan.womersley() / womersley - 1.0).abs() < 0.01, "{file}: Womersley number {}", plan.womersley());
    assert!(sites.contains(&plan.lattice.sites), "{file}: {} sites", plan.lattice.sites);
}

#[test]
fn pulsating_cases_are_the_size_they_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    for (name, reynolds, womersley) in PULSATING {
        assert_beat(&format!("cases/{name}.toml"), &folder, (reynolds, womersley), 2e4 as usize..1e5 as usize);
    }
    let Some(data) = data() else { return };
    let file = "tests/patients/aorta_coarctation_beat.toml";
    assert_beat(file, &data, (1352.0, 10.1), 4e4 as usize..8e4 as usize);
}

#[test]
fn shipped_cases_are_the_size_they_say() {
    let cases = [("stenosis", 160.6), ("stenosis_70", 64.3), ("bend", 300.0), ("bifurcation", 300.0)];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    for (name, reynolds) in cases {
        assert_size(&format!("cases/{name}.toml"), &folder, reynolds, 1e5..3e5);
    }
    assert_eq!(count(&folder), cases.len() + PULSATING.len(), "every file in cases/ is tested");
}

#[test]
fn shipped_cases_find_their_surface_from_their_own_folder() {
    for name in ["stenosis", "stenosis_70", "bend", "bifurcation"] {
        let case = load(&format!("cases/{name}.toml"));
        assert_eq!(case.surface_paths().unwrap_or_else(|e| panic!("{e}")).len(), 1);
        assert_eq!(case.name(), name);
    }
}

#[test]
fn patient_cases_are_the_size_they_say() {
    let cases = [
        ("aorta_arch", 418.0, 5e4..1e5),
        ("aorta_coarctation", 1330.0, 1e5..2e5),
        // Six sites across its narrowest end cost more.
        ("coronary_left", 84.6, 2e5..1e6),
        ("ica_aneurysm", 366.0, 1e5..2e5),
        ("pulmonary_wall", 276.0, 1e4..2e5),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/patients");
    assert_eq!(count(&folder), cases.len() + 1, "every file in tests/patients is tested");
    let Some(data) = data() else { return };
    for (name, reynolds, sites) in cases {
        assert_size(&format!("tests/patients/{name}.toml"), &data, reynolds, sites);
    }
}
