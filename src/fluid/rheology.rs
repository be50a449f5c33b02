//! Rheology: how thick blood is at a shear rate, and the relaxation rate that follows from it.
//!
//! **Laws.** A generalised Newtonian fluid has the stress `2 mu(g) S`, with the strain rate `S` and the shear rate
//! `g = sqrt(2 S:S)`. All laws here thin with the shear rate while the stress `mu(g) g` rises with it. Presets for human
//! blood at 37 degrees Celsius are [`CARREAU_YASUDA`], [`CASSON`], [`POWER_LAW`] and [`QUEMADA`].
//!
//! **Relaxation.** The deviatoric part D of the second moment that a site has gathered, less its equilibrium, is
//! `-2 S/(3 omega)` (Krueger et al., The Lattice Boltzmann Method, Springer 2017, section 5.3). With
//! `omega = 1/(3 nu + 1/2)` the shear rate g obeys, in lattice units,
//!
//! `g (3 nu(g) + 1/2) = 3/2 sqrt(2 D:D)`,
//!
//! whose left side rises with g: one solution, with no lag of a step. It is solved beforehand for D:D at equal parts of
//! every octave ([`Table`]); the bits of a float are its octave and its place within it, so that a kernel finds omega by
//! a shift, two loads and one linear interpolation, the same on every device. The wall stress needs the viscosity at a
//! shear rate that is known: the table's second half, over a part of its square. The twin is `shaders/rheology.wgsl`.

use std::fmt;
use std::ops::RangeInclusive;

use crate::units::{Scale, Viscosity};

/// Carreau's law (transition 2) for human blood: Cho and Kensey, Biorheology 28, 241, 1991.
pub const CARREAU_YASUDA: Rheology = Rheology::CarreauYasuda {
    zero_shear: 56e-3,
    infinite_shear: 3.45e-3,
    time: 3.313,
    exponent: 0.3568,
    transition: 2.0,
};

/// Casson's law for human blood: yield stress of 0.05 dyn/cm^2 (Fung, Biomechanics: Mechanical Properties of Living
/// Tissues, 2nd ed., Springer 1993, section 3.2) with the viscosity of blood in large vessels.
pub const CASSON: Rheology = Rheology::Casson { yield_stress: 5e-3, viscosity: 3.5e-3, regularisation: REGULARISATION };

/// Power law for human blood: Shibeshi and Collins, Applied Rheology 15, 398, 2005, within the limits of Cho and Kensey.
pub const POWER_LAW: Rheology =
    Rheology::PowerLaw { consistency: 14.67e-3, exponent: 0.7755, least: 3.45e-3, most: 56e-3 };

/// Quemada's law for human blood of haematocrit 0.45 in plasma of 1.2 mPa s.
pub const QUEMADA: Rheology = Rheology::Quemada { haematocrit: 0.45, plasma_viscosity: 1.2e-3 };

/// Time in s by which Casson's law is regularised unless told otherwise: below a shear rate of about 0.01/s.
pub const REGULARISATION: f64 = 100.0;

/// Haematocrits that Cokelet's coefficients of Quemada's law hold for.
pub const HAEMATOCRIT: RangeInclusive<f64> = 0.2..=0.6;

/// Shear rate in 1/s below which Quemada's law is taken as constant, because nothing was measured there.
const SLOWEST: f64 = 0.01;

