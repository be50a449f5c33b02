//! Arguments of `perfuse mesh`, with quantities read into SI.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

const EXAMPLES: &str = "Examples:
  perfuse mesh stenosis --severity 70 --out stenosis_70.obj
  perfuse mesh stenosis --diameter 4mm --eccentricity 0.1 --out eccentric.obj
  perfuse mesh stenosis --diameter 4mm --severity 50 --bend-radius 12mm --angle 90 --out curved.obj
  perfuse mesh stenosis --severity 0 --diameter 4mm --outlet-diameter 2.5mm --out taper.obj
  perfuse mesh straight --diameter 6mm --length 3cm --axis 0.48,0.6,0.64 --out pipe.obj
  perfuse mesh bend --bend-radius 18mm --angle 180 --out u_bend.obj
  perfuse mesh bifurcation --diameter 6mm --ratio 0.7 --out bifurcation.obj
  perfuse mesh aneurysm --diameter 4mm --sac 7mm --neck 4mm --bend-radius 12mm --out aneurysm.obj

Lengths are mm unless they say otherwise (um, mm, cm, m), angles degrees. The groups of the OBJ are wall, inlet and
outlet (bifurcation: outlet_left and outlet_right); name them as `patch` in a case file.";

/// Make an idealised vessel: straight tube, stenosis, bend, bifurcation or aneurysm.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct MeshArgs {
    /// What to make.
    #[command(subcommand)]
    pub kind: Kind,
}

/// The vessels that can be made.
#[derive(Subcommand, Clone, Debug)]
pub enum Kind {
    /// A straight tube in any direction.
    Straight(StraightArgs),
    /// A tube with one smooth narrowing (cosine shape of Varghese et al. 2007), straight or bent, even or tapering.
    Stenosis(StenosisArgs),
    /// A tube bent along a circular arc between straight ends.
    Bend(BendArgs),
    /// A vessel that divides in two by Murray's law.
    Bifurcation(BifurcationArgs),
    /// A straight or bent vessel with a round sac on its side.
    Aneurysm(AneurysmArgs),
}

/// What all kinds share.
#[derive(Args, Clone, Debug)]
pub struct CommonArgs {
    /// File to write (.obj).
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Unit of the coordinates in the file.
    #[arg(long, value_enum, default_value_t = FileUnit::Mm)]
    pub unit: FileUnit,
    /// Edge length of the triangles [default: diameter / 24].
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    pub edge: Option<f64>,
}

/// Units that a surface can be written in.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileUnit {
    /// Millimetres.
    Mm,
    /// Centimetres.
    Cm,
    /// Metres.
    M,
}

impl FileUnit {
    pub(super) fn name_and_metres(self) -> (&'static str, f64) {
        match self {
            FileUnit::Mm => ("mm", 1e-3),
            FileUnit::Cm => ("cm", 1e-2),
            FileUnit::M => ("m", 1.0),
        }
    }
}

/// Options of `mesh straight`.
#[derive(Args, Clone, Debug)]
pub struct StraightArgs {
    /// Diameter.
    #[arg(long, value_name = "LENGTH", value_parser = length, default_value = "6 mm")]
    pub diameter: f64,
    /// Length [default: 5 diameters].
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    pub length: Option<f64>,
    /// Direction from inlet to outlet.
    #[arg(long, value_name = "X,Y,Z", value_parser = direction, default_value = "1,0,0", allow_hyphen_values = true)]
    pub axis: [f64; 3],
    /// File, unit and edge length.
    #[command(flatten)]
    pub common: CommonArgs,
}

/// Options of `mesh stenosis`.
#[derive(Args, Clone, Debug)]
pub struct StenosisArgs {
    /// Diameter of the healthy vessel.
    #[arg(long, value_name = "LENGTH", value_parser = length, default_value = "6 mm")]
    pub diameter: f64,
    /// Diameter of the healthy vessel at the outlet, where it tapers evenly [default: the diameter].
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    pub outlet_diameter: Option<f64>,
    /// Diameter reduction at the throat, in percent.
    #[arg(long, value_name = "PERCENT", value_parser = percent, default_value = "50 %")]
    pub severity: f64,
    /// Length of the lesion [default: 2 diameters].
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    pub length: Option<f64>,
    /// Length of the throat with one diameter, a part of the lesion's length [default: none].
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    pub plateau: Option<f64>,
    /// Sideways shift of the throat's axis as a fraction of the diameter (0.1 in the paper's eccentric lesion); negative
    /// away from the centre of a bend.
    #[arg(long, value_name = "FRACTION", value_parser = plain, default_value = "0", allow_hyphen_values = true)]
    pub eccentricity: f64,
    /// Radius of curvature of the axis about the throat; straight when left out.
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    pub bend_radius: Option<f64>,
    /// Angle that a bent axis turns through, half of it on either side of the throat, in degrees.
    #[arg(long, value_name = "DEGREES", value_parser = angle, default_value = "90 deg")]
    pub angle: f64,
    /// Vessel before the lesion [default: 4 diameters].
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    pub upstream: Option<f64>,
    /// Vessel after the lesion [default: 10 diameters].
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    pub downstream: Option<f64>,
    /// File, unit and edge length.
    #[command(flatten)]
    pub common: CommonArgs,
}

/// Options of `mesh bend`.
#[derive(Args, Clone, Debug)]
pub struct BendArgs {
    /// Diameter.
    #[arg(long, value_name = "LENGTH", value_parser = length, default_value = "6 mm")]
    pub diameter: f64,
    /// Radius of curvature of the axis [default: 3 diameters].
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    pub bend_radius: Option<f64>,
    /// Angle that the axis turns through, in degrees.
    #[arg(long, value_name = "DEGREES", value_parser = angle, default_value = "90 deg")]
    pub angle: f64,
    /// Straight vessel before the bend [default: 2 diameters].
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    pub upstream: Option<f64>,
    /// Straight vessel after the bend [default: 4 diameters].
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    pub downstream: Option<f64>,
    /// File, unit and edge length.
    #[command(flatten)]
    pub common: CommonArgs,
}

