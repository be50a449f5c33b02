use super::*;
use crate::geometry::surface::Surface;

/// A tube along x of radius 5 mm and length 60 mm, its value the place along it.
fn tube() -> (Mesh, Vec<f32>) {
    let (around, along) = (48u32, 60u32);
    let place = |i: u32, j: u32| {
        let angle = f64::from(j) / f64::from(around) * std::f64::consts::TAU;
        [f64::from(i) * 1e-3, 5e-3 * angle.cos(), 5e-3 * angle.sin()]
    };
    let vertices: Vec<[f64; 3]> = (0..=along).flat_map(|i| (0..around).map(move |j| place(i, j))).collect();
    let at = |i: u32, j: u32| i * around + j % around;
    let cell = |(i, j)| [[at(i, j), at(i + 1, j), at(i + 1, j + 1)], [at(i, j), at(i + 1, j + 1), at(i, j + 1)]];
    let triangles: Vec<[u32; 3]> = (0..along).flat_map(|i| (0..around).map(move |j| (i, j))).flat_map(cell).collect();
    let values = vertices.iter().map(|v| (v[0] * 1e3) as f32).collect();
    let patch_of = vec![0; triangles.len()];
    (Mesh::new(&Surface { vertices, triangles, patch_of, patches: vec!["wall".into()], unit: 1e-3 }), values)
}

fn coloured(image: &Image) -> Vec<(usize, usize)> {
    let grey = |p: &[u8; 3]| p.iter().max().zip(p.iter().min()).is_none_or(|(high, low)| high - low < 25);
    let inside = |k: usize| k % image.width < WIDTH - MARGINS[1] + 30;
    let found = image.pixels.iter().enumerate().filter(|(k, p)| inside(*k) && !grey(p));
    found.map(|(k, _)| (k % image.width, k / image.width)).collect()
}

/// The tube lies across the picture, as long and as wide as it is, and the value goes from one end to the other.
#[test]
fn a_tube_is_drawn_to_scale() {
    let (mesh, values) = tube();
    let marks = [("1".to_owned(), [30e-3, 0.0, 0.0])];
    let picture = Picture {
        mesh: &mesh,
        values: &values,
        title: "arc",
        unit: "mm",
        range: [0.0, 60.0],
        map: Map::Viridis,
        marks: &[],
    };
    let image = picture.draw();
    let found = coloured(&image);
    let span = |of: fn(&(usize, usize)) -> usize| {
        let all = found.iter().map(of);
        (all.clone().min().unwrap_or(0), all.max().unwrap_or(0))
    };
    let (x, y) = (span(|p| p.0), span(|p| p.1));
    let across = (WIDTH - MARGINS[0] - MARGINS[1]) as f64;
    assert!(((x.1 - x.0) as f64 - across).abs() < 4.0, "{x:?}");
    assert!(((y.1 - y.0) as f64 - across / 6.0).abs() < 6.0, "{y:?}");
    let middle = (y.0 + y.1) / 2;
    let hue = |x: usize| image.pixels[middle * image.width + x];
    assert!(hue(x.0 + 10)[2] > hue(x.0 + 10)[1] && hue(x.1 - 10)[0] > 2 * hue(x.1 - 10)[2], "{:?}", hue(x.0 + 10));
    let marked = Picture { marks: &marks, ..picture }.draw();
    assert_ne!(marked.pixels, image.pixels);
    let bytes = image.png().unwrap_or_default();
    assert!(bytes.starts_with(b"\x89PNG") && bytes == picture.draw().png().unwrap_or_default());
}

/// What nothing can be seen of is drawn nevertheless: no triangles, no extent, no range, values that are no numbers.
#[test]
fn odd_vessels_are_drawn() {
    let flat = |places: Vec<[f32; 3]>, triangles: Vec<[u32; 3]>| Mesh {
        normals: vec![[0.0, 0.0, 1.0]; places.len()],
        places,
        triangles,
    };
    let meshes = [
        Mesh::default(),
        flat(vec![[1.0; 3]; 3], vec![[0, 1, 2]]),
        flat(vec![[0.0; 3], [1e-3, 0.0, 0.0], [2e-3, 0.0, 0.0]], vec![[0, 1, 2]]),
    ];
    for mesh in &meshes {
        let values = vec![f32::NAN; mesh.places.len()];
        for range in [[0.0, 0.0], [1.0, -1.0], [f64::NAN, 1.0]] {
            let marks = [("x".into(), [f64::NAN, 0.0, 0.0]), ("y".into(), [1e30, -1e30, 0.0])];
            let picture =
                Picture { mesh, values: &values, title: "\u{e9}", unit: "", range, map: Map::Plasma, marks: &marks };
            assert_eq!(picture.draw().width, WIDTH);
        }
    }
}

#[test]
fn ticks_are_round() {
    assert_eq!(ticks(0.0, 1.0), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
    assert_eq!(ticks(89.3, 93.1), [89.5, 90.0, 90.5, 91.0, 91.5, 92.0, 92.5, 93.0]);
    assert_eq!(ticks(89.3, 94.1), [90.0, 91.0, 92.0, 93.0, 94.0]);
    assert_eq!(digits(&ticks(0.0, 1.0)), 1);
    assert_eq!(digits(&ticks(89.3, 93.1)), 1);
    assert_eq!(digits(&ticks(89.3, 94.1)), 0);
    assert_eq!(ticks(2.0, 2.0), [2.0]);
    assert_eq!((round_below(260.0), round_below(0.7)), (200.0, 0.5));
}
