//! Legacy VTK polydata (`.vtk`), ASCII and binary, versions 1.0 to 5.1.
//!
//! Binary numbers are big-endian and begin after the line end of their key word. Up to version 4.2 cells are lists of
//! counts and points; since 5.1 they are offsets and connectivity. `long` has eight bytes, as on Linux and macOS.
//! Source: VTK file formats, docs.vtk.org.

use super::bytes::{Cursor, Kind, Order, show};
use super::poly::{Cells, Fields, PolyData};
use super::soup::Soup;
use super::{Place, Problem};

/// The triangles of a legacy VTK file.
pub(super) fn parse(bytes: &[u8]) -> Result<Soup, Problem> {
    read(bytes, false).map(|(soup, _)| soup)
}

/// The triangles of a legacy VTK file and its point arrays of one component.
pub(super) fn parse_fields(bytes: &[u8]) -> Result<(Soup, Fields), Problem> {
    read(bytes, true)
}

fn read(bytes: &[u8], with_fields: bool) -> Result<(Soup, Fields), Problem> {
    let (cursor, data) = (Cursor::new(bytes), PolyData::default());
    let mut file = File { cursor, binary: false, data, cell_data: None, with_fields };
    file.header()?;
    while file.section()? {}
    let mut soup = Soup::default();
    file.data.append_to(&mut soup)?;
    Ok((soup, file.data.fields))
}

struct File<'a> {
    cursor: Cursor<'a>,
    binary: bool,
    data: PolyData,
    /// Tuples of the attributes that follow, and whether they belong to cells.
    cell_data: Option<(usize, bool)>,
    /// Whether point arrays are kept.
    with_fields: bool,
}

