//! The answer in a few sentences, and whether to believe it.

use maud::{Markup, html};
use serde_json::Value;

use super::number::{cell, number, scaled, size};

/// Members of a list of the summary.
pub(super) fn list<'a>(summary: &'a Value, key: &str) -> &'a [Value] {
    summary.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A text of a value; `?` where it is missing.
pub(super) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or("?")
}

fn status(summary: &Value) -> &str {
    text(summary, "status")
}

fn failed(summary: &Value) -> usize {
    list(summary, "gates").iter().filter(|gate| gate.get("passed") != Some(&Value::Bool(true))).count()
}

/// Status and gates, each a word on a coloured ground.
pub(super) fn badge(summary: &Value) -> Markup {
    let (gates, failed) = (list(summary, "gates").len(), failed(summary));
    html! {
        @match status(summary) {
            "converged" => { span.badge.good { "converged" } }
            "not_converged" => { span.badge.bad { "NOT CONVERGED" } }
            "interrupted" => { span.badge.bad { "INTERRUPTED" } }
            other => { span.badge.bad { (other) } }
        }
        @if failed > 0 { " " span.badge.bad { (failed) " of " (gates) " gates failed" } }
        @else if gates > 0 { " " span.badge.good { (gates) @if gates == 1 { " gate passed" } @else { " gates passed" } } }
    }
}

/// The first section of the page.
pub(super) fn section(summary: &Value) -> Markup {
    html! {
        section.answer aria-labelledby="answer" {
            h2 id="answer" { "Answer" }
            (warning(summary))
            @if !list(summary, "stenoses").is_empty() { (stenosis(summary)) }
            @else { (flow(summary)) }
            (aneurysm(summary))
            (wall(summary))
            @if failed(summary) > 0 {
                p.warning role="alert" {
                    "Gates that failed: "
                    @for (k, gate) in list(summary, "gates").iter().filter(|g| g.get("passed") != Some(&Value::Bool(true))).enumerate() {
                        @if k > 0 { ", " } code { (text(gate, "key")) }
                    }
                    ". See " a href="#gates" { "gates" } "."
                }
            }
        }
    }
}

fn warning(summary: &Value) -> Markup {
    let pulsates = summary.get("cycle").is_some();
    html! {
        @match status(summary) {
            "converged" => {}
            "not_converged" => {
                p.warning role="alert" {
                    strong { "This run did not converge. " }
                    @if number(summary, "convergence.change").is_some() {
                        @if pulsates { "Its cycles still differ by " } @else { "The flow still changes by " }
                        (scaled(summary, "convergence.change", 100.0)) " %, where "
                        (scaled(summary, "convergence.tolerance", 100.0)) " % was asked for. "
                    }
                    "Read every number below as provisional."
                }
            }
            _ => {
                p.warning role="alert" {
                    strong { "This run was broken off. " }
                    "The numbers below are those that it had reached, and no answer."
                }
            }
        }
    }
}

/// Number of the member with the largest value of a key.
pub(super) fn largest(list: &[Value], key: &str) -> Option<usize> {
    let value = |k: &usize| number(&list[*k], key).unwrap_or(f64::NEG_INFINITY);
    (0..list.len()).rev().max_by(|a, b| value(a).total_cmp(&value(b)))
}

/// The opening with the largest inflow.
fn inlet(summary: &Value) -> Option<usize> {
    largest(list(summary, "openings"), "flow_ml_s.mean").filter(|_| !list(summary, "openings").is_empty())
}

/// At which flow the pressure falls: through the lesion's branch where it is known, and into the vessel.
fn at_flow(summary: &Value, branch: Option<&str>) -> Markup {
    let own = branch.and_then(|name| list(summary, "branches").iter().position(|b| text(b, "name") == name));
    let own = own.filter(|k| number(summary, &format!("branches.{k}.flow_ml_s")).is_some());
    html! {
        @if let Some(k) = own { " at " (size(summary, &format!("branches.{k}.flow_ml_s"))) " ml/s through the branch" }
        @if let Some(k) = inlet(summary) {
            @if own.is_some() { " (" } @else { " at " }
            (cell(summary, &format!("openings.{k}.flow_ml_s.mean"))) " ml/s into the vessel"
            @if own.is_some() { ")" }
        }
    }
}

