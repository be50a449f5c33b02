//! Triangles as a file has them, before they become a [`Surface`].

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::{Place, Problem};
use crate::geometry::surface::Surface;

/// Vertices in the unit of the file, triangles, patches. The patch without a name is called "".
#[derive(Debug, Default)]
pub(super) struct Soup {
    pub vertices: Vec<[f64; 3]>,
    pub triangles: Vec<[u32; 3]>,
    pub patch_of: Vec<u16>,
    pub patches: Vec<String>,
    /// What else the file holds, for the message when it holds no triangle.
    pub others: Vec<(usize, &'static str)>,
}

impl Soup {
    /// Index of the patch of that name, new if need be.
    pub fn patch(&mut self, name: &str) -> Result<u16, Problem> {
        let index = self.patches.iter().position(|p| p == name).unwrap_or_else(|| {
            self.patches.push(name.to_owned());
            self.patches.len() - 1
        });
        u16::try_from(index).map_err(|_| Problem::TooMany { what: "patches", count: index + 1, limit: 1 << 16 })
    }

    /// Adds a vertex that was checked to be finite; returns its index.
    pub fn vertex(&mut self, position: [f64; 3]) -> Result<u32, Problem> {
        let index = index_u32(self.vertices.len())?;
        self.vertices.push(position);
        Ok(index)
    }

    /// Adds a polygon as triangles.
    pub fn polygon(&mut self, corners: &[u32], patch: u16) {
        match *corners {
            [a, b, c] => self.triangle([a, b, c], patch),
            _ => {
                let place = |i: u32| self.vertices.get(i as usize).copied().unwrap_or_default();
                let positions: Vec<[f64; 3]> = corners.iter().map(|&i| place(i)).collect();
                for [a, b, c] in super::poly::split(&positions) {
                    self.triangle([corners[a], corners[b], corners[c]], patch);
                }
            }
        }
    }

    /// Adds one triangle.
    pub fn triangle(&mut self, corners: [u32; 3], patch: u16) {
        self.triangles.push(corners);
        self.patch_of.push(patch);
    }

