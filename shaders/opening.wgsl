// Openings: their conditions, and how their clock runs. The twins are in src/fluid/iolet.rs and src/fluid/drive.rs.

const VELOCITY = 0u;
const OUTLET = 1u;
const RESERVOIR = 2u;

// Unit normal out of the vessel, mean velocity into it or density deviation, what it imposes, the least velocity out of
// the vessel that an outlet lets pass, and its extra velocity modes: their first amplitude and their number.
struct Iolet {
    normal: vec3<f32>,
    value: f32,
    kind: u32,
    floor: f32,
    amplitude: u32,
    modes: u32,
}

struct Pace {
    cycle: u32,
    stride: u32,
    ramp: u32,
    held: u32,
    openings: u32,
    gauges: u32,
    capacity: u32,
    padding: u32,
}
