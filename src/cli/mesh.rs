//! `perfuse mesh`: idealised vessels as OBJ with named groups.

mod args;

pub use args::{
    AneurysmArgs, BendArgs, BifurcationArgs, CommonArgs, FileUnit, Kind, MeshArgs, StenosisArgs, StraightArgs,
};

use std::fmt;
use std::path::{Path, PathBuf};

use crate::geometry::primitives::{Aneurysm, Bend, Bifurcation, PrimitiveError, Stenosis, Straight};
use crate::geometry::surface::Surface;
use crate::output::{OutputError, obj};

/// Why no vessel was made.
#[derive(Debug, thiserror::Error)]
pub enum MeshError {
    /// The shape does not exist.
    #[error(transparent)]
    Shape(#[from] PrimitiveError),
    /// Another format was asked for.
    #[error("--out is {}, but vessels are written as OBJ; give a name that ends in .obj", .0.display())]
    Extension(PathBuf),
    /// The file cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
}

impl MeshError {
    /// 2 for bad usage, 1 when the file could not be written.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            MeshError::Shape(_) | MeshError::Extension(_) => 2,
            MeshError::Output(_) => 1,
        }
    }
}

/// What was written.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Made {
    /// The file.
    pub file: PathBuf,
    /// Number of vertices.
    pub vertices: usize,
    /// Number of triangles.
    pub triangles: usize,
    /// Names of the groups.
    pub groups: Vec<String>,
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, groups) = (self.file.display(), self.groups.join(", "));
        write!(f, "{file}: {} vertices, {} triangles; groups {groups}", self.vertices, self.triangles)
    }
}

/// Makes the vessel and writes the file.
///
/// # Errors
/// A parameter out of range, or a file that cannot be written; nothing is left behind.
pub fn run(args: &MeshArgs) -> Result<Made, MeshError> {
    let (common, mut recipe, surface) = build(&args.kind);
    let mut surface = surface?;
    if !common.out.extension().is_some_and(|e| e.eq_ignore_ascii_case("obj")) {
        return Err(MeshError::Extension(common.out.clone()));
    }
    let (unit, metres) = common.unit.name_and_metres();
    surface.unit = metres;
    if let Some(edge) = common.edge {
        recipe.length("edge", edge);
    }
    recipe.word("unit", unit);
    recipe.word("out", &file_name(&common.out));
    let comment = format!("{}\ncoordinates in {unit}; made by the command above", recipe.0);
    obj::write(&common.out, &surface, &comment)?;
    Ok(Made {
        file: common.out.clone(),
        vertices: surface.vertices.len(),
        triangles: surface.triangles.len(),
        groups: surface.patches,
    })
}

/// The surface and the command line that makes it again, with every default spelled out.
fn build(kind: &Kind) -> (&CommonArgs, Recipe, Result<Surface, PrimitiveError>) {
    match kind {
        Kind::Straight(args) => build_straight(args),
        Kind::Stenosis(args) => build_stenosis(args),
        Kind::Bend(args) => build_bend(args),
        Kind::Bifurcation(args) => build_bifurcation(args),
        Kind::Aneurysm(args) => build_aneurysm(args),
    }
}

fn build_straight(args: &StraightArgs) -> (&CommonArgs, Recipe, Result<Surface, PrimitiveError>) {
    let base = Straight::new(args.diameter);
    let shape =
        Straight { length: args.length.unwrap_or(base.length), axis: args.axis, edge: args.common.edge, ..base };
    let mut recipe = Recipe::new("straight");
    recipe.length("diameter", shape.diameter);
    recipe.length("length", shape.length);
    let [x, y, z] = shape.axis;
    recipe.word("axis", &format!("{x},{y},{z}"));
    (&args.common, recipe, shape.surface())
}

fn build_stenosis(args: &StenosisArgs) -> (&CommonArgs, Recipe, Result<Surface, PrimitiveError>) {
    let base = Stenosis::new(args.diameter);
    let shape = Stenosis {
        diameter: args.diameter,
        outlet_diameter: args.outlet_diameter,
        severity: args.severity,
        length: args.length.unwrap_or(base.length),
        plateau: args.plateau.unwrap_or(base.plateau),
        eccentricity: args.eccentricity,
        bend_radius: args.bend_radius,
        angle: args.angle,
        upstream: args.upstream.unwrap_or(base.upstream),
        downstream: args.downstream.unwrap_or(base.downstream),
        edge: args.common.edge,
    };
    let mut recipe = Recipe::new("stenosis");
    recipe.length("diameter", shape.diameter);
    if let Some(end) = shape.outlet_diameter {
        recipe.length("outlet-diameter", end);
    }
    recipe.number("severity", shape.severity * 100.0, "%");
    recipe.length("length", shape.length);
    if args.plateau.is_some() {
        recipe.length("plateau", shape.plateau);
    }
    recipe.number("eccentricity", shape.eccentricity, "");
    if let Some(radius) = shape.bend_radius {
        recipe.length("bend-radius", radius);
        recipe.number("angle", shape.angle.to_degrees(), "deg");
    }
    recipe.length("upstream", shape.upstream);
    recipe.length("downstream", shape.downstream);
    (&args.common, recipe, shape.surface())
}

