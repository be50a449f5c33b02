// import: dispatch, shear
// Adds the present state to the sums at the wall: one thread a vertex.

@group(1) @binding(0) var<uniform> sample: Sample;
@group(1) @binding(2) var<storage, read> points: array<WallPoint>;
@group(1) @binding(3) var<storage, read_write> sums: array<WallSums>;

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let k = thread(group, groups, local);
    if k >= arrayLength(&points) {
        return;
    }
    let point = points[k];
    let at = at_wall(point.first, point.end, point.normal);
    let wss = stress(at.gradient, nu_at(at.gradient, sample.nu, sample.thins));
    sums[k] = add_sample(sums[k], wss, at.drho, point.across, sample.weight);
}
