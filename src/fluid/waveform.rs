//! Waveforms: one quantity over one period, from samples.
//!
//! Theory: between samples the signal is the piecewise cubic of M. Steffen (A simple method for monotonic interpolation
//! in one dimension, Astron. Astrophys. 239, 443, 1990) with periodic ends. It passes through every sample, its slope
//! is continuous, also where one period meets the next, and it rises and falls only where the samples do: minimum and
//! maximum of the signal are samples, and a systole gets no overshoot; a peak between two samples is cut at the larger
//! one. The mean of each piece is exact, so that the mean over equal intervals is the trapezoid rule's, which for a
//! signal of a few harmonics is the true one. Measured on a sine whose peaks fall between samples: largest error 2e-3
//! of the amplitude with 50 samples a period, 5e-4 with 100, 1.2e-4 with 200.
//!
//! Practice: values are SI (m^3/s, m/s, Pa), time in s. Any time may be asked for; the signal repeats.

use std::f64::consts::TAU;

/// Abscissae and weights of the five-point Gauss-Legendre rule on [0, 1], exact to degree 9.
const GAUSS: [(f64, f64); 5] = [
    (0.046_910_077_030_668, 0.118_463_442_528_094_54),
    (0.230_765_344_947_158_45, 0.239_314_335_249_683_23),
    (0.5, 0.284_444_444_444_444_44),
    (0.769_234_655_052_841_5, 0.239_314_335_249_683_23),
    (0.953_089_922_969_332, 0.118_463_442_528_094_54),
];

/// Largest phase (rad) of a harmonic over one application of the Gauss rule, whose error is then below 1e-12.
const PHASE: f64 = 1.0;

/// Why samples are not a waveform.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum WaveformError {
    /// Too few samples.
    #[error("a waveform needs 3 samples or more, of which the last closes the period; there are {0}")]
    TooFew(usize),
    /// A time or value is NaN or infinite.
    #[error("sample {0} of a waveform is not finite")]
    NotFinite(usize),
    /// Time does not grow.
    #[error("sample {index} of a waveform is at {time} s, which is not after the one before it")]
    NotAscending {
        /// The later of the two samples, counted from 0.
        index: usize,
        /// Its time, s.
        time: f64,
    },
    /// First and last value differ.
    #[error("a waveform must end at the value it begins with: {first} and {last} differ")]
    Open {
        /// First value, SI.
        first: f64,
        /// Last value, SI.
        last: f64,
    },
}

/// A periodic signal of one quantity with a continuous slope; SI.
#[derive(Clone, Debug, PartialEq)]
pub struct Waveform {
    /// Times of the samples, s, from 0 to the period.
    times: Vec<f64>,
    /// Values there; the last is the first.
    values: Vec<f64>,
    /// Slopes there; the last is the first.
    slopes: Vec<f64>,
}

impl Waveform {
    /// The waveform through samples `[time, value]` (s, SI) of exactly one period: the last sample is the first one a
    /// period later. The first sample is at time 0 of the waveform, whatever its own time.
    ///
    /// # Errors
    /// [`WaveformError`] if there are fewer than 3 samples, one is not finite, time does not grow, or the last value is
    /// not the first.
    pub fn from_samples(samples: &[[f64; 2]]) -> Result<Self, WaveformError> {
        let (Some(first), Some(last), true) = (samples.first(), samples.last(), samples.len() >= 3) else {
            return Err(WaveformError::TooFew(samples.len()));
        };
        if let Some(index) = samples.iter().position(|sample| !sample.iter().all(|x| x.is_finite())) {
            return Err(WaveformError::NotFinite(index));
        }
        if let Some(before) = samples.windows(2).position(|pair| pair[1][0] <= pair[0][0]) {
            return Err(WaveformError::NotAscending { index: before + 1, time: samples[before + 1][0] });
        }
        if first[1] != last[1] {
            return Err(WaveformError::Open { first: first[1], last: last[1] });
        }
        let times: Vec<f64> = samples.iter().map(|sample| sample[0] - first[0]).collect();
        let values: Vec<f64> = samples.iter().map(|sample| sample[1]).collect();
        let slopes = steffen(&times, &values);
        Ok(Self { times, values, slopes })
    }

