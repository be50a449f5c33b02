// import: lattice
// The ten numbers of a site, and the populations that follow from them. The twin of src/fluid/moments.rs.

// The state before the step, one padded site array a number.
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

// b = drho - 1.5 tr A; 3 j; 4.5 A_aa; 9 A_ab (xy, xz, yz).
struct Moments {
    b: f32,
    j: vec3<f32>,
    a: vec3<f32>,
    cross: vec3<f32>,
}

fn moments_at(site: u32) -> Moments {
    return Moments(
        from_b[site],
        vec3<f32>(from_jx[site], from_jy[site], from_jz[site]),
        vec3<f32>(from_axx[site], from_ayy[site], from_azz[site]),
        vec3<f32>(from_axy[site], from_axz[site], from_ayz[site]),
    );
}

// Density deviation of a site.
fn density_at(site: u32) -> f32 {
    return from_b[site] + (from_axx[site] + from_ayy[site] + from_azz[site]) * (1.0 / 3.0);
}

// Population f_q / w_q (deviation) after collision of a site with state m.
fn population(m: Moments, q: u32) -> f32 {
    var directions = C;
    let c = directions[q];
    let s = vec3<f32>(c);
    let p = vec3<f32>(vec3<i32>(c.x * c.y, c.x * c.z, c.y * c.z));
    let odd = s.x * m.j.x + s.y * m.j.y + s.z * m.j.z;
    let even = s.x * s.x * m.a.x + s.y * s.y * m.a.y + s.z * s.z * m.a.z;
    let cross = p.x * m.cross.x + p.y * m.cross.y + p.z * m.cross.z;
    return m.b + odd + (even + cross);
}

struct Parts {
    even: f32,
    odd: f32,
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
    let j = vec3<f32>(from_jx[at], from_jy[at], from_jz[at]);
    return fma(j.x, j.x, fma(j.y, j.y, j.z * j.z));
}
