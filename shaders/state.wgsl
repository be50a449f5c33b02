// import: moments
// The state before the step in 32 bits.

// One padded site array a number.
@group(0) @binding(0) var<storage, read> from_b: array<f32>;
@group(0) @binding(1) var<storage, read> from_jx: array<f32>;
@group(0) @binding(2) var<storage, read> from_jy: array<f32>;
@group(0) @binding(3) var<storage, read> from_jz: array<f32>;
@group(0) @binding(4) var<storage, read> from_axx: array<f32>;
@group(0) @binding(5) var<storage, read> from_ayy: array<f32>;
@group(0) @binding(6) var<storage, read> from_azz: array<f32>;
@group(0) @binding(7) var<storage, read> from_axy: array<f32>;
@group(0) @binding(8) var<storage, read> from_axz: array<f32>;
@group(0) @binding(9) var<storage, read> from_ayz: array<f32>;

// First number of the state of a site.
fn b_at(site: u32) -> f32 {
    return from_b[site];
}

// Stored momentum of a site.
fn momentum_at(site: u32) -> vec3<f32> {
    return vec3<f32>(from_jx[site], from_jy[site], from_jz[site]);
}

fn moments_at(site: u32) -> Moments {
    return Moments(
        b_at(site),
        momentum_at(site),
        vec3<f32>(from_axx[site], from_ayy[site], from_azz[site]),
        vec3<f32>(from_axy[site], from_axz[site], from_ayz[site]),
    );
}

// Density deviation of a site.
fn density_at(site: u32) -> f32 {
    return from_b[site] + (from_axx[site] + from_ayy[site] + from_azz[site]) * (1.0 / 3.0);
}

// Even and odd part of population i over its weight: the population is their sum, its opposite their difference.
// i is odd, and a constant wherever this is called, so that one case is left.
fn parts(i: u32, at: u32) -> Parts {
    let b = from_b[at];
    switch i {
        case 1u: { return Parts(b + from_axx[at], from_jx[at]); }
        case 3u: { return Parts(b + from_ayy[at], from_jy[at]); }
        case 5u: { return Parts(b + from_azz[at], from_jz[at]); }
        case 7u: { return Parts(b + (from_axx[at] + from_ayy[at] + from_axy[at]), from_jx[at] + from_jy[at]); }
        case 9u: { return Parts(b + (from_axx[at] + from_ayy[at] - from_axy[at]), from_jx[at] - from_jy[at]); }
        case 11u: { return Parts(b + (from_axx[at] + from_azz[at] + from_axz[at]), from_jx[at] + from_jz[at]); }
        case 13u: { return Parts(b + (from_axx[at] + from_azz[at] - from_axz[at]), from_jx[at] - from_jz[at]); }
        case 15u: { return Parts(b + (from_ayy[at] + from_azz[at] + from_ayz[at]), from_jy[at] + from_jz[at]); }
        default: { return Parts(b + (from_ayy[at] + from_azz[at] - from_ayz[at]), from_jy[at] - from_jz[at]); }
    }
}

// Square of the stored momentum.
fn momentum_squared(at: u32) -> f32 {
    let j = momentum_at(at);
    return fma(j.x, j.x, fma(j.y, j.y, j.z * j.z));
}
