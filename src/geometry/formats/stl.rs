//! STL, ASCII and binary.
//!
//! A file whose size is what a binary header promises is binary, also when it begins with "solid"; else a file that
//! begins with "solid" and has no zero byte in its first 84 is ASCII. Of ASCII files, each solid is a patch, key words
//! may have any case, and loops may have more than three vertices.

use super::bytes::{Cursor, Kind, Order};
use super::soup::{Soup, check_finite};
use super::{Place, Problem};

/// Bytes before the triangles of a binary file: a comment and the number of triangles.
const HEADER: usize = 84;
/// Bytes of a triangle in a binary file: normal, three vertices, attribute.
const RECORD: usize = 50;

/// The triangles of an STL file.
pub(super) fn parse(bytes: &[u8]) -> Result<Soup, Problem> {
    let promised = bytes.get(80..HEADER).map(|count| Kind::U32.integers(count, Order::Little)[0] as usize);
    let fits = promised.is_some_and(|n| n > 0 && bytes.len() - HEADER == n.saturating_mul(RECORD));
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let start = text.trim_ascii_start();
    let ascii =
        start.len() >= 5 && start[..5].eq_ignore_ascii_case(b"solid") && !text.iter().take(HEADER).any(|&b| b == 0);
    if ascii && !fits {
        return Text { cursor: Cursor::new(text), soup: Soup::default(), corners: Vec::new() }.parse();
    }
    match promised {
        Some(count) => binary(&bytes[HEADER..], count),
        None => Err(Problem::truncated(Place::Byte(0), "bytes of the STL header", HEADER, bytes.len())),
    }
}

fn binary(records: &[u8], promised: usize) -> Result<Soup, Problem> {
    let present = records.len() / RECORD;
    if present < promised {
        let place = Place::Byte(HEADER + present * RECORD);
        return Err(Problem::truncated(place, "triangles of a binary STL file", promised, present));
    }
    let mut soup = Soup::default();
    let patch = soup.patch("")?;
    for (k, record) in records.chunks_exact(RECORD).take(promised).enumerate() {
        let x = Kind::F32.reals(&record[12..48], Order::Little);
        let mut corners = [0; 3];
        for (c, corner) in corners.iter_mut().enumerate() {
            let position = [x[3 * c], x[3 * c + 1], x[3 * c + 2]];
            let place = || Place::Byte(HEADER + k * RECORD + 12 + 12 * c);
            check_finite(position, 3 * k + c, place)?;
            *corner = soup.vertex(position)?;
        }
        soup.triangle(corners, patch);
    }
    Ok(soup)
}

/// An ASCII file being read.
struct Text<'a> {
    cursor: Cursor<'a>,
    soup: Soup,
    corners: Vec<u32>,
}

