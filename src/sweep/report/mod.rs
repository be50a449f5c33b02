//! `sweep-report.html`: one page that needs nothing else. What matters most, how numbers respond, and every run.

mod chart;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use chart::{Bar, Series, bars, response, short};

use super::SweepError;
use super::collect::{Collected, Row, is_physical};
use super::folder::RunStatus;
use super::gates::escape;
use super::sobol::Indices;
use crate::output::write_file;

const STYLE: &str = include_str!("style.css");

/// Numbers that are drawn.
const MOST: usize = 6;

/// Lines of one drawing.
const LINES: usize = 8;

/// Beginnings of the numbers that are drawn first.
const FIRST: [&str; 8] = [
    "pressure_drop_mmHg.",
    "stenoses.",
    "wss_pa.max",
    "wss_pa.mean",
    "cycle.tawss_pa.mean",
    "cycle.osi.max",
    "wall.von_mises_kpa.max",
    "velocity_max_m_s",
];

/// Writes the page: the runs, with Sobol' indices where the sampling gives them, and first the numbers that `asked` names.
///
/// # Errors
/// [`SweepError`] with the system's reason.
pub fn write(
    all: &Collected,
    indices: &[(String, Indices)],
    asked: &[String],
    folder: &Path,
) -> Result<(), SweepError> {
    Ok(write_file(&folder.join("sweep-report.html"), page(all, indices, asked, folder).as_bytes())?)
}

fn page(all: &Collected, indices: &[(String, Indices)], asked: &[String], folder: &Path) -> String {
    let done = Done::of(all);
    let numbers = chosen(&done, asked);
    let title = escape(all.title.as_deref().unwrap_or(&all.sweep));
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, \
         initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\"><title>{title} - Perfuse</title>\
         <style>{STYLE}</style></head><body>\n<header><p class=\"kind\">Parameter sweep</p><h1>{title}</h1>{}</header>\n<main>\n",
        counts(all)
    );
    for (heading, hint, figures) in [sensitivity(&done, indices, &numbers), curves(&done, &numbers)] {
        if !figures.is_empty() {
            let _ = write!(
                out,
                "<section><h2>{heading}</h2><p class=\"hint\">{hint}</p><div class=\"figures\">{figures}</div></section>\n"
            );
        }
    }
    out.push_str(&table(all, &numbers, folder));
    out + "</main>\n<footer><p>Perfuse is research software and no medical device.</p></footer></body></html>\n"
}

/// Runs that are done, with their numbers.
struct Done<'a> {
    all: &'a Collected,
    rows: Vec<&'a Row>,
}

impl<'a> Done<'a> {
    fn of(all: &'a Collected) -> Self {
        Self { all, rows: all.rows.iter().filter(|row| row.status == RunStatus::Done).collect() }
    }

    fn values(&self, key: &str) -> Vec<f64> {
        self.rows.iter().map(|row| row.number(key).unwrap_or(f64::NAN)).collect()
    }

    /// Mean of a number, and the ends of its range.
    fn spread(&self, key: &str) -> Option<[f64; 3]> {
        let values: Vec<f64> = self.values(key).into_iter().filter(|x| x.is_finite()).collect();
        let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
        let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(*x), b.max(*x)));
        (low <= high).then_some([mean, low, high])
    }

    fn varies(&self, key: &str) -> bool {
        self.spread(key).is_some_and(|[_, low, high]| high - low > 1e-6 * high.abs().max(low.abs()))
    }
}

fn counts(all: &Collected) -> String {
    let of = [RunStatus::Done, RunStatus::Unsettled, RunStatus::Failed, RunStatus::Missing];
    let words: Vec<String> = of
        .into_iter()
        .filter(|status| all.count(*status) > 0)
        .map(|status| format!("{} {}", all.count(status), status.word()))
        .collect();
    let gates = all.failed_gates().len();
    let failed =
        if gates == 0 { String::new() } else { format!(" <strong class=\"bad\">{gates} gates failed</strong>") };
    format!("<p>Case <code>{}</code>: {} of {} runs.{failed}</p>", escape(&all.case), words.join(", "), all.rows.len())
}

/// The numbers that are drawn: those asked for, then the usual ones, then any that varies.
fn chosen(done: &Done, asked: &[String]) -> Vec<String> {
    let all: Vec<String> = done.all.numbers().into_iter().filter(|key| is_physical(key) && done.varies(key)).collect();
    let mut found: Vec<String> = asked.iter().filter(|key| all.contains(key)).cloned().collect();
    for start in FIRST {
        found.extend(all.iter().filter(|key| key.starts_with(start)).cloned());
    }
    found.extend(all);
    let mut kept: Vec<String> = Vec::new();
    for key in found {
        if kept.len() < MOST && !kept.contains(&key) {
            kept.push(key);
        }
    }
    kept
}

