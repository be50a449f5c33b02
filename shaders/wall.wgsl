// What kernels of the wall are told. Vectors of the finest level have PAD zeros before and after their numbers.

const PAD = 3u;

struct WallTask {
    // Threads with something to do.
    count: u32,
    // Nodes of a column.
    levels: u32,
    // Unknowns of a fine node, and where the vectors of the finer level begin.
    rows: u32,
    offset: u32,
    // A step of the smoother: z = keep z + add D^-1 r, x += gain z.
    keep: f32,
    add: f32,
    gain: f32,
}

// Scalars of conjugate gradients.
struct WallScalars {
    // r . e of this iteration.
    rz: f32,
    alpha: f32,
    beta: f32,
    // r . r after the iteration.
    rr: f32,
}
