//! From the openings of a case to their conditions in time: waveforms read, Windkessels tuned, loads started on their
//! periodic solution.
//!
//! The loads' start, and the tuning, take the vessel for a single node: all loads see the same pressure under the flow
//! that is given at the other openings. The vessel's own pressure differences come in addition during the run.

pub mod check;

use super::plan::{Asked, Iolet, PERIODIC_TOLERANCE, PlanError};
use super::pulse::probe::{Probe, Shape};
use super::pulse::{Beat, Until};
use super::tuning::tuned;
use crate::case::loads::{CoronarySpec, WindkesselSpec};
use crate::case::wall::Wall;
use crate::case::waveform::{Signal, Wave, WaveformFileError, WaveformSpec};
use crate::case::{self, Case, Condition, Profile, Span, Spanned, Start};
use crate::fluid::waveform::Waveform;
use crate::fluid::windkessel::{Branch, Load, Tuned, network_periodic};
use crate::geometry::section::Section;
use crate::geometry::vessel::{Opening, Vessel};

/// Snapshots of a cycle unless the case says otherwise.
const SNAPSHOTS: u64 = 10;

/// Most cycles unless the case says otherwise.
const MOST_CYCLES: u64 = 30;

/// Samples that sums of waves are made from.
const SAMPLES: usize = 1000;

/// Period of a flow that does not change, s.
const STILL: f64 = 1.0;

/// What a case asks for at its openings.
pub struct Openings {
    /// The openings.
    pub iolets: Vec<Iolet>,
    /// The beat, where the case has one.
    pub beat: Option<Beat>,
    /// Windkessels that were tuned.
    pub tuned: Option<Tuned>,
}

/// The openings of a case on its vessel.
///
/// # Errors
/// [`PlanError`] when a waveform cannot be used, periods differ or are missing, or no Windkessel gives the pressure asked
/// for.
pub fn openings(case: &Case, vessel: &Vessel) -> Result<Openings, PlanError> {
    let mut iolets: Vec<Iolet> = case.openings.iter().zip(&vessel.openings).map(|(c, o)| iolet(c, o)).collect();
    let waves = waves(case, &iolets)?;
    let period = period(case, &waves)?;
    for (iolet, wave) in iolets.iter_mut().zip(waves) {
        let Some((signal, wave)) = wave else { continue };
        let (wave, asked): (_, fn(f64) -> Asked) = match signal {
            Signal::Flow => (wave, Asked::Flow),
            Signal::Velocity => (wave.scaled(iolet.area), Asked::Flow),
            Signal::Pressure => (wave, Asked::Pressure),
        };
        (iolet.asked, iolet.wave) = (asked(wave.mean()), Some(wave));
    }
    for (iolet, opening) in iolets.iter_mut().zip(&case.openings) {
        if let Condition::Coronary(spec) = &opening.condition {
            iolet.load = Some(coronary(case, spec, period)?);
        }
    }
    let inflow = total(&iolets, period, |q| q.max(0.0));
    check::fractions(case, &inflow)?;
    for (iolet, opening) in iolets.iter_mut().zip(&case.openings) {
        if let Condition::FlowFraction(fraction) = &opening.condition {
            let wave = inflow.scaled(-fraction.get_ref().0);
            (iolet.asked, iolet.wave) = (Asked::Flow(wave.mean()), Some(wave));
        }
    }
    check::drive(case, &iolets)?;
    check::moments(case, period)?;
    let left = total(&iolets, period, |q| q);
    let tuned = tuned(case, &mut iolets, &left)?;
    let start = start(case, &mut iolets, &left);
    for (iolet, (opening, place)) in iolets.iter_mut().zip(case.openings.iter().zip(&vessel.openings)) {
        if matches!(iolet.asked, Asked::Flow(_)) && opening.profile != Profile::Plug {
            let rim: Vec<_> = place.rim.iter().map(|&v| vessel.wall.vertices[v as usize]).collect();
            iolet.section = Some(Section::new(&rim, place.centre, place.normal));
        }
    }
    let beat = case.pulsates().then(|| beat(case, period, start));
    Ok(Openings { iolets, beat, tuned })
}

