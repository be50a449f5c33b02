//! `--set key=value` laid over the parsed file.
//!
//! Each override becomes a TOML line behind the file's text, so that its values carry spans like any other and an error
//! in one points at the `--set`.

use std::borrow::Cow;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Diagnostic, Source};
use super::file::ALTERNATIVES;
use super::keys::suggestion;

/// The TOML line of `key=value`: the value as TOML if it is, else as a string.
pub(super) fn line(set: &str) -> Result<String, String> {
    let Some((key, value)) = set.split_once('=') else {
        return Err(format!("`--set {set}` has no `=`"));
    };
    let (key, value) = (key.trim(), value.trim());
    if DeTable::parse(&format!("{key} = 0")).map_or(true, |table| table.get_ref().len() != 1) {
        return Err(format!("`--set {set}`: `{key}` is not a dotted key"));
    }
    let value = match DeValue::parse(value) {
        Ok(_) => value.to_owned(),
        Err(_) => toml::Value::String(value.to_owned()).to_string(),
    };
    Ok(format!("{key} = {value}"))
}

/// Lays the table of one `--set` over the whole case.
pub(super) fn lay_over<'a>(case: &mut DeTable<'a>, set: DeTable<'a>, source: &Source) -> Result<(), Diagnostic> {
    for (key, value) in set {
        let name = key.get_ref().to_string();
        match value.get_ref() {
            DeValue::Table(_) if name == "opening" => change_openings(case, value, source)?,
            _ => set_key(case, key, value),
        }
    }
    Ok(())
}

/// Applies `opening.NAME.KEY` to the opening of that name.
fn change_openings<'a>(case: &mut DeTable<'a>, set: Spanned<DeValue<'a>>, source: &Source) -> Result<(), Diagnostic> {
    let openings: &mut [_] = match case.get_mut("opening").map(Spanned::get_mut) {
        Some(DeValue::Array(openings)) => openings,
        _ => &mut [],
    };
    let DeValue::Table(by_name) = set.into_inner() else { return Ok(()) };
    for (wanted, change) in by_name {
        let found = openings.iter_mut().map(Spanned::get_mut).find(|opening| named(opening, wanted.get_ref()));
        match (found, change.get_ref()) {
            (Some(DeValue::Table(opening)), DeValue::Table(_)) => merge(opening, "opening", change),
            _ => return Err(no_opening(&wanted, openings, source)),
        }
    }
    Ok(())
}

/// Replaces the keys of a table; a key drops the alternatives that it excludes.
fn merge<'a>(into: &mut DeTable<'a>, table: &str, changes: Spanned<DeValue<'a>>) {
    let DeValue::Table(changes) = changes.into_inner() else { return };
    for (key, value) in changes {
        let groups = ALTERNATIVES.iter().filter(|(name, keys)| *name == table && keys.contains(&&**key.get_ref()));
        for other in groups.flat_map(|(_, keys)| keys.iter()) {
            into.remove(*other);
        }
        set_key(into, key, value);
    }
}

/// Sets one key: a table is laid over a table, anything else replaces what was there.
fn set_key<'a>(into: &mut DeTable<'a>, key: Spanned<Cow<'a, str>>, value: Spanned<DeValue<'a>>) {
    let name: &str = key.get_ref();
    match (into.get_mut(name).map(Spanned::get_mut), value.get_ref()) {
        (Some(DeValue::Table(table)), DeValue::Table(_)) => merge(table, name, value),
        _ => {
            into.remove(name);
            into.insert(key, value);
        }
    }
}

fn named(opening: &DeValue<'_>, name: &str) -> bool {
    opening.get("name").is_some_and(|value| value.get_ref().as_str() == Some(name))
}

fn no_opening(wanted: &Spanned<Cow<'_, str>>, openings: &[Spanned<DeValue<'_>>], source: &Source) -> Diagnostic {
    let names: Vec<&str> = openings.iter().filter_map(|o| o.get_ref().get("name")?.get_ref().as_str()).collect();
    let name: &str = wanted.get_ref();
    let (message, label) = match suggestion(name, &names) {
        Some(same) if same == name => (format!("`opening.{name}` is a table"), "a key of it is missing".to_owned()),
        Some(similar) => (format!("no opening is named `{name}`"), format!("did you mean `{similar}`?")),
        None => (format!("no opening is named `{name}`"), String::new()),
    };
    let help = match names.as_slice() {
        [] => "the case file has no [[opening]] with a name".to_owned(),
        _ => format!("write opening.NAME.KEY=VALUE; the openings are {}", names.join(", ")),
    };
    source.diagnostic(&wanted.span(), message, label, Some(help))
}
