//! The case file as serde sees it: one struct a table, unknown keys refused. The JSON schema comes from here, and the
//! check for unknown keys (`keys.rs`) from that schema, so that every key is written down once.

use std::collections::BTreeMap;

use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema, generate::SchemaSettings};
use serde::Deserialize;
use serde_json::json;
use toml::Spanned;

use super::labels::{CutTable, Tips};
use super::loads::{CoronarySpec, FlowFraction, ResistanceSpec, WindkesselSpec};
use super::output::OutputTable;
use super::repair::Repair;
use super::rheology;
use super::values::{
    BloodPressure, Count, Extension, Finite, LengthUnit, Paths, Point, Profile, Start, Storage, Until,
};
use super::wall::{Support, WallTable};
use super::waveform::WaveformSpec;
use crate::units::{Density, Flow, Length, Pressure, Time, Velocity, Viscosity};

/// Keys of one table that exclude one another: the table's name and the keys, one of which must be there.
pub(super) const ALTERNATIVES: [(&str, &[&str]); 5] = [
    ("geometry", &["surface", "labels"]),
    ("opening", &["patch", "near"]),
    ("opening", &["flow", "velocity", "pressure", "waveform", "windkessel", "resistance", "coronary", "flow_fraction"]),
    ("resolution", &["across", "spacing"]),
    ("blood", &["viscosity", "rheology"]),
];

/// Keys of a table of which at most one can stand, for a `--set` of one to replace the other.
pub(super) const RIVALS: [(&str, &[&str]); 1] = [("time", &["until", "cycles"])];

/// Tables with a short form, and the key that the short form gives.
pub(super) const SHORT_FORMS: [(&str, &str); 3] =
    [("waveform", "file"), ("intramyocardial", "file"), ("resistance", "value")];

/// A Perfuse case: a vessel, its openings, the blood, the resolution.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseFile {
    /// A line about the case, for reports.
    #[serde(default)]
    #[schemars(with = "String")]
    pub title: Option<String>,
    /// The vessel's surface, or the label map that it is made from.
    #[schemars(with = "GeometryTable")]
    pub geometry: Spanned<GeometryTable>,
    /// Planes that branches of a label map are cut by, each an opening.
    #[serde(default)]
    #[schemars(with = "Vec<CutTable>")]
    pub cut: Vec<Spanned<CutTable>>,
    /// The vessel's ends, each with its condition.
    #[serde(default)]
    #[schemars(with = "Vec<OpeningTable>")]
    pub opening: Vec<Spanned<OpeningTable>>,
    /// The fluid.
    #[schemars(with = "BloodTable")]
    pub blood: Spanned<BloodTable>,
    /// What was measured of the patient.
    #[serde(default)]
    #[schemars(with = "PatientTable")]
    pub patient: Option<PatientTable>,
    /// What is recorded over time beside the openings.
    #[serde(default)]
    #[schemars(with = "Vec<ProbeTable>")]
    pub probe: Vec<Spanned<ProbeTable>>,
    /// How fine the lattice is.
    #[schemars(with = "ResolutionTable")]
    pub resolution: Spanned<ResolutionTable>,
    /// How long the run goes on.
    #[serde(default)]
    #[schemars(with = "TimeTable")]
    pub time: TimeTable,
    /// What is written.
    #[serde(default)]
    #[schemars(with = "OutputTable")]
    pub output: OutputTable,
    /// The vessel wall: leave the table out for the flow alone.
    #[serde(default)]
    #[schemars(with = "WallTable")]
    pub wall: Option<Spanned<WallTable>>,
    /// Gates on the summary: a dotted key of summary.json in quotes, and the range it must lie in.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, GateTable>")]
    pub expect: BTreeMap<Spanned<String>, Spanned<GateTable>>,
}

