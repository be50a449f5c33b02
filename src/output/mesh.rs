//! A surface ready to be drawn: single precision, a normal at every vertex, no more triangles than a viewer carries.

use std::collections::HashMap;

use nalgebra::Vector3;

use crate::geometry::surface::Surface;

/// Triangles with normals.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mesh {
    /// Places of the vertices, m.
    pub places: Vec<[f32; 3]>,
    /// Unit normals at the vertices, of the triangles around weighted by their areas.
    pub normals: Vec<[f32; 3]>,
    /// Vertices of each triangle.
    pub triangles: Vec<[u32; 3]>,
}

/// A mesh with fewer triangles, and of which vertices each of its own is the mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Reduced {
    /// The mesh.
    pub mesh: Mesh,
    /// Of each vertex of the full mesh, the vertex that stands for it; `u32::MAX` where no triangle uses it.
    pub stands: Vec<u32>,
}

impl Mesh {
    /// Of a surface.
    #[must_use]
    pub fn new(surface: &Surface) -> Self {
        let places = surface.vertices.iter().map(|v| v.map(|x| x as f32)).collect();
        Self::with_normals(places, surface.triangles.clone())
    }

    fn with_normals(places: Vec<[f32; 3]>, triangles: Vec<[u32; 3]>) -> Self {
        let mut sums = vec![Vector3::<f64>::zeros(); places.len()];
        let at = |v: u32| Vector3::from(places[v as usize]).map(f64::from);
        for &[a, b, c] in &triangles {
            let normal = (at(b) - at(a)).cross(&(at(c) - at(a)));
            for v in [a, b, c] {
                sums[v as usize] += normal;
            }
        }
        let unit = |n: &Vector3<f64>| n.try_normalize(0.0).unwrap_or_else(Vector3::z).map(|x| x as f32).into();
        let normals = sums.iter().map(unit).collect();
        Self { places, normals, triangles }
    }

    /// The box around the vertices that triangles use, m; of no size where there is none.
    #[must_use]
    pub fn bounds(&self) -> [[f32; 3]; 2] {
        let used = self.triangles.iter().flatten().map(|&v| self.places[v as usize]);
        let empty = [[f32::INFINITY; 3], [f32::NEG_INFINITY; 3]];
        let grown = used.fold(empty, |[low, high], p| {
            [std::array::from_fn(|a| low[a].min(p[a])), std::array::from_fn(|a| high[a].max(p[a]))]
        });
        if grown[0][0] > grown[1][0] { [[0.0; 3]; 2] } else { grown }
    }

    /// The same with at most about `most` triangles: vertices in the same cube of a grid become one in their mean, the
    /// finest of a row of grids that reaches the number. Nothing is merged where there are no more than that.
    ///
    /// Rossignac and Borrel, Multi-resolution 3D approximations for rendering complex scenes, 1993.
    #[must_use]
    pub fn reduced(&self, most: usize) -> Reduced {
        let [low, high] = self.bounds();
        let extent = (0..3).map(|a| f64::from(high[a]) - f64::from(low[a])).fold(0.0, f64::max);
        if self.triangles.len() <= most || extent <= 0.0 {
            let keys = (0..self.places.len()).map(|k| [k as i64, 0, 0]).collect::<Vec<_>>();
            return self.merged(&keys);
        }
        // A surface has about two triangles a vertex, and one vertex a cell that it passes through.
        let area: f64 = self.area();
        let mut cell = (2.0 * area / most.max(1) as f64).sqrt().max(extent * 1e-4);
        loop {
            let origin = low.map(f64::from);
            let key = |p: &[f32; 3]| std::array::from_fn(|a| ((f64::from(p[a]) - origin[a]) / cell).floor() as i64);
            let keys: Vec<[i64; 3]> = self.places.iter().map(key).collect();
            let reduced = self.merged(&keys);
            if reduced.mesh.triangles.len() <= most || cell > extent {
                return reduced;
            }
            cell *= 1.15;
        }
    }

