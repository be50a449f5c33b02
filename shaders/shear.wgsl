// import: state, rheology
// Wall shear at a vertex, and its sums over a cycle. The twin of src/fluid/shear.rs, where the theory is.

// What a site adds to the values at a vertex of the wall.
struct Tap {
    site: u32,
    shear: f32,
    density: f32,
}

// A vertex of the wall: normal, direction across the mean flow, taps.
struct WallPoint {
    normal: vec3<f32>,
    first: u32,
    across: vec3<f32>,
    end: u32,
}

// Sums over the samples of a cycle at a vertex.
struct WallSums {
    wss: vec3<f32>,
    magnitude: f32,
    transverse: f32,
    drho: f32,
}

// How much the present state counts; the kinematic viscosity, and whether a rheology gives it instead.
struct Sample {
    weight: f32,
    nu: f32,
    thins: u32,
}

struct AtWall {
    gradient: vec3<f32>,
    drho: f32,
}

@group(1) @binding(1) var<storage, read> taps: array<Tap>;

// The fit at a vertex without its normal part.
fn at_wall(first: u32, end: u32, normal: vec3<f32>) -> AtWall {
    var g = vec3<f32>(0.0);
    var drho = 0.0;
    for (var k = first; k < end; k += 1u) {
        let tap = taps[k];
        g += tap.shear * momentum_at(tap.site);
        drho += tap.density * density_at(tap.site);
    }
    let along = dot(g, normal);
    return AtWall((g - along * normal) * (1.0 / 3.0), drho);
}

// Kinematic viscosity at the wall: that of a rheology at the size of a velocity gradient, or `nu` without one.
fn nu_at(gradient: vec3<f32>, nu: f32, thins: u32) -> f32 {
    if thins == 0u {
        return nu;
    }
    return nu_of(dot(gradient, gradient));
}

// Shear stress on the wall of a velocity gradient.
fn stress(gradient: vec3<f32>, nu: f32) -> vec3<f32> {
    return nu * gradient;
}

// Adds a sample to the sums of a vertex.
fn add_sample(sums: WallSums, wss: vec3<f32>, drho: f32, across: vec3<f32>, weight: f32) -> WallSums {
    return WallSums(
        sums.wss + weight * wss,
        sums.magnitude + weight * sqrt(dot(wss, wss)),
        sums.transverse + weight * abs(dot(wss, across)),
        sums.drho + weight * drho,
    );
}
