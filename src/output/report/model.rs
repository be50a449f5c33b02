//! The 3D view of the page.

use maud::{Markup, html};

use crate::output::colour::Map;
use crate::output::glb::Field;
use crate::output::picture::{digits, ticks};

/// The model as it stands in the page.
#[derive(Clone, Debug)]
pub struct Model<'a> {
    /// The bytes of the glTF file, one scene a field.
    pub glb: &'a [u8],
    /// Its fields, in the order of the scenes.
    pub fields: &'a [Field<'a>],
    /// What to know about it: that it was reduced, say.
    pub notes: &'a [String],
}

/// Buttons, canvas, legends.
pub(super) fn section(model: &Model<'_>) -> Markup {
    html! {
        section aria-labelledby="view-title" {
            h2 id="view-title" { "The vessel" }
            div.fields role="group" aria-label="Field that colours the vessel" {
                @for (k, field) in model.fields.iter().enumerate() {
                    button type="button" data-scene=(k) aria-pressed=(k == 0) { (field.title) }
                }
            }
            div #view .view {
                canvas #canvas tabindex="0" role="img"
                    aria-label="The vessel in three dimensions, coloured by the chosen field. Arrow keys turn it, plus and minus zoom." {}
                output #reading .reading aria-live="polite" {}
            }
            @for (k, field) in model.fields.iter().enumerate() {
                div.legend data-scene=(k) hidden[k > 0] { (legend(field)) }
            }
            p.hint {
                "Drag to turn, pinch or scroll to zoom, two fingers or the right button to move; a tap or click reads the value "
                "there. The same model is in " code { "report.glb" } ", for viewers and headsets."
                @for note in model.notes { " " (note) }
            }
            noscript { p.warning { "The 3D view needs JavaScript; the pictures below show the same." } }
        }
    }
}

/// Colours with numbers and the unit below.
fn legend(field: &Field<'_>) -> Markup {
    let [low, high] = field.range;
    let all = ticks(low, high);
    let decimals = digits(&all);
    let part = |tick: f64| if high > low { 100.0 * (tick - low) / (high - low) } else { 50.0 };
    html! {
        div.bar style={ "background:linear-gradient(to right" (stops(field.map)) ")" } {}
        div.ticks aria-hidden="true" {
            @for tick in &all { span style=(format!("left:{:.2}%", part(*tick))) { (format!("{tick:.decimals$}")) } }
        }
        p { (field.title) @if !field.unit.is_empty() { ", " (field.unit) } ": " (format!("{low:.3} to {high:.3}")) }
    }
}

fn stops(map: Map) -> String {
    let stop = |k: u32| {
        let [r, g, b] = map.at(f64::from(k) / 16.0);
        format!(",#{r:02x}{g:02x}{b:02x}")
    };
    (0..=16).map(stop).collect()
}
