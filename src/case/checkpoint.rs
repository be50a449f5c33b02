//! How often a run keeps a checkpoint; a time step of the user's own.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{self, Deserializer, IntoDeserializer, Visitor};

use super::Case;
use super::error::Diagnostic;
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

/// Shortest and longest time step, s.
const STEPS: [f64; 2] = [1e-9, 1e-2];

impl Case {
    /// A time step of the user's own.
    pub(super) fn check_step(&self, found: &mut Vec<Diagnostic>) {
        let Some(step) = &self.time.step else { return };
        let [least, most] = STEPS;
        if !(least..=most).contains(&step.get_ref().si()) {
            let help = "leave it out: the run chooses one from the velocity";
            found.push(self.outside(step.span(), "time.step", step.get_ref(), "0.001 us to 10 ms", help));
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const TEXT: &str = "[geometry]\nsurface = \"a.stl\"\nunit = \"mm\"\n[[opening]]\nname = \"in\"\npatch = \"i\"\n\
                        flow = \"3 ml/s\"\n[blood]\ndensity = \"1 g/ml\"\nviscosity = \"4 cP\"\n[resolution]\nacross = 9\n";

    fn case(more: &str) -> Case {
        Case::parse(Path::new("a.toml"), &format!("{TEXT}{more}"), &[]).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn off_or_a_time() {
        let of = |more: &str| case(more).output.checkpoint.map(|c| c.get_ref().seconds());
        assert_eq!(of(""), None);
        assert_eq!(of("[output]\ncheckpoint = \"off\"\n"), Some(None));
        assert_eq!(of("[output]\ncheckpoint = \"2 min\"\n"), Some(Some(120.0)));
    }
}
