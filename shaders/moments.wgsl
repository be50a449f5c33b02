// import: lattice
// The ten numbers of a site, and the populations that follow from them. The twin of src/fluid/moments.rs.

// b = drho - 1.5 tr A; 3 j; 4.5 A_aa; 9 A_ab (xy, xz, yz).
struct Moments {
    b: f32,
    j: vec3<f32>,
    a: vec3<f32>,
    cross: vec3<f32>,
}

// Population f_q / w_q (deviation) after collision of a site with state m.
fn population(m: Moments, q: u32) -> f32 {
    var directions = C;
    let c = directions[q];
    let s = vec3<f32>(c);
    let p = vec3<f32>(vec3<i32>(c.x * c.y, c.x * c.z, c.y * c.z));
    let odd = s.x * m.j.x + s.y * m.j.y + s.z * m.j.z;
    let even = s.x * s.x * m.a.x + s.y * s.y * m.a.y + s.z * s.z * m.a.z;
    let cross = p.x * m.cross.x + p.y * m.cross.y + p.z * m.cross.z;
    return m.b + odd + (even + cross);
}

// Even and odd part of a population.
struct Parts {
    even: f32,
    odd: f32,
}
