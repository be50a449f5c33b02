//! The order in which Gauss-Seidel's sweeps visit the rows of a matrix.
//!
//! Neighbouring rows make up a chunk, which is swept from one end to the other as it lies in memory. Chunks of one colour
//! have no entries between them and are swept at once; so what a sweep gives does not depend on the number of threads.

use std::ops::Range;

use rayon::prelude::*;

/// Chunks of rows and their colours.
#[derive(Clone, Debug, Default)]
pub struct Order {
    /// Rows of a chunk; of the last one fewer.
    size: usize,
    /// Chunks of each colour.
    colours: Vec<Vec<u32>>,
    /// The place of each row in the order.
    rank: Vec<u32>,
}

impl Order {
    /// An order of the rows of a matrix whose structure is symmetric: the entries of row `i` are in the columns
    /// `column[start[i]..start[i + 1]]`.
    #[must_use]
    pub fn new(start: &[u32], column: &[u32], size: usize) -> Self {
        let rows = start.len() - 1;
        let chunks = rows.div_ceil(size);
        let mut colour_of: Vec<usize> = Vec::with_capacity(chunks);
        let mut colours: Vec<Vec<u32>> = Vec::new();
        for chunk in 0..chunks {
            let entries = start[chunk * size] as usize..start[rows.min((chunk + 1) * size)] as usize;
            let mut taken = vec![false; colours.len() + 1];
            for other in column[entries].iter().map(|&c| c as usize / size).filter(|&other| other < chunk) {
                taken[colour_of[other]] = true;
            }
            let colour = taken.iter().position(|taken| !taken).unwrap_or(colours.len());
            if colour == colours.len() {
                colours.push(Vec::new());
            }
            colours[colour].push(chunk as u32);
            colour_of.push(colour);
        }
        let mut rank = vec![0; rows];
        let ordered = colours.iter().flatten().flat_map(|&chunk| chunk_rows(chunk, size, rows));
        ordered.zip(0..).for_each(|(row, place)| rank[row] = place);
        Self { size, colours, rank }
    }

    /// Whether a row is visited before another by a sweep forward.
    #[inline(always)]
    pub(super) fn before(&self, row: usize, other: usize) -> bool {
        self.rank[row] < self.rank[other]
    }

    /// Sweeps over a vector of `width` numbers a row, with `pad` numbers before and after them: `task` gets the rows of a
    /// chunk, the vector as other chunks left it, and the chunk's own part of it, padded too, which it changes.
    pub(super) fn sweep(
        &self,
        [width, pad]: [usize; 2],
        backward: bool,
        x: &mut [f32],
        task: impl Fn(Range<usize>, &[f32], &mut [f32]) + Sync,
    ) {
        let count = self.colours.len();
        for k in 0..count {
            let colour = &self.colours[if backward { count - 1 - k } else { k }];
            let swept = |&chunk: &u32| {
                let rows = chunk_rows(chunk, self.size, self.rank.len());
                let mut own = x[width * rows.start..width * rows.end + 2 * pad].to_vec();
                task(rows.clone(), x, &mut own);
                (width * rows.start + pad, own)
            };
            for (at, own) in colour.par_iter().map(swept).collect::<Vec<_>>() {
                let inside = &own[pad..own.len() - pad];
                x[at..at + inside.len()].copy_from_slice(inside);
            }
        }
    }
}

fn chunk_rows(chunk: u32, size: usize, rows: usize) -> Range<usize> {
    let first = chunk as usize * size;
    first..rows.min(first + size)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ring of rows, each with its two neighbours: every row once, no two neighbouring chunks at once.
    #[test]
    fn chunks_of_a_colour_do_not_touch() {
        let n = 103u32;
        let start: Vec<u32> = (0..=n).map(|k| 3 * k).collect();
        let column: Vec<u32> = (0..n).flat_map(|k| [(k + n - 1) % n, k, (k + 1) % n]).collect();
        let order = Order::new(&start, &column, 10);
        let mut ranks = order.rank.clone();
        ranks.sort_unstable();
        assert!(ranks.iter().zip(0..).all(|(rank, k)| *rank == k) && order.colours.len() <= 3);
        for colour in &order.colours {
            assert!(colour.iter().all(|a| !colour.contains(&((a + 1) % 11))), "{colour:?}");
        }
        // Each row takes its number and what stood before it.
        let mut x = vec![0.0; n as usize + 2];
        order.sweep([1, 1], false, &mut x, |rows, _, own| {
            own[1..].iter_mut().zip(rows).for_each(|(x, row)| *x += row as f32);
        });
        assert!(x[1..=103].iter().zip(0..).all(|(x, row)| *x == row as f32));
    }
}
