//! VTK XML polydata (`.vtp`), as VTK, vmtk, pyvista and `SimVascular` write it.
//!
//! The appended section is not XML when raw: it is split off first, the rest goes through quick-xml. Of all arrays only
//! points, polygons, strips and the cell array that tells patches apart are decoded.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::bytes::{Kind, Order};
use super::poly::{Cells, Fields, PolyData};
use super::soup::Soup;
use super::xml::{Appended, Array, Encoding, Packing, Source};
use super::{Place, Problem};

/// The triangles of a VTP file.
pub(super) fn parse(bytes: &[u8]) -> Result<Soup, Problem> {
    read(bytes, Wanted::None).map(|(soup, _)| soup)
}

/// The triangles of a VTP file and its point arrays of one component.
pub(super) fn parse_fields(bytes: &[u8]) -> Result<(Soup, Fields), Problem> {
    read(bytes, Wanted::Scalars)
}

/// The same with the point arrays of these names, of any number of components: those of a point together.
pub(super) fn parse_arrays(bytes: &[u8], names: &[&str]) -> Result<(Soup, Fields), Problem> {
    read(bytes, Wanted::Named(names))
}

/// Which point arrays are decoded.
#[derive(Clone, Copy, Debug, Default)]
enum Wanted<'a> {
    /// None of them.
    #[default]
    None,
    /// All of one component.
    Scalars,
    /// Those of these names.
    Named(&'a [&'a str]),
}

fn read(bytes: &[u8], wanted: Wanted<'_>) -> Result<(Soup, Fields), Problem> {
    let (xml, section) = split_appended(bytes);
    let document = Document::read(&String::from_utf8_lossy(xml), section.is_some(), wanted)?;
    let encoding = document.encoding.ok_or_else(|| {
        Problem::syntax(Place::Line(1), "no element `VTKFile`: not a VTK XML file; export the surface again")
    })?;
    let appended =
        section.map(|bytes| Appended { bytes, base64: document.appended_base64, offsets: document.offsets.clone() });
    let (mut soup, mut fields) = (Soup::default(), Fields::new());
    for (k, piece) in document.pieces.iter().enumerate() {
        let data = piece.polydata(encoding, appended.as_ref())?;
        data.append_to(&mut soup)?;
        // A field of the whole is one that every piece has.
        if k == 0 {
            fields = data.fields;
        } else {
            fields.retain_mut(|(name, values)| {
                let own = data.fields.iter().find(|(other, _)| other == name);
                values.extend(own.iter().flat_map(|(_, own)| own));
                own.is_some()
            });
        }
    }
    Ok((soup, fields))
}

/// The XML up to and with the start of `AppendedData`, and what follows its underscore.
fn split_appended(bytes: &[u8]) -> (&[u8], Option<&[u8]>) {
    const TAG: &[u8] = b"<AppendedData";
    let split = || {
        let tag = bytes.windows(TAG.len()).position(|w| w == TAG)?;
        let close = tag + bytes[tag..].iter().position(|&b| b == b'>')? + 1;
        let underscore = close + bytes[close..].iter().position(|&b| b == b'_')?;
        Some((&bytes[..close], Some(&bytes[underscore + 1..])))
    };
    split().unwrap_or((bytes, None))
}

/// What of an array matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Points,
    PolyConnectivity,
    PolyOffsets,
    StripConnectivity,
    StripOffsets,
    Patch,
    Field,
}

#[derive(Debug, Default)]
struct Piece {
    points: usize,
    verts: usize,
    lines: usize,
    strips: usize,
    polys: usize,
    arrays: Vec<(Role, Array)>,
}

impl Piece {
    fn polydata(&self, encoding: Encoding, appended: Option<&Appended<'_>>) -> Result<PolyData, Problem> {
        let cells = |count: usize, offsets: Role, connectivity: Role, kind: &str| {
            if count == 0 {
                return Ok(Cells::default());
            }
            let mut ends = self.array(offsets, kind)?.integers(encoding, appended)?;
            let place = || Place::Array(format!("{kind} offsets"));
            check_count(place, "offsets", count, ends.len())?;
            ends.truncate(count);
            ends.insert(0, 0);
            Ok(Cells { offsets: ends, connectivity: self.array(connectivity, kind)?.integers(encoding, appended)? })
        };
        let mut data = PolyData { verts: self.verts, lines: self.lines, ..PolyData::default() };
        if self.points > 0 {
            let reals = self.array(Role::Points, "Points")?.reals(encoding, appended)?;
            let promised = self.points.saturating_mul(3);
            check_count(|| Place::Array("Points".into()), "coordinates", promised, reals.len())?;
            data.points = reals[..promised].chunks_exact(3).map(|p| [p[0], p[1], p[2]]).collect();
        }
        data.polys = cells(self.polys, Role::PolyOffsets, Role::PolyConnectivity, "Polys")?;
        data.strips = cells(self.strips, Role::StripOffsets, Role::StripConnectivity, "Strips")?;
        for (_, array) in self.arrays.iter().filter(|(role, _)| *role == Role::Patch) {
            if data.wants(&array.name) {
                data.ids = Some((array.name.clone(), array.integers(encoding, appended)?));
            }
        }
        for (_, array) in self.arrays.iter().filter(|(role, _)| *role == Role::Field) {
            data.fields.push((array.name.clone(), array.reals(encoding, appended)?));
        }
        Ok(data)
    }

