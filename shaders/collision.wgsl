// import: moments, rheology
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

// D:D of a symmetric tensor by its diagonal and its cross components.
fn squared(d: vec3<f32>, cross: vec3<f32>) -> f32 {
    let diagonal = fma(d.x, d.x, fma(d.y, d.y, d.z * d.z));
    let off = fma(cross.x, cross.x, fma(cross.y, cross.y, cross.z * cross.z));
    return off + off + diagonal;
}

// Relaxes the second moment towards equilibrium, and gives the state in stored form.
fn collide(g: Gathered, r: Physics) -> Moments {
    let keep_bulk = 1.0 - r.omega_bulk;
    let p = g.drho * (1.0 / 3.0);
    let square = g.j * g.j;
    let all = g.pi - p - square;
    let trace = (all.x + all.y + all.z) * (1.0 / 3.0);
    let bulk = vec3<f32>(keep_bulk * trace);
    let off = all - trace;
    let cross = vec3<f32>(g.j.x * g.j.y, g.j.x * g.j.z, g.j.y * g.j.z);
    let off_cross = g.pi_cross - cross;
    var omega = r.omega;
    if RHEOLOGY {
        omega = look_up(squared(off, off_cross));
    }
    let keep = vec3<f32>(1.0 - omega);
    let a = square + fma(off, keep, bulk);
    let b = fma(a.x + a.y + a.z, -1.5, g.drho);
    let shear = fma(off_cross, keep, cross) * 9.0;
    return Moments(b, g.j * 3.0, a * 4.5, shear);
}
