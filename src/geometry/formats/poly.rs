//! Polygons and triangle strips into triangles; VTK polydata into a soup.

use std::collections::HashMap;

use super::bytes::show;
use super::soup::{Soup, check_finite};
use super::{Place, Problem};

/// Cells of one kind: cell `k` has the points `connectivity[offsets[k]..offsets[k + 1]]`.
#[derive(Debug, Default)]
pub(super) struct Cells {
    pub offsets: Vec<i64>,
    pub connectivity: Vec<i64>,
}

impl Cells {
    /// Number of cells.
    pub fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// The points of each cell, checked to be `points` in number at most.
    fn each(&self, points: usize, kind: &'static str) -> Result<Vec<Vec<u32>>, Problem> {
        let index = |cell: usize, i: i64| match u32::try_from(i) {
            Ok(point) if (point as usize) < points => Ok(point),
            _ => Err(Problem::Index { place: Place::Cell(kind, cell), index: i, first: 0, last: points as i64 - 1 }),
        };
        let cell = |(k, ends): (usize, &[i64])| {
            let range = usize::try_from(ends[0]).unwrap_or(usize::MAX)..usize::try_from(ends[1]).unwrap_or(usize::MAX);
            let corners = self.connectivity.get(range).ok_or_else(|| {
                let (from, to, count) = (ends[0], ends[1], self.connectivity.len());
                let what = format!("spans entries {from} to {to} of {count}; the file is damaged: export it again");
                Problem::syntax(Place::Cell(kind, k), what)
            })?;
            corners.iter().map(|&i| index(k, i)).collect()
        };
        self.offsets.windows(2).enumerate().map(cell).collect()
    }
}

/// Point arrays of one component: name and values.
pub(super) type Fields = Vec<(String, Vec<f64>)>;

/// One piece of VTK polydata, as far as a surface needs it.
#[derive(Debug, Default)]
pub(super) struct PolyData {
    /// In the unit of the file.
    pub points: Vec<[f64; 3]>,
    /// Number of vertex cells and of line cells: they come first in cell data.
    pub verts: usize,
    pub lines: usize,
    pub polys: Cells,
    pub strips: Cells,
    /// The name of the cell array that tells patches apart, and its value of each cell.
    pub ids: Option<(String, Vec<i64>)>,
    /// Point arrays, where they are asked for.
    pub fields: Fields,
}

/// Cell arrays that tell patches apart: `SimVascular`'s name, then vmtk's.
const PATCH_ARRAYS: [&str; 2] = ["ModelFaceID", "CellEntityIds"];

impl PolyData {
    /// Whether a cell array of this name tells patches apart, and better than the one already there.
    pub fn wants(&self, name: &str) -> bool {
        let rank = |name: &str| PATCH_ARRAYS.iter().position(|&n| n == name);
        match (rank(name), self.ids.as_ref().and_then(|(n, _)| rank(n))) {
            (Some(new), Some(old)) => new < old,
            (new, _) => new.is_some(),
        }
    }

    /// Appends the triangles of this piece to `soup`.
    pub fn append_to(&self, soup: &mut Soup) -> Result<(), Problem> {
        let base = soup.vertices.len() as u32;
        for (k, &point) in self.points.iter().enumerate() {
            check_finite(point, k, || Place::Array("Points".into()))?;
            soup.vertex(point)?;
        }
        soup.others.extend([(self.verts, "vertex cells"), (self.lines, "lines")]);
        let mut known = HashMap::new();
        let first = self.verts + self.lines;
        self.check_ids(first + self.polys.len() + self.strips.len())?;
        for (k, corners) in self.polys.each(self.points.len(), "Polys")?.iter().enumerate() {
            let patch = self.patch(first + k, soup, &mut known)?;
            let corners: Vec<u32> = corners.iter().map(|i| i + base).collect();
            soup.polygon(&corners, patch)?;
        }
        for (k, corners) in self.strips.each(self.points.len(), "Strips")?.iter().enumerate() {
            let patch = self.patch(first + self.polys.len() + k, soup, &mut known)?;
            for (turn, w) in corners.windows(3).enumerate() {
                let [a, b, c] = [w[0] + base, w[1] + base, w[2] + base];
                soup.triangle(if turn % 2 == 0 { [a, b, c] } else { [b, a, c] }, patch);
            }
        }
        Ok(())
    }

    fn check_ids(&self, cells: usize) -> Result<(), Problem> {
        match &self.ids {
            Some((name, ids)) if ids.len() != cells => {
                let place = Place::Array(show(name.as_bytes()));
                Err(Problem::truncated(place, "values, one for each cell", cells, ids.len()))
            }
            _ => Ok(()),
        }
    }

