//! The wall as it is going to be solved: mesh, material and supports, with every check that needs the surface.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{field, numbers};
use crate::case::wall::{Poisson, Support, Thickness, Wall, Young};
use crate::case::{Case, CaseError, Span};
use crate::geometry::build::Repairs;
use crate::geometry::nearest::Carry;
use crate::geometry::shell::{self, Report, Settings, Shell, ShellError};
use crate::geometry::vessel::Vessel;
use crate::run::fit::Room;
use crate::run::plan::{Asked, Iolet, PlanError};
use crate::run::vessel;
use crate::run::{beat, gates};
use crate::units::{MMHG, Pressure};
use crate::wall::constraint::{Supports, rigid_motion};
use crate::wall::error::WallError;
use crate::wall::material::{Material, Values};

/// Elements through the thickness where the case does not give their number.
const LAYERS: usize = 2;

/// Room that a suggested spacing leaves: where only the vessel's area is known (the mesh is finer in narrow parts), and
/// where the mesh is there.
const SPARE: [f64; 2] = [2.0, 1.1];

/// A wall that can be solved.
#[derive(Clone, Debug)]
pub struct WallPlan {
    /// The mesh.
    pub shell: Shell,
    /// What became of thickness and element shape.
    pub report: Report,
    /// Length of the elements' edges along the surface as asked for, m.
    pub spacing: f64,
    /// What the wall is made of.
    pub material: Material,
    /// What holds it.
    pub supports: Supports,
    /// The supports of the ends by the openings' names, and what lies around the vessel, in words.
    pub held: Vec<(String, String)>,
    /// Stiffness of what lies around the vessel, Pa/m; 0 for nothing.
    pub outer_spring: f64,
    /// Pressure of the imaged shape, Pa: what exceeds it loads the wall.
    pub reference: f64,
    /// Whether the wall shear loads the wall.
    pub shear: bool,
    /// Names of the loads.
    pub loads: Vec<String>,
    /// Fields on the vessel's wall carried to the inner surface's columns.
    pub carry: Carry,
    /// Number of the opening with the largest inflow.
    pub inlet: usize,
    /// Length of one unit of the surface file, m.
    pub unit: f64,
    /// Bytes that the solution takes, about.
    pub bytes: f64,
}

impl WallPlan {
    /// The wall of a case, if it has one.
    ///
    /// # Errors
    /// [`PlanError`]: no mesh can be made, a field is missing or implausible, nothing holds the wall, or it does not fit.
    pub fn of(case: &Case, vessel: &Vessel, iolets: &[Iolet], room: &Room) -> Result<Option<Arc<Self>>, PlanError> {
        case.wall.as_ref().map(|wall| Self::new(case, wall, (vessel, iolets), room).map(Arc::new)).transpose()
    }

    fn new(case: &Case, wall: &Wall, (vessel, iolets): (&Vessel, &[Iolet]), room: &Room) -> Result<Self, PlanError> {
        let mut settings = settings(case, wall, vessel)?;
        room.admits_wall(case, wall, [estimate(vessel, &settings), settings.spacing, SPARE[0]])?;
        let (shell, report) = match shell::build(vessel, &settings) {
            // A spacing that the case leaves open follows the narrowest part of the vessel.
            Err(ShellError::Coarse { allowed, .. }) if wall.spacing.is_none() => {
                settings.spacing = 0.95 * allowed;
                room.admits_wall(case, wall, [estimate(vessel, &settings), settings.spacing, SPARE[0]])?;
                shell::build(vessel, &settings)
            }
            built => built,
        }
        .map_err(|error| no_mesh(case, wall, &error))?;
        let size = (3 * shell.nodes.len()) as f64;
        room.admits_wall(case, wall, [size, settings.spacing, SPARE[1]])?;
        let places: Vec<[f64; 3]> = (0..shell.columns() as u32).map(|c| shell.place(c, 0).into()).collect();
        let carry = Carry::new(&vessel.wall, &places);
        let young = match wall.young.get_ref() {
            Young::Uniform(young) => Values::Uniform(young.si()),
            Young::Field(named) => Values::Columns(carry.scalars(&field::young(case, wall, named, vessel)?)),
        };
        let poisson = match wall.poisson.get_ref() {
            Poisson::Uniform(poisson) => Values::Uniform(*poisson),
            Poisson::Field(name) => Values::Columns(carry.scalars(&field::poisson(case, wall, name, vessel)?)),
        };
        let material = Material { young, poisson };
        material.check(&shell).map_err(|error| at(case, wall.young.span(), &error))?;
        let (supports, held) = supports(case, wall, &shell);
        if let Some(motion) = rigid_motion(&shell, &supports) {
            return Err(at(case, wall.ends.span(), &WallError::Unsupported(motion)).into());
        }
        let instants = wall.instants();
        Ok(Self {
            report,
            spacing: settings.spacing,
            material,
            supports,
            held,
            outer_spring: wall.outer_spring.as_ref().map_or(0.0, |stiffness| stiffness.get_ref().si()),
            reference: wall.reference_pressure.as_ref().map_or(0.0, |p| p.get_ref().si()),
            shear: wall.shear,
            loads: if case.pulsates() { instants.iter().map(|i| i.name()).collect() } else { vec!["steady".into()] },
            carry,
            inlet: inlet(iolets),
            unit: vessel.wall.unit,
            bytes: Room::wall_bytes(size),
            shell,
        })
    }