fn iolet(asked: &case::Opening, opening: &Opening) -> Iolet {
    let (condition, load) = match &asked.condition {
        Condition::Flow(q) => (Asked::Flow(q.get_ref().si()), None),
        Condition::Velocity(v) => (Asked::Flow(v.get_ref().si() * opening.area), None),
        Condition::Pressure(p) => (Asked::Pressure(p.get_ref().si()), None),
        Condition::Waveform(_) | Condition::FlowFraction(_) => (Asked::Flow(0.0), None),
        Condition::Windkessel(spec) => {
            let given = match spec.get_ref() {
                WindkesselSpec::Given(w) => Some(Load::Windkessel {
                    proximal: w.proximal.si(),
                    compliance: w.compliance.si(),
                    distal: w.distal.si(),
                    distal_pressure: w.distal_pressure.si(),
                }),
                WindkesselSpec::Auto => None,
            };
            (Asked::Pressure(0.0), given)
        }
        Condition::Resistance(spec) => {
            let (resistance, distal_pressure) = (spec.get_ref().value.si(), spec.get_ref().distal_pressure.si());
            (Asked::Pressure(0.0), Some(Load::Resistance { resistance, distal_pressure }))
        }
        Condition::Coronary(_) => (Asked::Pressure(0.0), None),
    };
    Iolet {
        name: opening.name.clone(),
        asked: condition,
        wave: None,
        load,
        womersley: asked.profile == Profile::Womersley,
        section: None,
        diameter: opening.equivalent_diameter(),
        area: opening.area,
    }
}

type Read = Option<(Signal, Waveform)>;

/// The wave that a case names at `span`.
///
/// # Errors
/// [`PlanError`] when there is no such file or it is not one closed period.
pub(super) fn read(case: &Case, spec: &WaveformSpec, span: Span) -> Result<(Signal, Waveform), PlanError> {
    let beside = case.source.path().parent().unwrap_or(std::path::Path::new(""));
    let data = std::env::var_os("PERFUSE_DATA").map(std::path::PathBuf::from);
    let period = case.time.period.as_ref().map(|period| period.get_ref().si());
    let wave = Wave::load(spec, beside, data.as_deref(), period).map_err(|error| match error {
        WaveformFileError::Missing { .. } => PlanError::from(case.error(span, error.to_string(), "named here", "")),
        error => error.into(),
    })?;
    let path = wave.path.clone();
    let form = Waveform::from_samples(&wave.samples).map_err(|source| PlanError::Waveform { path, source })?;
    Ok((wave.signal, form))
}

fn waves(case: &Case, iolets: &[Iolet]) -> Result<Vec<Read>, PlanError> {
    let wave = |(opening, iolet): (&case::Opening, &Iolet)| match &opening.condition {
        Condition::Waveform(spec) => {
            let (signal, wave) = read(case, spec.get_ref(), spec.span())?;
            if signal == Signal::Pressure && opening.profile_span.is_some() {
                let message = format!("opening `{}` has a pressure waveform and a profile", iolet.name);
                let help = "a pressure opening takes the profile that the flow has there: remove `profile`";
                return Err(case.error(spec.span(), message, "a pressure", help).into());
            }
            Ok(Some((signal, wave)))
        }
        _ => Ok(None),
    };
    case.openings.iter().zip(iolets).map(wave).collect()
}

/// A coronary bed with its heart muscle, whose beat has the period of the case.
fn coronary(case: &Case, spec: &Spanned<CoronarySpec>, period: f64) -> Result<Load, PlanError> {
    let bed = spec.get_ref();
    let (signal, intramyocardial) = read(case, &bed.intramyocardial, spec.span())?;
    if signal != Signal::Pressure {
        let message = format!("`{}` holds no pressure", bed.intramyocardial.file);
        let help = "the heart muscle's beat is a file of `time [s], pressure [mmHg]`";
        return Err(case.error(spec.span(), message, "not a pressure", help).into());
    }
    if case.pulsates() && (intramyocardial.period() - period).abs() > 1e-3 * period {
        let beat = intramyocardial.period();
        let message = format!("the heart muscle beats every {beat} s, the case every {period} s");
        return Err(case.error(spec.span(), message, "another period", "give both the same period").into());
    }
    Ok(Load::Coronary {
        arterial: bed.arterial.si(),
        arterial_compliance: bed.arterial_compliance.si(),
        micro: bed.micro.si(),
        micro_compliance: bed.micro_compliance.si(),
        venous: bed.venous.si(),
        intramyocardial,
        venous_pressure: bed.venous_pressure.si(),
    })
}