/// The vessel: exactly one of `surface` and `labels`. `label`, `near`, `prune` and `tips` belong to `labels`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = geometry_alternatives)]
pub(super) struct GeometryTable {
    /// Surface file (.obj, .stl, .vtp, .vtk), or a list of files that together are the vessel; relative to the case
    /// file, else to the folder named by the environment variable PERFUSE_DATA.
    #[serde(default)]
    #[schemars(with = "Paths")]
    pub surface: Option<Spanned<Paths>>,
    /// Label map (.nii, .nii.gz, .mha, .mhd), found like a surface.
    #[serde(default)]
    #[schemars(with = "String")]
    pub labels: Option<Spanned<String>>,
    /// The vessel's label; the only one of the file, else 1, by default.
    #[serde(default)]
    #[schemars(with = "i64")]
    pub label: Option<Spanned<i64>>,
    /// A place in the piece that is meant, where a label has several: [x, y, z] in `unit`.
    #[serde(default)]
    #[schemars(with = "[f64; 3]")]
    pub near: Option<Spanned<Point>>,
    /// Branches of a label map thinner than this many voxels are taken off, 0 to 100; 3 by default.
    #[serde(default)]
    #[schemars(with = "f64")]
    pub prune: Option<Spanned<Finite>>,
    /// Whether ends of branches are opened: "auto" or "none"; where nothing else opens the vessel by default.
    #[serde(default)]
    #[schemars(with = "Tips")]
    pub tips: Option<Tips>,
    /// Length unit of the coordinates: um, mm, cm or m; with `labels` mm by default, whatever unit its voxels have.
    #[serde(default)]
    #[schemars(with = "LengthUnit")]
    pub unit: Option<Spanned<LengthUnit>>,
    /// Whether flaws of the surface are mended: true (the default), false, or how far that may go.
    #[serde(default)]
    pub repair: Repair,
}

/// One end of the vessel: exactly one of `patch` and `near` says where, exactly one of `flow`, `velocity`, `pressure`,
/// `waveform`, `windkessel`, `resistance`, `coronary` and `flow_fraction` says what happens there.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = opening_alternatives)]
pub(super) struct OpeningTable {
    /// Name of the opening in messages and results: letters, digits, `_`, `-`.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// The named group, solid, file stem or ModelFaceID that is this end's cap.
    #[serde(default)]
    #[schemars(with = "String")]
    pub patch: Option<Spanned<String>>,
    /// A point near the centre of this end, in the unit of the surface: [x, y, z].
    #[serde(default)]
    #[schemars(with = "[f64; 3]")]
    pub near: Option<Spanned<Point>>,
    /// Volume flow; into the vessel is positive.
    #[serde(default)]
    #[schemars(with = "Flow")]
    pub flow: Option<Spanned<Flow>>,
    /// Mean velocity over the section; into the vessel is positive.
    #[serde(default)]
    #[schemars(with = "Velocity")]
    pub velocity: Option<Spanned<Velocity>>,
    /// Pressure at this end.
    #[serde(default)]
    #[schemars(with = "Pressure")]
    pub pressure: Option<Spanned<Pressure>>,
    /// A flow, velocity or pressure over one cycle: a CSV file with columns such as `time [s], flow [ml/s]`, or
    /// { file = "beat.csv", columns = [...], close = true, scale = 1.2 }.
    #[serde(default)]
    #[schemars(with = "WaveformSpec")]
    pub waveform: Option<Spanned<WaveformSpec>>,
    /// A three-element Windkessel beyond this end: { proximal = "...", compliance = "...", distal = "..." }, or "auto":
    /// found from the patient's blood pressure.
    #[serde(default)]
    #[schemars(with = "WindkesselSpec")]
    pub windkessel: Option<Spanned<WindkesselSpec>>,
    /// A resistance beyond this end, or { value = "...", distal_pressure = "..." }.
    #[serde(default)]
    #[schemars(with = "ResistanceSpec")]
    pub resistance: Option<Spanned<ResistanceSpec>>,
    /// A coronary bed beyond this end.
    #[serde(default)]
    #[schemars(with = "CoronarySpec")]
    pub coronary: Option<Spanned<CoronarySpec>>,
    /// The part of the inflow that leaves here.
    #[serde(default)]
    #[schemars(with = "FlowFraction")]
    pub flow_fraction: Option<Spanned<FlowFraction>>,
    /// Velocity profile of an opening whose flow is given: parabolic (fully developed on the section's own shape; the
    /// default), plug, or womersley (fully developed pulsating flow on the section's own shape, for a waveform).
    #[serde(default)]
    #[schemars(with = "Profile")]
    pub profile: Option<Spanned<Profile>>,
    /// Flow extension beyond this end: "auto" (the default), or its length; "0 mm" for none.
    #[serde(default)]
    #[schemars(with = "Extension")]
    pub extension: Option<Spanned<Extension>>,
    /// What holds the vessel wall at this end, in place of `wall.ends`: "radial", "sliding", "fixed", or
    /// { spring = "100 kPa/mm" }.
    #[serde(default)]
    #[schemars(with = "Support")]
    pub support: Option<Spanned<Support>>,
}

