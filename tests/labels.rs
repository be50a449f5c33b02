//! Label maps from file to surface: shapes of known volume, radius and openings; the commands on them; what is refused.

#![allow(clippy::unwrap_used, reason = "in a test, that is the failure")]

use std::path::Path;

use perfuse::geometry::labels::{Cut, LabelMap, Options, Report, Tips};
use perfuse::geometry::surface::Surface;
use perfuse::geometry::vessel::{Selector, Vessel};

#[path = "support/image.rs"]
mod image;
#[path = "support/refusal.rs"]
mod refusal;
mod support;

use image::{Image, apart, gzip, rotate};
use refusal::{assert_says, perfuse};

/// A tube of 3 mm radius about the line through (20, 20, 20) along `axis`, mm; from end to end of the image.
fn tube(axis: [f64; 3], turn: f64) -> Image {
    let far = |s: f64| [0, 1, 2].map(|k| 20.0 + s * axis[k]);
    Image::new([60, 60, 40], [0.5, 0.5, 0.8], (centred([60, 60, 40], [0.5, 0.5, 0.8], turn), turn), |p| {
        u8::from(apart(p, far(-100.0), far(100.0)) < 3.0)
    })
}

/// Origin of an image whose middle is (20, 20, 20).
fn centred(size: [usize; 3], edges: [f64; 3], turn: f64) -> [f64; 3] {
    let half = rotate([0, 1, 2].map(|k| 0.5 * (size[k] - 1) as f64 * edges[k]), turn);
    [0, 1, 2].map(|k| 20.0 - half[k])
}

/// A tree: a stem of 3 mm radius up z that forks into two of 2 mm, one with a twig of `twig` mm; all ends inside. No axis
/// runs through centres of voxels: 4 % fewer of them lie in a circle of six voxels about one of them than its area says.
fn fork(twig: f64) -> Image {
    let (low, middle) = ([20.0, 20.0, 4.0], [20.0, 20.0, 22.0]);
    let (left, right) = ([8.0, 20.0, 40.0], [32.0, 20.0, 40.0]);
    Image::new([80, 40, 88], [0.5, 0.5, 0.5], ([0.13, 10.19, 0.07], 0.0), |p| {
        let stem = apart(p, low, middle) < 3.0 && p[2] > 4.0;
        let arms = (apart(p, middle, left) < 2.0 || apart(p, middle, right) < 2.0) && p[2] < 40.0;
        let thin = apart(p, [26.0, 20.0, 31.0], [26.0, 12.0, 31.0]) < twig;
        u8::from(stem || arms || thin)
    })
}

fn read(image: &Image, name: &str) -> LabelMap {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    image.write(&path);
    LabelMap::read(&path, 1e-3).unwrap()
}

fn make(image: &Image, options: &Options) -> (Surface, Report) {
    read(image, "seg.nii.gz").surface(options).unwrap_or_else(|e| panic!("{e}"))
}

/// The vessel with every opening found.
fn vessel(surface: &Surface, report: &Report) -> Vessel {
    let ends: Vec<_> = report.ends.iter().map(|end| (end.name.clone(), Selector::Patch(end.name.clone()))).collect();
    Vessel::build(surface.clone(), &ends).unwrap_or_else(|e| panic!("{e}"))
}

/// Root mean square and largest error of the wall's distance from an axis through (20, 20, 20), and mean, mm.
fn radius_errors(wall: &Surface, axis: [f64; 3], radius: f64) -> [f64; 3] {
    let far = |s: f64| [0, 1, 2].map(|k| 20.0 + s * axis[k]);
    let off = wall.vertices.iter().map(|v| apart(v.map(|x| 1e3 * x), far(-100.0), far(100.0)) - radius);
    let off: Vec<f64> = off.collect();
    let count = off.len() as f64;
    let rms = (off.iter().map(|x| x * x).sum::<f64>() / count).sqrt();
    [rms, off.iter().fold(0.0, |m: f64, x| m.max(x.abs())), off.iter().sum::<f64>() / count]
}

