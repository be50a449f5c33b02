// import: lattice, state, link, collision
// What arrives at a site, from neighbours and through cut links. The twin of `arrive` in src/backend/cpu/kernel.rs.

@group(2) @binding(0) var<uniform> physics: Physics;
@group(2) @binding(1) var<storage, read> blocks: array<Block>;
// Distances of the sixteen lanes of a row in units of 1/65535 of a link, two in a word; 0 where there is no wall.
@group(2) @binding(2) var<storage, read> wall_rows: array<array<u32, 8>>;
@group(2) @binding(3) var<storage, read> iolet_rows: array<IoletRow>;
@group(2) @binding(4) var<storage, read> passing: array<vec2<f32>>;

// The site of this thread, and the cut links of its block.
struct Site {
    own: u32,
    lane: u32,
    walls: Span,
    iolets: Span,
}

// Both populations of a pair over their weight, as they arrive, and whether either comes back from a wall.
struct Arrived {
    i: f32,
    j: f32,
    walled: bool,
}

// Distance of the site to the wall along q, in links; 0 where that link does not meet a wall.
fn wall(s: Site, q: u32) -> f32 {
    let r = row(s.walls, q);
    if r == NOWHERE {
        return 0.0;
    }
    let word = wall_rows[r][s.lane >> 1u];
    return f32((word >> ((s.lane & 1u) << 4u)) & 0xffffu) * (1.0 / 65535.0);
}

// Index of the site's opening link along q, or NOWHERE.
fn lid(s: Site, q: u32) -> u32 {
    let r = row(s.iolets, q);
    if r == NOWHERE {
        return NOWHERE;
    }
    let bit = 1u << s.lane;
    let links = iolet_rows[r];
    return select(NOWHERE, links.first + countOneBits(links.mask & (bit - 1u)), (links.mask & bit) != 0u);
}

// The pair (i, j = i + 1): i comes from `upstream`, j from `downstream`. What lies beyond a cut link is never read.
fn arrive(s: Site, i: u32, upstream: u32, downstream: u32) -> Arrived {
    let j = i + 1u;
    let cut = (((s.walls.directions | s.iolets.directions) >> i) & 3u) != 0u;
    var delta_i = 0.0;
    var delta_j = 0.0;
    var lid_i = NOWHERE;
    var lid_j = NOWHERE;
    if cut {
        delta_i = wall(s, i);
        delta_j = wall(s, j);
        lid_i = lid(s, i);
        lid_j = lid(s, j);
    }
    let bulk_i = delta_i == 0.0 && lid_i == NOWHERE;
    let bulk_j = delta_j == 0.0 && lid_j == NOWHERE;
    let up = select(s.own, upstream, bulk_j);
    let down = select(s.own, downstream, bulk_i);
    let pi = parts(i, up);
    let pj = parts(i, down);
    var fi = pi.even + pi.odd;
    var fj = pj.even - pj.odd;
    if lid_i != NOWHERE {
        fj = passing[lid_i].x;
    }
    if lid_j != NOWHERE {
        fi = passing[lid_j].x;
    }
    let hit_i = delta_i != 0.0;
    let hit_j = delta_j != 0.0;
    if hit_i || hit_j {
        let own = parts(i, s.own);
        let sum = own.even + own.even;
        let back = reflect_link(delta_i, sum, fi, select(0.0, shear_square(pi.odd, momentum_squared(up)), bulk_j));
        let forth = reflect_link(delta_j, sum, fj, select(0.0, shear_square(pj.odd, momentum_squared(down)), bulk_i));
        let plain = physics.halfway != 0u || (hit_i && hit_j);
        fj = select(fj, select(back, own.even + own.odd, plain), hit_i);
        fi = select(fi, select(forth, own.even - own.odd, plain), hit_j);
    }
    return Arrived(fi, fj, hit_i || hit_j);
}
