//! The case as it is after all overrides, as plain data: what two texts of the same case have in common.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use toml::de::{DeTable, DeValue};

use super::error::Source;
use super::{Case, overrides};

impl Case {
    /// Every key of the case with the overrides laid over the file, as JSON: without comments, order of keys and
    /// spellings of numbers. Dates, which no key takes, become texts.
    #[must_use]
    pub fn document(&self) -> Value {
        let source = &self.source;
        // The case was built from these texts, so they parse; what would not is left out.
        let Ok(mut document) = DeTable::parse(source.file_text()) else { return Value::Null };
        let lines: Vec<String> = source.set_lines().collect();
        for line in &lines {
            if let Ok(set) = DeTable::parse(line) {
                let _ = overrides::lay_over(document.get_mut(), set.into_inner(), source);
            }
        }
        table(document.get_ref())
    }

    /// A file that the case names: beside the case file, else in the folder that the environment variable
    /// `PERFUSE_DATA` names, else among the vessels made for it.
    #[must_use]
    pub fn find_file(&self, file: &Path) -> Option<PathBuf> {
        let data = std::env::var_os("PERFUSE_DATA").map(PathBuf::from);
        self.places(file, data.as_deref()).into_iter().find(|place| place.is_file())
    }
}

impl Source {
    /// The overrides as TOML lines, each padded to its place in the text.
    fn set_lines(&self) -> impl Iterator<Item = String> {
        self.set_spans().map(|span| format!("{}{}", " ".repeat(span.start), self.slice(span)))
    }
}

fn table(table: &DeTable<'_>) -> Value {
    let pairs = table.iter().map(|(key, value)| (key.get_ref().to_string(), plain(value.get_ref())));
    Value::Object(pairs.collect::<Map<_, _>>())
}

fn plain(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Value::Null, Value::from)
        }
        DeValue::Float(number) => number.as_str().parse::<f64>().map_or(Value::Null, Value::from),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Datetime(value) => Value::String(value.to_string()),
        DeValue::Array(items) => items.iter().map(|item| plain(item.get_ref())).collect(),
        DeValue::Table(inner) => table(inner),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_order_and_overrides() {
        let text = "# a tube\n[geometry]\nunit = \"mm\"\nsurface = \"a.stl\"\n[[opening]]\nname = \"inlet\"\npatch = \"i\"\n\
                    flow = \"1 ml/s\"\n[blood]\ndensity = \"1 g/ml\"\nviscosity = \"4 cP\"\n[resolution]\nacross = 0x9\n";
        let other = "[resolution]\nacross = 12\n[blood]\nviscosity = \"4 cP\"\ndensity = \"1 g/ml\"\n[geometry]\n\
                     surface = \"a.stl\"\nunit = \"mm\"\n[[opening]]\nname = \"inlet\"\npatch = \"i\"\nflow = \"2 ml/s\"\n";
        let parse = |text: &str, sets: &[&str]| {
            let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
            Case::parse(Path::new("case.toml"), text, &sets).unwrap_or_else(|e| panic!("{e}")).document()
        };
        let a = parse(text, &["opening.inlet.flow=2 ml/s", "resolution.across=12"]);
        assert_eq!(a, parse(other, &[]));
        assert_eq!(a["opening"][0]["flow"], "2 ml/s");
        assert_eq!(parse(text, &[])["resolution"]["across"], 9);
    }
}
