//! Local repairs: each takes away what bounds no lumen or fills what is missing, and leaves every other triangle alone.
//!
//! Vertices keep their numbers throughout; triangles only go or are added.

use std::collections::{BTreeMap, HashMap, HashSet};

use nalgebra::Vector3;

use super::handles::handles;
use super::hole::{fill, separate};
use super::report::{FIN, Kind, Limits, Mend, RepairError};
use super::sheets::{Cells, Part, Sheets};
use crate::geometry::cap::caps;
use crate::geometry::edges::{Edges, Sets, half_edge, half_edges};
use crate::geometry::rim::{Rim, rims_by};
use crate::geometry::surface::Surface;
use crate::geometry::weld::retain;

/// Rounds of one repair: what a round leaves, the next one finds.
const ROUNDS: usize = 32;

/// Largest part of the area that filled holes may have.
const HOLES: f64 = 0.05;

/// Largest part of the area that a loose piece with a free edge may have.
const LOOSE: f64 = 0.02;

/// Holes that are tried one by one where filling all of them changes the topology.
const SINGLY: usize = 200;

/// A surface under repair.
pub(super) struct Work {
    /// The surface; vertices without a triangle may be among its own.
    pub surface: Surface,
    /// What was done.
    pub mends: Vec<Mend>,
    /// Area of the triangles of the file, m^2.
    pub area: f64,
}

impl Work {
    /// A surface on which nothing was done yet.
    pub fn new(surface: Surface) -> Self {
        let area = (0..surface.triangles.len()).map(|t| surface.area_vector(t).norm()).sum();
        Self { surface, mends: Vec::new(), area }
    }

    /// Cuts out triangles where the surface is one-sided, the smaller one at each contradiction.
    pub fn cut_folds(&mut self) -> Result<(), RepairError> {
        for _ in 0..ROUNDS {
            let edges = Edges::new(&self.surface.triangles);
            let sheets = Sheets::new(&self.surface, &edges);
            if sheets.contradictions.is_empty() {
                return Ok(());
            }
            let area = |t: u32| self.surface.area_vector(t as usize).norm();
            let smaller = |&edge: &usize| {
                let [a, b] = [edges.uses(edge)[0] / 3, edges.uses(edge)[1] / 3];
                if area(a) < area(b) { a } else { b }
            };
            let gone: HashSet<u32> = sheets.contradictions.iter().map(smaller).collect();
            self.take(&gone, Kind::Fold)?;
        }
        let edges = Edges::new(&self.surface.triangles);
        match Sheets::new(&self.surface, &edges).contradictions.first() {
            Some(&edge) => Err(RepairError::Stubborn { place: self.middle(edges.ends(edge)) }),
            None => Ok(()),
        }
    }

    /// Turns every triangle as its sheet runs, and drops the sheets that are no wall, until no edge has more than two
    /// triangles.
    pub fn drop_sheets(&mut self, limits: &Limits) -> Result<(), RepairError> {
        for _ in 0..ROUNDS {
            let edges = Edges::new(&self.surface.triangles);
            let sheets = Sheets::new(&self.surface, &edges);
            for (corners, _) in self.surface.triangles.iter_mut().zip(&sheets.turned).filter(|(_, turned)| **turned) {
                corners.swap(1, 2);
            }
            // Turning renumbers half-edges.
            let edges = Edges::new(&self.surface.triangles);
            if edges.non_manifold().next().is_none() {
                return Ok(());
            }
            let cells = Cells::new(&self.surface, &edges, &sheets);
            let fins = self.members(&sheets, |part| part == Part::Fin, &cells);
            let small: HashSet<u32> = fins.into_iter().filter(|fin| self.is_small(fin)).flatten().collect();
            if !small.is_empty() {
                self.take(&small, Kind::Fin)?;
            } else if let Some(pocket) = self.pocket(&sheets, &cells, limits)? {
                self.open(pocket, &sheets, &cells)?;
            } else {
                // Sheets that coincide have no order around their edge: out with what meets there.
                let meets = |edge: usize| edges.uses(edge).iter().map(|half| half / 3);
                self.take(&edges.non_manifold().flat_map(meets).collect(), Kind::Fold)?;
            }
        }
        let edges = Edges::new(&self.surface.triangles);
        let bad = edges.non_manifold().next();
        bad.map_or(Ok(()), |bad| Err(RepairError::Stubborn { place: self.middle(edges.ends(bad)) }))
    }

