//! Openings in time on the native CPU. The twin of `shaders/gauge.wgsl` and `shaders/openings.wgsl`.

use super::memory::Memory;
use super::openings::Links;
use crate::backend::saved::Driven;
use crate::fluid::drive::{Drive, GAUGE, LOAD, Openings, gauged, totals};
use crate::fluid::iolet::{Iolet, Modes};
use crate::geometry::lattice::Lattice;
use crate::geometry::lattice::directions::weight;

/// A drive with what it needs from step to step.
pub(super) struct CpuDrive {
    pub(super) drive: Drive,
    pub(super) amplitudes: Vec<f32>,
    /// Links of each opening with their weights.
    links: Vec<Vec<(u32, f32)>>,
    records: Vec<f32>,
}

impl CpuDrive {
    /// Sets `iolets` to what they impose at the drive's present step.
    pub(super) fn new(drive: Drive, lattice: &Lattice, iolets: &mut [Iolet]) -> Self {
        let mut links = vec![Vec::new(); drive.laws.len()];
        for (k, link) in lattice.iolet_links.iter().enumerate() {
            links[link.iolet as usize].push((k as u32, weight(link.direction as usize)));
        }
        Self { amplitudes: drive.impose(iolets), drive, links, records: Vec::new() }
    }

    /// The openings' extra velocity modes with their amplitudes, if there are any.
    pub(super) fn modes(&self) -> Option<(&Modes, &[f32])> {
        (!self.amplitudes.is_empty()).then_some((&self.drive.modes, self.amplitudes.as_slice()))
    }

    /// Records, where that is due, and takes the openings to the next step.
    pub(super) fn advance(&mut self, now: &Memory, links: &Links, iolets: &mut [Iolet]) {
        let influx =
            |list: &Vec<(u32, f32)>| totals(list.len(), |n| [list[n].1 * links.passing(list[n].0 as usize)])[0];
        let influx: Vec<f32> = self.links.iter().map(influx).collect();
        let measure = |sites: &Vec<(u32, f32)>| {
            totals(sites.len(), |n| gauged(&now.site(sites[n].0 as usize)).map(|value| sites[n].1 * value))
        };
        let gauges: Vec<[f32; GAUGE]> = self.drive.gauges.iter().map(measure).collect();
        let (clock, pace) = (&mut self.drive.clock, &self.drive.pace);
        if pace.held == 0 && clock.step % pace.stride == 0 {
            self.records.push(clock.reference);
            for (k, law) in self.drive.laws.iter().enumerate() {
                let end = gauges[k][0] / 3.0 + clock.reference;
                let load = if law.kind == LOAD { self.drive.states[k].load } else { end };
                self.records.extend([influx[k], end, load]);
            }
            for gauge in &gauges[self.drive.laws.len()..] {
                self.records.extend([gauge[0] / 3.0 + clock.reference, gauge[1], gauge[2], gauge[3]]);
            }
            clock.rows += 1;
        }
        let (laws, tables) = (&self.drive.laws, &self.drive.tables);
        let (states, amplitudes) = (&mut self.drive.states, &mut self.amplitudes);
        Openings { laws, tables, states, amplitudes }.advance(clock, pace, &influx, &gauges, |k, value, floor| {
            (iolets[k].value, iolets[k].floor) = (value, floor);
        });
    }

    /// Puts clock, openings and amplitudes where they once were. Rows recorded before that are had.
    pub(super) fn restore(&mut self, driven: &Driven) {
        self.drive.clock = driven.clock;
        self.drive.states.clone_from(&driven.states);
        self.amplitudes.clone_from(&driven.amplitudes);
        self.records.clear();
    }

    /// Rows recorded since the last call, one after the other.
    pub(super) fn records(&mut self) -> Vec<f32> {
        std::mem::take(&mut self.records)
    }
}
