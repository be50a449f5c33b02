//! Charts as SVG, in the page's own colours.

use std::fmt::Write as _;

use crate::sweep::gates::escape;

/// Size of a drawing, and what is free around it: left, right, above, below.
const SIZE: [f64; 2] = [430.0, 250.0];
const MARGINS: [f64; 4] = [64.0, 14.0, 10.0, 42.0];

/// Kinds of lines that the style knows.
const KINDS: usize = 8;

/// Height of a bar with its gap.
const BAR: f64 = 26.0;

/// Points that belong together, joined by a line where they lie along one.
#[derive(Clone, Debug, Default)]
pub(super) struct Series {
    pub name: String,
    pub points: Vec<[f64; 2]>,
    pub joined: bool,
}

/// A bar from one value to another, with what it stands for and, where there is one, an interval.
#[derive(Clone, Debug)]
pub(super) struct Bar {
    pub name: String,
    pub from: f64,
    pub to: f64,
    pub interval: Option<[f64; 2]>,
    /// Which of the style's colours.
    pub kind: usize,
}

/// Smallest and largest of numbers, with a little room; none where there are no numbers.
fn range(values: impl Iterator<Item = f64>) -> Option<[f64; 2]> {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    values.filter(|x| x.is_finite()).for_each(|x| (low, high) = (low.min(x), high.max(x)));
    if low > high {
        return None;
    }
    let room = if high > low { 0.05 * (high - low) } else { (0.1 * high.abs()).max(1e-9) };
    Some([low - room, high + room])
}

/// Round numbers between two, four to eight of them.
fn ticks(low: f64, high: f64) -> Vec<f64> {
    let rough = (high - low) / 5.0;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|k| k * power).into_iter().find(|step| *step >= rough).unwrap_or(rough);
    let first = (low / step).ceil() as i64;
    (first..first + 12).map(|k| k as f64 * step).take_while(|x| *x <= high).collect()
}