    /// Triangles of the sheets of a kind, each sheet's together.
    fn members(&self, sheets: &Sheets, wanted: impl Fn(Part) -> bool, cells: &Cells) -> Vec<HashSet<u32>> {
        let mut found: BTreeMap<u32, HashSet<u32>> = BTreeMap::new();
        for (t, &sheet) in (0u32..).zip(&sheets.of) {
            if wanted(cells.parts[sheet as usize]) {
                found.entry(sheet).or_default().insert(t);
            }
        }
        found.into_values().collect()
    }

    /// The number of a sheet between the lumen and a pocket so small that it may be opened.
    fn pocket(&self, sheets: &Sheets, cells: &Cells, limits: &Limits) -> Result<Option<u32>, RepairError> {
        let lumen = cells.volumes.values().fold(0.0, |most: f64, volume| most.max(-volume));
        let between = (0u32..).zip(&cells.parts).filter_map(|(sheet, part)| match part {
            Part::Between(sides) => Some((sheet, sides.map(|cell| -cells.volumes[&cell]))),
            _ => None,
        });
        let smaller = |sides: &[f64; 2]| sides[0].abs().min(sides[1].abs());
        let Some((sheet, sides)) = between.min_by(|a, b| smaller(&a.1).total_cmp(&smaller(&b.1))) else {
            return Ok(None);
        };
        if smaller(&sides) <= limits.max_volume_change * lumen {
            return Ok(Some(sheet));
        }
        let members: Vec<u32> = (0u32..).zip(&sheets.of).filter(|(_, of)| **of == sheet).map(|(t, _)| t).collect();
        let (place, _) = self.extent(members.iter().copied());
        Err(RepairError::Joins { place, volumes: sides })
    }

    /// Drops the sheet between the lumen and a pocket.
    fn open(&mut self, sheet: u32, sheets: &Sheets, cells: &Cells) -> Result<(), RepairError> {
        let Part::Between(sides) = cells.parts[sheet as usize] else { return Ok(()) };
        let volume = sides.map(|cell| cells.volumes[&cell].abs()).into_iter().fold(f64::INFINITY, f64::min);
        let gone = (0u32..).zip(&sheets.of).filter(|(_, of)| **of == sheet).map(|(t, _)| t).collect();
        self.take(&gone, Kind::Pocket)?;
        if let Some(last) = self.mends.last_mut() {
            last.volume = volume;
        }
        Ok(())
    }

    /// Whether a sheet is so small a part of the surface that it may be dropped.
    fn is_small(&self, sheet: &HashSet<u32>) -> bool {
        self.extent(sheet.iter().copied()).1 <= FIN * self.area
    }

    /// Takes triangles away, as one repair a connected group.
    pub fn take(&mut self, gone: &HashSet<u32>, kind: Kind) -> Result<(), RepairError> {
        let mut sets = Sets::new(self.surface.vertices.len());
        for &t in gone {
            let [a, b, c] = self.surface.triangles[t as usize];
            sets.join(a, b);
            sets.join(b, c);
        }
        let mut groups: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for &t in gone {
            groups.entry(sets.find(self.surface.triangles[t as usize][0])).or_default().push(t);
        }
        let whole = self.area.max(f64::MIN_POSITIVE);
        let taken: f64 = self.mends.iter().filter(|m| m.kind == kind).map(|m| m.size * m.size).sum();
        let mut part = taken * std::f64::consts::FRAC_PI_4 / whole;
        for group in groups.values_mut() {
            // The order in a set of hashes differs from run to run; sums must not.
            group.sort_unstable();
            let (place, area) = self.extent(group.iter().copied());
            part += area / whole;
            if part > FIN {
                return Err(RepairError::Sheet { place, size: across(area), part });
            }
            self.mends.push(Mend { kind, place, size: across(area), volume: 0.0 });
        }
        retain(&mut self.surface, |t, _| !gone.contains(&(t as u32)));
        Ok(())
    }

