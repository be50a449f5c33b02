// import: dispatch, wall
// A step of the finest level's smoother: the stiffness of each column solved with its factors, one thread a column. The
// twin of src/wall/columns.rs.

@group(0) @binding(0) var<uniform> task: WallTask;
@group(0) @binding(1) var<storage, read> lower: array<f32>;
@group(0) @binding(2) var<storage, read> inverse: array<f32>;
@group(0) @binding(3) var<storage, read> r: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<storage, read_write> z: array<f32>;
@group(0) @binding(6) var<storage, read_write> x: array<f32>;

// Row `a` of a node's factor.
fn lower_row(node: u32, a: u32) -> vec3<f32> {
    let at = 9u * node + 3u * a;
    return vec3(lower[at], lower[at + 1u], lower[at + 2u]);
}

fn inverse_row(node: u32, a: u32) -> vec3<f32> {
    let at = 9u * node + 3u * a;
    return vec3(inverse[at], inverse[at + 1u], inverse[at + 2u]);
}

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let column = thread(group, groups, local);
    if column >= task.count {
        return;
    }
    let first = column * task.levels;
    var below = vec3(0.0);
    for (var node = first; node < first + task.levels; node += 1u) {
        let g = vec3(dot(lower_row(node, 0u), below), dot(lower_row(node, 1u), below), dot(lower_row(node, 2u), below));
        let at = PAD + 3u * node;
        below = vec3(r[at], r[at + 1u], r[at + 2u]) - g;
        y[at] = below.x;
        y[at + 1u] = below.y;
        y[at + 2u] = below.z;
    }
    var from_above = vec3(0.0);
    for (var k = task.levels; k > 0u; k -= 1u) {
        let node = first + k - 1u;
        let at = PAD + 3u * node;
        let s = vec3(y[at], y[at + 1u], y[at + 2u]);
        let own = vec3(dot(inverse_row(node, 0u), s), dot(inverse_row(node, 1u), s), dot(inverse_row(node, 2u), s));
        let t = own - from_above;
        from_above = lower_row(node, 0u) * t.x + lower_row(node, 1u) * t.y + lower_row(node, 2u) * t.z;
        for (var a = 0u; a < 3u; a += 1u) {
            let correction = task.keep * z[at + a] + task.add * t[a];
            z[at + a] = correction;
            x[at + a] += task.gain * correction;
        }
    }
}