/// A number in few digits.
pub(super) fn short(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || size < 1e-300 {
        return "0".into();
    }
    if !(1e-3..1e5).contains(&size) {
        return format!("{value:.2e}");
    }
    let decimals = (3.0 - size.log10().floor()).clamp(0.0, 6.0) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Points and lines over a key.
pub(super) fn response(title: &str, [across, up]: [&str; 2], series: &[Series]) -> String {
    let points = || series.iter().flat_map(|series| &series.points);
    let (Some(x), Some(y)) = (range(points().map(|p| p[0])), range(points().map(|p| p[1]))) else {
        return String::new();
    };
    let [left, right, above, below] = MARGINS;
    let (wide, high) = (SIZE[0] - left - right, SIZE[1] - above - below);
    let px = |v: f64| left + wide * (v - x[0]) / (x[1] - x[0]);
    let py = |v: f64| above + high * (1.0 - (v - y[0]) / (y[1] - y[0]));
    let mut out = figure(title, SIZE);
    // Writing to a string cannot fail.
    for tick in ticks(y[0], y[1]) {
        let (at, to) = (py(tick), left + wide);
        let _ = write!(out, "<line class=\"grid\" x1=\"{left:.1}\" x2=\"{to:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>");
        let _ = write!(out, "<text class=\"up\" x=\"{:.1}\" y=\"{:.1}\">{}</text>", left - 6.0, at + 4.0, short(tick));
    }
    for tick in ticks(x[0], x[1]) {
        let (at, base) = (px(tick), above + high);
        let _ = write!(
            out,
            "<line class=\"axis\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{base:.1}\" y2=\"{:.1}\"/>",
            base + 5.0
        );
        let _ = write!(out, "<text class=\"across\" x=\"{at:.1}\" y=\"{:.1}\">{}</text>", base + 18.0, short(tick));
    }
    let _ = write!(
        out,
        "<text class=\"across\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
        left + 0.5 * wide,
        SIZE[1] - 5.0,
        escape(across)
    );
    let _ = write!(
        out,
        "<text class=\"across\" transform=\"translate(12 {:.1}) rotate(-90)\">{}</text>",
        above + 0.5 * high,
        escape(up)
    );
    for (k, series) in series.iter().enumerate() {
        let kind = k % KINDS;
        if series.joined && series.points.len() > 1 {
            let path: Vec<String> = series.points.iter().map(|p| format!("{:.1} {:.1}", px(p[0]), py(p[1]))).collect();
            let _ = write!(out, "<path class=\"line l{kind}\" d=\"M{}\"/>", path.join("L"));
        }
        for p in &series.points {
            let _ = write!(
                out,
                "<circle class=\"dot d{kind}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\"><title>{} = {}, {} = {}</title></circle>",
                px(p[0]),
                py(p[1]),
                escape(across),
                short(p[0]),
                escape(up),
                short(p[1])
            );
        }
    }
    out.push_str("</svg>");
    if series.len() > 1 {
        out.push_str("<ul class=\"names\">");
        for (k, series) in series.iter().enumerate() {
            let _ = write!(out, "<li><span class=\"mark k{}\"></span>{}</li>", k % KINDS, escape(&series.name));
        }
        out.push_str("</ul>");
    }
    out + "</figure>\n"
}

/// Bars side by side, about a value or from nought.
pub(super) fn bars(title: &str, across: &str, bars: &[Bar], about: Option<f64>) -> String {
    let ends = bars.iter().flat_map(|bar| [bar.from, bar.to].into_iter().chain(bar.interval.into_iter().flatten()));
    let Some(x) = range(ends.chain(about)) else { return String::new() };
    let (left, right, below) = (150.0, 20.0, 40.0);
    let size = [SIZE[0], BAR * bars.len() as f64 + below + 8.0];
    let wide = size[0] - left - right;
    let px = |v: f64| left + wide * (v - x[0]) / (x[1] - x[0]);
    let base = size[1] - below;
    let mut out = figure(title, size);
    for tick in ticks(x[0], x[1]) {
        let at = px(tick);
        let _ = write!(out, "<line class=\"grid\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"4\" y2=\"{base:.1}\"/>");
        let _ = write!(out, "<text class=\"across\" x=\"{at:.1}\" y=\"{:.1}\">{}</text>", base + 16.0, short(tick));
    }
    for (k, bar) in bars.iter().enumerate() {
        let top = 6.0 + BAR * k as f64;
        let (from, to) = (px(bar.from.min(bar.to)), px(bar.from.max(bar.to)));
        let kind = bar.kind % KINDS;
        let _ = write!(
            out,
            "<text class=\"up\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            left - 8.0,
            top + 13.0,
            escape(&bar.name)
        );
        let _ = write!(
            out,
            "<rect class=\"b{kind}\" x=\"{from:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"17\"><title>{}: {} to {}</title></rect>",
            (to - from).max(1.0),
            escape(&bar.name),
            short(bar.from),
            short(bar.to)
        );
        if let Some([low, high]) = bar.interval {
            let (y, a, b) = (top + 8.5, px(low), px(high));
            let _ = write!(
                out,
                "<path class=\"whisker\" d=\"M{a:.1} {y:.1}H{b:.1}M{a:.1} {:.1}v8M{b:.1} {:.1}v8\"/>",
                y - 4.0,
                y - 4.0
            );
        }
    }
    if let Some(about) = about {
        let at = px(about);
        let _ = write!(out, "<line class=\"axis\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"2\" y2=\"{base:.1}\"/>");
    }
    let _ = write!(
        out,
        "<text class=\"across\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
        left + 0.5 * wide,
        size[1] - 6.0,
        escape(across)
    );
    out + "</svg></figure>\n"
}

fn figure(title: &str, [wide, high]: [f64; 2]) -> String {
    let title = escape(title);
    format!(
        "<figure><figcaption>{title}</figcaption><svg viewBox=\"0 0 {wide:.0} {high:.0}\" role=\"img\" aria-label=\"{title}\">"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_few_digits() {
        let pairs = [(0.0, "0"), (2.0, "2"), (0.12341, "0.1234"), (1234.56, "1235"), (1e-7, "1.00e-7"), (-40.0, "-40")];
        for (value, text) in pairs {
            assert_eq!(short(value), text);
        }
        assert_eq!(ticks(0.0, 10.0), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
    }

    #[test]
    fn nothing_to_draw_draws_nothing() {
        let empty = Series { name: "a".into(), points: vec![[f64::NAN, 1.0]], joined: true };
        assert_eq!(response("t", ["x", "y"], &[empty]), "");
        let one = Series { name: "<a>".into(), points: vec![[1.0, 2.0], [2.0, 3.0]], joined: true };
        let drawn = response("a < b", ["x", "y"], &[one.clone(), one]);
        assert!(drawn.contains("a &lt; b") && drawn.contains("&lt;a&gt;") && drawn.matches("<path").count() == 2);
        assert_eq!(bars("t", "x", &[], None), "");
    }
}
