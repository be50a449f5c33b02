//! The wall's mesh from a vessel.
//!
//! Theory: the triangles of the wall are remeshed ([`super::remesh`]) to an edge length that the local radius may reduce
//! ([`super::sizing`]), divided into quadrilaterals ([`super::sheet`]) and thickened into layers ([`super::thicken`]).
//!
//! Practice: [`build`] does it all and reports what became of the thickness. The number of quadrilaterals around the
//! narrowest branch is at least [`Settings::around`]: the mesh is finer there, up to [`FINEST`] times.

use nalgebra::Vector3;
use rayon::prelude::*;

use super::Shell;
use super::error::ShellError;
use super::field::{Graph, graph, limit_slope};
use super::mesh::Mesh;
use super::plausible::check_thickness;
use super::remesh::remesh;
use super::rim_line::RimLine;
use super::sheet::Sheet;
use super::sizing::{Sites, hollows, radii, sizes};
use super::start::Start;
use super::target::Target;
use super::thicken::Columns;
use crate::geometry::nearest::Nearest;
use crate::geometry::vessel::Vessel;

/// Layers of elements allowed.
pub const LAYERS: std::ops::RangeInclusive<usize> = 1..=32;

/// Quadrilaterals at most.
pub const QUADS: f64 = 2e7;

/// How much finer than asked the mesh may become in narrow branches.
pub const FINEST: f64 = 6.0;

/// Edge of a triangle over the edge of a quadrilateral of a third of its area.
const TRIANGLE: f64 = 2.6;

/// Largest share of the wall's area that may be thinner than nine tenths of what is asked.
pub const SHARE: f64 = 0.3;

/// Parts of the spacing that are tried in turn where elements stay badly shaped: another mesh meets a sharp hollow in
/// another way.
const RETRIES: [f64; 3] = [0.93, 0.87, 0.8];

/// Least scaled Jacobian of an element.
pub const QUALITY: f64 = 0.2;

/// How thick the wall is.
#[derive(Clone, Debug, PartialEq)]
pub enum Thickness {
    /// The same everywhere, m.
    Uniform(f64),
    /// This part of the vessel's local radius.
    OfRadius(f64),
    /// At each vertex of the vessel's wall, m.
    Vertices(Vec<f64>),
}

/// What mesh is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Edge length of the quadrilaterals, m.
    pub spacing: f64,
    /// Elements through the thickness.
    pub layers: usize,
    /// Thickness of the wall.
    pub thickness: Thickness,
    /// Quadrilaterals around the narrowest branch, at least.
    pub around: usize,
    /// Of a thickness from a field, the length of the field's unit, m: with it, whether that unit is plausible is checked.
    pub field_unit: Option<f64>,
}

impl Settings {
    /// Settings with twelve quadrilaterals around the narrowest branch.
    #[must_use]
    pub fn new(spacing: f64, layers: usize, thickness: Thickness) -> Self {
        Self { spacing, layers, thickness, around: 12, field_unit: None }
    }

    /// A spacing (m) that suits a vessel: 32 quadrilaterals around its widest opening, but about 40,000 in all at most.
    #[must_use]
    pub fn default_spacing(vessel: &Vessel) -> f64 {
        let widest = vessel.openings.iter().map(|opening| opening.equivalent_diameter()).fold(0.0, f64::max);
        (std::f64::consts::PI * widest / 32.0).max((area(vessel) / 40_000.0).sqrt())
    }
}

/// Where the wall is much thinner than asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// Place on the inner surface, m.
    pub place: [f64; 3],
    /// Thickness asked for, m.
    pub asked: f64,
    /// Thickness there, m.
    pub thickness: f64,
}

/// What became of the settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Edge length of the quadrilaterals, m: that asked for, or a little less where elements would be badly shaped.
    pub spacing: f64,
    /// Number of nodes.
    pub nodes: usize,
    /// Number of elements.
    pub elements: usize,
    /// Least scaled Jacobian of the elements.
    pub scaled_jacobian: f64,
    /// Middle of the element that has it, m.
    pub worst_place: [f64; 3],
    /// Least, mean (by area) and largest thickness, m.
    pub thickness: [f64; 3],
    /// Of each column, the part of the thickness asked for that it has.
    pub kept: Vec<f32>,
    /// Share of the inner surface's area where the wall is thinner than nine tenths of what was asked.
    pub limited_share: f64,
    /// The column that kept the least part of the thickness asked for, where it is less than nine tenths.
    pub strongest: Option<Limit>,
    /// Volume of the wall, m^3.
    pub volume: f64,
    /// Area of the inner surface, m^2.
    pub inner_area: f64,
    /// Least and largest local radius of the vessel, m.
    pub radius: [f64; 2],
    /// Closed pieces inside the vessel that got no wall.
    pub left_out: usize,
}

/// Area of the wall, m^2.
fn area(vessel: &Vessel) -> f64 {
    (0..vessel.wall.triangles.len()).map(|t| vessel.wall.area_vector(t).norm()).sum()
}

