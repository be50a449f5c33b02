//! The blood's rheology: from the case to the law in SI.

use crate::case::rheology::Preset;
use crate::case::{Case, CaseError, Rheology as Asked};
use crate::fluid::rheology::{CARREAU_YASUDA, CASSON, POWER_LAW, QUEMADA, REGULARISATION, Rheology};

/// Largest viscosity over the smallest one: what keeps the smallest relaxation time away from 1/2 while the largest one
/// stays below [`super::plan::LARGEST_LOCAL_TAU`].
pub const MOST_CONTRAST: f64 = 500.0;

/// The law that a case asks for.
///
/// # Errors
/// [`CaseError`] if its viscosity spans more than [`MOST_CONTRAST`].
pub fn rheology(case: &Case) -> Result<Rheology, CaseError> {
    let law = law(&case.blood.rheology);
    let (least, most) = (law.reference(), law.largest());
    if most <= MOST_CONTRAST * least {
        return Ok(law);
    }
    let message = format!(
        "blood.rheology: the viscosity at rest, {:.4} mPa s, is {:.0} times that at high shear rates, {:.4} mPa s; allowed \
         is {MOST_CONTRAST} times",
        most * 1e3,
        most / least,
        least * 1e3
    );
    let help = "lower the viscosity at rest (for Casson's law: a shorter regularisation)";
    Err(case.error(case.blood.rheology.span(), message, "too far apart", help))
}

fn law(asked: &Asked) -> Rheology {
    match asked {
        Asked::Newtonian(viscosity) => Rheology::Newtonian { viscosity: viscosity.get_ref().si() },
        Asked::Preset(preset) => match preset.get_ref() {
            Preset::CarreauYasuda => CARREAU_YASUDA,
            Preset::Casson => CASSON,
            Preset::PowerLaw => POWER_LAW,
            Preset::Quemada => QUEMADA,
        },
        Asked::CarreauYasuda(law) => Rheology::CarreauYasuda {
            zero_shear: law.get_ref().zero_shear.get_ref().si(),
            infinite_shear: law.get_ref().infinite_shear.get_ref().si(),
            time: law.get_ref().time.get_ref().si(),
            exponent: *law.get_ref().exponent.get_ref(),
            transition: *law.get_ref().transition.get_ref(),
        },
        Asked::Casson(law) => Rheology::Casson {
            yield_stress: law.get_ref().yield_stress.get_ref().si(),
            viscosity: law.get_ref().viscosity.get_ref().si(),
            regularisation: law.get_ref().regularisation.as_ref().map_or(REGULARISATION, |time| time.get_ref().si()),
        },
        Asked::PowerLaw(law) => Rheology::PowerLaw {
            consistency: law.get_ref().consistency.get_ref().si(),
            exponent: *law.get_ref().exponent.get_ref(),
            least: law.get_ref().least.get_ref().si(),
            most: law.get_ref().most.get_ref().si(),
        },
        Asked::Quemada(law) => Rheology::Quemada {
            haematocrit: *law.get_ref().haematocrit.get_ref(),
            plasma_viscosity: law.get_ref().plasma_viscosity.get_ref().si(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn read(blood: &str) -> Result<Rheology, String> {
        let text = format!(
            "[geometry]\nsurface = \"a.stl\"\nunit = \"mm\"\n[blood]\ndensity = \"1 g/ml\"\n{blood}\n[resolution]\nacross = 9\n"
        );
        let case = Case::parse(Path::new("case.toml"), &text, &[]).map_err(|e| e.to_string())?;
        rheology(&case).map_err(|e| e.to_string())
    }

    #[test]
    fn laws_with_their_numbers_written_out_are_the_presets() {
        let same = [
            (
                "rheology = { carreau-yasuda = { zero_shear = \"56 mPa s\", infinite_shear = \"3.45 mPa s\", \
                 time = \"3.313 s\", exponent = 0.3568, transition = 2 } }",
                "carreau-yasuda",
                CARREAU_YASUDA,
            ),
            ("rheology = { casson = { yield_stress = \"5 mPa\", viscosity = \"3.5 cP\" } }", "casson", CASSON),
            (
                "[blood.rheology.power-law]\nconsistency = \"14.67 mPa s\"\nexponent = 0.7755\nleast = \"3.45 mPa s\"\n\
                 most = \"56 mPa s\"",
                "power-law",
                POWER_LAW,
            ),
            ("rheology = { quemada = { haematocrit = 0.45, plasma_viscosity = \"1.2 mPa s\" } }", "quemada", QUEMADA),
        ];
        for (written, preset, law) in same {
            assert_eq!(read(&format!("rheology = \"{preset}\"")), Ok(law));
            let found = read(written).unwrap_or_else(|e| panic!("{e}"));
            for rate in [0.0, 0.01, 1.0, 100.0] {
                let (a, b) = (found.viscosity(rate), law.viscosity(rate));
                assert!((a / b - 1.0).abs() < 1e-12, "{preset}: {a} and {b} at {rate}/s");
            }
        }
        assert_eq!(read("viscosity = \"4 mPa s\""), Ok(Rheology::Newtonian { viscosity: 4e-3 }));
    }

    #[test]
    fn viscosities_too_far_apart_are_refused_at_their_line() {
        let text =
            "rheology = { casson = { yield_stress = \"5 mPa\", viscosity = \"3.5 cP\", regularisation = \"900 s\" } }";
        let error = read(text).err().unwrap_or_default();
        for part in ["case.toml:6:", "times that at high shear rates", "allowed is 500 times", "shorter regularisation"]
        {
            assert!(error.contains(part), "{error}");
        }
    }
}
