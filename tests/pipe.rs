//! Accuracy of the flow on the native CPU: Hagen-Poiseuille flow in a pipe that is tilted against the lattice along
//! (0.48, 0.6, 0.64), three diameters long, with a parabolic velocity inlet and a pressure outlet.
//!
//! `cargo test --release --test pipe -- --nocapture` prints the table of `docs/verification.md`.
//!
//! Relaxation time is fixed within a series, so that time step and spacing go together as in diffusion and every error
//! should fall with the square of the spacing. Each flow starts from the exact solution and runs until its own steady
//! state. Errors are taken over 40 to 70 % of the length; the Reynolds number is that of mean velocity and diameter.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use perfuse::fluid::storage::Storage;
use perfuse::geometry::tube;
use perfuse::geometry::vessel::Closed;

mod support;
#[path = "support/pipe.rs"]
mod tilted;
use tilted::{Case, Row};

/// Lattice sites across the pipe.
const ACROSS: [f64; 4] = [12.0, 16.0, 24.0, 32.0];

/// Reynolds number and relaxation time of the series.
const SERIES: [(f64, f64); 2] = [(10.0, 0.56), (300.0, 0.5096)];

#[test]
fn errors_and_orders_of_a_tilted_pipe() {
    let mut cases = Vec::new();
    for across in ACROSS {
        for (reynolds, tau) in SERIES {
            cases.push(Case { across, reynolds, tau, halfway: false, storage: Storage::F32 });
            if across <= 24.0 {
                cases.push(Case { across, reynolds, tau, halfway: true, storage: Storage::F32 });
            }
        }
    }
    let mut rows = solve(cases);
    rows.sort_by(|a, b| a.0.key().total_cmp(&b.0.key()));
    println!("{}", Row::HEAD);
    rows.iter().for_each(|(case, row)| println!("{case}{row}"));
    for (reynolds, _) in SERIES {
        let series: Vec<(Case, Row)> = rows.iter().copied().filter(|(c, _)| c.reynolds == reynolds).collect();
        let (halfway, interpolated): (Vec<_>, Vec<_>) = series.into_iter().partition(|(case, _)| case.halfway);
        print_orders(reynolds, &interpolated);
        check_orders(reynolds, &interpolated);
        interpolated.iter().for_each(check_bounds);
        for ((case, exact), (_, plain)) in interpolated.iter().zip(&halfway) {
            assert!(exact.velocity < 0.5 * plain.velocity, "{case} interpolated walls are worth their cost");
        }
    }
}

/// The two coarsest lattices on the GPU backend: from the CPU's steady state it goes on to its own, with the same errors
/// by the same bounds.
#[test]
fn coarse_pipes_on_the_gpu() {
    let Some(opened) = support::adapter() else { return };
    let cases = SERIES.into_iter().flat_map(|series| [(12.0, series), (16.0, series)]);
    for (across, (reynolds, tau)) in cases {
        let case = Case { across, reynolds, tau, halfway: false, storage: Storage::F32 };
        let (cpu, state) = case.run(&surface(across), None, None);
        let (gpu, _) = case.run(&surface(across), Some(opened.clone()), Some(&state));
        println!("{case}{cpu} CPU\n{case}{gpu} GPU");
        check_bounds(&(case, gpu));
        assert!((gpu.velocity - cpu.velocity).abs() <= 1e-4, "velocity error {} and {}", gpu.velocity, cpu.velocity);
        assert!((gpu.gradient - cpu.gradient).abs() <= 3e-4, "gradient error {} and {}", gpu.gradient, cpu.gradient);
        assert!((gpu.shear_mean - cpu.shear_mean).abs() <= 1e-3, "{} and {}", gpu.shear_mean, cpu.shear_mean);
    }
}

fn print_orders(reynolds: f64, series: &[(Case, Row)]) {
    let order = |error| order(series, error);
    println!(
        "Re {reynolds}: order of the velocity {:.2}, of the gradient {:.2}, of the wall shear's deviation {:.2}",
        order(|r| r.velocity),
        order(|r| r.gradient.abs()),
        order(|r| r.shear_deviation)
    );
}

/// Second order, or nearly. At Reynolds number 300 the gradient's error falls faster and changes its sign on the way, so
/// that an order says nothing; there it has to stay below a second-order line.
fn check_orders(reynolds: f64, series: &[(Case, Row)]) {
    let velocity = order(series, |r| r.velocity);
    assert!(velocity >= 1.8, "Re {reynolds}: the velocity is of order {velocity}");
    if reynolds < 100.0 {
        let gradient = order(series, |r| r.gradient.abs());
        assert!(gradient >= 1.8, "Re {reynolds}: the gradient is of order {gradient}");
    } else {
        for (case, row) in series {
            let line = 0.08 * (12.0 / case.across).powi(2);
            assert!(row.gradient.abs() <= line, "{case} gradient off by {}, allowed {line}", row.gradient);
        }
    }
}

/// What a flow has to meet on its own.
fn check_bounds((case, row): &(Case, Row)) {
    assert!(row.delivered.abs() <= 2e-3, "{case} inflow off by {}", row.delivered);
    assert!(row.imbalance.abs() <= 5e-3, "{case} inflow and outflow differ by {}", row.imbalance);
    if case.across >= 24.0 {
        let (velocity, gradient) = if case.reynolds < 100.0 { (0.005, 0.01) } else { (0.01, 0.02) };
        assert!(row.velocity <= velocity, "{case} velocity off by {}", row.velocity);
        assert!(row.gradient.abs() <= gradient, "{case} gradient off by {}", row.gradient);
        assert!(row.shear_mean.abs() <= 0.03, "{case} mean wall shear off by {}", row.shear_mean);
        assert!(row.shear_deviation <= 0.05, "{case} wall shear deviates by {}", row.shear_deviation);
    }
}

/// Runs the cases, each in one thread, the largest first.
fn solve(mut cases: Vec<Case>) -> Vec<(Case, Row)> {
    cases.sort_by(|a, b| b.across.total_cmp(&a.across));
    let (next, rows) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..rayon::current_num_threads() {
            scope.spawn(|| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let row = pool.install(|| case.run(&surface(case.across), None, None).0);
                    rows.lock().expect("no panic before").push((*case, row));
                }
            });
        }
    });
    rows.into_inner().expect("no panic before")
}

/// The pipe of radius 1 m, with sides that turn the wall by less than a quarter of a spacing's angle.
fn surface(across: f64) -> Closed {
    tube::closed([0.0; 3], tilted::AXIS, 1.0, 2.0 * tilted::LENGTH, (16.0 * across) as usize)
}

/// Least-squares slope of the logarithm of an error against that of the spacing.
fn order(series: &[(Case, Row)], error: fn(&Row) -> f64) -> f64 {
    let n = series.len() as f64;
    let points: Vec<[f64; 2]> = series.iter().map(|(case, row)| [-case.across.ln(), error(row).ln()]).collect();
    let mean = |k: usize| points.iter().map(|p| p[k]).sum::<f64>() / n;
    let (x, y) = (mean(0), mean(1));
    let covariance: f64 = points.iter().map(|p| (p[0] - x) * (p[1] - y)).sum();
    covariance / points.iter().map(|p| (p[0] - x).powi(2)).sum::<f64>()
}
