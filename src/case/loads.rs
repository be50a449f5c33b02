//! Lumped loads as a case names them: `windkessel`, `resistance`, `flow_fraction`, `coronary`.
//!
//! Each value is checked while it is read, so that a resistance of 0 is an error at its own place in the file.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, IntoDeserializer, MapAccess, Visitor};

use super::values::Finite;
use super::waveform::WaveformSpec;
use crate::units::{Compliance, MMHG, Pressure, Resistance};

/// Smallest and largest resistance, Pa s/m^3.
const RESISTANCES: [f64; 2] = [1.0, 1e18];
/// Smallest and largest compliance, m^3/Pa.
const COMPLIANCES: [f64; 2] = [1e-24, 1e-3];
/// Largest pressure behind a load, Pa: 400 mmHg.
const MOST_PRESSURE: f64 = 400.0 * MMHG;

/// A Windkessel: `"auto"`, or its three elements.
#[derive(Clone, Debug, PartialEq)]
pub enum WindkesselSpec {
    /// Tuned to the patient's blood pressure.
    Auto,
    /// As given.
    Given(ThreeElements),
}

/// The elements of a Windkessel; shown as in a case file.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThreeElements {
    /// Resistance next to the vessel, above 0.
    #[serde(deserialize_with = "resistance")]
    pub proximal: Resistance,
    /// Compliance behind it, above 0.
    #[serde(deserialize_with = "compliance")]
    pub compliance: Compliance,
    /// Resistance behind the compliance, above 0.
    #[serde(deserialize_with = "resistance")]
    pub distal: Resistance,
    /// Pressure behind that; 0 mmHg by default.
    #[serde(default = "no_pressure", deserialize_with = "pressure")]
    pub distal_pressure: Pressure,
}

/// A resistance with the pressure behind it; shown as in a case file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ResistanceSpec {
    /// The resistance, above 0.
    pub value: Resistance,
    /// Pressure behind it.
    pub distal_pressure: Pressure,
}

/// The table form of a resistance.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ResistanceTable {
    /// The resistance, above 0.
    #[serde(deserialize_with = "resistance")]
    value: Resistance,
    /// Pressure behind it; 0 mmHg by default.
    #[serde(default = "no_pressure", deserialize_with = "pressure")]
    distal_pressure: Pressure,
}

/// The part of the inflow that leaves through an outlet, above 0 and below 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlowFraction(pub f64);

/// A coronary bed, from the artery to the vein.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoronarySpec {
    /// Resistance of the arteries (Ra1), above 0.
    #[serde(deserialize_with = "resistance")]
    pub arterial: Resistance,
    /// Compliance of the arteries (Ca), above 0.
    #[serde(deserialize_with = "compliance")]
    pub arterial_compliance: Compliance,
    /// Resistance of the small vessels (Ra2), above 0.
    #[serde(deserialize_with = "resistance")]
    pub micro: Resistance,
    /// Compliance of the small vessels inside the heart muscle (Cim), above 0.
    #[serde(deserialize_with = "compliance")]
    pub micro_compliance: Compliance,
    /// Resistance of the veins (Rv1), above 0.
    #[serde(deserialize_with = "resistance")]
    pub venous: Resistance,
    /// Pressure of the heart muscle over a beat (Pim): a waveform file of `time [s], pressure [mmHg]`.
    pub intramyocardial: WaveformSpec,
    /// Pressure behind the veins (Pv); 0 mmHg by default.
    #[serde(default = "no_pressure", deserialize_with = "pressure")]
    pub venous_pressure: Pressure,
}

/// `{ proximal = "...", compliance = "...", distal = "..." }`, with six digits.
impl fmt::Display for ThreeElements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { proximal, compliance, distal, distal_pressure } = self;
        write!(f, "{{ proximal = \"{proximal}\", compliance = \"{compliance}\", distal = \"{distal}\"")?;
        if distal_pressure.si() != 0.0 {
            write!(f, ", distal_pressure = \"{distal_pressure}\"")?;
        }
        f.write_str(" }")
    }
}

/// `"..."`, or `{ value = "...", distal_pressure = "..." }` where there is a pressure.
impl fmt::Display for ResistanceSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { value, distal_pressure } = self;
        if distal_pressure.si() == 0.0 {
            return write!(f, "\"{value}\"");
        }
        write!(f, "{{ value = \"{value}\", distal_pressure = \"{distal_pressure}\" }}")
    }
}

/// Serde hands this to keys that are left out.
fn no_pressure() -> Pressure {
    Pressure::from_si(0.0)
}

/// A message about a value outside its range.
fn outside<E: de::Error>(value: impl fmt::Display, [least, most]: [impl fmt::Display; 2], remedy: &str) -> E {
    E::custom(format_args!("{value} is out of range, allowed is {least} to {most}; {remedy}"))
}

fn resistance<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Resistance, D::Error> {
    let value = Resistance::deserialize(deserializer)?;
    if (RESISTANCES[0]..=RESISTANCES[1]).contains(&value.si()) {
        return Ok(value);
    }
    let remedy = "a resistance is above 0: for an end that opens freely give pressure = \"...\" instead of a load";
    Err(outside(value, RESISTANCES.map(Resistance::from_si), remedy))
}

