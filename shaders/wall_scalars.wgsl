// import: dispatch, wall
// The parts of a scalar product summed, and what conjugate gradients make of it: one workgroup.

@group(0) @binding(0) var<uniform> task: WallTask;
@group(0) @binding(1) var<storage, read> parts: array<f32>;
@group(0) @binding(2) var<storage, read_write> scalars: WallScalars;

// Which product: 0 is r . e, 1 is p . q, 2 is r . r.
override PRODUCT: u32 = 0u;

var<workgroup> sums: array<f32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(local_invocation_index) local: u32) {
    var sum = 0.0;
    for (var k = local; k < task.count; k += WORKGROUP) {
        sum += parts[k];
    }
    sums[local] = sum;
    for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if local < half {
            sums[local] += sums[local + half];
        }
    }
    if local != 0u {
        return;
    }
    let product = sums[0];
    if PRODUCT == 0u {
        scalars.beta = select(0.0, product / scalars.rz, scalars.rz > 0.0);
        scalars.rz = product;
    } else if PRODUCT == 1u {
        scalars.alpha = select(0.0, scalars.rz / product, product > 0.0 && scalars.rz > 0.0);
    } else {
        scalars.rr = product;
    }
}
