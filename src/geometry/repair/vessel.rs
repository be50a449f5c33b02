//! A vessel from a surface that may have to be mended first.

use thiserror::Error;

use super::{Limits, RepairError, repair};
use crate::geometry::build::Repairs;
use crate::geometry::check::VesselError;
use crate::geometry::surface::Surface;
use crate::geometry::vessel::{Selector, Vessel};

/// Why a surface is no vessel, even mended.
#[derive(Clone, Debug, Error, PartialEq)]
#[error("{error}{}", why.as_ref().map_or(String::new(), |why| format!("\n{why}")))]
pub struct Unmendable {
    /// What is wrong: with the surface as it is where it was not mended, else with what is left.
    pub error: VesselError,
    /// Why it was not mended, if that was tried.
    pub why: Option<RepairError>,
}

impl Vessel {
    /// As [`Vessel::build_reported`]; where the surface has flaws that keep it from being a vessel, it is mended within
    /// `limits`, if there are any.
    ///
    /// # Errors
    /// [`Unmendable`].
    pub fn build_mended(
        surface: &Surface,
        selectors: &[(String, Selector)],
        limits: Option<&Limits>,
    ) -> Result<(Vessel, Repairs), Unmendable> {
        let error = match (Self::build_reported(surface.clone(), selectors), limits) {
            (Ok(found), _) => return Ok(found),
            (Err(error), Some(_)) if error.is_flaw() => error,
            (Err(error), _) => return Err(Unmendable { error, why: None }),
        };
        let (mended, report) = match repair(surface, limits.unwrap_or(&Limits::default())) {
            Ok(mended) => mended,
            Err(why) => return Err(Unmendable { error, why: Some(why) }),
        };
        let (vessel, mut repairs) =
            Self::build_reported(mended, selectors).map_err(|error| Unmendable { error, why: None })?;
        repairs.weld = report.weld;
        repairs.flipped = report.flipped;
        repairs.mended = Some(report);
        Ok((vessel, repairs))
    }
}