/// A law of viscosity. SI.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rheology {
    /// The same at every shear rate.
    Newtonian {
        /// Viscosity, Pa s.
        viscosity: f64,
    },
    /// `inf + (zero - inf) (1 + (time g)^transition)^((exponent - 1)/transition)` (Yasuda et al., Rheol. Acta 20, 163,
    /// 1981). Fits of blood hold from about 0.1/s to 1000/s; the limits are kept beyond.
    CarreauYasuda {
        /// Viscosity at rest, Pa s; not below the other one.
        zero_shear: f64,
        /// Viscosity at the highest shear rates, Pa s.
        infinite_shear: f64,
        /// Time of the transition, s.
        time: f64,
        /// Exponent of the stress in between, above 0, at most 1.
        exponent: f64,
        /// Sharpness of the transition, above 0.
        transition: f64,
    },
    /// `(sqrt(viscosity) + sqrt(yield/g) (1 - exp(-sqrt(time g))))^2`: Casson's law, regularised after Papanastasiou (J.
    /// Rheol. 31, 385, 1987), so that the viscosity stays finite at rest. Fits of blood hold up to some 100/s.
    Casson {
        /// Yield stress, Pa.
        yield_stress: f64,
        /// Viscosity at the highest shear rates, Pa s.
        viscosity: f64,
        /// Time of the regularisation, s: exact where the shear rate is well above its inverse.
        regularisation: f64,
    },
    /// `consistency g^(exponent - 1)` with g in 1/s, between the limits. Fits of blood hold over about two decades.
    PowerLaw {
        /// Viscosity at a shear rate of 1/s, Pa s.
        consistency: f64,
        /// Exponent of the stress, above 0, at most 1.
        exponent: f64,
        /// Smallest viscosity, Pa s.
        least: f64,
        /// Largest viscosity, Pa s.
        most: f64,
    },
    /// `plasma (1 - k h/2)^-2` with `k = (k_0 + k_inf s)/(1 + s)`, `s = sqrt(g/g_c)` (Quemada, Rheol. Acta 17, 632, 1978)
    /// and the coefficients of Cokelet (in Skalak and Chien, Handbook of Bioengineering, McGraw-Hill 1987, chapter 14;
    /// printed by Das, Johnson and Popel, Biorheology 35, 69, 1998). Constant below 0.01/s.
    Quemada {
        /// Haematocrit h as a fraction, within [`HAEMATOCRIT`].
        haematocrit: f64,
        /// Viscosity of the plasma, Pa s.
        plasma_viscosity: f64,
    },
}

impl Rheology {
    /// Viscosity in Pa s at a shear rate in 1/s, 0 included.
    #[must_use]
    pub fn viscosity(&self, shear_rate: f64) -> f64 {
        match *self {
            Self::Newtonian { viscosity } => viscosity,
            Self::CarreauYasuda { zero_shear, infinite_shear, time, exponent, transition } => {
                let fall = (1.0 + (time * shear_rate).powf(transition)).powf((exponent - 1.0) / transition);
                infinite_shear + (zero_shear - infinite_shear) * fall
            }
            Self::Casson { yield_stress, viscosity, regularisation } => {
                let root = (regularisation * shear_rate).sqrt();
                let share = if root < 1e-9 { 1.0 } else { -(-root).exp_m1() / root };
                (viscosity.sqrt() + (yield_stress * regularisation).sqrt() * share).powi(2)
            }
            Self::PowerLaw { consistency, exponent, least, most } => {
                (consistency * shear_rate.powf(exponent - 1.0)).clamp(least, most)
            }
            Self::Quemada { haematocrit: h, plasma_viscosity } => {
                let cubic = |c: [f64; 4]| (c[0] + h * (c[1] + h * (c[2] + h * c[3]))).exp();
                let k_zero = cubic([3.874, -10.41, 13.8, -6.738]);
                let k_infinite = cubic([1.3435, -2.803, 2.711, -0.6479]);
                let critical = cubic([-6.1508, 27.923, -25.6, 3.697]);
                let s = (shear_rate.max(SLOWEST) / critical).sqrt();
                let k = (k_zero + k_infinite * s) / (1.0 + s);
                plasma_viscosity / (1.0 - 0.5 * k * h).powi(2)
            }
        }
    }

    /// The viscosity in Pa s that time step and Reynolds number refer to: the limit at high shear rates, the smallest.
    #[must_use]
    pub fn reference(&self) -> f64 {
        match *self {
            Self::PowerLaw { least, .. } => least,
            _ => self.viscosity(1e12),
        }
    }

    /// Viscosity at rest, Pa s: the largest.
    #[must_use]
    pub fn largest(&self) -> f64 {
        self.viscosity(0.0)
    }

    /// Whether the viscosity is the same everywhere.
    #[must_use]
    pub fn is_newtonian(&self) -> bool {
        matches!(self, Self::Newtonian { .. })
    }

    /// Kinematic viscosity at a shear rate, both in the lattice units of a scale.
    #[must_use]
    pub fn nu(&self, shear_rate: f64, scale: &Scale) -> f64 {
        (scale.viscosity_to_tau(self.viscosity(shear_rate / scale.dt)) - 0.5) / 3.0
    }
}

/// `carreau-yasuda, 3.450 to 56.000 mPa s`: the law and its limits.
impl fmt::Display for Rheology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Newtonian { viscosity } => return write!(f, "newtonian, {}", Viscosity::from_si(*viscosity)),
            Self::CarreauYasuda { .. } => "carreau-yasuda",
            Self::Casson { .. } => "casson",
            Self::PowerLaw { .. } => "power-law",
            Self::Quemada { .. } => "quemada",
        };
        let [least, most] = [self.reference(), self.largest()].map(|mu| mu * 1e3);
        write!(f, "{name}, {least:.3} to {most:.3} mPa s")
    }
}

