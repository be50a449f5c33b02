// import: dispatch, lattice, state, iolet
// What comes in through every opening link in the next step, and what leaves: one thread a link.

@group(1) @binding(0) var<storage, read> links: array<IoletLink>;
@group(1) @binding(1) var<storage, read> iolets: array<Iolet>;
// Of each link, the population over its weight that comes in, and the one that goes out.
@group(1) @binding(2) var<storage, read_write> passing: array<vec2<f32>>;

// Amplitudes of extra velocity modes, and each link's coefficients of them.
@group(1) @binding(3) var<storage, read> amplitudes: array<f32>;
@group(1) @binding(4) var<storage, read> modes: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let k = thread(group, groups, local);
    if k >= arrayLength(&links) {
        return;
    }
    let link = links[k];
    let own = moments_at(link.site);
    var onward = 0.0;
    if link.behind != NOWHERE {
        onward = population(moments_at(link.behind), link.direction);
    }
    let iolet = iolets[link.iolet];
    var term = link.coefficient * iolet.value;
    for (var m = 0u; m < iolet.modes; m++) {
        term += modes[link.extra + m] * amplitudes[iolet.amplitude + m];
    }
    passing[k] = vec2<f32>(incoming(link, iolet, term, own, onward), population(own, link.direction));
}
