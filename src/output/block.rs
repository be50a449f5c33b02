//! The binary section of a VTK XML file: arrays in blocks, filled and compressed by all threads, written in order.
//!
//! VTK's layout of a compressed array is a table of 64-bit integers (number of blocks, bytes of a full block, bytes of
//! the last block if it is shorter, compressed bytes of every block) and then the blocks. The table is written empty and
//! patched when the sizes are known, so that no more is ever in memory than the blocks in flight: [`WAVE`] a thread.

use std::io::{self, Seek, Write};
use std::ops::Range;

use flate2::write::ZlibEncoder;
use rayon::prelude::*;

use super::file::{Atomic, OutputError};

/// How the arrays of a VTK file are stored. VTK 9 and ParaView read all three.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// As they are: the fastest on a fast disk, and the largest.
    None,
    /// LZ4: empty space costs nothing, nearly as fast as none. The default.
    #[default]
    Lz4,
    /// Zlib, level 1: the smallest and the slowest; every VTK reader knows it.
    Zlib,
}

impl Compression {
    /// The attribute of the `VTKFile` element.
    pub(super) fn attribute(self) -> &'static str {
        match self {
            Compression::None => "",
            Compression::Lz4 => " compressor=\"vtkLZ4DataCompressor\"",
            Compression::Zlib => " compressor=\"vtkZLibDataCompressor\"",
        }
    }
}

/// Bytes that a block should about have: large enough to compress, small enough to stay in a core's cache.
const BLOCK: usize = 1 << 16;

/// Blocks in flight for every thread.
const WAVE: usize = 16;

/// An array as rows of equal size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows {
    pub count: usize,
    pub bytes: usize,
}

impl Rows {
    fn per_block(self) -> usize {
        (BLOCK / self.bytes.max(1)).clamp(1, self.count.max(1))
    }
}

/// Fills the bytes of a range of rows; the buffer comes zeroed.
pub(super) type Fill<'a> = dyn Fn(Range<usize>, &mut [u8]) + Sync + 'a;

/// Writes one array at the file's end; returns where it begins.
pub(super) fn write(
    file: &mut Atomic,
    compression: Compression,
    rows: Rows,
    fill: &Fill<'_>,
) -> Result<u64, OutputError> {
    let start = file.with(|out| out.stream_position())?;
    if compression == Compression::None {
        file.with(|out| out.write_all(&bytes_of(&[(rows.count * rows.bytes) as u64])))?;
        pack_all(file, compression, rows, fill)?;
        return Ok(start);
    }
    let per_block = rows.per_block();
    let mut table = vec![
        rows.count.div_ceil(per_block) as u64,
        (per_block * rows.bytes) as u64,
        (rows.count % per_block * rows.bytes) as u64,
    ];
    table.resize(3 + rows.count.div_ceil(per_block), 0);
    file.with(|out| out.write_all(&bytes_of(&table)))?;
    table.splice(3.., pack_all(file, compression, rows, fill)?);
    file.patch(start, &bytes_of(&table))?;
    Ok(start)
}

/// Fills, packs and writes all blocks in order; returns their packed sizes.
fn pack_all(file: &mut Atomic, compression: Compression, rows: Rows, fill: &Fill<'_>) -> Result<Vec<u64>, OutputError> {
    let per_block = rows.per_block();
    let bytes = per_block * rows.bytes;
    let blocks = rows.count.div_ceil(per_block);
    let zeros = file.with(|_| Packer::new(compression).pack(&vec![0; bytes]))?;
    let one = |(packer, buffer): &mut (Packer, Vec<f64>), block: usize| {
        let range = block * per_block..rows.count.min((block + 1) * per_block);
        buffer.fill(0.0);
        let raw = &mut bytemuck::cast_slice_mut(buffer)[..range.len() * rows.bytes];
        fill(range, raw);
        if raw.len() == bytes && is_zero(raw) { Ok(None) } else { packer.pack(raw).map(Some) }
    };
    let mut sizes = Vec::with_capacity(blocks);
    let wave = WAVE * rayon::current_num_threads();
    for first in (0..blocks).step_by(wave) {
        let packed = (first..blocks.min(first + wave))
            .into_par_iter()
            .map_init(|| (Packer::new(compression), vec![0f64; bytes.div_ceil(8)]), one)
            .collect::<io::Result<Vec<Option<Vec<u8>>>>>();
        let packed = file.with(|_| packed)?;
        for block in &packed {
            let block = block.as_deref().unwrap_or(&zeros);
            file.with(|out| out.write_all(block))?;
            sizes.push(block.len() as u64);
        }
    }
    Ok(sizes)
}

/// Integers in the byte order of the file, which is the machine's.
fn bytes_of(table: &[u64]) -> Vec<u8> {
    bytemuck::cast_slice(table).to_vec()
}

fn is_zero(bytes: &[u8]) -> bool {
    let (head, words, tail) = bytemuck::pod_align_to::<u8, u64>(bytes);
    head.iter().chain(tail).all(|&b| b == 0) && words.iter().all(|&w| w == 0)
}

/// A compressor that is used block after block.
enum Packer {
    None,
    Lz4,
    Zlib(Box<ZlibEncoder<Vec<u8>>>),
}

impl Packer {
    fn new(compression: Compression) -> Self {
        match compression {
            Compression::None => Self::None,
            Compression::Lz4 => Self::Lz4,
            Compression::Zlib => Self::Zlib(Box::new(ZlibEncoder::new(Vec::new(), flate2::Compression::fast()))),
        }
    }

    /// One block as it goes to the file.
    fn pack(&mut self, raw: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::None => Ok(raw.to_vec()),
            Self::Lz4 => Ok(lz4_flex::block::compress(raw)),
            Self::Zlib(encoder) => {
                encoder.write_all(raw)?;
                // Ends the stream and hands it out.
                encoder.reset(Vec::new())
            }
        }
    }
}
