//! The files of the wall: hexahedra with everything at the nodes, and the inner and the outer surface.
//!
//! The first load is `wall.vtu`, `wall_inner.vtp` and `wall_outer.vtp`; of several, each further one is
//! `wall/NAME.vtu`, `wall/NAME_inner.vtp` and `wall/NAME_outer.vtp`, and `wall.pvd` lists all that have a time of their own.

use std::path::{Path, PathBuf};

use super::answer::{Answer, AtNode};
use super::plan::WallPlan;
use crate::output::{Compression, OutputError, create_folder, pvd, vtp, vtu};
use crate::wall::material::Values;

/// Writes answers as they come.
pub struct Writer<'a> {
    plan: &'a WallPlan,
    folder: PathBuf,
    loads: usize,
    written: usize,
    times: Vec<(f64, PathBuf)>,
}

/// An array at nodes or columns.
struct Array {
    name: &'static str,
    unit: &'static str,
    components: usize,
    values: Vec<f32>,
}

impl Array {
    fn new<const N: usize>(name: &'static str, unit: &'static str, values: impl Iterator<Item = [f64; N]>) -> Self {
        Self { name, unit, components: N, values: values.flatten().map(|x| x as f32).collect() }
    }

    /// What of a nodal array belongs to a level.
    fn level(&self, level: usize, levels: usize) -> Self {
        let values = self.values.chunks_exact(self.components).skip(level).step_by(levels);
        Self { values: values.flatten().copied().collect(), ..*self }
    }

    fn shown(&self) -> vtp::Array<'_> {
        let values = vtp::Values::F32(&self.values);
        vtp::Array { name: self.name, unit: self.unit, components: self.components, values }
    }
}

impl<'a> Writer<'a> {
    /// Into `folder`, so many loads.
    ///
    /// # Errors
    /// [`OutputError`] when the folder of further loads cannot be made.
    pub fn new(plan: &'a WallPlan, folder: &Path, loads: usize) -> Result<Self, OutputError> {
        if loads > 1 {
            create_folder(&folder.join("wall"))?;
        }
        Ok(Self { plan, folder: folder.to_owned(), loads, written: 0, times: Vec::new() })
    }

    /// Writes the answer to the next load; `steady` is whether its time is that of a steady flow.
    ///
    /// # Errors
    /// [`OutputError`] when a file cannot be written.
    pub fn write(&mut self, answer: &Answer) -> Result<(), OutputError> {
        let name = |part: &str, kind: &str| match self.written {
            0 => self.folder.join(format!("wall{part}.{kind}")),
            _ => self.folder.join("wall").join(format!("{}{part}.{kind}", answer.name)),
        };
        let volume = name("", "vtu");
        let (shell, unit, time) = (&self.plan.shell, self.plan.unit, Some(answer.time));
        let arrays = at_nodes(answer, &self.plan.material.young, shell.levels());
        let shown: Vec<_> = arrays.iter().map(Array::shown).collect();
        vtu::write(&volume, (shell, unit), &shown, &[], time, Compression::default())?;
        for (part, level) in [("_inner", 0), ("_outer", shell.layers)] {
            let mut own: Vec<Array> = arrays.iter().map(|array| array.level(level, shell.levels())).collect();
            own.push(Array::new("thickness", "m", (0..shell.columns() as u32).map(|c| [self.plan.thickness(c)])));
            if level == 0 {
                own.push(Array::new("pressure", "Pa", answer.pressure.iter().map(|p| [*p])));
                own.push(Array::new("wss", "Pa", answer.shear.iter().copied()));
            }
            let places: Vec<[f64; 3]> = (0..shell.columns() as u32).map(|c| shell.place(c, level).into()).collect();
            let places = vtp::Places { places: &places, unit };
            let shown: Vec<_> = own.iter().map(Array::shown).collect();
            vtp::write_quads(&name(part, "vtp"), places, &shell.quads, &shown, time, Compression::default())?;
        }
        self.written += 1;
        self.list(answer, volume)
    }

    /// Adds the volume of an answer to the list of several; the mean of a cycle has no time.
    fn list(&mut self, answer: &Answer, volume: PathBuf) -> Result<(), OutputError> {
        let known = self.times.iter().any(|(time, _)| *time == answer.time);
        if self.loads < 2 || answer.name == "mean" || known {
            return Ok(());
        }
        self.times.push((answer.time, volume));
        self.times.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut list = pvd::Collection::new(&self.folder.join("wall.pvd"));
        self.times.iter().try_for_each(|(time, file)| list.push(*time, file))
    }
}

/// Everything at the nodes; Young's modulus where it differs from place to place.
fn at_nodes(answer: &Answer, young: &Values, levels: usize) -> Vec<Array> {
    let of = |value: fn(&AtNode) -> f64| answer.nodes.iter().map(move |node| [value(node)]);
    let vectors = |value: fn(&AtNode) -> [f64; 3]| answer.nodes.iter().map(value);
    let mut arrays = vec![
        Array::new("displacement", "m", answer.displacement.iter().copied()),
        Array::new("strain", "", answer.strain.iter().copied()),
        Array::new("stress", "Pa", answer.stress.iter().copied()),
        Array::new("von_mises", "Pa", of(|node| node.von_mises)),
        Array::new("principal_stress", "Pa", vectors(|node| node.principal)),
        Array::new("principal_1", "", vectors(|node| node.directions[0])),
        Array::new("principal_2", "", vectors(|node| node.directions[1])),
        Array::new("principal_3", "", vectors(|node| node.directions[2])),
        Array::new("stress_hoop", "Pa", of(|node| node.parts[0])),
        Array::new("stress_axial", "Pa", of(|node| node.parts[1])),
        Array::new("stress_radial", "Pa", of(|node| node.parts[2])),
    ];
    if let Values::Columns(columns) = young {
        arrays.push(Array::new("young", "Pa", columns.iter().flat_map(|e| std::iter::repeat_n([*e], levels))));
    }
    arrays
}
