//! The case file: what to compute, in the units of the clinic, as plain checked data.
//!
//! Reading has three steps. [`Case::load`] parses the TOML, lays `--set key=value` over it, refuses unknown keys (with a
//! suggestion) and builds typed values, each of which remembers where it stands. [`Case::validate`] then checks the
//! values against physiology, without looking at any other file. What needs the surface or the device is checked by the
//! run's plan, which can point at a line of the case through [`Case::error`].
//!
//! Values are SI; a place given in the surface's unit has been turned into metres.

mod build;
mod checkpoint;
mod document;
mod error;
mod file;
pub(crate) mod keys;
pub mod labels;
pub mod loads;
mod output;
mod overrides;
mod ranges;
pub mod repair;
pub mod rheology;
mod validate;
mod values;
pub mod wall;
pub mod waveform;

use std::path::{Path, PathBuf};

pub use checkpoint::{Checkpoint, USUAL_CHECKPOINT};
pub use error::{CaseError, Diagnostic, Source, Span};
pub use file::schema;
pub use keys::suggestion;
use loads::{CoronarySpec, FlowFraction, ResistanceSpec, WindkesselSpec};
use repair::Repair;
pub use rheology::Rheology;
pub use toml::Spanned;
pub use values::{BloodPressure, Extension, Field, LengthUnit, Profile, Start, Storage, Until};
use wall::{Support, Wall};
use waveform::WaveformSpec;

use crate::units::{self, Density, Flow, Length, Pressure, Velocity};

/// Rows of a cycle where the case does not give their number.
pub const USUAL_ROWS: u64 = 200;

/// A case: everything a run needs to know that is not in the surface.
#[derive(Clone, Debug)]
pub struct Case {
    /// The text that the case was read from; spans of the values below refer to it.
    pub source: Source,
    /// A line about the case.
    pub title: Option<String>,
    /// The vessel's surface.
    pub geometry: Geometry,
    /// The vessel's ends, in the order of the file.
    pub openings: Vec<Opening>,
    /// The fluid.
    pub blood: Blood,
    /// What was measured of the patient, if anything.
    pub patient: Option<Patient>,
    /// What is recorded beside the openings.
    pub probes: Vec<Probe>,
    /// How fine the lattice is.
    pub resolution: Resolution,
    /// What the lattice's numbers are kept in between two steps.
    pub storage: Storage,
    /// How long the run goes on.
    pub time: Time,
    /// Which fields are written.
    pub output: Output,
    /// The vessel wall, where its mechanics are computed.
    pub wall: Option<Wall>,
    /// What the results must satisfy.
    pub expect: Vec<Gate>,
    /// A last folder to look for files in: that of vessels made for the case.
    pub made: Option<PathBuf>,
}

/// The vessel's surface.
#[derive(Clone, Debug)]
pub struct Geometry {
    /// Surface files, or the label map, as written in the case; [`Case::surface_paths`] finds them.
    pub surface: Spanned<Vec<PathBuf>>,
    /// Unit of the coordinates in those files.
    pub unit: Spanned<LengthUnit>,
    /// What is made of the label map, where it is one.
    pub labels: Option<labels::Labels>,
    /// Whether flaws of the surface are mended, and how far.
    pub repair: Repair,
}

/// One end of the vessel with its condition.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Unique name; letters, digits, `_`, `-` once validated.
    pub name: Spanned<String>,
    /// Where it is.
    pub place: Place,
    /// What happens there.
    pub condition: Condition,
    /// Velocity profile, for flow and velocity.
    pub profile: Profile,
    /// Place of the profile's key, where it is written.
    pub profile_span: Option<Span>,
    /// Flow extension; its span is that of the name where the key is left out.
    pub extension: Spanned<Extension>,
    /// What holds the wall here, where it is not what holds it at the other ends.
    pub support: Option<Spanned<Support>>,
}

/// How a case says which end of the vessel it means.
#[derive(Clone, Debug)]
pub enum Place {
    /// The patch of this name is the end's cap.
    Patch(Spanned<String>),
    /// The end nearest to this point, m.
    Near(Spanned<[f64; 3]>),
}

impl Place {
    /// Where the case says so.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Patch(patch) => patch.span(),
            Self::Near(point) => point.span(),
        }
    }
}

/// What is prescribed at an opening.
#[derive(Clone, Debug)]
pub enum Condition {
    /// Volume flow, m^3/s; into the vessel is positive.
    Flow(Spanned<Flow>),
    /// Mean velocity over the section, m/s; into the vessel is positive.
    Velocity(Spanned<Velocity>),
    /// Pressure, Pa.
    Pressure(Spanned<Pressure>),
    /// Flow, velocity or pressure over a cycle.
    Waveform(Spanned<WaveformSpec>),
    /// A Windkessel beyond the end.
    Windkessel(Spanned<WindkesselSpec>),
    /// A resistance beyond the end.
    Resistance(Spanned<ResistanceSpec>),
    /// A coronary bed beyond the end.
    Coronary(Box<Spanned<CoronarySpec>>),
    /// Part of the inflow, which leaves here.
    FlowFraction(Spanned<FlowFraction>),
}