/// The fluid: exactly one of `viscosity` and `rheology` says how thick it is.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = blood_alternatives)]
pub(super) struct BloodTable {
    /// Density, 500 to 2000 kg/m^3; blood has about 1060.
    #[schemars(with = "Density")]
    pub density: Spanned<Density>,
    /// Dynamic viscosity, 0.1 to 100 mPa s; blood in large vessels has about 3.5.
    #[serde(default)]
    #[schemars(with = "Viscosity")]
    pub viscosity: Option<Spanned<Viscosity>>,
    /// Viscosity that falls with the shear rate: "carreau-yasuda", "casson", "power-law" or "quemada" for human blood, or
    /// a table with one of these keys and the law's numbers.
    #[serde(default)]
    #[schemars(with = "rheology::Value")]
    pub rheology: Option<Spanned<rheology::Value>>,
}

/// How fine the lattice is: exactly one of `across` and `spacing`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = resolution_alternatives)]
pub(super) struct ResolutionTable {
    /// Sites across the narrowest opening, 6 or more.
    #[serde(default)]
    #[schemars(with = "Count")]
    pub across: Option<Spanned<Count>>,
    /// Distance between sites.
    #[serde(default)]
    #[schemars(with = "Length")]
    pub spacing: Option<Spanned<Length>>,
    /// What the lattice's numbers are kept in between two steps: "f32" (the default), or "f16", which halves the memory
    /// and adds noise to the flow.
    #[serde(default)]
    #[schemars(with = "Storage")]
    pub storage: Storage,
}

/// How long the run goes on.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = time_rivals)]
pub(super) struct TimeTable {
    /// "steady": until flows and pressure drops no longer change; "periodic": until a cycle is like the one before. The
    /// default is "periodic" where the case has a waveform.
    #[serde(default)]
    #[schemars(with = "Until")]
    pub until: Option<Spanned<Until>>,
    /// Number of cycles to run, in place of `until`: 1 to 1000.
    #[serde(default)]
    #[schemars(with = "Count")]
    pub cycles: Option<Spanned<Count>>,
    /// Length of a cycle, 0.05 to 20 s; that of the waveforms by default.
    #[serde(default)]
    #[schemars(with = "Time")]
    pub period: Option<Spanned<Time>>,
    /// The run fails if it is not periodic after this many cycles, 1 to 1000; 30 by default.
    #[serde(default)]
    #[schemars(with = "Count")]
    pub max_cycles: Option<Spanned<Count>>,
    /// What lumped loads start from: "periodic", the periodic solution of the loads alone (the default), or "rest".
    #[serde(default)]
    #[schemars(with = "Start")]
    pub start: Start,
    /// Relative change below which the flow counts as steady (0.002 by default) or periodic (0.01), above 0 and at most
    /// 0.1.
    #[serde(default)]
    #[schemars(with = "f64")]
    pub tolerance: Option<Spanned<Finite>>,
    /// The run fails if it is not steady after this many steps.
    #[serde(default)]
    #[schemars(with = "Count")]
    pub max_steps: Option<Spanned<Count>>,
    /// Time step of the finest lattice, 0.001 us to 10 ms, in place of the one that the run chooses and changes.
    #[serde(default)]
    #[schemars(with = "Time")]
    pub step: Option<Spanned<Time>>,
}

