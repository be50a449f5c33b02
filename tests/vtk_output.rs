//! VTK files: values, names, units and places come back as they were written, in this crate's own hands and in VTK's.

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::ops::Range;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use perfuse::geometry::primitives::Straight;
use perfuse::geometry::shell::Shell;
use perfuse::output::{Compression, OutputError, pvd, vti, vtp, vtu};

const ALL: [Compression; 3] = [Compression::None, Compression::Lz4, Compression::Zlib];

/// Points of the test grid: uneven, so that blocks end inside rows of every array.
const POINTS: [usize; 3] = [33, 29, 61];

fn grid() -> vti::Grid {
    vti::Grid { origin: [-1.5, 2.0, 30.25], spacing: [0.25, 0.25, 0.25], points: POINTS }
}

fn place(i: usize) -> [usize; 3] {
    [i % POINTS[0], i / POINTS[0] % POINTS[1], i / (POINTS[0] * POINTS[1])]
}

/// A tube along z in the middle of the box, with some empty layers.
fn is_fluid(i: usize) -> bool {
    let [x, y, z] = place(i).map(|n| n as f64);
    (x - 16.0).hypot(y - 14.0) < 9.5 && z < 40.0
}

fn pressure(i: usize) -> f64 {
    let [x, y, z] = place(i).map(|n| n as f64);
    if is_fluid(i) { 12_000.0 - 3.0 * z + 0.125 * x - 0.25 * y } else { 0.0 }
}

fn velocity(i: usize) -> [f32; 3] {
    let [x, y, z] = place(i).map(|n| n as f32);
    if is_fluid(i) { [0.5 * x, -0.25 * y, 1.0 + 0.125 * z] } else { [0.0; 3] }
}

fn write_volume(path: &Path, compression: Compression) -> Result<u64, OutputError> {
    let points = |rows: Range<usize>| rows.start * POINTS[0]..rows.end * POINTS[0];
    let fill_pressure = |rows: Range<usize>, out: &mut [f64]| {
        for (value, i) in out.iter_mut().zip(points(rows)).filter(|(_, i)| is_fluid(*i)) {
            *value = pressure(i);
        }
    };
    let fill_velocity = |rows: Range<usize>, out: &mut [f32]| {
        for (value, i) in out.chunks_exact_mut(3).zip(points(rows)).filter(|(_, i)| is_fluid(*i)) {
            value.copy_from_slice(&velocity(i));
        }
    };
    let fluid = |rows: Range<usize>, out: &mut [u8]| {
        for (value, i) in out.iter_mut().zip(points(rows)) {
            *value = u8::from(is_fluid(i));
        }
    };
    let arrays = [
        vti::Array { name: "pressure", unit: "Pa", components: 1, fill: vti::Fill::F64(&fill_pressure) },
        vti::Array { name: "velocity", unit: "m/s", components: 3, fill: vti::Fill::F32(&fill_velocity) },
    ];
    let volume = vti::Volume { grid: grid(), arrays: &arrays, fluid: &fluid, time: Some(0.375) };
    vti::write(path, &volume, compression)
}

/// The arrays of a file by name, as bytes, after undoing blocks and compression.
fn read_arrays(path: &Path, compression: Compression) -> HashMap<String, Vec<u8>> {
    let bytes = fs::read(path).expect("read");
    let mark = b"<AppendedData encoding=\"raw\">\n_";
    let at = bytes.windows(mark.len()).position(|w| w == mark).expect("appended data");
    let header = String::from_utf8(bytes[..at].to_vec()).expect("text");
    let data = &bytes[at + mark.len()..];
    let attribute = |line: &str, name: &str| {
        let from = line.find(&format!(" {name}=\"")).map(|k| k + name.len() + 3).expect("attribute");
        line[from..].split('"').next().unwrap_or_default().to_owned()
    };
    let appended = header.lines().filter(|line| line.contains("format=\"appended\""));
    appended
        .map(|line| {
            let offset: usize = attribute(line, "offset").parse().expect("offset");
            (attribute(line, "Name"), decode(&data[offset..], compression))
        })
        .collect()
}

