//! From the text to a [`Case`]: parse, override, check keys, read values, and see that exactly one alternative is given.

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, Deserializer};

use super::error::{CaseError, Diagnostic, Source, Span};
use super::file::{self, CaseFile, OpeningTable, PatientTable, ProbeTable, ResolutionTable};
use super::rheology::Rheology;
use super::values::{Count, Field, Finite};
use super::{Blood, Case, Condition, Gate, Opening, Output, Patient, Place, Probe, Resolution, Time};
use super::{keys, labels, overrides};

/// Builds the case from the text of the file and the overrides.
pub(super) fn case(mut source: Source, sets: &[String]) -> Result<Case, CaseError> {
    let lines = add_sets(&mut source, sets)?;
    let schema = file::schema();
    let mut document = DeTable::parse(source.file_text()).map_err(|e| not_toml(&source, &e))?;
    for line in &lines {
        let set = DeTable::parse(line).map_err(|e| not_toml(&source, &e))?;
        overrides::lay_over(document.get_mut(), set.into_inner(), &source).map_err(CaseError::Invalid)?;
    }
    let wrong_keys = keys::check(document.get_ref(), &schema, &source);
    if !wrong_keys.is_empty() {
        return Err(CaseError::Invalid(wrong_keys));
    }
    let read = CaseFile::deserialize(Deserializer::from(document.clone()));
    let file = read.map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        let explained = keys::explain(document.get_ref(), &schema, span.start);
        let (message, help) = match explained {
            Some((key, help)) => (format!("`{key}`: {}", error.message()), Some(format!("`{key}`: {help}"))),
            None => (error.message().to_owned(), None),
        };
        one(source.diagnostic(&span, message, String::new(), help))
    })?;
    drop(document);
    convert(file, source)
}

/// Appends the overrides to the source; returns each padded to its place in the text, so that parsing it gives spans
/// there.
fn add_sets(source: &mut Source, sets: &[String]) -> Result<Vec<String>, CaseError> {
    let mut lines = Vec::with_capacity(sets.len());
    for set in sets {
        match overrides::line(set) {
            Ok(line) => {
                let start = source.add_set(&line).start;
                lines.push(format!("{}{line}", " ".repeat(start)));
            }
            Err(message) => {
                let span = source.add_set(set);
                let help = "write --set key=value, such as --set resolution.across=32".to_owned();
                return Err(one(source.diagnostic(&span, message, String::new(), Some(help))));
            }
        }
    }
    Ok(lines)
}

fn one(diagnostic: Diagnostic) -> CaseError {
    CaseError::Invalid(vec![diagnostic])
}

fn not_toml(source: &Source, error: &toml::de::Error) -> CaseError {
    let message = format!("not valid TOML: {}", error.message());
    let help = super::error::surface_hint(source.path());
    let help = if help.is_empty() { "text values stand in quotes: flow = \"4 ml/s\"".into() } else { help };
    one(source.diagnostic(&error.span().unwrap_or(0..0), message, String::new(), Some(help)))
}

fn convert(file: CaseFile, source: Source) -> Result<Case, CaseError> {
    let mut wrong = Vec::new();
    let geometry = labels::geometry(file.geometry, file.cut, &source).map_err(|found| wrong.extend(found));
    let metres = geometry.as_ref().map_or(1.0, |geometry| geometry.unit.get_ref().metres());
    let mut openings = Vec::new();
    for table in file.opening {
        match opening(table, metres, &source) {
            Ok(opening) => openings.push(opening),
            Err(diagnostics) => wrong.extend(diagnostics),
        }
    }
    let storage = file.resolution.get_ref().storage;
    let resolution = resolution(file.resolution, &source).map_err(|found| wrong.extend(found));
    let (header, blood) = (file.blood.span(), file.blood.into_inner());
    let rheology = Rheology::read(&header, &blood, &source).map_err(|found| wrong.extend(found));
    let (geometry, resolution, rheology) = match (geometry, resolution, rheology) {
        (Ok(geometry), Ok(resolution), Ok(rheology)) if wrong.is_empty() => (geometry, resolution, rheology),
        _ => return Err(CaseError::Invalid(wrong)),
    };
    let gate = |(key, gate): (_, Spanned<file::GateTable>)| {
        let gate = gate.into_inner();
        Gate { key, min: gate.min.map(|bound| bound.0), max: gate.max.map(|bound| bound.0) }
    };
    Ok(Case {
        title: file.title,
        geometry,
        openings,
        blood: Blood { density: blood.density, rheology },
        patient: file.patient.map(patient),
        probes: file.probe.into_iter().map(|table| probe(table.into_inner(), metres)).collect(),
        resolution,
        storage,
        time: Time {
            until: file.time.until,
            cycles: file.time.cycles.map(|value| map(value, |Count(value)| value)),
            period: file.time.period,
            max_cycles: file.time.max_cycles.map(|value| map(value, |Count(value)| value)),
            start: file.time.start,
            tolerance: file.time.tolerance.map(|value| map(value, |Finite(value)| value)),
            max_steps: file.time.max_steps.map(|value| map(value, |Count(value)| value)),
            step: file.time.step,
        },
        output: Output {
            fields: file.output.fields.unwrap_or(Field::ALL.to_vec()),
            snapshots: file.output.snapshots,
            phases: file.output.phases.map(|list| map(list, |phases| phases.into_iter().map(|p| p.0).collect())),
            rows: file.output.rows.map(|value| map(value, |Count(value)| value)),
            report: file.output.report.unwrap_or(true),
            checkpoint: file.output.checkpoint,
        },
        wall: file.wall.map(|table| {
            let header = table.span();
            table.into_inner().read(header)
        }),
        expect: file.expect.into_iter().map(gate).collect(),
        made: None,
        source,
    })
}

