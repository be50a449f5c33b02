//! Data arrays of VTK XML files: text, base64 or raw, plain or in compressed blocks.
//!
//! Binary data begin with a header of 32 or 64-bit numbers (`header_type`): the number of bytes; or, with a compressor,
//! the number of blocks, the size of a block, the size of the last one where it is shorter (else 0), and the compressed
//! size of each. In base64 the header and the data may each end in padding of their own.
//! Source: VTK file formats, docs.vtk.org.

use std::borrow::Cow;
use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::bytes::{Cursor, Kind, Order};
use super::{Place, Problem};

/// How compressed blocks are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Plain,
    Zlib,
    Lz4,
}

/// What the root element says of all arrays.
#[derive(Clone, Copy, Debug)]
pub(super) struct Encoding {
    pub order: Order,
    /// Type of the numbers in array headers: `U32` or `U64`.
    pub header: Kind,
    pub packing: Packing,
}

/// Where an array's data are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Text,
    Base64,
    /// In the appended section, from this offset.
    Appended(usize),
}

/// A data array as its element describes it.
#[derive(Clone, Debug)]
pub(super) struct Array {
    /// Name and section, for messages.
    pub name: String,
    pub kind: Kind,
    pub source: Source,
    pub content: String,
}

/// The section after the underscore of `AppendedData`.
#[derive(Clone, Debug)]
pub(super) struct Appended<'a> {
    pub bytes: &'a [u8],
    pub base64: bool,
    /// Where arrays begin: base64 text is decoded up to the next one.
    pub offsets: Vec<usize>,
}

impl<'a> Appended<'a> {
    /// From `offset` to the next array or the end.
    fn part(&self, offset: usize) -> Option<&'a [u8]> {
        let end = self.offsets.iter().copied().filter(|&o| o > offset && self.base64).min().unwrap_or(usize::MAX);
        self.bytes.get(offset..end.min(self.bytes.len()))
    }
}

impl Array {
    /// The values as real numbers.
    pub fn reals(&self, encoding: Encoding, appended: Option<&Appended<'_>>) -> Result<Vec<f64>, Problem> {
        match self.source {
            Source::Text => self.numbers(|cursor| cursor.real("a number")),
            _ => Ok(self.kind.reals(&self.data(encoding, appended)?, encoding.order)),
        }
    }

    /// The values as integers.
    pub fn integers(&self, encoding: Encoding, appended: Option<&Appended<'_>>) -> Result<Vec<i64>, Problem> {
        match self.source {
            Source::Text => self.numbers(|cursor| cursor.integer("an integer")),
            _ => Ok(self.kind.integers(&self.data(encoding, appended)?, encoding.order)),
        }
    }

    fn numbers<T>(&self, number: impl Fn(&mut Cursor<'_>) -> Result<T, Problem>) -> Result<Vec<T>, Problem> {
        let mut cursor = Cursor::new(self.content.as_bytes());
        let mut numbers = Vec::new();
        while !cursor.peek().is_empty() {
            numbers.push(number(&mut cursor).map_err(|problem| match problem {
                Problem::Syntax { what, .. } => {
                    Problem::syntax(self.place(), format!("value {}: {what}", numbers.len()))
                }
                other => other,
            })?);
        }
        Ok(numbers)
    }

    fn place(&self) -> Place {
        Place::Array(self.name.clone())
    }

    /// The bytes of a binary array, decoded and unpacked.
    fn data(&self, encoding: Encoding, appended: Option<&Appended<'_>>) -> Result<Vec<u8>, Problem> {
        let bytes = match (self.source, appended) {
            (Source::Appended(offset), Some(section)) => {
                let part = section.part(offset).ok_or_else(|| {
                    let what = "bytes of the appended section up to this array";
                    Problem::truncated(self.place(), what, offset, section.bytes.len())
                })?;
                if section.base64 { Cow::Owned(self.decode(part)?) } else { Cow::Borrowed(part) }
            }
            (Source::Appended(_), None) => {
                let what = "is in the `AppendedData` section, which the file lacks; copy or export it again";
                return Err(Problem::syntax(self.place(), what));
            }
            _ => Cow::Owned(self.decode(self.content.as_bytes())?),
        };
        let unpack = Unpack { place: self.place(), header: encoding.header, order: encoding.order, bytes: &bytes };
        match encoding.packing {
            Packing::Plain => unpack.plain(),
            packing => unpack.blocks(packing),
        }
    }

    /// Base64 text up to the first byte that is neither base64 nor white space.
    fn decode(&self, text: &[u8]) -> Result<Vec<u8>, Problem> {
        let is_base64 = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
        let end = text.iter().position(|b| !is_base64(b) && !b.is_ascii_whitespace()).unwrap_or(text.len());
        let mut clean: Vec<u8> = text[..end].iter().copied().filter(is_base64).collect();
        clean.truncate(clean.len() / 4 * 4);
        let mut bytes = Vec::with_capacity(clean.len() / 4 * 3);
        let mut rest = clean.as_slice();
        while !rest.is_empty() {
            let padded = rest.iter().position(|&b| b == b'=').map_or(rest.len(), |k| (k / 4 + 1) * 4);
            let (part, after) = rest.split_at(padded);
            STANDARD.decode_vec(part, &mut bytes).map_err(|error| {
                let what = format!("is not valid base64 ({error}); the file is damaged: copy or export it again");
                Problem::syntax(self.place(), what)
            })?;
            rest = after;
        }
        Ok(bytes)
    }
}

/// Binary data with their header.
struct Unpack<'a> {
    place: Place,
    header: Kind,
    order: Order,
    bytes: &'a [u8],
}

