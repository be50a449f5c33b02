//! The blood's law of viscosity in the case file: a viscosity, the name of a preset, or a law with its numbers.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{self, Deserializer, MapAccess, Visitor};
use toml::Spanned;

use super::build::exactly_one;
use super::error::{Diagnostic, Source, Span};
use super::file::BloodTable;
use crate::units::{Pressure, Time, Viscosity};

/// How the blood's viscosity is given.
#[derive(Clone, Debug)]
pub enum Rheology {
    /// The same at every shear rate.
    Newtonian(Spanned<Viscosity>),
    /// A law with published numbers of human blood.
    Preset(Spanned<Preset>),
    /// The law of Carreau and Yasuda.
    CarreauYasuda(Spanned<CarreauYasuda>),
    /// Casson's law.
    Casson(Spanned<Casson>),
    /// A power law.
    PowerLaw(Spanned<PowerLaw>),
    /// Quemada's law.
    Quemada(Spanned<Quemada>),
}

impl Rheology {
    /// Where the case says so.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Newtonian(value) => value.span(),
            Self::Preset(value) => value.span(),
            Self::CarreauYasuda(value) => value.span(),
            Self::Casson(value) => value.span(),
            Self::PowerLaw(value) => value.span(),
            Self::Quemada(value) => value.span(),
        }
    }

    /// From the table of the blood, which has exactly one of the alternatives.
    pub(super) fn read(header: &Span, table: &BloodTable, source: &Source) -> Result<Self, Vec<Diagnostic>> {
        let viscosity = table.viscosity.clone().map(|value| (value.span(), Ok(Self::Newtonian(value))));
        let rheology = table.rheology.as_ref().map(|value| (value.span(), value.get_ref().read(&value.span(), source)));
        exactly_one(
            [("viscosity", viscosity), ("rheology", rheology)],
            ("[blood]", "viscosity", "viscosity = \"3.5 mPa s\", rheology = \"carreau-yasuda\""),
            (header, source),
        )?
    }
}

/// A law with published numbers of human blood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Cho and Kensey 1991.
    CarreauYasuda,
    /// Fung 1993.
    Casson,
    /// Shibeshi and Collins 2005.
    PowerLaw,
    /// Cokelet 1987, at a haematocrit of 0.45.
    Quemada,
}

/// Viscosity between two limits: infinite_shear + (zero_shear - infinite_shear) (1 + (time g)^transition)^((exponent - 1) /
/// transition) at the shear rate g.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CarreauYasuda {
    /// Viscosity at rest, at most 1000 mPa s.
    #[schemars(with = "Viscosity")]
    pub zero_shear: Spanned<Viscosity>,
    /// Viscosity at high shear rates, 0.1 mPa s or more, not above the one at rest.
    #[schemars(with = "Viscosity")]
    pub infinite_shear: Spanned<Viscosity>,
    /// Inverse of the shear rate at which the viscosity begins to fall, 0.001 to 1000 s.
    #[schemars(with = "Time")]
    pub time: Spanned<Time>,
    /// Exponent of the stress over the shear rate in between, 0.05 to 1.
    #[schemars(with = "f64")]
    pub exponent: Spanned<f64>,
    /// Sharpness of the transition, 0.1 to 10; 2 is Carreau's law.
    #[schemars(with = "f64")]
    pub transition: Spanned<f64>,
}

/// Casson's law: the root of the stress is that of the yield stress and that of viscosity times shear rate together.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Casson {
    /// Yield stress, 0 to 1 Pa; blood has about 5 mPa.
    #[schemars(with = "Pressure")]
    pub yield_stress: Spanned<Pressure>,
    /// Viscosity at high shear rates, 0.1 to 100 mPa s.
    #[schemars(with = "Viscosity")]
    pub viscosity: Spanned<Viscosity>,
    /// Below the inverse of this time the viscosity grows no more, 0.1 to 10000 s; 100 s by default.
    #[serde(default)]
    #[schemars(with = "Time")]
    pub regularisation: Option<Spanned<Time>>,
}

