//! Lattices kept for runs that share them: those of the same closed surface and spacing are the same lattice.
//!
//! The key is what the lattice is cut from, bit by bit, and nothing else: two cases that differ in flow or blood share,
//! whatever files their surfaces came from. A shelf holds a bounded number of bytes and drops what was used longest ago.

use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::geometry::lattice::{Lattice, LatticeError};
use crate::geometry::vessel::{Closed, Tag};

type Key = [u8; 32];

/// Lattices by what they are cut from; the default keeps none.
#[derive(Debug, Default)]
pub struct Shelf {
    capacity: usize,
    /// The one used last stands last.
    kept: Mutex<Vec<(Key, Arc<Lattice>)>>,
}

impl Shelf {
    /// A shelf for so many bytes.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { capacity, kept: Mutex::default() }
    }

    /// The lattice of this spacing (m), from the shelf or cut anew.
    ///
    /// # Errors
    /// As [`Lattice::build`].
    pub fn lattice(&self, surface: &Closed, spacing: f64) -> Result<Arc<Lattice>, LatticeError> {
        if self.capacity == 0 {
            return Lattice::build(surface, spacing).map(Arc::new);
        }
        let key = key(surface, spacing);
        if let Some(found) = self.take(&key) {
            return Ok(found);
        }
        // Cut outside the lock: others need not wait, and at worst cut the same one.
        let lattice = Arc::new(Lattice::build(surface, spacing)?);
        self.put(key, &lattice);
        Ok(lattice)
    }

    fn take(&self, key: &Key) -> Option<Arc<Lattice>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(other, _)| other == key)?;
        let entry = kept.remove(at);
        let lattice = entry.1.clone();
        kept.push(entry);
        Some(lattice)
    }

    fn put(&self, key: Key, lattice: &Arc<Lattice>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(other, _)| *other != key);
        kept.push((key, lattice.clone()));
        let bytes = |kept: &[(Key, Arc<Lattice>)]| kept.iter().map(|(_, lattice)| lattice.table_bytes()).sum::<usize>();
        while bytes(&kept) > self.capacity && !kept.is_empty() {
            kept.remove(0);
        }
    }
}

fn key(surface: &Closed, spacing: f64) -> Key {
    let mut hash = Sha256::new();
    hash.update(spacing.to_le_bytes());
    hash.update((surface.vertices.len() as u64).to_le_bytes());
    hash.update(bytemuck::cast_slice::<_, u8>(&surface.vertices));
    hash.update(bytemuck::cast_slice::<_, u8>(&surface.triangles));
    let tags: Vec<u32> = surface.tags.iter().map(|tag| number(*tag)).collect();
    hash.update(bytemuck::cast_slice::<_, u8>(&tags));
    for end in &surface.ends {
        let numbers: Vec<f64> = end.centre.into_iter().chain(end.normal).chain([end.extension]).collect();
        hash.update(bytemuck::cast_slice::<_, u8>(&numbers));
    }
    hash.finalize().into()
}

fn number(tag: Tag) -> u32 {
    match tag {
        Tag::Wall => 0,
        Tag::Extension(k) => 1 << 16 | u32::from(k),
        Tag::Lid(k) => 2 << 16 | u32::from(k),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::tube;

    #[test]
    fn equal_surfaces_share_and_others_do_not() {
        let tube = |length: f64| tube::closed([0.0; 3], [1.0, 0.0, 0.0], 1.0, length, 32);
        let shelf = Shelf::new(usize::MAX);
        let get = |length, spacing| shelf.lattice(&tube(length), spacing).unwrap_or_else(|e| panic!("{e}"));
        let first = get(3.0, 0.2);
        assert!(Arc::ptr_eq(&first, &get(3.0, 0.2)));
        assert!(!Arc::ptr_eq(&first, &get(3.0, 0.25)) && !Arc::ptr_eq(&first, &get(4.0, 0.2)));
        assert_eq!(*first, Lattice::build(&tube(3.0), 0.2).unwrap_or_else(|e| panic!("{e}")));
    }

    #[test]
    fn the_oldest_makes_room() {
        let tube = tube::closed([0.0; 3], [1.0, 0.0, 0.0], 1.0, 3.0, 32);
        let size = Lattice::build(&tube, 0.2).map_or(0, |lattice| lattice.table_bytes());
        let shelf = Shelf::new(size);
        let first = shelf.lattice(&tube, 0.2).unwrap_or_else(|e| panic!("{e}"));
        assert!(shelf.lattice(&tube, 0.2).is_ok_and(|again| Arc::ptr_eq(&first, &again)));
        assert!(shelf.lattice(&tube, 0.21).is_ok());
        assert!(shelf.lattice(&tube, 0.2).is_ok_and(|again| !Arc::ptr_eq(&first, &again)));
    }
}
