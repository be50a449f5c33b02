// Numbers in 16 bits, rounded at random. The twin of src/fluid/storage.rs, where the theory is.

const SCALE = 16384.0f;
const UNIT = 1.0f / SCALE;
const CUT = 0x1fffu;

// The random bits of a site in the step after `tick` others.
fn seed(site: u32, tick: u32) -> u32 {
    var x = site + tick * 0x9e3779b9u;
    x = (x ^ (x >> 16u)) * 0x7feb352du;
    x = (x ^ (x >> 15u)) * 0x846ca68bu;
    return x ^ (x >> 16u);
}

// The random bits after these.
fn next(bits: u32) -> u32 {
    return bits * 747796405u + 2891336453u;
}

// A pair of numbers in a word, rounded by random bits.
fn rounded(low: f32, high: f32, bits: u32) -> u32 {
    let a = (bitcast<u32>(low * SCALE) + ((bits >> 6u) & CUT)) & ~CUT;
    let b = (bitcast<u32>(high * SCALE) + (bits >> 19u)) & ~CUT;
    return pack2x16float(vec2<f32>(bitcast<f32>(a), bitcast<f32>(b)));
}
