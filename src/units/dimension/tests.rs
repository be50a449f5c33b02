//! Texts of quantities and their values.

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
    for text in ["100 kPa/mm", "1e8 Pa/m", "1e8 N/m^3", "1e7 dyn/cm^3"] {
        close(text, AreaStiffness, 1e8);
    }
    close("1.2 MPa", Modulus, 1.2e6);
    assert!(unit_factor("dyn/cm^2", Modulus).is_ok_and(|x| (x / 0.1 - 1.0).abs() < 1e-15));
    assert!(unit_factor("mm", Modulus).is_err_and(|e| e.to_string().contains("a unit of length")));
    assert!(unit_factor(" ", Length).is_err_and(|e| e.to_string().contains("mm, um, cm, m")));
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
    for text in ["1 mm^", "1 mm^^2", "1 mm^99", "1 /", "1 m/", "1 mm^2147483648", "1 /s/", "-", "1 \u{1f600}", "1 m^-"]
    {
        message(text, Dimension::Length);
    }
}
