//! The reference hexahedron: the cube of natural coordinates between -1 and 1, its nodes and its Gauss points.

/// Nodes of an element.
pub(super) const NODES: usize = 8;
/// Gauss points of an element: one near each node, in the nodes' order.
pub(super) const POINTS: usize = 8;
/// Signs of the natural coordinates of the nodes, in VTK's order.
pub(super) const CORNERS: [[f64; 3]; NODES] = [
    [-1.0, -1.0, -1.0],
    [1.0, -1.0, -1.0],
    [1.0, 1.0, -1.0],
    [-1.0, 1.0, -1.0],
    [-1.0, -1.0, 1.0],
    [1.0, -1.0, 1.0],
    [1.0, 1.0, 1.0],
    [-1.0, 1.0, 1.0],
];

/// Natural coordinate of a Gauss point: 1 / sqrt(3).
pub(super) const GAUSS: f64 = 0.577_350_269_189_625_8;

/// Natural derivatives of the shape functions at a place in natural coordinates.
const fn derivatives(at: [f64; 3]) -> [[f64; 3]; NODES] {
    let mut out = [[0.0; 3]; NODES];
    let mut a = 0;
    while a < NODES {
        let [x, y, z] = CORNERS[a];
        let (fx, fy, fz) = (1.0 + x * at[0], 1.0 + y * at[1], 1.0 + z * at[2]);
        out[a] = [x * fy * fz / 8.0, fx * y * fz / 8.0, fx * fy * z / 8.0];
        a += 1;
    }
    out
}

/// A Gauss point's natural coordinates.
pub(super) const fn gauss_point(g: usize) -> [f64; 3] {
    let [x, y, z] = CORNERS[g];
    [x * GAUSS, y * GAUSS, z * GAUSS]
}

/// Natural derivatives of the shape functions at the centre.
pub(super) const CENTRE: [[f64; 3]; NODES] = derivatives([0.0; 3]);

/// Natural derivatives of the shape functions at the Gauss points.
pub(super) const AT_POINTS: [[[f64; 3]; NODES]; POINTS] = {
    let mut out = [[[0.0; 3]; NODES]; POINTS];
    let mut g = 0;
    while g < POINTS {
        out[g] = derivatives(gauss_point(g));
        g += 1;
    }
    out
};
