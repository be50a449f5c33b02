//! A vessel from a surface that may have to be mended first.

use thiserror::Error;

use super::{Limits, RepairError, pieces_cross, repair};
use crate::geometry::build::Repairs;
use crate::geometry::check::VesselError;
use crate::geometry::surface::Surface;
use crate::geometry::vessel::{Selector, Vessel};

/// Why a surface is no vessel, even mended.
#[derive(Clone, Debug, Error, PartialEq)]
#[error("{}", [error.as_ref().map(ToString::to_string), why.as_ref().map(ToString::to_string)].into_iter().flatten()
    .collect::<Vec<_>>().join("\n"))]
pub struct Unmendable {
    /// What is wrong: with the surface as it is where it was not mended, else with what is left; nothing but crossing
    /// pieces where there is none.
    pub error: Option<VesselError>,
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
    ) -> Result<(Vessel, Repairs), Box<Unmendable>> {
        let plain = Self::build_reported(surface.clone(), selectors);
        let flawed = match &plain {
            Ok((vessel, _)) => pieces_cross(&vessel.wall),
            Err(error) => error.is_flaw() || pieces_cross(surface),
        };
        let Some(limits) = limits.filter(|_| flawed) else {
            return plain.map_err(|error| Box::new(Unmendable { error: Some(error), why: None }));
        };
        let (mended, report) =
            repair(surface, limits).map_err(|why| Box::new(Unmendable { error: plain.err(), why: Some(why) }))?;
        let built = Self::build_reported(mended, selectors);
        let (vessel, mut repairs) = built.map_err(|error| Box::new(Unmendable { error: Some(error), why: None }))?;
        repairs.weld = report.weld;
        repairs.flipped = report.flipped;
        repairs.mended = Some(report);
        Ok((vessel, repairs))
    }
}