fn decode(data: &[u8], compression: Compression) -> Vec<u8> {
    let word = |k: usize| u64::from_le_bytes(data[8 * k..8 * k + 8].try_into().expect("eight bytes")) as usize;
    if compression == Compression::None {
        return data[8..8 + word(0)].to_vec();
    }
    let (blocks, full, partial) = (word(0), word(1), word(2));
    let mut at = 8 * (3 + blocks);
    let mut out = Vec::new();
    for block in 0..blocks {
        let size = if block + 1 == blocks && partial > 0 { partial } else { full };
        let packed = &data[at..at + word(3 + block)];
        at += packed.len();
        let mut raw = Vec::new();
        if compression == Compression::Lz4 {
            raw = lz4_flex::block::decompress(packed, size).expect("lz4");
        } else {
            flate2::read::ZlibDecoder::new(packed).read_to_end(&mut raw).expect("zlib");
        }
        assert_eq!(raw.len(), size);
        out.extend(raw);
    }
    out
}

fn numbers<T: bytemuck::Pod>(bytes: &[u8]) -> Vec<T> {
    bytemuck::pod_collect_to_vec(bytes)
}

/// Runs a check in Python with pyvista, which reads by VTK; says so where there is none.
fn in_vtk(script: &str, folder: &Path) {
    let python = |code: &str| Command::new("python3").args(["-W", "ignore", "-c", code]).current_dir(folder).output();
    if !python("import pyvista").is_ok_and(|o| o.status.success()) {
        println!("SKIPPED: python3 with pyvista is not installed; the file was checked without VTK");
        return;
    }
    let output = python(script).expect("python3 runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn volume_comes_back() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let count: usize = POINTS.iter().product();
    for compression in ALL {
        let path = folder.path().join(format!("{compression:?}.vti"));
        let size = write_volume(&path, compression).expect("written");
        assert_eq!(size, fs::metadata(&path).expect("there").len());
        let arrays = read_arrays(&path, compression);
        assert!(numbers::<f64>(&arrays["pressure"]) == (0..count).map(pressure).collect::<Vec<_>>());
        assert!(numbers::<f32>(&arrays["velocity"]) == (0..count).flat_map(velocity).collect::<Vec<_>>());
        assert!(arrays["fluid"] == (0..count).map(|i| u8::from(is_fluid(i))).collect::<Vec<_>>());
        let cells: Vec<u8> = (0..count)
            .filter(|&i| place(i).iter().zip(POINTS).all(|(&k, n)| k + 1 < n))
            .map(|i| {
                let (row, layer) = (POINTS[0], POINTS[0] * POINTS[1]);
                let corners = [0, 1, row, row + 1, layer, layer + 1, layer + row, layer + row + 1];
                if corners.iter().all(|c| is_fluid(i + c)) { 0 } else { 32 }
            })
            .collect();
        assert!(arrays["vtkGhostType"] == cells, "{compression:?}");
    }
    assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 3, "no temporary file is left");
}

#[test]
fn vtk_reads_the_volume_and_shows_fluid_only() {
    let folder = tempfile::tempdir().expect("temporary folder");
    for compression in ALL {
        write_volume(&folder.path().join(format!("{compression:?}.vti")), compression).expect("written");
    }
    let script = r#"
import numpy as np, pyvista as pv
for name in ("None", "Lz4", "Zlib"):
    g = pv.read(name + ".vti")
    assert g.dimensions == (33, 29, 61) and g.origin == (-1.5, 2.0, 30.25) and g.spacing == (0.25,) * 3
    z, y, x = (a.ravel() for a in np.mgrid[0:61, 0:29, 0:33])
    fluid = (np.hypot(x - 16.0, y - 14.0) < 9.5) & (z < 40)
    p = np.where(fluid, 12000 - 3.0 * z + 0.125 * x - 0.25 * y, 0)
    u = np.where(fluid[:, None], np.stack([0.5 * x, -0.25 * y, 1 + 0.125 * z], 1), 0)
    assert g["pressure"].dtype == np.float64 and np.array_equal(g["pressure"], p)
    assert g["velocity"].dtype == np.float32 and np.array_equal(g["velocity"], u)
    assert g["fluid"].dtype == np.uint8 and np.array_equal(g["fluid"], fluid)
    assert list(g.field_data["units"]) == ["pressure: Pa", "velocity: m/s"]
    assert g.field_data["TimeValue"][0] == 0.375
    assert set(g.point_data.keys()) == {"pressure", "velocity", "fluid"}
    # 11,860 and more is the pressure of any fluid point: no zero of the outside may be mixed in.
    low = p[fluid].min()
    for part in (g.slice(normal=(1, 0, 0.3)), g.threshold(0.5, scalars="fluid"), g.extract_surface(algorithm=None)):
        assert part.n_cells > 500 and part["pressure"].min() >= low - 1e-6, part["pressure"].min()
    inside, outside = [[2.5, 5.5, 35.0], [-1.4, 2.1, 35.0]]
    assert list(pv.PolyData([inside, outside]).sample(g)["vtkValidPointMask"]) == [1, 0]
"#;
    in_vtk(script, folder.path());
}

