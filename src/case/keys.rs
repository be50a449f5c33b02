//! Unknown and missing keys, and words that are not among the choices, all at once and with suggestions; by walking the
//! parsed file along the JSON schema.

use std::borrow::Cow;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Diagnostic, Source, Span};

/// Keys and words of the documented case file that this version cannot compute yet.
const LATER: [&str; 1] = ["labels"];

/// Everything wrong with the keys and words of a case.
pub(crate) fn check(case: &DeTable<'_>, schema: &Value, source: &Source) -> Vec<Diagnostic> {
    let mut walk = Walk { root: schema, source, found: Vec::new() };
    walk.table(case, &(0..0), "", schema);
    walk.found
}

/// The most similar of the known words, if one is similar.
#[must_use]
pub fn suggestion<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let likeness = |k: &&str| strsim::jaro_winkler(&word.to_lowercase(), &k.to_lowercase());
    let best = known.iter().copied().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(&best) > 0.8).then_some(best)
}

/// Dotted key and description of the value that covers a place; an opening goes by its name: `opening.inlet.flow`.
pub(super) fn explain(table: &DeTable<'_>, schema: &Value, at: usize) -> Option<(String, String)> {
    table.iter().find_map(|(key, value)| {
        let schema = &schema["properties"][key.get_ref().as_ref()];
        let found = explain_value(value, schema, at)?;
        Some((format!("{}{}", key.get_ref(), found.0), found.1))
    })
}

fn explain_value(value: &Spanned<DeValue<'_>>, schema: &Value, at: usize) -> Option<(String, String)> {
    let schema = branch(schema, value.get_ref());
    match value.get_ref() {
        DeValue::Table(table) => explain(table, schema, at).map(|(path, help)| (format!(".{path}"), help)),
        DeValue::Array(items) if items.iter().any(|item| item.get_ref().is_table()) => items.iter().find_map(|item| {
            let (path, help) = explain_value(item, &schema["items"], at)?;
            let name = item.get_ref().get("name").and_then(|name| name.get_ref().as_str());
            Some((name.map_or_else(|| path.clone(), |name| format!(".{name}{path}")), help))
        }),
        _ => {
            let help = schema["description"].as_str().unwrap_or("").replace('\n', " ");
            value.span().contains(&at).then_some((String::new(), help))
        }
    }
}

struct Walk<'s> {
    root: &'s Value,
    source: &'s Source,
    found: Vec<Diagnostic>,
}

