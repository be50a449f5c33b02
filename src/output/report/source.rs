//! Where the results come from. No path, host or user: of a file only its kind and its hash.

use maud::{Markup, html};
use serde_json::Value;

use super::answer::{list, text};
use super::number::number;
use super::tables::facts;

/// Versions, hashes, device, blood.
pub(super) fn section(summary: &Value, manifest: Option<&Value>, notes: &[String]) -> Markup {
    let missing = Value::Null;
    let manifest = manifest.unwrap_or(&missing);
    let device = summary.get("device").unwrap_or(&missing);
    let mut rows = vec![
        ("Program", html! { "Perfuse " (text(manifest, "perfuse")) }),
        ("Device", html! { (text(device, "name")) " (" (text(device, "backend")) ")" }),
    ];
    if let Some(case) = manifest.get("case") {
        rows.push(("Case file", html! { "SHA-256 " (hash(case)) }));
        let sets: Vec<String> = list(case, "sets").iter().filter_map(Value::as_str).map(set).collect();
        if !sets.is_empty() {
            rows.push(("Changed for this run", html! { @for set in &sets { code { (set) } " " } }));
        }
    }
    for (k, file) in list(manifest, "surfaces").iter().enumerate() {
        let kind = text(file, "file").rsplit('.').next().unwrap_or_default().to_lowercase();
        let known = ["obj", "stl", "vtp", "vtk", "gz", "nii", "mha", "mhd"].contains(&kind.as_str());
        rows.push(("Geometry", html! { "file " (k + 1) @if known { " (." (kind) ")" } ", SHA-256 " (hash(file)) }));
    }
    if let Some(plan) = manifest.get("plan") {
        let density = number(plan, "density_kg_m3").map_or("?".into(), |x| format!("{x}"));
        rows.push(("Blood", html! { (text(plan, "rheology")) ", " (density) " kg/m\u{b3}" }));
    }
    for (name, load) in manifest.get("loads").and_then(Value::as_object).into_iter().flatten() {
        rows.push(("Load", html! { (name) ": " code { (load.as_str().unwrap_or("?")) } }));
    }
    html! {
        section aria-labelledby="source" {
            h2 id="source" { "Where this comes from" }
            (facts(rows))
            @for note in notes { p.hint { (note) } }
        }
    }
}

fn hash(value: &Value) -> Markup {
    html! { code.hash { (text(value, "sha256")) } }
}

/// A `key=value` as it was given; of files only the key, since a path may tell who somebody is.
fn set(set: &str) -> String {
    let (key, value) = set.split_once('=').unwrap_or((set, ""));
    let names_files = ["surface", "labels", "waveform", "file", "title"].iter().any(|word| key.trim().ends_with(word));
    let has_path = value.contains(['\\', '~']) || value.contains('/') && value.contains('.') && !value.contains(' ');
    if names_files || has_path { format!("{key}=\u{2026}") } else { set.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::set;

    #[test]
    fn sets_keep_units_and_lose_paths() {
        for kept in ["resolution.across=24", "opening.inlet.flow=\"4 ml/s\"", "blood.density=1060.5 kg/m^3"] {
            assert_eq!(set(kept), kept);
        }
        for lost in
            ["geometry.surface=\"/home/j/doe.stl\"", "geometry.surface=doe.stl", "a.b=../x/doe.csv", "a.b=C:\\doe"]
        {
            assert!(set(lost).ends_with("=\u{2026}"), "{lost}");
        }
    }
}