#[test]
fn surface_comes_back_and_collection_lists_it() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let surface = Straight { edge: Some(0.6e-3), ..Straight::default() }.surface().expect("built");
    let pressure: Vec<f64> = surface.vertices.iter().map(|v| 1e4 - 1e5 * v[0]).collect();
    let wss: Vec<f32> = surface.vertices.iter().flat_map(|v| [1.5, v[1] as f32, v[2] as f32]).collect();
    let patch: Vec<i32> = surface.patch_of.iter().map(|&p| i32::from(p)).collect();
    let array = |name, unit, components, values| vtp::Array { name, unit, components, values };
    let on_vertices =
        [array("pressure", "Pa", 1, vtp::Values::F64(&pressure)), array("wss", "Pa", 3, vtp::Values::F32(&wss))];
    let on_triangles = [array("patch", "", 1, vtp::Values::I32(&patch))];
    let mut collection = pvd::Collection::new(&folder.path().join("surface.pvd"));
    fs::create_dir(folder.path().join("surface")).expect("created");
    for (step, compression) in ALL.into_iter().enumerate() {
        let path = folder.path().join(format!("surface/{step}.vtp"));
        let time = 0.25 * step as f64;
        vtp::write(&path, &surface, &on_vertices, &on_triangles, Some(time), compression).expect("written");
        collection.push(time, &path).expect("listed");
        let arrays = read_arrays(&path, compression);
        let millimetres: Vec<f64> = surface.vertices.iter().flatten().map(|c| c * (1.0 / 1e-3)).collect();
        assert!(numbers::<f64>(&arrays["Points"]) == millimetres);
        assert!(
            numbers::<i64>(&arrays["connectivity"])
                == surface.triangles.iter().flatten().map(|&v| i64::from(v)).collect::<Vec<_>>()
        );
        assert_eq!(numbers::<i64>(&arrays["offsets"]).last(), Some(&(3 * surface.triangles.len() as i64)));
        assert!(numbers::<f64>(&arrays["pressure"]) == pressure && numbers::<f32>(&arrays["wss"]) == wss);
    }
    let list = fs::read_to_string(folder.path().join("surface.pvd")).expect("read");
    assert!(list.contains("timestep=\"0.5\" group=\"\" part=\"0\" file=\"surface/2.vtp\"/>"), "{list}");
    assert!(!list.contains(&*folder.path().to_string_lossy()), "paths are relative");
    let script = r#"
import numpy as np, pyvista as pv
r = pv.get_reader("surface.pvd")
assert r.time_values == [0.0, 0.25, 0.5], r.time_values
for t in r.time_values:
    r.set_active_time_value(t)
    m = r.read()[0]
    assert m.is_manifold and m.n_open_edges == 0
    assert abs(m.bounds[1] - 30) < 1e-9 and abs(m.volume - 842.79) < 0.01, (m.bounds, m.volume)
    assert np.allclose(m["pressure"], 1e4 - 100 * m.points[:, 0], rtol=1e-12)
    assert m["wss"].shape == (m.n_points, 3) and np.all(m["wss"][:, 0] == 1.5)
    assert sorted(set(m.cell_data["patch"])) == [0, 1, 2]
    assert list(m.field_data["units"]) == ["pressure: Pa", "wss: Pa"] and m.field_data["TimeValue"][0] == t
"#;
    in_vtk(script, folder.path());
}

/// A plate of 7 by 5 quads, 0.2 mm each, in 3 layers of 0.1 mm, m.
fn plate() -> Shell {
    let quad = |k: u32| {
        let first = k % 7 + k / 7 * 8;
        [first, first + 1, first + 9, first + 8]
    };
    let node = |k: usize| [(k / 4 % 8) as f64 * 2e-4, (k / 32) as f64 * 2e-4, (k % 4) as f64 * 1e-4];
    Shell { quads: (0..35).map(quad).collect(), layers: 3, nodes: (0..192).map(node).collect(), ends: Vec::new() }
}

