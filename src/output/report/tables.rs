//! The tables of the page.

use maud::{Markup, html};
use serde_json::Value;

use super::answer::{largest, list, place, text};
use super::number::{cell, number, scaled, shown, size};

/// A table that scrolls by itself where it is wider than the page.
pub(super) fn table(caption: &str, heads: &[&str], rows: Vec<Vec<Markup>>) -> Markup {
    html! {
        div.scroll role="region" aria-label=(caption) tabindex="0" {
            table {
                caption { (caption) }
                thead { tr { @for head in heads { th scope="col" { (head) } } } }
                tbody {
                    @for row in rows {
                        tr {
                            @for (k, cell) in row.into_iter().enumerate() {
                                @if k == 0 { th scope="row" { (cell) } } @else { td { (cell) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Rows of a word and a value each.
pub(super) fn facts(rows: Vec<(&str, Markup)>) -> Markup {
    html! { dl.facts { @for (word, value) in rows { div { dt { (word) } dd { (value) } } } } }
}

/// Rows for the members of a list, each with the dotted key that it begins with.
fn rows(summary: &Value, key: &str, row: impl Fn(&Value, &dyn Fn(&str) -> String) -> Vec<Markup>) -> Vec<Vec<Markup>> {
    let members = list(summary, key).iter().enumerate();
    members.map(|(k, member)| row(member, &|name: &str| format!("{key}.{k}.{name}"))).collect()
}

/// Stenoses and aneurysms, the worst first in the answer and in the order of the vessel here.
pub(super) fn findings(summary: &Value) -> Markup {
    let worst = largest(list(summary, "stenoses"), "diameter_reduction_percent");
    let stenoses = rows(summary, "stenoses", |found, key| {
        let number_of = key("").split('.').nth(1).and_then(|k| k.parse::<usize>().ok());
        let grade = cell(summary, &key("diameter_reduction_percent"));
        let mark = number_of.map_or(0, |k| k + 1);
        vec![
            html! { (mark) " \u{b7} " (text(found, "branch")) },
            html! { @if number_of == worst { strong { (grade) } } @else { (grade) } },
            cell(summary, &key("area_reduction_percent")),
            cell(summary, &key("min_diameter_mm")),
            cell(summary, &key("reference_diameter_mm")),
            cell(summary, &key("length_mm")),
            cell(summary, &key("at_mm")),
            place(summary, &key("place_mm")),
            cell(summary, &key("pressure_drop_mmHg")),
            cell(summary, &key("pressure_ratio")),
            cell(summary, &key("jet_re")),
        ]
    });
    let aneurysms = rows(summary, "aneurysms", |found, key| {
        vec![
            html! { (text(found, "branch")) },
            cell(summary, &key("max_diameter_mm")),
            cell(summary, &key("neck_mm")),
            cell(summary, &key("sac_volume_mm3")),
            cell(summary, &key("low_shear_area_mm2")),
            cell(summary, &key("at_mm")),
            place(summary, &key("place_mm")),
        ]
    });
    html! {
        @if !stenoses.is_empty() || !aneurysms.is_empty() {
            section aria-labelledby="findings" {
                h2 id="findings" { "Findings" }
                @if !stenoses.is_empty() {
                    (table("Stenoses, numbered as in the pictures", &["branch", "diameter reduction [%]", "area reduction [%]",
                        "least diameter [mm]", "reference diameter [mm]", "length [mm]", "from the inlet [mm]", "place [mm]",
                        "pressure drop [mmHg]", "pressure ratio", "jet Re"], stenoses))
                }
                @if !aneurysms.is_empty() {
                    (table("Aneurysms", &["branch", "largest diameter [mm]", "neck [mm]", "sac [mm\u{b3}]",
                        "low-shear area [mm\u{b2}]", "from the inlet [mm]", "place [mm]"], aneurysms))
                }
            }
        }
    }
}

/// Flow and pressure of every opening.
pub(super) fn openings(summary: &Value) -> Markup {
    let pulsates = summary.get("cycle").is_some();
    let spread = |of: &str, key: &dyn Fn(&str) -> String| {
        let part = |part: &str| cell(summary, &key(&format!("{of}.{part}")));
        html! { (part("mean")) @if pulsates { " (" (part("min")) " to " (part("max")) ")" } }
    };
    let found = rows(summary, "openings", |opening, key| {
        let name = text(opening, "name");
        vec![
            html! { (name) },
            cell(summary, &key("area_mm2")),
            spread("flow_ml_s", key),
            spread("pressure_mmHg", key),
            match summary.get("pressure_drop_mmHg").and_then(|drops| drops.get(name)) {
                Some(_) => cell(summary, &format!("pressure_drop_mmHg.{name}")),
                None => html! {},
            },
        ]
    });
    html! {
        @if !found.is_empty() {
            section aria-labelledby="openings" {
                h2 id="openings" { "Openings" }
                @let caption = if pulsates { "Means over the last cycle, with the smallest and the largest value" } else { "Flow into the vessel is positive" };
                (table(caption, &["opening", "area [mm\u{b2}]", "flow [ml/s]", "pressure [mmHg]", "drop from the inlet [mmHg]"], found))
                p.hint {
                    "What enters and does not leave: " (scaled(summary, "mass_imbalance", 100.0)) " % of the inflow."
                    @if pulsates { " Flow into the vessel is positive." }
                }
            }
        }
    }
}

/// The branches of the vessel.
pub(super) fn branches(summary: &Value) -> Markup {
    let found = rows(summary, "branches", |branch, key| {
        vec![
            html! { (text(branch, "name")) },
            html! { (branch.get("parent").and_then(Value::as_str).unwrap_or("\u{2013}")) },
            cell(summary, &key("length_mm")),
            cell(summary, &key("min_diameter_mm")),
            cell(summary, &key("mean_diameter_mm")),
            size(summary, &key("flow_ml_s")),
            cell(summary, &key("pressure_ratio")),
        ]
    });
    html! {
        @if !found.is_empty() {
            section aria-labelledby="branches" {
                h2 id="branches" { "Branches" }
                (table("Of the centreline, from the inlet on", &["branch", "comes from", "length [mm]", "least diameter [mm]",
                    "mean diameter [mm]", "flow [ml/s]", "pressure ratio"], found))
            }
        }
    }
}

/// Wall shear, and the indices of a cycle.
pub(super) fn shear(summary: &Value) -> Markup {
    let row = |word: &str, key: &str, parts: [&str; 3]| {
        let has = parts.iter().any(|part| number(summary, &format!("{key}.{part}")).is_some());
        let cells = parts.map(|part| cell(summary, &format!("{key}.{part}")));
        has.then(|| [html! { (word) }].into_iter().chain(cells).collect::<Vec<_>>())
    };
    let spread = ["mean", "min", "max"];
    let indices = [
        row("oscillatory shear index", "cycle.osi", spread),
        row("relative residence time [1/Pa]", "cycle.rrt_per_pa", spread),
        row("endothelial cell activation [1/Pa]", "cycle.ecap_per_pa", spread),
        row("transverse wall shear [Pa]", "cycle.trans_wss_pa", spread),
    ];
    let indices: Vec<_> = indices.into_iter().flatten().collect();
    let name = if summary.get("cycle").is_some() { "time-averaged wall shear [Pa]" } else { "wall shear [Pa]" };
    let parts = ["mean", "p50", "p95", "p99", "max"];
    html! {
        @if number(summary, "wss_pa.mean").is_some() {
            section aria-labelledby="shear" {
                h2 id="shear" { "Wall shear" }
                @let cells = parts.map(|part| cell(summary, &format!("wss_pa.{part}")));
                (table("Over the wall, weighted by area", &["", "mean", "median", "95 % below", "99 % below", "largest"],
                    vec![[html! { (name) }].into_iter().chain(cells).collect()]))
                @if !indices.is_empty() {
                    (table("Indices of the last cycle", &["", "mean", "smallest", "largest"], indices))
                }
            }
        }
    }
}

/// The vessel wall.
pub(super) fn wall(summary: &Value) -> Markup {
    let row = |word: &str, key: &str, parts: [&str; 4]| {
        let cells = parts.map(|part| {
            let key = format!("wall.{key}.{part}");
            if part.is_empty() || number(summary, &key).is_none() {
                html! {}
            } else {
                cell(summary, &key)
            }
        });
        [html! { (word) }].into_iter().chain(cells).collect::<Vec<_>>()
    };
    let all = ["mean", "p95", "p99", "max"];
    let rows = vec![
        row("von Mises stress [kPa]", "von_mises_kpa", all),
        row("hoop stress [kPa]", "hoop_kpa", all),
        row("largest principal stress [kPa]", "principal_kpa", all),
        row("displacement [mm]", "displacement_mm", all),
        row("largest principal strain", "strain", all),
    ];
    html! {
        @if number(summary, "wall.nodes").is_some() {
            section aria-labelledby="wall" {
                h2 id="wall" { "Vessel wall" }
                (table("Over the nodes of the wall", &["", "mean", "95 % below", "99 % below", "largest"], rows))
                (facts(vec![
                    ("Place of the peak", html! { (place(summary, "wall.peak.at_mm")) " mm, " (cell(summary, "wall.peak.from_end_mm")) " mm from the nearest end" }),
                    ("Pressure on the wall", html! { (cell(summary, "wall.pressure_mmHg.mean")) " mmHg on average, at most " (cell(summary, "wall.pressure_mmHg.max")) " mmHg" }),
                    ("Thickness", html! { (cell(summary, "wall.thickness_mm.min")) " to " (cell(summary, "wall.thickness_mm.max")) " mm, mean " (cell(summary, "wall.thickness_mm.mean")) " mm" }),
                    ("Mesh", html! { (cell(summary, "wall.nodes")) " nodes, " (cell(summary, "wall.elements")) " elements in " (cell(summary, "wall.layers")) " layers" }),
                    ("Solver", html! { (cell(summary, "wall.iterations")) " iterations, residual " (cell(summary, "wall.residual")) }),
                ]))
            }
        }
    }
}

/// How fine the lattice was, and how fast it ran.
pub(super) fn resolution(summary: &Value, manifest: Option<&Value>) -> Markup {
    let spacing = number(summary, "lattice.spacing_mm").filter(|dx| *dx > 0.0);
    let widths = manifest.and_then(|m| m.pointer("/plan/openings")).and_then(Value::as_array);
    let narrowest = widths.into_iter().flatten().filter_map(|o| number(o, "diameter_mm")).reduce(f64::min);
    let across = spacing.zip(narrowest).map(|(dx, wide)| wide / dx);
    let seconds = |part: &str| cell(summary, &format!("performance.seconds.{part}"));
    html! {
        section aria-labelledby="resolution" {
            h2 id="resolution" { "Resolution and work" }
            (facts(vec![
                ("Spacing", html! { (cell(summary, "lattice.spacing_mm")) " mm, " (cell(summary, "lattice.sites")) " sites" }),
                ("Sites across the narrowest opening", html! { @match across { Some(n) => { (shown((10.0 * n).round() / 10.0)) } None => { "\u{2013}" } } }),
                ("Time step", html! { (cell(summary, "lattice.time_step_us")) " \u{b5}s, " (cell(summary, "lattice.steps")) " steps" }),
                ("Relaxation time tau", cell(summary, "lattice.tau")),
                ("Largest Mach number", cell(summary, "lattice.mach_max")),
                ("Reynolds number", cell(summary, "reynolds")),
                ("Largest velocity", html! { (cell(summary, "velocity_max_m_s")) " m/s" }),
                ("Change at the end", html! { (cell(summary, "convergence.change")) ", tolerance " (cell(summary, "convergence.tolerance")) }),
                ("Speed", html! { (cell(summary, "performance.mlups")) " million site updates a second" }),
                ("Time", html! { (seconds("total")) " s: geometry " (seconds("geometry")) ", flow " (seconds("flow")) ", wall " (seconds("wall")) ", files " (seconds("output")) }),
                ("Memory", html! { (cell(summary, "performance.peak_memory_mb")) " MB" }),
            ]))
        }
    }
}

/// What the case expected, and what came out.
pub(super) fn gates(summary: &Value) -> Markup {
    let bound = |gate: &Value, key: &str| match number(gate, key) {
        Some(value) => html! { (shown(value)) },
        None => html! { "\u{2013}" },
    };
    let found = rows(summary, "gates", |gate, key| {
        let passed = gate.get("passed") == Some(&Value::Bool(true));
        vec![
            html! { code { (text(gate, "key")) } },
            bound(gate, "min"),
            bound(gate, "max"),
            cell(summary, &key("value")),
            html! { @if passed { span.badge.good { "passed" } } @else { span.badge.bad { "FAILED" } } },
        ]
    });
    html! {
        @if !found.is_empty() {
            section aria-labelledby="gates" {
                h2 id="gates" { "Gates" }
                (table("What the case expects", &["number", "at least", "at most", "value", ""], found))
            }
        }
    }
}