#[test]
fn a_tube_keeps_radius_volume_and_flat_ends_however_its_image_lies() {
    for (axis, turn) in
        [([0.0, 0.0, 1.0], 0.0), ([0.3, 0.2, 0.933], 0.0), ([0.3, 0.2, 0.933], 0.5), ([0.0, 0.6, 0.8], -1.1)]
    {
        let image = tube(axis, turn);
        let (surface, report) = make(&image, &Options { tips: Tips::None, ..Options::default() });
        let vessel = vessel(&surface, &report);
        let [rms, most, mean] = radius_errors(&vessel.wall, axis, 3.0);
        println!(
            "{axis:?} {turn}: {:+.4} % volume; radius {rms:.4} rms, {most:.4} most, {mean:.4} mean",
            100.0 * report.volume_change()
        );
        assert!(report.volume_change().abs() < 0.01);
        // In half-millimetre voxels, 0.8 mm thick.
        assert!(rms < 0.07 && most < 0.2 && mean.abs() < 0.03, "{rms} {most} {mean}");
        assert_eq!(vessel.openings.len(), 2);
        for opening in &vessel.openings {
            let across: f64 = (0..3).map(|k| axis[k] * opening.normal[k]).sum::<f64>().abs();
            let area = std::f64::consts::PI * 9e-6 / across;
            println!("  area {:.4} of {:.4} mm^2", 1e6 * opening.area, 1e6 * area);
            assert!(opening.unevenness < 1e-9 && (opening.area / area - 1.0).abs() < 0.03);
        }
    }
}

#[test]
fn tips_are_found_and_cut_across_their_branches_and_twigs_are_listed() {
    let image = fork(0.6);
    let (surface, report) = make(&image, &Options::default());
    let vessel = vessel(&surface, &report);
    report.lines(9).iter().for_each(|line| println!("{line}"));
    assert_eq!((report.pruned.len(), report.ends.len(), report.closed_tips), (1, 3, 0));
    let thin = &report.pruned[0];
    assert!((thin.diameter - 1.2e-3).abs() < 0.3e-3 && (thin.length - 6e-3).abs() < 2e-3, "{thin:?}");
    assert!((thin.place[0] - 26e-3).abs() < 1e-3 && (thin.place[2] - 31e-3).abs() < 1e-3, "{thin:?}");
    let arm = 12.0 / (12f64 * 12.0 + 18.0 * 18.0).sqrt();
    for (opening, end) in vessel.openings.iter().zip(&report.ends) {
        let (radius, along) = if end.name == "end_1" {
            (3.0, [0.0, 0.0, -1.0])
        } else {
            (2.0, [arm * (end.centre[0] - 20e-3).signum(), 0.0, (1.0 - arm * arm).sqrt()])
        };
        let cosine: f64 = (0..3).map(|k| along[k] * opening.normal[k]).sum();
        let diameter = 1e3 * opening.equivalent_diameter();
        println!("{}: {diameter:.3} mm, {:.2} degrees off", end.name, cosine.acos().to_degrees());
        assert!(cosine > 0.99 && (diameter / (2.0 * radius) - 1.0).abs() < 0.03 && opening.unevenness < 1e-9);
    }
    let all = make(&image, &Options { prune: 0.0, ..Options::default() }).1;
    assert!(all.pruned.is_empty() && all.volume_change().abs() < 0.01);
    let left = 1e6 * (all.voxel_volume - report.voxel_volume);
    let gone = 1e6 * thin.volume;
    println!("voxels of the twig: {left:.5} ml, listed {gone:.5} ml");
    assert!((left - gone).abs() < 0.1 * gone);
}

