//! What a checkpoint belongs to: a run goes on only from a checkpoint of the same case, program and lattice.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::geometry::lattice::Lattice;
use crate::run::identity::hex;
use crate::run::inputs::{Input, digest};
use crate::run::plan::Plan;

/// Keys that may differ: they name files, whose content is compared instead; or only say when a run ends or what is made
/// of it.
const FREE: [&str; 8] =
    ["surface", "labels", "waveform", "file", "intramyocardial", "max_cycles", "max_steps", "checkpoint"];

/// Tables that may differ.
const FREE_TABLES: [&str; 2] = ["expect.", "title"];

/// What a checkpoint belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Version of the program.
    perfuse: String,
    /// Digests of the case's values by their keys.
    case: BTreeMap<String, String>,
    /// Digests of the case's files by the keys that name them.
    files: Vec<(String, String)>,
    /// Spacings, sites and tables of the lattices.
    spacings: Vec<String>,
    sites: usize,
    lattice: String,
}

impl Identity {
    /// Of a plan.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let free = |key: &str| {
            let last = key.rsplit('.').next().unwrap_or(key);
            FREE.contains(&last) || FREE_TABLES.iter().any(|table| key.starts_with(table))
        };
        let mut values = Vec::new();
        flat(&plan.case.document(), "", &mut values);
        values.retain(|(key, _)| !free(key));
        let file = |input: &Input| (input.key.clone(), input.sha256.clone().unwrap_or_default());
        Self {
            perfuse: env!("CARGO_PKG_VERSION").to_owned(),
            case: values.into_iter().map(|(key, text)| (key, digest(text.as_bytes())[..16].to_owned())).collect(),
            files: plan.inputs.all().map(file).collect(),
            spacings: plan.spacings.iter().map(|spacing| format!("{:.6}", spacing * 1e3)).collect(),
            sites: plan.lattice.sites,
            lattice: tables(&plan.lattice),
        }
    }

    /// How this one, of a checkpoint, differs from that of the present run, in words.
    #[must_use]
    pub fn difference(&self, now: &Self) -> Option<String> {
        if self.perfuse != now.perfuse {
            return Some(format!("it was written by perfuse {}, and this is perfuse {}", self.perfuse, now.perfuse));
        }
        let mut keys: Vec<&String> = self.case.keys().chain(now.case.keys()).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.retain(|key| self.case.get(*key) != now.case.get(*key));
        if !keys.is_empty() {
            let names: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
            return Some(format!("it is of another case: another {}", names.join(", ")));
        }
        if self.files != now.files {
            let known =
                |(k, file): (usize, &(String, String))| (self.files.get(k) != Some(file)).then(|| file.0.clone());
            let names: Vec<String> = now.files.iter().enumerate().filter_map(known).collect();
            let named =
                if names.is_empty() { "a file of the case".to_owned() } else { format!("`{}`", names.join("`, `")) };
            return Some(format!("the content of {named} has changed since"));
        }
        if self.spacings != now.spacings {
            let list = |spacings: &[String]| spacings.join(", ");
            let (was, is) = (list(&self.spacings), list(&now.spacings));
            return Some(format!(
                "its lattices have spacings of {was} mm, and those of this run {is} mm (--no-coarse?)"
            ));
        }
        (self != now)
            .then(|| format!("its lattice is another one, of {} sites; this run has {}", self.sites, now.sites))
    }
}

/// Every key of a case with the text of its value; tables of a list go by their names (`opening.inlet.flow`), else by their
/// number.
fn flat(value: &Value, key: &str, found: &mut Vec<(String, String)>) {
    let below = |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
    match value {
        Value::Object(table) => table.iter().for_each(|(name, inner)| flat(inner, &below(name), found)),
        Value::Array(list) if list.iter().any(Value::is_object) => list.iter().enumerate().for_each(|(k, inner)| {
            let name = inner["name"].as_str().map_or_else(|| k.to_string(), str::to_owned);
            flat(inner, &below(&name), found);
        }),
        other => found.push((key.to_owned(), other.to_string())),
    }
}

/// Digest of what a lattice is made of.
fn tables(lattice: &Lattice) -> String {
    let mut hash = Sha256::new();
    hash.update(lattice.grid.spacing.to_le_bytes());
    lattice.grid.origin.iter().for_each(|x| hash.update(x.to_le_bytes()));
    hash.update(bytemuck::cast_slice(&lattice.fluid));
    hash.update(bytemuck::cast_slice(lattice.wall_rows.as_flattened()));
    for link in &lattice.iolet_links {
        hash.update(link.site.to_le_bytes());
        hash.update(link.delta.to_le_bytes());
        hash.update([link.direction]);
    }
    hex(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn identity() -> Identity {
        Identity {
            perfuse: "1".into(),
            case: [("a.b".to_owned(), "0".to_owned())].into(),
            files: vec![("geometry.surface".into(), "f".into())],
            spacings: vec!["0.2".into()],
            sites: 7,
            lattice: "x".into(),
        }
    }

    #[test]
    fn keys_by_their_names() {
        let mut found = Vec::new();
        let case = json!({ "a": { "b": 1 }, "opening": [{ "name": "in", "flow": "3 ml/s" }], "list": [1, 2] });
        flat(&case, "", &mut found);
        let keys: Vec<&str> = found.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["a.b", "list", "opening.in.flow", "opening.in.name"]);
    }

    #[test]
    fn what_differs_is_named() {
        let now = identity();
        assert_eq!(identity().difference(&now), None);
        let other = |change: &dyn Fn(&mut Identity)| {
            let mut was = identity();
            change(&mut was);
            was.difference(&now).unwrap_or_default()
        };
        assert!(other(&|i| i.perfuse = "0".into()).contains("perfuse 0"));
        assert!(other(&|i| drop(i.case.insert("a.b".into(), "1".into()))).contains("`a.b`"));
        assert!(other(&|i| drop(i.case.insert("a.c".into(), "1".into()))).contains("`a.c`"));
        assert!(other(&|i| i.files[0].1 = "g".into()).contains("`geometry.surface` has changed"));
        assert!(other(&|i| i.spacings[0] = "0.4".into()).contains("0.4 mm"));
        assert!(other(&|i| (i.sites, i.lattice) = (9, "y".into())).contains("9 sites"));
    }
}
