//! `[mesh]`: vessels made from parameters, each written once under a name that its content gives.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::setting::Setting;
use crate::case::suggestion;
use crate::geometry::primitives::{Aneurysm, Bend, Bifurcation, PrimitiveError, Stenosis, Straight};
use crate::geometry::surface::Surface;
use crate::output::{OutputError, create_folder, obj};
use crate::run::identity::hex;
use crate::units::Length;

/// Kinds of vessels with their parameters beside `edge`.
const KINDS: [(&str, &[&str]); 5] = [
    ("straight", &["diameter", "length", "axis"]),
    (
        "stenosis",
        &[
            "diameter",
            "outlet_diameter",
            "severity",
            "length",
            "plateau",
            "eccentricity",
            "bend_radius",
            "angle",
            "upstream",
            "downstream",
        ],
    ),
    ("bend", &["diameter", "bend_radius", "angle", "upstream", "downstream"]),
    ("bifurcation", &["diameter", "ratio", "left_angle", "right_angle", "length", "branch_length", "blend"]),
    ("aneurysm", &["diameter", "sac", "neck", "bend_radius", "angle", "upstream", "downstream", "blend"]),
];

/// Default diameters, m, as those of `perfuse mesh`.
const DIAMETER: f64 = 6e-3;
const ANEURYSM_DIAMETER: f64 = 4e-3;

/// What keeps a vessel from being made.
#[derive(Debug, thiserror::Error)]
pub(super) enum MeshError {
    #[error("{0}")]
    Parameter(String),
    #[error("mesh: {0}")]
    Shape(#[from] PrimitiveError),
    #[error(transparent)]
    Output(#[from] OutputError),
}

/// Vessels by their parameters, in a folder.
pub(super) struct Workshop {
    folder: PathBuf,
    made: HashMap<String, String>,
}

impl Workshop {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), made: HashMap::new() }
    }

    /// The name of the file that holds the vessel of these parameters, in mm.
    pub(super) fn vessel(&mut self, parameters: &BTreeMap<String, Setting>) -> Result<String, MeshError> {
        let recipe: String = parameters.iter().map(|(key, value)| format!("{key} = {}\n", value.toml())).collect();
        if let Some(name) = self.made.get(&recipe) {
            return Ok(name.clone());
        }
        let (kind, mut surface) = make(parameters)?;
        surface.unit = 1e-3;
        let text = obj::text(&surface, "");
        let name = format!("{kind}-{}.obj", &hex(&Sha256::digest(text.as_bytes()))[..12]);
        let path = self.folder.join(&name);
        if !path.is_file() {
            create_folder(&self.folder)?;
            crate::output::write_file(&path, text.as_bytes())?;
        }
        self.made.insert(recipe, name.clone());
        Ok(name)
    }
}

/// What is wrong with a parameter's name, if anything: the message.
pub(super) fn check_name(kind: Option<&Setting>, name: &str) -> Result<(), String> {
    let kind = kind_of(kind)?;
    let own = KINDS.iter().find(|(known, _)| *known == kind).map_or(&[][..], |(_, names)| names);
    let known: Vec<&str> = own.iter().copied().chain(["edge", "kind"]).collect();
    if known.contains(&name) {
        return Ok(());
    }
    let hint = suggestion(name, &known).map_or(String::new(), |word| format!(", did you mean `{word}`?"));
    Err(format!("unknown parameter `{name}` of a {kind}{hint} (there are {})", known.join(", ")))
}

fn kind_of(kind: Option<&Setting>) -> Result<&str, String> {
    let kinds = KINDS.map(|(kind, _)| kind);
    match kind {
        Some(Setting::Word(kind)) if kinds.contains(&kind.as_str()) => Ok(kind),
        Some(other) => {
            let other = other.to_string();
            let hint = suggestion(&other, &kinds).map_or(String::new(), |word| format!(", did you mean `{word}`?"));
            Err(format!("`mesh.kind` cannot be `{other}`{hint} (one of {})", kinds.join(", ")))
        }
        None => Err(format!("[mesh] has no `kind` (one of {})", kinds.join(", "))),
    }
}