/// Sobol' indices where there are any, else how far each key moves each number by itself.
fn sensitivity(done: &Done, indices: &[(String, Indices)], numbers: &[String]) -> (&'static str, &'static str, String) {
    if !indices.is_empty() {
        let hint = "Part of each number's variance: by the key alone (first order, darker) and together with all others \
                    (total). Whiskers are 95 % confidence by bootstrap.";
        let drawn = numbers.iter().filter_map(|key| {
            let (_, found) = indices.iter().find(|(other, _)| other == key)?;
            let bar = |k: usize, kind: usize| {
                let (word, index) = if kind == 0 { ("first", found.first[k]) } else { ("total", found.total[k]) };
                let name = format!("{} {word}", last(&done.all.keys[k]));
                Bar { name, from: 0.0, to: index.value, interval: Some([index.low, index.high]), kind }
            };
            let all: Vec<Bar> = (0..done.all.keys.len()).flat_map(|k| [bar(k, 0), bar(k, 1)]).collect();
            Some(bars(key, "part of the variance", &all, Some(0.0)))
        });
        return ("What matters", hint, drawn.collect());
    }
    let hint = "How far each key moves each number over its own range: the mean of the number at each end of the key, all \
                others as they come.";
    let drawn = numbers.iter().filter_map(|key| {
        let [mean, ..] = done.spread(key)?;
        let mut all: Vec<Bar> = (0..done.all.keys.len()).filter_map(|k| swing(done, k, key)).collect();
        all.sort_by(|a, b| (b.to - b.from).abs().total_cmp(&(a.to - a.from).abs()));
        (!all.is_empty()).then(|| bars(key, key, &all, Some(mean)))
    });
    ("What matters", hint, drawn.collect())
}

/// Means of a number over the lowest and the highest quarter of a key's values, or at its ends where it has few.
fn swing(done: &Done, k: usize, number: &str) -> Option<Bar> {
    let mut pairs: Vec<[f64; 2]> = done
        .rows
        .iter()
        .filter_map(|row| Some([row.settings[k].number()?, row.number(number)?]))
        .filter(|[_, y]| y.is_finite())
        .collect();
    pairs.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let (first, last_one) = (*pairs.first()?, *pairs.last()?);
    if first[0] == last_one[0] {
        return None;
    }
    let quarter = (pairs.len() / 4).max(1);
    let (low, high) = (pairs[quarter - 1][0], pairs[pairs.len() - quarter][0]);
    let mean = |inside: &dyn Fn(f64) -> bool| {
        let values: Vec<f64> = pairs.iter().filter(|p| inside(p[0])).map(|p| p[1]).collect();
        values.iter().sum::<f64>() / values.len().max(1) as f64
    };
    let (from, to) = (mean(&|x| x <= low), mean(&|x| x >= high));
    Some(Bar { name: last(&done.all.keys[k]).to_owned(), from, to, interval: None, kind: 0 })
}

