//! The report on a run, from the files of its results folder and from nothing else: so any folder gets one, at any time.
//!
//! `summary.json` makes a folder one of results; every other file may be missing, and the page is shorter without it.
//! A mesh of more triangles than a page should carry is reduced for the 3D model; the pictures are of the full one.

mod fields;
mod folder;
mod tables;

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::case::Case;
use crate::geometry::formats::FormatError;
use crate::output::mesh::Reduced;
use crate::output::picture::Picture;
use crate::output::report::{Content, Figure, Model, page};
use crate::output::{OutputError, create_folder, file, glb};
use crate::run::job::Sink;
use fields::{Drawn, Skin};
use folder::Folder;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// There is no such folder.
    #[error("there is no folder {}", .0.display())]
    NoFolder(PathBuf),
    /// The folder is not one of results.
    #[error("{} holds no results: there is no summary.json in it; give the folder that `perfuse run --out` wrote", .0.display())]
    NoResults(PathBuf),
    /// A file that the system does not let read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file that is not what its name says.
    #[error("{}: {reason}; the file is damaged: run the case again, or remove the file to leave out what it shows", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the line where there is one.
        reason: String,
    },
    /// A surface that cannot be read.
    #[error("{0}; run the case again, or remove the file to leave out what it shows")]
    Surface(#[from] FormatError),
    /// The report cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The page; none where only pictures were asked for.
    pub page: Option<PathBuf>,
    /// The pictures.
    pub pictures: Vec<PathBuf>,
    /// Size of the page, bytes.
    pub bytes: usize,
}

/// Most triangles of the 3D model: what a phone turns without a pause, and a page of 15 MB holds.
const TRIANGLES: usize = 200_000;

/// Writes `report.html`, `report.glb` and `pictures/*.png` into the folder that they are about.
///
/// # Errors
/// [`ReportError`]; nothing is written unless everything could be read.
pub fn write(folder: &Path) -> Result<Written, ReportError> {
    let results = Folder::read(folder)?;
    let skins = fields::skins(&results)?;
    let figures = figures(&skins, &results.marks(), folder)?;
    let reduced = reduce(&skins);
    let values: Vec<Vec<Vec<f32>>> = skins
        .iter()
        .zip(&reduced)
        .map(|(skin, small)| skin.fields.iter().map(|f| small.values(&f.values)).collect())
        .collect();
    let model = model(&skins, &values);
    let meshes: Vec<_> = reduced.iter().map(|small| small.mesh.clone()).collect();
    let binary = glb::glb(&meshes, &model);
    let mut notes = Vec::new();
    for (skin, small) in skins.iter().zip(&reduced) {
        let (all, kept) = (skin.mesh.triangles.len(), small.mesh.triangles.len());
        if kept < all {
            notes.push(format!("It is reduced from {all} to {kept} triangles; the pictures show all."));
        }
    }
    let shown = (!model.is_empty()).then_some(Model { glb: &binary, fields: &model, notes: &notes });
    let content = Content {
        summary: &results.summary,
        manifest: results.manifest.as_ref(),
        branches: &results.branches,
        series: results.series.as_ref(),
        figures: &figures,
        model: shown,
        notes: &results.notes,
    };
    let text = page(&content);
    let pictures = write_figures(&figures, folder)?;
    if !model.is_empty() {
        file::write_all(&folder.join("report.glb"), &binary)?;
    }
    let path = folder.join("report.html");
    file::write_all(&path, text.as_bytes())?;
    Ok(Written { page: Some(path), pictures, bytes: text.len() })
}

/// The report at the end of a run of `case` whose results are written to `folder`: what is wrong with it is told and takes
/// nothing from them.
///
/// # Errors
/// [`OutputError`]: a disk that fails.
pub fn after(case: &Case, folder: &Path, sink: &dyn Sink) -> Result<(), OutputError> {
    if !case.output.report {
        return Ok(());
    }
    sink.phase("writing the report");
    match write(folder) {
        Ok(_) => Ok(()),
        Err(ReportError::Output(error)) => Err(error),
        Err(error) => {
            sink.say(&format!("warning: no report: {error}"));
            Ok(())
        }
    }
}

/// Writes `pictures/*.png` alone.
///
/// # Errors
/// As [`write()`].
pub fn pictures(folder: &Path) -> Result<Written, ReportError> {
    let results = Folder::read(folder)?;
    let skins = fields::skins(&results)?;
    let figures = figures(&skins, &results.marks(), folder)?;
    Ok(Written { page: None, pictures: write_figures(&figures, folder)?, bytes: 0 })
}

/// Draws every field.
fn figures(skins: &[Skin], marks: &[(String, [f64; 3])], folder: &Path) -> Result<Vec<Figure>, OutputError> {
    let all: Vec<(&Skin, &Drawn)> = skins.iter().flat_map(|skin| skin.fields.iter().map(move |f| (skin, f))).collect();
    let figure = |(skin, field): &(&Skin, &Drawn)| {
        let picture = Picture {
            mesh: &skin.mesh,
            values: &field.values,
            title: field.title,
            unit: field.unit,
            range: field.range,
            map: field.map,
            marks,
        };
        let image = picture.draw();
        let path = folder.join("pictures").join(format!("{}.png", field.name));
        Ok(Figure {
            name: field.name.to_owned(),
            caption: field.caption(),
            alt: format!("The vessel coloured by {}: {}", field.title.to_lowercase(), field.caption()),
            png: image.png().map_err(|source| OutputError::Io { path, source })?,
            size: [image.width, image.height],
        })
    };
    all.par_iter().map(figure).collect()
}

fn write_figures(figures: &[Figure], folder: &Path) -> Result<Vec<PathBuf>, OutputError> {
    let into = folder.join("pictures");
    if !figures.is_empty() {
        create_folder(&into)?;
    }
    let one = |figure: &Figure| {
        let path = into.join(format!("{}.png", figure.name));
        file::write_all(&path, &figure.png).map(|()| path)
    };
    figures.iter().map(one).collect()
}

/// Meshes for the model, each with its share of the triangles.
fn reduce(skins: &[Skin]) -> Vec<Reduced> {
    let total: usize = skins.iter().map(|skin| skin.mesh.triangles.len()).sum();
    let share =
        |skin: &Skin| if total <= TRIANGLES { usize::MAX } else { TRIANGLES * skin.mesh.triangles.len() / total };
    skins.par_iter().map(|skin| skin.mesh.reduced(share(skin))).collect()
}

fn model<'a>(skins: &[Skin], values: &'a [Vec<Vec<f32>>]) -> Vec<glb::Field<'a>> {
    let of = |(mesh, (skin, values)): (usize, (&Skin, &'a Vec<Vec<f32>>))| {
        let field = |(drawn, values): (&Drawn, &'a Vec<f32>)| glb::Field {
            name: drawn.name.to_owned(),
            title: drawn.title.to_owned(),
            unit: drawn.unit.to_owned(),
            mesh,
            values: values.as_slice(),
            range: drawn.range,
            map: drawn.map,
        };
        skin.fields.iter().zip(values).map(field).collect::<Vec<_>>()
    };
    skins.iter().zip(values).enumerate().flat_map(of).collect()
}