/// Builds the wall's mesh of a vessel.
///
/// # Errors
/// [`ShellError`]: settings out of their range, no room for the thickness, or elements that stay badly shaped.
pub fn build(vessel: &Vessel, settings: &Settings) -> Result<(Shell, Report), ShellError> {
    check(vessel, settings)?;
    let mut result = attempt(vessel, settings);
    for part in RETRIES {
        if !matches!(result, Err(ShellError::Shape { .. })) {
            return result;
        }
        let finer = Settings { spacing: part * settings.spacing, ..settings.clone() };
        result = attempt(vessel, &finer);
    }
    result
}

/// Builds the mesh once.
fn attempt(vessel: &Vessel, settings: &Settings) -> Result<(Shell, Report), ShellError> {
    let Start { mut mesh, rims, source, left_out } = Start::new(vessel)?;
    let radii = prepare(&mut mesh, &rims, settings)?;
    let target = Target::new(&mesh, rims);
    let asked = thickness(&settings.thickness, &radii, &source, &vessel.wall.vertices)?;
    if let Some(unit) = settings.field_unit {
        check_thickness(&asked, &radii, unit)?;
    }
    remesh(&mut mesh, &target);
    let mut sheet = Sheet::new(&mesh, &target);
    sheet.relax(&target);
    sheet.sort();
    let asked = at_columns(&sheet, &target, &asked);
    let planes: Vec<Vector3<f64>> = vessel.openings.iter().map(|opening| opening.normal.into()).collect();
    let columns = Columns::new(&sheet, &target, &planes, settings.layers, &asked);
    let (layers, ends) = (settings.layers, sheet.ends(&target, vessel.openings.len()));
    let shell = Shell { quads: sheet.quads.clone(), layers, nodes: columns.nodes(), ends };
    let span = radii.iter().fold([f64::INFINITY, 0.0], |[low, high]: [f64; 2], &r| [low.min(r), high.max(r)]);
    let report = report(&shell, &sheet, &asked, &columns.across(), span, left_out, settings.spacing);
    judge(&shell, &report, &asked)?;
    Ok((shell, report))
}

/// Checks the settings that need no geometry but the area.
fn check(vessel: &Vessel, settings: &Settings) -> Result<(), ShellError> {
    let (spacing, layers) = (settings.spacing, settings.layers);
    if !(spacing.is_finite() && spacing > 0.0) {
        return Err(ShellError::Spacing(spacing));
    }
    if !LAYERS.contains(&layers) {
        return Err(ShellError::Layers { layers, first: *LAYERS.start(), last: *LAYERS.end() });
    }
    let area = area(vessel);
    let quads = area / (spacing * spacing);
    if quads * layers as f64 > QUADS {
        let allowed = (area * layers as f64 / QUADS).sqrt();
        return Err(ShellError::Fine { spacing, quads, most: QUADS / layers as f64, area, allowed });
    }
    Ok(())
}

/// Finds the local radius at each vertex of a mesh (m) and sets the edge lengths wanted there.
fn prepare(mesh: &mut Mesh, rims: &[RimLine], settings: &Settings) -> Result<Vec<f64>, ShellError> {
    let triangles: Vec<[u32; 3]> = mesh.triangles().collect();
    let graph = graph(&triangles, mesh.at.len());
    let normals = normals(mesh, &graph);
    let tree = Nearest::new(triangles.iter().map(|corners| corners.map(|v| mesh.point(v))).collect());
    let (low, high) = mesh.at.iter().fold((mesh.at[0], mesh.at[0]), |(low, high), p| (low.inf(p), high.sup(p)));
    let sites = Sites { at: &mesh.at, normals: &normals, graph: &graph, edge: settings.spacing };
    let mut radii = radii(&tree, &sites, 0.5 * (high - low).norm());
    // Beside an end no ball sees that the vessel is no wider than its rim.
    for (radius, on) in radii.iter_mut().zip(&mesh.rim) {
        *radius = on.map_or(*radius, |on| radius.min(rims[on.line as usize].length() / std::f64::consts::TAU));
    }
    limit_slope(&graph, &mesh.at, &mut radii, 1.0);
    let narrowest = (0..radii.len()).min_by(|&a, &b| radii[a].total_cmp(&radii[b])).unwrap_or(0);
    let allowed = FINEST * 2.0 * std::f64::consts::TAU * radii[narrowest] / settings.around as f64 / TRIANGLE;
    if settings.spacing > allowed {
        let (place, radius) = (mesh.at[narrowest].into(), radii[narrowest]);
        let (spacing, around) = (settings.spacing, settings.around);
        return Err(ShellError::Coarse { spacing, place, radius, around, allowed });
    }
    let edge = TRIANGLE * settings.spacing;
    // Half as many triangles as quadrilaterals, and one more: edges may come out a little long.
    let sides = 0.5 * settings.around as f64 + 1.0;
    mesh.size = sizes(&sites, &radii, &hollows(&tree, &sites, edge), edge, sides);
    Ok(radii)
}