impl Condition {
    /// Where the case says so.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Flow(flow) => flow.span(),
            Self::Velocity(velocity) => velocity.span(),
            Self::Pressure(pressure) => pressure.span(),
            Self::Waveform(waveform) => waveform.span(),
            Self::Windkessel(windkessel) => windkessel.span(),
            Self::Resistance(resistance) => resistance.span(),
            Self::Coronary(coronary) => coronary.span(),
            Self::FlowFraction(fraction) => fraction.span(),
        }
    }

    /// Whether it is a lumped load.
    #[must_use]
    pub fn is_load(&self) -> bool {
        matches!(self, Self::Windkessel(_) | Self::Resistance(_) | Self::Coronary(_))
    }
}

/// What was measured of the patient.
#[derive(Clone, Debug)]
pub struct Patient {
    /// Blood pressure.
    pub pressure: Spanned<BloodPressure>,
    /// Power of an outlet's diameter that its share of the flow goes with.
    pub murray_exponent: Option<Spanned<f64>>,
    /// Proximal part of the resistance of each Windkessel.
    pub proximal_fraction: Option<Spanned<f64>>,
    /// Pressure behind every Windkessel.
    pub distal_pressure: Option<Spanned<Pressure>>,
}

/// A place where pressure and velocity are recorded.
#[derive(Clone, Debug)]
pub struct Probe {
    /// Name; letters, digits, `_`, `-` once validated.
    pub name: Spanned<String>,
    /// The point, m.
    pub at: Spanned<[f64; 3]>,
    /// Normal of the cross-section, where it is one.
    pub normal: Option<Spanned<[f64; 3]>>,
}

/// The fluid.
#[derive(Clone, Debug)]
pub struct Blood {
    /// Density, kg/m^3.
    pub density: Spanned<Density>,
    /// Its viscosity.
    pub rheology: Rheology,
}

/// How fine the lattice is.
#[derive(Clone, Debug)]
pub enum Resolution {
    /// Sites across the narrowest opening.
    Across(Spanned<u32>),
    /// Site spacing, m.
    Spacing(Spanned<Length>),
}

impl Resolution {
    /// Where the case says so.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Across(across) => across.span(),
            Self::Spacing(spacing) => spacing.span(),
        }
    }
}

/// How long the run goes on.
#[derive(Clone, Debug)]
pub struct Time {
    /// What ends it, where the case says so.
    pub until: Option<Spanned<Until>>,
    /// Number of cycles to run.
    pub cycles: Option<Spanned<u64>>,
    /// Length of a cycle.
    pub period: Option<Spanned<units::Time>>,
    /// Most cycles of a run until it is periodic.
    pub max_cycles: Option<Spanned<u64>>,
    /// What loads start from.
    pub start: Start,
    /// Relative change below which the flow counts as steady, where the case gives one.
    pub tolerance: Option<Spanned<f64>>,
    /// Steps after which a run that is not steady fails, where the case gives them.
    pub max_steps: Option<Spanned<u64>>,
    /// Time step of the finest lattice, where the case gives it.
    pub step: Option<Spanned<units::Time>>,
}

/// What is written.
#[derive(Clone, Debug)]
pub struct Output {
    /// Fields to write; all by default.
    pub fields: Vec<Field>,
    /// Snapshots of a cycle, where the case gives their number.
    pub snapshots: Option<Spanned<u64>>,
    /// Parts of a cycle at which there is a snapshot, where the case gives them.
    pub phases: Option<Spanned<Vec<f64>>>,
    /// Rows of the probes a cycle, where the case gives their number.
    pub rows: Option<Spanned<u64>>,
    /// Whether a report is written at the end of the run.
    pub report: bool,
    /// How often a checkpoint is kept, where the case says it.
    pub checkpoint: Option<Spanned<Checkpoint>>,
}

/// A bound on one number of the summary.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Dotted key of `summary.json`, such as `pressure_drop_mmHg.outlet`.
    pub key: Spanned<String>,
    /// Smallest value that passes.
    pub min: Option<f64>,
    /// Largest value that passes.
    pub max: Option<f64>,
}