fn build_bend(args: &BendArgs) -> (&CommonArgs, Recipe, Result<Surface, PrimitiveError>) {
    let base = Bend::new(args.diameter);
    let shape = Bend {
        diameter: args.diameter,
        bend_radius: args.bend_radius.unwrap_or(base.bend_radius),
        angle: args.angle,
        upstream: args.upstream.unwrap_or(base.upstream),
        downstream: args.downstream.unwrap_or(base.downstream),
        edge: args.common.edge,
    };
    let mut recipe = Recipe::new("bend");
    recipe.length("diameter", shape.diameter);
    recipe.length("bend-radius", shape.bend_radius);
    recipe.number("angle", shape.angle.to_degrees(), "deg");
    recipe.length("upstream", shape.upstream);
    recipe.length("downstream", shape.downstream);
    (&args.common, recipe, shape.surface())
}

fn build_bifurcation(args: &BifurcationArgs) -> (&CommonArgs, Recipe, Result<Surface, PrimitiveError>) {
    let base = Bifurcation::new(args.diameter);
    let shape = Bifurcation {
        diameter: args.diameter,
        ratio: args.ratio,
        left_angle: args.left_angle,
        right_angle: args.right_angle,
        length: args.length.unwrap_or(base.length),
        branch_length: args.branch_length.unwrap_or(base.branch_length),
        blend: args.blend,
        edge: args.common.edge,
    };
    let mut recipe = Recipe::new("bifurcation");
    recipe.length("diameter", shape.diameter);
    recipe.number("ratio", shape.ratio, "");
    for (name, angle) in [("left-angle", shape.left_angle), ("right-angle", shape.right_angle)] {
        if let Some(angle) = angle {
            recipe.number(name, angle.to_degrees(), "deg");
        }
    }
    recipe.length("length", shape.length);
    recipe.length("branch-length", shape.branch_length);
    recipe.number("blend", shape.blend, "");
    (&args.common, recipe, shape.surface())
}

fn build_aneurysm(args: &AneurysmArgs) -> (&CommonArgs, Recipe, Result<Surface, PrimitiveError>) {
    let base = Aneurysm::new(args.diameter);
    let shape = Aneurysm {
        diameter: args.diameter,
        sac: args.sac.unwrap_or(base.sac),
        neck: args.neck.unwrap_or(base.neck),
        bend_radius: args.bend_radius,
        angle: args.angle,
        upstream: args.upstream.unwrap_or(base.upstream),
        downstream: args.downstream.unwrap_or(base.downstream),
        blend: args.blend,
        edge: args.common.edge,
    };
    let mut recipe = Recipe::new("aneurysm");
    recipe.length("diameter", shape.diameter);
    recipe.length("sac", shape.sac);
    recipe.length("neck", shape.neck);
    if let Some(radius) = shape.bend_radius {
        recipe.length("bend-radius", radius);
        recipe.number("angle", shape.angle.to_degrees(), "deg");
    }
    recipe.length("upstream", shape.upstream);
    recipe.length("downstream", shape.downstream);
    recipe.number("blend", shape.blend, "");
    (&args.common, recipe, shape.surface())
}

/// A command line under construction; values need no quotes.
struct Recipe(String);

impl Recipe {
    fn new(kind: &str) -> Self {
        Self(format!("perfuse mesh {kind}"))
    }

    fn word(&mut self, name: &str, value: &str) {
        self.0.push_str(&format!(" --{name} {value}"));
    }

    fn number(&mut self, name: &str, value: f64, unit: &str) {
        // Nine digits take away what the conversion of units added.
        let tidy: f64 = format!("{value:.8e}").parse().unwrap_or(value);
        self.word(name, &format!("{tidy}{unit}"));
    }

    fn length(&mut self, name: &str, metres: f64) {
        self.number(name, metres * 1e3, "mm");
    }
}

/// The last part of a path, fit for a comment line: no folder, no control characters.
fn file_name(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    name.chars().map(|c| if plain(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_comments_are_plain() {
        assert_eq!(file_name(Path::new("/home/somebody/a b\n.obj")), "a_b_.obj");
    }
}
