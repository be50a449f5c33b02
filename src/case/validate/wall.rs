//! The vessel wall: thickness, material, mesh, supports and loads against what arteries and elasticity admit.

use std::ops::RangeInclusive;

use super::super::error::Diagnostic;
use super::super::wall::{Instant, Poisson, Support, Thickness, Wall, Young};
use super::Case;
use crate::units::{AreaStiffness, Length, MMHG, Modulus, Pressure};
use toml::Spanned;

/// Thicknesses, m: above nought to that of no vessel.
const THICKEST: f64 = 20e-3;

/// Parts of the local radius.
const PARTS: RangeInclusive<f64> = 0.01..=1.0;

/// Young's moduli, Pa.
pub(crate) const MODULI: [f64; 2] = [1e3, 1e9];

/// Edges of elements, m.
const SPACINGS: [f64; 2] = [1e-5, 20e-3];

/// Elements through the thickness.
const LAYERS: RangeInclusive<u64> = 1..=32;

/// Largest stiffness per area, Pa/m: that of a rigid wall for every material above.
const STIFFEST: f64 = 1e13;

/// Largest reference pressure, Pa.
const MOST_PRESSURE: f64 = 400.0 * MMHG;

impl Case {
    pub(super) fn check_wall(&self, found: &mut Vec<Diagnostic>) {
        let Some(wall) = &self.wall else {
            if let Some((opening, support)) = self.openings.iter().find_map(|o| Some((o, o.support.as_ref()?))) {
                let message = format!("`opening.{}.support` holds no wall", opening.name.get_ref());
                let help = "it is what holds the vessel wall at this end: add [wall], or remove `support`";
                found.push(self.find(support.span(), message, "the case has no [wall]", help));
            }
            return;
        };
        self.check_thickness(wall, found);
        self.check_material(wall, found);
        self.check_mesh(wall, found);
        self.check_springs(wall, found);
        self.check_reference(wall, found);
        self.check_loads(wall, found);
    }

    fn check_thickness(&self, wall: &Wall, found: &mut Vec<Diagnostic>) {
        let span = wall.thickness.span();
        match wall.thickness.get_ref() {
            Thickness::Uniform(length) if !(length.si() > 0.0 && length.si() <= THICKEST) => {
                let help =
                    "an aorta is 1.5 to 2.5 mm thick, a coronary artery 0.5 to 1 mm; about a tenth of the diameter";
                let allowed = format!("above 0 mm, at most {}", Length::from_si(THICKEST));
                found.push(self.outside(span, "wall.thickness", length, &allowed, help));
            }
            Thickness::OfRadius(part) if !PARTS.contains(part) => {
                let help = "arteries are 0.1 to 0.2 of their radius thick";
                let allowed = format!("{} to {}", PARTS.start(), PARTS.end());
                found.push(self.outside(span, "wall.thickness.of_radius", part, &allowed, help));
            }
            _ => {}
        }
    }

    fn check_material(&self, wall: &Wall, found: &mut Vec<Diagnostic>) {
        if let Young::Uniform(young) = wall.young.get_ref()
            && !(MODULI[0]..=MODULI[1]).contains(&young.si())
        {
            let [least, most] = MODULI.map(Modulus::from_si);
            let allowed = format!("{least} to {most}");
            let help = "arteries have 0.3 to 3 MPa; look at the unit";
            found.push(self.outside(wall.young.span(), "wall.young", young, &allowed, help));
        }
        if let Poisson::Uniform(poisson) = wall.poisson.get_ref()
            && !(0.0..0.5).contains(poisson)
        {
            let help = if *poisson >= 0.5 {
                "0.5 is a material without any change of volume, whose pressure its displacement does not tell: take 0.49, \
                 or up to 0.499"
            } else {
                "arteries are nearly incompressible: 0.45 to 0.499"
            };
            found.push(self.outside(wall.poisson.span(), "wall.poisson", poisson, "0 to below 0.5", help));
        }
    }

    fn check_mesh(&self, wall: &Wall, found: &mut Vec<Diagnostic>) {
        if let Some(spacing) = &wall.spacing
            && !(SPACINGS[0]..=SPACINGS[1]).contains(&spacing.get_ref().si())
        {
            let [least, most] = SPACINGS.map(Length::from_si);
            let help =
                "leave it out for one that suits the vessel, or give a twelfth of the narrowest part's circumference";
            let allowed = format!("{least} to {most}");
            found.push(self.outside(spacing.span(), "wall.spacing", spacing.get_ref(), &allowed, help));
        }
        if let Some(layers) = wall.layers.as_ref().filter(|layers| !LAYERS.contains(layers.get_ref())) {
            let allowed = format!("{} to {}", LAYERS.start(), LAYERS.end());
            let help = "2 resolve a thin wall, 4 the stress across a thick one";
            found.push(self.outside(layers.span(), "wall.layers", layers.get_ref(), &allowed, help));
        }
    }

