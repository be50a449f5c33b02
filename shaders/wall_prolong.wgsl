// import: dispatch, wall
// The correction of a coarser level, kept and added: one thread a fine unknown. The twin of `Transfer::prolong` in
// src/wall/prolong.rs.

@group(0) @binding(0) var<uniform> task: WallTask;
@group(0) @binding(1) var<storage, read> start: array<u32>;
@group(0) @binding(2) var<storage, read> coarse: array<u32>;
@group(0) @binding(3) var<storage, read> values: array<f32>;
@group(0) @binding(4) var<storage, read> correction: array<f32>;
@group(0) @binding(5) var<storage, read_write> z: array<f32>;
@group(0) @binding(6) var<storage, read_write> x: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let unknown = thread(group, groups, local);
    if unknown >= task.count {
        return;
    }
    let node = unknown / task.rows;
    let a = unknown % task.rows;
    var sum = 0.0;
    for (var e = start[node]; e < start[node + 1u]; e += 1u) {
        for (var k = 0u; k < 6u; k += 1u) {
            sum += values[6u * (e * task.rows + a) + k] * correction[6u * coarse[e] + k];
        }
    }
    z[task.offset + unknown] = sum;
    x[task.offset + unknown] += sum;
}
