//! The case file as serde sees it: one struct a table, unknown keys refused. The JSON schema comes from here, and the
//! check for unknown keys (`keys.rs`) from that schema, so that every key is written down once.

use std::collections::BTreeMap;

use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema, generate::SchemaSettings};
use serde::Deserialize;
use serde_json::json;
use toml::Spanned;

use super::rheology;
use super::values::{Count, Extension, Field, Finite, LengthUnit, Paths, Point, Profile, Until};
use crate::units::{Density, Flow, Length, Pressure, Velocity, Viscosity};

/// Keys of one table that exclude one another: the table's name and the keys, one of which must be there.
pub(super) const ALTERNATIVES: [(&str, &[&str]); 4] = [
    ("opening", &["patch", "near"]),
    ("opening", &["flow", "velocity", "pressure"]),
    ("resolution", &["across", "spacing"]),
    ("blood", &["viscosity", "rheology"]),
];

/// A Perfuse case: a vessel, its openings, the blood, the resolution.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseFile {
    /// A line about the case, for reports.
    #[serde(default)]
    #[schemars(with = "String")]
    pub title: Option<String>,
    /// The vessel's surface.
    pub geometry: GeometryTable,
    /// The vessel's ends, each with its condition.
    #[serde(default)]
    #[schemars(with = "Vec<OpeningTable>")]
    pub opening: Vec<Spanned<OpeningTable>>,
    /// The fluid.
    #[schemars(with = "BloodTable")]
    pub blood: Spanned<BloodTable>,
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
    /// Gates on the summary: a dotted key of summary.json in quotes, and the range it must lie in.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, GateTable>")]
    pub expect: BTreeMap<Spanned<String>, Spanned<GateTable>>,
}

/// The vessel's surface.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GeometryTable {
    /// Surface file (.obj, .stl, .vtp, .vtk), or a list of files that together are the vessel; relative to the case
    /// file, else to the folder named by the environment variable PERFUSE_DATA.
    #[schemars(with = "Paths")]
    pub surface: Spanned<Paths>,
    /// Length unit of the coordinates in the surface file: um, mm, cm or m.
    #[schemars(with = "LengthUnit")]
    pub unit: Spanned<LengthUnit>,
}

/// One end of the vessel: exactly one of `patch` and `near` says where, exactly one of `flow`, `velocity` and
/// `pressure` says what happens there.
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
    /// Velocity profile of a flow or velocity opening: parabolic (fully developed on the section's own shape; the
    /// default) or plug.
    #[serde(default)]
    #[schemars(with = "Profile")]
    pub profile: Option<Spanned<Profile>>,
    /// Flow extension beyond this end: "auto" (the default), or its length; "0 mm" for none.
    #[serde(default)]
    #[schemars(with = "Extension")]
    pub extension: Option<Spanned<Extension>>,
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

/// How fine the lattice is: exactly one of the two keys.
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
}

/// How long the run goes on.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TimeTable {
    /// "steady": until flows and pressure drops no longer change.
    #[serde(default)]
    #[schemars(with = "Until")]
    pub until: Until,
    /// Relative change below which the flow counts as steady, above 0 and at most 0.1.
    #[serde(default)]
    #[schemars(with = "f64")]
    pub tolerance: Option<Spanned<Finite>>,
    /// The run fails if it is not steady after this many steps.
    #[serde(default)]
    #[schemars(with = "Count")]
    pub max_steps: Option<Spanned<Count>>,
}

/// What is written.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OutputTable {
    /// Fields to write: pressure, velocity, wss, viscosity; all of them by default.
    #[serde(default)]
    #[schemars(with = "Vec<Field>")]
    pub fields: Option<Vec<Field>>,
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

fn opening_alternatives(schema: &mut Schema) {
    exactly_one(schema, "opening");
}

fn blood_alternatives(schema: &mut Schema) {
    exactly_one(schema, "blood");
}

fn resolution_alternatives(schema: &mut Schema) {
    exactly_one(schema, "resolution");
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