pub(super) fn map<T, U>(value: Spanned<T>, change: impl FnOnce(T) -> U) -> Spanned<U> {
    let span = value.span();
    Spanned::new(span, change(value.into_inner()))
}

fn opening(table: Spanned<OpeningTable>, metres: f64, source: &Source) -> Result<Opening, Vec<Diagnostic>> {
    let header = table.span();
    let table = table.into_inner();
    let what = format!("opening `{}`", table.name.get_ref());
    let place = exactly_one(
        [
            ("patch", table.patch.map(|patch| (patch.span(), Place::Patch(patch)))),
            ("near", table.near.map(|near| (near.span(), Place::Near(map(near, |point| point.0.map(|x| x * metres)))))),
        ],
        (&what, "place", "patch = \"inlet\", near = [0.0, 0.0, 0.0] (in the unit of the surface)"),
        (&header, source),
    );
    let condition = exactly_one(
        [
            ("flow", table.flow.map(|flow| (flow.span(), Condition::Flow(flow)))),
            ("velocity", table.velocity.map(|velocity| (velocity.span(), Condition::Velocity(velocity)))),
            ("pressure", table.pressure.map(|pressure| (pressure.span(), Condition::Pressure(pressure)))),
            ("waveform", table.waveform.map(|waveform| (waveform.span(), Condition::Waveform(waveform)))),
            ("windkessel", table.windkessel.map(|load| (load.span(), Condition::Windkessel(load)))),
            ("resistance", table.resistance.map(|load| (load.span(), Condition::Resistance(load)))),
            ("coronary", table.coronary.map(|load| (load.span(), Condition::Coronary(Box::new(load))))),
            ("flow_fraction", table.flow_fraction.map(|part| (part.span(), Condition::FlowFraction(part)))),
        ],
        (
            &what,
            "condition",
            "flow = \"3 ml/s\", velocity = \"0.3 m/s\", pressure = \"90 mmHg\", waveform = \"beat.csv\", \
             windkessel = \"auto\", resistance = \"10 mmHg s/ml\", coronary = { ... }, flow_fraction = 0.3",
        ),
        (&header, source),
    );
    match (place, condition) {
        (Ok(place), Ok(condition)) => Ok(Opening {
            place,
            condition,
            profile: table.profile.as_ref().map_or_else(Default::default, |profile| *profile.get_ref()),
            profile_span: table.profile.map(|profile| profile.span()),
            extension: table.extension.unwrap_or_else(|| Spanned::new(table.name.span(), Default::default())),
            support: table.support,
            name: table.name,
        }),
        (place, condition) => Err([place.err(), condition.err()].into_iter().flatten().flatten().collect()),
    }
}

fn patient(table: PatientTable) -> Patient {
    Patient {
        pressure: table.pressure,
        murray_exponent: table.murray_exponent.map(|value| map(value, |Finite(value)| value)),
        proximal_fraction: table.proximal_fraction.map(|value| map(value, |Finite(value)| value)),
        distal_pressure: table.distal_pressure,
    }
}

fn probe(table: ProbeTable, metres: f64) -> Probe {
    Probe {
        name: table.name,
        at: map(table.at, |point| point.0.map(|x| x * metres)),
        normal: table.normal.map(|normal| map(normal, |point| point.0)),
    }
}

fn resolution(table: Spanned<ResolutionTable>, source: &Source) -> Result<Resolution, Vec<Diagnostic>> {
    let header = table.span();
    let table = table.into_inner();
    let across = |value: Spanned<Count>| {
        let clamped = map(value, |Count(sites)| u32::try_from(sites).unwrap_or(u32::MAX));
        (clamped.span(), Resolution::Across(clamped))
    };
    exactly_one(
        [
            ("across", table.across.map(across)),
            ("spacing", table.spacing.map(|spacing| (spacing.span(), Resolution::Spacing(spacing)))),
        ],
        ("[resolution]", "value", "across = 24, spacing = \"0.15 mm\""),
        (&header, source),
    )
}

/// The one alternative that is given; else what is wrong, pointing at the table's header or at the second one.
pub(super) fn exactly_one<T, const N: usize>(
    alternatives: [(&str, Option<(Span, T)>); N],
    (owner, kind, examples): (&str, &str, &str),
    (header, source): (&Span, &Source),
) -> Result<T, Vec<Diagnostic>> {
    let mut given = alternatives.into_iter().filter_map(|(key, value)| Some((key, value?)));
    match (given.next(), given.next()) {
        (Some((_, (_, value))), None) => Ok(value),
        (Some((first, _)), Some((second, (span, _)))) => {
            let message = format!("{owner} has more than one {kind}: `{first}` and `{second}`");
            let help = format!("remove `{first}` or `{second}`");
            Err(vec![source.diagnostic(&span, message, "only one can hold".into(), Some(help))])
        }
        (None, _) => {
            let help = format!("add exactly one of {examples}");
            let message = format!("{owner} has no {kind}");
            Err(vec![source.diagnostic(header, message, "missing here".into(), Some(help))])
        }
    }
}