#[test]
fn a_cut_takes_its_own_branch_and_no_other_that_its_plane_meets() {
    let image = fork(0.0);
    let cut = |name: &str, point: [f64; 3], normal: [f64; 3]| Cut {
        name: Some(name.to_owned()),
        point: point.map(|x| 1e-3 * x),
        normal,
    };
    let stem = cut("inlet", [20.0, 20.3, 10.0], [0.0, 0.0, -2.0]);
    let arm = cut("left", [14.0, 20.0, 31.0], [0.0, 0.0, 1.0]);
    let options = Options { cuts: vec![stem.clone(), arm.clone()], ..Options::default() };
    let (surface, report) = make(&image, &options);
    let names: Vec<&str> = report.ends.iter().map(|end| end.name.as_str()).collect();
    assert_eq!((names, report.closed_tips), (vec!["inlet", "left"], 1));
    let vessel = vessel(&surface, &report);
    // The right arm, which the second plane meets too, is whole.
    let highest = vessel.wall.vertices.iter().map(|v| v[2]).fold(0.0, f64::max);
    assert!(highest > 39.3e-3, "{highest}");
    let slant = 18.0 / (12f64 * 12.0 + 18.0 * 18.0).sqrt();
    for (opening, area) in vessel.openings.iter().zip([9.0, 4.0 / slant]) {
        let ratio = 1e6 * opening.area / (std::f64::consts::PI * area);
        println!("{}: area {ratio:.4} of what it should be", opening.name);
        assert!((ratio - 1.0).abs() < 0.03);
    }
    let refused = |cuts: Vec<Cut>| {
        read(&image, "a.nii").surface(&Options { cuts, ..Options::default() }).unwrap_err().to_string()
    };
    assert_says(
        &refused(vec![cut("far", [2.0, 12.0, 10.0], [0.0, 0.0, 1.0])]),
        &["`far` at (2.000, 12.000, 10.000) mm", "meets no branch", "the nearest section is at (19.9", "move `point`"],
        "a point beside the vessel",
    );
    assert_says(&refused(vec![cut("off", [2.0, 12.0, 1.0], [0.0, 0.0, 1.0])]), &["on one side"], "a plane beside it");
    assert_says(
        &refused(vec![arm, cut("stem", [20.0, 20.0, 10.0], [0.0, 0.0, 1.0])]),
        &["`stem`", "takes off", "`left`", "normal"],
        "turned",
    );
    assert_says(&refused(vec![stem]), &["only 1 opening", "[[cut]]"], "one cut alone");
}