fn make(parameters: &BTreeMap<String, Setting>) -> Result<(&str, Surface), MeshError> {
    let kind = kind_of(parameters.get("kind")).map_err(MeshError::Parameter)?;
    for name in parameters.keys() {
        check_name(parameters.get("kind"), name).map_err(MeshError::Parameter)?;
    }
    let p = Parameters(parameters);
    let usual = if kind == "aneurysm" { ANEURYSM_DIAMETER } else { DIAMETER };
    let (d, edge) = (p.length("diameter")?.unwrap_or(usual), p.length("edge")?);
    let surface = match kind {
        "straight" => {
            let base = Straight::new(d);
            let length = p.length("length")?.unwrap_or(base.length);
            Straight { length, axis: p.direction("axis")?.unwrap_or([1.0, 0.0, 0.0]), edge, ..base }.surface()?
        }
        "stenosis" => {
            let base = Stenosis::new(d);
            Stenosis {
                diameter: d,
                severity: p.fraction("severity")?.unwrap_or(base.severity),
                outlet_diameter: p.length("outlet_diameter")?,
                length: p.length("length")?.unwrap_or(base.length),
                plateau: p.length("plateau")?.unwrap_or(base.plateau),
                bend_radius: p.length("bend_radius")?,
                angle: p.angle("angle")?.unwrap_or(base.angle),
                eccentricity: p.fraction("eccentricity")?.unwrap_or(base.eccentricity),
                upstream: p.length("upstream")?.unwrap_or(base.upstream),
                downstream: p.length("downstream")?.unwrap_or(base.downstream),
                edge,
            }
            .surface()?
        }
        "bend" => {
            let base = Bend::new(d);
            Bend {
                diameter: d,
                bend_radius: p.length("bend_radius")?.unwrap_or(base.bend_radius),
                angle: p.angle("angle")?.unwrap_or(base.angle),
                upstream: p.length("upstream")?.unwrap_or(base.upstream),
                downstream: p.length("downstream")?.unwrap_or(base.downstream),
                edge,
            }
            .surface()?
        }
        "bifurcation" => {
            let base = Bifurcation::new(d);
            Bifurcation {
                diameter: d,
                ratio: p.fraction("ratio")?.unwrap_or(base.ratio),
                left_angle: p.angle("left_angle")?.or(base.left_angle),
                right_angle: p.angle("right_angle")?.or(base.right_angle),
                length: p.length("length")?.unwrap_or(base.length),
                branch_length: p.length("branch_length")?.unwrap_or(base.branch_length),
                blend: p.fraction("blend")?.unwrap_or(base.blend),
                edge,
            }
            .surface()?
        }
        _ => {
            let base = Aneurysm::new(d);
            Aneurysm {
                diameter: d,
                sac: p.length("sac")?.unwrap_or(base.sac),
                neck: p.length("neck")?.unwrap_or(base.neck),
                bend_radius: p.length("bend_radius")?.or(base.bend_radius),
                angle: p.angle("angle")?.unwrap_or(base.angle),
                upstream: p.length("upstream")?.unwrap_or(base.upstream),
                downstream: p.length("downstream")?.unwrap_or(base.downstream),
                blend: p.fraction("blend")?.unwrap_or(base.blend),
                edge,
            }
            .surface()?
        }
    };
    Ok((kind, surface))
}

/// Parameters by name, read into SI.
struct Parameters<'a>(&'a BTreeMap<String, Setting>);

impl Parameters<'_> {
    fn get<T>(
        &self,
        name: &str,
        takes: &str,
        read: impl FnOnce(&Setting) -> Option<T>,
    ) -> Result<Option<T>, MeshError> {
        let Some(setting) = self.0.get(name) else { return Ok(None) };
        let wrong = || MeshError::Parameter(format!("`mesh.{name}` is `{setting}`, but takes {takes}"));
        read(setting).map(Some).ok_or_else(wrong)
    }

    fn length(&self, name: &str) -> Result<Option<f64>, MeshError> {
        self.get(name, "a length with its unit, as in \"6 mm\"", |setting| match setting {
            Setting::Quantity(..) => setting.to_string().parse::<Length>().ok().map(Length::si),
            _ => None,
        })
    }

    fn fraction(&self, name: &str) -> Result<Option<f64>, MeshError> {
        self.get(name, "a fraction, as in 0.5 or \"50 %\"", |setting| match setting {
            Setting::Quantity(percent, unit) if unit == "%" => Some(percent / 100.0),
            Setting::Whole(_) | Setting::Number(_) => setting.number(),
            _ => None,
        })
    }

    fn angle(&self, name: &str) -> Result<Option<f64>, MeshError> {
        self.get(name, "an angle with its unit, as in \"90 deg\" or \"1.5 rad\"", |setting| match setting {
            Setting::Quantity(degrees, unit) if unit == "deg" => Some(degrees.to_radians()),
            Setting::Quantity(radians, unit) if unit == "rad" => Some(*radians),
            _ => None,
        })
    }

    fn direction(&self, name: &str) -> Result<Option<[f64; 3]>, MeshError> {
        self.get(name, "three numbers, as in [0.48, 0.6, 0.64]", |setting| {
            let Setting::Other(text) = setting else { return None };
            let inner = text.trim().strip_prefix('[')?.strip_suffix(']')?;
            let parts: Option<Vec<f64>> = inner.split(',').map(|part| part.trim().parse().ok()).collect();
            parts?.try_into().ok()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(pairs: &[(&str, Setting)]) -> BTreeMap<String, Setting> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
    }

    #[test]
    fn alike_vessels_share_a_file() {
        let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
        let mut workshop = Workshop::new(&folder.path().join("meshes"));
        let word = |text: &str| Setting::read(text);
        let mut make = |severity: Setting| {
            let all = parameters(&[("kind", word("stenosis")), ("severity", severity), ("edge", word("1 mm"))]);
            workshop.vessel(&all).unwrap_or_else(|e| panic!("{e}"))
        };
        let half = make(Setting::Number(0.5));
        assert_eq!(half, make(word("50 %")));
        assert_ne!(half, make(word("60 %")));
        assert!(half.starts_with("stenosis-") && folder.path().join("meshes").join(&half).is_file());
    }

    #[test]
    fn what_is_wrong_is_said() {
        let say = |pairs: &[(&str, Setting)]| make(&parameters(pairs)).err().map(|e| e.to_string()).unwrap_or_default();
        let kind = ("kind", Setting::read("stenosis"));
        assert_eq!(
            say(&[kind.clone(), ("severty", Setting::Number(0.5))]),
            "unknown parameter `severty` of a stenosis, did you mean `severity`? (there are diameter, \
             outlet_diameter, severity, length, plateau, eccentricity, bend_radius, angle, upstream, downstream, edge, kind)"
        );
        assert_eq!(
            say(&[kind.clone(), ("diameter", Setting::Number(6.0))]),
            "`mesh.diameter` is `6.0`, but takes a length with its unit, as in \"6 mm\""
        );
        assert_eq!(
            say(&[kind, ("severity", Setting::read("95 %"))]),
            "mesh: severity is 95 %, but must lie between 0 and 90 %"
        );
        assert!(say(&[("kind", Setting::read("stenosys"))]).contains("did you mean `stenosis`?"));
        assert!(say(&[]).contains("no `kind`"));
    }
}