fn compliance<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Compliance, D::Error> {
    let value = Compliance::deserialize(deserializer)?;
    if (COMPLIANCES[0]..=COMPLIANCES[1]).contains(&value.si()) {
        return Ok(value);
    }
    let remedy = "a compliance is above 0: for a load without one give resistance = \"...\"";
    Err(outside(value, COMPLIANCES.map(Compliance::from_si), remedy))
}

fn pressure<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Pressure, D::Error> {
    let value = Pressure::deserialize(deserializer)?;
    if value.si().abs() <= MOST_PRESSURE {
        return Ok(value);
    }
    let remedy = "venous pressure is 0 to 20 mmHg; look at the unit";
    Err(outside(value, [-MOST_PRESSURE, MOST_PRESSURE].map(Pressure::from_si), remedy))
}

impl<'de> Deserialize<'de> for WindkesselSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AutoOrTable;
        impl<'de> Visitor<'de> for AutoOrTable {
            type Value = WindkesselSpec;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "\"auto\", or { proximal = \"0.1 mmHg s/ml\", compliance = \"1 ml/mmHg\", \
                     distal = \"1.5 mmHg s/ml\" }",
                )
            }
            fn visit_str<E: de::Error>(self, word: &str) -> Result<WindkesselSpec, E> {
                let wrong = || E::invalid_value(de::Unexpected::Str(word), &self);
                if word == "auto" { Ok(WindkesselSpec::Auto) } else { Err(wrong()) }
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WindkesselSpec, A::Error> {
                ThreeElements::deserialize(MapAccessDeserializer::new(map)).map(WindkesselSpec::Given)
            }
        }
        deserializer.deserialize_any(AutoOrTable)
    }
}

impl JsonSchema for WindkesselSpec {
    fn schema_name() -> Cow<'static, str> {
        "Windkessel".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<ThreeElements>();
        json_schema!({ "anyOf": [{ "const": "auto" }, table] })
    }
}

impl<'de> Deserialize<'de> for ResistanceSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValueOrTable;
        impl<'de> Visitor<'de> for ValueOrTable {
            type Value = ResistanceSpec;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a resistance with its unit, or { value = \"1.5 mmHg s/ml\", distal_pressure = \"5 mmHg\" }",
                )
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<ResistanceSpec, E> {
                let value = resistance(text.into_deserializer())?;
                Ok(ResistanceSpec { value, distal_pressure: no_pressure() })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ResistanceSpec, A::Error> {
                let table = ResistanceTable::deserialize(MapAccessDeserializer::new(map))?;
                Ok(ResistanceSpec { value: table.value, distal_pressure: table.distal_pressure })
            }
        }
        deserializer.deserialize_any(ValueOrTable)
    }
}

impl JsonSchema for ResistanceSpec {
    fn schema_name() -> Cow<'static, str> {
        "ResistanceLoad".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (value, table) = (generator.subschema_for::<Resistance>(), generator.subschema_for::<ResistanceTable>());
        json_schema!({ "anyOf": [value, table] })
    }
}

impl<'de> Deserialize<'de> for FlowFraction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Finite(fraction) = Finite::deserialize(deserializer)?;
        if fraction > 0.0 && fraction < 1.0 {
            return Ok(Self(fraction));
        }
        let remedy = "0.3 sends 30 % of the inflow through this outlet";
        Err(de::Error::custom(format_args!("{fraction} is out of range, allowed is above 0 and below 1; {remedy}")))
    }
}

