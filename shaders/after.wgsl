// import: moments
// The state after the step in 32 bits.

// One padded site array a number.
@group(1) @binding(0) var<storage, read_write> to_b: array<f32>;
@group(1) @binding(1) var<storage, read_write> to_jx: array<f32>;
@group(1) @binding(2) var<storage, read_write> to_jy: array<f32>;
@group(1) @binding(3) var<storage, read_write> to_jz: array<f32>;
@group(1) @binding(4) var<storage, read_write> to_axx: array<f32>;
@group(1) @binding(5) var<storage, read_write> to_ayy: array<f32>;
@group(1) @binding(6) var<storage, read_write> to_azz: array<f32>;
@group(1) @binding(7) var<storage, read_write> to_axy: array<f32>;
@group(1) @binding(8) var<storage, read_write> to_axz: array<f32>;
@group(1) @binding(9) var<storage, read_write> to_ayz: array<f32>;

fn store(site: u32, m: Moments) {
    to_b[site] = m.b;
    to_jx[site] = m.j.x;
    to_jy[site] = m.j.y;
    to_jz[site] = m.j.z;
    to_axx[site] = m.a.x;
    to_ayy[site] = m.a.y;
    to_azz[site] = m.a.z;
    to_axy[site] = m.cross.x;
    to_axz[site] = m.cross.y;
    to_ayz[site] = m.cross.z;
}
