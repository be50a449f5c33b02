// import: dispatch, state
// Adds the present state to the time averages of velocity and density: one thread a lane.

@group(1) @binding(0) var<uniform> weight: f32;
@group(1) @binding(1) var<storage, read_write> mean_jx: array<f32>;
@group(1) @binding(2) var<storage, read_write> mean_jy: array<f32>;
@group(1) @binding(3) var<storage, read_write> mean_jz: array<f32>;
@group(1) @binding(4) var<storage, read_write> mean_drho: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let k = thread(group, groups, local);
    if k >= arrayLength(&mean_jx) {
        return;
    }
    let third = weight * (1.0 / 3.0);
    let j = momentum_at(k);
    mean_jx[k] += third * j.x;
    mean_jy[k] += third * j.y;
    mean_jz[k] += third * j.z;
    mean_drho[k] += weight * density_at(k);
}
