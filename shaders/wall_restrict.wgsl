// import: dispatch, wall
// The residual of a level for the next coarser one: one thread a coarse unknown. The twin of `Transfer::restrict` in
// src/wall/prolong.rs.

@group(0) @binding(0) var<uniform> task: WallTask;
@group(0) @binding(1) var<storage, read> back: array<u32>;
@group(0) @binding(2) var<storage, read> entry: array<u32>;
@group(0) @binding(3) var<storage, read> node: array<u32>;
@group(0) @binding(4) var<storage, read> values: array<f32>;
@group(0) @binding(5) var<storage, read> fine: array<f32>;
@group(0) @binding(6) var<storage, read_write> coarse: array<f32>;

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
    let own = unknown / 6u;
    let mode = unknown % 6u;
    var sum = 0.0;
    for (var t = back[own]; t < back[own + 1u]; t += 1u) {
        let first = task.offset + node[t] * task.rows;
        let at = entry[t] * task.rows;
        for (var a = 0u; a < task.rows; a += 1u) {
            sum += values[6u * (at + a) + mode] * fine[first + a];
        }
    }
    coarse[unknown] = sum;
}
