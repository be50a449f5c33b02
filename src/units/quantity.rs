//! One type a kind of quantity: SI inside, a text with a unit outside.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, Visitor};

use super::dimension::{Dimension, MMHG, UnitError, parse_quantity};

macro_rules! quantities {
    ($($(#[$doc:meta])* $name:ident, $shown_per_si:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
        pub struct $name(f64);

        impl $name {
            /// From a value in SI.
            #[must_use]
            pub const fn from_si(si: f64) -> Self {
                Self(si)
            }

            /// The value in SI.
            #[must_use]
            pub const fn si(self) -> f64 {
                self.0
            }
        }

        impl FromStr for $name {
            type Err = UnitError;

            fn from_str(text: &str) -> Result<Self, UnitError> {
                parse_quantity(text, Dimension::$name).map(Self)
            }
        }

        /// The value in the unit of the clinic, to six significant digits: `90 mmHg`.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{} {}", six_digits(self.0 * $shown_per_si), Dimension::$name.units()[0])
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Quantity(Dimension::$name)).map(Self)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                let (name, units) = (Dimension::$name.name(), Dimension::$name.units().join(", "));
                json_schema!({
                    "type": "string",
                    "description": format!("A {name} with its unit ({units})."),
                    "pattern": "^\\s*[+-]?[0-9.]+([eE][+-]?[0-9]+)?\\s*[^0-9\\s].*$",
                    "examples": [Dimension::$name.example()],
                })
            }
        }
    )*};
}

quantities! {
    /// A length in metres, shown in mm.
    Length, 1e3;
    /// A pressure or stress in Pa, shown in mmHg.
    Pressure, 1.0 / MMHG;
    /// A volume flow in m^3/s, shown in ml/s; into the vessel is positive.
    Flow, 1e6;
    /// A velocity in m/s, shown in m/s.
    Velocity, 1.0;
    /// A dynamic viscosity in Pa s, shown in mPa s.
    Viscosity, 1e3;
    /// A time in s, shown in s.
    Time, 1.0;
    /// A density in kg/m^3, shown in kg/m^3.
    Density, 1.0;
    /// A flow resistance in Pa s/m^3, shown in mmHg s/ml.
    Resistance, 1e-6 / MMHG;
    /// A compliance in m^3/Pa, shown in ml/mmHg.
    Compliance, 1e6 * MMHG;
    /// An elastic modulus in Pa, shown in MPa.
    Modulus, 1e-6;
    /// A stiffness per area in Pa/m, shown in kPa/mm.
    AreaStiffness, 1e-6;
}

/// Six significant digits without trailing zeros; scientific outside 1e-4..1e6.
fn six_digits(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e6).contains(&size) {
        let text = format!("{value:.5e}");
        let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{power}", digits.trim_end_matches('0').trim_end_matches('.'));
    }
    let decimals = if size == 0.0 { 0 } else { (5.0 - size.log10().floor()).max(0.0) as usize };
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Reads a text with a unit, and says what is wrong with anything else.
struct Quantity(Dimension);

impl Quantity {
    fn bare<E: de::Error>(&self, number: impl fmt::Display) -> Result<f64, E> {
        Err(E::custom(UnitError::NoUnit { text: number.to_string(), dimension: self.0 }))
    }
}

impl Visitor<'_> for Quantity {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a {} with its unit, such as \"{}\"", self.0, self.0.example())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<f64, E> {
        parse_quantity(text, self.0).map_err(E::custom)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<f64, E> {
        self.bare(number)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<f64, E> {
        self.bare(number)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<f64, E> {
        self.bare(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_in_the_unit_of_the_clinic_and_read_back() {
        for (text, shown) in [("90 mmHg", "90 mmHg"), ("12 kPa", "90.0074 mmHg"), ("0 Pa", "0 mmHg")] {
            assert_eq!(Pressure::from_str(text).map(|p| p.to_string()), Ok(shown.to_owned()));
        }
        assert_eq!(Flow::from_si(3e-6).to_string(), "3 ml/s");
        assert_eq!(Length::from_si(0.25e-3).to_string(), "0.25 mm");
        assert_eq!(Length::from_si(-12.3456789e-3).to_string(), "-12.3457 mm");
        assert_eq!(Viscosity::from_si(3.5e-3).to_string(), "3.5 mPa s");
        assert_eq!(Time::from_si(1.25e-6).to_string(), "1.25e-6 s");
        assert_eq!(Time::from_si(0.00123456789).to_string(), "0.00123457 s");
        assert_eq!(Density::from_si(1060.0).to_string(), "1060 kg/m^3");
        assert_eq!(Density::from_si(999_999.9).to_string(), "1000000 kg/m^3");
        assert_eq!(Resistance::from_si(133.322387415e6).to_string(), "1 mmHg s/ml");
        assert_eq!(Compliance::from_si(1e-6 / 133.322387415).to_string(), "1 ml/mmHg");
        for text in ["1.2 mmHg s/ml", "0.5 mmHg s/ml"] {
            assert_eq!(Resistance::from_str(text).map(|r| r.to_string()), Ok(text.to_owned()));
        }
    }
}
