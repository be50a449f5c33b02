//! Pictures of a vessel coloured by a field, drawn here: a display, a graphics card or another program is not needed.
//!
//! A parallel projection, so that the scale bar holds everywhere; smooth shading, so that the shape is read from the
//! light and the value from the hue; a colour bar with numbers and the unit.

mod raster;
mod text;
mod view;

pub use text::Size;
pub use view::View;

use super::colour::Map;
use super::mesh::Mesh;
use super::png::Image;
use raster::{Colours, Frame};

/// Pixels across a picture.
const WIDTH: usize = 1100;
/// Fewest and most rows.
const HEIGHTS: [usize; 2] = [560, 1200];
/// Around the vessel: left, right (with the colour bar), above (with the title), below (with the scale bar).
const MARGINS: [usize; 4] = [40, 200, 90, 90];

const PAPER: [u8; 3] = [255; 3];
const INK: [u8; 3] = [28, 32, 38];

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// The vessel.
    pub mesh: &'a Mesh,
    /// A value on every vertex, in `unit`.
    pub values: &'a [f32],
    /// Name of the field, in ASCII.
    pub title: &'a str,
    /// Unit of the values, in ASCII; may be empty.
    pub unit: &'a str,
    /// Values at the ends of the colour map; what lies beyond has the colour of the end.
    pub range: [f64; 2],
    /// Its colours.
    pub map: Map,
    /// Places to point at (m) with a word each.
    pub marks: &'a [(String, [f64; 3])],
}

impl Picture<'_> {
    /// Draws it, from where most of the vessel is seen.
    #[must_use]
    pub fn draw(&self) -> Image {
        let view = View::of(self.mesh);
        let [left, right, above, below] = MARGINS;
        let size = (view.high - view.low).map(|x| x.max(1e-9));
        let across = (WIDTH - left - right) as f64;
        let wanted = (size.y * across / size.x) as usize;
        let height = (wanted + above + below).clamp(HEIGHTS[0], HEIGHTS[1]);
        let down = (height - above - below) as f64;
        let scale = (across / size.x).min(down / size.y);
        let corner =
            [left as f64 + 0.5 * (across - size.x * scale), (height - below) as f64 - 0.5 * (down - size.y * scale)];
        let frame = Frame { scale, corner };
        let mut image = Image::filled(WIDTH, height, PAPER);
        let colours = Colours { values: self.values, map: self.map, range: self.range };
        raster::draw(&mut image, self.mesh, &view, frame, colours);
        self.marks(&mut image, &view, frame);
        self.bar(&mut image);
        let title =
            if self.unit.is_empty() { self.title.to_owned() } else { format!("{} [{}]", self.title, self.unit) };
        text::write(&mut image, [left as i64, 24], &title, Size::Large, INK);
        ruler(&mut image, scale);
        image
    }

    /// The colour bar with numbers at the ends and between.
    fn bar(&self, image: &mut Image) {
        let [_, right, above, below] = MARGINS;
        let left = WIDTH - right + 50;
        let (top, bottom) = (above + 10, image.height - below - 10);
        image.rectangle([left - 1, top - 1], [left + 33, bottom + 1], INK);
        for y in top..bottom {
            let colour = self.map.at((bottom - 1 - y) as f64 / (bottom - 1 - top) as f64);
            image.rectangle([left, y], [left + 32, y + 1], colour);
        }
        let [low, high] = self.range;
        let steps = ticks(low, high);
        let digits = digits(&steps);
        for tick in &steps {
            let part = if high > low { (tick - low) / (high - low) } else { 0.0 };
            let y = bottom as f64 - 1.0 - part * (bottom - 1 - top) as f64;
            image.rectangle([left + 33, y as usize], [left + 41, y as usize + 2], INK);
            let at = [left as i64 + 48, y as i64 - (Size::Small.height() / 2) as i64];
            text::write(image, at, &format!("{tick:.digits$}"), Size::Small, INK);
        }
    }

    /// A ring around each mark with its word beside it.
    fn marks(&self, image: &mut Image, view: &View, frame: Frame) {
        for (word, place) in self.marks {
            let [x, y] = frame.pixel(view, &view.seen(*place));
            if !(x.is_finite() && y.is_finite()) {
                continue;
            }
            let radius = 26.0;
            for (dy, dx) in (-30..=30).flat_map(|dy| (-30..=30).map(move |dx| (dy, dx))) {
                let (px, py) = (x.floor() as i64 + dx, y.floor() as i64 + dy);
                let from = f64::hypot(px as f64 + 0.5 - x, py as f64 + 0.5 - y) - radius;
                image.blend(px, py, PAPER, (255.0 * (3.5 - from.abs()).clamp(0.0, 1.0)) as u8);
                image.blend(px, py, INK, (255.0 * (1.9 - from.abs()).clamp(0.0, 1.0)) as u8);
            }
            let (wide, high) = (Size::Large.width(word) as i64, Size::Large.height() as i64);
            let at = [(x as i64 + 36).min(WIDTH as i64 - wide - 8), y as i64 - high / 2];
            let corner = at.map(|c| c.max(0) as usize);
            let from = [corner[0].saturating_sub(5), corner[1].saturating_sub(1)];
            image.rectangle(from, [corner[0] + wide as usize + 5, corner[1] + high as usize + 1], PAPER);
            text::write(image, corner.map(|c| c as i64), word, Size::Large, INK);
        }
    }
}

/// A bar of a round length in mm, in the lower left corner.
fn ruler(image: &mut Image, scale: f64) {
    let length = round_below(220.0 / scale * 1e3);
    let pixels = (length * 1e-3 * scale).clamp(0.0, WIDTH as f64) as usize;
    let (left, y) = (MARGINS[0], image.height - 40);
    image.rectangle([left, y], [left + pixels, y + 4], INK);
    for end in [left, left + pixels.max(3) - 3] {
        image.rectangle([end, y - 6], [end + 3, y + 10], INK);
    }
    let at = [(left + pixels + 14) as i64, y as i64 - 10];
    text::write(image, at, &format!("{length} mm"), Size::Small, INK);
}

/// The largest of 1, 2, 5 times a power of ten that is not above `limit`.
fn round_below(limit: f64) -> f64 {
    let power = 10f64.powf(limit.max(1e-9).log10().floor());
    [5.0, 2.0, 1.0].iter().map(|k| k * power).find(|x| *x <= limit * 1.000_001).unwrap_or(power)
}

/// Round numbers from `low` to `high`, four to nine of them; one where there is no range.
#[must_use]
pub fn ticks(low: f64, high: f64) -> Vec<f64> {
    let span = high - low;
    if !(span > 0.0 && span.is_finite()) {
        return vec![low];
    }
    let step = round_below(span / 4.0);
    let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
    (first..=last.min(first + 20)).map(|k| k as f64 * step).collect()
}

/// Decimals that tell these numbers apart.
#[must_use]
pub fn digits(ticks: &[f64]) -> usize {
    let step = ticks.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(f64::INFINITY, f64::min);
    let step =
        if step.is_finite() && step > 0.0 { step } else { ticks.first().map_or(1.0, |x| x.abs().max(1e-3) / 10.0) };
    (-(step * 1.000_001).log10().floor()).clamp(0.0, 9.0) as usize
}

#[cfg(test)]
mod tests;
