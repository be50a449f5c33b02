//! The solver of the wall: the same answer on every backend, iterations that do not grow, and what it refuses.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::Arc;

use nalgebra::{UnitVector3, Vector3};
use perfuse::backend::BackendError;
use perfuse::backend::gpu::error::{Extent, GpuError};
use perfuse::backend::gpu::pipelines::Checks;
use perfuse::backend::gpu::wall::{GpuWall, bytes};
use perfuse::backend::wall::WallSolver;
use perfuse::geometry::shell::Shell;
use perfuse::geometry::shell::bodies::{Counts, Cylinder};
use perfuse::wall::assembly::Stiffness;
use perfuse::wall::constraint::Supports;
use perfuse::wall::hierarchy::Hierarchy;
use perfuse::wall::load;
use perfuse::wall::material::Material;
use perfuse::wall::residual::{Residual, norm};
use perfuse::wall::solve::{Progress, Solution, SolveError, TOLERANCE, Watch, solve};

mod support;

/// A tilted cylinder under a pressure that varies around it.
struct Setup {
    shell: Shell,
    material: Material,
    supports: Supports,
    load: Vec<[f64; 3]>,
}

/// How the cylinder is held.
#[derive(Clone, Copy)]
enum Held {
    /// The ends move along radii only.
    Radially,
    /// One end is fixed, the other free: it bends as a beam.
    AtOneEnd,
    /// Springs around it, and nothing else.
    BySprings,
}

impl Setup {
    fn new(thickness: f64, counts: Counts, poisson: f64, held: Held) -> Self {
        let axis = UnitVector3::new_normalize(Vector3::new(0.48, 0.6, 0.64));
        let body = Cylinder { radius: 5e-3, thickness, length: 20e-3, axis, angle: 7.0 };
        let shell = body.shell(counts);
        let mut supports = Supports::default();
        match held {
            Held::Radially => (0..2).for_each(|end| supports.free_end_radially(&shell, end)),
            Held::AtOneEnd => supports.fix_end(&shell, 0),
            Held::BySprings => supports.spring_outer(&shell, 1e6),
        }
        let pressure: Vec<f64> = (0..shell.columns() as u32)
            .map(|column| 1e4 * (1.0 + 0.3 * (400.0 * shell.place(column, 0).x).sin()))
            .collect();
        let load = load::inner(&shell, &pressure, &vec![[0.0; 3]; shell.columns()]);
        Self { shell, material: Material::uniform(1e6, poisson), supports, load }
    }

    fn hierarchy(&self) -> Arc<Hierarchy> {
        let stiffness = Stiffness::assemble(&self.shell, &self.material, &self.supports);
        let stiffness = stiffness.unwrap_or_else(|e| panic!("{e}"));
        Arc::new(Hierarchy::new(stiffness, &self.shell, &self.supports).unwrap_or_else(|e| panic!("{e}")))
    }

    fn solve(&self, solver: &mut WallSolver) -> Result<Solution, SolveError<BackendError>> {
        let mut inner = |r: &[f32], tolerance: f32, watch: &mut Watch| solver.correct(r, tolerance, watch);
        solve(&self.residual(), &self.load, TOLERANCE, &mut inner, &mut |_| ControlFlow::Continue(()))
    }

    fn on_cpu(&self) -> Solution {
        let mut cpu = WallSolver::open(None, self.hierarchy()).unwrap_or_else(|e| panic!("{e}"));
        self.solve(&mut cpu).unwrap_or_else(|e| panic!("{e}"))
    }

    fn residual(&self) -> Residual<'_> {
        Residual::new(&self.shell, &self.material, &self.supports).unwrap_or_else(|e| panic!("{e}"))
    }
}

/// Displacements on both backends, after refinement.
fn assert_backends_alike(what: &str, setup: &Setup, checks: Checks) {
    let Some(mut opened) = support::adapter() else { return };
    // Few groups along x, so that a small case needs the second dimension as a large one does.
    opened.info.max_compute_workgroups_per_dimension = 23;
    let hierarchy = setup.hierarchy();
    let gpu = GpuWall::new(opened, hierarchy.clone(), checks).unwrap_or_else(|e| panic!("{e}"));
    let gpu = setup.solve(&mut WallSolver::Gpu(Box::new(gpu))).unwrap_or_else(|e| panic!("{e}"));
    let cpu = setup.on_cpu();
    let both = cpu.displacement.iter().zip(&gpu.displacement);
    let apart: Vec<[f64; 3]> = both.map(|(a, b)| std::array::from_fn(|k| a[k] - b[k])).collect();
    let apart = norm(&apart) / norm(&cpu.displacement);
    println!(
        "{what}: {:?} unknowns, {} and {} iterations, residuals {:.1e} and {:.1e}, displacements apart {apart:.1e}",
        hierarchy.unknowns(),
        cpu.iterations,
        gpu.iterations,
        cpu.residual,
        gpu.residual
    );
    assert!(cpu.residual <= 1e-8 && gpu.residual <= 1e-8, "{what}");
    assert!(apart <= 1e-6, "{what}: {apart}");
    let left = setup.residual().of(&setup.load, &gpu.displacement);
    assert!(norm(&left) <= 1e-8 * norm(&setup.load), "{what}: the residual is what it is said to be");
}