#[test]
fn every_format_gives_the_same_vessel_and_the_commands_run_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let image = fork(0.0);
    for name in ["seg.nii.gz", "seg.nii", "seg.mha"] {
        image.write(&folder.path().join(name));
        let output = perfuse(folder.path(), &["inspect", name, "--json"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(json["openings"].as_array().unwrap().len(), 3, "{name}");
        let volume = json["labels"]["volume_ml"].as_f64().unwrap();
        assert!((volume / image.volume(1) - 1.0).abs() < 1e-3, "{volume}");
    }
    let text = perfuse(folder.path(), &["inspect", "seg.nii.gz", "--save", "vessel.vtp"]);
    let text = String::from_utf8(text.stdout).unwrap();
    println!("{text}");
    for part in [
        "80 x 40 x 88 voxels of (0.500, 0.500, 0.500) mm",
        "label       1:",
        "change of volume",
        "ends        3",
        "patch end_1: inlet",
    ] {
        assert!(text.contains(part), "`{part}` is missing");
    }
    let again = perfuse(folder.path(), &["inspect", "vessel.vtp"]);
    let again = String::from_utf8(again.stdout).unwrap();
    assert!(
        again.contains("watertight") && again.contains("patch 2: inlet") && again.contains("patch 4: outlet"),
        "{again}"
    );
    let case = perfuse(folder.path(), &["inspect", "seg.nii.gz", "--case"]);
    std::fs::write(folder.path().join("seg.toml"), &case.stdout).unwrap();
    let checked = perfuse(folder.path(), &["check", "seg.toml", "--device", "cpu"]);
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    assert_says(&said, &["opening         end_1", "end_3", "label map       label 1"], "check");
}

/// What `check` and `run` say of a case with these lines as [geometry], the openings `end_1` and `end_2`.
fn refused(folder: &Path, geometry: &str) -> String {
    let case = format!(
        "[geometry]\n{geometry}\n[[opening]]\nname = \"inlet\"\npatch = \"end_1\"\nflow = \"2 ml/s\"\n[[opening]]\n\
         name = \"outlet\"\npatch = \"end_2\"\npressure = \"90 mmHg\"\n[blood]\ndensity = \"1060 kg/m^3\"\n\
         viscosity = \"4 mPa s\"\n[resolution]\nacross = 8\n"
    );
    std::fs::write(folder.join("case.toml"), case).unwrap();
    refusal::refusal(folder, "case.toml", &[])
}

#[test]
fn what_cannot_be_a_vessel_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut two = tube([0.0, 0.0, 1.0], 0.0);
    let row = two.size[0] * two.size[1];
    two.labels[15 * row..25 * row].fill(0);
    two.write(&at("two.nii"));
    let said = refused(folder.path(), "labels = \"two.nii\"");
    assert_says(&said, &["two.nii", "2 pieces", "do not touch", "0.3", "near = [", "choose one"], "two vessels");
    let shown = said.split("near = ").nth(2).unwrap().split('\n').next().unwrap();
    let said = refused(folder.path(), &format!("labels = \"two.nii\"\nnear = {shown}\ntips = \"none\""));
    assert_says(&said, &["only 1 opening", "[[cut]]"], "one of them");
    let said = refused(folder.path(), "labels = \"two.nii\"\nnear = [0.0, 0.0, 0.0]");
    assert_says(&said, &["no piece of label 1 is near (0.000, 0.000, 0.000) mm"], "nothing near");
    let said = refused(folder.path(), "labels = \"two.nii\"\nlabel = 3");
    assert_says(&said, &["no voxel has the label 3", "1 ("], "a label that is not there");
    let mut empty = tube([0.0, 0.0, 1.0], 0.0);
    empty.labels.fill(0);
    empty.write(&at("empty.nii.gz"));
    assert_says(&refused(folder.path(), "labels = \"empty.nii.gz\""), &["every voxel is 0"], "an empty label map");
    empty.labels[5] = 4;
    empty.labels[9000] = 7;
    empty.write(&at("which.nii"));
    assert_says(
        &refused(folder.path(), "labels = \"which.nii\""),
        &["several labels", "label = 4", "7 (1 voxels)"],
        "which label",
    );
    let ball =
        Image::new([40; 3], [0.5; 3], ([0.0; 3], 0.0), |p| u8::from(apart(p, [10.0; 3], [10.0, 10.0, 10.1]) < 6.0));
    ball.write(&at("ball.nii"));
    assert_says(&refused(folder.path(), "labels = \"ball.nii\""), &["no opening was found", "[[cut]]"], "no ends");
    let said = refused(folder.path(), "labels = \"ball.nii\"\nsurface = \"a.stl\"\nunit = \"mm\"");
    assert_says(&said, &["more than one vessel", "`surface` and `labels`"], "both");
    let said = refused(folder.path(), "surface = \"a.stl\"\nunit = \"mm\"\nprune = 2");
    assert_says(&said, &["`prune` has no meaning for a surface"], "prune of a surface");
    let said = refused(folder.path(), "labels = \"ball.nii\"\nprune = -2");
    assert_says(&said, &["geometry.prune", "-2 voxels", "0 to 100"], "prune out of range");
}

