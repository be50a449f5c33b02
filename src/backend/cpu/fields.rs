//! Memory for a state: ten padded site arrays, aligned and on huge pages.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};

use rayon::prelude::*;

use super::number::Number;
use crate::fluid::moments::{FIELDS, Moments};

/// Alignment of the whole: a huge page of x86, so that `madvise` can give them.
const PAGE: usize = 2 << 20;

/// Bytes that a task clears: huge pages whole.
const CLEARED: usize = 4 * PAGE;

/// Values before each array: the kernel loads one value before lane 0 of the first block of padding, and does not use it.
const LEAD: usize = 16;

/// Ten arrays of equal length. A number whose bits are all nought is nought.
pub(super) struct Fields<T> {
    data: *mut T,
    len: usize,
    /// Distance from one array to the next, in values: the arrays do not start at equal places in the caches.
    pitch: usize,
    layout: Layout,
}

// SAFETY: the memory is owned and shared by the rules of Rust's references to `Fields`.
unsafe impl<T: Number> Send for Fields<T> {}
// SAFETY: as above.
unsafe impl<T: Number> Sync for Fields<T> {}

impl<T: Number> Fields<T> {
    /// Arrays of `len` zeros.
    pub(super) fn zeroed(len: usize) -> Self {
        let pitch = len.next_multiple_of(16) + LEAD * 5;
        let bytes = pitch * FIELDS * size_of::<T>();
        let align = if bytes >= 2 * PAGE { PAGE } else { 64 };
        let Ok(layout) = Layout::from_size_align(bytes, align) else { panic!("a state of {bytes} bytes") };
        // Not `alloc_zeroed`: it touches memory of this alignment, and pages are chosen at the first touch.
        // SAFETY: the layout has a size above nought.
        let data = unsafe { alloc(layout) };
        if data.is_null() {
            handle_alloc_error(layout);
        }
        #[cfg(target_os = "linux")]
        if align == PAGE {
            // SAFETY: the range is the allocation; the advice changes no contents, and may be refused.
            unsafe {
                libc::madvise(data.cast(), bytes, libc::MADV_HUGEPAGE);
            }
        }
        clear(data, bytes);
        Self { data: data.cast(), len, pitch, layout }
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.layout.size()
    }

    pub(super) fn pointers(&self) -> [*const T; FIELDS] {
        // SAFETY: every array starts inside the allocation.
        std::array::from_fn(|k| unsafe { self.data.add(LEAD + k * self.pitch) }.cast_const())
    }

    pub(super) fn pointers_mut(&mut self) -> [*mut T; FIELDS] {
        // SAFETY: every array starts inside the allocation.
        std::array::from_fn(|k| unsafe { self.data.add(LEAD + k * self.pitch) })
    }

    pub(super) fn slices(&self) -> [&[T]; FIELDS] {
        // SAFETY: `len` values of each array lie inside the allocation and are initialised.
        self.pointers().map(|p| unsafe { std::slice::from_raw_parts(p, self.len) })
    }

    pub(super) fn slices_mut(&mut self) -> [&mut [T]; FIELDS] {
        // SAFETY: as in `slices`; the arrays do not overlap, and no other reference reaches them.
        self.pointers_mut().map(|p| unsafe { std::slice::from_raw_parts_mut(p, self.len) })
    }

    pub(super) fn copy_from(&mut self, fields: &[&[f32]; FIELDS]) {
        for (pointer, field) in self.pointers_mut().into_iter().zip(fields) {
            assert_eq!(field.len(), self.len, "a state of another lattice");
            // SAFETY: `len` values of the array lie inside the allocation, which no other reference reaches.
            let own = unsafe { std::slice::from_raw_parts_mut(pointer, self.len) };
            own.iter_mut().zip(*field).for_each(|(own, value)| *own = T::keep(*value));
        }
    }

    #[inline]
    pub(super) fn site(&self, site: usize) -> Moments {
        assert!(site < self.len, "site {site} of {}", self.len);
        // SAFETY: `site` is inside each array.
        std::array::from_fn(|k| unsafe { self.data.add(LEAD + k * self.pitch + site).read() }.read())
    }

    pub(super) fn set_site(&mut self, site: usize, moments: &Moments) {
        assert!(site < self.len, "site {site} of {}", self.len);
        for (pointer, value) in self.pointers_mut().into_iter().zip(moments) {
            // SAFETY: `site` is inside the array.
            unsafe { pointer.add(site).write(T::keep(*value)) };
        }
    }
}

/// Sets `bytes` of an allocation of that size to nought, its parts by the threads that will work on them.
fn clear(data: *mut u8, bytes: usize) {
    let base = Base(data);
    (0..bytes.div_ceil(CLEARED)).into_par_iter().for_each(|part| {
        let from = part * CLEARED;
        // SAFETY: the parts do not overlap and lie inside the allocation, which nobody else knows yet.
        unsafe { base.at(from).write_bytes(0, CLEARED.min(bytes - from)) };
    });
}

/// Start of an allocation that several threads write to in parts of their own.
struct Base(*mut u8);

// SAFETY: used by `clear` alone, whose parts do not overlap.
unsafe impl Sync for Base {}

impl Base {
    /// Where byte `offset` lies.
    ///
    /// # Safety
    /// Inside the allocation.
    unsafe fn at(&self, offset: usize) -> *mut u8 {
        // SAFETY: by the contract.
        unsafe { self.0.add(offset) }
    }
}

impl<T> Drop for Fields<T> {
    fn drop(&mut self) {
        // SAFETY: allocated in `zeroed` with this layout.
        unsafe { dealloc(self.data.cast(), self.layout) }
    }
}

/// Runs `work` with numbers too small for the normal format taken as nought (a start from rest is full of them), and
/// puts the processor's setting back; waits for streaming stores.
pub(super) fn without_denormals(work: impl FnOnce()) {
    #[cfg(target_arch = "x86_64")]
    {
        const FLUSH: u32 = 1 << 15 | 1 << 6;
        let mut before = 0u32;
        // SAFETY: stores and loads the control register of SSE, which every x86-64 has; nothing between relies on
        // denormals, and the old value is put back.
        unsafe {
            std::arch::asm!("stmxcsr [{}]", in(reg) &mut before);
            let flush = before | FLUSH;
            std::arch::asm!("ldmxcsr [{}]", in(reg) &flush);
        }
        work();
        // SAFETY: as above; the fence orders streaming stores before the threads meet.
        unsafe {
            std::arch::asm!("ldmxcsr [{}]", in(reg) &before);
            std::arch::x86_64::_mm_sfence();
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    work();
}
