//! Units as products of powers of a few names, and the parser for a number with a unit.
//!
//! A unit such as `mmHg s/ml` is read as a product: names separated by a space, `*` or `.`, each with an optional
//! power (`^3`, `3`, `**3`, `-1`), `/` dividing by the one name that follows. The product's exponents of metre,
//! kilogram and second must be those of the [`Dimension`] asked for, so a wrong unit can never pass as another kind.

use std::fmt;

/// One millimetre of mercury in Pa (conventional value, ISO 80000-4 Annex C).
pub const MMHG: f64 = 133.322_387_415;

/// A kind of physical quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// Length, m.
    Length,
    /// Pressure or stress, Pa.
    Pressure,
    /// Volume flow, m^3/s.
    Flow,
    /// Velocity, m/s.
    Velocity,
    /// Dynamic viscosity, Pa s.
    Viscosity,
    /// Time, s.
    Time,
    /// Density, kg/m^3.
    Density,
    /// Flow resistance, Pa s/m^3.
    Resistance,
    /// Compliance, m^3/Pa.
    Compliance,
}

impl Dimension {
    const ALL: [Self; 9] = [
        Self::Length,
        Self::Pressure,
        Self::Flow,
        Self::Velocity,
        Self::Viscosity,
        Self::Time,
        Self::Density,
        Self::Resistance,
        Self::Compliance,
    ];

    /// The quantity's name in messages: "length", "pressure", ...
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Pressure => "pressure",
            Self::Flow => "flow",
            Self::Velocity => "velocity",
            Self::Viscosity => "viscosity",
            Self::Time => "time",
            Self::Density => "density",
            Self::Resistance => "resistance",
            Self::Compliance => "compliance",
        }
    }

    /// Units to offer in messages and help; the first is the one values are shown in.
    #[must_use]
    pub fn units(self) -> &'static [&'static str] {
        match self {
            Self::Length => &["mm", "um", "cm", "m"],
            Self::Pressure => &["mmHg", "Pa", "kPa", "MPa", "GPa", "dyn/cm^2"],
            Self::Flow => &["ml/s", "ml/min", "l/min", "l/s", "mm^3/s", "m^3/s"],
            Self::Velocity => &["m/s", "cm/s", "mm/s"],
            Self::Viscosity => &["mPa s", "Pa s", "cP", "P"],
            Self::Time => &["s", "ms", "us", "min"],
            Self::Density => &["kg/m^3", "g/cm^3", "g/ml"],
            Self::Resistance => &["mmHg s/ml", "Pa s/m^3", "dyn s/cm^5"],
            Self::Compliance => &["ml/mmHg", "m^3/Pa", "cm^5/dyn"],
        }
    }

    /// A typical value, for messages: "90 mmHg".
    #[must_use]
    pub fn example(self) -> &'static str {
        match self {
            Self::Length => "0.25 mm",
            Self::Pressure => "90 mmHg",
            Self::Flow => "4 ml/s",
            Self::Velocity => "0.3 m/s",
            Self::Viscosity => "3.5 mPa s",
            Self::Time => "0.8 s",
            Self::Density => "1060 kg/m^3",
            Self::Resistance => "1.2 mmHg s/ml",
            Self::Compliance => "1.5 ml/mmHg",
        }
    }

    /// Exponents of metre, kilogram and second.
    fn exponents(self) -> [i32; 3] {
        match self {
            Self::Length => [1, 0, 0],
            Self::Pressure => [-1, 1, -2],
            Self::Flow => [3, 0, -1],
            Self::Velocity => [1, 0, -1],
            Self::Viscosity => [-1, 1, -1],
            Self::Time => [0, 0, 1],
            Self::Density => [-3, 1, 0],
            Self::Resistance => [-4, 1, -1],
            Self::Compliance => [4, -1, 2],
        }
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a text is not a quantity. Each message lists the units that fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// No number at the start.
    #[error("`{text}` is not a {dimension}: expected a number and a unit, such as \"{}\"{}", dimension.example(), comma(text))]
    NoNumber {
        /// The whole text.
        text: String,
        /// What was expected.
        dimension: Dimension,
    },
    /// A number without a unit.
    #[error("`{text}` has no unit: a {dimension} needs one of {}, as in \"{}\"", list(*dimension), dimension.example())]
    NoUnit {
        /// The whole text.
        text: String,
        /// What was expected.
        dimension: Dimension,
    },
    /// A unit that is not known.
    #[error("unknown unit `{unit}` in `{text}`{}: a {dimension} takes one of {}{}", hint(unit), list(*dimension), comma(text))]
    UnknownUnit {
        /// The whole text.
        text: String,
        /// The part that is not known.
        unit: String,
        /// What was expected.
        dimension: Dimension,
    },
    /// A known unit of another kind.
    #[error("`{unit}` is {}, but a {dimension} is needed here: use one of {}", kind(*found), list(*dimension))]
    WrongDimension {
        /// The unit found.
        unit: String,
        /// Its kind, where it has a name here.
        found: Option<Dimension>,
        /// What was expected.
        dimension: Dimension,
    },
    /// Too large for a double-precision number.
    #[error("`{text}` is not a finite number")]
    NotFinite {
        /// The whole text.
        text: String,
    },
}