/// The cycle's length: that of all waveforms.
fn period(case: &Case, waves: &[Read]) -> Result<f64, PlanError> {
    let own = case.time.period.as_ref().map(|period| period.get_ref().si());
    let mut periods = waves.iter().zip(&case.openings).filter_map(|(w, o)| Some((w.as_ref()?.1.period(), o)));
    let Some((first, opening)) = periods.next() else {
        return own.map_or_else(|| if case.pulsates() { Err(no_period(case)) } else { Ok(STILL) }, Ok);
    };
    if let Some((other, second)) = periods.find(|(other, _)| (other - first).abs() > 1e-3 * first) {
        let message = format!(
            "the waveform of `{}` has a period of {other} s, that of `{}` of {first} s",
            second.name.get_ref(),
            opening.name.get_ref()
        );
        let help = "all waveforms of a case have the same period";
        return Err(case.error(second.condition.span(), message, "another period", help).into());
    }
    Ok(first)
}

fn no_period(case: &Case) -> PlanError {
    let span = case.time.cycles.as_ref().map(|c| c.span()).or(case.time.until.as_ref().map(|u| u.span()));
    let help = "add `period` to [time], such as period = \"0.8 s\", or give an opening a waveform";
    case.error(span.unwrap_or(0..0), "cycles of which length?", "no opening has a waveform", help).into()
}

/// Sum of the given flows into the vessel over a cycle, each passed through `part`.
fn total(iolets: &[Iolet], period: f64, part: impl Fn(f64) -> f64) -> Waveform {
    let flows = iolets.iter().filter_map(|iolet| match iolet.asked {
        Asked::Flow(mean) => Some((mean, iolet.wave.as_ref())),
        Asked::Pressure(_) => None,
    });
    // An opening whose flow leaves on the whole counts as an outlet all the time.
    let sign = |mean: f64| part(mean) != 0.0 || mean == 0.0;
    let flows: Vec<_> = flows.filter(|(mean, _)| sign(*mean)).collect();
    if let [(_, Some(wave))] = flows.as_slice() {
        return (*wave).clone();
    }
    if flows.iter().all(|(_, wave)| wave.is_none()) {
        return Waveform::constant(flows.iter().map(|(mean, _)| mean).sum(), period);
    }
    let at = |t: f64| flows.iter().map(|(mean, wave)| wave.map_or(*mean, |wave| wave.value(t))).sum::<f64>();
    let sample = |k: usize| {
        let t = period * k as f64 / SAMPLES as f64;
        [t, at(if k == SAMPLES { 0.0 } else { t })]
    };
    Waveform::from_samples(&(0..=SAMPLES).map(sample).collect::<Vec<_>>())
        .unwrap_or_else(|_| Waveform::constant(at(0.0), period))
}

/// States (Pa) of the loads and the pressure (Pa) at the start, and the cycles that a start from rest would take.
struct Beginning {
    states: Vec<[f64; 2]>,
    pressure: f64,
    cycles_from_rest: usize,
}

