//! What both backends keep of a cycle outside the device.

use crate::fluid::shear::{CycleSums, MEANS, WallStencil, WallSums};

/// Weights of the samples taken since the cycle began.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Tally {
    weight: f64,
    reference: f64,
    directed: bool,
}

impl Tally {
    /// Counts a sample; `reference` is the pressure of a density deviation of nought, Pa.
    pub(super) fn add(&mut self, weight: f32, reference: f64) {
        self.weight += f64::from(weight);
        self.reference += f64::from(weight) * reference;
    }

    /// Whether there is a sample.
    pub(super) fn any(&self) -> bool {
        self.weight > 0.0
    }

    /// Forgets the samples. The mean directions are known from now on if there were any.
    pub(super) fn begin(&mut self) {
        *self = Self { directed: self.directed || self.any(), ..Self::default() };
    }

    /// The sums with the weights.
    pub(super) fn sums(&self, wall: Vec<WallSums>, mean: Option<[Vec<f32>; MEANS]>) -> CycleSums {
        CycleSums { weight: self.weight, reference: self.reference, directed: self.directed, wall, mean }
    }
}

/// Every tap lies in arrays of `len` values, and every vertex has taps of its own.
///
/// # Panics
/// Where one does not.
pub(super) fn assert_stencil(stencil: &WallStencil, len: usize) {
    assert!(stencil.taps.iter().all(|tap| (tap.site as usize) < len), "a stencil of another lattice");
    let inside = |range: (u32, u32)| range.0 <= range.1 && range.1 as usize <= stencil.taps.len();
    assert!(stencil.points.iter().all(|point| inside((point.first, point.end))), "a vertex without its taps");
}
