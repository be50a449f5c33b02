//! The table of the wall as serde sees it, each value refusing what it is not by saying what it is.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{self, Deserialize, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde_json::json;
use toml::Spanned;

use super::{Instant, NodalField, Poisson, Support, Thickness, Wall, Young};
use crate::case::error::Span;
use crate::case::values::{Count, Finite};
use crate::units::{AreaStiffness, Dimension, Length, Modulus, Pressure, Time, unit_factor};

/// The table of the wall as serde sees it.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WallTable {
    /// Thickness: a length, above 0 mm and at most 20 mm; { of_radius = 0.1 }: a part of the local radius, 0.01 to 1; or
    /// { field = "thickness", unit = "cm" }: a nodal array of the surface file.
    #[schemars(with = "Thickness")]
    pub thickness: Spanned<Thickness>,
    /// Young's modulus, 1 kPa to 1 GPa (arteries have about 1 MPa); or { field = "Young_Mod", unit = "dyn/cm^2" }: a nodal
    /// array of the surface file.
    #[schemars(with = "Young")]
    pub young: Spanned<Young>,
    /// Poisson's ratio, 0 to below 0.5; 0.45 to 0.499 is nearly incompressible, as arteries are; or { field = "nu" }: a
    /// nodal array of the surface file.
    #[schemars(with = "Poisson")]
    pub poisson: Spanned<Poisson>,
    /// Edge of the wall's elements along the surface, 0.01 to 20 mm; chosen from the geometry by default.
    #[serde(default)]
    #[schemars(with = "Length")]
    pub spacing: Option<Spanned<Length>>,
    /// Elements through the thickness, 1 to 32; 2 by default.
    #[serde(default)]
    #[schemars(with = "Count")]
    pub layers: Option<Spanned<Count>>,
    /// What holds the wall at its ends: "radial" (moves along the radius from the end's centre only; the default),
    /// "sliding" (moves in the end's plane), "fixed", or { spring = "100 kPa/mm" }.
    #[serde(default)]
    #[schemars(with = "Support")]
    pub ends: Option<Spanned<Support>>,
    /// Stiffness of the tissue around the vessel, per area of the outer surface; none by default.
    #[serde(default)]
    #[schemars(with = "AreaStiffness")]
    pub outer_spring: Option<Spanned<AreaStiffness>>,
    /// Pressure in the vessel when it was imaged: the wall is loaded by what exceeds it; 0 mmHg by default.
    #[serde(default)]
    #[schemars(with = "Pressure")]
    pub reference_pressure: Option<Spanned<Pressure>>,
    /// Moments of a pulsating flow that load the wall: "mean", "systole", "diastole" (largest and least mean pressure over
    /// the openings), or times in the cycle such as "0.35 s"; ["systole", "diastole"] by default. A steady flow has one.
    #[serde(default)]
    #[schemars(with = "Instants")]
    pub loads: Option<Spanned<Instants>>,
    /// Whether the wall shear loads the wall besides the pressure; true by default.
    #[serde(default = "yes")]
    #[schemars(default, extend("default" = true))]
    pub shear: bool,
}

/// Serde hands this to a key that is left out.
fn yes() -> bool {
    true
}

impl WallTable {
    /// The wall of a case; `span` is that of the header.
    pub fn read(self, span: Span) -> Wall {
        Wall {
            thickness: self.thickness,
            young: self.young,
            poisson: self.poisson,
            spacing: self.spacing,
            layers: self.layers.map(|layers| Spanned::new(layers.span(), layers.into_inner().0)),
            ends: self.ends.unwrap_or_else(|| Spanned::new(span.clone(), Support::default())),
            outer_spring: self.outer_spring,
            reference_pressure: self.reference_pressure,
            loads: self.loads.map(|loads| Spanned::new(loads.span(), loads.into_inner().0)),
            shear: self.shear,
            span,
        }
    }
}

/// The table of a nodal array.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FieldTable {
    /// Name of the nodal array in the surface file.
    field: String,
    /// Unit of its numbers: files do not say.
    unit: String,
}

impl FieldTable {
    fn read<E: de::Error>(self, dimension: Dimension) -> Result<NodalField, E> {
        let si = unit_factor(&self.unit, dimension).map_err(E::custom)?;
        Ok(NodalField { name: self.field, unit: self.unit, si })
    }
}

/// The table forms of a thickness.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ThicknessTable {
    /// Part of the local radius of the lumen, 0.01 to 1.
    #[serde(default)]
    #[schemars(with = "f64")]
    of_radius: Option<Finite>,
    /// Name of a nodal array in the surface file, with its `unit`.
    #[serde(default)]
    #[schemars(with = "String")]
    field: Option<String>,
    /// Unit of the array's numbers: files do not say.
    #[serde(default)]
    #[schemars(with = "String")]
    unit: Option<String>,
}

/// How the forms of a thickness are written.
const THICKNESS: &str = "a length with its unit, { of_radius = 0.1 }, or { field = \"thickness\", unit = \"cm\" }";

