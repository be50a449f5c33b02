//! Wavefront OBJ: `v`, `f`, `g` and `o`; everything else (normals, textures, materials, lines) is left aside.
//!
//! Faces belong to the group or object named last; groups of one name are one patch. Negative indices count from the
//! latest vertex. A backslash at the end of a line continues it.

use std::borrow::Cow;

use super::bytes::{parse_integer, parse_real, show};
use super::soup::{Soup, check_finite};
use super::{Place, Problem};

/// The triangles of an OBJ file.
pub(super) fn parse(bytes: &[u8]) -> Result<Soup, Problem> {
    let mut soup = Soup::default();
    let mut name = String::new();
    let mut patch = None;
    let mut lines = bytes.split(|&b| b == b'\n').enumerate();
    let mut corners = Vec::new();
    while let Some((index, line)) = lines.next() {
        let place = || Place::Line(index + 1);
        let line = continued(line.trim_ascii(), &mut lines);
        let mut words = line.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty());
        match words.next() {
            Some(b"v") => vertex(words, &mut soup, place)?,
            Some(b"f") => {
                corners.clear();
                for word in words {
                    corners.push(corner(word, soup.vertices.len(), place)?);
                }
                if corners.len() < 3 {
                    let what = format!("a face needs 3 vertices, this has {}; export the surface again", corners.len());
                    return Err(Problem::syntax(place(), what));
                }
                let patch = match patch {
                    Some(known) => known,
                    None => *patch.insert(soup.patch(&name)?),
                };
                soup.polygon(&corners, patch);
            }
            Some(b"g" | b"o") => {
                name = String::from_utf8_lossy(line[1..].trim_ascii()).into_owned();
                patch = None;
            }
            Some(b"l") => soup.others.push((1, "line")),
            _ => {}
        }
    }
    if soup.triangles.is_empty() {
        soup.others = vec![(soup.others.len(), "lines")];
    }
    Ok(soup)
}

/// `line` without its comment, joined with the lines that continue it.
fn continued<'a>(line: &'a [u8], lines: &mut impl Iterator<Item = (usize, &'a [u8])>) -> Cow<'a, [u8]> {
    let Some(start) = line.strip_suffix(b"\\") else { return Cow::Borrowed(uncommented(line)) };
    let mut joined = start.to_vec();
    for (_, next) in lines {
        let next = next.trim_ascii();
        joined.push(b' ');
        if let Some(part) = next.strip_suffix(b"\\") {
            joined.extend(part);
        } else {
            joined.extend(next);
            break;
        }
    }
    let length = uncommented(&joined).len();
    joined.truncate(length);
    Cow::Owned(joined)
}

fn uncommented(line: &[u8]) -> &[u8] {
    line.split(|&b| b == b'#').next().unwrap_or(line)
}

/// `v x y z`, with an optional weight or colour that is left aside.
fn vertex<'a>(
    mut words: impl Iterator<Item = &'a [u8]>,
    soup: &mut Soup,
    place: impl Fn() -> Place,
) -> Result<(), Problem> {
    let mut position = [0.0; 3];
    for x in &mut position {
        let word = words.next().unwrap_or_default();
        *x = parse_real(word).ok_or_else(|| {
            let what = format!("a vertex needs 3 numbers, found `{}`; export the surface again", show(word));
            Problem::syntax(place(), what)
        })?;
    }
    check_finite(position, soup.vertices.len() + 1, place)?;
    soup.vertex(position).map(drop)
}

/// The vertex index of `v`, `v/vt`, `v//vn` or `v/vt/vn`, from 0.
fn corner(word: &[u8], vertices: usize, place: impl Fn() -> Place) -> Result<u32, Problem> {
    let number = word.split(|&b| b == b'/').next().unwrap_or_default();
    let index = parse_integer(number).ok_or_else(|| {
        let what = format!("expected a vertex index, found `{}`; export the surface again", show(word));
        Problem::syntax(place(), what)
    })?;
    let count = vertices as i64;
    let from_zero = if index < 0 { index.saturating_add(count) } else { index - 1 };
    match u32::try_from(from_zero) {
        Ok(i) if i64::from(i) < count => Ok(i),
        _ => Err(Problem::Index { place: place(), index, first: 1, last: count }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CORNERS: &str = "v 0 0 0\nv 1 0 0 1.0\nv 1 1 0 0.5 0.5 0.5\nv 0 1 0\n";

    fn read(faces: &str) -> Result<Soup, String> {
        parse(format!("{CORNERS}{faces}").as_bytes()).map_err(|e| e.to_string())
    }

    #[test]
    fn faces_of_every_form() {
        for faces in [
            "f 1 2 3\nf 1 3 4",
            "f 1 2 3 4 # a quad\r\n",
            "f -4 -3 -2 -1",
            "f 1/1 2/2 3/3 4/4",
            "f 1//1 2//1 3//1 4//1",
            "f 1/1/1 2/1/1 3/1/1 4/1/1",
            "f 1 2 \\\n 3 \\\r\n4",
        ] {
            assert_eq!(read(faces).unwrap().triangles, [[0, 1, 2], [0, 2, 3]], "{faces}");
        }
    }

    #[test]
    fn groups_merge_by_name() {
        let soup = read("f 1 2 3\ng wall\nf 1 2 3\no in let\nf 1 2 4\ng wall\nusemtl x\nf 2 3 4\n").unwrap();
        assert_eq!(soup.patches, ["", "wall", "in let"]);
        assert_eq!(soup.patch_of, [0, 1, 2, 1]);
    }

    #[test]
    fn errors_name_the_line() {
        for (faces, expect) in [
            ("f 1 2 5", "line 5: vertex index 5 is out of range, allowed is 1 to 4"),
            ("\nf 0 1 2", "line 6: vertex index 0"),
            ("f 1 2 -9", "line 5: vertex index -9"),
            ("f 1 2 -9223372036854775808", "vertex index -9223372036854775808"),
            ("f 1 2", "line 5: a face needs 3 vertices, this has 2"),
            ("f 1 2 x", "line 5: expected a vertex index, found `x`"),
            ("v 1 2", "line 5: a vertex needs 3 numbers, found ``"),
            ("v 1 2 1,5", "found `1,5`"),
            ("v 1 nan 2", "line 5: vertex 5 has a coordinate that is not a finite number (1, NaN, 2)"),
        ] {
            let text = read(faces).unwrap_err();
            assert!(text.contains(expect), "{text}");
        }
    }
}
