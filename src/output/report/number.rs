//! Numbers of the summary as the page shows them.

use maud::{Markup, html};
use serde_json::Value;

/// The number at a dotted key, names of list members (`openings.inlet.flow_ml_s.mean`) or their indices included.
#[must_use]
pub fn number(summary: &Value, key: &str) -> Option<f64> {
    let mut at = summary;
    for part in key.split('.') {
        at = match at {
            Value::Array(list) => {
                let named = list.iter().find(|v| v.get("name").and_then(Value::as_str) == Some(part));
                named.or_else(|| part.parse::<usize>().ok().and_then(|k| list.get(k)))?
            }
            other => other.get(part)?,
        };
    }
    at.as_f64()
}

/// A number of the summary, by its key; a dash where it is missing.
pub(super) fn cell(summary: &Value, key: &str) -> Markup {
    valued(key, number(summary, key), 1.0)
}

/// The same without its sign.
pub(super) fn size(summary: &Value, key: &str) -> Markup {
    let value = number(summary, key);
    valued(key, value, if value.is_some_and(|x| x < 0.0) { -1.0 } else { 1.0 })
}

/// The same times a factor (100 for percent); `data-value` stays what the summary says.
pub(super) fn scaled(summary: &Value, key: &str, factor: f64) -> Markup {
    valued(key, number(summary, key), factor)
}

fn valued(key: &str, value: Option<f64>, factor: f64) -> Markup {
    html! {
        @match value {
            Some(value) => { span.number data-key=(key) data-value=(format!("{value:?}")) { (shown(factor * value)) } }
            None => { span.none title="not in the results" { "\u{2013}" } }
        }
    }
}

/// Three to four digits; integers in full, small and large numbers by powers of ten.
pub(super) fn shown(value: f64) -> String {
    let size = value.abs();
    let text = if !value.is_finite() {
        return "not a number".into();
    } else if value == 0.0 {
        "0".into()
    } else if size.fract() == 0.0 && size < 1e9 {
        grouped(size)
    } else if !(1e-3..1e9).contains(&size) {
        let power = size.log10().floor();
        let lead = format!("{:.2}", size / 10f64.powf(power));
        let (lead, power) = if lead == "10.00" { ("1.00".to_owned(), power + 1.0) } else { (lead, power) };
        format!("{lead} \u{d7} 10{}", raised(power as i64))
    } else if size >= 1000.0 {
        grouped(size.round())
    } else {
        let decimals = (2.0 - size.log10().floor()).clamp(0.0, 5.0) as usize;
        format!("{size:.decimals$}")
    };
    if value < 0.0 { format!("\u{2212}{text}") } else { text }
}

/// A whole number with thin spaces between thousands.
fn grouped(whole: f64) -> String {
    let digits = format!("{whole:.0}");
    let mut text = String::new();
    for (k, digit) in digits.chars().enumerate() {
        if k > 0 && (digits.len() - k) % 3 == 0 && digits.len() > 4 {
            text.push('\u{2009}');
        }
        text.push(digit);
    }
    text
}

fn raised(power: i64) -> String {
    let digit = |c: char| match c {
        '-' => '\u{207b}',
        '1' => '\u{b9}',
        '2' => '\u{b2}',
        '3' => '\u{b3}',
        other => char::from_u32(0x2070 + other.to_digit(10).unwrap_or(0)).unwrap_or(other),
    };
    power.to_string().chars().map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_found_by_dotted_keys() {
        let summary = json!({ "a": { "b": 2.5 }, "openings": [{ "name": "inlet", "flow": { "mean": 3.0 } }] });
        assert_eq!(number(&summary, "a.b"), Some(2.5));
        assert_eq!(number(&summary, "openings.inlet.flow.mean"), Some(3.0));
        assert_eq!(number(&summary, "openings.0.flow.mean"), Some(3.0));
        assert_eq!(number(&summary, "openings.outlet.flow.mean"), None);
        assert_eq!(number(&summary, "a"), None);
    }

    #[test]
    fn numbers_are_shown_by_three_digits() {
        let pairs = [
            (0.0, "0"),
            (3.0, "3"),
            (92.854_505, "92.9"),
            (0.050_179, "0.0502"),
            (0.981, "0.981"),
            (123.456, "123"),
            (1329.53, "1330"),
            (28800.0, "28\u{2009}800"),
            (-2.854, "\u{2212}2.85"),
            (4.37e-9, "4.37 \u{d7} 10\u{207b}\u{2079}"),
            (9.999e-5, "1.00 \u{d7} 10\u{207b}\u{2074}"),
            (f64::NAN, "not a number"),
        ];
        for (value, text) in pairs {
            assert_eq!(shown(value), text);
        }
    }
}
