//! Windkessels that a case leaves to the blood pressure.

use super::plan::{Asked, Iolet, PlanError};
use crate::case::Case;
use crate::case::Condition;
use crate::case::loads::WindkesselSpec;
use crate::fluid::waveform::Waveform;
use crate::fluid::windkessel::{Load, PROXIMAL_FRACTION, Target, Tuned, tune};
use crate::units::MMHG;

/// Power of the diameter that flows go with, unless the case says otherwise (Murray, PNAS 12, 207, 1926).
const MURRAY: f64 = 3.0;

/// Finds the Windkessels that the case leaves to the blood pressure, under the flow that is `left` to them.
pub(super) fn tuned(case: &Case, iolets: &mut [Iolet], left: &Waveform) -> Result<Option<Tuned>, PlanError> {
    let auto: Vec<usize> = (0..iolets.len())
        .filter(|&k| matches!(&case.openings[k].condition, Condition::Windkessel(w) if *w.get_ref() == WindkesselSpec::Auto))
        .collect();
    // A case that needs a blood pressure and has none is not valid.
    let (Some(&first), Some(patient)) = (auto.first(), &case.patient) else { return Ok(None) };
    let span = case.openings[first].condition.span();
    let other = (0..iolets.len()).find(|k| !auto.contains(k) && matches!(iolets[*k].asked, Asked::Pressure(_)));
    if let Some(other) = other {
        let message = format!(
            "the Windkessel of `{}` is to be found from the blood pressure, but opening `{}` sets the pressure too",
            iolets[first].name, iolets[other].name
        );
        let help = "make all such openings \"auto\", or give all their values";
        return Err(case.error(case.openings[other].condition.span(), message, "sets the pressure", help).into());
    }
    if !case.pulsates() {
        let message = "a Windkessel can be found from a blood pressure only where the flow pulsates";
        let help = "give the inlet a waveform, or this outlet a resistance or a pressure";
        return Err(case.error(span, message, "the flow is steady", help).into());
    }
    let pressure = patient.pressure.get_ref();
    let target = Target {
        systolic: pressure.systolic.si(),
        diastolic: pressure.diastolic.si(),
        distal: patient.distal_pressure.as_ref().map_or(0.0, |p| p.get_ref().si()),
        exponent: patient.murray_exponent.as_ref().map_or(MURRAY, |e| *e.get_ref()),
        fraction: patient.proximal_fraction.as_ref().map_or(PROXIMAL_FRACTION, |f| *f.get_ref()),
    };
    let diameters: Vec<f64> = auto.iter().map(|&k| iolets[k].diameter).collect();
    let tuned = tune(left, &diameters, &target)
        .map_err(|e| case.error(patient.pressure.span(), e.to_string(), "out of reach", ""))?;
    for (&k, load) in auto.iter().zip(&tuned.loads) {
        iolets[k].load = Some(load.clone());
    }
    Ok(Some(tuned))
}

/// What was found for each Windkessel, ready to be pasted into the case.
#[must_use]
pub fn paste(iolets: &[Iolet]) -> Vec<(String, String)> {
    let text = |iolet: &Iolet| match &iolet.load {
        Some(Load::Windkessel { proximal, compliance, distal, distal_pressure }) => {
            let r = |r: f64| format!("{:.6} mmHg s/ml", r * 1e-6 / MMHG);
            let behind = if *distal_pressure == 0.0 {
                String::new()
            } else {
                format!(", distal_pressure = \"{:.4} mmHg\"", distal_pressure / MMHG)
            };
            let c = compliance * 1e6 * MMHG;
            let elements = format!(
                "proximal = \"{}\", compliance = \"{c:.6e} ml/mmHg\", distal = \"{}\"",
                r(*proximal),
                r(*distal)
            );
            Some((iolet.name.clone(), format!("windkessel = {{ {elements}{behind} }}")))
        }
        _ => None,
    };
    iolets.iter().filter_map(text).collect()
}
