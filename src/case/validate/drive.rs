//! Something must drive the flow, and a pressure must be given somewhere.

use super::super::error::{Diagnostic, Span};
use super::super::loads::WindkesselSpec;
use super::{Case, Condition};

/// How near to 1 a sum of fractions may come.
const ROUNDING: f64 = 1e-9;

impl Case {
    /// What all conditions together come to, as far as it can be told without the waveforms' files; the rest is judged
    /// when those are read.
    pub(super) fn check_drive(&self, found: &mut Vec<Diagnostic>) {
        if self.openings.len() < 2 {
            let message = format!("the case has {} [[opening]], a vessel needs at least 2", self.openings.len());
            let span = self.openings.first().map_or(0..0, |opening| opening.name.span());
            let help = "`perfuse inspect SURFACE --case` writes one [[opening]] for each end of the vessel";
            return found.push(self.find(span, message, "", help));
        }
        self.check_fractions(found);
        if self.openings.iter().any(|opening| matches!(opening.condition, Condition::Waveform(_))) {
            return;
        }
        let gives_pressure = |c: &Condition| matches!(c, Condition::Pressure(_)) || c.is_load();
        if !self.openings.iter().any(|opening| gives_pressure(&opening.condition)) {
            return found.push(self.no_pressure());
        }
        let flows: Vec<(f64, Span)> = self.openings.iter().filter_map(|o| constant_flow(&o.condition)).collect();
        if flows.iter().any(|(flow, _)| *flow > 0.0) {
            return;
        }
        if let Some(finding) = self.fraction_of_nothing() {
            return found.push(finding);
        }
        if self.pressures_differ() {
            return;
        }
        found.push(match flows.iter().find(|(flow, _)| *flow < 0.0) {
            Some((_, span)) => {
                let message = "all prescribed flow leaves the vessel".to_owned();
                self.find(span.clone(), message, "negative: out of the vessel", FLOW_IN)
            }
            None => self.at_rest(),
        });
    }

    /// The fractions of the inflow leave something for one more outlet.
    fn check_fractions(&self, found: &mut Vec<Diagnostic>) {
        let fraction = |condition: &Condition| match condition {
            Condition::FlowFraction(part) => Some((part.get_ref().0, part.span())),
            _ => None,
        };
        let parts: Vec<_> = self.openings.iter().filter_map(|o| Some((fraction(&o.condition)?, o))).collect();
        let sum: f64 = parts.iter().map(|((part, _), _)| part).sum();
        if let Some(((_, span), _)) = parts.last().filter(|_| sum >= 1.0 - ROUNDING) {
            let names: Vec<_> = parts.iter().map(|(_, o)| format!("`{}`", o.name.get_ref())).collect();
            let sum = (sum * 1e6).round() * 1e-6;
            let message = format!("the flow fractions of {} sum to {sum}, allowed is below 1", names.join(", "));
            let help = "the outlet that takes the rest needs a pressure or a load in place of its fraction";
            found.push(self.find(span.clone(), message, "nothing is left for another outlet", help));
        }
    }

    /// The finding that every end prescribes its flow.
    #[must_use]
    pub fn no_pressure(&self) -> Diagnostic {
        let names: Vec<_> = self.openings.iter().map(|o| format!("`{}`", o.name.get_ref())).collect();
        let message = format!("no opening has a pressure: all ends ({}) prescribe their flow", names.join(", "));
        let help = "give one outlet a pressure in place of its flow: pressure = \"90 mmHg\"";
        let span = self.openings.last().map_or(0..0, |opening| opening.condition.span());
        self.find(span, message, "a flow or velocity here as everywhere", help)
    }

    /// The finding that a fraction of the inflow is asked for where there is no inflow, if one is.
    #[must_use]
    pub fn fraction_of_nothing(&self) -> Option<Diagnostic> {
        let opening = self.openings.iter().find(|o| matches!(o.condition, Condition::FlowFraction(_)))?;
        let name = opening.name.get_ref();
        let message = format!("`opening.{name}.flow_fraction` is a part of nothing: no opening has a flow above 0");
        let help = "fractions are of the given inflow: give the inlet a flow above 0 or a waveform of one";
        Some(self.find(opening.condition.span(), message, "of which flow?", help))
    }

    /// The finding that nothing drives a flow.
    #[must_use]
    pub fn at_rest(&self) -> Diagnostic {
        let first = self.openings.first().map_or(0..0, |opening| opening.condition.span());
        if self.openings.iter().all(|opening| opening.condition.is_load()) {
            let names: Vec<_> = self.openings.iter().map(|o| format!("`{}`", o.name.get_ref())).collect();
            let message = format!(
                "a resistance at every end ({}) is ill-posed: the loads leave the flow undetermined",
                names.join(", ")
            );
            let help = "give one of them a flow above 0, a pressure or a waveform in place of its load";
            return self.find(first, message, "nothing drives a flow", help);
        }
        let flow = |c: &Condition| matches!(c, Condition::Flow(_) | Condition::Velocity(_) | Condition::Waveform(_));
        let span = self.openings.iter().find(|o| flow(&o.condition)).map_or(first, |o| o.condition.span());
        let message = "nothing drives a flow: no opening has a flow above 0, and all pressures are equal".to_owned();
        self.find(span, message, "at rest", FLOW_IN)
    }

    /// Whether the constant pressures differ, those behind loads included where an opening has a pressure.
    #[must_use]
    pub fn pressures_differ(&self) -> bool {
        let given = |c: &Condition| matches!(c, Condition::Pressure(_));
        let pressures: Vec<f64> = self.openings.iter().filter_map(|o| self.pressure_at(&o.condition)).collect();
        let any = self.openings.iter().any(|opening| given(&opening.condition));
        any && pressures.windows(2).any(|pair| pair[0] != pair[1])
    }

    /// Constant pressure at an opening, or behind its load, Pa.
    fn pressure_at(&self, condition: &Condition) -> Option<f64> {
        let patient = || self.patient.as_ref().and_then(|patient| patient.distal_pressure.as_ref());
        match condition {
            Condition::Pressure(pressure) => Some(pressure.get_ref().si()),
            Condition::Windkessel(load) => Some(match load.get_ref() {
                WindkesselSpec::Given(elements) => elements.distal_pressure.si(),
                WindkesselSpec::Auto => patient().map_or(0.0, |pressure| pressure.get_ref().si()),
            }),
            Condition::Resistance(load) => Some(load.get_ref().distal_pressure.si()),
            Condition::Coronary(bed) => Some(bed.get_ref().venous_pressure.si()),
            Condition::Flow(_) | Condition::Velocity(_) | Condition::Waveform(_) | Condition::FlowFraction(_) => None,
        }
    }
}

/// The remedy where no flow enters.
const FLOW_IN: &str = "flow into the vessel is positive: give the inlet a flow above 0, such as flow = \"3 ml/s\"";

/// A flow that does not change, or velocity: only its sign counts.
fn constant_flow(condition: &Condition) -> Option<(f64, Span)> {
    match condition {
        Condition::Flow(flow) => Some((flow.get_ref().si(), flow.span())),
        Condition::Velocity(velocity) => Some((velocity.get_ref().si(), velocity.span())),
        _ => None,
    }
}
