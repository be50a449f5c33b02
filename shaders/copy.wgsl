// import: dispatch
// Copies one array into another, four numbers a thread: what the memory gives an adapter.

@group(0) @binding(0) var<storage, read> from_copy: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> to_copy: array<vec4<f32>>;

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let k = thread(group, groups, local);
    if k < arrayLength(&from_copy) {
        to_copy[k] = from_copy[k];
    }
}
