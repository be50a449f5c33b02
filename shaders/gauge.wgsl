// import: dispatch, lattice, state, opening
// What openings take in and gauges measure: a workgroup adds up one of them. The twin of `total` in src/fluid/drive.rs.

// A term of a sum: an opening link or a site.
struct Entry {
    place: u32,
    weight: f32,
}

@group(1) @binding(0) var<uniform> pace: Pace;
// Sum k has the entries first[k] .. first[k + 1]: opening links in the sums of the openings, sites in those of gauges.
@group(1) @binding(1) var<storage, read> first: array<u32>;
@group(1) @binding(2) var<storage, read> entries: array<Entry>;
@group(1) @binding(3) var<storage, read> passing: array<vec2<f32>>;
@group(1) @binding(4) var<storage, read_write> influx: array<f32>;
@group(1) @binding(5) var<storage, read_write> gauges: array<vec4<f32>>;

var<workgroup> sums: array<vec4<f32>, WORKGROUP>;

// Density deviation and velocity of a site.
fn gauged(at: u32) -> vec4<f32> {
    let m = moments_at(at);
    return vec4<f32>(m.b + (m.a.x + m.a.y + m.a.z) / 3.0, m.j.x / 3.0, m.j.y / 3.0, m.j.z / 3.0);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let k = group.x;
    let openings = pace.openings;
    var sum = vec4<f32>(0.0);
    for (var n = first[k] + local; n < first[k + 1u]; n += WORKGROUP) {
        let entry = entries[n];
        if k < openings {
            let through = passing[entry.place];
            sum.x += entry.weight * (through.x - through.y);
        } else {
            sum += entry.weight * gauged(entry.place);
        }
    }
    sums[local] = sum;
    workgroupBarrier();
    for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
        if local < half {
            sums[local] += sums[local + half];
        }
        workgroupBarrier();
    }
    if local == 0u {
        if k < openings {
            influx[k] = sums[0].x;
        } else {
            gauges[k - openings] = sums[0];
        }
    }
}
