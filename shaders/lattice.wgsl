// The D3Q19 stencil and the layout of the lattice. The twin of src/geometry/lattice.

const Q = 19u;
const LANES = 16u;
const PAD = 1u;
const NOWHERE = 0xffffffffu;

const C = array<vec3<i32>, 19>(
    vec3<i32>(0, 0, 0),
    vec3<i32>(1, 0, 0), vec3<i32>(-1, 0, 0),
    vec3<i32>(0, 1, 0), vec3<i32>(0, -1, 0),
    vec3<i32>(0, 0, 1), vec3<i32>(0, 0, -1),
    vec3<i32>(1, 1, 0), vec3<i32>(-1, -1, 0),
    vec3<i32>(1, -1, 0), vec3<i32>(-1, 1, 0),
    vec3<i32>(1, 0, 1), vec3<i32>(-1, 0, -1),
    vec3<i32>(1, 0, -1), vec3<i32>(-1, 0, 1),
    vec3<i32>(0, 1, 1), vec3<i32>(0, -1, -1),
    vec3<i32>(0, 1, -1), vec3<i32>(0, -1, 1),
);

const W0 = 1.0f / 3.0f;
const W1 = 1.0f / 18.0f;
const W2 = 1.0f / 36.0f;

// Which of the eight neighbour rows of a block each direction leads to; 8 for the block's own row.
const ROW = array<u32, 19>(8, 8, 8, 0, 1, 2, 3, 0, 1, 1, 0, 2, 3, 3, 2, 4, 5, 6, 7);

// Cut links of one block: bit q of `directions` is set where it has such links along q; `first` is the first row.
struct Span {
    directions: u32,
    first: u32,
}

// A row block: where lane 0 of each neighbour row lies, which lanes are fluid, its cut links.
struct Block {
    neighbours: array<u32, 8>,
    fluid: u32,
    walls: Span,
    iolets: Span,
}

// Links of a block into openings along one direction: the lanes, and the index of the first lane's link.
struct IoletRow {
    mask: u32,
    first: u32,
}

fn opposite(q: u32) -> u32 {
    return select(((q - 1u) ^ 1u) + 1u, 0u, q == 0u);
}

// The row of direction q, or NOWHERE.
fn row(span: Span, q: u32) -> u32 {
    let bit = 1u << q;
    let below = span.directions & (bit - 1u);
    return select(NOWHERE, span.first + countOneBits(below), (span.directions & bit) != 0u);
}
