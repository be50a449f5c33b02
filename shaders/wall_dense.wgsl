// import: dispatch, wall
// The coarsest level's solution, by the inverse of its matrix: one thread an unknown. The twin of `dense` in
// src/backend/cpu/wall.rs.

@group(0) @binding(0) var<uniform> task: WallTask;
@group(0) @binding(1) var<storage, read> inverse: array<f32>;
@group(0) @binding(2) var<storage, read> r: array<f32>;
@group(0) @binding(3) var<storage, read_write> x: array<f32>;

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
    var sum = 0.0;
    for (var k = 0u; k < task.count; k += 1u) {
        // The inverse is symmetric: neighbouring threads read neighbouring numbers.
        sum += inverse[k * task.count + unknown] * r[k];
    }
    x[unknown] = sum;
}