    fn area(&self) -> f64 {
        let at = |v: u32| Vector3::from(self.places[v as usize]).map(f64::from);
        self.triangles.iter().map(|&[a, b, c]| 0.5 * (at(b) - at(a)).cross(&(at(c) - at(a))).norm()).sum()
    }

    /// Merges vertices of equal keys; vertices keep the order of their first use.
    fn merged(&self, keys: &[[i64; 3]]) -> Reduced {
        let mut number: HashMap<[i64; 3], u32> = HashMap::new();
        let mut stands = vec![u32::MAX; self.places.len()];
        for &v in self.triangles.iter().flatten() {
            let next = number.len() as u32;
            stands[v as usize] = *number.entry(keys[v as usize]).or_insert(next);
        }
        let mut sums = vec![([0.0f64; 3], 0.0f64); number.len()];
        for (place, &to) in self.places.iter().zip(&stands).filter(|(_, to)| **to != u32::MAX) {
            let (sum, count) = &mut sums[to as usize];
            (0..3).for_each(|a| sum[a] += f64::from(place[a]));
            *count += 1.0;
        }
        let places = sums.iter().map(|(sum, count)| sum.map(|x| (x / count) as f32)).collect();
        let corners = self.triangles.iter().map(|t| t.map(|v| stands[v as usize]));
        let triangles = corners.filter(|[a, b, c]| a != b && b != c && c != a).collect();
        Reduced { mesh: Self::with_normals(places, triangles), stands }
    }
}

impl Reduced {
    /// Values of the full mesh's vertices on its own: the mean of those that it stands for.
    #[must_use]
    pub fn values(&self, full: &[f32]) -> Vec<f32> {
        let mut sums = vec![(0.0f64, 0.0f64); self.mesh.places.len()];
        for (value, &to) in full.iter().zip(&self.stands).filter(|(_, to)| **to != u32::MAX) {
            let (sum, count) = &mut sums[to as usize];
            *sum += f64::from(*value);
            *count += 1.0;
        }
        sums.iter().map(|(sum, count)| (sum / count.max(1.0)) as f32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A square of `n` by `n` cells, 1 m wide, and one vertex that nothing uses.
    fn square(n: u32) -> Mesh {
        let vertices = (0..=n).flat_map(|j| (0..=n).map(move |i| [f64::from(i), f64::from(j), 0.0]));
        let mut vertices: Vec<[f64; 3]> = vertices.map(|p| p.map(|x| x / f64::from(n))).collect();
        vertices.push([9.0, 9.0, 9.0]);
        let corner = |i, j| j * (n + 1) + i;
        let cell = |(i, j)| {
            [
                [corner(i, j), corner(i + 1, j), corner(i + 1, j + 1)],
                [corner(i, j), corner(i + 1, j + 1), corner(i, j + 1)],
            ]
        };
        let triangles: Vec<[u32; 3]> = (0..n).flat_map(|j| (0..n).map(move |i| (i, j))).flat_map(cell).collect();
        let patch_of = vec![0; triangles.len()];
        Mesh::new(&Surface { vertices, triangles, patch_of, patches: vec!["wall".into()], unit: 1.0 })
    }

    #[test]
    fn a_reduced_square_is_the_square() {
        let full = square(200);
        assert_eq!(full.bounds(), [[0.0; 3], [1.0, 1.0, 0.0]]);
        let values: Vec<f32> = full.places.iter().map(|p| 3.0 * p[0]).collect();
        let reduced = full.reduced(5000);
        let count = reduced.mesh.triangles.len();
        assert!((2000..=5000).contains(&count), "{count}");
        assert!((reduced.mesh.area() - 1.0).abs() < 0.05, "{}", reduced.mesh.area());
        assert!(reduced.mesh.normals.iter().all(|n| n[2] == 1.0));
        let means = reduced.values(&values);
        let off = means.iter().zip(&reduced.mesh.places).map(|(v, p)| (v - 3.0 * p[0]).abs());
        assert!(off.fold(0.0, f32::max) < 1e-5);
        let same = full.reduced(80_000);
        assert_eq!((same.mesh.triangles.len(), same.mesh.places.len()), (80_000, 201 * 201));
    }
}