/// Options of `mesh bifurcation`.
#[derive(Args, Clone, Debug)]
pub struct BifurcationArgs {
    /// Diameter of the parent vessel; the branches follow from Murray's law.
    #[arg(long, value_name = "LENGTH", value_parser = length, default_value = "6 mm")]
    pub diameter: f64,
    /// Diameter of the right branch divided by that of the left one (0.4 to 1).
    #[arg(long, value_name = "RATIO", value_parser = plain, default_value = "1")]
    pub ratio: f64,
    /// Angle between the parent's direction and the left branch [default: Murray's, 37.5 degrees for equal branches].
    #[arg(long, value_name = "DEGREES", value_parser = angle)]
    pub left_angle: Option<f64>,
    /// The same of the right branch.
    #[arg(long, value_name = "DEGREES", value_parser = angle)]
    pub right_angle: Option<f64>,
    /// Length of the parent up to the meeting point of the axes [default: 3 diameters].
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    pub length: Option<f64>,
    /// Length of the branches from that point [default: 4 diameters].
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    pub branch_length: Option<f64>,
    /// Width over which the branches blend, as a fraction of the diameter.
    #[arg(long, value_name = "FRACTION", value_parser = plain, default_value = "0.15")]
    pub blend: f64,
    /// File, unit and edge length.
    #[command(flatten)]
    pub common: CommonArgs,
}

/// Options of `mesh aneurysm`.
#[derive(Args, Clone, Debug)]
pub struct AneurysmArgs {
    /// Diameter of the vessel.
    #[arg(long, value_name = "LENGTH", value_parser = length, default_value = "4 mm")]
    pub diameter: f64,
    /// Diameter of the sac [default: 1.75 diameters].
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    pub sac: Option<f64>,
    /// Width of the neck along the vessel [default: 1 diameter].
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    pub neck: Option<f64>,
    /// Radius of curvature of a bent vessel, with the sac on the outside; straight when left out.
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    pub bend_radius: Option<f64>,
    /// Angle that a bent vessel turns through, in degrees.
    #[arg(long, value_name = "DEGREES", value_parser = angle, default_value = "90 deg")]
    pub angle: f64,
    /// Length of the axis from the inlet to the sac [default: 4 diameters].
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    pub upstream: Option<f64>,
    /// Length of the axis from the sac to the outlet [default: 6 diameters].
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    pub downstream: Option<f64>,
    /// Width over which sac and vessel blend, as a fraction of the diameter.
    #[arg(long, value_name = "FRACTION", value_parser = plain, default_value = "0.15")]
    pub blend: f64,
    /// File, unit and edge length.
    #[command(flatten)]
    pub common: CommonArgs,
}

/// Reads a number with an optional unit; the first unit of the list is the one of a bare number.
fn quantity(text: &str, units: &[(&str, f64)]) -> Result<f64, String> {
    let trimmed = text.trim();
    let unit_at = trimmed.rfind(|c: char| c.is_ascii_digit() || c == '.').map_or(0, |at| at + 1);
    let (number, unit) = (trimmed[..unit_at].trim(), trimmed[unit_at..].trim());
    let factor = units.iter().find(|(name, _)| unit == *name || unit.is_empty()).map(|(_, factor)| factor);
    match (number.parse::<f64>(), factor) {
        (Ok(value), Some(factor)) if value.is_finite() => Ok(value * factor),
        _ => {
            let names: Vec<_> = units.iter().map(|(name, _)| *name).filter(|name| !name.is_empty()).collect();
            let form = if names.is_empty() { String::new() } else { format!(", alone or with {}", names.join(", ")) };
            Err(format!("expected a number{form}"))
        }
    }
}

fn length(text: &str) -> Result<f64, String> {
    quantity(text, &[("mm", 1e-3), ("um", 1e-6), ("cm", 1e-2), ("m", 1.0)])
}

fn angle(text: &str) -> Result<f64, String> {
    quantity(text, &[("deg", 1f64.to_radians()), ("degrees", 1f64.to_radians()), ("rad", 1.0)])
}

fn percent(text: &str) -> Result<f64, String> {
    quantity(text, &[("%", 1e-2)])
}

fn plain(text: &str) -> Result<f64, String> {
    quantity(text, &[("", 1.0)])
}

fn direction(text: &str) -> Result<[f64; 3], String> {
    let parts = text.split(',').map(plain).collect::<Result<Vec<_>, _>>().unwrap_or_default();
    <[f64; 3]>::try_from(parts).map_err(|_| "expected three numbers, as in 0.48,0.6,0.64".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities() {
        assert_eq!(length("6 mm"), Ok(6e-3));
        assert_eq!(length("6"), Ok(6e-3));
        assert_eq!(length("2.5cm"), Ok(0.025));
        assert_eq!(length("6e-3 m"), Ok(6e-3));
        assert_eq!(percent("50%"), Ok(0.5));
        assert_eq!(angle("180 deg"), Ok(std::f64::consts::PI));
        assert_eq!(direction("1, -0.5,2"), Ok([1.0, -0.5, 2.0]));
        for bad in ["", "mm", "6 inch", "nan", "1e999", "6 6 mm"] {
            assert_eq!(length(bad), Err("expected a number, alone or with mm, um, cm, m".to_owned()), "{bad}");
        }
        assert!(direction("1,2").is_err() && plain("0.5 mm").is_err());
    }
}
