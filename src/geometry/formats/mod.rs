//! Surface files: OBJ, STL, VTK XML polydata (`.vtp`) and legacy VTK polydata (`.vtk`).
//!
//! Theory: a file promises counts and then delivers data, and either may be wrong. So memory grows with the bytes that
//! are there, never with the counts that a header names, and every error says which line, byte or array is at fault.
//! The readers are our own because the crates at hand name no place: tobj 4 rejects a bad index without its line and
//! reads single precision, `stl_io` stops after the first solid, vtkio 0.7 answers every defect with "Parse(Digit)" and
//! counts one cell too many in version 5.1 files. The tests compare with tobj and vtkio where those read a file.
//!
//! Practice: [`read`] and [`read_all`] deliver the triangles as the files have them, in metres. Vertices of bit-equal
//! coordinates become one vertex (STL and OBJ groups repeat them), triangles that thereby lose a corner are dropped.
//! Anything with a tolerance is the business of welding.

mod arrays;
mod bytes;
mod error;
mod field;
mod obj;
mod poly;
mod soup;
mod stl;
mod vtk;
mod vtp;
mod xml;

use std::fs;
use std::path::{Path, PathBuf};

use super::surface::Surface;
pub use arrays::{Arrays, PointArray, read_arrays};
pub use error::{FormatError, Place, Problem};
pub use field::{Field, read_field};
use soup::Soup;
pub use soup::merge_exact;

/// Reads one surface file; the kind is told by the extension (`.obj`, `.stl`, `.vtp`, `.vtk`, any case).
///
/// `unit` is the length of one unit of the file in metres (mm: 1e-3). Patches are OBJ groups, STL solids or values of
/// the cell array `ModelFaceID` (SimVascular; else `CellEntityIds`, vmtk); triangles without a name go to a patch named
/// after the file's stem.
///
/// # Errors
/// [`FormatError`] with the file, the place in it and a remedy.
pub fn read(path: &Path, unit: f64) -> Result<Surface, FormatError> {
    read_all(std::slice::from_ref(&path.to_path_buf()), unit)
}

/// Reads several files as one surface.
///
/// Of several files, one that holds a single patch gives it its file stem as name, whatever the file calls it
/// (exporters write a banner there); patches of other files keep their names, with `stem:` before them where two files
/// use the same.
///
/// # Errors
/// As [`read`]; and when `paths` is empty.
pub fn read_all(paths: &[PathBuf], unit: f64) -> Result<Surface, FormatError> {
    read_counted(paths, unit).map(|(surface, _)| surface)
}

/// As [`read_all`]; also returns how many triangles were dropped because two of their corners have equal coordinates.
///
/// # Errors
/// As [`read_all`].
pub fn read_counted(paths: &[PathBuf], unit: f64) -> Result<(Surface, usize), FormatError> {
    let Some(first) = paths.first() else {
        return Err(FormatError { path: "surface".into(), problem: Problem::NoFile });
    };
    let mut all = Soup::default();
    for path in paths {
        let at = |problem| FormatError { path: path.clone(), problem };
        let mut soup = parse(path).map_err(at)?;
        soup.name_patches(&stem(path), paths.len() > 1, &all.patches);
        all.join(soup).map_err(at)?;
    }
    let (surface, collapsed) = all.into_surface(unit);
    if surface.triangles.is_empty() {
        let problem = Problem::NoTriangles { found: format!("{collapsed} triangles without area") };
        return Err(FormatError { path: first.clone(), problem });
    }
    Ok((surface, collapsed))
}

/// Reads and parses one file, coordinates in its own unit.
fn parse(path: &Path) -> Result<Soup, Problem> {
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    let reader = reader(&extension).ok_or(Problem::Extension { extension })?;
    let soup = reader(&bytes_of(path)?)?;
    if soup.triangles.is_empty() {
        return Err(Problem::NoTriangles { found: soup.found() });
    }
    Ok(soup)
}

/// The bytes of a file that is not empty.
fn bytes_of(path: &Path) -> Result<Vec<u8>, Problem> {
    let bytes = fs::read(path).map_err(Problem::Unreadable)?;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Problem::Empty { bytes: bytes.len() });
    }
    Ok(bytes)
}

/// Turns the bytes of a file into triangles.
type Reader = fn(&[u8]) -> Result<Soup, Problem>;

/// The reader for files with this extension (lower case).
fn reader(extension: &str) -> Option<Reader> {
    match extension {
        "obj" => Some(obj::parse),
        "stl" => Some(stl::parse),
        "vtp" => Some(vtp::parse),
        "vtk" => Some(vtk::parse),
        _ => None,
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(|| "surface".into(), |s| s.to_string_lossy().into_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn extension_and_missing_file() {
        let text = read(Path::new("vessel.ply"), 1e-3).unwrap_err().to_string();
        assert!(text.contains("vessel.ply") && text.contains(".obj .stl .vtp .vtk"), "{text}");
        let text = read(Path::new("no/such.stl"), 1e-3).unwrap_err().to_string();
        assert!(text.contains("no/such.stl") && text.contains("cannot be read"), "{text}");
        assert!(read_all(&[], 1e-3).unwrap_err().to_string().contains("no file is named"));
    }

    /// The name, the bytes and the reader of every file among the fixtures.
    fn fixtures() -> Vec<(String, Vec<u8>, Reader)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/surfaces");
        fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter_map(|path| {
                let name = path.file_name()?.to_string_lossy().into_owned();
                Some((name, fs::read(&path).unwrap(), reader(&path.extension()?.to_string_lossy())?))
            })
            .collect()
    }

    #[test]
    fn truncated_files_are_errors() {
        for (name, bytes, read) in fixtures() {
            // An OBJ file may end anywhere, one of several solids after each; elsewhere only what follows the triangles
            // can be missing.
            let open_ended = name.ends_with("obj") || name.starts_with("solids");
            for length in (0..bytes.len()).step_by(7) {
                if let Ok(soup) = read(&bytes[..length]) {
                    assert!(open_ended || matches!(soup.triangles.len(), 0 | 12), "{name} {length}");
                }
            }
        }
    }
}
