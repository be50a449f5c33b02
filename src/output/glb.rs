//! Coloured meshes as binary glTF 2.0 (`.glb`), which viewers, presentation programs and headsets open.
//!
//! Every field is a scene of its own, the first one that which a viewer shows; fields on the same mesh share its places,
//! normals and triangles. Colours are `COLOR_0`, linear, in 16 bits, so that dark colours keep their steps; the values
//! themselves are the attribute `_VALUE`. glTF has metres and Y up: a place (x, y, z) of the vessel becomes (x, z, -y),
//! about the centre that the extras of the file give.
//!
//! Khronos Group, glTF 2.0 specification, 2021.

use serde_json::{Value, json};

use super::colour::Map;
use super::mesh::Mesh;

/// A field on a mesh.
#[derive(Clone, Debug)]
pub struct Field<'a> {
    /// Identifier, `pressure`.
    pub name: String,
    /// In words.
    pub title: String,
    /// Unit of the values; may be empty.
    pub unit: String,
    /// Index of its mesh.
    pub mesh: usize,
    /// A value on every vertex of the mesh.
    pub values: &'a [f32],
    /// Values at the ends of the colour map.
    pub range: [f64; 2],
    /// Its colours.
    pub map: Map,
}

const ARRAY: u32 = 34962;
const ELEMENTS: u32 = 34963;
const FLOAT: u32 = 5126;
const SHORT: u32 = 5123;
const INT: u32 = 5125;

/// Buffer and its description under construction.
#[derive(Default)]
struct Buffer {
    bytes: Vec<u8>,
    views: Vec<Value>,
    accessors: Vec<Value>,
}

impl Buffer {
    /// Appends an array; `extra` is added to its accessor. Returns the accessor's number.
    fn push(&mut self, data: &[u8], target: u32, accessor: Value) -> usize {
        self.views.push(json!({
            "buffer": 0, "byteOffset": self.bytes.len(), "byteLength": data.len(), "target": target,
        }));
        self.bytes.extend_from_slice(data);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        let mut accessor = accessor;
        accessor["bufferView"] = (self.views.len() - 1).into();
        self.accessors.push(accessor);
        self.accessors.len() - 1
    }
}

/// The bytes of the file; meshes without triangles, and fields on them, are left out.
#[must_use]
pub fn glb(meshes: &[Mesh], fields: &[Field<'_>]) -> Vec<u8> {
    let centre = centre(meshes);
    let mut buffer = Buffer::default();
    let shared: Vec<Option<[usize; 3]>> = meshes.iter().map(|mesh| shape(&mut buffer, mesh, centre)).collect();
    let (mut nodes, mut scenes, mut bodies) = (Vec::new(), Vec::new(), Vec::new());
    for field in fields {
        let Some(Some([places, normals, triangles])) = shared.get(field.mesh) else { continue };
        let [colours, values] = coloured(&mut buffer, field);
        bodies.push(json!({ "name": field.name, "primitives": [{
            "attributes": { "POSITION": places, "NORMAL": normals, "COLOR_0": colours, "_VALUE": values },
            "indices": triangles, "material": 0, "mode": 4,
        }] }));
        nodes.push(json!({ "name": field.name, "mesh": bodies.len() - 1 }));
        scenes.push(json!({
            "name": field.name, "nodes": [nodes.len() - 1],
            "extras": { "title": field.title, "unit": field.unit, "low": field.range[0], "high": field.range[1] },
        }));
    }
    let mut document = json!({
        "asset": { "version": "2.0", "generator": concat!("Perfuse ", env!("CARGO_PKG_VERSION")) },
        "extras": { "centre_mm": centre.map(|x| x * 1e3) },
    });
    if !scenes.is_empty() {
        document["scene"] = 0.into();
        document["scenes"] = scenes.into();
        document["nodes"] = nodes.into();
        document["meshes"] = bodies.into();
        document["materials"] = json!([{
            "name": "field", "doubleSided": true,
            "pbrMetallicRoughness": { "metallicFactor": 0.0, "roughnessFactor": 0.9 },
        }]);
        document["accessors"] = buffer.accessors.into();
        document["bufferViews"] = buffer.views.into();
        document["buffers"] = json!([{ "byteLength": buffer.bytes.len() }]);
    }
    file(&document, &buffer.bytes)
}

/// The middle of the box around all meshes, m.
fn centre(meshes: &[Mesh]) -> [f64; 3] {
    let boxes: Vec<_> = meshes.iter().filter(|mesh| !mesh.triangles.is_empty()).map(Mesh::bounds).collect();
    let end = |k: usize, a: usize, pick: fn(f64, f64) -> f64| {
        boxes.iter().map(|b: &[[f32; 3]; 2]| f64::from(b[k][a])).reduce(pick).unwrap_or(0.0)
    };
    std::array::from_fn(|a| 0.5 * (end(0, a, f64::min) + end(1, a, f64::max)))
}

/// Y up.
fn turned([x, y, z]: [f32; 3]) -> [f32; 3] {
    [x, z, -y]
}

/// Places, normals and triangles of a mesh.
fn shape(buffer: &mut Buffer, mesh: &Mesh, centre: [f64; 3]) -> Option<[usize; 3]> {
    if mesh.triangles.is_empty() {
        return None;
    }
    let about = |p: &[f32; 3]| turned(std::array::from_fn(|a| (f64::from(p[a]) - centre[a]) as f32));
    let places: Vec<[f32; 3]> = mesh.places.iter().map(about).collect();
    let normals: Vec<[f32; 3]> = mesh.normals.iter().map(|n| turned(*n)).collect();
    let fold = |pick: fn(f32, f32) -> f32| {
        places.iter().copied().reduce(|a, b| std::array::from_fn(|k| pick(a[k], b[k]))).unwrap_or_default()
    };
    let (count, low, high) = (places.len(), fold(f32::min), fold(f32::max));
    let vector = json!({ "componentType": FLOAT, "count": count, "type": "VEC3" });
    let mut place = vector.clone();
    place["min"] = json!(low);
    place["max"] = json!(high);
    let indices = json!({ "componentType": INT, "count": 3 * mesh.triangles.len(), "type": "SCALAR" });
    Some([
        buffer.push(&floats(places.as_flattened()), ARRAY, place),
        buffer.push(&floats(normals.as_flattened()), ARRAY, vector),
        buffer.push(
            &mesh.triangles.iter().flatten().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>(),
            ELEMENTS,
            indices,
        ),
    ])
}

/// Colours and values of a field.
fn coloured(buffer: &mut Buffer, field: &Field<'_>) -> [usize; 2] {
    let span = (field.range[1] - field.range[0]).max(f64::MIN_POSITIVE);
    let colour = |value: &f32| {
        let [r, g, b] = field.map.at((f64::from(*value) - field.range[0]) / span).map(linear);
        [r, g, b, u16::MAX].into_iter().flat_map(u16::to_le_bytes)
    };
    let colours: Vec<u8> = field.values.iter().flat_map(colour).collect();
    let count = field.values.len();
    let of_colours = json!({ "componentType": SHORT, "normalized": true, "count": count, "type": "VEC4" });
    let of_values = json!({ "componentType": FLOAT, "count": count, "type": "SCALAR" });
    [buffer.push(&colours, ARRAY, of_colours), buffer.push(&floats(field.values), ARRAY, of_values)]
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// A channel of sRGB as a linear one in 16 bits (IEC 61966-2-1).
fn linear(channel: u8) -> u16 {
    let c = f64::from(channel) / 255.0;
    let linear = if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) };
    (linear * f64::from(u16::MAX)).round() as u16
}