impl Text<'_> {
    fn parse(mut self) -> Result<Soup, Problem> {
        loop {
            let word = self.cursor.token();
            if word.is_empty() {
                return Ok(self.soup);
            }
            if !word.eq_ignore_ascii_case(b"solid") {
                return Err(self.cursor.expected("`solid`", word));
            }
            let name = String::from_utf8_lossy(self.cursor.line()).into_owned();
            self.solid(&name)?;
        }
    }

    /// From after the name up to and with `endsolid`.
    fn solid(&mut self, name: &str) -> Result<(), Problem> {
        let patch = self.soup.patch(name)?;
        loop {
            let word = self.cursor.token();
            match word.to_ascii_lowercase().as_slice() {
                b"facet" | b"outer" | b"loop" | b"endloop" => {}
                b"vertex" => self.vertex()?,
                b"endfacet" => self.facet(patch)?,
                b"endsolid" => {
                    self.cursor.line();
                    return Ok(());
                }
                b"normal" => self.normal(),
                _ => return Err(self.cursor.expected("`facet`, `vertex` or `endsolid`", word)),
            }
        }
    }

    /// The three numbers of a normal, whatever they are (`nan` and `-nan(ind)` are common): not used.
    fn normal(&mut self) {
        for _ in 0..3 {
            self.cursor.token();
        }
    }

    fn vertex(&mut self) -> Result<(), Problem> {
        let mut position = [0.0; 3];
        for x in &mut position {
            *x = self.cursor.real("a coordinate")?;
        }
        check_finite(position, self.soup.vertices.len(), || self.cursor.line_number())?;
        self.corners.push(self.soup.vertex(position)?);
        Ok(())
    }

    fn facet(&mut self, patch: u16) -> Result<(), Problem> {
        if self.corners.len() < 3 {
            let what = format!("a facet needs 3 vertices, this has {}; export the surface again", self.corners.len());
            return Err(Problem::syntax(self.cursor.line_number(), what));
        }
        self.soup.polygon(&self.corners, patch);
        self.corners.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACET: &str =
        "facet normal nan nan nan\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\nendfacet\n";

    fn ascii(text: &str) -> Result<Soup, String> {
        parse(text.as_bytes()).map_err(|e| e.to_string())
    }

    fn binary_file(header: &[u8], count: u32, present: usize) -> Vec<u8> {
        let mut bytes = header.to_vec();
        bytes.resize(80, b' ');
        bytes.extend(count.to_le_bytes());
        for _ in 0..present {
            let numbers = [0f32, 0., 1., 0., 0., 0., 1., 0., 0., 0., 1., 0.];
            bytes.extend(numbers.iter().flat_map(|x| x.to_le_bytes()));
            bytes.extend([0, 0]);
        }
        bytes
    }

    #[test]
    fn ascii_in_any_case_with_several_solids() {
        for solid in ["solid a b\n", "\n SOLID a b\r\n", "\u{feff}Solid a b\n"] {
            let text = format!("{solid}{FACET}endsolid a b\nsolid\n{FACET}{FACET}endsolid");
            for text in
                [text.clone(), text.replace('\n', "\r\n"), text.replace("acet", "ACET").replace("vertex", "Vertex")]
            {
                let soup = ascii(&text).unwrap();
                assert_eq!((soup.triangles.len(), soup.patches), (3, vec!["a b".to_owned(), String::new()]), "{text}");
            }
        }
    }

    #[test]
    fn ascii_errors_name_the_line() {
        for (text, expect) in [
            (format!("solid\n{FACET}"), "line 9: the file ends where `facet`, `vertex` or `endsolid` is expected"),
            (format!("solid\n{}", &FACET[..FACET.len() - 18]), "the file ends where"),
            (format!("solid\n{FACET}endsolid\ngarbage"), "line 10: expected `solid`, found `garbage`"),
            (format!("solid\n{}", FACET.replace("1 0 0", "1 inf 0")), "line 5: vertex 1 has a coordinate"),
            (format!("solid\n{}", FACET.replace("1 0 0", "1 0")), "line 6: expected a coordinate, found `vertex`"),
            (format!("solid\n{}", FACET.replace("vertex 1 0 0\n", "")), "line 7: a facet needs 3 vertices, this has 2"),
        ] {
            let error = ascii(&text).unwrap_err();
            assert!(error.contains(expect), "{error}");
        }
    }

    #[test]
    fn binary_that_begins_with_solid() {
        for header in [&b"solid wall"[..], b"anything", b""] {
            assert_eq!(parse(&binary_file(header, 3, 3)).unwrap().triangles.len(), 3);
        }
        let mut trailing = binary_file(b"solid", 2, 2);
        trailing.extend(b"trailing");
        assert_eq!(parse(&trailing).unwrap().triangles.len(), 2);
    }

    #[test]
    fn binary_cut_off() {
        let error = parse(&binary_file(b"solid", 4_000_000_000, 2)).unwrap_err().to_string();
        assert!(error.contains("byte 184: triangles of a binary STL file: 4000000000 promised, 2 present"), "{error}");
        let error = parse(&[0; 60]).unwrap_err().to_string();
        assert!(error.contains("84 promised, 60 present"), "{error}");
        let mut nan = binary_file(b"", 1, 1);
        nan[84 + 12..84 + 16].copy_from_slice(&f32::NAN.to_le_bytes());
        assert!(parse(&nan).unwrap_err().to_string().contains("byte 96: vertex 0"));
    }
}
