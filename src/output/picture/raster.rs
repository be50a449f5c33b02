//! Triangles into pixels: depth buffer, normals and values interpolated in each pixel, two by two samples.

use nalgebra::Vector3;

use super::view::View;
use crate::output::colour::Map;
use crate::output::mesh::Mesh;
use crate::output::png::Image;

/// Samples along each side of a pixel.
const SAMPLES: usize = 2;

/// Part of the light that comes from everywhere.
const AMBIENT: f64 = 0.42;

/// Where and how large the vessel is in the picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// Pixels a metre.
    pub scale: f64,
    /// Pixel of the lower left corner of what is seen.
    pub corner: [f64; 2],
}

impl Frame {
    /// The pixel of a place as seen.
    pub fn pixel(&self, view: &View, seen: &Vector3<f64>) -> [f64; 2] {
        [self.corner[0] + (seen.x - view.low.x) * self.scale, self.corner[1] - (seen.y - view.low.y) * self.scale]
    }
}

/// The values on the vertices and how they are coloured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Colours<'a> {
    pub values: &'a [f32],
    pub map: Map,
    pub range: [f64; 2],
}

/// What one sample shows: depth, value, light.
#[derive(Clone, Copy)]
struct Sample {
    depth: f32,
    part: f32,
    light: f32,
}

const NOTHING: Sample = Sample { depth: f32::NEG_INFINITY, part: 0.0, light: 0.0 };

/// A corner in samples, with depth, part of the colour range and normal as seen.
struct Corner {
    at: [f64; 2],
    depth: f64,
    part: f64,
    normal: Vector3<f64>,
}

/// Draws the mesh over what is in the image.
pub(super) fn draw(image: &mut Image, mesh: &Mesh, view: &View, frame: Frame, colours: Colours<'_>) {
    let width = image.width * SAMPLES;
    let mut samples = vec![NOTHING; width * image.height * SAMPLES];
    let span = (colours.range[1] - colours.range[0]).max(f64::MIN_POSITIVE);
    let corner = |v: u32| {
        let seen = view.seen(mesh.places[v as usize].map(f64::from));
        let part = ((f64::from(colours.values[v as usize]) - colours.range[0]) / span).clamp(0.0, 1.0);
        let normal = view.seen(mesh.normals[v as usize].map(f64::from));
        Corner { at: frame.pixel(view, &seen).map(|x| x * SAMPLES as f64), depth: seen.z, part, normal }
    };
    for triangle in &mesh.triangles {
        fill(&mut samples, width, &triangle.map(corner));
    }
    let table: Vec<[u8; 3]> = (0..=255).map(|k| colours.map.at(f64::from(k) / 255.0)).collect();
    let (columns, background) = (image.width, image.pixels.clone());
    for (k, pixel) in image.pixels.iter_mut().enumerate() {
        let (x, y) = (k % columns * SAMPLES, k / columns * SAMPLES);
        let mut sum = [0u32; 3];
        for sample in (0..SAMPLES * SAMPLES).map(|s| samples[(y + s / SAMPLES) * width + x + s % SAMPLES]) {
            let colour = if sample.depth == f32::NEG_INFINITY {
                background[k]
            } else {
                table[(sample.part * 255.0).round() as usize].map(|c| (f32::from(c) * sample.light).min(255.0) as u8)
            };
            (0..3).for_each(|a| sum[a] += u32::from(colour[a]));
        }
        *pixel = sum.map(|s| (s / (SAMPLES * SAMPLES) as u32) as u8);
    }
}

/// Writes the samples of a triangle that lie nearer to the eye than what is there.
fn fill(samples: &mut [Sample], width: usize, [a, b, c]: &[Corner; 3]) {
    let area = (b.at[0] - a.at[0]) * (c.at[1] - a.at[1]) - (b.at[1] - a.at[1]) * (c.at[0] - a.at[0]);
    let rows = samples.len() / width;
    let limits = |axis: usize, count: usize| {
        let all = [a.at[axis], b.at[axis], c.at[axis]];
        let low = all.iter().copied().fold(f64::INFINITY, f64::min) - 0.5;
        let high = all.iter().copied().fold(f64::NEG_INFINITY, f64::max) - 0.5;
        // A float that is too large for a number of pixels, or none, becomes the nearest one or nought.
        low.ceil().max(0.0) as usize..((high.floor() + 1.0).max(0.0) as usize).min(count)
    };
    if area == 0.0 || !area.is_finite() {
        return;
    }
    let columns = limits(0, width);
    for y in limits(1, rows) {
        for x in columns.clone() {
            let p = [x as f64 + 0.5, y as f64 + 0.5];
            let edge = |u: &Corner, v: &Corner| {
                ((v.at[0] - u.at[0]) * (p[1] - u.at[1]) - (v.at[1] - u.at[1]) * (p[0] - u.at[0])) / area
            };
            let [wa, wb, wc] = [edge(b, c), edge(c, a), edge(a, b)];
            if wa < 0.0 || wb < 0.0 || wc < 0.0 {
                continue;
            }
            let depth = (wa * a.depth + wb * b.depth + wc * c.depth) as f32;
            let sample = &mut samples[y * width + x];
            if depth > sample.depth {
                let normal = a.normal * wa + b.normal * wb + c.normal * wc;
                let part = (wa * a.part + wb * b.part + wc * c.part) as f32;
                *sample = Sample { depth, part, light: light(normal) };
            }
        }
    }
}

/// Light from the eye and from above its left, on either side of the surface; the inside is darker.
fn light(normal: Vector3<f64>) -> f32 {
    let n = normal.try_normalize(1e-12).unwrap_or_else(Vector3::z);
    let inside = n.z < 0.0;
    let n = if inside { -n } else { n };
    let lamp = Vector3::new(-0.35, 0.45, 0.82).dot(&n).max(0.0);
    let shade = AMBIENT + (1.0 - AMBIENT) * (0.55 * n.z + 0.45 * lamp);
    (if inside { 0.6 * shade } else { shade }) as f32
}