    fn check_springs(&self, wall: &Wall, found: &mut Vec<Diagnostic>) {
        let allowed = format!("above 0 kPa/mm, at most {}", AreaStiffness::from_si(STIFFEST));
        let fits = |spring: &AreaStiffness| spring.si() > 0.0 && spring.si() <= STIFFEST;
        let mut ends = vec![("wall.ends.spring".to_owned(), &wall.ends)];
        let own = |o: &super::Opening| format!("opening.{}.support.spring", o.name.get_ref());
        ends.extend(self.openings.iter().filter_map(|o| Some((own(o), o.support.as_ref()?))));
        for (key, support) in ends {
            if let Support::Spring(spring) = support.get_ref()
                && !fits(spring)
            {
                let help = "tissue around arteries has 1 to 100 kPa/mm; \"fixed\" holds an end rigidly";
                found.push(self.outside(support.span(), &key, spring, &allowed, help));
            }
        }
        if let Some(spring) = wall.outer_spring.as_ref().filter(|spring| !fits(spring.get_ref())) {
            let help = "tissue around arteries has 1 to 100 kPa/mm; leave it out for none";
            found.push(self.outside(spring.span(), "wall.outer_spring", spring.get_ref(), &allowed, help));
        }
    }

    fn check_reference(&self, wall: &Wall, found: &mut Vec<Diagnostic>) {
        let Some(reference) = &wall.reference_pressure else { return };
        if reference.get_ref().si().abs() > MOST_PRESSURE {
            let [least, most] = [-MOST_PRESSURE, MOST_PRESSURE].map(Pressure::from_si);
            let allowed = format!("{least} to {most}");
            let help = "it is the pressure in the vessel when it was imaged, as a rule the diastolic or the mean one";
            let (span, value) = (reference.span(), reference.get_ref());
            found.push(self.outside(span, "wall.reference_pressure", value, &allowed, help));
        }
    }

    fn check_loads(&self, wall: &Wall, found: &mut Vec<Diagnostic>) {
        let instants = wall.instants();
        let Some(loads) = &wall.loads else {
            // What is taken by default has to be there too.
            if self.pulsates() && self.has_one_cycle() {
                found.push(self.one_cycle(wall.span.clone(), Instant::Systole));
            }
            return;
        };
        if !self.pulsates() {
            let message = "`wall.loads` names moments of a cycle, but the flow is steady".to_owned();
            let help = "remove it: a steady flow loads the wall with its one state";
            found.push(self.find(loads.span(), message, "in a steady case", help));
            return;
        }
        if loads.get_ref().is_empty() {
            let help = "remove the key for [\"systole\", \"diastole\"], or [wall] for the flow alone";
            found.push(self.find(loads.span(), "`wall.loads` names no moment".into(), "empty", help));
        }
        for (k, instant) in instants.iter().enumerate() {
            if instants[..k].iter().any(|other| other.name() == instant.name()) {
                let message = format!("`wall.loads` names {} twice", instant.name());
                found.push(self.find(loads.span(), message, "the same moment again", "remove one of the two"));
            }
            self.check_instant(loads, instant, found);
        }
    }

    fn check_instant(&self, loads: &Spanned<Vec<Instant>>, instant: &Instant, found: &mut Vec<Diagnostic>) {
        match instant {
            Instant::Systole | Instant::Diastole if self.has_one_cycle() => {
                found.push(self.one_cycle(loads.span(), *instant));
            }
            // The period of a waveform is known to the plan only.
            Instant::At(time) if time.si() < 0.0 || time.si() >= super::ranges::PERIODS[1] => {
                let allowed = "0 s to below the period";
                let help = "it is the time after the start of the cycle";
                found.push(self.outside(loads.span(), "wall.loads", time, allowed, help));
            }
            _ => {}
        }
    }

    /// Whether the finest lattice runs no more than a cycle.
    fn has_one_cycle(&self) -> bool {
        let most = self.time.cycles.as_ref().or(self.time.max_cycles.as_ref());
        most.is_some_and(|most| *most.get_ref() <= 1)
    }

    fn one_cycle(&self, span: super::super::Span, instant: Instant) -> Diagnostic {
        let message = format!("the wall is to be loaded by the {} of a single cycle", instant.name());
        let help = "when it comes is known from the cycle before: run 2 cycles or more (time.cycles), or name other \
                    moments: wall.loads = [\"mean\", \"0.35 s\"]";
        self.find(span, message, "not known in time", help)
    }
}