    fn array(&self, role: Role, element: &str) -> Result<&Array, Problem> {
        self.arrays.iter().find(|(r, _)| *r == role).map(|(_, array)| array).ok_or_else(|| {
            let what = format!("element `{element}` lacks an array ({role:?}); export the surface again");
            Problem::syntax(Place::Array(element.to_owned()), what)
        })
    }
}

fn check_count(place: impl Fn() -> Place, what: &str, promised: usize, present: usize) -> Result<(), Problem> {
    if present < promised { Err(Problem::truncated(place(), what, promised, present)) } else { Ok(()) }
}

/// The XML part, in progress and when read.
#[derive(Debug, Default)]
struct Document<'a> {
    encoding: Option<Encoding>,
    appended_base64: bool,
    pieces: Vec<Piece>,
    /// Offsets of all arrays into the appended section.
    offsets: Vec<usize>,
    /// The element of the piece that arrays belong to now.
    section: String,
    /// Depth of elements from `DataArray` on (1: its own text), and the array being read where it matters.
    depth: usize,
    open: Option<(Role, Array)>,
    /// Whether point arrays matter.
    wanted: Wanted<'a>,
}

impl<'a> Document<'a> {
    fn read(text: &str, appended: bool, wanted: Wanted<'a>) -> Result<Self, Problem> {
        let mut document = Self { wanted, ..Self::default() };
        let mut reader = Reader::from_str(text);
        let mut ended = appended;
        loop {
            let start = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
            let place = || {
                let before = text.as_bytes().get(..start).unwrap_or_default();
                Place::Line(1 + before.iter().filter(|&&b| b == b'\n').count())
            };
            let event = reader.read_event().map_err(|error| {
                Problem::syntax(place(), format!("not well-formed XML ({error}); the file is damaged: copy it again"))
            })?;
            match event {
                Event::Start(element) => document.start(&element, place)?,
                Event::Empty(element) => {
                    document.start(&element, place)?;
                    document.end();
                }
                Event::End(element) => {
                    ended |= element.name().as_ref() == "VTKFile";
                    document.end();
                }
                Event::Text(content) => document.text(&content),
                Event::Eof if ended => return Ok(document),
                Event::Eof => {
                    let what = "the file ends before `</VTKFile>`: it is cut off, copy it again";
                    return Err(Problem::syntax(place(), what));
                }
                _ => {}
            }
        }
    }

    fn start(&mut self, element: &BytesStart<'_>, place: impl Fn() -> Place) -> Result<(), Problem> {
        if self.depth > 0 {
            self.depth += 1;
            return Ok(());
        }
        let name = element.name();
        match name.as_ref() {
            "VTKFile" => self.encoding = Some(root(element, place)?),
            "AppendedData" => self.appended_base64 = text_of(element, "encoding").as_deref() != Some("raw"),
            "Piece" => {
                let count = |name| number_of(element, name, &place).map(Option::unwrap_or_default);
                self.pieces.push(Piece {
                    points: count("NumberOfPoints")?,
                    verts: count("NumberOfVerts")?,
                    lines: count("NumberOfLines")?,
                    strips: count("NumberOfStrips")?,
                    polys: count("NumberOfPolys")?,
                    arrays: Vec::new(),
                });
            }
            "DataArray" => {
                self.offsets.extend(number_of(element, "offset", &place)?);
                self.open = self.array(element, place)?;
                self.depth = 1;
            }
            section => section.clone_into(&mut self.section),
        }
        Ok(())
    }