impl File<'_> {
    /// Identification, title, ASCII or BINARY, kind of data set.
    fn header(&mut self) -> Result<(), Problem> {
        let magic = self.cursor.line();
        if !magic.to_ascii_lowercase().starts_with(b"# vtk datafile") {
            let what = format!("expected `# vtk DataFile Version`, found `{}`: not a legacy VTK file", show(magic));
            return Err(Problem::syntax(Place::Line(1), what));
        }
        self.cursor.line();
        let format = self.cursor.token();
        self.binary = match format.to_ascii_uppercase().as_slice() {
            b"ASCII" => false,
            b"BINARY" => true,
            _ => return Err(self.cursor.expected("`ASCII` or `BINARY`", format)),
        };
        Ok(())
    }

    /// One key word with what belongs to it; false at the end of the file.
    fn section(&mut self) -> Result<bool, Problem> {
        let word = self.cursor.token();
        match word.to_ascii_uppercase().as_slice() {
            b"" => return Ok(false),
            b"DATASET" => self.dataset()?,
            b"POINTS" => self.points()?,
            b"VERTICES" => self.data.verts = self.cells("VERTICES")?.len(),
            b"LINES" => self.data.lines = self.cells("LINES")?.len(),
            b"POLYGONS" => self.data.polys = self.cells("POLYGONS")?,
            b"TRIANGLE_STRIPS" => self.data.strips = self.cells("TRIANGLE_STRIPS")?,
            b"CELL_DATA" => self.cell_data = Some((self.count("the number of cells")?, true)),
            b"POINT_DATA" => self.cell_data = Some((self.count("the number of points")?, false)),
            b"METADATA" => self.metadata(),
            b"FIELD" => self.field()?,
            name => self.attribute(name, word)?,
        }
        Ok(true)
    }

    fn dataset(&mut self) -> Result<(), Problem> {
        let kind = self.cursor.token();
        if kind.eq_ignore_ascii_case(b"POLYDATA") {
            return Ok(());
        }
        let place = self.cursor.line_number();
        let what = format!(
            "a data set of kind `{}`, expected `POLYDATA`; extract the surface (ParaView: Extract Surface)",
            show(kind)
        );
        Err(Problem::syntax(place, what))
    }

    fn points(&mut self) -> Result<(), Problem> {
        let count = self.count("the number of points")?;
        let kind = self.kind()?;
        let reals = self.reals("coordinates of POINTS", count.saturating_mul(3), kind)?;
        self.data.points = reals.chunks_exact(3).map(|p| [p[0], p[1], p[2]]).collect();
        Ok(())
    }

    fn cells(&mut self, kind: &'static str) -> Result<Cells, Problem> {
        let first = self.count("a number of cells")?;
        let second = self.count("a size of the cell list")?;
        if self.cursor.peek().eq_ignore_ascii_case(b"OFFSETS") {
            let offsets = self.part("OFFSETS", first)?;
            return Ok(Cells { offsets, connectivity: self.part("CONNECTIVITY", second)? });
        }
        let list = self.integers(&format!("entries of {kind}"), second, Kind::I32)?;
        let mut cells = Cells { offsets: vec![0], connectivity: Vec::new() };
        let mut rest = list.as_slice();
        for cell in 0..first {
            let Some((&size, after)) = rest.split_first() else {
                return Err(Problem::truncated(Place::Cell(kind, cell), "cells", first, cell));
            };
            let points = usize::try_from(size).ok().and_then(|n| after.get(..n)).ok_or_else(|| {
                let what = format!("has {size} points where {} entries are left; export it again", after.len());
                Problem::syntax(Place::Cell(kind, cell), what)
            })?;
            cells.connectivity.extend(points);
            cells.offsets.push(cells.connectivity.len() as i64);
            rest = &after[points.len()..];
        }
        Ok(cells)
    }
    /// `OFFSETS type` or `CONNECTIVITY type` with `count` integers.
    fn part(&mut self, word: &str, count: usize) -> Result<Vec<i64>, Problem> {
        let token = self.cursor.token();
        if !token.eq_ignore_ascii_case(word.as_bytes()) {
            return Err(self.cursor.expected(&format!("`{word}`"), token));
        }
        let kind = self.kind()?;
        self.integers(&format!("entries of {word}"), count, kind)
    }

    /// `FIELD name arrays`: arrays of any kind, before the points or among the attributes.
    fn field(&mut self) -> Result<(), Problem> {
        self.cursor.token();
        for _ in 0..self.count("a number of arrays")? {
            let mut name = self.cursor.token();
            if name.eq_ignore_ascii_case(b"METADATA") {
                self.metadata();
                name = self.cursor.token();
            }
            let components = self.count("a number of components")?;
            let tuples = self.count("a number of tuples")?;
            let token = self.cursor.token();
            self.array(name, components.saturating_mul(tuples), token)?;
        }
        Ok(())
    }

    fn metadata(&mut self) {
        self.cursor.line();
        while !self.cursor.line().is_empty() {}
    }

    /// An attribute of points or cells by its key word.
    fn attribute(&mut self, keyword: &[u8], word: &[u8]) -> Result<(), Problem> {
        let Some((tuples, _)) = self.cell_data else {
            return Err(self.cursor.expected("a key word of VTK polydata", word));
        };
        let name = self.cursor.token();
        let components = match keyword {
            b"SCALARS" => return self.scalars(name, tuples),
            b"LOOKUP_TABLE" | b"COLOR_SCALARS" => return self.colours(keyword, tuples),
            b"VECTORS" | b"NORMALS" => 3,
            b"TENSORS" => 9,
            b"TENSORS6" => 6,
            b"TEXTURE_COORDINATES" => self.count("a number of components")?,
            b"GLOBAL_IDS" | b"PEDIGREE_IDS" | b"EDGE_FLAGS" => 1,
            _ => return Err(self.cursor.expected("a key word of VTK polydata", word)),
        };
        let kind = self.cursor.token();
        self.array(name, components.saturating_mul(tuples), kind)
    }

    /// `SCALARS name type [components]`, then `LOOKUP_TABLE name`, then the values.
    fn scalars(&mut self, name: &[u8], tuples: usize) -> Result<(), Problem> {
        let kind = self.cursor.token();
        let components = if self.cursor.rest_of_line().is_empty() { 1 } else { self.count("a number of components")? };
        if self.cursor.peek().eq_ignore_ascii_case(b"LOOKUP_TABLE") {
            self.cursor.token();
            self.cursor.token();
        }
        self.array(name, components.saturating_mul(tuples), kind)
    }

    /// `LOOKUP_TABLE name size` (four values each) or `COLOR_SCALARS name values`: bytes, or fractions as text.
    fn colours(&mut self, keyword: &[u8], tuples: usize) -> Result<(), Problem> {
        let number = self.count("a number of colours")?;
        let values = if keyword == b"LOOKUP_TABLE" { 4 } else { tuples };
        self.reals("colours", number.saturating_mul(values), Kind::U8).map(drop)
    }

    /// The values of one array: kept where it tells patches apart, else passed over.
    fn array(&mut self, name: &[u8], count: usize, kind: &[u8]) -> Result<(), Problem> {
        let what = format!("values of {}", show(name));
        if kind.eq_ignore_ascii_case(b"bit") {
            let count = if self.binary { count.div_ceil(8) } else { count };
            return self.reals(&what, count, Kind::U8).map(drop);
        }
        let kind = kind_of(kind).ok_or_else(|| self.cursor.expected(KINDS, kind))?;
        let name = String::from_utf8_lossy(name);
        if self.cell_data.is_some_and(|(_, cells)| cells) && self.data.wants(&name) {
            let values = self.integers(&what, count, kind)?;
            self.data.ids = Some((name.into_owned(), values));
            return Ok(());
        }
        let values = self.reals(&what, count, kind)?;
        if self.with_fields && self.cell_data == Some((count, false)) {
            self.data.fields.push((name.into_owned(), values));
        }
        Ok(())
    }

    fn reals(&mut self, what: &str, count: usize, kind: Kind) -> Result<Vec<f64>, Problem> {
        if self.binary {
            return Ok(kind.reals(self.block(what, count, kind)?, Order::Big));
        }
        self.numbers(what, count, |cursor, what| cursor.real(what))
    }

    fn integers(&mut self, what: &str, count: usize, kind: Kind) -> Result<Vec<i64>, Problem> {
        if self.binary {
            return Ok(kind.integers(self.block(what, count, kind)?, Order::Big));
        }
        self.numbers(what, count, |cursor, what| cursor.integer(what))
    }

    /// `count` numbers as text.
    fn numbers<T>(
        &mut self,
        what: &str,
        count: usize,
        number: impl Fn(&mut Cursor<'_>, &str) -> Result<T, Problem>,
    ) -> Result<Vec<T>, Problem> {
        let mut numbers = Vec::new();
        for present in 0..count {
            self.cursor.skip_space();
            if self.cursor.rest().is_empty() {
                return Err(Problem::truncated(self.cursor.line_number(), what, count, present));
            }
            numbers.push(number(&mut self.cursor, what)?);
        }
        Ok(numbers)
    }

    /// The bytes of `count` binary numbers, from the next line on.
    fn block(&mut self, what: &str, count: usize, kind: Kind) -> Result<&[u8], Problem> {
        self.cursor.line();
        let (place, rest) = (Place::Byte(self.cursor.offset()), self.cursor.rest().len());
        let bytes = count.saturating_mul(kind.size());
        self.cursor.take(bytes).ok_or_else(|| Problem::truncated(place, what, count, rest / kind.size()))
    }

    fn kind(&mut self) -> Result<Kind, Problem> {
        let token = self.cursor.token();
        kind_of(token).ok_or_else(|| self.cursor.expected(KINDS, token))
    }

    fn count(&mut self, what: &str) -> Result<usize, Problem> {
        let token = self.cursor.peek();
        usize::try_from(self.cursor.integer(what)?).map_err(|_| self.cursor.expected(what, token))
    }
}

/// The types of numbers, for messages.
const KINDS: &str = "a type of numbers (char to long, float, double, vtktypeint64)";

fn kind_of(name: &[u8]) -> Option<Kind> {
    Some(match name.to_ascii_lowercase().as_slice() {
        b"char" | b"vtktypeint8" => Kind::I8,
        b"unsigned_char" | b"vtktypeuint8" => Kind::U8,
        b"short" | b"vtktypeint16" => Kind::I16,
        b"unsigned_short" | b"vtktypeuint16" => Kind::U16,
        b"int" | b"vtkidtype" | b"vtktypeint32" => Kind::I32,
        b"unsigned_int" | b"vtktypeuint32" => Kind::U32,
        b"long" | b"vtktypeint64" => Kind::I64,
        b"unsigned_long" | b"vtktypeuint64" => Kind::U64,
        b"float" => Kind::F32,
        b"double" => Kind::F64,
        _ => return None,
    })
}
