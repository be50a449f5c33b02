// import: dispatch
// Copies ten arrays side by side, one number of each a thread: the pattern of a step without its arithmetic.

@group(0) @binding(0) var<storage, read> from_0: array<f32>;
@group(0) @binding(1) var<storage, read> from_1: array<f32>;
@group(0) @binding(2) var<storage, read> from_2: array<f32>;
@group(0) @binding(3) var<storage, read> from_3: array<f32>;
@group(0) @binding(4) var<storage, read> from_4: array<f32>;
@group(0) @binding(5) var<storage, read> from_5: array<f32>;
@group(0) @binding(6) var<storage, read> from_6: array<f32>;
@group(0) @binding(7) var<storage, read> from_7: array<f32>;
@group(0) @binding(8) var<storage, read> from_8: array<f32>;
@group(0) @binding(9) var<storage, read> from_9: array<f32>;
@group(1) @binding(0) var<storage, read_write> to_0: array<f32>;
@group(1) @binding(1) var<storage, read_write> to_1: array<f32>;
@group(1) @binding(2) var<storage, read_write> to_2: array<f32>;
@group(1) @binding(3) var<storage, read_write> to_3: array<f32>;
@group(1) @binding(4) var<storage, read_write> to_4: array<f32>;
@group(1) @binding(5) var<storage, read_write> to_5: array<f32>;
@group(1) @binding(6) var<storage, read_write> to_6: array<f32>;
@group(1) @binding(7) var<storage, read_write> to_7: array<f32>;
@group(1) @binding(8) var<storage, read_write> to_8: array<f32>;
@group(1) @binding(9) var<storage, read_write> to_9: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let k = thread(group, groups, local);
    if k >= arrayLength(&from_0) {
        return;
    }
    to_0[k] = from_0[k];
    to_1[k] = from_1[k];
    to_2[k] = from_2[k];
    to_3[k] = from_3[k];
    to_4[k] = from_4[k];
    to_5[k] = from_5[k];
    to_6[k] = from_6[k];
    to_7[k] = from_7[k];
    to_8[k] = from_8[k];
    to_9[k] = from_9[k];
}
