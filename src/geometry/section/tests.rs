//! The profile against closed forms.

use std::f64::consts::PI;
use std::time::Instant;

use super::{Section, axes};

const NORMAL: [f64; 3] = [0.48, 0.6, 0.64];
const CENTRE: [f64; 3] = [0.01, -0.02, 0.03];

/// Points of the plane through `CENTRE` from plane coordinates in m.
fn lift(p: [f64; 2]) -> [f64; 3] {
    let [a, b] = axes(NORMAL);
    std::array::from_fn(|k| CENTRE[k] + p[0] * a[k] + p[1] * b[k])
}

fn section(rim: impl Iterator<Item = [f64; 2]>) -> Section {
    let rim: Vec<[f64; 3]> = rim.map(lift).collect();
    Section::new(&rim, CENTRE, NORMAL)
}

/// A rim of `n` points with radius `r(angle)`.
fn polar(n: usize, r: impl Fn(f64) -> [f64; 2]) -> impl Iterator<Item = [f64; 2]> {
    (0..n).map(move |k| r(2.0 * PI * k as f64 / n as f64))
}

/// Largest error against `exact` and mean, over a raster of `n` x `n` plane places within `extent`.
fn compare(n: usize, section: &Section, extent: f64, exact: impl Fn([f64; 2]) -> f64) -> (f64, f64) {
    let (mut error, mut sum) = (0.0f64, 0.0);
    let place = |k: usize| extent * (2.0 * (k as f64 + 0.5) / n as f64 - 1.0);
    for k in 0..n * n {
        let p = [place(k % n), place(k / n)];
        let value = section.value(lift(p));
        error = error.max((value - exact(p)).abs());
        sum += value;
    }
    (error, sum * (2.0 * extent / n as f64).powi(2) / section.area())
}

#[test]
fn circle() {
    let radius = 0.004;
    let s = section(polar(720, |t| [radius * t.cos(), radius * t.sin()]));
    let exact = |p: [f64; 2]| (2.0 * (1.0 - (p[0] * p[0] + p[1] * p[1]) / (radius * radius))).max(0.0);
    let (error, mean) = compare(700, &s, 1.1 * radius, exact);
    println!("circle: error {:.2e} of 2, mean - 1 = {:.1e}, peak {:.5}", error / 2.0, mean - 1.0, s.peak());
    assert!(error < 0.002 * 2.0 && (mean - 1.0).abs() < 5e-4);
    assert!((s.hydraulic_diameter() / (2.0 * radius) - 1.0).abs() < 1e-4);
    assert!((s.area() / (PI * radius * radius) - 1.0).abs() < 1e-4);
    assert!((s.peak() - 2.0).abs() < 0.002);
    let [along, _] = axes(NORMAL);
    let off_plane: [f64; 3] = std::array::from_fn(|k| CENTRE[k] + 0.002 * along[k] + 0.5 * NORMAL[k]);
    assert!((s.value(off_plane) - 1.5).abs() < 0.002, "projected along the normal");
    assert_eq!(s.value(lift([1.0, 0.0])), 0.0);
}

#[test]
fn ellipse_turned() {
    let (a, b, turn) = (0.01, 0.005, 0.7f64);
    let back = |p: [f64; 2]| [p[0] * turn.cos() + p[1] * turn.sin(), p[1] * turn.cos() - p[0] * turn.sin()];
    let rim = |t: f64| {
        let (x, y) = (a * t.cos(), b * t.sin());
        [x * turn.cos() - y * turn.sin(), x * turn.sin() + y * turn.cos()]
    };
    let s = section(polar(900, rim));
    let exact = |p: [f64; 2]| {
        let [x, y] = back(p);
        (2.0 * (1.0 - (x / a).powi(2) - (y / b).powi(2))).max(0.0)
    };
    let (error, mean) = compare(700, &s, 1.05 * a, exact);
    println!("ellipse: error {:.2e} of 2, mean - 1 = {:.1e}", error / 2.0, mean - 1.0);
    assert!(error < 0.005 * 2.0 && (mean - 1.0).abs() < 5e-4);
}

#[test]
fn square_duct() {
    for (side, turn) in [(1.0, 0.0f64), (0.003, 0.3), (0.02, PI / 4.0)] {
        let corner = |(x, y): (f64, f64)| {
            [0.5 * side * (x * turn.cos() - y * turn.sin()), 0.5 * side * (x * turn.sin() + y * turn.cos())]
        };
        let s = section([(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)].into_iter().map(corner));
        let (_, mean) = compare(700, &s, 0.8 * side, |_| 0.0);
        println!("square: peak {:.5}, centre {:.5}, mean - 1 = {:.1e}", s.peak(), s.value(CENTRE), mean - 1.0);
        assert!((s.value(CENTRE) / 2.0963 - 1.0).abs() < 1e-3);
        assert!((mean - 1.0).abs() < 2e-3 && (s.hydraulic_diameter() / side - 1.0).abs() < 1e-9);
    }
}

