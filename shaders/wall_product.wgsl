// import: dispatch, wall
// The product of the stiffness with a vector, in differences: one thread an unknown. The twin of src/wall/product.rs.

@group(0) @binding(0) var<uniform> task: WallTask;
@group(0) @binding(1) var<storage, read> start: array<u32>;
@group(0) @binding(2) var<storage, read> neighbour: array<u32>;
@group(0) @binding(3) var<storage, read> blocks: array<f32>;
@group(0) @binding(4) var<storage, read> own: array<f32>;
@group(0) @binding(5) var<storage, read> x: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;

// Whether y -= K x, else y = K x.
override SUBTRACT: bool = false;

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
    let node = unknown / 3u;
    let a = unknown % 3u;
    let column = node / task.levels;
    let level = node % task.levels;
    let middle = vec3(x[PAD + 3u * node], x[PAD + 3u * node + 1u], x[PAD + 3u * node + 2u]);
    var sum = vec3(0.0);
    for (var e = start[column]; e < start[column + 1u]; e += 1u) {
        let at = (e * task.levels + level) * 27u + 9u * a;
        let other = 3u * (neighbour[e] * task.levels + level);
        for (var k = 0u; k < 9u; k += 3u) {
            let block = vec3(blocks[at + k], blocks[at + k + 1u], blocks[at + k + 2u]);
            sum += block * (vec3(x[other + k], x[other + k + 1u], x[other + k + 2u]) - middle);
        }
    }
    let o = 9u * node + 3u * a;
    let rest = dot(vec3(own[o], own[o + 1u], own[o + 2u]), middle);
    let total = (sum.x + sum.y) + sum.z + rest;
    if SUBTRACT {
        y[PAD + unknown] -= total;
    } else {
        y[PAD + unknown] = total;
    }
}