impl<'de> Deserialize<'de> for Thickness {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;
        impl<'de> Visitor<'de> for Form {
            type Value = Thickness;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(THICKNESS)
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Thickness, E> {
                Length::deserialize(text.into_deserializer()).map(Thickness::Uniform)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Thickness, A::Error> {
                let table = ThicknessTable::deserialize(MapAccessDeserializer::new(map))?;
                match (table.of_radius, table.field, table.unit) {
                    (Some(part), None, None) => Ok(Thickness::OfRadius(part.0)),
                    (None, Some(field), Some(unit)) => {
                        FieldTable { field, unit }.read(Dimension::Length).map(Thickness::Field)
                    }
                    (None, Some(field), None) => Err(de::Error::custom(format_args!(
                        "the array `{field}` has no unit, and its file does not say: add unit = \"mm\""
                    ))),
                    _ => Err(de::Error::custom(format_args!("exactly one of the forms is needed: {THICKNESS}"))),
                }
            }
        }
        deserializer.deserialize_any(Form)
    }
}

impl JsonSchema for Thickness {
    fn schema_name() -> Cow<'static, str> {
        "Thickness".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let forms = (generator.subschema_for::<Length>(), generator.subschema_for::<ThicknessTable>());
        json_schema!({ "anyOf": [forms.0, forms.1] })
    }
}

impl<'de> Deserialize<'de> for Young {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;
        impl<'de> Visitor<'de> for Form {
            type Value = Young;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a modulus with its unit, or { field = \"Young_Mod\", unit = \"dyn/cm^2\" }")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Young, E> {
                Modulus::deserialize(text.into_deserializer()).map(Young::Uniform)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Young, A::Error> {
                let table = FieldTable::deserialize(MapAccessDeserializer::new(map))?;
                table.read(Dimension::Modulus).map(Young::Field)
            }
        }
        deserializer.deserialize_any(Form)
    }
}

impl JsonSchema for Young {
    fn schema_name() -> Cow<'static, str> {
        "YoungsModulus".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let forms = (generator.subschema_for::<Modulus>(), generator.subschema_for::<FieldTable>());
        json_schema!({ "anyOf": [forms.0, forms.1] })
    }
}

/// The table of a nodal array without a unit.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RatioTable {
    /// Name of the nodal array in the surface file.
    field: String,
}

impl<'de> Deserialize<'de> for Poisson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;
        impl<'de> Visitor<'de> for Form {
            type Value = Poisson;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or { field = \"nu\" }")
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Poisson, E> {
                Finite::deserialize(value.into_deserializer()).map(|ratio| Poisson::Uniform(ratio.0))
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Poisson, E> {
                Ok(Poisson::Uniform(value as f64))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Poisson, A::Error> {
                RatioTable::deserialize(MapAccessDeserializer::new(map)).map(|table| Poisson::Field(table.field))
            }
        }
        deserializer.deserialize_any(Form)
    }
}

impl JsonSchema for Poisson {
    fn schema_name() -> Cow<'static, str> {
        "PoissonsRatio".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let forms = (generator.subschema_for::<f64>(), generator.subschema_for::<RatioTable>());
        json_schema!({ "anyOf": [forms.0, forms.1] })
    }
}

/// The supports that are words.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum SupportWord {
    Radial,
    Sliding,
    Fixed,
}

/// The table form of a support.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SpringTable {
    /// Stiffness per area of the end's face, above 0.
    spring: AreaStiffness,
}

impl<'de> Deserialize<'de> for Support {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;
        impl<'de> Visitor<'de> for Form {
            type Value = Support;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"radial\", \"sliding\", \"fixed\", or { spring = \"100 kPa/mm\" }")
            }
            fn visit_str<E: de::Error>(self, word: &str) -> Result<Support, E> {
                Ok(match SupportWord::deserialize(StrDeserializer::new(word))? {
                    SupportWord::Radial => Support::Radial,
                    SupportWord::Sliding => Support::Sliding,
                    SupportWord::Fixed => Support::Fixed,
                })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Support, A::Error> {
                let table = SpringTable::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Support::Spring(table.spring))
            }
        }
        deserializer.deserialize_any(Form)
    }
}

impl JsonSchema for Support {
    fn schema_name() -> Cow<'static, str> {
        "Support".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let forms = (generator.subschema_for::<SupportWord>(), generator.subschema_for::<SpringTable>());
        json_schema!({ "anyOf": [forms.0, forms.1] })
    }
}

/// One moment, or a list of them.
pub struct Instants(pub Vec<Instant>);

impl<'de> Deserialize<'de> for Instants {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Instants;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"mean\", \"systole\", \"diastole\", a time such as \"0.35 s\", or a list of these")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Instants, E> {
                instant(text).map(|one| Instants(vec![one]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Instants, A::Error> {
                let mut instants = Vec::new();
                while let Some(text) = list.next_element::<String>()? {
                    instants.push(instant(&text)?);
                }
                Ok(Instants(instants))
            }
        }
        deserializer.deserialize_any(OneOrMany)
    }
}

fn instant<E: de::Error>(text: &str) -> Result<Instant, E> {
    Ok(match text {
        "mean" => Instant::Mean,
        "systole" => Instant::Systole,
        "diastole" => Instant::Diastole,
        other if other.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) => {
            Instant::At(Time::deserialize(other.into_deserializer())?)
        }
        other => {
            return Err(E::custom(format_args!(
                "`{other}` is not a moment: expected \"mean\", \"systole\", \"diastole\", or a time such as \"0.35 s\""
            )));
        }
    })
}

impl JsonSchema for Instants {
    fn schema_name() -> Cow<'static, str> {
        "Instants".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let one = json!({ "type": "string", "examples": ["mean", "systole", "diastole", "0.35 s"] });
        json_schema!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
    }
}
