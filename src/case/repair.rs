//! `[geometry] repair`: whether a surface with flaws is mended, and how far that may go.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use crate::units::Length;

/// Whether surfaces are mended: `true`, `false`, or the limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Repair {
    /// Not at all: what is wrong is told and refused.
    Off,
    /// Within these limits, or the usual ones.
    Within(RepairLimits),
}

impl Default for Repair {
    fn default() -> Self {
        Self::Within(RepairLimits::default())
    }
}

/// How far a repair may go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepairLimits {
    /// Largest change of the enclosed volume by all repairs together, such as "1 %" (the default).
    #[serde(default)]
    #[schemars(with = "String")]
    pub max_volume_change: Option<Percent>,
    /// Largest equivalent diameter of a hole that is filled, such as "1 mm" (the default).
    #[serde(default, deserialize_with = "hole")]
    #[schemars(with = "Length")]
    pub max_hole: Option<Length>,
}

/// A part of a whole, written in percent; above 0 and at most 20 %.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Percent(pub f64);

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let number = text.trim().strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
        let Some(percent) = number else {
            return Err(de::Error::custom(format_args!("`{text}` is not a part in percent such as \"1 %\"")));
        };
        if percent > 0.0 && percent <= 20.0 {
            return Ok(Self(percent / 100.0));
        }
        Err(de::Error::custom(format_args!("`{text}` is out of range, allowed is above 0 % up to 20 %")))
    }
}

fn hole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Length>, D::Error> {
    let length = Length::deserialize(deserializer)?;
    if length.si() > 0.0 && length.si() <= 20e-3 {
        return Ok(Some(length));
    }
    Err(de::Error::custom(format_args!("`{length}` is out of range, allowed is above 0 mm up to 20 mm")))
}

impl<'de> Deserialize<'de> for Repair {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SwitchOrLimits;
        impl<'de> Visitor<'de> for SwitchOrLimits {
            type Value = Repair;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false, or { max_volume_change = \"1 %\", max_hole = \"1 mm\" }")
            }
            fn visit_bool<E: de::Error>(self, on: bool) -> Result<Repair, E> {
                Ok(if on { Repair::default() } else { Repair::Off })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Repair, A::Error> {
                RepairLimits::deserialize(MapAccessDeserializer::new(map)).map(Repair::Within)
            }
        }
        deserializer.deserialize_any(SwitchOrLimits)
    }
}

impl JsonSchema for Repair {
    fn schema_name() -> Cow<'static, str> {
        "Repair".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "boolean" }, generator.subschema_for::<RepairLimits>()] })
    }
}