impl Unpack<'_> {
    fn plain(&self) -> Result<Vec<u8>, Problem> {
        let promised = self.head(0)?;
        let data = &self.bytes[self.header.size()..];
        data.get(..promised).map(<[u8]>::to_vec).ok_or_else(|| self.cut("bytes", promised, data.len()))
    }

    fn blocks(&self, packing: Packing) -> Result<Vec<u8>, Problem> {
        let (count, size, last) = match self.head(0)? {
            0 => return Ok(Vec::new()),
            count => (count, self.head(1)?, self.head(2)?),
        };
        let start = count.saturating_add(3).saturating_mul(self.header.size());
        let mut data = self
            .bytes
            .get(start..)
            .ok_or_else(|| self.cut("bytes of the table of compressed blocks", start, self.bytes.len()))?;
        let mut unpacked = Vec::new();
        for block in 0..count {
            let promised = self.head(3 + block)?;
            let packed = data.get(..promised).ok_or_else(|| self.cut("bytes of a block", promised, data.len()))?;
            data = &data[promised..];
            let expected = if block + 1 == count && last != 0 { last } else { size };
            self.unpack(packing, packed, expected, &mut unpacked)?;
        }
        Ok(unpacked)
    }

    /// Appends one block of `expected` bytes to `unpacked`, whose memory grows with what really comes.
    fn unpack(&self, packing: Packing, packed: &[u8], expected: usize, unpacked: &mut Vec<u8>) -> Result<(), Problem> {
        let before = unpacked.len();
        let done = if packing == Packing::Zlib {
            let limit = u64::try_from(expected).unwrap_or(u64::MAX);
            let decoder = flate2::read::ZlibDecoder::new(packed);
            decoder.take(limit).read_to_end(unpacked).map(drop).map_err(|e| e.to_string())
        } else {
            // A byte of LZ4 unpacks to 255 bytes at most.
            unpacked.resize(before + expected.min(packed.len().saturating_mul(255)), 0);
            let length = lz4_flex::block::decompress_into(packed, &mut unpacked[before..]);
            unpacked.truncate(before + length.as_ref().map_or(0, |&n| n));
            length.map(drop).map_err(|e| e.to_string())
        };
        done.map_err(|error| {
            let what = format!("a compressed block cannot be unpacked ({error}); copy or export the file again");
            Problem::syntax(self.place.clone(), what)
        })?;
        let present = unpacked.len() - before;
        if present < expected { Err(self.cut("bytes of an unpacked block", expected, present)) } else { Ok(()) }
    }

    /// Number `index` of the header.
    fn head(&self, index: usize) -> Result<usize, Problem> {
        let size = self.header.size();
        let place = index.saturating_mul(size);
        let bytes = self
            .bytes
            .get(place..place.saturating_add(size))
            .ok_or_else(|| self.cut("bytes of the header", place.saturating_add(size), self.bytes.len()))?;
        Ok(usize::try_from(self.header.integers(bytes, self.order)[0]).unwrap_or(usize::MAX))
    }

    fn cut(&self, what: &str, promised: usize, present: usize) -> Problem {
        Problem::truncated(self.place.clone(), what, promised, present)
    }
}
