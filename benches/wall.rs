//! How fast the wall's solver is, and how its iterations grow with the mesh: `cargo bench --bench wall`.
//!
//! A thick cylinder (inner radius 1.5 mm, outer 2.0 mm, 6 mm long, E = 1 MPa, 13.3 kPa inside) whose ends keep their
//! planes. `cargo bench --bench wall -- 300k 0.49` solves one of them once, and `-- 300k 0.49 wall.inp` writes it for
//! CalculiX (C3D8, the same pressure and supports) instead.

use std::convert::Infallible;
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::sync::Arc;

use nalgebra::Matrix3;
use perfuse::backend::cpu::wall::CpuWall;
use perfuse::geometry::shell::Shell;
use perfuse::wall::assembly::Stiffness;
use perfuse::wall::constraint::Supports;
use perfuse::wall::hierarchy::Hierarchy;
use perfuse::wall::load;
use perfuse::wall::material::Material;
use perfuse::wall::residual::Residual;
use perfuse::wall::solve::{Solution, TOLERANCE, Watch, solve};
use perfuse::wall::stress::recover;

const INNER: f64 = 1.5e-3;
const OUTER: f64 = 2.0e-3;
const LENGTH: f64 = 6e-3;
const YOUNG: f64 = 1e6;
const PRESSURE: f64 = 13.3e3;

/// Name, elements around (a multiple of four), along and through.
const SIZES: [(&str, [usize; 3]); 3] = [("100k", [112, 50, 5]), ("300k", [152, 82, 7]), ("1M", [228, 132, 10])];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let size = |name: &str| SIZES.iter().find(|(known, _)| *known == name).expect("a size: 100k, 300k or 1M").1;
    match words.as_slice() {
        [] => table(&SIZES),
        [name, poisson] => run(name, size(name), poisson.parse().expect("a Poisson's ratio")),
        [name, poisson, file] => {
            let poisson = poisson.parse().expect("a Poisson's ratio");
            let (shell, supports) = (cylinder(size(name)), supports(size(name)));
            write(file, &shell, &supports, poisson).expect("a file that can be written");
        }
        _ => panic!("nothing, or a size and a Poisson's ratio, and a file"),
    }
}

fn table(sizes: &[(&str, [usize; 3])]) {
    println!("{} threads; seconds", rayon::current_num_threads());
    println!(
        "{:>5} {:>6} {:>9} {:>8} {:>7} {:>7} {:>7} {:>7} {:>6} {:>7} {:>10} {:>6}  levels",
        "size",
        "nu",
        "unknowns",
        "assemble",
        "set up",
        "solve",
        "stress",
        "total",
        "rounds",
        "iterat.",
        "residual",
        "CPU s"
    );
    for &(name, size) in sizes {
        for poisson in [0.3, 0.45, 0.49, 0.499] {
            run(name, size, poisson);
        }
    }
}

fn run(name: &str, size: [usize; 3], poisson: f64) {
    let before = cpu_seconds();
    let (shell, supports) = (cylinder(size), supports(size));
    let material = Material::uniform(YOUNG, poisson);
    let lap = |from: f64| cpu_seconds() - before - from;
    let stiffness = Stiffness::assemble(&shell, &material, &supports).expect("a stiffness");
    let assembled = lap(0.0);
    let hierarchy = Arc::new(Hierarchy::new(stiffness, &shell, &supports).expect("levels"));
    let set_up = lap(0.0);
    let columns = shell.columns();
    let force = load::inner(&shell, &vec![PRESSURE; columns], &vec![[0.0; 3]; columns]);
    let mut solver = CpuWall::new(hierarchy.clone());
    let residual = Residual::new(&shell, &material, &supports).expect("residuals");
    let mut inner =
        |r: &[f32], tolerance: f32, watch: &mut Watch| Ok::<_, Infallible>(solver.correct(r, tolerance, watch));
    let solution = solve(&residual, &force, TOLERANCE, &mut inner, &mut |_| ControlFlow::Continue(()));
    let Solution { displacement, iterations, rounds, residual } = solution.expect("a solution");
    let solved = lap(0.0);
    recover(&shell, &material, &displacement, None).expect("stresses");
    let total = lap(0.0);
    println!(
        "{name:>5} {poisson:>6} {:>9} {assembled:>8.3} {:>7.3} {:>7.3} {:>7.3} {total:>7.3} {rounds:>6} {iterations:>7} \
         {residual:>10.1e} {:>6.2}  {:?}",
        3 * shell.nodes.len(),
        set_up - assembled,
        solved - set_up,
        total - solved,
        cpu_seconds() - before,
        hierarchy.unknowns()
    );
    let radial = displacement.iter().zip(&shell.nodes).map(|(u, x)| (u[0].hypot(u[1]) - lame(x, poisson)).abs());
    let error = 100.0 * radial.fold(0.0, f64::max) / lame(&[INNER, 0.0, 0.0], poisson);
    println!("{:>12} radial displacement against Lame's: at most {error:.2} % off", "");
}

