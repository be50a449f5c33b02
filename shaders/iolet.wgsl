// import: lattice, moments
// Openings: what comes in through a lid. The twin of src/fluid/iolet.rs, where the theory is.

const VELOCITY = 0u;
const OUTLET = 1u;
const RESERVOIR = 2u;

// An opening's condition: unit normal out of the vessel, mean velocity into it or density deviation, what it imposes.
struct Iolet {
    normal: vec3<f32>,
    value: f32,
    kind: u32,
}

// A link from a fluid site out through a lid, with its velocity coefficient.
struct IoletLink {
    site: u32,
    behind: u32,
    direction: u32,
    iolet: u32,
    delta: f32,
    coefficient: f32,
}

// The population over its weight that comes in along the opposite of the link. `own` is the state of the link's site,
// `onward` the population of its site behind along the link's direction, before the step.
fn incoming(link: IoletLink, iolet: Iolet, own: Moments, onward: f32) -> f32 {
    let q = link.direction;
    let back = opposite(q);
    if iolet.kind == VELOCITY {
        let term = link.coefficient * iolet.value;
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
        speed = max(speed, 0.0);
    }
    var directions = C;
    let c = vec3<f32>(directions[back]);
    let cn = c.x * n.x + c.y * n.y + c.z * n.z;
    let cj = cn * speed;
    return iolet.value + 3.0 * cj + 4.5 * cj * cj - 1.5 * speed * speed;
}
