// import: lattice, moments, storage, state
// The state after the step in 16 bits. Stands in for after.wgsl.

// Two numbers a word, one padded site array a pair.
@group(1) @binding(0) var<storage, read_write> to_b_axx: array<u32>;
@group(1) @binding(1) var<storage, read_write> to_ayy_azz: array<u32>;
@group(1) @binding(2) var<storage, read_write> to_jx_jy: array<u32>;
@group(1) @binding(3) var<storage, read_write> to_jz_axy: array<u32>;
@group(1) @binding(4) var<storage, read_write> to_axz_ayz: array<u32>;
@group(1) @binding(5) var<storage, read_write> to_tick: array<u32>;

fn store(site: u32, m: Moments) {
    var bits = seed(site, from_tick[0]);
    to_b_axx[site] = rounded(m.b, m.a.x, bits);
    bits = next(bits);
    to_ayy_azz[site] = rounded(m.a.y, m.a.z, bits);
    bits = next(bits);
    to_jx_jy[site] = rounded(m.j.x, m.j.y, bits);
    bits = next(bits);
    to_jz_axy[site] = rounded(m.j.z, m.cross.x, bits);
    bits = next(bits);
    to_axz_ayz[site] = rounded(m.cross.y, m.cross.z, bits);
    if site == PAD * LANES {
        to_tick[0] = from_tick[0] + 1u;
    }
}
