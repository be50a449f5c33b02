//! Wavefront OBJ with one group a patch.
//!
//! Fixed decimals (10 nm, whatever the unit) make the bytes the same for the same surface on every machine.

use std::fmt::Write as _;
use std::path::Path;

use super::file::{self, OutputError};
use crate::geometry::surface::Surface;

/// Writes a surface, in its own unit, with `#` before every line of `comment`.
///
/// # Errors
/// The system's reason when the file cannot be written.
pub fn write(path: &Path, surface: &Surface, comment: &str) -> Result<(), OutputError> {
    file::write_all(path, text(surface, comment).as_bytes())
}

/// The text of the OBJ file.
#[must_use]
pub fn text(surface: &Surface, comment: &str) -> String {
    let mut out = String::with_capacity(64 * surface.vertices.len() + 32 * surface.triangles.len());
    for line in comment.lines() {
        out.push_str("# ");
        out.push_str(line);
        out.push('\n');
    }
    let decimals = (8.0 + surface.unit.log10()).round().clamp(0.0, 12.0) as usize;
    for vertex in &surface.vertices {
        out.push('v');
        for coordinate in vertex {
            let start = out.len() + 1;
            // Writing to a string cannot fail.
            let _ = write!(out, " {:.decimals$}", coordinate / surface.unit);
            if out[start..].bytes().all(|b| matches!(b, b'-' | b'0' | b'.')) && out.as_bytes()[start] == b'-' {
                out.remove(start);
            }
        }
        out.push('\n');
    }
    for (patch, name) in surface.patches.iter().enumerate() {
        let _ = writeln!(out, "g {name}");
        let here = surface.triangles.iter().zip(&surface.patch_of).filter(|(_, of)| usize::from(**of) == patch);
        for ([a, b, c], _) in here {
            let _ = writeln!(out, "f {} {} {}", a + 1, b + 1, c + 1);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_digits_and_no_negative_zero() {
        let surface = Surface {
            vertices: vec![[-1e-12, 1e-3, 0.0], [1.0 / 3.0, 0.0, -2e-3], [0.0; 3]],
            triangles: vec![[0, 1, 2]],
            patch_of: vec![0],
            patches: vec!["wall".to_owned()],
            unit: 1e-3,
        };
        let expected = "# made\nv 0.00000 1.00000 0.00000\nv 333.33333 0.00000 -2.00000\n\
                        v 0.00000 0.00000 0.00000\ng wall\nf 1 2 3\n";
        assert_eq!(text(&surface, "made"), expected);
    }
}
