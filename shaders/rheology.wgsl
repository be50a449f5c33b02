// Relaxation rate of a site from the shear that it holds, and viscosity at a shear rate. The twin of
// src/fluid/rheology.rs, where the theory is.

const SHIFT = 18u;
const FIRST = 1760u;
const SEGMENTS = 2048u;
const LOWEST = 0x1p-72f;
const HIGHEST = 0x1.fffffep-9f;
const PART = 0.0625f;

// Halves of the table.
const OMEGA = 0u;
const NU = 1u;

// Whether the fluid has a rheology; a Newtonian one never reads the table.
override RHEOLOGY: bool = false;

@group(2) @binding(5) var<storage, read> halves: array<array<f32, SEGMENTS + 1u>, 2>;

fn interpolate(half: u32, square: f32) -> f32 {
    let bits = bitcast<u32>(clamp(square, LOWEST, HIGHEST));
    let k = min((bits >> SHIFT) - FIRST, SEGMENTS - 1u);
    let fraction = f32(bits & ((1u << SHIFT) - 1u)) * (1.0 / f32(1u << SHIFT));
    let low = halves[half][k];
    return fma(halves[half][k + 1u] - low, fraction, low);
}

// Relaxation rate at D:D of a site.
fn look_up(square: f32) -> f32 {
    return interpolate(OMEGA, square);
}

// Kinematic viscosity at a shear rate by its square.
fn nu_of(rate_square: f32) -> f32 {
    return interpolate(NU, PART * rate_square);
}