#[test]
fn a_thin_wall_on_an_adapter() {
    let setup = Setup::new(0.5e-3, Counts { around: 40, along: 26, layers: 2 }, 0.3, Held::Radially);
    assert_backends_alike("thin", &setup, Checks::On);
}

#[test]
fn a_thick_nearly_incompressible_wall_on_an_adapter() {
    let setup = Setup::new(3e-3, Counts { around: 32, along: 20, layers: 5 }, 0.49, Held::AtOneEnd);
    assert_backends_alike("thick", &setup, Checks::Off);
}

/// Four times the unknowns, about the same iterations, whatever holds the wall.
#[test]
fn iterations_hardly_grow() {
    let thin = |n: usize| (0.5e-3, Counts { around: 16 * n, along: 10 * n, layers: 2 }, 0.45);
    let thick = |n: usize| (3e-3, Counts { around: 10 * n, along: 7 * n, layers: n }, 0.3);
    let cases = [("thin", thin(2), thin(4)), ("thick", thick(2), thick(4))];
    for (what, coarse, fine) in cases {
        for (how, held) in [("radially", Held::Radially), ("at one end", Held::AtOneEnd), ("springs", Held::BySprings)]
        {
            let [coarse, fine] = [coarse, fine].map(|(thickness, counts, poisson)| {
                let solution = Setup::new(thickness, counts, poisson, held).on_cpu();
                assert!(solution.residual <= TOLERANCE);
                solution.iterations
            });
            println!("{what}, held {how}: {coarse} and {fine} iterations");
            assert!(fine <= coarse + coarse / 2 && fine <= 45, "{what}, held {how}: {coarse}, then {fine} iterations");
        }
    }
}

#[test]
fn an_array_that_an_adapter_does_not_take() {
    let Some(mut opened) = support::adapter() else { return };
    opened.info.max_storage_buffer_binding_size = 4096;
    let setup = Setup::new(0.5e-3, Counts { around: 20, along: 10, layers: 2 }, 0.3, Held::Radially);
    let (hierarchy, nodes) = (setup.hierarchy(), setup.shell.nodes.len());
    assert!(bytes(&hierarchy) > 4096);
    let error = WallSolver::open(Some(opened), hierarchy).err();
    let Some(BackendError::Gpu(GpuError::TooLarge { extent, allowed, .. })) = &error else { panic!("{error:?}") };
    assert_eq!((*extent, *allowed), (Extent::Nodes(nodes), 4096));
    let text = error.map(|e| e.to_string()).unwrap_or_default();
    assert!(text.contains(&format!("{nodes} nodes of the wall")) && text.contains("--device cpu"), "{text}");
}

#[test]
fn refinement_says_when_it_gains_nothing_and_stops_when_it_is_told() {
    let setup = Setup::new(0.5e-3, Counts { around: 12, along: 6, layers: 1 }, 0.3, Held::Radially);
    let residual = setup.residual();
    let mut nothing = |r: &[f32], _: f32, watch: &mut Watch| {
        let _ = watch(3, 1.0);
        Ok::<_, Infallible>((vec![0.0; r.len()], 3))
    };
    let mut seen = Vec::new();
    let mut watch = |progress: Progress| {
        seen.push(progress);
        ControlFlow::Continue(())
    };
    let stagnated = solve(&residual, &setup.load, TOLERANCE, &mut nothing, &mut watch);
    assert_eq!(stagnated, Err(SolveError::Stagnated { reached: 1.0, asked: TOLERANCE, iterations: 3 }));
    assert!(seen == [Progress { iterations: 3, residual: 1.0 }], "{seen:?}");
    let stopped = solve(&residual, &setup.load, TOLERANCE, &mut nothing, &mut |_| ControlFlow::Break(()));
    assert_eq!(stopped, Err(SolveError::Interrupted { residual: 1.0 }));
    let none = vec![[0.0; 3]; setup.load.len()];
    let rest = solve(&residual, &none, TOLERANCE, &mut nothing, &mut |_| ControlFlow::Continue(()));
    assert!(rest.is_ok_and(|s| s.iterations == 0 && s.displacement == none));
}
