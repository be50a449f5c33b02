// import: lattice, moments, opening
// Openings: what comes in through a lid. The twin of src/fluid/iolet.rs, where the theory is.

// A link from a fluid site out through a lid, with its velocity coefficient and the first one of its extra modes.
struct IoletLink {
    site: u32,
    behind: u32,
    direction: u32,
    iolet: u32,
    delta: f32,
    coefficient: f32,
    extra: u32,
}

// The population over its weight that comes in along the opposite of the link. `term` is 2 rho 3 c_opp.u of the velocity
// where the link meets the lid, `own` the state of the link's site, `onward` the population of its site behind along the
// link's direction, before the step.
fn incoming(link: IoletLink, iolet: Iolet, term: f32, own: Moments, onward: f32) -> f32 {
    let q = link.direction;
    let back = opposite(q);
    if iolet.kind == VELOCITY {
        let out = population(own, q);
        if link.behind == NOWHERE {
            return out + term;
        }
        let sum = out + population(own, back);
        return (link.delta * sum + (1.0 - link.delta) * onward + term) / (1.0 + link.delta);
    }
    let n = iolet.normal;
    var speed = (own.j.x * n.x + own.j.y * n.y + own.j.z * n.z) / 3.0;
    if iolet.kind == OUTLET {
        speed = max(speed, iolet.floor);
    }
    var directions = C;
    let c = vec3<f32>(directions[back]);
    let cn = c.x * n.x + c.y * n.y + c.z * n.z;
    let cj = cn * speed;
    return iolet.value + 3.0 * cj + 4.5 * cj * cj - 1.5 * speed * speed;
}
