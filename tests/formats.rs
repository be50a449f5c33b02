//! Surface readers on every variant of every format, on damaged files, and on real ones.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use perfuse::geometry::formats::{FormatError, read, read_all, read_counted};
use perfuse::geometry::surface::Surface;

mod support;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/surfaces")
}

fn fixture(name: &str) -> PathBuf {
    fixtures().join(name)
}

/// All surfaces among the fixtures but the one of a refused compressor.
fn readable() -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(fixtures())
        .expect("fixtures")
        .map(|entry| entry.expect("entry").path())
        .filter(|path| path.extension().is_some_and(|e| e != "py") && !path.ends_with("lzma.vtp"))
        .collect();
    paths.sort();
    paths
}

/// Triangles by coordinates, each turned to begin with its smallest corner, sorted; with the patch name.
fn canonical(surface: &Surface, patches: bool) -> Vec<(String, [[i64; 3]; 3])> {
    let mut all: Vec<_> = surface
        .triangles
        .iter()
        .zip(&surface.patch_of)
        .map(|(t, &patch)| {
            let mut corners = t.map(|i| surface.vertices[i as usize].map(|x| (x / surface.unit * 1e6).round() as i64));
            while corners[0] > corners[1] || corners[0] > corners[2] {
                corners.rotate_left(1);
            }
            let name = if patches { surface.patches[patch as usize].clone() } else { String::new() };
            (name, corners)
        })
        .collect();
    all.sort();
    all
}

#[test]
fn every_variant_gives_the_same_triangles() {
    let expected = canonical(&read(&fixture("ascii.vtp"), 1e-3).expect("ascii.vtp"), false);
    assert_eq!(expected.len(), 12);
    let paths = readable();
    assert_eq!(paths.len(), 49, "{paths:?}");
    for path in paths {
        let (surface, collapsed) = read_counted(std::slice::from_ref(&path), 1e-3).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(surface.vertices.len(), 8, "{}", path.display());
        assert_eq!(collapsed, 0, "{}", path.display());
        assert_eq!(canonical(&surface, false), expected, "{}", path.display());
        assert!(surface.vertices.iter().flatten().all(|x| x.abs() <= 4e-3));
    }
}

#[test]
fn patches_are_kept() {
    let expected = canonical(&read(&fixture("ascii.vtp"), 1.0).expect("ascii.vtp"), true);
    for path in readable() {
        let surface = read(&path, 1.0).unwrap_or_else(|e| panic!("{e}"));
        let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        match name.as_ref() {
            "solids.stl" | "groups.obj" => assert_eq!(surface.patches, ["wall", "inlet", "outlet"]),
            "solids_upper_crlf.stl" => assert_eq!(surface.patches, ["WALL", "INLET", "OUTLET"]),
            "pyvista_ascii.stl" => assert_eq!(surface.patches, ["Visualization Toolkit generated SLA File"]),
            _ if name.ends_with(".stl") || name.ends_with(".obj") => assert_eq!(surface.patches, [stem]),
            _ => assert_eq!(canonical(&surface, true), expected, "{name}"),
        }
    }
}

#[test]
fn several_files_become_one_surface() {
    let paths = ["binary_solid.stl", "pyvista_ascii.stl", "solids.stl", "groups.obj", "quads.vtp"].map(fixture);
    let surface = read_all(&paths, 1e-3).expect("five files");
    assert_eq!(surface.triangles.len(), 60);
    assert_eq!(surface.vertices.len(), 8, "equal vertices of all files are one");
    let names = ["binary_solid", "pyvista_ascii", "wall", "inlet", "outlet"];
    let more = ["groups:wall", "groups:inlet", "groups:outlet", "1", "2", "3"];
    assert_eq!(surface.patches, [&names[..], &more[..]].concat());
}

