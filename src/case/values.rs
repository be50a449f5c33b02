//! Single values of a case file: words, numbers and paths, each refusing what it is not by saying what it is.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{self, Deserializer, IntoDeserializer, SeqAccess, Unexpected, Visitor};
use serde_json::json;

use crate::units::{Length, MMHG, Pressure};

/// Length unit of a surface file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LengthUnit {
    /// Micrometre.
    Um,
    /// Millimetre.
    Mm,
    /// Centimetre.
    Cm,
    /// Metre.
    M,
}

impl LengthUnit {
    /// Length of one unit in metres.
    #[must_use]
    pub fn metres(self) -> f64 {
        match self {
            Self::Um => 1e-6,
            Self::Mm => 1e-3,
            Self::Cm => 1e-2,
            Self::M => 1.0,
        }
    }
}

impl fmt::Display for LengthUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Um => "um",
            Self::Mm => "mm",
            Self::Cm => "cm",
            Self::M => "m",
        })
    }
}

/// Velocity profile of an opening with a given flow or velocity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Fully developed flow on the section's own shape.
    #[default]
    Parabolic,
    /// The same velocity everywhere.
    Plug,
    /// Fully developed pulsating flow on the section's own shape, for a waveform.
    Womersley,
}

/// When a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Until {
    /// When flows and pressure drops no longer change.
    Steady,
    /// When one cycle is like the one before.
    Periodic,
}

/// What lumped loads start from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Start {
    /// The periodic solution of the loads alone.
    #[default]
    Periodic,
    /// Loads without pressure.
    Rest,
}

/// Bits that the numbers of a lattice are kept in between two steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Storage {
    /// 32.
    #[default]
    F32,
    /// 16.
    F16,
}

/// A blood pressure, systolic over diastolic, Pa.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BloodPressure {
    /// Systolic.
    pub systolic: Pressure,
    /// Diastolic.
    pub diastolic: Pressure,
}

impl<'de> Deserialize<'de> for BloodPressure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let wrong = || de::Error::custom(format_args!("`{text}` is not a blood pressure such as \"120/80 mmHg\""));
        let (systolic, rest) = text.split_once('/').ok_or_else(wrong)?;
        let unit = rest.trim_start().trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let read = |number: String| Pressure::deserialize(IntoDeserializer::<D::Error>::into_deserializer(number));
        let (systolic, diastolic) = (read(format!("{} {unit}", systolic.trim()))?, read(rest.trim().to_owned())?);
        let (low, high) = (Pressure::from_si(20.0 * MMHG), Pressure::from_si(300.0 * MMHG));
        if low <= diastolic && diastolic < systolic && systolic <= high {
            return Ok(Self { systolic, diastolic });
        }
        Err(de::Error::custom(format_args!(
            "`{text}` is out of range, allowed are {low} to {high}, the larger one first"
        )))
    }
}

impl JsonSchema for BloodPressure {
    fn schema_name() -> Cow<'static, str> {
        "BloodPressure".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^\\s*[0-9.]+\\s*/\\s*[0-9.]+\\s*[^0-9\\s].*$", "examples": ["120/80 mmHg"] })
    }
}

/// A result field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Field {
    /// Pressure, Pa, in the volume and on the surface.
    Pressure,
    /// Velocity, m/s, in the volume.
    Velocity,
    /// Wall shear stress, Pa, on the surface.
    Wss,
    /// Viscosity, Pa s, in the volume, where the blood has a rheology.
    Viscosity,
}

impl Field {
    /// All fields.
    pub const ALL: [Self; 4] = [Self::Pressure, Self::Velocity, Self::Wss, Self::Viscosity];
}

/// Flow extension of an opening.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Extension {
    /// As long as the opening's condition needs.
    #[default]
    Auto,
    /// Of this length; 0 for none.
    Fixed(Length),
}

impl<'de> Deserialize<'de> for Extension {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AutoOrLength;
        impl Visitor<'_> for AutoOrLength {
            type Value = Extension;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"auto\" or a length with its unit, such as \"20 mm\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Extension, E> {
                if text == "auto" {
                    return Ok(Extension::Auto);
                }
                Length::deserialize(text.into_deserializer()).map(Extension::Fixed)
            }
        }
        deserializer.deserialize_any(AutoOrLength)
    }
}

impl JsonSchema for Extension {
    fn schema_name() -> Cow<'static, str> {
        "Extension".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let length = generator.subschema_for::<Length>();
        json_schema!({ "anyOf": [{ "const": "auto" }, length] })
    }
}

/// One path or a list of paths.
pub(super) struct Paths(pub Vec<String>);

impl<'de> Deserialize<'de> for Paths {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Paths;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a file name, or a list of file names")
            }
            fn visit_str<E: de::Error>(self, path: &str) -> Result<Paths, E> {
                Ok(Paths(vec![path.to_owned()]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Paths, A::Error> {
                let mut paths = Vec::new();
                while let Some(path) = list.next_element::<String>()? {
                    paths.push(path);
                }
                Ok(Paths(paths))
            }
        }
        deserializer.deserialize_any(OneOrMany)
    }
}

impl JsonSchema for Paths {
    fn schema_name() -> Cow<'static, str> {
        "Paths".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let path = json!({ "type": "string" });
        json_schema!({ "anyOf": [path, { "type": "array", "items": path, "minItems": 1 }] })
    }
}

/// A number that is neither NaN nor infinite.
#[derive(Clone, Copy)]
pub(super) struct Finite(pub f64);

impl<'de> Deserialize<'de> for Finite {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Finite;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a finite number without a unit")
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Finite, E> {
                if number.is_finite() {
                    return Ok(Finite(number));
                }
                Err(E::invalid_value(Unexpected::Float(number), &self))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Finite, E> {
                Ok(Finite(number as f64))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Finite, E> {
                Ok(Finite(number as f64))
            }
        }
        deserializer.deserialize_any(Number)
    }
}

/// Exactly three finite numbers.
#[derive(Clone, Copy)]
pub(super) struct Point(pub [f64; 3]);

impl<'de> Deserialize<'de> for Point {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list = Vec::<Finite>::deserialize(deserializer)?;
        let numbers: Vec<f64> = list.iter().map(|number| number.0).collect();
        let length = numbers.len();
        let wrong = |_| de::Error::invalid_length(length, &"three numbers [x, y, z]");
        <[f64; 3]>::try_from(numbers).map(Self).map_err(wrong)
    }
}

/// A whole number, 1 or more.
#[derive(Clone, Copy)]
pub(super) struct Count(pub u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Whole;
        impl Visitor<'_> for Whole {
            type Value = Count;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, 1 or more")
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Count, E> {
                match u64::try_from(number) {
                    Ok(count) if count > 0 => Ok(Count(count)),
                    _ => Err(E::invalid_value(Unexpected::Signed(number), &self)),
                }
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Count, E> {
                if number > 0 { Ok(Count(number)) } else { Err(E::invalid_value(Unexpected::Unsigned(0), &self)) }
            }
        }
        deserializer.deserialize_any(Whole)
    }
}

impl JsonSchema for Count {
    fn schema_name() -> Cow<'static, str> {
        "Count".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1 })
    }
}