/// Radial displacement of a long thick cylinder whose ends keep their planes, m (Lame).
fn lame(x: &[f64; 3], poisson: f64) -> f64 {
    let r = x[0].hypot(x[1]);
    let scale = (1.0 + poisson) / YOUNG * PRESSURE * INNER.powi(2) / (OUTER.powi(2) - INNER.powi(2));
    scale * ((1.0 - 2.0 * poisson) * r + OUTER.powi(2) / r)
}

/// Seconds of all cores.
fn cpu_seconds() -> f64 {
    // SAFETY: all zeros is a value of this structure.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: writes to the structure that it is given.
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut usage) };
    let seconds = |t: libc::timeval| t.tv_sec as f64 + 1e-6 * t.tv_usec as f64;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// The cylinder's mesh: column `around * i + j` at height `i`.
fn cylinder([around, along, layers]: [usize; 3]) -> Shell {
    let mut shell = Shell { layers, ends: vec![Vec::new(); 2], ..Shell::default() };
    let column = |i: usize, j: usize| (i * around + j % around) as u32;
    for i in 0..=along {
        for j in 0..around {
            let (sine, cosine) = (std::f64::consts::TAU * j as f64 / around as f64).sin_cos();
            let z = LENGTH * i as f64 / along as f64;
            for k in 0..=layers {
                let r = INNER + (OUTER - INNER) * k as f64 / layers as f64;
                shell.nodes.push([r * cosine, r * sine, z]);
            }
            if i < along {
                shell.quads.push([column(i, j), column(i, j + 1), column(i + 1, j + 1), column(i + 1, j)]);
            }
        }
    }
    shell.ends = vec![(0..around).map(|j| column(0, j)).collect(), (0..around).map(|j| column(along, j)).collect()];
    shell
}

/// Directions of each supported node in which it may not move: the axis at both ends, and there, at four angles, what
/// crosses the radius.
fn held([around, along, layers]: [usize; 3]) -> impl Iterator<Item = (u32, [bool; 3])> {
    let columns = [0, along].into_iter().flat_map(move |i| (0..around).map(move |j| (i * around + j, j)));
    columns.flat_map(move |(column, j)| {
        let quarter = (4 * j % around == 0).then_some(4 * j / around % 2);
        let fixed = [quarter == Some(1), quarter == Some(0), true];
        (0..=layers).map(move |k| ((column * (layers + 1) + k) as u32, fixed))
    })
}

fn supports(size: [usize; 3]) -> Supports {
    let free = |fixed: [bool; 3]| Matrix3::from_diagonal(&fixed.map(|f| f64::from(u8::from(!f))).into());
    let mut supports = Supports::default();
    supports.hold(held(size).map(|(node, fixed)| (node, free(fixed))));
    supports
}

/// Writes the wall for CalculiX, in mm, N and MPa.
fn write(file: &str, shell: &Shell, supports: &Supports, poisson: f64) -> std::io::Result<()> {
    let mut out = BufWriter::new(std::fs::File::create(file)?);
    writeln!(out, "*NODE, NSET=NALL")?;
    for (k, x) in shell.nodes.iter().enumerate() {
        let [x, y, z] = x.map(|v| 1e3 * v);
        writeln!(out, "{}, {x:.10}, {y:.10}, {z:.10}", k + 1)?;
    }
    writeln!(out, "*ELEMENT, TYPE=C3D8, ELSET=EALL")?;
    for quad in 0..shell.quads.len() {
        for layer in 0..shell.layers {
            let nodes = shell.hexahedron(quad, layer).map(|node| (node + 1).to_string());
            writeln!(out, "{}, {}", quad * shell.layers + layer + 1, nodes.join(", "))?;
        }
    }
    writeln!(out, "*MATERIAL, NAME=M\n*ELASTIC\n{}, {poisson}\n*SOLID SECTION, ELSET=EALL, MATERIAL=M", YOUNG * 1e-6)?;
    writeln!(out, "*BOUNDARY")?;
    for (node, free) in &supports.held {
        for axis in (0..3).filter(|&a| free[(a, a)] == 0.0) {
            writeln!(out, "{}, {}", node + 1, axis + 1)?;
        }
    }
    let solver = std::env::var("SOLVER").unwrap_or_else(|_| "ITERATIVE SCALING".into());
    writeln!(out, "*STEP\n*STATIC, SOLVER={solver}\n*DLOAD")?;
    for quad in 0..shell.quads.len() {
        writeln!(out, "{}, P1, {}", quad * shell.layers + 1, PRESSURE * 1e-6)?;
    }
    writeln!(out, "*NODE FILE\nU\n*EL FILE\nS\n*END STEP")?;
    out.flush()
}