/// The last part of a dotted key.
fn last(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

/// Every number over every key that is a number.
fn curves(done: &Done, numbers: &[String]) -> (&'static str, &'static str, String) {
    let mut out = String::new();
    for number in numbers {
        for k in 0..done.all.keys.len() {
            let series = lines(done, k, number);
            let title = format!("{number} over {}", last(&done.all.keys[k]));
            out.push_str(&response(&title, [&done.all.title_of(k), number], &series));
        }
    }
    ("Response", "A line for each setting of the other keys where these are few, else a point a run.", out)
}

fn lines(done: &Done, k: usize, number: &str) -> Vec<Series> {
    let mut groups: BTreeMap<String, Vec<[f64; 2]>> = BTreeMap::new();
    let mut order: Vec<String> = Vec::new();
    for row in &done.rows {
        let (Some(x), Some(y)) = (row.settings[k].number(), row.number(number)) else { continue };
        let others = done.all.keys.iter().zip(&row.settings).enumerate().filter(|(other, _)| *other != k);
        let name: Vec<String> = others.map(|(_, (key, value))| format!("{} = {value}", last(key))).collect();
        let name = name.join(", ");
        if !groups.contains_key(&name) {
            order.push(name.clone());
        }
        groups.entry(name).or_default().push([x, y]);
    }
    if groups.len() > LINES {
        let points = groups.into_values().flatten().collect();
        return vec![Series { name: "runs".into(), points, joined: false }];
    }
    let mut take = |name: String| {
        let mut points = groups.remove(&name).unwrap_or_default();
        points.sort_by(|a, b| a[0].total_cmp(&b[0]));
        Series { name, points, joined: true }
    };
    order.into_iter().map(&mut take).collect()
}

fn table(all: &Collected, numbers: &[String], folder: &Path) -> String {
    let mut out =
        String::from("<section><h2>Runs</h2><div class=\"scroll\"><table><thead><tr><th>run</th><th>status</th>");
    let titles = (0..all.keys.len()).map(|k| all.title_of(k)).chain(numbers.iter().cloned());
    for title in titles.chain(["gates".to_owned(), "seconds".to_owned()]) {
        let _ = write!(out, "<th>{}</th>", escape(&title));
    }
    out.push_str("</tr></thead><tbody>\n");
    for row in &all.rows {
        let _ =
            write!(out, "<tr><td>{}</td><td class=\"{}\">{}", link(row, folder), row.status.word(), row.status.word());
        if let Some(message) = &row.message {
            let _ = write!(out, "<br><small>{}</small>", escape(message));
        }
        out.push_str("</td>");
        for (k, setting) in row.settings.iter().enumerate() {
            let plain = all.title_of(k) != all.keys[k];
            let text = setting.number().filter(|_| plain).map_or_else(|| setting.to_string(), short);
            let _ = write!(out, "<td>{}</td>", escape(&text));
        }
        for key in numbers {
            let _ = write!(out, "<td>{}</td>", row.number(key).map_or_else(|| "-".to_owned(), short));
        }
        let gates = match (row.verdict.checked, row.verdict.failed.as_slice()) {
            (0, _) => "-".to_owned(),
            (_, []) => "pass".to_owned(),
            (_, failed) => format!("<span class=\"bad\">{}</span>", escape(&failed.join("; "))),
        };
        let seconds = row.seconds.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.1}"));
        let _ = write!(out, "<td>{gates}</td><td>{seconds}</td></tr>\n");
    }
    out + "</tbody></table></div></section>\n"
}

/// The name of a run, linked to its report, or to its numbers where it has none.
fn link(row: &Row, folder: &Path) -> String {
    let files = ["report.html", "summary.json"].map(|file| format!("runs/{}/{file}", row.name));
    match files.iter().find(|file| folder.join(file).is_file()) {
        Some(file) => format!("<a href=\"{file}\"><code>{}</code></a>", row.name),
        None => format!("<code>{}</code>", row.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::gates::Verdict;
    use crate::sweep::setting::Setting;

    fn sweep() -> Collected {
        let row = |k: usize| {
            let (severity, flow) = ((k / 3) as f64 * 0.2 + 0.3, (k % 3) as f64 + 1.0);
            let numbers =
                vec![("pressure_drop_mmHg.outlet".to_owned(), flow * severity), ("wss_pa.max".to_owned(), flow)];
            Row {
                name: format!("run{k}"),
                settings: vec![Setting::Number(severity), Setting::Quantity(flow, "ml/s".into())],
                status: if k == 5 { RunStatus::Failed } else { RunStatus::Done },
                message: (k == 5).then(|| "a < b".to_owned()),
                seconds: Some(1.0),
                started_from: None,
                summary: None,
                numbers: if k == 5 { Vec::new() } else { numbers },
                verdict: Verdict::default(),
            }
        };
        let keys = vec!["mesh.severity".to_owned(), "opening.inlet.flow".to_owned()];
        Collected {
            sweep: "s".into(),
            case: "c".into(),
            title: Some("A & B".into()),
            keys,
            rows: (0..6).map(row).collect(),
        }
    }

    #[test]
    fn the_page_stands_alone_and_escapes() {
        let page = page(&sweep(), &[], &["wss_pa.max".to_owned()], Path::new("/nowhere"));
        for part in ["A &amp; B", "a &lt; b", "5 done, 1 failed of 6 runs", "What matters", "opening.inlet.flow [ml/s]"]
        {
            assert!(page.contains(part), "`{part}` is missing");
        }
        for foreign in ["http://", "https://", "src=", "<script"] {
            assert!(!page.contains(foreign), "`{foreign}` in the page");
        }
        assert!(page.find("wss_pa.max over") < page.find("pressure_drop_mmHg.outlet over"), "asked for first");
    }

    /// Flow moves the shear, severity does not.
    #[test]
    fn swings_are_those_of_the_key() {
        let all = sweep();
        let done = Done::of(&all);
        let flow = swing(&done, 1, "wss_pa.max").unwrap_or_else(|| panic!("no swing"));
        assert_eq!((flow.from, flow.to), (1.0, 3.0));
        assert_eq!(lines(&done, 1, "wss_pa.max").len(), 2, "a line for each severity");
    }
}
