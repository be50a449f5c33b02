// Walls: interpolated bounce-back at one node. The twin of src/fluid/link.rs, where the theory is.

// 4.5 (c.u)^2 - 1.5 u^2 of a site, from the odd part of its population and the square of its stored momentum.
fn shear_square(odd: f32, momentum_squared: f32) -> f32 {
    return odd * odd * 0.5 - momentum_squared * (1.0 / 6.0);
}

// The population that comes back from a wall at rest.
fn reflect_link(delta: f32, sum: f32, onward: f32, square: f32) -> f32 {
    let r = 1.0 / (1.0 + delta);
    let excess = (delta + delta) * r * r * square;
    let numerator = fma(1.0 - delta, onward, delta * sum) - excess;
    return numerator * r;
}
