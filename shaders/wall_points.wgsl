// import: dispatch, wall
// A step of a coarse level's smoother: one thread an unknown. (Processors sweep instead: src/wall/sparse.rs.)

@group(0) @binding(0) var<uniform> task: WallTask;
@group(0) @binding(1) var<storage, read> inverse: array<f32>;
@group(0) @binding(2) var<storage, read> r: array<f32>;
@group(0) @binding(3) var<storage, read_write> z: array<f32>;
@group(0) @binding(4) var<storage, read_write> x: array<f32>;

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
    let node = unknown / 6u;
    var t = 0.0;
    for (var k = 0u; k < 6u; k += 1u) {
        t += inverse[6u * unknown + k] * r[6u * node + k];
    }
    let correction = task.keep * z[unknown] + task.add * t;
    z[unknown] = correction;
    x[unknown] += task.gain * correction;
}