/// Starts the loads, and notes the pressure expected at each.
fn start(case: &Case, iolets: &mut [Iolet], left: &Waveform) -> Beginning {
    let mut states = vec![[0.0; 2]; iolets.len()];
    let loaded: Vec<usize> = (0..iolets.len()).filter(|&k| iolets[k].load.is_some()).collect();
    let given = |iolet: &Iolet| match (iolet.asked, &iolet.load) {
        (Asked::Pressure(p), None) => Some((p, iolet.wave.as_ref().map_or(p, |wave| wave.value(0.0)))),
        _ => None,
    };
    let pressures: Vec<(f64, f64)> = iolets.iter().filter_map(given).collect();
    let mean = |of: fn(&(f64, f64)) -> f64| pressures.iter().map(of).sum::<f64>() / pressures.len().max(1) as f64;
    let (mut pressure, mut cycles_from_rest) = (mean(|p| p.1), 1);
    if pressures.is_empty() {
        let branches: Vec<Branch> =
            loaded.iter().filter_map(|&k| Some(Branch { load: iolets[k].load.clone()?, series: 0.0 })).collect();
        let solution = network_periodic(left, &branches);
        pressure = solution.pressure.first().copied().unwrap_or(0.0);
        cycles_from_rest = solution.cycles_from_rest(tolerance(case));
        for (&k, branch) in loaded.iter().zip(&solution.branches) {
            states[k] = branch.state;
            iolets[k].asked =
                Asked::Pressure(branch.pressure.iter().sum::<f64>() / branch.pressure.len().max(1) as f64);
        }
    } else {
        for &k in &loaded {
            let Some(load) = &iolets[k].load else { continue };
            let expected = mean(|p| p.0);
            let flow = (expected - load.distal_pressure()) / load.total_resistance();
            states[k] = load.periodic(&Waveform::constant(flow, left.period())).state;
            iolets[k].asked = Asked::Pressure(expected);
        }
    }
    if case.time.start == Start::Rest {
        (states, pressure) = (vec![[0.0; 2]; iolets.len()], if pressures.is_empty() { 0.0 } else { pressure });
    }
    Beginning { states, pressure, cycles_from_rest }
}

fn tolerance(case: &Case) -> f64 {
    case.time.tolerance.as_ref().map_or(PERIODIC_TOLERANCE, |t| *t.get_ref())
}

fn beat(case: &Case, period: f64, start: Beginning) -> Beat {
    let most = case.time.max_cycles.as_ref().map_or(MOST_CYCLES, |n| *n.get_ref()) as usize;
    let until = match &case.time.cycles {
        Some(cycles) => Until::Cycles(*cycles.get_ref() as usize),
        None => Until::Periodic { tolerance: tolerance(case), most },
    };
    let rows = case.output.rows.as_ref().map_or(case::USUAL_ROWS, |n| *n.get_ref()) as usize;
    let snapshots = case.output.snapshots.as_ref().map_or(SNAPSHOTS, |n| *n.get_ref()) as usize;
    let probe = |probe: &case::Probe| Probe {
        name: probe.name.get_ref().clone(),
        at: *probe.at.get_ref(),
        shape: probe.normal.as_ref().map_or(Shape::Point, |n| Shape::Plane(unit(*n.get_ref()))),
    };
    Beat {
        period,
        until,
        rows,
        snapshots: match &case.output.phases {
            Some(phases) => at_phases(phases.get_ref(), rows),
            None => (0..snapshots.min(rows)).map(|k| k * rows / snapshots.min(rows)).collect(),
        },
        loads: case.wall.as_ref().map_or_else(Vec::new, Wall::instants),
        means: true,
        probes: case.probes.iter().map(probe).collect(),
        states: start.states,
        start_pressure: start.pressure,
        cycles_from_rest: start.cycles_from_rest,
    }
}

/// The rows nearest to parts of a cycle, rising.
fn at_phases(phases: &[f64], rows: usize) -> Vec<usize> {
    let mut nearest: Vec<usize> = phases.iter().map(|phase| (phase * rows as f64).round() as usize % rows).collect();
    nearest.sort_unstable();
    nearest.dedup();
    nearest
}

fn unit(v: [f64; 3]) -> [f64; 3] {
    let size = v.iter().map(|x| x * x).sum::<f64>().sqrt();
    v.map(|x| x / size)
}

/// The openings at their largest flow: what the time step is chosen from.
#[must_use]
pub fn fastest(iolets: &[Iolet]) -> Vec<Iolet> {
    let at_peak = |iolet: &Iolet| {
        let mut iolet = iolet.clone();
        if let (Asked::Flow(mean), Some(wave)) = (iolet.asked, &iolet.wave) {
            let most = wave.max().max(-wave.min());
            iolet.asked = Asked::Flow(if mean < 0.0 { -most } else { most });
        }
        iolet
    };
    iolets.iter().map(at_peak).collect()
}