fn list(dimension: Dimension) -> String {
    dimension.units().join(", ")
}

fn kind(found: Option<Dimension>) -> String {
    found.map_or_else(|| "another kind of unit".into(), |d| format!("a unit of {d}"))
}

fn comma(text: &str) -> &'static str {
    let digits_around =
        text.as_bytes().windows(3).any(|w| w[0].is_ascii_digit() && w[1] == b',' && w[2].is_ascii_digit());
    if digits_around { " (write a decimal point, not a comma)" } else { "" }
}

fn hint(unit: &str) -> String {
    let same_letters = ATOMS.iter().find(|atom| atom.0.eq_ignore_ascii_case(unit));
    same_letters.map_or_else(String::new, |atom| format!(" (did you mean `{}`?)", atom.0))
}

/// Name, value in SI, exponents of metre, kilogram and second.
type Atom = (&'static str, f64, [i32; 3]);

const LENGTH: [i32; 3] = [1, 0, 0];
const VOLUME: [i32; 3] = [3, 0, 0];
const MASS: [i32; 3] = [0, 1, 0];
const TIME: [i32; 3] = [0, 0, 1];
const PRESSURE: [i32; 3] = [-1, 1, -2];
const FORCE: [i32; 3] = [1, 1, -2];
const VISCOSITY: [i32; 3] = [-1, 1, -1];

const ATOMS: &[Atom] = &[
    ("m", 1.0, LENGTH),
    ("cm", 1e-2, LENGTH),
    ("mm", 1e-3, LENGTH),
    ("um", 1e-6, LENGTH),
    ("l", 1e-3, VOLUME),
    ("L", 1e-3, VOLUME),
    ("ml", 1e-6, VOLUME),
    ("mL", 1e-6, VOLUME),
    ("kg", 1.0, MASS),
    ("g", 1e-3, MASS),
    ("s", 1.0, TIME),
    ("ms", 1e-3, TIME),
    ("us", 1e-6, TIME),
    ("min", 60.0, TIME),
    ("Pa", 1.0, PRESSURE),
    ("mPa", 1e-3, PRESSURE),
    ("kPa", 1e3, PRESSURE),
    ("MPa", 1e6, PRESSURE),
    ("GPa", 1e9, PRESSURE),
    ("mmHg", MMHG, PRESSURE),
    ("N", 1.0, FORCE),
    ("dyn", 1e-5, FORCE),
    ("P", 0.1, VISCOSITY),
    ("cP", 1e-3, VISCOSITY),
];

/// Value in SI of a text such as `"3.5 mPa s"`, which must be of the given kind.
///
/// # Errors
/// [`UnitError`]: no number, no unit, an unknown unit, a unit of another kind, or a number that is not finite.
pub fn parse_quantity(text: &str, dimension: Dimension) -> Result<f64, UnitError> {
    let owned = || text.to_owned();
    let trimmed = text.trim();
    let (digits, rest) = trimmed.split_at(number_length(trimmed));
    let number: f64 = digits.parse().map_err(|_| UnitError::NoNumber { text: owned(), dimension })?;
    let unit = rest.trim();
    if unit.is_empty() {
        return Err(UnitError::NoUnit { text: owned(), dimension });
    }
    let (factor, exponents) =
        parse_unit(unit).map_err(|unit| UnitError::UnknownUnit { text: owned(), unit, dimension })?;
    if exponents != dimension.exponents() {
        let found = Dimension::ALL.into_iter().find(|d| d.exponents() == exponents);
        return Err(UnitError::WrongDimension { unit: unit.to_owned(), found, dimension });
    }
    let value = number * factor;
    if value.is_finite() { Ok(value) } else { Err(UnitError::NotFinite { text: owned() }) }
}

/// Bytes of the decimal number (sign, digits, point, exponent) that the text begins with.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut end = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    end += digits(end);
    if bytes.get(end) == Some(&b'.') {
        end += 1 + digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let power = digits(end + 1 + sign);
        if power > 0 {
            end += 1 + sign + power;
        }
    }
    end
}

/// Factor to SI and exponents of a product of units; the offending part where one is unknown.
fn parse_unit(unit: &str) -> Result<(f64, [i32; 3]), String> {
    let plain = unit.replace("**", "^").replace('\u{b5}', "u").replace('\u{3bc}', "u");
    let plain = plain.replace('\u{b2}', "^2").replace('\u{b3}', "^3").replace(['*', '.', '\u{b7}'], " ");
    let spaced = plain.replace('/', " / ");
    let (mut factor, mut exponents) = (1.0, [0; 3]);
    let mut words = spaced.split_whitespace();
    while let Some(word) = words.next() {
        let (sign, word) = if word == "/" { (-1, words.next().ok_or("/")?) } else { (1, word) };
        let (value, exponent, power) = parse_factor(word).ok_or_else(|| word.to_owned())?;
        factor *= f64::powi(value, sign * power);
        for (total, part) in exponents.iter_mut().zip(exponent) {
            *total += sign * power * part;
        }
    }
    Ok((factor, exponents))
}

