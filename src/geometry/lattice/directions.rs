//! The D3Q19 stencil: directions in opposite pairs (1, 2), (3, 4)... and their weights (Qian et al. 1992).

/// Number of directions, the rest one included.
pub const Q: usize = 19;

/// Lattice velocity of each direction, in sites a step.
pub const C: [[i32; 3]; Q] = [
    [0, 0, 0],
    [1, 0, 0],
    [-1, 0, 0],
    [0, 1, 0],
    [0, -1, 0],
    [0, 0, 1],
    [0, 0, -1],
    [1, 1, 0],
    [-1, -1, 0],
    [1, -1, 0],
    [-1, 1, 0],
    [1, 0, 1],
    [-1, 0, -1],
    [1, 0, -1],
    [-1, 0, 1],
    [0, 1, 1],
    [0, -1, -1],
    [0, 1, -1],
    [0, -1, 1],
];

/// Weight of the rest direction.
pub const W0: f32 = 1.0 / 3.0;
/// Weight of the six directions along an axis.
pub const W1: f32 = 1.0 / 18.0;
/// Weight of the twelve diagonal directions.
pub const W2: f32 = 1.0 / 36.0;

/// Weight of direction `q`.
#[must_use]
pub const fn weight(q: usize) -> f32 {
    match q {
        0 => W0,
        1..=6 => W1,
        _ => W2,
    }
}

/// The direction opposite to `q`.
#[must_use]
pub const fn opposite(q: usize) -> usize {
    if q == 0 { 0 } else { ((q - 1) ^ 1) + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_opposite_and_moments_are_isotropic() {
        let mut second = [[0.0f64; 3]; 3];
        for q in 0..Q {
            for a in 0..3 {
                assert_eq!(C[q][a], -C[opposite(q)][a]);
                for b in 0..3 {
                    second[a][b] += f64::from(weight(q)) * f64::from(C[q][a] * C[q][b]);
                }
            }
        }
        for (a, row) in second.iter().enumerate() {
            for (b, value) in row.iter().enumerate() {
                let expected = if a == b { 1.0 / 3.0 } else { 0.0 };
                assert!((value - expected).abs() < 1e-7, "sum w c{a} c{b} = {value}");
            }
        }
    }
}
