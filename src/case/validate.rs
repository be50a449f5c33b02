//! Values against physiology, without looking at any other file: each finding names key, value, range and remedy.

mod rheology;

use std::fmt::Display;

use super::error::{CaseError, Diagnostic, Span};
use super::{Case, Condition, Extension, Gate, Opening, Place, Resolution};
use crate::units::{Density, Length, MMHG};

/// Largest flow, m^3/s: 50 l/min.
const MOST_FLOW: f64 = 50e-3 / 60.0;
/// Largest velocity, m/s.
const MOST_VELOCITY: f64 = 10.0;
/// Largest pressure, Pa: 400 mmHg.
const MOST_PRESSURE: f64 = 400.0 * MMHG;
/// Fewest sites across an opening that resolve a flow profile.
const FEWEST_ACROSS: u32 = 6;
/// Most sites across: more than any device holds.
const MOST_ACROSS: u32 = 2000;

impl Case {
    /// Checks every value that can be judged without the surface and the device.
    ///
    /// # Errors
    /// [`CaseError::Invalid`] with all findings, in the order of the file.
    pub fn validate(&self) -> Result<(), CaseError> {
        let mut found = Vec::new();
        self.check_surface(&mut found);
        self.check_names(&mut found);
        for opening in &self.openings {
            self.check_opening(opening, &mut found);
        }
        self.check_drive(&mut found);
        self.check_blood(&mut found);
        self.check_resolution(&mut found);
        self.check_time(&mut found);
        self.expect.iter().for_each(|gate| self.check_gate(gate, &mut found));
        if found.is_empty() { Ok(()) } else { Err(CaseError::Invalid(found)) }
    }

    fn find(&self, span: Span, message: String, label: &str, help: &str) -> Diagnostic {
        self.source.diagnostic(&span, message, label.to_owned(), Some(help.to_owned()))
    }

    /// A finding about a value outside its range.
    pub(super) fn outside(&self, span: Span, key: &str, value: impl Display, allowed: &str, help: &str) -> Diagnostic {
        self.find(span, format!("`{key}` is {value}, allowed is {allowed}"), "out of range", help)
    }

    fn check_surface(&self, found: &mut Vec<Diagnostic>) {
        let surface = &self.geometry.surface;
        if surface.get_ref().is_empty() || surface.get_ref().iter().any(|path| path.as_os_str().is_empty()) {
            let message = "`geometry.surface` names no file".to_owned();
            found.push(self.find(surface.span(), message, "empty", "name the surface file: surface = \"vessel.stl\""));
        }
    }