#[test]
fn agrees_with_other_readers() {
    let ours = read(&fixture("groups.obj"), 1.0).expect("groups.obj");
    let options = tobj::LoadOptions { triangulate: true, ..tobj::LoadOptions::default() };
    let (models, _) = tobj::load_obj(fixture("groups.obj"), &options).expect("tobj");
    let names: Vec<&str> = models.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ours.patches);
    assert_eq!(models.iter().map(|m| m.mesh.indices.len() / 3).sum::<usize>(), ours.triangles.len());
    for name in ["binary_42.vtk", "ascii_42.vtk"] {
        let vtk = vtkio::Vtk::import(fixture(name)).expect(name);
        let vtkio::model::DataSet::PolyData { pieces, .. } = vtk.data else { panic!("{name}") };
        let [vtkio::model::Piece::Inline(piece)] = &pieces[..] else { panic!("{name}") };
        assert_eq!(piece.polys.as_ref().map(|p| p.num_cells()), Some(12), "{name}");
    }
}

/// Reads `bytes` as a file of that extension.
fn read_bytes(folder: &Path, extension: &str, bytes: &[u8]) -> Result<Surface, FormatError> {
    let path = folder.join(format!("hostile.{extension}"));
    fs::write(&path, bytes).expect("write");
    read(&path, 1e-3)
}

/// Files whose `Points` promise 2^62 blocks, blocks of 2^62 bytes, a last one of these, a packed size of these.
fn huge_block_headers() -> Vec<(&'static str, Vec<u8>)> {
    let mut cases = Vec::new();
    for name in ["inline_zlib_64.vtp", "inline_lz4_64.vtp"] {
        let text = String::from_utf8(fs::read(fixture(name)).expect("read")).expect("text");
        let points = text.find("<Points>").expect("points");
        let start = points + text[points..].find("AwAAAAAAAABA").expect("a header of three blocks of 64 bytes");
        for number in 0..6 {
            let mut header = STANDARD.decode(&text[start..start + 64]).expect("48 bytes");
            header[number * 8 + 7] = 0x40;
            let damaged = [&text[..start], &STANDARD.encode(header), &text[start + 64..]].concat();
            cases.push(("vtp", damaged.into_bytes()));
        }
    }
    cases
}

#[test]
fn huge_counts_do_not_allocate() {
    let folder = tempfile::tempdir().expect("folder");
    let text = |name: &str| String::from_utf8(fs::read(fixture(name)).expect("read")).expect("text");
    let mut stl = fs::read(fixture("binary_solid.stl")).expect("read");
    stl[80..84].copy_from_slice(&u32::MAX.to_le_bytes());
    let mut cases = vec![("stl", stl)];
    for (from, to) in [
        ("POINTS 8", "POINTS 4000000000000"),
        ("POLYGONS 13 36", "POLYGONS 4000000000000 36"),
        ("POLYGONS 13 36", "POLYGONS 13 4000000000000"),
        ("CELL_DATA 12", "CELL_DATA 18446744073709551615"),
        ("normals 3 12 float", "normals 9223372036854775807 9223372036854775807 float"),
    ] {
        assert!(text("ascii_51.vtk").contains(from));
        cases.push(("vtk", text("ascii_51.vtk").replace(from, to).into_bytes()));
    }
    for name in ["ascii.vtp", "inline_None_32.vtp", "inline_zlib_64.vtp", "inline_lz4_64.vtp"] {
        for count in ["4000000000000", "18446744073709551615"] {
            for attribute in ["NumberOfPoints=\"8\"", "NumberOfPolys=\"12\""] {
                let huge = attribute.replace("8", count).replace("12", count);
                assert!(text(name).contains(attribute));
                cases.push(("vtp", text(name).replace(attribute, &huge).into_bytes()));
            }
        }
    }
    cases.extend(huge_block_headers());
    for (extension, bytes) in cases {
        let start = Instant::now();
        let result = read_bytes(folder.path(), extension, &bytes);
        let error = result.expect_err(&String::from_utf8_lossy(&bytes)).to_string();
        assert!(error.contains("promised") || error.contains("expected"), "{error}");
        assert!(start.elapsed().as_secs_f64() < 1.0, "{error}");
    }
}

