//! One flow through the tilted pipe, from the exact solution (or a state given) to the steady state of the lattice, and its
//! errors.

#![allow(dead_code, reason = "every test file is a program of its own and uses a part of this")]

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use perfuse::analysis::wall_shear::{Layer, WallSampler};
use perfuse::backend::Flow;
use perfuse::backend::gpu::device::Opened;
use perfuse::fluid::collision::{Physics, omega};
use perfuse::fluid::iolet::{self, Iolet, Kind};
use perfuse::fluid::moments::{FIELDS, Macro};
use perfuse::fluid::storage::Storage;
use perfuse::geometry::lattice::Lattice;
use perfuse::geometry::vessel::Closed;

/// Unit vector along the pipe.
pub const AXIS: [f64; 3] = [0.48, 0.6, 0.64];

/// Diameters of pipe.
pub const LENGTH: f64 = 3.0;

/// The part of the length that errors are taken over.
const MIDDLE: [f64; 2] = [0.4, 0.7];

/// Largest change of the gradient, relative, between two successive checks of a steady flow. Checks are a tenth of the
/// diffusive time R^2/nu apart, in which the slowest disturbance of a pipe halves (exp(-0.578)), or half the time that
/// the mean flow takes through the pipe, where that is shorter: so what is still to come is about as much.
const STEADY: f64 = 5e-5;

/// Checks after which a flow that is not steady fails.
const MAX_CHECKS: usize = 60;

/// Checks of a flow that never becomes steady, because its numbers are rounded at random.
const NOISY_CHECKS: usize = 24;

/// The whole state of a flow.
pub type Fields = [Vec<f32>; FIELDS];

/// A pipe flow.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// Sites across.
    pub across: f64,
    /// Reynolds number of mean velocity and diameter.
    pub reynolds: f64,
    /// Relaxation time.
    pub tau: f64,
    /// Halfway instead of interpolated bounce-back.
    pub halfway: bool,
    /// What the state's numbers are kept in.
    pub storage: Storage,
}

/// Errors of a pipe flow, relative.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// L2 norm of the velocity's error.
    pub velocity: f64,
    /// Pressure gradient.
    pub gradient: f64,
    /// Mean of the wall shear.
    pub shear_mean: f64,
    /// Standard deviation of the wall shear.
    pub shear_deviation: f64,
    /// Inflow less the flow asked for.
    pub delivered: f64,
    /// Inflow less outflow.
    pub imbalance: f64,
    /// Time steps.
    pub steps: usize,
    /// Seconds in one thread.
    pub seconds: f64,
}

impl Row {
    /// Headings of the table.
    pub const HEAD: &str = "\
|  D |  Re |    tau | wall         | velocity L2 | gradient | shear mean | shear sd | inflow   | in - out | steps | s |
|---:|----:|-------:|--------------|------------:|---------:|-----------:|---------:|---------:|---------:|------:|---:|";
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wall = if self.halfway { "halfway" } else { "interpolated" };
        write!(f, "| {:2} | {:3} | {:6} | {wall:12} ", self.across, self.reynolds, self.tau)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [v, g, m, d, i, o] =
            [self.velocity, self.gradient, self.shear_mean, self.shear_deviation, self.delivered, self.imbalance]
                .map(|x| 100.0 * x);
        write!(f, "|     {v:5.2} % | {g:+6.2} % |   {m:+6.2} % |   {d:4.2} % | {i:+6.3} % | {o:+6.3} % ")?;
        write!(f, "| {:5} | {:2.0} |", self.steps, self.seconds)
    }
}

impl Case {
    /// Orders rows of the table: wall, Reynolds number, sites across.
    pub fn key(&self) -> f64 {
        1e6 * f64::from(u8::from(self.halfway)) + 1e3 * self.reynolds + self.across
    }

    fn nu(&self) -> f64 {
        (self.tau - 0.5) / 3.0
    }

    fn mean_velocity(&self) -> f64 {
        self.reynolds * self.nu() / self.across
    }

    /// Steps between checks.
    fn interval(&self) -> usize {
        let diffusive = (self.across / 2.0).powi(2) / self.nu();
        let through = LENGTH * self.across / self.mean_velocity();
        (diffusive / 10.0).min(through / 2.0) as usize
    }

    /// Pressure gradient, lattice units.
    fn gradient(&self) -> f64 {
        -32.0 * self.nu() * self.mean_velocity() / self.across.powi(2)
    }

