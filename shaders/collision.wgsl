// import: moments
// Projection-regularised collision in moment space. The twin of src/fluid/collision.rs.

struct Physics {
    omega: f32,
    omega_bulk: f32,
    wall_source: f32,
    halfway: u32,
}

// Raw moments of what a site gathered: density deviation, momentum, second moment (xx, yy, zz and xy, xz, yz); and
// whether the site is at a wall.
struct Gathered {
    drho: f32,
    j: vec3<f32>,
    pi: vec3<f32>,
    pi_cross: vec3<f32>,
    walled: bool,
}

// Relaxes the second moment towards equilibrium, and gives the state in stored form.
fn collide(g: Gathered, r: Physics) -> Moments {
    let keep = vec3<f32>(1.0 - r.omega);
    let keep_bulk = 1.0 - r.omega_bulk;
    let p = g.drho * (1.0 / 3.0);
    let square = g.j * g.j;
    let off = g.pi - p - square;
    let trace = (off.x + off.y + off.z) * (1.0 / 3.0);
    let bulk = vec3<f32>(keep_bulk * trace);
    let a = square + fma(off - trace, keep, bulk);
    let cross = vec3<f32>(g.j.x * g.j.y, g.j.x * g.j.z, g.j.y * g.j.z);
    let b = fma(a.x + a.y + a.z, -1.5, g.drho);
    let shear = fma(g.pi_cross - cross, keep, cross) * 9.0;
    return Moments(b, g.j * 3.0, a * 4.5, shear);
}