    /// The patch of a cell; `known` remembers those of identifiers met before.
    fn patch(&self, cell: usize, soup: &mut Soup, known: &mut HashMap<i64, u16>) -> Result<u16, Problem> {
        let Some((_, ids)) = &self.ids else { return soup.patch("") };
        if let Some(&patch) = known.get(&ids[cell]) {
            return Ok(patch);
        }
        let patch = soup.patch(&ids[cell].to_string())?;
        known.insert(ids[cell], patch);
        Ok(patch)
    }
}

/// Splits a polygon of any shape into triangles (indices into `corners`) of the same sense: a fan where the polygon is
/// convex, else ears are cut off.
pub(super) fn split(corners: &[[f64; 3]]) -> Vec<[usize; 3]> {
    let normal = newell(corners);
    let count = corners.len();
    let turn =
        |a: usize, b: usize, c: usize| dot(cross(sub(corners[b], corners[a]), sub(corners[c], corners[b])), normal);
    let convex = (0..count).all(|k| turn(k, (k + 1) % count, (k + 2) % count) >= 0.0);
    if convex {
        return (2..count).map(|k| [0, k - 1, k]).collect();
    }
    let mut left: Vec<usize> = (0..count).collect();
    let mut triangles = Vec::with_capacity(count);
    while left.len() > 3 {
        let n = left.len();
        let corner = |k: usize| (left[(k + n - 1) % n], left[k], left[(k + 1) % n]);
        let is_ear = |&k: &usize| {
            let (a, b, c) = corner(k);
            let within = |&p: &usize| turn(a, b, p) >= 0.0 && turn(b, c, p) >= 0.0 && turn(c, a, p) >= 0.0;
            turn(a, b, c) > 0.0 && !left.iter().filter(|&&p| p != a && p != b && p != c).any(within)
        };
        let ear = (0..n).find(is_ear).unwrap_or(0);
        let (a, b, c) = corner(ear);
        triangles.push([a, b, c]);
        left.remove(ear);
    }
    triangles.push([left[0], left[1], left[2]]);
    triangles
}

/// Twice the vector area of a polygon (Newell).
fn newell(corners: &[[f64; 3]]) -> [f64; 3] {
    let Some(&origin) = corners.first() else { return [0.0; 3] };
    corners.windows(2).fold([0.0; 3], |sum, w| {
        let part = cross(sub(w[0], origin), sub(w[1], origin));
        [sum[0] + part[0], sum[1] + part[1], sum[2] + part[2]]
    })
}

fn sub(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn splitting_keeps_area_and_sense() {
        let star: Vec<[f64; 3]> = (0..10)
            .map(|k| {
                let (r, t) = (if k % 2 == 0 { 2.0 } else { 0.7 }, f64::from(k) * std::f64::consts::PI / 5.0);
                [r * f64::cos(t), r * f64::sin(t), 3.0]
            })
            .collect();
        let area: f64 = split(&star)
            .iter()
            .map(|t| {
                let part = newell(&t.map(|k| star[k]))[2];
                assert!(part > 0.0);
                part
            })
            .sum();
        assert!((area - newell(&star)[2]).abs() < 1e-12);
        assert_eq!(split(&star).len(), 8);
        assert_eq!(split(&star[..2]), [[0usize; 3]; 0]);
        assert_eq!(split(&[[0.0; 3]; 4]).len(), 2, "a polygon without area still counts");
    }

    #[test]
    fn strips_alternate() {
        let data = PolyData {
            points: vec![[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 1.0, 0.0]],
            strips: Cells { offsets: vec![0, 4], connectivity: vec![0, 1, 2, 3] },
            ..PolyData::default()
        };
        let mut soup = Soup::default();
        data.append_to(&mut soup).unwrap();
        assert_eq!(soup.triangles, [[0, 1, 2], [2, 1, 3]]);
    }

    #[test]
    fn bad_offsets_and_indices_are_told() {
        let mut data = PolyData { points: vec![[0.0; 3]; 3], ..PolyData::default() };
        for (offsets, connectivity, expect) in [
            (vec![0, 9], vec![0, 1, 2], "cell 0 of Polys: spans entries 0 to 9 of 3"),
            (vec![3, 0], vec![0, 1, 2], "cell 0 of Polys: spans entries 3 to 0 of 3"),
            (vec![-1, 3], vec![0, 1, 2], "cell 0 of Polys: spans"),
            (vec![0, 3], vec![0, 1, -2], "cell 0 of Polys: vertex index -2 is out of range, allowed is 0 to 2"),
            (vec![0, 3], vec![0, 1, i64::MAX], "out of range"),
        ] {
            data.polys = Cells { offsets, connectivity };
            let text = data.append_to(&mut Soup::default()).unwrap_err().to_string();
            assert!(text.contains(expect), "{text}");
        }
    }
}
