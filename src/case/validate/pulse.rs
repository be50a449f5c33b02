//! What only a pulsating flow has: cycles, patient, probes.

use std::ops::RangeInclusive;

use super::super::error::Diagnostic;
use super::super::loads::WindkesselSpec;
use super::super::{Probe, Profile, USUAL_ROWS, Until};
use super::{Case, Condition, is_name, ranges};
use crate::units::{Pressure, Time};
use toml::Spanned;

/// Numbers of cycles.
const CYCLES: RangeInclusive<u64> = 1..=1000;
/// Rows of a cycle.
const ROWS: RangeInclusive<u64> = 50..=5000;
/// Powers of the diameter.
const EXPONENTS: RangeInclusive<f64> = 1.0..=4.0;

impl Case {
    pub(super) fn check_time(&self, found: &mut Vec<Diagnostic>) {
        let time = &self.time;
        if let Some(tolerance) = &time.tolerance
            && !(*tolerance.get_ref() > 0.0 && *tolerance.get_ref() <= 0.1)
        {
            let help = "leave it out for the default";
            let allowed = "above 0, at most 0.1";
            found.push(self.outside(tolerance.span(), "time.tolerance", tolerance.get_ref(), allowed, help));
        }
        if let Some(period) = &time.period {
            let [least, most] = ranges::PERIODS.map(Time::from_si);
            if !(least..=most).contains(period.get_ref()) {
                let help = "a heart beats every 0.3 to 1.5 s; look at the unit";
                let allowed = format!("{least} to {most}");
                found.push(self.outside(period.span(), "time.period", period.get_ref(), &allowed, help));
            }
        }
        let help = "a beat is periodic after 2 to 10 cycles as a rule";
        self.check_count("time.cycles", time.cycles.as_ref(), CYCLES, help, found);
        self.check_count("time.max_cycles", time.max_cycles.as_ref(), CYCLES, help, found);
        let help = "200 rows resolve a heart beat";
        self.check_count("output.rows", self.output.rows.as_ref(), ROWS, help, found);
        let rows = self.output.rows.as_ref().map_or(USUAL_ROWS, |rows| *rows.get_ref());
        let help = "snapshots are taken at rows of the cycle: ask for fewer, or raise output.rows";
        self.check_count("output.snapshots", self.output.snapshots.as_ref(), 0..=rows, help, found);
        self.check_phases(found);
        self.check_until(found);
        self.check_checkpoint(found);
        self.check_step(found);
    }

    /// Parts of a cycle, in place of a number of snapshots.
    fn check_phases(&self, found: &mut Vec<Diagnostic>) {
        let Some(phases) = &self.output.phases else { return };
        if let Some(phase) = phases.get_ref().iter().find(|phase| !(0.0..1.0).contains(*phase)) {
            let help = "0.25 is a quarter of the cycle after its start";
            found.push(self.outside(phases.span(), "output.phases", phase, "0 to below 1", help));
        }
        if let Some(snapshots) = &self.output.snapshots {
            let message = "[output] has both `snapshots` and `phases`".to_owned();
            let help = "remove one of them";
            found.push(self.find(snapshots.span(), message, "only one can say when", help));
        }
    }

    /// One way to end, and one that fits the flow.
    fn check_until(&self, found: &mut Vec<Diagnostic>) {
        let Some(until) = &self.time.until else { return };
        if let Some(cycles) = &self.time.cycles {
            let message = "[time] has both `until` and `cycles`".to_owned();
            let help = "remove `until` to run a number of cycles, or `cycles` to run until nothing changes";
            found.push(self.find(cycles.span(), message, "only one can end the run", help));
        }
        let wave = self.openings.iter().find(|o| matches!(o.condition, Condition::Waveform(_)));
        if let (Until::Steady, Some(opening)) = (until.get_ref(), wave) {
            let name = opening.name.get_ref();
            let message = format!("opening `{name}` has a waveform, so the flow cannot become steady");
            let help = "say until = \"periodic\", or give the opening its mean: flow = \"3 ml/s\"";
            found.push(self.find(until.span(), message, "not with a waveform", help));
        }
    }

    fn check_count(
        &self,
        key: &str,
        value: Option<&Spanned<u64>>,
        range: RangeInclusive<u64>,
        help: &str,
        found: &mut Vec<Diagnostic>,
    ) {
        if let Some(value) = value.filter(|value| !range.contains(value.get_ref())) {
            let allowed = format!("{} to {}", range.start(), range.end());
            found.push(self.outside(value.span(), key, value.get_ref(), &allowed, help));
        }
    }