    /// Thickness at a column, m.
    #[must_use]
    pub fn thickness(&self, column: u32) -> f64 {
        (self.shell.place(column, self.shell.layers) - self.shell.place(column, 0)).norm()
    }

    /// Directions in which nodes are free.
    #[must_use]
    pub fn unknowns(&self) -> usize {
        let held: f64 = self.supports.held.iter().map(|(_, free)| 3.0 - free.trace()).sum();
        3 * self.shell.nodes.len() - held.round() as usize
    }

    /// The plan in numbers.
    #[must_use]
    pub fn as_json(&self) -> Value {
        let mut all = numbers::mesh(self);
        all["quads"] = self.shell.quads.len().into();
        all["spacing_mm"] = (1e3 * self.spacing).into();
        all["bytes"] = self.bytes.into();
        all["reference_pressure_mmHg"] = (self.reference / MMHG).into();
        all["shear"] = self.shear.into();
        all["loads"] = json!(self.loads);
        all["supports"] = self.held.iter().map(|(name, how)| (name.clone(), Value::from(how.as_str()))).collect();
        all
    }

    /// The plan for a person.
    #[must_use]
    pub fn text(&self) -> String {
        let (report, shell) = (&self.report, &self.shell);
        let [least, mean, most] = report.thickness.map(|t| 1e3 * t);
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "wall            {} quads of about {:.4} mm in {} layers: {} nodes, {} unknowns, {:.1} MB",
            shell.quads.len(),
            1e3 * self.spacing,
            shell.layers,
            shell.nodes.len(),
            self.unknowns(),
            1e-6 * self.bytes
        );
        let _ = writeln!(
            text,
            "                {mean:.3} mm thick ({least:.3} to {most:.3}), limited on {:.2} % of the area, least scaled \
             Jacobian {:.3}",
            100.0 * report.limited_share.abs(),
            report.scaled_jacobian
        );
        for (name, how) in &self.held {
            let _ = writeln!(text, "support         {name:<14} {how}");
        }
        let _ = writeln!(
            text,
            "wall loads      {}: pressure above {}{}",
            self.loads.join(", "),
            Pressure::from_si(self.reference),
            if self.shear { ", wall shear" } else { "" }
        );
        text
    }

    /// What of the plan is allowed but may disappoint.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let limited = self.report.strongest.as_ref().map(|limit| {
            let [x, y, z] = limit.place.map(|x| 1e3 * x);
            format!(
                "the wall is thinner than asked on {:.2} % of its area, where it would fold or meet itself: most at \
                 {x:.2} {y:.2} {z:.2} mm, {:.3} mm of {:.3} mm",
                100.0 * self.report.limited_share,
                1e3 * limit.thickness,
                1e3 * limit.asked
            )
        });
        let left = (self.report.left_out > 0)
            .then(|| format!("{} closed pieces inside the vessel have no wall", self.report.left_out));
        limited.into_iter().chain(left).collect()
    }
}

/// A wall without a flow.
#[derive(Clone, Debug)]
pub struct Alone {
    /// The case.
    pub case: Case,
    /// The wall.
    pub plan: Arc<WallPlan>,
    /// What was repaired of the surface.
    pub repairs: Repairs,
    /// Vertices of the vessel's wall.
    pub vertices: usize,
}

impl Alone {
    /// Checks a case with a wall against its surface, as far as the wall goes.
    ///
    /// # Errors
    /// [`PlanError`] as [`crate::run::plan::Plan::new`] does; also if the case has no wall.
    pub fn new(case: Case, room: &Room) -> Result<Self, PlanError> {
        case.validate()?;
        gates::check(&case)?;
        let (vessel, repairs) = vessel::read(&case)?;
        let beat::Openings { iolets, .. } = beat::openings(&case, &vessel)?;
        let Some(mut plan) = WallPlan::of(&case, &vessel, &iolets, room)? else {
            let help = "add [wall] with thickness, young and poisson";
            return Err(case.error(0..0, "the case has no [wall]", "", help).into());
        };
        Arc::make_mut(&mut plan).loads = vec!["pressure".into()];
        Ok(Self { case, plan, repairs, vertices: vessel.wall.vertices.len() })
    }
}

