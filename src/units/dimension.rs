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
    /// Elastic modulus, Pa.
    Modulus,
    /// Stiffness per area: pressure over displacement, Pa/m.
    AreaStiffness,
}

impl Dimension {
    const ALL: [Self; 11] = [
        Self::Length,
        Self::Pressure,
        Self::Flow,
        Self::Velocity,
        Self::Viscosity,
        Self::Time,
        Self::Density,
        Self::Resistance,
        Self::Compliance,
        Self::Modulus,
        Self::AreaStiffness,
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
            Self::Modulus => "modulus",
            Self::AreaStiffness => "stiffness per area",
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
            Self::Modulus => &["MPa", "kPa", "Pa", "GPa", "dyn/cm^2", "mmHg"],
            Self::AreaStiffness => &["kPa/mm", "mmHg/mm", "Pa/m", "N/m^3", "dyn/cm^3"],
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
            Self::Modulus => "1.2 MPa",
            Self::AreaStiffness => "100 kPa/mm",
        }
    }

    /// Exponents of metre, kilogram and second.
    fn exponents(self) -> [i32; 3] {
        match self {
            Self::Length => [1, 0, 0],
            Self::Pressure | Self::Modulus => [-1, 1, -2],
            Self::Flow => [3, 0, -1],
            Self::Velocity => [1, 0, -1],
            Self::Viscosity => [-1, 1, -1],
            Self::Time => [0, 0, 1],
            Self::Density => [-3, 1, 0],
            Self::Resistance => [-4, 1, -1],
            Self::Compliance => [4, -1, 2],
            Self::AreaStiffness => [-2, 1, -2],
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
    let value = number * factor(unit, text, dimension)?;
    if value.is_finite() { Ok(value) } else { Err(UnitError::NotFinite { text: owned() }) }
}

/// What one unit, such as `"dyn/cm^2"`, is in SI; it must be of the given kind.
///
/// # Errors
/// [`UnitError`]: no unit, an unknown one, or one of another kind.
pub fn unit_factor(unit: &str, dimension: Dimension) -> Result<f64, UnitError> {
    let unit = unit.trim();
    if unit.is_empty() {
        return Err(UnitError::NoUnit { text: unit.to_owned(), dimension });
    }
    factor(unit, unit, dimension)
}

/// What a unit is in SI; `text` is the whole of what was given.
fn factor(unit: &str, text: &str, dimension: Dimension) -> Result<f64, UnitError> {
    let (factor, exponents) =
        parse_unit(unit).map_err(|unit| UnitError::UnknownUnit { text: text.to_owned(), unit, dimension })?;
    if exponents != dimension.exponents() {
        let found = Dimension::ALL.into_iter().find(|d| d.exponents() == exponents);
        return Err(UnitError::WrongDimension { unit: unit.to_owned(), found, dimension });
    }
    Ok(factor)
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
    let plain = unit.replace("**", "^").replace(['\u{b5}', '\u{3bc}'], "u");
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
mod tests;