#[test]
fn messages() {
    let folder = tempfile::tempdir().expect("folder");
    let error =
        |extension: &str, bytes: &[u8]| read_bytes(folder.path(), extension, bytes).expect_err("an error").to_string();
    assert!(read(&fixture("lzma.vtp"), 1.0).expect_err("lzma").to_string().contains("vtkLZMADataCompressor"));
    assert!(error("stl", b"").contains("is empty (0 bytes)"));
    assert!(error("obj", b" \n").contains("is empty (2 bytes)"));
    assert!(error("obj", b"v 0 0 0\nl 1 1\n").contains("no triangles (found: 1 vertices, 1 lines)"));
    assert!(error("obj", b"v 0 0 0\nf 1 1 1\n").contains("1 triangles without area"));
    assert!(error("stl", b"solid x\nendsolid x\n").contains("no triangles (found: 0 vertices)"));
    assert!(error("vtp", b"solid x").contains("hostile.vtp: line 1: "));
    assert!(error("vtk", b"solid x").contains("not a legacy VTK file"));
    let vtk = "# vtk DataFile Version 3.0\nt\nASCII\nDATASET POLYDATA\nPOINTS 3 float\n0 0 0 1 0 0\n0 nan 0\nPOLYGONS 1 4\n3 0 1 2\n";
    assert!(error("vtk", vtk.as_bytes()).contains("array `Points`: vertex 2 has a coordinate that is not a finite"));
    let grid = vtk.replace("POLYDATA", "UNSTRUCTURED_GRID");
    assert!(error("vtk", grid.as_bytes()).contains("line 4: a data set of kind `UNSTRUCTURED_GRID`"));
    let index = vtk.replace("nan", "1").replace("0 1 2", "0 1 7");
    assert!(
        error("vtk", index.as_bytes()).contains("cell 0 of Polys: vertex index 7 is out of range, allowed is 0 to 2")
    );
}

#[test]
fn real_files() {
    let Some(data) = support::data() else { return };
    for (name, triangles, patches) in [
        ("aorta_coarctation/wall_aorta.stl", 61_565, 1),
        ("aorta_coarctation/inlet.stl", 267, 1),
        ("aorta_coarctation/outlet1.stl", 123, 1),
        ("aorta_coarctation/outlet2.stl", 93, 1),
        ("aorta_coarctation/outlet3.stl", 74, 1),
        ("aorta_coarctation/outlet4.stl", 174, 1),
        ("coronary_left/m1_fluid.stl", 14_336, 1),
        ("aorta_arch/aorta-surface-open-ends.stl", 11_887, 1),
        ("ica_aneurysm/id1_model.vtp", 27_521, 1),
        ("pulmonary_wall_properties/SU201_2005_RPA1_exterior.vtp", 14_964, 11),
        ("pulmonary_wall_properties/SU201_2005_RPA1_wallprop.vtp", 10_606, 1),
        ("broken/pinholes_and_nonmanifold.stl", 17_501, 1),
        ("broken/nonmanifold_edges.vtp", 84_136, 1),
    ] {
        let start = Instant::now();
        let (surface, collapsed) = read_counted(&[data.join(name)], 1e-3).unwrap_or_else(|e| panic!("{e}"));
        let (vertices, kept) = (surface.vertices.len(), surface.triangles.len());
        println!("{name}: {vertices} vertices, {kept} triangles, {collapsed} collapsed, {:?}", start.elapsed());
        assert_eq!(kept + collapsed, triangles, "{name}");
        assert_eq!(surface.patches.len(), patches, "{name}");
    }
    let centreline = read(&data.join("pulmonary_wall_properties/SU201_2005_RPA1_cl.vtp"), 1e-3);
    assert!(centreline.expect_err("lines only").to_string().contains("29 lines"));
}
