//! From a label map to a surface with openings.

use nalgebra::Vector3;

use super::cut::{Cutter, Loop, Plane, Refused};
use super::error::{LabelError, Problem};
use super::map::LabelMap;
use super::mask::{MARGIN, Mask, choose};
use super::net::Net;
use super::report::{End, Pruned, Report};
use super::tree::{Tip, Tree};
use crate::geometry::orient::volume;
use crate::geometry::surface::Surface;

/// Branches thinner than this many voxels are taken off unless the case says otherwise: a diameter of three voxels is
/// known to a third at best.
pub const PRUNE: f64 = 3.0;
/// Where a vessel leaves the image it is cut this part of a voxel inside the image's side.
const INSIDE: f64 = 0.25;
/// A section by a tip's plane may have this many times the diameter expected there.
const SPRAWL: f64 = 1.4;
/// It should have this part of the thinnest branch's diameter that is kept.
const NARROW: f64 = 0.9;
/// How often a tip's plane is turned, how far inwards the second section is (in diameters; the nearer one where the branch
/// is short), and the least cosine of a turn.
const TURNS: usize = 3;
const REACHES: [f64; 2] = [1.0, 0.5];
const MOST_TURN: f64 = 0.7;

/// Whether ends of branches are opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tips {
    /// Where no cut is given and fewer than two openings are at the image's sides.
    #[default]
    AsNeeded,
    /// Always, as far as no cut or side of the image opens the branch already.
    Auto,
    /// Never.
    None,
}

/// A plane that a branch is cut by.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    /// Name of the opening, where it has one of its own.
    pub name: Option<String>,
    /// A point in the branch, m.
    pub point: [f64; 3],
    /// Direction out of the part that is kept; any length.
    pub normal: [f64; 3],
}

/// What is to be made of a label map.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The label; without one, the only one there is, else 1.
    pub label: Option<i64>,
    /// A place in or beside the piece that is meant, m; where the label has one piece, it is not needed.
    pub near: Option<[f64; 3]>,
    /// End branches of fewer voxels in diameter are taken off.
    pub prune: f64,
    /// Whether ends of branches are opened.
    pub tips: Tips,
    /// Planes that branches are cut by.
    pub cuts: Vec<Cut>,
    /// Length of the unit that the surface is written in and messages suggest places in, m.
    pub unit: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { label: None, near: None, prune: PRUNE, tips: Tips::AsNeeded, cuts: Vec::new(), unit: 1e-3 }
    }
}

impl LabelMap {
    /// The surface of a vessel, closed by flat caps, each a patch of its own: `wall`, then the openings, named as their
    /// cuts or `end_1`, `end_2`, ... from the widest on.
    ///
    /// # Errors
    /// [`LabelError`]: no such label, several pieces, no openings, a cut that meets nothing.
    pub fn surface(&self, options: &Options) -> Result<(Surface, Report), LabelError> {
        self.make(options).map_err(|problem| LabelError { path: self.path.clone(), problem: Box::new(problem) })
    }

    /// The label meant.
    fn label(&self, asked: Option<i64>) -> Result<i64, Problem> {
        match (asked, self.labels.as_slice()) {
            (Some(label), _) => Ok(label),
            (None, &[(label, _)]) => Ok(label),
            (None, []) => Ok(1),
            (None, several) if several.iter().any(|&(label, _)| label == 1) => Ok(1),
            (None, _) => Err(Problem::WhichLabel { present: self.labels.clone() }),
        }
    }