impl Case {
    /// Reads a case file and lays the overrides (`key=value`) over it, the later ones last.
    ///
    /// # Errors
    /// [`CaseError`] if the file cannot be read, is not TOML, has unknown or missing keys, or values of the wrong kind.
    pub fn load(path: &Path, sets: &[String]) -> Result<Self, CaseError> {
        let bytes = std::fs::read(path).map_err(|source| CaseError::Read { path: path.to_owned(), source })?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
            CaseError::NotText { path: path.to_owned(), line }
        })?;
        Self::parse(path, &text, sets)
    }

    /// The same from a text; `path` stands for the file in messages and anchors relative surface paths.
    ///
    /// # Errors
    /// As [`Case::load`].
    pub fn parse(path: &Path, text: &str, sets: &[String]) -> Result<Self, CaseError> {
        build::case(Source::new(path, text), sets)
    }

    /// The case's name: the stem of its file.
    #[must_use]
    pub fn name(&self) -> String {
        self.source.path().file_stem().map_or_else(|| "case".into(), |stem| stem.to_string_lossy().into_owned())
    }

    /// The opening with this name.
    #[must_use]
    pub fn opening(&self, name: &str) -> Option<&Opening> {
        self.openings.iter().find(|opening| opening.name.get_ref() == name)
    }

    /// Whether the flow pulsates: where the case has a waveform or a number of cycles, unless it says otherwise.
    #[must_use]
    pub fn pulsates(&self) -> bool {
        let wave = self.openings.iter().any(|o| matches!(o.condition, Condition::Waveform(_)));
        match self.time.until.as_ref().map(|until| *until.get_ref()) {
            Some(Until::Periodic) => true,
            Some(Until::Steady) => false,
            None => wave || self.time.cycles.is_some(),
        }
    }

    /// Paths of the surface files: relative to the case file's folder, else to the folder that the environment variable
    /// `PERFUSE_DATA` names.
    ///
    /// # Errors
    /// [`CaseError::Invalid`] for each file that is in neither place.
    pub fn surface_paths(&self) -> Result<Vec<PathBuf>, CaseError> {
        self.surface_paths_in(std::env::var_os("PERFUSE_DATA").map(PathBuf::from).as_deref())
    }

    fn surface_paths_in(&self, data: Option<&Path>) -> Result<Vec<PathBuf>, CaseError> {
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        for file in self.geometry.surface.get_ref() {
            let places = self.places(file, data);
            match places.iter().find(|place| place.is_file()) {
                Some(place) => found.push(place.clone()),
                None => missing.push(self.missing_surface(file, &places, data)),
            }
        }
        if missing.is_empty() { Ok(found) } else { Err(CaseError::Invalid(missing)) }
    }

    /// Where a file of the case may be.
    fn places(&self, file: &Path, data: Option<&Path>) -> Vec<PathBuf> {
        let beside = self.source.path().parent().unwrap_or(Path::new(""));
        let folders = [Some(beside), data, self.made.as_deref()];
        folders.into_iter().flatten().map(|folder| folder.join(file)).collect()
    }

    fn missing_surface(&self, file: &Path, places: &[PathBuf], data: Option<&Path>) -> Diagnostic {
        let mut looked: Vec<_> = places.iter().map(|place| format!("`{}`", place.display())).collect();
        looked.dedup();
        let kind = if self.geometry.labels.is_some() { "label map" } else { "surface file" };
        let message = format!("{kind} `{}` not found", file.display());
        let label = format!("there is no file {}", looked.join(" or "));
        let help = if data.is_some() {
            "give a path relative to the case file, or to the folder in PERFUSE_DATA"
        } else {
            "give a path relative to the case file; PERFUSE_DATA, which may name a second folder to look in, is not set"
        };
        self.source.diagnostic(&self.geometry.surface.span(), message, label, Some(help.into()))
    }

    /// An error that points at a place of the case: message (key, value with unit, allowed range), what to write beside
    /// the place, and the remedy.
    #[must_use]
    pub fn error(&self, span: Span, message: impl Into<String>, label: impl Into<String>, help: &str) -> CaseError {
        let help = Some(help.to_owned()).filter(|help| !help.is_empty());
        CaseError::Invalid(vec![self.source.diagnostic(&span, message.into(), label.into(), help)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_folder_comes_second() {
        let (beside, data) = match (tempfile::tempdir(), tempfile::tempdir()) {
            (Ok(beside), Ok(data)) => (beside, data),
            _ => panic!("no temporary folder"),
        };
        let text = "[geometry]\nsurface = \"a.stl\"\nunit = \"mm\"\n[blood]\ndensity = \"1 g/ml\"\nviscosity = \"4 cP\"\n\
                    [resolution]\nacross = 9\n";
        let case = Case::parse(&beside.path().join("case.toml"), text, &[]).unwrap_or_else(|e| panic!("{e}"));
        let error = case.surface_paths_in(Some(data.path())).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(error.contains(&format!("` or `{}", data.path().display())), "{error}");
        for folder in [data.path(), beside.path()] {
            std::fs::write(folder.join("a.stl"), "").unwrap_or_else(|e| panic!("{e}"));
            let found = case.surface_paths_in(Some(data.path())).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(found, [folder.join("a.stl")]);
        }
    }
}
