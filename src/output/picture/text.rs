//! Words in a picture, from the glyphs of Noto Sans Mono as they come ready drawn with the crate.

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

use crate::output::png::Image;

/// Height of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Numbers of a scale.
    Small,
    /// Titles.
    Large,
}

impl Size {
    fn raster(self) -> RasterHeight {
        match self {
            Self::Small => RasterHeight::Size24,
            Self::Large => RasterHeight::Size32,
        }
    }

    /// Height of a line, pixels.
    #[must_use]
    pub fn height(self) -> usize {
        self.raster().val()
    }

    /// Width of a text, pixels.
    #[must_use]
    pub fn width(self, text: &str) -> usize {
        text.chars().count() * get_raster_width(FontWeight::Regular, self.raster())
    }
}

/// Writes a line with its upper left corner at `at`; what is no ASCII becomes `?`.
pub fn write(image: &mut Image, at: [i64; 2], text: &str, size: Size, colour: [u8; 3]) {
    let step = get_raster_width(FontWeight::Regular, size.raster()) as i64;
    for (k, letter) in text.chars().enumerate() {
        let glyph = |letter| get_raster(letter, FontWeight::Regular, size.raster());
        let Some(glyph) = glyph(letter).or_else(|| glyph('?')) else { continue };
        for (y, row) in glyph.rows().enumerate() {
            for (x, &part) in row.iter().enumerate() {
                image.blend(at[0] + k as i64 * step + x as i64, at[1] + y as i64, colour, part);
            }
        }
    }
}