/// Header and the two chunks, each a multiple of four bytes long.
fn file(document: &Value, binary: &[u8]) -> Vec<u8> {
    let mut text = document.to_string().into_bytes();
    text.resize(text.len().next_multiple_of(4), b' ');
    let mut chunks = vec![(*b"JSON", text.as_slice())];
    if !binary.is_empty() {
        chunks.push((*b"BIN\0", binary));
    }
    let length = 12 + chunks.iter().map(|(_, data)| 8 + data.len()).sum::<usize>();
    let mut bytes = Vec::with_capacity(length);
    bytes.extend_from_slice(b"glTF");
    bytes.extend_from_slice(&2u32.to_le_bytes());
    bytes.extend_from_slice(&(length as u32).to_le_bytes());
    for (kind, data) in chunks {
        bytes.extend_from_slice(&(data.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&kind);
        bytes.extend_from_slice(data);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(bytes: &[u8], at: usize) -> usize {
        u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]) as usize
    }

    #[test]
    fn fields_share_their_mesh_and_the_chunks_add_up() {
        let mesh = Mesh {
            places: vec![[0.01, 0.02, 0.03], [0.02, 0.02, 0.03], [0.01, 0.04, 0.03]],
            normals: vec![[0.0, 0.0, 1.0]; 3],
            triangles: vec![[0, 1, 2]],
        };
        let (pressure, shear) = ([1.0, 2.0, 3.0], [0.0, 0.5, 9.0]);
        let field = |name: &str, values, range| Field {
            name: name.into(),
            title: name.into(),
            unit: "Pa".into(),
            mesh: 0,
            values,
            range,
            map: Map::Viridis,
        };
        let fields = [field("pressure", &pressure, [1.0, 3.0]), field("wss", &shear, [0.0, 1.0])];
        let bytes = glb(std::slice::from_ref(&mesh), &fields);
        assert_eq!((&bytes[..4], word(&bytes, 4), word(&bytes, 8)), (&b"glTF"[..], 2, bytes.len()));
        let text = &bytes[20..20 + word(&bytes, 12)];
        let json: Value = serde_json::from_slice(text).unwrap_or_else(|e| panic!("{e}"));
        let attributes = |k: usize| json["meshes"][k]["primitives"][0]["attributes"].clone();
        assert_eq!(
            (attributes(0)["POSITION"].clone(), json["scenes"][1]["name"].clone()),
            (attributes(1)["POSITION"].clone(), "wss".into())
        );
        assert_eq!(json["accessors"].as_array().map(Vec::len), Some(7));
        let buffer = json["buffers"][0]["byteLength"].as_u64();
        assert_eq!(buffer, Some(word(&bytes, 20 + text.len()) as u64));
        // (0.01, 0.02, 0.03) about (0.015, 0.03, 0.03), Y up.
        let start = 28 + text.len();
        let first: Vec<f32> = (0..3).map(|a| f32::from_bits(word(&bytes, start + 4 * a) as u32)).collect();
        assert!(first.iter().zip([-0.005, 0.0, 0.01]).all(|(a, b): (&f32, f32)| (a - b).abs() < 1e-7), "{first:?}");
        assert_eq!((linear(0), linear(255)), (0, u16::MAX));
        assert_eq!(word(&glb(&[], &[]), 8), glb(&[], &[]).len());
    }
}