/// Viscosity consistency g^(exponent - 1) at the shear rate g in 1/s, between two limits.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PowerLaw {
    /// Viscosity at a shear rate of 1/s, 0.1 to 1000 mPa s.
    #[schemars(with = "Viscosity")]
    pub consistency: Spanned<Viscosity>,
    /// Exponent of the stress over the shear rate, 0.05 to 1.
    #[schemars(with = "f64")]
    pub exponent: Spanned<f64>,
    /// Smallest viscosity, 0.1 mPa s or more.
    #[schemars(with = "Viscosity")]
    pub least: Spanned<Viscosity>,
    /// Largest viscosity, at most 1000 mPa s.
    #[schemars(with = "Viscosity")]
    pub most: Spanned<Viscosity>,
}

/// Quemada's law of a suspension of red cells, with Cokelet's coefficients.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quemada {
    /// Fraction of the volume that is red cells, 0.2 to 0.6.
    #[schemars(with = "f64")]
    pub haematocrit: Spanned<f64>,
    /// Viscosity of the plasma, 0.5 to 5 mPa s; about 1.2 at 37 degrees Celsius.
    #[schemars(with = "Viscosity")]
    pub plasma_viscosity: Spanned<Viscosity>,
}

/// One law with its numbers: exactly one of the keys.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Laws {
    /// The law of Carreau and Yasuda.
    #[serde(default)]
    #[schemars(with = "CarreauYasuda")]
    carreau_yasuda: Option<Spanned<CarreauYasuda>>,
    /// Casson's law.
    #[serde(default)]
    #[schemars(with = "Casson")]
    casson: Option<Spanned<Casson>>,
    /// A power law.
    #[serde(default)]
    #[schemars(with = "PowerLaw")]
    power_law: Option<Spanned<PowerLaw>>,
    /// Quemada's law.
    #[serde(default)]
    #[schemars(with = "Quemada")]
    quemada: Option<Spanned<Quemada>>,
}

/// The name of a preset, or a law.
#[derive(Clone)]
pub(super) enum Value {
    Preset(Preset),
    Laws(Box<Laws>),
}

impl Value {
    fn read(&self, span: &Span, source: &Source) -> Result<Rheology, Vec<Diagnostic>> {
        let laws = match self {
            Self::Preset(preset) => return Ok(Rheology::Preset(Spanned::new(span.clone(), *preset))),
            Self::Laws(laws) => laws.as_ref().clone(),
        };
        exactly_one(
            [
                ("carreau-yasuda", laws.carreau_yasuda.map(|law| (law.span(), Rheology::CarreauYasuda(law)))),
                ("casson", laws.casson.map(|law| (law.span(), Rheology::Casson(law)))),
                ("power-law", laws.power_law.map(|law| (law.span(), Rheology::PowerLaw(law)))),
                ("quemada", laws.quemada.map(|law| (law.span(), Rheology::Quemada(law)))),
            ],
            (
                "`blood.rheology`",
                "law",
                "carreau-yasuda = { ... }, casson = { ... }, power-law = { ... }, quemada = { ... }",
            ),
            (span, source),
        )
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrLaw;
        impl<'de> Visitor<'de> for NameOrLaw {
            type Value = Value;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a law, such as \"carreau-yasuda\", or a law with its numbers")
            }
            fn visit_str<E: de::Error>(self, name: &str) -> Result<Value, E> {
                Preset::deserialize(StrDeserializer::new(name)).map(Value::Preset)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
                Laws::deserialize(MapAccessDeserializer::new(map)).map(|laws| Value::Laws(Box::new(laws)))
            }
        }
        deserializer.deserialize_any(NameOrLaw)
    }
}

impl JsonSchema for Value {
    fn schema_name() -> Cow<'static, str> {
        "Rheology".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (preset, laws) = (generator.subschema_for::<Preset>(), generator.subschema_for::<Laws>());
        json_schema!({ "anyOf": [preset, laws] })
    }
}
