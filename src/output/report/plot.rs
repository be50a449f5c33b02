//! One plot as SVG in the page: its colours are the style's, so it is read in light and dark.
//!
//! Written here: the plotting crates at hand write fixed colours and sizes, which a dark page and a phone cannot change.

use maud::{Markup, html};

use crate::output::picture::{digits, ticks};

/// Size of the drawing and what is left free around it: left, right, above, below.
const SIZE: [f64; 2] = [430.0, 250.0];
const MARGINS: [f64; 4] = [56.0, 16.0, 12.0, 42.0];

/// Kinds of lines that the style knows.
const KINDS: usize = 8;

/// A line of a plot.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub name: String,
    pub points: Vec<[f64; 2]>,
}

/// A plot.
#[derive(Clone, Debug, Default)]
pub(super) struct Plot {
    /// What it shows, above it.
    pub title: String,
    /// Quantity and unit of each axis.
    pub labels: [String; 2],
    pub lines: Vec<Line>,
    /// Ranges of x that are shaded, each with what it is.
    pub bands: Vec<([f64; 2], String)>,
    /// Part of the values that may lie outside at either end: outliers of a start from rest.
    pub outside: f64,
    /// Whether nought belongs to the plot.
    pub from_nought: bool,
}

/// Smallest and largest value on an axis.
fn range(values: impl Iterator<Item = f64>, outside: f64) -> Option<[f64; 2]> {
    let mut sorted: Vec<f64> = values.filter(|x| x.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    let at = |part: f64| sorted[(part * last as f64).round() as usize];
    let [low, high] = [at(outside), at(1.0 - outside)];
    let least = 1e-9 * low.abs().max(high.abs()).max(1e-9);
    Some(if high - low > least {
        [low, high]
    } else {
        [low - least.max(0.5 * low.abs()), high + least.max(0.5 * high.abs())]
    })
}

impl Plot {
    /// Drawing, with its lines named below; nothing where there are no numbers.
    pub fn draw(&self) -> Markup {
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let found = range(points().map(|p| p[0]), 0.0).zip(range(points().map(|p| p[1]), self.outside));
        html! {
            @if let Some((x, y)) = found {
                figure.plot {
                    figcaption { (self.title) }
                    (self.svg(x, self.padded(y)))
                    @if self.lines.len() > 1 || !self.bands.is_empty() {
                        ul.lines {
                            @for (k, line) in self.lines.iter().enumerate() {
                                li { svg viewBox="0 0 24 8" aria-hidden="true" { path class=(kind(k)) d="M1 4H23" {} } (line.name) }
                            }
                            @if !self.bands.is_empty() {
                                li { svg viewBox="0 0 24 8" aria-hidden="true" { rect.band width="24" height="8" {} } "lesion" }
                            }
                        }
                    }
                }
            }
        }
    }

    fn padded(&self, [low, high]: [f64; 2]) -> [f64; 2] {
        let pad = 0.06 * (high - low);
        let [from, to] = [low - pad, high + pad];
        if self.from_nought && low >= 0.0 { [0.0, to] } else { [from, to] }
    }

    fn svg(&self, x: [f64; 2], y: [f64; 2]) -> Markup {
        let [left, right, above, below] = MARGINS;
        let (wide, high) = (SIZE[0] - left - right, SIZE[1] - above - below);
        let px = |v: f64| left + wide * (v - x[0]) / (x[1] - x[0]);
        let py = |v: f64| above + high * (1.0 - (v - y[0]) / (y[1] - y[0]));
        let (across, up) = (ticks(x[0], x[1]), ticks(y[0], y[1]));
        let (dx, dy) = (digits(&across), digits(&up));
        let n = |v: f64| format!("{v:.1}");
        html! {
            svg viewBox=(format!("0 0 {} {}", SIZE[0], SIZE[1])) role="img" aria-label=(self.alt(x, y)) {
                @for (band, word) in &self.bands {
                    @let (from, to) = (px(band[0].max(x[0])), px(band[1].min(x[1])));
                    @if to > from {
                        rect.band x=(n(from)) y=(n(above)) width=(n((to - from).max(1.5))) height=(n(high)) { title { (word) } }
                    }
                }
                @for tick in &up {
                    line.grid x1=(n(left)) x2=(n(left + wide)) y1=(n(py(*tick))) y2=(n(py(*tick))) {}
                    text.up x=(n(left - 6.0)) y=(n(py(*tick) + 4.0)) { (minus(format!("{tick:.dy$}"))) }
                }
                @for tick in &across {
                    line.tick x1=(n(px(*tick))) x2=(n(px(*tick))) y1=(n(above + high)) y2=(n(above + high + 5.0)) {}
                    text.across x=(n(px(*tick))) y=(n(above + high + 18.0)) { (minus(format!("{tick:.dx$}"))) }
                }
                line.axis x1=(n(left)) x2=(n(left + wide)) y1=(n(above + high)) y2=(n(above + high)) {}
                text.across.label x=(n(left + 0.5 * wide)) y=(n(SIZE[1] - 5.0)) { (self.labels[0]) }
                text.across.label transform=(format!("translate(13 {:.1}) rotate(-90)", above + 0.5 * high)) { (self.labels[1]) }
                @for (k, line) in self.lines.iter().enumerate() { path class=(kind(k)) d=(path(&line.points, px, py, above, high)) {} }
            }
        }
    }

    fn alt(&self, x: [f64; 2], y: [f64; 2]) -> String {
        let names: Vec<&str> = self.lines.iter().map(|line| line.name.as_str()).collect();
        let [across, up] = &self.labels;
        format!(
            "{}: {} from {:.4} to {:.4} over {across} from {:.4} to {:.4}; lines: {}",
            self.title,
            up,
            y[0],
            y[1],
            x[0],
            x[1],
            names.join(", ")
        )
    }
}

fn kind(k: usize) -> String {
    format!("line l{}", k % KINDS)
}

fn minus(text: String) -> String {
    text.replace('-', "\u{2212}")
}

/// A path through the points, broken where there is no number; what lies outside stays at the edge.
fn path(points: &[[f64; 2]], px: impl Fn(f64) -> f64, py: impl Fn(f64) -> f64, above: f64, high: f64) -> String {
    let (mut text, mut pen) = (String::new(), "M");
    for [x, y] in points {
        if x.is_finite() && y.is_finite() {
            text += &format!("{pen}{:.1} {:.1}", px(*x), py(*y).clamp(above, above + high));
            pen = "L";
        } else {
            pen = "M";
        }
    }
    text
}
