//! The frame of a VTK XML file with appended raw data.
//!
//! The header names an offset for every array before the data is there: each is written as twenty digits and patched.

use std::io::{Seek, Write};
use std::path::Path;

use super::block::{self, Compression, Fill, Rows};
use super::file::{Atomic, OutputError};

/// Digits of an offset: all that 64 bits can need.
const DIGITS: usize = 20;

/// Text of an attribute or element.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The byte order of this machine, which the file keeps.
pub(super) const BYTE_ORDER: &str = if cfg!(target_endian = "little") { "LittleEndian" } else { "BigEndian" };

/// What a `DataArray` element says of an array.
pub(super) struct Header<'a> {
    pub name: &'a str,
    /// VTK's name of the number type.
    pub kind: &'a str,
    pub components: usize,
}

/// A VTK XML file under construction: elements first, then [`Document::data`] in the same order as the arrays.
pub(super) struct Document {
    file: Atomic,
    compression: Compression,
    /// Positions of the offsets that are still to be patched, last first.
    slots: Vec<u64>,
    /// Position of the first byte of the appended data.
    base: Option<u64>,
}

impl Document {
    /// Opens the file and the root element.
    pub fn create(path: &Path, kind: &str, compression: Compression) -> Result<Self, OutputError> {
        let mut document = Self { file: Atomic::create(path)?, compression, slots: Vec::new(), base: None };
        let packed = compression.attribute();
        document.text(&format!(
            "<?xml version=\"1.0\"?>\n<VTKFile type=\"{kind}\" version=\"1.0\" byte_order=\"{BYTE_ORDER}\" \
             header_type=\"UInt64\"{packed}>\n"
        ))?;
        Ok(document)
    }

    /// Adds text to the header.
    pub fn text(&mut self, text: &str) -> Result<(), OutputError> {
        self.file.with(|out| out.write_all(text.as_bytes()))
    }

    /// Adds the field data: time in seconds, and `name: unit` of every array that has one.
    pub fn field_data(&mut self, time: Option<f64>, units: &[(&str, &str)]) -> Result<(), OutputError> {
        self.texts(time, units, &[])
    }

    /// Adds the field data, lists of texts by their names among it.
    pub fn texts(
        &mut self,
        time: Option<f64>,
        units: &[(&str, &str)],
        lists: &[(&str, &[String])],
    ) -> Result<(), OutputError> {
        self.text("<FieldData>\n")?;
        if let Some(time) = time {
            self.text(&format!(
                "<DataArray type=\"Float64\" Name=\"TimeValue\" NumberOfTuples=\"1\" format=\"ascii\">{time:?}</DataArray>\n"
            ))?;
        }
        let units = units.iter().filter(|(_, unit)| !unit.is_empty()).map(|(name, unit)| format!("{name}: {unit}"));
        self.strings("units", &units.collect::<Vec<_>>())?;
        lists.iter().try_for_each(|(name, list)| self.strings(name, list))?;
        self.text("</FieldData>\n")
    }

    /// An array of texts, if there are any: VTK keeps the bytes of each with a nought behind.
    fn strings(&mut self, name: &str, list: &[String]) -> Result<(), OutputError> {
        if list.is_empty() {
            return Ok(());
        }
        let codes: Vec<String> = list.iter().flat_map(|t| format!("{t}\0").into_bytes()).map(|b| b.to_string()).collect();
        self.text(&format!(
            "<DataArray type=\"String\" Name=\"{name}\" NumberOfTuples=\"{}\" format=\"ascii\">{}</DataArray>\n",
            list.len(),
            codes.join(" ")
        ))
    }

    /// Opens `PointData` or `CellData`, naming the first scalar and the first vector as the ones to show.
    pub fn open_data(&mut self, element: &str, arrays: &[Header<'_>]) -> Result<(), OutputError> {
        let first = |n| arrays.iter().find(|a| a.components == n && a.kind.starts_with("Float"));
        let named = |attribute: &str, array: Option<&Header<'_>>| {
            array.map(|a| format!(" {attribute}=\"{}\"", escape(a.name))).unwrap_or_default()
        };
        let (scalars, vectors) = (named("Scalars", first(1)), named("Vectors", first(3)));
        self.text(&format!("<{element}{scalars}{vectors}>\n"))?;
        arrays.iter().try_for_each(|array| self.array(array))?;
        self.text(&format!("</{element}>\n"))
    }

    /// Adds the element of an array whose data follows later.
    pub fn array(&mut self, header: &Header<'_>) -> Result<(), OutputError> {
        let Header { name, kind, components } = header;
        let name = escape(name);
        self.text(&format!(
            "<DataArray type=\"{kind}\" Name=\"{name}\" NumberOfComponents=\"{components}\" format=\"appended\" offset=\""
        ))?;
        let position = self.file.with(|out| out.stream_position())?;
        self.slots.insert(0, position);
        self.text(&format!("{:0DIGITS$}\"/>\n", 0))
    }

    /// Writes the data of the next array.
    pub fn data(&mut self, rows: Rows, fill: &Fill<'_>) -> Result<(), OutputError> {
        let base = match self.base {
            Some(base) => base,
            None => {
                self.text("<AppendedData encoding=\"raw\">\n_")?;
                let base = self.file.with(|out| out.stream_position())?;
                self.base = Some(base);
                base
            }
        };
        let start = block::write(&mut self.file, self.compression, rows, fill)?;
        match self.slots.pop() {
            Some(slot) => self.file.patch(slot, format!("{:0DIGITS$}", start - base).as_bytes()),
            None => Ok(()),
        }
    }

    /// Writes the data of the next array from memory.
    pub fn slice<T: bytemuck::NoUninit>(&mut self, values: &[T]) -> Result<(), OutputError> {
        let bytes: &[u8] = bytemuck::cast_slice(values);
        let rows = Rows { count: bytes.len(), bytes: 1 };
        self.data(rows, &|range, out| out.copy_from_slice(&bytes[range]))
    }

    /// Closes the file and returns its size in bytes.
    pub fn finish(mut self) -> Result<u64, OutputError> {
        let end = if self.base.is_some() { "\n</AppendedData>\n</VTKFile>\n" } else { "</VTKFile>\n" };
        self.text(end)?;
        let size = self.file.with(|out| out.stream_position())?;
        self.file.commit()?;
        Ok(size)
    }
}