    /// What the file holds, in words.
    pub fn found(&self) -> String {
        let mut words = vec![format!("{} vertices", self.vertices.len())];
        words.extend(self.others.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")));
        words.join(", ")
    }

    /// Gives names to patches that have none or, among `several` files, whose name is a mere banner or already `taken`.
    pub fn name_patches(&mut self, stem: &str, several: bool, taken: &[String]) {
        self.drop_unused_patches();
        let single = several && self.patches.len() == 1;
        for name in &mut self.patches {
            if name.is_empty() || single {
                stem.clone_into(name);
            }
            if taken.contains(name) {
                *name = format!("{stem}:{name}");
            }
        }
    }

    /// Forgets patches without triangles (an OBJ group of lines, an empty solid).
    fn drop_unused_patches(&mut self) {
        let mut new_index: Vec<Option<u16>> = vec![None; self.patches.len()];
        let mut kept = Vec::new();
        for patch in &mut self.patch_of {
            let old = *patch as usize;
            *patch = *new_index[old].get_or_insert_with(|| {
                kept.push(std::mem::take(&mut self.patches[old]));
                (kept.len() - 1) as u16
            });
        }
        self.patches = kept;
    }

    /// Appends another file's triangles; patches of equal names become one.
    pub fn join(&mut self, other: Self) -> Result<(), Problem> {
        index_u32(self.vertices.len() + other.vertices.len())?;
        let base = index_u32(self.vertices.len())?;
        let patches = other.patches.iter().map(|name| self.patch(name)).collect::<Result<Vec<u16>, Problem>>()?;
        self.vertices.extend(other.vertices);
        self.triangles.extend(other.triangles.iter().map(|t| t.map(|i| i + base)));
        self.patch_of.extend(other.patch_of.iter().map(|&p| patches[p as usize]));
        Ok(())
    }

    /// Scales to metres and merges equal vertices; also returns how many triangles collapsed.
    pub fn into_surface(self, unit: f64) -> (Surface, usize) {
        let vertices = self.vertices.iter().map(|v| v.map(|x| x * unit)).collect();
        let (triangles, patch_of, patches) = (self.triangles, self.patch_of, self.patches);
        let mut surface = Surface { vertices, triangles, patch_of, patches, unit };
        let collapsed = merge_exact(&mut surface);
        (surface, collapsed)
    }
}

/// Merges vertices of bit-equal coordinates (0 and -0 are equal), drops vertices that no triangle uses and triangles of
/// which two corners became one; returns the number of these. Vertices keep the order of their first use.
pub fn merge_exact(surface: &mut Surface) -> usize {
    let before = surface.triangles.len();
    let mut index_of = PositionMap::with_capacity_and_hasher(surface.vertices.len().min(before), Default::default());
    let mut vertices = Vec::new();
    let mut new_index = vec![u32::MAX; surface.vertices.len()];
    let mut kept = Vec::with_capacity(before);
    let mut patch_of = Vec::with_capacity(before);
    for (corners, &patch) in surface.triangles.iter().zip(&surface.patch_of) {
        let merged = corners.map(|i| {
            let slot = &mut new_index[i as usize];
            if *slot == u32::MAX {
                let position = surface.vertices[i as usize].map(|x| x + 0.0);
                *slot = *index_of.entry(position.map(f64::to_bits)).or_insert_with(|| {
                    vertices.push(position);
                    (vertices.len() - 1) as u32
                });
            }
            *slot
        });
        let [a, b, c] = merged;
        if a != b && b != c && c != a {
            kept.push(merged);
            patch_of.push(patch);
        }
    }
    surface.vertices = vertices;
    surface.triangles = kept;
    surface.patch_of = patch_of;
    before - surface.triangles.len()
}

/// `index` as a vertex number.
fn index_u32(index: usize) -> Result<u32, Problem> {
    u32::try_from(index).ok().filter(|&i| i < u32::MAX).ok_or(Problem::TooMany {
        what: "vertices",
        count: index,
        limit: u32::MAX as usize - 1,
    })
}

/// Checks that a vertex is finite.
pub(super) fn check_finite(position: [f64; 3], vertex: usize, place: impl FnOnce() -> Place) -> Result<(), Problem> {
    if position.iter().all(|x| x.is_finite()) {
        return Ok(());
    }
    Err(Problem::NotFinite { place: place(), vertex, position })
}

type PositionMap = HashMap<[u64; 3], u32, BuildHasherDefault<PositionHasher>>;

/// Multiply-and-fold hash of three words: the map's default costs a third of the time to read a large STL file.
#[derive(Default)]
struct PositionHasher(u64);

impl Hasher for PositionHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            let product = u128::from(self.0 ^ u64::from_le_bytes(word)) * 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;
            self.0 = (product as u64) ^ ((product >> 64) as u64);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_is_exact_and_counts_collapsed_triangles() {
        let vertices = vec![
            [9.0; 3],
            [0.0, 0.0, 0.0],
            [1.0, 0.0, 0.0],
            [0.0, 1.0, 0.0],
            [-0.0, 0.0, 0.0],
            [1.0 + f64::EPSILON, 0.0, 0.0],
        ];
        let mut surface = Surface {
            vertices,
            triangles: vec![[1, 2, 3], [4, 5, 3], [1, 4, 3]],
            patch_of: vec![0, 1, 1],
            patches: vec!["a".into(), "b".into()],
            unit: 1.0,
        };
        assert_eq!(merge_exact(&mut surface), 1);
        assert_eq!(surface.vertices.len(), 4, "two positions of zero merge, the unused vertex goes");
        assert_eq!(surface.triangles, [[0, 1, 2], [0, 3, 2]]);
        assert_eq!(surface.patch_of, [0, 1]);
    }

    #[test]
    fn names_of_several_files() {
        let soup = |names: &[&str]| {
            let mut soup = Soup::default();
            for name in names {
                let patch = soup.patch(name).unwrap();
                soup.triangle([0, 1, 2], patch);
            }
            soup
        };
        let mut one = soup(&["WRAP"]);
        one.name_patches("wall", false, &[]);
        assert_eq!(one.patches, ["WRAP"]);
        one.name_patches("wall", true, &[]);
        assert_eq!(one.patches, ["wall"]);
        let mut two = soup(&["1", ""]);
        two.name_patches("caps", true, &["1".into()]);
        assert_eq!(two.patches, ["caps:1", "caps"]);
    }
}
