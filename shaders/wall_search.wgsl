// import: dispatch, wall
// The next search direction of conjugate gradients: p = e + beta p, one thread a number.

@group(0) @binding(0) var<uniform> task: WallTask;
@group(0) @binding(1) var<storage, read> scalars: WallScalars;
@group(0) @binding(2) var<storage, read> e: array<f32>;
@group(0) @binding(3) var<storage, read_write> p: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let k = thread(group, groups, local);
    if k < task.count {
        p[k] = e[k] + scalars.beta * p[k];
    }
}
