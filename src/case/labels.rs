//! What a case says of a label map: which label, which piece, where it is open.

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::build::{exactly_one, map};
use super::error::{Diagnostic, Source, Span};
use super::file::GeometryTable;
use super::values::{Finite, LengthUnit, Point};
use super::{Geometry, PathBuf};

/// Whether ends of branches are opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Tips {
    /// All that no cut or side of the image opens.
    Auto,
    /// None.
    None,
}

/// A plane that one branch of a label map is cut by: the one around `point`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CutTable {
    /// Name of the patch that the cut makes: letters, digits, `_`, `-`; `end_1`, `end_2`, ... by default.
    #[serde(default)]
    #[schemars(with = "String")]
    pub name: Option<Spanned<String>>,
    /// A point in the branch, in the unit of the case: [x, y, z].
    #[schemars(with = "[f64; 3]")]
    pub point: Spanned<Point>,
    /// Direction out of the part that is kept.
    #[schemars(with = "[f64; 3]")]
    pub normal: Spanned<Point>,
}

/// A plane cut.
#[derive(Clone, Debug)]
pub struct Cut {
    /// Name of its patch, where it has one of its own.
    pub name: Option<Spanned<String>>,
    /// A point in the branch, m.
    pub point: Spanned<[f64; 3]>,
    /// Direction out of the part that is kept.
    pub normal: Spanned<[f64; 3]>,
}

/// What is made of a label map.
#[derive(Clone, Debug)]
pub struct Labels {
    /// The label.
    pub label: Option<i64>,
    /// A place in the piece that is meant, m.
    pub near: Option<[f64; 3]>,
    /// Fewest voxels across a branch.
    pub prune: Option<Spanned<f64>>,
    /// Whether ends of branches are opened, where the case says so.
    pub tips: Option<Tips>,
    /// Plane cuts.
    pub cuts: Vec<Cut>,
}

/// The geometry of a case: its table (with the table's place) and its cuts.
pub(super) fn geometry(
    table: Spanned<GeometryTable>,
    cuts: Vec<Spanned<CutTable>>,
    source: &Source,
) -> Result<Geometry, Vec<Diagnostic>> {
    let header = table.span();
    let table = table.into_inner();
    let repair = table.repair;
    let mut foreign: Vec<(&str, Span)> = Vec::new();
    foreign.extend(table.label.as_ref().map(|value| ("label", value.span())));
    foreign.extend(table.near.as_ref().map(|value| ("near", value.span())));
    foreign.extend(table.prune.as_ref().map(|value| ("prune", value.span())));
    foreign.extend(table.tips.map(|_| ("tips", header.clone())));
    foreign.extend(cuts.first().map(|cut| ("[[cut]]", cut.span())));
    let paths = |names: Vec<String>| names.into_iter().map(PathBuf::from).collect::<Vec<_>>();
    let file = exactly_one(
        [
            ("surface", table.surface.map(|value| (value.span(), (map(value, |names| paths(names.0)), false)))),
            ("labels", table.labels.map(|value| (value.span(), (map(value, |name| paths(vec![name])), true)))),
        ],
        ("[geometry]", "vessel", "surface = \"vessel.stl\", labels = \"seg.nii.gz\""),
        (&header, source),
    );
    let (surface, is_labels) = file?;
    if !is_labels {
        let Some(unit) = table.unit else {
            let help = "`unit`: Length unit of the coordinates in the surface file: um, mm, cm or m.".to_owned();
            let message = "[geometry] has no `unit`".to_owned();
            return Err(vec![source.diagnostic(&header, message, "missing here".into(), Some(help))]);
        };
        let wrong = foreign.into_iter().map(|(key, span)| {
            let message = format!("`{key}` has no meaning for a surface");
            let help = format!("remove `{key}`, or give `labels` in place of `surface`");
            source.diagnostic(&span, message, "belongs to a label map".into(), Some(help))
        });
        let wrong: Vec<Diagnostic> = wrong.collect();
        return if wrong.is_empty() { Ok(Geometry { surface, unit, labels: None, repair }) } else { Err(wrong) };
    }
    let unit = table.unit.unwrap_or_else(|| Spanned::new(surface.span(), LengthUnit::Mm));
    let metres = unit.get_ref().metres();
    let cut = |cut: Spanned<CutTable>| {
        let cut = cut.into_inner();
        let point = map(cut.point, |Point(point)| point.map(|x| x * metres));
        Cut { name: cut.name, point, normal: map(cut.normal, |Point(normal)| normal) }
    };
    let labels = Labels {
        label: table.label.map(Spanned::into_inner),
        near: table.near.map(|near| near.into_inner().0.map(|x| x * metres)),
        prune: table.prune.map(|prune| map(prune, |Finite(voxels)| voxels)),
        tips: table.tips,
        cuts: cuts.into_iter().map(cut).collect(),
    };
    Ok(Geometry { surface, unit, labels: Some(labels), repair })
}