#[test]
fn hexahedra_and_quadrilaterals_come_back() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let shell = plate();
    let values: Vec<f64> = shell.nodes.iter().map(|p| 1e3 * p[0] + 2e3 * p[1]).collect();
    let tensor: Vec<f32> = (0..6 * shell.nodes.len()).map(|k| (k % 6) as f32).collect();
    let layer: Vec<i32> = (0..shell.elements()).map(|k| (k % 3) as i32).collect();
    let f64s = |values| vtp::Values::F64(values);
    let on_nodes = [
        vtp::Array { name: "von_mises", unit: "Pa", components: 1, values: f64s(&values) },
        vtp::Array { name: "stress", unit: "Pa", components: 6, values: vtp::Values::F32(&tensor) },
    ];
    let on_elements = [vtp::Array { name: "layer", unit: "", components: 1, values: vtp::Values::I32(&layer) }];
    let inner: Vec<[f64; 3]> = shell.nodes.iter().step_by(4).copied().collect();
    let columns: Vec<f64> = values.iter().step_by(4).copied().collect();
    let on_columns = [vtp::Array { name: "von_mises", unit: "Pa", components: 1, values: f64s(&columns) }];
    for (k, compression) in ALL.into_iter().enumerate() {
        let path = folder.path().join(format!("wall{k}.vtu"));
        vtu::write(&path, (&shell, 1e-3), &on_nodes, &on_elements, Some(0.25), compression).expect("written");
        let arrays = read_arrays(&path, compression);
        let corners: Vec<i64> = (0..105).flat_map(|e| shell.hexahedron(e / 3, e % 3).map(|node| node as i64)).collect();
        assert!(numbers::<i64>(&arrays["connectivity"]) == corners && arrays["types"] == [12; 105]);
        assert!(numbers::<f64>(&arrays["von_mises"]) == values && numbers::<f32>(&arrays["stress"]) == tensor);
        let path = folder.path().join(format!("inner{k}.vtp"));
        let places = vtp::Places { places: &inner, unit: 1e-3 };
        vtp::write_quads(&path, places, &shell.quads, &on_columns, Some(0.25), compression).expect("written");
    }
    let short = [vtp::Array { name: "von_mises", unit: "Pa", components: 1, values: f64s(&columns) }];
    let path = folder.path().join("short.vtu");
    let error = vtu::write(&path, (&shell, 1e-3), &short, &[], None, Compression::Lz4).expect_err("refused");
    assert!(error.to_string().contains("array von_mises has 48 values, but 192 nodes need 192"), "{error}");
    let script = r#"
import numpy as np, pyvista as pv
for k in range(3):
    m = pv.read(f"wall{k}.vtu")
    assert m.n_cells == 105 and m.n_points == 192 and set(m.celltypes) == {12}, m
    assert np.allclose(m.bounds, (0, 1.4, 0, 1, 0, 0.3)), m.bounds
    assert np.allclose(m.compute_cell_sizes()["Volume"], 0.2 * 0.2 * 0.1)
    assert np.allclose(m["von_mises"], m.points[:, 0] + 2 * m.points[:, 1])
    assert m["stress"].shape == (192, 6) and np.all(m["stress"] == np.arange(6))
    assert np.array_equal(m.cell_data["layer"], np.arange(105) % 3)
    assert list(m.field_data["units"]) == ["von_mises: Pa", "stress: Pa"] and m.field_data["TimeValue"][0] == 0.25
    s = pv.read(f"inner{k}.vtp")
    assert s.n_cells == 35 and s.n_points == 48 and abs(s.area - 1.4) < 1e-9 and not s.is_all_triangles
    assert np.allclose(s["von_mises"], s.points[:, 0] + 2 * s.points[:, 1])
    assert np.all(s.compute_normals(flip_normals=False, auto_orient_normals=False)["Normals"][:, 2] > 0.99)
"#;
    in_vtk(script, folder.path());
}

