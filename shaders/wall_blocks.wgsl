// import: dispatch, wall
// y -= A x with a coarse matrix: one thread an unknown. As `BlockMatrix::product` in src/wall/sparse.rs.

@group(0) @binding(0) var<uniform> task: WallTask;
@group(0) @binding(1) var<storage, read> start: array<u32>;
@group(0) @binding(2) var<storage, read> column: array<u32>;
@group(0) @binding(3) var<storage, read> values: array<f32>;
@group(0) @binding(4) var<storage, read> x: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

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
    let row = unknown / 6u;
    let a = unknown % 6u;
    var sum = 0.0;
    for (var e = start[row]; e < start[row + 1u]; e += 1u) {
        for (var k = 0u; k < 6u; k += 1u) {
            sum += values[36u * e + 6u * a + k] * x[6u * column[e] + k];
        }
    }
    y[unknown] -= sum;
}
