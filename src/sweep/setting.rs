//! Values that a key is given: numbers, numbers with a unit, and whatever else a case file takes.

use std::fmt;

/// A value of a key of the case file.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// A whole number.
    Whole(i64),
    /// A number without a unit.
    Number(f64),
    /// A number with a unit.
    Quantity(f64, String),
    /// A word.
    Word(String),
    /// Another TOML value, as it is written.
    Other(String),
}

impl Setting {
    /// Of a TOML value.
    #[must_use]
    pub fn of(value: &toml::Value) -> Self {
        match value {
            toml::Value::Integer(number) => Self::Whole(*number),
            toml::Value::Float(number) => Self::Number(*number),
            toml::Value::String(text) => Self::read(text),
            other => Self::Other(other.to_string()),
        }
    }

    /// Of a text: a number with a unit, or a word.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let words: Vec<&str> = text.split_whitespace().collect();
        if let [number, unit @ ..] = words.as_slice()
            && !unit.is_empty()
            && let Ok(number) = number.parse::<f64>()
            && number.is_finite()
        {
            return Self::Quantity(number, unit.join(" "));
        }
        Self::Word(text.to_owned())
    }

    /// Of a cell of a table, where numbers stand without quotes.
    #[must_use]
    pub fn cell(text: &str) -> Self {
        let text = text.trim();
        match (text.parse::<i64>(), text.parse::<f64>(), text.parse::<bool>()) {
            (Ok(whole), _, _) => Self::Whole(whole),
            (_, Ok(number), _) if number.is_finite() => Self::Number(number),
            (_, _, Ok(flag)) => Self::Other(flag.to_string()),
            _ => Self::read(text),
        }
    }

    /// The number, where it is one.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Whole(number) => Some(*number as f64),
            Self::Number(number) | Self::Quantity(number, _) => Some(*number),
            Self::Word(_) | Self::Other(_) => None,
        }
    }

    /// The unit; empty without one.
    #[must_use]
    pub fn unit(&self) -> &str {
        match self {
            Self::Quantity(_, unit) => unit,
            _ => "",
        }
    }

    /// The same kind of value with another number, to nine digits: what was whole stays whole.
    #[must_use]
    pub fn with(&self, number: f64) -> Self {
        let tidy = format!("{number:.8e}").parse().unwrap_or(number);
        match self {
            Self::Whole(_) => Self::Whole(number.round() as i64),
            Self::Quantity(_, unit) => Self::Quantity(tidy, unit.clone()),
            _ => Self::Number(tidy),
        }
    }

    /// As it stands in a TOML file.
    #[must_use]
    pub fn toml(&self) -> String {
        match self {
            Self::Whole(number) => number.to_string(),
            Self::Number(number) => format!("{number:?}"),
            Self::Quantity(number, unit) => format!("\"{number} {unit}\""),
            Self::Word(text) => toml::Value::String(text.clone()).to_string(),
            Self::Other(text) => text.clone(),
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quantity(number, unit) => write!(f, "{number} {unit}"),
            Self::Word(text) => f.write_str(text),
            other => f.write_str(&other.toml()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_units_and_words() {
        let ml = Setting::read(" 3.0  ml/s");
        assert_eq!((ml.number(), ml.unit(), ml.toml()), (Some(3.0), "ml/s", "\"3 ml/s\"".to_owned()));
        assert_eq!(ml.with(0.1 + 0.2).to_string(), "0.3 ml/s");
        assert_eq!(Setting::Whole(12).with(13.6), Setting::Whole(14));
        assert_eq!(Setting::read("auto"), Setting::Word("auto".into()));
        assert_eq!(Setting::cell(" 12 "), Setting::Whole(12));
        assert_eq!(Setting::cell("1.5"), Setting::Number(1.5));
        assert_eq!(Setting::cell("nan"), Setting::Word("nan".into()));
        assert_eq!(
            Setting::Word("a \"b\"".into())
                .toml()
                .parse::<toml::Value>()
                .ok()
                .and_then(|v| v.as_str().map(str::to_owned))
                .as_deref(),
            Some("a \"b\"")
        );
    }
}
