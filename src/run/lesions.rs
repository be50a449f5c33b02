//! The answer of a run: narrowings and sacs, as keys of `summary.json` and in words.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::analysis::lesion::{Aneurysm, Basis, LOW_SHEAR, Reference, Stenosis, Wall, aneurysms, references, stenoses};
use crate::analysis::profile::BranchProfile;
use crate::geometry::centreline::{Branch, Tree};
use crate::units::MMHG;

/// Lesions of a vessel.
#[derive(Clone, Debug, Default)]
pub struct Lesions {
    names: Vec<String>,
    references: Vec<Reference>,
    /// Narrowings, branch by branch.
    pub stenoses: Vec<Stenosis>,
    /// Sacs, the largest first.
    pub aneurysms: Vec<Aneurysm>,
}

/// Finds the lesions along these branches and on this wall; `nu` is the kinematic viscosity, m^2/s. Profiles without
/// flow and a wall without shear give the geometry alone.
#[must_use]
pub fn find(branches: &[BranchProfile], wall: &Wall, nu: f64) -> Lesions {
    let references = references(branches);
    Lesions {
        names: branches.iter().map(|branch| branch.name.clone()).collect(),
        stenoses: stenoses(branches, &references, nu),
        aneurysms: aneurysms(branches, &references, wall),
        references,
    }
}

/// Profiles of a tree without flow: arcs, places, radii and areas.
#[must_use]
pub fn geometry(tree: &Tree) -> Vec<BranchProfile> {
    let profile = |branch: &Branch| BranchProfile {
        name: branch.name.clone(),
        parent: branch.parent,
        arc: branch.points.iter().map(|p| p.arc).collect(),
        places: branch.points.iter().map(|p| p.place).collect(),
        radius: branch.points.iter().map(|p| p.radius).collect(),
        area: branch.points.iter().map(|p| p.area).collect(),
        shared: branch.points.iter().map(|p| p.shared).collect(),
        ..BranchProfile::default()
    };
    tree.branches.iter().map(profile).collect()
}

impl Lesions {
    /// The keys `stenoses`, `worst_stenosis`, `aneurysms` and `references` of the summary.
    #[must_use]
    pub fn as_json(&self) -> serde_json::Map<String, Value> {
        let worst = self.stenoses.iter().max_by(|a, b| a.diameter_reduction().total_cmp(&b.diameter_reduction()));
        let mut keys = serde_json::Map::new();
        keys.insert("stenoses".into(), self.stenoses.iter().map(|lesion| self.stenosis(lesion)).collect());
        keys.insert("worst_stenosis".into(), worst.map_or_else(none, |lesion| self.stenosis(lesion)));
        keys.insert("aneurysms".into(), self.aneurysms.iter().map(|sac| self.aneurysm(sac)).collect());
        keys.insert("references".into(), (0..self.names.len()).map(|k| self.reference(k)).collect());
        keys
    }

    fn stenosis(&self, lesion: &Stenosis) -> Value {
        let across = lesion.across.as_ref();
        json!({
            "branch": self.names[lesion.branch],
            "at_mm": lesion.arc * 1e3,
            "place_mm": lesion.place.map(|x| x * 1e3),
            "length_mm": lesion.length * 1e3,
            "ostial": lesion.ostial,
            "min_diameter_mm": lesion.diameter * 1e3,
            "inscribed_diameter_mm": lesion.inscribed_diameter * 1e3,
            "reference_diameter_mm": lesion.reference_diameter * 1e3,
            "diameter_reduction_percent": lesion.diameter_reduction() * 1e2,
            "area_reduction_percent": lesion.area_reduction() * 1e2,
            "flow_ml_s": across.map(|across| across.flow * 1e6),
            "pressure_drop_mmHg": across.map(|across| across.drop / MMHG),
            "pressure_ratio": across.map(|across| across.ratio),
            "recovered_at_mm": across.map(|across| across.recovered * 1e3),
            "jet_re": across.map(|across| across.reynolds),
        })
    }

    fn aneurysm(&self, sac: &Aneurysm) -> Value {
        json!({
            "branch": self.names[sac.branch],
            "at_mm": sac.arc * 1e3,
            "place_mm": sac.place.map(|x| x * 1e3),
            "fusiform": sac.fusiform,
            "neck_mm": sac.neck * 1e3,
            "max_diameter_mm": sac.max_diameter * 1e3,
            "reference_diameter_mm": sac.reference_diameter * 1e3,
            "sac_volume_mm3": sac.volume * 1e9,
            "sac_area_mm2": sac.area * 1e6,
            "low_shear_area_mm2": sac.low_shear_area.map(|area| area * 1e6),
        })
    }

    fn reference(&self, branch: usize) -> Value {
        let reference = &self.references[branch];
        let basis = match reference.basis {
            Basis::Healthy => "healthy",
            Basis::TooShort => "too_short",
            Basis::Irregular => "irregular",
        };
        json!({
            "branch": self.names[branch],
            "basis": basis,
            "healthy_share": reference.healthy_share,
            "diameter_mm": reference.ends().map(|diameter| diameter * 1e3),
            "murray_ratio": reference.murray,
            "narrow_throughout": reference.narrow_throughout(),
        })
    }
}

