// Relaxation rate of a site from the shear that it holds. The twin of src/fluid/rheology.rs, where the theory is.

const SHIFT = 18u;
const FIRST = 1760u;
const SEGMENTS = 2048u;
const LOWEST = 0x1p-72f;
const HIGHEST = 0x1.fffffep-9f;

// Whether the fluid has a rheology; a Newtonian one never reads the table.
override RHEOLOGY: bool = false;

@group(2) @binding(5) var<storage, read> omegas: array<f32>;

// Relaxation rate at D:D of a site.
fn look_up(square: f32) -> f32 {
    let bits = bitcast<u32>(clamp(square, LOWEST, HIGHEST));
    let k = min((bits >> SHIFT) - FIRST, SEGMENTS - 1u);
    let fraction = f32(bits & ((1u << SHIFT) - 1u)) * (1.0 / f32(1u << SHIFT));
    let low = omegas[k];
    return fma(omegas[k + 1u] - low, fraction, low);
}
