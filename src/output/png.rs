//! Pictures as PNG.

use std::io;

/// A picture, row by row from its upper left corner, sRGB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `width * height` colours.
    pub pixels: Vec<[u8; 3]>,
}

impl Image {
    /// A picture of one colour.
    #[must_use]
    pub fn filled(width: usize, height: usize, colour: [u8; 3]) -> Self {
        Self { width, height, pixels: vec![colour; width * height] }
    }

    /// Mixes `colour` into a pixel, `part` of it in 255; a place outside the picture is left alone.
    pub fn blend(&mut self, x: i64, y: i64, colour: [u8; 3], part: u8) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return };
        if x >= self.width || y >= self.height {
            return;
        }
        let pixel = &mut self.pixels[y * self.width + x];
        let part = u32::from(part);
        for (own, new) in pixel.iter_mut().zip(colour) {
            *own = ((u32::from(*own) * (255 - part) + u32::from(new) * part + 127) / 255) as u8;
        }
    }

    /// Fills the rectangle from `from` to below `to`, in pixels.
    pub fn rectangle(&mut self, from: [usize; 2], to: [usize; 2], colour: [u8; 3]) {
        for y in from[1]..to[1].min(self.height) {
            for x in from[0]..to[0].min(self.width) {
                self.pixels[y * self.width + x] = colour;
            }
        }
    }

    /// The bytes of a PNG file.
    ///
    /// # Errors
    /// A picture larger than the format allows (2^31 pixels a side), or of no pixels.
    pub fn png(&self) -> io::Result<Vec<u8>> {
        let side = |n: usize| u32::try_from(n).map_err(io::Error::other);
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, side(self.width)?, side(self.height)?);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Balanced);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(self.pixels.as_flattened())?;
        writer.finish()?;
        Ok(bytes)
    }
}