/// The worst stenosis where there is none: the numbers that gates ask for.
fn none() -> Value {
    json!({
        "diameter_reduction_percent": 0.0, "area_reduction_percent": 0.0,
        "pressure_drop_mmHg": 0.0, "pressure_ratio": 1.0,
    })
}

/// Numbers of the summary that gates may ask for whatever is found; without a stenosis the reductions and the drop are
/// 0 and the ratio is 1.
pub const WORST: [&str; 4] = [
    "worst_stenosis.diameter_reduction_percent",
    "worst_stenosis.area_reduction_percent",
    "worst_stenosis.pressure_drop_mmHg",
    "worst_stenosis.pressure_ratio",
];

/// Numbers of one stenosis, and of one aneurysm.
const OF_A_STENOSIS: [&str; 12] = [
    "at_mm",
    "length_mm",
    "min_diameter_mm",
    "inscribed_diameter_mm",
    "reference_diameter_mm",
    "diameter_reduction_percent",
    "area_reduction_percent",
    "flow_ml_s",
    "pressure_drop_mmHg",
    "pressure_ratio",
    "recovered_at_mm",
    "jet_re",
];
const OF_AN_ANEURYSM: [&str; 7] = [
    "at_mm",
    "neck_mm",
    "max_diameter_mm",
    "reference_diameter_mm",
    "sac_volume_mm3",
    "sac_area_mm2",
    "low_shear_area_mm2",
];

/// Whether a gate's key is that of a number of a lesion by its position, `stenoses.0.jet_re`. How many lesions there
/// are shows after the run only; a gate on one that is not there fails.
#[must_use]
pub fn is_number(key: &str) -> bool {
    let mut parts = key.splitn(3, '.');
    let names: &[&str] = match parts.next() {
        Some("stenoses") => &OF_A_STENOSIS,
        Some("aneurysms") => &OF_AN_ANEURYSM,
        _ => return false,
    };
    let counted = parts.next().is_some_and(|part| part.parse::<usize>().is_ok());
    counted && parts.next().is_some_and(|name| names.contains(&name))
}

/// The lesions of a summary (or of what `inspect` prints) in a line each.
#[must_use]
pub fn lines(summary: &Value) -> String {
    let list = |key: &str| summary.get(key).and_then(Value::as_array).into_iter().flatten();
    let mut text = String::new();
    list("stenoses").for_each(|lesion| stenosis_line(&mut text, lesion));
    list("aneurysms").for_each(|sac| aneurysm_line(&mut text, sac));
    let named = |key: &str, value: Value| {
        let chosen = list("references").filter(|reference| reference.get(key) == Some(&value));
        chosen.map(|reference| word(reference, "branch")).collect::<Vec<_>>().join(", ")
    };
    for (names, why) in [
        (named("basis", "too_short".into()), "too short outside their junctions"),
        (named("basis", "irregular".into()), "no healthy part to compare with"),
    ] {
        if !names.is_empty() {
            let _ = writeln!(text, "not graded    {names}: {why}");
        }
    }
    let narrow = named("narrow_throughout", true.into());
    if !narrow.is_empty() {
        let _ = writeln!(text, "narrow        {narrow}: all along, by Murray's law from the parent; no focal lesion");
    }
    text
}

fn word<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or("?")
}

fn stenosis_line(text: &mut String, lesion: &Value) {
    let get = |key: &str| lesion.get(key).and_then(Value::as_f64);
    let number = |key: &str| get(key).unwrap_or(f64::NAN);
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "stenosis      in {} at {:.1} mm: {:.0} % diameter ({:.2} of {:.2} mm), {:.0} % area, {:.1} mm long",
        word(lesion, "branch"),
        number("at_mm"),
        number("diameter_reduction_percent"),
        number("min_diameter_mm"),
        number("reference_diameter_mm"),
        number("area_reduction_percent"),
        number("length_mm"),
    );
    if let (Some(drop), Some(ratio), Some(flow)) = (get("pressure_drop_mmHg"), get("pressure_ratio"), get("flow_ml_s"))
    {
        let _ = write!(text, ", pressure drop {drop:.2} mmHg, pressure ratio {ratio:.3} at {flow:.2} ml/s");
    }
    text.push('\n');
}

fn aneurysm_line(text: &mut String, sac: &Value) {
    let get = |key: &str| sac.get(key).and_then(Value::as_f64);
    let number = |key: &str| get(key).unwrap_or(f64::NAN);
    let fusiform = sac.get("fusiform").and_then(Value::as_bool).unwrap_or(false);
    let (kind, neck) = if fusiform { ("fusiform ", "length") } else { ("", "neck") };
    let _ = write!(
        text,
        "aneurysm      {kind}on {} at {:.1} mm: {neck} {:.2} mm, {:.2} mm across (vessel {:.2} mm), {:.1} mm^3",
        word(sac, "branch"),
        number("at_mm"),
        number("neck_mm"),
        number("max_diameter_mm"),
        number("reference_diameter_mm"),
        number("sac_volume_mm3"),
    );
    if let Some(low) = get("low_shear_area_mm2") {
        let _ = write!(text, ", {low:.1} of {:.1} mm^2 below {LOW_SHEAR} Pa", number("sac_area_mm2"));
    }
    text.push('\n');
}
