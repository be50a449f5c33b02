//! The numbers of the blood's law of viscosity.

use std::ops::RangeInclusive;

use super::super::error::Diagnostic;
use super::super::rheology::{CarreauYasuda, Casson, PowerLaw, Quemada, Rheology};
use super::Case;
use crate::units::{Time, Viscosity};
use toml::Spanned;

/// Thinnest and thickest viscosity that any law may have, mPa s.
const VISCOSITIES: RangeInclusive<f64> = 0.1..=1000.0;

/// Exponents of the stress over the shear rate.
const EXPONENTS: RangeInclusive<f64> = 0.05..=1.0;

impl Case {
    pub(super) fn check_rheology(&self, found: &mut Vec<Diagnostic>) {
        let mut check = Check { case: self, found };
        match &self.blood.rheology {
            Rheology::Newtonian(viscosity) => {
                let help = "blood in large vessels has about 3.5 mPa s (dynamic viscosity)";
                check.viscosity("blood.viscosity", viscosity, 0.1..=100.0, help);
            }
            Rheology::Preset(_) => {}
            Rheology::CarreauYasuda(law) => check.carreau_yasuda(law.get_ref()),
            Rheology::Casson(law) => check.casson(law.get_ref()),
            Rheology::PowerLaw(law) => check.power_law(law.get_ref()),
            Rheology::Quemada(law) => check.quemada(law.get_ref()),
        }
    }
}

/// What is found, for a case.
struct Check<'a> {
    case: &'a Case,
    found: &'a mut Vec<Diagnostic>,
}

impl Check<'_> {
    fn carreau_yasuda(&mut self, law: &CarreauYasuda) {
        let key = |key: &str| format!("blood.rheology.carreau-yasuda.{key}");
        let help = "human blood has 56 mPa s at rest and 3.45 mPa s at high shear rates (Cho and Kensey 1991)";
        self.viscosity(&key("zero_shear"), &law.zero_shear, VISCOSITIES, help);
        self.viscosity(&key("infinite_shear"), &law.infinite_shear, VISCOSITIES, help);
        self.ordered([&key("infinite_shear"), &key("zero_shear")], [&law.infinite_shear, &law.zero_shear]);
        self.time(&key("time"), &law.time, 1e-3..=1e3, "human blood has 3.313 s");
        self.number(&key("exponent"), &law.exponent, EXPONENTS, "human blood has 0.3568; 1 is a Newtonian fluid");
        self.number(&key("transition"), &law.transition, 0.1..=10.0, "2 is Carreau's law");
    }

    fn casson(&mut self, law: &Casson) {
        let key = |key: &str| format!("blood.rheology.casson.{key}");
        let stress = law.yield_stress.get_ref().si();
        if !(0.0..=1.0).contains(&stress) {
            let (span, help) = (law.yield_stress.span(), "blood has about 5 mPa (0.05 dyn/cm^2)");
            let value = format!("{stress} Pa");
            self.found.push(self.case.outside(span, &key("yield_stress"), value, "0 Pa to 1 Pa", help));
        }
        self.viscosity(&key("viscosity"), &law.viscosity, 0.1..=100.0, "blood has about 3.5 mPa s at high shear rates");
        if let Some(time) = &law.regularisation {
            self.time(&key("regularisation"), time, 0.1..=1e4, "leave it out for 100 s");
        }
    }

    fn power_law(&mut self, law: &PowerLaw) {
        let key = |key: &str| format!("blood.rheology.power-law.{key}");
        let help = "human blood has about 14.67 mPa s at a shear rate of 1/s";
        self.viscosity(&key("consistency"), &law.consistency, VISCOSITIES, help);
        self.number(&key("exponent"), &law.exponent, EXPONENTS, "human blood has 0.7755; 1 is a Newtonian fluid");
        let help = "human blood is between 3.45 mPa s and 56 mPa s";
        self.viscosity(&key("least"), &law.least, VISCOSITIES, help);
        self.viscosity(&key("most"), &law.most, VISCOSITIES, help);
        self.ordered([&key("least"), &key("most")], [&law.least, &law.most]);
    }

    fn quemada(&mut self, law: &Quemada) {
        let key = |key: &str| format!("blood.rheology.quemada.{key}");
        let help = "a fraction, 0.45 in healthy men; the law was fitted to this range only";
        self.number(&key("haematocrit"), &law.haematocrit, 0.2..=0.6, help);
        self.viscosity(&key("plasma_viscosity"), &law.plasma_viscosity, 0.5..=5.0, "plasma has about 1.2 mPa s");
    }

    /// A viscosity within a range in mPa s.
    fn viscosity(&mut self, key: &str, value: &Spanned<Viscosity>, range: RangeInclusive<f64>, help: &str) {
        let (low, high) = (Viscosity::from_si(1e-3 * range.start()), Viscosity::from_si(1e-3 * range.end()));
        if !(low..=high).contains(value.get_ref()) {
            let allowed = format!("{low} to {high}");
            self.found.push(self.case.outside(value.span(), key, value.get_ref(), &allowed, help));
        }
    }

    /// A time within a range in s.
    fn time(&mut self, key: &str, value: &Spanned<Time>, range: RangeInclusive<f64>, help: &str) {
        let (low, high) = (Time::from_si(*range.start()), Time::from_si(*range.end()));
        if !(low..=high).contains(value.get_ref()) {
            let allowed = format!("{low} to {high}");
            self.found.push(self.case.outside(value.span(), key, value.get_ref(), &allowed, help));
        }
    }

    fn number(&mut self, key: &str, value: &Spanned<f64>, range: RangeInclusive<f64>, help: &str) {
        if !range.contains(value.get_ref()) {
            let allowed = format!("{} to {}", range.start(), range.end());
            self.found.push(self.case.outside(value.span(), key, value.get_ref(), &allowed, help));
        }
    }

    /// The first viscosity is not above the second.
    fn ordered(&mut self, [low, high]: [&str; 2], [least, most]: [&Spanned<Viscosity>; 2]) {
        if least.get_ref() > most.get_ref() {
            let allowed = format!("at most `{high}`, {}", most.get_ref());
            let help = "blood is thinner at high shear rates: exchange the two";
            self.found.push(self.case.outside(least.span(), low, least.get_ref(), &allowed, help));
        }
    }
}