    fn make(&self, options: &Options) -> Result<(Surface, Report), Problem> {
        let label = self.label(options.label)?;
        let chosen = choose(self, label, options.near, options.unit)?;
        let mut mask = Mask::new(self, label, &chosen.runs)?;
        drop(chosen.runs);
        let edges = Vector3::from(self.frame.axes.map(|axis| axis.norm()));
        let voxel = edges.product();
        let mut report = Report::new(label, chosen.voxels, voxel, chosen.islands);
        report.filled = mask.fill();
        let least = options.prune * voxel.cbrt();
        let mut tree = Tree::new(&mask, edges);
        let place = |local: Vector3<f64>| self.place(&mask.base, local.component_div(&edges));
        let thin = tree.prune(&mut mask.cells, least);
        report.pruned = thin.iter().map(|thin| Pruned::new(thin, place(thin.place), voxel)).collect();
        report.parted = mask.part_diagonals() + mask.keep_largest();
        let cells = mask.count();
        if cells == 0 {
            return Err(Problem::Vanished { label, voxels: chosen.voxels, prune: options.prune });
        }
        let mut net = Net::new(&mask, edges);
        net.relax();
        let surface = self.surface_of(&net, &mask, edges, options.unit);
        report.voxel_volume = cells as f64 * voxel;
        report.smooth_volume = volume(&surface.vertices, &surface.triangles);
        let mut cutter = Cutter::new(surface);
        self.cut(&mut cutter, options)?;
        self.cut_sides(&mut cutter, &mask, label)?;
        let wanted = match options.tips {
            Tips::None => false,
            Tips::Auto => true,
            Tips::AsNeeded => options.cuts.is_empty() && cutter.cuts.len() < 2,
        };
        let tips = tree.tips(least);
        let own = |tip: &&Tip| !tip.beyond;
        if wanted {
            let opened =
                tips.iter().filter(own).filter(|tip| self.open(&mut cutter, tip, &mask, (edges, least))).count();
            report.closed_tips = tips.iter().filter(own).count() - opened;
        } else {
            report.closed_tips = tips.iter().filter(own).count().saturating_sub(options.cuts.len());
        }
        if cutter.cuts.len() < 2 {
            let remedy = match options.tips {
                Tips::None => "add [[cut]] tables with `point` and `normal`, or leave `tips` out",
                _ => {
                    "the branches are too short to have ends, or closed loops: add [[cut]] tables with `point` and `normal`"
                }
            };
            return Err(Problem::NoOpening { label, found: cutter.cuts.len(), remedy });
        }
        Ok(finish(cutter, options, report))
    }

    /// Place of a point given in cells of a box.
    fn place(&self, base: &[i64; 3], cell: Vector3<f64>) -> Vector3<f64> {
        self.frame.place(cell + Vector3::from(base.map(|b| b as f64)))
    }

    fn surface_of(&self, net: &Net, mask: &Mask, edges: Vector3<f64>, unit: f64) -> Surface {
        let mut triangles = net.triangles();
        if self.frame.volume() < 0.0 {
            triangles.iter_mut().for_each(|corners| corners.swap(1, 2));
        }
        let place = |&local: &Vector3<f64>| self.place(&mask.base, local.component_div(&edges)).into();
        Surface {
            vertices: net.places.iter().map(place).collect(),
            patch_of: vec![0; triangles.len()],
            triangles,
            patches: vec!["wall".to_owned()],
            unit,
        }
    }

    /// The cuts that the case asks for.
    fn cut(&self, cutter: &mut Cutter, options: &Options) -> Result<(), Problem> {
        let title =
            |k: usize| options.cuts[k].name.as_ref().map_or_else(|| (k + 1).to_string(), |name| format!("`{name}`"));
        for (k, cut) in options.cuts.iter().enumerate() {
            let normal = Vector3::from(cut.normal).normalize();
            let plane = Plane { point: cut.point.into(), normal };
            let nearest = cutter.loops(plane).into_iter().next();
            let place = cut.point;
            let found = match nearest {
                Some(at) if at.holds || (at.centre - plane.point).norm() < diameter(at.area) => at,
                other => {
                    let nearest = other.map(|at| (at.centre.into(), diameter(at.area)));
                    return Err(Problem::CutMisses { cut: title(k), place, nearest });
                }
            };
            cutter.cut(plane, found).map_err(|refused| match refused {
                Refused::Joined => Problem::CutJoins { cut: title(k), place },
                Refused::Takes(other) => Problem::CutTakes { cut: title(k), place, lost: title(other) },
            })?;
        }
        Ok(())
    }