    /// Runs to the steady state on the lattice cut from `surface`, a pipe of radius 1 m; on the native CPU where no
    /// adapter is given; from `state` where one is given. Gives the state that it ends in.
    pub fn run(&self, surface: &Closed, opened: Option<Opened>, state: Option<&Fields>) -> (Row, Fields) {
        let start = Instant::now();
        let lattice = Arc::new(Lattice::build(surface, 2.0 / self.across).expect("a lattice"));
        let mut flow = self.prepare(&lattice, opened, state);
        let interval = self.interval();
        let (mut checks, mut still, mut last) = (0, 0, f64::INFINITY);
        while still < 2 {
            assert!(checks < MAX_CHECKS, "{self} is not steady after {} steps", checks * interval);
            flow.advance(interval).expect("steps");
            checks += 1;
            self.deliver(&mut flow);
            let gradient = self.errors(&lattice, &mut flow).1;
            still = if (gradient - last).abs() < STEADY { still + 1 } else { 0 };
            last = gradient;
        }
        let row = self.row(&lattice, &mut flow, surface);
        let row = Row { steps: checks * interval, seconds: start.elapsed().as_secs_f64(), ..row };
        (row, flow.state().expect("a state").slices().map(<[f32]>::to_vec))
    }

    /// Goes on from `state` for [`NOISY_CHECKS`] of a time in which disturbances halve, and averages the second half: the
    /// means of the errors, and their standard deviations in time.
    pub fn average(&self, surface: &Closed, opened: Option<Opened>, state: &Fields) -> [Row; 2] {
        let start = Instant::now();
        let lattice = Arc::new(Lattice::build(surface, 2.0 / self.across).expect("a lattice"));
        let mut flow = self.prepare(&lattice, opened, Some(state));
        let mut rows = Vec::new();
        for check in 0..NOISY_CHECKS {
            flow.advance(self.interval()).expect("steps");
            self.deliver(&mut flow);
            if check >= NOISY_CHECKS / 2 {
                rows.push(self.row(&lattice, &mut flow, surface));
            }
        }
        let n = rows.len() as f64;
        let mean = |value: fn(&Row) -> f64| rows.iter().map(value).sum::<f64>() / n;
        let deviation = |value: fn(&Row) -> f64| {
            let centre = mean(value);
            (rows.iter().map(|row| (value(row) - centre).powi(2)).sum::<f64>() / n).sqrt()
        };
        let (steps, seconds) = (NOISY_CHECKS * self.interval(), start.elapsed().as_secs_f64());
        let row = |of: &dyn Fn(fn(&Row) -> f64) -> f64| Row {
            velocity: of(|r| r.velocity),
            gradient: of(|r| r.gradient),
            shear_mean: of(|r| r.shear_mean),
            shear_deviation: of(|r| r.shear_deviation),
            delivered: of(|r| r.delivered),
            imbalance: of(|r| r.imbalance),
            steps,
            seconds,
        };
        [row(&mean), row(&deviation)]
    }

    /// The errors of a flow.
    fn row(&self, lattice: &Lattice, flow: &mut Flow, surface: &Closed) -> Row {
        let (velocity, gradient) = self.errors(lattice, flow);
        let (shear_mean, shear_deviation) = self.shear(lattice, flow, surface);
        let influx = flow.influx().expect("influx");
        Row {
            velocity,
            gradient,
            shear_mean,
            shear_deviation,
            delivered: influx[0] / self.flow() - 1.0,
            imbalance: (influx[0] + influx[1]) / influx[0],
            steps: 0,
            seconds: 0.0,
        }
    }

    /// The flow asked for, lattice units.
    fn flow(&self) -> f64 {
        self.mean_velocity() * std::f64::consts::PI * self.across.powi(2) / 4.0
    }

    /// Makes the inlet bring the flow asked for: the lid cuts the profile at discrete links, which add up to a little
    /// more or less than its area.
    fn deliver(&self, flow: &mut Flow) {
        let inlet = flow.iolets()[0];
        let value = inlet.value * (self.flow() / flow.influx().expect("influx")[0]) as f32;
        flow.set_iolet(0, Iolet { value, ..inlet });
    }

    /// The pipe with its openings, in `state` or with the exact solution at every site.
    fn prepare(&self, lattice: &Arc<Lattice>, opened: Option<Opened>, state: Option<&Fields>) -> Flow {
        let [into, out] = [-1.0, 1.0].map(|sign| AXIS.map(|x| (sign * x) as f32));
        let iolets = vec![
            Iolet { kind: Kind::Velocity, value: self.mean_velocity() as f32, normal: into, floor: 0.0 },
            Iolet { kind: Kind::Outlet, value: 0.0, normal: out, floor: 0.0 },
        ];
        let profile = |p: [f64; 3]| parabola(cylindrical(p).1).max(0.0) as f32;
        let coefficients = lattice.iolet_links.iter().map(|link| match link.iolet {
            0 => iolet::coefficient(link, into, profile(lattice.lid_point(link))),
            _ => 0.0,
        });
        let physics = Physics { halfway: self.halfway, ..Physics::newtonian(self.nu()) };
        let mut flow = Flow::open(opened, lattice.clone(), iolets, coefficients.collect(), physics, self.storage)
            .expect("a flow on the device");
        let exact = || {
            let mut fields: Fields = std::array::from_fn(|_| vec![0.0; lattice.padded_len()]);
            for site in lattice.fluid_sites() {
                let state = self.exact(lattice.position(site)).write();
                fields.iter_mut().zip(state).for_each(|(field, value)| field[site] = value);
            }
            fields
        };
        let fields = state.cloned().unwrap_or_else(exact);
        flow.set_state(&std::array::from_fn(|k| fields[k].as_slice())).expect("the state of this lattice");
        for _ in 0..3 {
            self.deliver(&mut flow);
        }
        flow
    }