    fn check_names(&self, found: &mut Vec<Diagnostic>) {
        for (k, opening) in self.openings.iter().enumerate() {
            let name = opening.name.get_ref();
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
                let message = format!("`{name}` cannot be the name of an opening");
                let help = "names consist of letters, digits, `_` and `-`, as in \"outlet_left\"";
                found.push(self.find(opening.name.span(), message, "not a name", help));
            }
            let before = &self.openings[..k];
            if before.iter().any(|other| other.name.get_ref() == name) {
                let message = format!("two openings are named `{name}`");
                found.push(self.find(opening.name.span(), message, "the second one", "give each opening its own name"));
            }
            let same = |other: &&Opening| match (&other.place, &opening.place) {
                (Place::Patch(a), Place::Patch(b)) => a.get_ref() == b.get_ref(),
                (Place::Near(a), Place::Near(b)) => a.get_ref() == b.get_ref(),
                _ => false,
            };
            if let Some(other) = before.iter().find(same) {
                let message = format!("openings `{}` and `{name}` are at the same place", other.name.get_ref());
                let help = "each end of the vessel belongs to exactly one [[opening]]";
                found.push(self.find(opening.place.span(), message, "the same place again", help));
            }
        }
    }

    fn check_opening(&self, opening: &Opening, found: &mut Vec<Diagnostic>) {
        let key = |key: &str| format!("opening.{}.{key}", opening.name.get_ref());
        let span = opening.condition.span();
        match &opening.condition {
            Condition::Flow(flow) if flow.get_ref().si().abs() > MOST_FLOW => {
                let help = "a human heart delivers at most about 35 l/min; look at the unit";
                let allowed = "-833 ml/s to 833 ml/s (50 l/min)";
                found.push(self.outside(span, &key("flow"), flow.get_ref(), allowed, help));
            }
            Condition::Velocity(velocity) if velocity.get_ref().si().abs() > MOST_VELOCITY => {
                let help = "blood is below 6 m/s even in a severe stenosis; look at the unit";
                found.push(self.outside(span, &key("velocity"), velocity.get_ref(), "-10 m/s to 10 m/s", help));
            }
            Condition::Pressure(pressure) if pressure.get_ref().si().abs() > MOST_PRESSURE => {
                let help = "arterial pressure is 60 to 200 mmHg; look at the unit";
                found.push(self.outside(span, &key("pressure"), pressure.get_ref(), "-400 mmHg to 400 mmHg", help));
            }
            _ => {}
        }
        if let (Condition::Pressure(_), Some(span)) = (&opening.condition, &opening.profile_span) {
            let message = format!("`{}` has no meaning at a pressure opening", key("profile"));
            let help = "a pressure opening takes the profile that the flow has there: remove `profile`";
            found.push(self.find(span.clone(), message, "not used", help));
        }
        if let Extension::Fixed(length) = opening.extension.get_ref()
            && !(0.0..=1.0).contains(&length.si())
        {
            let help = "leave it at \"auto\", or give a few diameters of the opening";
            let span = opening.extension.span();
            found.push(self.outside(span, &key("extension"), length, "0 mm to 1000 mm", help));
        }
    }

    /// Something must drive the flow, and a pressure must be given somewhere.
    fn check_drive(&self, found: &mut Vec<Diagnostic>) {
        let (mut inward, mut pressures) = (Vec::new(), Vec::new());
        for opening in &self.openings {
            match &opening.condition {
                Condition::Flow(flow) => inward.push((flow.get_ref().si(), flow.span())),
                Condition::Velocity(velocity) => inward.push((velocity.get_ref().si(), velocity.span())),
                Condition::Pressure(pressure) => pressures.push((pressure.get_ref().si(), pressure.span())),
                // What a file holds and what loads come to is judged when the file is read.
                Condition::Waveform(wave) => inward.push((f64::MIN_POSITIVE, wave.span())),
                Condition::FlowFraction(part) => inward.push((-part.get_ref().0, part.span())),
                load => pressures.push((f64::NAN, load.span())),
            }
        }
        if self.openings.len() < 2 {
            let message = format!("the case has {} [[opening]], a vessel needs at least 2", self.openings.len());
            let span = self.openings.first().map_or(0..0, |opening| opening.name.span());
            let help = "`perfuse inspect SURFACE --case` writes one [[opening]] for each end of the vessel";
            return found.push(self.find(span, message, "", help));
        }
        if let ([], Some(last)) = (pressures.as_slice(), inward.last()) {
            let message = "no opening has a pressure".to_owned();
            let help = "give one outlet a pressure in place of its flow: pressure = \"90 mmHg\"";
            found.push(self.find(last.1.clone(), message, "a flow or velocity here as everywhere", help));
        }
        let differ = pressures.windows(2).any(|pair| pair[0].0 != pair[1].0);
        if differ || inward.iter().any(|(value, _)| *value > 0.0) {
            return;
        }
        let help = "flow into the vessel is positive: give the inlet a flow above 0, such as flow = \"3 ml/s\"";
        match (inward.iter().find(|(value, _)| *value < 0.0), inward.first().or(pressures.first())) {
            (Some((_, span)), _) => {
                let message = "all prescribed flow leaves the vessel".to_owned();
                found.push(self.find(span.clone(), message, "negative: out of the vessel", help));
            }
            (None, Some((_, span))) => {
                let message =
                    "nothing drives a flow: no opening has a flow above 0, and all pressures are equal".to_owned();
                found.push(self.find(span.clone(), message, "at rest", help));
            }
            (None, None) => {}
        }
    }

    fn check_blood(&self, found: &mut Vec<Diagnostic>) {
        let density = &self.blood.density;
        if !(Density::from_si(500.0)..=Density::from_si(2000.0)).contains(density.get_ref()) {
            let help = "blood has about 1060 kg/m^3";
            let allowed = "500 kg/m^3 to 2000 kg/m^3";
            found.push(self.outside(density.span(), "blood.density", density.get_ref(), allowed, help));
        }
        self.check_rheology(found);
    }

    fn check_resolution(&self, found: &mut Vec<Diagnostic>) {
        match &self.resolution {
            Resolution::Across(across) if !(FEWEST_ACROSS..=MOST_ACROSS).contains(across.get_ref()) => {
                let allowed = format!("{FEWEST_ACROSS} to {MOST_ACROSS} sites");
                let help = "12 is a quick look, 24 a result, 40 a study";
                let value = format!("{} sites", across.get_ref());
                found.push(self.outside(across.span(), "resolution.across", value, &allowed, help));
            }
            Resolution::Spacing(spacing) if !spacing_range().contains(spacing.get_ref()) => {
                let help = "a twentieth of the narrowest opening's diameter is a good start";
                let allowed = "0.001 mm to 10 mm";
                found.push(self.outside(spacing.span(), "resolution.spacing", spacing.get_ref(), allowed, help));
            }
            _ => {}
        }
    }

    fn check_time(&self, found: &mut Vec<Diagnostic>) {
        if let Some(tolerance) = &self.time.tolerance
            && !(*tolerance.get_ref() > 0.0 && *tolerance.get_ref() <= 0.1)
        {
            let help = "leave it out for the default";
            let allowed = "above 0, at most 0.1";
            found.push(self.outside(tolerance.span(), "time.tolerance", tolerance.get_ref(), allowed, help));
        }
    }

    fn check_gate(&self, gate: &Gate, found: &mut Vec<Diagnostic>) {
        let key = gate.key.get_ref();
        let message = match (gate.min, gate.max) {
            (None, None) => format!("the gate on `{key}` has no bound"),
            (Some(min), Some(max)) if min > max => format!("the gate on `{key}` has min {min} above max {max}"),
            _ => return,
        };
        found.push(self.find(
            gate.key.span(),
            message,
            "never decides",
            "give { min = ..., max = ... }, or one of them",
        ));
    }
}

fn spacing_range() -> std::ops::RangeInclusive<Length> {
    Length::from_si(1e-6)..=Length::from_si(10e-3)
}