/// What the mesh is asked to be.
fn settings(case: &Case, wall: &Wall, vessel: &Vessel) -> Result<Settings, PlanError> {
    let thickness = match wall.thickness.get_ref() {
        Thickness::Uniform(length) => shell::Thickness::Uniform(length.si()),
        Thickness::OfRadius(part) => shell::Thickness::OfRadius(*part),
        Thickness::Field(named) => shell::Thickness::Vertices(field::thickness(case, wall, named, vessel)?),
    };
    let layers = wall.layers.as_ref().map_or(LAYERS, |layers| *layers.get_ref() as usize);
    let spacing = wall.spacing.as_ref().map_or_else(|| Settings::default_spacing(vessel), |s| s.get_ref().si());
    let field_unit = match wall.thickness.get_ref() {
        Thickness::Field(named) => Some(named.si),
        Thickness::Uniform(_) | Thickness::OfRadius(_) => None,
    };
    Ok(Settings { field_unit, ..Settings::new(spacing, layers, thickness) })
}

/// Unknowns that the mesh will have, about, by the area of the vessel's wall.
fn estimate(vessel: &Vessel, settings: &Settings) -> f64 {
    let area: f64 = (0..vessel.wall.triangles.len()).map(|t| vessel.wall.area_vector(t).norm()).sum();
    3.0 * (settings.layers + 1) as f64 * area / settings.spacing.powi(2)
}

/// The supports of the ends, each its own or that of all, and of the outer surface.
fn supports(case: &Case, wall: &Wall, shell: &Shell) -> (Supports, Vec<(String, String)>) {
    let (mut supports, mut held) = (Supports::default(), Vec::new());
    for (k, opening) in case.openings.iter().enumerate().filter(|(k, _)| *k < shell.ends.len()) {
        let support = opening.support.as_ref().unwrap_or(&wall.ends).get_ref();
        let how = match support {
            Support::Radial => {
                supports.free_end_radially(shell, k);
                "moves along the radius only".to_owned()
            }
            Support::Sliding => {
                supports.slide_end(shell, k);
                "slides in its plane".to_owned()
            }
            Support::Fixed => {
                supports.fix_end(shell, k);
                "fixed".to_owned()
            }
            Support::Spring(stiffness) => {
                supports.spring_end(shell, k, stiffness.si());
                format!("springs of {stiffness}")
            }
        };
        held.push((opening.name.get_ref().clone(), how));
    }
    if let Some(stiffness) = &wall.outer_spring {
        supports.spring_outer(shell, stiffness.get_ref().si());
        held.push(("outside".into(), format!("springs of {}", stiffness.get_ref())));
    }
    (supports, held)
}

/// The opening with the largest inflow; where no flow is given, that of the highest pressure.
fn inlet(iolets: &[Iolet]) -> usize {
    let rank = |iolet: &Iolet| match iolet.asked {
        Asked::Flow(q) => (u8::from(q > 0.0) * 2, q),
        Asked::Pressure(p) => (1, p),
    };
    let better = |&a: &usize, &b: &usize| {
        let (a, b) = (rank(&iolets[a]), rank(&iolets[b]));
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
    };
    (0..iolets.len()).max_by(better).unwrap_or(0)
}

/// An error of the wall at the place of the case that it is about.
fn at(case: &Case, span: Span, error: &WallError) -> CaseError {
    case.error(span, error.to_string(), "", "")
}

/// An error of the mesh at the key that it is about.
fn no_mesh(case: &Case, wall: &Wall, error: &ShellError) -> CaseError {
    let header = || wall.span.clone();
    let span = match error {
        ShellError::Spacing(_) | ShellError::Coarse { .. } | ShellError::Fine { .. } | ShellError::Shape { .. } => {
            wall.spacing.as_ref().map_or_else(header, |spacing| spacing.span())
        }
        ShellError::Layers { .. } => wall.layers.as_ref().map_or_else(header, |layers| layers.span()),
        ShellError::NoOpening | ShellError::OpenEdge { .. } => case.geometry.surface.span(),
        _ => wall.thickness.span(),
    };
    case.error(span, error.to_string(), "", "")
}