    /// Hagen-Poiseuille flow at a place: stress after collision is `(1 - omega)` of `-2 S / (3 omega)`.
    fn exact(&self, p: [f64; 3]) -> Macro {
        let (along, r, radial) = cylindrical(p);
        let u = self.mean_velocity() * parabola(r);
        let drho = 3.0 * self.gradient() * (along - 2.0 * LENGTH) * self.across / 2.0;
        let mut state = Macro::equilibrium(drho as f32, AXIS.map(|x| (u * x) as f32));
        let omega = omega(self.nu());
        let slope = -8.0 * self.mean_velocity() * r / self.across;
        let stress = -(1.0 - omega) / (3.0 * omega) * slope;
        for (k, (a, b)) in [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)].into_iter().enumerate() {
            state.a[k] += (stress * (AXIS[a] * radial[b] + AXIS[b] * radial[a])) as f32;
        }
        state
    }

    /// Errors of the velocity and of the pressure gradient.
    fn errors(&self, lattice: &Lattice, flow: &mut Flow) -> (f64, f64) {
        let fields = flow.state().expect("a state");
        let (mut error, mut norm) = (0.0, 0.0);
        let (mut n, mut z, mut p, mut zz, mut zp) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for site in lattice.fluid_sites() {
            let (along, r, _) = cylindrical(lattice.position(site));
            if !in_middle(along) {
                continue;
            }
            let state = Macro::read(&fields.site(site));
            for (value, direction) in state.j.into_iter().zip(AXIS) {
                let exact = self.mean_velocity() * parabola(r) * direction;
                error += (f64::from(value) - exact).powi(2);
                norm += exact * exact;
            }
            let (x, y) = (along * self.across / 2.0, f64::from(state.drho) / 3.0);
            (n, z, p, zz, zp) = (n + 1.0, z + x, p + y, zz + x * x, zp + x * y);
        }
        let gradient = (n * zp - z * p) / (n * zz - z * z);
        ((error / norm).sqrt(), gradient / self.gradient() - 1.0)
    }

    /// Mean error and standard deviation of the wall shear along the axis over the vertices of the middle.
    fn shear(&self, lattice: &Lattice, flow: &mut Flow, surface: &Closed) -> (f64, f64) {
        let sampler = WallSampler::new(lattice, surface, Layer::Thick);
        let sample = sampler.sample(&flow.state().expect("a state").slices(), &|_| self.nu());
        assert!(sample.weak.is_empty(), "{} weak vertices", sample.weak.len());
        let exact = 8.0 * self.nu() * self.mean_velocity() / self.across;
        let (mut n, mut sum, mut squares) = (0.0, 0.0, 0.0);
        for (&vertex, wss) in sampler.vertices().iter().zip(&sample.wss) {
            if in_middle(cylindrical(surface.vertices[vertex as usize]).0) {
                let error = (0..3).map(|a| AXIS[a] * f64::from(wss[a])).sum::<f64>() / exact - 1.0;
                (n, sum, squares) = (n + 1.0, sum + error, squares + error * error);
            }
        }
        let mean = sum / n;
        (mean, (squares / n - mean * mean).max(0.0).sqrt())
    }
}

/// Velocity at distance `r` from the axis (radii) over the mean velocity.
fn parabola(r: f64) -> f64 {
    2.0 * (1.0 - r * r)
}

/// Length along the axis and distance from it, in radii, and the unit vector away from it.
fn cylindrical(p: [f64; 3]) -> (f64, f64, [f64; 3]) {
    let along: f64 = (0..3).map(|a| p[a] * AXIS[a]).sum();
    let off: [f64; 3] = std::array::from_fn(|a| p[a] - along * AXIS[a]);
    let r = off.iter().map(|x| x * x).sum::<f64>().sqrt();
    (along, r, off.map(|x| x / r.max(1e-12)))
}

fn in_middle(along: f64) -> bool {
    (MIDDLE[0]..=MIDDLE[1]).contains(&(along / (2.0 * LENGTH)))
}