#[test]
fn rectangles() {
    let slit = |height: f64| {
        let s = section([[-0.5, 0.0], [0.5, 0.0], [0.5, height], [-0.5, height]].into_iter());
        s.value(lift([0.0, 0.5 * height]))
    };
    // Peak over mean by the series of Shah and London.
    let exact = |ratio: f64| {
        let odd = || (1..200).step_by(2).map(f64::from);
        let sign = |n: f64| if (n as i64 - 1) / 2 % 2 == 0 { 1.0 } else { -1.0 };
        let peak: f64 = odd().map(|n| sign(n) / n.powi(3) * (1.0 - 1.0 / (n * PI * ratio / 2.0).cosh())).sum();
        let mean: f64 = odd().map(|n| (1.0 - 2.0 / (n * PI * ratio) * (n * PI * ratio / 2.0).tanh()) / n.powi(4)).sum();
        peak * PI / 2.0 / mean
    };
    for ratio in [1.0, 2.0, 10.0, 40.0] {
        let (ours, closed) = (slit(1.0 / ratio), exact(ratio));
        println!("rectangle {ratio}: {ours:.5} against {closed:.5}");
        assert!((ours / closed - 1.0).abs() < 2e-3);
    }
}

#[test]
fn kidney() {
    let rim = |t: f64| {
        let r = 0.004 * (1.0 - 0.55 * (-(t - PI).powi(2) / 0.3).exp());
        [r * t.cos(), r * t.sin()]
    };
    let s = section(polar(400, rim));
    let (_, mean) = compare(700, &s, 0.0044, |_| 0.0);
    println!("kidney: mean - 1 = {:.1e}, peak {:.4}", mean - 1.0, s.peak());
    assert!((mean - 1.0).abs() < 1e-3);
    for k in 0..400 {
        let t = 2.0 * PI * f64::from(k) / 400.0;
        let [x, y] = rim(t);
        for part in [0.05, 0.3, 0.6, 0.9, 0.98] {
            assert!(s.value(lift([part * x, part * y])) > 0.0, "{t} {part}");
        }
        assert_eq!(s.value(lift([1.01 * x, 1.01 * y])), 0.0);
    }
}

/// A rim far finer than the grid of the solution: the profile is that of every tenth of its points.
#[test]
fn many_points_make_the_same_profile() {
    let rim: Vec<[f64; 2]> =
        polar(5000, |t| [0.003 * t.cos() * (1.0 + 0.1 * (5.0 * t).cos()), 0.002 * t.sin()]).collect();
    let (fine, coarse) = (section(rim.iter().copied()), section(rim.iter().copied().step_by(10)));
    println!("peaks {:.5} and {:.5}", fine.peak(), coarse.peak());
    assert!(fine.peak() > 1.9 && (fine.peak() / coarse.peak() - 1.0).abs() < 1e-3);
}

#[test]
fn ragged_rims_converge() {
    let mut state = 7u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut slowest = 0.0f64;
    for case in (0..60).step_by(4) {
        let n = 5 + case;
        let flat = if case % 3 == 0 { 0.05 } else { 1.0 };
        let radii: Vec<f64> = (0..n).map(|_| 0.05 + random()).collect();
        let rim = (0..n).map(|k| {
            let t = 2.0 * PI * k as f64 / n as f64;
            [radii[k] * t.cos(), flat * radii[k] * t.sin()]
        });
        let start = Instant::now();
        let s = section(rim);
        slowest = slowest.max(start.elapsed().as_secs_f64());
        let (_, mean) = compare(700, &s, 1.1, |_| 0.0);
        assert!((mean - 1.0).abs() < 0.01 && s.peak() > 1.5, "{case}: {mean} {}", s.peak());
    }
    println!("slowest ragged rim: {slowest:.3} s");
}

#[test]
fn no_area_no_profile() {
    for rim in [vec![], vec![[0.0; 2]; 5], vec![[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]], vec![[f64::NAN, 0.0]; 4]] {
        let s = section(rim.into_iter());
        assert_eq!((s.value(CENTRE), s.area(), s.peak()), (0.0, 0.0, 0.0));
    }
    assert_eq!(Section::new(&[[0.0; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], [0.0; 3], [0.0; 3]).area(), 0.0);
}
