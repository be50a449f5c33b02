//! Both states of a flow, in the numbers that its storage keeps.

use std::borrow::Cow;

use half::f16;
use rayon::prelude::*;

use super::fields::Fields;
use super::number::Number;
use crate::fluid::moments::{FIELDS, Moments};
use crate::fluid::storage::Storage;

/// Values that a task converts.
const VALUES: usize = 1 << 14;

/// The present state and the next one.
pub(super) struct Pair<T> {
    pub now: Fields<T>,
    pub next: Fields<T>,
}

impl<T: Number> Pair<T> {
    fn zeroed(len: usize) -> Self {
        Self { now: Fields::zeroed(len), next: Fields::zeroed(len) }
    }

    fn swap(&mut self) {
        std::mem::swap(&mut self.now, &mut self.next);
    }
}

/// The states of a flow.
pub(super) enum Memory {
    F32(Pair<f32>),
    F16(Pair<f16>),
}

impl Memory {
    /// States of noughts, in arrays of `len`.
    pub(super) fn zeroed(storage: Storage, len: usize) -> Self {
        match storage {
            Storage::F32 => Self::F32(Pair::zeroed(len)),
            Storage::F16 => Self::F16(Pair::zeroed(len)),
        }
    }

    /// What the numbers are kept in.
    pub(super) fn storage(&self) -> Storage {
        match self {
            Self::F32(_) => Storage::F32,
            Self::F16(_) => Storage::F16,
        }
    }

    /// Makes the next state the present one.
    pub(super) fn swap(&mut self) {
        match self {
            Self::F32(pair) => pair.swap(),
            Self::F16(pair) => pair.swap(),
        }
    }

    /// The present state of a site by its padded index.
    #[inline]
    pub(super) fn site(&self, site: usize) -> Moments {
        match self {
            Self::F32(pair) => pair.now.site(site),
            Self::F16(pair) => pair.now.site(site),
        }
    }

    pub(super) fn set_site(&mut self, site: usize, moments: &Moments) {
        match self {
            Self::F32(pair) => pair.now.set_site(site, moments),
            Self::F16(pair) => pair.now.set_site(site, moments),
        }
    }

    /// The present state: as it lies there, or converted.
    pub(super) fn fields(&self) -> [Cow<'_, [f32]>; FIELDS] {
        match self {
            Self::F32(pair) => pair.now.slices().map(Cow::Borrowed),
            Self::F16(pair) => pair.now.slices().map(|field| Cow::Owned(read_all(field))),
        }
    }

    pub(super) fn copy_from(&mut self, fields: &[&[f32]; FIELDS]) {
        match self {
            Self::F32(pair) => pair.now.copy_from(fields),
            Self::F16(pair) => pair.now.copy_from(fields),
        }
    }
}

fn read_all<T: Number>(field: &[T]) -> Vec<f32> {
    let mut values = vec![0.0; field.len()];
    values.par_chunks_mut(VALUES).zip(field.par_chunks(VALUES)).for_each(|(values, field)| {
        values.iter_mut().zip(field).for_each(|(value, kept)| *value = kept.read());
    });
    values
}
