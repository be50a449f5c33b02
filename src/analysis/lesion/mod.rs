//! Lesions of a vessel: narrowings (stenoses) and sacs (aneurysms), found along its centrelines without being told.
//!
//! # What is healthy
//!
//! A lesion is told from what the vessel would be without it. `reference` fits a straight line to the diameter along
//! each branch, which follows a taper; narrowings and sacs do not bend it.
//!
//! # Grade
//!
//! The diameter of a place is that of the circle with the area of its cross-section, `d = 2 sqrt(A / pi)`, as in
//! quantitative angiography from areas. With the reference `D` at the narrowest place the diameter reduction is `1 - d
//! / D` (that of the NASCET and ESC grades, with the reference at the lesion and not behind it), the area reduction `1
//! - (d / D)^2`. A slit and a circle of one area get one grade; the largest sphere that passes is given beside it.
//!
//! # Pressure
//!
//! The drop across a lesion is the mean pressure at its upstream end less the highest mean pressure within ten
//! reference diameters behind its downstream end, before the next lesion and the branch's end: the jet's pressure
//! recovers over that length, and what has not come back by then is lost. The pressure ratio is the mean pressure at
//! that place over that at the inlet. Under the flow of hyperaemia it is the computed counterpart of the fractional
//! flow reserve (Pijls et al., N. Engl. J. Med. 334, 1703, 1996); under any other flow it is a pressure ratio and no
//! more. The jet's Reynolds number is `4 Q / (pi nu d)` of the narrowest place.

mod aneurysm;
mod line;
mod reference;
mod sac;
mod stenosis;

pub use aneurysm::{Aneurysm, LOW_SHEAR, Wall, aneurysms};
pub use reference::{Basis, Reference, references};
pub use stenosis::{Across, Stenosis, stenoses};