    /// The array of this element, where it matters.
    fn array(&self, element: &BytesStart<'_>, place: impl Fn() -> Place) -> Result<Option<(Role, Array)>, Problem> {
        let name = text_of(element, "Name").unwrap_or_default();
        let role = match (self.section.as_str(), name.as_str()) {
            ("Points", _) => Role::Points,
            ("Polys", "connectivity") => Role::PolyConnectivity,
            ("Polys", "offsets") => Role::PolyOffsets,
            ("Strips", "connectivity") => Role::StripConnectivity,
            ("Strips", "offsets") => Role::StripOffsets,
            ("CellData", name) if PolyData::default().wants(name) => Role::Patch,
            ("PointData", name) => match (self.wanted, number_of(element, "NumberOfComponents", &place)?) {
                (Wanted::Scalars, None | Some(1)) => Role::Field,
                (Wanted::Named(names), _) if names.contains(&name) => Role::Field,
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        let kind = text_of(element, "type").unwrap_or_default();
        let kind = kind_of(&kind).ok_or_else(|| unknown(&place, "type", &kind, "Int8 to UInt64, Float32, Float64"))?;
        let format = text_of(element, "format").unwrap_or_else(|| "ascii".into());
        let source = match format.as_str() {
            "ascii" => Source::Text,
            "binary" => Source::Base64,
            "appended" => Source::Appended(number_of(element, "offset", &place)?.unwrap_or_default()),
            _ => return Err(unknown(&place, "format", &format, "ascii, binary, appended")),
        };
        let name = if matches!(role, Role::Patch | Role::Field) {
            name
        } else {
            format!("{} {name}", self.section).trim_end().to_owned()
        };
        Ok(Some((role, Array { name, kind, source, content: String::new() })))
    }

    fn text(&mut self, content: &str) {
        if let (Some((_, array)), 1) = (&mut self.open, self.depth) {
            array.content.push_str(content);
        }
    }

    fn end(&mut self) {
        match self.depth {
            0 => self.section.clear(),
            1 => {
                if let (Some(array), Some(piece)) = (self.open.take(), self.pieces.last_mut()) {
                    piece.arrays.push(array);
                }
                self.depth = 0;
            }
            _ => self.depth -= 1,
        }
    }
}

/// What the root element says.
fn root(element: &BytesStart<'_>, place: impl Fn() -> Place) -> Result<Encoding, Problem> {
    let get = |name: &str| text_of(element, name).unwrap_or_default();
    let kind = get("type");
    if kind != "PolyData" {
        let what = format!(
            "a VTK file of type `{kind}`, expected `PolyData`; extract the surface (ParaView: Extract Surface)"
        );
        return Err(Problem::syntax(place(), what));
    }
    let order = match get("byte_order").as_str() {
        "LittleEndian" | "" => Order::Little,
        "BigEndian" => Order::Big,
        other => return Err(unknown(&place, "byte_order", other, "LittleEndian, BigEndian")),
    };
    let header = match get("header_type").as_str() {
        "UInt32" | "" => Kind::U32,
        "UInt64" => Kind::U64,
        other => return Err(unknown(&place, "header_type", other, "UInt32, UInt64")),
    };
    let packing = match get("compressor").as_str() {
        "" => Packing::Plain,
        "vtkZLibDataCompressor" => Packing::Zlib,
        "vtkLZ4DataCompressor" => Packing::Lz4,
        other => return Err(Problem::Compressor { name: other.to_owned() }),
    };
    Ok(Encoding { order, header, packing })
}

fn unknown(place: impl Fn() -> Place, attribute: &str, value: &str, allowed: &str) -> Problem {
    let what = format!("{attribute} `{value}` is not supported, supported are {allowed}; save the file again with VTK");
    Problem::syntax(place(), what)
}

fn kind_of(name: &str) -> Option<Kind> {
    Some(match name {
        "Int8" => Kind::I8,
        "UInt8" => Kind::U8,
        "Int16" => Kind::I16,
        "UInt16" => Kind::U16,
        "Int32" => Kind::I32,
        "UInt32" => Kind::U32,
        "Int64" => Kind::I64,
        "UInt64" => Kind::U64,
        "Float32" => Kind::F32,
        "Float64" => Kind::F64,
        _ => return None,
    })
}

fn text_of(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = element.try_get_attribute(name).ok()??;
    Some(attribute.value.trim().to_owned())
}

fn number_of(element: &BytesStart<'_>, name: &str, place: impl Fn() -> Place) -> Result<Option<usize>, Problem> {
    let Some(text) = text_of(element, name) else { return Ok(None) };
    let number = text.parse().map_err(|_| {
        let what = format!("{name} is `{text}`, expected a count; the file is damaged: export it again");
        Problem::syntax(place(), what)
    })?;
    Ok(Some(number))
}