    /// Drops small pieces, connected by edges, that have a free edge but no end of a vessel.
    pub fn drop_loose(&mut self) -> Result<(), RepairError> {
        let edges = Edges::new(&self.surface.triangles);
        let mut sets = Sets::new(self.surface.triangles.len());
        for edge in 0..edges.len() {
            let first = edges.uses(edge)[0] / 3;
            edges.uses(edge).iter().for_each(|&half| sets.join(first, half / 3));
        }
        let count = self.surface.triangles.len();
        let piece: Vec<u32> = (0..count as u32).map(|t| sets.find(t)).collect();
        let (mut area, mut open) = (vec![0.0; count], vec![false; count]);
        for (t, &piece) in piece.iter().enumerate() {
            area[piece as usize] += self.surface.area_vector(t).norm();
        }
        edges.free().for_each(|edge| open[piece[edges.uses(edge)[0] as usize / 3] as usize] = true);
        let least = LOOSE * area.iter().fold(0.0, |a: f64, &b| a.max(b));
        let small = |&t: &u32| open[piece[t as usize] as usize] && area[piece[t as usize] as usize] < least;
        let gone: HashSet<u32> = (0..count as u32).filter(small).collect();
        if gone.is_empty() { Ok(()) } else { self.take(&gone, Kind::Loose) }
    }

    /// Handles of the surface, where its edges have two triangles at most.
    pub fn handles(&self) -> Option<i64> {
        handles(&self.surface.triangles, &Edges::new(&self.surface.triangles))
    }

    /// Refuses what has made or closed a handle since there were so many `before`.
    pub fn keep_handles(&self, before: Option<i64>) -> Result<(), RepairError> {
        match (before, self.handles(), self.mends.last()) {
            (Some(before), Some(after), Some(last)) if before != after => {
                Err(RepairError::Handles { place: last.place, before, after })
            }
            _ => Ok(()),
        }
    }

    /// Fills every rim that is a flaw rather than an end.
    pub fn fill_holes(&mut self, limits: &Limits) -> Result<(), RepairError> {
        let edges = Edges::new(&self.surface.triangles);
        let places = &self.surface.vertices;
        let all = rims_by(places, &self.surface.triangles, &edges, |steps| separate(&self.surface, steps));
        let capped = caps(&self.surface, &edges);
        let widest = all.iter().chain(capped.iter().map(|cap| &cap.rim)).map(Rim::equivalent_diameter);
        let widest = widest.fold(0.0, f64::max);
        let holes: Vec<Rim> = all.into_iter().filter(|rim| rim.is_flaw(widest)).collect();
        let on_rim: HashSet<u32> = holes.iter().flat_map(|rim| rim.vertices.iter().copied()).collect();
        let mut taken: HashSet<[u32; 2]> = half_edges(&self.surface.triangles)
            .map(|(_, [a, b])| [a.min(b), a.max(b)])
            .filter(|ends| ends.iter().all(|end| on_rim.contains(end)))
            .collect();
        let free = edges.free().map(|edge| edges.uses(edge)[0]);
        let beside: HashMap<[u32; 2], u32> = free
            .map(|half| (half_edge(&self.surface.triangles, half), half / 3))
            .map(|([a, b], t)| ([b, a], t))
            .collect();
        let (handles, saved) = (self.handles(), (self.surface.clone(), self.mends.len()));
        for rim in &holes {
            self.close(rim, &mut taken, &beside, limits)?;
        }
        if handles.is_none() || self.handles() == handles {
            return Ok(());
        }
        if holes.len() > SINGLY {
            return self.keep_handles(handles);
        }
        self.go_back(saved);
        let mut twisted: HashSet<u32> = HashSet::new();
        for rim in &holes {
            let saved = (self.surface.clone(), self.mends.len());
            self.close(rim, &mut taken, &beside, limits)?;
            if self.handles() != handles {
                self.go_back(saved);
                twisted.extend(&rim.vertices);
            }
        }
        // Where the rim of a hole winds about itself, what hangs there goes too; what is left open is filled next.
        let hangs = |t: &u32| self.surface.triangles[*t as usize].iter().any(|v| twisted.contains(v));
        let gone = (0..self.surface.triangles.len() as u32).filter(hangs).collect();
        self.take(&gone, Kind::Fold)
    }