    /// Flat ends where the vessel leaves the image.
    fn cut_sides(&self, cutter: &mut Cutter, mask: &Mask, label: i64) -> Result<(), Problem> {
        for side in (0..6).filter(|&side| mask.leaves[side]) {
            let k = side / 2;
            let mut cell = Vector3::zeros();
            cell[k] = if side % 2 == 0 {
                MARGIN as f64 - 0.5 + INSIDE
            } else {
                (mask.size[k] - MARGIN) as f64 - 0.5 - INSIDE
            };
            let mut normal = self.frame.axes[(k + 1) % 3].cross(&self.frame.axes[(k + 2) % 3]).normalize();
            if (normal.dot(&self.frame.axes[k]) > 0.0) == (side % 2 == 0) {
                normal = -normal;
            }
            let plane = Plane { point: self.place(&mask.base, cell), normal };
            let given = cutter.cuts.len();
            for at in cutter.loops(plane) {
                let place = at.centre.into();
                match cutter.cut(plane, at) {
                    Ok(()) => {}
                    // A cut of the case has taken it off, or another side of the image.
                    Err(Refused::Takes(other)) if other < given => {}
                    Err(_) => return Err(Problem::ImageEdge { label, place }),
                }
            }
        }
        Ok(())
    }

    /// Opens a tip; whether that was possible.
    fn open(&self, cutter: &mut Cutter, tip: &Tip, mask: &Mask, (edges, least): (Vector3<f64>, f64)) -> bool {
        let world = |local: Vector3<f64>| self.place(&mask.base, local.component_div(&edges));
        // The first section that is not much narrower than the branch may be; if there is none, the first of all.
        for narrow in [NARROW * least, 0.0] {
            for &(centre, direction, expected) in &tip.sections {
                let point = world(centre);
                let normal = (world(centre + direction * edges.min()) - point).normalize();
                let plane = across(cutter, Plane { point, normal }, expected);
                let fits = |at: &Loop| at.holds && (narrow..SPRAWL * expected).contains(&diameter(at.area));
                let found = cutter.loops(plane).into_iter().next().filter(fits);
                if found.is_some_and(|at| cutter.cut(plane, at).is_ok()) {
                    return true;
                }
            }
        }
        false
    }
}

/// The plane turned square to its branch of this diameter: to the line through the centroids of two of its sections, which
/// is the axis of a cylinder whichever way they are cut.
fn across(cutter: &Cutter, plane: Plane, expected: f64) -> Plane {
    let section = |plane: Plane| {
        let fits = |at: &Loop| {
            (at.holds || (at.centre - plane.point).norm() < 0.5 * expected) && diameter(at.area) < SPRAWL * expected
        };
        cutter.loops(plane).into_iter().next().filter(fits).map(|at| at.centre)
    };
    let mut plane = plane;
    for _ in 0..TURNS {
        let Some(here) = section(plane) else { break };
        let deeper = |reach: f64| section(Plane { point: here - reach * expected * plane.normal, ..plane });
        let Some(deep) = REACHES.into_iter().find_map(deeper) else { break };
        let normal = (here - deep).normalize();
        if normal.dot(&plane.normal) < MOST_TURN {
            break;
        }
        plane = Plane { point: here, normal };
    }
    plane
}

fn diameter(area: f64) -> f64 {
    (4.0 * area / std::f64::consts::PI).sqrt()
}

/// Makes the cuts and names the openings.
fn finish(cutter: Cutter, options: &Options, mut report: Report) -> (Surface, Report) {
    let given = options.cuts.len();
    let mut ends: Vec<(usize, End)> = Vec::new();
    for (k, (plane, at)) in cutter.cuts.iter().enumerate() {
        let name = options.cuts.get(k).and_then(|cut| cut.name.clone()).unwrap_or_default();
        let end = End { name, centre: at.centre.into(), normal: plane.normal.into(), area: at.area, given: k < given };
        ends.push((k, end));
    }
    ends.sort_by(|a, b| b.1.area.total_cmp(&a.1.area));
    let taken: Vec<String> = options.cuts.iter().filter_map(|cut| cut.name.clone()).collect();
    let mut names = (1..).map(|n| format!("end_{n}")).filter(|name| !taken.contains(name));
    let mut surface = cutter.finish();
    let mut number = vec![0; ends.len() + 1];
    for (new, (old, end)) in (1u16..).zip(&mut ends) {
        if end.name.is_empty() {
            end.name = names.next().unwrap_or_default();
        }
        number[*old + 1] = new;
        surface.patches.push(end.name.clone());
    }
    surface.patch_of.iter_mut().for_each(|patch| *patch = number[*patch as usize]);
    report.ends = ends.into_iter().map(|(_, end)| end).collect();
    report.volume = volume(&surface.vertices, &surface.triangles);
    (surface, report)
}
