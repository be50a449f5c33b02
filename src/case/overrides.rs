//! `--set key=value` laid over the parsed file.
//!
//! Each override becomes a TOML line behind the file's text, so that its values carry spans like any other and an error
//! in one points at the `--set`.

use std::borrow::Cow;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Diagnostic, Source};
use super::file::{ALTERNATIVES, RIVALS, SHORT_FORMS};
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
pub(super) fn lay_over<'a>(case: &mut DeTable<'a>, set: DeTable<'a>, source: &Source) -> Result<(), Vec<Diagnostic>> {
    for (key, value) in set {
        let name = key.get_ref().to_string();
        match value.get_ref() {
            DeValue::Table(_) if name == "opening" => change_openings(case, value, source)?,
            _ => set_key(case, key, value, source),
        }
    }
    Ok(())
}

/// Applies `opening.NAME.KEY` to the opening of that name.
fn change_openings<'a>(
    case: &mut DeTable<'a>,
    set: Spanned<DeValue<'a>>,
    source: &Source,
) -> Result<(), Vec<Diagnostic>> {
    let openings: &mut [_] = match case.get_mut("opening").map(Spanned::get_mut) {
        Some(DeValue::Array(openings)) => openings,
        _ => &mut [],
    };
    let DeValue::Table(by_name) = set.into_inner() else { return Ok(()) };
    for (wanted, change) in by_name {
        let found = openings.iter_mut().map(Spanned::get_mut).find(|opening| named(opening, wanted.get_ref()));
        match (found, change.get_ref()) {
            (Some(DeValue::Table(opening)), DeValue::Table(_)) => merge(opening, "opening", change, source),
            _ => return Err(vec![no_opening(&wanted, openings, source)]),
        }
    }
    Ok(())
}

/// Replaces the keys of a table; a key drops the alternatives that it excludes.
fn merge<'a>(into: &mut DeTable<'a>, table: &str, changes: Spanned<DeValue<'a>>, source: &Source) {
    let DeValue::Table(changes) = changes.into_inner() else { return };
    for (key, value) in changes {
        let name: &str = key.get_ref();
        // Dotted keys add to a value that is there, everything else is a value of its own.
        let dotted = value.get_ref().is_table() && !source.slice(&value.span()).starts_with('{');
        let groups = ALTERNATIVES.iter().chain(&RIVALS).filter(|(owner, keys)| *owner == table && keys.contains(&name));
        for other in groups.flat_map(|(_, keys)| keys.iter()).filter(|other| !dotted || **other != name) {
            into.remove(*other);
        }
        set_key(into, key, value, source);
    }
}

/// Sets one key: a table is laid over a table, anything else replaces what was there.
fn set_key<'a>(into: &mut DeTable<'a>, key: Spanned<Cow<'a, str>>, value: Spanned<DeValue<'a>>, source: &Source) {
    let name: &str = key.get_ref();
    if value.get_ref().is_table() {
        write_out(into, name);
    }
    match (into.get_mut(name).map(Spanned::get_mut), value.get_ref()) {
        (Some(DeValue::Table(table)), DeValue::Table(_)) => merge(table, name, value, source),
        _ => {
            into.remove(name);
            into.insert(key, value);
        }
    }
}

/// Turns the short form of a value into its table, so that keys can be added: `"beat.csv"` into `{ file = "beat.csv" }`.
fn write_out(into: &mut DeTable<'_>, name: &str) {
    let Some((_, key)) = SHORT_FORMS.iter().find(|(short, _)| *short == name) else { return };
    let Some((name, value)) = into.remove_entry(name) else { return };
    let span = value.span();
    let whole = match value.get_ref() {
        DeValue::Table(_) => value,
        _ => {
            let mut table = DeTable::new();
            table.insert(Spanned::new(span.clone(), Cow::Borrowed(*key)), value);
            Spanned::new(span, DeValue::Table(table))
        }
    };
    into.insert(name, whole);
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