/// One name with an optional power.
fn parse_factor(word: &str) -> Option<(f64, [i32; 3], i32)> {
    let name_length = word.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(word.len());
    let (name, power) = word.split_at(name_length);
    let power = match power.trim_start_matches('^') {
        "" if power.is_empty() => 1,
        digits => digits.parse::<i32>().ok().filter(|p| (1..=9).contains(&p.abs()))?,
    };
    let (_, value, exponents) = ATOMS.iter().find(|atom| atom.0 == name)?;
    Some((*value, *exponents, power))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(text: &str, dimension: Dimension, si: f64) {
        let value = parse_quantity(text, dimension).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert!((value - si).abs() <= 4e-16 * si.abs(), "{text}: {value} is not {si}");
    }

    #[test]
    fn every_offered_unit_and_example_is_accepted() {
        for dimension in Dimension::ALL {
            for unit in dimension.units() {
                parse_quantity(&format!("1 {unit}"), dimension).unwrap_or_else(|e| panic!("{e}"));
            }
            parse_quantity(dimension.example(), dimension).unwrap_or_else(|e| panic!("{e}"));
        }
    }

    #[test]
    fn values_in_si() {
        use Dimension::*;
        close("0.25 mm", Length, 0.25e-3);
        close("250um", Length, 250e-6);
        close("250 \u{b5}m", Length, 250e-6);
        close("90 mmHg", Pressure, 90.0 * 133.322387415);
        close("12 kPa", Pressure, 12e3);
        close("10 dyn/cm^2", Pressure, 1.0);
        close("-5 Pa", Pressure, -5.0);
        close("1 N/m^2", Pressure, 1.0);
        close("4 ml/s", Flow, 4e-6);
        close("5 l/min", Flow, 5e-3 / 60.0);
        close("5 L/min", Flow, 5e-3 / 60.0);
        close("240 ml/min", Flow, 4e-6);
        close("4000 mm^3/s", Flow, 4e-6);
        close("4e-6 m3/s", Flow, 4e-6);
        close("4 cm\u{b3}/s", Flow, 4e-6);
        close("30 cm/s", Velocity, 0.3);
        close("30 cm s^-1", Velocity, 0.3);
        for text in ["3.5 mPa s", "3.5mPa*s", "3.5 mPa.s", "3.5e-3 Pa s", "3.5E-3 Pa\u{b7}s", "3.5 cP", "0.035 P"] {
            close(text, Viscosity, 3.5e-3);
        }
        close("1.06 g/cm^3", Density, 1060.0);
        close("1.06 g/ml", Density, 1060.0);
        close("0.8 s", Time, 0.8);
        close("800 ms", Time, 0.8);
        close("2 min", Time, 120.0);
        close("1 mmHg s/ml", Resistance, 133.322387415e6);
        close("1 dyn s/cm^5", Resistance, 1e5);
        close("1 ml/mmHg", Compliance, 1e-6 / 133.322387415);
        close("1 cm^5/dyn", Compliance, 1e-5);
        close("+.5 s", Time, 0.5);
        close("5. s", Time, 5.0);
    }

    #[test]
    fn refusals_name_the_units_that_fit() {
        let message = |text: &str, dimension| match parse_quantity(text, dimension) {
            Ok(value) => panic!("{text} gave {value}"),
            Err(e) => e.to_string(),
        };
        assert!(message("90", Dimension::Pressure).contains("no unit"));
        assert!(message("90", Dimension::Pressure).contains("mmHg, Pa, kPa"));
        assert!(message("4 ml/s", Dimension::Pressure).contains("a unit of flow"));
        assert!(message("4 mmhg", Dimension::Pressure).contains("did you mean `mmHg`"));
        assert!(message("4 furlong", Dimension::Length).contains("mm, um, cm, m"));
        assert!(message("nan mm", Dimension::Length).contains("not a length"));
        assert!(message("inf mm", Dimension::Length).contains("not a length"));
        assert!(message("", Dimension::Length).contains("0.25 mm"));
        assert!(message("3,5 ml/s", Dimension::Flow).contains("decimal point"));
        assert!(message("1e999 mm", Dimension::Length).contains("finite"));
        assert!(message("1 kg/m s", Dimension::Viscosity).contains("another kind"));
        for text in
            ["1 mm^", "1 mm^^2", "1 mm^99", "1 /", "1 m/", "1 mm^2147483648", "1 /s/", "-", "1 \u{1f600}", "1 m^-"]
        {
            message(text, Dimension::Length);
        }
    }
}
