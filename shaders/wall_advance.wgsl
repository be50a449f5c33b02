// import: dispatch, wall
// A step of conjugate gradients: x += alpha p and r -= alpha q, one thread a number.

@group(0) @binding(0) var<uniform> task: WallTask;
@group(0) @binding(1) var<storage, read> scalars: WallScalars;
@group(0) @binding(2) var<storage, read> p: array<f32>;
@group(0) @binding(3) var<storage, read> q: array<f32>;
@group(0) @binding(4) var<storage, read_write> x: array<f32>;
@group(0) @binding(5) var<storage, read_write> r: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let k = thread(group, groups, local);
    if k < task.count {
        x[k] += scalars.alpha * p[k];
        r[k] -= scalars.alpha * q[k];
    }
}