    fn go_back(&mut self, (surface, mends): (Surface, usize)) {
        self.surface = surface;
        self.mends.truncate(mends);
    }

    /// Fills a hole.
    fn close(
        &mut self,
        rim: &Rim,
        taken: &mut HashSet<[u32; 2]>,
        beside: &HashMap<[u32; 2], u32>,
        limits: &Limits,
    ) -> Result<(), RepairError> {
        let patch = fill(&mut self.surface.vertices, rim, taken);
        taken.extend(half_edges(&patch).map(|(_, [a, b])| [a.min(b), a.max(b)]));
        let vector = |[a, b, c]: [u32; 3]| {
            let [a, b, c] = [a, b, c].map(|v| self.surface.point(v));
            0.5 * (b - a).cross(&(c - a))
        };
        let area: f64 = patch.iter().map(|&corners| vector(corners).norm()).sum();
        let diameter = across(area.max(rim.area));
        if diameter > limits.max_hole {
            return Err(RepairError::Hole { place: rim.centre, diameter, limit: limits.max_hole });
        }
        let filled: f64 = self.mends.iter().filter(|m| m.kind == Kind::Hole).map(|m| m.size * m.size).sum();
        if filled * std::f64::consts::FRAC_PI_4 > HOLES * self.area {
            return Err(RepairError::Pierced { place: rim.centre, part: HOLES });
        }
        let centre = Vector3::from(rim.centre);
        let cone = |&corners: &[u32; 3]| (self.surface.point(corners[0]) - centre).dot(&vector(corners)) / 3.0;
        let volume = patch.iter().map(cone).sum();
        let named: Vec<u16> = patch.iter().map(|&corners| self.patch(corners, vector(corners), rim, beside)).collect();
        self.surface.triangles.extend(patch);
        self.surface.patch_of.extend(named);
        self.mends.push(Mend { kind: Kind::Hole, place: rim.centre, size: diameter, volume });
        Ok(())
    }

    /// The patch of a filling triangle: that of the neighbour which it continues most smoothly.
    fn patch(&self, corners: [u32; 3], vector: Vector3<f64>, rim: &Rim, beside: &HashMap<[u32; 2], u32>) -> u16 {
        let steps = |list: &[u32]| -> Vec<[u32; 2]> {
            list.iter().zip(list.iter().cycle().skip(1)).map(|(&a, &b)| [a, b]).collect()
        };
        let smooth = |&t: &u32| {
            let other = self.surface.area_vector(t as usize);
            other.dot(&vector) / (other.norm() * vector.norm()).max(f64::MIN_POSITIVE)
        };
        let own = steps(&corners).into_iter().filter_map(|step| beside.get(&step).copied());
        let around = || steps(&rim.vertices).into_iter().find_map(|step| beside.get(&step).copied());
        let best = own.max_by(|a, b| smooth(a).total_cmp(&smooth(b))).or_else(around);
        best.map_or(0, |t| self.surface.patch_of[t as usize])
    }

    /// Centre (m) and area (m^2) of triangles.
    pub fn extent(&self, triangles: impl Iterator<Item = u32> + Clone) -> ([f64; 3], f64) {
        let (mut area, mut moment, mut plain, mut count) = (0.0, Vector3::zeros(), Vector3::zeros(), 0.0);
        for t in triangles {
            let own = self.surface.area_vector(t as usize).norm();
            let centre =
                self.surface.triangles[t as usize].map(|v| self.surface.point(v)).iter().sum::<Vector3<f64>>() / 3.0;
            (area, moment, plain, count) = (area + own, moment + centre * own, plain + centre, count + 1.0);
        }
        ((if area > 0.0 { moment / area } else { plain / f64::max(count, 1.0) }).into(), area)
    }

    fn middle(&self, [a, b]: [u32; 2]) -> [f64; 3] {
        (0.5 * (self.surface.point(a) + self.surface.point(b))).into()
    }
}

/// Diameter of the circle of an area.
fn across(area: f64) -> f64 {
    (4.0 * area / std::f64::consts::PI).sqrt()
}