#[test]
fn arrays_that_do_not_fit_are_refused() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let surface = Straight::default().surface().expect("built");
    let array = vtp::Array { name: "wss", unit: "Pa", components: 3, values: vtp::Values::F32(&[0.0; 4]) };
    let path = folder.path().join("a.vtp");
    let error = vtp::write(&path, &surface, &[array], &[], None, Compression::Lz4).expect_err("refused");
    assert!(error.to_string().contains("array wss has 4 values"), "{error}");
    let nothing = |_: Range<usize>, _: &mut [u8]| {};
    let grid = vti::Grid { origin: [0.0; 3], spacing: [1.0; 3], points: [4, 1, 4] };
    let volume = vti::Volume { grid, arrays: &[], fluid: &nothing, time: None };
    let error = vti::write(&folder.path().join("a.vti"), &volume, Compression::Lz4).expect_err("refused");
    assert!(error.to_string().contains("[4, 1, 4] points"), "{error}");
    let mut collection = pvd::Collection::new(&folder.path().join("a.pvd"));
    assert!(collection.push(0.0, Path::new("/elsewhere/a.vtp")).is_err());
    assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 0);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_named_and_leaves_nothing() {
    // Every write to this device fails with "no space left"; a link stands for the temporary file on a full disk.
    let folder = tempfile::tempdir().expect("temporary folder");
    let part = folder.path().join(format!(".full.vti.{}.part", std::process::id()));
    std::os::unix::fs::symlink("/dev/full", &part).expect("linked");
    let path = folder.path().join("full.vti");
    let error = write_volume(&path, Compression::None).expect_err("disk full");
    assert!(error.to_string().contains("full.vti") && error.to_string().contains("free some space"), "{error}");
    assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 0);
}

/// 5 M fluid sites in a box of 12 M points: at most 2 s on two quiet cores. The bound here leaves room for a busy
/// machine; the figure is printed.
#[test]
fn five_million_sites_in_time_and_little_memory() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let points = [160, 160, 470];
    let inside = |x: usize, y: usize| (x as f32 - 79.5).hypot(y as f32 - 79.5) < 58.3;
    let mut seed = 1u32;
    let noise: Vec<f32> = (0..points[0] * points[1] * 3)
        .map(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 * 1e-9
        })
        .collect();
    let largest = AtomicUsize::new(0);
    let fill = |components: usize, rows: Range<usize>, out: &mut [f32]| {
        largest.fetch_max(4 * out.len(), Ordering::Relaxed);
        for (row, line) in rows.zip(out.chunks_exact_mut(points[0] * components)) {
            let (y, z) = (row % points[1], row / points[1]);
            for (x, site) in line.chunks_exact_mut(components).enumerate().filter(|(x, _)| inside(*x, y)) {
                let own = &noise[(y * points[0] + x) * 3..];
                site.iter_mut().zip(own).for_each(|(value, n)| *value = 0.3 + 1e-3 * z as f32 + n);
            }
        }
    };
    let fill_pressure = |rows: Range<usize>, out: &mut [f32]| fill(1, rows, out);
    let fill_velocity = |rows: Range<usize>, out: &mut [f32]| fill(3, rows, out);
    let fluid = |rows: Range<usize>, out: &mut [u8]| {
        for (row, line) in rows.zip(out.chunks_exact_mut(points[0])) {
            line.iter_mut().enumerate().for_each(|(x, value)| *value = u8::from(inside(x, row % points[1])));
        }
    };
    let arrays = [
        vti::Array { name: "pressure", unit: "Pa", components: 1, fill: vti::Fill::F32(&fill_pressure) },
        vti::Array { name: "velocity", unit: "m/s", components: 3, fill: vti::Fill::F32(&fill_velocity) },
    ];
    let grid = vti::Grid { origin: [0.0; 3], spacing: [0.1; 3], points };
    let volume = vti::Volume { grid, arrays: &arrays, fluid: &fluid, time: None };
    for compression in ALL {
        let start = Instant::now();
        let size = vti::write(&folder.path().join("large.vti"), &volume, compression).expect("written");
        let seconds = start.elapsed().as_secs_f64();
        let raw = 18.0 * points.iter().product::<usize>() as f64 / 1e6;
        println!(
            "{compression:?}: {seconds:.2} s, {:.0} MB of {raw:.0} MB, {:.0} MB/s",
            size as f64 / 1e6,
            raw / seconds
        );
        assert!(seconds < 10.0, "{compression:?} took {seconds} s");
    }
    assert!(largest.into_inner() <= 1 << 16, "a filler is asked for one block at a time");
}