impl JsonSchema for FlowFraction {
    fn schema_name() -> Cow<'static, str> {
        "FlowFraction".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, Deserialize, JsonSchema)]
    #[serde(default, deny_unknown_fields)]
    struct Loads {
        windkessel: Option<WindkesselSpec>,
        resistance: Option<ResistanceSpec>,
        flow_fraction: Option<FlowFraction>,
        coronary: Option<CoronarySpec>,
    }

    fn read(text: &str) -> Loads {
        toml::from_str(text).unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    #[test]
    fn loads_of_a_case() {
        assert_eq!(read("windkessel = \"auto\"").windkessel, Some(WindkesselSpec::Auto));
        let text =
            "windkessel = { proximal = \"0.1 mmHg s/ml\", compliance = \"1.2 ml/mmHg\", distal = \"1e8 Pa s/m^3\" }";
        let Some(WindkesselSpec::Given(given)) = read(text).windkessel else { panic!("{text}") };
        assert!((given.proximal.si() - 0.1e6 * MMHG).abs() < 1e-6 && given.distal.si() == 1e8);
        assert_eq!(given.distal_pressure.si(), 0.0);
        let resistance = read("resistance = \"2 mmHg s/ml\"").resistance;
        assert!(resistance.is_some_and(|r| (r.value.si() / (2e6 * MMHG) - 1.0).abs() < 1e-12));
        let resistance = read("resistance = { value = \"2 mmHg s/ml\", distal_pressure = \"1 kPa\" }").resistance;
        assert!(resistance.is_some_and(|r| (r.distal_pressure.si() - 1000.0).abs() < 1e-9));
        assert_eq!(read("flow_fraction = 0.3").flow_fraction, Some(FlowFraction(0.3)));
        let text = "[coronary]\narterial = \"40 mmHg s/ml\"\narterial_compliance = \"0.002 ml/mmHg\"\n\
                    micro = \"60 mmHg s/ml\"\nmicro_compliance = \"0.02 ml/mmHg\"\nvenous = \"20 mmHg s/ml\"\n\
                    intramyocardial = { file = \"pim.csv\", close = true }\nvenous_pressure = \"5 mmHg\"\n";
        let coronary = read(text).coronary;
        assert!(coronary.is_some_and(|bed| bed.intramyocardial.close && bed.venous_pressure.to_string() == "5 mmHg"));
    }

    #[test]
    fn what_is_printed_can_be_pasted_back() {
        for distal_pressure in [0.0, 700.0] {
            let elements = ThreeElements {
                proximal: Resistance::from_si(1.234567e7),
                compliance: Compliance::from_si(3.456789e-9),
                distal: Resistance::from_si(2.345678e8),
                distal_pressure: Pressure::from_si(distal_pressure),
            };
            let Some(WindkesselSpec::Given(back)) = read(&format!("windkessel = {elements}")).windkessel else {
                panic!("{elements}")
            };
            for (a, b) in [
                (back.proximal.si(), 1.234567e7),
                (back.compliance.si(), 3.456789e-9),
                (back.distal.si(), 2.345678e8),
                (back.distal_pressure.si(), distal_pressure),
            ] {
                assert!((a - b).abs() <= 1e-5 * b, "{elements}: {a} {b}");
            }
            let load = ResistanceSpec { value: elements.distal, distal_pressure: Pressure::from_si(distal_pressure) };
            let back = read(&format!("resistance = {load}")).resistance;
            assert!(back.is_some_and(|r| (r.value.si() / 2.345678e8 - 1.0).abs() < 1e-5), "{load}");
        }
    }

    #[test]
    fn what_is_out_of_range_is_pointed_at() {
        let table = |proximal: &str, compliance: &str, more: &str| {
            format!(
                "windkessel = {{ proximal = \"{proximal}\", compliance = \"{compliance}\", \
                 distal = \"1 mmHg s/ml\"{more} }}"
            )
        };
        for (text, expected, place) in [
            (table("0 mmHg s/ml", "1 ml/mmHg", ""), "0 mmHg s/ml is out of range", "\"0 mmHg s/ml\""),
            (table("-2 mmHg s/ml", "1 ml/mmHg", ""), "a resistance is above 0", "\"-2 mmHg s/ml\""),
            (table("1 mmHg s/ml", "0 ml/mmHg", ""), "a compliance is above 0", "\"0 ml/mmHg\""),
            (table("1 mmHg s/ml", "-1 ml/mmHg", ""), "-1 ml/mmHg is out of range", "\"-1 ml/mmHg\""),
            (table("1 mmHg", "1 ml/mmHg", ""), "`mmHg` is a unit of pressure, but a resistance", "\"1 mmHg\""),
            (
                table("1 mmHg s/ml", "1 ml/mmHg", ", distal_pressure = \"500 mmHg\""),
                "allowed is -400 mmHg to",
                "\"500 mmHg\"",
            ),
            (table("1 mmHg s/ml", "1 ml/mmHg", ", c = 1"), "unknown field `c`", "c"),
            ("windkessel = \"automatic\"".into(), "expected \"auto\", or { proximal =", "\"automatic\""),
            (
                "windkessel = { proximal = \"1 mmHg s/ml\" }".into(),
                "missing field `compliance`",
                "{ proximal = \"1 mmHg s/ml\" }",
            ),
            ("resistance = \"0 Pa s/m^3\"".into(), "a resistance is above 0", "\"0 Pa s/m^3\""),
            ("resistance = 3".into(), "a resistance with its unit", "3"),
            ("flow_fraction = 1.0".into(), "1 is out of range, allowed is above 0 and below 1", "1.0"),
            ("flow_fraction = -0.2".into(), "-0.2 is out of range", "-0.2"),
            ("flow_fraction = nan".into(), "a finite number", "nan"),
        ] {
            let error = toml::from_str::<Loads>(&text).err().unwrap_or_else(|| panic!("{text}"));
            assert!(error.message().contains(expected), "{text}: {error}");
            assert_eq!(error.span().map(|span| &text[span]), Some(place), "{text}: {error}");
        }
    }

    /// The schema takes both forms, and carries the elements' descriptions.
    #[test]
    fn the_schema_has_both_forms() {
        let schema = schemars::schema_for!(Loads).to_value();
        let text = schema.to_string();
        assert!(text.contains("\"const\":\"auto\"") && text.contains("Compliance behind it, above 0."), "{text}");
        let required = &schema["$defs"]["ThreeElements"]["required"];
        assert_eq!(*required, serde_json::json!(["proximal", "compliance", "distal"]), "{text}");
    }
}