    /// The signal that has the value `value` (SI) all the time, with a period in s above 0.
    #[must_use]
    pub fn constant(value: f64, period: f64) -> Self {
        Self { times: vec![0.0, period], values: vec![value; 2], slopes: vec![0.0; 2] }
    }

    /// Length of the period, s.
    #[must_use]
    pub fn period(&self) -> f64 {
        self.times[self.times.len() - 1]
    }

    /// The value (SI) at any time in s.
    #[must_use]
    pub fn value(&self, time: f64) -> f64 {
        let time = time.rem_euclid(self.period());
        let after = self.times.partition_point(|&t| t <= time);
        let piece = after.clamp(1, self.times.len() - 1) - 1;
        let width = self.times[piece + 1] - self.times[piece];
        self.piece(piece, (time - self.times[piece]) / width)
    }

    /// The cubic of a piece at the fraction `s` of its width (Hermite form).
    fn piece(&self, i: usize, s: f64) -> f64 {
        let width = self.times[i + 1] - self.times[i];
        let (v0, v1) = (self.values[i], self.values[i + 1]);
        let (m0, m1) = (width * self.slopes[i], width * self.slopes[i + 1]);
        let r = 1.0 - s;
        v0 + (v1 - v0) * (3.0 - 2.0 * s) * s * s + s * r * (m0 * r - m1 * s)
    }

    /// Mean over the period, SI; exact for the piecewise cubic.
    #[must_use]
    pub fn mean(&self) -> f64 {
        let pieces = (0..self.times.len() - 1).map(|i| {
            let width = self.times[i + 1] - self.times[i];
            let ends = 0.5 * (self.values[i] + self.values[i + 1]);
            width * (ends + width / 12.0 * (self.slopes[i] - self.slopes[i + 1]))
        });
        pieces.sum::<f64>() / self.period()
    }

    /// Smallest value, SI.
    #[must_use]
    pub fn min(&self) -> f64 {
        self.values.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// Largest value, SI.
    #[must_use]
    pub fn max(&self) -> f64 {
        self.values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }

    /// The signal multiplied by a factor.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        let times = |numbers: &[f64]| numbers.iter().map(|x| factor * x).collect();
        Self { times: self.times.clone(), values: times(&self.values), slopes: times(&self.slopes) }
    }

    /// The values (SI) at `samples` equidistant times of one period, from time 0; the period's end is not repeated.
    #[must_use]
    pub fn table(&self, samples: usize) -> Vec<f64> {
        (0..samples).map(|k| self.value(self.period() * k as f64 / samples as f64)).collect()
    }

    /// Fourier coefficients `[a_k, b_k]` (SI) of the harmonics 0 to `n`: the signal is about
    /// `a_0 + sum_k a_k cos(k w t) + b_k sin(k w t)` with `w = 2 pi / period`; `a_0` is the mean, `b_0` is 0.
    #[must_use]
    pub fn harmonics(&self, n: usize) -> Vec<[f64; 2]> {
        let mut all = vec![[self.mean(), 0.0]];
        all.extend((1..=n).map(|k| self.harmonic(k as f64 * TAU / self.period())));
        all
    }

    /// `2/T` times the integrals of the signal with cosine and sine of the angular frequency `w`, rad/s.
    fn harmonic(&self, w: f64) -> [f64; 2] {
        let mut sums = [0.0; 2];
        for i in 0..self.times.len() - 1 {
            let width = self.times[i + 1] - self.times[i];
            let parts = (w * width / PHASE).ceil().max(1.0);
            for part in 0..parts as usize {
                for (at, weight) in GAUSS {
                    let s = (part as f64 + at) / parts;
                    let (sin, cos) = (w * (self.times[i] + s * width)).sin_cos();
                    let term = weight * width / parts * self.piece(i, s);
                    sums[0] += term * cos;
                    sums[1] += term * sin;
                }
            }
        }
        sums.map(|sum| 2.0 * sum / self.period())
    }
}