/// What was measured of the patient.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PatientTable {
    /// Blood pressure, systolic over diastolic: "120/80 mmHg".
    #[schemars(with = "BloodPressure")]
    pub pressure: Spanned<BloodPressure>,
    /// Power of an outlet's diameter that its share of the flow goes with, 1 to 4; 3 (Murray's law) by default.
    #[serde(default)]
    #[schemars(with = "f64")]
    pub murray_exponent: Option<Spanned<Finite>>,
    /// Proximal part of the resistance of each Windkessel, above 0 and below 1; 0.056 by default.
    #[serde(default)]
    #[schemars(with = "f64")]
    pub proximal_fraction: Option<Spanned<Finite>>,
    /// Pressure behind every Windkessel, 0 mmHg to below the diastolic; 0 mmHg by default.
    #[serde(default)]
    #[schemars(with = "Pressure")]
    pub distal_pressure: Option<Spanned<Pressure>>,
}

/// A place where pressure and velocity are recorded over the cycles.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProbeTable {
    /// Name of the probe in the results, no opening's: letters, digits, `_`, `-`.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// A point of the vessel's inside, in the unit of the surface.
    #[schemars(with = "[f64; 3]")]
    pub at: Spanned<Point>,
    /// Makes it the cross-section through that point with this normal: mean pressure, and flow along the normal.
    #[serde(default)]
    #[schemars(with = "[f64; 3]")]
    pub normal: Option<Spanned<Point>>,
}

/// The range that one number of the summary must lie in; at least one bound.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GateTable {
    /// Smallest value that passes.
    #[serde(default)]
    #[schemars(with = "f64")]
    pub min: Option<Finite>,
    /// Largest value that passes.
    #[serde(default)]
    #[schemars(with = "f64")]
    pub max: Option<Finite>,
}

fn geometry_alternatives(schema: &mut Schema) {
    exactly_one(schema, "geometry");
    schema.insert("dependentRequired".into(), json!({ "surface": ["unit"] }));
}

fn opening_alternatives(schema: &mut Schema) {
    exactly_one(schema, "opening");
}

fn blood_alternatives(schema: &mut Schema) {
    exactly_one(schema, "blood");
}

fn resolution_alternatives(schema: &mut Schema) {
    exactly_one(schema, "resolution");
}

fn time_rivals(schema: &mut Schema) {
    for (_, keys) in RIVALS.iter().filter(|(name, _)| *name == "time") {
        schema.insert("not".into(), json!({ "required": keys }));
    }
}

/// Writes the alternatives of a table into its schema.
fn exactly_one(schema: &mut Schema, table: &str) {
    let groups = ALTERNATIVES.iter().filter(|(name, _)| *name == table);
    let rules = groups.map(|(_, keys)| {
        let one = keys.iter().map(|key| json!({ "required": [key] })).collect::<Vec<_>>();
        json!({ "oneOf": one })
    });
    schema.insert("allOf".into(), rules.collect::<Vec<_>>().into());
}

/// Takes the formats of Rust's integers and floats out: they mean nothing to other readers.
#[derive(Clone)]
struct WithoutFormats;

impl Transform for WithoutFormats {
    fn transform(&mut self, schema: &mut Schema) {
        schema.remove("format");
        transform_subschemas(self, schema);
    }
}

/// The JSON schema (draft 2020-12) of a case file, every table written out in place.
#[must_use]
pub fn schema() -> serde_json::Value {
    let settings = SchemaSettings::draft2020_12().with(|s| s.inline_subschemas = true).with_transform(WithoutFormats);
    let mut schema = settings.into_generator().into_root_schema_for::<CaseFile>();
    schema.insert("title".into(), "Perfuse case file".into());
    schema.to_value()
}