/// Bits of a float's mantissa that are left to interpolate by: 32 segments an octave.
pub const SHIFT: u32 = 18;

/// Octaves of D:D that a table covers.
const OCTAVES: usize = 64;

/// Segments of a table.
pub const SEGMENTS: usize = OCTAVES << (23 - SHIFT);

/// Smallest D:D of a table, 2^-72; smaller ones are taken as this: far below what single precision holds of D.
pub const LOWEST: f32 = f32::from_bits((127 - 72) << 23);

/// Largest D:D of a table, just below 2^-8; larger ones are taken as this: a shear rate of 0.2 a step and more.
pub const HIGHEST: f32 = f32::from_bits(((127 - 8) << 23) - 1);

/// Bits of [`LOWEST`] without those to interpolate by: the number of the first segment.
pub const FIRST: u32 = LOWEST.to_bits() >> SHIFT;

/// Which half of a table holds relaxation rates.
pub const OMEGA: usize = 0;

/// Which half of a table holds viscosities.
pub const NU: usize = 1;

/// The part of a shear rate's square that viscosities are looked up by: it gives them the range of shear rates, up to
/// 0.25 a step, that relaxation rates have by D:D.
pub const PART: f32 = 0.0625;

/// Relaxation rates over D:D and viscosities over [`PART`] of the shear rate's square, at the ends of all segments.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    halves: Box<[[f32; SEGMENTS + 1]; 2]>,
}

impl Table {
    /// The table of a rheology in the lattice units of a scale; none for a Newtonian fluid, which needs none.
    #[must_use]
    pub fn new(rheology: &Rheology, scale: &Scale) -> Option<Self> {
        if rheology.is_newtonian() {
            return None;
        }
        let nu = |rate: f64| rheology.nu(rate, scale);
        let bounds = [nu(0.0), nu(1e12 * scale.dt)];
        let square = |k: usize| f64::from(f32::from_bits((FIRST + k as u32) << SHIFT));
        let omegas = |k| omega(1.5 * (2.0 * square(k)).sqrt(), &nu, bounds) as f32;
        let nus = |k| nu((square(k) / f64::from(PART)).sqrt()) as f32;
        Some(Self { halves: Box::new([std::array::from_fn(omegas), std::array::from_fn(nus)]) })
    }

    /// The relaxation rates, rising in D:D.
    #[must_use]
    pub fn omegas(&self) -> &[f32; SEGMENTS + 1] {
        &self.halves[OMEGA]
    }

    /// The relaxation rates, then the viscosities.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        self.halves.as_flattened()
    }

    /// Relaxation rate at D:D of a site. What is not a number counts as the smallest.
    #[inline(always)]
    #[must_use]
    pub fn look_up(&self, square: f32) -> f32 {
        self.interpolate(OMEGA, square)
    }

    /// Kinematic viscosity at a shear rate by its square, lattice units. What is not a number counts as the smallest.
    #[inline(always)]
    #[must_use]
    pub fn nu(&self, rate_square: f32) -> f32 {
        self.interpolate(NU, PART * rate_square)
    }

    #[inline(always)]
    fn interpolate(&self, half: usize, square: f32) -> f32 {
        // Not a clamp, which lets through what is not a number.
        let bounded = square.max(LOWEST);
        let bits = bounded.min(HIGHEST).to_bits();
        let k = (bits >> SHIFT) - FIRST;
        let fraction = (bits & ((1 << SHIFT) - 1)) as f32 * (1.0 / (1 << SHIFT) as f32);
        let (low, high) = (self.halves[half][k as usize], self.halves[half][k as usize + 1]);
        (high - low) * fraction + low
    }
}

/// Relaxation rate where `g (3 nu(g) + 1/2) = stress`, by bisection: `bounds` holds the largest and smallest viscosity.
fn omega(stress: f64, nu: &impl Fn(f64) -> f64, bounds: [f64; 2]) -> f64 {
    let [mut low, mut high] = bounds.map(|nu| stress / (3.0 * nu + 0.5));
    while high - low > 1e-10 * high {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if middle * (3.0 * nu(middle) + 0.5) < stress { low = middle } else { high = middle }
    }
    1.0 / (3.0 * nu(0.5 * (low + high)) + 0.5)
}

#[cfg(test)]
mod tests;
