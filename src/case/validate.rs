//! Values against physiology, without looking at any other file: each finding names key, value, range and remedy.

mod drive;
mod labels;
mod pulse;
mod rheology;
mod wall;

use std::fmt::Display;

use super::error::{CaseError, Diagnostic, Span};
use super::waveform::Signal;
use super::{Case, Condition, Extension, Gate, Opening, Place, Resolution, ranges};
use crate::units::{Density, Length};

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
        self.check_labels(&mut found);
        self.check_names(&mut found);
        for opening in &self.openings {
            self.check_opening(opening, &mut found);
        }
        self.check_womersley(&mut found);
        self.check_drive(&mut found);
        self.check_patient(&mut found);
        self.check_probes(&mut found);
        self.check_blood(&mut found);
        self.check_resolution(&mut found);
        self.check_time(&mut found);
        self.check_wall(&mut found);
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
            if !is_name(name) {
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
        let given = match &opening.condition {
            Condition::Flow(flow) => Some(("flow", Signal::Flow, flow.get_ref().si())),
            Condition::Velocity(velocity) => Some(("velocity", Signal::Velocity, velocity.get_ref().si())),
            Condition::Pressure(pressure) => Some(("pressure", Signal::Pressure, pressure.get_ref().si())),
            _ => None,
        };
        if let Some((name, signal, value)) = given {
            let range = ranges::of(signal);
            if value.abs() > range.most {
                let (span, shown) = (opening.condition.span(), ranges::Shown(signal, value));
                found.push(self.outside(span, &key(name), shown, range.allowed, range.help));
            }
        }
        let kind = match &opening.condition {
            Condition::Pressure(_) => Some("a pressure opening"),
            condition => condition.is_load().then_some("an opening with a load"),
        };
        if let (Some(kind), Some(span)) = (kind, &opening.profile_span) {
            let message = format!("`{}` has no meaning at {kind}", key("profile"));
            let help = "it takes the profile that the flow has there: remove `profile`";
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

/// Whether a word can be the name of an opening or a probe.
fn is_name(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

fn spacing_range() -> std::ops::RangeInclusive<Length> {
    Length::from_si(1e-6)..=Length::from_si(10e-3)
}