impl Walk<'_> {
    /// One table; `header` is where to point when a key is missing.
    fn table(&mut self, table: &DeTable<'_>, header: &Span, path: &str, schema: &Value) {
        for (key, value) in table {
            let known = schema["properties"].get(key.get_ref().as_ref());
            let free = schema.get("additionalProperties").filter(|inner| **inner != Value::Bool(false));
            match known.or(free) {
                Some(inner) => self.value(key, value, path, inner),
                None => self.unknown(key, value.get_ref().is_table(), path, schema),
            }
        }
        for key in strings(&schema["required"]).filter(|key| !table.contains_key(*key)) {
            let inner = &schema["properties"][key];
            let (message, help) = if inner["type"] == "object" {
                let keys: Vec<&str> = names(inner).collect();
                (format!("the case has no [{key}]"), format!("add [{key}] with {}", keys.join(", ")))
            } else {
                let description = inner["description"].as_str().unwrap_or("needed").replace('\n', " ");
                (format!("{} has no `{key}`", title(path)), format!("`{key}`: {description}"))
            };
            self.push(header, message, "missing here".into(), help);
        }
    }

    fn value(&mut self, key: &Spanned<Cow<'_, str>>, value: &Spanned<DeValue<'_>>, path: &str, schema: &Value) {
        let path = if path.is_empty() { key.get_ref().to_string() } else { format!("{path}.{}", key.get_ref()) };
        let schema = branch(schema, value.get_ref());
        match value.get_ref() {
            DeValue::Table(table) if schema["type"] == "object" => self.table(table, &key.span(), &path, schema),
            DeValue::Array(items) => {
                for item in items.iter() {
                    match item.get_ref() {
                        DeValue::Table(table) => self.table(table, &item.span(), &path, &schema["items"]),
                        DeValue::String(word) => self.word(word, &item.span(), &path, &schema["items"]),
                        _ => {}
                    }
                }
            }
            DeValue::String(word) => self.word(word, &value.span(), &path, schema),
            _ => {}
        }
    }

    fn unknown(&mut self, key: &Spanned<Cow<'_, str>>, is_table: bool, path: &str, schema: &Value) {
        let word: &str = key.get_ref();
        let known: Vec<&str> = names(schema).collect();
        if LATER.contains(&word) {
            return self.later(&key.span(), word, &known);
        }
        let message = match path {
            "" => format!("unknown key `{word}`"),
            _ => format!("unknown key `{word}` in {}", title(path)),
        };
        let label = match (suggestion(word, &known), self.home_of(word)) {
            (Some(similar), _) => format!("did you mean `{similar}`?"),
            (None, Some(table)) => format!("`{word}` belongs into {}", title(table)),
            (None, None) => {
                let file = self.root["title"].as_str().unwrap_or_default();
                format!("not a key of the {}", file.trim_start_matches("Perfuse "))
            }
        };
        let help = match path.strip_prefix("expect.").filter(|_| is_table) {
            Some(gate) => format!("put the whole dotted key in quotes: \"{gate}.{word}\" = {{ max = ... }}"),
            None => format!("keys here: {}", known.join(", ")),
        };
        self.push(&key.span(), message, label, help);
    }

    /// The table that has this key.
    fn home_of(&self, word: &str) -> Option<&str> {
        let tables = self.root["properties"].as_object()?;
        let has =
            |schema: &Value| !schema["properties"][word].is_null() || !schema["items"]["properties"][word].is_null();
        tables.iter().find(|(_, schema)| has(schema)).map(|(name, _)| name.as_str())
    }

    /// A word where the schema lists the words that are allowed.
    fn word(&mut self, word: &str, span: &Span, path: &str, schema: &Value) {
        let Some(allowed) = choices(schema) else { return };
        if allowed.contains(&word) {
            return;
        }
        if LATER.contains(&word) {
            return self.later(span, word, &allowed);
        }
        let label = suggestion(word, &allowed).map_or_else(|| "not known".into(), |s| format!("did you mean `{s}`?"));
        let message = format!("`{path}` cannot be `{word}`");
        self.push(span, message, label, format!("one of: {}", allowed.join(", ")));
    }

    fn later(&mut self, span: &Span, word: &str, known: &[&str]) {
        let message = format!("`{word}` is not supported yet in this version");
        self.push(span, message, "not supported yet".into(), format!("supported here: {}", known.join(", ")));
    }

    fn push(&mut self, span: &Span, message: String, label: String, help: String) {
        self.found.push(self.source.diagnostic(span, message, label, Some(help)));
    }
}

/// The alternative of a schema that a value means: the one of a table, or the first other one.
fn branch<'s>(schema: &'s Value, value: &DeValue<'_>) -> &'s Value {
    let means = |branch: &&Value| (branch["type"] == "object") == value.is_table();
    schema["anyOf"].as_array().and_then(|branches| branches.iter().find(means)).unwrap_or(schema)
}

/// Names of a table's keys.
fn names(schema: &Value) -> impl Iterator<Item = &str> {
    schema["properties"].as_object().into_iter().flatten().map(|(key, _)| key.as_str())
}

fn strings(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// The words that a schema allows, if it allows only words.
fn choices(schema: &Value) -> Option<Vec<&str>> {
    if let Some(branches) = schema["oneOf"].as_array() {
        return branches.iter().map(|branch| branch["const"].as_str()).collect();
    }
    let words: Vec<_> = strings(&schema["enum"]).collect();
    (!words.is_empty()).then_some(words)
}

/// A table as it is written in the file.
fn title(path: &str) -> String {
    if matches!(path, "opening" | "vary") { format!("[[{path}]]") } else { format!("[{path}]") }
}
