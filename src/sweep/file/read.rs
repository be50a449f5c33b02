//! From the tables of a sweep file to what they mean.

use std::path::Path;

use toml::Spanned;

use super::tables::{Bounds, Lognormal, Normal, SweepTable, VaryTable};
use super::{Axis, Method, SweepFile, Values, one};
use crate::case::{CaseError, Source, Span};
use crate::sweep::distribution::Spread;
use crate::sweep::setting::Setting;

/// Most points of a method that spreads them: as many as the Sobol' sequence has.
const MOST_POINTS: i64 = 1 << 16;

pub(super) struct Reader<'s> {
    pub source: &'s Source,
}

impl Reader<'_> {
    fn say(&self, span: &Span, message: String, label: &str, help: &str) -> CaseError {
        one(self.source, span, message, label, help)
    }

    pub fn read(&self, table: SweepTable) -> Result<SweepFile, CaseError> {
        let beside = self.source.path().parent().unwrap_or(Path::new(""));
        let sample = table.sample;
        let method = sample.method.as_ref().map_or_else(Method::default, |method| *method.get_ref());
        let whole = || sample.method.as_ref().map_or(0..0, Spanned::span);
        let points = match &sample.points {
            Some(points) if !(1..=MOST_POINTS).contains(points.get_ref()) => {
                let message = format!("`sample.points` is {}, allowed is 1 to {MOST_POINTS}", points.get_ref());
                return Err(self.say(&points.span(), message, "out of range", "a power of two spreads best"));
            }
            Some(points) => *points.get_ref() as usize,
            None if method.spreads() => {
                let message = "this method needs a number of points".to_owned();
                return Err(self.say(&whole(), message, "", "add points = 64 to [sample]"));
            }
            None => 0,
        };
        if (method == Method::Table) != sample.file.is_some() {
            let message = "method \"table\" and the key `file` of [sample] go together".to_owned();
            return Err(self.say(&whole(), message, "", "write method = \"table\" and file = \"points.csv\""));
        }
        let mut axes: Vec<Axis> = Vec::new();
        for vary in table.vary {
            let axis = self.axis(vary)?;
            if axes.iter().any(|other| other.key == axis.key) {
                let message = format!("`{}` varies twice", axis.key);
                return Err(self.say(&axis.span, message, "the second time", "give each key one [[vary]]"));
            }
            axes.push(axis);
        }
        if axes.is_empty() == (method != Method::Table) {
            let (message, help) = match method {
                Method::Table => ("the table's columns are what varies, and there is a [[vary]] too", "remove either"),
                _ => ("nothing varies", "add [[vary]] with key and values"),
            };
            return Err(self.say(&axes.first().map_or(0..0, |axis| axis.span.clone()), message.to_owned(), "", help));
        }
        Ok(SweepFile {
            case: beside.join(table.case.get_ref()),
            source: self.source.clone(),
            title: table.title,
            sets: table.set,
            warm_start: table.warm_start,
            method,
            points,
            seed: sample.seed.unwrap_or(1),
            table: sample.file.map(|file| beside.join(file.get_ref())),
            mesh: table.mesh.map(|mesh| {
                let pairs = mesh.get_ref().iter().map(|(key, value)| (key.get_ref().clone(), Setting::of(value)));
                (mesh.span(), pairs.collect())
            }),
            axes,
            expect: table.expect.into_iter().map(|(key, gate)| (key.into_inner(), gate.min, gate.max)).collect(),
        })
    }

    fn axis(&self, vary: Spanned<VaryTable>) -> Result<Axis, CaseError> {
        let header = vary.span();
        let vary = vary.into_inner();
        let (key, span) = (vary.key.get_ref().clone(), vary.key.span());
        let ways = [
            vary.values.is_some(),
            vary.from.is_some() || vary.to.is_some(),
            vary.uniform.is_some(),
            vary.normal.is_some(),
            vary.lognormal.is_some(),
        ];
        if ways.iter().filter(|given| **given).count() != 1 {
            let message = format!("`{key}` needs exactly one of values, from and to, uniform, normal, lognormal");
            let help = "write values = [...], or from = ..., to = ..., steps = ..., or a distribution";
            return Err(self.say(&header, message, "here", help));
        }
        let values = if let Some(values) = vary.values {
            let listed: Vec<Setting> = values.get_ref().iter().map(Setting::of).collect();
            if listed.is_empty() {
                let message = format!("`{key}` has an empty list of values");
                return Err(self.say(&values.span(), message, "empty", "give at least one value"));
            }
            Values::Listed(listed)
        } else if let (Some(from), Some(to)) = (&vary.from, &vary.to) {
            self.range(&key, (from, to), vary.steps.as_ref())?
        } else {
            self.spread(&key, &header, &vary)?
        };
        Ok(Axis { key, span, values })
    }

    fn range(
        &self,
        key: &str,
        (from, to): (&Spanned<toml::Value>, &Spanned<toml::Value>),
        steps: Option<&Spanned<i64>>,
    ) -> Result<Values, CaseError> {
        let ends = self.alike(key, &to.span(), [("from", from.get_ref()), ("to", to.get_ref())])?;
        let [low, high] = [&ends[0], &ends[1]].map(|end| end.number().unwrap_or(f64::NAN));
        if low == high {
            let message = format!("the range of `{key}` is empty: from {} to {}", ends[0], ends[1]);
            return Err(self.say(&to.span(), message, "the same", "give two different ends, or values = [...]"));
        }
        let steps = match steps {
            Some(steps) if !(2..=MOST_POINTS).contains(steps.get_ref()) => {
                let message = format!("`steps` of `{key}` is {}, allowed is 2 to {MOST_POINTS}", steps.get_ref());
                return Err(self.say(&steps.span(), message, "out of range", "both ends are among the steps"));
            }
            steps => steps.map(|steps| *steps.get_ref() as usize),
        };
        let [a, b]: [Setting; 2] = ends.try_into().unwrap_or([Setting::Whole(0), Setting::Whole(0)]);
        Ok(Values::Range([a, b], steps))
    }

    fn spread(&self, key: &str, header: &Span, vary: &VaryTable) -> Result<Values, CaseError> {
        let number = |setting: &Setting| setting.number().unwrap_or(f64::NAN);
        let (spread, kind, span) = if let Some(given) = &vary.uniform {
            let Bounds { min, max } = given.get_ref();
            let found = self.alike(key, &given.span(), [("min", min), ("max", max)])?;
            (Spread::Uniform { min: number(&found[0]), max: number(&found[1]) }, found[0].clone(), given.span())
        } else if let Some(given) = &vary.normal {
            let Normal { mean, sd, min, max } = given.get_ref();
            let bounds = [("min", min.as_ref().unwrap_or(mean)), ("max", max.as_ref().unwrap_or(mean))];
            let found = self.alike(key, &given.span(), [("mean", mean), ("sd", sd), bounds[0], bounds[1]])?;
            let low = if min.is_some() { number(&found[2]) } else { f64::NEG_INFINITY };
            let high = if max.is_some() { number(&found[3]) } else { f64::INFINITY };
            let spread = Spread::Normal { mean: number(&found[0]), sd: number(&found[1]), bounds: [low, high] };
            (spread, found[0].clone(), given.span())
        } else if let Some(given) = &vary.lognormal {
            let Lognormal { median, sigma, min, max } = given.get_ref();
            let bounds = [("min", min.as_ref().unwrap_or(median)), ("max", max.as_ref().unwrap_or(median))];
            let found = self.alike(key, &given.span(), [("median", median), bounds[0], bounds[1]])?;
            let low = if min.is_some() { number(&found[1]) } else { 0.0 };
            let high = if max.is_some() { number(&found[2]) } else { f64::INFINITY };
            (
                Spread::Lognormal { median: number(&found[0]), sigma: *sigma, bounds: [low, high] },
                found[0].clone(),
                given.span(),
            )
        } else {
            let message = format!("the range of `{key}` has one end only");
            return Err(self.say(header, message, "here", "give both from and to"));
        };
        match empty(&spread) {
            None => Ok(Values::Spread(spread, kind)),
            Some(why) => Err(self.say(&span, format!("the range of `{key}` is empty: {why}"), "empty", "")),
        }
    }

    /// Numbers in one unit.
    fn alike<const N: usize>(
        &self,
        key: &str,
        span: &Span,
        values: [(&str, &toml::Value); N],
    ) -> Result<Vec<Setting>, CaseError> {
        let found = values.map(|(name, value)| (name, Setting::of(value)));
        for (name, setting) in &found {
            if setting.number().is_none_or(|number| !number.is_finite()) {
                let message = format!("`{name}` of `{key}` is `{setting}`, not a number with or without a unit");
                return Err(self.say(span, message, "here", "write 3.5, or \"3.5 mPa s\""));
            }
            if setting.unit() != found[0].1.unit() {
                let message = format!("`{key}` mixes units: {} is `{}`, {name} is `{setting}`", found[0].0, found[0].1);
                return Err(self.say(span, message, "two units", "give all numbers of a range in one unit"));
            }
        }
        Ok(found.map(|(_, setting)| setting).into())
    }
}

/// Why a distribution has no values, if it has none.
fn empty(spread: &Spread) -> Option<String> {
    let wrong = |name: &str, value: f64| {
        (value.is_nan() || value <= 0.0).then(|| format!("{name} is {value}, must be above 0"))
    };
    let order =
        |[low, high]: [f64; 2]| (low.is_nan() || low >= high).then(|| format!("min {low} is not below max {high}"));
    match *spread {
        Spread::Uniform { min, max } => order([min, max]),
        Spread::Normal { sd, bounds, .. } => wrong("sd", sd).or_else(|| order(bounds)),
        Spread::Lognormal { median, sigma, bounds } => {
            let negative = (bounds[0] < 0.0).then(|| format!("min {} is negative", bounds[0]));
            wrong("median", median).or_else(|| wrong("sigma", sigma)).or(negative).or_else(|| order(bounds))
        }
    }
}
