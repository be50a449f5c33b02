//! How often a run keeps a checkpoint, and which keys of the case it belongs to.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{self, Deserializer, IntoDeserializer, Visitor};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Diagnostic, Source};
use super::Case;
use crate::units::Time;

/// Time between two checkpoints unless the case says otherwise, s: what a run may lose. One takes seconds at most.
pub const USUAL_CHECKPOINT: f64 = 600.0;

/// Shortest and longest time between two checkpoints, s.
const RANGE: [f64; 2] = [1e-3, 86_400.0];

/// Whether and how often a run keeps a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Checkpoint {
    /// Never.
    Off,
    /// Whenever this time has passed, and where the run is stopped.
    Every(Time),
}

impl Checkpoint {
    /// Seconds between two checkpoints; none for none.
    #[must_use]
    pub fn seconds(self) -> Option<f64> {
        match self {
            Self::Off => None,
            Self::Every(time) => Some(time.si()),
        }
    }
}

impl<'de> Deserialize<'de> for Checkpoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OffOrTime;
        impl Visitor<'_> for OffOrTime {
            type Value = Checkpoint;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"off\" or a time with its unit, such as \"10 min\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Checkpoint, E> {
                if text == "off" {
                    return Ok(Checkpoint::Off);
                }
                Time::deserialize(text.into_deserializer()).map(Checkpoint::Every)
            }
        }
        deserializer.deserialize_any(OffOrTime)
    }
}

impl JsonSchema for Checkpoint {
    fn schema_name() -> Cow<'static, str> {
        "Checkpoint".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let time = generator.subschema_for::<Time>();
        json_schema!({ "anyOf": [{ "const": "off" }, time] })
    }
}

impl Case {
    pub(super) fn check_checkpoint(&self, found: &mut Vec<Diagnostic>) {
        let Some(checkpoint) = &self.output.checkpoint else { return };
        let [least, most] = RANGE;
        if checkpoint.get_ref().seconds().is_some_and(|every| !(least..=most).contains(&every)) {
            let help = "\"10 min\" is usual; \"off\" keeps none";
            let shown = self.source.slice(&checkpoint.span()).to_owned();
            found.push(self.outside(checkpoint.span(), "output.checkpoint", &shown, "1 ms to 1440 min", help));
        }
    }
}

/// Every key of a case after its overrides, with the text of its value; tables of a list go by their names
/// (`opening.inlet.flow`), else by their number.
pub(super) fn flat(table: &DeTable<'_>, source: &Source) -> Vec<(String, String)> {
    let mut found = Vec::new();
    walk(table, "", source, &mut found);
    found.sort();
    found
}

fn walk(table: &DeTable<'_>, prefix: &str, source: &Source, found: &mut Vec<(String, String)>) {
    for (key, value) in table {
        let key = format!("{prefix}{}", key.get_ref());
        match value.get_ref() {
            DeValue::Table(inner) => walk(inner, &format!("{key}."), source, found),
            DeValue::Array(list) if list.iter().any(|item| item.get_ref().is_table()) => {
                for (n, item) in list.iter().enumerate() {
                    let DeValue::Table(inner) = item.get_ref() else { continue };
                    let name = inner.get("name").and_then(|name| name.get_ref().as_str());
                    let name = name.map_or_else(|| n.to_string(), str::to_owned);
                    walk(inner, &format!("{key}.{name}."), source, found);
                }
            }
            _ => found.push((key, text(value, source))),
        }
    }
}

/// The text of a value, without what only lays it out.
fn text(value: &Spanned<DeValue<'_>>, source: &Source) -> String {
    match value.get_ref().as_str() {
        Some(text) => text.to_owned(),
        None => source.slice(&value.span()).split_whitespace().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const TEXT: &str = "[geometry]\nsurface = \"a.stl\"\nunit = \"mm\"\n[[opening]]\nname = \"in\"\npatch = \"i\"\n\
                        flow = \"3 ml/s\"\n[blood]\ndensity = \"1 g/ml\"\nviscosity = \"4 cP\"\n[resolution]\nacross = 9\n";

    fn case(more: &str, sets: &[&str]) -> Case {
        let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
        Case::parse(Path::new("a.toml"), &format!("{TEXT}{more}"), &sets).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn off_or_a_time() {
        let of = |more: &str| case(more, &[]).output.checkpoint.map(|c| c.get_ref().seconds());
        assert_eq!(of(""), None);
        assert_eq!(of("[output]\ncheckpoint = \"off\"\n"), Some(None));
        assert_eq!(of("[output]\ncheckpoint = \"2 min\"\n"), Some(Some(120.0)));
    }

    #[test]
    fn keys_as_they_are_after_the_overrides() {
        let keys = case("", &["opening.in.flow=\"4 ml/s\"", "resolution.across=32"]).keys;
        let of = |key: &str| keys.iter().find(|(known, _)| known == key).map(|(_, text)| text.as_str());
        assert_eq!((of("opening.in.flow"), of("resolution.across")), (Some("4 ml/s"), Some("32")));
        assert_eq!((of("blood.density"), keys.len()), (Some("1 g/ml"), 8));
    }
}
