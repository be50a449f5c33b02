// import: dispatch, lattice, collision, arrive, after
// One step of one lane: gather, links, collide, store. The twin of src/backend/cpu/kernel.rs.

// Place of the neighbour along a direction c, the row of which begins at `base`.
fn neighbour(s: Site, base: u32, c: vec3<i32>) -> u32 {
    return u32(i32(base + s.lane) + c.x);
}

// sum + sign * term.
fn signed(sum: f32, sign: i32, term: f32) -> f32 {
    if sign == 0 {
        return sum;
    }
    return select(sum - term, sum + term, sign == 1);
}

// Adds the pair of direction c, of weight w, to the sums.
fn add_pair(g: Gathered, c: vec3<i32>, w: f32, f: Arrived) -> Gathered {
    let even = (f.i + f.j) * w;
    let odd = (f.i - f.j) * w;
    return Gathered(
        g.drho + even,
        vec3<f32>(signed(g.j.x, c.x, odd), signed(g.j.y, c.y, odd), signed(g.j.z, c.z, odd)),
        vec3<f32>(
            signed(g.pi.x, c.x * c.x, even),
            signed(g.pi.y, c.y * c.y, even),
            signed(g.pi.z, c.z * c.z, even),
        ),
        vec3<f32>(
            signed(g.pi_cross.x, c.x * c.y, even),
            signed(g.pi_cross.y, c.x * c.z, even),
            signed(g.pi_cross.z, c.y * c.z, even),
        ),
        g.walled || f.walled,
    );
}

// Sums over all directions of what arrives.
fn gather(s: Site, block: u32) -> Gathered {
    let rows = blocks[block].neighbours;
    let own = s.own - s.lane;
    let zero = vec3<f32>(0.0);
    var g = Gathered(b_at(s.own) * W0, zero, zero, zero, false);
    g = add_pair(g, C[1], W1, arrive(s, 1u, neighbour(s, own, C[2]), neighbour(s, own, C[1])));
    g = add_pair(g, C[3], W1, arrive(s, 3u, neighbour(s, rows[ROW[4]], C[4]), neighbour(s, rows[ROW[3]], C[3])));
    g = add_pair(g, C[5], W1, arrive(s, 5u, neighbour(s, rows[ROW[6]], C[6]), neighbour(s, rows[ROW[5]], C[5])));
    g = add_pair(g, C[7], W2, arrive(s, 7u, neighbour(s, rows[ROW[8]], C[8]), neighbour(s, rows[ROW[7]], C[7])));
    g = add_pair(g, C[9], W2, arrive(s, 9u, neighbour(s, rows[ROW[10]], C[10]), neighbour(s, rows[ROW[9]], C[9])));
    g = add_pair(g, C[11], W2, arrive(s, 11u, neighbour(s, rows[ROW[12]], C[12]), neighbour(s, rows[ROW[11]], C[11])));
    g = add_pair(g, C[13], W2, arrive(s, 13u, neighbour(s, rows[ROW[14]], C[14]), neighbour(s, rows[ROW[13]], C[13])));
    g = add_pair(g, C[15], W2, arrive(s, 15u, neighbour(s, rows[ROW[16]], C[16]), neighbour(s, rows[ROW[15]], C[15])));
    g = add_pair(g, C[17], W2, arrive(s, 17u, neighbour(s, rows[ROW[18]], C[18]), neighbour(s, rows[ROW[17]], C[17])));
    if g.walled {
        g.drho += physics.wall_source;
    }
    return g;
}

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let k = thread(group, groups, local);
    let block = k / LANES;
    if block >= arrayLength(&blocks) {
        return;
    }
    let own = k + PAD * LANES;
    let lane = k % LANES;
    if ((blocks[block].fluid >> lane) & 1u) == 0u {
        let zero = vec3<f32>(0.0);
        store(own, Moments(0.0, zero, zero, zero));
        return;
    }
    let s = Site(own, lane, blocks[block].walls, blocks[block].iolets);
    store(own, collide(gather(s, block), physics));
}