/// Unit normals at the vertices, over a neighbourhood of two rings: sums of area vectors, so that the triangles in it
/// do not matter.
fn normals(mesh: &Mesh, graph: &Graph) -> Vec<Vector3<f64>> {
    let mut normals: Vec<Vector3<f64>> = (0..mesh.at.len() as u32).map(|v| mesh.normal(v)).collect();
    for _ in 0..2 {
        let sum = |(v, near): (usize, &Vec<u32>)| {
            near.iter().map(|&u| normals[u as usize]).sum::<Vector3<f64>>() + normals[v]
        };
        normals = graph.iter().enumerate().map(sum).collect();
    }
    normals.iter().map(|normal| normal.try_normalize(0.0).unwrap_or_default()).collect()
}

/// Thickness asked for at each vertex of the mesh, m.
fn thickness(
    thickness: &Thickness,
    radii: &[f64],
    source: &[u32],
    places: &[[f64; 3]],
) -> Result<Vec<f64>, ShellError> {
    let asked: Vec<f64> = match thickness {
        Thickness::Uniform(thickness) => vec![*thickness; radii.len()],
        Thickness::OfRadius(part) => radii.iter().map(|radius| part * radius).collect(),
        Thickness::Vertices(values) if values.len() != places.len() => {
            return Err(ShellError::Length { given: values.len(), vertices: places.len() });
        }
        Thickness::Vertices(values) => source.iter().map(|&v| values[v as usize]).collect(),
    };
    match asked.iter().position(|&t| !(t.is_finite() && t > 0.0)) {
        Some(v) => Err(ShellError::Thickness { place: places[source[v] as usize], thickness: asked[v] }),
        None => Ok(asked),
    }
}

/// Values at the vertices of the given wall, carried to those of a sheet on it.
fn at_columns(sheet: &Sheet, target: &Target, values: &[f64]) -> Vec<f64> {
    let places = sheet.at.par_iter().map(|&place| {
        let hit = target.tree.hit(place, f64::INFINITY, |_| true);
        hit.map_or(values[0], |hit| target.value(&hit, values))
    });
    places.collect()
}

/// Measures a shell.
fn report(
    shell: &Shell,
    sheet: &Sheet,
    asked: &[f64],
    kept: &[f64],
    radius: [f64; 2],
    left_out: usize,
    spacing: f64,
) -> Report {
    let mut areas = vec![0.0; sheet.at.len()];
    for &quad in &sheet.quads {
        let area = sheet.area_of(quad).norm();
        quad.iter().for_each(|&v| areas[v as usize] += 0.25 * area);
    }
    let inner_area: f64 = areas.iter().sum();
    let mean = areas.iter().zip(kept).map(|(area, kept)| area * kept).sum::<f64>() / inner_area;
    let part = |v: usize| kept[v] / asked[v];
    let limited: f64 = (0..kept.len()).filter(|&v| part(v) < 0.9).map(|v| areas[v]).sum();
    let strongest = (0..kept.len()).filter(|&v| part(v) < 0.9).min_by(|&a, &b| part(a).total_cmp(&part(b)));
    let limit = |v: usize| Limit { place: sheet.at[v].into(), asked: asked[v], thickness: kept[v] };
    let (scaled_jacobian, quad, layer) = shell.worst();
    let worst_place = (shell.corners(quad, layer).iter().sum::<Vector3<f64>>() / 8.0).into();
    let [least, most] = kept.iter().fold([f64::INFINITY, 0.0], |[a, b]: [f64; 2], &t| [a.min(t), b.max(t)]);
    Report {
        spacing,
        nodes: shell.nodes.len(),
        elements: shell.elements(),
        scaled_jacobian,
        worst_place,
        thickness: [least, mean, most],
        kept: (0..kept.len()).map(|v| part(v) as f32).collect(),
        limited_share: (limited / inner_area).max(0.0),
        strongest: strongest.map(limit),
        volume: shell.volume(),
        inner_area,
        radius,
        left_out,
    }
}

/// Refuses a wall that is not what was asked for.
fn judge(shell: &Shell, report: &Report, asked: &[f64]) -> Result<(), ShellError> {
    if let Some(limit) = report.strongest.filter(|_| report.limited_share > SHARE) {
        let levels = shell.levels();
        let mut kept: Vec<f64> =
            (0..asked.len()).map(|c| (shell.place(c as u32, levels - 1) - shell.place(c as u32, 0)).norm()).collect();
        kept.sort_unstable_by(f64::total_cmp);
        let allowed = kept[(SHARE * kept.len() as f64) as usize];
        let (place, room, share) = (limit.place, limit.thickness, report.limited_share);
        return Err(ShellError::Room { place, asked: limit.asked, room, share, most: SHARE, allowed });
    }
    if report.scaled_jacobian <= QUALITY {
        let layers = shell.layers;
        let bad = |e: &usize| super::quality::scaled_jacobian(&shell.corners(e / layers, e % layers)) <= QUALITY;
        let count = (0..shell.elements()).into_par_iter().filter(bad).count();
        let (place, quality) = (report.worst_place, report.scaled_jacobian);
        return Err(ShellError::Shape { count, place, quality, least: QUALITY });
    }
    Ok(())
}
