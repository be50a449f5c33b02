//! The wall's mesh of made and of real vessels.

#![allow(clippy::unwrap_used, reason = "in a test, that is the failure")]

use std::f64::consts::PI;
use std::path::PathBuf;
use std::time::Instant;

use perfuse::geometry::formats::read_all;
use perfuse::geometry::inspect::find_openings;
use perfuse::geometry::primitives::{Aneurysm, Bend, Bifurcation, Stenosis, Straight};
use perfuse::geometry::shell::{Report, Settings, Shell, Thickness, build};
use perfuse::geometry::surface::Surface;
use perfuse::geometry::vessel::{Selector, Vessel};

mod support;
use support::data;

/// The vessel of a surface with all ends that it seems to have.
fn vessel(surface: Surface) -> Vessel {
    let ends = find_openings(&surface);
    let selectors: Vec<(String, Selector)> =
        ends.iter().map(|end| (end.name.clone(), Selector::Near(end.centre))).collect();
    Vessel::build(surface, &selectors).unwrap()
}

fn load(folder: &str, files: &[&str]) -> Option<Surface> {
    let folder = data()?.join(folder);
    let paths: Vec<PathBuf> = files.iter().map(|file| folder.join(file)).collect();
    Some(read_all(&paths, 1e-3).unwrap())
}

/// Builds a shell, prints what became of it and checks what holds for all.
fn built(name: &str, vessel: &Vessel, settings: &Settings) -> (Shell, Report) {
    let start = Instant::now();
    let (shell, report) = build(vessel, settings).unwrap_or_else(|error| panic!("{name}: {error}"));
    let seconds = start.elapsed().as_secs_f64();
    println!("{name}: {} columns, {} quads, {seconds:.2} s\n  {report:?}", shell.columns(), shell.quads.len());
    dump(name, &shell);
    (shell, report)
}

fn dump(name: &str, shell: &Shell) {
    use std::fmt::Write;
    let Some(folder) = std::env::var_os("WALL_DUMP") else { return };
    let mut text = format!(
        "# vtk DataFile Version 3.0\nwall\nASCII\nDATASET UNSTRUCTURED_GRID\nPOINTS {} double\n",
        shell.nodes.len()
    );
    for p in &shell.nodes {
        writeln!(text, "{} {} {}", 1e3 * p[0], 1e3 * p[1], 1e3 * p[2]).unwrap();
    }
    writeln!(text, "CELLS {} {}", shell.elements(), 9 * shell.elements()).unwrap();
    let mut q = String::new();
    for k in 0..shell.elements() {
        let (quad, layer) = (k / shell.layers, k % shell.layers);
        let h = shell.hexahedron(quad, layer);
        writeln!(text, "8 {} {} {} {} {} {} {} {}", h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7]).unwrap();
        writeln!(q, "{}", perfuse::geometry::shell::quality::scaled_jacobian(&shell.corners(quad, layer))).unwrap();
    }
    writeln!(text, "CELL_TYPES {}", shell.elements()).unwrap();
    for _ in 0..shell.elements() {
        text.push_str("12\n");
    }
    writeln!(text, "CELL_DATA {}\nSCALARS sj double 1\nLOOKUP_TABLE default\n{q}", shell.elements()).unwrap();
    writeln!(text, "POINT_DATA {}\nSCALARS thickness double 1\nLOOKUP_TABLE default", shell.nodes.len()).unwrap();
    for c in 0..shell.columns() as u32 {
        let t = 1e3 * (shell.place(c, shell.layers) - shell.place(c, 0)).norm();
        for _ in 0..shell.levels() {
            writeln!(text, "{t}").unwrap();
        }
    }
    std::fs::write(PathBuf::from(folder).join(format!("{name}.vtk")), text).unwrap();
}

#[test]
fn made() {
    for spacing in [0.25e-3, 0.5e-3, 1e-3] {
        let tube = vessel(Straight::new(6e-3).surface().unwrap());
        let (_, report) = built("straight", &tube, &Settings::new(spacing, 2, Thickness::Uniform(0.6e-3)));
        let exact = PI * (3.6e-3f64.powi(2) - 3e-3f64.powi(2)) * 30e-3;
        println!("  volume {:+.3} %", 100.0 * (report.volume / exact - 1.0));
    }
    built("bend", &vessel(Bend::new(6e-3).surface().unwrap()), &Settings::new(0.5e-3, 2, Thickness::OfRadius(0.2)));
    built(
        "stenosis",
        &vessel(Stenosis::new(6e-3).surface().unwrap()),
        &Settings::new(0.4e-3, 2, Thickness::Uniform(0.6e-3)),
    );
    built(
        "bifurcation",
        &vessel(Bifurcation::new(6e-3).surface().unwrap()),
        &Settings::new(0.4e-3, 2, Thickness::OfRadius(0.2)),
    );
    built(
        "aneurysm",
        &vessel(Aneurysm::new(6e-3).surface().unwrap()),
        &Settings::new(0.4e-3, 2, Thickness::Uniform(0.6e-3)),
    );
}

#[test]
fn patients() {
    let set: [(&str, &[&str], f64); 5] = [
        ("aorta_arch", &["aorta-surface-open-ends.stl"], 0.15),
        ("aorta_coarctation", &["wall_aorta.stl"], 0.15),
        ("coronary_left", &["m1_fluid.stl"], 0.2),
        ("ica_aneurysm", &["id1_model.vtp"], 0.15),
        ("pulmonary_wall_properties", &["SU201_2005_RPA1_exterior.vtp"], 0.15),
    ];
    for (folder, files, part) in set {
        let Some(surface) = load(folder, files) else { return };
        let vessel = vessel(surface);
        let spacing = Settings::default_spacing(&vessel);
        println!("spacing {spacing}");
        built(folder, &vessel, &Settings::new(spacing, 2, Thickness::OfRadius(part)));
    }
}