/// Slopes of Steffen's interpolation at every sample, the first and last of which are the same one.
fn steffen(times: &[f64], values: &[f64]) -> Vec<f64> {
    let pieces = times.len() - 1;
    let width = |i: usize| times[i + 1] - times[i];
    let secant = |i: usize| (values[i + 1] - values[i]) / width(i);
    let slope = |i: usize| {
        let before = (i + pieces - 1) % pieces;
        let (h0, h1, s0, s1) = (width(before), width(i), secant(before), secant(i));
        if s0 * s1 <= 0.0 {
            return 0.0;
        }
        let parabola = (s0 * h1 + s1 * h0) / (h0 + h1);
        s0.signum() * (2.0 * s0.abs().min(s1.abs())).min(parabola.abs())
    };
    (0..=pieces).map(|i| slope(i % pieces)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `2.2 + 2.5 sin(2 pi (t / T + phase))` in `n` equal intervals.
    fn sine(n: usize, period: f64, phase: f64) -> Waveform {
        let sample = |k: usize| {
            let s = phase + (k % n) as f64 / n as f64;
            [period * k as f64 / n as f64, 2.2 + 2.5 * (TAU * s).sin()]
        };
        let samples: Vec<_> = (0..=n).map(sample).collect();
        Waveform::from_samples(&samples).unwrap_or_else(|e| panic!("{e}"))
    }

    /// Unequal intervals, a plateau, a sharp systole.
    fn beat() -> Waveform {
        let samples =
            [[0.0, 1.0], [0.05, 4.0], [0.11, 20.0], [0.2, 24.0], [0.33, 2.0], [0.4, -1.5], [0.5, 1.0], [0.8, 1.0]];
        Waveform::from_samples(&samples).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn a_sine_is_met_with_second_order_or_better_and_its_mean_to_rounding() {
        let worst = |n: usize| {
            let phase = 0.5 / n as f64 + 0.25;
            let wave = sine(n, 0.8, phase);
            let errors = (0..5000).map(|k| {
                let t = 0.8 * f64::from(k) / 5000.0;
                (wave.value(t) - 2.2 - 2.5 * (TAU * (t / 0.8 + phase)).sin()).abs() / 2.5
            });
            errors.fold(0.0, f64::max)
        };
        println!("error at 50, 100, 200 samples: {:.1e} {:.1e} {:.1e}", worst(50), worst(100), worst(200));
        assert!((sine(100, 0.8, 0.0).mean() - 2.2).abs() < 1e-14);
        assert!(worst(100) < 6e-4 && worst(50) / worst(100) > 3.5 && worst(100) / worst(200) > 3.5);
        let peaks = sine(100, 0.8, 0.0);
        assert_eq!((peaks.min(), peaks.max()), (2.2 - 2.5, 2.2 + 2.5));
    }

    /// The mean of a signal with four harmonics: to rounding in equal intervals, and with third order (4e-4, 3e-5,
    /// 2e-6) in intervals that grow threefold over the period.
    #[test]
    fn the_mean_of_a_beat_survives_sampling() {
        let harmonic = |t: f64, k: f64| 60.0 / k * (k * (TAU * t - 0.7)).cos();
        let exact = |t: f64| 80.0 + (1..5).map(|k| harmonic(t, f64::from(k))).sum::<f64>();
        let error = |n: usize, stretch: f64| {
            let sample = |k: usize| {
                let s = k as f64 / n as f64;
                let t = s * (1.0 - stretch + stretch * s);
                [t, exact(if k == n { 0.0 } else { t })]
            };
            let wave = Waveform::from_samples(&(0..=n).map(sample).collect::<Vec<_>>());
            wave.map_or(f64::INFINITY, |wave| (wave.mean() / 80.0 - 1.0).abs())
        };
        let unequal = [20, 40, 80].map(|n| error(n, 0.5));
        assert!(error(20, 0.0) < 1e-14);
        assert!(unequal[0] < 5e-4 && unequal[1] < 4e-5 && unequal[2] < 3e-6, "{unequal:?}");
    }

    #[test]
    fn monotone_where_the_samples_are() {
        let wave = beat();
        for pair in [[0.0, 0.2], [0.2, 0.4], [0.4, 0.5], [0.5, 0.8]] {
            let value = |k: u32| wave.value(pair[0] + (pair[1] - pair[0]) * f64::from(k) / 400.0);
            let rises = value(399) >= value(0);
            assert!((0..399).all(|k| (value(k + 1) >= value(k) - 1e-12) == rises || value(k + 1) == value(k)));
        }
        assert_eq!((wave.min(), wave.max()), (-1.5, 24.0));
        assert_eq!(wave.value(0.65), 1.0);
    }

    #[test]
    fn the_slope_is_continuous_and_the_signal_repeats() {
        let wave = beat();
        let h = 1e-7;
        for t in [0.0, 0.05, 0.11, 0.2, 0.33, 0.5, 0.8] {
            let (left, right) = ((wave.value(t) - wave.value(t - h)) / h, (wave.value(t + h) - wave.value(t)) / h);
            assert!((left - right).abs() < 1e-2, "{t}: {left} {right}");
        }
        for t in [-1.73, 0.0, 0.123, 0.8, 5.4321] {
            assert!((wave.value(t) - wave.value(t + 0.8)).abs() < 1e-11);
        }
        for (k, value) in wave.table(80).into_iter().enumerate() {
            assert!((value - wave.value(k as f64 * 0.01)).abs() < 1e-11);
        }
    }

    #[test]
    fn harmonics_are_those_of_the_signal() {
        let wave = sine(400, 0.8, 0.0).scaled(2.0);
        let harmonics = wave.harmonics(5);
        assert!((harmonics[0][0] - 4.4).abs() < 1e-12 && harmonics[0][1] == 0.0);
        assert!(harmonics[1][0].abs() < 1e-12 && (harmonics[1][1] - 5.0).abs() < 1e-4, "{harmonics:?}");
        assert!(harmonics[2..].iter().flatten().all(|x| x.abs() < 1e-4));
        let wave = beat();
        let harmonics = wave.harmonics(60);
        let sum = |t: f64| {
            let term = |(k, [a, b]): (usize, &[f64; 2])| {
                let (sin, cos) = (k as f64 * TAU * t / 0.8).sin_cos();
                a * cos + b * sin
            };
            harmonics.iter().enumerate().map(term).sum::<f64>()
        };
        let worst = (0..800).map(|k| f64::from(k) * 1e-3).map(|t| (sum(t) - wave.value(t)).abs()).fold(0.0, f64::max);
        assert!(worst < 0.02, "60 harmonics leave {worst}");
        let square = (0..8000).map(|k| wave.value(f64::from(k) * 1e-4).powi(2)).sum::<f64>() / 8000.0;
        let parseval = harmonics[0][0].powi(2) + 0.5 * harmonics[1..].iter().flatten().map(|x| x * x).sum::<f64>();
        assert!((parseval / square - 1.0).abs() < 1e-6, "{parseval} {square}");
    }

    #[test]
    fn constant_signals() {
        let wave = Waveform::constant(12.5, 0.8);
        assert_eq!(
            [wave.mean(), wave.min(), wave.max(), wave.value(0.3), wave.period()],
            [12.5, 12.5, 12.5, 12.5, 0.8]
        );
        assert_eq!(wave.table(3), [12.5; 3]);
        assert!(wave.harmonics(2)[1..].iter().flatten().all(|x| x.abs() < 1e-12));
    }

    #[test]
    fn what_is_not_a_waveform() {
        let error = |samples: &[[f64; 2]]| Waveform::from_samples(samples).err();
        assert_eq!(error(&[[0.0, 1.0], [1.0, 1.0]]), Some(WaveformError::TooFew(2)));
        assert_eq!(error(&[[0.0, 1.0], [0.5, f64::NAN], [1.0, 1.0]]), Some(WaveformError::NotFinite(1)));
        let back = WaveformError::NotAscending { index: 2, time: 0.5 };
        assert_eq!(error(&[[0.0, 1.0], [0.5, 2.0], [0.5, 1.0]]), Some(back));
        let open = WaveformError::Open { first: 1.0, last: 3.0 };
        assert_eq!(error(&[[0.0, 1.0], [0.5, 2.0], [1.0, 3.0]]), Some(open));
    }
}
