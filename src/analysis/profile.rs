//! What the flow is like along the branches of a vessel: flow, pressure and wall shear of every cross-section.

/// The flow along one branch of a [`crate::geometry::centreline::Tree`]; all lists are as long as the branch has points,
/// from upstream to downstream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BranchProfile {
    /// Name of the branch.
    pub name: String,
    /// The branch upstream, by its position among the profiles of the tree; none for the first.
    pub parent: Option<usize>,
    /// Length of the way from the inlet, m.
    pub arc: Vec<f64>,
    /// Places on the centreline, m.
    pub places: Vec<[f64; 3]>,
    /// Radius of the largest inscribed sphere, m.
    pub radius: Vec<f64>,
    /// Area of the cross-section, m^2.
    pub area: Vec<f64>,
    /// Whether the cross-section belongs to several branches, because it lies where they join: its area is then not that
    /// of this branch's lumen.
    pub shared: Vec<bool>,
    /// Flow downstream, m^3/s.
    pub flow: Vec<f64>,
    /// Mean pressure over the cross-section, Pa.
    pub pressure: Vec<f64>,
    /// Mean pressure over that of the inlet.
    pub pressure_ratio: Vec<f64>,
    /// Mean size of the wall shear along the cross-section's edge, Pa.
    pub wss_mean: Vec<f64>,
    /// Largest size of the wall shear on the cross-section's edge, Pa.
    pub wss_max: Vec<f64>,
}

impl BranchProfile {
    /// Number of points.
    #[must_use]
    pub fn len(&self) -> usize {
        self.arc.len()
    }

    /// Whether the branch has no point.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.arc.is_empty()
    }

    /// Diameter of the circle with the area of cross-section `k`, m.
    #[must_use]
    pub fn diameter(&self, k: usize) -> f64 {
        2.0 * (self.area[k] / std::f64::consts::PI).sqrt()
    }
}
