//! Numbers in text and binary files, and a cursor over a file's bytes that knows its line.

use super::{Place, Problem};

/// Byte order of binary numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

/// Type of the numbers of a data array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
}

impl Kind {
    /// Bytes of one number.
    pub fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }

    /// The number at the start of `bytes`, which hold at least [`Kind::size`] of them; not for 8-byte integers.
    fn real(self, bytes: &[u8], order: Order) -> f64 {
        match self {
            Self::F32 => f64::from(f32::from_bits(self.word(bytes, order) as u32)),
            Self::F64 => f64::from_bits(self.word(bytes, order)),
            _ => self.integer(bytes, order) as f64,
        }
    }

    /// The number at the start of `bytes` as an integer: fractions are cut, what does not fit saturates.
    fn integer(self, bytes: &[u8], order: Order) -> i64 {
        let word = self.word(bytes, order);
        match self {
            Self::I8 => i64::from(word as u8 as i8),
            Self::I16 => i64::from(word as u16 as i16),
            Self::I32 => i64::from(word as u32 as i32),
            Self::I64 => word as i64,
            Self::U8 | Self::U16 | Self::U32 | Self::U64 => i64::try_from(word).unwrap_or(i64::MAX),
            Self::F32 | Self::F64 => self.real(bytes, order) as i64,
        }
    }

    fn word(self, bytes: &[u8], order: Order) -> u64 {
        let mut word = [0; 8];
        let size = self.size();
        match order {
            Order::Little => word[..size].copy_from_slice(&bytes[..size]),
            Order::Big => word.iter_mut().zip(bytes[..size].iter().rev()).for_each(|(w, b)| *w = *b),
        }
        u64::from_le_bytes(word)
    }

    /// All whole numbers in `bytes`, as real numbers.
    pub fn reals(self, bytes: &[u8], order: Order) -> Vec<f64> {
        bytes.chunks_exact(self.size()).map(|b| self.real(b, order)).collect()
    }

    /// All whole numbers in `bytes`, as integers.
    pub fn integers(self, bytes: &[u8], order: Order) -> Vec<i64> {
        bytes.chunks_exact(self.size()).map(|b| self.integer(b, order)).collect()
    }
}

/// A real number written as text.
pub(super) fn parse_real(token: &[u8]) -> Option<f64> {
    std::str::from_utf8(token).ok()?.parse().ok()
}

/// An integer written as text; `2.0` is one too (some tools write identifiers so).
pub(super) fn parse_integer(token: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(token).ok()?;
    text.parse().ok().or_else(|| {
        let real: f64 = text.parse().ok()?;
        (real.fract() == 0.0 && real.abs() < 9e15).then_some(real as i64)
    })
}

/// `token` for a message: printable and short.
pub(super) fn show(token: &[u8]) -> String {
    let text = String::from_utf8_lossy(&token[..token.len().min(40)]);
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// A place in the bytes of a file, moving forward.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes from here to the end.
    pub fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    /// The line where the cursor is.
    pub fn line_number(&self) -> Place {
        Place::Line(1 + self.bytes[..self.at].iter().filter(|&&b| b == b'\n').count())
    }

    /// Offset from the start of the file.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// The next run of bytes that are not white space; empty at the end of the file.
    pub fn token(&mut self) -> &'a [u8] {
        self.skip_space();
        let rest = self.rest();
        let length = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// The next token, which stays there.
    pub fn peek(&self) -> &'a [u8] {
        self.clone().token()
    }

    /// What is left of the line, without its end; the cursor moves to the next line.
    pub fn line(&mut self) -> &'a [u8] {
        let rest = self.rest();
        let length = rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
        self.at = (self.at + length + 1).min(self.bytes.len());
        rest[..length].trim_ascii()
    }

    /// What is left of the line, which stays there.
    pub fn rest_of_line(&self) -> &'a [u8] {
        self.clone().line()
    }

    /// Moves over white space.
    pub fn skip_space(&mut self) {
        self.at += self.rest().iter().take_while(|b| b.is_ascii_whitespace()).count();
    }

    /// The next `count` bytes, or `None` (and no move) where fewer are left.
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.rest().get(..count)?;
        self.at += count;
        Some(taken)
    }

    /// The next token as a real number.
    pub fn real(&mut self, what: &str) -> Result<f64, Problem> {
        let token = self.token();
        parse_real(token).ok_or_else(|| self.expected(what, token))
    }

    /// The next token as an integer.
    pub fn integer(&mut self, what: &str) -> Result<i64, Problem> {
        let token = self.token();
        parse_integer(token).ok_or_else(|| self.expected(what, token))
    }

    /// The error that `token`, just taken, is not `what`.
    pub fn expected(&self, what: &str, token: &[u8]) -> Problem {
        let place = self.line_number();
        if token.is_empty() {
            return Problem::syntax(
                place,
                format!("the file ends where {what} is expected: it is cut off, copy it again"),
            );
        }
        Problem::syntax(place, format!("expected {what}, found `{}`; export the surface again", show(token)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_numbers() {
        assert_eq!(Kind::F32.reals(&1.5f32.to_be_bytes(), Order::Big), [1.5]);
        assert_eq!(Kind::F64.reals(&(-2.25f64).to_le_bytes(), Order::Little), [-2.25]);
        assert_eq!(Kind::I16.integers(&(-3i16).to_be_bytes(), Order::Big), [-3]);
        assert_eq!(Kind::U64.integers(&u64::MAX.to_le_bytes(), Order::Little), [i64::MAX]);
        assert_eq!(Kind::I64.integers(&[0; 15], Order::Little), [0]);
    }

    #[test]
    fn text_numbers_and_lines() {
        let mut cursor = Cursor::new(b"1 2.0\r\n x");
        assert_eq!(cursor.integer("n").unwrap(), 1);
        assert_eq!(cursor.integer("n").unwrap(), 2);
        let text = cursor.integer("a count").unwrap_err().to_string();
        assert!(text.starts_with("line 2: expected a count, found `x`"), "{text}");
        assert!(cursor.integer("a count").unwrap_err().to_string().contains("cut off"));
    }
}