#[test]
fn damaged_files_are_refused_before_memory_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let good = tube([0.0, 0.0, 1.0], 0.0).nifti();
    let with = |at: usize, bytes: &[u8]| {
        let mut file = good.clone();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        file
    };
    let i16s = |values: &[i16]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let f32s = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let half = gzip(&good);
    let files: [(&str, Vec<u8>, &[&str]); 12] = [
        (
            "four.nii",
            with(40, &i16s(&[4, 60, 60, 20, 2])),
            &["dim, byte 40", "4 axes", "2 steps along axis 4", "one volume"],
        ),
        ("zero.nii", with(280, &f32s(&[0.0, 0.0, 0.0])), &["sform", "axis 1", "allowed are"]),
        ("shear.nii", with(284, &f32s(&[0.2])), &["sform", "axes 1 and 2", "68.20 degrees", "resample"]),
        (
            "promise.nii",
            with(40, &i16s(&[3, 30000, 30000, 30000])),
            &["promises 27000000000000 bytes", "30000 x 30000 x 30000", "144000 are there"],
        ),
        (
            "bomb.nii.gz",
            gzip(&with(40, &i16s(&[3, 30000, 30000, 30000]))),
            &["promises 27000000000000 bytes", "at most"],
        ),
        ("more.nii.gz", gzip(&with(40, &i16s(&[3, 60, 60, 41]))), &["promises 147600 bytes", "but 144000 are there"]),
        ("cut.nii.gz", half[..half.len() / 2].to_vec(), &["promises 144000 bytes", "cut off"]),
        ("type.nii", with(70, &i16s(&[128])), &["datatype, byte 70", "type 128", "save the labels as bytes"]),
        ("short.nii", good[..200].to_vec(), &["200 of 348 bytes"]),
        ("not.nii", b"this is no image at all".to_vec(), &["sizeof_hdr", "no NIfTI"]),
        ("empty.nii", Vec::new(), &["no NIfTI"]),
        ("grey.mha", grey(), &["intensity image", "0.5", "voxel 1, 0, 0", "segment the vessel first"]),
    ];
    for (name, bytes, words) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
        let said = refused(folder.path(), &format!("labels = \"{name}\""));
        assert_says(&said, words, name);
        assert_says(&said, &[name], name);
        let inspected = perfuse(folder.path(), &["inspect", name]);
        assert_eq!(inspected.status.code(), Some(2), "{name}");
    }
    let missing = refused(folder.path(), "labels = \"none.nii\"");
    assert_says(&missing, &["label map `none.nii` not found"], "missing");
}

/// A MetaImage of intensities.
fn grey() -> Vec<u8> {
    let image = Image { labels: Vec::new(), ..tube([0.0, 0.0, 1.0], 0.0) };
    let values = (0..60 * 60 * 40).flat_map(|n| (0.5 * n as f32).to_le_bytes());
    [image.meta_header("MET_FLOAT", "LOCAL", "").into_bytes(), values.collect()].concat()
}

#[test]
fn the_pulmonary_tree_keeps_its_volume_and_opens_at_its_tips() {
    let Some(data) = support::data() else { return };
    let map = LabelMap::read(&data.join("pulmonary_labels/truth_PA000005.nii.gz"), 1e-3).unwrap();
    let whole = Options { prune: 0.0, ..Options::default() };
    let (_, report) = map.surface(&whole).unwrap();
    let all = map.labels[0].1 as f64 * report.voxel;
    println!(
        "{:.4} ml of {:.4} ml: {:+.3} %",
        1e6 * report.smooth_volume,
        1e6 * all,
        100.0 * (report.smooth_volume / all - 1.0)
    );
    assert!((report.smooth_volume / all - 1.0).abs() < 0.01);
    // The default is for a vessel whose thin branches matter; 8 voxels (6 mm) is for a flow in the large ones.
    let usual = map.surface(&Options::default()).unwrap().1;
    let (surface, report) = map.surface(&Options { prune: 8.0, ..Options::default() }).unwrap();
    for (voxels, made, ends) in [(3.0, &usual, 100), (8.0, &report, 10)] {
        made.lines(3).iter().for_each(|line| println!("{line}"));
        let least = voxels * made.voxel.cbrt();
        assert!(made.volume_change().abs() < 0.01 && made.ends.len() > ends, "{}", made.ends.len());
        assert!(made.pruned.iter().all(|thin| thin.diameter < least));
        let opened = made.ends.iter().map(|end| (4.0 * end.area / std::f64::consts::PI).sqrt());
        let narrowest = opened.fold(f64::INFINITY, f64::min);
        println!("{} ends, the narrowest {:.2} mm", made.ends.len(), 1e3 * narrowest);
        assert!(narrowest > 0.85 * least);
    }
    let vessel = vessel(&surface, &report);
    let trunk = &vessel.openings[0];
    println!("trunk {:.2} mm, {} openings", 1e3 * trunk.equivalent_diameter(), vessel.openings.len());
    assert!((0.026..0.031).contains(&trunk.equivalent_diameter()));
    assert!(vessel.openings.iter().all(|o| o.unevenness < 1e-9));
}
