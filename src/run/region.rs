//! The part of a lattice that is the vessel's own, as a regular grid of points.

use std::ops::Range;
use std::path::Path;

use super::cycle::SiteArray;
use super::plan::Plan;
use crate::geometry::lattice::{Index, LANES, Lattice};
use crate::output::{Compression, OutputError, vti};

/// The vessel without its flow extensions, in the unit of the case's surface.
pub(super) struct Region<'a> {
    index: Index<'a>,
    masks: Vec<u16>,
    low: [i32; 3],
    high: [i32; 3],
    grid: vti::Grid,
}

impl<'a> Region<'a> {
    pub(super) fn new(plan: &Plan, lattice: &'a Lattice) -> Self {
        let masks = vessel_masks(plan, lattice);
        let unit = plan.case.geometry.unit.get_ref().metres();
        let (low, high) = bounds(lattice, &masks);
        let grid = vti::Grid {
            origin: std::array::from_fn(|a| (lattice.grid.origin[a] + f64::from(low[a]) * lattice.grid.spacing) / unit),
            spacing: [lattice.grid.spacing / unit; 3],
            points: std::array::from_fn(|a| (high[a] - low[a] + 1).max(2) as usize),
        };
        Self { index: lattice.index(), masks, low, high, grid }
    }

    /// Calls `give` with every site of some rows: its number among their points, and its padded index.
    pub(super) fn rows(&self, rows: Range<usize>, give: &mut dyn FnMut(usize, usize)) {
        let (low, points) = (self.low, self.grid.points);
        for (n, row) in rows.enumerate() {
            let (y, z) = ((row % points[1]) as i32 + low[1], (row / points[1]) as i32 + low[2]);
            let first = low[0].div_euclid(LANES as i32) * LANES as i32;
            for x in (first..=self.high[0]).step_by(LANES) {
                let Some(block) = self.index.find(x, y, z) else { continue };
                for lane in (0..LANES).filter(|lane| self.masks[block] >> lane & 1 == 1) {
                    give(n * points[0] + (x + lane as i32 - low[0]) as usize, Lattice::base(block) + lane);
                }
            }
        }
    }

    /// Writes arrays of this region.
    pub(super) fn write(&self, arrays: &[vti::Array], time: f64, path: &Path) -> Result<(), OutputError> {
        let fluid = |r: Range<usize>, out: &mut [u8]| self.rows(r, &mut |at, _| out[at] = 1);
        let volume = vti::Volume { grid: self.grid, arrays, fluid: &fluid, time: Some(time) };
        vti::write(path, &volume, Compression::default()).map(|_| ())
    }

    /// What fills rows with a site array.
    fn fill<'s>(&'s self, array: &'s SiteArray) -> impl Fn(Range<usize>, &mut [f32]) + Sync + 's {
        move |r, out| {
            let n = array.components.len();
            self.rows(r, &mut |at, site| {
                array.components.iter().enumerate().for_each(|(a, component)| out[n * at + a] = component[site]);
            });
        }
    }

    /// Writes site arrays.
    pub(super) fn write_sites(&self, arrays: &[SiteArray], time: f64, path: &Path) -> Result<(), OutputError> {
        let fills: Vec<_> = arrays.iter().map(|array| self.fill(array)).collect();
        let named = arrays.iter().zip(&fills).map(|(array, fill)| vti::Array {
            name: array.name,
            unit: array.unit,
            components: array.components.len(),
            fill: vti::Fill::F32(fill),
        });
        self.write(&named.collect::<Vec<_>>(), time, path)
    }
}

/// Sites of the vessel itself, by block: fluid and not in a flow extension.
fn vessel_masks(plan: &Plan, lattice: &Lattice) -> Vec<u16> {
    let ends: Vec<_> = plan.closed.ends.iter().zip(&plan.vessel.openings).filter(|(e, _)| e.extension > 0.0).collect();
    let beyond = |p: [f64; 3]| {
        ends.iter().any(|(end, opening)| {
            let r: [f64; 3] = std::array::from_fn(|a| p[a] - end.centre[a]);
            let along: f64 = (0..3).map(|a| r[a] * end.normal[a]).sum();
            let across = (0..3).map(|a| r[a] * r[a]).sum::<f64>() - along * along;
            let reach = opening.equivalent_diameter();
            along > 0.0 && along <= end.extension + lattice.grid.spacing && across <= reach * reach
        })
    };
    let mask = |block: usize| {
        let lanes = (0..LANES).filter(|lane| lattice.fluid[block] >> lane & 1 == 1);
        lanes.filter(|lane| !beyond(lattice.position(Lattice::base(block) + lane))).fold(0u16, |m, lane| m | 1 << lane)
    };
    (0..lattice.origins.len()).map(mask).collect()
}

/// Smallest and largest grid coordinates of the masked sites.
fn bounds(lattice: &Lattice, masks: &[u16]) -> ([i32; 3], [i32; 3]) {
    let (mut low, mut high) = ([i32::MAX; 3], [i32::MIN; 3]);
    for (origin, &mask) in lattice.origins.iter().zip(masks).filter(|(_, mask)| **mask != 0) {
        let ends = [mask.trailing_zeros() as i32, 15 - mask.leading_zeros() as i32];
        for a in 0..3 {
            let [first, last] = if a == 0 { ends } else { [0, 0] };
            low[a] = low[a].min(origin[a] + first);
            high[a] = high[a].max(origin[a] + last);
        }
    }
    (low, high)
}
