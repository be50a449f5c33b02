//! The report: one page that needs nothing else, with the answer first.
//!
//! Everything stands in the file: style, script, pictures, the 3D model (binary glTF in base64) and the library that shows
//! it, three.js, from its package (`assets/README.md`). The page's own security policy forbids every request, so it is the
//! same without a network, and nothing about a patient leaves it.
//!
//! Numbers come from `summary.json` as they are; an element that shows one has the number's dotted key in `data-key` and
//! all its digits in `data-value`. Text is escaped by maud, which knows no other way in. The page has no date: the same
//! results give the same bytes.

mod answer;
mod model;
mod number;
mod plot;
mod plots;
mod source;
mod tables;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;

pub use model::Model;
pub use number::number;
pub use plots::{Branch, Column, Series};

const STYLE: &str = include_str!("assets/style.css");
const LIBRARY: &str = include_str!("assets/three.min.js");
const VIEWER: &str = include_str!("assets/viewer.js");

/// What the page may do: show what stands in it, and ask nobody for anything.
const POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                      base-uri 'none'; form-action 'none'";

/// A picture of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Name of the field, `pressure`.
    pub name: String,
    /// What it shows.
    pub caption: String,
    /// What it shows, for those who do not see it.
    pub alt: String,
    /// The bytes of the PNG file.
    pub png: Vec<u8>,
    /// Pixels across and down.
    pub size: [usize; 2],
}

/// What the page is made of.
#[derive(Clone, Debug)]
pub struct Content<'a> {
    /// `summary.json`.
    pub summary: &'a Value,
    /// `manifest.json`.
    pub manifest: Option<&'a Value>,
    /// Profiles along the branches.
    pub branches: &'a [Branch],
    /// The probes over time.
    pub series: Option<&'a Series>,
    /// The pictures.
    pub figures: &'a [Figure],
    /// The 3D model.
    pub model: Option<Model<'a>>,
    /// What the reader should know about the files: what was missing or assumed.
    pub notes: &'a [String],
}

/// The whole page.
#[must_use]
pub fn page(content: &Content<'_>) -> String {
    let summary = content.summary;
    let text = |key: &str| summary.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let title = text("title").or(text("case")).unwrap_or("Results");
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " \u{b7} Perfuse" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    p.kind { "Blood flow report" }
                    h1 { (title) }
                    p.case { @if let Some(case) = text("case") { "Case " code { (case) } " " } (answer::badge(summary)) }
                }
                main {
                    (answer::section(summary))
                    @if let Some(model) = &content.model { (model::section(model)) }
                    (pictures(content.figures))
                    (tables::findings(summary))
                    (plots::profiles(summary, content.branches))
                    (tables::openings(summary))
                    (tables::branches(summary))
                    @if let Some(series) = content.series { (plots::series(summary, series)) }
                    (tables::shear(summary))
                    (tables::wall(summary))
                    (tables::resolution(summary, content.manifest))
                    (tables::gates(summary))
                    (source::section(summary, content.manifest, content.notes))
                }
                footer { p { "Perfuse is research software and no medical device." } }
                @if let Some(model) = &content.model {
                    script type="text/plain" id="model" { (STANDARD.encode(model.glb)) }
                    script { (PreEscaped(LIBRARY)) }
                    script { (PreEscaped(VIEWER)) }
                }
            }
        }
    };
    markup.into_string()
}

/// The pictures, each with its caption.
fn pictures(figures: &[Figure]) -> Markup {
    html! {
        @if !figures.is_empty() {
            section aria-labelledby="pictures" {
                h2 id="pictures" { "Pictures" }
                div.figures {
                    @for figure in figures {
                        figure {
                            img src={ "data:image/png;base64," (STANDARD.encode(&figure.png)) } alt=(figure.alt)
                                width=(figure.size[0]) height=(figure.size[1]);
                            figcaption { (figure.caption) }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
