//! The straight line that most of a series lies on.

/// A line: value at a middle place, and slope; level where it would leave the values that it was drawn through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Line {
    middle: f64,
    value: f64,
    slope: f64,
    range: [f64; 2],
}

/// Relative distance from the line beyond which a value says nothing of it.
const WIDEST: f64 = 0.12;

/// The same once the scatter about the line is known to be small.
const NARROWEST: f64 = 0.02;

/// Steepest line: change of diameter over length. Healthy arteries lose at most about half of that.
const STEEPEST: f64 = 0.1;

/// Places that candidate lines are drawn through.
const THROUGH: usize = 40;

impl Line {
    /// A level line that nothing was drawn through.
    pub fn level(value: f64) -> Self {
        Self::sloped(0.0, value, 0.0)
    }

    fn sloped(middle: f64, value: f64, slope: f64) -> Self {
        Self { middle, value, slope, range: [f64::NEG_INFINITY, f64::INFINITY] }
    }

    /// The healthy value at a place. Beyond the healthy values a slope is not carried on: a vessel that widens behind a
    /// lesion was not wider still before it.
    pub fn at(&self, place: f64) -> f64 {
        self.straight(place).clamp(self.range[0], self.range[1])
    }

    fn straight(&self, place: f64) -> f64 {
        self.value + self.slope * (place - self.middle)
    }

    /// Distance of a value from the line as a fraction of the line's.
    fn off(&self, place: f64, value: f64) -> f64 {
        value / self.straight(place) - 1.0
    }

    /// How well the line stands for the points: those near it count for it, those above against it, those below not at
    /// all, because a vessel is narrowed more often than widened.
    fn score(&self, points: &[(f64, f64)]) -> f64 {
        let count = |(place, value): &(f64, f64)| {
            let off = self.off(*place, *value);
            if off > WIDEST { -0.5 } else { biweight(off, WIDEST) }
        };
        points.iter().map(count).sum()
    }

    /// Weighted least squares with Tukey's weights about this line.
    fn refined(self, points: &[(f64, f64)], width: f64, level: bool) -> Self {
        let weighted = |(s, d): &(f64, f64)| (*s, *d, biweight(self.off(*s, *d), width));
        let sums = points
            .iter()
            .map(weighted)
            .fold([0.0; 3], |sums, (s, d, w)| [sums[0] + w, sums[1] + w * s, sums[2] + w * d]);
        if sums[0] <= 1e-9 {
            return self;
        }
        let (middle, value) = (sums[1] / sums[0], sums[2] / sums[0]);
        let spread = points.iter().map(weighted).fold([0.0; 2], |sums, (s, d, w)| {
            [sums[0] + w * (s - middle).powi(2), sums[1] + w * (s - middle) * (d - value)]
        });
        let slope = if level || spread[0] <= 0.0 { 0.0 } else { spread[1] / spread[0] };
        Self::sloped(middle, value, slope.clamp(-STEEPEST, STEEPEST))
    }

    /// The line that most of the points (place, value) lie on, and the share of them within its scatter; none without
    /// points.
    pub fn through_most(points: &[(f64, f64)]) -> Option<(Self, f64)> {
        let (first, last) = (points.first()?.0, points.last()?.0);
        let span = last - first;
        let mut line = Self::best(points, span)?;
        // A slope needs points along most of the way; else it would be carried far beyond them.
        let near: Vec<f64> = points.iter().filter(|(s, d)| line.off(*s, *d).abs() < WIDEST).map(|(s, _)| *s).collect();
        let covered = near.last().zip(near.first()).map_or(0.0, |(last, first)| last - first);
        let level = covered < 0.5 * span;
        for _ in 0..8 {
            line = line.refined(points, WIDEST, level);
        }
        let scatter = line.scatter(points);
        for _ in 0..8 {
            line = line.refined(points, scatter, level);
        }
        let healthy: Vec<f64> =
            points.iter().filter(|(s, d)| line.off(*s, *d).abs() <= WIDEST).map(|(_, d)| *d).collect();
        if !healthy.is_empty() {
            let largest = healthy.iter().copied().fold(f64::MIN, f64::max);
            line.range = [healthy.iter().copied().fold(largest, f64::min), largest];
        }
        Some((line, healthy.len() as f64 / points.len() as f64))
    }

    /// Half width of the weights by the scatter of the points that lie near: 4.685 standard deviations from the median
    /// (the usual choice for Tukey's weights).
    fn scatter(&self, points: &[(f64, f64)]) -> f64 {
        let mut off: Vec<f64> =
            points.iter().map(|(s, d)| self.off(*s, *d).abs()).filter(|off| *off < WIDEST).collect();
        off.sort_by(f64::total_cmp);
        let median = off.get(off.len() / 2).copied().unwrap_or(WIDEST);
        (4.685 * 1.4826 * median).clamp(NARROWEST, WIDEST)
    }

    /// The best of the lines through two of the points far enough apart, and of the level ones through one.
    fn best(points: &[(f64, f64)], span: f64) -> Option<Self> {
        let stride = points.len().div_ceil(THROUGH);
        let some: Vec<(f64, f64)> = points.iter().step_by(stride).copied().collect();
        let level = some.iter().map(|&(middle, value)| Self::sloped(middle, value, 0.0));
        let pair = |(k, a): (usize, &(f64, f64))| {
            let a = *a;
            let far = move |b: &&(f64, f64)| b.0 - a.0 >= 0.3 * span && b.0 > a.0;
            some[k + 1..].iter().filter(far).map(move |b| Self::sloped(a.0, a.1, (b.1 - a.1) / (b.0 - a.0)))
        };
        let sloped = some.iter().enumerate().flat_map(pair);
        let positive = |line: &Self| {
            let ends = [points[0].0, points[points.len() - 1].0].map(|s| line.straight(s));
            let largest = ends[0].max(ends[1]);
            line.slope.abs() <= STEEPEST && ends.iter().all(|end| *end > 0.25 * largest)
        };
        // A level line is as good as a sloped one that explains a twentieth more.
        let scored =
            |line: Self| (line.score(points) - 0.5 * line.slope.abs() / STEEPEST * 0.1 * points.len() as f64, line);
        let found = level.chain(sloped).filter(positive).map(scored).max_by(|a, b| a.0.total_cmp(&b.0));
        found.map(|(_, line)| line)
    }
}

/// Tukey's weight: 1 at nought, 0 from `width` on.
fn biweight(off: f64, width: f64) -> f64 {
    let u = off / width;
    if u.abs() < 1.0 { (1.0 - u * u).powi(2) } else { 0.0 }
}
