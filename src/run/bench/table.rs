//! The report as text and as Markdown.

use std::fmt::Write;

use super::{Bandwidth, Measured, Report, Variant};

/// Titles of the columns.
const TITLES: [&str; 10] = [
    "vessel",
    "sites",
    "B/update",
    "MLUPS",
    "of bandwidth",
    "Carreau-Yasuda",
    "halfway walls",
    "indices",
    "1 thread",
    "limit",
];

/// For a terminal.
#[must_use]
pub fn text(report: &Report) -> String {
    let rows = rows(report);
    let width = |k: usize| rows.iter().map(|row| row[k].len()).max().unwrap_or(0);
    let mut text = facts(report).into_iter().map(|(name, value)| format!("{name:<12} {value}\n")).collect::<String>();
    text.push('\n');
    for row in &rows {
        for (k, cell) in row.iter().enumerate() {
            let width = width(k);
            // Writing to a string cannot fail.
            let _ = if k == 0 { write!(text, "{cell:<width$}") } else { write!(text, "  {cell:>width$}") };
        }
        text.push('\n');
    }
    text.push('\n');
    for vessel in &report.vessels {
        let _ = writeln!(text, "{}", judged(vessel));
    }
    for warning in &report.warnings {
        let _ = writeln!(text, "warning      {warning}");
    }
    text
}

/// For a file.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let mut text = format!("# {}\n\n", report.device.name);
    for (name, value) in facts(report) {
        let _ = writeln!(text, "- {name}: {value}");
    }
    text.push_str(
        "\nMLUPS: million updates of fluid sites a second, best of the rounds: Newtonian fluid, interpolated walls, all \
         threads, single precision; further columns change one thing each. Bytes an update by count; `of bandwidth`: \
         those over ten arrays read and ten written side by side, measured in the same process.\n\n",
    );
    let rows = rows(report);
    for (k, row) in rows.iter().enumerate() {
        let _ = writeln!(text, "| {} |", row.join(" | "));
        if k == 0 {
            let _ = writeln!(text, "|---|{}", "---:|".repeat(TITLES.len() - 1));
        }
    }
    text.push_str("\nWhat limits the first variant:\n\n");
    for vessel in &report.vessels {
        let _ = writeln!(text, "- {}", judged(vessel));
    }
    if !report.warnings.is_empty() {
        text.push_str("\nWarnings:\n\n");
        report.warnings.iter().for_each(|warning| text.push_str(&format!("- {warning}\n")));
    }
    text
}

/// Device, load and bandwidth, each with its name.
fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let device = &report.device;
    let mut found = vec![("device", device.name.clone()), ("backend", device.backend.to_owned())];
    found.extend(device.driver.clone().map(|driver| ("driver", driver)));
    found.extend(device.simd.map(|simd| ("instructions", simd.to_string())));
    found.push(("threads", format!("{} on {} cores", device.threads, device.cores)));
    found.extend(device.cache_bytes.map(|bytes| ("cache", format!("{:.0} MB", bytes as f64 / 1e6))));
    let shown = |load: Option<f64>| load.map_or("unknown".to_owned(), |load| format!("{load:.2}"));
    found.push(("load", format!("{} before, {} after", shown(report.load.before), shown(report.load.after))));
    found.extend(report.bandwidth.iter().map(|bandwidth| ("bandwidth", memory(bandwidth))));
    found.push(("perfuse", format!("{}{}", report.perfuse, if report.quick { ", smoke run" } else { "" })));
    found
}

fn memory(bandwidth: &Bandwidth) -> String {
    let threads = match bandwidth.threads {
        Some(1) => ", 1 thread".to_owned(),
        Some(n) => format!(", {n} threads"),
        None => String::new(),
    };
    format!("ten arrays {:.1} GB/s, one array {:.1} GB/s{threads}", bandwidth.fields_gb_s, bandwidth.copy_gb_s)
}

fn rows(report: &Report) -> Vec<Vec<String>> {
    let titles = TITLES.map(str::to_owned).to_vec();
    [titles].into_iter().chain(report.vessels.iter().map(row)).collect()
}

fn row(vessel: &Measured) -> Vec<String> {
    let of = |variant| vessel.speeds.iter().find(|speed| speed.variant == variant);
    let mlups = |variant| of(variant).map_or("-".to_owned(), |speed| format!("{:.1}", speed.mlups));
    let ratio = |variant, ratio: Option<f64>| match ratio {
        Some(ratio) => format!("{} ({ratio:.2})", mlups(variant)),
        None => mlups(variant),
    };
    let share = of(Variant::Newtonian).map_or("-".to_owned(), |speed| format!("{:.2}", speed.of_bandwidth));
    let ratios = &vessel.ratios;
    vec![
        vessel.name.clone(),
        vessel.lattice.sites.to_string(),
        format!("{:.1}", vessel.bytes_per_update.total),
        mlups(Variant::Newtonian),
        share,
        ratio(Variant::CarreauYasuda, ratios.carreau_yasuda_over_newtonian),
        ratio(Variant::Halfway, ratios.interpolated_over_halfway.map(f64::recip)),
        ratio(Variant::Indices, ratios.indices_over_none),
        ratio(Variant::OneThread, ratios.all_threads_over_one.map(f64::recip)),
        vessel.limit.by.name().to_owned(),
    ]
}

/// What limits, in a line.
fn judged(vessel: &Measured) -> String {
    let limit = &vessel.limit;
    let doubt = if limit.uncertain { "; uncertain, rounds differ" } else { "" };
    format!("{}: {}: {}{doubt}", vessel.name, limit.by.name(), limit.why)
}
