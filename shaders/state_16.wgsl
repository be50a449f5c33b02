// import: moments, storage
// The state before the step in 16 bits. Stands in for state.wgsl.

// Two numbers a word, one padded site array a pair.
@group(0) @binding(0) var<storage, read> from_b_axx: array<u32>;
@group(0) @binding(1) var<storage, read> from_ayy_azz: array<u32>;
@group(0) @binding(2) var<storage, read> from_jx_jy: array<u32>;
@group(0) @binding(3) var<storage, read> from_jz_axy: array<u32>;
@group(0) @binding(4) var<storage, read> from_axz_ayz: array<u32>;
// Steps taken before.
@group(0) @binding(5) var<storage, read> from_tick: array<u32>;

// First number of the state of a site.
fn b_at(site: u32) -> f32 {
    return unpack2x16float(from_b_axx[site]).x * UNIT;
}

// Stored momentum of a site.
fn momentum_at(site: u32) -> vec3<f32> {
    return vec3<f32>(unpack2x16float(from_jx_jy[site]), unpack2x16float(from_jz_axy[site]).x) * UNIT;
}

fn moments_at(site: u32) -> Moments {
    let b_xx = unpack2x16float(from_b_axx[site]);
    let yy_zz = unpack2x16float(from_ayy_azz[site]);
    let x_y = unpack2x16float(from_jx_jy[site]);
    let z_xy = unpack2x16float(from_jz_axy[site]);
    let xz_yz = unpack2x16float(from_axz_ayz[site]);
    return Moments(
        b_xx.x * UNIT,
        vec3<f32>(x_y, z_xy.x) * UNIT,
        vec3<f32>(b_xx.y, yy_zz) * UNIT,
        vec3<f32>(z_xy.y, xz_yz) * UNIT,
    );
}

// Density deviation of a site.
fn density_at(site: u32) -> f32 {
    let m = moments_at(site);
    return m.b + (m.a.x + m.a.y + m.a.z) * (1.0 / 3.0);
}

// What `scaled_parts` gives, as numbers.
fn parts(i: u32, at: u32) -> Parts {
    let p = scaled_parts(i, at);
    return Parts(p.even * UNIT, p.odd * UNIT);
}

// Even and odd part of population i over its weight and UNIT: the population is their sum, its opposite their difference.
// i is odd, and a constant wherever this is called, so that one case is left.
fn scaled_parts(i: u32, at: u32) -> Parts {
    let b_xx = unpack2x16float(from_b_axx[at]);
    let x_y = unpack2x16float(from_jx_jy[at]);
    if i == 1u {
        return Parts(b_xx.x + b_xx.y, x_y.x);
    }
    let yy_zz = unpack2x16float(from_ayy_azz[at]);
    if i == 3u {
        return Parts(b_xx.x + yy_zz.x, x_y.y);
    }
    let z_xy = unpack2x16float(from_jz_axy[at]);
    if i == 5u {
        return Parts(b_xx.x + yy_zz.y, z_xy.x);
    }
    if i == 7u {
        return Parts(b_xx.x + (b_xx.y + yy_zz.x + z_xy.y), x_y.x + x_y.y);
    }
    if i == 9u {
        return Parts(b_xx.x + (b_xx.y + yy_zz.x - z_xy.y), x_y.x - x_y.y);
    }
    let xz_yz = unpack2x16float(from_axz_ayz[at]);
    switch i {
        case 11u: { return Parts(b_xx.x + (b_xx.y + yy_zz.y + xz_yz.x), x_y.x + z_xy.x); }
        case 13u: { return Parts(b_xx.x + (b_xx.y + yy_zz.y - xz_yz.x), x_y.x - z_xy.x); }
        case 15u: { return Parts(b_xx.x + (yy_zz.x + yy_zz.y + xz_yz.y), x_y.y + z_xy.x); }
        default: { return Parts(b_xx.x + (yy_zz.x + yy_zz.y - xz_yz.y), x_y.y - z_xy.x); }
    }
}

// Square of the stored momentum.
fn momentum_squared(at: u32) -> f32 {
    let j = momentum_at(at);
    return fma(j.x, j.x, fma(j.y, j.y, j.z * j.z));
}
