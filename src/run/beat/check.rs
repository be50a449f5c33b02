//! What cannot be told from the case alone: whether the waveforms drive a flow, and whether the probes are inside.

use nalgebra::Vector3;

use crate::case::wall::Instant;
use crate::case::{self, Case, CaseError, Condition};
use crate::fluid::waveform::Waveform;
use crate::geometry::lattice::Lattice;
use crate::geometry::nearest::Nearest;
use crate::geometry::vessel::{Closed, Tag};
use crate::run::plan::{Asked, Iolet, pressure};
use crate::run::pulse::Beat;
use crate::run::pulse::probe::{Probe, Shape};

/// Something must drive the flow, and a pressure must be given somewhere, also where waveforms say what is given.
///
/// # Errors
/// [`CaseError`] that points at an opening.
pub fn drive(case: &Case, iolets: &[Iolet]) -> Result<(), CaseError> {
    if iolets.iter().all(|iolet| matches!(iolet.asked, Asked::Flow(_))) {
        return Err(CaseError::Invalid(vec![case.no_pressure()]));
    }
    let moves = |iolet: &Iolet| {
        let changes = iolet.wave.as_ref().is_some_and(|wave| wave.max() > wave.min());
        changes || matches!(iolet.asked, Asked::Flow(mean) if mean > 0.0)
    };
    // Without a waveform this is known from the case.
    let wave = |opening: &case::Opening| matches!(opening.condition, Condition::Waveform(_));
    let known = !case.openings.iter().any(wave);
    let own = iolets.iter().zip(&case.openings).filter(|(_, opening)| !opening.condition.is_load());
    let pressures: Vec<f64> = own.filter_map(|(iolet, _)| pressure(iolet.asked)).collect();
    let differ = pressures.windows(2).any(|pair| pair[0] != pair[1]) || case.pressures_differ();
    if known || differ || iolets.iter().any(moves) {
        return Ok(());
    }
    Err(CaseError::Invalid(vec![case.at_rest()]))
}

/// A part of the inflow is of something.
///
/// # Errors
/// [`CaseError`] that points at the part.
pub fn fractions(case: &Case, inflow: &Waveform) -> Result<(), CaseError> {
    match case.fraction_of_nothing() {
        Some(finding) if inflow.max() <= 0.0 => Err(CaseError::Invalid(vec![finding])),
        _ => Ok(()),
    }
}

/// The moments that load the wall are in the cycle, whose length is known from the waveforms, s.
///
/// # Errors
/// [`CaseError`] that points at the list of them.
pub fn moments(case: &Case, period: f64) -> Result<(), CaseError> {
    let Some(loads) = case.wall.as_ref().and_then(|wall| wall.loads.as_ref()).filter(|_| case.pulsates()) else {
        return Ok(());
    };
    for instant in loads.get_ref() {
        if let Instant::At(time) = instant
            && time.si() >= period
        {
            let message =
                format!("`wall.loads` names the time {time}, allowed is 0 s to below the period of {period} s");
            let help = "it is the time after the start of the cycle";
            return Err(case.error(loads.span(), message, "after the cycle's end", help));
        }
    }
    Ok(())
}

/// Probes are in the vessel: not outside, and not in a flow extension.
///
/// # Errors
/// [`CaseError`] that points at the first one that is not, with its place and how far it is off, in mm.
pub fn probes(case: &Case, beat: &Beat, closed: &Closed, lattice: &Lattice) -> Result<(), CaseError> {
    if beat.probes.is_empty() {
        return Ok(());
    }
    let wall = Skin::new(closed, |tag| tag == Tag::Wall);
    let extensions: Vec<Skin> = (0..closed.ends.len())
        .map(|k| Skin::new(closed, |tag| matches!(tag, Tag::Extension(n) | Tag::Lid(n) if usize::from(n) == k)))
        .collect();
    for (probe, asked) in beat.probes.iter().zip(&case.probes) {
        let place = probe.at.map(|x| format!("{:.3}", x * 1e3)).join(", ");
        if let Some((k, beyond)) = extension(probe, closed, &wall, &extensions) {
            let message = format!(
                "probe `{}` at ({place}) mm lies in the flow extension of opening `{}`, {:.3} mm beyond the vessel's end",
                probe.name,
                case.openings[k].name.get_ref(),
                beyond * 1e3
            );
            let help = "extensions are no part of the vessel: move the probe back into it";
            return Err(case.error(asked.at.span(), message, "beyond the end", help));
        }
        let point = Probe { shape: Shape::Point, ..probe.clone() };
        if point.weights(lattice).is_empty() {
            let off = wall.distance(probe.at) * 1e3;
            let message =
                format!("probe `{}` at ({place}) mm lies outside the vessel, {off:.3} mm from its wall", probe.name);
            let help = "`at` is in the unit of the surface: give a point inside the vessel";
            return Err(case.error(asked.at.span(), message, "outside", help));
        }
    }
    Ok(())
}

/// The opening whose extension a probe lies in, and how far beyond the vessel's end, m.
fn extension(probe: &Probe, closed: &Closed, wall: &Skin, extensions: &[Skin]) -> Option<(usize, f64)> {
    let own = wall.distance(probe.at);
    let beyond = |k: usize| {
        let end = &closed.ends[k];
        let along: f64 = (0..3).map(|a| (probe.at[a] - end.centre[a]) * end.normal[a]).sum();
        let inside = end.extension > 0.0 && along > 0.0 && along <= end.extension;
        (inside && extensions[k].distance(probe.at) < own).then_some((k, along))
    };
    (0..extensions.len()).find_map(beyond)
}

/// A part of the closed surface.
struct Skin(Nearest);

impl Skin {
    fn new(closed: &Closed, belongs: impl Fn(Tag) -> bool) -> Self {
        let chosen = closed.triangles.iter().zip(&closed.tags).filter(|(_, tag)| belongs(**tag));
        let corners = |(triangle, _): (&[u32; 3], _)| triangle.map(|v| Vector3::from(closed.vertices[v as usize]));
        Self(Nearest::new(chosen.map(corners).collect()))
    }

    /// Distance of a point, m.
    fn distance(&self, at: [f64; 3]) -> f64 {
        let at = Vector3::from(at);
        self.0.find(at, f64::INFINITY).map_or(f64::INFINITY, |nearest| (nearest - at).norm())
    }
}