    /// Profiles of pulsating flow need one.
    pub(super) fn check_womersley(&self, found: &mut Vec<Diagnostic>) {
        let wave = self.openings.iter().any(|o| matches!(o.condition, Condition::Waveform(_)));
        for opening in self.openings.iter().filter(|opening| opening.profile == Profile::Womersley) {
            let pulsates = match opening.condition {
                Condition::Flow(_) | Condition::Velocity(_) => false,
                Condition::FlowFraction(_) => wave,
                // Of these, those without a given flow have no profile at all.
                _ => true,
            };
            if let Some(span) = opening.profile_span.as_ref().filter(|_| !pulsates) {
                let name = opening.name.get_ref();
                let message = format!("`opening.{name}.profile` is \"womersley\", but its flow does not pulsate");
                let help = "give it a waveform of flow or velocity, or say profile = \"parabolic\"";
                found.push(self.find(span.clone(), message, "for a waveform", help));
            }
        }
    }

    /// The patient's numbers, and that they are there where they are needed.
    pub(super) fn check_patient(&self, found: &mut Vec<Diagnostic>) {
        let auto = |c: &Condition| matches!(c, Condition::Windkessel(w) if *w.get_ref() == WindkesselSpec::Auto);
        let Some(patient) = &self.patient else {
            if let Some(opening) = self.openings.iter().find(|o| auto(&o.condition)) {
                let name = opening.name.get_ref();
                let message = format!("the Windkessel of `{name}` is to be found from a blood pressure");
                let help = "add [patient] with pressure = \"120/80 mmHg\", or give the Windkessel's elements";
                found.push(self.find(opening.condition.span(), message, "there is none", help));
            }
            return;
        };
        if let Some(power) = patient.murray_exponent.as_ref().filter(|power| !EXPONENTS.contains(power.get_ref())) {
            let help = "Murray's law has 3; 2 to 2.7 were measured in large arteries";
            found.push(self.outside(power.span(), "patient.murray_exponent", power.get_ref(), "1 to 4", help));
        }
        if let Some(part) = &patient.proximal_fraction
            && !(*part.get_ref() > 0.0 && *part.get_ref() < 1.0)
        {
            let help = "0.056 is usual in large arteries: leave it out for that";
            let allowed = "above 0 and below 1";
            found.push(self.outside(part.span(), "patient.proximal_fraction", part.get_ref(), allowed, help));
        }
        if let Some(distal) = &patient.distal_pressure {
            let diastolic = patient.pressure.get_ref().diastolic;
            if !(*distal.get_ref() >= Pressure::from_si(0.0) && *distal.get_ref() < diastolic) {
                let allowed = format!("0 mmHg to below the diastolic {diastolic}");
                let help = "venous pressure is 0 to 20 mmHg; look at the unit";
                found.push(self.outside(distal.span(), "patient.distal_pressure", distal.get_ref(), &allowed, help));
            }
        }
    }

    /// Probes have names and places of their own, and something to record.
    pub(super) fn check_probes(&self, found: &mut Vec<Diagnostic>) {
        if let Some(probe) = self.probes.first().filter(|_| !self.pulsates()) {
            let message = format!("probe `{}` records nothing: the flow is steady", probe.name.get_ref());
            let help = "probes are recorded over cycles: give an opening a waveform, or remove [[probe]] and look into \
                        fluid.pvd";
            found.push(self.find(probe.name.span(), message, "in a steady case", help));
        }
        for (k, probe) in self.probes.iter().enumerate() {
            self.check_probe_name(probe, &self.probes[..k], found);
            let normal = probe.normal.as_ref().filter(|normal| normal.get_ref().iter().all(|x| *x == 0.0));
            if let Some(normal) = normal {
                let message = format!("the normal of probe `{}` has no direction", probe.name.get_ref());
                let help = "give the direction along the vessel, such as normal = [0.0, 0.0, 1.0]";
                found.push(self.find(normal.span(), message, "of length 0", help));
            }
            let section = |probe: &Probe| probe.normal.as_ref().map(|normal| *normal.get_ref());
            let same = |other: &&Probe| other.at.get_ref() == probe.at.get_ref() && section(other) == section(probe);
            if let Some(other) = self.probes[..k].iter().find(same) {
                let (first, second) = (other.name.get_ref(), probe.name.get_ref());
                let message = format!("probes `{first}` and `{second}` are at the same place");
                found.push(self.find(probe.at.span(), message, "the same place again", "remove one of the two"));
            }
        }
    }

    fn check_probe_name(&self, probe: &Probe, before: &[Probe], found: &mut Vec<Diagnostic>) {
        let name = probe.name.get_ref();
        if !is_name(name) {
            let message = format!("`{name}` cannot be the name of a probe");
            let help = "names consist of letters, digits, `_` and `-`, as in \"arch_centre\"";
            found.push(self.find(probe.name.span(), message, "not a name", help));
        }
        if before.iter().any(|other| other.name.get_ref() == name) {
            let message = format!("two probes are named `{name}`");
            found.push(self.find(probe.name.span(), message, "the second one", "give each probe its own name"));
        }
        if self.opening(name).is_some() {
            let message = format!("the probe `{name}` has the name of an opening");
            let help = "their columns in probes.csv would be the same: give the probe its own name";
            found.push(self.find(probe.name.span(), message, "an opening's name", help));
        }
    }
}
