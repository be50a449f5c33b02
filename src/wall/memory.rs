//! Large arrays on huge pages: a product reads the stiffness from end to end, and waits for page tables otherwise.

/// A page that x86 and most ARM systems call huge, bytes.
#[cfg(target_os = "linux")]
const PAGE: usize = 2 << 20;

/// Zeros, on huge pages where the system has them.
pub(super) fn zeros(len: usize) -> Vec<f32> {
    let values = vec![0.0; len];
    advise(values.as_ptr(), len);
    values
}

/// Room for a number of values, on huge pages where the system has them.
pub(super) fn room(len: usize) -> Vec<f32> {
    let values = Vec::with_capacity(len);
    advise(values.as_ptr(), len);
    values
}

/// Asks for huge pages under the whole ones of an array that has not been touched.
fn advise(start: *const f32, len: usize) {
    #[cfg(target_os = "linux")]
    {
        let (from, to) = (start.addr().next_multiple_of(PAGE), start.addr() + len * size_of::<f32>());
        let to = to / PAGE * PAGE;
        if from < to {
            // SAFETY: the pages lie inside the array; the advice changes no contents, and if it is refused nothing happens.
            unsafe {
                libc::madvise(start.with_addr(from).cast_mut().cast(), to - from, libc::MADV_HUGEPAGE);
            }
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (start, len);
}

#[cfg(test)]
mod tests {
    #[test]
    fn arrays_of_any_size() {
        for len in [0, 1, 1 << 19, (1 << 20) + 3] {
            let values = super::zeros(len);
            assert!(values.len() == len && values.iter().all(|v| *v == 0.0));
            let mut room = super::room(len);
            room.extend(values);
            assert!(room.len() == len);
        }
    }
}
