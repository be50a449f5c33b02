//! The vessel wall in the case file: thickness, material, mesh, supports and loads.

mod table;

use toml::Spanned;

use super::error::Span;
use crate::units::{AreaStiffness, Length, Modulus, Pressure, Time};
pub(super) use table::WallTable;

/// The vessel wall, as the case describes it.
#[derive(Clone, Debug)]
pub struct Wall {
    /// The table's header.
    pub span: Span,
    /// Thickness.
    pub thickness: Spanned<Thickness>,
    /// Young's modulus.
    pub young: Spanned<Young>,
    /// Poisson's ratio.
    pub poisson: Spanned<Poisson>,
    /// Edge of the wall's elements along the surface, where the case gives it.
    pub spacing: Option<Spanned<Length>>,
    /// Elements through the thickness, where the case gives their number.
    pub layers: Option<Spanned<u64>>,
    /// Support of all ends that have none of their own.
    pub ends: Spanned<Support>,
    /// Stiffness of what lies around the vessel.
    pub outer_spring: Option<Spanned<AreaStiffness>>,
    /// Pressure under which the surface was imaged; only what exceeds it loads the wall.
    pub reference_pressure: Option<Spanned<Pressure>>,
    /// Moments of the flow whose loads are taken, where the case names them.
    pub loads: Option<Spanned<Vec<Instant>>>,
    /// Whether the wall shear loads the wall besides the pressure.
    pub shear: bool,
}

/// Thickness of the wall.
#[derive(Clone, Debug, PartialEq)]
pub enum Thickness {
    /// The same everywhere.
    Uniform(Length),
    /// This part of the local radius of the lumen.
    OfRadius(f64),
    /// A nodal array of the surface.
    Field(NodalField),
}

/// Young's modulus of the wall.
#[derive(Clone, Debug, PartialEq)]
pub enum Young {
    /// The same everywhere.
    Uniform(Modulus),
    /// A nodal array of the surface.
    Field(NodalField),
}

/// Poisson's ratio of the wall.
#[derive(Clone, Debug, PartialEq)]
pub enum Poisson {
    /// The same everywhere.
    Uniform(f64),
    /// A nodal array of the surface, by its name; a ratio has no unit.
    Field(String),
}

/// An array on the vertices of the surface file.
#[derive(Clone, Debug, PartialEq)]
pub struct NodalField {
    /// Its name in the file.
    pub name: String,
    /// Its unit as it is written in the case.
    pub unit: String,
    /// What one of its unit is in SI.
    pub si: f64,
}

/// What holds the wall at an end.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Support {
    /// Nodes move along the radius from the end's centre, in the end's plane.
    #[default]
    Radial,
    /// Nodes move in the end's plane.
    Sliding,
    /// Nodes do not move.
    Fixed,
    /// Nodes are held by springs in all directions, of this stiffness per area of the end's face.
    Spring(AreaStiffness),
}

/// A moment of the flow whose pressure and shear load the wall.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Instant {
    /// The mean over the cycle.
    Mean,
    /// The moment of the largest mean pressure over the openings.
    Systole,
    /// The moment of the least mean pressure over the openings.
    Diastole,
    /// This time after the start of the cycle.
    At(Time),
}

impl Instant {
    /// Its name in files and in the summary: `mean`, `systole`, `diastole`, or the time such as `350ms`.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Mean => "mean".into(),
            Self::Systole => "systole".into(),
            Self::Diastole => "diastole".into(),
            Self::At(time) => {
                let micros = (time.si() * 1e6).round();
                if micros % 1e3 == 0.0 { format!("{:.0}ms", micros / 1e3) } else { format!("{micros:.0}us") }
            }
        }
    }
}

impl Wall {
    /// Moments of a pulsating flow that load the wall.
    #[must_use]
    pub fn instants(&self) -> Vec<Instant> {
        self.loads.as_ref().map_or_else(|| vec![Instant::Systole, Instant::Diastole], |loads| loads.get_ref().clone())
    }
}