fn stenosis(summary: &Value) -> Markup {
    let found = list(summary, "stenoses");
    let worst = largest(found, "diameter_reduction_percent").unwrap_or(0);
    let key = |name: &str| format!("stenoses.{worst}.{name}");
    let branch = text(&found[worst], "branch");
    let has = |name: &str| number(summary, &key(name)).is_some();
    html! {
        p.lead {
            @if found.len() == 1 { "One stenosis: " } @else { "The worst of " (found.len()) " stenoses: " }
            strong { (cell(summary, &key("diameter_reduction_percent"))) " % of the diameter" }
            " (" (cell(summary, &key("area_reduction_percent"))) " % of the area) in " strong { (branch) } ", down to "
            (cell(summary, &key("min_diameter_mm"))) " mm, " (cell(summary, &key("at_mm"))) " mm from the inlet."
        }
        p.lead {
            @if has("pressure_drop_mmHg") {
                "The pressure falls by " strong { (cell(summary, &key("pressure_drop_mmHg"))) " mmHg" } " across it"
                (at_flow(summary, Some(branch))) ". "
            }
            @if has("pressure_ratio") {
                "The pressure beyond it is "
                strong { (cell(summary, &key("pressure_ratio"))) }
                " of that at the inlet: the computed counterpart of FFR, if this flow is hyperaemic."
            }
        }
        (shear(summary))
    }
}

/// What there is to say where no stenosis was found, or none was looked for.
fn flow(summary: &Value) -> Markup {
    let looked = summary.get("stenoses").is_some();
    let drops: Vec<(&String, f64)> = summary
        .get("pressure_drop_mmHg")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(name, drop)| Some((name, drop.as_f64()?)))
        .collect();
    let largest = drops.iter().max_by(|a, b| a.1.total_cmp(&b.1));
    html! {
        @if looked { p.lead { "No stenosis was found." } }
        @if let Some((name, _)) = largest {
            p.lead {
                @if drops.len() == 1 { "The pressure falls by " } @else { "The pressure falls most to " strong { (name) } ", by " }
                strong { (cell(summary, &format!("pressure_drop_mmHg.{name}"))) " mmHg" }
                @if drops.len() == 1 { " to " strong { (name) } }
                (at_flow(summary, None))
                @if drops.len() > 1 {
                    "; to the other ends by "
                    @for (k, (other, _)) in drops.iter().filter(|(other, _)| other != name).enumerate() {
                        @if k > 0 { ", " }
                        (cell(summary, &format!("pressure_drop_mmHg.{other}"))) " mmHg (" (other) ")"
                    }
                }
                "."
            }
        }
        (shear(summary))
    }
}

fn shear(summary: &Value) -> Markup {
    let averaged = summary.get("cycle").is_some();
    html! {
        @if number(summary, "wss_pa.mean").is_some() {
            p {
                @if averaged { "Time-averaged wall shear is " } @else { "Wall shear is " }
                (cell(summary, "wss_pa.mean")) " Pa on average and below " (cell(summary, "wss_pa.p95"))
                " Pa on 95 % of the wall."
            }
        }
    }
}

fn aneurysm(summary: &Value) -> Markup {
    let found = list(summary, "aneurysms");
    let widest = largest(found, "max_diameter_mm").filter(|_| !found.is_empty());
    html! {
        @if let Some(k) = widest {
            p.lead {
                @if found.len() == 1 { "One aneurysm: " } @else { "The widest of " (found.len()) " aneurysms: " }
                strong { (cell(summary, &format!("aneurysms.{k}.max_diameter_mm"))) " mm" } " wide in "
                strong { (text(&found[k], "branch")) } ", "
                (cell(summary, &format!("aneurysms.{k}.at_mm"))) " mm from the inlet, with a neck of "
                (cell(summary, &format!("aneurysms.{k}.neck_mm"))) " mm and a sac of "
                (cell(summary, &format!("aneurysms.{k}.sac_volume_mm3"))) " mm\u{b3}."
            }
        }
    }
}

/// A place of the summary, mm.
pub(super) fn place(summary: &Value, key: &str) -> Markup {
    let at: Option<Vec<f64>> = (0..3).map(|a| number(summary, &format!("{key}.{a}"))).collect();
    html! {
        @match at {
            Some(at) => { span.place { "(" @for (k, x) in at.iter().enumerate() { @if k > 0 { ", " } (format!("{x:.1}").replace('-', "\u{2212}")) } ")" } }
            None => { span.none { "\u{2013}" } }
        }
    }
}

fn wall(summary: &Value) -> Markup {
    html! {
        @if number(summary, "wall.von_mises_kpa.max").is_some() {
            p {
                "Stress in the wall (von Mises) peaks at " strong { (cell(summary, "wall.von_mises_kpa.max")) " kPa" }
                @if number(summary, "wall.peak.at_mm.2").is_some() {
                    " at " (place(summary, "wall.peak.at_mm")) " mm"
                }
                @if number(summary, "wall.peak.from_end_mm").is_some() {
                    ", " (cell(summary, "wall.peak.from_end_mm")) " mm from the nearest end"
                }
                "; on 95 % of the wall it is below " (cell(summary, "wall.von_mises_kpa.p95")) " kPa."
            }
        }
    }
}
