//! How fast the flow is: `cargo bench --bench flow` measures what `perfuse bench --device cpu` measures, and the time of a
//! developed profile on a section whose rim has 5,000 points.

use std::hint::black_box;
use std::time::Instant;

use perfuse::geometry::section::Section;
use perfuse::run::bench::{self, ACROSS, Wish, table};

fn main() {
    let wish = Wish { opened: None, quick: false, across: ACROSS.to_vec(), plan: None };
    let report = bench::run(&wish, &|text| eprintln!("{text}")).unwrap_or_else(|e| panic!("{e}"));
    println!("{}\nprofile on a rim of 5,000 points: {:.4} s", table::text(&report), profile());
}

/// Seconds that the profile on a wavy section takes; the best of five rounds.
fn profile() -> f64 {
    let place = |k: u32| {
        let t = std::f64::consts::TAU * f64::from(k) / 5000.0;
        [0.003 * t.cos() * (1.0 + 0.1 * (5.0 * t).cos()), 0.002 * t.sin(), 0.0]
    };
    let rim: Vec<[f64; 3]> = (0..5000).map(place).collect();
    let round = || {
        let clock = Instant::now();
        black_box(Section::new(&rim, [0.0; 3], [0.0, 0.0, 1.0]));
        clock.elapsed().as_secs_f64()
    };
    (0..5).map(|_| round()).fold(f64::INFINITY, f64::min)
}
